"""What a function reads from around it: the global and nonlocal names in its text, and in that of functions it names.

A recording takes their values in as they are. What can be seen from outside is compared at each call: which object a
name stands for, the value of a number or a text, the content of a small array. What stands in a list, a dict, an
attribute or a random generator cannot be seen.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from autograd_seq.core.source_line import ours
from autograd_seq.plan.arguments import Given

SMALL = 1 << 16  # bytes of an array whose content is compared
_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_NONLOCAL = {"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"}
_PLAIN = (bool, int, float, complex, str, bytes, np.generic)
_NOTHING = object()


@dataclass(slots=True)
class Name:
    """A name outside of a function, and what it stood for when the function was recorded.

    Attributes
    ----------
    name : str
    read : callable
        What it stands for now.
    thing : object
    content : bytes or None
        Of a small array.
    """

    name: str
    read: Callable[[], Any]
    thing: Any
    content: bytes | None

    def holds(self, given: Sequence[Given]) -> bool:
        """Whether it stands for the same."""
        now = self.read()
        if now is not self.thing:
            return type(now) is type(self.thing) and isinstance(now, _PLAIN) and bool(now == self.thing)
        return self.content is None or self.content == _content(now)

    def __str__(self) -> str:
        return f"{self.name} is read from around the function: each new value costs a recording"


def around(function: Any) -> list[Name]:
    """The names outside of a function that its text reads, with what they stand for now."""
    found: dict[tuple[int, str], Name] = {}
    seen: set[int] = set()
    stack = [_plain(function)]
    while stack:
        function = stack.pop()
        if not isinstance(function, FunctionType) or id(function) in seen or ours(function.__code__):
            continue
        seen.add(id(function))
        for where, name, read in _names(function):
            if (thing := read()) is not _NOTHING:
                found.setdefault((where, name), Name(name, read, thing, _content(thing)))
                stack.append(thing)
    return list(found.values())


def _plain(thing: Any) -> Any:
    """The function in a partial or a bound method, or of an object that can be called."""
    while (inner := getattr(thing, "func", getattr(thing, "__func__", None))) is not None:
        thing = inner
    return thing if isinstance(thing, FunctionType) else type(thing).__call__


def _names(function: FunctionType) -> Iterator[tuple[int, str, Callable[[], Any]]]:
    """Each name that a function reads from around it: where it is kept, what it is called, how it is read."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    for name in sorted(set(_loaded(function.__code__, _NONLOCAL)) & set(cells)):
        yield id(cells[name]), name, partial(_of_cell, cells[name])
    everywhere = function.__globals__
    for name in sorted(set(_loaded(function.__code__, _GLOBAL)) & set(everywhere)):
        yield id(everywhere), name, partial(everywhere.get, name, _NOTHING)


def _loaded(code: CodeType, how: set[str]) -> Iterator[str]:
    """The names that a function's text reads, with those of the functions that are made in it."""
    steps = list(dis.get_instructions(code))
    for i, step in enumerate(steps):
        if step.opname in how and not _counted(steps[i : i + 4]):
            yield step.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _loaded(constant, how)


def _counted(steps: list[dis.Instruction]) -> bool:
    """Whether a name is read to be counted up alone, as in ``calls += 1``."""
    if len(steps) < 4 or steps[2].opname != "BINARY_OP" or not steps[2].argrepr.endswith("="):
        return False
    return steps[3].opname.startswith("STORE_") and steps[3].argval == steps[0].argval


def _of_cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing has been assigned yet
        return _NOTHING


def _content(thing: Any) -> bytes | None:
    return thing.tobytes() if isinstance(thing, np.ndarray) and thing.nbytes <= SMALL else None
