"""Where a number in a program comes from: the code itself, a loop's counter, the length of something, or data.

What counts with the time step may do so by accident: of targets 3, 4, 5 nobody can tell from the recording that they
are data. The program's text tells it, read as a tree and never run. What the text does not tell is called data, since
a number that is given can never be wrong.
"""

from __future__ import annotations

import ast
import dis
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

from autograd_seq.core.program_names import WrittenInFile
from autograd_seq.core.record import Record

CODE, LENGTH, COUNTER, DATA = "code", "length", "counter", "data"
COUNT = "count"  # of the elements that a rule of the sweep divides by
RULES = CODE, LENGTH, COUNTER  # what the program computes, whatever the data are
_RANK = {CODE: 0, LENGTH: 1, COUNTER: 2, DATA: 3}
Loop = ast.For | ast.AsyncFor | ast.While | ast.comprehension
_COUNTS = {"range", "steps", "trange"}  # what they give counts
_KEEPS = {"reversed", "list", "tuple", "sorted", "tqdm", "int", "min", "max", "abs", "float"}  # of what they are given


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an expression's value comes from.

    Attributes
    ----------
    kind : {"code", "length", "counter", "data"}
        The least certain of its parts.
    words : str or None
        What the program calls it, where it is a name or an element of one: ``targets`` of ``targets[t]``.
    varies : bool
        Whether it may be another at another turn of a loop.
    length : (str, int) or None
        Where it is the length of an array: what the program calls that, and the axis.
    beside : (str, int) or None
        Of data with a number added, what the program calls the data, and the number.
    ends : tuple of Origin
        Of a slice that is written with colons: where its start, stop and step come from.
    turns : bool
        Of a length, whether a loop goes through what has it, so that it is the number of turns.
    """

    kind: str
    words: str | None = None
    varies: bool = True
    length: tuple[str, int] | None = None
    beside: tuple[str, int] | None = None
    ends: tuple[Origin, ...] = ()
    turns: bool = False

    @property
    def given(self) -> bool:
        """Whether it is data that the program has a name for."""
        return self.kind == DATA and self.words is not None

    @property
    def counts(self) -> str | None:
        """The name that the program has for a length, such as m; T, where a loop goes through that; None for others."""
        if self.turns and self.words is None:
            return "T"
        named = self.words is not None and self.words not in ("ndim", "size", "shape")
        return self.words if self.kind == LENGTH and self.length is not None and named else None


UNKNOWN = Origin(DATA)


def of_index(record: Record) -> tuple[Origin, ...]:
    """The origins of the parts of the index with which a record was picked; empty where the text does not tell."""
    if isinstance(record._origin, WrittenInFile):
        index = record.settings["index"]
        return (Origin(CODE),) * (len(index) if isinstance(index, tuple) else 1)
    found = _expression(record._code, record._offset)
    if found is None or not isinstance(found[0], ast.Subscript):
        return ()
    index, function = found[0].slice, found[1]
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return tuple(_origin(part, function) for part in parts)


def lengths_in_index(record: Record) -> tuple[tuple[int, ...] | None, ...]:
    """The lengths that the parts of an index are made of, such as 4 for the ``2 * H`` that is 8; None if untold."""
    found = _expression(record._code, record._offset)
    if found is None or not isinstance(found[0], ast.Subscript):
        return ()
    index, value = found[0].slice, record.settings["index"]
    trees = index.elts if isinstance(index, ast.Tuple) else [index]
    values = value if isinstance(value, tuple) else (value,)
    if len(trees) != len(values):
        return ()
    return tuple(_lengths_in_part(tree, part, found[1]) for tree, part in zip(trees, values, strict=True))


def _lengths_in_part(tree: ast.expr, part: Any, scope: _Scope) -> tuple[int, ...] | None:
    if not isinstance(tree, ast.Slice):
        return _length_in(tree, part, scope)
    if not isinstance(part, slice):
        return None
    ends = [(tree.lower, part.start), (tree.upper, part.stop), (tree.step, part.step)]
    found = [_length_in(end, value, scope) for end, value in ends if end is not None]
    return None if None in found else tuple(n for lengths in found if lengths is not None for n in lengths)


def _length_in(tree: ast.expr, value: Any, scope: _Scope) -> tuple[int, ...] | None:
    line = _linear(tree, scope, 8)
    if line is None or type(value) is not int:
        return None
    times, more, _ = line
    if not times:
        return ()
    return ((value - more) // times,) if (value - more) % times == 0 else None


_Line = tuple[int, int, str]  # a, b and what n is the length of, in a * n + b


def _linear(tree: ast.expr, scope: _Scope, depth: int) -> _Line | None:
    """An expression of at most one length, as a line in that; None if it is no such."""
    if isinstance(tree, ast.Constant):
        return (0, tree.value, "") if type(tree.value) is int else None
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        inner = _linear(tree.operand, scope, depth)
        return None if inner is None else (-inner[0], -inner[1], inner[2])
    if isinstance(tree, ast.BinOp):
        first, second = _linear(tree.left, scope, depth), _linear(tree.right, scope, depth)
        return None if first is None or second is None else _combined(tree.op, first, second)
    if isinstance(tree, ast.Name):
        bound = scope.bound.get(tree.id, [])
        if not depth or len(bound) != 1 or bound[0][1]:
            return None
        to = bound[0][0]
        return ((1, 0, tree.id) if to == LENGTH else None) if isinstance(to, str) else _linear(to, scope, depth - 1)
    return None if _length(tree, scope) is None else (1, 0, ast.unparse(tree))


def _combined(sign: ast.operator, first: _Line, second: _Line) -> _Line | None:
    """Two lines added, subtracted or multiplied."""
    (a, b, of), (c, d, other) = first, second
    if a and c and of != other:
        return None
    words = of or other
    if isinstance(sign, ast.Add):
        return a + c, b + d, words
    if isinstance(sign, ast.Sub):
        return a - c, b - d, words
    return (a * d + b * c, b * d, words) if isinstance(sign, ast.Mult) and not (a and c) else None


def of_operand(record: Record, position: int) -> Origin:
    """The origin of the number that stands as one input of a record."""
    assert record.operation is not None
    if isinstance(record._origin, WrittenInFile):
        return Origin(CODE, varies=False)
    value = record.inputs[position]._value.item()
    found = _expression(record._code, record._offset)
    operand = None if found is None else _operand(found[0], position, record.operation.name)
    if found is None or operand is None:
        return UNKNOWN
    origin = _origin(operand, found[1])
    constants = [tree for tree in _constants(operand, found[1]) if tree.value == value]
    if isinstance(operand, ast.Constant):
        return origin if constants else UNKNOWN
    return Origin(CODE, origin.words, False) if constants else origin  # J = 0, to begin with


_SIGNS = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power"}


def _operand(tree: ast.AST, position: int, operation: str) -> ast.expr | None:
    """The part of an expression that is one input of an operation; None where it is not that operation's."""
    if isinstance(tree, ast.BinOp) and _SIGNS.get(type(tree.op)) == operation:
        return (tree.left, tree.right)[position]
    if isinstance(tree, ast.AugAssign) and _SIGNS.get(type(tree.op)) == operation:
        return (tree.target, tree.value)[position]
    if isinstance(tree, ast.Call):
        word = tree.func.id if isinstance(tree.func, ast.Name) else getattr(tree.func, "attr", "")
        if word == "sum" and isinstance(tree.func, ast.Name) and operation == "add" and not position:
            return tree.args[1] if len(tree.args) > 1 else ast.Constant(0)  # what Python's sum begins with
        if word == operation and position < len(tree.args) and not isinstance(tree.args[position], ast.Starred):
            return tree.args[position]
    return None


