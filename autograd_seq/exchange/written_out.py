"""A program for one number of steps with its loops over time written out: every step a few statements of its own."""

from __future__ import annotations

import ast
import copy
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

SIGNS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
}  # fmt: skip


def written_out(statements: Sequence[ast.stmt], steps: int) -> list[ast.stmt]:
    """The statements that a program runs through when T is `steps`, one after another.

    Parameters
    ----------
    statements : sequence of statements
        Of a program as `source` writes it, whose loops are over ranges.
    steps : int
        How many there are.

    Examples
    --------
    >>> program = ast.parse("for t in range(T, 0, -1): c[t] = a[t - 1]").body
    >>> [ast.unparse(statement) for statement in written_out(program, 2)]
    ['c[2] = a[1]', 'c[1] = a[0]']
    """
    return [out for statement in statements for out in _written_out(statement, {"T": steps})]


def _written_out(statement: ast.stmt, numbers: dict[str, int]) -> Iterator[ast.stmt]:
    if isinstance(statement, ast.For) and isinstance(statement.target, ast.Name):
        for number in _range(statement.iter, numbers):
            for inner in statement.body:
                yield from _written_out(inner, numbers | {statement.target.id: number})
    else:
        yield _Numbered(numbers).visit(copy.deepcopy(statement))


def _range(node: ast.expr, numbers: dict[str, int]) -> range:
    """The numbers that a loop runs through."""
    call: Any = _Numbered(numbers).visit(copy.deepcopy(node))
    return range(*(int(ast.literal_eval(part)) for part in call.args))


class _Numbered(ast.NodeTransformer):
    """Puts numbers in place of counters, and the parts of a series in place of it."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self.numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A counter that is read is its number."""
        read = isinstance(node.ctx, ast.Load) and node.id in self.numbers
        return ast.copy_location(ast.Constant(self.numbers[node.id]), node) if read else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """``3 - 1`` is 2, so that an index is one number."""
        self.generic_visit(node)
        parts = [part.value for part in (node.left, node.right) if isinstance(part, ast.Constant)]
        both = [value for value in parts if type(value) is int]
        if len(both) < 2 or type(node.op) not in SIGNS:
            return node
        return ast.copy_location(ast.Constant(SIGNS[type(node.op)](*both)), node)

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        """All parts of a series, one after another."""
        return ast.copy_location(ast.List(self._parts(node.elt, node), ast.Load()), node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        """All parts of a series, one after another."""
        return ast.copy_location(ast.List(self._parts(node.elt, node), ast.Load()), node)

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        """``{0: a, **{t: b[t] for t in …}}`` with every step as an entry of its own."""
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None and isinstance(value, ast.DictComp):
                keys += self._parts(value.key, value)
                values += self._parts(value.value, value)
            else:
                keys.append(None if key is None else self.visit(key))
                values.append(self.visit(value))
        return ast.copy_location(ast.Dict(keys, values), node)

    def _parts(self, part: ast.expr, node: ast.ListComp | ast.GeneratorExp | ast.DictComp) -> list[ast.expr]:
        (series,) = node.generators
        counter = ast.unparse(series.target)
        turns = (self.numbers | {counter: number} for number in _range(series.iter, self.numbers))
        return [_Numbered(numbers).visit(copy.deepcopy(part)) for numbers in turns]
