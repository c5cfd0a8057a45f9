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
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.grading import course_helpers
from autograd_seq.grading.right_cells import CELLS

_GENERATORS = (np.random.Generator, np.random.RandomState)
_SEED = 20


@dataclass
class Loaded:
    """What a submission defines, the error that it ended in, and the names that imports did not bring.

    Of an import of everything that failed the name is ``*``.
    """

    names: dict[str, Any]
    error: BaseException | None
    absent: list[str] = field(default_factory=list)

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

    After an import that fails it goes on, without what needs it, as not everything does; after another error, with the
    definitions in that cell of a notebook, and with the next one.

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
    if "get_ipython" in source:
        vars(module)["get_ipython"] = _NoNotebook
    running = _Running(name, vars(module), starts)
    running.all_of(source)
    return Loaded(vars(module), running.error or running.import_error, sorted(running.absent))


class _Running:
    """A text that is run statement by statement.

    Attributes
    ----------
    error, import_error : BaseException or None
        The first error, and the first import that failed.
    absent : set of str
        The names that there would be but for such imports.
    """

    def __init__(self, name: str, space: dict[str, Any], starts: Sequence[int]) -> None:
        self._name, self._space, self._starts = name, space, starts
        self._flags = 0  # what `from __future__` has asked for
        self.error: BaseException | None = None
        self.import_error: BaseException | None = None
        self.absent: set[str] = set()

    def all_of(self, source: str) -> None:
        """Run it, as far as it goes."""
        try:
            statements = [part for node in ast.parse(source, self._name).body for part in _parts(node)]
        except BaseException as error:  # it is not Python
            self.error = error
            return
        skipped = 0  # up to this line only definitions are run
        for node in statements:
            if node.lineno <= skipped and not isinstance(node, _DEFINITIONS):
                continue
            if not self._runs(node):
                if not self._starts:
                    return
                skipped = next((start for start in self._starts if start >= node.lineno), len(source))

    def _runs(self, node: ast.stmt) -> bool:
        """Run a statement, and say whether to go on with the next."""
        try:
            exec(compile(ast.Module([node], []), self._name, "exec", self._flags, dont_inherit=True), self._space)
            self._flags |= _flags(node)
        except BaseException as error:  # whatever a student's file does is an answer to report
            failed_import = isinstance(node, (ast.Import, ast.ImportFrom)) and isinstance(error, ImportError)
            if failed_import:
                self.import_error = self.import_error or error
            elif not (isinstance(error, NameError) and {error.name, "*"} & self.absent):
                self.error = self.error or error
                return False
            self.absent |= _given(node)
        return True


_DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def _parts(node: ast.stmt) -> list[ast.stmt]:
    """A statement; one that imports several modules as several."""
    if not isinstance(node, ast.Import):
        return [node]
    return [ast.copy_location(ast.Import([alias]), node) for alias in node.names]


def _given(node: ast.stmt) -> set[str]:
    """The names that a statement would have given a value to."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


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
