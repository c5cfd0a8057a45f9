"""Where each value of a program stands, and how statements refer to it."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.notation import literal
from autograd_seq.core.operation import Operation
from autograd_seq.plan.anysize.ratio import Ratio
from autograd_seq.plan.anysize.stretch import count, stretch
from autograd_seq.plan.memory.reuse import Block, zeros
from autograd_seq.plan.memory.room import Memory, view
from autograd_seq.plan.rewrites.beside import window
from autograd_seq.plan.value import (
    COLUMNS,
    GIVEN,
    LITERAL,
    ROWS,
    STEPS,
    TRANSPOSE,
    Network,
    Use,
    Value,
)  # fmt: skip

INDENT = "    "
RESERVED = {
    "np", "zeros", "run", "program", "zip", "range", "list", "enumerate", "reversed", "t", "i", "D", "X", "number",
    "copies", "wide", "steps", "settings_at", "steps_at_once", "side_by_side",
} | set(keyword.kwlist)


def _functions(network: Network) -> set[str]:
    """The names of NumPy's functions that a program may call."""
    kinds = {value.kind for value in network.values if isinstance(value.kind, Operation)}
    return {"add", "dot", "matmul", "maximum", "minimum", "multiply"} | {
        kind.value.__name__ for kind in kinds if isinstance(kind.value, np.ufunc)
    }


