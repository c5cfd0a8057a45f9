"""How much work a proof may take: counted before and while it is done, so that every machine gives one answer.

Numbers of terms are multiplied as the terms themselves would be: every scalar of a recording becomes a
`Size`, by the same meaning of each operation that gives its exact expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.tensor import Tensor


@dataclass(frozen=True)
class Allowance:
    """How large an expression may be: its parts when written out, and the functions inside one another."""

    parts: int
    depth: int


NAMED = Allowance(20_000, 8)  # in named quantities, which is where most proofs are found
OPENED = Allowance(5_000, 4)  # where those are opened too: there each part costs more


class Size:
    """How large an expression is: its parts when written out, and how deep functions lie in it."""

    __slots__ = ("depth", "parts")

    def __init__(self, parts: int = 1, depth: int = 0) -> None:
        self.parts, self.depth = parts, depth

    def _with(self, other: Any) -> Size:
        if not isinstance(other, Size):
            return Size(self.parts + 1, self.depth)
        return Size(1 + self.parts + other.parts, max(self.depth, other.depth))

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _with
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _with

    def __neg__(self) -> Size:
        return Size(self.parts + 1, self.depth)


class _Sizes:
    """The scalar functions of an operation's meaning, which make sizes of sizes."""

    def __getattr__(self, name: str) -> Any:
        return _of_function


def _of_function(*arguments: Any) -> Size:
    sizes = [a for a in arguments if isinstance(a, Size)]
    return Size(1 + sum(a.parts for a in sizes), 1 + max((a.depth for a in sizes), default=0))


def too_much(records: list[Tensor], known: Mapping[Tensor, Array], allowed: Allowance = NAMED) -> str | None:
    """Why records cannot be written out as expressions; None if they can.

    Parameters
    ----------
    records : list of Tensor
        What is to be written out.
    known : mapping
        What is not written out but stands for itself.
    allowed : Allowance
        The bound.

    Examples
    --------
    >>> from autograd_seq import Tensor, sigmoid
    >>> x = y = Tensor([1.0, 2.0], "x")
    >>> for _ in range(90):
    ...     y = sigmoid(y)
    >>> too_much([y], {})
    'functions are nested 90 deep, and a proof goes 8 deep'
    """
    sizes: dict[Tensor, Array] = {}
    algebra = _Sizes()
    for r in Graph(*records):
        if r in known or r.operation is None:
            sizes[r] = _filled(r.shape)
        else:
            inputs = [sizes.setdefault(x, _filled(x.shape)) for x in r.inputs]
            made = r.operation.meaning(algebra, *inputs, **r.settings)
            sizes[r] = np.array(made, dtype=object).reshape(r.shape)
    ends = [e for r in records for e in sizes[r.record].flat if isinstance(e, Size)]
    deepest = max((e.depth for e in ends), default=0)
    parts = max((e.parts for e in ends), default=0)
    if deepest > allowed.depth:
        return f"functions are nested {deepest} deep, and a proof goes {allowed.depth} deep"
    if parts > allowed.parts:
        return f"written out, one element has {_rough(parts)} parts, and a proof takes {allowed.parts:,}"
    return None


def _rough(number: int) -> str:
    """A number of any size, readably."""
    return f"{number:,}" if number < 10**9 else f"about 10^{len(str(number)) - 1}"


def _filled(shape: tuple[int, ...]) -> Array:
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        result[place] = Size()
    return result
