"""Sums, means and extremes over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.algebra import each
from autograd_seq.core.array import Array
from autograd_seq.core.notation import MATRIX, SERIES, Form, TimeAxis, call
from autograd_seq.core.operation import operation
from autograd_seq.operations.arithmetic import square
from autograd_seq.operations.elementwise import where
from autograd_seq.operations.shape import AXES, broadcast_to, expand_dims, reshape

# The ufuncs' own methods: np.sum and its like are longer ways to them.
_ADDED: Any = np.add.reduce
_LARGEST: Any = np.maximum.reduce
_SMALLEST: Any = np.minimum.reduce


def axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    """The axes meant by NumPy's `axis`, as non-negative numbers."""
    given = range(x.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(int(a) % x.ndim for a in given)


def restored(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """A reduced array with the axes that were reduced put back, of length 1."""
    if type(g) is np.ndarray and type(axis) is int and not keepdims:  # what `expand_dims` does, in a fifth of the time
        return g[(slice(None),) * (axis % x.ndim) + (None,)]
    return g if keepdims or axis is None else expand_dims(g, axes_of(x, axis))


_FEW = 4096  # elements that are sooner written out than told to NumPy as one


def _spread(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """The adjoint of a sum, for everything that was added."""
    back = restored(g, x, axis, keepdims)
    if type(back) is not np.ndarray or x.size > _FEW:
        return broadcast_to(back, x.shape)
    whole = np.empty(x.shape, back.dtype)
    whole[...] = back
    return whole


def count(x: Any, axis: Any) -> int:
    """How many elements are reduced to one."""
    return int(np.prod([x.shape[a] for a in axes_of(x, axis)], dtype=int))


_DIRECTIONS = {0: "rows", 1: "columns"}


def _over(settings: Any) -> str:
    """Over what a sum runs, in words: the columns of a matrix are its examples."""
    axis = settings["axis"]
    axes = axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 1 and isinstance(axes[0], TimeAxis):
        return "t"
    if len(axes) == 1 and axes[0] in _DIRECTIONS:
        return _DIRECTIONS[axes[0]]
    return "" if axis is None else f"axis {axis}"


def _below(settings: Any) -> str:
    over = _over(settings)
    return "_t" if over == "t" else rf"_{{\text{{{over}}}}}" if over else ""


def _latex_over(symbol: str) -> Form:
    return Form(lambda operands, settings: f"{symbol}{_below(settings)} {operands[0]}", SERIES, (MATRIX,))


def _text_over(symbol: str) -> Form:
    def fill(operands: Any, settings: Any) -> str:
        return f"{symbol}_{over}({operands[0]})" if (over := _over(settings)) else f"{symbol}({operands[0]})"

    return Form(fill)


@operation(
    vjp=[lambda g, y, x, axis, keepdims: _spread(g, x, axis, keepdims)],
    numpy=np.sum,
    latex=_latex_over(r"\sum"),
    text=_text_over("Σ"),
    expects=AXES,
    along=True,
    reduces=np.add,
)
def sum(x: Any, /, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum over axes, as `numpy.sum`.

    Examples
    --------
    >>> import numpy as np
    >>> sum(np.ones((2, 3)), axis=1)
    array([3., 3.])
    """
    return _ADDED(x, axis=axis, keepdims=keepdims)


@operation(
    vjp=[
        lambda g, y, x, axis, keepdims: broadcast_to(restored(g, x, axis, keepdims) / count(x, axis), x.shape)
    ],
    meaning=lambda algebra, x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims) / count(x, axis),
    numpy=np.mean,
    latex=_latex_over(r"\operatorname{mean}"),
    text=_text_over("mean"),
    expects=AXES,
    along=True,
    averages=True,
)
def mean(x: Any, /, axis: Any = None, keepdims: bool = False) -> Array:
    """The mean over axes, as `numpy.mean`; of no elements there is none.

    Examples
    --------
    >>> import numpy as np
    >>> float(mean(np.array([1.0, 3.0])))
    2.0
    """
    if not np.size(x) and not count(np.asarray(x), axis):
        raise ValueError("there is no element to take the mean of")
    return np.mean(x, axis=axis, keepdims=keepdims)


def _extreme(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    chosen = where(x == restored(y, x, axis, keepdims), np.ones((), x.dtype), 0)
    return restored(g, x, axis, keepdims) * chosen / sum(chosen, axis=axis, keepdims=True)


def _fold(function: str) -> Any:
    def meaning(algebra: Any, x: Any, axis: Any, keepdims: bool) -> Any:
        axes = axes_of(x, axis)
        kept = tuple(n for i, n in enumerate(x.shape) if i not in axes)
        moved = np.moveaxis(x, axes, range(len(axes))).reshape((count(x, axis), *kept))
        result = moved[0]
        for row in moved[1:]:
            result = each(getattr(algebra, function), result, row)
        result = np.asarray(result, dtype=object)
        return np.expand_dims(result, axes) if keepdims else result

    return meaning


@operation(
    vjp=[_extreme],
    meaning=_fold("maximum"),
    numpy=(np.max, np.amax),
    latex=_latex_over(r"\max"),
    text=_text_over("max"),
    expects=AXES,
    along=True,
    reduces=np.maximum,
)
def max(x: Any, /, axis: Any = None, keepdims: bool = False) -> Array:
    """The largest element over axes; at a tie all the largest share the adjoint equally.

    Examples
    --------
    >>> import numpy as np
    >>> max(np.array([[1.0, 5.0], [7.0, 3.0]]), axis=0)
    array([7., 5.])
    """
    return _LARGEST(x, axis=axis, keepdims=keepdims)


@operation(
    vjp=[_extreme],
    meaning=_fold("minimum"),
    numpy=(np.min, np.amin),
    latex=_latex_over(r"\min"),
    text=_text_over("min"),
    expects=AXES,
    along=True,
    reduces=np.minimum,
)
def min(x: Any, /, axis: Any = None, keepdims: bool = False) -> Array:
    """The smallest element over axes; at a tie all the smallest share the adjoint equally.

    Examples
    --------
    >>> import numpy as np
    >>> min(np.array([[1.0, 5.0], [7.0, 3.0]]), axis=0)
    array([1., 3.])
    """
    return _SMALLEST(x, axis=axis, keepdims=keepdims)


def _product_of_others(x: Any, axis: Any, keepdims: bool) -> Any:
    """For each element the product of the others; without dividing, so that zeros are no special case."""
    axes = axes_of(x, axis)
    n = count(x, axis)
    last = tuple(i for i in range(x.ndim) if i not in axes) + axes
    rows = reshape(x.transpose(last), (*(x.shape[i] for i in last[: x.ndim - len(axes)]), 1, n))
    others = prod(where(np.eye(n, dtype=bool), np.ones((), x.dtype), rows), axis=-1)
    back = tuple(int(i) for i in np.argsort(last))
    return reshape(others, tuple(x.shape[i] for i in last)).transpose(back)


@operation(
    vjp=[lambda g, y, x, axis, keepdims: restored(g, x, axis, keepdims) * _product_of_others(x, axis, keepdims)],
    numpy=np.prod,
    latex=_latex_over(r"\prod"),
    text=_text_over("Π"),
    expects=AXES,
    along=True,
)
def prod(x: Any, /, axis: Any = None, keepdims: bool = False) -> Array:
    """The product over axes, as `numpy.prod`; right at zeros too.

    Examples
    --------
    >>> import numpy as np
    >>> float(prod(np.array([2.0, 3.0])))
    6.0
    """
    return np.prod(x, axis=axis, keepdims=keepdims)


def _cumsum_rule(g: Any, y: Any, x: Any, axis: int | None) -> Any:
    backwards = (slice(None),) * (axis % x.ndim if axis is not None else 0) + (slice(None, None, -1),)
    return reshape(cumsum(g[backwards], axis=0 if axis is None else axis)[backwards], x.shape)


@operation(vjp=[_cumsum_rule], numpy=np.cumsum, expects=AXES)
def cumsum(x: Any, /, axis: int | None = None) -> Array:
    """The running sum along an axis, as `numpy.cumsum`.

    Examples
    --------
    >>> import numpy as np
    >>> cumsum(np.array([1.0, 2.0, 3.0]))
    array([1., 3., 6.])
    """
    return np.cumsum(x, axis=axis)


_NORM = """\
def norm(x, axis=None, keepdims=False):
    _, exponent = np.frexp(np.max(np.abs(x), axis=axis, keepdims=True, initial=0))
    squares = np.sum(np.square(np.ldexp(x, -exponent)), axis=axis, keepdims=True)
    result = np.ldexp(np.sqrt(squares), exponent)
    return result if keepdims else np.squeeze(result, axis)
"""


def _norm_meaning(algebra: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return each(algebra.sqrt, np.sum(x * x, axis=axis, keepdims=keepdims))


def _norm_rule(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    length = restored(y, x, axis, keepdims)
    return restored(g, x, axis, keepdims) * x / where(length == 0, 1.0, length)


@operation(
    vjp=[_norm_rule],
    meaning=_norm_meaning,
    source=call("norm", {"axis": None, "keepdims": False}, helper=_NORM),
    latex=Form(lambda operands, settings: rf"\left\|{operands[0]}\right\|{_below(settings)}"),
    text=Form(lambda operands, settings: f"‖{operands[0]}‖" + (f"_{over}" if (over := _over(settings)) else "")),
    expects=AXES,
    along=True,
)
def norm(x: Any, /, axis: Any = None, keepdims: bool = False) -> Array:
    """The square root of the sum of squares over axes; the derivative where it is 0 is taken as 0.

    Of a matrix it is the Frobenius norm.

    Examples
    --------
    >>> import numpy as np
    >>> float(norm(np.array([3.0, 4.0])))
    5.0
    """
    with np.errstate(over="ignore"):
        squares = np.sum(np.square(x), axis=axis, keepdims=keepdims)
    if squares.dtype.kind != "f" or _in_range(squares):
        return np.sqrt(squares)
    return _norm_by_parts(np.asarray(x), axis, keepdims)


def _in_range(squares: Any) -> bool:
    """Whether no square was too large, or so small that it lost digits."""
    kind = np.finfo(squares.dtype)
    return bool(np.all((squares > kind.tiny / kind.eps) & (squares < np.inf)))


def _norm_by_parts(x: Any, axis: Any, keepdims: bool) -> Any:
    """The norm with a power of two taken out, which changes no digit; of infinity and NaN as they are."""
    _, exponent = np.frexp(np.max(np.abs(x), axis=axis, keepdims=True, initial=0))
    squares = np.sum(np.square(np.ldexp(x, -exponent)), axis=axis, keepdims=True)
    result = np.ldexp(np.sqrt(squares), exponent)
    return result if keepdims else np.squeeze(result, axes_of(x, axis))


def var(x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    """The variance over axes, as `numpy.var`.

    Examples
    --------
    >>> import numpy as np
    >>> float(var(np.array([1.0, 3.0])))
    1.0
    """
    squares = square(x - mean(x, axis=axis, keepdims=True))
    if not ddof:
        return mean(squares, axis=axis, keepdims=keepdims)
    return sum(squares, axis=axis, keepdims=keepdims) / freedom(count(x, axis), ddof)


def freedom(elements: int, ddof: float) -> float:
    """What the squares of so many elements are divided by; 0, as NumPy has it, where too few are left."""
    return elements - ddof if elements > ddof else 0.0


def std(x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    """The standard deviation over axes, as `numpy.std`; the derivative where it is 0 is taken as 0.

    Examples
    --------
    >>> import numpy as np
    >>> float(std(np.array([1.0, 3.0])))
    1.0
    """
    length = norm(x - mean(x, axis=axis, keepdims=True), axis=axis, keepdims=keepdims)
    number = freedom(count(x, axis), ddof)
    return length / (np.sqrt(np.longdouble(number)) if length.dtype == np.longdouble else number**0.5)
