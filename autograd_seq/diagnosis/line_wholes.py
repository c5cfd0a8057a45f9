"""Rules for lines as wholes: all rows for some, a line that is missing behind one, another goal, a late reading."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.line_indices import moved
from autograd_seq.diagnosis.line_operands import logarithms
from autograd_seq.diagnosis.line_places import ATOMS, Edit, called, holder_of, places, read, said, with_operand
from autograd_seq.diagnosis.line_statements import SIGNS, stored_in
from autograd_seq.diagnosis.line_variables import atoms, forms_over, names_in_file, shape_of
from autograd_seq.diagnosis.own_code import Part

CUT_OFF = ("[:, :-1]", "[:, 1:]", "[:-1]", "[1:]")
MOST_PAIRED = 5  # sizes, of which two are multiplied
MOST_GOALS = 8


def cut(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """All rows or columns, where the last or the first ones are to be left out, as a penalty leaves out the biases."""
    if not isinstance(s, ast.AugAssign) or not isinstance(s.target, ATOMS):
        return
    goal = ast.unparse(s.target)
    for node in [n for n in ast.walk(s.value) if isinstance(n, ATOMS)]:
        text = ast.unparse(node)
        if len(shape_of(part, text) or ()) != 2 or not isinstance(node.ctx, ast.Load):
            continue
        for rows in CUT_OFF:
            value = with_operand(s.value, text, f"{text}{rows}")
            new = ast.copy_location(ast.parse(f"{goal}{rows} += {value}").body[0], s)
            if isinstance(new, ast.AugAssign):
                new.op = s.op
                yield Edit(s, *holder_of(part.tree, s), new, *kinds.ALL_OF(text, f"{text}{rows}"))


def rescaled(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A line that is missing behind one which takes 1 from some entries: what divides, or masks, all of them."""
    if not isinstance(s, ast.AugAssign) or not isinstance(s.target, ast.Subscript):
        return
    if not isinstance(s.value, ast.Constant):
        return
    goal = ast.unparse(s.target.value)
    shape = shape_of(part, goal)
    if shape is None:
        return
    numbers = [a for a in atoms(part) if part.kinds.get(a) in ("int", "float")]
    pairs = itertools.combinations([a for a in numbers if a.isidentifier()][:MOST_PAIRED], 2)
    numbers += [f"({a} * {b})" for a, b in pairs]
    masks = [form for a in atoms(part) if a in part.forward for form in forms_over(part, a, goal)]
    numbers += logarithms(part)
    ways = [*((ast.Div(), n, kinds.NOT_DIVIDED(goal, n)) for n in numbers),
            *((ast.Mult(), m, kinds.NO_FACTOR(m)) for m in masks)]  # fmt: skip
    for op, other, words in ways:
        (line,) = ast.parse(f"{goal} {SIGNS[type(op)]}= {other}").body
        ast.copy_location(line, s)
        both = ast.copy_location(ast.If(ast.Constant(True), [s, line], []), s)
        yield Edit(s, *holder_of(part.tree, s), both, *words, mended=f"{said(line)}, after {said(s)}")


def other_goals(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Another place to put a value into, called almost the same: the bias of f for that of i."""
    goal = s.target if isinstance(s, ast.AugAssign) else s.targets[0] if isinstance(s, ast.Assign) else None
    if not isinstance(goal, (ast.Attribute, ast.Subscript)):
        return
    text = ast.unparse(goal)
    for name in [name for name in names_in_file(part) if name in text]:
        for other in [other for other in names_in_file(part) if _reads_alike(name, other)][:MOST_GOALS]:
            new = text.replace(f"'{name}'", f"'{other}'").replace(f".{name}", f".{other}")
            if new != text:
                line = ast.copy_location(ast.parse(ast.unparse(s).replace(text, new, 1)).body[0], s)
                yield Edit(s, *holder_of(part.tree, s), line, *kinds.IN_PLACE_OF(text, new))


def zeroed(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Zeros in the place of what a loop before has left, dh = np.zeros_like(ds), or of a weight, beta[-1] = 0."""
    if not isinstance(s, ast.Assign):
        return
    if isinstance(s.value, ast.Constant) and s.value.value == 0 and isinstance(s.targets[0], ast.Subscript):
        yield from _weights_for_zero(part, s)
    if not isinstance(s.value, ast.Call) or not called(s.value).startswith("zeros"):
        return
    shape, goal = shape_of(part, ast.unparse(s.targets[0])), ast.unparse(s.targets[0])
    given = [ast.unparse(n) for a in s.value.args for n in ast.walk(a) if isinstance(n, ATOMS)]
    for name in dict.fromkeys(given):
        if name != goal and name not in part.forward and shape and shape_of(part, name) == shape:
            yield Edit(s, s, "value", None, read(name), *kinds.IN_PLACE_OF(said(s.value), name))


def _weights_for_zero(part: Part, s: ast.Assign) -> Iterator[Edit]:
    """A value of the forward pass, as a weight is, in a row of which all is 0."""
    shape = shape_of(part, ast.unparse(s.targets[0]))
    fitting = [a for a in atoms(part) if shape and shape_of(part, a) == shape and a in part.forward]
    for name in fitting[:MOST_GOALS]:
        yield Edit(s, s, "value", None, read(name), *kinds.IN_PLACE_OF(said(s.value), name))


def one_more(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A line that is missing: the same number for the entry beside, as lattices end in either of two states."""
    goal = s.targets[0] if isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant) else None
    if not isinstance(goal, ast.Subscript) or not isinstance(goal.slice, ast.Tuple):
        return
    *before, last = goal.slice.elts
    for index in [] if isinstance(last, ast.Slice) else [moved(last, -1), moved(last, 1)]:
        beside = ast.Subscript(goal.value, ast.Tuple([*before, read(index)], ast.Load()), ast.Store())
        line = ast.copy_location(ast.Assign([beside], s.value), s)  # type: ignore[attr-defined]
        both = ast.copy_location(ast.If(ast.Constant(True), [s, line], []), s)
        words = kinds.NO_LINE(said(line))
        yield Edit(s, *holder_of(part.tree, s), both, *words, mended=f"{said(line)}, after {said(s)}")


def _reads_alike(name: str, other: str) -> bool:
    return len(name) == len(other) and sum(a != b for a, b in zip(name, other, strict=True)) == 1


def bound_late(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A function made in a loop that reads a variable when it is called, and so as the last turn left it."""
    for holder, name, index, node in places(s):
        if not isinstance(node, ast.Lambda) or node.args.defaults:
            continue
        own = {a.arg for a in node.args.args}
        read_there = {n.id for n in ast.walk(node.body) if isinstance(n, ast.Name)} - own
        for variable in [v for v in dict.fromkeys(read_there) if v in stored_in(part.tree)]:
            arguments = ast.arguments([], [*node.args.args, ast.arg(variable)], None, [], [], None, [read(variable)])
            new = ast.Lambda(arguments, node.body)
            yield Edit(s, holder, name, index, new, *kinds.BOUND_LATE(said(node), variable))
