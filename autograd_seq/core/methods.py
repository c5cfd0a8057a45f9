"""What a tensor has in common with NumPy's arrays: operators and methods, each what stands for NumPy's own function."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getattr_static
from operator import getitem
from typing import Any, ClassVar, NoReturn, Self

import numpy as np

from autograd_seq.core.errors import GraphLostError, MissingError, UsageError, missing
from autograd_seq.core.operation import BY_NUMPY
from autograd_seq.core.source_line import here


class Methods:
    """NumPy's operators and methods, recorded; `Tensor` inherits them."""

    __slots__ = ()

    # -- operators ------------------------------------------------------------------------

    # These are called so often that `shortcuts` puts the operations' own functions in their place.
    OPERATORS: ClassVar[dict[str, Callable[..., Any]]] = {
        "__add__": np.add,
        "__sub__": np.subtract,
        "__mul__": np.multiply,
        "__truediv__": np.divide,
        "__pow__": np.power,
        "__matmul__": np.matmul,
        "__neg__": np.negative,
    }

    def __add__(self, other: Any) -> Any:
        return BY_NUMPY[np.add](self, other)

    def __radd__(self, other: Any) -> Any:
        return BY_NUMPY[np.add](other, self)

    def __sub__(self, other: Any) -> Any:
        return BY_NUMPY[np.subtract](self, other)

    def __rsub__(self, other: Any) -> Any:
        return BY_NUMPY[np.subtract](other, self)

    def __mul__(self, other: Any) -> Any:
        return BY_NUMPY[np.multiply](self, other)

    def __rmul__(self, other: Any) -> Any:
        return BY_NUMPY[np.multiply](other, self)

    def __truediv__(self, other: Any) -> Any:
        return BY_NUMPY[np.divide](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return BY_NUMPY[np.divide](other, self)

    def __pow__(self, other: Any) -> Any:
        return BY_NUMPY[np.power](self, other)

    def __rpow__(self, other: Any) -> Any:
        return BY_NUMPY[np.power](other, self)

    def __matmul__(self, other: Any) -> Any:
        return BY_NUMPY[np.matmul](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return BY_NUMPY[np.matmul](other, self)

    def __neg__(self) -> Any:
        return BY_NUMPY[np.negative](self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Any:
        return BY_NUMPY[np.abs](self)

    def __eq__(self, other: object) -> Any:
        return BY_NUMPY[np.equal](self, other)

    def __ne__(self, other: object) -> Any:
        return BY_NUMPY[np.not_equal](self, other)

    def __lt__(self, other: Any) -> Any:
        return BY_NUMPY[np.less](self, other)

    def __le__(self, other: Any) -> Any:
        return BY_NUMPY[np.less_equal](self, other)

    def __gt__(self, other: Any) -> Any:
        return BY_NUMPY[np.greater](self, other)

    def __ge__(self, other: Any) -> Any:
        return BY_NUMPY[np.greater_equal](self, other)

    def __floordiv__(self, other: Any) -> Any:
        return BY_NUMPY[np.floor_divide](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return BY_NUMPY[np.floor_divide](other, self)

    def __mod__(self, other: Any) -> Any:
        return BY_NUMPY[np.remainder](self, other)

    def __rmod__(self, other: Any) -> Any:
        return BY_NUMPY[np.remainder](other, self)

    def __divmod__(self, other: Any) -> Any:
        return BY_NUMPY[np.divmod](self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return BY_NUMPY[np.divmod](other, self)

    def __invert__(self) -> Any:
        return BY_NUMPY[np.invert](self)

    def __and__(self, other: Any) -> Any:
        return BY_NUMPY[np.bitwise_and](self, other)

    def __or__(self, other: Any) -> Any:
        return BY_NUMPY[np.bitwise_or](self, other)

    def __xor__(self, other: Any) -> Any:
        return BY_NUMPY[np.bitwise_xor](self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __getitem__(self, key: Any) -> Any:
        return BY_NUMPY[getitem](self, key)

    # -- ndarray's own methods --------------------------------------------------------------

    @property
    def T(self) -> Any:
        """The transpose."""
        return BY_NUMPY[np.transpose](self)

    @property
    def mT(self) -> Any:
        """The last two axes exchanged."""
        return BY_NUMPY[np.swapaxes](self, -1, -2)

    @property
    def flat(self) -> Any:
        """All elements in one axis, to be read and gone through."""
        return BY_NUMPY[np.ravel](self)

    @property
    def real(self) -> Any:
        """Itself: a tensor holds real numbers."""
        return self

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, **chosen: Any) -> Any:
        """As `numpy.ndarray.sum`."""
        return BY_NUMPY[np.sum](self, axis, dtype, out, keepdims, **chosen)

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, **chosen: Any) -> Any:
        """As `numpy.ndarray.mean`."""
        return BY_NUMPY[np.mean](self, axis, dtype, out, keepdims, **chosen)

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False, **chosen: Any) -> Any:
        """As `numpy.ndarray.max`."""
        return BY_NUMPY[np.max](self, axis, out, keepdims, **chosen)

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False, **chosen: Any) -> Any:
        """As `numpy.ndarray.min`."""
        return BY_NUMPY[np.min](self, axis, out, keepdims, **chosen)

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False, **chosen: Any) -> Any:
        """As `numpy.ndarray.any`; without derivative."""
        return BY_NUMPY[np.any](self, axis, out, keepdims, **chosen)

    def all(self, axis: Any = None, out: Any = None, keepdims: bool = False, **chosen: Any) -> Any:
        """As `numpy.ndarray.all`; without derivative."""
        return BY_NUMPY[np.all](self, axis, out, keepdims, **chosen)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """As `numpy.ndarray.argmax`; without derivative."""
        return BY_NUMPY[np.argmax](self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """As `numpy.ndarray.argmin`; without derivative."""
        return BY_NUMPY[np.argmin](self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """As `numpy.ndarray.reshape`."""
        return BY_NUMPY[np.reshape](self, shape[0] if len(shape) == 1 else shape, order)

    def ravel(self, order: str = "C") -> Any:
        """As `numpy.ndarray.ravel`."""
        return BY_NUMPY[np.reshape](self, -1, order)

    flatten = ravel

    def transpose(self, *axes: Any) -> Any:
        """As `numpy.ndarray.transpose`."""
        return BY_NUMPY[np.transpose](self, axes[0] if len(axes) == 1 else axes or None)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """As `numpy.ndarray.swapaxes`."""
        return BY_NUMPY[np.swapaxes](self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Any:
        """As `numpy.ndarray.squeeze`."""
        return BY_NUMPY[np.squeeze](self, axis=axis)

    def dot(self, other: Any) -> Any:
        """As `numpy.ndarray.dot`."""
        return BY_NUMPY[np.dot](self, other)

    def clip(self, low: Any = None, high: Any = None, **limits: Any) -> Any:
        """As `numpy.ndarray.clip`."""
        return BY_NUMPY[np.clip](self, low, high, **limits)

    def take(self, indices: Any, axis: int | None = None) -> Any:
        """As `numpy.ndarray.take`."""
        return BY_NUMPY[np.take](self, indices, axis=axis)

    def astype(self, dtype: Any, **how: Any) -> Any:
        """As `numpy.ndarray.astype`."""
        return BY_NUMPY[np.ndarray.astype](self, dtype, **how)

    def copy(self) -> Any:
        """A copy that can be assigned into; the assignments are recorded."""
        return BY_NUMPY[np.copy](self)

    def round(self, decimals: int = 0) -> Any:
        """As `numpy.ndarray.round`; a constant, since it changes in steps."""
        whole: Any = self
        return np.round(whole, decimals)

    def __dir__(self) -> list[str]:
        kind = type(self)
        return [name for name in object.__dir__(self) if not isinstance(getattr_static(kind, name, None), Missing)]


class Missing:
    """What NumPy's arrays have and a tensor has not: whoever asks for it is told what to write in its place.

    A ``__getattr__`` would say so too, but with one Python takes the slow way to every attribute.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, tensor: Any, kind: Any = None) -> Any:
        if tensor is None:
            raise MissingError(f"type object {kind.__name__!r} has no attribute {self._name!r}")
        raise missing(tensor, self._name)


def refuse_others(kind: Any) -> None:
    """Put on a class of tensors what it does not have of NumPy's arrays."""
    for name in dir(np.ndarray):
        if not name.startswith("__") and not hasattr(kind, name):
            setattr(kind, name, Missing(name))


def _method(name: str, function: Any) -> Any:
    def method(self: Any, *arguments: Any, **keywords: Any) -> Any:
        return function(self, *arguments, **keywords)

    method.__name__, method.__qualname__ = name, f"Methods.{name}"
    method.__doc__ = f"As `numpy.ndarray.{name}`."
    return method


# Methods whose arguments are those of NumPy's function of the same name.
SAME = (
    "argpartition", "argsort", "choose", "conj", "conjugate", "cumprod", "cumsum", "diagonal", "nonzero", "prod",
    "repeat", "searchsorted", "std", "trace", "var",
)  # fmt: skip
for _name in SAME:
    setattr(Methods, _name, _method(_name, getattr(np, _name)))
Methods.compress = _method("compress", lambda self, condition, axis=None: np.compress(condition, self, axis))  # type: ignore[attr-defined]


class NotInPlace:
    """In-place operators that say how a parameter is given a new value; `Parameter` inherits them."""

    __slots__ = ()
    name: Any

    def _in_place(self, sign: str) -> NoReturn:
        text = self._in_code()
        raise UsageError(
            f"`{text} {sign}= ...` would make `{text}` the name of a result and leave the parameter as it is. "
            f"Write `{text}.value = {text}.value {sign} ...`, such as "
            f"`{text}.value = {text}.value - 0.1 * {text}.grad`; or, to compute with it, "
            f"`y = {text} {sign} ...`{here()}"
        )

    def _in_code(self) -> str:
        """What a program that uses it may call it."""
        return name if (name := self.name) and name.isidentifier() else "W"

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        text = self._in_code()
        called = f"{self.name!r} is a parameter" if self.name else "this is a parameter"
        raise GraphLostError(
            f"{called} and cannot be written into. To give it a new value, write "
            f"`{text}.value = {text}.value - 0.1 * {text}.grad`; to change a part of it, "
            f"`b = {text}.value.copy(); b[...] = ...; {text}.value = b`{here()}"
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

    def __ifloordiv__(self, other: Any) -> NoReturn:
        self._in_place("//")

    def __imod__(self, other: Any) -> NoReturn:
        self._in_place("%")

    def __imatmul__(self, other: Any) -> NoReturn:
        self._in_place("@")
