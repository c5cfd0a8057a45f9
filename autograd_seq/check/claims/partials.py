"""The partial derivatives of one recorded quantity by another: all of them, or those on the diagonal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.check.claims.setting import Quantity, Setting
from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.finding import EQUAL, difference
from autograd_seq.diagnosis.rerun import bare
from autograd_seq.diagnosis.truth import _Several
from autograd_seq.readings.symbols import exact

MOST = 64  # elements above: a reverse sweep for each


class Partials:
    """The derivatives of `above` by `below`.

    Parameters
    ----------
    setting : Setting
        Where both are recorded.
    above, below : Tensor
        Records of its forward pass.
    is_direct : bool
        Hold every other named quantity fixed, so that only the direct path counts.

    Attributes
    ----------
    fixed : list of str
        What is held fixed.
    """

    def __init__(self, setting: Setting, above: Tensor, below: Tensor, is_direct: bool) -> None:
        self.setting, self.above, self.below = setting, above, below
        self.stand_ins: dict[Tensor, Tensor] = {}  # what is held fixed, and what it stands for
        self.fixed: list[str] = []
        if is_direct:
            self._cut()

    def _cut(self) -> None:
        """Replace named results on the way by constants of the same numbers."""
        new: dict[Tensor, Tensor] = {}
        for r in Graph(self.above):
            held = r.operation is not None and r.name and bare(r) is not bare(self.above)
            if r is self.below or held:
                new[r] = Tensor(r._value, r.name, requires_grad=r is self.below)
                self.stand_ins[new[r]] = r
            elif r.operation is None:
                new[r] = r
            else:
                inputs = tuple(new[x] for x in r.inputs)
                new[r] = r.operation.record(r._value, inputs, r.settings, any(x.requires_grad for x in inputs))
                new[r]._name = r._name
        behind = {self.below}
        for r in Graph(self.above):
            if any(x in behind for x in r.inputs):
                behind.add(r)
        self.above, self.below = new[self.above], new.get(self.below, self.below)
        held_there = [self.stand_ins[r] for r in Graph(self.above).leaves if r in self.stand_ins]
        self.fixed = [str(r.name) for r in held_there if r in behind and new[r] is not self.below]

    def _adjoint(self, seed_values: Array) -> tuple[Tensor, Tensor]:
        """The adjoint of the quantity below, and the seed that it was swept with."""
        seed = Tensor(seed_values, "one")
        found = _Several({self.above: seed}).run().adjoints.get(self.below)
        return seed, Tensor(np.zeros(self.below.shape)) if found is None else found

    def agree(self, claimed: Array) -> bool:
        """Whether a matrix, or a diagonal, turns a random adjoint from above into that below."""
        seed = np.random.default_rng(0).standard_normal(self.above.shape)
        true = self._adjoint(seed)[1]._value
        if claimed.shape == self.above.shape and claimed.shape != (self.above.size, self.below.size):
            axes = tuple(i for i, n in enumerate(true.shape) if n == 1)
            below = (claimed * seed).sum(axis=axes, keepdims=True)
        elif claimed.shape == (self.above.size, self.below.size):
            below = (claimed.T @ seed.reshape(-1)).reshape(true.shape)
        else:
            return False
        return difference(below, true) <= EQUAL

    def ones(self) -> Tensor:
        """The adjoint for ones from above, which is written without them."""
        seed, found = self._adjoint(np.ones(self.above.shape))
        self.setting.ones.add(seed)
        return found

    def _rows(self) -> tuple[dict[tuple[int, ...], Tensor], dict[Tensor, Array]]:
        """For each element above its derivatives by everything below, and what the seeds are."""
        rows, seeds = {}, {}
        for place in np.ndindex(self.above.shape):
            unit = np.zeros(self.above.shape)
            unit[place] = 1.0
            seed, rows[place] = self._adjoint(unit)
            seeds[seed] = exact(unit)
        return rows, seeds

    def matrix(self) -> Quantity | None:
        """A row for each element above, a column for each below; None unless both are one example."""
        shapes = self.above.shape, self.below.shape
        if self.above.size > MOST or any(len(s) > 2 or s[1:] not in ((), (1,)) for s in shapes):
            return None
        rows, seeds = self._rows()

        def build(array_of: Callable[[Tensor], Array]) -> Array:
            return np.array([np.ravel(array_of(r)) for r in rows.values()])

        return Quantity(list(rows.values()), build, seeds, self.stand_ins)

    def diagonal(self) -> Quantity | None:
        """Each element above by the one below it in the same place; None unless all others are zero."""
        shape, below = self.above.shape, self.below.shape
        fits = len(shape) == len(below) and all(n in (k, 1) for n, k in zip(below, shape, strict=True))
        if not fits or self.above.size > MOST:
            return None
        rows, seeds = self._rows()
        own = {place: tuple(i if n > 1 else 0 for i, n in zip(place, below, strict=True)) for place in rows}

        def build(array_of: Callable[[Tensor], Array]) -> Array:
            result: Array = np.empty(shape, dtype=object)
            for place, r in rows.items():
                result[place] = array_of(r)[own[place]]
            return result

        def others(array_of: Callable[[Tensor], Array]) -> Array:
            left = []
            for place, r in rows.items():
                mask = np.ones(below, dtype=bool)
                mask[own[place]] = False
                left += list(array_of(r)[mask])
            return np.array(left, dtype=object)

        rest = Quantity(list(rows.values()), others, seeds, self.stand_ins)
        if np.any(rest.values != 0) or any(e != 0 for e in self.setting.symbolic(rest, 0)):
            return None
        return Quantity(list(rows.values()), build, seeds, self.stand_ins)


def matrix_record(adjoint: Tensor, ones: set[Tensor]) -> Tensor | None:
    """The Jacobian as a record, from the adjoint for ones from above: ``W.T @ v`` is that of ``v * W``.

    Parameters
    ----------
    adjoint : Tensor
        Of one example, a column.
    ones : set of Tensor
        The seeds that stand for ones.

    Returns
    -------
    Tensor or None
        With a row for each element above; None for what is made in other ways.
    """
    found = _transposed(adjoint, ones)
    return None if found is None or found[1] else found[0]


def _transposed(r: Tensor, ones: set[Tensor]) -> tuple[Any, bool] | None:
    """A record J with r = Jᵀ 1, and whether it is but the diagonal of one."""
    if r in ones:
        return 1.0, True
    word = algebra(r)
    moving = [x for x in r.inputs if not ones.isdisjoint(Graph(x).leaves)]
    found = [_transposed(x, ones) for x in moving]
    if not found or any(f is None for f in found):
        return None
    J, is_diagonal = found[0]  # type: ignore[misc]
    if word == "name":
        return J, is_diagonal
    if word == "product" and len(moving) == 1:
        other = r.inputs[0] if r.inputs[1] is moving[0] else r.inputs[1]
        return (r, True) if is_diagonal else (J * other.T, False)
    if word == "matrix product" and len(moving) == 1 and algebra(r.inputs[0]) == "transpose":
        W = r.inputs[0].inputs[0]
        return (moving[0] * W if is_diagonal else J @ W), False
    if word == "part" and not is_diagonal:
        index = r.settings["index"]
        return J[:, index[0] if isinstance(index, tuple) else index], False
    if word in ("sum", "sum of uses") and not any(f[1] for f in found if f):
        total = J
        for other_found in found[1:]:
            total = total + other_found[0]  # type: ignore[index]
        return total, False
    return None
