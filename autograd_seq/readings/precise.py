"""The mpmath reading: a recording evaluated to as many digits as wanted, and its derivatives to as many.

They come in three ways that check each other: from the recorded backward pass (`gradients`), through
the operations' meanings alone (`derivatives`, `slope`), and as differences (`difference`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import differentiate
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import decisions
from autograd_seq.readings.precise_algebra import DIGITS as DIGITS
from autograd_seq.readings.precise_algebra import PreciseAlgebra as PreciseAlgebra
from autograd_seq.readings.scalars import Forward, Scalar, ScalarAlgebra, Tape


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


@dataclass(frozen=True)
class Derivatives:
    """Derivatives of a recording by its leaves, on the branch that it took.

    Attributes
    ----------
    by : dict
        From each leaf to an object array of mpmath numbers; NaN or infinite where there is no derivative.
    kinked : dict
        From each leaf to truth values: the elements that lead over a kink which is met exactly.
    tied : dict
        The same with the kinks that are smoothed out, such as that of ``x * abs(x)``: a second derivative sees them.
    """

    by: dict[Tensor, Array]
    kinked: dict[Tensor, Array]
    tied: dict[Tensor, Array]


def on_branch(graph: Graph, algebra: ScalarAlgebra, at: Mapping[Tensor, Array]) -> dict[Tensor, Array]:
    """Every record of a recording over some algebra's scalars, each decision as the recorded numbers made it.

    What decides or counts keeps its recorded value; what is cut off on purpose counts as a constant.

    Parameters
    ----------
    graph : Graph
        A recording.
    algebra : ScalarAlgebra
        Makes the scalars.
    at : mapping
        Arrays of its scalars (or numbers) that stand for some records, such as the variables.
    """
    result: dict[Tensor, Array] = dict(at)
    for record in graph:
        if record in result:
            continue
        for x in record.inputs:  # a backward recording refers to forward records
            if x not in result:
                result[x] = algebra.array(x._value)
        inputs = [result[x] for x in record.inputs]
        result[record] = applied(record, algebra, inputs) if record.operation else algebra.array(record._value)
    return result


def applied(record: Tensor, algebra: ScalarAlgebra, inputs: Sequence[Array]) -> Array:
    """The meaning of one record over some algebra's scalars, on the branch that the recorded numbers took."""
    assert record.operation is not None  # asked of results only
    algebra.decide(partial(decisions, record))
    if record.dtype.kind != "f":
        if any(x.dtype.kind == "f" for x in record.inputs) and 0 in decisions(record):
            record.operation.meaning(algebra, *inputs, **record.settings)  # for the kinks in it
        return algebra.array(record._value)
    made = np.asarray(record.operation.meaning(algebra, *inputs, **record.settings), dtype=object)
    cut, rounded = record.operation.cuts, any(x.dtype.kind == "f" and x.dtype != record.dtype for x in record.inputs)
    numbers = [algebra.number(x) for x in made.flat]  # a meaning may answer with plain numbers, too
    if cut or rounded:
        numbers = [algebra.leave(x, cut) for x in numbers]
    result = np.empty(record.shape, dtype=object)
    result.reshape(-1)[:] = numbers
    return result


def derivatives(
    weights: Mapping[Tensor, Any],
    wrt: Sequence[Tensor] | None = None,
    at: Mapping[Tensor, Array] | None = None,
    digits: int = DIGITS,
) -> Derivatives:
    """The gradient of a weighted sum of outputs, through the operations' meanings and no VJP rule.

    Parameters
    ----------
    weights : mapping
        From each output to its weights, an array of its shape; they are the adjoints that a sweep starts from.
    wrt : sequence of Tensor, optional
        Leaves, or other records; all leaves of floats if not given.
    at : mapping, optional
        Arrays that stand for the values of some of them; the branch stays the recorded one, and what is cut
        off on purpose keeps its value.
    digits : int
        Decimal digits of the arithmetic.

    Raises
    ------
    Exception
        What a meaning raises that is not written for scalars.

    Examples
    --------
    >>> from autograd_seq import Parameter, relu
    >>> W = Parameter([3.0, -2.0, 0.0], "W")
    >>> y = relu(W * W * W)
    >>> found = derivatives({y: np.ones(3)})
    >>> found.by[W.record].astype(float), found.kinked[W.record]
    (array([27.,  0.,  0.]), array([False, False, False]))
    >>> kink = relu(W)
    >>> derivatives({kink: np.ones(3)}).kinked[W.record]
    array([False, False,  True])
    """
    outputs = [y.record for y in weights]
    graph = Graph(*outputs)
    leaves = [x for x in graph.leaves if x.dtype.kind == "f"] if wrt is None else [x.record for x in wrt]
    tape = Tape(digits)
    moved = {x.record: a for x, a in (at or {}).items()}
    variables = {x: tape.variables(np.asarray(moved.get(x, x._value))) for x in leaves}
    held = _held(graph, tape) if moved else {}
    values = on_branch(graph, tape, held | {x: tape.array(np.asarray(a)) for x, a in moved.items()} | variables)
    seeds = list(_weighted(tape, weights, values))
    back = tape.pull(seeds)
    kinks = [tape.touching(back.kinks), tape.touching()]
    by = {x: _picked(v, back.adjoints, object) for x, v in variables.items()}
    kinked, tied = ({x: _picked(v, k.adjoints, bool) for x, v in variables.items()} for k in kinks)
    return Derivatives(by, kinked, tied)


