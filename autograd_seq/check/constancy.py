"""Whether a result changes with an input that it passes no derivative to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from autograd_seq.check.application import UNREADABLE, Application, Use, branch_of, settings_of
from autograd_seq.check.identity import is_zero
from autograd_seq.check.record_differences import doubles
from autograd_seq.check.rule_proof import LIMIT, WORK, derivative_by, fresh, named, nodes, scalars_of
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.symbols import BranchAlgebra, apply

STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # constant means: along one of them nothing changes
REMEMBERED = 10_000
UNKNOWN = (sympy.Derivative, sympy.Subs, sympy.floor, sympy.ceiling)  # whose derivatives SymPy does not settle


@dataclass(frozen=True, slots=True)
class Constancy:
    """Whether a derivative of zero is right.

    Attributes
    ----------
    status : str
        ``"proven"`` (in symbols), ``"checked"`` (by differences), or ``"refuted"``: the result changes.
    element : tuple of int or None
        An input element that it changes with, where symbols say so.
    expected : Expr or None
        The adjoint of that element, which is not zero.
    """

    status: str
    element: tuple[int, ...] | None = None
    expected: Any = None


_memory: dict[Any, Constancy] = {}  # what symbols settled holds for all numbers on the same branch


def constancy(record: Tensor, position: int) -> Constancy:
    """Whether a record's result is constant in one input, around the recorded numbers.

    Parameters
    ----------
    record : Tensor
        A result.
    position : int
        Which input.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Tensor
    >>> x = Tensor([1.5, -0.5], "x")
    >>> constancy(np.sign(x), 0).status, constancy(np.tanh(x), 0).status
    ('proven', 'refuted')
    """
    if record.dtype.kind != "f" or record.inputs[position].dtype.kind != "f":
        return Constancy("proven")  # what decides or counts changes by jumps only
    try:
        found = _in_symbols(record, position)
    except UNREADABLE:
        found = None
    return found or Constancy("refuted" if _moves(record, position) else "checked")


def _in_symbols(record: Tensor, position: int) -> Constancy | None:
    """What SymPy's derivative of the meaning says; None where it says nothing."""
    assert record.operation is not None  # asked of results only
    if sum(x.size for x in record.inputs) + record.size > LIMIT:
        return None
    inputs = [scalars_of(k, x) for k, x in enumerate(record.inputs)]
    numbers = tuple((x.shape, str(a.ravel().tolist())) for x, a in zip(record.inputs, inputs, strict=True))
    key = record.operation.meaning, settings_of(record), numbers, branch_of(record), position
    if key not in _memory:
        meaning = apply(record, inputs, BranchAlgebra(lambda: branch_of(record)))
        if nodes(meaning) > WORK:
            return None
        found = derivative_by(meaning, fresh("g", record.shape), inputs[position])
        changing = [place for place in np.ndindex(found.shape) if found[place] != 0 and not is_zero(found[place])]
        changed: list[Any] = [found[place] for place in changing]
        if any(e.has(*UNKNOWN) for e in changed):
            return None
        if len(_memory) >= REMEMBERED:
            _memory.clear()
        _memory[key] = (
            Constancy("refuted", changing[0], changed[0]) if changing else Constancy("proven")
        )  # in symbols of its own: named for each record
    known = _memory[key]
    if known.status == "proven":
        return known
    use = Use.of(record, np.ones(record.shape, record.dtype))
    return Constancy("refuted", known.element, named(Application(use, position, None), known.expected))


def _moves(record: Tensor, position: int) -> bool:
    """Whether the value changes in a random direction, on either side, however short the step."""
    assert record.operation is not None  # asked of results only
    values, rng = doubles(record), np.random.default_rng(0)
    x = values[position]
    direction = rng.uniform(0.5, 1.5, x.shape) * rng.choice([-1.0, 1.0], x.shape) * np.maximum(np.abs(x), 1.0)
    for side in (-1, 1):
        still: Any = np.zeros(record.shape, dtype=bool)
        for h in STEPS:
            # away from the recorded numbers on both ends: a jump exactly there is no change
            near, far = (
                np.asarray(
                    record.operation.value(
                        *(x + side * t * direction if i == position else v for i, v in enumerate(values)),
                        **record.settings,
                    )
                )
                for t in (h / 2, h)
            )
            still |= (near == far) | (np.isnan(near) & np.isnan(far))
        if not np.all(still):
            return True
    return False
