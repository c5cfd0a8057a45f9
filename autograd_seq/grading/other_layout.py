"""A function that is called like one of the course's and takes something else, such as arrays with the batch first."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_seq.diagnosis.course import FUNCTIONS, _Case
from autograd_seq.grading.own_process import OwnProcess
from autograd_seq.grading.remote import RemoteFunction

INSTEAD = (
    'call it backward, write its forward beside it, and say the shapes of its inputs, for example\n'
    '  INPUTS = {"x": ("m", "n_x"), "W": ("n_x", "n_a")}'
)  # fmt: skip


def takes_something_else(process: OwnProcess, name: str, source: str, failure: str, seed: int) -> str | None:
    """What a function takes in place of what the course's takes, and what to write to have it judged.

    Parameters
    ----------
    process : OwnProcess
        Where it is.
    name : str
        The function's, which is one of the course's.
    source : str
        The submission's text.
    failure : str
        How it fails with what the course's function is given.
    seed : int
        For what is drawn.
    """
    said = failure.partition("\n")[0]
    if re.match(rf"TypeError: {name}\(\) (missing|takes|got)", said):
        return f"it takes other arguments than the course's {name}: {said}\n  {INSTEAD}"
    if "to unpack" in said and _has_other_forward(source, name.replace("backward", "forward")):
        return f"its cache is not that of the course's {name}: {said}\n  {INSTEAD}"
    function = RemoteFunction(process, name)
    if any(_fits(function, name, seed, turned) for turned in (True, False)):
        return f"it takes the batch first, which the course's {name} does not\n  {INSTEAD}"
    return None


def _has_other_forward(source: str, name: str) -> bool:
    """Whether the forward pass beside it is another one than the course's, which takes ``parameters``."""
    found = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == name]
    return bool(found) and "parameters" not in {argument.arg for argument in found[-1].args.args}


def _fits(function: Callable[..., Any], name: str, seed: int, turned: bool) -> bool:
    """Whether it runs with the batch first, and gives gradients of such shapes; with `turned` for x @ W, else as is."""
    signature = FUNCTIONS[name]
    given = [_turned(value, turned) for value in _Case(function, signature, seed)._arguments]
    try:
        found = function(*given)
    except Exception:  # whatever a student's program raises: it is not this that it takes
        return False
    if not isinstance(found, Mapping):
        return False
    weights = {key: np.zeros(shape) for key, shape in signature.shapes().items() if key[0] == "W"}
    data = {key: np.zeros(shape) for key, shape in signature.shapes().items() if key[0] in "xac"}
    wanted = {key: _turned(value, turned) for key, value in data.items()} | _turned(weights, turned)
    shapes = [(np.shape(found[f"d{key}"]), value.shape) for key, value in wanted.items() if f"d{key}" in found]
    return len(shapes) > 1 and all(own == right for own, right in shapes)


def _turned(value: Any, weights: bool) -> Any:
    if isinstance(value, Mapping):
        return {key: np.transpose(part) if weights or np.shape(part)[-1] == 1 else part for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(_turned(part, weights) for part in value)
    return np.moveaxis(value, 0, -1)  # (n, m) to (m, n), and (n, m, T) to (m, T, n)
