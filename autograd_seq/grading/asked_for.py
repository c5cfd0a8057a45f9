"""An assignment in TOML: which functions are asked for, on what inputs, by what they are judged, and what is told."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.diagnosis.course import FUNCTIONS
from autograd_seq.grading.arguments_drawn import for_backward
from autograd_seq.grading.hints import level_of
from autograd_seq.grading.rehearsed import meant, try_task
from autograd_seq.grading.sandbox import Limits
from autograd_seq.grading.tasks import Task
from autograd_seq.storage import files

SHIPPED = Path(__file__).parent / "assignments"
FORMAT = 1
_TEXT, _TEXTS, _TABLE = "a text", "a list of texts", "a table"
_TOP = {"format": "a whole number", "title": _TEXT, "reference": _TEXT, "hints": "a level or 'rising'",
        "limits": _TABLE, "functions": _TABLE}  # fmt: skip
_OF_FUNCTION = {"kind": _TEXT, "points": "a number from 0 on", "inputs": _TABLE, "returns": _TEXTS, "reference": _TEXT,
                "expected": "a table of numbers and arrays", "forward": _TEXT, "optional": "true or false",
                "arguments": _TEXTS}  # fmt: skip
_IS: dict[str, Callable[[Any], bool]] = {
    _TEXT: lambda x: isinstance(x, str),
    _TEXTS: lambda x: isinstance(x, list) and all(isinstance(part, str) for part in x),
    _TABLE: lambda x: isinstance(x, Mapping),
    "a whole number": lambda x: type(x) is int,
    "a level or 'rising'": lambda x: type(x) in (int, str),
    "a number from 0 on": lambda x: type(x) in (int, float) and 0 <= x < math.inf,
    "a table of numbers and arrays": lambda x: isinstance(x, Mapping) and all(map(_is_numbers, x.values())),
    "true or false": lambda x: isinstance(x, bool),
}


@dataclass(frozen=True)
class Assignment:
    """What is asked of a class.

    Attributes
    ----------
    title : str
        What it is called.
    tasks : dict of str to Task
        By each function's name what is asked of it.
    limits : Limits
        What a submission may use.
    hints : int or str or None
        A level from 1 to 4, or ``"rising"``.
    """

    title: str
    tasks: dict[str, Task]
    limits: Limits = field(default_factory=Limits)
    hints: Any = None


def load_assignment(path: Any) -> Assignment:
    """Read an assignment.

    Its reference, a Python file beside it, is run in this process: it is of whoever gives the assignment.

    Parameters
    ----------
    path : path or Assignment
        A TOML file, or the name of an assignment that comes with the package: ``"course"``.

    Raises
    ------
    UsageError
        If there is no such file, or it says what cannot be understood.

    Examples
    --------
    >>> list(load_assignment("course").tasks)[:3]
    ['rnn_cell_forward', 'rnn_forward', 'lstm_cell_forward']
    """
    if isinstance(path, Assignment):
        return path
    name = os.fsdecode(path)
    shipped = SHIPPED / f"{name}.toml"
    file = shipped if not os.path.exists(name) and os.sep not in name and shipped.exists() else Path(name)
    if not file.is_file():
        known = ", ".join(sorted(entry.stem for entry in SHIPPED.glob("*.toml")))
        said = f"there is no assignment {name}: give a TOML file, or one of those that are here: {known}"
        raise UsageError(f"{said}{here()}")
    import tomllib  # few submissions are judged by a file of one's own

    try:
        with files.opened(file) as opened:
            content = tomllib.loads(opened.read().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is not TOML: {error}") from None
    return _assignment(content, file)


def _assignment(content: Mapping[str, Any], file: Path) -> Assignment:
    _refuse_unknown(content, set(_TOP), f"{file}")
    _refuse_of_another_kind(content, _TOP, f"{file}")
    if content.get("format", FORMAT) != FORMAT:
        raise UsageError(f"{file} has format {content['format']}, but this release reads up to {FORMAT}")
    functions = content.get("functions")
    if not functions:
        raise UsageError(f"{file} asks for no function: write a table such as [functions.rnn_forward]")
    reference = _reference(file.parent / content["reference"]) if "reference" in content else {}
    tasks = {name: _task(name, table, reference, str(file)) for name, table in functions.items()}
    limits = content.get("limits", {})
    _refuse_unknown(limits, {f.name for f in dataclasses.fields(Limits)}, f"{file}, [limits]")
    hints = content.get("hints")
    level_of(hints)  # a wrong one is said now, and not after an hour
    return Assignment(str(content.get("title", file.stem)), tasks, Limits(**limits), hints)


def _task(name: str, table: Any, reference: Mapping[str, Any], file: str) -> Task:
    where = f"{file}, [functions.{name}]"
    if not isinstance(table, Mapping):
        raise UsageError(f"{where} must be a table")
    _refuse_unknown(table, set(_OF_FUNCTION), where)
    _refuse_of_another_kind(table, _OF_FUNCTION, where)
    kind = table.get("kind", "course" if name in FUNCTIONS else "forward")
    forward = str(table.get("forward", "forward"))
    named = str(table.get("reference", forward if kind == "backward" else name))
    inputs = table.get("inputs", {})
    if kind == "backward":
        try:
            inputs = for_backward(inputs)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None
    task = Task(
        name, kind, float(table.get("points", 1)), inputs, tuple(table.get("returns", ())),
        reference.get(named), table.get("expected"), forward,
        bool(table.get("optional", False)), tuple(table.get("arguments", ())),
    )  # fmt: skip
    if kind not in ("forward", "backward", "course") or (kind == "course" and name not in FUNCTIONS):
        raise UsageError(f"{where}: kind is forward or backward, or course for {', '.join(FUNCTIONS)}; not {kind!r}")
    judged_by_own = table.get("reference") == ""
    if task.reference is None and not judged_by_own and ("reference" in table or (kind == "backward" and reference)):
        said = f"the reference has no function {named}"
        own = ' (reference = "" judges by the forward pass of each submission)' if kind == "backward" else ""
        raise UsageError(f"{where}: {said}{own}{meant(named, reference)}")
    if kind == "forward" and task.reference is None and task.expected is None:
        said = f"a function {named} in the reference, or expected = {{...}}"
        raise UsageError(f"{where} has nothing to be judged by: {said}")
    if task.arguments and set(task.arguments) != set(task.inputs):
        raise UsageError(f"{where}: arguments must name the inputs, {', '.join(task.inputs)}, each once")
    if kind != "course" and not task.inputs:
        raise UsageError(f"{where} says no inputs, such as  inputs = {{x = ['n_x', 'm']}}")
    try:
        task.drawn(seed=0)
    except (UsageError, TypeError, ValueError, ArithmeticError, LookupError, MemoryError) as error:
        said = str(error) or "they take more memory than there is"
        raise UsageError(f"{where}: the inputs cannot be drawn: {said:.300}") from error
    try_task(task, reference, where)
    return task


def _is_numbers(value: Any) -> bool:
    """Whether a value is a number or a list that makes an array of them."""
    try:
        return np.asarray(value).dtype.kind in "biuf"
    except ValueError:  # rows of different lengths
        return False


def _refuse_of_another_kind(table: Mapping[str, Any], kinds: Mapping[str, str], where: str) -> None:
    for key, value in table.items():
        if not _IS[kinds[key]](value):
            raise UsageError(f"{where}: {key} must be {kinds[key]}, not {value!r:.80}")


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(table.keys() - known)
    if unknown:
        raise UsageError(f"{where} has {unknown[0]!r}, which is not known; there are {', '.join(sorted(known))}")


@lru_cache(maxsize=16)
def _reference(path: Path) -> dict[str, Any]:
    """What a reference defines."""
    spec = importlib.util.spec_from_file_location(f"reference_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"there is no reference {str(path)!r}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # somebody's own file
        raise UsageError(f"the reference {path} cannot be run: {type(error).__name__}: {error}") from error
    return {key: value for key, value in vars(module).items() if callable(value)}
