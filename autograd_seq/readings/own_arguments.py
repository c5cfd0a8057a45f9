"""The arguments of the user's own function as a program writes them: elements at a step, lengths, gradients alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autograd_seq.folding.unit import Family
from autograd_seq.readings.own_function import Given, OwnFunction
from autograd_seq.readings.python_text import quoted
from autograd_seq.readings.way import Way, bare
from autograd_seq.writer.tree import record_of

ONE_HOT = """
def one_hot(index, shape):
    result = np.zeros(shape)
    result[index] = 1
    return result
"""


def element(given: Given, time: Callable[[int, int | None], str], last: int, shift: int, at: int | None) -> str:
    """An element at step t + shift, or at a certain step; `time` writes a step with something added."""

    def index(more: int, falls: bool) -> str:
        if not falls:
            return time(shift + more, None if at is None else at + more)
        if at is None:
            away = more - shift
            return "T - t" + (f" {'-' if away < 0 else '+'} {abs(away)}" if away else "")
        return str(last - at + more) if at >= last - 1 else f"T - {at - more}"

    return given.write(index)


def lengths(own: OwnFunction, last: int) -> dict[str, int]:
    """All lengths that the arguments tell, as they are written, with those of the recording."""
    found: dict[str, int] = {}
    for unit, given in own.given.items():
        if isinstance(unit, Family) and (text := count(given.way)) is not None:
            found.setdefault(text, last)
    for unit, given in own.given.items():
        for i, n in enumerate(record_of(unit).shape):
            found.setdefault(given.way.axis(i), n)
    return found


def count(way: Way) -> str | None:
    """How many turns the loop has that goes through an argument; None if nobody knows."""
    counter = way.counter
    told = _simple(counter.parts[0]) if counter is not None and counter.parts else None
    return None if told is None else bare(told.write())


def _simple(way: Way) -> Way | None:
    """A length in which no element of a step is left: ``x[:, :, t].shape[0]`` is ``x.shape[0]``."""
    if way.word == "item" and way.parts[0].argument == "shape" and way.parts[1].word == "number":
        return Way("argument", way.parts[0].parts[0].axis(way.parts[1].argument))
    if way.counter is not None or way.word in ("made", "one-hot", "map"):
        return None
    parts = tuple(_simple(part) for part in way.parts)
    return None if None in parts else Way(way.word, way.argument, parts)  # type: ignore[arg-type]


def length_of(words: str, number: int, value: int, known: dict[str, int]) -> str | None:
    """The length of an axis of what the program calls something; None if nothing that is given is called so."""
    texts = [f"{words}.shape[{number}]"] + [f"len({words})"] * (not number)
    return next((text for text in texts if known.get(text) == value), None)


def gradient_tree(leaves: Iterable[tuple[tuple[Any, ...], str]]) -> Any:
    """Values by their keys, as nested dicts with a d before each first key; whole numbers count in lists."""
    tree: dict[Any, Any] = {}
    for keys, value in leaves:
        inner = tree
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[keys[-1]] = value
    return tree


def written_tree(tree: Any, prefix: str = "d") -> str:
    """A tree of gradients as Python."""
    if isinstance(tree, str):
        return tree
    if tree and all(isinstance(key, int) for key in tree):
        listed = [written_tree(tree[i]) if i in tree else "None" for i in range(max(tree) + 1)]
        return f"[{', '.join(listed)}]"
    return "{" + ", ".join(f"{quoted(prefix + str(key))}: {written_tree(x)}" for key, x in tree.items()) + "}"


# -- how an argument is described


def in_columns(way: Way) -> bool:
    """Whether examples lie along the second axis and time, if there is any, along the third, as in the notes."""
    if way.counter is None:
        return way.word == "argument"
    key = way.parts[1] if way.word == "item" else way
    return key.word == "collect" and len(key.parts) == 3 and key.parts[2].word == "counter"


def described_array(name: str, way: Way, lengths: list[str], told: list[str]) -> str:
    """An argument that has an element for every step: its shape, or the list that it is."""
    item = next((w for w in way.walk() if w.word == "item" and w.parts[0].word == "argument"), None)
    key = item.parts[1] if item is not None else None
    if key is not None and key.word == "counter":
        array = f"array {_tuple(['T', *lengths])}"
        return array if f"{name}.shape" in "".join(told) else f"list of T arrays {_tuple(lengths)}, or {array}"
    places = key.parts if key is not None and key.word == "collect" else ()
    rest, shape = list(lengths), list[str]()
    for place in places:
        if place.word == "slice" and place.counter is None and rest:
            shape.append(rest.pop(0))
        elif place.word == "counter" or place.counter is not None:
            shape.append("T")
            rest = rest[place.word == "slice" :]
    return f"array {_tuple([*shape, *rest])}"


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
