"""An equation as a claim that `check_formula` can read: about one step, in ASCII."""

from __future__ import annotations

from typing import Any

from autograd_seq.core.notation import Written
from autograd_seq.folding.step_index import GivenIndex
from autograd_seq.folding.unit import Family
from autograd_seq.readings.derivation import Derivation
from autograd_seq.writer import Steps, Writer
from autograd_seq.writer.tree import Named, Size


class _NotOneStepError(Exception):
    """The equation speaks of what a single step does not have."""


def formula(equation: Any) -> str | None:
    """The claim that an `Equation` makes; None where one step has no names for it, as for an adjoint from t + 1."""
    derivation = equation.derivation

    def refer(named: Named) -> str:
        return _name(named, derivation)

    def size(size: Size) -> str:
        states = [unit for unit in derivation.states if size.value == _rows(unit)]
        if size.axis != 0 or not states:
            raise _NotOneStepError
        return "n_a"

    def every(family: Family, body: Written, summed: bool) -> Written:
        if not summed:
            raise _NotOneStepError
        return body  # what one step gives to the sum

    def given(index: GivenIndex, shift: int, at: int | None) -> str:
        raise _NotOneStepError  # a claim has no word for it

    writer = Writer("formula", refer, steps=Steps(size, every, given))
    try:
        return f"{writer(equation.left)} = {writer(equation.right)}".replace("np.", "")
    except _NotOneStepError:
        return None


def _name(named: Named, derivation: Derivation) -> str:
    unit = named.unit
    name = derivation.names.get(unit)
    if name is None or unit.lane != (None, None) or named.at is not None or not name.isidentifier():
        raise _NotOneStepError
    if not isinstance(unit, Family):
        return name
    if unit.leaf:
        if name != "x" or named.shift:
            raise _NotOneStepError
        return "x_t"
    if unit in derivation.states:
        if named.shift not in (0, -1):
            raise _NotOneStepError
        return name + ("_prev" if named.shift else "_next")
    if named.shift:
        raise _NotOneStepError
    return name


def _rows(unit: Any) -> int | None:
    shape = (unit.any if isinstance(unit, Family) else unit).record.shape
    return shape[0] if shape else None
