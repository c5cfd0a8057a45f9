"""Gradients of a submission's own forward pass, held against nothing but the values that this pass computes.

A recording is what a submission says that its forward pass is. Before its backward pass counts as right, its gradients
are compared with the slope between two values, each computed in a process that has seen no other point: whatever a
forward pass remembers or recognises, it has to be one and the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.drawn import draw, shape_to_draw
from autograd_seq.diagnosis.grouped import Groups
from autograd_seq.grading.own_process import OwnProcess
from autograd_seq.grading.remote import StudentError, asked

TRIES = 3  # at a kink the slope between two values is no derivative, which does not happen every time
_SIZES = {"exact": (1e-4, 1e-5), "single": (1e-2, 5e-2)}  # how far apart the values are, and how close it has to be

NewProcess = Callable[[], OwnProcess]


def agree(new: NewProcess, forward: str, backward: str, inputs: Mapping[str, Any], seed: int, groups: Groups) -> bool:
    """Whether a submission's gradients are the slopes of its forward pass's values.

    Parameters
    ----------
    new : callable
        Gives a new process that has loaded the submission.
    forward, backward : str
        What its functions are called.
    inputs : mapping
        As for `check_backward`.
    seed : int
        For what is drawn.
    groups : dict
        Which inputs are handed over in which dict.

    Raises
    ------
    NoAnswerError
        If the submission gives no answer.
    """
    for turn in range(TRIES):
        try:
            if _agree_once(new, forward, backward, inputs, np.random.default_rng([seed, turn]), groups):
                return True
        except (StudentError, KeyError, TypeError, ValueError, AttributeError):  # it answers something else than before
            continue
    return False


def _agree_once(
    new: NewProcess, forward: str, backward: str, inputs: Mapping[str, Any], rng: np.random.Generator, groups: Groups
) -> bool:
    point = _point(inputs, rng)
    with _lent(new) as process:
        outputs, cache = asked(process, "forward", forward, (), point, groups)
        arrays = {key: np.asarray(value) for key, value in outputs.items()}
        upstream = {key: rng.standard_normal(value.shape) for key, value in arrays.items()}
        found = asked(process, "call", backward, (upstream, cache), {})
    step, close = _SIZES["single" if _is_single([*outputs.values(), *found.values()]) else "exact"]
    direction = {
        key: rng.standard_normal(value.shape)
        for key, value in point.items()
        if value.dtype.kind == "f" and f"d{key}" in found
    }
    losses = []
    for side in (step, -step):
        there = {key: value + side * direction[key] if key in direction else value for key, value in point.items()}
        with _lent(new) as process:
            values, _ = asked(process, "forward", forward, (), there, groups)
        losses.append(sum(float(np.sum(np.asarray(values[key]) * upstream[key])) for key in upstream))
    terms = [float(np.sum(np.asarray(found[f"d{key}"]) * along)) for key, along in direction.items()]
    slope = (losses[0] - losses[1]) / (2 * step)
    return abs(slope - sum(terms)) <= close * max(sum(map(abs, terms)), abs(slope), 1e-3)


def _is_single(values: Iterable[Any]) -> bool:
    return any(np.asarray(value).dtype in (np.float32, np.float16) for value in values)


def _point(inputs: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Array]:
    """Inputs of another draw: what was given as numbers is moved a little."""
    drawn = draw(inputs, int(rng.integers(2**31)))
    return {
        key: value * (1 + 0.1 * rng.uniform(-1, 1, value.shape))
        if value.dtype.kind == "f" and shape_to_draw(inputs[key]) is None
        else value
        for key, value in drawn.items()
    }


@contextmanager
def _lent(new: NewProcess) -> Any:
    process = new()
    try:
        yield process
    finally:
        process.end()
