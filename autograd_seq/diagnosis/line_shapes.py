"""More changes of one place in somebody's line: functions around something, letters, divisors, the order of loops."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator
from typing import Any

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.known_values import is_mask
from autograd_seq.diagnosis.line_axes import axes, unsummed
from autograd_seq.diagnosis.line_edits import Edit, Rule, made_by, places, read, said
from autograd_seq.diagnosis.line_lists import exchanged_rows, exchanged_values, lists, looped, turned
from autograd_seq.diagnosis.line_places import ATOMS, called, place_of
from autograd_seq.diagnosis.line_statements import (
    carried,
    exchanged_goals,
    for_one_line,
    into_the_loop,
    kept_late,
    moved,
    shared,
    shifted,
)
from autograd_seq.diagnosis.line_variables import atoms, names_in_file, numpy_in, shape_of
from autograd_seq.diagnosis.line_wholes import bound_late, cut, one_more, other_goals, rescaled, zeroed
from autograd_seq.diagnosis.own_code import Part

FLAT = ("ravel", "flatten", "reshape")
CUTS = ("clip", "minimum", "maximum")
MOST_BOUNDS = 3
SIZED = ("list", "tuple", "str")  # what has a length, and is no array
FAR = 1000  # more steps than anybody checks


def bare(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A function around something that should stand alone: clipped, rounded, a mean."""
    for holder, name, index, node in places(s):
        if isinstance(node, ast.Call) and node.args and not isinstance(node.args[0], ast.Starred):
            what = "clipping" if called(node) in CUTS else "extra function"
            words = f"with {said(node)}, where {said(node.args[0])} stands alone"
            yield Edit(s, holder, name, index, node.args[0], what, words)


