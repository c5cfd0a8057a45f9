"""NumPy for code that is to be recorded: ``import autograd_seq.numpy as np`` and leave the rest as it is.

Everything is NumPy's own, which records by itself when it meets a tensor, but for four
things that NumPy decides without asking the tensor: new arrays (here they can be
assigned into), lists of tensors, random draws by a tensor's values, and conversion.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as _numpy

from autograd_seq import operations as _ops
from autograd_seq import protocols as _protocols
from autograd_seq.assignment import Writable as _Writable
from autograd_seq.assignment import joined as _joined
from autograd_seq.operation import Operation as _Operation
from autograd_seq.operation import settled as _setting
from autograd_seq.tensor import Tensor as _Tensor

# -- new arrays ---------------------------------------------------------------------------


def _writable(value: Any) -> Any:
    """An array of floats as one whose assignments are recorded; counts, words and truth values stay NumPy's."""
    if isinstance(value, _Tensor):
        return _Writable(value)
    return _Writable(value) if value.dtype.kind == "f" else value


def _plain(prototype: Any) -> Any:
    """What a ``…_like`` function looks at, without its graph."""
    return prototype._value if isinstance(prototype, _Tensor) else prototype


def _number(size: Any) -> Any:
    """A length that a tensor gives, noted as a decision on data."""
    return _setting(size) if isinstance(size, _Tensor) else size


def _maker(function: Callable[..., Any], argument: Callable[[Any], Any] = _number) -> Callable[..., Any]:
    def make(*arguments: Any, **keywords: Any) -> Any:
        return _writable(function(*map(argument, arguments), **keywords))

    return _documented(make, function)


