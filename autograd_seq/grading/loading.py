"""A submission run as a module of its own, as far as it comes: what it has defined by then is there to be called."""

from __future__ import annotations

import importlib.util
import linecache
import os
import sys
import types
from dataclasses import dataclass
from typing import Any

from autograd_seq.grading import course_helpers
from autograd_seq.grading.right_cells import CELLS


@dataclass
class Loaded:
    """What a submission defines, and the error that it ended in."""

    names: dict[str, Any]
    error: BaseException | None

    def __post_init__(self) -> None:
        self._own = dict(self.names)

    def swap(self, name: str, right: bool) -> None:
        """Put a right cell in the place of the submission's own, or its own back."""
        self.names[name] = CELLS[name] if right else self._own[name]


def load(path: str, source: str) -> Loaded:
    """Run a submission's text; whatever it raises is kept beside what it has defined by then."""
    name = os.path.abspath(path)
    module = types.ModuleType("student_file")
    module.__file__ = name
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    sys.modules["student_file"] = module
    sys.path.insert(0, os.path.dirname(name))  # what it imports when it is called lies there too
    _lend_helpers()
    error: BaseException | None = None
    try:
        exec(compile(source, name, "exec"), vars(module))
    except BaseException as raised:  # whatever a student's file does is an answer to report
        error = raised
    return Loaded(vars(module), error)


def _lend_helpers() -> None:
    """The modules that the course's files import, where they do not lie beside the submission."""
    for name in ("rnn_utils", "utils"):
        if name not in sys.modules and importlib.util.find_spec(name) is None:
            sys.modules[name] = course_helpers.module(name)
