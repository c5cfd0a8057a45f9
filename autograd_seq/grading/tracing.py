"""A recorded forward pass as data, and a recording made of such data.

The cage hands over which operations its forward pass was made of, in which order, under which names, and the constants
in it. Outside, the operations are applied once more, by this package's own code, to inputs of its own: what is
differentiated is what was computed there, and never a number that somebody only claims.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

import numpy as np

import autograd_seq.operations as operations
from autograd_seq.core.graph import Graph
from autograd_seq.core.operation import DECLARED, Operation
from autograd_seq.core.scope import Marked, Scope
from autograd_seq.core.source_line import code_at
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.grouped import Groups, taking_parts
from autograd_seq.diagnosis.truth import record
from autograd_seq.grading.packing import UnreadableError

OURS = {found for found in DECLARED if found.__module__.startswith(f"{operations.__name__}.")}
BY_NAME = {found.name: found for found in OURS}
MOST_RECORDS = 50_000
MOST_NUMBERS = 2_000_000  # of one array


class NotToldError(Exception):
    """Why a recording cannot be handed over."""


# -- inside the cage ------------------------------------------------------------------------------------------


def forward_as_data(forward: Callable[..., Any], inputs: Mapping[str, Any], groups: Groups) -> dict[str, Any]:
    """Record a forward pass; the recording as a list of records that `packing.pack` takes.

    Raises
    ------
    NotToldError
        If it cannot be recorded, or is made of an operation that only the submission knows.
    """
    try:
        truth = record(taking_parts(forward, groups), inputs, {})
    except Exception as error:  # a program that only plain NumPy can run
        said = str(error).splitlines()[0] if str(error) else ""
        raise NotToldError(f"{type(error).__name__}: {said}") from error
    graph = Graph(*truth.outputs.values())
    places = {r: i for i, r in enumerate(graph)}
    leaves = {x: key for key, x in truth.inputs.items()}
    if len(places) > MOST_RECORDS:
        raise NotToldError(f"it is made of more than {MOST_RECORDS} operations")
    return {
        "records": [_record_as_data(r, places, leaves) for r in graph],
        "outputs": {key: places[r] for key, r in truth.outputs.items()},
    }


def _record_as_data(r: Tensor, places: Mapping[Tensor, int], leaves: Mapping[Tensor, str]) -> list[Any]:
    if r.operation is None:
        return ["input", leaves[r]] if r in leaves else ["constant", r._value, _said(r)]
    operation: Operation = r.operation
    if operation not in OURS:
        raise NotToldError(f"the operation {operation.name} is not one of this package's")
    line = r.source
    place = [line.file, line.line, r._offset] if line is not None else None
    return [
        operation.name, [places[x] for x in r.inputs], dict(r.settings), _said(r), r.scope.time, place,
        list(r.shape),
    ]  # fmt: skip


def _said(r: Tensor) -> str | None:
    return None if r._name is None else str(r._name)


# -- outside --------------------------------------------------------------------------------------------------


def replay(data: Any, leaves: Mapping[str, Tensor]) -> dict[str, Any]:
    """The outputs of a forward pass that came as data, recorded on tensors of one's own.

    Raises
    ------
    UnreadableError
        If it is not such data.
    """
    try:
        return _replayed(data, leaves)
    except UnreadableError:
        raise
    except Exception as error:  # operations with inputs that they were never recorded with
        why = f"the forward pass that it hands back cannot be computed ({type(error).__name__})"
        raise UnreadableError(why) from None


def _replayed(data: Any, leaves: Mapping[str, Tensor]) -> dict[str, Any]:
    made: list[Tensor] = []
    codes: dict[Any, CodeType | None] = {}
    if len(data["records"]) > MOST_RECORDS:
        raise UnreadableError("the forward pass that it hands back is too long")
    for entry in data["records"]:
        if entry[0] == "input":
            made.append(leaves[entry[1]])
        elif entry[0] == "constant":
            made.append(Tensor(entry[1], entry[2] if _is_name(entry[2]) else None))
        else:
            made.append(_applied(entry, made, codes))
    return {str(key): made[place] for key, place in data["outputs"].items()}


def _applied(entry: list[Any], made: list[Tensor], codes: dict[Any, CodeType | None]) -> Tensor:
    """One operation, applied to what was made before."""
    name, places, settings, called, time, line, shape = entry
    operation, inputs = BY_NAME[name], tuple(made[i] for i in places if i >= 0)
    fits = set(settings) <= set(operation.keywords) and not any(_text_inside(x) for x in settings.values())
    if math.prod(shape) > MOST_NUMBERS or not fits:
        raise UnreadableError("the forward pass that it hands back is too large, or not made as operations are")
    with np.errstate(all="ignore"):  # as in the cage, where it is said to the submission, if at all
        value = np.asarray(operation.value(*(x._value for x in inputs), **settings))
    if value.shape != tuple(shape):
        raise UnreadableError("the forward pass that it hands back has other shapes than it says")
    with Marked(Scope(time=time if isinstance(time, int) else None)):
        wanted = operation._wanted(inputs)
        result: Tensor = operation.record(value, inputs, settings, wanted)
    result._name = called if _is_name(called) else None
    result._code, result._offset = _code(line, codes), 0
    return result


def _is_name(called: Any) -> bool:
    """Whether something can be the name of a variable, or of what a mask leaves out."""
    if not isinstance(called, str):
        return False
    before, after = "(1 − ", ")"
    whole = called.startswith(before) and called.endswith(after)
    return (called[len(before) : -len(after)] if whole else called).isidentifier()


def _text_inside(setting: Any) -> bool:
    """Whether there is text inside a container: no operation has it there, and no reading expects it."""
    if not isinstance(setting, (tuple, list, dict)):
        return False
    inside = setting.values() if isinstance(setting, dict) else setting
    return any(isinstance(x, str) or _text_inside(x) for x in inside)


def _code(line: Any, codes: dict[Any, CodeType | None]) -> CodeType | None:
    """What stands for a line of the submission, so that its records are known to come from one place."""
    if line is None:
        return None
    key = (str(line[0]), int(line[1]), int(line[2]))
    if key not in codes:
        codes[key] = code_at(key[0], key[1])
    return codes[key]
