"""Changes of one place in somebody's line, as a grammar: what can be changed, and into what.

*What* is an operand (a variable, an entry, an attribute), an operation, a whole right-hand side, a statement or the
bound of a loop; each has a rule below that says into what it can be changed. The product of
places and rules comes out of `edits`.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from autograd_seq.diagnosis.own_code import Part

ATOMS = (ast.Name, ast.Attribute, ast.Subscript)
TIMES = (ast.Mult, ast.Div, ast.MatMult)
FORMS = ("{0}", "1 - {0}", "1 - {0} ** 2", "{0} * (1 - {0})", "({0} > 0)")
DERIVATIVE = re.compile(r"1(\.0*)? - |\*\* 2|> 0|\*.*\(1|d(tanh|sigmoid|relu)|prime|deriv", re.IGNORECASE)
FAR = 1000  # more steps than anybody checks
MOST_PARTS = 64  # functions that are remembered


@dataclass
class Edit:
    """One expression in place of another, or one statement.

    Attributes
    ----------
    statement : stmt
        Where.
    holder, slot, index : object, str, int or None
        What is replaced: a field of a node, or an element of a list there.
    new : AST
        By what.
    category, words : str
        The kind of mistake that it mends, and what the unchanged line has, put so that "it equals the true value"
        may stand before it.
    """

    statement: ast.stmt
    holder: Any
    slot: str
    index: int | None
    new: Any
    category: str
    words: str
    part: Part = field(repr=False, default=None)  # type: ignore[assignment]
    mended: str = ""

    @property
    def old(self) -> Any:
        """What stands there."""
        now = getattr(self.holder, self.slot)
        return now if self.index is None else now[self.index]

    def put(self, node: Any) -> None:
        """Put a node there."""
        if self.index is None:
            setattr(self.holder, self.slot, node)
        else:
            getattr(self.holder, self.slot)[self.index] = node


Place = tuple[Any, str, int | None, ast.expr]  # holder, field, index, node
Rule = Callable[[Part, ast.stmt], Iterator[Edit]]


def places(node: ast.AST) -> Iterator[Place]:
    """The expressions within a statement, outer ones first; not what is assigned to or called."""
    for name, value in ast.iter_fields(node):
        for index, inner in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(inner, ast.stmt):
                continue
            called = isinstance(node, ast.Call) and name == "func"
            if isinstance(inner, ast.expr) and not called and not isinstance(getattr(inner, "ctx", None), ast.Store):
                yield node, name, index, inner
            if isinstance(inner, ast.AST):
                yield from places(inner)


def said(node: ast.AST, most: int = 70) -> str:
    """Source, as somebody would read it; cut where it is long."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def read(text: str) -> ast.expr:
    """An expression."""
    return ast.parse(text, mode="eval").body


def target(statement: ast.stmt) -> str:
    """What a statement makes."""
    if isinstance(statement, ast.Assign):
        return said(statement.targets[0])
    if isinstance(statement, (ast.AugAssign, ast.For, ast.AnnAssign)):
        return said(statement.target)
    return "what is returned" if isinstance(statement, ast.Return) else said(statement)


# -- the operands of a function -----------------------------------------------------------------------------


@lru_cache(MOST_PARTS)
def atoms(part: Part) -> list[str]:
    """The operands that occur in a function, the most frequent first, with neighbouring entries of them."""
    called = {id(n.func) for n in ast.walk(part.tree) if isinstance(n, ast.Call)}
    space = part.function.__globals__
    found: dict[str, int] = {}
    for node in ast.walk(part.tree):
        if not isinstance(node, ATOMS) or id(node) in called or _root(node) in _not_arrays(space):
            continue
        if isinstance(node, ast.Attribute) and node.attr in ("T", "shape", "size", "ndim"):
            continue
        text = ast.unparse(node)
        found[text] = found.get(text, 0) + 1
    return sorted(found, key=lambda k: -found[k])


def _root(node: ast.AST) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _not_arrays(space: dict[str, Any]) -> set[str]:
    """Names of modules and functions."""
    return {k for k, v in space.items() if type(v).__name__ == "module" or callable(v)} | {"range", "len", "reversed"}


