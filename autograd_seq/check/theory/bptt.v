From Coquelicot Require Import Coquelicot.
Require Import Reals Lra Lia Arith.
Open Scope R_scope.

(* -- scalar functions, and how derivatives are put together ------------------------------------------------ *)

Definition sigmoid (x : R) : R := / (1 + exp (- x)).
Definition tanh (x : R) : R := (exp x - exp (- x)) / (exp x + exp (- x)).

Lemma D_sigmoid x : is_derive sigmoid x (sigmoid x * (1 - sigmoid x)).
Proof.
  unfold sigmoid. assert (H := exp_pos (- x)). auto_derive; [lra |]. field. lra.
Qed.

Lemma D_tanh x : is_derive tanh x (1 - tanh x * tanh x).
Proof.
  unfold tanh. assert (H := exp_pos x). assert (K := exp_pos (- x)). auto_derive; [lra |]. field. lra.
Qed.

Lemma D_const (c w : R) : is_derive (fun _ : R => c) w 0.
Proof. exact (is_derive_const c w). Qed.

Lemma D_plus f g (w a b : R) : is_derive f w a -> is_derive g w b -> is_derive (fun w => f w + g w) w (a + b).
Proof. intros. exact (is_derive_plus f g w a b H H0). Qed.

Lemma D_mult f g (w a b : R) :
  is_derive f w a -> is_derive g w b -> is_derive (fun w => f w * g w) w (a * g w + f w * b).
Proof. intros. exact (is_derive_mult f g w a b H H0 Rmult_comm). Qed.

Lemma D_comp phi f (w a d : R) :
  is_derive phi (f w) d -> is_derive f w a -> is_derive (fun w => phi (f w)) w (a * d).
Proof. intros. exact (is_derive_comp phi f w d a H H0). Qed.

(* -- vectors: functions of an index; dot n u v is the sum of u i * v i over i < n --------------------------- *)

Definition vec := nat -> R.

Fixpoint dot (n : nat) (u v : vec) : R :=
  match n with O => 0 | S i => dot i u v + u i * v i end.

Lemma dot_plus n u v d : dot n (fun i => u i + v i) d = dot n u d + dot n v d.
Proof. induction n; simpl; [ring | rewrite IHn; ring]. Qed.

Lemma dot_zero_left n d : dot n (fun _ => 0) d = 0.
Proof. induction n; simpl; [reflexivity | rewrite IHn; ring]. Qed.

Lemma dot_zero_right n u : dot n u (fun _ => 0) = 0.
Proof. induction n; simpl; [reflexivity | rewrite IHn; ring]. Qed.

Definition put (v : vec) (p : nat) (w : R) : vec := fun q => if Nat.eqb q p then w else v q.
Definition unit (p : nat) : vec := fun q => if Nat.eqb q p then 1 else 0.

Lemma D_put v p w q : is_derive (fun w => put v p w q) w (unit p q).
Proof.
  unfold put, unit. destruct (Nat.eqb q p); [exact (is_derive_id w) | exact (D_const (v q) w)].
Qed.

Lemma dot_unit n p u : (p < n)%nat -> dot n u (unit p) = u p.
Proof.
  assert (none : forall m, (m <= p)%nat -> dot m u (unit p) = 0).
  { induction m; intros; simpl; [reflexivity |].
    rewrite IHm by lia. unfold unit. rewrite (proj2 (Nat.eqb_neq m p)) by lia. ring. }
  induction n; intros; [lia |]. simpl. unfold unit at 2. destruct (Nat.eqb_spec n p).
  - subst. rewrite none by lia. ring.
  - rewrite IHn by lia. ring.
Qed.

(* -- backpropagation through time, of any cell and for every number of steps ------------------------------- *)

Section BPTT.
Variables k n p : nat.  (* how many numbers: of the state, of an input, of the parameters *)
Variable step : vec -> vec -> vec -> vec.  (* parameters, input and state to the next state *)
Variable tangent : vec -> vec -> vec -> vec -> vec -> vec -> vec.  (* the same three, and their derivatives *)
Variable back_state back_input back_parameters : vec -> vec -> vec -> vec -> vec.  (* the three, and an adjoint *)

Definition moves (size : nat) (v : R -> vec) (w : R) (dv : vec) : Prop :=
  forall i, (i < size)%nat -> is_derive (fun w => v w i) w (dv i).

Hypothesis step_moves : forall (th x s : R -> vec) w dth dx ds,
  moves p th w dth -> moves n x w dx -> moves k s w ds ->
  moves k (fun w => step (th w) (x w) (s w)) w (tangent (th w) (x w) (s w) dth dx ds).

Hypothesis back_is_adjoint : forall th x s dth dx ds g,
  dot k g (tangent th x s dth dx ds) =
  dot k (back_state th x s g) ds + dot n (back_input th x s g) dx + dot p (back_parameters th x s g) dth.

