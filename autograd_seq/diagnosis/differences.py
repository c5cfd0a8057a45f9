"""Gradients by differences, for a forward pass that cannot be recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from autograd_seq.core.array import Array


def gradients(loss: Callable[[dict[str, Array]], float], inputs: Mapping[str, Array]) -> tuple[dict[str, Array], float]:
    """Central differences with Richardson extrapolation.

    Parameters
    ----------
    loss : callable
        From the inputs to a number.
    inputs : dict
        Arrays; those of floats are differentiated.

    Returns
    -------
    dict, float
        Under ``"d" + name`` the gradients, and the largest estimated relative error.

    Examples
    --------
    >>> import numpy as np
    >>> found, error = gradients(lambda arrays: float(np.sum(arrays["x"] ** 3)), {"x": np.array([2.0])})
    >>> found["dx"].round(8), error < 1e-9
    (array([12.]), True)
    """
    found = {}
    worst = 0.0
    for name, array in inputs.items():
        if array.dtype.kind != "f":
            continue
        result = np.zeros(array.shape)
        for place in np.ndindex(array.shape):
            result[place], error = _slope(loss, inputs, name, place)
            worst = max(worst, error)
        found[f"d{name}"] = result
    largest = max((float(np.max(np.abs(g), initial=0)) for g in found.values()), default=1.0)
    return found, worst / (largest or 1.0)


def _slope(
    loss: Callable[[dict[str, Array]], float], inputs: Mapping[str, Array], name: str, place: tuple[int, ...]
) -> tuple[float, float]:
    """The derivative along one element, and how much the last extrapolation changed it."""

    def central(h: float) -> float:
        values = []
        for step in (h, -h):
            moved = {k: np.array(v) for k, v in inputs.items()}
            moved[name][place] += step
            values.append(loss(moved))
        return (values[0] - values[1]) / (2 * h)

    h = 0.02 * max(1.0, abs(float(inputs[name][place])))
    row = [central(h)]
    for k in range(1, 4):  # each row removes one more even power of h
        new = [central(h / 2**k)]
        for j in range(1, k + 1):
            new.append(new[j - 1] + (new[j - 1] - row[j - 1]) / (4**j - 1))
        change, row = abs(new[-1] - row[-1]), new
    return row[-1], change
