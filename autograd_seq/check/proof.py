"""prove(): every derivative of a recorded graph exact, every wrong one named.

A proof has three links. *Rule*: each record's VJP rule equals SymPy's derivative of the
operation's meaning. *Meaning*: the meaning has the values that NumPy computes, at the recorded
numbers and in general position. *Bookkeeping*: each adjoint is the sum over its out-edges, each used once. By the chain
rule the three together are the gradient of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from autograd_seq.check.application import DOUBLE, UNREADABLE, Application, Use, branch_of
from autograd_seq.check.bookkeeping import Bookkeeping, edges_of
from autograd_seq.check.certificate import Claim, Proof
from autograd_seq.check.closed_form import compare_closed_forms
from autograd_seq.check.constancy import constancy
from autograd_seq.check.failure import Failure
from autograd_seq.check.identity import opaque_functions_hold
from autograd_seq.check.kinks import kinked
from autograd_seq.check.limits import limit
from autograd_seq.check.meaning import Elsewhere, Meanings, below_domain
from autograd_seq.check.one_step import OneStep, one_step
from autograd_seq.check.rule_proof import Verdict, named, worst
from autograd_seq.check.settling import Memory
from autograd_seq.check.undefined import lively, undefined
from autograd_seq.core.array import Array
from autograd_seq.core.backward import seed_for, sweep
from autograd_seq.core.errors import GradientError, UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.names import text
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes

ROUNDINGS = 4.0  # last digits that each term of a sum may lose


@cache
def _opaque() -> None:
    """Prove, once, what is taken for granted of σ and tanh."""
    if not opaque_functions_hold():
        raise GradientError("this SymPy does not derive the derivatives of the sigmoid and tanh from exp's")


_memory = Memory()  # proofs hold for good: their keys have everything that they depend on


def prove(output: Tensor, wrt: Any = None, *, all_lengths: bool = False) -> Proof:
    """Prove the derivative of a recorded tensor, or name the rules that are wrong.

    Parameters
    ----------
    output : Tensor
        What to differentiate; for what is not a scalar, with an arbitrary adjoint.
    wrt : Tensor, or list or dict of them, optional
        By what; all leaves that require a gradient, which are the parameters, if not given.
    all_lengths : bool
        Whether to prove it for every number of time steps: it is made sure that all steps do the same, and one of
        them is proven, by parameters, inputs and the state that it is given, for any adjoint of what it hands on.
        The rest is induction over the steps: a state's adjoint is handed back, a parameter's is summed over the
        steps. What that costs does not grow with T.

    Returns
    -------
    Proof
        The status of each parameter and which link it rests on; printed, a short certificate.

    Raises
    ------
    GradientError
        If nothing requires a gradient, or `wrt` is not part of the graph.
    StepsDifferError
        With `all_lengths`, if the steps do not all do the same, or use others than the step before.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Parameter, Tensor, name, prove, tanh
    >>> W, x = Parameter([[0.5, -0.2], [0.1, 0.3]], "W"), Tensor([[1.0], [2.0]], "x")
    >>> proof = prove(name(tanh(W @ x), "a").sum())
    >>> proof.ok, proof["W"].status, proof["W"].links["meaning"]
    (True, 'proven', 'checked')
    """
    if not isinstance(output, Tensor):
        raise UsageError(f"prove() takes a recorded tensor, such as a loss, not {type(output).__name__}{here()}")
    _opaque()
    if all_lengths:
        step = one_step(Graph(output))
        given = [leaf for leaf, _ in step.state]
        proof = prove(step.total, [*step.parameters, *given, *step.inputs])
        return replace(proof, step=step, whole=output.label, notes=(_for_every_length(step), *proof.notes))
    with np.errstate(all="ignore"):  # what overflows is said in the answer
        return _Prover(output.record, wrt).run()


def _for_every_length(step: OneStep) -> str:
    """What follows from a proof of one step."""
    carried = ", ".join(text(r.name or r.label) for _, r in step.state)
    return (
        f"for every number of time steps: the {step.steps} recorded ones do the same, this is one of them, and by "
        f"induction its adjoints of {carried} are handed back from step to step, those of parameters are summed"
    )


@dataclass
class _Findings:
    """What was found out about the edges of a graph."""

    statuses: dict[str, dict[int, str]] = field(default_factory=dict)  # link -> parameter bit -> status
    notes: dict[int, dict[str, None]] = field(default_factory=dict)  # parameter bits -> what to say
    first: dict[int, dict[str, None]] = field(default_factory=dict)  # the same, to be said before all else

    def weaken(self, link: str, parameters: int, status: str, note: str = "", first: bool = False) -> None:
        """Lower the status of a link for a set of parameters, given as bits."""
        known = self.statuses.setdefault(link, {})
        known[parameters] = worst(known.get(parameters, "proven"), status)
        if note:
            (self.first if first else self.notes).setdefault(parameters, {})[note] = None

    def status(self, link: str, bit: int) -> str:
        """The weakest status of a link for one parameter."""
        return worst(*(s for bits, s in self.statuses.get(link, {}).items() if bits & bit))

    def said(self, bit: int) -> tuple[str, ...]:
        """The notes for one parameter."""
        everything = (*self.first.items(), *self.notes.items())
        return tuple(dict.fromkeys(n for bits, notes in everything if bits & bit for n in notes))


class _Prover:
    def __init__(self, output: Tensor, wrt: Any) -> None:
        self.output = output
        self.graph = Graph(output)
        self.found = _Findings()
        self.failures: list[Failure] = []
        self.parameters = self._wanted(wrt)
        seed = None if output.size == 1 else np.random.default_rng(0).uniform(0.5, 1.5, output.shape)
        self.seed = Tensor(seed_for(output, seed))
        self.bits = self._reached()
        self.alive = lively(self.graph, lambda x: self.bits[x] != 0)
        self.verdicts: dict[Any, Verdict] = {}
        self.signatures = 0
        self.endless = 0  # the parameters, as bits, whose gradient, or what it is of, holds NaN or an infinity
        self.stopped = ""  # why the sweep failed
        self.broken = False  # a kink, a cut, a rule that is not proven: nothing to compare in closed form

    def _wanted(self, wrt: Any) -> dict[str, Tensor]:
        if wrt is None:
            chosen = [x for x in self.graph.leaves if x.requires_grad]
        else:
            chosen = [x.record for x in _tensors(wrt)]
        if not chosen:
            raise GradientError(
                f"nothing that {self.output.label} was made from requires a gradient: "
                f"make the weights Parameter(...) or Tensor(..., requires_grad=True){here()}"
            )
        for x in chosen:
            if x not in self.graph or not x.requires_grad:
                raise GradientError(f"{x.label} is not part of the graph of {self.output.label}, or a constant{here()}")
        result: dict[str, Tensor] = {}
        for x in chosen:
            result[x.label if x.label not in result else f"{x.label}%{x.index}"] = x
        return result

    def _reached(self) -> dict[Tensor, int]:
        """For each record the parameters that it depends on, as bits."""
        own = {x: 1 << k for k, x in enumerate(self.parameters.values())}
        bits: dict[Tensor, int] = {}
        for record in self.graph:
            total = own.get(record, 0)
            for x in record.inputs:
                total |= bits[x]
            bits[record] = total
        return bits

    def run(self) -> Proof:
        recording = self._recorded()
        uses, identities = self._rules(recording)
        digits, points = self._meanings()
        self._bookkeeping(recording, uses)
        self._undefined(uses, recording)
        closed = ""
        if recording is not None and not self.failures and not self.broken:
            closed = self._closed_form(recording)
        agreement = self._sweep(recording)
        return Proof(
            self.output, self._claims(), self.failures, len(self.graph), sum(map(len, uses.values())),
            self.signatures, identities, digits, agreement, closed, self._limits(), points,
        )  # fmt: skip

    def _recorded(self) -> Recording | None:
        """The sweep as it was recorded; None where it fails, which is said once the rules are settled."""
        try:
            return differentiate(self.output, self.seed)
        except Exception as error:  # a wrong rule can end the sweep in any way
            self.stopped = f"the sweep failed: {type(error).__name__}: {error}"
            return None

    # -- the first link -------------------------------------------------------------------

    def _rules(self, recording: Recording | None) -> tuple[dict[Tensor, list[Application]], int]:
        """Apply and settle every rule; the applications by the record that they give to."""
        uses: dict[Tensor, list[Application]] = {}
        seen: dict[int, Verdict] = {}
        wrong: dict[tuple[int, int], Failure] = {}
        rng = np.random.default_rng(0)
        for index, record in enumerate(self.graph):
            if record.operation is None or not any(x.requires_grad for x in record.inputs):
                continue
            if not record.requires_grad:
                self._cut(record, index)
                continue
            use, general = self._uses_of(record, recording, rng)
            kink = self._kink(record)
            allowed = edges_of(record)
            for i, x in enumerate(record.inputs):
                if x.requires_grad and i not in allowed and self.bits[x]:
                    self._without_rule(record, index, i)
            for i in allowed:
                application = use.apply(i)
                uses.setdefault(record.inputs[i], []).append(application)
                verdict, _ = _memory.settle(application if general is use else general.apply(i))
                seen[id(verdict)] = verdict
                bits = self.bits[record.inputs[i]]
                if verdict.status != "proven" and bits:
                    where = f"{record.operation.name}: {verdict.note}" if verdict.note else ""
                    self.found.weaken("rule", bits, verdict.status, where)
                if kink and bits and verdict.status != "refuted":
                    self.found.weaken("rule", bits, "excluded", kink)
                self.broken |= verdict.status != "proven" or bool(kink)
                if verdict.status == "refuted" and bits:
                    key = (id(verdict), i)
                    if key in wrong:
                        wrong[key] = replace(wrong[key], shared=wrong[key].shared + 1)
                    else:
                        wrong[key] = _failure(index, application, verdict)
        self.failures += [replace(f, scope=scopes(self.graph)[f.record]) for f in wrong.values()]
        self.signatures = len(seen)
        return uses, sum(v.entries for v in seen.values())

    def _kink(self, record: Tensor) -> str:
        """Why nothing is claimed of a record's derivative, where no decision shows it."""
        if record not in self.alive or record.operation is None:
            return ""
        if record.operation.positive and below_domain(record).any():
            return f"{record.operation.name} is meant for numbers above 0"
        return kinked(record)

    def _uses_of(self, record: Tensor, recording: Recording | None, rng: np.random.Generator) -> tuple[Use, Use]:
        """A record with the adjoint of the sweep, on which a rule may decide; and with one that is not all 0."""
        drawn = np.asarray(rng.uniform(0.5, 1.5, record.shape), record.dtype)
        adjoint = recording.adjoints.get(record) if recording is not None else None
        if adjoint is None or not np.isfinite(adjoint._value).all():
            use = Use.of(record, drawn)
            return use, use
        use = Use.of(record, adjoint._value)
        return use, use if adjoint._value.any() or not record.size else Use.of(record, drawn)

    def _without_rule(self, record: Tensor, index: int, i: int) -> None:
        """An input without a rule: right only where the result does not change with it."""
        if record not in self.alive:
            return  # compared or cut off only: no derivative would pass
        found, bits = constancy(record, i), self.bits[record.inputs[i]]
        operation = record.operation.name if record.operation else ""
        note = f"{operation} passes no derivative to its input {i}"
        if found.status == "checked":
            note = f"{note}, and differences of its value are zero"
        self.found.weaken("rule", bits, found.status, note if found.status != "proven" else "")
        if found.status == "refuted":
            self.failures.append(
                Failure(
                    "rule", record, index, i, found.element, found.expected,
                    None if found.expected is None else 0,
                    message=note + ", on which its result depends: declare its vjp, or cuts=True if that is meant",
                    scope=scopes(self.graph)[record],
                )
            )  # fmt: skip

    def _cut(self, record: Tensor, index: int) -> None:
        """A result without derivative: declared to be cut off, or constant around the recorded numbers."""
        bits = 0
        for x in record.inputs:
            bits |= self.bits[x] if x.requires_grad else 0
        if not bits or record.operation is None:
            return
        if record.operation.cuts:
            self.broken = True
            self.found.weaken("rule", bits, "proven", f"{record.label} cuts the gradient: it counts as a constant")
            return
        self.broken = self.broken or record.dtype.kind == "f"
        if 0 in branch_of(record):
            self.broken = True
            self.found.weaken("rule", bits, "excluded", f"{record.label} decides exactly at a tie")
            return
        for i, x in enumerate(record.inputs):
            if x.requires_grad and self.bits[x]:
                self._without_rule(record, index, i)

    # -- the second link ------------------------------------------------------------------

    def _meanings(self) -> tuple[float | None, int]:
        """Compare value and meaning of every record; to how many digits, and at how many points beside them."""
        meanings = Meanings()
        least: float | None = None
        seen: dict[int, Elsewhere] = {}
        wrong: dict[int, Failure] = {}
        for index, record in enumerate(self.graph):
            if record.operation is None or not self.bits[record]:
                continue
            bits = self.bits[record]
            found, elsewhere = meanings.here(record), meanings.elsewhere(record)
            if found is None:
                finite = np.isfinite(record._value).all()  # what is not is said elsewhere
                note = f"{record.operation.name} has no meaning in exact scalars" if finite else ""
                self.found.weaken("meaning", bits, "checked", note)
                continue
            least = found.digits if least is None else min(least, found.digits)
            self.found.weaken("meaning", bits, "checked" if found.enough else "refuted")
            if elsewhere is not None and found.enough:
                seen[id(elsewhere)] = elsewhere
                self._meaning_elsewhere(record, index, elsewhere, wrong)
            elif not found.enough:
                message = f"the value and the meaning of the operation agree to {found.digits:.1f} digits only"
                self.failures.append(Failure("meaning", record, index, message=message))
        self.failures += wrong.values()
        return least, sum(e.points for e in seen.values())

    def _meaning_elsewhere(self, record: Tensor, index: int, found: Elsewhere, wrong: dict[int, Failure]) -> None:
        """What a record's claim loses where value and meaning were not seen to be one function."""
        bits = self.bits[record]
        assert record.operation is not None  # asked of results only
        if found.wrong:
            self.found.weaken("meaning", bits, "refuted")
            known = wrong.get(id(found))
            place = scopes(self.graph)[record]
            wrong[id(found)] = (
                replace(known, shared=known.shared + 1)
                if known
                else Failure("meaning", record, index, message=found.wrong, scope=place)
            )
        elif not found.points:
            note = f"{record.operation.name}: value and meaning were compared at the recorded numbers only"
            self.found.weaken("rule", bits, "checked", note)

    # -- the third link -------------------------------------------------------------------

    def _bookkeeping(self, recording: Recording | None, uses: dict[Tensor, list[Application]]) -> None:
        if recording is None:
            self.found.weaken("bookkeeping", (1 << len(self.parameters)) - 1, "refuted", "the sweep failed")
            if not self.failures:
                last = len(self.graph) - 1
                self.failures.append(Failure("bookkeeping", self.output, last, message=self.stopped))
            return
        named = {f.record for f in self.failures if f.link == "rule"}
        for failure in Bookkeeping(recording, self.seed).check(uses):
            if any(p.use.record in named for p in uses.get(failure.record, [])):
                continue  # what comes of a wrong rule is the rule's failure
            self.found.weaken("bookkeeping", self.bits[failure.record], "refuted")
            self.failures += [failure] if self.bits[failure.record] else []

    def _undefined(self, uses: dict[Tensor, list[Application]], recording: Recording | None) -> None:
        """No claim by what feeds into a number that is not finite, or into a derivative that is none."""
        held: str | None = None
        for record, note in undefined(self.graph, self.alive, uses, recording):
            if self.bits[record]:
                if held is None:  # asked once, and only where something is not finite
                    held = limit(recording, self.parameters.values()) if recording is not None else ""
                self.broken = True
                said = f"{note}; but {held}" if held else note
                self.found.weaken("rule", self.bits[record], "checked" if held else "excluded", said, first=True)

    def _closed_form(self, recording: Recording) -> str:
        try:
            count, wrong = compare_closed_forms(recording, list(self.parameters.values()))
        except UNREADABLE:
            return ""
        for x in wrong:
            bit = next(1 << k for k, p in enumerate(self.parameters.values()) if p is x)
            self.found.weaken("bookkeeping", bit, "refuted", "the closed form differs from SymPy's derivative")
            message = "the closed form of the whole gradient differs from SymPy's derivative of the whole output"
            self.failures.append(Failure("bookkeeping", x, self.graph.positions[x], message=message))
        return f"{count} scalars of the gradient compared in closed form, end to end" if count and not wrong else ""

    def _sweep(self, recording: Recording | None) -> float | None:
        """The sweep on bare arrays, which training uses, beside the recorded one."""
        if recording is None:
            return None
        try:
            found = dict(sweep(self.output, self.seed._value, everything=True))
        except Exception as error:  # a rule may run on tensors and fail on arrays
            self.found.weaken("bookkeeping", (1 << len(self.parameters)) - 1, "refuted", "backward() fails")
            if not self.failures:
                message = f"backward() on plain arrays fails: {type(error).__name__}: {str(error).splitlines()[0]}"
                self.failures.append(Failure("bookkeeping", self.output, len(self.graph) - 1, message=message))
            return None
        least = 16.0
        largest = max((_largest(a._value) for a in recording.adjoints.values()), default=0.0)
        for k, x in enumerate(self.parameters.values()):
            if x in recording.adjoints and x in found:
                terms = x.size + len(self.graph)
                digits = _agreeing(recording.adjoints[x]._value, found[x], largest, terms)
                least = min(least, digits)
                if (np.isfinite(recording.adjoints[x]._value) & ~np.isfinite(found[x])).any():
                    note = "backward() on plain arrays gives numbers that are not finite"
                    self.found.weaken("bookkeeping", 1 << k, "excluded", note)
                if not np.isfinite(found[x]).all() or not np.isfinite(recording.adjoints[x]._value).all():
                    self.endless |= 1 << k
                if not digits >= (6 if x.dtype.itemsize >= DOUBLE else 3) and not self.failures:
                    self.found.weaken("bookkeeping", 1 << k, "refuted", "backward() disagrees with the recorded pass")
                    message = f"backward() on plain arrays agrees with the recorded pass to {digits:.1f} digits only"
                    self.failures.append(Failure("bookkeeping", x, self.graph.positions[x], message=message))
        return least

    # -- the answer -----------------------------------------------------------------------

    def _claims(self) -> dict[str, Claim]:
        claims = {}
        if not np.isfinite(self.output._value).all():
            self.endless = (1 << len(self.parameters)) - 1
        for k, (label, x) in enumerate(self.parameters.items()):
            bit = 1 << k
            links = {link: self.found.status(link, bit) for link in ("rule", "meaning", "bookkeeping")}
            # The meaning is tied to NumPy by numbers; that alone makes no derivative of the meaning less proven.
            status = worst(links["rule"], links["bookkeeping"], *([links["meaning"]] * (links["meaning"] == "refuted")))
            claims[label] = Claim(
                label, x, status, links, self.found.said(bit), not self.endless & bit, self.output
            )  # fmt: skip
        return claims

    def _limits(self) -> tuple[str, ...]:
        notes = []
        if self.output.size != 1:
            notes.append(f"{self.output.label} is not a scalar: the claim is for every adjoint of its shape")
        return tuple(notes)


