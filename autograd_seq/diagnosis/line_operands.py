"""Rules for the operands in somebody's line: another one, or one that is missing."""

from __future__ import annotations

import ast
import itertools
import re
import types
from collections import Counter
from collections.abc import Iterator, Sequence

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.line_operations import DERIVATIVE_FORMS
from autograd_seq.diagnosis.line_places import ATOMS, Edit, Place, places, read, said, swapped, target, with_operand
from autograd_seq.diagnosis.line_variables import (
    DERIVATIVE_FORM,
    atoms,
    definitions,
    fits,
    forms_over,
    functions_of,
    numbers_in_file,
    numpy_in,
    shape_of,
    spreads,
    unread_names,
)
from autograd_seq.diagnosis.own_code import Part

PLAIN_FORMS = ("{0}", "1 - {0}")  # what a factor can be made of
PRODUCTS = ("{0} * {1}", "{0} * (1 - {1})")
NUMBERS = ("2", "0.5")
NUMBER = ((), "f")  # the kind of a number of NumPy: its shape, and floating point
HELD = "held_meanwhile"  # a name that stands for one of two operands while they are exchanged
LOGARITHMS = {"log2": "2", "log10": "10"}  # whose derivative has the factor 1 / log(2), or 1 / log(10)
OF_ALL = ("T", "sum", "dot", "mean", "transpose")  # attributes of an array that are made of all that it holds
FEW_ARRAYS = 2  # of a line, by whose lengths something is divided
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


