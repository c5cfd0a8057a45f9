"""Variables of somebody's file that are called like inputs, where those from the cache should stand."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd_seq.diagnosis.finding import Finding
from autograd_seq.diagnosis.own_code import Part
from autograd_seq.diagnosis.trials import Trials

Outside = dict[str, tuple[Part, int]]  # variables of the file, with where they are read


def from_outside(trials: Trials) -> tuple[Finding, Outside] | None:
    """Variables of the file that are called like inputs: with the inputs in their place all is right."""
    inputs = trials.cases[0].inputs
    names: Outside = {}
    for part in trials.parts:
        space = part.function.__globals__
        own = part.function.__code__.co_varnames
        for node in [n for n in ast.walk(part.tree) if isinstance(n, ast.Name) and n.id not in own]:
            if node.id in inputs and isinstance(space.get(node.id), np.ndarray):
                names.setdefault(node.id, (part, node.lineno))
    if not names or not all(_right_taking(trials, names, case) for case in trials.cases):
        return None
    listed = ", ".join(names)
    words = f"with {listed} of the file in place of what forward was given"
    correct = f"take {listed} from the cache: {'a variable' if len(names) == 1 else 'variables'} of the file"
    line = min(line for _, line in names.values())
    file = trials.file_of(min(names.values(), key=lambda place: place[1])[0])
    finding = Finding("wrong value", ", ".join(trials.wrong), words, correct, tuple(trials.wrong), line, file=file)
    return finding, names


def _right_taking(trials: Trials, names: Outside, case: Any) -> bool:
    """Whether all is right with these inputs of a case as the variables of the file."""
    try:
        with taking(names, case.inputs):
            result = case.again()
    except Exception:  # whatever their program raises with it
        return False
    return all(k in result and trials.same(result[k], case.true[k]) for k in case.found if k in case.true)


@contextlib.contextmanager
def taking(names: Outside, inputs: Mapping[str, Any]) -> Iterator[None]:
    """With inputs as the variables of the file that are called like them."""
    before = {k: part.function.__globals__[k] for k, (part, _) in names.items()}
    for k, (part, _) in names.items():
        part.function.__globals__[k] = inputs[k].copy()
    try:
        yield
    finally:
        for k, (part, _) in names.items():
            part.function.__globals__[k] = before[k]
