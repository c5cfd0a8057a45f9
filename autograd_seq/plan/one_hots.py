"""Rows of zeros with a one, which NumPy itself made of integers that are data: as records, so that they stay data.

``np.eye(5)[ids]`` and ``x[ids[t]] = 1`` meet NumPy's own arrays, so what they give is a constant of the recording.
Where all constants that one place in the program uses have their ones where integers say that were read as an index,
they are looked up by these: whether that is so for other integers too, other recordings tell.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.rebuilt import again
from autograd_seq.core.record import next_index
from autograd_seq.core.source_line import SourceLine
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.site import site
from autograd_seq.operations.lookups import GIVEN, look_up
from autograd_seq.plan.arguments import Given
from autograd_seq.plan.guards import Notes, leaves

MOST_AXES = 3


@dataclass(slots=True)
class LookedUp:
    """An argument whose integers rows of zeros with a one are looked up by.

    Attributes
    ----------
    name : str
    source : int
        The number of the argument.
    tried : set of int
        Those for which that was compared with the function.
    """

    name: str
    source: int
    tried: set[int]

    def holds(self, given: Sequence[Given]) -> bool:
        """It holds for all integers, as far as is known."""
        return True

    def __str__(self) -> str:
        return f"{self.name} is data: it says where the ones are in rows of zeros, and new values cost no recording"

    def knows(self, given: Sequence[Given]) -> bool:
        """Whether all integers were compared."""
        array = given[self.source]
        return not isinstance(array, np.ndarray) or self.tried.issuperset(np.unique(array).tolist())

    def try_(self, given: Sequence[Given]) -> None:
        """Remember integers that were compared."""
        array = given[self.source]
        if isinstance(array, np.ndarray):
            self.tried.update(np.unique(array).tolist())


def looked_up(loss: Any, notes: Notes, inputs: Sequence[Any]) -> tuple[Any, list[LookedUp]]:
    """A loss in which one-hot rows are looked up by the integers that they were made of; the notes forget these.

    Parameters
    ----------
    loss : Tensor
    notes : Notes
        What was read while it was recorded.
    inputs : sequence
        The function's arguments.
    """
    reads = [(read, line) for read, line in notes.reads if _is_index(read, line)]
    if len({number for read, _ in reads for number in read._value.flat}) < 2:  # of one number nobody can tell
        return loss, []
    graph = Graph(loss)
    by_line: dict[SourceLine | None, dict[Any, None]] = {}
    for read, line in reads:
        by_line.setdefault(line, {})[read] = None
    instead: dict[Any, Any] = {}
    used: set[Any] = set()
    for users, rows in _places(graph, {x.record for x in inputs if isinstance(x, Tensor)}):
        found = next((made for known in by_line.values() if (made := _made_of(list(known), rows, users))), None)
        if found is not None:
            instead |= found[0]
            used |= found[1]
    told = {line for line, of_line in by_line.items() if used.issuperset(of_line)}
    notes.reads = [(read, line) for read, line in notes.reads if line not in told or not _is_index(read, line)]
    numbers = {x.record: i for i, x in enumerate(inputs) if isinstance(x, Tensor)}
    sources = {numbers[leaf] for leaf in leaves(used) if leaf in numbers}
    known = [LookedUp(inputs[i].name or "", i, set(inputs[i].record._value.ravel().tolist())) for i in sorted(sources)]
    return (_rebuilt(graph, instead) if instead else loss), known


def _is_index(read: Any, line: SourceLine | None) -> bool:
    """Whether integers were read as an index of something."""
    return read.dtype.kind in "iu" and not read.requires_grad and line is not None and _is_subscript(line.expression)


@lru_cache(maxsize=1024)
def _is_subscript(expression: str) -> bool:
    try:
        return isinstance(ast.parse(expression, mode="eval").body, ast.Subscript)
    except (SyntaxError, ValueError):
        return False


def _places(graph: Graph, inputs: set[Any]) -> Iterator[tuple[list[Any], list[Any]]]:
    """Of each place in the program that uses constants with ones in them, the users, and what each uses."""
    constant: set[Any] = set()
    found: dict[Any, tuple[list[Any], list[Any]]] = {}
    for r in graph:
        if not r.inputs:
            if r not in inputs and not r.requires_grad and (r.operation is None):
                constant.add(r)
        elif all(x in constant for x in r.inputs):
            constant.add(r)
        else:
            for i, x in enumerate(r.inputs):
                if x in constant and x.ndim:
                    users, rows = found.setdefault((site(r), i), ([], []))
                    users.append(r)
                    rows.append(x)
    for users, rows in found.values():
        if all(_axes_of_ones(x._value) for x in rows):
            yield users, rows


def _axes_of_ones(array: Array) -> list[int]:
    """The axes along which there is one 1 among zeros everywhere."""
    if not array.size or array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        return []
    return [axis for axis, n in enumerate(array.shape) if n > 1 and (array.sum(axis) == 1).all()]


def _made_of(reads: list[Any], rows: list[Any], users: list[Any]) -> tuple[dict[Any, Any], set[Any]] | None:
    """What looks up each row, by a read of its own or by a part of one, and these reads; None if none fit."""
    shapes = {x.shape for x in rows}
    if len(shapes) > 1:
        return None
    for axis in _axes_of_ones(rows[0]._value):
        ones = [np.argmax(x._value, axis) for x in rows]
        for picks in _ways(reads, len(rows)):
            for order in permutations(range(picks[0][1].ndim)) if picks[0][1].ndim <= MOST_AXES else ():
                fits = all(
                    _fits(one, part.transpose(order)) for one, (_, part) in zip(ones, picks, strict=True)
                )
                if fits:
                    made = {
                        x: _row(x, read, user, axis, order, place)
                        for x, user, ((read, place), _) in zip(rows, users, picks, strict=True)
                    }
                    return made, {read for (read, _), _ in picks}
    return None


def _fits(ones: Array, part: Array) -> bool:
    """Whether ones are where integers say, axes of length 1 aside."""
    return ones.squeeze().shape == part.squeeze().shape and bool((ones.squeeze() == part.squeeze()).all())


_Pick = tuple[tuple[Any, Any], Array]  # what is read, and where in it; and what stands there


def _ways(reads: list[Any], count: int) -> Iterator[list[_Pick]]:
    """How as many rows as there are may be of what was read, one after another."""
    for apart in range(1, len(reads) // count + 1):  # a helper may be called for several arrays in turn
        for first in range(len(reads) - apart * (count - 1)):
            yield [((read, None), read._value) for read in reads[first :: apart][:count]]
    for whole in reads:
        yield [((whole, None), whole._value)] * count
        for axis, n in enumerate(whole.shape if count > 1 else ()):
            for start, step in ((0, 1), (n - 1, -1), (n - count, 1), (count - 1, -1)):
                numbers = [start + step * k for k in range(count)]
                if all(0 <= k < n for k in numbers):
                    before = (slice(None),) * axis
                    yield [((whole, (*before, k)), whole._value[(*before, k)]) for k in numbers]


def _row(x: Any, read: Any, user: Any, axis: int, order: Sequence[int], place: Any) -> Any:
    """The record of a constant as a row that is looked up."""
    first = next_index()
    integers = read if place is None else ops.getitem(read, place)
    made = look_up([np.eye(x.shape[axis], dtype=x.dtype), integers], at=(GIVEN,))
    turned = made if list(order) == sorted(order) else ops.transpose(made, (*order, len(order)))
    others = [n for i, n in enumerate(x.shape) if i != axis]
    shaped = turned if list(turned.shape[:-1]) == others else ops.reshape(turned, (*others, x.shape[axis]))
    if axis != x.ndim - 1:
        back = [*range(axis), x.ndim - 1, *range(axis, x.ndim - 1)]
        shaped = ops.transpose(shaped, tuple(back))
    for r in Graph(shaped):
        if r.operation is not None and r.index >= first:
            r._code, r._offset, r.scope, r._origin = user._code, user._offset, user.scope, None
    return shaped.record


def _rebuilt(graph: Graph, instead: dict[Any, Any]) -> Any:
    """The loss of a graph where records stand in place of constants, each before its first user, all behind anew."""
    new: dict[Any, Any] = {}

    def put(x: Any) -> Any:
        if x not in instead:
            return new.get(x, x)
        made = instead[x].record
        for r in Graph(made):
            if r.operation is not None and r not in new:
                new[r] = again(r, tuple([new.get(part, part) for part in r.inputs]))
        return new[made]

    begun = False
    for r in graph:
        begun = begun or any(x in instead for x in r.inputs)
        if begun and r.operation is not None and r not in instead:
            new[r] = again(r, tuple([put(x) for x in r.inputs]))
    (output,) = graph.outputs
    return new.get(output.record, output.record)
