"""Rules for the conditions in somebody's program: those of an if, of a value that is chosen, of a comprehension."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.line_indices import counted_elsewhere, indices
from autograd_seq.diagnosis.line_places import Edit, places, read, said, target
from autograd_seq.diagnosis.line_variables import conditions_in_file, shape_of
from autograd_seq.diagnosis.own_code import Part, statements_in

# What is asked, and what may have been meant, the likeliest first.
OTHERS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE, ast.Gt), ast.LtE: (ast.Lt, ast.Gt, ast.GtE),
    ast.Gt: (ast.GtE, ast.LtE, ast.Lt), ast.GtE: (ast.Gt, ast.Lt, ast.LtE),
    ast.Eq: (ast.NotEq, ast.Gt, ast.Lt), ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
DONE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return)
MOST_BOUNDS = 8
MOST_TOO = 10  # conditions of the file that could be asked as well


def asked(part: Part) -> Iterator[ast.If]:
    """The ifs of a function that were come to."""
    yield from (s for s in statements_in(part.tree) if isinstance(s, ast.If) and s.lineno in part.ran)


def conditions(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Another condition: another comparison, another bound, one of two that are joined, the index of another step."""
    if isinstance(s, ast.If):
        yield from (_asked(s, edit) for edit in itertools.islice(_asked_too(part, s), MOST_TOO))
    for holder, name, index, node in places(s):
        changes: Iterator[ast.expr] = iter(())
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            changes = _compared_otherwise(part, node)
        elif isinstance(node, ast.BoolOp):
            changes = _joined_otherwise(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            changes = iter([node.operand])
        elif isinstance(s, ast.If) and holder is s:
            changes = iter([ast.UnaryOp(ast.Not(), node)])
        for new in changes:
            yield _asked(s, Edit(s, holder, name, index, new, *kinds.OTHER_CONDITION(said(node), said(new))))
    if isinstance(s, ast.If):
        yield from (_asked(s, edit) for edit in [*indices(part, s), *_handed(part, s)])


def _handed(part: Part, s: ast.If) -> Iterator[Edit]:
    """Another step, of which a function is asked: may_skip(s + 2) for may_skip(s)."""
    for holder, name, index, node in places(s):
        if isinstance(holder, ast.Call) and name == "args" and isinstance(node, (ast.Name, ast.BinOp)):
            for new in counted_elsewhere(part, node):
                yield Edit(s, holder, name, index, read(new), *kinds.IN_PLACE_OF(said(node), new, of=kinds.OFF_BY_ONE))


def _asked_too(part: Part, s: ast.If) -> Iterator[Edit]:
    """What is asked elsewhere, as in the forward pass, and not here; counted the same way, or the other way round."""
    here = ast.unparse(s.test)
    for text in conditions_in_file(part):
        for other in dict.fromkeys([text, text.replace(" - ", " + "), text.replace(" + ", " - ")]):
            if other not in here:
                joined = isinstance(s.test, ast.BoolOp) and isinstance(s.test.op, ast.And)
                new = ast.BoolOp(ast.And(), [*(s.test.values if joined else [s.test]), read(other)])  # type: ignore[attr-defined]
                yield Edit(s, s, "test", None, new, *kinds.OTHER_CONDITION(here, said(new)))


def _asked(s: ast.stmt, edit: Edit) -> Edit:
    """What is made wrong by the condition of an if, and the line that asks it as it should be."""
    if isinstance(s, ast.If):
        done = [inner for inner in s.body if isinstance(inner, DONE)]
        edit.where = target(done[0]) if done else f"the condition {said(s.test)}"
        before = edit.old
        edit.put(edit.new)
        edit.mended = f"if {said(s.test)}:"
        edit.put(before)
    return edit


def _compared_otherwise(part: Part, node: ast.Compare) -> Iterator[ast.expr]:
    op = node.ops[0]
    others = [ast.Compare(node.left, [other()], node.comparators) for other in OTHERS.get(type(op), ())]
    bounds = [ast.Compare(node.left, node.ops, [read(bound)]) for bound in _bounds(part, node)]
    yield from [*bounds, *others] if isinstance(op, (ast.Eq, ast.NotEq)) else [*others, *bounds]


def _bounds(part: Part, node: ast.Compare) -> list[str]:
    """What a number may be compared with: the first and the last turn of a loop, and what others are compared with."""
    mine = ast.unparse(node.comparators[0])
    if shape_of(part, ast.unparse(node.left)):
        return []  # each element is compared
    loops = [n for n in ast.walk(part.tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "range" and n.args]
    ends = [ast.unparse(loop.args[min(1, len(loop.args) - 1)]) for loop in loops]
    others = [ast.unparse(n.comparators[0]) for n in ast.walk(part.tree) if isinstance(n, ast.Compare)]
    counts = [k for k, kind in part.kinds.items() if kind == "int" and k.isidentifier()]
    named = [*(f"{end} - 1" for end in ends), *ends, *others, *itertools.chain(*((k, f"{k} - 1") for k in counts))]
    found = dict.fromkeys(["0", "1", *named])
    return [text for text in found if text not in (mine, ast.unparse(node.left))][: MOST_BOUNDS + 2]


def _joined_otherwise(node: ast.BoolOp) -> Iterator[ast.expr]:
    """Without one of what is joined, and with `or` for `and`."""
    for i in range(len(node.values)):
        rest = [*node.values[:i], *node.values[i + 1 :]]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