def _fits(part: Part, wrong: str, right: str) -> bool:
    """Whether one operand could stand for another: they are of one kind, or nothing is known of one."""
    mine, its = part.kinds.get(wrong), part.kinds.get(right)
    return mine is None or its is None or mine == its


def _shape(part: Part, text: str) -> tuple[int, ...] | None:
    kind = part.kinds.get(text)
    return kind[0] if isinstance(kind, tuple) else None


def _spreads(part: Part, factor: str, over: str) -> bool:
    """Whether a factor could be multiplied with what a line makes."""
    mine, its = _shape(part, factor), _shape(part, over)
    if mine is None or its is None:
        return factor in part.kinds and its is None
    return len(mine) <= len(its) and all(a in (1, b) for a, b in zip(mine[::-1], its[::-1], strict=False))


# -- rules: one place, and into what it is changed -------------------------------------------------------------


def written_over(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """= for +=, += for =, and an index that may meet one entry several times."""
    holder, name, index = _holder(part.tree, s)
    if isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ATOMS):
        for op, sign in ((ast.Add(), "+="), (ast.Sub(), "-=")):
            new = ast.copy_location(ast.AugAssign(s.targets[0], op, s.value), s)
            words = f"with = in place of {sign}: each step replaces what the others left there"
            yield Edit(s, holder, name, index, new, "assignment", words)
    if isinstance(s, ast.AugAssign) and isinstance(s.op, (ast.Add, ast.Sub)):
        whole = ast.copy_location(ast.Assign([s.target], s.value), s)
        words = f"with what was in {said(s.target)} before added to it, since += stands for ="
        yield Edit(s, holder, name, index, whole, "extra term", words)
        other: ast.operator = ast.Sub() if isinstance(s.op, ast.Add) else ast.Add()
        yield Edit(s, s, "op", None, other, "sign", "with the opposite sign")
    if isinstance(s, ast.AugAssign):
        value = ast.BinOp(read(ast.unparse(s.target)), s.op, s.value)
        apart = ast.copy_location(ast.Assign([s.target], value), s)
        words = f"with {said(s)} done in place, which changes other variables that hold this array"
        yield Edit(s, holder, name, index, apart, "in-place change", words)
    subscripted = s.targets[0] if isinstance(s, ast.Assign) else s.target if isinstance(s, ast.AugAssign) else None
    numpy = next((k for k, v in part.function.__globals__.items() if getattr(v, "__name__", "") == "numpy"), None)
    if isinstance(subscripted, ast.Subscript) and numpy and isinstance(s, (ast.Assign, ast.AugAssign)):
        place = said(subscripted.slice).strip("()")
        where: ast.expr = subscripted.slice
        if isinstance(where, (ast.Tuple, ast.Slice)):  # as a value such as np.s_[:, i]
            where = ast.Subscript(read(f"{numpy}.s_"), where, ast.Load())
        adding = ast.Call(read(f"{numpy}.add.at"), [subscripted.value, where, s.value], [])
        call = ast.Expr(adding)
        words = f"where {place} meets a row several times, with one of them only: {numpy}.add.at adds them all"
        yield Edit(s, holder, name, index, ast.copy_location(call, s), "duplicate indices", words)