def _constants(tree: ast.expr, scope: _Scope) -> list[ast.Constant]:
    """The constants that an expression is, or that its name is bound to in the function before the loop it is in."""
    bound = scope.bound.get(tree.id, []) if isinstance(tree, ast.Name) else [(tree, None)]
    return [to for to, loop in bound if isinstance(to, ast.Constant) and (loop is None or _goes_on_within(loop, tree))]


def _goes_on_within(loop: Loop, tree: ast.expr) -> bool:
    """Whether an expression is in a further loop inside of one."""
    inner = (x for x in ast.walk(loop) if x is not loop and isinstance(x, (ast.For, ast.AsyncFor, ast.While)))
    return any(tree is x for further in inner for x in ast.walk(further))


# -- the program's text as trees ----------------------------------------------------------------------


class _Text:
    """A file as a tree: what stands where, and in which function."""

    def __init__(self, lines: list[str]) -> None:
        self.at: dict[tuple[int, int, int, int], tuple[ast.AST, ast.AST]] = {}
        module = ast.parse("".join(lines))
        self.outer: dict[ast.AST, ast.AST] = {}
        self._note(module, module)

    def _note(self, tree: ast.AST, function: ast.AST) -> None:
        stack: list[tuple[ast.AST, ast.AST]] = [(tree, function)]
        while stack:
            node, within = stack.pop()
            place = getattr(node, "lineno", None)
            if place is not None and isinstance(node, (ast.expr, ast.AugAssign)):
                known = (node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset or 0)
                self.at.setdefault(known, (node, within))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                self.outer[node] = within
                within = node
            stack.extend((child, within) for child in ast.iter_child_nodes(node))