def _largest(a: Array) -> float:
    """The largest finite number."""
    return float(np.max(np.abs(a), initial=0, where=np.isfinite(a)))


def _agreeing(a: Array, b: Array, largest: float, terms: int) -> float:
    """Digits to which two gradients agree; what the terms that were added up lose by rounding does not count.

    Numbers that are not finite say nothing: by them nothing is claimed.
    """
    finite = np.isfinite(a) & np.isfinite(b)
    unit = max(float(np.finfo(x.dtype if x.dtype.kind == "f" else float).eps) for x in (a, b))
    rounding = ROUNDINGS * unit * float(np.sqrt(terms)) * largest
    a, b = np.asarray(a[finite], dtype=np.longdouble), np.asarray(b[finite], dtype=np.longdouble)
    size = max(float(np.max(np.abs(a), initial=0)), 1e-6 * largest, 1e-300)
    error = max(float(np.max(np.abs(a - b), initial=0)) - rounding, 0.0) / size
    return float(-np.log10(max(error, 1e-16))) if error == error else 0.0


def _failure(index: int, application: Application, verdict: Verdict) -> Failure:
    record = application.use.record
    if not verdict.wrong:
        return Failure("rule", record, index, application.position, message=verdict.note)
    entry = verdict.wrong[0]
    return Failure(
        "rule", record, index, application.position, entry.element,
        named(application, entry.expected), named(application, entry.found), entry.numbers, verdict.note,
    )  # fmt: skip


def _tensors(wrt: Any) -> list[Tensor]:
    if isinstance(wrt, Tensor):
        return [wrt]
    if isinstance(wrt, Mapping):
        return _tensors(list(wrt.values()))
    if isinstance(wrt, (list, tuple)):
        return [x for item in wrt for x in _tensors(item)]
    raise UsageError(f"derivatives are by tensors, not {type(wrt).__name__}{here()}")
