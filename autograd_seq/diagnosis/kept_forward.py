"""A forward pass that need not run again while lines of the backward pass are changed: what it handed over is copied.

That takes a fraction of the time, and thousands of changes are tried. It is done where a copy is sure to be as good as
another run: where the cache consists of numbers, arrays and plain containers of them, and nothing else is read.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq.diagnosis.own_code import functions_in
from autograd_seq.diagnosis.pair import Pair

_IMMUTABLE = (int, float, complex, bool, str, bytes, type(None), slice, range, type(...))


class NotPlainError(Exception):
    """Something of which a copy may not be as good."""


class KeptForward:
    """What a forward pass handed to its backward pass.

    Parameters
    ----------
    pair : Pair
        Both.
    inputs : mapping
        What it is called with.

    Raises
    ------
    NotPlainError
        If it has to run each time.
    """

    def __init__(self, pair: Pair, inputs: Mapping[str, Any]) -> None:
        if not all(isinstance(thing, (*_IMMUTABLE, np.generic)) for thing in pair.held()):
            raise NotPlainError
        ran: set[types.CodeType] = set()
        before = sys.getprofile()
        sys.setprofile(lambda frame, event, argument: ran.add(frame.f_code))
        try:
            self._cache = pair.forward(inputs).cache
        finally:
            sys.setprofile(before)
        copied(self._cache)
        known = functions_in([getattr(f, "__func__", f) for f in pair.parts], pair.spaces)
        self._functions = [(f, f.__code__) for f in known if _runs_in(f.__code__, ran)]

    @property
    def holds(self) -> bool:
        """Whether all functions that ran do what they did then."""
        return all(function.__code__ is code for function, code in self._functions)

    def cache(self) -> Any:
        """As if it had run once more."""
        return copied(self._cache)


def _runs_in(code: types.CodeType, ran: set[types.CodeType]) -> bool:
    """Whether a function ran, or one that is defined within it."""
    return code in ran or any(_runs_in(c, ran) for c in code.co_consts if isinstance(c, types.CodeType))


def copied(thing: Any, known: dict[int, Any] | None = None) -> Any:
    """A copy of plain containers and arrays, in which what was one thing twice is one thing again.

    Raises
    ------
    NotPlainError
        If there is something else, or an array that shares its numbers with another one.

    Examples
    --------
    >>> a = np.ones(2)
    >>> b, c = copied((a, [a]))
    >>> b is c[0], b is a
    (True, False)
    """
    kind = type(thing)
    if kind in _IMMUTABLE or isinstance(thing, np.generic):
        return thing
    known = {} if known is None else known
    if id(thing) in known:
        return known[id(thing)]
    if kind is np.ndarray:
        if thing.base is not None or thing.dtype.kind == "O":
            raise NotPlainError
        made = thing.copy(order="K")
    elif kind is tuple:
        return tuple([copied(part, known) for part in thing])
    elif kind is list:
        made = known[id(thing)] = []
        made.extend([copied(part, known) for part in thing])
    elif kind is dict:
        made = known[id(thing)] = {}
        made.update({key: copied(part, known) for key, part in thing.items()})
    else:
        raise NotPlainError
    known[id(thing)] = made
    return made


def is_plain(thing: Any) -> bool:
    """Whether it can be `copied`."""
    try:
        copied(thing)
    except NotPlainError:
        return False
    return True
