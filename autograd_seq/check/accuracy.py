"""How many digits of a gradient are right: a bound on what rounding did to it, carried through the whole recording."""

from __future__ import annotations

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.recording import differentiate
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.precise import on_branch
from autograd_seq.readings.rounding import Rounding, coarsest, parts_of

FUNCTIONS = 2.0  # units in the last place that NumPy's exp, tanh … may be off, where an addition is off by half of one


def accuracy(output: Tensor, parameter: Tensor) -> tuple[Array, Array]:
    """Bounds on the rounding of each entry of a gradient, and how many decimal digits of it are right.

    Every operation of both passes rounds its result, and hands on the errors of its operands, each times the partial
    derivative by it (running error analysis, Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.3;
    to first order). The recorded leaves count as exact.

    Returns
    -------
    tuple of ndarray
        Absolute errors, and digits: at least 0, at most what the dtype has; of an exact number, what it has.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> x = Parameter([1.0, 1e-8], "x")
    >>> errors, digits = accuracy(((1 + x) ** 2 - 1 - 2 * x).sum(), x)
    >>> digits.round()
    array([14.,  7.])
    """
    recording = differentiate(output, None if output.size == 1 else np.ones(output.shape))
    rounding = Rounding(coarsest(recording.forward))
    values = on_branch(recording.forward, rounding, {})
    values |= on_branch(recording.backward, rounding, values)
    adjoint = recording.adjoints.get(parameter.record)
    if adjoint is None:
        return np.zeros(parameter.shape), np.full(parameter.shape, most_digits(rounding))
    exact, errors, _ = parts_of(np.asarray(values[adjoint], dtype=object))
    errors = FUNCTIONS * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = -np.log10(errors / np.abs(exact.astype(np.float64)))
    return errors, np.clip(np.where(errors == 0, np.inf, np.nan_to_num(digits, nan=0.0)), 0, most_digits(rounding))


def most_digits(rounding: Rounding) -> float:
    """The decimal digits of a dtype."""
    return float(-np.log10(rounding.unit / 2))
