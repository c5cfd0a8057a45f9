"""Where weights begin: seeded, so that a network can be made again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cells.checked import choose

Array = np.ndarray[Any, Any]


def xavier(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Normal numbers of variance 2 / (rows + columns): values and adjoints keep their size (Glorot and Bengio)."""
    return rng.standard_normal((rows, columns)) * np.sqrt(2 / (rows + columns))


def orthogonal(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Orthonormal rows or columns: a product over many steps neither grows nor shrinks (Saxe and others).

    Examples
    --------
    >>> Q = orthogonal(np.random.default_rng(0), 3, 3)
    >>> bool(np.allclose(Q @ Q.T, np.eye(3)))
    True
    """
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    Q, R = np.linalg.qr(tall)
    Q = Q * np.sign(np.diag(R))  # without this, Q would not be uniformly distributed
    return Q if rows >= columns else Q.T


def _recurrent_orthogonal(rng: np.random.Generator, rows: int, blocks: Sequence[int]) -> Array:
    return np.hstack([orthogonal(rng, rows, n) if n == rows else xavier(rng, rows, n) for n in blocks])


SCHEMES: dict[str, Callable[[np.random.Generator, int, Sequence[int]], Array]] = {
    "xavier": lambda rng, rows, blocks: xavier(rng, rows, sum(blocks)),
    "orthogonal": _recurrent_orthogonal,
}


def weights(
    rng: np.random.Generator,
    rows: int,
    columns: int | Sequence[int],
    dtype: Any = np.float64,
    scheme: str = "xavier",
) -> Array:
    """A weight matrix to begin with.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of randomness.
    rows : int
        Number of rows.
    columns : int or sequence of int
        Number of columns; or the widths of the stacked parts, as in ``[a; x]``.
    scheme : {"xavier", "orthogonal"}
        ``"orthogonal"`` makes the square (recurrent) parts orthogonal and the others Xavier.

    Raises
    ------
    ValueRangeError
        For an unknown scheme.

    Examples
    --------
    >>> weights(np.random.default_rng(0), 4, (4, 3)).shape
    (4, 7)
    """
    choose(SCHEMES, scheme, "scheme")
    blocks = [columns] if isinstance(columns, int) else list(columns)
    return SCHEMES[scheme](rng, rows, blocks).astype(dtype)
