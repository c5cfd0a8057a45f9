"""NumPy's functions that stand for several records, or whose arguments come in another way than the operation's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.core.protocols import BY_METHOD, WITHOUT_DERIVATIVE
from autograd_seq.core.source_line import here
from autograd_seq.operations.arithmetic import astype, divide, floating, identity
from autograd_seq.operations.arrangement import ARRANGED
from autograd_seq.operations.constants import CONSTANT
from autograd_seq.operations.decided import is_learned, refuse
from autograd_seq.operations.diagonals import DIAGONALS
from autograd_seq.operations.elementwise import abs, clip, maximum, minimum
from autograd_seq.operations.exponentials import EXPONENTIALS
from autograd_seq.operations.indexing import take
from autograd_seq.operations.joining import JOINS, append, at_least_3d
from autograd_seq.operations.masks import TRUTH
from autograd_seq.operations.multilinear import PRODUCTS
from autograd_seq.operations.ordering import ORDERED
from autograd_seq.operations.reducing import REDUCED
from autograd_seq.operations.refusals import REFUSED
from autograd_seq.operations.remainders import ROUNDED
from autograd_seq.operations.running import RUNNING
from autograd_seq.operations.shape import ravel, reshape
from autograd_seq.operations.solving import SOLVED
from autograd_seq.operations.subscripts import einsum_of
from autograd_seq.operations.trigonometry import ANGLES
from autograd_seq.operations.ufunc_methods import OF_UFUNCS


def _clip(a: Any, a_min: Any = None, a_max: Any = None, **limits: Any) -> Any:
    low, high = limits.pop("min", a_min), limits.pop("max", a_max)
    if limits:
        raise UsageError(f"np.clip() of a tensor has no argument {', '.join(limits)}{here()}")
    if not is_learned((low, high)):
        return clip(a, low, high)
    a = a if low is None else maximum(a, low)
    return a if high is None else minimum(a, high)


def _reshape(a: Any, /, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    return reshape(a, shape) if order in ("C", "A") else _in_columns(a, shape)


def _in_columns(a: Any, shape: Any) -> Any:
    """As Fortran counts: the first axis fastest."""
    shape = tuple(np.atleast_1d(shape).tolist())
    return reshape(a.T.reshape(-1), shape[::-1]).T


def _ravel(a: Any, order: str = "C") -> Any:
    return ravel(a) if order in ("C", "A", "K") else ravel(a.T)


def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return astype(x, dtype)


def _reciprocal(x: Any) -> Any:
    if x.dtype.kind != "f":
        raise refuse("reciprocal", "of whole numbers is cut to whole numbers", "Write 1.0 / x")
    return divide(1.0, x)


SIGNATURES: dict[Any, Callable[..., Any]] = {
    np.append: append,
    np.astype: _astype,
    np.atleast_3d: at_least_3d,
    np.clip: _clip,
    np.conjugate: identity,
    np.einsum: einsum_of,
    np.positive: identity,
    np.ravel: _ravel,
    np.real: identity,
    np.fabs: lambda x: abs(floating(x)),
    np.reciprocal: _reciprocal,
    np.reshape: _reshape,
    np.take: take,
    **ANGLES,
    **ARRANGED,
    **DIAGONALS,
    **EXPONENTIALS,
    **JOINS,
    **ORDERED,
    **PRODUCTS,
    **REDUCED,
    **REFUSED,
    **ROUNDED,
    **RUNNING,
    **SOLVED,
    **TRUTH,
}
WITHOUT_DERIVATIVE |= CONSTANT
BY_METHOD.update(OF_UFUNCS)
