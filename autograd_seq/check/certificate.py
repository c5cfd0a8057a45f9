"""A proof: what is claimed of each parameter; a short certificate for a person, and data for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.check.accuracy import accuracy
from autograd_seq.check.coq import coq_text
from autograd_seq.check.export import certificate_text
from autograd_seq.check.failure import Failure
from autograd_seq.check.one_step import OneStep
from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.recording import differentiate
from autograd_seq.core.shown import Shown
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.storage.files import check_output, write
from autograd_seq.translation.reader import translated

SHOWN = 5  # failures that are printed in full
SAID = 6  # notes that are printed


@dataclass(frozen=True)
class Claim:
    """What is known of the derivative by one parameter.

    Attributes
    ----------
    name : str
        What it is called.
    parameter : Tensor
        Its record.
    status : str
        ``"proven"``, ``"checked"``, ``"excluded"``, ``"undecided"`` or ``"refuted"``.
    links : dict
        The status of each link: ``"rule"``, ``"meaning"``, ``"bookkeeping"``.
    notes : tuple of str
        What kept it from being proven, or limits the claim.
    finite : bool
        Whether the gradient, and what it is the gradient of, hold no NaN and no infinity.
    output : Tensor or None
        What it is the gradient of.
    """

    name: str
    parameter: Tensor
    status: str
    links: Mapping[str, str]
    notes: tuple[str, ...] = ()
    finite: bool = True
    output: Tensor | None = None

    @property
    def digits(self) -> Array:
        """How many decimal digits of each entry of the gradient are right, whatever rounding did.

        Examples
        --------
        >>> from autograd_seq import Parameter, prove
        >>> x = Parameter([1.0, 1e-8], "x")
        >>> prove(((1 + x) ** 2 - 1 - 2 * x).sum())["x"].digits.round()
        array([14.,  7.])
        """
        return self._accuracy[1]

    @property
    def rounding(self) -> Array:
        """A bound on what rounding did to each entry of the gradient, in absolute numbers."""
        return self._accuracy[0]

    @cached_property
    def _accuracy(self) -> tuple[Array, Array]:
        if self.output is None or not self.finite:
            raise UsageError(f"the gradient by {self.name} is not finite: it has no right digits{here()}")
        return accuracy(self.output, self.parameter)


@dataclass(frozen=True)
class Proof(Shown):
    """What `prove` found. Index it by a parameter's name (or the parameter) for its claim.

    Attributes
    ----------
    output : Tensor
        What was differentiated.
    claims : dict of str to Claim
        For each parameter.
    failures : list of Failure
        Every wrong derivative, with its place.
    records : int
        How many records the forward graph has.
    uses : int
        How many rule applications stand in it.
    signatures : int
        How many distinct proofs they needed.
    identities : int
        How many scalar identities those are.
    digits : float or None
        Digits to which meaning and value agree, over all records.
    sweep_digits : float or None
        Digits to which the sweep on bare arrays agrees with the recorded one.
    closed_form : str
        What came of comparing the whole closed form, end to end; empty where it was too large.
    notes : tuple of str
        What limits the claims.
    points : int
        How many points in general position meaning and value were compared at, over all distinct operations.
    step : OneStep or None
        Of a proof for every number of time steps, the step that was proven.
    whole : str
        Of such a proof, what the whole network gives, such as ``J``.
    """

    output: Tensor
    claims: dict[str, Claim]
    failures: list[Failure]
    records: int
    uses: int
    signatures: int
    identities: int
    digits: float | None
    sweep_digits: float | None
    closed_form: str = ""
    notes: tuple[str, ...] = ()
    points: int = 0
    step: OneStep | None = None
    whole: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing was refuted, nothing is undecided, and every gradient is finite."""
        bad = ("refuted", "undecided")
        return not self.failures and all(c.finite and c.status not in bad for c in self.claims.values())

    @property
    def undecided(self) -> list[str]:
        """The parameters of which the numbers could not tell; their notes say why."""
        return self._those("undecided")

    @property
    def excluded(self) -> list[str]:
        """The parameters of which nothing is claimed, as there is a kink, or no derivative, at the recorded numbers."""
        return self._those("excluded")

    def _those(self, status: str) -> list[str]:
        return [c.name for c in self.claims.values() if c.status == status]

    def __getitem__(self, key: str | Tensor) -> Claim:
        if isinstance(key, Tensor):
            for claim in self.claims.values():
                if claim.parameter is key.record:
                    return claim
        elif key in self.claims:
            return self.claims[key]
        raise UsageError(
            f"this proof is not about {key.label if isinstance(key, Tensor) else repr(key)}: "
            f"it is about {', '.join(self.claims)}{here()}"
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.claims)

    def __str__(self) -> str:
        return translated(certificate(self))

    __repr__ = __str__

    def save(self, path: str | Path) -> Path:
        """Write a proof that others can check again.

        ``lstm.json`` is a certificate that stands alone: ``python check_certificate.py lstm.json`` verifies it.
        That program, `autograd_seq/check/check_certificate.py`, is short, needs the standard library only and
        nothing of this package; it derives every operation's meaning again, and compares. What it cannot verify
        is *checked*, not *proven*, in the file, whatever is said here.

        ``lstm.v``, of a proof for every number of steps, is a file for the proof assistant Rocq (Coq 8.16) with
        Coquelicot 3.2: what a recorded step computes, and theorems that backpropagation through time gives the
        derivative of any differentiable losses of its states, for every T: ``coqc lstm.v``.

        Parameters
        ----------
        path : str or Path
            A file that ends in ``.json``, or in ``.v``.

        Raises
        ------
        UsageError
            If a gradient is refuted or undecided, or a number is not finite: there is nothing to certify. For
            ``.v``, if the proof is of one number of steps, or the step makes something that Rocq is not told of.
        FileError
            If it cannot be written.

        Examples
        --------
        >>> import json, os, tempfile
        >>> from autograd_seq import Parameter, prove, tanh
        >>> from autograd_seq.check import check_certificate
        >>> W = Parameter([[0.5]], "W")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = prove(tanh(W @ W).sum()).save(os.path.join(folder, "W.json"))
        ...     with open(path) as file:
        ...         check_certificate.Certificate(json.load(file)).check()
        ({'W': 'proven'}, 4)
        """
        target = check_output(path, (".json", ".v"))
        if not self.ok:
            bad = [c.name for c in self.claims.values() if not c.finite or c.status in ("refuted", "undecided")]
            raise UsageError(f"there is nothing to certify of {', '.join(bad)}: print the proof to see why{here()}")
        if target.suffix == ".v":
            if self.step is None:
                raise UsageError(f"a file for Rocq is about every number of steps: prove(…, all_lengths=True){here()}")
            if self.step.backwards:
                raise UsageError(
                    "the theory for Rocq knows one direction: save a proof of a network that reads in both as "
                    f".json{here()}"
                )
            return write(target, coq_text(target.stem, self.step.state, self.step.inputs, self.step.parameters))
        seed = None if self.output.size == 1 else np.ones(self.output.shape)
        claimed = {c.parameter: (c.name, c.status) for c in self.claims.values()}
        return write(target, certificate_text(differentiate(self.output, seed), claimed, self.step))

    def to_json(self) -> str:
        """The same as JSON: status and links of each parameter, failures, counts."""
        return json.dumps(as_dict(self), ensure_ascii=False, indent=2)


