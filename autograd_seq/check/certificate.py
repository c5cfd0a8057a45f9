"""A proof as a short certificate for a person, and as data for a program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd_seq.check.proof import Claim, Proof

SHOWN = 5  # failures that are printed in full
SAID = 6  # notes that are printed


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
    verdict = "" if proof.ok else f": REFUTED, {wrong} failure{'s' * (wrong != 1)}"
    return f"Derivative of {proof.output.label} by {len(proof.claims)} parameters, {scalars} scalars{verdict}"


def _grouped(claims: Iterable[Claim]) -> list[tuple[str, list[Claim]]]:
    groups: dict[str, list[Claim]] = {}
    for claim in claims:
        groups.setdefault(claim.status, []).append(claim)
    return [(s, groups[s]) for s in ("refuted", "excluded", "checked", "proven") if s in groups]


def _shape(claim: Claim) -> str:
    return "×".join(str(n) for n in claim.parameter.shape) or "scalar"


def _links(proof: Proof) -> list[str]:
    digits = "not evaluated" if proof.digits is None else f"to {proof.digits:.0f} digits"
    lines = [
        f"rule         {_status(proof, 'rule')}: each VJP rule against SymPy's derivative of its operation's meaning "
        f"({proof.uses} uses, {proof.signatures} distinct, {proof.identities} scalar identities)",
        "             with σ' = σ (1 - σ) and tanh' = 1 - tanh², themselves proven from exp",
        f"meaning      {_status(proof, 'meaning')}: each meaning against the value that NumPy computed, {digits}",
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
    return next((s for s in ("refuted", "excluded", "checked") if s in present), "proven")


def as_dict(proof: Proof) -> dict[str, Any]:
    """Everything in a proof, for JSON."""
    return {
        "ok": proof.ok,
        "output": proof.output.label,
        "parameters": {
            c.name: {
                "status": c.status,
                "shape": list(c.parameter.shape),
                "links": dict(c.links),
                "notes": list(c.notes),
            }
            for c in proof.claims.values()
        },
        "records": proof.records,
        "rule_uses": proof.uses,
        "signatures": proof.signatures,
        "identities": proof.identities,
        "meaning_digits": proof.digits,
        "array_sweep_digits": proof.sweep_digits,
        "closed_form": proof.closed_form,
        "notes": list(proof.notes),
        "failures": [f.to_dict() for f in proof.failures],
    }
