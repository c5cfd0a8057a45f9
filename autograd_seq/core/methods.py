"""What a tensor has in common with NumPy's arrays: operators and methods, each the operation of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self

import autograd_seq.operations as ops  # read at call time only: operations are made of tensors
from autograd_seq.core.display import Shown
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here

if TYPE_CHECKING:
    from autograd_seq.core.assignment import Writable
    from autograd_seq.core.tensor import Tensor


class Methods(Shown):
    """NumPy's operators and methods, recorded; `Tensor` inherits them."""

    __slots__ = ()

    # -- operators ------------------------------------------------------------------------

    def __add__(self, other: Any) -> Tensor:
        return ops.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return ops.add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return ops.subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return ops.subtract(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return ops.multiply(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return ops.multiply(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return ops.divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return ops.divide(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return ops.power(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return ops.power(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return ops.matmul(other, self)

    def __neg__(self) -> Tensor:
        return ops.negative(self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Tensor:
        return ops.abs(self)

    def __eq__(self, other: object) -> Any:
        return ops.equal(self, other)

    def __ne__(self, other: object) -> Any:
        return ops.not_equal(self, other)

    def __lt__(self, other: Any) -> Tensor:
        return ops.less(self, other)

    def __le__(self, other: Any) -> Tensor:
        return ops.less_equal(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return ops.greater(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return ops.greater_equal(self, other)

    def __getitem__(self, key: Any) -> Tensor:
        return ops.getitem(self, key)

    # -- ndarray's own methods --------------------------------------------------------------

    @property
    def T(self) -> Tensor:
        """The transpose."""
        return ops.transpose(self)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """As `numpy.ndarray.sum`."""
        return ops.sum(self, axis=axis, keepdims=keepdims) if keepdims or axis is not None else ops.sum(self)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """As `numpy.ndarray.mean`."""
        return ops.mean(self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """As `numpy.ndarray.max`."""
        return ops.max(self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """As `numpy.ndarray.min`."""
        return ops.min(self, axis=axis, keepdims=keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """As `numpy.ndarray.prod`."""
        return ops.prod(self, axis=axis, keepdims=keepdims)

    def cumsum(self, axis: int | None = None) -> Tensor:
        """As `numpy.ndarray.cumsum`."""
        return ops.cumsum(self, axis=axis)

    def any(self, axis: Any = None) -> Tensor:
        """As `numpy.ndarray.any`; without derivative."""
        return ops.any(self, axis=axis)

    def all(self, axis: Any = None) -> Tensor:
        """As `numpy.ndarray.all`; without derivative."""
        return ops.all(self, axis=axis)

    def argmax(self, axis: int | None = None) -> Tensor:
        """As `numpy.ndarray.argmax`; without derivative."""
        return ops.argmax(self, axis=axis)

    def argmin(self, axis: int | None = None) -> Tensor:
        """As `numpy.ndarray.argmin`; without derivative."""
        return ops.argmin(self, axis=axis)

    def reshape(self, *shape: Any) -> Tensor:
        """As `numpy.ndarray.reshape`."""
        return ops.reshape(self, shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> Tensor:
        """As `numpy.ndarray.ravel`."""
        return ops.reshape(self, -1)

    flatten = ravel

    def transpose(self, *axes: Any) -> Tensor:
        """As `numpy.ndarray.transpose`."""
        return ops.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """As `numpy.ndarray.swapaxes`."""
        return ops.swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Tensor:
        """As `numpy.ndarray.squeeze`."""
        return ops.squeeze(self, axis=axis)

    def dot(self, other: Any) -> Tensor:
        """As `numpy.ndarray.dot`."""
        return ops.dot(self, other)

    def clip(self, low: Any = None, high: Any = None) -> Tensor:
        """As `numpy.ndarray.clip`."""
        return ops.clip(self, low, high)

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        """As `numpy.ndarray.take`."""
        return ops.take(self, indices, axis=axis)

    def astype(self, dtype: Any) -> Tensor:
        """As `numpy.ndarray.astype`."""
        return ops.astype(self, dtype)

    def copy(self) -> Writable:
        """A copy that can be assigned into; the assignments are recorded."""
        from autograd_seq.core.assignment import Writable

        return Writable(self)


class NotInPlace:
    """In-place operators that say how a parameter is given a new value; `Parameter` inherits them."""

    __slots__ = ()
    name: Any

    def _in_place(self, sign: str) -> NoReturn:
        text = name if (name := self.name) and name.isidentifier() else "W"
        raise UsageError(
            f"{text} {sign}= ... would make {text} the name of a result and leave the parameter as it is. "
            f"Write  {text}.value = {text}.value {sign} ...  such as  "
            f"{text}.value = {text}.value - 0.1 * {text}.grad ; or, to compute with it,  y = {text} {sign} ...{here()}"
        )

    def __iadd__(self, other: Any) -> NoReturn:
        self._in_place("+")

    def __isub__(self, other: Any) -> NoReturn:
        self._in_place("-")

    def __imul__(self, other: Any) -> NoReturn:
        self._in_place("*")

    def __itruediv__(self, other: Any) -> NoReturn:
        self._in_place("/")

    def __ipow__(self, other: Any) -> NoReturn:
        self._in_place("**")


def install() -> None:
    """Let the operators be the operations' own functions: a call less for each record."""
    for operator, operation in {
        "__add__": ops.add,
        "__sub__": ops.subtract,
        "__mul__": ops.multiply,
        "__truediv__": ops.divide,
        "__matmul__": ops.matmul,
        "__pow__": ops.power,
        "__neg__": ops.negative,
    }.items():
        setattr(Methods, operator, operation.call)
