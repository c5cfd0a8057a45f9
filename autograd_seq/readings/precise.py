"""The mpmath reading: a recording evaluated to as many digits as wanted, and differences that agree to half of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import differentiate
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import RELATIONS

DIGITS = 60


class PreciseAlgebra:
    """An operation's scalar functions to a number of digits; it disturbs no other use of mpmath.

    Parameters
    ----------
    digits : int
        Decimal digits of every scalar.
    """

    def __init__(self, digits: int = DIGITS) -> None:
        self.context = mpmath.MPContext()
        self.context.dps = digits
        c = self.context
        self.exp, self.sqrt, self.tanh, self.sin, self.cos = c.exp, c.sqrt, c.tanh, c.sin, c.cos
        self.sign, self.arctan = c.sign, c.atan

    def number(self, x: Any) -> Any:
        """A scalar, exactly."""
        return self.context.mpf(x) if isinstance(x, (float, int)) else x

    def array(self, values: Array) -> Array:
        """An array of floats as one of exact scalars; conditions and counts stay what they are."""
        if values.dtype.kind == "O":
            return values
        result = np.empty(values.shape, dtype=object)
        convert = bool if values.dtype.kind == "b" else self.context.mpf
        for place in np.ndindex(values.shape):
            result[place] = convert(values[place].item())
        return result

    def log(self, x: Any) -> Any:
        """The natural logarithm; minus infinity at 0."""
        return self.context.log(x) if x else -self.context.inf

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + exp(-x))."""
        return 1 / (1 + self.context.exp(-x))

    def power(self, x: Any, y: Any) -> Any:
        """X to the power y."""
        return self.context.power(x, y)

    def abs(self, x: Any) -> Any:
        """The absolute value."""
        return -x if x < 0 else x

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger."""
        return x if x >= y else self.number(y)

    def minimum(self, x: Any, y: Any) -> Any:
        """The smaller."""
        return x if x <= y else self.number(y)

    def select(self, condition: Any, x: Any, y: Any) -> Any:
        """X where the condition holds, else y."""
        return x if condition else y

    def compare(self, relation: str, x: Any, y: Any) -> Any:
        """Whether a relation holds."""
        return RELATIONS[relation]((x > y) - (x < y))


def evaluate(
    graph: Graph,
    digits: int = DIGITS,
    at: Mapping[Tensor, Array] | None = None,
    algebra: PreciseAlgebra | None = None,
) -> dict[Tensor, Array]:
    """Every record of a recording, evaluated through its meaning.

    Parameters
    ----------
    graph : Graph
        A recording, forward or backward.
    digits : int
        Decimal digits of the arithmetic.
    at : mapping, optional
        Arrays that stand for some records' own values.

    Returns
    -------
    dict
        From each record to an object array of mpmath numbers.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> y = tanh(Parameter(0.5, "W"))
    >>> print(str(evaluate(y.graph, 30)[y].item())[:30])
    0.4621171572600097585023184836
    """
    algebra = algebra or PreciseAlgebra(digits)
    result = {x.record: algebra.array(np.asarray(a)) for x, a in (at or {}).items()}
    for record in graph:
        if record in result:
            continue
        if record.operation is None:
            result[record] = algebra.array(record._value)
            continue
        for x in record.inputs:  # a backward recording refers to forward records
            if x not in result:
                result[x] = algebra.array(x._value)
        made = record.operation.meaning(algebra, *(result[x] for x in record.inputs), **record.settings)
        result[record] = np.asarray(made, dtype=object).reshape(record.shape)
    return result


def gradients(output: Tensor, digits: int = DIGITS) -> dict[Tensor, Array]:
    """The gradient of a scalar with respect to every leaf, from the recorded backward pass.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W = Parameter(3.0, "W")
    >>> gradients(W * W)[W.record].item()
    mpf('6.0')
    """
    recording = differentiate(output)
    algebra = PreciseAlgebra(digits)
    values = evaluate(recording.forward, algebra=algebra)
    values = evaluate(recording.backward, at=values, algebra=algebra)
    return {
        leaf: values[recording.adjoints[leaf]] for leaf in recording.forward.leaves if leaf in recording.adjoints
    }


def difference(output: Tensor, leaf: Tensor, element: tuple[int, ...] = (), digits: int = DIGITS) -> Any:
    """The central difference of a scalar by one element of a leaf: right to about two thirds of the digits.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W = Parameter([3.0], "W")
    >>> print(difference((W * W * W).sum(), W, (0,)) - 27 < 1e-39)
    True
    """
    algebra = PreciseAlgebra(digits)
    step = algebra.context.mpf(10) ** -(digits // 3)
    graph = Graph(output)
    ends = []
    for sign in (1, -1):
        moved = algebra.array(leaf.record._value)
        moved[element] += sign * step
        ends.append(evaluate(graph, at={leaf.record: moved}, algebra=algebra)[output.record].sum())
    return (ends[0] - ends[1]) / (2 * step)
