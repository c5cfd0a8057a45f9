"""Rules for whole statements of somebody's program: = and +=, lines that should not be there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.line_places import ATOMS, Edit, holder_of, read, said, target
from autograd_seq.diagnosis.own_code import Part


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
    """np.add.at, which adds to a row as often as the index has it."""
    subscripted = s.targets[0] if isinstance(s, ast.Assign) else s.target if isinstance(s, ast.AugAssign) else None
    numpy = next((k for k, v in part.function.__globals__.items() if getattr(v, "__name__", "") == "numpy"), None)
    if not isinstance(subscripted, ast.Subscript) or not numpy or not isinstance(s, (ast.Assign, ast.AugAssign)):
        return
    where: ast.expr = subscripted.slice
    if isinstance(where, (ast.Tuple, ast.Slice)):  # as a value such as np.s_[:, i]
        where = ast.Subscript(read(f"{numpy}.s_"), where, ast.Load())
    call = ast.Expr(ast.Call(read(f"{numpy}.add.at"), [subscripted.value, where, s.value], []))
    words = kinds.DUPLICATES_OF(said(subscripted.slice).strip("()"), numpy)
    yield Edit(s, *holder_of(part.tree, s), ast.copy_location(call, s), *words)


def moved(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A line that stands in a loop and belongs after it; one that belongs after the next."""
    loop, name, index = holder_of(part.tree, s)
    if not isinstance(loop, ast.For) or isinstance(s, ast.For) or name != "body" or len(loop.body) < 2:
        return
    rest = [other for other in loop.body if other is not s]
    both = ast.If(ast.Constant(True), [_with_body(loop, rest), s], [])
    yield Edit(s, *holder_of(part.tree, loop), ast.copy_location(both, loop), *kinds.IN_THE_LOOP(said(s)))
    if index + 1 < len(loop.body):
        following = loop.body[index + 1]
        body = [*loop.body[:index], following, s, *loop.body[index + 2 :]]
        words = kinds.ORDER_OF_LINES(said(s), said(following))
        yield Edit(s, *holder_of(part.tree, loop), _with_body(loop, body), *words)


def _with_body(loop: ast.For, body: list[ast.stmt]) -> ast.For:
    return ast.copy_location(ast.For(loop.target, loop.iter, body, loop.orelse), loop)


def left_out(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A statement that should not be there: an array changed in place."""
    if isinstance(s, (ast.AugAssign, ast.Expr)) or (isinstance(s, ast.Assign) and isinstance(s.targets[0], ATOMS)):
        of = kinds.DONE_IN_PLACE.category if isinstance(s, ast.AugAssign) else ""
        nothing = ast.copy_location(ast.Pass(), s)
        yield Edit(s, *holder_of(part.tree, s), nothing, *kinds.STRAY_LINE(said(s), target(s), of=of))
