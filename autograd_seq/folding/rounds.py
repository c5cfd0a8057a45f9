"""Steps of several kinds in turn, as rounds of several steps: a round is alike every round, and takes one step's place.

What reads ``x[:, :, 2 * k + 1]`` at round k reads part k of ``x[:, :, 1::2]`` then, so that a folding sees steps that
count by one. Steps before the first round and after the last one belong to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from autograd_seq import operations as ops
from autograd_seq.core.graph import Graph
from autograd_seq.core.rebuilt import again
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.folding.literal import is_plain
from autograd_seq.folding.repeated import kind, runs

Part = int | slice


class NoRoundsError(Exception):
    """A recording repeats something else than it did with other lengths."""


def structure(graph: Graph) -> tuple[Any, list[int]]:
    """What a forward pass does but for how often each of its loops repeats itself, and how often that is."""
    made, found = runs(graph)
    told: list[Any] = []
    end = 0
    for run in found:
        told += [*map(kind, made[end : run.start]), tuple(map(kind, made[run.start : run.start + run.length]))]
        end = run.stop
    return (*told, *map(kind, made[end:])), [run.count for run in found]


def in_rounds(outputs: Sequence[Any], lengths: Sequence[int]) -> list[Any]:
    """The same outputs, made in rounds.

    Parameters
    ----------
    outputs : sequence of Tensor
        Of a forward pass.
    lengths : sequence of int
        Of each loop, how many of its repetitions are a round; 0 of one whose repetitions are none.

    Returns
    -------
    list of Tensor

    Raises
    ------
    NoRoundsError
        If the loops are others.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor
    >>> W, V, x, h = Parameter(0.5, "W"), Parameter(2.0, "V"), Tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "x"), 1.0
    >>> for t in range(7):
    ...     h = h * (W if t % 2 else V) + x[t]
    >>> (made,) = in_rounds([h], [1])
    >>> made.item() == h.item(), [r.scope.time for r in made.graph if r.operation and r.operation.name == "multiply"]
    (True, [1, 1, 2, 2, 3, 3, None])
    """
    return _Rounds(Graph(*outputs), lengths).outputs()


class _Rounds:
    """A forward pass in rounds."""

    def __init__(self, graph: Graph, lengths: Sequence[int]) -> None:
        made, found = runs(graph)
        if len(found) != len(lengths):
            raise NoRoundsError
        self.graph = graph
        self.round: dict[Any, int] = {}
        reads: dict[Any, list[Any]] = {}  # by loop and place in the round, what reads a part
        for number, (run, several) in enumerate(zip(found, lengths)):
            size = run.length * several
            for k in range(run.count // several if several else 0):
                for place, r in enumerate(made[run.start + k * size : run.start + (k + 1) * size]):
                    self.round[r] = k + 1
                    if algebra(r) == "part":
                        reads.setdefault((number, place), []).append(r)
        self.index: dict[Any, tuple[Any, ...]] = {}  # of what reads every few steps: of each part, where and how
        for together in reads.values():
            if len({x for r in together for x in r.inputs}) == 1 and together[0].inputs[0] not in self.round:
                self._note_steps(together)
        self.new: dict[Any, Any] = {}
        self.taken: dict[Any, Any] = {}  # what is read every few steps, as an array of its own

    def outputs(self) -> list[Any]:
        """The outputs, made anew."""
        for r in self.graph:
            if r.operation is None:
                if r.scope.time is not None and is_plain(r):
                    self.new[r] = _of_no_step(r)
                continue
            inputs = tuple([self.new.get(x, x) for x in r.inputs])
            made = self._made(r, inputs)
            made.scope = replace(r.scope, time=self.round.get(r))
            self.new[r] = made
        return [self.new.get(output.record, output.record) for output in self.graph.outputs]

    def _made(self, r: Any, inputs: tuple[Any, ...]) -> Any:
        if r in self.index:
            return self._read(r, inputs[0], *self.index[r])
        joins = algebra(r) in ("joined", "stacked") and r not in self.round
        made = self._joined(r, inputs) if joins else None
        return again(r, inputs) if made is None else made

    # -- what is read -----------------------------------------------------------------------------------

    def _note_steps(self, together: list[Any]) -> None:
        """Note of each part of an index that goes more than one step at once where it begins, and how far it goes."""
        parts = [_parts(r) for r in together]
        if len({len(each) for each in parts}) > 1 or any(part is Ellipsis for part in parts[0]):
            return
        for place, numbers in enumerate(zip(*parts)):
            far = _step(numbers)
            if far is not None and abs(far) > 1 and len({_start(part) < 0 for part in numbers}) == 1:
                axis = sum(part is not None for part in parts[0][:place])
                n = together[0].inputs[0].shape[axis]
                for r, number in zip(together, numbers):
                    self.index[r] = place, axis, _start(numbers[0]) % n, far, len(together), _width(number)
                return

    def _read(self, r: Any, x: Any, place: int, axis: int, first: int, far: int, count: int, width: int | None) -> Any:
        """A record of a part, as one of what is read every few steps; of several parts, as they are stacked."""
        parts, k = _parts(r), self.round[r] - 1
        if width is None:
            index = (*parts[:place], k, *parts[place + 1 :])
            settings = {**r.settings, "index": index if isinstance(r.settings["index"], tuple) else k}
            return again(r, (self._every(x, axis, first, far, count),), settings=settings)
        columns = [self._every(x, axis, first + i, far, count) for i in range(width)]
        index = (*parts[:place], slice(k, k + 1), *parts[place + 1 :])
        read = [self._placed(ops.getitem(column, index), r) for column in columns]
        before = sum(part is None or isinstance(part, slice) for part in parts[:place])
        return self._placed(ops.concatenate(read, axis=before), r)

    def _placed(self, made: Any, r: Any) -> Any:
        """What is made at the round and the place in the program of another record."""
        made = made.record
        made._code, made._offset, made._origin = r._code, r._offset, None
        made.scope = replace(r.scope, time=self.round.get(r))
        return made

    def _every(self, x: Any, axis: int, first: int, far: int, count: int) -> Any:
        """An array at every few steps."""
        key = x, axis, first, far, count
        if key not in self.taken:
            stop = first + far * (count - 1) + (1 if far > 0 else -1)
            part = slice(first, stop if stop >= 0 else None, far)
            made = ops.getitem(x, (slice(None),) * axis + (part,)).record
            made._code = made._origin = None
            made.scope = replace(made.scope, time=None)
            self.taken[key] = made
        return self.taken[key]

    # -- what is joined ----------------------------------------------------------------------------------

    def _joined(self, r: Any, inputs: tuple[Any, ...]) -> Any:
        """Results of many rounds that are joined, as what each place makes, in turn; None if they are not."""
        times = [self.round.get(x) for x in r.inputs]
        inside = [i for i, time in enumerate(times) if time is not None]
        if len(inside) < 3 or len(inside) != inside[-1] - inside[0] + 1:
            return None
        head, body, tail = inputs[: inside[0]], inputs[inside[0] : inside[-1] + 1], inputs[inside[-1] + 1 :]
        told = [times[i] for i in inside]
        several = told.count(told[0])
        if told != [told[0] + i // several for i in range(len(told))] or (several == 1 and not head and not tail):  # type: ignore[operator]
            return None
        axis, stacks = r.settings["axis"] % r.ndim, algebra(r) == "stacked"
        made = ops.stack([ops.stack(body[i::several], axis=axis) for i in range(several)], axis=axis + 1)
        ends = [x if not stacks else ops.expand_dims(x, axis) for x in (*head, *tail)]
        length = r.shape[axis] - sum(x.shape[axis] for x in ends)
        whole = ops.reshape(made, (*r.shape[:axis], length, *r.shape[axis + 1 :]))
        if ends:
            whole = ops.concatenate([*ends[: len(head)], whole, *ends[len(head) :]], axis=axis)
        result = whole.record
        result._name, result._code, result._offset, result._origin = r._name, r._code, r._offset, r._origin
        return result


def _of_no_step(leaf: Any) -> Any:
    """A constant that was made at a step which the code said, made at none."""
    made: Any = Tensor(leaf._value).record
    made._name, made._origin = leaf._name, leaf._origin
    made._code, made._offset = leaf._code, leaf._offset
    made.scope = replace(leaf.scope, time=None)
    return made


def _parts(r: Any) -> tuple[Any, ...]:
    index = r.settings["index"]
    return index if isinstance(index, tuple) else (index,)


def _start(part: Any) -> Any:
    return part.start if isinstance(part, slice) else part


def _step(numbers: Sequence[Any]) -> int | None:
    """How much further each part of an index is than the one before, if that is always as far."""
    if any(isinstance(part, slice) for part in numbers):
        whole = all(isinstance(part, slice) and part.step in (None, 1) for part in numbers)
        if not whole or any(type(end) is not int for part in numbers for end in (part.start, part.stop)):
            return None
        if len({part.stop - part.start for part in numbers}) > 1 or any(part.start < 0 for part in numbers):
            return None
    starts = [_start(part) for part in numbers]
    if len(starts) < 2 or any(type(start) is not int for start in starts):
        return None
    far = {later - earlier for earlier, later in pairwise(starts)}
    return far.pop() if len(far) == 1 else None


def _width(part: Any) -> int | None:
    """How many parts are read at once; None of a single one without an axis."""
    return part.stop - part.start if isinstance(part, slice) else None


__all__ = ["NoRoundsError", "in_rounds", "structure"]
