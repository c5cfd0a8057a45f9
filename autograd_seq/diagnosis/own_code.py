"""Somebody's functions as they stand in their file: which of them run, and what they do with one expression changed.

Code is exchanged within the function objects themselves, so that whatever calls them, a class, a closure or
another file, calls the changed one. It runs where the unchanged one ran, and nowhere else.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import itertools
import sys
import textwrap
import types
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from autograd_seq.diagnosis.calling import Space, arrays_in
from autograd_seq.diagnosis.lines_made import MOST_MADE, LinesMade, Made
from autograd_seq.diagnosis.read_off import UNKNOWN, kind_of, siblings, unread, value_of

MOST_CALLS = 4  # of one function of which it is kept what its operands were
MOST_HANDED = 6  # arrays that a call hands over
LOOKED_AT = 16  # lines after which it is seen whether a changed program makes something endless
MOST_BYTES, MOST_ENTRIES = 64_000_000, 100_000
BODIES = ("body", "handlers", "orelse", "finalbody", "cases")  # where statements have statements


VERSIONS = itertools.count(1)


class EndlessError(Exception):
    """A changed program runs far longer than the one that it was made from."""


class OtherOutputsError(Exception):
    """A changed program has a forward pass that gives other outputs."""


@dataclass(eq=False)
class Part:
    """A function of somebody's program, with its syntax tree.

    Attributes
    ----------
    function : FunctionType
        What is called.
    tree : FunctionDef
        Its definition; the line numbers are those of its file.
    kinds : dict
        From the operands that occur in it, as source, to what they were at last: the shape of an array, or a type.
    arrays : dict
        Those of them that are arrays.
    ran : set of int
        The numbers of the lines that ran.
    made : dict
        From the number of a line to what it put into its variable the first few times, each with its place in time.
    entries : dict
        The same of all values that a line makes, those in a dict or a tuple and those returned, and of the last time.
    forward : set of str
        The operands that are values of the forward pass.
    zeros : set of str
        Those that were all zeros at last, as a state of the beginning is: nobody can tell of which pass they are.
    handed : dict
        From the number of a line to the arrays that it hands to another function of theirs, the first few times.
    named : dict
        The same as `entries`, each under what it is assigned to; what is answered has no name.
    calls : list of dict
        The operands that were arrays at the end of each of the first few calls.
    beside : list of str
        What else their objects and dicts hold: the function itself reads none of it.
    version : int
        Another number whenever a change was put into the tree, and the same again when it was taken out.
    """

    function: types.FunctionType
    tree: ast.FunctionDef
    kinds: dict[str, Any]
    arrays: dict[str, Any]
    ran: set[int]
    made: dict[int, list[Made]]
    entries: dict[int, list[Made]]
    forward: set[str] = field(default_factory=set)
    zeros: set[str] = field(default_factory=set)
    handed: dict[int, list[Made]] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    named: dict[int, list[tuple[str, Any]]] = field(default_factory=dict)
    beside: list[str] = field(default_factory=list)
    version: int = 0

    @property
    def file(self) -> str:
        """The file's name."""
        return self.function.__code__.co_filename

    def compiled(self) -> types.CodeType | None:
        """The code of the tree as it is now; None where it is not a function of the same kind."""
        names = self.function.__code__.co_freevars
        around = self._around
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of code that nobody wrote
                code = compile(around, self.file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, TypeError):
            return None
        inner = _named(_named(code, "around"), self.tree.name)
        return inner if inner is not None and inner.co_freevars == names else None

    @cached_property
    def _around(self) -> ast.Module:
        """The definition within a function that has the variables which it takes from around it.

        One of the file's that calls itself finds itself there, and not in the function around it.
        """
        taken, name = self.function.__code__.co_freevars, self.tree.name
        around = ast.parse(f"def around({', '.join(taken)}):\n    {'pass' if name in taken else f'global {name}'}")
        outer = around.body[0]
        assert isinstance(outer, ast.FunctionDef)
        outer.body.append(self.tree)
        return around

    @contextlib.contextmanager
    def changed(self) -> Iterator[bool]:
        """Let the function do what its tree says now; False where that cannot be."""
        before, code = self.function.__code__, self.compiled()
        if code is not None:
            self.function.__code__ = code
        try:
            yield code is not None
        finally:
            self.function.__code__ = before

    def statements(self) -> Iterator[ast.stmt]:
        """The simple statements that ran, in order."""
        kinds = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr, ast.For)
        for node in statements_in(self.tree):
            if isinstance(node, kinds) and node.lineno in self.ran:
                yield node


