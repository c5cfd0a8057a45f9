"""Somebody's own line as it should be: the head of a loop that goes the wrong way or leaves out a step at one end, and
an addition at indices of which some are there more than once.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.finding import Finding

_ITERATED_BACKWARDS = (ast.Name, ast.Attribute, ast.Subscript, ast.List, ast.Tuple)  # zip and enumerate cannot be


def with_own_line(finding: Finding) -> Finding:
    """A finding of which the line tells what is right, with that."""
    if finding.category == kinds.DUPLICATES.category:
        added = added_at(finding.source)
        return finding if added is None else replace(finding, correct=added)
    right = _RIGHT.get(finding.words)
    head = right_head(finding.source, right) if right is not None and finding.where == "the loop" else None
    return finding if head is None else replace(finding, correct=head)


def added_at(source: str) -> str | None:
    """An addition at indices that adds at each of them; None where there is none.

    Examples
    --------
    >>> added_at("dE[ids] += dx @ W.T")
    'np.add.at(dE, ids, dx @ W.T)'
    """
    try:
        (line,) = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(line, ast.AugAssign) or not isinstance(line.op, ast.Add):
        return None
    if not isinstance(line.target, ast.Subscript):
        return None
    array, index, value = (ast.unparse(node) for node in (line.target.value, line.target.slice, line.value))
    return f"np.add.at({array}, {index}, {value})"


def right_head(source: str, right: Callable[[ast.expr], ast.expr | None]) -> str | None:
    """The head of a loop with what it goes over in another form; None where there is none.

    Examples
    --------
    >>> right_head("for t in range(T):", turned)
    'for t in reversed(range(T)):'
    >>> right_head("for t in range(T - 1, 0, -1):", one_step_further)
    'for t in range(T - 1, -1, -1):'
    >>> right_head("for t in reversed(range(T - 1)):", one_step_before)
    'for t in reversed(range(T)):'
    """
    whole = " ".join([source, "pass"])
    try:
        (loop,) = ast.parse(whole).body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(loop, ast.For):
        return None
    over = right(loop.iter)
    return None if over is None else f"for {ast.get_source_segment(whole, loop.target)} in {ast.unparse(over)}:"


def turned(over: ast.expr) -> ast.expr | None:
    """The same from its end to its beginning."""
    if _reversed(over) is not None or (_range(over) is not None and len(_range(over) or ()) == 3):
        return None
    if _range(over) is None and not isinstance(over, _ITERATED_BACKWARDS):
        over = _call("list", over)
    return _call("reversed", over)


def one_step_further(over: ast.expr) -> ast.expr | None:
    """The same with the first time step, which it comes to last."""
    inner = _reversed(over)
    upwards = _range(inner) if inner is not None else None
    if upwards is not None and len(upwards) == 2 and (first := _number(upwards[0])) is not None and first > 0:
        ends = [upwards[1]] if first == 1 else [ast.Constant(first - 1), upwards[1]]
        return _call("reversed", _call("range", *ends))
    down = _range(over)
    if down is not None and len(down) == 3 and _number(down[2]) == -1 and (last := _number(down[1])) is not None:
        return _call("range", down[0], _literal(last - 1), down[2]) if last >= 0 else None
    return None


def one_step_before(over: ast.expr) -> ast.expr | None:
    """The same with the last time step, which it begins with."""
    inner = _reversed(over)
    upwards = _range(inner) if inner is not None else None
    if upwards is not None and len(upwards) in (1, 2) and (end := _one_more(upwards[-1])) is not None:
        return _call("reversed", _call("range", *upwards[:-1], end))
    down = _range(over)
    if down is not None and len(down) == 3 and _number(down[2]) == -1 and (end := _one_more(down[0])) is not None:
        begins_right = _number(down[1]) == -1 and not isinstance(end, ast.BinOp)  # at the last of steps from 0 on
        return None if begins_right else _call("range", end, *down[1:])
    return None


def _one_more(end: ast.expr) -> ast.expr | None:
    """``T`` for ``T - 1``, and ``T - 1`` for ``T - 2``."""
    if not isinstance(end, ast.BinOp) or not isinstance(end.op, ast.Sub) or not (less := _number(end.right)):
        return None
    return end.left if less == 1 else ast.BinOp(end.left, ast.Sub(), ast.Constant(less - 1))


def _reversed(over: ast.expr) -> ast.expr | None:
    """What is gone through from its end, by `reversed`."""
    return over.args[0] if _is_call(over, "reversed") and len(over.args) == 1 else None  # type: ignore[attr-defined]


def _range(over: ast.expr | None) -> list[ast.expr] | None:
    return list(over.args) if over is not None and _is_call(over, "range") else None  # type: ignore[attr-defined]


def _is_call(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _number(node: ast.expr) -> int | None:
    """A whole number that is written out."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    return sign * node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def _literal(number: int) -> ast.expr:
    return ast.Constant(number) if number >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-number))


_RIGHT: dict[str, Callable[[ast.expr], ast.expr | None]] = {
    kinds.LOOP_FORWARD.words: turned,
    kinds.ENDS_TOO_EARLY.words: one_step_further,
    kinds.BEGINS_TOO_LATE.words: one_step_before,
}
