"""What somebody's forward pass does in plain NumPy that cannot be recorded as it stands, done otherwise meanwhile.

``margins = np.maximum(0, scores); margins[i] = 0``: what a formula made is one record, into which nothing can be
written, so each function that does so keeps a copy that can be. ``x.dot(W)`` of a plain array asks nobody whether W is
recorded, ``float(loss)`` and ``math.exp(z)`` want a plain number: they become ``np.dot(x, W)``, ``loss``, ``np.exp``.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

import autograd_seq.numpy as recorded
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.calling import Space
from autograd_seq.diagnosis.line_places import Edit
from autograd_seq.diagnosis.own_code import Part, functions_in, put, tree_of

COPY, DOT, INSTEAD = "_to_be_written_into_", "_dot_of_", "_instead_of_"
NUMBERS = ("float", "math.", "np.float64", "exp", "log", "sqrt", "tanh")


@contextlib.contextmanager
def fit_to_record(functions: Iterable[Any], spaces: Iterable[Space]) -> Iterator[None]:
    """Let functions write into whatever they assign to a variable and write into somewhere, and multiply anything."""
    with contextlib.ExitStack() as kept:
        for function in dict.fromkeys(functions_in(functions, spaces)):
            tree = tree_of(function)
            edits = [] if tree is None else [*_copies(tree), *_products(tree), *_numbers(tree)]
            if tree is None or not edits:
                continue
            part = Part(function, tree, {}, {}, set(), {}, {})
            for name, lent in ((COPY, _copy), (DOT, _dot_of), (INSTEAD, _instead_of)):
                function.__globals__[name] = lent
                kept.callback(function.__globals__.pop, name, None)
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
        elif isinstance(s, ast.AugAssign) and isinstance(goal, ast.Name):
            yield goal


def _copy(value: Any) -> Any:
    whole = isinstance(value, np.ndarray) and value.base is None and value.dtype.kind == "f" and value.ndim > 0
    return recorded.array(value) if whole or isinstance(value, Tensor) else value


def _products(tree: ast.FunctionDef) -> Iterator[Edit]:
    """The calls of a method dot."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "dot":
            new = ast.Call(ast.Name(DOT, ast.Load()), [call.func.value], [])
            yield Edit(tree, call, "func", None, ast.copy_location(new, call.func), "", "")


def _dot_of(holder: Any) -> Any:
    if not isinstance(holder, np.ndarray):
        return holder.dot
    return lambda other, *more: np.dot(holder, other) if isinstance(other, Tensor) else holder.dot(other, *more)


def _numbers(tree: ast.FunctionDef) -> Iterator[Edit]:
    """The calls that want a plain number: float, and the functions of math."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and len(call.args) == 1 and ast.unparse(call.func).startswith(NUMBERS):
            new = ast.Call(ast.Name(INSTEAD, ast.Load()), [call.func], [])
            yield Edit(tree, call, "func", None, ast.copy_location(new, call.func), "", "")


def _instead_of(function: Any) -> Any:
    """A function that answers tensors for tensors, if it is one of these."""
    if function in (float, np.float64):
        of_tensor: Any = _itself
    else:
        of_tensor = getattr(np, getattr(function, "__name__", ""), None)
        if getattr(function, "__module__", "") != "math" or not isinstance(of_tensor, np.ufunc):
            return function
    return lambda value: of_tensor(value) if isinstance(value, Tensor) else function(value)


def _itself(value: Any) -> Any:
    return value