def statements_in(tree: ast.AST) -> Iterator[ast.stmt]:
    """The statements within one, in the order of `ast.walk`, which would go through all expressions as well."""
    waiting = deque([tree])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.stmt):
            yield node
        for name in BODIES:
            waiting.extend(getattr(node, name, ()))


@contextlib.contextmanager
def put(edit: Any) -> Iterator[None]:
    """With a change in the tree."""
    before, part = edit.old, edit.part
    version = part.version if part is not None else 0
    ast.fix_missing_locations(edit.new)
    edit.put(edit.new)
    try:
        if part is not None:  # a tree that is no function's that ran
            part.version = next(VERSIONS)
        yield
    finally:
        edit.put(before)
        if part is not None:
            part.version = version


def _named(code: types.CodeType | None, name: str) -> types.CodeType | None:
    inner = code.co_consts if code is not None else ()
    return next((c for c in inner if isinstance(c, types.CodeType) and c.co_name == name), None)


def parts(run: Callable[[], Any], functions: Iterable[Any], spaces: Iterable[Space]) -> tuple[list[Part], int]:
    """Run somebody's program once; the functions that took part and can be read, and how many lines ran.

    Parameters
    ----------
    run : callable
        Calls it.
    functions : iterable
        Those that it begins with.
    spaces : iterable of dict
        The global variables of its files.
    """
    known = {f.__code__: f for f in functions_in(functions, spaces)}
    trees: dict[types.FunctionType, ast.FunctionDef | None] = {}
    outer_first = sorted(known.items(), key=lambda pair: -len(list(_within(pair[0]))))
    owner = {code: f for c, f in outer_first for code in _within(c)}  # the innermost that is there as a function
    operands: dict[types.FunctionType, dict[str, Any]] = {}
    lines: dict[types.FunctionType, Counter[int]] = {}
    values: dict[types.FunctionType, dict[int, list[Made]]] = {}
    kept: dict[types.FunctionType, LinesMade] = {}
    handed: dict[types.FunctionType, dict[int, list[Made]]] = {}
    calls: dict[types.FunctionType, list[dict[str, Any]]] = {}
    beside: dict[types.FunctionType, dict[str, Any]] = {}
    order = itertools.count()

    def enter(frame: types.FrameType, event: str, argument: Any) -> Any:
        function = owner.get(frame.f_code)
        if function is None:
            return None
        caller = owner.get(frame.f_back.f_code) if frame.f_back is not None else None
        if caller is not None and frame.f_back is not None:
            _keep_handed(handed.setdefault(caller, {}), frame.f_back.f_lineno, frame.f_locals, order)
        if function not in trees:
            trees[function] = tree_of(function)
        tree = trees[function]
        seen, ran = operands.setdefault(function, {}), lines.setdefault(function, Counter())

        made = values.setdefault(function, {})
        entries = kept.setdefault(function, LinesMade(tree))
        targets = _targets(tree)
        before = 0

        def line(frame: types.FrameType, event: str, argument: Any) -> Any:
            nonlocal before
            if before in targets and len(made.setdefault(before, [])) < MOST_MADE:
                value = value_of(targets[before], frame.f_locals)
                made[before].append((next(order), value.copy() if isinstance(value, np.ndarray) else value))
            entries.keep(before, frame.f_locals, order)
            if event == "return":
                entries.returned(frame.f_lineno, argument, order)
            before = frame.f_lineno
            if event == "line":
                ran[frame.f_lineno] += 1
            if event == "return" and tree is not None:
                now = dict(_operands(tree, {**frame.f_globals, **frame.f_locals}))
                seen.update(now)
                more = beside.setdefault(function, {})
                more.update(siblings(tree, {**frame.f_globals, **frame.f_locals}, now))
                more.update(unread(tree, dict(frame.f_locals)))
                if frame.f_code is function.__code__ and len(calls.setdefault(function, [])) < MOST_CALLS:
                    calls[function].append({k: v for k, v in now.items() if isinstance(v, np.ndarray)})
            return line

        return line

    _traced(enter, run)
    found = []
    for function, ran in lines.items():
        tree = trees[function]
        if tree is not None:
            held = {**beside.get(function, {}), **operands[function]}
            kinds = {k: kind_of(v) for k, v in held.items() if k != "_"}  # one kind now, and another one then
            arrays = {k: v for k, v in held.items() if isinstance(v, np.ndarray)}
            part = Part(function, tree, kinds, arrays, set(ran), values[function], kept[function].found)
            part.handed, part.calls = handed.get(function, {}), calls.get(function, [])
            part.named = kept[function].named
            part.beside = [k for k in beside.get(function, ()) if k not in operands[function]]
            found.append(part)
    return found, sum(sum(ran.values()) for ran in lines.values())


