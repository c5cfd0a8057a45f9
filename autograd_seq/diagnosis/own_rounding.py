"""The rounding of somebody's own way to a gradient: the backward pass is run on numbers that are disturbed a little.

A right formula may add up larger terms than the recorded one does, p - 1 for a probability p near 1, and its
answer then is off by their rounding.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.calling import arrays_in
from autograd_seq.diagnosis.unit_errors import Disturb, disturbance

UNITS = (8.0, 4096.0)
TRIES = 2
ALIKE = 30.0  # what is rounding moves in proportion; what decides otherwise does not


def own_rounding(
    run: Callable[[Disturb], Mapping[str, Array]], found: Mapping[str, Array], epsilon: float
) -> dict[str, Array]:
    """For each gradient how far a unit in the last place of what the backward pass was given moves its elements.

    Parameters
    ----------
    run : callable
        From a disturbance to the gradients on numbers that are disturbed by it.
    found : mapping
        The gradients on the numbers as they are.
    epsilon : float
        What a unit in the last place of 1 is.

    Examples
    --------
    >>> near_one = np.array(1 - 1e-9)
    >>> moved = own_rounding(lambda disturb: {"dp": 1 - disturb(near_one)}, {"dp": 1 - near_one}, 2.2e-16)
    >>> bool(1e-17 < moved["dp"] < 1e-15)
    True
    """
    per_unit: list[dict[str, Array]] = []
    for units in UNITS:
        worst: dict[str, Array] = {}
        for seed in range(TRIES):
            for key, value in run(disturbance(units, epsilon, seed)).items():
                if key in found and value.shape == found[key].shape:
                    moved = np.abs(value.astype(float) - found[key]) / units
                    worst[key] = np.maximum(worst.get(key, 0.0), moved)
        per_unit.append(worst)
    small, large = per_unit
    return {key: np.where(small[key] <= ALIKE * large[key], small[key], 0.0) for key in small if key in large}


@contextlib.contextmanager
def disturbed(things: Iterable[object], disturb: Disturb) -> Iterator[None]:
    """Disturb all arrays of floats in tuples, lists and dicts where they are, and restore them."""
    arrays = {id(a): a for thing in things for _, a in arrays_in(thing, "")}
    before = [(a, a.copy()) for a in arrays.values() if a.dtype.kind == "f" and a.flags.writeable]
    try:
        for array, value in before:
            array[...] = disturb(value)
        yield
    finally:
        for array, value in before:
            array[...] = value
