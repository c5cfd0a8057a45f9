"""What compiled loops call, and whether Numba is there to compile them."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here


def available() -> bool:
    """Whether Numba, and SciPy, which its products need, are installed."""
    return all(importlib.util.find_spec(package) is not None for package in ("numba", "scipy"))


def require() -> None:
    """Say so if they are not.

    Raises
    ------
    UsageError
        Without Numba or SciPy.
    """
    if not available():
        raise UsageError(f"compiled loops need Numba and SciPy: pip install 'autograd-seq[fast]'{here()}")


@cache
def tools(dtype: str) -> dict[str, Any]:
    """What the text of compiled loops refers to."""
    import numba

    from autograd_seq.plan.writing.vectorised import EXACT, functions

    kind = np.dtype(dtype).type
    loop = numba.njit(fastmath=EXACT, error_model="numpy", boundscheck=False, nogil=True)
    kept = numba.njit(fastmath=EXACT, error_model="numpy", boundscheck=False, nogil=True, cache=True)
    made = functions(np.dtype(dtype))
    return {
        **made._asdict(), "log": loop(_log), "sums": loop(sums), "maxima": loop(maxima),
        "compiled": loop, "compiled_and_kept": kept, "half": kind(0.5), "zero": kind(0), "float32": np.float32,
    }  # fmt: skip


def sums(x: Any, out: Any) -> None:
    """The sum of each column of a matrix, whose rows follow each other in x."""
    m = out.size
    for j in range(m):
        out[j] = x[j]
    for i in range(1, x.size // m):
        row = x[i * m : (i + 1) * m]
        for j in range(m):
            out[j] += row[j]


def maxima(x: Any, out: Any) -> None:
    """The greatest number of each column, as in `sums`; NaN where there is one."""
    m = out.size
    for j in range(m):
        out[j] = x[j]
    for i in range(1, x.size // m):
        row = x[i * m : (i + 1) * m]
        for j in range(m):
            top, number = out[j], row[j]
            out[j] = top if number <= top or top != top else number


def _log(x: Any) -> Any:
    return np.log(x)