class Places:
    """Names and memory of a network's values.

    Parameters
    ----------
    network : Network
        What to compute.
    sizes : tuple of str
        The names of lengths that are arguments of the program; none if it is for one size.

    Attributes
    ----------
    namespace : dict
        What the program refers to beside NumPy: operations' value rules, and constants.
    given : list of Value
        What is given at each call, in order.
    """

    reserved = RESERVED
    compilable: Callable[[Value], bool] | None = None

    def __init__(self, network: Network, sizes: tuple[str, ...] = ()) -> None:
        self.network = network
        self.sizes = sizes
        self.namespace: dict[str, Any] = {"np": np, "zeros": zeros}
        self.imported: set[str] = set()  # functions of NumPy that are called by their bare names
        self.taken = self.reserved | _functions(network) | set(sizes)
        self.names: dict[Value, str] = {}
        self.numbers: dict[tuple[str, Any], str] = {}
        self.values = network.values
        self.given = [v for v in self.values if v.kind in (GIVEN, STEPS)]
        for value in self.given:
            self._name(value)
        for value in self.values:
            if value.kind != LITERAL:
                self._name(value)
        self.rows: dict[Value, range] = {}
        self._extents()
        self.homes = Memory(network, self.rows, self.compilable)
        self.memory: dict[str, Block] = {}
        self._memory()

    # -- names and memory -----------------------------------------------------------------------

    def _name(self, value: Value) -> None:
        if value in self.names:
            return
        word = value.name if value.name not in self.taken else f"{value.name}_2"
        number = 2
        while word in self.taken:
            number += 1
            word = f"{value.name}_{number}"
        self.taken.add(word)
        self.names[value] = word

    def _function(self, word: str) -> str:
        """What a function of NumPy is called."""
        self.imported.add(word)
        return word

    def _number(self, number: float, dtype: Any) -> str:
        """A number as an array, where that is exact: NumPy takes longer for Python's own."""
        if np.dtype(dtype).kind != "f":
            return literal(number)
        return self._array(number if isinstance(number, Ratio) else float(number), dtype)

    def _array(self, number: float, dtype: Any) -> str:
        """A number as an array of its own dtype."""
        key = literal(number), dtype  # as text, which tells -0.0 from 0.0, and knows the names of sizes
        if key not in self.numbers:
            word = {"0.5": "half", "1.0": "one", "-1.0": "minus_one", "2.0": "two", "0.0": "zero"}.get(key[0], "number")
            self.numbers[key] = self._fresh(word)
        return self.numbers[key]

    def _fresh(self, word: str) -> str:
        """A name for what is computed on the way."""
        while word in self.taken:
            word += "_"
        self.taken.add(word)
        return word

    def _bind(self, word: str, thing: Any) -> str:
        """A name in the program for a function or a constant."""
        candidate, number = word, 2
        while candidate in self.taken and self.namespace.get(candidate) is not thing:
            candidate, number = f"{word}_{number}", number + 1
        self.taken.add(candidate)
        self.namespace[candidate] = thing
        return candidate

    def _extents(self) -> None:
        """Which rows each block has: its steps, and those beyond that others read."""
        for value in self.values:
            if value.times is not None:
                self.rows[value] = value.times
        for user, use in self.network.all_uses():
            times = self.rows.get(use.value)
            steps = None if user is None else user.times or user.settings.get("times")
            if times is None or steps is None or use.at is not None:
                continue
            first, last = steps[0] + use.shift, steps[-1] + use.shift
            self.rows[use.value] = stretch(min(times[0], first), max(times[-1], last) + 1)
        for value in reversed(self.values):
            if view(value) and value.times is not None:
                base, rows = value.uses[0].value, self.rows[value]
                have = self.rows[base]
                self.rows[base] = stretch(min(have[0], rows[0]), max(have[-1], rows[-1]) + 1)

    def _memory(self) -> None:
        for value in self.values:
            if value.times is None or view(value) or value in self.homes.home or value in self.homes.place:
                continue
            rows = self.rows[value]
            steps = () if value in self.homes.brief else (count(rows),)
            shape = (*steps, *value.shape)
            self.memory[self.names[value]] = Block(shape, value.dtype, keeps=rows != value.times)

    # -- how values are referred to -------------------------------------------------------------

    def _part(self, value: Value) -> tuple[Value, int, int] | None:
        """The block whose rows a value takes, and which; None if it has a block of its own."""
        start, stop = 0, value.shape[0] if value.shape else 0
        sliced = False
        while True:
            if value.kind == ROWS:
                low = value.settings["rows"][0]
                start, stop, sliced = low + start, low + stop, True
                value = value.uses[0].value
            elif view(value):
                value = value.uses[0].value
            else:
                value = self.homes.block(value)
                if value not in self.homes.place:
                    return (value, start, stop) if sliced else None
                value, low, _ = self.homes.place[value]
                start, stop, sliced = low + start, low + stop, True

    def _view(self, value: Value, rows: range | None) -> str:
        """The block of a value, at some rows; all of them if None."""
        part = self._part(value)
        base = part[0] if part else self.homes.block(value)
        have = self.rows[base]
        low = have[0]
        index = ":"
        if rows is not None and rows != have:
            start, stop = rows[0] - low, rows[-1] + 1 - low
            index = f"{start or ''}:{stop if stop != count(have) else ''}"
        if part:
            return f"{self.names[base]}[{index}, {part[1]}:{part[2]}]"
        return self.names[base] if index == ":" else f"{self.names[base]}[{index}]"

    def _at(self, value: Value, time: int) -> str:
        """One step of a block, as recorded."""
        part = self._part(value)
        base = part[0] if part else self.homes.block(value)
        index = f"{time - self.rows[base][0]}" + (f", {part[1]}:{part[2]}" if part else "")
        return f"{self.names[base]}[{index}]"

    def _single(self, use: Use) -> str:
        """An operand outside of loops, as recorded."""
        value = use.value
        if value.kind == LITERAL:
            return literal(value.settings["number"])
        if value.times is not None:
            return self._at(value, use.at)  # type: ignore[arg-type]
        if value.kind in (ROWS, COLUMNS) and len(value.shape) == 2:
            base, (top, bottom), (left, right) = window(use)
            rows = ":" if (top, bottom) == (0, base.value.shape[0]) else f"{top}:{bottom}"
            columns = "" if (left, right) == (0, base.value.shape[1]) else f", {left}:{right}"
            return f"{self._single(base)}[{rows}{columns}]"
        if value.kind == ROWS:
            start, stop = value.settings["rows"]
            return f"{self._single(value.uses[0])}[{start}:{stop}]"
        if value.kind == TRANSPOSE:
            text = self._single(value.uses[0])
            return text[:-2] if text.endswith(".T") else f"{text}.T"
        return self.names[value]