def _documented(make: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    make.__name__ = make.__qualname__ = function.__name__
    make.__doc__ = f"As `numpy.{function.__name__}`; assignments into an array of floats are recorded."
    return make


zeros, ones, empty = _maker(_numpy.zeros), _maker(_numpy.ones), _maker(_numpy.empty)
eye, identity = _maker(_numpy.eye), _maker(_numpy.identity)
zeros_like, ones_like = _maker(_numpy.zeros_like, _plain), _maker(_numpy.ones_like, _plain)
empty_like = _maker(_numpy.empty_like, _plain)


def full(shape: Any, fill_value: Any, dtype: Any = None, **keywords: Any) -> Any:
    """As `numpy.full`; a tensor may be what fills it."""
    fill_value = _joined(fill_value)
    if not isinstance(fill_value, _Tensor):
        return _writable(_numpy.full(shape, fill_value, dtype, **keywords))
    filled = _ops.broadcast_to(fill_value, shape if isinstance(shape, tuple) else tuple(_numpy.atleast_1d(shape)))
    return _Writable(filled if dtype is None else _ops.astype(filled, dtype))


def full_like(a: Any, fill_value: Any, dtype: Any = None, **keywords: Any) -> Any:
    """As `numpy.full_like`; a tensor may be what fills it."""
    a, fill_value = _joined(a), _joined(fill_value)
    if not isinstance(fill_value, _Tensor):
        return _writable(_numpy.full_like(_plain(a), fill_value, dtype, **keywords))
    return full(keywords.get("shape") or _numpy.shape(_plain(a)), fill_value, dtype or _numpy.asarray(_plain(a)).dtype)


def array(value: Any, dtype: Any = None, **keywords: Any) -> Any:
    """As `numpy.array`; tensors, and lists that hold tensors, are joined and stay recorded."""
    value = _joined(value)
    if not isinstance(value, _Tensor):
        return _writable(_numpy.array(value, dtype, **keywords))
    dimensions = keywords.get("ndmin", 0) - value.ndim
    if dimensions > 0:
        value = _ops.reshape(value, (1,) * dimensions + value.shape)
    return _writable(value if dtype in (None, value.dtype) else _ops.astype(value, dtype))


def copy(a: Any, *arguments: Any, **keywords: Any) -> Any:
    """As `numpy.copy`; assignments into the copy of a tensor are recorded."""
    a = _joined(a)
    return _Writable(a) if isinstance(a, _Tensor) else _writable(_numpy.copy(a, *arguments, **keywords))


# -- conversion ---------------------------------------------------------------------------


def _converter(function: Callable[..., Any]) -> Callable[..., Any]:
    def convert(a: Any, dtype: Any = None, *arguments: Any, **keywords: Any) -> Any:
        a = _joined(a)
        if not isinstance(a, _Tensor):
            return function(a, dtype, *arguments, **keywords)
        return a if dtype in (None, a.dtype) else _ops.astype(a, dtype)

    _documented(convert, function)
    convert.__doc__ = f"As `numpy.{function.__name__}`; a tensor stays what it is."
    return convert


asarray, asanyarray = _converter(_numpy.asarray), _converter(_numpy.asanyarray)
ascontiguousarray = _converter(_numpy.ascontiguousarray)


# -- functions with a derivative ------------------------------------------------------------


def _recording(function: Any, operation: Any) -> Callable[..., Any]:
    """A function of NumPy's that also takes lists of tensors, and records plain calls without NumPy's way round."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        if not keywords and all([isinstance(x, _Tensor) for x in arguments]):
            return operation(*arguments)
        return function(*map(_joined, arguments), **keywords)

    made: Any = operation.direct(call) if isinstance(operation, _Operation) else call
    for attribute in ("reduce", "accumulate", "outer", "at", "reduceat", "nin", "nout", "nargs", "types", "identity"):
        if hasattr(function, attribute):
            setattr(made, attribute, getattr(function, attribute))
    made.__name__ = made.__qualname__ = function.__name__
    made.__doc__ = f"As `numpy.{function.__name__}`; recorded."
    return made


# -- chance -------------------------------------------------------------------------------


def _settled(value: Any) -> Any:
    """A tensor, or a list that holds tensors, as the values that a random draw needs; noted as a decision on data."""
    value = _joined(value)
    if not isinstance(value, _Tensor):
        return value
    _protocols.note_branch(value)
    return value.value if value.ndim else value.item()


class _Draws(types.ModuleType):
    """``numpy.random``, whose functions take tensors for their values."""

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(_numpy.random, attribute)
        if isinstance(found, type) or not callable(found):
            return found

        def draw(*arguments: Any, **keywords: Any) -> Any:
            settled = {key: _settled(value) for key, value in keywords.items()}
            made = found(*map(_settled, arguments), **settled)
            return _Generator(made.bit_generator) if type(made) is _numpy.random.Generator else made

        return _documented_draw(draw, found)

    def __dir__(self) -> list[str]:
        return dir(_numpy.random)


def _documented_draw(draw: Callable[..., Any], function: Any) -> Callable[..., Any]:
    draw.__name__ = getattr(function, "__name__", "draw")
    draw.__doc__ = getattr(function, "__doc__", None)
    return draw


class _Generator(_numpy.random.Generator):
    """NumPy's generator, whose draws by probabilities take tensors for their values."""

    def choice(self, a: Any, *arguments: Any, **keywords: Any) -> Any:
        """As `numpy.random.Generator.choice`."""
        return super().choice(_settled(a), *arguments, **{key: _settled(value) for key, value in keywords.items()})

    def multinomial(self, n: Any, pvals: Any, size: Any = None) -> Any:
        """As `numpy.random.Generator.multinomial`."""
        return super().multinomial(_settled(n), _settled(pvals), size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """As `numpy.random.Generator.normal`."""
        return super().normal(_settled(loc), _settled(scale), size)


random = _Draws("random")


# -- everything else ------------------------------------------------------------------------

# These take a sequence of arrays and ask each of them; all others take one array, which may be given as a list.
_OF_SEQUENCES = {"concatenate", "stack", "hstack", "vstack", "einsum", "column_stack"}

_protocols.OPERATIONS |= {
    _numpy.zeros_like: zeros_like,
    _numpy.ones_like: ones_like,
    _numpy.empty_like: empty_like,
    _numpy.full_like: full_like,
    _numpy.copy: copy,
}


def __getattr__(attribute: str) -> Any:
    found = getattr(_numpy, attribute)
    operation = _protocols.OPERATIONS.get(found) if callable(found) and not isinstance(found, type) else None
    if operation is not None and attribute not in _OF_SEQUENCES:
        found = _recording(found, operation)
        globals()[attribute] = found  # asked for once
    return found


def __dir__() -> list[str]:
    return sorted({*dir(_numpy), *(key for key in globals() if not key.startswith("_"))})
