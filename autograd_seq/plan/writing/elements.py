"""Element-wise values of one time step as one loop over elements, in which each value is a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from autograd_seq.core.notation import literal
from autograd_seq.core.operation import Operation
from autograd_seq.plan.memory.room import view
from autograd_seq.plan.value import AFFINE, LITERAL, PRODUCT, ROWS, SUM, Use, Value

FUNCTIONS = {"tanh", "sigmoid", "exp", "log"}
"""What operations may call in the text of one element, beside NumPy's own."""


def together(values: list[Value], value: Value) -> bool:
    """Whether a value can join others in a loop: as many elements, or those of a few gates above each other."""
    repeats = any(rooted(use.value)[0] in values and use.value.shape != value.shape for use in value.uses)
    shapes = [v.shape or (1,) for v in (*values, value)]
    rows = [shape[0] for shape in shapes]
    return not repeats and all(shape[1:] == shapes[0][1:] for shape in shapes) and max(rows) <= 8 * min(rows)


def rooted(value: Value) -> tuple[Value, int]:
    """What rows are of, and the first of them."""
    first = 0
    while value.kind == ROWS:
        first += value.settings["rows"][0]
        value = value.uses[0].value
    return value, first


def by_element(value: Value) -> bool:
    """Whether a value of every step can be computed in a loop over elements."""
    if value.kind == ROWS:
        return True
    known = value.kind in (SUM, PRODUCT) or _text(value) != ""
    floats = value.dtype in (np.float64, np.float32) and all(use.value.dtype == value.dtype for use in value.uses)
    return known and floats


def _text(value: Value) -> str:
    """How one element is written, of operands called {0}, {1} …; nothing where that is not known."""
    if not isinstance(value.kind, Operation):
        return "half + half * {0}" if value.kind == AFFINE else ""
    numbers = all(type(setting) in (int, float) for setting in value.settings.values())
    return value.kind.element if numbers else ""


def _number(setting: float, dtype: Any) -> str:
    """A number of the loop's own kind: beside one of Python's, float32 would become float64."""
    number = literal(float(setting))
    return f"({number})" if dtype == np.float64 else f"float32({number})"


@dataclass(frozen=True)
class Place:
    """Neighbouring numbers in the row of a block that belongs to step t + shift.

    Attributes
    ----------
    block : str
    row : int or None
        The row, less t; None if the block has one row for all steps.
    start, size : int
        Of the row, laid flat.
    """

    block: str
    row: int | None
    start: int
    size: int


