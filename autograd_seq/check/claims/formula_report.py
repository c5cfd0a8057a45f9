"""What came of checking a formula, as an object, as text and as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from autograd_seq.translation.reader import translated

Status = Literal["proven", "checked", "refuted", "undecided", "unreadable"]
_SIGNIFICANT = (6, 17)  # digits of a number: for reading, and all that a float has


@dataclass(frozen=True)
class FormulaReport:
    """What came of checking a formula.

    Attributes
    ----------
    claim : str
        The formula as it was given.
    status : str
        ``"proven"`` (exact algebra, at the shapes of the cell), ``"checked"`` (numbers agree, no proof was
        found), ``"refuted"`` (with numbers that more digits confirm), ``"undecided"`` (past the bound on work),
        or ``"unreadable"``.
    reason : str
        Why, in a sentence.
    condition : str or None
        What was taken for granted, such as ``Σy = 1 over the classes``.
    correction : str or None
        A right formula for the same quantity, in the same language; None where the claim is right.
    proven_as : str or None
        What the right side is, where it is not what the left side says: an adjoint, or the derivative along the
        diagonal.
    counterexample : dict or None
        Small numbers that refute the claim: ``values`` of scalars by name, such as ``c_next_11``, the ``place`` of an
        element, what is ``claimed`` and ``true`` there, and the ``difference``.
    before_activation : str or None
        Where the left side is the adjoint of an activation's result: the adjoint of what it was applied to, which
        is often meant.
    """

    claim: str
    status: Status
    reason: str
    condition: str | None = None
    correction: str | None = None
    proven_as: str | None = None
    counterexample: dict[str, Any] | None = None
    before_activation: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the claim holds."""
        return self.status in ("proven", "checked")

    @property
    def undecided(self) -> list[str]:
        """The claim, if nothing can be said of it for want of work allowed."""
        return [self.claim] if self.status == "undecided" else []

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "claim": self.claim, "status": self.status, "reason": self.reason, "condition": self.condition,
            "correction": self.correction, "proven_as": self.proven_as, "counterexample": self.counterexample,
            "before_activation": self.before_activation,
        }  # fmt: skip

    def __str__(self) -> str:
        lines = [f"{self.status}: {self.claim}", f"  {self.reason}"]
        if self.correction:
            lines.append(f"  correct: {self.correction}")
        if self.before_activation:
            lines.append(f"  before the activation: {self.before_activation}")
        if self.counterexample:
            lines.append(f"  {said(self.counterexample)}")
        return translated("\n".join(lines))


def said(example: dict[str, Any]) -> str:
    """A counterexample in words, with as many digits as it takes to tell its two numbers apart.

    Examples
    --------
    >>> said({"values": {"c_11": 2.0}, "place": (0, 0), "claimed": 1.0, "true": 1.0, "difference": 1e-20})
    'for example with c_11 = 2: element (1, 1) would be 1 + 1e-20, but it is 1'
    """
    given = ", ".join(f"{k} = {v:g}" for k, v in example["values"].items())
    place = ", ".join(str(i + 1) for i in example["place"])
    for digits in _SIGNIFICANT:
        claimed, true = (f"{example[k]:.{digits}g}" for k in ("claimed", "true"))
        if claimed != true:
            break
    else:
        true = f"{example['true']:.6g}"
        claimed = f"{true} {'-' if example['difference'] < 0 else '+'} {abs(example['difference']):.3g}"
    what = f"element ({place})" if place else "it"
    where = f"for example with {given}: " if given else "for example: "
    return f"{where}{what} would be {claimed}, but it is {true}"
