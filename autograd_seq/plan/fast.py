"""The loops of a plan compiled by Numba: the products of a step, and all between them in one loop over elements."""

from __future__ import annotations

import importlib.util
from functools import cache
from math import prod
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.errors import UsageError
from autograd_seq.plan.elements import FUNCTIONS, Elements, Place, by_element, together
from autograd_seq.plan.emit import Program
from autograd_seq.plan.memory import within_step
from autograd_seq.plan.places import INDENT, RESERVED
from autograd_seq.plan.value import CONCAT, MATMUL, ROWS, Network, Use, Value, carried
from autograd_seq.source_line import here

_REDUCTIONS = {ops.sum: "sums", ops.max: "maxima"}


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
    return {
        **made._asdict(), "log": loop(_log), "sums": loop(sums), "maxima": loop(maxima),
        "compiled": loop, "half": kind(0.5), "zero": kind(0), "float32": np.float32,
    }  # fmt: skip


def sums(x: Any, out: Any) -> None:
    """The sum of each column of a matrix, whose rows follow each other in x."""
    m = out.size
    for j in range(m):
        out[j] = x[j]
    for i in range(1, x.size // m):
        row = x[i * m : (i + 1) * m]
        for j in range(m):
            out[j] += row[j]


def maxima(x: Any, out: Any) -> None:
    """The greatest number of each column, as in `sums`; NaN where there is one."""
    m = out.size
    for j in range(m):
        out[j] = x[j]
    for i in range(1, x.size // m):
        row = x[i * m : (i + 1) * m]
        for j in range(m):
            top, number = out[j], row[j]
            out[j] = top if number <= top or top != top else number


def _log(x: Any) -> Any:
    return np.log(x)


class FastProgram(Program):
    """The program of a network with compiled loops; a loop that has anything else in it stays as it is.

    Parameters
    ----------
    network : Network
        What to compute.
    """

    reserved = RESERVED | FUNCTIONS | {"sums", "maxima", "compiled", "half", "zero", "float32", "i", "j", "k"}

    cuts = True

    def __init__(self, network: Network) -> None:
        self.dtype = np.dtype(next(iter(network.outputs.values())).value.dtype)
        super().__init__(network)
        self.namespace |= tools(self.dtype.name) if self.functions else {}

    def _write_all(self, components: list[list[Value]]) -> None:
        """Put values that are computed for all steps at once into loops too, as many as possible into one."""
        waiting: list[Value] = []
        later: list[list[Value]] = []  # what needs those that wait, and nobody has needed yet
        for component in components:
            joins = self._can_join(component) and (not waiting or component[0].times == waiting[0].times)
            needed = {use.value for value in component for use in value.every_use}
            if joins and not any(needed.intersection(other) for other in later):
                waiting.append(component[0])
            elif not joins and (needed.intersection(waiting) or any(needed.intersection(other) for other in later)):
                later.append(component)
            elif joins:
                self._together(waiting, later)
                waiting, later = component, []
            else:
                self._write(component)
        self._together(waiting, later)

    def _can_join(self, component: list[Value]) -> bool:
        value = component[0]
        if len(component) > 1 or not value.timed or value.beyond or carried(component):
            return False
        if self.rows[value] != value.times:
            return False
        product = value.kind == MATMUL and value.shape[-1] > 1
        return product or value.kind == ROWS or by_element(value) or _reduction(value) is not None

    def _together(self, values: list[Value], later: list[list[Value]]) -> None:
        products_only = all(value.kind in (ROWS, MATMUL) for value in values)
        if products_only or not self._compiled(within_step(values), list(values[0].times or ())):
            for value in values:
                self._write([value])
        for component in later:
            self._write(component)

    def _segment(self, values: list[Value], steps: list[int]) -> None:
        """Some steps of a loop, at which the same values are computed."""
        if not self._compiled(values, steps):
            super()._segment(values, steps)

    def _compiled(self, values: list[Value], steps: list[int]) -> bool:
        """A loop over some steps; whether it can be compiled."""
        writer = _Loop(self, values)
        if (lines := writer.lines()) is None:
            return False
        name = self.fresh("loop")
        last, stride = (steps[-1] + 1, "") if steps[-1] >= steps[0] else (steps[-1] - 1, ", -1")
        self.functions += [
            "@compiled",
            f"def {name}({', '.join(writer.arguments)}):",
            f"{INDENT}for t in range({steps[0]}, {last}{stride}):",
            *(2 * INDENT + line for line in lines),
            "",
            "",
        ]
        self.body.append(f"{name}({', '.join(writer.arguments.values())})")
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
        made: list[str] = []
        functions: list[str] = []
        for group in self._groups():
            value = group[0]
            if value.dtype != self.program.dtype:
                return None
            if (function := _reduction(value)) is not None:
                (use,) = value.uses
                whole, out = self.program.place(use.value, use.shift), self.program.place(value, 0)
                made.append(f"{function}({self._text(whole)}, {self._text(out)})")
            elif value.kind == MATMUL and len(value.shape) == 2:
                made.append(self._product(value))
            elif by_element(value) and (elements := self._elements(group)) is not None:
                name = self.program.fresh("elements", len(functions))
                functions += ["@compiled", *elements.function(name), "", ""]
                made.append(f"{name}({', '.join(self._text(where) for where in elements.arguments)})")
            else:
                return None
        self.program.functions += functions
        return made

    def _groups(self) -> list[list[Value]]:
        """Neighbours that are computed element by element together; any other value alone."""
        groups: list[list[Value]] = []
        for value in self.values:
            joins = groups and by_element(value) and by_element(groups[-1][0]) and together(groups[-1], value)
            if joins:
                groups[-1].append(value)
            else:
                groups.append([value])
        return groups

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


def _reduction(value: Value) -> str | None:
    """The function that takes the sum or the maximum over the first axis of a step."""
    function = _REDUCTIONS.get(value.kind)  # type: ignore[arg-type]
    if function is None or value.settings.get("axis") not in (0, (0,)) or not value.uses[0].value.timed:
        return None
    return function if value.uses[0].value.dtype == value.dtype else None


def _seen_through(value: Value) -> bool:
    """Whether a value is no more than a view of another."""
    return value.kind == ROWS or (value.kind == CONCAT and bool(value.settings.get("placed")))