def clipped(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """What is clipped and should not be."""
    for edit in bare(part, s):
        if edit.category == "clipping":
            yield edit


def broadcast(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A row of numbers that meets the columns of another array, or the other way round."""
    for holder, name, index, node in places(s):
        text = ast.unparse(node)
        if isinstance(node, ATOMS) and len(shape_of(part, text) or ()) == 1 and not isinstance(holder, ast.Subscript):
            for new in [text + axes_added for axes_added in ("[:, None]", "[:, None, None]", "[None, :, None]")]:
                yield Edit(s, holder, name, index, read(new), *kinds.BROADCAST_OTHERWISE(text, new))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
            ends = [ast.unparse(e) for e in node.slice.elts]
            if ":" in ends and {"None", "np.newaxis"} & set(ends):
                for new in (ast.unparse(node.value), f"{ast.unparse(node.value)}[{ends[1]}, {ends[0]}]"):
                    yield Edit(s, holder, name, index, read(new), *kinds.BROADCAST_OTHERWISE(text, new))


def letters(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The letters of an einsum in another order: those of what comes out, or of one that goes in."""
    for holder, name, index, node in places(s):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and "->" in node.value):
            continue
        terms = [term.strip() for term in node.value.replace("->", ",").split(",")]
        for i, term in sorted(enumerate(terms), reverse=True):
            for other in itertools.islice(itertools.permutations(term), 1, 6):
                made = [*terms[:i], "".join(other), *terms[i + 1 :]]
                new = f"{','.join(made[:-1])}->{made[-1]}"
                yield Edit(s, holder, name, index, ast.Constant(new), *kinds.OTHER_LETTERS(node.value, new))


def sizes(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The absolute value where the number itself stands, as in a softsign's derivative, and the other way round."""
    numpy = numpy_in(part)
    for holder, name, index, node in places(s) if numpy else ():
        text = ast.unparse(node)
        new = f"{numpy}.abs({text})"
        if isinstance(node, ast.Call) and called(node) in ("abs", "absolute") and len(node.args) == 1:
            new = ast.unparse(node.args[0])
        elif not isinstance(node, ATOMS) or text not in part.forward or not shape_of(part, text):
            continue
        yield Edit(s, holder, name, index, read(new), *kinds.IN_PLACE_OF(text, new, of=kinds.DERIVATIVE))


def kinked(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The sign of a residual, or a clipped one, where it stands as it is: the derivative of |e|, or of Huber's loss."""
    numpy, space = numpy_in(part), part.function.__globals__
    if not numpy or not {"abs", "absolute", "fabs"} & {*names_in_file(part)}:
        return
    bounds = [k for k, v in space.items() if type(v) is float and not k.startswith("_")]
    bounds += [a for a in atoms(part) if part.kinds.get(a) == "float" and a not in bounds]
    forms = [f"{numpy}.sign({{0}})", *(f"{numpy}.clip({{0}}, -{bound}, {bound})" for bound in bounds[:MOST_BOUNDS])]
    for holder, name, index, node in places(s):
        text = ast.unparse(node)
        inner = isinstance(holder, (ast.Attribute, ast.Subscript, ast.Call))
        if isinstance(node, ATOMS) and not inner and text in part.forward and shape_of(part, text):
            for new in [form.format(text) for form in forms]:
                yield Edit(s, holder, name, index, read(new), *kinds.IN_PLACE_OF(text, new, of=kinds.DERIVATIVE))


def complements(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """1 - y where y stands, and y where 1 - y does."""
    for holder, name, index, node in places(s):
        if isinstance(node, (ast.Constant, ast.Tuple, ast.List, ast.Slice, ast.Starred)):
            continue
        taken = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and ast.unparse(node.left) in ("1", "1.0")
        new = node.right if taken and isinstance(node, ast.BinOp) else ast.BinOp(ast.Constant(1), ast.Sub(), node)
        words = f"with {said(node)} in place of {said(new)}"
        yield Edit(s, holder, name, index, new, "activation derivative", words)


def by_columns(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """An array made flat, or folded, column by column: order 'F' where the others have none."""
    for node in [n for n in ast.walk(s) if isinstance(n, ast.Call) and called(n) in FLAT]:
        for argument in [*node.args, *node.keywords]:
            text = argument.value if isinstance(argument, ast.keyword) else argument
            if isinstance(text, ast.Constant) and text.value == "F":
                new = copy.copy(node)
                new.args = [a for a in node.args if a is not argument]
                new.keywords = [k for k in node.keywords if k is not argument]
                words = kinds.IN_PLACE_OF(said(node), said(new), of=kinds.TRANSPOSED.category)
                yield from (Edit(s, *there, new, *words) for there in place_of(s, node))


def slopes(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The derivative of a ReLU that goes flat where one that leaks stands."""
    numpy = numpy_in(part)
    small = [a for a in atoms(part) if part.kinds.get(a) == "float"]
    numbers = [n.value for n in ast.walk(part.tree) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
    small += dict.fromkeys([str(n) for n in numbers if 0 < n < 1] + ["0.01", "0.1", "0.2"])
    for holder, name, index, node in places(s) if numpy else ():
        if isinstance(node, ast.Constant) and node.value == 0 and isinstance(holder, ast.Call) and index == 2:
            for slope in small if called(holder) == "where" else ():
                said_of = [said(holder), said(holder).replace(f"{node.value})", f"{slope})")]
                yield Edit(s, holder, name, index, read(slope), *kinds.IN_PLACE_OF(*said_of, of=kinds.DERIVATIVE))
        inner = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node
        if isinstance(inner, ast.Compare) and not (isinstance(holder, ast.Call) and called(holder) == "where"):
            for slope in small:
                new = f"{numpy}.where({ast.unparse(inner)}, 1.0, {slope})"
                yield Edit(s, holder, name, index, read(new), *kinds.IN_PLACE_OF(said(node), new, of=kinds.DERIVATIVE))


def divisors(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Another number, or array, to divide by: one of the function or of its object."""
    numbers = [k for k, kind in part.kinds.items() if kind in ("int", "float") or isinstance(kind, tuple)]
    rows = [k for k in atoms(part) if len(shape_of(part, k) or ()) == 1]
    numbers += [f"{k}[:, None]" for k in rows]  # a number for each example, as the lengths of sequences are
    marks = [k for k, v in part.arrays.items() if is_mask(v)]
    numbers += [f"{k}.sum()" for k in marks]  # how many are not masked
    lengths = [f"len({k})" for k in atoms(part) if part.kinds.get(k) in SIZED or shape_of(part, k)]
    for node, slot in divided_in(s):
        old = getattr(node, slot)
        for other in [*numbers, *(lengths if ast.unparse(old).startswith("len(") else ())]:
            if other != ast.unparse(old):
                words = f"divided by {said(old)} in place of {other}"
                yield Edit(s, node, slot, None, read(other), "wrong value", words)


def divided_in(s: ast.stmt) -> Iterator[tuple[Any, str]]:
    """Where a statement divides, and in which field the divisor stands."""
    for node in ast.walk(s):
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
            yield node, "right" if isinstance(node, ast.BinOp) else "value"


def forgotten(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A variable that is made and never read, in the place of one that stands there, whatever their shapes."""
    if isinstance(s, ast.For):
        return
    names = [n for n in ast.walk(part.tree) if isinstance(n, ast.Name)]
    read_somewhere = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    unread = dict.fromkeys(n.id for n in names if n.id not in read_somewhere and shape_of(part, n.id) is not None)
    for holder, name, index, node in places(s) if unread else ():
        for other in unread if isinstance(node, ATOMS) and shape_of(part, ast.unparse(node)) is not None else ():
            yield Edit(s, holder, name, index, read(other), *kinds.IN_PLACE_OF(said(node), other))


def order(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A loop in the opposite order; one that is cut off after some steps."""
    if not isinstance(s, ast.For):
        yield from handed_order(part, s)
        return
    words = f"with the loop over {said(s.iter)} in the opposite order"
    yield Edit(s, s, "iter", None, _opposite(s.iter), "off by one", words)
    for holder, name, index, node in places(s):
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value > 1 and _within(s.iter, node):
            words = f"with no steps beyond {node.value}: the way back is cut off there"
            yield Edit(s, holder, name, index, ast.Constant(FAR), "off by one", words)


def handed_order(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The order of the steps that a function is told, in the opposite order."""
    for holder, name, index, node in places(s):
        if isinstance(node, ast.Call) and called(node) in ("range", "reversed") and isinstance(holder, ast.Call):
            words = f"with the steps {said(node)} in the opposite order"
            yield Edit(s, holder, name, index, _opposite(node), "off by one", words)


def _within(whole: ast.AST, node: ast.AST) -> bool:
    return any(n is node for n in ast.walk(whole))


def _opposite(node: ast.expr) -> ast.expr:
    """What a loop goes over, from the other end."""
    text = ast.unparse(node)
    if text.startswith("reversed(") and isinstance(node, ast.Call):
        return node.args[0]
    if text.endswith("[::-1]") and isinstance(node, ast.Subscript):
        return node.value
    if text.startswith("range(") and text.endswith(", -1, -1)") and isinstance(node, ast.Call):
        start = ast.unparse(node.args[0])
        return read(f"range({start.removesuffix(' - 1') if start.endswith(' - 1') else f'{start} + 1'})")
    return read(f"reversed({text})" if text.startswith("range(") else f"list({text})[::-1]")


SHAPES: list[Rule] = [axes, unsummed, broadcast, letters, slopes, bare, sizes, kinked, complements, divisors]
# seen only when the program runs
WHOLE: list[Rule] = [
    clipped, lists, forgotten, shared, turned, order, into_the_loop, moved, carried, for_one_line, exchanged_goals,
    shifted, cut, rescaled, other_goals, bound_late, kept_late, exchanged_rows, looped, zeroed,
    one_more, by_columns, exchanged_values,
]  # fmt: skip


def shaped(part: Part, s: ast.stmt, rule: Rule) -> Iterator[Edit]:
    """What one of these rules makes of a statement."""
    yield from made_by(part, s, rule)