def certificate(proof: Proof) -> str:
    """The certificate: what is claimed, what it rests on, what is wrong."""
    lines = [_title(proof)]
    for status, group in _grouped(proof.claims.values()):
        lines.append(f"  {status:<9} {', '.join(f'{c.name} {_shape(c)}' for c in group)}")
    lines += ["rests on", *("  " + line for line in _links(proof))]
    notes = dict.fromkeys(n for claim in proof.claims.values() for n in claim.notes)
    said = [*proof.notes, *notes]
    lines += [f"note: {n}" for n in said[:SAID]]
    lines += [f"… and {len(said) - SAID} notes more"] if len(said) > SAID else []
    for failure in proof.failures[:SHOWN]:
        lines += ["", str(failure)]
    if len(proof.failures) > SHOWN:
        lines.append(f"… and {len(proof.failures) - SHOWN} failures more")
    return "\n".join(lines)


def _title(proof: Proof) -> str:
    scalars = sum(c.parameter.size for c in proof.claims.values())
    wrong = len(proof.failures)
    endless = [c.name for c in proof.claims.values() if not c.finite]
    verdict = (
        f": REFUTED, {wrong} failure{'s' * (wrong != 1)}" if wrong or _any(proof, "refuted")
        else ": UNDECIDED" if proof.undecided
        else f": NOT FINITE by {', '.join(endless)}" if endless
        else ""
    )  # fmt: skip
    s = "s" * (scalars != 1)
    if proof.step is not None:
        return f"Derivative of {proof.whole} by {_parts(proof.step)}; {scalars} scalar{s} in a step{verdict}"
    count = len(proof.claims)
    by = f"{count} parameter{'s' * (count != 1)}, {scalars} scalar{s}"
    return f"Derivative of {proof.output.label} by {by}{verdict}"