class Elements:
    """Writes one loop over elements for several values of a step.

    Blocks that hold gates above each other are taken apart: element k of all of them is computed together.

    Parameters
    ----------
    values : list of Value
        In the order of computation.
    place : function
        Of a value and a shift, where all of it stands.
    lasting : function
        Whether a value is needed after the loop.
    names : dict of Value to str

    Attributes
    ----------
    arguments : dict of (Place or Value) to str
        What the loop works on, with its name there.
    """

    def __init__(
        self,
        values: list[Value],
        place: Callable[[Value, int], Place],
        lasting: Callable[[Value], bool],
        names: dict[Value, str],
    ) -> None:
        self.values = [value for value in values if not view(value)]
        self.place, self.lasting, self.names = place, lasting, names
        self.arguments: dict[Any, str] = {}
        self.lines: list[str] = []
        self._numbers: dict[tuple[Value, int, int], str] = {}  # of values at a step, some rows from the first
        self._kept: dict[Place, str] = {}
        self._taken = {"i", "j", "k", "np", "half", "zero", "range", *FUNCTIONS}
        self._flat = True  # no operand has to be repeated along rows or columns
        self.fits = self._write()

    def function(self, name: str) -> list[str]:
        """The lines of a function that runs the loop."""
        head = f"def {name}({', '.join(self.arguments.values())}):"
        if self._flat:
            return [head, f"    for k in range({self.n * self.m}):", *(f"        {line}" for line in self.lines)]
        outer = [f"    for i in range({self.n}):", f"        for j in range({self.m}):"]
        return [head, *outer, f"            k = i * {self.m} + j", *(f"            {line}" for line in self.lines)]

    def _write(self) -> bool:
        shapes = [value.shape or (1,) for value in self.values]
        self.n, self.m = min(shape[0] for shape in shapes), prod(shapes[0][1:])
        if any(shape[1:] != shapes[0][1:] or shape[0] % self.n for shape in shapes):
            return False
        for value in self.values:
            for part in range((value.shape or (1,))[0] // self.n):
                if not self._value(value, part):
                    return False
        self.lines += [f"{self.arguments[place]}[k] = {number}" for place, number in self._kept.items()]
        return True

    def _value(self, value: Value, part: int) -> bool:
        texts = [self._operand(use, value, part) for use in value.uses]
        if None in texts:
            return False
        if value.kind in (SUM, PRODUCT):
            text = f" {'+' if value.kind == SUM else '*'} ".join(texts)  # type: ignore[arg-type]
        else:
            settings = {key: _number(setting, value.dtype) for key, setting in value.settings.items()}
            text = _text(value).format(*texts, **settings)
        number = self._fresh(f"{self.names[value]}_k")
        self.lines.append(f"{number} = {text}")
        self._numbers[value, 0, part * self.n] = number
        if self.lasting(value):
            place = self._at(value, 0, part)
            self._argument(place, self.names[value])
            self._kept[place] = number
        return True

    def _at(self, value: Value, shift: int, part: int) -> Place:
        whole, size = self.place(value, shift), self.n * self.m
        return Place(whole.block, whole.row, whole.start + part * size, size)

    def _operand(self, use: Use, user: Value, part: int) -> str | None:
        """What an operand is called at an element."""
        x = use.value
        if x.kind == LITERAL:
            return _number(x.settings["number"], user.dtype)
        if x.times is None or x.shape != user.shape:
            return self._repeated(use, user, part)
        whole, first = rooted(x)
        first += part * self.n
        if (whole, use.shift, first) not in self._numbers:
            if whole in self.values and not use.shift:
                return None  # rows that are computed here, but not together with these
            word = self.names[x] + {-1: "_before", 1: "_after"}.get(use.shift, "")
            word = self._argument(self._at(x, use.shift, part), word)
            self._numbers[whole, use.shift, first] = number = self._fresh(f"{word}_k")
            self.lines.append(f"{number} = {word}[k]")
        return self._numbers[whole, use.shift, first]

    def _repeated(self, use: Use, user: Value, part: int) -> str | None:
        """An operand that may have fewer rows or columns than its user."""
        x = use.value
        shape = (1,) * (len(user.shape) - len(x.shape)) + x.shape
        rows, columns = (shape or (1,))[0], prod(shape[1:])
        if rows not in (1, (user.shape or (1,))[0]) or columns not in (1, self.m):
            return None
        if rooted(x)[0] in self.values and not use.shift:
            return None  # computed here, element after element
        size = min(rows, self.n) * columns
        start = part * size if rows > 1 else 0
        where: Any = (x, start, size)
        if x.times is not None:
            whole = self.place(x, use.shift)
            where = Place(whole.block, whole.row, whole.start + start, size)
        index = {(True, True): "k", (True, False): "i", (False, True): "j", (False, False): "0"}[
            min(rows, self.n) == self.n and self.n > 1, columns == self.m and self.m > 1
        ]
        if self.m == 1 and index == "i":
            index = "k"
        elif index in "ij":
            self._flat = False
        return f"{self._argument(where, self.names[x])}[{index}]"

    def _argument(self, where: Any, word: str) -> str:
        if where not in self.arguments:
            self.arguments[where] = self._fresh(word)
        return self.arguments[where]

    def _fresh(self, word: str) -> str:
        while word in self._taken:
            word += "_"
        self._taken.add(word)
        return word
