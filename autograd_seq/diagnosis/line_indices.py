"""Rules for the indices in somebody's line, and for the bounds of their loops."""

from __future__ import annotations

import ast
import copy
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.line_places import Edit, Place, places, read, said, swapped, with_operand
from autograd_seq.diagnosis.line_variables import index_names, keys, texts_of_calls
from autograd_seq.diagnosis.own_code import Part

END = kinds.OFF_BY_ONE
COUNTED = re.compile(r"(.*) ([+-]) (\d+)")  # a step that is counted from another one
FAR = 1000  # more steps than anybody checks
MOST_COUNTED = 4
MOST_SLICES = 8  # of a function, of which each can stand for another


def indices(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """An index that is one off, another one, or of another name; a bound of a loop."""
    yield from _from_the_other_end(s)
    yield from _exchanged_indices(s)
    for place in sorted(places(s), key=lambda place: not isinstance(place[3], ast.Constant)):
        holder, name, _, node = place
        if isinstance(holder, ast.Call) and isinstance(node, ast.Constant) and isinstance(node.value, str):
            for other in [word for word in texts_of_calls(part) if word != node.value]:
                yield swapped(place, s, ast.Constant(other), kinds.WRONG_VALUE)
        bound = isinstance(holder, ast.Call) and name == "args" and said(holder.func).endswith(("range", "max", "min"))
        if not bound and not _is_index(s, holder, name):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for other in _other_keys(part, holder, node.value):
                yield swapped(place, s, ast.Constant(other), kinds.WRONG_VALUE)
        elif isinstance(node, ast.Slice) and (node.lower is None) != (node.upper is None) and node.step is None:
            yield swapped(place, s, ast.Slice(node.upper, node.lower), kinds.OTHER_ROWS.category)
            for rows in _as_many_rows(node):
                yield swapped(place, s, rows, kinds.OTHER_ROWS.category)
            yield from _other_slices(part, s, place)
        elif isinstance(node, ast.Slice) and node.lower is not None:
            yield from _other_slices(part, s, place)
        elif not isinstance(node, (ast.Slice, ast.Tuple)):
            for new in dict.fromkeys([*_shifted(node), *counted_elsewhere(part, node)]):
                yield swapped(place, s, read(new), kinds.OFF_BY_ONE)
            yield from _cut_off(part, s, place) if bound else _other_names(part, s, place)


def _from_the_other_end(s: ast.stmt) -> Iterator[Edit]:
    """All indices of a line that count steps from one end, counted from the other one."""
    value = getattr(s, "value", None)
    if value is None:
        return
    inner = [n for n in ast.walk(value) if isinstance(n, ast.Subscript)]
    counted = [n.slice for n in inner if isinstance(n.slice, (ast.Name, ast.BinOp))]
    for text, times in Counter(map(ast.unparse, counted)).items():
        names = [n.id for n in ast.walk(read(text)) if isinstance(n, ast.Name)]
        for name in dict.fromkeys(names) if names != [text] else ():
            if text.endswith(" - 1") or text.startswith("-1 - ") or " - 1 - " in text:
                yield Edit(s, s, "value", None, _with_index(value, text, name), *kinds.IN_PLACE_OF(text, name, of=END))
        if names == [text] and times > 1:
            new = f"-1 - {text}"
            yield Edit(s, s, "value", None, _with_index(value, text, new), *kinds.IN_PLACE_OF(text, new, of=END))


def _exchanged_indices(s: ast.stmt) -> Iterator[Edit]:
    """Two indices of one entry, each in the place of the other: A[j, i], whether it is read or put into."""
    own = () if isinstance(s, ast.For) else ast.walk(s)
    for node in [n for n in own if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Tuple)]:
        made = node.slice.elts  # type: ignore[attr-defined]
        counted = [i for i, e in enumerate(made) if not isinstance(e, (ast.Slice, ast.Constant))]
        for i, k in itertools.combinations(counted, 2):
            turned = list(made)
            turned[i], turned[k] = made[k], made[i]
            if ast.unparse(made[i]) != ast.unparse(made[k]):
                words = kinds.EXCHANGED(said(made[i]), said(made[k]))
                yield Edit(s, node, "slice", None, ast.Tuple(turned, ast.Load()), *words)


def _with_index(value: ast.AST, old: str, new: str) -> ast.expr:
    return read(ast.unparse(value).replace(f"[{old}]", f"[{new}]"))


