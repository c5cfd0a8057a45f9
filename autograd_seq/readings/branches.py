"""Which way a piecewise meaning goes at given numbers: the decisions, in the order in which it asks for them.

A meaning such as max(x, 0) asks its algebra to decide. Run once over floats, it leaves
its decisions; run again over symbols, it is told them, and is smooth on that branch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor

DOUBLE = 8  # bytes of a Python float
RELATIONS: dict[str, Callable[[int], bool]] = {
    "<": lambda side: side < 0,
    "<=": lambda side: side <= 0,
    ">": lambda side: side > 0,
    ">=": lambda side: side >= 0,
    "==": lambda side: side == 0,
    "!=": lambda side: side != 0,
}


def _safe(function: Callable[..., float]) -> Callable[..., float]:
    def call(*x: float) -> float:
        try:
            return function(*x)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan

    return call


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


class FloatAlgebra:
    """An operation's scalar functions over floats; every decision is noted as -1, 0 or 1."""

    exp, log, sqrt = (staticmethod(_safe(f)) for f in (math.exp, math.log, math.sqrt))
    tanh, sin, cos, arctan = (staticmethod(_safe(f)) for f in (math.tanh, math.sin, math.cos, math.atan))
    sigmoid, power = staticmethod(_safe(_sigmoid)), staticmethod(_safe(lambda x, y: float(x) ** float(y)))

    def __init__(self) -> None:
        self.decisions: list[int] = []

    def side(self, x: Any, y: Any) -> int:
        """Whether x is less than, equal to or greater than y."""
        self.decisions.append(int(x > y) - int(x < y))  # NumPy's truth values cannot be subtracted
        return self.decisions[-1]

    def abs(self, x: Any) -> Any:
        """The absolute value."""
        return x if self.side(x, 0) >= 0 else -x

    def sign(self, x: Any) -> Any:
        """-1, 0 or 1."""
        return float(self.side(x, 0))

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger."""
        return x if self.side(x, y) >= 0 else y

    def minimum(self, x: Any, y: Any) -> Any:
        """The smaller."""
        return x if self.side(x, y) <= 0 else y

    def select(self, condition: Any, x: Any, y: Any) -> Any:
        """X where the condition holds, else y."""
        return x if condition else y

    def compare(self, relation: str, x: Any, y: Any) -> Any:
        """Whether a relation holds."""
        return RELATIONS[relation](self.side(x, y))


def decisions(record: Tensor, values: Sequence[Array] | None = None) -> list[int]:
    """The decisions of a record's meaning at its recorded inputs, or at other `values`.

    Returns
    -------
    list of int
        For each decision -1, 0 or 1; 0 is a tie: the function has a kink there. Empty for a smooth operation.

    Examples
    --------
    >>> from autograd_seq import Tensor, relu
    >>> decisions(relu(Tensor([-1.0, 0.0, 2.0])))
    [-1, 0, 1]
    """
    if record.operation is None:
        return []
    arrays = [x._value for x in record.inputs] if values is None else values
    try:
        return _made(record, [np.array(v, dtype=object) for v in arrays])
    except ZeroDivisionError:  # Python's floats refuse what NumPy's divide
        return _made(record, [_of_numpy(v) for v in arrays])


def _made(record: Tensor, objects: Sequence[Array]) -> list[int]:
    """The decisions of a record's meaning at inputs that are arrays of scalars."""
    assert record.operation is not None
    algebra = FloatAlgebra()
    with np.errstate(all="ignore"):
        record.operation.meaning(algebra, *objects, **_rounded(record))
    return algebra.decisions


def _of_numpy(values: Array) -> Array:
    """An array of NumPy's own scalars, which divide by 0."""
    objects = np.empty(values.shape, dtype=object)
    for place in np.ndindex(values.shape):
        objects[place] = np.float64(values[place]) if values.dtype.kind == "f" else values[place]
    return objects


def _rounded(record: Tensor) -> dict[str, Any]:
    """The settings as the value rule sees them: a limit of 0.8 is beside float32 the nearest float32."""
    dtype = record.dtype
    if dtype.kind != "f" or dtype.itemsize >= DOUBLE:
        return record.settings
    return {k: float(dtype.type(v)) if type(v) is float else v for k, v in record.settings.items()}
