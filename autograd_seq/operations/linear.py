"""Products of matrices and vectors."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ShapeError
from autograd_seq.core.notation import MATRIX, PRODUCT, Form, infix, side_by_side
from autograd_seq.core.operation import operation
from autograd_seq.core.source_line import here
from autograd_seq.operations.arithmetic import multiply
from autograd_seq.operations.shape import expand_dims, reshape, squeeze, transpose


def _flipped(x: Any) -> Any:
    """The matrices of a batch, each transposed."""
    return x.T if x.ndim == 2 else x.swapaxes(-1, -2)


def _left_rule(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return g * b if a.ndim == 1 else outer(g, b) if a.ndim == 2 else expand_dims(g, -1) * b
    if a.ndim == 1:
        return b @ g if b.ndim == 2 else squeeze(b @ expand_dims(g, -1), -1)
    return g @ _flipped(b)


def _right_rule(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1:
        return g * a if b.ndim == 1 else outer(a, g) if b.ndim == 2 else expand_dims(a, -1) * expand_dims(g, -2)
    if b.ndim == 1:
        return a.T @ g if a.ndim == 2 else squeeze(_flipped(a) @ expand_dims(g, -1), -1)
    return _flipped(a) @ g


@operation(
    vjp=[_left_rule, _right_rule],
    numpy=np.matmul,
    kernel=np.matmul,
    source=infix("@", PRODUCT),
    latex=Form(lambda operands, settings: side_by_side(*operands), MATRIX, (MATRIX, MATRIX)),
    text=Form("{0} {1}", MATRIX, (MATRIX, MATRIX)),
    expects="as many columns in the first array as rows in the second",
    algebra="matrix product",
)
def matmul(a: Any, b: Any, /) -> Array:
    """The matrix product, of vectors, matrices and batches of matrices, as `numpy.matmul`.

    Examples
    --------
    >>> import numpy as np
    >>> matmul(np.ones((2, 3)), np.ones((3, 4))).shape
    (2, 4)
    """
    return np.matmul(a, b)


def dot(a: Any, b: Any) -> Any:
    """The product of two vectors, matrices, or a number and an array, as `numpy.dot`.

    Examples
    --------
    >>> import numpy as np
    >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    m, n = (x.ndim if hasattr(x, "ndim") else np.ndim(x) for x in (a, b))
    if not m or not n:
        return multiply(a, b)
    if m <= 2 and n <= 2:
        return matmul(a, b)
    rows = -1 if n == 1 else -2
    if np.shape(a)[-1] != np.shape(b)[rows]:  # einsum would stretch an axis of length 1
        raise ShapeError(
            f"dot cannot take {np.shape(a)} and {np.shape(b)}: the last axis of the first is {np.shape(a)[-1]} long, "
            f"axis {rows} of the second, over which both are summed, {np.shape(b)[rows]}{here()}"
        )
    letters = "abcdefghijklmnopqrstuvwxy"
    left = letters[: m - 1]
    right = letters[m - 1 : m + n - 2]
    second = right + "z" if n == 1 else right[:-1] + "z" + right[-1]
    return einsum(f"{left}z,{second}->{left}{right}", a, b)


@operation(
    vjp=[
        lambda g, y, a, b: reshape(g @ reshape(b, -1), a.shape),
        lambda g, y, a, b: reshape(transpose(g) @ reshape(a, -1), b.shape),
    ],
    numpy=np.outer,
)
def outer(a: Any, b: Any, /) -> Array:
    """All products of an element of the one with an element of the other, as `numpy.outer`.

    Examples
    --------
    >>> import numpy as np
    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([[3., 4.],
           [6., 8.]])
    """
    return np.outer(a, b)


def _einsum_rule(i: int, g: Any, y: Any, *operands: Any, subscripts: str) -> Any:
    """Swap the operand and the result; axes that only this operand has are put back with ones and unit matrices."""
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    x = operands[i]
    others = [(term, array) for k, (term, array) in enumerate(zip(terms, operands, strict=True)) if k != i]
    fresh = iter(c for c in ascii_letters if c not in subscripts)
    target = ""
    for axis, letter in enumerate(terms[i]):
        if letter in target:  # a diagonal: the new axis equals the old one
            twin = next(fresh)
            others.append((letter + twin, np.eye(x.shape[axis], dtype=x.dtype)))
            letter = twin
        elif not any(letter in term for term, _ in [*others, (output, None)]):
            others.append((letter, np.ones(x.shape[axis], x.dtype)))
        target += letter
    return einsum(",".join([output, *(term for term, _ in others)]) + "->" + target, g, *(a for _, a in others))


def _einsum_form(function: str) -> Form:
    return Form(lambda operands, p: f"{function}({', '.join([repr(p['subscripts']), *operands])})")


@operation(
    vjp=_einsum_rule,
    source=_einsum_form("np.einsum"),
    latex=_einsum_form(r"\operatorname{einsum}"),
    text=_einsum_form("einsum"),
    expects="one axis for each letter, axes with the same letter equally long",
)
def _einsum(*operands: Any, subscripts: str) -> Array:
    return np.asarray(np.einsum(subscripts, *operands))


_einsum.name = "einsum"


def einsum(subscripts: str, *operands: Any) -> Any:
    """Sums of products by index letters, as `numpy.einsum`; without ellipsis.

    Raises
    ------
    ShapeError
        If `subscripts` has other characters than letters, commas and an arrow.

    Examples
    --------
    >>> import numpy as np
    >>> einsum("ij,jk->ik", np.ones((2, 3)), np.ones((3, 4))).shape
    (2, 4)
    """
    text = subscripts.replace(" ", "") if isinstance(subscripts, str) else "?"
    inputs, arrow, output = text.partition("->")
    letters = inputs.replace(",", "")
    if not set(letters + output) <= set(ascii_letters) or len(inputs.split(",")) != len(operands):
        raise ShapeError(
            f"einsum({subscripts!r}) with {len(operands)} arrays: write letters for the axes, a comma between "
            f"arrays, an arrow before the result, such as 'ij,jk->ik'{here()}"
        )
    if not arrow:
        output = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return _einsum(operands, subscripts=f"{inputs}->{output}")