def _parts(step: OneStep) -> str:
    """What a proof for every number of steps is by."""
    parameters, states, inputs = len(step.parameters), len(step.state), len(step.inputs)
    return (
        f"{parameters} parameter{'s' * (parameters != 1)}, {states} state{'s' * (states != 1)} and "
        f"{inputs} input{'s' * (inputs != 1)}"
    )


def _any(proof: Proof, status: str) -> bool:
    return any(c.status == status for c in proof.claims.values())


def _grouped(claims: Iterable[Claim]) -> list[tuple[str, list[Claim]]]:
    groups: dict[str, list[Claim]] = {}
    for claim in claims:
        groups.setdefault(claim.status, []).append(claim)
    return [(s, groups[s]) for s in ("refuted", "undecided", "excluded", "checked", "proven") if s in groups]


def _shape(claim: Claim) -> str:
    return "×".join(str(n) for n in claim.parameter.shape) or "scalar"


def _links(proof: Proof) -> list[str]:
    digits = "not evaluated" if proof.digits is None else f"to {proof.digits:.0f} digits"
    lines = [
        f"rule         {_status(proof, 'rule')}: each VJP rule against SymPy's derivative of its operation's meaning "
        f"({proof.uses} uses, {proof.signatures} distinct, {proof.identities} scalar identities)",
        "             with σ' = σ (1 - σ) and tanh' = 1 - tanh², themselves proven from exp",
        f"meaning      {_status(proof, 'meaning')}: each meaning against the value that NumPy computed, {digits}, "
        f"and at {proof.points} points in general position",
        f"bookkeeping  {_status(proof, 'bookkeeping')}: each adjoint against the sum over its uses, each used once "
        f"({proof.records} records)",
    ]
    if proof.sweep_digits is not None:
        lines.append(f"             checked: backward() on plain arrays agrees to {proof.sweep_digits:.0f} digits")
    if proof.closed_form:
        lines.append(f"whole        proven: {proof.closed_form}")
    return lines


def _status(proof: Proof, link: str) -> str:
    present = {c.links[link] for c in proof.claims.values()}
    return next((s for s in ("refuted", "undecided", "excluded", "checked") if s in present), "proven")


def as_dict(proof: Proof) -> dict[str, Any]:
    """Everything in a proof, for JSON."""
    return {
        "format": 1,
        "ok": proof.ok,
        "output": proof.output.label,
        "parameters": {
            c.name: {
                "status": c.status,
                "shape": list(c.parameter.shape),
                "links": dict(c.links),
                "notes": list(c.notes),
                "finite": c.finite,
            }
            for c in proof.claims.values()
        },
        "records": proof.records,
        "rule_uses": proof.uses,
        "signatures": proof.signatures,
        "identities": proof.identities,
        "meaning_digits": proof.digits,
        "points_in_general_position": proof.points,
        "array_sweep_digits": proof.sweep_digits,
        "closed_form": proof.closed_form,
        "notes": list(proof.notes),
        "failures": [f.to_dict() for f in proof.failures],
    }
