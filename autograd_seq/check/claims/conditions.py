"""Conditions under which a formula holds: that targets add up to 1, and that a softmax does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from autograd_seq.check.identity import is_zero
from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.truth import bends_elements, is_activation
from autograd_seq.readings.symbols import SymPyAlgebra, apply, symbols_of

CLOSE = 1e-12


@dataclass(frozen=True, eq=False)
class Condition:
    """That the elements of a record add up to 1 along an axis."""

    record: Tensor
    axis: int

    @property
    def words(self) -> str:
        """The condition as a person says it."""
        along = "" if self.record.ndim < 2 else " over the classes" if self.axis == 0 else f" along axis {self.axis}"
        return f"Σ{self.record.name} = 1{along}"

    @property
    def symbols(self) -> Array:
        """A symbol for each element but the last along the axis, which is what the others leave."""
        result = np.moveaxis(symbols_of(self.record), self.axis, 0)
        result[-1] = 1 - np.sum(result[:-1], axis=0)
        return np.moveaxis(result, 0, self.axis)


def on_targets(graph: Graph) -> list[Condition]:
    """Data of a recording whose recorded numbers are probabilities, as those of one-hot targets are.

    Examples
    --------
    >>> from autograd_seq import Tensor, categorical_cross_entropy
    >>> y = Tensor([[1.0, 0.0], [0.0, 1.0]], "y")
    >>> L = categorical_cross_entropy(Tensor([[0.5, 0.25], [0.5, 0.75]], "y_hat"), y)
    >>> sorted(c.words for c in on_targets(L.graph))
    ['Σy = 1 over the classes', 'Σy_hat = 1 over the classes']
    """
    found = []
    for r in graph.leaves:
        axis = _axis(r, graph)
        if r.name and r.ndim and r.shape[axis] > 1 and adds_up(np.asarray(r._value, float), axis):
            found.append(Condition(r, axis))
    return found


def adds_up(values: Array, axis: int) -> bool:
    """Whether numbers are probabilities along an axis."""
    return bool(np.all(values >= 0) and np.all(np.abs(values.sum(axis=axis) - 1) < CLOSE))


def _axis(r: Tensor, graph: Graph) -> int:
    """The axis of the classes: that of the operation which uses them, else the rows."""
    for user in graph:
        if any(x is r for x in user.inputs) and isinstance(user.settings.get("axis"), int):
            axis = int(user.settings["axis"])
            if -r.ndim <= axis < r.ndim:
                return axis % r.ndim
    return 0


def of_activations(graph: Graph) -> list[Condition]:
    """Named results that add up to 1 whatever they were applied to, which is proven here: those of softmax."""
    found = []
    for r in graph:
        axis = r.settings.get("axis")
        if not r.name or not is_activation(r) or bends_elements(r) or not isinstance(axis, int) or r.shape[axis] < 2:
            continue
        if adds_up(r._value, axis) and r.size <= 100:
            exact = apply(r, [symbols_of(x, "?") for x in r.inputs], SymPyAlgebra)
            if all(is_zero(e - 1) for e in np.sum(exact, axis=axis).flat):
                found.append(Condition(r, axis % r.ndim))
    return found


def symbols_under(conditions: Iterable[Condition]) -> Mapping[Tensor, Array]:
    """What stands for the records that conditions are about."""
    return {c.record: c.symbols for c in conditions}
