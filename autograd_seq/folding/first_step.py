"""What NumPy itself computed at the first step, as records: so that the first step is like the others.

Where a state begins as an array of NumPy's own, ``0.5 * h`` and ``np.concatenate((h, x))`` meet no tensor at the first
step, and what they give is a constant there. At the second step they are recorded. Put in the place of the constant,
with the state that is there at the first step, they must give the same numbers to the last bit; else nothing is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_seq.core.graph import Graph
from autograd_seq.core.rebuilt import again
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.folding.literal import is_literal, is_plain
from autograd_seq.folding.steps import scopes, site

DEEP = 8  # steps that what a state begins with may reach


class _NotLikeOthersError(Exception):
    """Something has no counterpart at the first step."""


def completed(outputs: Sequence[Any]) -> list[Any]:
    """The same outputs, from a first step in which what was computed of plain arrays is computed as at the others.

    Parameters
    ----------
    outputs : sequence of Tensor
        Of a forward pass.

    Returns
    -------
    list of Tensor
        The outputs themselves where there is nothing to complete.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W, h = Parameter([[0.5]], "W"), np.zeros((1, 1))
    >>> for t in range(3):
    ...     h = 0.5 * h + W
    >>> [len([r for r in x.graph if r.operation]) for x in (h, *completed([h]))]
    [5, 6]
    """
    outputs = list(outputs)
    for _ in range(DEEP):
        graph = Graph(*outputs)
        instead = _FirstSteps(graph).instead() if any(is_plain(r) for r in graph.leaves) else {}
        if not instead:
            break
        outputs = _rebuilt(graph, instead)
    return outputs


class _FirstSteps:
    """The first step of each loop beside its second; a state that lies further back may begin at a later step."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.places, self.uses = scopes(graph), graph.consumers()
        turns: dict[Any, dict[int, list[Any]]] = {}  # by place in the program and step, what was made there
        for r in graph:
            if r.operation is not None and r._code is not None and (time := self._time(r)) is not None:
                turns.setdefault(site(r), {}).setdefault(time, []).append(r)
        self.turn: dict[Any, tuple[list[list[Any]], int, int]] = {}  # all turns of its place, which of them, and where
        for made in turns.values():
            listed = list(made.values())
            self.turn |= {r: (listed, t, k) for t, records in enumerate(listed) for k, r in enumerate(records)}
        self.initial: dict[Any, Any] = {}  # from what the first step makes to what stood there before it
        self.made: dict[Any, Any] = {}  # from what the second step makes to what the first would have made

    def instead(self) -> dict[Any, Any]:
        """From constants of a first step to how they come about."""
        found: dict[Any, Any] = {}
        for first in self.turn:
            second = self._at(first, 1)
            if second is None or first.shape != second.shape:
                continue
            for x, y in zip(first.inputs, second.inputs, strict=True):
                if y.operation is None or not self._is_rule(first, y):
                    continue
                steps = self._time(first), self._time(second)
                if is_plain(x) and self._time(y) == steps[1] and x not in found:
                    if all(self._time(user) in steps for user, _ in self.uses[x]):
                        made = self._fitting(y, x._value)
                        if made is not None:
                            found[x] = made
                elif self._lacks(x, y, steps) and (first, x) not in found:
                    made = self._fitting(y, x._value)
                    if made is not None and x in Graph(made):
                        found[first, x] = made
        return found

    def _lacks(self, x: Any, y: Any, steps: tuple[int | None, int | None]) -> bool:
        """Whether something is used as it is at first, and with more at the second step: ``if t: s = s + W @ h``."""
        same = x.operation is not None and (self._time(x), self._time(y)) == steps and x.shape == y.shape
        return same and site(x) != site(y) and self._at(x, 1) is not None

    def _is_rule(self, first: Any, y: Any) -> bool:
        """Whether something is made at most of the steps, so that where it is not is a beginning."""
        there = len(self.turn[y][0]) if y in self.turn else 0
        missing = len(self.turn[first][0]) - there
        return missing == 1 or missing < there

    def _fitting(self, y: Any, wanted: Any) -> Any:
        """What a record of the second step would have been at the first, if that is what stands there."""
        known = dict(self.initial), dict(self.made)
        for number in (0.0, 1.0):  # what a state mostly begins with, where it is not told
            try:
                made = self._computed(y, number, wanted)
            except (_NotLikeOthersError, ValueError, TypeError, IndexError):
                made = None
            if made is not None and _stands_for(made._value, wanted):
                return made
            self.initial, self.made = map(dict, known)
        return None

    def _time(self, r: Any) -> int | None:
        return self.places[r].time if r in self.places else None

    def _at(self, r: Any, turn: int) -> Any:
        """What the same place in the program made at the turn before or after; None if there is no such."""
        if r not in self.turn:
            return None
        turns, here, number = self.turn[r]
        if not 0 <= here + turn < len(turns) or len(turns[here]) != len(turns[here + turn]):
            return None
        found = turns[here + turn][number]
        time, other = self._time(r), self._time(found)
        return found if time is not None and other is not None and abs(other - time) == 1 else None

    def _computed(self, y: Any, number: float, wanted: Any = None) -> Any:
        """What a record of the second step would have been at the first."""
        if y in self.made:
            return self.made[y]
        following = self._at(y, 1)
        if following is not None and repr(following.settings) != repr(y.settings):
            raise _NotLikeOthersError
        joined = algebra(y) == "joined" and wanted is not None
        parts = _parts_of(wanted, y) if joined else [None] * len(y.inputs)
        inputs = tuple([self._input(y, i, number, part) for i, part in enumerate(parts)])
        made = again(y, inputs)
        with np.errstate(all="ignore"):
            made._value = np.asarray(y.operation.value(*[x._value for x in inputs], **y.settings))
        made.requires_grad = y.operation.differentiable and any(x.requires_grad for x in inputs)
        self.made[y] = made
        return made

    def _input(self, y: Any, i: int, number: float, part: Any) -> Any:
        """What stands at the first step for what a record of the second uses."""
        x = y.inputs[i]
        if x.operation is None and not self._is_state(y, i):
            return self._given(y, i, part)
        here = None if x.operation is None else self._at(x, -1)
        if here is not None:
            return here
        if x.operation is not None and self._time(x) == self._time(y):
            return self._computed(x, number)
        if x.operation is not None and self._time(x) is None:
            return x
        return self._before(x, number)

    def _is_state(self, y: Any, i: int) -> bool:
        """Whether what was made at an earlier step stands there at some later turn."""
        following = self._at(y, 1)
        while following is not None and following.inputs[i].operation is None:
            following = self._at(following, 1)
        return following is not None

    def _given(self, y: Any, i: int, part: Any) -> Any:
        """A leaf that all steps use, or, of what is joined, the data of the first step."""
        x = y.inputs[i]
        if is_literal(x):
            following = self._at(y, 1)
            if following is None or not _same(following.inputs[i]._value, x._value):
                raise _NotLikeOthersError
            return x
        if x.requires_grad or any(self._time(user) != self._time(y) for user, _ in self.uses[x]):
            return x
        earlier = self._earlier(x)
        if part is None:
            if not earlier:
                raise _NotLikeOthersError
            return earlier[0]
        leaf = next((known for known in earlier if _same(known._value, part)), None)
        if leaf is None:
            leaf = Tensor(part).record
            leaf._name = x._name
        return leaf

    def _earlier(self, x: Any) -> list[Any]:
        """What is given one turn earlier to those that use something."""
        users = [(self._at(user, -1), i) for user, i in self.uses[x]]
        return [user.inputs[i] for user, i in users if user is not None and is_plain(user.inputs[i])]

    def _before(self, x: Any, number: float) -> Any:
        """The state before the first: what others use in its place, or one number, which what comes of it will tell."""
        if x not in self.initial:
            given = self._earlier(x) or [Tensor(np.full_like(x._value, number)).record]
            self.initial[x] = given[0]
        return self.initial[x]


