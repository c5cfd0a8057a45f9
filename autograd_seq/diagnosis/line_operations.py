"""Rules for the operations in somebody's line: signs, factors and terms too many, transposes, parentheses."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from typing import Any

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.kinds import Said
from autograd_seq.diagnosis.line_places import ATOMS, Edit, called, places, read, said
from autograd_seq.diagnosis.line_variables import DERIVATIVE_FORM, functions_of, numpy_in, shape_of
from autograd_seq.diagnosis.own_code import Part

MOST_FUNCTIONS = 12  # of a file, of which each can stand for another
TIMES = (ast.Mult, ast.Div, ast.MatMult)
PRODUCTS = (".dot", ".outer", ".matmul")  # functions that make something else of their arguments the other way round
UNEVEN = ("exp", "expm1", "sigmoid", "sigm", "sig", "expit")  # functions that are another one from the other side
TRANSPOSES = ("T", "transpose", "swapaxes")
SUMS = (ast.Add, ast.Sub)
Change = tuple[ast.expr, Said]


def operations(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A sign, a factor or a term too many, a mean for a sum, a transpose, operands or elements exchanged."""
    for holder, name, index, node in places(s):
        made: list[Change] = []
        if isinstance(node, ast.BinOp):
            made += [*_signs(node), *_dropped(part, node)]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            made.append((node.operand, kinds.OPPOSITE()))
        a_row = isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Load)
        if a_row and not isinstance(holder, ast.Subscript):
            made += _exchanged(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "mean":
            sum_ = ast.Attribute(node.func.value, "sum", ast.Load())
            made.append((ast.Call(sum_, node.args, node.keywords), kinds.MEAN_OF(said(node))))
        if isinstance(node, ast.Call) and len(node.args) == 1 and called(node) in UNEVEN:
            turned_round = ast.Call(node.func, [ast.UnaryOp(ast.USub(), node.args[0])], node.keywords)
            made.append((turned_round, kinds.OF_OPPOSITE_SIGN(said(node.args[0]))))
        if isinstance(node, ast.Call) and len(node.args) == 2 and ast.unparse(node.func).endswith(PRODUCTS):
            turned = ast.Call(node.func, node.args[::-1], node.keywords)
            made.append((turned, kinds.WRONG_ORDER(said(node))))
        made += _transposed(part, holder, node)
        for new, words in made:
            yield Edit(s, holder, name, index, new, *words)


def _transposed(part: Part, holder: ast.AST, node: ast.expr) -> Iterator[Change]:
    """A matrix, or each matrix of a stack of them, transposed; not so, where it is."""
    method = node.func if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value, kinds.TRANSPOSED(said(node.value))
    elif method is not None and method.attr in TRANSPOSES:
        of_numpy = ast.unparse(method.value) == numpy_in(part) and isinstance(node, ast.Call)
        bare = node.args[0] if of_numpy and isinstance(node, ast.Call) and node.args else method.value
        yield bare, kinds.TRANSPOSED(said(bare))
    elif isinstance(node, ATOMS) and not (isinstance(holder, ast.Attribute) and holder.attr in TRANSPOSES):
        axes = len(shape_of(part, ast.unparse(node)) or ())
        if axes > 2:
            order = ", ".join(map(str, [*range(axes - 2), axes - 1, axes - 2]))
            yield read(f"{ast.unparse(node)}.transpose({order})"), kinds.NOT_TRANSPOSED(said(node))
        else:
            yield ast.Attribute(node, "T", ast.Load()), kinds.NOT_TRANSPOSED(said(node))


def _signs(node: ast.BinOp) -> Iterator[Change]:
    left, right = node.left, node.right
    if isinstance(node.op, SUMS):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield ast.BinOp(left, other, right), kinds.OF_OPPOSITE_SIGN(said(right))
    if isinstance(node.op, ast.Sub):
        turned = ast.BinOp(right, ast.Sub(), left)
        yield turned, kinds.TURNED_DIFFERENCE(said(node), said(turned))


def _dropped(part: Part, node: ast.BinOp) -> Iterator[Change]:
    """One side of an operation alone; both the other way round."""
    left, right = node.left, node.right
    kind = kinds.EXTRA_TERM if isinstance(node.op, SUMS) else kinds.EXTRA_FACTOR
    for kept, gone in ((left, right), (right, left)) if not isinstance(node.op, ast.Pow) else ():
        of = kinds.DERIVATIVE if DERIVATIVE_FORM.search(ast.unparse(gone)) else ""
        if isinstance(gone, ast.Constant) and part.kinds.get(ast.unparse(kept)) == "int":
            of = kinds.OFF_BY_ONE
        divided = isinstance(node.op, ast.Div) and kept is left
        yield kept, kinds.DIVIDED_BY(said(gone)) if divided else kind(said(gone), of=of)
    if isinstance(node.op, ast.MatMult):
        yield ast.BinOp(right, ast.MatMult(), left), kinds.WRONG_ORDER(said(node))


def surplus(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A term too many: a line has few of them."""
    for holder, name, index, node in places(s):
        is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, SUMS)
        if is_sum and isinstance(node, ast.BinOp) and not isinstance(holder, (ast.Subscript, ast.Slice)):
            for new, words in _dropped(part, node):
                yield Edit(s, holder, name, index, new, *words)


def _exchanged(node: Any) -> Iterator[Change]:
    """Two elements of a tuple or a list, as those that are joined, each in the place of the other."""
    for i in range(len(node.elts)):
        for k in range(i):
            made = list(node.elts)
            made[i], made[k] = made[k], made[i]
            yield type(node)(made, ast.Load()), kinds.EXCHANGED(said(node.elts[k]), said(node.elts[i]))


def brackets(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Parentheses that are missing around a sum, or stand around one that should not be multiplied as a whole."""
    for holder, name, index, node in places(s):
        if isinstance(node, ast.BinOp):
            for new in _closed_otherwise(node):
                yield Edit(s, holder, name, index, new, *kinds.OTHER_PARENTHESES(said(node), said(new)))


def _closed_otherwise(node: ast.BinOp) -> Iterator[ast.expr]:
    a, b, op = node.left, node.right, node.op
    if isinstance(op, SUMS):
        if isinstance(b, ast.BinOp) and isinstance(b.op, TIMES):
            yield ast.BinOp(ast.BinOp(a, op, b.left), b.op, b.right)
        if isinstance(a, ast.BinOp) and isinstance(a.op, TIMES):
            yield ast.BinOp(a.left, a.op, ast.BinOp(a.right, op, b))
    if isinstance(op, TIMES):
        if isinstance(a, ast.BinOp) and isinstance(a.op, SUMS):
            yield ast.BinOp(a.left, a.op, ast.BinOp(a.right, op, b))
        if isinstance(b, ast.BinOp) and isinstance(b.op, SUMS):
            yield ast.BinOp(ast.BinOp(a, op, b.left), b.op, b.right)


def forms(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The derivative of another function: 1 - y ** 2 for y * (1 - y)."""
    for holder, name, index, node in places(s):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and not _is_product(holder):
            for old, tanh, product in _sigmoids(node):
                yield Edit(s, holder, name, index, product, *kinds.IN_PLACE_OF(old, tanh, of=kinds.DERIVATIVE))
            for old, other, product in _slopes(part, node):
                yield Edit(s, holder, name, index, product, *kinds.IN_PLACE_OF(old, other, of=kinds.DERIVATIVE))
        if not isinstance(node, ast.BinOp) or not DERIVATIVE_FORM.search(ast.unparse(node)):
            continue
        inner = {ast.unparse(n) for n in ast.walk(node) if isinstance(n, ATOMS)}
        whole = [k for k in inner if shape_of(part, k) and not any(k != o and k in o for o in inner)]
        for form in DERIVATIVE_FORMS if len(whole) == 1 else ():
            new = read(form.format(whole[0]))
            yield Edit(s, holder, name, index, new, *kinds.IN_PLACE_OF(said(node), said(new), of=kinds.DERIVATIVE))


def softmaxes(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The derivative of a softmax, where that of a function of each element stands: y * (1 - y) * d."""
    numpy = numpy_in(part)
    for holder, name, index, node in places(s):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult) or _is_product(holder) or not numpy:
            continue
        texts = [ast.unparse(f) for f in _factors(node)]
        for y in [t for t in texts if {f"1 - {t}", f"1.0 - {t}"} & set(texts) and shape_of(part, t)]:
            rest = " * ".join(f"({t})" for t in texts if t not in (y, f"1 - {y}", f"1.0 - {y}")) or "1.0"
            for axis in range(len(shape_of(part, y) or ())):
                new = f"{y} * ({rest} - {numpy}.sum({y} * {rest}, axis={axis}, keepdims=True))"
                yield Edit(s, holder, name, index, read(new), *kinds.IN_PLACE_OF(said(node), new, of=kinds.DERIVATIVE))


def functions(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Another function of their file that takes as many arguments, as the derivative of another activation is."""
    space = part.function.__globals__
    known = {k: v.__code__.co_argcount for k, v in space.items() if isinstance(v, types.FunctionType)}
    for holder, name, index, node in places(s):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in known:
            continue
        others = [k for k, count in known.items() if count == known[node.func.id] and k != node.func.id]
        for other in others if len(others) < MOST_FUNCTIONS else ():
            new = ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)
            of = kinds.DERIVATIVE if DERIVATIVE_FORM.search(node.func.id) else ""
            yield Edit(s, holder, name, index, new, *kinds.IN_PLACE_OF(said(node), said(new), of=of))
    yield from _forgotten_functions(part, s)


def _forgotten_functions(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The function of a value that other lines take, tanh(c), where this one takes the value itself, or another one."""
    taken: dict[tuple[int, ...], dict[str, str]] = {}
    for call, of in functions_of(part).items():
        taken.setdefault(shape_of(part, of) or (), {})[call] = of
    for holder, name, index, node in places(s):
        text = ast.unparse(node)
        if not isinstance(node, ATOMS) or not shape_of(part, text):
            continue
        for call, of in taken.get(shape_of(part, text) or (), {}).items():
            inner = isinstance(holder, ast.Call) and len(holder.args) == 1 and of == text  # the call itself
            if not inner and (of == text or {of, text} <= part.forward):
                yield Edit(s, holder, name, index, read(call), *kinds.IN_PLACE_OF(said(node), call))


def bent(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """What is kept, taken as it is, where its tanh is meant: tc = c for tc = tanh(c)."""
    numpy = numpy_in(part)
    if isinstance(s, ast.Assign) and isinstance(s.value, ATOMS) and shape_of(part, ast.unparse(s.value)) and numpy:
        new = f"{numpy}.tanh({ast.unparse(s.value)})"
        yield Edit(s, s, "value", None, read(new), *kinds.IN_PLACE_OF(said(s.value), new))


def _is_product(node: object) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def _factors(node: ast.expr) -> list[ast.expr]:
    """The factors of a product, however it is closed."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _sigmoids(node: ast.BinOp) -> Iterator[tuple[str, str, ast.expr]]:
    """A product in which y and 1 - y are factors, not side by side, with the derivative of tanh in their place."""
    factors = _factors(node)
    texts = [ast.unparse(f) for f in factors]
    for i, text in enumerate(texts):
        for k in [k for k, other in enumerate(texts) if other in (f"1 - {text}", f"1.0 - {text}")]:
            rest = [f"({t})" for j, t in enumerate(texts) if j not in (i, k)]
            new = f"1 - {text} ** 2"
            if rest:
                yield f"{text} * ({texts[k]})", new, read(" * ".join([*rest, f"({new})"]))


def _slopes(part: Part, node: ast.BinOp) -> Iterator[tuple[str, str, ast.expr]]:
    """A product in which some factors are numbers or made of y alone, with the derivative of y in the place of all."""
    factors = _factors(node)
    of = [{ast.unparse(n) for n in ast.walk(f) if isinstance(n, ATOMS)} for f in factors]
    for y in dict.fromkeys(y for names in of if len(names) == 1 for y in names if shape_of(part, y)):
        mine = [f for f, names in zip(factors, of, strict=True) if names <= {y}]
        rest = [f"({ast.unparse(f)})" for f in factors if f not in mine]
        made = any(not isinstance(f, (*ATOMS, ast.Constant)) for f in mine)
        for form in SMOOTH_FORMS if made and rest and len(mine) > 1 else ():
            new = form.format(y)
            old = read(" * ".join(f"({ast.unparse(f)})" for f in mine))
            yield ast.unparse(old), new, read(" * ".join([*rest, f"({new})"]))


SMOOTH_FORMS = ("1 - {0} ** 2", "{0} * (1 - {0})")
DERIVATIVE_FORMS = (*SMOOTH_FORMS, "({0} > 0)")
