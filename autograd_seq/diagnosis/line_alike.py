"""The same mistake in several lines that are written alike, as those of the gates are."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator, Sequence

from autograd_seq.diagnosis.line_edits import Edit, Rule, edits
from autograd_seq.diagnosis.line_indices import indices
from autograd_seq.diagnosis.line_operands import operands
from autograd_seq.diagnosis.line_operations import brackets, forms, operations
from autograd_seq.diagnosis.line_places import Together, places, said
from autograd_seq.diagnosis.line_shapes import divisors
from autograd_seq.diagnosis.own_code import Part

BY_PLACE: tuple[Rule, ...] = (operations, brackets, forms)  # whose changes follow from how a line is built
BY_TEXT: tuple[Rule, ...] = (indices, operands)  # whose changes are of what the lines have in common
MOST_ALIKE, MOST_IN_ALL = 60, 120  # changes of a group of lines, and of all groups of a function
MADE = (ast.Assign, ast.AugAssign)


def alike(part: Part) -> Iterator[Edit]:
    """Changes of all lines that are built alike and stand together: an index, an operand, a sign, a factor."""
    yield from itertools.islice(itertools.chain(*(_of_group(part, group) for group in _groups(part))), MOST_IN_ALL)


def _of_group(part: Part, group: Sequence[ast.stmt]) -> Iterator[Edit]:
    yield from itertools.islice(itertools.chain(_by_text(part, group), _by_place(part, group)), MOST_ALIKE)


def _groups(part: Part) -> Iterator[list[ast.stmt]]:
    """Lines of one body that are the same but for names and numbers."""
    groups: dict[tuple[int, str], list[ast.stmt]] = {}
    for holder in [n for n in ast.walk(part.tree) if isinstance(n, (ast.For, ast.While, ast.FunctionDef))]:
        for s in holder.body:
            if isinstance(s, MADE) and s.lineno in part.ran:
                groups.setdefault((id(holder), _skeleton(s)), []).append(s)
    yield from (group for group in groups.values() if len(group) > 1)


def dividing(part: Part) -> Iterator[Edit]:
    """Another divisor, wherever several lines of a function divide by the same."""
    found: dict[str, list[Edit]] = {}
    for s in [s for s in part.statements() if not isinstance(s, ast.For)]:
        for edit in divisors(part, s):
            found.setdefault(edit.words, []).append(edit)
    several = (edits for edits in found.values() if len(edits) > 1)
    yield from itertools.islice((_told(part, edits) for edits in several), MOST_ALIKE)


def _skeleton(s: ast.stmt) -> str:
    """How a line is built, whatever it names."""
    bare = copy.deepcopy(s)
    for node in ast.walk(bare):
        if isinstance(node, ast.Name):
            node.id = "_"
        elif isinstance(node, ast.Constant):
            node.value = 0
        elif isinstance(node, ast.Attribute) and node.attr != "T":
            node.attr = "_"
    return ast.dump(bare)


def _by_place(part: Part, group: Sequence[ast.stmt]) -> Iterator[Edit]:
    """The changes that each of them has in the same place."""
    for rule in BY_PLACE:
        for together in zip(*(edits(part, s, rule) for s in group), strict=False):
            if len({(edit.category, edit.slot, edit.index) for edit in together}) == 1:
                yield _told(part, list(together))


def _by_text(part: Part, group: Sequence[ast.stmt]) -> Iterator[Edit]:
    """The changes of what they have in common: hs[t + 1], where all should have hs[t]."""
    first, *others = group
    where = [{ast.unparse(place[3]): place for place in places(s)} for s in others]
    for rule in BY_TEXT:
        for edit in edits(part, first, rule):
            text = ast.unparse(edit.old)
            if all(text in there for there in where) and not text.isdigit():
                found = [there[text][:3] for there in where]
                more = [Edit(s, *place, copy.deepcopy(edit.new), edit.category, edit.words)
                        for s, place in zip(others, found, strict=True)]  # fmt: skip
                yield _told(part, [edit, *more])


def _told(part: Part, together: list[Edit]) -> Edit:
    """The change of all of them, with the first line as it should be."""
    edit = Together.of(together)
    edit.part = part
    before = edit.old
    edit.put(edit.new)
    lines = ", ".join(str(one.statement.lineno) for one in together[1:])
    edit.mended = f"{said(edit.statement, 160)}, and the same in line {lines}"
    edit.put(before)
    return edit
