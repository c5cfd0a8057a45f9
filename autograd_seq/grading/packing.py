"""Values as plain data: a tree in JSON, and its arrays as a block of bytes; nothing in either can run.

Both sides of a cage use it, so it imports nothing of ours. What comes out of one is read as if a stranger had written
it: kinds, sizes and depth are limited, and whatever does not fit is refused as a whole.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograd_seq.core.array import Array

DEEPEST = 40  # values within values
MOST_BYTES = 16_000_000  # of all arrays in one message
LONGEST_TEXT = 2_000  # letters of what is not a number, when it is only shown
_CHECK = 4  # bytes of the number by which damage is seen
_KIND = re.compile("[<>|][biufc][0-9]{1,2}")  # what NumPy calls arrays of numbers
_OTHER = "it hands back an array that is not made of numbers, or not of as many as it says"
_PLAIN = (bool, int, float, str, type(None))


class UnreadableError(Exception):
    """What came from the other side is not a message."""


class Shown:
    """What stands for a value that is neither a number nor made of numbers: how it is printed, and its type's name."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, text

    def __repr__(self) -> str:
        return self.text


class Kept:
    """What stands for a value that stays where it is, such as a cache: a number by which to ask for it again."""

    def __init__(self, number: int) -> None:
        self.number = number


# -- to data --------------------------------------------------------------------------------------------------


def pack(value: Any) -> tuple[Any, dict[str, Array]]:
    """A value as a tree that JSON can hold and the arrays that it refers to.

    An array that is there several times, as the parameters are in the cache of every time step, is sent once, and is
    one array on the other side too.

    Examples
    --------
    >>> tree, arrays = pack({"dW": np.ones(2), "n": (1, None)})
    >>> tree
    {'dict': [['dW', {'array': 'a0'}], ['n', {'tuple': [1, None]}]]}
    """
    arrays = _Arrays()
    return _packed(value, arrays, 0), arrays


