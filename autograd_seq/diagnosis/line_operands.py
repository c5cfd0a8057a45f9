"""Rules for the operands in somebody's line: another one, or one that is missing."""

from __future__ import annotations

import ast
import itertools
import re
import types
from collections import Counter
from collections.abc import Iterator

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.line_operations import DERIVATIVE_FORMS
from autograd_seq.diagnosis.line_places import ATOMS, Edit, Place, places, read, said, swapped, target, with_operand
from autograd_seq.diagnosis.line_variables import (
    DERIVATIVE_FORM,
    atoms,
    definitions,
    fits,
    forms_over,
    numpy_in,
    shape_of,
    spreads,
)
from autograd_seq.diagnosis.own_code import Part

PLAIN_FORMS = ("{0}", "1 - {0}")  # what a factor can be made of
PRODUCTS = ("{0} * {1}", "{0} * (1 - {1})")
NUMBERS = ("2", "0.5")
LOGARITHMS = {"log2": "2", "log10": "10"}  # whose derivative has the factor 1 / log(2), or 1 / log(10)
OF_ALL = ("T", "sum", "dot", "mean", "transpose")  # attributes of an array that are made of all that it holds
MOST_ENDS = 6  # of a line, at which a term could be missing


def operands(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """One operand in place of another of the same shape, both of the forward pass or both not."""
    yield from _operands(part, s, True)


def other_operands(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A value of the forward pass in place of one of the backward pass, or the other way round."""
    if part.forward:
        yield from _operands(part, s, False)


def _operands(part: Part, s: ast.stmt, same: bool) -> Iterator[Edit]:
    for place in places(s):
        holder, name, _, node = place
        if not isinstance(node, ATOMS) or (isinstance(node, ast.Attribute) and node.attr == "T"):
            continue
        if isinstance(holder, (ast.Subscript, ast.Slice, ast.Attribute)) and not _array_there(holder, name):
            continue
        text = ast.unparse(node)
        for other in [other for other in atoms(part) if other not in _put_into(s)]:
            of_one_pass = (text in part.forward) == (other in part.forward) or not part.forward
            of_one_pass = of_one_pass or (same and bool({text, other} & part.zeros))
            if other != text and of_one_pass == same and fits(part, text, other):
                yield swapped(place, s, read(other), _kind(part, text, other))


def everywhere(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """One operand in place of another wherever a line has it, as in 1 - h * h."""
    value = getattr(s, "value", None)
    if value is None or isinstance(s, ast.For):
        return
    found = Counter(ast.unparse(p[3]) for p in places(s) if isinstance(p[3], ATOMS))
    for old in [old for old, times in found.items() if times > 1 and shape_of(part, old)]:
        for other in [a for a in atoms(part) if a != old and a not in _put_into(s) and fits(part, old, a)]:
            if (old in part.forward) == (other in part.forward) or not part.forward:
                new = with_operand(value, old, other)
                words = kinds.IN_PLACE_OF(old, other, of=_kind(part, old, other))
                yield Edit(s, s, "value", None, read(new), *words)


def _put_into(s: ast.stmt) -> set[str]:
    """What a statement puts something into; a list in itself has no end."""
    goals = s.targets if isinstance(s, ast.Assign) else []
    return {ast.unparse(goal.value) for goal in goals if isinstance(goal, ast.Subscript)}


def _array_there(holder: ast.AST, name: str) -> bool:
    return name == "value" and not (isinstance(holder, ast.Attribute) and holder.attr in ("shape", "size"))


def _kind(part: Part, wrong: str, right: str) -> str:
    """What kind of mistake it is to write one operand for another."""
    stems = {re.sub(r"(_?(prev|next|old|new|last)|\[[^\[\]]*\])+$", "", text) for text in (wrong, right)}
    if len(stems) == 1 and "" not in stems:
        return kinds.OFF_BY_ONE
    for made in definitions(part).get(right, ()):
        if re.search(rf"(?<!\w){re.escape(wrong)}(?!\w)", made) and DERIVATIVE_FORM.search(made):
            return kinds.DERIVATIVE
    return kinds.WRONG_VALUE


def insertions(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A factor or a term that is missing from what a line makes."""
    if not isinstance(s, (ast.Assign, ast.AugAssign, ast.Return)) or s.value is None:
        return
    yield from _inserted(part, s, list(_ends((s, "value", None, s.value))))


def logarithms(part: Part) -> list[str]:
    """The divisors that the logarithms of a file to another basis bring with them."""
    space, numpy = part.function.__globals__, numpy_in(part)
    called = {name for f in space.values() if isinstance(f, types.FunctionType) for name in f.__code__.co_names}
    return [f"{numpy}.log({LOGARITHMS[name]})" for name in LOGARITHMS if name in called]


def forward_terms(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A value of the forward pass that is missing beside another one: c - g where c stands."""
    for holder, name, index, node in places(s):
        text = ast.unparse(node)
        if not isinstance(node, ATOMS) or text not in part.forward or not isinstance(holder, (ast.BinOp, ast.Call)):
            continue
        others = [a for a in atoms(part) if a in part.forward and a != text and shape_of(part, a)]
        for other in [a for a in others if shape_of(part, a) == shape_of(part, text)]:
            for op, term in ((ast.Sub(), f"-{other}"), (ast.Add(), other)):
                yield Edit(s, holder, name, index, ast.BinOp(node, op, read(other)), *kinds.NO_TERM(term))


def _ends(whole: Place) -> Iterator[Place]:
    """What a line makes: each entry of a tuple, a list or a dict."""
    node = whole[3]
    if isinstance(node, (ast.Tuple, ast.List)):
        entries: list[Place] = [(node, "elts", i, e) for i, e in enumerate(node.elts)]
    elif isinstance(node, ast.Dict):
        entries = [(node, "values", i, e) for i, e in enumerate(node.values)]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        entries = [(k, "value", None, k.value) for k in node.keywords]
    else:
        entries = []
        yield whole
    for entry in entries:
        yield from _ends(entry)


def products(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A term that is missing from a sum, and is the product of an adjoint and a value of the forward pass."""
    if not isinstance(s, (ast.Assign, ast.AugAssign, ast.Return)) or s.value is None or not part.forward:
        return
    shape = shape_of(part, target(s))
    arrays = [a for a in atoms(part) if shape is not None and shape_of(part, a)]
    adjoints = [a for a in arrays if a not in part.forward | part.zeros and shape_of(part, a) == shape]
    values = [a for a in arrays if a in part.forward | part.zeros and spreads(part, a, target(s))]
    terms = [form.format(a, b) for a, b in itertools.product(adjoints, values) for form in PRODUCTS]
    ends: list[Place] = [(s, "value", None, s.value)]
    ends += [p for p in places(s) if isinstance(p[3], ast.BinOp) and isinstance(p[0], ast.BinOp)]
    for holder, name, index, node in ends[:MOST_ENDS] if terms else ():
        for term in terms:
            yield Edit(s, holder, name, index, ast.BinOp(node, ast.Add(), read(term)), *kinds.NO_TERM(term))


def means(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A mean that is taken away from what a line makes, beside another mean in it: of a layer norm there are two."""
    taken = [n for n in ast.walk(s) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    there = [n for n in taken if isinstance(n.func, ast.Attribute) and n.func.attr == "mean"]
    arrays = [a for a in atoms(part) if shape_of(part, a) and a not in part.forward]
    for call in there[:1]:
        of_numpy = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in ("np", "numpy")
        for holder, name, index, node in [p for p in places(s) if isinstance(p[3], (ast.BinOp, ast.Name))]:
            for array in [a for a in arrays if isinstance(holder, ast.BinOp) and a in ast.unparse(node)]:
                over = ast.Call(ast.Attribute(read(array), "mean", ast.Load()), call.args[of_numpy:], call.keywords)
                new = ast.BinOp(node, ast.Sub(), over)
                yield Edit(s, holder, name, index, new, *kinds.NO_TERM(said(over)))


def inner_insertions(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A factor or a term that is missing somewhere within a line."""
    divided = [n.right for n in ast.walk(s) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    below = {id(n) for d in divided for n in ast.walk(d)}  # a factor there would take one away that is too many
    inner = [p for p in places(s) if id(p[3]) not in below]
    within = [p for p in inner if isinstance(p[0], (ast.BinOp, ast.Call)) and p[1] in ("args", "left", "right")]
    within += [p for p in inner if isinstance(p[0], ast.Attribute) and p[0].attr in OF_ALL]
    yield from _inserted(part, s, [p for p in within if isinstance(p[3], (ast.BinOp, ast.Call))])
    yield from _inserted(part, s, [p for p in within if isinstance(p[3], ATOMS)])


def _inserted(part: Part, s: ast.stmt, ends: list[Place]) -> Iterator[Edit]:
    arrays = [a for a in atoms(part) if shape_of(part, a)]
    values = [a for a in arrays if a in part.forward | part.zeros or not part.forward]
    alike = [f for a in values for f in forms_over(part, a, target(s))]
    terms = [a for a in arrays if a not in part.forward]
    numbers = [a for a in atoms(part) if part.kinds.get(a) in ("int", "float")]
    divided = [n.right for n in ast.walk(part.tree) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    divisors = {ast.unparse(n) for n in divided}
    factors = [(number, "") for number in NUMBERS]
    for atom, form in itertools.product(alike, (*PLAIN_FORMS, *DERIVATIVE_FORMS)):
        factors.append((form.format(atom), kinds.DERIVATIVE if form in DERIVATIVE_FORMS else ""))
    for holder, name, index, node in ends:
        for factor, of in factors:
            new = ast.BinOp(node, ast.Mult(), read(factor))
            yield Edit(s, holder, name, index, new, *kinds.NO_FACTOR(factor, of=of))
        each = [a for a in alike if a in divisors or a.endswith("None]")]  # a number for each example
        for number in [*numbers, *each, *logarithms(part)]:
            new = ast.BinOp(node, ast.Div(), read(number))
            yield Edit(s, holder, name, index, new, *kinds.NOT_DIVIDED(said(node), number))
        for atom in [a for a in terms if fits(part, a, ast.unparse(node))]:
            yield Edit(s, holder, name, index, ast.BinOp(node, ast.Add(), read(atom)), *kinds.NO_TERM(atom))
