"""The value of a tree, from the recorded values of what it names, so that what is printed can be tested."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.folding.step_index import at_step
from autograd_seq.folding.unit import Node, Unit
from autograd_seq.writer.tree import Every, Named, Number, Size, Sizes, Sum, Tree


def evaluate(tree: Tree, time: int | None, value_of: Callable[[Unit, int | None], Array] | None = None) -> Array:
    """The value of a tree at a step, from the recorded values of what it names.

    Parameters
    ----------
    tree : Tree
        What to evaluate.
    time : int or None
        t; None where the tree has none.
    value_of : callable, optional
        ``(unit, time)`` to the value of a named unit; the recorded one if not given.

    Returns
    -------
    ndarray
        Its value.
    """
    look_up = value_of or recorded
    if isinstance(tree, Number):
        return np.asarray(tree.value)
    if isinstance(tree, Named):
        return look_up(tree.unit, tree.at if tree.at is not None else None if time is None else time + tree.shift)
    if isinstance(tree, Sum):
        parts = [evaluate(term, time, look_up) for term in tree.terms]
        return np.asarray(sum(parts[1:], parts[0]) if parts else 0.0)
    if isinstance(tree, Every):
        parts = [evaluate(tree.body, t, look_up) for t in tree.family.times]
        return np.asarray(sum(parts[1:], parts[0])) if tree.summed else np.asarray(parts)
    operands: list[Array] = []
    for x in tree.operands:
        many = isinstance(x, Every) and not x.summed
        operands.extend(list(evaluate(x, time, look_up)) if many else [evaluate(x, time, look_up)])
    now = tree.at if tree.at is not None else 0 if time is None else time + tree.shift
    return np.asarray(tree.operation.value(*operands, **{k: settle(v, now) for k, v in tree.settings.items()}))


def settle(setting: Any, time: int) -> Any:
    """A setting as a plain value."""
    if isinstance(setting, (Size, Sizes)):
        return setting.value
    if isinstance(setting, tuple):
        return tuple(settle(part, time) for part in setting)
    if isinstance(setting, slice):
        return slice(*(settle(part, time) for part in (setting.start, setting.stop, setting.step)))
    return at_step(setting, time)


def recorded(unit: Unit, time: int | None) -> Array:
    """The recorded value of a unit at a step; what stands in beside the first and the last."""
    if isinstance(unit, Node):
        return unit.record._value
    assert time is not None  # a family is only ever named at a step
    if time in unit.members:
        return unit.members[time].record._value
    ref = unit.extension[time]
    return recorded(ref.unit, ref.at)
