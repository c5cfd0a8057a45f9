"""Changes of one place in somebody's line, as a grammar: what can be changed, and into what.

*What* is an operand (a variable, an entry, an attribute), an operation, a whole right-hand side, a statement or the
bound of a loop; each rule says into what it can be changed. *Where* are the places within a statement. The product
of places and rules comes out of `edits`, the likeliest rules first.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator

from autograd_seq.diagnosis.line_indices import indices
from autograd_seq.diagnosis.line_operands import (
    everywhere,
    forward_terms,
    inner_factors,
    inner_insertions,
    insertions,
    means,
    numbers_told,
    operands,
    other_operands,
    products,
    scores,
)
from autograd_seq.diagnosis.line_operations import brackets, forms, functions, operations, softmaxes
from autograd_seq.diagnosis.line_places import Edit, GoneError, Rule, places, read, said, target
from autograd_seq.diagnosis.line_statements import left_out, written_over
from autograd_seq.diagnosis.own_code import Part

RULES: list[Rule] = [
    written_over, indices, numbers_told, operations, brackets, forms, softmaxes, functions, left_out, operands,
    everywhere, insertions, means, scores,
]  # fmt: skip


def bounds(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The bounds of a loop."""
    return indices(part, s) if isinstance(s, ast.For) else iter(())


RARE_RULES: list[Rule] = [inner_factors, forward_terms, products, inner_insertions, other_operands]


def edits(part: Part, s: ast.stmt, rule: Rule) -> Iterator[Edit]:
    """What a rule makes of a statement; of the head of a loop only its bounds are changed."""
    if rule in (indices, bounds) or not isinstance(s, ast.For):
        yield from made_by(part, s, rule)


def made_by(part: Part, s: ast.stmt, rule: Rule) -> Iterator[Edit]:
    """What a rule makes of a statement; nothing of one that has been replaced."""
    with contextlib.suppress(GoneError):
        for edit in rule(part, s):
            edit.part = part
            yield edit


__all__ = [
    "RARE_RULES",
    "RULES",
    "Edit",
    "Rule",
    "bounds",
    "brackets",
    "edits",
    "insertions",
    "made_by",
    "means",
    "operands",
    "operations",
    "places",
    "read",
    "said",
    "scores",
    "target",
    "written_over",
]