def at_most(lines: int, run: Callable[[], Any], found: list[Part]) -> Any:
    """What a changed program answers, unless it runs more lines than these, or makes something without bounds.

    Raises
    ------
    EndlessError
        If it does.
    """
    files, left = {part.file for part in found}, lines

    def line(frame: types.FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or (left % LOOKED_AT == 0 and any(map(_is_endless, frame.f_locals.values()))):
            raise EndlessError
        return line

    return _traced(lambda frame, event, argument: line if frame.f_code.co_filename in files else None, run)


def _is_endless(value: Any) -> bool:
    """Whether something has grown as only a program does that doubles it again and again."""
    if isinstance(value, np.ndarray):
        return value.nbytes > MOST_BYTES
    return isinstance(value, (list, tuple)) and len(value) > MOST_ENTRIES


def _keep_handed(handed: dict[int, list[Made]], line: int, held: dict[str, Any], order: Iterator[int]) -> None:
    """Look at the arrays that a line calls a function with."""
    kept = handed.setdefault(line, [])
    if len(kept) < MOST_MADE * MOST_HANDED:
        arrays = (a for name, value in held.items() for _, a in arrays_in(value, name, depth=1))
        floats = (a for a in arrays if a.dtype.kind == "f")
        kept.extend((next(order), a.copy()) for a in itertools.islice(floats, MOST_HANDED))


def _traced(tracer: Any, run: Callable[[], Any]) -> Any:
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        return run()
    finally:
        sys.settrace(before)


def functions_in(functions: Iterable[Any], spaces: Iterable[Space]) -> Iterator[types.FunctionType]:
    """The functions among some things, and those of classes and files."""
    things = [*functions, *(value for space in spaces for value in space.values())]
    for thing in things:
        if isinstance(thing, type):
            things.extend(v for v in vars(thing).values() if not isinstance(v, type))
        inner = getattr(thing, "__func__", None) or getattr(thing, "fget", None) or thing
        if isinstance(inner, types.FunctionType):
            yield inner


def _within(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _within(inner)


@lru_cache(64)
def _targets(tree: ast.FunctionDef | None) -> dict[int, ast.expr]:
    """Under the number of a line the one variable or entry that it assigns."""
    statements = [] if tree is None else [n for n in ast.walk(tree) if isinstance(n, (ast.Assign, ast.AugAssign))]
    found = {s.lineno: s.targets[0] if isinstance(s, ast.Assign) else s.target for s in statements}
    return {k: v for k, v in found.items() if isinstance(v, (ast.Name, ast.Attribute, ast.Subscript))}


def _operands(tree: ast.AST, held: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values of the operands in a function, as far as its variables say them."""
    for text, node in _written(tree):
        value = value_of(node, held)
        if value is not UNKNOWN:
            yield text, value.copy() if isinstance(value, np.ndarray) else value


@lru_cache(64)
def _written(tree: ast.AST) -> list[tuple[str, ast.expr]]:
    """The operands in a function, each with how it is written; a function may answer dozens of times."""
    kinds = (ast.Name, ast.Attribute, ast.Subscript)
    return [(ast.unparse(node), node) for node in ast.walk(tree) if isinstance(node, kinds)]


def tree_of(function: types.FunctionType) -> ast.FunctionDef | None:
    """The definition of a function; None for a lambda, and where no file says what it is."""
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    tree.decorator_list = []
    return ast.increment_lineno(tree, first - 1)
