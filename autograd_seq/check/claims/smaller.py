"""A cell of the same kind with few components: enough for a proof, and small enough for one."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Parameter

N_X, N_A = 3, 2
LARGE = 6  # from here on a proof at the cell's own size takes seconds and more
MOST_PARTS = 3  # a stack such as [c; a; x] has so many of each kind at most


def smaller(cell: Any) -> Any | None:
    """A copy of a cell with n_x = 3 and n_a = 2, or None where it is small already or cannot be had.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> cell = SimpleNamespace(n_x=20, n_a=50, parameters={"Wf": Parameter(np.ones((50, 70)), "Wf")})
    >>> smaller(cell).parameters["Wf"].shape
    (2, 5)
    """
    n_x, n_a = getattr(cell, "n_x", None), getattr(cell, "n_a", None)
    if not isinstance(n_x, int) or not isinstance(n_a, int) or max(n_x, n_a) < LARGE:
        return None
    parameters = {}
    for key, parameter in cell.parameters.items():
        shape = [_length(n, n_x, n_a) for n in parameter.shape]
        if None in shape:
            return None
        parameters[key] = Parameter(np.zeros([n or 0 for n in shape], parameter.dtype), parameter.name)
    result = copy.copy(cell)
    result.n_x, result.n_a, result.parameters = N_X, N_A, parameters
    return result


def _length(length: int, n_x: int, n_a: int) -> int | None:
    """An axis made of i states and j inputs, in the small sizes; None where it is not."""
    if length == 1:
        return 1
    found = [
        (i + j, i * N_A + j * N_X)
        for i in range(MOST_PARTS + 1)
        for j in range(MOST_PARTS + 1)
        if i * n_a + j * n_x == length
    ]
    return min(found)[1] if found else None  # of several ways, that of the fewest parts
