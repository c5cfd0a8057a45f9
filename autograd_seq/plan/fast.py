"""The loops of a plan compiled by Numba: the products of a step, and all between them in one loop over elements."""

from __future__ import annotations

import importlib.util
from functools import cache
from itertools import groupby
from math import prod
from typing import Any

import numpy as np

from autograd_seq.errors import UsageError
from autograd_seq.plan.elements import FUNCTIONS, Elements, Place, by_element
from autograd_seq.plan.emit import Program
from autograd_seq.plan.places import INDENT, RESERVED
from autograd_seq.plan.value import CONCAT, MATMUL, ROWS, Network, Use, Value
from autograd_seq.source_line import here


def available() -> bool:
    """Whether Numba, and SciPy, which its products need, are installed."""
    return all(importlib.util.find_spec(package) is not None for package in ("numba", "scipy"))


def require() -> None:
    """Say so if they are not.

    Raises
    ------
    UsageError
        Without Numba or SciPy.
    """
    if not available():
        raise UsageError(f"compiled loops need Numba and SciPy: pip install 'autograd-seq[fast]'{here()}")


@cache
def tools(dtype: str) -> dict[str, Any]:
    """What the text of compiled loops refers to."""
    import numba

    from autograd_seq.plan.vectorised import EXACT, functions

    kind = np.dtype(dtype).type
    loop = numba.njit(fastmath=EXACT, error_model="numpy", boundscheck=False, nogil=True)
    made = functions(np.dtype(dtype))
    return {**made._asdict(), "compiled": loop, "half": kind(0.5), "zero": kind(0), "float32": np.float32}


class FastProgram(Program):
    """The program of a network with compiled loops; a loop that has anything else in it stays as it is.

    Parameters
    ----------
    network : Network
        What to compute.
    """

    reserved = RESERVED | FUNCTIONS | {"compiled", "half", "zero", "float32", "i", "j", "k"}

    def __init__(self, network: Network) -> None:
        self.dtype = np.dtype(next(iter(network.outputs.values())).value.dtype)
        super().__init__(network)
        self.namespace |= tools(self.dtype.name) if self.functions else {}

    def _segment(self, values: list[Value], steps: list[int]) -> None:
        """Some steps of a loop, at which the same values are computed."""
        writer = _Loop(self, values)
        if (lines := writer.lines()) is None:
            super()._segment(values, steps)
            return
        number = sum(line.startswith("def loop_") for line in self.functions) + 1
        last, stride = (steps[-1] + 1, "") if steps[-1] >= steps[0] else (steps[-1] - 1, ", -1")
        self.functions += [
            "@compiled",
            f"def loop_{number}({', '.join(writer.arguments)}):",
            f"{INDENT}for t in range({steps[0]}, {last}{stride}):",
            *(2 * INDENT + line for line in lines),
            "",
            "",
        ]
        self.body.append(f"loop_{number}({', '.join(writer.arguments.values())})")

    def _function(self, word: str) -> str:
        return f"np.{word}" if word in FUNCTIONS else super()._function(word)

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

    def solid(self, use: Use, flat: bool) -> str:
        """A single operand in one piece, for the time of a call."""
        text = self._single(use)
        if text not in self.turned:
            self.turned[text] = word = self._fresh(f"{use.value.name}_solid")
            self.body.append(f"{word} = np.ascontiguousarray({text})")
        return self.turned[text] + (".reshape(-1)" if flat else "")


class _Loop:
    """Writes the body of a compiled loop.

    Attributes
    ----------
    arguments : dict of str to str
        By their names in the loop, what it is called with.
    """

    def __init__(self, program: FastProgram, values: list[Value]) -> None:
        self.program = program
        self.values = [value for value in values if not _seen_through(value)]
        self.arguments: dict[str, str] = {}

    def lines(self) -> list[str] | None:
        """The statements of a step; None if one of them cannot be compiled."""
        possible = all(
            v.dtype == self.program.dtype and (by_element(v) or (v.kind == MATMUL and len(v.shape) == 2))
            for v in self.values
        )
        if not possible:
            return None
        made: list[str] = []
        functions: list[str] = []
        for product, group in groupby(self.values, lambda v: v.kind == MATMUL):
            if product:
                made += [self._product(value) for value in group]
                continue
            elements = self._elements(list(group))
            if elements is None:
                return None
            name = self.program._fresh(f"elements_{len(self.program.functions) + len(functions)}")
            functions += ["@compiled", *elements.function(name), "", ""]
            made.append(f"{name}({', '.join(self._text(where) for where in elements.arguments)})")
        self.program.functions += functions
        return made

    def _elements(self, group: list[Value]) -> Elements | None:
        inside = set(group)

        def lasting(value: Value) -> bool:
            return any(needs(user) or use.shift or use.at is not None for user, use in self.program.homes.users[value])

        def needs(user: Value | None) -> bool:
            return user is None or (lasting(user) if _seen_through(user) else user not in inside)

        elements = Elements(group, self.program.place, lasting, self.program.names)
        return elements if elements.fits else None

    def _product(self, value: Value) -> str:
        column = value.shape[1] == 1 and not value.uses[0].value.timed
        left, right = (self._matrix(use, column and i == 1) for i, use in enumerate(value.uses))
        return f"np.dot({left}, {right}, {self._matrix(Use(value), column)})"

    def _matrix(self, use: Use, column: bool) -> str:
        x = use.value
        if x.times is None:
            word = self.program.solid(use, flat=False)
            self.arguments[word] = word
            return word
        text = self._text(self.program.place(x, use.shift))
        return text if column else f"{text}.reshape({x.shape[0]}, {x.shape[1]})"

    def _text(self, where: Any) -> str:
        """Some neighbouring numbers, in a step of the loop."""
        if not isinstance(where, Place):
            value, start, size = where
            word = f"{self.program.names[value]}_flat"
            self.arguments[word] = self.program.solid(Use(value), flat=True)
            return word if size == prod(value.shape) else f"{word}[{start}:{start + size}]"
        word = self.program.flattened(where.block)
        self.arguments[word] = word
        row = [] if where.row is None else [f"t + {where.row}".replace(" + 0", "").replace("+ -", "- ")]
        whole = where.size == self.program.size(where.block)
        index = ", ".join(row if whole else [*row, f"{where.start}:{where.start + where.size}"])
        return f"{word}[{index}]" if index else word


def _seen_through(value: Value) -> bool:
    """Whether a value is no more than a view of another."""
    return value.kind == ROWS or (value.kind == CONCAT and bool(value.settings.get("placed")))