def numbers_told(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """An argument that is never read in the place of a number: smooth(y, eps) where smooth(y, 0.0) stands."""
    unread = [k for k in unread_names(part) if not shape_of(part, k)]
    for holder, name, index, node in places(s) if unread else ():
        number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
        if number and not isinstance(holder, (ast.Subscript, ast.Slice)):
            for other in unread:
                yield Edit(s, holder, name, index, read(other), *kinds.IN_PLACE_OF(said(node), other))


def everywhere(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """One operand in place of another wherever a line has it, as in 1 - h * h; two operands exchanged."""
    value = getattr(s, "value", None)
    if value is None or isinstance(s, ast.For):
        return
    found = Counter(ast.unparse(p[3]) for p in places(s) if isinstance(p[3], ATOMS))
    yield from _exchanged_operands(part, s, value, list(found))
    for old in [old for old, times in found.items() if times > 1 and shape_of(part, old)]:
        for other in [a for a in atoms(part) if a != old and a not in _put_into(s) and fits(part, old, a)]:
            if (old in part.forward) == (other in part.forward) or not part.forward:
                new = with_operand(value, old, other)
                words = kinds.IN_PLACE_OF(old, other, of=_kind(part, old, other))
                yield Edit(s, s, "value", None, read(new), *words)


def _exchanged_operands(part: Part, s: ast.stmt, value: ast.expr, found: list[str]) -> Iterator[Edit]:
    """Two operands of a line, each where the other belongs: di * pf + df * pi."""
    arrays = [a for a in found if shape_of(part, a)]
    for one, other in itertools.combinations(arrays, 2):
        alike = fits(part, one, other) and (one in part.forward) == (other in part.forward)
        if alike and one not in other and other not in one:
            new = with_operand(read(with_operand(read(with_operand(value, one, HELD)), other, one)), HELD, other)
            yield Edit(s, s, "value", None, read(new), *kinds.EXCHANGED(one, other))


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
    shape, answered = shape_of(part, target(s)), isinstance(s, ast.Return)
    arrays = [a for a in atoms(part) if shape_of(part, a)]
    live = [a for a in arrays if a not in part.forward | part.zeros]
    adjoints = [a for a in live if answered or shape_of(part, a) == shape]
    values = [a for a in arrays if a in part.forward | part.zeros]
    pairs = [(a, b) for a, b in itertools.product(adjoints, values) if spreads(part, b, a)]
    terms = [form.format(a, b) for a, b in pairs for form in PRODUCTS]
    ends: list[Place] = list(_ends((s, "value", None, s.value))) if answered else [(s, "value", None, s.value)]
    ends += [p for p in places(s) if isinstance(p[3], ast.BinOp) and isinstance(p[0], ast.BinOp)]
    for op, sign in ((ast.Add(), ""), (ast.Sub(), "-")):
        for (holder, name, index, node), term in itertools.product(ends[:MOST_ENDS], terms):
            yield Edit(s, holder, name, index, ast.BinOp(node, op, read(term)), *kinds.NO_TERM(sign + term))


def means(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A mean that is taken away from what a line makes, beside another mean in it: of a layer norm there are two.

    The other one is that of the product with the normalised values, times those.
    """
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
                for x in [a for a in part.forward if shape_of(part, a) == shape_of(part, array)]:
                    along = ast.BinOp(read(array), ast.Mult(), read(x))
                    over = ast.Call(ast.Attribute(along, "mean", ast.Load()), call.args[of_numpy:], call.keywords)
                    new = ast.BinOp(node, ast.Sub(), ast.BinOp(read(x), ast.Mult(), over))
                    yield Edit(s, holder, name, index, new, *kinds.NO_TERM(f"-{x} * {said(over)}"))


def inner_insertions(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A factor or a term that is missing somewhere within a line."""
    yield from _inserted(part, s, _within(s, (ast.BinOp, ast.Call)))
    yield from _inserted(part, s, _within(s, ATOMS))


def inner_factors(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A value of the forward pass that is missing as a factor somewhere within a line: 1 - z for 1 - m * z."""
    values = [a for a in atoms(part) if shape_of(part, a) and (a in part.forward | part.zeros or not part.forward)]
    for holder, name, index, node in _within(s, ATOMS):
        for factor in [a for a in values if spreads(part, a, ast.unparse(node)) and a != ast.unparse(node)]:
            new = ast.BinOp(node, ast.Mult(), read(factor))
            yield Edit(s, holder, name, index, new, *kinds.NO_FACTOR(factor))


def _within(s: ast.stmt, sorts: tuple[type, ...]) -> list[Place]:
    """The places within a line at which something could be missing."""
    divided = [n.right for n in ast.walk(s) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    below = {id(n) for d in divided for n in ast.walk(d)}  # a factor there would take one away that is too many
    inner = [p for p in places(s) if id(p[3]) not in below]
    within = [p for p in inner if isinstance(p[0], (ast.BinOp, ast.Call)) and p[1] in ("args", "left", "right")]
    within += [p for p in inner if isinstance(p[0], ast.Attribute) and p[0].attr in OF_ALL]
    return [p for p in within if isinstance(p[3], sorts)]


def scaled(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A number by which all that a line makes should be divided, as for a mean over the examples, or multiplied."""
    if not isinstance(s, ast.Assign):
        return
    found = dict.fromkeys(ast.unparse(p[3]) for p in places(s) if isinstance(p[3], ast.Name))
    arrays = [a for a in found if shape_of(part, a)][:FEW_ARRAYS]
    lengths = [f"{a}.shape[{axis}]" for a in arrays for axis in range(len(shape_of(part, a) or ()))]
    numbers = [a for a in atoms(part) if part.kinds.get(a) in ("int", "float")]
    for number in [*numbers, *lengths, *numbers_in_file(part)]:
        new = ast.BinOp(s.value, ast.Div(), read(number))
        yield Edit(s, s, "value", None, new, *kinds.NOT_DIVIDED(said(s.value), number))
    for factor in [*NUMBERS, *numbers, *numbers_in_file(part)]:
        yield Edit(s, s, "value", None, ast.BinOp(s.value, ast.Mult(), read(factor)), *kinds.NO_FACTOR(factor))


def scores(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A score that is missing from a sum, or from what a function is handed: beta[t] for score[t] + beta[t]."""
    handed = [n for call in ast.walk(s) if isinstance(call, ast.Call) for a in call.args for n in ast.walk(a)]
    handed += [side for n in ast.walk(s) if isinstance(n, ast.BinOp) for side in (n.left, n.right) if _is_sum(n)]
    within = {id(n) for n in handed if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)}
    known = [a for a in atoms(part) if a in part.forward and a.isidentifier() and shape_of(part, a)]
    for holder, name, index, node in places(s) if not isinstance(s, ast.For) else ():
        for term in _of_the_same_rows(part, node, known, new=False) if id(node) in within else ():
            new = ast.BinOp(node, ast.Add(), read(term))
            yield Edit(s, holder, name, index, new, *kinds.NO_TERM(term))


def _is_sum(node: ast.BinOp) -> bool:
    return isinstance(node.op, (ast.Add, ast.Sub))


def _of_the_same_rows(part: Part, node: ast.expr, names: Sequence[str], new: bool = True) -> list[str]:
    """The same rows of others, dxh[:k] beside dxfh[:k]; those only that the function has nowhere, if they are new."""
    if not isinstance(node, ast.Subscript):
        return []
    base, rows = ast.unparse(node.value), ast.unparse(node).removeprefix(ast.unparse(node.value))
    alike = [a for a in names if a != base and shape_of(part, a) == shape_of(part, base)]
    return [f"{a}{rows}" for a in alike if not new or f"{a}{rows}" not in part.kinds]


def _inserted(part: Part, s: ast.stmt, ends: list[Place]) -> Iterator[Edit]:
    arrays = [a for a in atoms(part) if shape_of(part, a)]
    values = [a for a in arrays if a in part.forward | part.zeros or not part.forward]
    alike = [f for a in values for f in forms_over(part, a, target(s))]
    alike += [a for a in atoms(part) if part.kinds.get(a) == NUMBER]  # such as a gate of one number
    made = [call for call, of in functions_of(part).items() if of in part.forward and of in alike]  # tanh(c)
    terms = [a for a in arrays if a not in part.forward]
    numbers = [a for a in atoms(part) if part.kinds.get(a) in ("int", "float", NUMBER)]
    divided = [n.right for n in ast.walk(part.tree) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    divisors = {ast.unparse(n) for n in divided}
    factors = [(number, "") for number in (*NUMBERS, *numbers_in_file(part))]
    for atom, form in itertools.product([*alike, *made], (*PLAIN_FORMS, *DERIVATIVE_FORMS)):
        factors.append((form.format(atom), kinds.DERIVATIVE if form in DERIVATIVE_FORMS else ""))
    for holder, name, index, node in ends:
        for factor, of in factors:
            new = ast.BinOp(node, ast.Mult(), read(factor))
            yield Edit(s, holder, name, index, new, *kinds.NO_FACTOR(factor, of=of))
        each = [a for a in alike if a in divisors or a.endswith("None]")]  # a number for each example
        for number in [*numbers, *each, *logarithms(part), *numbers_in_file(part)]:
            new = ast.BinOp(node, ast.Div(), read(number))
            yield Edit(s, holder, name, index, new, *kinds.NOT_DIVIDED(said(node), number))
        fitting = [a for a in terms if fits(part, a, ast.unparse(node))]
        fitting += _of_the_same_rows(part, node, terms)
        for (op, sign), atom in itertools.product(((ast.Add(), ""), (ast.Sub(), "-")), fitting):
            yield Edit(s, holder, name, index, ast.BinOp(node, op, read(atom)), *kinds.NO_TERM(sign + atom))
