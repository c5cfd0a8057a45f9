"""What makes an operation's results, as few long instructions: terms that are built alike are computed together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.readings.live.scalar_terms import Term, Terms, UnsaidError

MOST = 200_000  # terms of one operation


@dataclass
class Source:
    """Where numbers come from.

    Attributes
    ----------
    kind : str
        ``"in"``: an input; ``"group"``: an earlier group; ``"number"``: a constant.
    which : int or float
        The input's slot, the group's place, or the number itself.
    positions : list of int
        The elements of it.
    """

    kind: str
    which: Any
    positions: list[int] = field(default_factory=list)


@dataclass
class Group:
    """One instruction: the same word for several results.

    Attributes
    ----------
    word : str
        What is done.
    operands : list of Source
        Of each operand one element a result; of a sum over many, `terms` elements a result.
    size : int
        How many results.
    terms : int
        How many numbers a result is the sum of; 0 if it is no such sum.
    """

    word: str
    operands: list[Source]
    size: int = 0
    terms: int = 0


@dataclass
class Recipe:
    """The instructions for an operation on inputs of given shapes.

    Attributes
    ----------
    groups : list of Group
        In the order of computation.
    results : list of tuple
        For each element of the result ``(kind, which, position)``.
    """

    groups: list[Group]
    results: list[tuple[str, Any, int]]


def recipe(terms: Terms, results: Array) -> Recipe:
    """The instructions that make an array of terms.

    Examples
    --------
    >>> import numpy as np
    >>> terms = Terms()
    >>> x = terms.inputs(0, (3,))
    >>> made = recipe(terms, 2 * x + 1)
    >>> [(group.word, group.size) for group in made.groups]
    [('multiply', 3), ('add', 3)]
    """
    ends = [terms.number(x) for x in results.ravel().tolist()]
    if len(terms.nodes) > MOST:
        raise UnsaidError(f"it takes {len(terms.nodes)} steps, which is too many")
    return _Grouping(terms, ends).recipe


class _Grouping:
    def __init__(self, terms: Terms, ends: list[Term]) -> None:
        self.nodes = terms.nodes
        needed = self._needed([end.number for end in ends])
        self.uses = Counter(operand for i in needed for operand in self._operands(i))
        self.uses.update(end.number for end in ends)
        self.inside = {x for i in needed for x in self._absorbed(i)}
        self.places: dict[int, tuple[str, Any, int]] = {}
        self.groups: list[Group] = []
        self._found: dict[Any, int] = {}
        for i in sorted(needed - self.inside):  # operands were made before what is made of them
            self.places[i] = self._place(i)
        self.recipe = Recipe(self.groups, [self.places[end.number] for end in ends])

    def _operands(self, i: int) -> tuple[int, ...]:
        return () if self.nodes[i][0] in ("in", "number") else self.nodes[i][1:]

    def _needed(self, ends: list[int]) -> set[int]:
        found, stack = set(ends), list(ends)
        while stack:
            for operand in self._operands(stack.pop()):
                if operand not in found:
                    found.add(operand)
                    stack.append(operand)
        return found

    def _absorbed(self, i: int) -> list[int]:
        """The sums that only a sum uses: they are part of it."""
        if self.nodes[i][0] != "add":
            return []
        return [x for x in self._operands(i) if self.nodes[x][0] == "add" and self.uses[x] == 1]

    def _summands(self, i: int) -> list[int]:
        """What a sum adds up, those of the sums within it included, from left to right."""
        found: list[int] = []
        stack = [i]
        while stack:
            x = stack.pop()
            if x == i or x in self.inside:
                stack.extend(reversed(self._operands(x)))
            else:
                found.append(x)
        return found

    def _place(self, i: int) -> tuple[str, Any, int]:
        word, *operands = self.nodes[i]
        if word == "in":
            return word, operands[0], operands[1]
        if word == "number":
            return word, operands[0], 0
        if word == "add" and len(summands := self._summands(i)) > 2:
            return self._sum([self.places[x] for x in summands])
        return self._member(word, [self.places[x] for x in operands])

    def _sum(self, places: list[tuple[str, Any, int]]) -> tuple[str, Any, int]:
        """A sum of many: those of one source in one go, and then what each source gave."""
        sources: dict[Any, list[tuple[str, Any, int]]] = {}
        for place in places:
            sources.setdefault((place[0], str(place[1]), place[1]), []).append(place)
        sums = [self._sum_of(members) for members in sources.values()]
        total = sums[0]
        for other in sums[1:]:
            total = self._member("add", [total, other])
        return total

    def _sum_of(self, places: list[tuple[str, Any, int]]) -> tuple[str, Any, int]:
        if len(places) == 1:
            return places[0]
        if len(places) == 2 or places[0][0] == "number":
            total = places[0]
            for place in places[1:]:
                total = self._member("add", [total, place])
            return total
        kind, which, _ = places[0]
        g = self._group(("sum", kind, str(which), len(places)), "reduce add", [(kind, which)], len(places))
        self.groups[g].operands[0].positions += [position for _, _, position in places]
        self.groups[g].size += 1
        return "group", g, self.groups[g].size - 1

    def _member(self, word: str, places: list[tuple[str, Any, int]]) -> tuple[str, Any, int]:
        key = (word, *((kind, str(which)) for kind, which, _ in places))
        g = self._group(key, word, [(kind, which) for kind, which, _ in places], 0)
        group = self.groups[g]
        for source, (_, _, position) in zip(group.operands, places, strict=True):
            source.positions.append(position)
        group.size += 1
        return "group", g, group.size - 1

    def _group(self, key: Any, word: str, sources: list[tuple[str, Any]], terms: int) -> int:
        if key not in self._found:
            self._found[key] = len(self.groups)
            self.groups.append(Group(word, [Source(kind, which) for kind, which in sources], 0, terms))
        return self._found[key]


def settings_key(setting: Any) -> Any:
    """A setting as something that can be looked up, equal for equal settings."""
    if isinstance(setting, np.ndarray):
        return "array", setting.shape, setting.dtype.str, setting.tobytes()
    if isinstance(setting, slice):
        return "slice", settings_key(setting.start), settings_key(setting.stop), settings_key(setting.step)
    if isinstance(setting, (tuple, list)):
        return tuple(map(settings_key, setting))
    if isinstance(setting, dict):
        return tuple((key, settings_key(value)) for key, value in sorted(setting.items()))
    return type(setting), repr(setting)
