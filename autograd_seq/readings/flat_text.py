"""Values as short texts that every graph format can hold: GraphML, GEXF, GML, JSON and DOT, and back.

What no format may lose is decided by the one that takes least of it: XML has no control characters, DOT reads a
backslash, a quotation mark or a number its own way, GML takes ``[]`` for an empty list. So letters that are not plain
are written as ``%5c;``, and what is made of several values is JSON with single quotation marks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError, ValueRangeError

_ESCAPED = re.compile("%([0-9a-f]*);")
_NOT_PLAIN = re.compile(r"""[\x00-\x1f\x7f-\x9f"'\\%\ud800-\udfff\ufffe\uffff]""")
_KINDS = "biuf"  # what arrays are made of here
_NO_FINITE = {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}


def escaped(text: str) -> str:
    """A text in letters that every format leaves as they are.

    Examples
    --------
    >>> from autograd_seq.readings.flat_text import escaped
    >>> escaped("Gamma_f<3>"), escaped("1e5"), escaped('"')
    ('Gamma_f<3>', '%31;e5', '%22;')
    """
    text = _plain(text)
    if text and not _reads_as_other(text):
        return text
    return f"%{ord(text[0]):x};{text[1:]}" if text else "%;"


def _plain(text: str) -> str:
    return _NOT_PLAIN.sub(lambda found: f"%{ord(found[0]):x};", text)


def _reads_as_other(text: str) -> bool:
    """Whether some format takes the text for a number or a list, or drops the blanks around it."""
    if text in ("[]", "()") or text != text.strip() or text[0] == "<":
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def unescaped(text: str) -> str:
    """The text again.

    Examples
    --------
    >>> unescaped(escaped("50% of [a; x]"))
    '50% of [a; x]'
    """
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else "", text)


def numbers(array: Array) -> str:
    """The elements of an array in C order, each with all its digits.

    Examples
    --------
    >>> numbers(np.array([[0.1, np.inf], [1.0, 2.0]]))
    "[0.1, 'inf', 1.0, 2.0]"
    """
    return dumped([_number(x) for x in array.ravel()])


def array_of(text: str, shape: tuple[int, ...], dtype: str) -> Array:
    """The array again.

    Raises
    ------
    ValueRangeError
        If the text is none, or has not as many numbers as the shape says.
    """
    found = loaded(text)
    if np.dtype(dtype).kind not in _KINDS or not isinstance(found, list):
        raise ValueRangeError(f"numbers are written as [0.5, -1.0] and of a dtype such as float64, not {text:.60}")
    result: Array = np.array([_to_number(x, dtype) for x in found], dtype=dtype)
    return result.reshape(shape)


def _number(x: Any) -> Any:
    if not np.isfinite(x) or x.dtype.itemsize > 8:
        return str(x)  # longdouble has more digits than JSON's numbers are read with
    return x.item()


def _to_number(x: Any, dtype: str) -> Any:
    return np.longdouble(x) if isinstance(x, str) and np.dtype(dtype).itemsize > 8 else _NO_FINITE.get(x, x)


# -- settings -------------------------------------------------------------------------------------------------


def tree(value: Any) -> Any:
    """An operation's settings as what JSON can hold: what it has no word for becomes ``{word: content}``.

    Raises
    ------
    UsageError
        For what is not plain data, such as a function.
    """
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and np.isfinite(value)):
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return {"array": [str(value.dtype), list(value.shape), [_number(x) for x in np.ravel(value)]]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"settings": {key: tree(x) for key, x in value.items()}}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [tree(x) for x in value]}
    if isinstance(value, slice):
        return {"slice": [tree(x) for x in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": None}
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return {"dtype": str(np.dtype(value))}
    if isinstance(value, float):
        return {"float": str(value)}
    raise UsageError(f"a setting that is {type(value).__name__} cannot be written to a file")


def from_tree(data: Any) -> Any:
    """The settings again.

    Raises
    ------
    ValueRangeError
        If they are not written so.
    """
    if not isinstance(data, dict):
        return data
    if _text_inside(data):
        raise ValueRangeError(f"settings have text of their own, not inside others: {data!s:.60}")
    (word, content), *more = data.items()
    if not more and word in _READ:
        return _READ[word](content)
    raise ValueRangeError(f"settings are not written as {data!s:.60}")


def _text_inside(data: Any) -> bool:
    """Whether there is text inside a list or tuple, where no operation has any."""
    if not isinstance(data, dict):
        return False
    inside = [x for word in ("tuple", "list", "slice") if isinstance(data.get(word), list) for x in data[word]]
    return any(isinstance(x, str) or _text_inside(x) for x in inside)


def _read_array(content: Any) -> Array:
    dtype, shape, elements = content
    if np.dtype(dtype).kind not in _KINDS:
        raise ValueRangeError(f"an array of {dtype} is not made of numbers")
    return np.array([_to_number(x, dtype) for x in elements], dtype=dtype).reshape(shape)


_READ: dict[str, Callable[[Any], Any]] = {
    "array": _read_array,
    "settings": lambda content: {key: from_tree(x) for key, x in content.items()},
    "tuple": lambda content: tuple(map(from_tree, content)),
    "list": lambda content: [*map(from_tree, content)],
    "slice": lambda content: slice(*map(from_tree, content)),
    "ellipsis": lambda content: Ellipsis,
    "dtype": np.dtype,
    "float": float,
}


# -- JSON that no format disturbs -----------------------------------------------------------------------------


def dumped(data: Any) -> str:
    """A tree of plain data as JSON, with single quotation marks.

    Examples
    --------
    >>> dumped({"axis": 0, "keepdims": False})
    "{'axis': 0, 'keepdims': false}"
    """
    return json.dumps(_each_text(data, _plain), ensure_ascii=False).replace('"', "'")


def loaded(text: str) -> Any:
    """The tree again.

    Raises
    ------
    ValueRangeError
        If it is none.
    """
    try:
        return _each_text(json.loads(text.replace("'", '"')), unescaped)
    except (ValueError, RecursionError) as error:
        raise ValueRangeError(f"not written as numbers and settings are: {text:.60}") from error


def _each_text(data: Any, change: Any) -> Any:
    if isinstance(data, str):
        return change(data)
    if isinstance(data, list):
        return [_each_text(x, change) for x in data]
    if isinstance(data, dict):
        return {change(key): _each_text(x, change) for key, x in data.items()}
    return data