def _weighted(
    algebra: ScalarAlgebra, weights: Mapping[Tensor, Any], values: Mapping[Tensor, Array]
) -> Iterator[tuple[Scalar, Any]]:
    """Each scalar of the outputs with its weight."""
    for output, given in weights.items():
        wide: Array = np.broadcast_to(np.asarray(given), output.shape)
        for y, weight in zip(values[output.record].flat, wide.flat, strict=True):
            yield algebra.number(y), algebra.exact(weight)


def _picked(variables: Array, adjoints: Sequence[Any], dtype: Any) -> Array:
    """The adjoints of an array of variables."""
    result = np.empty(variables.shape, dtype=dtype)
    for place in np.ndindex(variables.shape):
        variable: Any = variables[place]
        result[place] = adjoints[variable.kept]
    return result


def slope(weights: Mapping[Tensor, Any], directions: Mapping[Tensor, Array], digits: int = DIGITS) -> tuple[Any, bool]:
    """How fast a weighted sum of outputs changes along a direction, and whether a kink stands there.

    One evaluation that keeps nothing: for recordings that are too large for `derivatives`.

    Parameters
    ----------
    weights : mapping
        From each output to its weights.
    directions : mapping
        From some records, leaves or not, to how fast they change, arrays of their shapes.

    Examples
    --------
    >>> from autograd_seq import Parameter, exp
    >>> W = Parameter([0.0, 0.0], "W")
    >>> y = exp(W)
    >>> print(str(slope({y: np.ones(2)}, {W: np.array([1.0, 2.0])})[0]))
    3.0
    """
    outputs = [y.record for y in weights]
    forward = Forward(digits)
    variables: dict[Tensor, Array] = {}
    for x, direction in directions.items():
        variables[x.record] = np.empty(x.shape, dtype=object)
        for place in np.ndindex(x.shape):
            variables[x.record][place] = forward.variable(x.record._value[place], direction[place])
    values = on_branch(Graph(*outputs), forward, variables)
    total = forward.context.zero
    for y, weight in _weighted(forward, weights, values):
        total += (y.kept or 0) * weight
    return total, forward.kinked


def _held(graph: Graph, algebra: ScalarAlgebra) -> dict[Tensor, Array]:
    """What is cut off on purpose, at the recorded numbers."""
    cuts = [r for r in graph if r.operation is not None and r.operation.cuts]
    here = on_branch(graph, algebra, {}) if cuts else {}
    return {r: here[r] for r in cuts}


def values_along(
    weights: Mapping[Tensor, Any], directions: Mapping[Tensor, Array], steps: Sequence[Any], digits: int = DIGITS
) -> list[Any]:
    """A weighted sum of outputs at points along a direction, on the recorded branch, for differences.

    What is cut off on purpose keeps the value that it has at the recorded numbers.

    Parameters
    ----------
    weights : mapping
        From each output to its weights.
    directions : mapping
        From some leaves to arrays of their shapes.
    steps : sequence
        How far along the direction each point is.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W = Parameter([3.0], "W")
    >>> print([str(v) for v in values_along({W * W: np.ones(1)}, {W: np.ones(1)}, [0, 1])])
    ['9.0', '16.0']
    """
    graph = Graph(*(y.record for y in weights))
    algebra = ScalarAlgebra(digits)
    held = _held(graph, algebra)
    totals = []
    for step in steps:
        step = algebra.number(step)
        at = {}
        for x, v in directions.items():
            there: Any = algebra.array(x.record._value) + algebra.array(np.asarray(v)) * step
            at[x.record] = np.asarray(there, dtype=object).reshape(x.shape)
        values = on_branch(graph, algebra, at | held)
        totals.append(sum((y.value * w for y, w in _weighted(algebra, weights, values)), algebra.context.zero))
    return totals