def left_out(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A statement that should not be there: an array changed in place."""
    if isinstance(s, (ast.AugAssign, ast.Expr)) or (isinstance(s, ast.Assign) and isinstance(s.targets[0], ATOMS)):
        holder, name, index = _holder(part.tree, s)
        what = "in-place change" if isinstance(s, ast.AugAssign) else "extra term"
        words = f"with the line {said(s)} carried out, which changes {target(s)} before it is read"
        yield Edit(s, holder, name, index, ast.copy_location(ast.Pass(), s), what, words)


def indices(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """An index that is one off, another one, or of another name; a bound of a loop."""
    names = _index_names(part)
    for holder, name, index, node in sorted(places(s), key=lambda place: not isinstance(place[3], ast.Constant)):
        bound = isinstance(holder, ast.Call) and name == "args" and said(holder.func).endswith(("range", "max", "min"))
        if not bound and not _is_index(s, holder, name):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            others = [c for c in _constants(part) if c != node.value]
            for other in others:
                yield _swap(s, holder, name, index, node, ast.Constant(other), "wrong value")
            continue
        if isinstance(node, (ast.Slice, ast.Tuple)):
            continue
        text = ast.unparse(node)
        shifted = [f"{text} - 1", f"{text} + 1"]
        for old, new in ((" - 1", ""), (" + 1", ""), (" + 1", " - 1"), (" - 1", " + 1")):
            if text.endswith(old):
                shifted.insert(0, text.removesuffix(old) + new)
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            shifted = [str(node.value - 1), str(node.value + 1)]
        for new in shifted:
            yield _swap(s, holder, name, index, node, read(new), "off by one")
        if bound:
            for inner in [n for n in ast.walk(node) if part.kinds.get(ast.unparse(n)) == "int"]:
                far = re.sub(rf"(?<![\w.]){re.escape(ast.unparse(inner))}(?!\w)", f"({FAR})", text)
                if far != text:
                    words = f"with no steps beyond {said(inner)}: the way back is cut off there"
                    yield Edit(s, holder, name, index, read(far), "off by one", words)
        else:
            for inner in [n for n in ast.walk(node) if isinstance(n, ast.Name)]:
                for other in names - {inner.id}:
                    new = re.sub(rf"(?<![\w.]){re.escape(inner.id)}(?!\w)", other, text)
                    yield _swap(s, holder, name, index, node, read(new), "wrong value")


def operations(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A sign, a factor or a term too many, a mean for a sum, a transpose, operands or elements exchanged."""
    for holder, name, index, node in places(s):
        if isinstance(node, ast.BinOp):
            left, right = node.left, node.right
            if isinstance(node.op, (ast.Add, ast.Sub)):
                new: ast.expr = ast.BinOp(left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), right)
                yield Edit(s, holder, name, index, new, "sign", f"with {said(right)} of the opposite sign")
                extra = "extra term"
            else:
                extra = "extra factor"
            if isinstance(node.op, ast.Sub):
                words = f"with {said(node)} in place of {said(ast.BinOp(right, ast.Sub(), left))}: the opposite sign"
                yield Edit(s, holder, name, index, ast.BinOp(right, ast.Sub(), left), "sign", words)
            if not isinstance(node.op, ast.Pow):
                for kept, gone in ((left, right), (right, left)):
                    what = "activation derivative" if DERIVATIVE.search(ast.unparse(gone)) else extra
                    words = f"with the {extra.removeprefix('extra ')} {said(gone)}, which does not belong there"
                    yield Edit(s, holder, name, index, kept, what, words)
            if isinstance(node.op, ast.MatMult):
                words = f"with {said(node)} in the wrong order"
                yield Edit(s, holder, name, index, ast.BinOp(right, ast.MatMult(), left), "transpose", words)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield Edit(s, holder, name, index, node.operand, "sign", "with the opposite sign")
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and not isinstance(holder, ast.Subscript):
            for i in range(len(node.elts)):
                for k in range(i):
                    made = list(node.elts)
                    made[i], made[k] = made[k], made[i]
                    words = f"with {said(node.elts[k])} and {said(node.elts[i])} exchanged"
                    yield Edit(s, holder, name, index, ast.Tuple(made, ast.Load()), "wrong value", words)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "mean":
            made_call = ast.Call(ast.Attribute(node.func.value, "sum", ast.Load()), node.args, node.keywords)
            words = f"with a mean in place of a sum: {said(node)}"
            yield Edit(s, holder, name, index, made_call, "mean over the batch", words)
        if isinstance(node, ATOMS):
            if isinstance(node, ast.Attribute) and node.attr == "T":
                yield _swap(s, holder, name, index, node, node.value, "transpose")
            elif not (isinstance(holder, ast.Attribute) and holder.attr == "T"):
                yield _swap(s, holder, name, index, node, ast.Attribute(node, "T", ast.Load()), "transpose")


