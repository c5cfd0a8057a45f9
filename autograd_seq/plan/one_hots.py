"""What NumPy itself made of integers that are data, rows of zeros with a one or of a table: as records.

``np.eye(5)[ids]`` and ``x[ids[t]] = 1`` meet NumPy's own arrays, so what they give is a constant of the recording.
Where all constants that one place in the program uses have their ones where integers say that were read as an index,
they are looked up by these: whether that is so for other integers too, other recordings tell. ``table[ids]`` of a
plain array is looked up in it likewise.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
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
from autograd_seq.plan.read_tables import Table, same

MOST_AXES = 3


@dataclass(slots=True)
class LookedUp:
    """An argument by whose integers rows are looked up, of zeros with a one or of a plain array.

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


def looked_up(
    loss: Any, notes: Notes, inputs: Sequence[Any], known: Sequence[Table] = ()
) -> tuple[Any, list[LookedUp]]:
    """A loss in which constants are looked up by the integers that they were made of; the notes forget these.

    Parameters
    ----------
    loss : Tensor
    notes : Notes
        What was read while it was recorded.
    inputs : sequence
        The function's arguments.
    known : list of Table
        Arrays that may be looked up in, or read step by step.
    """
    reads = [(read, line) for read, line in notes.reads if _is_index(read, line)]
    if len({number for read, _ in reads for number in read._value.flat}) < 2:  # of one number nobody can tell
        reads = []
    if not reads and not known:
        return loss, []
    graph = Graph(loss)
    by_line: dict[SourceLine | None, dict[Any, None]] = {}
    for read, line in reads:
        by_line.setdefault(line, {})[read] = None
    instead: dict[Any, Any] = {}
    used: set[Any] = set()
    for users, rows in _places(graph, {x.record for x in inputs if isinstance(x, Tensor)}):
        lines = sorted(by_line.values(), key=used.issuperset)  # those that nothing is known to be of yet come first
        found = next((made for some in lines if (made := _made_of(list(some), rows, users, known))), None)
        if found is not None:
            instead |= found[0]
            used |= found[1]
        elif known:
            instead |= _by_step(rows, users, known)
    told = {line for line, of_line in by_line.items() if used.issuperset(of_line)}
    notes.reads = [(read, line) for read, line in notes.reads if line not in told or not _is_index(read, line)]
    numbers = {x.record: i for i, x in enumerate(inputs) if isinstance(x, Tensor)}
    sources = {numbers[leaf] for leaf in leaves(used) if leaf in numbers}
    data = [LookedUp(inputs[i].name or "", i, set(inputs[i].record._value.ravel().tolist())) for i in sorted(sources)]
    return (_rebuilt(graph, instead) if instead else loss), data


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
    """Of each place in the program that uses constants, the users, and what each uses."""
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
                if x in constant:
                    users, rows = found.setdefault((site(r), i), ([], []))
                    users.append(r)
                    rows.append(x)
    yield from found.values()


def _axes_of_ones(array: Array) -> list[int]:
    """The axes along which there is one 1 among zeros everywhere."""
    if not array.size or array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        return []
    return [axis for axis, n in enumerate(array.shape) if n > 1 and (array.sum(axis) == 1).all()]


def _made_of(
    reads: list[Any], rows: list[Any], users: list[Any], known: Sequence[Table]
) -> tuple[dict[Any, Any], set[Any]] | None:
    """What looks up each user's row, by a read of its own or by a part of one, and these reads; None if none fit."""
    shapes = {x.shape for x in rows}
    if len(shapes) > 1 or not rows[0].ndim:
        return None
    if all(_axes_of_ones(x._value) for x in rows):
        return _ones_made_of(reads, rows, users)
    return next((made for table in known if (made := _rows_of(table, reads, rows, users))), None)


def _ones_made_of(
    reads: list[Any], rows: list[Any], users: list[Any]
) -> tuple[dict[Any, Any], set[Any]] | None:
    """The same of rows of zeros with a one."""
    for axis in _axes_of_ones(rows[0]._value):
        ones = [np.argmax(x._value, axis) for x in rows]
        for picks in _ways(reads, len(rows)):
            for order in permutations(range(picks[0][1].ndim)) if picks[0][1].ndim <= MOST_AXES else ():
                fits = all(
                    _fits(one, part.transpose(order)) for one, (_, part) in zip(ones, picks, strict=True)
                )
                if fits:
                    made = {
                        (user, x): _row(x, read, user, axis, order, place)
                        for x, user, ((read, place), _) in zip(rows, users, picks, strict=True)
                    }
                    return made, {read for (read, _), _ in picks}
    return None