def _other_slices(part: Part, s: ast.stmt, place: Place) -> Iterator[Edit]:
    """Other rows or columns that the function takes of something."""
    found = [n for n in ast.walk(part.tree) if isinstance(n, ast.Slice) and (n.lower or n.upper)]
    others = {ast.unparse(n): n for n in found}
    mine = {ast.unparse(place[3]), ast.unparse(ast.Slice(place[3].upper, place[3].lower))}  # type: ignore[attr-defined]
    for text in [text for text in others if text not in mine][:MOST_SLICES]:
        yield swapped(place, s, copy.deepcopy(others[text]), kinds.OTHER_ROWS.category)
    lower, upper = place[3].lower, place[3].upper  # type: ignore[attr-defined]
    if lower is not None and upper is not None:
        for by in (-1, 1):  # as many rows, from one earlier or later
            new = ast.Slice(read(moved(lower, by)), read(moved(upper, by)))
            yield swapped(place, s, new, kinds.OTHER_ROWS.category)


def _as_many_rows(node: ast.Slice) -> Iterator[ast.Slice]:
    """As many rows from the other end: x[1:] for x[:-1]."""
    end = node.lower or node.upper
    if isinstance(end, ast.Constant) and node.lower is end:
        yield ast.Slice(None, ast.UnaryOp(ast.USub(), end))
    elif isinstance(end, ast.UnaryOp) and isinstance(end.op, ast.USub) and node.upper is end:
        yield ast.Slice(end.operand, None)


def _other_keys(part: Part, holder: ast.AST, key: str) -> list[str]:
    """Other keys under which a thing of the same kind stands, as far as that is known, those that read alike first."""
    of = ast.unparse(holder.value) if isinstance(holder, ast.Subscript) else ""
    kinds_of = {k: part.kinds.get(f"{of}[{k!r}]") for k in keys(part)}
    mine = kinds_of.get(key)
    others = [k for k, its in kinds_of.items() if k != key and (None in (mine, its) or mine == its)]
    return sorted(others, key=lambda k: len(k) != len(key) or sum(a != b for a, b in zip(k, key, strict=True)) > 1)


def _is_index(s: ast.stmt, holder: ast.AST, name: str) -> bool:
    """Whether what stands there is (a part of) an index."""
    if isinstance(holder, ast.Tuple):
        return any(isinstance(n, ast.Subscript) and n.slice is holder for n in ast.walk(s))
    return isinstance(holder, (ast.Subscript, ast.Slice)) and name != "value"


def _shifted(node: ast.expr) -> list[str]:
    """One before, one after, and the same from the other end."""
    text = ast.unparse(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return [str(node.value - 1), str(node.value + 1)]
    shifted = [f"{text} - 1", f"{text} + 1"]
    if isinstance(node, ast.Name):
        shifted.append(f"-1 - {text}")  # as far from the other end
    for old, new in ((" - 1", ""), (" + 1", ""), (" + 1", " - 1"), (" - 1", " + 1")):
        if text.endswith(old):
            shifted.insert(0, text.removesuffix(old) + new)
    return shifted


def counted_elsewhere(part: Part, node: ast.expr) -> list[str]:
    """What the function counts with the same variable elsewhere, as s + 2 where s stands."""
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    sums = [n for n in ast.walk(part.tree) if isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Add, ast.Sub))]
    counted = [n for n in sums if isinstance(n.left, ast.Name) and isinstance(n.right, ast.Constant)]
    found = [ast.unparse(n) for n in counted if names == [ast.unparse(n.left)]]
    return [text for text in found if text != ast.unparse(node)][:MOST_COUNTED]


def moved(node: ast.expr, by: int) -> str:
    """One before, or one after, as one would write it: S - 2 for S - 1."""
    text = ast.unparse(node)
    if text.removeprefix("-").isdigit():
        return str(int(text) + by)
    counted = COUNTED.fullmatch(text)
    base, offset = (counted[1], int(counted[2] + counted[3])) if counted else (text, 0)
    away = offset + by
    return f"{base} {'+' if away > 0 else '-'} {abs(away)}" if away else base


def _cut_off(part: Part, s: ast.stmt, place: Place) -> Iterator[Edit]:
    """A bound without a number of steps in it."""
    holder, name, index, node = place
    for inner in [n for n in ast.walk(node) if part.kinds.get(ast.unparse(n)) == "int"]:
        far = with_operand(node, ast.unparse(inner), f"({FAR})")
        if far != ast.unparse(node):
            yield Edit(s, holder, name, index, read(far), *kinds.CUT_OFF(said(inner)))


def _other_names(part: Part, s: ast.stmt, place: Place) -> Iterator[Edit]:
    """An index made of other variables."""
    node = place[3]
    for inner in [n for n in ast.walk(node) if isinstance(n, ast.Name)]:
        for other in index_names(part) - {inner.id}:
            yield swapped(place, s, read(with_operand(node, inner.id, other)), kinds.WRONG_VALUE)

