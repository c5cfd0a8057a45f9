"""The meaning of a recording in 50-digit numbers: the independent reference for values and derivatives."""

import operator

import mpmath
import numpy as np

from autograd_seq import Graph

DIGITS = 50
STEP = mpmath.mpf(10) ** -14  # a central difference is then right to some 28 digits

RELATIONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Algebra:
    """The scalar functions of meanings, in mpmath."""

    exp, log, sqrt, tanh, sin, cos, arctan, sign = (
        mpmath.exp, mpmath.log, mpmath.sqrt, mpmath.tanh, mpmath.sin, mpmath.cos, mpmath.atan, mpmath.sign,
    )  # fmt: skip
    abs, power, maximum, minimum = abs, mpmath.power, max, min

    @staticmethod
    def sigmoid(x):
        return 1 / (1 + mpmath.exp(-x))

    @staticmethod
    def select(condition, x, y):
        return x if condition else y

    @staticmethod
    def compare(relation, x, y):
        return RELATIONS[relation](x, y)


def exact(array):
    """Each number as it is; truth values stay what they are."""
    array = np.asarray(array)
    result = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        scalar = array[place].item()
        result[place] = scalar if isinstance(scalar, bool) else mpmath.mpf(scalar)
    return result


def evaluate(output, replaced=None):
    """A recording from its leaves on, with the values of some of them replaced."""
    known = {}
    for record in Graph(output):
        if record.operation is None:
            known[record] = (replaced or {}).get(record)
            if known[record] is None:
                known[record] = exact(record.value)
        else:
            inputs = [known[x] for x in record.inputs]
            result = record.operation.meaning(Algebra, *inputs, **record.settings)
            known[record] = np.asarray(result, dtype=object)
            assert known[record].shape == record.shape, record.operation.name
    return known[output.record]


def slope(output, adjoint, directions):
    """d/dt of <adjoint, output> where each leaf moves along its direction, by a central difference."""

    def at(step):
        moved = {x: np.asarray(exact(x.value) + step * exact(d), dtype=object) for x, d in directions.items()}
        return np.sum(exact(adjoint) * evaluate(output, moved))

    with mpmath.workdps(DIGITS):
        return (at(STEP) - at(-STEP)) / (2 * STEP)


def inner(arrays, directions):
    """The sum of <array, direction>, in the precision of the arrays."""
    return sum(
        (np.sum(exact(a) * exact(d)) if np.asarray(a).dtype != object else np.sum(a * exact(d)))
        for a, d in zip(arrays, directions, strict=True)
    )
