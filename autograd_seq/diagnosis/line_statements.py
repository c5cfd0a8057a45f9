"""Rules for whole statements of somebody's program: = and +=, lines that should not be there."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from typing import Any

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.line_places import ATOMS, Edit, Place, holder_of, read, said, target
from autograd_seq.diagnosis.line_variables import atoms, numpy_in, spreads
from autograd_seq.diagnosis.own_code import Part

ASSIGNED = (ast.Assign, ast.AugAssign)
MOST_PLACES = 10  # in the body of a loop
SIGNS: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@"}


def written_over(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """= for +=, += for =, and an index that may meet one entry several times."""
    holder, name, index = holder_of(part.tree, s)
    if isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ATOMS):
        for op, sign in ((ast.Add(), "+="), (ast.Sub(), "-=")):
            new = ast.copy_location(ast.AugAssign(s.targets[0], op, s.value), s)
            yield Edit(s, holder, name, index, new, *kinds.REPLACED(sign))
    if isinstance(s, ast.AugAssign) and isinstance(s.op, (ast.Add, ast.Sub)):
        whole = ast.copy_location(ast.Assign([s.target], s.value), s)
        yield Edit(s, holder, name, index, whole, *kinds.ADDED_TO(said(s.target)))
        other: ast.operator = ast.Sub() if isinstance(s.op, ast.Add) else ast.Add()
        yield Edit(s, s, "op", None, other, *kinds.OPPOSITE())
    if isinstance(s, ast.AugAssign):
        value = ast.BinOp(read(ast.unparse(s.target)), s.op, s.value)
        apart = ast.copy_location(ast.Assign([s.target], value), s)
        yield Edit(s, holder, name, index, apart, *kinds.DONE_IN_PLACE(said(s)))
    yield from _all_rows(part, s)


def _all_rows(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """np.add.at, which adds to a row as often as the index has it, or np.subtract.at."""
    subscripted = s.targets[0] if isinstance(s, ast.Assign) else s.target if isinstance(s, ast.AugAssign) else None
    numpy = numpy_in(part)
    if not isinstance(subscripted, ast.Subscript) or not numpy or not isinstance(s, (ast.Assign, ast.AugAssign)):
        return
    where: ast.expr = subscripted.slice
    if isinstance(where, (ast.Tuple, ast.Slice)):  # as a value such as np.s_[:, i]
        where = ast.Subscript(read(f"{numpy}.s_"), where, ast.Load())
    taken = isinstance(s, ast.AugAssign) and isinstance(s.op, ast.Sub)
    at = read(f"{numpy}.subtract.at" if taken else f"{numpy}.add.at")
    call = ast.Expr(ast.Call(at, [subscripted.value, where, s.value], []))
    kind = kinds.DUPLICATES_TAKEN_OF if taken else kinds.DUPLICATES_OF
    words = kind(said(subscripted.slice).strip("()"), numpy)
    yield Edit(s, *holder_of(part.tree, s), ast.copy_location(call, s), *words)


def moved(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A line that stands in a loop and belongs after it; one that belongs after the next, or after a later one."""
    loop, name, index = holder_of(part.tree, s)
    if not isinstance(loop, ast.For) or isinstance(s, ast.For) or name != "body" or len(loop.body) < 2:
        return
    rest = [other for other in loop.body if other is not s]
    both = ast.If(ast.Constant(True), [_with_body(loop, rest), s], [])
    words, where = kinds.IN_THE_LOOP(said(s)), holder_of(part.tree, loop)
    yield Edit(s, *where, ast.copy_location(both, loop), *words, mended=f"{said(s)}, after the loop")
    end = len(loop.body) if _takes_itself(s) else min(index + 2, len(loop.body))
    for last in range(index + 1, end):
        body = [*loop.body[:index], *loop.body[index + 1 : last + 1], s, *loop.body[last + 1 :]]
        words, after = kinds.ORDER_OF_LINES(said(s), said(loop.body[last])), f"{said(s)}, after {said(loop.body[last])}"
        yield Edit(s, *where, _with_body(loop, body), *words, mended=after)