def _rows_of(
    table: Table, reads: list[Any], rows: list[Any], users: list[Any]
) -> tuple[dict[Any, Any], set[Any]] | None:
    """The same of rows of a table."""
    values = [x._value for x in rows]
    for picks in _ways(reads, len(rows)):
        for axis, first in table.looked_up(picks[0][1]):
            for order in permutations(range(first.ndim)) if first.ndim <= MOST_AXES else ():
                if not same(first.transpose(order), values[0]):
                    continue
                given = [dict(table.looked_up(part)).get(axis) for _, part in picks]
                if all(g is not None and same(g.transpose(order), v) for g, v in zip(given, values, strict=True)):
                    made = {
                        (user, x): _shaped(partial(_turned_rows, table, axis, read, place, order), x, user)
                        for x, user, ((read, place), _) in zip(rows, users, picks, strict=True)
                    }
                    return made, {read for (read, _), _ in picks}
    return None


def _by_step(rows: list[Any], users: list[Any], known: Sequence[Table]) -> dict[Any, Any]:
    """What reads each of some constants from a table that they follow each other in."""
    values = [x._value for x in rows]
    if len(rows) < 3 or len({value.shape for value in values}) > 1 or all(same(values[0], v) for v in values):
        return {}
    text = users[0].source.text if users[0].source is not None else ""
    for table in known:
        if (found := table.by_step(values, text)) is not None:
            axis, start = found
            return {
                (user, x): _shaped(partial(table.part, axis, start + k), x, user)
                for k, (x, user) in enumerate(zip(rows, users, strict=True))
            }
    return {}


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
    made = look_up([np.eye(x.shape[axis], dtype=x.dtype), _read_at(read, place)], at=(GIVEN,))
    turned = made if list(order) == sorted(order) else ops.transpose(made, (*order, len(order)))
    others = [n for i, n in enumerate(x.shape) if i != axis]
    shaped = turned if list(turned.shape[:-1]) == others else ops.reshape(turned, (*others, x.shape[axis]))
    if axis != x.ndim - 1:
        back = [*range(axis), x.ndim - 1, *range(axis, x.ndim - 1)]
        shaped = ops.transpose(shaped, tuple(back))
    return _at_place_of(user, shaped, first)


def _read_at(read: Any, place: Any) -> Any:
    """Integers that were read, or a part of them."""
    return read if place is None else ops.getitem(read, place)


def _turned_rows(table: Table, axis: int, read: Any, place: Any, order: Sequence[int]) -> Any:
    """Parts of a table that integers say, their axes in another order."""
    made = table.rows(axis, _read_at(read, place))
    return made if list(order) == sorted(order) else ops.transpose(made, tuple(order))


def _shaped(make: Callable[[], Any], x: Any, user: Any) -> Any:
    """What is made in place of a constant, with its shape."""
    first = next_index()
    made = make()
    return _at_place_of(user, made if made.shape == x.shape else ops.reshape(made, x.shape), first)


def _at_place_of(user: Any, made: Any, first: int) -> Any:
    """A record, and what was made for it since then, at the place of its user."""
    for r in Graph(made):
        if r.operation is not None and r.index >= first:
            r._code, r._offset, r.scope, r._origin = user._code, user._offset, user.scope, None
    return made.record


def _rebuilt(graph: Graph, instead: dict[Any, Any]) -> Any:
    """The loss of a graph where a user of a constant takes another record, made before it, all behind anew."""
    new: dict[Any, Any] = {}

    def put(user: Any, x: Any) -> Any:
        if (user, x) not in instead:
            return new.get(x, x)
        made = instead[user, x].record
        for r in Graph(made):
            if r.operation is not None and r not in new:
                new[r] = again(r, tuple([new.get(part, part) for part in r.inputs]))
        return new.get(made, made)

    begun = False
    for r in graph:
        begun = begun or any((r, x) in instead for x in r.inputs)
        if begun and r.operation is not None and r not in new:
            new[r] = again(r, tuple([put(r, x) for x in r.inputs]))
    (output,) = graph.outputs
    return new.get(output.record, output.record)
