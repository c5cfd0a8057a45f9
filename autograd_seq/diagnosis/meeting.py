"""Two mistakes that meet in one line: it would make the true value with a change, if what it reads were true as well.

Neither of them can be told from what the line makes: with the change alone it makes another wrong value, and with what
it reads mended, too. So every change of the line is evaluated with true values in the place of one of its variables.
What makes the line's own true value out of another one does so by no chance; with it only the other mistake is left.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.line_places import Edit
from autograd_seq.diagnosis.watched import Made, instead_given

MOST_VALUES = 40  # true ones that are tried in the place of a variable
MOST_HITS = 6  # changes of one line that are answered


def changes_with_true(
    run: Callable[[], Any],
    at: Made,
    ways: Sequence[tuple[Edit, ast.expr]],
    name: str,
    values: Sequence[Array],
    is_true: Callable[[Array], bool],
) -> Iterator[Edit]:
    """The changes of a line with which it makes its true value, if a variable that it reads has one too.

    Parameters
    ----------
    run : callable
        Runs the program.
    at : Made
        The line, and the time at which it first makes a wrong value.
    ways : sequence of (Edit, expr)
        Its changes, each with what stands there then.
    name : str
        The variable.
    values : sequence of ndarray
        The true values that it could have, the likely ones first.
    is_true : callable
        Whether the line should make a value.
    """
    of_it = [(edit, node) for edit, node in ways if _reads_more_than(node, name)]
    try:
        found = instead_given(run, at, [node for _, node in of_it], name, values[:MOST_VALUES])
    except Exception:  # it came to no such time, as where a run uses up what was kept
        return
    hits = (edit for (edit, _), made in zip(of_it, found, strict=False) if any(map(is_true, made)))
    yield from itertools.islice(hits, MOST_HITS)


def _reads_more_than(node: ast.expr, name: str) -> bool:
    """Whether an expression makes something of a variable: one that is the variable alone is anything that it is."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return name in names and isinstance(node, (ast.BinOp, ast.Call))
