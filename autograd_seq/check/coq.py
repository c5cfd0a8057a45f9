"""A proof for every number of steps as a file for the proof assistant Rocq (Coq 8.16 with Coquelicot 3.2).

The file begins with the theory of `theory/bptt.v`: whatever a step computes, if its tangent is its derivative and its
backward pass the adjoint of that tangent, backpropagation through time gives the derivative of J = Σ_t L<t>(s<t>), for
every T, any differentiable L<t>, and by every parameter, input and initial state. Behind it stands one recorded step,
each scalar a definition, forward, tangent and backward, and the proof that the two conditions hold of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from importlib.resources import files
from typing import Any

import autograd_seq.operations as ops
from autograd_seq.check.export import elements_of
from autograd_seq.core.errors import UsageError
from autograd_seq.core.recording import differentiate
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor

State = Sequence[tuple[Tensor, Tensor]]
POWERS = 8  # the highest that is written out as a product
_FUNCTIONS = ("tanh", "sigmoid", "exp")


def coq_text(title: str, state: State, inputs: Iterable[Tensor], parameters: Iterable[Tensor]) -> str:
    """The file.

    Parameters
    ----------
    title : str
        What it is about.
    state : sequence of (Tensor, Tensor)
        What a recorded step is given of the step before, and what it hands on.
    inputs, parameters : iterable of Tensor
        Leaves of the step.

    Raises
    ------
    UsageError
        If it computes something that the file has no words for, such as a quotient.
    """
    return _File(title, state, list(inputs), list(parameters)).text()


class _File:
    def __init__(self, title: str, state: State, inputs: list[Tensor], parameters: list[Tensor]) -> None:
        self.title, self.state = title, state
        self.adjoints = [Tensor(out._value, "g") for _, out in state]
        total = ops.accumulate([ops.sum(g * out) for g, (_, out) in zip(self.adjoints, state, strict=True)])
        self.recording = differentiate(total)
        self.vectors = {"th": parameters, "x": inputs, "s": [given for given, _ in state], "g": self.adjoints}
        self.names: dict[Tensor, list[str]] = {}  # of each element
        self.taken: set[str] = set()
        for vector, leaves in self.vectors.items():
            start = 0
            for leaf in leaves:
                self.names[leaf] = [f"{vector} {start + k}%nat" for k in range(leaf.size)]
                start += leaf.size
        ends = {out for _, out in state}
        needed, stack = set(ends), list(ends)
        while stack:
            for x in stack.pop().inputs:
                if x not in needed and x.operation is not None:
                    needed.add(x)
                    stack.append(x)
        self.forward = sorted(needed, key=lambda r: r.index)
        self.backward = [r for r in self._behind() if r.operation is not None]

    def _behind(self) -> list[Tensor]:
        """The records of the backward pass that the adjoints of leaves need, up to those of the forward pass."""
        leaves = [*self.vectors["th"], *self.vectors["x"], *self.vectors["s"]]
        ends = [self.recording.adjoints[x] for x in leaves if x in self.recording.adjoints]
        known, stack = set(self.forward) | set(self.adjoints), list(ends)
        found = set()
        while stack:
            record = stack.pop()
            if record not in known and record not in found:
                found.add(record)
                stack.extend(record.inputs)
        return sorted(found, key=lambda r: r.index)

    # -- words --------------------------------------------------------------------------------------------------

    def _called(self, record: Tensor) -> list[str]:
        """A name for each element of a record."""
        base = re.sub("[^A-Za-z0-9_]", "", record.name or "").strip("_")
        if not base[:1].isalpha() or self.taken & {f"{base}_0", f"d_{base}_0", f"M_{base}_0"}:
            base = f"r{len(self.taken)}_{base}".rstrip("_")
        names = [f"{base}_{k}" for k in range(record.size)]
        self.taken.update(f"{prefix}{name}" for name in names for prefix in ("", "d_", "M_"))
        return names

    def _operand(self, x: Tensor, k: int, curves: bool = False) -> str:
        """One element of what a record is made of; along curves, at the point w of each."""
        if x not in self.names:
            return _number(Fraction(x._value.flat[k].item()))
        name = self.names[x][k]
        if x.operation is None:
            vector, index = name.split()
            return f"({vector} w {index})" if curves else f"({name})"
        return f"({name} (th w) (x w) (s w))" if curves else f"({name} {'th x s g' if x in self.of_g else 'th x s'})"

    def _said(self, record: Tensor, term: Any, curves: bool = False) -> str:
        """A term in the assistant's language."""
        if not isinstance(term, list):
            return _number(Fraction(term))
        if term[0] == "x":
            return self._operand(record.inputs[term[1]], term[2], curves)
        if term[0] in "+*":
            return "(" + f" {term[0]} ".join(self._said(record, part, curves) for part in term[1:]) + ")"
        if term[0] in _FUNCTIONS:
            return f"({term[0]} {self._said(record, term[1], curves)})"
        return self._said(record, self._product(record, term), curves)

    def _product(self, record: Tensor, term: Any) -> Any:
        """A whole power as a product; everything else there are no words for."""
        if term[0] == "^" and isinstance(term[2], int) and 0 < term[2] <= POWERS:
            return ["*", *[term[1]] * term[2]] if term[2] > 1 else term[1]
        raise self._unsaid(record)

    def _unsaid(self, record: Tensor) -> UsageError:
        return UsageError(
            f"a file for Rocq has sums, products, tanh, sigmoid and exp, but {record.label} is made by "
            f"{record.operation.name}; save the proof as .json{here()}"
        )

    def _tangent(self, record: Tensor, k: int, term: Any, whole: bool = True) -> str:
        """The derivative of a term, by those of what it is made of."""
        if not isinstance(term, list):
            return "0"
        if term[0] == "x":
            return self._moving(record.inputs[term[1]], term[2])
        if term[0] == "+":
            return "(" + " + ".join(self._tangent(record, k, part, False) for part in term[1:]) + ")"
        if term[0] == "*":
            parts = []
            for i, part in enumerate(term[1:]):
                others = [self._said(record, t) for j, t in enumerate(term[1:]) if j != i]
                slope = self._tangent(record, k, part, False)
                if slope != "0":
                    parts.append(" * ".join([slope, *others]))
            return "(" + " + ".join(parts or ["0"]) + ")"
        if term[0] in _FUNCTIONS:
            value = f"({self.names[record][k]} th x s)" if whole else self._said(record, term)
            slope = {"tanh": f"(1 - {value} * {value})", "sigmoid": f"({value} * (1 - {value}))", "exp": value}[term[0]]
            return f"({slope} * {self._tangent(record, k, term[1], False)})"
        return self._tangent(record, k, self._product(record, term), whole)

    def _moving(self, x: Tensor, k: int) -> str:
        if x not in self.names:
            return "0"
        name = self.names[x][k]
        return f"(d{name})" if x.operation is None else f"(d_{name} th x s dth dx ds)"

    def _moves(self, record: Tensor, term: Any) -> str:
        """The proof that a term moves so along curves."""
        if not isinstance(term, list):
            return f"(D_const {_number(Fraction(term))} w)"
        if term[0] == "x":
            x, k = record.inputs[term[1]], term[2]
            if x not in self.names:
                return f"(D_const {self._operand(x, k)} w)"
            name = self.names[x][k]
            if x.operation is None:
                vector, index = name.split()
                return f"(H{vector} {index} ltac:(lia))"
            return f"(M_{name} th x s w dth dx ds Hth Hx Hs)"
        if term[0] in "+*":
            lemma = "D_plus" if term[0] == "+" else "D_mult"
            proof = self._moves(record, term[1])
            for part in term[2:]:
                proof = f"({lemma} _ _ w _ _ {proof} {self._moves(record, part)})"
            return proof
        if term[0] in _FUNCTIONS:
            return f"(D_comp {term[0]} _ w _ _ (D_{term[0]} _) {self._moves(record, term[1])})"
        return self._moves(record, self._product(record, term))

    # -- the file -----------------------------------------------------------------------------------------------

    def text(self) -> str:
        """Theory, step, and theorems."""
        self.of_g: set[Tensor] = set()
        theory = (files("autograd_seq.check") / "theory" / "bptt.v").read_text(encoding="utf-8")
        head = f"(* {_comment(self.title)}: backpropagation through time, right for every number of steps. *)\n"
        return "\n".join(
            [
                head + theory,
                "(* -- one step, as it was recorded -- *)\n",
                *self._forward(),
                *self._backward(),
                *self._end(),
            ]
        )

    def _forward(self) -> list[str]:
        lines: list[str] = []
        for record in self.forward:
            terms = elements_of(record)
            if terms is None:
                raise self._unsaid(record)
            names = self.names[record] = self._called(record)
            for k, (name, term) in enumerate(zip(names, terms, strict=True)):
                tangent = self._tangent(record, k, term)
                lines += [
                    f"Definition {name} (th x s : vec) : R := {self._said(record, term)}.",
                    f"Definition d_{name} (th x s dth dx ds : vec) : R := {tangent}.",
                    f"Lemma M_{name} : follows {name} d_{name}.",
                    f"Proof. intros th x s w dth dx ds Hth Hx Hs. evar_last. exact {self._moves(record, term)}. "
                    f"cbv beta; unfold d_{name}, {name}; ring. Qed.",
                ]
        return [self._follows(), *lines]

    def _follows(self) -> str:
        sizes = [sum(x.size for x in self.vectors[v]) for v in ("th", "x", "s")]
        self.sizes = sizes
        return (
            "Definition follows\n"
            "  (f : vec -> vec -> vec -> R) (df : vec -> vec -> vec -> vec -> vec -> vec -> R) : Prop :=\n"
            "  forall (th x s : R -> vec) w dth dx ds,\n"
            f"  moves {sizes[0]} th w dth -> moves {sizes[1]} x w dx -> moves {sizes[2]} s w ds ->\n"
            "  is_derive (fun w => f (th w) (x w) (s w)) w (df (th w) (x w) (s w) dth dx ds)."
        )

    def _backward(self) -> list[str]:
        lines = ["\n(* its backward pass: g is the adjoint of what it hands on *)\n"]
        self.of_g.update(self.backward)
        for record in self.backward:
            terms = elements_of(record)
            if terms is None:
                raise self._unsaid(record)
            names = self.names[record] = self._called(record)
            for name, term in zip(names, terms, strict=True):
                lines.append(f"Definition {name} (th x s g : vec) : R := {self._said(record, term)}.")
        return lines

    def _end(self) -> list[str]:
        step = [f"{name} th x s" for _, out in self.state for name in self.names[out]]
        tangent = [f"d_{name} th x s dth dx ds" for _, out in self.state for name in self.names[out]]
        forward = [name for r in self.forward for name in self.names[r]]
        behind = [name for r in self.backward for name in self.names[r]]
        unfolded = " ".join([
            "dot", "step", "tangent", "back_state", "back_input", "back_parameters",
            *(f"d_{n}" for n in forward), *behind,
        ])  # fmt: skip
        p, n, k = self.sizes
        cell = f"{k} {n} {p} step tangent back_state back_input back_parameters step_moves back_is_adjoint"
        theorems = [
            f"Definition {name} := {theorem} {cell}."
            for name, theorem in (
                ("derivative_by_parameter", "by_parameter"), ("derivative_by_input", "by_input"),
                ("derivative_by_initial_state", "by_initial_state"),
            )
        ]  # fmt: skip
        return [
            "",
            _vector("step", "th x s", step),
            _vector("tangent", "th x s dth dx ds", tangent),
            *(_vector(f"back_{name}", "th x s g", self._given_back(v)) for name, v in
              (("state", "s"), ("input", "x"), ("parameters", "th"))),
            "",
            f"Lemma step_moves : forall (th x s : R -> vec) w dth dx ds, moves {p} th w dth -> moves {n} x w dx ->\n"
            f"  moves {k} s w ds ->\n"
            f"  moves {k} (fun w => step (th w) (x w) (s w)) w (tangent (th w) (x w) (s w) dth dx ds).",
            "Proof.",
            "  intros th x s w dth dx ds Hth Hx Hs i Hi.",
            *(f"  destruct i as [| i]; [exact (M_{name} th x s w dth dx ds Hth Hx Hs) |]."
              for _, out in self.state for name in self.names[out]),
            "  lia.",
            "Qed.",
            "",
            f"Lemma back_is_adjoint : forall th x s dth dx ds g, dot {k} g (tangent th x s dth dx ds) =\n"
            f"  dot {k} (back_state th x s g) ds + dot {n} (back_input th x s g) dx\n"
            f"  + dot {p} (back_parameters th x s g) dth.",
            f"Proof. intros. cbv beta iota delta [{unfolded}]. ring. Qed.",
            "",
            "(* -- the theorems, for every T and any differentiable loss L<t> of each state -- *)",
            "",
            *theorems,
            "Check derivative_by_parameter.",
            *(f"Print Assumptions derivative_by_{name}." for name in ("parameter", "input", "initial_state")),
            "",
        ]  # fmt: skip

    def _given_back(self, vector: str) -> list[str]:
        """The adjoint of each element of a vector; 0 of what the step does not use."""
        found = []
        for leaf in self.vectors[vector]:
            adjoint = self.recording.adjoints.get(leaf)
            found += ["0" if adjoint is None else self._operand(adjoint, k) for k in range(leaf.size)]
        return found


def _vector(name: str, arguments: str, elements: list[str]) -> str:
    cases = "".join(f"\n    | {k}%nat => {element}" for k, element in enumerate(elements))
    return f"Definition {name} ({arguments} : vec) : vec := fun i =>\n  match i with{cases}\n    | _ => 0\n  end."


def _number(value: Fraction) -> str:
    text = str(value.numerator) if value.denominator == 1 else f"({value.numerator} / {value.denominator})"
    return f"({text})" if value < 0 else text


def _comment(text: str) -> str:
    """Words that cannot end a comment, or begin a string in it."""
    return text.replace("(*", "( *").replace("*)", "* )").replace('"', "'")
