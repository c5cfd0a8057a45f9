"""Somebody's program watched while it runs: what each statement makes, and what it would make if it were another.

For the time of a run every right-hand side is handed to a function that looks at it. A statement that adds to what is
there hands over what it adds, one that multiplies what is there its product, and one that joins arrays each of them
too.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import math
import operator
import types
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.line_places import ATOMS, read
from autograd_seq.diagnosis.own_code import Part

LOOK = "_looked_at"  # what the functions are called in their file meanwhile
LOOK_AT_PART = "_looked_at_part"
PROBE = 1.37
MOST_TURNS = 60  # of one statement
MOST_CODES = 60  # functions, each with some change, whose code is remembered
PRODUCTS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Mult: operator.mul, ast.Div: operator.truediv, ast.MatMult: operator.matmul
}  # fmt: skip
JOINS = {"concatenate", "concat", "hstack", "vstack", "stack", "column_stack", "dstack"}
ONCE_ONLY = {"pop", "popleft", "next", "append", "popitem"}  # calls that cannot be made a second time


@dataclass(eq=False, slots=True)  # frozen, it would take three times as long to make
class Made:
    """The arrays that a statement made, the so-and-so-manieth time that it ran, and those that it joined in one."""

    part: Part
    statement: ast.stmt
    turn: int
    values: list[Array]
    joined: list[Array] = field(default_factory=list)


class _EnoughError(BaseException):
    """What was to be seen has been seen; no Exception, so that their program does not catch it."""


class Watcher:
    """Watches some functions, as they are in each run.

    Parameters
    ----------
    parts : sequence of Part
        The functions.
    passed_over : mapping of stmt to float
        The statements of which the first turns are left out, and how many.
    """

    def __init__(
        self, parts: Sequence[Part], passed_over: Mapping[ast.stmt, float] = MappingProxyType({})
    ) -> None:
        self._parts, self._passed_over = parts, passed_over
        self._listed: list[tuple[Part, ast.stmt]] = []
        self._numbers: dict[ast.stmt, int] = {}
        self._codes: OrderedDict[tuple[Part, int], types.CodeType | None] = OrderedDict()

    def run(self, run: Callable[[], Any], probed: Made | None = None) -> tuple[list[Made], Any]:
        """All that the statements of a program make, in order, and what the program answers.

        What one of them makes, at one time, can be another value: then what depends on it is another one, too.
        """
        made: list[Made] = []
        turns: Counter[int] = Counter()
        joined: dict[int, list[Array]] = {}

        def look(number: int, value: Any, there: Any = None) -> Any:
            turn, (part, s) = turns[number], self._listed[number]
            if self._passed_over.get(s, 0) <= turn < MOST_TURNS:
                whole = value if there is None else PRODUCTS[type(s.op)](there, value)  # type: ignore[attr-defined]
                made.append(Made(part, s, turn, [v.copy() for v in _arrays(whole)], joined.get(number, [])))
            joined.pop(number, None)
            turns[number] += 1
            return _other(value) if probed is not None and (s, turn) == (probed.statement, probed.turn) else value

        def look_at_part(number: int, value: Any) -> Any:
            joined.setdefault(number, []).extend(v.copy() for v in _arrays(value))
            return value

        with contextlib.ExitStack() as kept:
            for part in self._parts:
                kept.enter_context(_with_code(part, self._code(part)))
                kept.enter_context(_known_there(part, {LOOK: look, LOOK_AT_PART: look_at_part}))
            answer = run()
        return made, answer

    def _code(self, part: Part) -> types.CodeType | None:
        """The code of a function that is looked at; remembered, as most changes are of another one."""
        key = part, part.version
        if key not in self._codes:
            self._codes[key] = self._compiled(part)
            if len(self._codes) > MOST_CODES:
                self._codes.popitem(last=False)
        self._codes.move_to_end(key)
        return self._codes[key]

    def _compiled(self, part: Part) -> types.CodeType | None:
        listed = [s for s in _looked_at(part) if self._passed_over.get(s, 0) < math.inf]
        for s in listed:
            if s not in self._numbers:
                self._numbers[s] = len(self._listed)
                self._listed.append((part, s))
        with _looking([(s, self._call(s)) for s in listed], lambda s: self._numbers[s]):
            return part.compiled()

    def _call(self, s: Any) -> ast.Call:
        there = [read(ast.unparse(s.target))] if multiplies(s) else []
        return ast.Call(ast.Name(LOOK, ast.Load()), [ast.Constant(self._numbers[s]), s.value, *there], [])


def watched(parts: Sequence[Part], run: Callable[[], Any]) -> tuple[list[Made], Any]:
    """All that the statements of a program make in one run, in order, and what the program answers."""
    return Watcher(parts).run(run)


def instead(run: Callable[[], Any], at: Made, ways: Sequence[ast.expr]) -> list[list[Array]]:
    """What a statement would make, at the time at which it made `at`, with each of some other right-hand sides."""
    return _made_by(run, at, ways, _tried)


def instead_given(
    run: Callable[[], Any], at: Made, ways: Sequence[ast.expr], name: str, values: Sequence[Array]
) -> list[list[Array]]:
    """The same with each of some values in the place of a variable; what is made with them stands side by side."""
    def with_each(other: Callable[..., Any]) -> list[Array]:
        return [v for given in values for v in _tried(functools.partial(other, given))]

    return _made_by(run, at, ways, with_each, name)


def _made_by(
    run: Callable[[], Any],
    at: Made,
    ways: Sequence[ast.expr],
    tried: Callable[[Callable[..., Any]], list[Array]],
    *names: str,
) -> list[list[Array]]:
    """What functions with some right-hand sides make at a time, which are handed the variables of these names."""
    turn, trying = 0, False
    found: list[list[Array]] = []

    def look(value: Any, others: Sequence[Callable[..., Any]]) -> Any:
        nonlocal turn, trying
        turn += 1
        if turn <= at.turn or trying:  # what is tried may run the statement again
            return value
        trying = True
        found.extend(map(tried, others))
        raise _EnoughError

    there: Any = at.statement
    here = _place_of(there.value)
    handed = ast.arguments([], [ast.arg(name, **here) for name in names], None, [], [], None, [])
    values = [_with_place(whole_value(there, way), there.value) for way in ways]
    others = ast.Tuple([ast.Lambda(handed, value, **here) for value in values], ast.Load(), **here)
    call = ast.Call(ast.Name(LOOK, ast.Load()), [there.value, others], [])
    with _looking([(at.statement, call)]):
        code = at.part.compiled()
    with contextlib.suppress(_EnoughError), _with_code(at.part, code), _known_there(at.part, {LOOK: look}):
        run()
    return found


def multiplies(s: ast.stmt) -> bool:
    """Whether a statement multiplies or divides what is there, in place."""
    return isinstance(s, ast.AugAssign) and type(s.op) in PRODUCTS


def whole_value(s: Any, value: ast.expr) -> ast.expr:
    """What a statement makes with some right-hand side: the product, where it multiplies what is there."""
    return ast.BinOp(read(ast.unparse(s.target)), s.op, value) if multiplies(s) else value


def fills(s: ast.stmt) -> ast.expr | None:
    """The array that a call fills by its argument ``out``; None if it is no such statement."""
    if not isinstance(s, ast.Expr) or not isinstance(s.value, ast.Call):
        return None
    return next((k.value for k in s.value.keywords if k.arg == "out" and isinstance(k.value, ATOMS)), None)


def can_be_repeated(node: ast.AST) -> bool:
    """Whether an expression can be evaluated once more without anything being changed by it."""
    calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
    names = {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls}
    others = [n for n in ast.walk(node) if isinstance(n, (ast.NamedExpr, ast.Yield, ast.Await))]
    return not names & ONCE_ONLY and not others


@contextlib.contextmanager
def _looking(calls: Sequence[tuple[Any, ast.Call]], number: Callable[[ast.stmt], int] | None = None) -> Iterator[None]:
    """With calls in the place of right-hand sides; and of what is joined in them, if they have numbers."""
    with contextlib.ExitStack() as kept:
        for s, call in calls:
            joined = _joined(s.value) if number is not None else []
            for i, node in enumerate(joined):
                part = ast.Call(ast.Name(LOOK_AT_PART, ast.Load()), [ast.Constant(number(s)), node], [])  # type: ignore[misc]
                kept.callback(joined.__setitem__, i, node)
                joined[i] = _placed(part, node)
            kept.callback(setattr, s, "value", s.value)
            s.value = _placed(call, s.value)
        yield


@contextlib.contextmanager
def _with_code(part: Part, code: types.CodeType | None) -> Iterator[None]:
    """Let a function do what some code says, if there is any."""
    before = part.function.__code__
    if code is not None:
        part.function.__code__ = code
    try:
        yield
    finally:
        part.function.__code__ = before


@contextlib.contextmanager
def _known_there(part: Part, looks: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """With functions under their names in the file of another one."""
    part.function.__globals__.update(looks)
    try:
        yield
    finally:
        for name in looks:
            part.function.__globals__.pop(name, None)


def _joined(value: ast.expr) -> list[ast.expr]:
    """The arrays that an expression joins, where it does nothing else: the list in which they stand."""
    if not isinstance(value, ast.Call) or not value.args or not isinstance(value.args[0], (ast.List, ast.Tuple)):
        return []
    name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    return value.args[0].elts if name in JOINS else []


def _placed(call: ast.Call, there: ast.expr) -> ast.Call:
    """A call with the place of what it stands for, which has its own."""
    ast.copy_location(call.func, there)
    for argument in call.args:
        _with_place(argument, there)
    return ast.copy_location(call, there)


def _with_place(node: ast.expr, there: ast.expr) -> ast.expr:
    """An expression with the place of another one, if it has none of its own, as one that was read has."""
    return node if hasattr(node, "lineno") else ast.fix_missing_locations(ast.copy_location(node, there))


def _place_of(node: ast.expr) -> dict[str, Any]:
    """Where an expression stands, as a new one may be told it."""
    return {name: getattr(node, name) for name in node._attributes}


def _looked_at(part: Part) -> Iterator[ast.stmt]:
    kinds = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return)
    for s in part.statements():
        if (isinstance(s, kinds) and s.value is not None) or fills(s) is not None:
            yield s


def _tried(way: Callable[[], Any]) -> list[Array]:
    try:
        with np.errstate(all="ignore"):
            return _arrays(way())
    except Exception:  # whatever a changed line raises
        return []


def _other(value: Any) -> Any:
    """Other numbers in the place of those that a statement made."""
    if isinstance(value, (tuple, list)):
        return type(value)(*map(_other, value)) if hasattr(value, "_fields") else type(value)(map(_other, value))
    if isinstance(value, dict):
        return {k: _other(v) for k, v in value.items()}
    is_float = isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f"
    return value * PROBE + PROBE / 10 if is_float else value


def _arrays(value: Any, depth: int = 2) -> list[Array]:
    """The arrays of numbers in what a statement made."""
    if isinstance(value, (np.ndarray, np.floating, float)):
        array = np.asarray(value)
        return [array] if array.dtype.kind == "f" else []
    if depth and isinstance(value, (tuple, list)):
        return [a for part in value for a in _arrays(part, depth - 1)]
    if depth and isinstance(value, dict):
        return [a for part in value.values() for a in _arrays(part, depth - 1)]
    return []