@lru_cache(maxsize=64)
def _text(lines: tuple[str, ...]) -> _Text | None:
    try:
        return _Text(list(lines))
    except (SyntaxError, ValueError, RecursionError):
        return None  # a cell with magic, or what is no file at all


@lru_cache(maxsize=16)
def _of_code(code: CodeType) -> tuple[_Text | None, list[Any]]:
    return _text(tuple(linecache.getlines(code.co_filename))), list(code.co_positions())


@lru_cache(maxsize=8192)
def _expression(code: CodeType | None, offset: int) -> tuple[ast.AST, _Scope] | None:
    """The tree of the expression that an instruction evaluates, and the function that it stands in."""
    if code is None:
        return None
    text, positions = _of_code(code)
    if text is None or offset // 2 >= len(positions):
        return None
    first, last, start, end = positions[offset // 2]
    found = text.at.get((first, last, start, end))
    return None if found is None else (found[0], _scope(text, found[1]))


# -- names --------------------------------------------------------------------------------------------


class _Scope:
    """A function's names: what each is bound to, and whether a loop binds it."""

    def __init__(self, text: _Text, function: ast.AST) -> None:
        self.bound: dict[str, list[tuple[ast.expr | str, Loop | None]]] = {}
        self.shapes: dict[str, tuple[str, int]] = {}  # n_x, m, T = x.shape
        self.filled: set[str] = set()  # x[0] = …
        self.gone_through: set[tuple[str, int] | None] = set()  # for x in xs
        arguments = getattr(function, "args", None)
        if arguments is not None:
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            for argument in filter(None, every):
                self._bind(argument.arg, DATA, None)
        body = function.body if isinstance(function.body, list) else [function.body]  # type: ignore[attr-defined]
        for statement in body:
            self._read(statement, None)
        outer = text.outer.get(function)
        self.outer = None if outer is None else _scope(text, outer)

    def _bind(self, name: str, to: ast.expr | str, in_loop: Loop | None) -> None:
        self.bound.setdefault(name, []).append((to, in_loop))

    def _read(self, node: ast.AST, in_loop: Loop | None) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            return
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(target, node.value, in_loop)
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value is not None:
            self._assign(node.target, node.value, in_loop)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self._loop(node.target, node.iter, node)
        elif isinstance(node, (ast.withitem, ast.ExceptHandler, ast.Import, ast.ImportFrom, ast.Delete)):
            for name in ast.walk(node):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    self._bind(name.id, DATA, in_loop)
        inside = node if isinstance(node, (ast.For, ast.AsyncFor, ast.While)) else in_loop
        for child in ast.iter_child_nodes(node):
            self._read(child, inside)

    def _assign(self, target: ast.expr, value: ast.expr, in_loop: Loop | None) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, value, in_loop)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            self.filled.add(target.value.id)
        elif isinstance(target, (ast.Tuple, ast.List)):
            same = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
            shape = isinstance(value, ast.Attribute) and value.attr == "shape"
            for i, part in enumerate(target.elts):
                if same:
                    self._assign(part, value.elts[i], in_loop)  # type: ignore[attr-defined]
                elif isinstance(part, ast.Name):
                    self._bind(part.id, LENGTH if shape else DATA, in_loop)
                    if shape and isinstance(value.value, ast.expr):  # type: ignore[attr-defined]
                        self.shapes[part.id] = ast.unparse(value.value), i  # type: ignore[attr-defined]
                else:
                    self._assign(part, value, in_loop)

    def _loop(self, target: ast.expr, iterated: ast.expr, loop: Loop) -> None:
        """A loop's names: the counter of ``range``, the first of ``enumerate``, in ``zip`` each by its own."""
        called = iterated.func if isinstance(iterated, ast.Call) else None
        word = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
        given = iterated.args if isinstance(iterated, ast.Call) else []
        if word in _KEEPS and given:
            return self._loop(target, given[0], loop)
        parts = target.elts if isinstance(target, ast.Tuple) else []
        if word == "enumerate" and len(parts) == 2 and given:
            self._loop_name(parts[0], COUNTER, loop)
            return self._loop(parts[1], given[0], loop)
        if word == "zip" and len(parts) == len(given):
            for part, one in zip(parts, given, strict=True):
                self._loop(part, one, loop)
            return None
        self.gone_through.add(_length(given[0], self) if word in _COUNTS and given else (ast.unparse(iterated), 0))
        listed = iterated.elts if isinstance(iterated, (ast.Tuple, ast.List)) else [iterated]
        constant = all(isinstance(element, ast.Constant) and type(element.value) is int for element in listed)
        self._loop_name(target, COUNTER if word in _COUNTS or constant else DATA, loop)
        return None

    def _loop_name(self, target: ast.expr, kind: str, loop: Loop) -> None:
        for name in ast.walk(target):
            if isinstance(name, ast.Name):
                self._bind(name.id, kind, loop)

    def look_up(self, name: str) -> tuple[list[tuple[ast.expr | str, Loop | None]], _Scope] | None:
        """What a name is bound to, here or further out."""
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.bound:
                return scope.bound[name], scope
            scope = scope.outer
        return None


