"""Arrays that somebody's forward pass makes by a formula and then writes into, so that they can be recorded.

``margins = np.maximum(0, scores); margins[i] = 0`` is plain NumPy, but what a formula made is one record, into which
nothing can be written. For the time of a recording, each function that does so keeps a copy that can be written into.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import autograd_seq.numpy as recorded
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.calling import Space
from autograd_seq.diagnosis.line_places import Edit
from autograd_seq.diagnosis.own_code import Part, functions_in, put, tree_of

COPY = "_to_be_written_into_"


@contextlib.contextmanager
def to_be_written_into(functions: Iterable[Any], spaces: Iterable[Space]) -> Iterator[None]:
    """Let functions write into whatever they assign to a variable and write into somewhere."""
    with contextlib.ExitStack() as kept:
        for function in dict.fromkeys(functions_in(functions, spaces)):
            tree = tree_of(function)
            edits = [] if tree is None else list(_copies(tree))
            if tree is None or not edits:
                continue
            part = Part(function, tree, {}, {}, set(), {}, {})
            function.__globals__[COPY] = _copy
            kept.callback(function.__globals__.pop, COPY, None)
            for edit in edits:
                kept.enter_context(put(edit))
            kept.enter_context(part.changed())
        yield


def _copies(tree: ast.FunctionDef) -> Iterator[Edit]:
    """What is assigned to variables that are written into, as copies."""
    written = {ast.unparse(goal) for goal in _written(tree)}
    for s in ast.walk(tree):
        if isinstance(s, ast.Assign) and len(s.targets) == 1 and ast.unparse(s.targets[0]) in written:
            new = ast.Call(ast.Name(COPY, ast.Load()), [s.value], [])
            yield Edit(s, s, "value", None, ast.copy_location(new, s.value), "", "")


def _written(tree: ast.FunctionDef) -> Iterator[ast.expr]:
    for s in ast.walk(tree):
        goal = s.targets[0] if isinstance(s, ast.Assign) else s.target if isinstance(s, ast.AugAssign) else None
        if isinstance(goal, ast.Subscript) and isinstance(goal.value, (ast.Name, ast.Attribute)):
            yield goal.value


def _copy(value: Any) -> Any:
    return recorded.array(value) if isinstance(value, Tensor) else value