def _parts_of(value: Any, y: Any) -> list[Any]:
    """An array as the parts that a record would have joined."""
    axis = y.settings["axis"]
    if value.ndim != y.ndim or value.shape[axis] != y.shape[axis]:
        raise _NotLikeOthersError
    ends = np.cumsum([x.shape[axis] for x in y.inputs])
    return list(np.split(value, ends[:-1], axis=axis))


def _stands_for(made: Any, wanted: Any) -> bool:
    """Whether an array is what stands there; a number may stand there in each of its places."""
    return _zeros_aside(made, wanted) or (not wanted.ndim and _same(made, np.full_like(made, wanted)))


def _same(a: Any, b: Any) -> bool:
    return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())


def _zeros_aside(a: Any, b: Any) -> bool:
    """Whether arrays are the same, but for the sign of a zero, which is another where 0 was added."""
    return bool(a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True))


def _rebuilt(graph: Graph, instead: dict[Any, Any]) -> list[Any]:
    """The outputs of a graph where records stand in place of constants, everything behind the first of them anew.

    Under a user and its input stands what this user alone takes in place of that.
    """
    new: dict[Any, Any] = {}

    def put(made: Any, user: Any) -> Any:
        """A record of the first step and all that it takes, in order, at the place of its user."""
        if made in instead:
            return put(instead[made], user)
        if made.operation is None or made in placed:
            return new.get(made, made)
        inputs = tuple([put(x, user) for x in made.inputs])
        result = new[made] = again(made, inputs)
        result.scope = user.scope
        placed.add(made)
        return result

    placed = {r for r in graph if r.operation is not None}
    begun = False
    for r in graph:
        if r.operation is None:
            continue
        begun = begun or any(x in instead or (r, x) in instead for x in r.inputs)
        if begun:
            inputs = tuple([put(instead.get((r, x), x), r) for x in r.inputs])
            new[r] = again(r, inputs)
    return [new.get(output.record, output.record) for output in graph.outputs]
