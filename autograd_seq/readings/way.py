"""Expressions in the arguments of a function, by keys, indices and what its loops count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from autograd_seq.core.notation import literal
from autograd_seq.readings.python_text import quoted


@dataclass(frozen=True)
class Way:
    """An expression in the arguments of a function.

    Attributes
    ----------
    word : str
        ``argument``, ``number``, ``item`` (of the first part, by the second), ``slice``, ``collect``, ``attribute``,
        ``call``, ``sign`` (of two or one), ``map``, ``made``, ``one-hot`` (of an index, with its shape), or
        ``counter``: what a loop counts.
    argument : object
        The name of an argument, an attribute or a function; a number; a sign; of a counter, what is added to it.
    parts : tuple of Way
        What it is made of; of a counter, how many turns its loop has.
    falls : bool
        Of a counter, whether it counts down.
    """

    word: str
    argument: Any = None
    parts: tuple[Way, ...] = ()
    falls: bool = False

    def walk(self) -> Iterator[Way]:
        """It and everything that it is made of, but for lengths."""
        yield self
        if self.word != "counter" and self.argument not in ("shape", "len"):
            for part in self.parts:
                yield from part.walk()

    @property
    def root(self) -> str | None:
        """The argument that it comes from; None if there is not one."""
        roots = {str(way.argument) for way in self.walk() if way.word == "argument"}
        return roots.pop() if len(roots) == 1 else None

    @property
    def counter(self) -> Way | None:
        """The counter that it has; None if it has none, or if two differ in more than what is added."""
        found = [way for way in self.walk() if way.word == "counter"]
        return found[0] if len({(way.falls, way.parts) for way in found}) == 1 else None

    @property
    def keys(self) -> tuple[Any, ...] | None:
        """The keys by which it is found in its argument, as ``("Wf",)``; None if there is more to it."""
        if self.word == "argument":
            return ()
        if self.word != "item" or self.parts[1].word != "number":
            return None
        outer = self.parts[0].keys
        return None if outer is None else (*outer, self.parts[1].argument)

    def write(self, at: Callable[[int], str] = str) -> str:
        """As Python; `at` writes what a counter is, given what is added to it."""
        parts = [part.write(at) for part in self.parts] if self.word != "counter" else []
        if self.word == "argument":
            return str(self.argument)
        if self.word == "number":
            return quoted(self.argument) if isinstance(self.argument, str) else literal(self.argument)
        if self.word == "counter":
            return at(self.argument)
        if self.word == "item":
            one = self.parts[1].word == "collect" and len(self.parts[1].parts) < 2
            return f"{parts[0]}[{parts[1] if one else bare(parts[1])}]"
        if self.word == "slice":
            ends = ["" if part == "None" else part for part in parts]
            return ":".join(ends[:2] if len(ends) < 3 or not ends[2] else ends)
        if self.word == "collect":
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        if self.word == "attribute":
            return f"{parts[0]}.{self.argument}"
        if self.word == "sign":
            return f"({f' {self.argument} '.join(parts)})" if len(parts) == 2 else f"(-{parts[0]})"
        if self.word == "one-hot":
            return f"one_hot({parts[0]}, {self.argument})"
        return f"{self.argument}({', '.join(parts)})"

    def axis(self, number: int) -> str:
        """The length of an axis, by the argument that has it: that of ``x[:, t]`` at 0 is ``x.shape[0]``."""
        at_first = f"{self.write(lambda more: str(max(more, 0)))}.shape[{number}]"
        if self.word != "item" or self.parts[1].word != "collect":
            return at_first
        of, key = self.parts
        left = [i for i, part in enumerate(key.parts) if part.word == "slice"]
        if len(left) + sum(part.word in ("number", "counter") for part in key.parts) < len(key.parts):
            return at_first
        if number < len(left) and not _is_whole(key.parts[left[number]]):
            return at_first
        return of.axis(left[number] if number < len(left) else number - len(left) + len(key.parts))


MADE = Way("made")  # what the program makes itself, of one number


def bare(text: str) -> str:
    """An expression without parentheses around all of it."""
    depth = 0
    for c in text[:-1]:
        depth += (c == "(") - (c == ")")
        if not depth:
            return text
    return text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text


def without_dots(way: Way, axes: int) -> Way:
    """An element of an array with that many axes: ``x[..., t]`` as ``x[:, :, t]``."""
    key = way.parts[1] if way.word == "item" else None
    if key is None or not any(part.argument is Ellipsis for part in key.parts):
        return way
    whole = written(slice(None))
    more = axes - sum(part.word == "slice" for part in key.parts)
    parts = [p for part in key.parts for p in ([whole] * more if part.argument is Ellipsis else [part])]
    plain = all(part.word in ("slice", "counter", "number") for part in parts) and more >= 0
    return Way("item", None, (way.parts[0], Way("collect", None, tuple(parts)))) if plain else way


def _is_whole(part: Way) -> bool:
    return all(end.argument is None for end in part.parts[:2])


def written(value: Any) -> Way:
    """A constant of the program's text."""
    if isinstance(value, slice):
        return Way("slice", None, tuple(map(written, (value.start, value.stop, value.step))))
    if isinstance(value, (tuple, list)):
        return Way("collect", None, tuple(map(written, value)))
    return Way("number", value)