def _scope(text: _Text, function: ast.AST) -> _Scope:
    known = text.__dict__.setdefault("scopes", {})
    if function not in known:
        known[function] = _Scope(text, function)
    return known[function]


# -- origins ------------------------------------------------------------------------------------------


def _origin(tree: ast.expr, scope: _Scope) -> Origin:
    kinds = list(_kinds(tree, scope, ()))
    kind = max((kind for kind, _ in kinds), key=_RANK.__getitem__, default=CODE)
    ends = (tree.lower, tree.upper, tree.step) if isinstance(tree, ast.Slice) else ()
    known = tuple(Origin(CODE, varies=False) if end is None else _origin(end, scope) for end in ends)
    varies = any(varies for _, varies in kinds)
    length = _length(tree, scope)
    turns = kind == LENGTH and length in scope.gone_through
    return Origin(kind, _words(tree), varies, length, _beside(tree), known, turns)


def _words(tree: ast.expr) -> str | None:
    """What a value is called: a name, or that of the list or dict that it is an element of."""
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute):
        return tree.attr
    if isinstance(tree, ast.Subscript):
        key = tree.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else _words(tree.value)
    if isinstance(tree, ast.Call) and len(tree.args) == 1 and isinstance(tree.func, ast.Name) and tree.func.id == "int":
        return _words(tree.args[0])
    return None


def _beside(tree: ast.expr) -> tuple[str, int] | None:
    """The words for a value and what the code adds to it, as in ``i + 1``."""
    if not isinstance(tree, ast.BinOp) or not isinstance(tree.op, (ast.Add, ast.Sub)):
        return None
    more, words = tree.right, _words(tree.left)
    if words is None or not isinstance(more, ast.Constant) or type(more.value) is not int:
        return None
    return words, more.value if isinstance(tree.op, ast.Add) else -more.value


def _length(tree: ast.expr, scope: _Scope) -> tuple[str, int] | None:
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "len" and len(tree.args) == 1:
        return ast.unparse(tree.args[0]), 0
    if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Attribute) and tree.value.attr == "shape":
        whole, axis = tree.value.value, tree.slice
        if isinstance(axis, ast.Constant) and isinstance(axis.value, int):
            return ast.unparse(whole), axis.value
    if isinstance(tree, ast.Name) and len(bound := scope.bound.get(tree.id, [])) == 1:
        to = bound[0][0]
        return scope.shapes.get(tree.id) if to == LENGTH else None if isinstance(to, str) else _length(to, scope)
    return None


def _kinds(tree: ast.AST | None, scope: _Scope, seen: tuple[Any, ...]) -> Iterator[tuple[str, bool]]:
    """The kinds of the parts of an expression, each with whether it may vary from turn to turn."""
    if tree is None or isinstance(tree, ast.Constant):
        yield CODE, False
    elif isinstance(tree, ast.Name):
        yield from _of_name(tree.id, scope, seen)
    elif isinstance(tree, ast.Attribute):
        yield _of_attribute(tree), False
    elif isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Attribute) and tree.value.attr == "shape":
        yield LENGTH, False
    elif isinstance(tree, ast.Subscript):
        parts = [*_kinds(tree.value, scope, seen), *_kinds(tree.slice, scope, seen)]
        yield DATA, any(varies for _, varies in parts) or _is_filled(tree.value, scope)
    elif isinstance(tree, ast.Call):
        yield from _of_call(tree, scope, seen)
    elif isinstance(tree, (ast.BinOp, ast.UnaryOp, ast.Slice, ast.Tuple)):
        for part in ast.iter_child_nodes(tree):
            if isinstance(part, ast.expr):
                yield from _kinds(part, scope, seen)
    else:
        yield DATA, True


