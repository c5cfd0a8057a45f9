"""The loops of a plan compiled by Numba: the products of a step, and all between them in one loop over elements."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import Any

import numpy as np

from autograd_seq.plan.memory.places import INDENT, RESERVED
from autograd_seq.plan.memory.reuse import used
from autograd_seq.plan.memory.room import within_step
from autograd_seq.plan.value import MATMUL, ROWS, Network, Use, Value, carried
from autograd_seq.plan.writing.compiled_loop import CompiledLoop, holds
from autograd_seq.plan.writing.elements import FUNCTIONS, Place
from autograd_seq.plan.writing.segments import Segment
from autograd_seq.plan.writing.statements import Program
from autograd_seq.plan.writing.tools import tools


class FastProgram(Program):
    """The program of a network with compiled loops; a loop that has anything else in it stays as it is.

    Parameters
    ----------
    network : Network
        What to compute.
    """

    reserved = RESERVED | FUNCTIONS | {"sums", "maxima", "compiled", "half", "zero", "float32", "i", "j", "k"}

    def __init__(self, network: Network, sizes: tuple[str, ...] = ()) -> None:
        timed = Counter(np.dtype(v.dtype) for v in network.values if v.timed and np.dtype(v.dtype).kind == "f")
        self.dtype = max(timed, key=timed.__getitem__, default=np.dtype(np.float64))
        super().__init__(network, sizes)
        if self.functions:
            self.namespace |= tools(self.dtype.name)
            count = sum(line.startswith("def loop_") for line in self.functions)
            network.notes.append(f"{count} loops over time: compiled, neighbours element by element in one go")

    def compilable(self, value: Value) -> bool:
        """Whether a compiled loop can hold a value."""
        return value.dtype == self.dtype and holds(value)

    def _write_all(self, components: list[list[Value]]) -> None:
        """Put values that are computed for all steps at once into loops too, as many as possible into one."""
        waiting: list[Value] = []
        later: list[list[Value]] = []  # what needs those that wait, but cannot join them
        for component in components:
            needed = {use.value for value in component for use in value.every_use}
            after = any(needed.intersection(other) for other in later)
            if self._can_join(component) and (not waiting or component[0].times == waiting[0].times):
                if after:
                    self._together(waiting, later)
                    waiting, later = [], []
                waiting.append(component[0])
            elif after or needed.intersection(waiting):
                later.append(component)
            else:
                self._write(component)
        self._together(waiting, later)

    def _can_join(self, component: list[Value]) -> bool:
        value = component[0]
        if len(component) > 1 or not value.timed or value.beyond or carried(component):
            return False
        if self.rows[value] != value.times:
            return False
        return holds(value) and not (value.kind == MATMUL and value.shape[-1] == 1)

    def _together(self, values: list[Value], later: list[list[Value]]) -> None:
        products_only = all(value.kind in (ROWS, MATMUL) for value in values)
        times = values[0].times if values else None
        steps = Segment(0, 0, False) if times is None else Segment(times[0], times[-1] + 1, False)
        if products_only or not self._compiled(within_step(values), steps):
            for value in values:
                self._write([value])
        for component in later:
            self._write(component)

    def _assigned(self, value: Value, target: str, text: str) -> str:
        return f"{target}[...] = {text}"  # it stays where compiled loops look for it

    def _segment(self, values: list[Value], steps: Segment) -> None:
        """Some steps of a loop, at which the same values are computed."""
        if not self._compiled(values, steps):
            super()._segment(values, steps)

    def _compiled(self, values: list[Value], steps: Segment) -> bool:
        """A loop over some steps; whether it can be compiled."""
        writer = CompiledLoop(self, values)
        if (lines := writer.lines()) is None:
            return False
        if not lines:  # views of others, and nothing that is computed
            return True
        name = self.fresh("loop")
        arguments = writer.arguments | {size: size for size in used(self.sizes, [steps.text])}
        self.functions += [
            "@compiled",
            f"def {name}({', '.join(arguments)}):",
            f"{INDENT}for t in {steps.text}:",
            *(2 * INDENT + line for line in lines),
            "",
            "",
        ]
        self.body.append(f"{name}({', '.join(arguments.values())})")
        return True

    def _function(self, word: str) -> str:
        return f"np.{word}" if word in FUNCTIONS else super()._function(word)

    def fresh(self, word: str, more: int = 0) -> str:
        """A name for another function."""
        return self._fresh(f"{word}_{sum(line == '@compiled' for line in self.functions) + more + 1}")

    def place(self, value: Value, shift: int) -> Place:
        """Where a value stands at step t + shift."""
        part = self._part(value)
        base = part[0] if part else self.homes.block(value)
        start = part[1] * prod(base.shape[1:]) if part else 0
        row = None if base in self.homes.brief else shift - self.rows[base][0]
        return Place(self.names[base], row, start, prod(value.shape))

    def flattened(self, block: str) -> str:
        """A block, the numbers of each step in a line."""
        name, shape = f"{block}_flat", self.memory[block].shape
        line = f"{name} = {block}.reshape({'' if self._one_row(block) else f'{shape[0]}, '}-1)"
        if line not in self.views:
            self.views.append(line)
        return name

    def size(self, block: str) -> int:
        """How many numbers a step has in a block."""
        return prod(self.memory[block].shape[0 if self._one_row(block) else 1 :])

    def _one_row(self, block: str) -> bool:
        return any(self.names[value] == block for value in self.homes.brief)

    def solid(self, use: Use, flat: bool, dtype: Any = None) -> str:
        """A single operand in one piece, for the time of a call; of another dtype, if it is to have that."""
        text = self._single(use)
        text += f", np.{np.dtype(dtype).name}" if dtype is not None and dtype != use.value.dtype else ""
        if text not in self.turned:
            self.turned[text] = word = self._fresh(f"{use.value.name}_solid")
            self.body.append(f"{word} = np.ascontiguousarray({text})")
        return self.turned[text] + (".reshape(-1)" if flat else "")
