"""Patterns: what a value must look like for a rule to apply, and the names of its parts.

======================================================  ==============================================
``P(SUM)``                                              any sum
``P(ops.sigmoid, "z")``                                 σ of anything, called z
``P(TRANSPOSE, P(TRANSPOSE, "x"))``                     a matrix that is turned twice
``P("negative", "x")``                                  whatever is a negative in algebra
``P(PRODUCT, P(ops.softmax, name="p"), P("quotient", "a", "p"))``  twice the same p
``P(SUM, in_loop=True, beyond=False)``                  a sum in a loop, with nothing outside its steps
======================================================  ==============================================

What stands as a pattern inside of another is read at the same step, and computed at all steps of its user or a single
value; what stands as a name may be read at any step. Two operands of a sum or a product may stand in either order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd_seq.core.operation import Operation
from autograd_seq.plan.rewrites.surroundings import Surroundings
from autograd_seq.plan.value import PRODUCT, SUM, Kind, Use, Value

Parts = dict[str, Use]


@dataclass(frozen=True)
class Match:
    """A value that a pattern fits; ``match["x"]`` is the part that the pattern calls x.

    Attributes
    ----------
    value : Value
        All of it.
    around : Surroundings
        Who uses what, and which loops there are.
    parts : dict of str to Use
    """

    value: Value
    around: Surroundings
    parts: Parts

    def __getitem__(self, name: str) -> Use:
        return self.parts[name]


@dataclass(frozen=True)
class Pattern:
    """What a value must look like; `P` makes one.

    Attributes
    ----------
    kinds : tuple
        Kinds, operations and words of algebra, one of which it must be; empty if it may be anything.
    operands : tuple of Pattern or str
        What it must be made of; empty if that does not matter.
    name : str
        What the rule calls it; empty if nothing.
    conditions : tuple of (str, object)
        Attributes of the value and what they must be, such as ``timed=False``; ``beyond=False`` if nothing may stand
        outside its steps; ``alone=True`` if nobody else may use it; ``in_loop=True`` if it must depend on itself at
        another step.
    """

    kinds: tuple[Any, ...]
    operands: tuple[Pattern | str, ...]
    name: str
    conditions: tuple[tuple[str, Any], ...]

    def may_be(self, kind: Operation | Kind) -> bool:
        """Whether a value of some kind is worth a look."""
        return not self.kinds or kind in self.kinds or (kind.algebra != "" and kind.algebra in self.kinds)

    def match(self, value: Value, around: Surroundings) -> Match | None:
        """A value with its parts, if it fits."""
        parts = self._parts(Use(value), around, {}) if self.may_be(value.kind) else None
        return None if parts is None else Match(value, around, parts)

    def _parts(self, use: Use, around: Surroundings, parts: Parts) -> Parts | None:
        value = use.value
        for condition, wanted in self.conditions:
            if not _holds(value, condition, wanted, around):
                return None
        named = _named(self.name, use, parts) if self.name else parts
        if named is None or not self.operands:
            return named
        orders = [value.uses]
        if value.kind in (SUM, PRODUCT) and len(value.uses) == 2:
            orders.append(value.uses[::-1])
        found = (self._of_operands(uses, value, around, named) for uses in orders)
        return next((made for made in found if made is not None), None)

    def _of_operands(self, uses: Sequence[Use], user: Value, around: Surroundings, parts: Parts) -> Parts | None:
        if len(uses) != len(self.operands):
            return None
        known: Parts | None = parts
        for operand, use in zip(self.operands, uses, strict=True):
            if known is not None and isinstance(operand, str):
                known = _named(operand, use, known)
            elif known is not None:
                fits = operand.may_be(use.value.kind) and _same_step(use, user)  # type: ignore[union-attr]
                known = operand._parts(use, around, known) if fits else None  # type: ignore[union-attr]
        return known


def P(*what: Any, name: str = "", **conditions: Any) -> Pattern:
    """A pattern: what it must be, one thing or a tuple of them, then its operands as patterns or names.

    Examples
    --------
    >>> from autograd_seq.plan.value import GIVEN, TRANSPOSE, Network, Use, Value
    >>> w = Value(GIVEN, (2, 3), float, name="w")
    >>> turned = w.like(TRANSPOSE, [Use(w.like(TRANSPOSE, [Use(w)], shape=(3, 2)))])
    >>> match = P(TRANSPOSE, P(TRANSPOSE, "x")).match(turned, Surroundings(Network({"y": Use(turned)})))
    >>> match["x"].value is w
    True
    """
    kinds, *operands = what or ((),)
    return Pattern(kinds if isinstance(kinds, tuple) else (kinds,), tuple(operands), name, tuple(conditions.items()))


def _named(name: str, use: Use, parts: Parts) -> Parts | None:
    """The parts with one more; None if another one has that name."""
    return {**parts, name: use} if parts.get(name, use) == use else None


def _same_step(use: Use, user: Value) -> bool:
    """Whether a value uses another one at its own step, and that is computed at all of them."""
    within, steps = user.times, use.value.times
    if not use.plain or steps is None or within is None:
        return use.plain and steps is None
    return steps == within or (steps[0] <= within[0] and within[-1] <= steps[-1])


def _holds(value: Value, condition: str, wanted: Any, around: Surroundings) -> bool:
    if condition == "alone":
        return (len(around.users(value)) == 1) is wanted
    if condition == "in_loop":
        return (around.loop(value) is not None) is wanted
    found = getattr(value, condition)
    return bool(found) is wanted if isinstance(wanted, bool) else bool(found == wanted)