def _of_name(name: str, scope: _Scope, seen: tuple[Any, ...]) -> Iterator[tuple[str, bool]]:
    found = scope.look_up(name)
    if found is None or (name, id(scope)) in seen:
        yield (DATA, True) if found is None else (CODE, False)
        return
    bindings, home = found
    for to, in_loop in bindings:
        if isinstance(to, str):
            yield to, in_loop is not None
        else:
            for kind, varies in _kinds(to, home, (*seen, (name, id(scope)))):
                if kind == CODE and (in_loop is not None or len(bindings) > 1):
                    kind = COUNTER  # i = 0 … i += 1
                yield kind, varies or in_loop is not None


def _is_filled(tree: ast.expr, scope: _Scope) -> bool:
    """Whether elements of a list or an array are replaced on the way."""
    return not isinstance(tree, ast.Name) or tree.id in scope.filled


def _of_attribute(tree: ast.Attribute) -> str:
    module = isinstance(tree.value, ast.Name) and tree.value.id in ("np", "numpy", "math")
    if module:
        return CODE
    return LENGTH if tree.attr in ("ndim", "size", "shape") else DATA


def _of_call(tree: ast.Call, scope: _Scope, seen: tuple[Any, ...]) -> Iterator[tuple[str, bool]]:
    word = tree.func.id if isinstance(tree.func, ast.Name) else ""
    if word == "len":
        yield LENGTH, False
    elif word in _KEEPS and tree.args:
        for part in tree.args:
            yield from _kinds(part, scope, seen)
    else:
        yield DATA, True


# -- numbers that were computed of data ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Computed:
    """How the program computed an operand of data, as ``1 - y[t]``.

    Attributes
    ----------
    sign : str
        What NumPy calls the operation.
    number : int or float
        What stands beside the data.
    first : bool
        Whether the number stands first.
    data : str
        The data, as the program has them.
    code, offset
        The instruction.
    """

    sign: str
    number: float
    first: bool
    data: str
    code: CodeType
    offset: int


def of_computed(record: Record, position: int) -> Computed | None:
    """How an operand came about that the program computed of one number and of data that it has a name for."""
    operand, scope = operand_of(record, position)
    if not isinstance(operand, ast.BinOp) or scope is None or type(operand.op) not in _SIGNS:
        return None
    for number, data, first in ((operand.left, operand.right, True), (operand.right, operand.left, False)):
        beside = number.value if isinstance(number, ast.Constant) else None
        if isinstance(beside, (int, float)) and not isinstance(beside, bool):
            origin = _origin(data, scope)
            offset = _offset_of(record._code, operand)
            if origin.given and offset is not None and record._code is not None:
                sign = _SIGNS[type(operand.op)]
                return Computed(sign, beside, first, ast.unparse(data), record._code, offset)
    return None


def operand_of(record: Record, position: int) -> tuple[ast.expr | None, _Scope | None]:
    """The expression that is an operand of a record, and where it stands; None where the text does not tell."""
    found = _expression(record._code, record._offset)
    if found is None or record.operation is None:
        return None, None
    return _operand(found[0], position, record.operation.name), found[1]


def of_sizes(record: Record, position: int) -> bool:
    """Whether an operand is computed of sizes alone, as ``np.sqrt(m)``: then it is not data, whatever it calls."""
    operand, scope = operand_of(record, position)
    return operand is not None and scope is not None and _of_sizes(operand, scope)


def _of_sizes(tree: ast.expr, scope: _Scope) -> bool:
    if _origin(tree, scope).kind in (CODE, LENGTH):
        return True
    if isinstance(tree, ast.Call):
        return bool(tree.args) and all(_of_sizes(part, scope) for part in tree.args)
    if isinstance(tree, ast.BinOp):
        return _of_sizes(tree.left, scope) and _of_sizes(tree.right, scope)
    return isinstance(tree, ast.UnaryOp) and _of_sizes(tree.operand, scope)


def _offset_of(code: CodeType | None, tree: ast.expr) -> int | None:
    """Where in a function an operator between two operands is evaluated."""
    if code is None:
        return None
    place = tree.lineno, tree.end_lineno, tree.col_offset, tree.end_col_offset
    operator = dis.opmap["BINARY_OP"]
    places = enumerate(_of_code(code)[1])
    return next((2 * i for i, other in places if other == place and code.co_code[2 * i] == operator), None)