def brackets(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Parentheses that are missing around a sum, or stand around one that should not be multiplied as a whole."""
    for holder, name, index, node in places(s):
        if not isinstance(node, ast.BinOp):
            continue
        made: list[ast.expr] = []
        if isinstance(node.op, (ast.Add, ast.Sub)):
            a, b = node.left, node.right
            if isinstance(b, ast.BinOp) and isinstance(b.op, TIMES):
                made.append(ast.BinOp(ast.BinOp(a, node.op, b.left), b.op, b.right))
            if isinstance(a, ast.BinOp) and isinstance(a.op, TIMES):
                made.append(ast.BinOp(a.left, a.op, ast.BinOp(a.right, node.op, b)))
        if isinstance(node.op, TIMES):
            for inner, outer, first in ((node.left, node.right, True), (node.right, node.left, False)):
                if isinstance(inner, ast.BinOp) and isinstance(inner.op, (ast.Add, ast.Sub)):
                    if first:
                        made.append(ast.BinOp(inner.left, inner.op, ast.BinOp(inner.right, node.op, outer)))
                    else:
                        made.append(ast.BinOp(ast.BinOp(outer, node.op, inner.left), inner.op, inner.right))
        for new in made:
            words = f"with {said(node)}, where the parentheses stand otherwise: {said(new)}"
            yield Edit(s, holder, name, index, new, "parentheses", words)


def forms(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The derivative of another function: 1 - y ** 2 for y * (1 - y)."""
    for holder, name, index, node in places(s):
        if not isinstance(node, ast.BinOp):
            continue
        inner = {ast.unparse(n) for n in ast.walk(node) if isinstance(n, ATOMS)}
        whole = [k for k in inner if _shape(part, k) and not any(k != o and k in o for o in inner)]
        for form in FORMS[2:] if len(whole) == 1 and DERIVATIVE.search(ast.unparse(node)) else ():
            new = read(form.format(whole[0]))
            words = f"with {said(node)} in place of {said(new)}"
            yield Edit(s, holder, name, index, new, "activation derivative", words)


def operands(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """One operand in place of another of the same shape, both of the forward pass or both not."""
    yield from _operands(part, s, True)


def other_operands(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A value of the forward pass in place of one of the backward pass, or the other way round."""
    if part.forward:
        yield from _operands(part, s, False)


def _operands(part: Part, s: ast.stmt, same: bool) -> Iterator[Edit]:
    for holder, name, index, node in places(s):
        if not isinstance(node, ATOMS) or (isinstance(node, ast.Attribute) and node.attr == "T"):
            continue
        if isinstance(holder, (ast.Subscript, ast.Slice, ast.Attribute)) and not _array_there(part, holder, name):
            continue
        text = ast.unparse(node)
        for other in atoms(part):
            of_one_pass = (text in part.forward) == (other in part.forward) or not part.forward
            if other != text and of_one_pass == same and _fits(part, text, other):
                yield _swap(s, holder, name, index, node, read(other), _kind(part, text, other))


def _array_there(part: Part, holder: ast.AST, name: str) -> bool:
    return name == "value" and not (isinstance(holder, ast.Attribute) and holder.attr in ("shape", "size"))


def insertions(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A factor or a term that is missing from what a line makes."""
    if not isinstance(s, (ast.Assign, ast.AugAssign, ast.Return)) or s.value is None:
        return
    ends: list[Place] = [(s, "value", None, s.value)]
    if isinstance(s.value, ast.Tuple):
        ends = [(s.value, "elts", i, e) for i, e in enumerate(s.value.elts)]
    yield from _inserted(part, s, ends)


def inner_insertions(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A factor or a term that is missing somewhere within a line."""
    within = [p for p in places(s) if isinstance(p[0], (ast.BinOp, ast.Call)) and p[1] in ("args", "left", "right")]
    yield from _inserted(part, s, [p for p in within if isinstance(p[3], (ast.BinOp, ast.Call))])
    yield from _inserted(part, s, [p for p in within if isinstance(p[3], ATOMS)])


def _inserted(part: Part, s: ast.stmt, ends: list[Place]) -> Iterator[Edit]:
    arrays = [a for a in atoms(part) if _shape(part, a)]
    factors = [a for a in arrays if (a in part.forward or not part.forward) and _spreads(part, a, target(s))]
    terms = [a for a in arrays if a not in part.forward]
    for holder, name, index, node in ends:
        for factor in ("2", "0.5"):
            words = f"without the factor {factor}"
            yield Edit(s, holder, name, index, ast.BinOp(node, ast.Mult(), read(factor)), "missing factor", words)
        for atom, form in itertools.product(factors, FORMS):
            factor = form.format(atom)
            what = "missing factor" if form in FORMS[:2] else "activation derivative"
            new = ast.BinOp(node, ast.Mult(), read(factor))
            yield Edit(s, holder, name, index, new, what, f"without the factor {factor}")
        for atom in [a for a in terms if _fits(part, a, ast.unparse(node))]:
            new = ast.BinOp(node, ast.Add(), read(atom))
            yield Edit(s, holder, name, index, new, "missing term", f"without the term {atom}")


RULES: list[Rule] = [written_over, indices, operations, brackets, forms, left_out, operands, insertions]
RARE_RULES: list[Rule] = [inner_insertions, other_operands]


def edits(part: Part, s: ast.stmt, rule: Rule) -> Iterator[Edit]:
    """What a rule makes of a statement."""
    if isinstance(s, ast.For):
        if rule is indices:
            for edit in indices(part, s):
                edit.part = part
                yield edit
        return
    for edit in rule(part, s):
        edit.part = part
        yield edit


def _swap(s: ast.stmt, holder: Any, name: str, index: int | None, old: ast.expr, new: ast.expr, what: str) -> Edit:
    """One operand in place of another, said with the entry that it is the index of: hs[t], not t."""
    edit = Edit(s, holder, name, index, new, what, "")
    whole: ast.AST = holder if isinstance(holder, ast.Attribute) and holder.attr == "T" else old
    for node in ast.walk(s):
        if isinstance(node, ast.Subscript) and node.slice in (old, holder):
            whole = node
    wrong = said(whole)
    edit.put(new)
    right = said(new if whole is old else whole)
    edit.put(old)
    edit.words = f"with {wrong} in place of {right}"
    return edit


def _kind(part: Part, wrong: str, right: str) -> str:
    """What kind of mistake it is to write one operand for another."""
    stems = {re.sub(r"(_?(prev|next|old|new|last)|\[[^\[\]]*\])+$", "", text) for text in (wrong, right)}
    if len(stems) == 1 and "" not in stems:
        return "off by one"
    for made in _definitions(part).get(right, ()):
        if re.search(rf"(?<!\w){re.escape(wrong)}(?!\w)", made) and DERIVATIVE.search(made):
            return "activation derivative"
    return "wrong value"


@lru_cache(MOST_PARTS)
def _definitions(part: Part) -> dict[str, list[str]]:
    """Under each variable what is assigned to it."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(part.tree):
        if isinstance(node, ast.Assign):
            found.setdefault(ast.unparse(node.targets[0]), []).append(ast.unparse(node.value))
    return found


@lru_cache(MOST_PARTS)
def _index_names(part: Part) -> set[str]:
    """The variables that some index of a function is made of."""
    found = set()
    for node in ast.walk(part.tree):
        if isinstance(node, ast.Subscript):
            found |= {n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name)}
    numbers = {k for k in found if not _shape(part, k)}
    return numbers - _not_arrays(part.function.__globals__)


@lru_cache(MOST_PARTS)
def _constants(part: Part) -> list[str]:
    found = [n.value for n in ast.walk(part.tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [c for c in dict.fromkeys(found) if len(c) < 20]


def _is_index(s: ast.stmt, holder: ast.AST, name: str) -> bool:
    """Whether what stands there is (a part of) an index."""
    if isinstance(holder, ast.Tuple):
        return any(isinstance(n, ast.Subscript) and n.slice is holder for n in ast.walk(s))
    return isinstance(holder, (ast.Subscript, ast.Slice)) and name != "value"


def _holder(tree: ast.AST, s: ast.stmt) -> tuple[Any, str, int]:
    """The list of statements that one stands in."""
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                for i, inner in enumerate(value):
                    if inner is s:
                        return node, name, i
    raise LookupError(target(s))
