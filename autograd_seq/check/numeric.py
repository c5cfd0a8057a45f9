"""A VJP rule beside numbers: in high precision where its meaning can be followed, else by differences in float64."""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from autograd_seq.check.exact_record import ExactRecord, NotFollowedError
from autograd_seq.check.record_differences import FULL, differences
from autograd_seq.check.rule_comparison import Comparison
from autograd_seq.core.tensor import Tensor

LARGE = 30_000  # scalar operations of one record; with more, differences in float64


def compare(record: Tensor, position: int, rng: np.random.Generator, full: int = FULL) -> Comparison:
    """Compare a record's rule with the derivative, where it stands.

    Parameters
    ----------
    record : Tensor
        A record of a graph.
    position : int
        Which input.
    rng : Generator
        For adjoints and directions.
    full : int
        Of differences: up to this many pairs of elements the whole Jacobian is compared; above, random directions.

    Raises
    ------
    Exception
        What the rule raises.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> found = compare(tanh(Parameter([0.5, 18.0], "x")), 0, np.random.default_rng(0))
    >>> found.ok, found.digits > 25
    (True, True)
    """
    exact = followed(record)
    if exact is None or exact.disagreement(rng) is not None:
        return differences(record, position, rng, full)
    try:
        return beside(exact, position, rng)
    except NotFollowedError:
        return differences(record, position, rng, full)


def followed(record: Tensor) -> ExactRecord | None:
    """A record in exact scalars; None where its meaning is not written for them, or it is too large."""
    if record.dtype.kind != "f" or work(record) > LARGE:
        return None
    try:
        return ExactRecord(record)
    except Exception:  # whatever a meaning raises over scalars that it was not written for
        return None


def beside(exact: ExactRecord, position: int, rng: np.random.Generator, adjoint: object = None) -> Comparison:
    """A rule beside the derivative for an adjoint without structure, and for the one that the sweep brings."""
    record = exact.record
    random = rng.uniform(0.5, 1.5, record.shape) * rng.choice([-1.0, 1.0], record.shape)
    result = exact.compare(position, random)
    if result.ok and adjoint is not None:
        actual = exact.compare(position, np.asarray(adjoint), scaled=False)
        return result if actual.ok else actual
    return result


def work(record: Tensor) -> float:
    """About how many scalar operations one evaluation of a record takes."""
    if record.operation is None:
        return 0.0
    sizes = [record.size, *(x.size for x in record.inputs)]
    if record.operation.elementwise or len(sizes) < 3:
        return float(max(sizes))
    return max(float(max(sizes)), sqrt(prod(sizes[:3])) if len(sizes) == 3 else float(sum(sizes)))
