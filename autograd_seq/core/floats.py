"""Dtypes of floats and their precision: NumPy's own, and those that the package ml_dtypes brings to other libraries."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from autograd_seq.core.array import holds_numbers
from autograd_seq.core.errors import DtypeError
from autograd_seq.core.source_line import here


def epsilon_of(dtype: Any) -> float:
    """A unit in the last place of 1; also of the floats that the package ml_dtypes brings.

    Raises
    ------
    DtypeError
        If it is not a dtype of floats.

    Examples
    --------
    >>> epsilon_of(np.float16)
    0.0009765625
    """
    found = _epsilon(np.dtype(dtype))
    if found is None:
        raise DtypeError(f"{np.dtype(dtype)} is not a dtype of floats{here()}")
    return found


def is_floats(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is one of floats, NumPy's own or one that ml_dtypes brings.

    Examples
    --------
    >>> is_floats(np.dtype("float16")), is_floats(np.dtype("int8"))
    (True, False)
    """
    return _epsilon(dtype) is not None


def _epsilon(dtype: np.dtype[Any]) -> float | None:
    if holds_numbers(dtype):
        return float(np.finfo(dtype).eps) if dtype.kind == "f" else None
    brought = sys.modules.get("ml_dtypes")
    try:
        return float(brought.finfo(dtype).eps) if brought is not None and "complex" not in dtype.name else None
    except ValueError:  # its integers
        return None
