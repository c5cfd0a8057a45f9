"""How a machine is told one operation: by what the operation says of itself, never by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.scope import Marked, Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.live.element_text import element_term
from autograd_seq.readings.live.memory import Memory
from autograd_seq.readings.live.recipes import Recipe, recipe, settings_key
from autograd_seq.readings.live.scalar_terms import Terms, UnsaidError

ELSEWHERE = ("part", "transpose", "joined", "stacked", "name")
"""What operations are in algebra whose results are elements of their inputs, in other places."""
REDUCING = ("add", "multiply", "maximum", "minimum")
"""The ufuncs of two elements that the machine can repeat along a row."""
AT_ONCE = 20_000  # elements of the inputs of an operation that is taken apart into scalars


class Saying:
    """Tells operations to a machine, one after the other.

    Parameters
    ----------
    memory : Memory
        Where their results are put.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._recipes: dict[Any, Recipe] = {}

    def say(self, record: Tensor, inputs: Sequence[Array]) -> Array:
        """The positions of a record's elements, of the positions of its inputs' elements.

        Raises
        ------
        UnsaidError
            If the operation says nothing of itself that the machine could follow.
        """
        ways: list[Callable[[Tensor, Sequence[Array]], Array | None]] = [
            self._elsewhere, self._total, self._element, self._longhand,
            self._reduction, self._matrix_product, self._meaning,
        ]  # fmt: skip
        for way in ways:
            if (found := way(record, inputs)) is not None:
                return found.reshape(record.shape)
        raise UnsaidError("nothing is known of it")

    # -- elements in other places -------------------------------------------------------------------

    def _elsewhere(self, record: Tensor, inputs: Sequence[Array]) -> Array | None:
        operation = record.operation
        if not (operation.rearranges or operation.cuts or operation.algebra in ELSEWHERE):
            return None
        found = np.asarray(operation.value(*inputs, **record.settings))
        return self.memory.gathered(found) if found.dtype.kind == "i" and found.shape == record.shape else None

    def _total(self, record: Tensor, inputs: Sequence[Array]) -> Array | None:
        if not record.operation.adds or not inputs:
            return None
        flat = [np.broadcast_to(positions, record.shape).ravel() for positions in inputs]
        total = flat[0]
        for other in flat[1:]:
            total = self.memory.compute("add", record.size, [total, other])
        return total

    # -- element by element -------------------------------------------------------------------------

    def _element(self, record: Tensor, inputs: Sequence[Array]) -> Array | None:
        operation = record.operation
        if not operation.elementwise or (operation.longhand and not operation.element):
            return None
        key = operation, settings_key(record.settings), len(inputs)
        if key not in self._recipes:
            self._recipes[key] = _of_one_element(record)
        flat = [np.broadcast_to(positions, record.shape).ravel() for positions in inputs]
        return self._follow(self._recipes[key], flat, record.size)

    def _follow(self, made: Recipe, inputs: Sequence[Array], times: int | None = None) -> Array:
        """Carry out a recipe; one for a single element is carried out so many times at once."""
        groups: list[Array] = []

        def positions(kind: str, which: Any, chosen: list[int]) -> Array:
            if kind == "number":
                return np.full(times if times is not None else len(chosen), self.memory.number(which))
            whole = inputs[which] if kind == "in" else groups[which]
            return whole if times is not None else whole.ravel()[chosen]

        for group in made.groups:
            operands = [positions(source.kind, source.which, source.positions) for source in group.operands]
            size = group.size if times is None else times
            groups.append(self.memory.compute(group.word, size, operands, *([group.terms] if group.terms else [])))
        ends = [positions(kind, which, [position]) for kind, which, position in made.results]
        return self.memory.gathered(np.concatenate(ends) if ends else np.zeros(0, dtype=int))

    # -- several axes ---------------------------------------------------------------------------------

    def _reduction(self, record: Tensor, inputs: Sequence[Array]) -> Array | None:
        operation = record.operation
        if operation.reduces is None or operation.reduces.__name__ not in REDUCING or not record.size:
            return None
        (positions,), axis = inputs, record.settings.get("axis")
        given = range(positions.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
        axes = tuple(int(a) % positions.ndim for a in given)
        kept = [a for a in range(positions.ndim) if a not in axes]
        rows = positions.transpose([*kept, *axes]).reshape(record.size, -1)
        if rows.shape[1] == 1:
            return self.memory.gathered(rows)
        return self.memory.compute(f"reduce {operation.reduces.__name__}", record.size, [rows], rows.shape[1])

    def _matrix_product(self, record: Tensor, inputs: Sequence[Array]) -> Array | None:
        if record.operation.algebra != "matrix product" or not record.size or not inputs[0].size:
            return None
        left, right = (self.memory.gathered(positions) for positions in inputs)
        left = left[None, :] if left.ndim == 1 else left
        right = right[:, None] if right.ndim == 1 else right
        rows, columns = left[..., :, None, :], np.swapaxes(right, -1, -2)[..., None, :, :]
        operands: list[Array] = []
        strides: list[int] = []
        for along in (rows, columns):
            if (stride := _stride(along)) is None:
                copied = self.memory.compute("put", along.size, [along])
                along, stride = copied.reshape(along.shape), 1
            operands.append(along[..., 0])
            strides.append(stride)
        first, second = np.broadcast_arrays(*operands)
        return self.memory.compute("product", record.size, [first, second], *strides, rows.shape[-1])

    # -- everything else --------------------------------------------------------------------------------

    def _longhand(self, record: Tensor, inputs: Sequence[Array]) -> Array | None:
        operation = record.operation
        if not operation.longhand or operation.reduces is not None:
            return None
        leaves = [Tensor(x.value) for x in record.inputs]
        with Marked(Scope()):
            written = operation.longhand[0](*leaves, **record.settings).record
        known: dict[Tensor, Array] = dict(zip(leaves, inputs, strict=True))
        for made in Graph(written):
            if made not in known:
                known[made] = self.of(made, known)
        return known[written]

    def of(self, record: Tensor, known: Mapping[Tensor, Array]) -> Array:
        """The positions of a record's elements; of a leaf's, those of constants."""
        if record.operation is None or not any(x in known for x in record.inputs):
            return self.memory.constant(record._value)
        return self.say(record, [known[x] if x in known else self.memory.constant(x._value) for x in record.inputs])

    def _meaning(self, record: Tensor, inputs: Sequence[Array]) -> Array | None:
        operation = record.operation
        key = operation, settings_key(record.settings), tuple(x.shape for x in inputs)
        if key not in self._recipes:
            if sum(x.size for x in inputs) > AT_ONCE:
                raise UnsaidError("it would be taken apart into too many scalars")
            terms = Terms()
            arrays = [terms.inputs(slot, x.shape) for slot, x in enumerate(inputs)]
            made = operation.meaning(terms, *arrays, **record.settings)
            self._recipes[key] = recipe(terms, np.asarray(made, dtype=object))
        return self._follow(self._recipes[key], inputs)


def _of_one_element(record: Tensor) -> Recipe:
    """What has to be done for each element of an element-by-element operation."""
    operation, terms = record.operation, Terms()
    operands = [terms.input(slot, 0) for slot in range(len(record.inputs))]
    made: Any = element_term(operation, terms, operands, record.settings)
    if made is None:
        arrays = [np.asarray(x, dtype=object) for x in operands]
        made = np.asarray(operation.meaning(terms, *arrays, **record.settings), dtype=object).item()
        if operation.positive:  # what it gives for 0 it gives for all below
            made = terms.maximum(made, float(operation.value(*(np.zeros(()) for _ in operands), **record.settings)))
    return recipe(terms, np.array([made], dtype=object))


def _stride(positions: Array) -> int | None:
    """The one distance between neighbours along the last axis; None if there is none."""
    distances = np.diff(positions, axis=-1)
    if not distances.size:
        return 0
    stride = int(distances.flat[0])
    return stride if np.all(distances == stride) else None