def kept_late(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A line that keeps values of a step, behind one that has changed them already: it belongs before it."""
    loop, name, index = holder_of(part.tree, s)
    keeps = isinstance(s, ast.Expr) and isinstance(s.value, ast.Call) and ast.unparse(s.value.func).endswith(".append")
    if not keeps or not isinstance(loop, ast.For) or name != "body":
        return
    for place in range(max(index - 2, 0), index):
        body = [*loop.body[:place], s, *loop.body[place:index], *loop.body[index + 1 :]]
        words = kinds.ORDER_OF_LINES(said(loop.body[place]), said(s))
        where = f"before {said(loop.body[place])}"
        yield Edit(s, *holder_of(part.tree, loop), _with_body(loop, body), *words, mended=f"{said(s)}, {where}")


def carried(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A variable that goes on to the next turn of a loop without a factor: the line that multiplies it is missing."""
    loop, name, _ = holder_of(part.tree, s)
    if not isinstance(loop, ast.For) or name != "body" or not isinstance(s, (ast.Assign, ast.AugAssign)):
        return
    goal = s.target if isinstance(s, ast.AugAssign) else s.targets[0]
    if not isinstance(goal, ast.Name) or not _takes_itself(s):
        return
    for factor in [a for a in atoms(part) if a in part.forward and spreads(part, a, goal.id)]:
        more = ast.copy_location(ast.AugAssign(ast.Name(goal.id, ast.Store()), ast.Mult(), read(factor)), s)
        apart = ast.copy_location(ast.Assign([goal], read(f"{goal.id} * {factor}")), s)
        last = more if isinstance(s, ast.AugAssign) else apart  # in place where it was so before
        new, line = _with_body(loop, [*loop.body, last]), f"{said(last)}, at the end of the loop"
        yield Edit(s, *holder_of(part.tree, loop), new, *kinds.NO_FACTOR(factor), mended=line)


def for_one_line(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A variable that is changed in place for the sake of one line, and is read by others afterwards."""
    loop, name, index = holder_of(part.tree, s)
    if not isinstance(loop, ast.For) or name != "body" or not isinstance(s, ast.AugAssign):
        return
    if not isinstance(s.target, ast.Name) or type(s.op) not in SIGNS:
        return
    whole = f"({s.target.id} {SIGNS[type(s.op)]} ({ast.unparse(s.value)}))"
    for last, other in enumerate(loop.body[index + 1 :], index + 1):
        value = getattr(other, "value", None)
        if not isinstance(other, (ast.Assign, ast.AugAssign)) or value is None:
            continue
        text = re.sub(rf"(?<![\w.]){s.target.id}(?!\w)", whole, ast.unparse(value))
        if text != ast.unparse(value):
            made = copy.copy(other)
            made.value = read(text)
            body = [*loop.body[:index], *loop.body[index + 1 : last], made, *loop.body[last + 1 :]]
            yield Edit(s, *holder_of(part.tree, loop), _with_body(loop, body), *kinds.DONE_IN_PLACE(said(s)),
                       mended=said(made, 160))  # fmt: skip


def exchanged_goals(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Two lines each of which puts its value where that of the other belongs."""
    loop, name, index = holder_of(part.tree, s)
    if not isinstance(loop, ast.For) or name != "body" or not isinstance(s, ASSIGNED):
        return
    for i, other in enumerate(loop.body[index + 1 :], index + 1):
        if type(other) is not type(s) or not isinstance(other, ASSIGNED):
            continue
        goals = [g.targets[0] if isinstance(g, ast.Assign) else g.target for g in (s, other)]
        alike = all(isinstance(g, ast.Subscript) for g in goals) and len({ast.unparse(g.value) for g in goals}) == 1  # type: ignore[attr-defined]
        if not alike or ast.unparse(goals[0]) == ast.unparse(goals[1]):
            continue
        one, two = copy.copy(s), copy.copy(other)
        one.value, two.value = other.value, s.value
        body = [*loop.body]
        body[index], body[i] = one, two
        line = f"{said(one)}; {said(two)}"
        words = kinds.EXCHANGED(said(goals[0]), said(goals[1]))
        yield Edit(s, *holder_of(part.tree, loop), _with_body(loop, body), *words, mended=line)


def shifted(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """What is moved by one step along an axis, moved the other way: x[1:] += y[:-1] for x[:-1] += y[1:]."""
    if not isinstance(s, ASSIGNED):
        return
    text = ast.unparse(s)
    other = re.sub(r"\[(1:|:-1)(?=[\],])", lambda found: "[:-1" if found[1] == "1:" else "[1:", text)
    if text.count("[1:") and text.count("[:-1") and other != text:
        new = ast.copy_location(ast.parse(other).body[0], s)
        words = kinds.IN_PLACE_OF(said(s), said(new), of=kinds.OFF_BY_ONE)
        yield Edit(s, *holder_of(part.tree, s), new, *words)


def _takes_itself(s: ast.stmt) -> bool:
    """Whether a line makes a variable out of the same variable, so that lines between may want the one from before."""
    if not isinstance(s, ast.Assign):
        return isinstance(s, ast.AugAssign)
    return bool({n.id for n in ast.walk(s.value) if isinstance(n, ast.Name)} & stored_in(s))


def into_the_loop(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A line that stands before a loop in which its variable changes, and belongs at the beginning of each turn."""
    if not isinstance(s, ast.Assign) or not isinstance(s.targets[0], (ast.Name, ast.Attribute)):
        return
    goal = ast.unparse(s.targets[0])
    holder, name, index = holder_of(part.tree, s)
    around = getattr(holder, name)
    for i, loop in enumerate(around[index + 1 :], index + 1):
        calls = [n.func for n in ast.walk(loop) if isinstance(n, ast.Call)]
        methods = [f for f in calls if isinstance(f, ast.Attribute) and ast.unparse(f.value) == goal]
        handed = bool(calls if isinstance(s.targets[0], ast.Attribute) else isinstance(s.value, ast.Call) and methods)
        if not isinstance(loop, ast.For) or not (goal in stored_in(loop) or handed):  # a method may change it, too
            continue
        for place in range(min(len(loop.body), MOST_PLACES)):
            new = _with_body(loop, [*loop.body[:place], s, *loop.body[place:]])
            where = f"before {said(loop.body[place])}" if place else "at the beginning of each turn"
            yield Edit(s, holder, name, i, new, *kinds.BEFORE_THE_LOOP(said(s)), mended=f"{said(s)}, {where}")


def stored_in(s: ast.AST) -> set[str]:
    """The variables that a statement stores into."""
    goals = [n for n in ast.walk(s) if isinstance(n, ATOMS) and isinstance(n.ctx, ast.Store)]
    return {ast.unparse(goal.value if isinstance(goal, ast.Subscript) else goal) for goal in goals}


def shared(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Two variables, or a variable and an entry, for one array or list that is changed in place."""
    if isinstance(s, ast.Assign) and len(s.targets) > 1:
        each: list[ast.stmt] = [ast.copy_location(ast.Assign([goal], s.value), s) for goal in s.targets]
        both = ast.copy_location(ast.If(ast.Constant(True), each, []), s)
        first, second = (said(goal) for goal in s.targets[:2])
        what = _kind_in(part, s.targets[0]) or "array"
        yield Edit(s, *holder_of(part.tree, s), both, *kinds.ONE_THING(first, second, what))
    for holder, name, index, node in _handed_on(s):
        what = _kind_in(part, node)
        if what and {ast.unparse(node), *map(ast.unparse, getattr(s, "targets", ()))} & _changed_in(part):
            new = read(f"{ast.unparse(node)}.copy()")
            goal = said(s.targets[0]) if isinstance(s, ast.Assign) else f"{target(s)}[…]"
            yield Edit(s, holder, name, index, new, *kinds.ONE_THING(goal, said(node), what))


def _kind_in(part: Part, node: ast.expr) -> str:
    """Whether something is an array, a list or a dict; nothing if it is none of them."""
    kind = part.kinds.get(ast.unparse(node))
    return "array" if isinstance(kind, tuple) else kind if kind in ("list", "dict") else ""


def _handed_on(s: ast.stmt) -> Iterator[Place]:
    """The variables that a statement puts into another one, or keeps, as they are."""
    value = getattr(s, "value", None)
    if isinstance(s, ast.Assign):
        yield from _names_in(s, "value", None, value)
    if isinstance(s, ast.Expr) and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        for index, node in enumerate(value.args) if value.func.attr in ("append", "insert", "appendleft") else ():
            yield from _names_in(value, "args", index, node)


def _names_in(holder: Any, name: str, index: int | None, node: Any) -> Iterator[Place]:
    if isinstance(node, ATOMS):
        yield holder, name, index, node
    inner: list[Place] = []
    if isinstance(node, (ast.Tuple, ast.List)):
        inner = [(node, "elts", i, e) for i, e in enumerate(node.elts)]
    elif isinstance(node, ast.Dict):
        inner = [(node, "values", i, e) for i, e in enumerate(node.values)]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        inner = [(k, "value", None, k.value) for k in node.keywords]
    yield from (place for place in inner if isinstance(place[3], ATOMS))


VIEWS = {
    "split", "hsplit", "vsplit", "dsplit", "array_split", "reshape", "ravel", "transpose", "swapaxes", "moveaxis",
    "view", "squeeze", "expand_dims", "asarray", "broadcast_to", "rollaxis", "atleast_2d", "diagonal",
}  # fmt: skip
FILLING = {"fill", "sort", "put", "itemset", "resize", "partition"}  # methods of an array that change it


def _changed_in(part: Part) -> set[str]:
    """The variables whose arrays or lists a function changes in place, under any of their names."""
    changed = set(_goals_in_place(part.tree))
    named = list(_names_of_one_array(part.tree))
    before = 0
    while len(changed) != before:  # a view of a view is one, too
        before = len(changed)
        for names in named:
            if changed & names:
                changed |= names
    return changed


def _goals_in_place(tree: ast.AST) -> Iterator[str]:
    """What is assigned into, added to, or filled by a call."""
    for s in ast.walk(tree):
        goals = [s.target] if isinstance(s, ast.AugAssign) else s.targets if isinstance(s, ast.Assign) else []
        for goal in [inner for whole in goals for inner in getattr(whole, "elts", [whole])]:
            if isinstance(goal, ast.Subscript):
                yield ast.unparse(goal.value)
            elif isinstance(s, ast.AugAssign):
                yield ast.unparse(goal)
        if isinstance(s, ast.Call):
            yield from (ast.unparse(k.value) for k in s.keywords if k.arg == "out")
            if isinstance(s.func, ast.Attribute) and s.func.attr in FILLING:
                yield ast.unparse(s.func.value)
            if s.args and ast.unparse(s.func).endswith((".copyto", ".add.at", ".subtract.at", ".multiply.at", ".put")):
                yield ast.unparse(s.args[0])


def _names_of_one_array(tree: ast.AST) -> Iterator[set[str]]:
    """Each time some names that stand for one array, or for views of one."""
    for s in ast.walk(tree):
        if not isinstance(s, ast.Assign):
            continue
        for goal in s.targets:
            pairs: list[tuple[ast.expr, ast.expr]] = [(goal, s.value)]
            if isinstance(goal, ast.Tuple) and isinstance(s.value, ast.Tuple):
                pairs = list(zip(goal.elts, s.value.elts, strict=False))
            for names, value in pairs:
                base = _viewed(value)
                if base is not None:
                    yield {ast.unparse(base), *map(ast.unparse, getattr(names, "elts", [names]))}


def _viewed(value: ast.expr) -> ast.expr | None:
    """The array that an expression is, or is a view of."""
    if isinstance(value, (ast.Name, ast.Attribute)):
        return _viewed(value.value) if isinstance(value, ast.Attribute) and value.attr == "T" else value
    if isinstance(value, ast.Subscript):
        return value.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in VIEWS:
        of_numpy = isinstance(value.func.value, ast.Name) and value.func.value.id in ("np", "numpy")
        return _viewed(value.args[0]) if of_numpy and value.args else None if of_numpy else _viewed(value.func.value)
    return None


def _with_body(loop: ast.For, body: list[ast.stmt]) -> ast.For:
    return ast.copy_location(ast.For(loop.target, loop.iter, body, loop.orelse), loop)


def left_out(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A statement that should not be there: an array changed in place."""
    if isinstance(s, (ast.AugAssign, ast.Expr)) or (isinstance(s, ast.Assign) and isinstance(s.targets[0], ATOMS)):
        of = kinds.DONE_IN_PLACE.category if isinstance(s, ast.AugAssign) else ""
        nothing = ast.copy_location(ast.Pass(), s)
        yield Edit(s, *holder_of(part.tree, s), nothing, *kinds.STRAY_LINE(said(s), target(s), of=of))
