"""Rearrangement: the same elements in another order or shape."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ShapeError
from autograd_seq.core.notation import ATOM, POWER, SUM, Form, call, literal
from autograd_seq.core.operation import Shared, operation
from autograd_seq.core.source_line import here

AXES = "axes that the array has"
# In mathematics, as in the notes, an array is stretched to the shape it is used in without a word.
_SAME = Form("{0}", SUM, (SUM,))


def axis_of(x: Any, axis: int) -> int:
    """An axis as a non-negative number.

    Raises
    ------
    ShapeError
        If the array has no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> axis_of(np.ones((2, 3)), -1)
    1
    """
    if not -np.ndim(x) <= axis < np.ndim(x):
        raise ShapeError(f"an array of shape {np.shape(x)} has no axis {axis}{here()}")
    return int(axis % np.ndim(x))


def _shape_rule(g: Any, y: Any, x: Any, **settings: Any) -> Any:
    return reshape(g, x.shape)


@operation(
    vjp=[_shape_rule],
    numpy=np.reshape,
    source=Form(lambda operands, settings: f"np.reshape({operands[0]}, {literal(settings['shape'])})"),
    expects="a shape with as many elements as the array has",
    rearranges=True,
)
def reshape(x: Any, /, shape: Any) -> Array:
    """The same elements in another shape, as `numpy.reshape`.

    Examples
    --------
    >>> import numpy as np
    >>> reshape(np.arange(4.0), (2, 2))
    array([[0., 1.],
           [2., 3.]])
    """
    return np.reshape(x, shape)


def ravel(x: Any) -> Any:
    """All elements in one axis, as `numpy.ravel`.

    Examples
    --------
    >>> import numpy as np
    >>> ravel(np.ones((2, 1)))
    array([1., 1.])
    """
    return x.ravel() if hasattr(x, "ravel") else reshape(x, -1)  # what can be written into knows where it copies


def _transpose_rule(g: Any, y: Any, x: Any, axes: Any) -> Any:
    return transpose(g) if axes is None else transpose(g, tuple(int(i) for i in np.argsort([a % x.ndim for a in axes])))


def _transpose_form(mark: str) -> Form:
    def fill(operands: Sequence[str], settings: Any) -> str:
        axes = settings["axes"]
        return mark.format(operands[0]) if axes is None else f"transpose({operands[0]}, {axes})"

    return Form(fill, POWER, (POWER + 1,))


@operation(
    vjp=[_transpose_rule],
    numpy=np.transpose,
    source=Form(
        lambda operands, settings: operands[0]
        + (".T" if settings["axes"] is None else f".transpose({literal(settings['axes'])})"),
        operands=(ATOM,),
    ),
    latex=_transpose_form("{{{0}}}^T"),
    text=_transpose_form("{0}ᵀ"),
    expects="each axis of the array once",
    rearranges=True,
    algebra="transpose",
)
def transpose(x: Any, /, axes: Any = None) -> Array:
    """The axes in another order, reversed if `axes` is not given, as `numpy.transpose`.

    Examples
    --------
    >>> import numpy as np
    >>> transpose(np.ones((2, 3))).shape
    (3, 2)
    """
    return np.transpose(x, axes)


def _swapaxes_rule(g: Any, y: Any, x: Any, axis1: int, axis2: int) -> Any:
    return swapaxes(g, axis1, axis2)


@operation(vjp=[_swapaxes_rule], numpy=np.swapaxes, expects=AXES, rearranges=True)
def swapaxes(x: Any, /, axis1: int, axis2: int) -> Array:
    """Two axes exchanged, as `numpy.swapaxes`.

    Examples
    --------
    >>> import numpy as np
    >>> swapaxes(np.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    return np.swapaxes(x, axis1, axis2)


def _moveaxis_rule(g: Any, y: Any, x: Any, source: Any, destination: Any) -> Any:
    return moveaxis(g, destination, source)


@operation(vjp=[_moveaxis_rule], numpy=np.moveaxis, expects=AXES, rearranges=True)
def moveaxis(x: Any, /, source: Any, destination: Any) -> Array:
    """Axes moved to other places, as `numpy.moveaxis`.

    Examples
    --------
    >>> import numpy as np
    >>> moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return np.moveaxis(x, source, destination)


@operation(vjp=[_shape_rule], numpy=np.squeeze, expects="axes of length 1", rearranges=True)
def squeeze(x: Any, /, axis: Any = None) -> Array:
    """Axes of length 1 removed, as `numpy.squeeze`.

    Examples
    --------
    >>> import numpy as np
    >>> squeeze(np.ones((1, 3))).shape
    (3,)
    """
    return np.squeeze(x, axis=axis)


@operation(
    vjp=[_shape_rule],
    numpy=np.expand_dims,
    latex=_SAME,
    text=_SAME,
    expects="places that the result has",
    rearranges=True,
)
def expand_dims(x: Any, /, axis: Any) -> Array:
    """New axes of length 1, as `numpy.expand_dims`.

    Examples
    --------
    >>> import numpy as np
    >>> expand_dims(np.ones(3), 1).shape
    (3, 1)
    """
    return np.expand_dims(x, axis)


@operation(
    vjp=[lambda g, y, x, shape: g],
    numpy=np.broadcast_to,
    latex=_SAME,
    text=_SAME,
    expects="a shape that the array broadcasts to",
    rearranges=True,
)
def broadcast_to(x: Any, /, shape: Any) -> Array:
    """Repeated to a larger shape, as `numpy.broadcast_to`.

    Examples
    --------
    >>> import numpy as np
    >>> broadcast_to(np.ones((2, 1)), (2, 3)).shape
    (2, 3)
    """
    return np.broadcast_to(x, shape)


def _concatenate_rule(g: Any, y: Any, *arrays: Any, axis: int | None) -> Any:
    along = None if axis is None else axis % y.ndim  # without an axis, all are flat, one behind the other
    ends = [0, *accumulate(a.size if along is None else a.shape[along] for a in arrays)]

    def part(i: int) -> Any:
        between = slice(ends[i], ends[i + 1])
        return reshape(g[between], arrays[i].shape) if along is None else g[(slice(None),) * along + (between,)]

    return part


def _block(begin: str, below: str, beside: str, end: str, otherwise: str) -> Form:
    """A matrix of matrices: one below the other along axis 0, side by side along axis 1."""
    function = call(otherwise, listed=True)

    def fill(operands: Sequence[str], settings: Any) -> str:
        axis = settings["axis"]
        if axis in (0, 1):
            return begin + (beside if axis else below).join(operands) + end
        return function.write([(operand, ATOM) for operand in operands], settings)[0]

    return Form(fill)


@operation(
    vjp=Shared(_concatenate_rule),
    numpy=np.concatenate,
    latex=_block(r"\begin{bmatrix}", r" \\ ", " & ", r"\end{bmatrix}", r"\operatorname{concatenate}"),
    text=_block("[", "; ", ", ", "]", "concatenate"),
    expects="arrays that differ only in the length of the axis they are joined along",
    algebra="joined",
)
def concatenate(*arrays: Any, axis: int | None = 0) -> Array:
    """Arrays joined along an axis, as `numpy.concatenate`: ``[a; x]``.

    Examples
    --------
    >>> import numpy as np
    >>> concatenate([np.ones((2, 3)), np.zeros((1, 3))], axis=0).shape
    (3, 3)
    """
    return np.concatenate(arrays, axis=axis)


def _stack_rule(g: Any, y: Any, *arrays: Any, axis: int) -> Any:
    return lambda i: g[(slice(None),) * (axis % y.ndim) + (i,)]


@operation(vjp=Shared(_stack_rule), numpy=np.stack, expects="arrays of one shape", algebra="stacked")
def stack(*arrays: Any, axis: int = 0) -> Array:
    """Arrays of one shape along a new axis, as `numpy.stack`.

    Examples
    --------
    >>> import numpy as np
    >>> stack([np.ones(3), np.zeros(3)], axis=1).shape
    (3, 2)
    """
    return np.stack(arrays, axis=axis)


def _flip_rule(g: Any, y: Any, x: Any, axis: Any) -> Any:
    return flip(g, axis)


@operation(vjp=[_flip_rule], numpy=np.flip, expects=AXES, rearranges=True)
def flip(x: Any, /, axis: Any = None) -> Array:
    """The order reversed along axes, as `numpy.flip`.

    Examples
    --------
    >>> import numpy as np
    >>> flip(np.array([1.0, 2.0]))
    array([2., 1.])
    """
    return np.flip(x, axis)
