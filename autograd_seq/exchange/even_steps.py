"""A recording whose examples end at different steps, made again so that every step is alike.

While all examples run there is nothing to choose, so such steps have no ``where(running<t>, …)``; later ones have. Here
each step has them, with a mask that holds for all examples where there was none. Then the steps fold into one loop,
and the masks are one array: which examples are still running at which step, or in a word their lengths.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.scope import Marked, Scope
from autograd_seq.core.tensor import Tensor, name
from autograd_seq.core.traits import algebra

MASK, HELD = "running", "_held"
Key = Hashable


@dataclass
class Even:
    """What came of it.

    Attributes
    ----------
    outputs : list of Tensor
        With the same values.
    lengths : ndarray
        Of the m examples.
    bare : list of Tensor
        Outputs as they would be if no example ended, from steps without any choice.
    stands_for : dict
        From the records of those to the records of `outputs`; from a state, to what is kept of it.
    """

    outputs: list[Any]
    lengths: Array
    bare: list[Any]
    stands_for: dict[Any, Any]


def evened(outputs: Sequence[Any], to_the_end: bool = False) -> Even | None:
    """The same outputs from steps that are all alike; None if no example ends before another.

    Parameters
    ----------
    outputs : sequence of Tensor
        Of a forward pass.
    to_the_end : bool
        Whether the last step, too, keeps what nothing reads after it, such as the memory of an LSTM: 0 times that is
        then added to the first output, so that the backward pass, too, begins with a step like the others. What is
        written of it leaves that out (`without_nothing`).

    Examples
    --------
    >>> from autograd_seq import scope, where
    >>> a = Tensor(np.zeros((1, 2)), "a")
    >>> for t in (1, 2, 3):
    ...     with scope(time=t):
    ...         following = name(a * 2 + 1, "a")
    ...         ends = t > 2
    ...         a = where(Tensor([[True, False]], "running"), following, a) if ends else following
    >>> evened([a]).lengths
    array([3, 2])
    """
    graph = Graph(*outputs)
    choices = [r for r in graph if _is_choice(r)]
    if not choices:
        return None
    lengths = _lengths(choices)
    if lengths is None:
        return None
    try:
        found = _Evened(graph, choices, lengths)
        return Even(found.to_the_end() if to_the_end else found.outputs, lengths, *_without_choices(found.outputs))
    except _UnlikeError:
        return None


def without_nothing(function: ast.FunctionDef) -> None:
    """Take 0 times what the last step keeps out of a program again."""
    _WithoutNothing().visit(function)


class _WithoutNothing(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """``J + np.sum(0.0 * c[T])`` is J."""
        self.generic_visit(node)
        added = node.right
        nothing = isinstance(added, ast.Call) and ast.unparse(added.func) == "np.sum" and _times_0(added.args[0])
        return node.left if isinstance(node.op, ast.Add) and nothing else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """``(0.0 * c[T]).shape`` is that of c[T]."""
        self.generic_visit(node)
        if node.attr == "shape" and _times_0(node.value):
            node.value = node.value.right  # type: ignore[attr-defined]
        return node


def _times_0(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)
        and isinstance(node.left, ast.Constant) and node.left.value == 0
    )  # fmt: skip


def _is_choice(r: Any) -> bool:
    """Whether it chooses, by what was given for this step, between examples that are running and those that are not."""
    if r.operation is None or not r.operation.elementwise or len(r.inputs) != 3:
        return False
    mask = r.inputs[0]
    return mask.operation is None and mask.dtype.kind == "b"


def _lengths(choices: Sequence[Any]) -> Array | None:
    """How long each example runs; None if the masks say anything else."""
    masks: dict[int, Array] = {}
    for r in choices:
        mask = np.atleast_2d(r.inputs[0]._value)
        if r.scope.time is None or mask.ndim != 2 or mask.shape[0] != 1:
            return None
        if not np.array_equal(masks.setdefault(r.scope.time, mask), mask):
            return None
    last = max(masks)
    steps = [masks.get(t, np.ones_like(masks[last])) for t in range(1, last + 1)]
    lengths: Array = np.sum(np.concatenate(steps), axis=0)
    alike = all(np.array_equal(step[0], t <= lengths) for t, step in enumerate(steps, start=1))
    return lengths if alike else None


@dataclass
class _Chosen:
    """What one choice does at every step that has it.

    Attributes
    ----------
    like : Record
        One of them.
    step : int
        How the time changes from a step to the one that is computed after it.
    direct : set of (key, place)
        What uses the result of a step itself, and not what was chosen.
    of_before : set of (key, place)
        What uses, in the step after, what is kept of the step before.
    """

    like: Any
    step: int = 1
    direct: set[tuple[Key, int]] = field(default_factory=set)
    of_before: set[tuple[Key, int]] = field(default_factory=set)

    @property
    def carried(self) -> bool:
        """Whether examples that have ended keep what they had; else they have a number, such as 0."""
        return bool(self.like.inputs[2].ndim)


class _UnlikeError(Exception):
    """A step to which nothing corresponds in the others."""


class _Evened:
    def __init__(self, graph: Graph, choices: Sequence[Any], lengths: Array) -> None:
        self.graph, self.lengths = graph, lengths
        self.uses = graph.consumers()
        self.key: dict[Any, Key] = {}
        self.at: dict[tuple[Key, int], Any] = {}
        # Where nothing is chosen, what would be chosen from has the name itself.
        self.names_of_choices = {(r.inputs[1].operation, r._name) for r in choices if r.inputs[1]._name is None}
        self._number()
        self.chosen: dict[Key, _Chosen] = {}
        for r in choices:
            self._learn(r)
        self.masks: dict[int, Any] = {}
        self.of: dict[Any, Any] = {}  # from a record to what it is made again as
        self.held: dict[Any, Any] = {}  # from what a step made to what was chosen
        for r in graph:
            self._make(r)
        self.outputs = [self._chosen_or_made(r.record) for r in graph.outputs]

    def to_the_end(self) -> list[Any]:
        """The outputs, to the first of which 0 times what else the last step keeps is added."""
        total, *others = self.outputs
        for key, chosen in self.chosen.items():
            times = [t for k, t in self.at if k == key]
            last = self.at[key, max(times) if chosen.step > 0 else min(times)]
            if chosen.carried and last not in self.held:
                more = total + (0 * self._chosen_or_made(last)).sum()
                total = more if total._name is None else name(more, total._name)
        return [total, *others]

    def _number(self) -> None:
        """Tell the records of a step apart: by what they do, their name and place, and their order among equals."""
        counts: dict[Any, int] = defaultdict(int)
        for r in self.graph:
            if r.scope.time is None or _is_choice(r):
                continue
            what = r.operation, *self._called(r), r.scope.layer, r.scope.direction
            counts[what, r.scope.time] += 1
            self.key[r] = what, counts[what, r.scope.time]
            self.at[self.key[r], r.scope.time] = r

    def _called(self, r: Any) -> tuple[str | None, str | None]:
        """A record's name and part, the same whether something was chosen at this step or not."""
        if algebra(r) == "name" and r._name is not None:  # another name of a state
            return r._name.removesuffix(HELD), None
        return None if (r.operation, r._name) in self.names_of_choices else r._name, r.scope.part

    def _learn(self, r: Any) -> None:
        _, following, other = r.inputs
        if following not in self.key:
            raise _UnlikeError
        found = self.chosen.setdefault(self.key[following], _Chosen(r))
        time = r.scope.time
        found.direct |= {(self.key[u], k) for u, k in self.uses[following] if u in self.key and u.scope.time == time}
        if not found.carried:
            return
        if other.operation is not None and other.scope.time is not None:
            found.step = 1 if other.scope.time < time else -1
        found.of_before |= {(self.key[u], k) for u, k in self.uses[other] if u in self.key and u.scope.time == time}

    def _make(self, r: Any) -> None:
        if r.operation is None:
            self.of[r] = r
            return
        inputs = tuple(self._input(r, x, place) for place, x in enumerate(r.inputs))
        made = r.operation.record(r._value, inputs, r.settings, r.requires_grad)
        _stand_as(made, r)
        if not _is_choice(r):
            made._name, part = self._called(r)
            made.scope = replace(r.scope, part=part)
        chosen = self.chosen.get(self.key.get(r))
        if chosen is not None and chosen.carried and r._name is not None:  # the state is what is kept of it
            made._name = f"{r._name}_next"
        self.of[r] = made
        if _is_choice(r):
            self.held[r.inputs[1]] = made

    def _input(self, r: Any, x: Any, place: int) -> Any:
        """What takes the place of an input: what was chosen, where the other steps choose."""
        if _is_choice(r) and place < 2:
            return self.of[x] if place else self._mask(r.scope.time)
        direct = self.key.get(r), place
        key = self.key.get(x)
        if key in self.chosen and r.scope.time == x.scope.time and direct in self.chosen[key].direct:
            return self.of[x]
        return self._chosen_or_made(x)

    def _chosen_or_made(self, x: Any) -> Any:
        key = self.key.get(x)
        if key is None or key not in self.chosen:
            return self.of[x]
        if x not in self.held:
            self.held[x] = self._choose(x, self.chosen[key])
        return self.held[x]

    def _choose(self, x: Any, chosen: _Chosen) -> Any:
        """A choice where there was none, since all examples were running."""
        like, time = chosen.like, x.scope.time
        other = self._before(x, chosen) if chosen.carried else like.inputs[2]
        made = ops.where(self._mask(time), self.of[x], other).record
        _stand_as(made, like)
        made.scope = replace(like.scope, time=time)
        return made

    def _before(self, x: Any, chosen: _Chosen) -> Any:
        """What stands for the state of the step before."""
        time = x.scope.time
        before = self.at.get((self.key[x], time - chosen.step))
        if before is not None:
            return self._chosen_or_made(before)
        for key, place in chosen.of_before:
            user = self.at.get((key, time))
            if user is not None:
                return self.of[user.inputs[place]]
        raise _UnlikeError

    def _mask(self, time: int) -> Any:
        if time not in self.masks:
            with Marked(Scope(time=time)):
                self.masks[time] = Tensor((time <= self.lengths)[None, :], MASK).record
        return self.masks[time]


def _without_choices(outputs: Sequence[Any]) -> tuple[list[Any], dict[Any, Any]]:
    """The outputs without any choice, and what the records that they are made from stand for."""
    graph = Graph(*outputs)
    of: dict[Any, Any] = {}
    stands_for: dict[Any, Any] = {}
    for r in graph:
        if _is_choice(r):
            of[r] = of[r.inputs[1]]
        elif r.operation is None:
            of[r] = r
        else:
            of[r] = r.operation.record(r._value, tuple(of[x] for x in r.inputs), r.settings, r.requires_grad)
            _stand_as(of[r], r)
        stands_for[of[r]] = r
    return [of[x.record] for x in graph.outputs], stands_for


def _stand_as(made: Any, like: Any) -> None:
    """Let a record stand where another stood, under its name."""
    made.scope, made._name = like.scope, like._name
    if _is_choice(like) and like._name is not None:
        made._name = like._name.removesuffix(HELD)
    made._code, made._offset, made._origin = like._code, like._offset, like._origin
