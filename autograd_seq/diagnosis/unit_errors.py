"""How far rounding alone can move a gradient: the recording is run again with every step disturbed a little.

Each operand and each result is changed by a few thousand units in its last place, at random; how far a gradient
moves then tells, element by element, the size of the terms that were added up on the way to it. A number that
is 0 because large terms cancel may be off by their rounding, and one that no sum has touched may not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.floats import epsilon_of, is_floats
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.truth import Truth, bends_elements

UNITS = (4096.0, 64.0, 4.0)  # in the last place; fewer where more leave the domain of a function
LARGEST = 5e-3  # relative: beyond this a disturbance is no small one
FINE = 2.0**-23  # coarser steps are taken as multiples of such: what is not linear is small there
TRIES = 3
EPSILON = float(np.finfo(np.float64).eps)

Disturb = Callable[[Array], Array]


def rounding(truth: Truth, epsilon: float = EPSILON) -> dict[str, Array]:
    """For each gradient how far a unit in the last place of every step moves each of its elements.

    Parameters
    ----------
    truth : Truth
        What was recorded.
    epsilon : float
        What a unit in the last place of 1 is, if the steps were computed in fewer digits than the recording has:
        2**-7 for bfloat16, 2**-3 for float8_e4m3.

    Returns
    -------
    dict
        Arrays of absolute errors; infinite where no disturbance leaves finite numbers.

    Raises
    ------
    ValueRangeError
        If `epsilon` is not a number above 0.

    Examples
    --------
    >>> from autograd_seq.diagnosis.truth import record
    >>> import numpy as np
    >>> def centred(x, b):
    ...     return {"y": x + b - np.mean(x + b)}, None
    >>> found = rounding(record(centred, {"x": np.array([1.0, 2.0]), "b": np.array(3.0)}, {"y": np.ones(2)}))
    >>> bool(1e-16 < found["db"] < 1e-14)
    True
    """
    if not epsilon > 0:
        raise ValueRangeError(f"epsilon is a unit in the last place of 1, more than 0, not {epsilon!r:.40}{here()}")
    if epsilon > FINE:
        return {key: value * (epsilon / FINE) for key, value in rounding(truth, FINE).items()}
    before = truth.gradients
    coarsest = max([epsilon, *(float(np.finfo(r.dtype).eps) for r in truth.recording.forward if r.dtype.kind == "f")])
    for units in [n for n in UNITS if n * coarsest < LARGEST]:
        worst = {key: np.zeros(value.shape) for key, value in before.items()}
        for seed in range(TRIES):
            moved = rerun(truth, disturbance(units, epsilon, seed))
            for key, value in moved.items():
                with np.errstate(all="ignore"):
                    worst[key] = np.maximum(worst[key], np.abs(value - before[key]) / units)
        if all(np.all(np.isfinite(value)) for value in worst.values()):
            return worst
    return {key: np.where(np.isfinite(value), value, np.inf) for key, value in worst.items()}


def disturbance(units: float, epsilon: float, seed: int) -> Disturb:
    """Changes every number of an array by up to so many units in its last place, at random."""
    rng = np.random.default_rng(seed)

    def disturb(value: Array) -> Array:
        if not is_floats(value.dtype):
            return value
        step = units * max(epsilon, epsilon_of(value.dtype))
        return np.asarray(value * (1 + step * rng.uniform(-1, 1, value.shape)), dtype=value.dtype)

    return disturb


def rerun(truth: Truth, disturb: Disturb) -> dict[str, Array]:
    """The gradients if every operand and every result of both passes is disturbed; what was decided stays."""
    new: dict[Tensor, Array] = {}
    recording = truth.recording
    moves = {*truth.inputs.values(), *truth.seeds.values()}  # other leaves are numbers that stand in the program

    def operand(x: Tensor) -> Array:
        return disturb(new.get(x, x._value)) if x.operation is not None or x in moves else x._value

    with np.errstate(all="ignore"):
        for r in [*recording.forward, *recording.backward]:
            if r.operation is None or r in new:
                continue
            if r._value.dtype.kind != "f":  # a decision, an index
                new[r] = r._value
                continue
            values: Any = [operand(x) for x in r.inputs]
            made = disturb(np.asarray(r.operation.value(*values, **r.settings)))
            if bends_elements(r):  # another formula of it may add up terms of the size of 1
                made = made + (disturb(np.ones_like(made)) - 1)
            new[r] = made
    adjoints = {f"d{key}": recording.adjoints.get(x) for key, x in truth.inputs.items()}
    return {key: new.get(a, a._value) for key, a in adjoints.items() if a is not None}