class _Arrays(dict[str, "Array"]):
    """Arrays under their keys, and which objects they were."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[int, tuple[Any, str]] = {}  # with the object, lest another takes its place in memory

    def key_of(self, value: Any, array: Array) -> str:
        """The key of an array that is sent for a value."""
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        key = f"a{len(self)}"
        self[key] = array
        self._known[id(value)] = value, key
        return key


def _packed(value: Any, arrays: _Arrays, depth: int) -> Any:
    if depth > DEEPEST:
        return _shown(value)
    if type(value) in _PLAIN and not (isinstance(value, float) and not math.isfinite(value)):
        return value if not isinstance(value, int) or abs(value) < 2**63 else _shown(value)
    if isinstance(value, Kept):
        return {"kept": value.number}
    if isinstance(value, Mapping):
        return {"dict": [[_key(k), _packed(v, arrays, depth + 1)] for k, v in value.items()]}
    if type(value) in (tuple, list) and not _is_table(value):
        return {type(value).__name__: [_packed(v, arrays, depth + 1) for v in value]}
    if isinstance(value, slice):
        return {"slice": [_packed(v, arrays, depth + 1) for v in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    array = _as_array(value)
    return _shown(value) if array is None else {"array": arrays.key_of(value, array)}


def _is_table(value: Any) -> bool:
    """Whether a list is a long one of plain numbers, which is better sent as an array."""
    return type(value) is list and len(value) > 1000 and all(type(v) in (int, float) for v in value)


def _key(key: Any) -> Any:
    return key if type(key) in _PLAIN else str(key)[:LONGEST_TEXT]


def _as_array(value: Any) -> Array | None:
    """Numbers as an array of their own; None for all else. A tensor is its value."""
    value = getattr(value, "_value", value)
    try:
        array = np.asarray(value)
    except Exception:  # whatever a student's class does when it is asked for an array
        return None
    return np.array(array) if array.dtype.kind in "biufc" else None


def _shown(value: Any) -> Any:
    try:
        text = repr(value)[:LONGEST_TEXT]
    except Exception as error:  # a student's __repr__
        text = f"<{type(error).__name__} in its __repr__>"
    return {"shown": [type(value).__name__[:200], text]}


# -- from data ------------------------------------------------------------------------------------------------


def unpack(tree: Any, arrays: Mapping[str, Array], keep: Any = None) -> Any:
    """The value again; `keep` says what a `Kept` stands for, which is otherwise left as it is.

    Raises
    ------
    UnreadableError
        If it is no such tree.
    """
    return _unpacked(tree, arrays, keep, 0)


def _unpacked(tree: Any, arrays: Mapping[str, Array], keep: Any, depth: int) -> Any:
    if type(tree) in _PLAIN:
        return tree
    if depth > DEEPEST + 2 or not isinstance(tree, dict) or len(tree) != 1:
        raise UnreadableError("it hands back what is not a value")
    (kind, content), *_ = tree.items()
    if kind == "array" and isinstance(content, str) and content in arrays:
        return arrays[content]
    if kind == "kept" and type(content) is int:
        return Kept(content) if keep is None else keep(content)
    if kind == "ellipsis":
        return Ellipsis
    if kind in ("tuple", "list", "slice", "dict", "shown") and isinstance(content, list):
        return _built(kind, content, lambda part: _unpacked(part, arrays, keep, depth + 1))
    raise UnreadableError("it hands back what is not a value")


def _built(sort: str, content: list[Any], inner: Any) -> Any:
    if sort in ("tuple", "list"):
        return (tuple if sort == "tuple" else list)(map(inner, content))
    if sort == "slice" and len(content) == 3:
        return slice(*map(inner, content))
    if sort == "shown" and len(content) == 2 and all(isinstance(part, str) for part in content):
        kind = content[0] if content[0].isidentifier() else "Shown"
        shown: Shown = type(kind, (Shown,), {})(content[0], content[1])  # messages name the type
        return shown
    pairs = [pair for pair in content if isinstance(pair, list) and len(pair) == 2 and type(pair[0]) in _PLAIN]
    if sort == "dict" and len(pairs) == len(content):
        return {key: inner(value) for key, value in pairs}
    raise UnreadableError("it hands back what is not a value")


# -- arrays as a block of bytes -------------------------------------------------------------------------------


def block(arrays: Mapping[str, Array]) -> bytes:
    """Arrays one behind another, after a line that says what each is, and a number by which damage is seen.

    A search asks a cage dozens of times, and an archive with an entry for each array takes twenty times as long.
    """
    said = json.dumps([[key, array.dtype.str, array.shape] for key, array in arrays.items()])
    content = b"\n".join([said.encode("ascii"), b"".join(array.tobytes() for array in arrays.values())])
    return zlib.crc32(content).to_bytes(_CHECK, "little") + content


def from_block(content: bytes, most: float = MOST_BYTES) -> dict[str, Array]:
    """The arrays of such a block; what is not an array of numbers, or is larger than allowed, is refused as a whole.

    Raises
    ------
    UnreadableError
        If it is none.
    """
    try:
        return dict(_entries(content, most))
    except UnreadableError:
        raise
    except Exception as error:  # a damaged block raises nearly anything
        raise UnreadableError(f"it hands back a damaged block of numbers ({type(error).__name__})") from None


def _entries(content: bytes, most: float) -> Iterator[tuple[str, Array]]:
    if zlib.crc32(memoryview(content)[_CHECK:]) != int.from_bytes(content[:_CHECK], "little"):
        raise ValueError
    end = content.index(b"\n", _CHECK)
    place = end + 1
    if len(content) - place > most:
        raise UnreadableError("it hands back more numbers than are read")
    for key, kind, shape in json.loads(content[_CHECK:end]):
        if not _KIND.fullmatch(kind) or any(type(n) is not int or n < 0 for n in shape):
            raise UnreadableError(_OTHER)
        dtype, count = np.dtype(kind), math.prod(shape)
        yield str(key), np.frombuffer(content, dtype, count, place).reshape(shape).copy()
        place += count * dtype.itemsize
    if place != len(content):
        raise UnreadableError(_OTHER)


def dumps(message: Mapping[str, Any]) -> bytes:
    """A message in ASCII, without an end of line."""
    return json.dumps(message, ensure_ascii=True, allow_nan=False).encode("ascii")
