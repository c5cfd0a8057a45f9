"""One value in place of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit
from autograd_seq.diagnosis.rerun import bare
from autograd_seq.diagnosis.truth import is_activation


def swaps(c: Context, r: Tensor) -> Iterator[Edit]:
    """Each operand of `r` replaced by another value that has its shape."""
    for i, x in enumerate(r.inputs):
        if x in c.live:
            yield from _other_adjoint(c, r, i, x)
        elif algebra(x) == "transpose" and x.inputs[0].ndim == 2:
            yield from _swapped(c, r, i, x, x.inputs[0], True)
            yield from _restacked(c, r, i, x.inputs[0])
        elif x.ndim:
            yield from _swapped(c, r, i, x, x, False)
            yield from _of_another(c, r, i, x)


def _other_adjoint(c: Context, r: Tensor, i: int, x: Tensor) -> Iterator[Edit]:
    """The adjoint of another quantity of the same time step."""
    for node in c.marked:
        y = c.adjoints.get(node)
        if y is None or y is x or bare(y) is bare(x) or y.shape != x.shape:
            continue
        if node.scope.time != c.program.time(r) or y in c.behind(r):
            continue

        def change(v: Any, y: Tensor = y) -> Array:
            values = [v(z) for z in r.inputs]
            values[i] = v(y)
            return np.asarray(r.operation.value(*values, **r.settings))

        key = ("adjoint", i, c.role(node))
        yield Edit(key, _skips(c, node, x), f"with {c.called(y)} in place of {c.called(x)}", change)


def _skips(c: Context, node: Tensor, x: Tensor) -> str:
    """Whether the adjoint of `node` in place of `x` leaves out just the derivative of an activation."""
    served = c.program.serves.get(bare(x))
    return "activation derivative" if served is node and is_activation(node) else "wrong value"


def _swapped(c: Context, r: Tensor, i: int, operand: Tensor, x: Tensor, turned: bool) -> Iterator[Edit]:
    free = turned and i == 0 and any(r is bare(result) for result in c.program.results.values())
    candidates = list(c.others(x, r))
    if free and x.ndim == 2:  # a gradient's own shape may be another one
        candidates += [
            (y, (y.scope.time or 0) - (x.scope.time or 0))
            for y in c.near(x)
            if y.ndim == 2 and y.shape[0] == x.shape[0] and y.shape != x.shape
        ]
    for y, distance in candidates:
        if y is operand:
            continue

        def change(v: Any, y: Tensor = y) -> Array:
            values = [v(z) for z in r.inputs]
            values[i] = v(y).T if turned else v(y)
            return np.asarray(r.operation.value(*values, **r.settings))

        yield Edit(
            ("swap", i, c.role(y), distance),
            c.kind_of_swap(y, x),
            f"with {c.called(y)} in place of {c.called(x)}",
            change,
        )


def _of_another(c: Context, r: Tensor, i: int, x: Tensor) -> Iterator[Edit]:
    """An activation of something else: tanh(c_prev) in place of tanh(c_next)."""
    if not is_activation(x) or len(x.inputs) != 1:
        return
    argument = x.inputs[0]
    for y, distance in c.others(argument, r):

        def change(v: Any, y: Tensor = y) -> Array:
            values = [v(z) for z in r.inputs]
            values[i] = x.operation.value(v(y), **x.settings)
            return np.asarray(r.operation.value(*values, **r.settings))

        words = f"with {x.operation.name}({c.called(y)}) in place of {c.called(x)}"
        yield Edit(("of another", i, c.role(y), distance), c.kind_of_swap(y, argument), words, change)


def _restacked(c: Context, r: Tensor, i: int, x: Tensor) -> Iterator[Edit]:
    if algebra(x) == "joined":
        axis = x.settings["axis"]

        def change(v: Any) -> Array:
            values = [v(z) for z in r.inputs]
            values[i] = np.concatenate([v(z) for z in reversed(x.inputs)], axis=axis).T
            return np.asarray(r.operation.value(*values, **r.settings))

        words = f"with the stack in the other order, [{'; '.join(c.called(z) for z in reversed(x.inputs))}]"
        yield Edit(("restacked", i), "wrong half", words, change)
        for k, part in enumerate(x.inputs):
            for y, distance in c.others(part, r):
                yield _stack_with(c, r, i, x, k, y, distance)


def _stack_with(c: Context, r: Tensor, i: int, x: Tensor, k: int, y: Tensor, distance: Any) -> Edit:
    """A stack with another value in one of its parts."""
    part = x.inputs[k]

    def change(v: Any) -> Array:
        values = [v(z) for z in r.inputs]
        parts = [v(y) if j == k else v(z) for j, z in enumerate(x.inputs)]
        values[i] = np.concatenate(parts, axis=x.settings["axis"]).T
        return np.asarray(r.operation.value(*values, **r.settings))

    key = ("stacked with", i, k, c.role(y), distance)
    return Edit(
        key,
        c.kind_of_swap(y, part),
        f"with {c.called(y)} in place of {c.called(part)} in the stack",
        change,
    )
