"""NumPy's functions that `autograd_seq.numpy` hands out in another form than NumPy, and how it finds the others.

Everything is NumPy's own, which records by itself when it meets a tensor, but for four
things that NumPy decides without asking the tensor: new arrays (here they can be
assigned into), lists of tensors (`np.r_` and `np.c_` among what takes them), random
draws by a tensor's values, and conversion.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.assignment import Writable, joined
from autograd_seq.core.operation import BY_NUMPY, Operation, settled
from autograd_seq.core.program_arguments import Taken, callers_of, leaf_of, remember_join
from autograd_seq.core.program_names import callers
from autograd_seq.core.protocols import misfit_of
from autograd_seq.core.scope import note_branch
from autograd_seq.core.shortcuts import direct
from autograd_seq.core.source_line import user_frame
from autograd_seq.core.tensor import Tensor
from autograd_seq.operations.joining import OF_SEQUENCES

# -- new arrays ---------------------------------------------------------------------------


def _writable(value: Any) -> Any:
    """An array of floats as one whose assignments are recorded; counts, words and truth values stay NumPy's."""
    if isinstance(value, Tensor):
        return Writable(value)
    return Writable(value) if value.dtype.kind == "f" else value


def _plain(prototype: Any) -> Any:
    """What a ``…_like`` function looks at, without its graph."""
    return prototype._value if isinstance(prototype, Tensor) else prototype


def _number(size: Any) -> Any:
    """A length that a tensor gives, noted as a decision on data."""
    return settled(size) if isinstance(size, Tensor) else size


def _maker(function: Callable[..., Any], argument: Callable[[Any], Any] = _number) -> Callable[..., Any]:
    def make(*arguments: Any, **keywords: Any) -> Any:
        return _writable(function(*map(argument, arguments), **keywords))

    return _documented(make, function)


