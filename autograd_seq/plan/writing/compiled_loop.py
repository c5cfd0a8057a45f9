"""The statements of a step, as Numba compiles them: products, sums over classes, and loops over elements."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from autograd_seq.core.operation import Operation
from autograd_seq.plan.memory.reuse import used
from autograd_seq.plan.value import CONCAT, MATMUL, ROWS, Use, Value
from autograd_seq.plan.writing.elements import Elements, Place, by_element, together

_REDUCTIONS: dict[np.ufunc | None, str] = {np.add: "sums", np.maximum: "maxima"}


class CompiledLoop:
    """Writes the body of a compiled loop.

    Parameters
    ----------
    program : FastProgram
        Where its values stand.
    values : list of Value
        What is computed in a step, in order.

    Attributes
    ----------
    arguments : dict of str to str
        By their names in the loop, what it is called with.
    """

    def __init__(self, program: Any, values: list[Value]) -> None:
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
            if (function := reduction(value)) is not None:
                (use,) = value.uses
                whole, out = self.program.place(use.value, use.shift), self.program.place(value, 0)
                made.append(f"{function}({self._text(whole)}, {self._text(out)})")
            elif _product(value):
                made.append(self._product(value))
            elif by_element(value) and (elements := self._elements(group)) is not None:
                name = self.program.fresh("elements", len(functions))
                functions += ["@compiled", *elements.function(name), "", ""]
                made.append(elements.call(name, self._text))
            else:
                return None
        self.program.functions += functions
        self.arguments |= {size: size for size in used(self.program.sizes, made)}
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

        elements = Elements(group, self.program.place, lasting, self.program.names, self.program.sizes)
        return elements if elements.fits else None

    def _product(self, value: Value) -> str:
        column = value.shape[1] == 1 and not value.uses[0].value.timed
        left, right = (self._matrix(use, column and i == 1) for i, use in enumerate(value.uses))
        return f"np.dot({left}, {right}, {self._matrix(Use(value), column)})"

    def _matrix(self, use: Use, column: bool) -> str:
        x = use.value
        if x.times is None:
            word = self.program.solid(use, flat=False, dtype=self.program.dtype)
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


def holds(value: Value) -> bool:
    """Whether a compiled loop can hold a value."""
    return _product(value) or _seen_through(value) or by_element(value) or reduction(value) is not None


def _product(value: Value) -> bool:
    """Whether a value is a product of matrices, of one dtype: an operand that does not change can be made so."""
    alike = all(use.value.dtype == value.dtype for use in value.uses if use.value.timed)
    return value.kind == MATMUL and len(value.shape) == 2 and alike


def reduction(value: Value) -> str | None:
    """The function that takes the sum or the maximum over the first axis of a step."""
    function = _REDUCTIONS.get(value.kind.reduces) if isinstance(value.kind, Operation) else None
    if function is None or value.settings.get("axis") not in (0, (0,)) or not value.uses[0].value.timed:
        return None
    return function if value.uses[0].value.dtype == value.dtype else None


def _seen_through(value: Value) -> bool:
    """Whether a value is no more than a view of another."""
    return value.kind == ROWS or (value.kind == CONCAT and bool(value.settings.get("placed")))
