"""What was seen of somebody's function while it ran: what one of its lines made, and how values are called there."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.own_code import MOST_CALLS, Part

MOST_SEEN = 240  # values under some name
LONGEST_NAME = 30
Called = tuple[str, Array]  # how a value is called, and the value
Place = tuple[int, str, str]  # the number of a line, what stands there, and the file if it is another one


@dataclass(frozen=True)
class Seen:
    """What a function was seen to hold.

    Attributes
    ----------
    made : list of (str, ndarray)
        What a line of it made, each under what it was assigned to; under no name what it handed to another function.
    held : list of (str, ndarray)
        What its variables and entries held, the simplest names first.
    calls : list of list of (str, ndarray)
        The same at the end of each of its first calls.
    caller : Place or None
        The line that calls it, where that hands over nothing but zeros for one of its arguments.
    """

    made: list[Called]
    held: list[Called]
    calls: list[list[Called]] = field(default_factory=list)
    caller: Place | None = None


def seen(parts: Iterable[Part], line: int, file: str) -> Seen | None:
    """What was seen of the function in which a line stands; None if it is none of these.

    Parameters
    ----------
    parts : iterable of Part
        Functions that ran.
    line : int
        Its number.
    file : str
        The whole name of its file.
    """
    for part in parts:
        if part.file == file and part.tree.lineno <= line <= (part.tree.end_lineno or line):
            made = [*part.named.get(line, ()), *(("", v) for _, v in part.handed.get(line, ()))]
            held = [c for entries in part.named.values() for c in entries]
            held += [c for call in part.calls for c in call.items()]
            made, held = ([c for c in several if _is_compared(c[1])] for several in (made, held))
            calls = [_simplest(c for c in call.items() if _is_compared(c[1])) for call in part.calls]
            return Seen(made, _simplest(held)[:MOST_SEEN], calls)
    return None


def _is_compared(value: Any) -> bool:
    """Whether something can be a value of the true pass: an array of numbers that are not whole by nature."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _simplest(held: Iterable[Called]) -> list[Called]:
    """What has a name, the simplest first."""
    simple = [c for c in held if _is_name(c[0])]
    return sorted(simple, key=lambda c: (not c[0].isidentifier(), len(c[0])))


def _is_name(text: str) -> bool:
    """Whether something is a variable, or an entry or an attribute of one, and so can be told as a name."""
    try:
        node: Any = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute) and node.attr in ("T", "real"):
            return False
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, (ast.Constant, ast.Name)):
            return False
        node = node.value
    return isinstance(node, ast.Name) and len(text) <= LONGEST_NAME


def to_data(found: Seen | None) -> dict[str, Any] | None:
    """As lists."""
    if found is None:
        return None
    calls = [[list(c) for c in call] for call in found.calls]
    caller = None if found.caller is None else list(found.caller)
    return {"made": [list(c) for c in found.made], "held": [list(c) for c in found.held], "calls": calls,
            "caller": caller}  # fmt: skip


def from_data(data: Any) -> Seen | None:
    """The same again, as far as it can be read."""
    if not isinstance(data, Mapping):
        return None
    told = data.get("calls")
    calls = [list(_readable(call)) for call in told[:MOST_CALLS]] if isinstance(told, (list, tuple)) else []
    return Seen(list(_readable(data.get("made"))), list(_readable(data.get("held"))), calls, _place(data.get("caller")))


def _place(told: Any) -> Place | None:
    if not isinstance(told, (list, tuple)) or len(told) != 3 or type(told[0]) is not int:
        return None
    line, text, file = told
    return (line, text, file) if isinstance(text, str) and isinstance(file, str) else None


def _readable(told: Any) -> Iterator[Called]:
    for pair in told if isinstance(told, (list, tuple)) else ():
        if isinstance(pair, (list, tuple)) and len(pair) == 2 and _is_compared(pair[1]):
            name = str(pair[0])
            if not name or _is_name(name):
                yield name, pair[1]
