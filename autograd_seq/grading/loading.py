"""A submission run as a module of its own, as far as it comes: what it has defined by then is there to be called."""

from __future__ import annotations
import __future__

import ast
import copy
import importlib.util
import linecache
import os
import random
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.grading import course_helpers
from autograd_seq.grading.right_cells import CELLS

_GENERATORS = (np.random.Generator, np.random.RandomState)
_SEED = 20


@dataclass
class Loaded:
    """What a submission defines, and the error that it ended in."""

    names: dict[str, Any]
    error: BaseException | None

    def __post_init__(self) -> None:
        self._own = dict(self.names)
        self._generators = [(g, copy.deepcopy(_state(g))) for g in self.names.values() if isinstance(g, _GENERATORS)]

    def begin_alike(self) -> None:
        """Have the next call draw the random numbers that every call draws: dropout is then the same function twice."""
        random.seed(_SEED)
        np.random.seed(_SEED)
        for generator, state in self._generators:
            if isinstance(generator, np.random.Generator):
                generator.bit_generator.state = copy.deepcopy(state)
            else:
                generator.set_state(copy.deepcopy(state))

    def swap(self, name: str, right: bool) -> None:
        """Put a right cell in the place of the submission's own, or its own back."""
        self.names[name] = CELLS[name] if right else self._own[name]

    def lend(self, forward: str, backward: str) -> None:
        """Put a right backward pass for the submission's own forward pass in the place of its own."""
        from autograd_seq.grading.lent_cells import LentCell  # with it comes the engine

        cell = LentCell(self._own[forward])
        self.names |= {forward: cell.forward, backward: cell.backward}


def _state(generator: Any) -> Any:
    """Where a generator of random numbers stands."""
    return generator.bit_generator.state if isinstance(generator, np.random.Generator) else generator.get_state()


def load(path: str, source: str, starts: Sequence[int] = ()) -> Loaded:
    """Run a submission's text; the first error is kept beside what it has defined.

    After an import that fails it goes on, as not everything needs what is imported; after another error, with the
    next cell of a notebook, if there is one.

    Parameters
    ----------
    path : str
        The submission's file.
    source : str
        Its text.
    starts : sequence of int
        For a notebook, the line before each cell's first.
    """
    name = os.path.abspath(path)
    module = types.ModuleType("student_file")
    module.__file__ = name
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    sys.modules["student_file"] = module
    sys.path[:0] = [os.path.dirname(name), os.getcwd()]  # what it imports lies in its folder, where it runs
    _lend_helpers()
    if starts:
        vars(module)["get_ipython"] = _NoNotebook
    return Loaded(vars(module), _run(source, name, vars(module), starts))


def _run(source: str, name: str, space: dict[str, Any], starts: Sequence[int]) -> BaseException | None:
    """Run statement by statement, and give the first error."""
    first: BaseException | None = None
    skipped, flags = 0, 0  # lines up to this one; what `from __future__` has asked for
    try:
        statements = ast.parse(source, name).body
    except BaseException as error:  # it is not Python
        return error
    for node in statements:
        if node.lineno <= skipped:
            continue
        is_import = isinstance(node, (ast.Import, ast.ImportFrom))
        try:
            exec(compile(ast.Module([node], []), name, "exec", flags, dont_inherit=True), space)
            flags |= _flags(node)
        except BaseException as error:  # whatever a student's file does is an answer to report
            first = first or error
            if not (is_import and isinstance(error, ImportError)):
                skipped = next((start for start in starts if start >= node.lineno), len(source))
    return first


def _flags(node: ast.stmt) -> int:
    """What a statement asks of the compiler for those that follow."""
    if not isinstance(node, ast.ImportFrom) or node.module != "__future__":
        return 0
    return sum(getattr(__future__, alias.name).compiler_flag for alias in node.names)


class _NoNotebook:
    """What ``get_ipython()`` gives: whatever is asked of it, it does nothing."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_: object, **__: object) -> None:
        pass


def _lend_helpers() -> None:
    """The modules that the course's files import, where they do not lie beside the submission."""
    for name in ("rnn_utils", "utils"):
        if name not in sys.modules and importlib.util.find_spec(name) is None:
            sys.modules[name] = course_helpers.module(name)
