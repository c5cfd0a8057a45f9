"""Sums over time of products: the steps side by side, so that one product sums over examples and steps."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from autograd_seq.plan.anysize.at_run import COLUMNS, FEW, side_by_side, steps_at_once
from autograd_seq.plan.anysize.size import Size
from autograd_seq.plan.anysize.stretch import count, stretch
from autograd_seq.plan.memory.places import INDENT, Places
from autograd_seq.plan.memory.reuse import Block
from autograd_seq.plan.value import Network, Use, Value

IN_CACHE = 4 << 20  # bytes of a product that is added to again and again


class Outer(Places):
    """Places, and the gradients of weights."""

    def __init__(self, network: Network, sizes: tuple[str, ...] = ()) -> None:
        super().__init__(network, sizes)
        self.body: list[str] = []
        self.loops: list[str] = []  # what loops run over
        self.chosen: list[str] = []  # lengths that follow from the sizes

    def _outer(self, value: Value) -> str:
        """Σ over time of D [A; X; 1]ᵀ; gives what stands for the result."""
        times = value.settings["times"]
        if isinstance(known := count(times), Size):
            return self._in_parts(value, times, known)
        steps = _steps_at_once(len(times), value.uses[0].value.shape[1])
        left, right = value.uses[:1], value.uses[1:]
        ones = bool(value.settings.get("ones"))
        if steps == len(times):
            D, X = self._side_by_side_once(left, times, False), self._side_by_side_once(right, times, ones)
            return f"{D} @ {X}.T"
        name = self.names[value]
        dtype = "" if value.dtype == "float64" else f", np.{value.dtype}"
        more = self._fresh(f"{name}_more")
        self.memory[more] = Block(value.shape, value.dtype)
        D, first = self._laid(left, times, steps, False)
        X, second = self._laid(right, times, steps, ones)
        before = [line for line in second if line.endswith("= 1.0")]
        self.body += [
            *before,
            f"{name} = np.zeros({value.shape!r}{dtype})",
            f"for row in range(0, {len(times)}, {steps}):",
            *(INDENT + line for line in (*first, *second) if line not in before),
            f"{INDENT}{self._function('dot')}({D}, {X}.T, out={more})",
            f"{INDENT}{self._function('add')}({name}, {more}, out={name})",
        ]
        return name

    def _in_parts(self, value: Value, times: Any, steps: Size) -> str:
        """The same when it is not known how many steps there are: as many at once as the cache holds."""
        name, left, right = self.names[value], value.uses[:1], value.uses[1:]
        columns, ones = left[0].value.shape[1], bool(value.settings.get("ones"))
        part, more = self._at_once(steps, columns, value), self._fresh(f"{name}_more")
        self.memory[more] = Block(value.shape, value.dtype)
        D = "None" if columns == 1 else self._wide(left, part, value.shape[0])
        X = self._wide(right, part, value.shape[1])
        sides = [
            f"{word}, [{', '.join(self._some(use, times, steps) for use in uses)}]"
            for word, uses in ((D, left), (X, right))
        ]
        self.namespace["side_by_side"] = side_by_side
        parts = self._fresh("parts")
        self.loops.append(f"{parts} = side_by_side({', '.join(sides)}, {part}, ones={ones})")
        dtype = "" if value.dtype == "float64" else f", np.{value.dtype}"
        self.body += [
            f"{name} = np.empty({value.shape!r}{dtype})",
            f"for number, (copies, D, X) in enumerate({parts}):",
            f"{INDENT}for wide, steps in copies:",
            f"{2 * INDENT}wide[...] = steps",
            f"{INDENT}{self._function('dot')}(D, X, out={more} if number else {name})",
            f"{INDENT}if number:",
            f"{2 * INDENT}{self._function('add')}({name}, {more}, out={name})",
        ]
        return name

    def _wide(self, uses: Sequence[Use], part: Size, rows: int) -> str:
        """Memory for some steps side by side."""
        word = self._fresh(f"{self.names[uses[0].value]}_wide")
        self.memory[word] = Block((rows, part, uses[0].value.shape[1]), uses[0].value.dtype)
        return word

    def _at_once(self, steps: Size, columns: int, value: Value) -> Size:
        """A name for the number of steps that are laid side by side."""
        self.namespace["steps_at_once"] = steps_at_once
        most = FEW if prod(value.shape) * np.dtype(value.dtype).itemsize < IN_CACHE else COLUMNS
        text = f"steps_at_once({steps}, {columns}, {most})"
        known = [line.split(" = ")[0] for line in self.chosen if line.endswith(f" = {text}")]
        word = known[0] if known else self._fresh("part")
        if not known:
            self.chosen.append(f"{word} = {text}")
        return steps.asked.called(word, steps_at_once(int(steps), int(columns), most), 1)

    def _side_by_side_once(self, uses: Sequence[Use], times: range, ones: bool) -> str:
        """All steps; what several products need is laid only once."""
        word, lines = self._laid(uses, times, len(times), ones)
        self.body += lines
        return word

    def _laid(self, uses: Sequence[Use], times: range, steps: int, ones: bool) -> tuple[str, list[str]]:
        """Some steps of values above each other, with a row of ones below if wanted: a matrix, and what fills it."""
        heights = [use.value.shape[0] for use in uses]
        rows, columns = sum(heights) + ones, uses[0].value.shape[1]
        word = self._fresh(f"{self.names[uses[0].value]}_wide")
        self.memory[word] = Block((rows, steps, columns), uses[0].value.dtype)
        lines, start = [], 0
        for use, height in zip(uses, heights, strict=True):
            view = self._some(use, times, steps)
            part = "..." if len(uses) == 1 and not ones else f"{start}:{start + height}"
            lines.append(f"{word}[{part}] = {view}.transpose(1, 0, 2)")
            start += height
        if ones:
            lines.append(f"{word}[{start}] = 1.0")
        return f"{word}.reshape({rows}, -1)", lines

    def _some(self, use: Use, times: Any, steps: int) -> str:
        """The rows of a block for some steps, which begin at `row`."""
        first = times[0] + use.shift
        if steps == count(times):
            return self._view(use.value, stretch(first, first + steps))
        text = self._view(use.value, None)
        base = use.value
        part = self._part(base)
        low = self.rows[part[0] if part else self.homes.block(base)][0]
        begin = f"row + {first - low}" if first != low else "row"
        rows = f"{begin}:row + {first - low + steps}"
        return text.replace("[:", f"[{rows}") if text.endswith("]") else f"{text}[{rows}]"


def _steps_at_once(steps: int, columns: int) -> int:
    """How many steps are laid side by side: a part of all that leaves no rest."""
    fitting = [n for n in range(1, steps + 1) if steps % n == 0 and n * columns <= COLUMNS]
    best = max(fitting, default=steps)
    return best if best * columns * 4 >= COLUMNS else steps
