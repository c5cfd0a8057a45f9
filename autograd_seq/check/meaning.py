"""The link between an operation's meaning, which is proven about, and its value rule, which runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.check.application import UNREADABLE
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import FloatAlgebra
from autograd_seq.readings.precise import PreciseAlgebra

DIGITS = 30
PRECISE_UP_TO = 4096  # scalars; beyond, the meaning is evaluated in floats
WANTED = {np.dtype(np.float64): 9.0, np.dtype(np.float32): 3.0}


class Meanings:
    """Compares value and meaning of records at their recorded inputs."""

    def __init__(self) -> None:
        self.algebra = PreciseAlgebra(DIGITS)

    def digits(self, record: Tensor) -> float | None:
        """How many digits agree; None where the meaning cannot be evaluated.

        A value that is not a number agrees with a meaning that is none.
        """
        assert record.operation is not None  # asked of results only
        size = sum(x.size for x in record.inputs) + record.size
        algebra: Any = self.algebra if size <= PRECISE_UP_TO else FloatAlgebra()
        try:
            if algebra is self.algebra:
                inputs = [algebra.array(x._value) for x in record.inputs]
            else:
                inputs = [x._value.astype(object) for x in record.inputs]
            made = np.asarray(record.operation.meaning(algebra, *inputs, **record.settings), dtype=object)
            exact = np.array([float(e) for e in made.flat])
        except UNREADABLE:
            return None
        if exact.size != record.size:
            return 0.0
        return _agreement(record, exact)

    @staticmethod
    def enough(record: Tensor, digits: float) -> bool:
        """Whether that is agreement, for the dtype."""
        return digits >= WANTED.get(record.dtype, 9.0)


def _largest(x: np.ndarray[Any, Any]) -> float:
    """The largest finite number."""
    return float(np.max(np.abs(x), initial=0, where=np.isfinite(x)))


def _agreement(record: Tensor, exact: np.ndarray[Any, Any]) -> float:
    value = np.asarray(record._value, dtype=float).ravel()
    readable = np.isfinite(value) & np.isfinite(exact)
    if not readable.any():
        return 16.0
    value, exact = value[readable], exact[readable]
    # what cancels is judged by the size of what it was made from
    around = max((_largest(x._value) for x in record.inputs if x.dtype.kind == "f"), default=0.0)
    with np.errstate(over="ignore"):
        size = np.maximum(np.abs(exact), min(around, 1.0) * 1e-2 if around else 1e-300)
        size = np.maximum(size, np.finfo(float).tiny)
        error = float(np.max(np.abs(value - exact) / size))
    return float(-np.log10(max(error, 1e-16)))
