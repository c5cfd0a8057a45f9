"""The SymPy reading: every scalar of a recording as an exact expression, with the notes' names as symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from autograd_seq.graph import Graph
from autograd_seq.names import symbol
from autograd_seq.readings.expression import is_literal
from autograd_seq.tensor import Array, Tensor


class sigma(sympy.Function):  # noqa: N801  (SymPy's functions are written in lower case)
    """The sigmoid as an opaque function, known by its derivative σ' = σ (1 - σ)."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Its derivative."""
        return self * (1 - self)


class SymPyAlgebra:
    """An operation's scalar functions, in SymPy."""

    exp, log, sqrt, sin, cos = sympy.exp, sympy.log, sympy.sqrt, sympy.sin, sympy.cos
    tanh, sigmoid, abs, sign = sympy.tanh, sigma, sympy.Abs, sympy.sign
    maximum, minimum, power = sympy.Max, sympy.Min, sympy.Pow

    @staticmethod
    def select(condition: Any, x: Any, y: Any) -> Any:
        """x where the condition holds, else y."""
        if condition in (True, False, sympy.true, sympy.false):
            return x if condition else y
        return sympy.Piecewise((x, condition), (y, True))

    @staticmethod
    def compare(relation: str, x: Any, y: Any) -> Any:
        """A relation between two scalars."""
        return sympy.Rel(x, y, relation)


def exact(value: Array) -> Array:
    """Numbers as exact rationals: a float is the binary fraction that it is."""
    result = np.empty(value.shape, dtype=object)
    for place in np.ndindex(value.shape):
        number = value[place].item()
        result[place] = sympy.Rational(number) if isinstance(number, float) else sympy.sympify(number, strict=True)
    return result


def symbols_of(record: Tensor) -> Array:
    """A symbol for each scalar of a record."""
    result = np.empty(record.shape, dtype=object)
    for place in np.ndindex(record.shape):
        result[place] = sympy.Symbol(symbol(record, place), real=True)
    return result


def expressions(graph: Graph, expand: bool = False) -> dict[Tensor, Array]:
    """Every record as an array of SymPy expressions.

    Parameters
    ----------
    graph : Graph
        A recording, forward or backward.
    expand : bool
        Express everything by the leaves; else each record by the symbols of its inputs, which
        is a straight-line program of named intermediates.

    Returns
    -------
    dict
        From each record to an object array of its shape. Named leaves are symbols, other leaves exact numbers.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> y = tanh(Parameter([[2.0]], "W") * 3)
    >>> expressions(y.graph, expand=True)[y]
    array([[tanh(3*W_11)]], dtype=object)
    """
    meaning: dict[Tensor, Array] = {}

    def value_of(x: Tensor) -> Array:
        if is_literal(x):
            return exact(x._value)
        return meaning[x] if expand and x in meaning else symbols_of(x)

    for record in graph:
        if record.operation is None:
            meaning[record] = exact(record._value) if is_literal(record) else symbols_of(record)
        else:
            inputs = [value_of(x) for x in record.inputs]
            result = record.operation.meaning(SymPyAlgebra, *inputs, **record.parameters)
            meaning[record] = np.asarray(result, dtype=object).reshape(record.shape)
    return meaning