(* any differentiable loss at each step *)
Variable L : nat -> vec -> R.
Variable dL : nat -> vec -> vec.
Hypothesis L_moves : forall t (s : R -> vec) w ds,
  moves k s w ds -> is_derive (fun w => L t (s w)) w (dot k (dL t (s w)) ds).

(* forward: s<0> = s0, s<t+1> = step th x<t> s<t>, J = L<1> + ... + L<T> *)
Fixpoint state (th : vec) (x : nat -> vec) (s0 : vec) (t : nat) : vec :=
  match t with O => s0 | S j => step th (x j) (state th x s0 j) end.
Fixpoint J (th : vec) (x : nat -> vec) (s0 : vec) (T : nat) : R :=
  match T with O => 0 | S j => J th x s0 j + L (S j) (state th x s0 (S j)) end.

(* backward: g is what comes to s<t> from the steps behind it; to it comes what its own loss gives *)
Definition adjoint (th : vec) (x : nat -> vec) (s0 : vec) (t : nat) (g : vec) : vec :=
  fun i => g i + dL t (state th x s0 t) i.
Definition before (th : vec) (x : nat -> vec) (s0 : vec) (j : nat) (g : vec) : vec :=
  back_state th (x j) (state th x s0 j) (adjoint th x s0 (S j) g).
Fixpoint d_initial (th : vec) (x : nat -> vec) (s0 : vec) (t : nat) (g : vec) : vec :=
  match t with O => g | S j => d_initial th x s0 j (before th x s0 j g) end.
Fixpoint d_parameters (th : vec) (x : nat -> vec) (s0 : vec) (t : nat) (g : vec) : vec :=
  match t with
  | O => fun _ => 0
  | S j => fun q => back_parameters th (x j) (state th x s0 j) (adjoint th x s0 (S j) g) q
                    + d_parameters th x s0 j (before th x s0 j g) q
  end.
Fixpoint d_input (th : vec) (x : nat -> vec) (s0 : vec) (t : nat) (g : vec) (tau : nat) : vec :=
  match t with
  | O => fun _ => 0
  | S j => if Nat.eqb tau j then back_input th (x j) (state th x s0 j) (adjoint th x s0 (S j) g)
           else d_input th x s0 j (before th x s0 j g) tau
  end.

(* the forward tangent, and that it is the derivative *)
Fixpoint dstate (th : vec) (x : nat -> vec) (s0 dth : vec) (dx : nat -> vec) (ds0 : vec) (t : nat) : vec :=
  match t with
  | O => ds0
  | S j => tangent th (x j) (state th x s0 j) dth (dx j) (dstate th x s0 dth dx ds0 j)
  end.
Fixpoint dJ (th : vec) (x : nat -> vec) (s0 dth : vec) (dx : nat -> vec) (ds0 : vec) (T : nat) : R :=
  match T with
  | O => 0
  | S j => dJ th x s0 dth dx ds0 j + dot k (dL (S j) (state th x s0 (S j))) (dstate th x s0 dth dx ds0 (S j))
  end.

Section Curves.
Variables (th : R -> vec) (x : R -> nat -> vec) (s0 : R -> vec) (w : R) (dth : vec) (dx : nat -> vec) (ds0 : vec).
Hypothesis th_moves : moves p th w dth.
Hypothesis x_moves : forall t, moves n (fun w => x w t) w (dx t).
Hypothesis s0_moves : moves k s0 w ds0.

Lemma state_moves t :
  moves k (fun w => state (th w) (x w) (s0 w) t) w (dstate (th w) (x w) (s0 w) dth dx ds0 t).
Proof.
  induction t; simpl; [exact s0_moves |].
  exact (step_moves th (fun w => x w t) _ w dth (dx t) _ th_moves (x_moves t) IHt).
Qed.

Lemma J_moves T : is_derive (fun w => J (th w) (x w) (s0 w) T) w (dJ (th w) (x w) (s0 w) dth dx ds0 T).
Proof.
  induction T; [exact (D_const 0 w) |].
  exact (D_plus _ _ w _ _ IHT (L_moves (S T) _ w _ (state_moves (S T)))).
Qed.
End Curves.

(* what the sweep collects is the tangent *)
Fixpoint collected (th : vec) (x : nat -> vec) (s0 : vec) (t : nat) (g : vec) (dx : nat -> vec) : R :=
  match t with
  | O => 0
  | S j => dot n (back_input th (x j) (state th x s0 j) (adjoint th x s0 (S j) g)) (dx j)
           + collected th x s0 j (before th x s0 j g) dx
  end.

Lemma sweep_is_tangent th x s0 dth dx ds0 t g :
  dot k (d_initial th x s0 t g) ds0 + collected th x s0 t g dx + dot p (d_parameters th x s0 t g) dth
  = dot k g (dstate th x s0 dth dx ds0 t) + dJ th x s0 dth dx ds0 t.