def _documented(make: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    make.__name__ = make.__qualname__ = function.__name__
    make.__doc__ = f"As `numpy.{function.__name__}`; assignments into an array of floats are recorded."
    return make


zeros, ones, empty = _maker(np.zeros), _maker(np.ones), _maker(np.empty)
eye, identity = _maker(np.eye), _maker(np.identity)
zeros_like, ones_like = _maker(np.zeros_like, _plain), _maker(np.ones_like, _plain)
empty_like = _maker(np.empty_like, _plain)


def full(shape: Any, fill_value: Any, dtype: Any = None, **keywords: Any) -> Any:
    """As `numpy.full`; a tensor may be what fills it."""
    fill_value = joined(fill_value)
    if not isinstance(fill_value, Tensor):
        return _writable(np.full(shape, fill_value, dtype, **keywords))
    filled = ops.broadcast_to(fill_value, shape if isinstance(shape, tuple) else tuple(np.atleast_1d(shape)))
    return Writable(filled if dtype is None else ops.astype(filled, dtype))


def full_like(a: Any, fill_value: Any, dtype: Any = None, **keywords: Any) -> Any:
    """As `numpy.full_like`; a tensor may be what fills it."""
    a, fill_value = joined(a), joined(fill_value)
    if not isinstance(fill_value, Tensor):
        return _writable(np.full_like(_plain(a), fill_value, dtype, **keywords))
    return full(keywords.get("shape") or np.shape(_plain(a)), fill_value, dtype or np.asarray(_plain(a)).dtype)


def array(value: Any, dtype: Any = None, **keywords: Any) -> Any:
    """As `numpy.array`; tensors, and lists that hold tensors, are joined and stay recorded."""
    value = joined(value)
    if not isinstance(value, Tensor):
        return _copied(np.array(value, dtype, **keywords))
    dimensions = keywords.get("ndmin", 0) - value.ndim
    if dimensions > 0:
        value = ops.reshape(value, (1,) * dimensions + value.shape)
    return _writable(value if dtype in (None, value.dtype) else ops.astype(value, dtype))


def copy(a: Any, *arguments: Any, **keywords: Any) -> Any:
    """As `numpy.copy`; assignments into the copy of a tensor are recorded."""
    a = joined(a)
    return Writable(a) if isinstance(a, Tensor) else _copied(np.copy(a, *arguments, **keywords))


def _copied(array: Any) -> Any:
    """A copy of plain numbers: they are called what was copied."""
    made, frame = _writable(array), user_frame()
    if isinstance(made, Tensor) and frame is not None:
        made.record._origin = Taken(callers_of(frame), 0, 1)
    return made


# -- conversion ---------------------------------------------------------------------------


def _converter(function: Callable[..., Any]) -> Callable[..., Any]:
    def convert(a: Any, dtype: Any = None, *arguments: Any, **keywords: Any) -> Any:
        a = joined(a)
        if not isinstance(a, Tensor):
            return function(a, dtype, *arguments, **keywords)
        return a if dtype in (None, a.dtype) else ops.astype(a, dtype)

    _documented(convert, function)
    convert.__doc__ = f"As `numpy.{function.__name__}`; a tensor stays what it is."
    return convert


asarray, asanyarray = _converter(np.asarray), _converter(np.asanyarray)
ascontiguousarray = _converter(np.ascontiguousarray)


# -- joining ------------------------------------------------------------------------------


def concatenate(arrays: Any, axis: Any = 0, *arguments: Any, **keywords: Any) -> Any:
    """As `numpy.concatenate`; how plain arrays were joined is recorded where the result meets a tensor."""
    made = np.concatenate(arrays, axis, *arguments, **keywords)
    if axis is not None and not arguments and not keywords:
        _remember(made, arrays, axis, 1)
    return made


def vstack(tup: Any, **keywords: Any) -> Any:
    """As `numpy.vstack`; how plain arrays were joined is recorded where the result meets a tensor."""
    made = np.vstack(tup, **keywords)
    if not keywords:
        _remember(made, tup, 0, 2)
    return made


def hstack(tup: Any, **keywords: Any) -> Any:
    """As `numpy.hstack`; how plain arrays were joined is recorded where the result meets a tensor."""
    made = np.hstack(tup, **keywords)
    if not keywords:
        _remember(made, tup, min(made.ndim - 1, 1), 1)
    return made


def _remember(made: Any, arrays: Any, axis: Any, axes: int) -> None:
    """Keep what plain arrays of so many axes at least were joined to, under the line that joined them."""
    parts = tuple(arrays) if type(made) is np.ndarray else ()
    plain = all(type(part) is np.ndarray and part.dtype == made.dtype and part.ndim >= axes for part in parts)
    frame = user_frame() if parts and plain else None
    if frame is None:
        return
    code, offset = frame.f_code, frame.f_lasti
    places, results = callers_of(frame), callers(frame)

    def join() -> Tensor:
        leaves = [leaf_of(part, Tensor, i, len(parts), places) for i, part in enumerate(parts)]
        record: Tensor = ops.concatenate(leaves, axis=axis)
        record._code, record._offset, record._origin = code, offset, results
        return record

    remember_join(made, join)


# -- functions with a derivative ------------------------------------------------------------


def _recording(function: Any, operation: Any) -> Callable[..., Any]:
    """A function of NumPy's that also takes lists of tensors, and records plain calls without NumPy's way round."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        places = function is np.where and len(arguments) == 1  # of a condition alone: where it holds
        if not keywords and not places and all([isinstance(x, Tensor) for x in arguments]):
            try:
                return operation(*arguments)
            except TypeError as error:
                if (misfit := misfit_of(function, operation, arguments, keywords)) is None:
                    raise
                raise misfit from error
        return function(*map(joined, arguments), **keywords)

    made: Any = direct(operation, call) if isinstance(operation, Operation) else call
    for attribute in ("reduce", "accumulate", "outer", "at", "reduceat", "nin", "nout", "nargs", "types", "identity"):
        if hasattr(function, attribute):
            setattr(made, attribute, getattr(function, attribute))
    made.__name__ = made.__qualname__ = function.__name__
    made.__doc__ = f"As `numpy.{function.__name__}`; recorded."
    return made


# -- chance -------------------------------------------------------------------------------


def _settled(value: Any) -> Any:
    """A tensor, or a list that holds tensors, as the values that a random draw needs; noted as a decision on data."""
    value = joined(value)
    if not isinstance(value, Tensor):
        return value
    note_branch(value)
    return value.value if value.ndim else value.item()


class _Draws(types.ModuleType):
    """``numpy.random``, whose functions take tensors for their values."""

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(np.random, attribute)
        if isinstance(found, type) or not callable(found):
            return found

        def draw(*arguments: Any, **keywords: Any) -> Any:
            settled = {key: _settled(value) for key, value in keywords.items()}
            made = found(*map(_settled, arguments), **settled)
            return _Generator(made.bit_generator) if type(made) is np.random.Generator else made

        return _documented_draw(draw, found)

    def __dir__(self) -> list[str]:
        return dir(np.random)


def _documented_draw(draw: Callable[..., Any], function: Any) -> Callable[..., Any]:
    draw.__name__ = getattr(function, "__name__", "draw")
    draw.__doc__ = getattr(function, "__doc__", None)
    return draw


class _Generator(np.random.Generator):
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

BY_NUMPY.update({
    np.zeros_like: zeros_like,
    np.ones_like: ones_like,
    np.empty_like: empty_like,
    np.full_like: full_like,
    np.copy: copy,
})  # fmt: skip


def finder(namespace: dict[str, Any], module: types.ModuleType = np) -> Callable[[str], Any]:
    """The ``__getattr__`` of what hands out a module of NumPy's, where what has been found once is kept.

    The namespace must have no function of its own: that would find NumPy's `all` there in place of Python's.
    """

    def find(attribute: str) -> Any:
        found = getattr(module, attribute)
        operation = BY_NUMPY.get(found) if callable(found) and not isinstance(found, type) else None
        if operation is not None and found not in OF_SEQUENCES:
            namespace[attribute] = found = _recording(found, operation)
        return found

    return find


def names() -> list[str]:
    """The ``__dir__`` of that module."""
    return dir(np)


def _space(name: str) -> types.ModuleType:
    """A module within NumPy, whose functions also take lists of tensors."""
    numpys = getattr(np, name)
    module = types.ModuleType(f"autograd_seq.numpy.{name}", numpys.__doc__)
    vars(module).update(__getattr__=finder(vars(module), numpys), __dir__=lambda: dir(numpys))
    return module


linalg, fft = _space("linalg"), _space("fft")