def uncounted(way: Way) -> Way:
    """The same, of a loop of which nobody knows how many turns it has."""
    parts = () if way.word == "counter" else tuple(map(uncounted, way.parts))
    return replace(way, parts=parts)


def picked(of: Way, key: Way) -> Way | None:
    """An item; of a list that the program has written out, the element."""
    if of.word == "collect" and key.word == "number" and isinstance(key.argument, int):
        return of.parts[key.argument] if -len(of.parts) <= key.argument < len(of.parts) else None
    if of.word == "map":
        return of.parts[of.argument.index(key.argument)] if key.argument in of.argument else None
    return Way("item", None, (of, key))


def shape_as_one(name: str, parts: tuple[Way, ...]) -> tuple[Way, ...]:
    """``x.reshape(-1, 1)`` as ``np.reshape(x, (-1, 1))``."""
    return parts if len(parts) < 3 or name == "expand_dims" else (parts[0], Way("collect", None, parts[1:]))


def counted(sign: str, first: Way, second: Way) -> Way | None:
    """A counter with something added; ``T - 1 - t`` counts down."""
    if first.word == second.word == "number" and sign in "+-":
        return Way("number", first.argument + second.argument * (1 if sign == "+" else -1))
    if sign == "+" and second.word == "counter":
        first, second = second, first
    if first.word == "counter" and second.word == "number" and type(second.argument) is int and sign in "+-":
        more = second.argument if sign == "+" else -second.argument
        return Way("counter", first.argument + more, first.parts, first.falls)
    if sign == "-" and second.word == "counter" and not second.falls and first == _more_text(second):
        return Way("counter", 0, second.parts, True)
    return None


def plain_index(key: Way | None) -> Way | None:
    """An index; None if it does more with a counter than to add something."""
    odd = key is not None and any(way.word not in ("slice", "collect", "counter") and way.counter for way in key.walk())
    return None if odd else key


def _more_text(counter: Way) -> Way | None:
    """``T - 1`` for the counter of a loop of T turns that begins with 0."""
    return added(counter.parts[0], -1) if counter.parts and not counter.argument else None


def added(way: Way, more: int) -> Way:
    """A number and a whole number."""
    if not more:
        return way
    if way.word == "number":
        return Way("number", way.argument + more)
    if way.word == "sign" and way.argument in "+-" and len(way.parts) == 2 and way.parts[1].word == "number":
        more += way.parts[1].argument * (1 if way.argument == "+" else -1)
        return added(way.parts[0], more)
    return Way("sign", "+" if more > 0 else "-", (way, Way("number", abs(more))))


def turned(way: Way) -> Way | None:
    """What a loop the other way round gives."""
    if way.word == "counter":
        return Way("counter", way.argument, way.parts, not way.falls)
    if way.word == "item" and way.parts[1].word == "counter":
        key = turned(way.parts[1])
        return None if key is None else Way("item", None, (way.parts[0], key))
    return None


def turn_before(way: Way) -> Way:
    """The same at the turn before."""
    if way.word == "counter":
        return replace(way, argument=way.argument + (1 if way.falls else -1))
    return replace(way, parts=tuple(map(turn_before, way.parts)))