Proof.
  revert g; induction t; intro g; cbn [d_initial collected d_parameters dstate dJ state].
  - rewrite dot_zero_left. ring.
  - rewrite dot_plus.
    assert (H := IHt (before th x s0 t g)).
    assert (K := back_is_adjoint th (x t) (state th x s0 t) dth (dx t) (dstate th x s0 dth dx ds0 t)
                   (adjoint th x s0 (S t) g)).
    unfold adjoint at 1 in K. rewrite dot_plus in K. cbn [state] in K.
    unfold before in H at 4. lra.
Qed.

Lemma collected_at th x s0 t g tau i :
  (tau < t)%nat -> (i < n)%nat ->
  collected th x s0 t g (fun j => if Nat.eqb j tau then unit i else fun _ => 0) = d_input th x s0 t g tau i.
Proof.
  assert (none : forall t g, (t <= tau)%nat ->
    collected th x s0 t g (fun j => if Nat.eqb j tau then unit i else fun _ => 0) = 0).
  { induction t0; intros; cbn [collected]; [reflexivity |].
    rewrite (proj2 (Nat.eqb_neq t0 tau)) by lia. rewrite dot_zero_right, IHt0 by lia. ring. }
  revert g; induction t; intros; [lia |]. cbn [collected d_input]. destruct (Nat.eqb_spec t tau).
  - subst. rewrite Nat.eqb_refl. rewrite dot_unit by assumption. rewrite none by lia. ring.
  - rewrite (proj2 (Nat.eqb_neq tau t)) by lia. rewrite dot_zero_right, IHt by lia. ring.
Qed.

Lemma collected_none th x s0 t g : collected th x s0 t g (fun _ _ => 0) = 0.
Proof. revert g; induction t; intro; cbn [collected]; [reflexivity | rewrite dot_zero_right, IHt; ring]. Qed.

Definition nothing : vec := fun _ => 0.

(* the theorems: for every T, every parameter, every entry of every input, and every entry of the initial state *)
Theorem by_parameter th x s0 T q w : (q < p)%nat ->
  is_derive (fun w => J (put th q w) x s0 T) w (d_parameters (put th q w) x s0 T nothing q).
Proof.
  intro. evar_last.
  - apply (J_moves (put th q) (fun _ => x) (fun _ => s0) w (unit q) (fun _ _ => 0) (fun _ => 0)).
    + intros i _. apply D_put.
    + intros t i _. apply D_const.
    + intros i _. apply D_const.
  - assert (H0 := sweep_is_tangent (put th q w) x s0 (unit q) (fun _ _ => 0) (fun _ => 0) T nothing).
    rewrite dot_zero_right, collected_none, dot_unit in H0 by assumption. unfold nothing in H0.
    rewrite dot_zero_left in H0. unfold nothing. lra.
Qed.

Theorem by_initial_state th x s0 T i w : (i < k)%nat ->
  is_derive (fun w => J th x (put s0 i w) T) w (d_initial th x (put s0 i w) T nothing i).
Proof.
  intro. evar_last.
  - apply (J_moves (fun _ => th) (fun _ => x) (put s0 i) w (fun _ => 0) (fun _ _ => 0) (unit i)).
    + intros q _. apply D_const.
    + intros t q _. apply D_const.
    + intros q _. apply D_put.
  - assert (H0 := sweep_is_tangent th x (put s0 i w) (fun _ => 0) (fun _ _ => 0) (unit i) T nothing).
    rewrite dot_zero_right, collected_none, dot_unit in H0 by assumption. unfold nothing in H0.
    rewrite dot_zero_left in H0. unfold nothing. lra.
Qed.

Definition put_at (x : nat -> vec) (tau i : nat) (w : R) : nat -> vec :=
  fun t => if Nat.eqb t tau then put (x t) i w else x t.

Theorem by_input th x s0 T tau i w : (tau < T)%nat -> (i < n)%nat ->
  is_derive (fun w => J th (put_at x tau i w) s0 T) w (d_input th (put_at x tau i w) s0 T nothing tau i).
Proof.
  intros. evar_last.
  - apply (J_moves (fun _ => th) (put_at x tau i) (fun _ => s0) w (fun _ => 0)
             (fun t => if Nat.eqb t tau then unit i else fun _ => 0) (fun _ => 0)).
    + intros q _. apply D_const.
    + intros t q _. unfold put_at. destruct (Nat.eqb t tau); [apply D_put | apply D_const].
    + intros q _. apply D_const.
  - assert (H1 := sweep_is_tangent th (put_at x tau i w) s0 (fun _ => 0)
                    (fun t => if Nat.eqb t tau then unit i else fun _ => 0) (fun _ => 0) T nothing).
    rewrite !dot_zero_right, collected_at in H1 by assumption. unfold nothing in H1.
    rewrite dot_zero_left in H1. unfold nothing. lra.
Qed.
End BPTT.
