"""Arrays that a program fills step by step, taken apart again: a part that one step wrote is what that step made.

`y[:, :, t] = yt` in a loop and one loss of the whole y afterwards is, step by step, a loss of each yt. Which elements
are whose is found by following their numbers, whatever slices and reversals lie between.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.graph import Graph
from autograd_seq.core.operation import BY_NUMPY
from autograd_seq.core.program_arguments import PartOf, Taken
from autograd_seq.core.rebuilt import again
from autograd_seq.core.record import Record
from autograd_seq.core.tensor import Tensor

_ADD = BY_NUMPY[np.add]
FILL = ops.assign


def taken_apart(outputs: list[Any]) -> list[Any]:
    """The same outputs, where what was written is read as what it was, and sums of what was filled are sums of sums."""
    return _with_sums_apart(_with_parts_as_written(outputs))


def _with_parts_as_written(outputs: list[Any]) -> list[Any]:
    graph = Graph(*outputs)
    owners: dict[Any, tuple[tuple[Any, ...], list[int], Any]] = {}
    instead: dict[Any, Any] = {}
    for r in graph:
        if r.operation is FILL:
            starts = [0, *accumulate(piece.size for piece in r.inputs[:-1])]
            owners[r] = r.inputs, starts, _numbers(r)
        elif r.operation is not None and r.operation.rearranges and r.inputs[0] in owners:
            pieces, starts, numbers = owners[r.inputs[0]]
            shown = np.asarray(r.operation.value(numbers, **r.settings))
            owners[r] = pieces, starts, shown
            piece = _whole(pieces, starts, shown)
            if piece is not None:
                instead[r] = piece
    return rebuilt(graph, instead)


def _numbers(r: Any) -> Any:
    """For each element of an array the number of the written element that it shows; those of one piece follow on."""
    base, *values = r.inputs
    numbers = np.arange(base.size).reshape(base.shape)
    first = base.size
    for index, value in zip(r.settings["indices"], values, strict=True):
        own = np.arange(first, first + value.size).reshape(value.shape)
        first += value.size
        numbers[index] = own
    return numbers


def _whole(pieces: Sequence[Any], starts: Sequence[int], shown: Any) -> Any:
    """The piece that is shown as it is, in all its elements; None if there is none."""
    if not shown.size:
        return None
    first = shown.flat[0]
    i = bisect_right(starts, first) - 1
    piece = pieces[i]
    same = i and starts[i] == first and piece.shape == shown.shape
    return piece if same and np.array_equal(shown.ravel(), np.arange(first, first + piece.size)) else None


# -- a sum over everything that was filled, step by step


def _with_sums_apart(outputs: list[Any]) -> list[Any]:
    graph = Graph(*outputs)
    if not _sums_of_filled(graph):
        return outputs
    graph = Graph(*_placed(graph))
    instead = {r: made for r in _sums_of_filled(graph) if (made := _apart(r)) is not None}
    return rebuilt(graph, instead) if instead else outputs


def _sums_of_filled(graph: Graph) -> list[Any]:
    """Sums over all elements of what is calculated element by element from an array that was filled."""
    if not any(r.operation is FILL for r in graph):
        return []
    sums = [r for r in graph if r.operation is not None and r.operation.reduces is np.add and not r.ndim]
    return [r for r in sums if r.requires_grad and any(x.operation is FILL for x in _elementwise_behind(r))]


def _placed(graph: Graph) -> list[Any]:
    """The same graph, where each record says the time that was recognised of it."""
    places = graph.places
    if all(places[r] == r.scope for r in graph):
        return list(graph.outputs)
    new: dict[Any, Any] = {}
    for r in graph:
        new[r] = r
        if r.operation is not None:
            made = new[r] = again(r, tuple([new[x] for x in r.inputs]))
            made.scope = places[r]
        elif not r.requires_grad:
            new[r] = _in_place_of(r, Tensor(r._value).record, places[r])
    return [new[output] for output in graph.outputs]


def _in_place_of(r: Any, made: Any, scope: Any) -> Any:
    """A record with the name and the line of another."""
    made.scope, made._name = scope, r._name
    made._code, made._offset, made._origin = r._code, r._offset, r._origin
    return made


def _apart(total: Any) -> Any:
    """A sum over all elements of what is calculated with filled arrays, as a sum over the steps that filled them."""
    body = _elementwise_behind(total)
    filled = {x: None for x in body if x.operation is FILL}
    if not filled or total.inputs[0].operation is FILL:
        return None
    first, *others = filled
    writes = _writes(first)
    if writes is None or any(_writes(other) != writes for other in others):
        return None
    shape = first.shape
    if any(x.shape not in ((), shape) for x in body):
        return None
    sums = [_at_one_step(total, body, filled, i) for i in range(len(writes))]
    result = sums[0]
    for other in sums[1:]:
        result = _like(total, _ADD, result._value + other._value, (result, other), {}, total.scope)
    result._value = total._value
    result._name = total._name
    return result


def _elementwise_behind(total: Any) -> list[Any]:
    """What a sum adds up, and what that is calculated from element by element, inputs first, down to all others."""
    found: dict[Any, None] = {}

    def visit(r: Any) -> None:
        if r in found:
            return
        if r.operation is not None and r.operation.elementwise and r.requires_grad:
            for y in r.inputs:
                visit(y)
        found[r] = None

    visit(total.inputs[0])
    return list(found)


def _writes(r: Any) -> list[tuple[Any, int]] | None:
    """The index and the time of each step that filled an array; None if it is not filled by one write at each step."""
    if r.operation is not FILL:
        return None
    pieces = r.inputs[1:]
    times = [piece.scope.time for piece in pieces]
    whole = np.zeros(r.shape, int)
    for index, piece in zip(r.settings["indices"], pieces, strict=True):
        if not isinstance(index, tuple) or not all(isinstance(part, (int, slice)) for part in index):
            return None
        if whole[index].shape != piece.shape:
            return None
        whole[index] += 1
    different = None not in times and len(set(times)) == len(times) > 1
    return list(zip(r.settings["indices"], times, strict=True)) if different and (whole == 1).all() else None


def _at_one_step(total: Any, body: list[Any], filled: Mapping[Any, None], i: int) -> Any:
    """The part of a sum that one step gives."""
    first = next(iter(filled))
    index, piece = first.settings["indices"][i], first.inputs[i + 1]
    now: dict[Any, Any] = {}
    for x in body:
        if x in filled:
            now[x] = x.inputs[i + 1]
        elif not x.shape:
            now[x] = x
        elif x.operation is not None and x.operation.elementwise and x.requires_grad:
            now[x] = _like(x, x.operation, x._value[index], tuple(now[y] for y in x.inputs), x.settings, piece.scope)
        else:
            now[x] = _part(x, index, piece)
    last = now[total.inputs[0]]
    settings = {**total.settings, "axis": None}
    return _like(total, total.operation, np.sum(last._value), (last,), settings, piece.scope, named=False)


def _part(x: Any, index: Any, piece: Any) -> Any:
    """One step's part of an array that was not filled: of plain data, data of that step."""
    if x.operation is None and not x.requires_grad:
        leaf = Tensor(x._value[index], x.name).record
        leaf.scope = replace(x.scope, time=piece.scope.time)
        leaf._origin = PartOf(x._origin, index) if type(x._origin) is Taken else x._origin
        return leaf
    part = ops.getitem(x, index).record
    part.scope = piece.scope
    return part


def _like(
    r: Any, operation: Any, value: Any, inputs: tuple[Any, ...], settings: Mapping[str, Any], scope: Any,
    named: bool = True,
) -> Any:  # fmt: skip
    """A record that the same line of the program stands behind."""
    made = operation.record(np.asarray(value), inputs, dict(settings), any(x.requires_grad for x in inputs))
    made.scope, made._code, made._offset = scope, r._code, r._offset
    made._origin = r._origin if named else ()
    made._name = r._name if named else None
    return made


# -- rebuilding


def rebuilt(graph: Graph, instead: Mapping[Any, Any]) -> list[Any]:
    """The outputs of a graph where some records stand instead of others; what none of them leads to stays itself."""
    if not instead:
        return list(graph.outputs)
    new: dict[Any, Any] = {}

    def of(r: Record) -> Any:
        return new.get(r, r)

    for r in graph:
        if r in instead:
            new[r] = of(instead[r])
        elif r.operation is not None and any(of(x) is not x for x in r.inputs):
            new[r] = again(r, tuple([of(x) for x in r.inputs]))
    return [of(output) for output in graph.outputs]
