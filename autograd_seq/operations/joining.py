"""NumPy's functions that join arrays, with the dtype, the rule of casting and the target that NumPy's take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.protocols import check_cast, written
from autograd_seq.core.source_line import here
from autograd_seq.operations.arithmetic import astype, real
from autograd_seq.operations.shape import concatenate, expand_dims, reshape, stack

CASTING = "same_kind"  # NumPy's rule where none is given


def _dtype_of(array: Any) -> np.dtype[Any]:
    return array.dtype if hasattr(array, "dtype") else np.asarray(array).dtype


def cast(arrays: Sequence[Any], dtype: Any, casting: str, function: str) -> Sequence[Any]:
    """Arrays as NumPy converts them before it joins them.

    Raises
    ------
    DtypeError
        If the rule of casting forbids it, or `dtype` does not hold real numbers.
    """
    if dtype is None and casting == CASTING:
        return arrays
    arrays = list(arrays)
    given = [_dtype_of(a) for a in arrays]
    wanted = np.result_type(*given) if dtype is None else real(dtype)
    for old in given:
        check_cast(old, wanted, casting, function)
    return [a if dtype is None or old == wanted else astype(a, wanted) for a, old in zip(arrays, given)]


def _joined(function: Any, join: Callable[..., Any], arrays: Any, axis: Any, out: Any, dtype: Any, casting: str) -> Any:
    arrays = cast(arrays, dtype, casting, function.__name__)
    made = join(arrays) if axis == 0 else join(arrays, axis)  # quicker where it is the default
    if out is None:
        return made
    if dtype is not None:
        raise UsageError(
            f"np.{function.__name__} takes out= or dtype=, not both: the array that is written into has its dtype. "
            f"Leave one of them out{here()}"
        )
    if made.shape != out.shape:
        raise ShapeError(f"np.{function.__name__} makes an array of {made.shape}, but out has {out.shape}{here()}")
    check_cast(made.dtype, out.dtype, casting, function.__name__)
    return written(out, made, function.__name__)


def _concatenate(arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = CASTING) -> Any:
    return _joined(np.concatenate, concatenate, arrays, axis, out, dtype, casting)


def _stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = CASTING) -> Any:
    return _joined(np.stack, stack, arrays, axis, out, dtype, casting)


def vstack(tup: Sequence[Any], *, dtype: Any = None, casting: str = CASTING) -> Any:
    """Arrays one above the other, as `numpy.vstack`.

    Examples
    --------
    >>> import numpy as np
    >>> vstack([np.ones((2, 3)), np.zeros((1, 3))]).shape
    (3, 3)
    """
    arrays = cast(tup, dtype, casting, "vstack")
    return concatenate([a if np.ndim(a) > 1 else reshape(a, (1, -1)) for a in arrays], axis=0)


def hstack(tup: Sequence[Any], *, dtype: Any = None, casting: str = CASTING) -> Any:
    """Arrays side by side, as `numpy.hstack`.

    Examples
    --------
    >>> import numpy as np
    >>> hstack([np.ones((2, 3)), np.zeros((2, 1))]).shape
    (2, 4)
    """
    rows = [a if np.ndim(a) else reshape(a, (1,)) for a in cast(tup, dtype, casting, "hstack")]
    return concatenate(rows, axis=0 if np.ndim(rows[0]) == 1 else 1)


def at_least_3d(*arrays: Any) -> Any:
    """Arrays of three axes at least, as `numpy.atleast_3d`: a vector lies along the middle one.

    Examples
    --------
    >>> import numpy as np
    >>> at_least_3d(np.ones(4)).shape
    (1, 4, 1)
    """

    def lifted(a: Any) -> Any:
        return a if np.ndim(a) > 2 else expand_dims(a, {0: (0, 1, 2), 1: (0, 2), 2: (2,)}[np.ndim(a)])

    return lifted(arrays[0]) if len(arrays) == 1 else tuple(map(lifted, arrays))


def _dstack(tup: Sequence[Any]) -> Any:
    return concatenate([at_least_3d(a) for a in tup], axis=2)


def _column_stack(tup: Sequence[Any]) -> Any:
    return concatenate([a if np.ndim(a) > 1 else reshape(a, (-1, 1)) for a in tup], axis=1)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Two arrays joined, flat where no axis is given, as `numpy.append`.

    Examples
    --------
    >>> import numpy as np
    >>> append(np.ones((1, 2)), np.zeros(1))
    array([1., 1., 0.])
    """
    return concatenate([arr, values], axis=axis)


# Of a list of arrays, each of which is an input.
JOINS: dict[Any, Callable[..., Any]] = {
    np.column_stack: _column_stack,
    np.concatenate: _concatenate,
    np.dstack: _dstack,
    np.hstack: hstack,
    np.stack: _stack,
    np.vstack: vstack,
}
# These take several arrays and ask each of them; all others take one array, which may be given as a list.
OF_SEQUENCES: set[Any] = {*JOINS, np.block, np.bmat, np.choose, np.einsum, np.linalg.multi_dot, np.select}
