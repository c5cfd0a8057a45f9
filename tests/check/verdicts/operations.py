"""Every operation with its reference: how it is called, on what, and where its derivative is not one number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from check.verdicts import references
from check.verdicts.points import BOUND, DTYPES

import autograd_seq.operations as ops
from autograd_seq import Operation
from autograd_seq.operations import indexing, linear, lookups

Shape = tuple[int, ...]


def _nowhere(*arrays: np.ndarray) -> bool:
    return False


@dataclass(frozen=True)
class Use:
    """One way of calling an operation.

    Attributes
    ----------
    operation : Operation
        Which one.
    call, reference : callable
        With tensors, and the same in plain NumPy.
    shapes : tuple
        Of the inputs.
    domain : str or tuple of str
        From which numbers its points are, of all inputs or of each: one of `points.ORDINARY`.
    edge : callable
        Whether these inputs lie exactly at a kink or at the end of the domain.
    terms : float or callable
        How large the terms are, beside the adjoint, of which the derivative is the small difference; of the inputs,
        if they are terms.
    dtypes : tuple of type
        The precisions in which NumPy has it.
    """

    operation: Operation
    call: Callable[..., Any]
    reference: Callable[..., Any]
    shapes: tuple[Shape, ...]
    domain: str | tuple[str, ...] = "real"
    edge: Callable[..., Any] = _nowhere
    terms: float | Callable[..., float] = 0.0
    dtypes: tuple[type, ...] = DTYPES

    @property
    def domains(self) -> tuple[str, ...]:
        """Of each input."""
        return (self.domain,) * len(self.shapes) if isinstance(self.domain, str) else self.domain


def _any_zero(*arrays: np.ndarray) -> bool:
    return any(bool((a == 0).any()) for a in arrays)


def _tied(x: np.ndarray) -> bool:
    ordered = np.sort(x, axis=1)
    return bool((np.diff(ordered, axis=1) == 0).any())


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((a == b).any())


def _at_bound(x: np.ndarray) -> bool:
    return bool((np.abs(x) == BOUND).any())


def _all_zero(x: np.ndarray) -> bool:
    return not x.any()


def _no_spread(x: np.ndarray) -> bool:
    """Whether the variance is 0, or has no place among the floats of this precision."""
    with np.errstate(all="ignore"):
        return not np.finfo(x.dtype).tiny < np.var(x) < np.inf


def _many_turns(x: np.ndarray) -> bool:
    """Whether the rounding of an angle, or of π, is seen in its sine."""
    return bool((np.abs(x) > 1).any())


def _below_cut(p: np.ndarray, *others: np.ndarray) -> bool:
    """Whether a probability is so small that the operation takes a larger one."""
    if p.dtype == np.float16:
        return bool((p <= 2.0**-13).any())
    smallest = np.finfo(np.float32 if p.dtype == np.float32 else np.float64).tiny
    return bool((p < 2048 * smallest).any())


def _uncertain(p: np.ndarray, y: np.ndarray) -> bool:
    """Whether a probability or what it leaves to 1 is cut."""
    return _below_cut(p) or _below_cut(1 - p)


def _at_end(x: np.ndarray) -> bool:
    return bool((np.abs(x) >= 1).any())


def _at_one(x: np.ndarray) -> bool:
    return bool((x <= 1).any())


def _both_zero(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(((a == 0) & (b == 0)).any())


def _multiples(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether something is divided without a rest, or by 0."""
    return _any_zero(b) or bool((np.fmod(a, b) == 0).any())


def _as_long(x: np.ndarray) -> bool:
    """Whether two singular values are so near to each other, or one to 0, that their vectors lose digits."""
    first, second = np.linalg.svd(x.astype(np.float64), compute_uv=False)
    return bool(second >= first * 5 / 6 or second <= first / 16)  # a matrix of zeros, too


def _beside_targets(z: np.ndarray, y: np.ndarray) -> float:
    """Of softmax(z) Σ y - y, the targets may be much larger than the difference."""
    return float(4 * max(1.0, np.abs(y).max()))


PLACES = ((slice(None), 0), (1, slice(1, 3)))
MASK = np.array([[True], [False]])
ROWS = np.array([0, 1, 1])
ROW = np.array([[1, 0, 1]])
SOLVED = (np.float32, np.float64)  # for which NumPy has linear algebra
M = (2, 3)
COLUMNS, BY_COLUMN = np.array([2, 0]), (slice(None), lookups.GIVEN)


def _put_back(x: np.ndarray) -> np.ndarray:
    whole = np.zeros((2, 4), x.dtype)
    whole[:, COLUMNS] = x
    return whole


SINGLE = (
    Use(ops.above_zero, ops.above_zero, lambda p: p, (M,), "probability", _below_cut),
    Use(ops.abs, ops.abs, references.absolute, (M,), edge=_any_zero),
    Use(ops.accumulate, lambda a, b, c: ops.accumulate([a, b, c]), lambda a, b, c: a + b + c, (M, M, M)),
    Use(ops.add, ops.add, np.add, (M, (2, 1))),
    Use(ops.arccos, ops.arccos, references.arccos, (M,), "unit", _at_end),
    Use(ops.arccosh, ops.arccosh, references.arccosh, (M,), "above one", _at_one),
    Use(ops.arcsin, ops.arcsin, references.arcsin, (M,), "unit", _at_end),
    Use(ops.arcsinh, ops.arcsinh, references.arcsinh, (M,)),
    Use(ops.arctan, ops.arctan, references.arctan, (M,)),
    Use(ops.arctan2, ops.arctan2, references.arctan2, (M, (2, 1)), edge=_both_zero),
    Use(ops.arctanh, ops.arctanh, references.arctanh, (M,), "unit", _at_end),
    Use(ops.as_finite, ops.as_finite, lambda x: x, (M,)),
    Use(ops.as_float, lambda x: ops.as_float(x, dtype=x.dtype.name), lambda x: x, (M,)),
    Use(ops.assign, lambda x, a, b: ops.assign([x, a, b], indices=PLACES, visible=indexing.visibility(M, PLACES)),
        references.assigned, (M, (2,), (2,))),
    Use(ops.binary_cross_entropy, ops.binary_cross_entropy, references.binary_cross_entropy, (M, M), "probability",
        _uncertain, 1.0),
    Use(ops.binary_cross_entropy_from_logits, ops.binary_cross_entropy_from_logits,
        references.binary_cross_entropy_from_logits, (M, M), terms=1.0),
    Use(ops.broadcast_to, lambda x: ops.broadcast_to(x, M), lambda x: np.broadcast_to(x, M), ((2, 1),)),
    Use(ops.categorical_cross_entropy, ops.categorical_cross_entropy, lambda p, y: -np.sum(y * np.log(p), axis=0),
        (M, M), "probability", _below_cut),
    Use(ops.categorical_cross_entropy_from_logits, ops.categorical_cross_entropy_from_logits,
        lambda z, y: -np.sum(y * references.log_softmax(z), axis=0), (M, M), terms=_beside_targets),
    Use(ops.cbrt, ops.cbrt, references.cbrt, (M,), edge=_any_zero),
    Use(ops.cholesky, ops.cholesky, references.cholesky, ((3, 3),), "definite", dtypes=SOLVED),
    Use(ops.clip, lambda x: ops.clip(x, -BOUND, BOUND),
        lambda x: np.where(np.abs(x.real) < BOUND, x, BOUND * np.sign(x.real)), (M,), edge=_at_bound),
    Use(ops.concatenate, lambda a, b: ops.concatenate([a, b], axis=0), lambda a, b: np.concatenate([a, b]),
        ((2, 2), (1, 2))),
    Use(ops.cos, ops.cos, np.cos, (M,)),
    Use(ops.cosh, ops.cosh, references.cosh, (M,)),
    Use(ops.cumsum, lambda x: ops.cumsum(x, axis=1), lambda x: np.cumsum(x, axis=1), (M,)),
    Use(ops.det, ops.det, references.determinant, ((3, 3),), "regular", dtypes=SOLVED),
    Use(ops.divide, ops.divide, np.divide, (M, (2, 1)), edge=lambda a, b: _any_zero(b)),
    Use(ops.exp, ops.exp, np.exp, (M,)),
    Use(ops.expand_dims, lambda x: ops.expand_dims(x, 1), lambda x: np.expand_dims(x, 1), (M,)),
    Use(ops.expm1, ops.expm1, references.expm1, (M,), terms=1.0),
    Use(ops.flip, lambda x: ops.flip(x, 1), lambda x: np.flip(x, 1), (M,)),
    Use(ops.hypot, ops.hypot, references.hypot, (M, (2, 1)), edge=_both_zero),
    Use(ops.identity, ops.identity, lambda x: x, (M,)),
    Use(ops.inv, ops.inv, references.inverse, ((2, 2),), "regular", dtypes=SOLVED),
    Use(ops.log, ops.log, np.log, (M,), "positive", _any_zero),
    Use(ops.log1p, ops.log1p, references.log1p, (M,), "positive"),
    Use(ops.logabsdet, ops.logabsdet, references.logabsdet, ((3, 3),), "regular", dtypes=SOLVED),
    Use(ops.logaddexp, ops.logaddexp, references.logaddexp, (M, (2, 1))),
    Use(ops.log_softmax, ops.log_softmax, references.log_softmax, ((3, 2),), terms=3.0),
    Use(ops.logsumexp, lambda x: ops.logsumexp(x, axis=0), references.logsumexp, ((3, 2),)),
    Use(lookups.look_up, lambda x: lookups.look_up([x, COLUMNS], at=BY_COLUMN), lambda x: x[:, COLUMNS], (M,)),
    Use(ops.matmul, ops.matmul, lambda a, b: np.sum(a[:, :, None] * b[None], axis=1), (M, (3, 2))),
    Use(ops.matmul, ops.matmul, lambda a, b: np.sum(a[:, None] * b, axis=0), ((3,), (3, 2))),
    Use(ops.max, lambda x: ops.max(x, axis=1), lambda x: references.largest(x, 1), (M,), edge=_tied),
    Use(ops.maximum, ops.maximum, references.larger, (M, M), edge=_alike),
    Use(ops.mean, lambda x: ops.mean(x, axis=0), lambda x: np.sum(x, axis=0) / 2, (M,)),
    Use(ops.min, lambda x: ops.min(x, axis=1), lambda x: references.smallest(x, 1), (M,), edge=_tied),
    Use(ops.minimum, ops.minimum, references.smaller, (M, M), edge=_alike),
    Use(ops.moveaxis, lambda x: ops.moveaxis(x, 0, 2), lambda x: np.moveaxis(x, 0, 2), ((2, 1, 3),)),
    Use(ops.multiply, ops.multiply, np.multiply, (M, (2, 1))),
    Use(ops.negative, ops.negative, np.negative, (M,)),
    Use(ops.norm, ops.norm, references.norm, (M,), edge=_all_zero),
    Use(ops.outer, ops.outer, lambda a, b: a[:, None] * b, ((3,), (2,))),
    Use(ops.pick, lambda x: ops.pick(x, ROW, axis=0), lambda x: np.take_along_axis(x, ROW, 0), (M,)),
    Use(ops.power, ops.power, lambda a, b: np.exp(b * np.log(a)), (M, M), "positive", lambda a, b: _any_zero(a)),
    Use(ops.power, lambda x: ops.power(x, 3), lambda x: x * x * x, (M,)),
    Use(ops.power, lambda x: ops.power(x, 0.5), np.sqrt, (M,), "positive", _any_zero),
    Use(ops.prod, lambda x: ops.prod(x, axis=1), lambda x: x[:, 0] * x[:, 1] * x[:, 2], (M,)),
    Use(lookups.put_back, lambda x: lookups.put_back([x, COLUMNS], at=BY_COLUMN, shape=(2, 4)), _put_back, ((2, 2),)),
    Use(ops.relu, ops.relu, lambda x: np.where(x.real > 0, x, 0), (M,), edge=_any_zero),
    Use(ops.reshape, lambda x: ops.reshape(x, (3, 2)), lambda x: np.reshape(x, (3, 2)), (M,)),
    Use(ops.scatter, lambda a, b: ops.scatter([a, b], indices=((slice(None), 1), (0, slice(0, 2))), shape=M),
        references.scattered, ((2,), (2,))),
    Use(ops.sigmoid, ops.sigmoid, references.sigmoid, (M,), terms=1.0),
    Use(ops.sin, ops.sin, np.sin, (M,)),
    Use(ops.sinh, ops.sinh, references.sinh, (M,)),
    Use(ops.softmax, ops.softmax, references.softmax, ((3, 2),), terms=1.0),
    Use(ops.softplus, ops.softplus, references.softplus, (M,)),
    Use(ops.solve_columns, ops.solve_columns, references.solved, ((2, 2), M), ("regular", "real"),
        dtypes=SOLVED),
    Use(ops.spread, lambda x: ops.spread(x, ROW, axis=1, length=2), references.spread, ((1, 3),)),
    Use(ops.sqrt, ops.sqrt, np.sqrt, (M,), "positive", _any_zero),
    Use(ops.square, ops.square, lambda x: x * x, (M,)),
    Use(ops.squeeze, ops.squeeze, np.squeeze, ((2, 1, 3),)),
    Use(ops.stack, lambda a, b: ops.stack([a, b], axis=1), lambda a, b: np.stack([a, b], axis=1), ((2,), (2,))),
    Use(ops.subtract, ops.subtract, np.subtract, (M, (1, 3))),
    Use(ops.sum, lambda x: ops.sum(x, axis=1), lambda x: np.sum(x, axis=1), (M,)),
    Use(ops.swapaxes, lambda x: ops.swapaxes(x, 0, 1), lambda x: np.swapaxes(x, 0, 1), (M,)),
    Use(ops.tan, ops.tan, references.tan, (M,)),
    Use(ops.tanh, ops.tanh, references.tanh, (M,), terms=1.0),
    Use(ops.transpose, lambda x: ops.transpose(x), np.transpose, (M,)),
    Use(ops.where, lambda a, b: ops.where(MASK, a, b), lambda a, b: np.where(MASK, a, b), (M, M)),
    Use(indexing._getitem, lambda x: ops.getitem(x, (slice(None), slice(1, 3))), lambda x: x[:, 1:3], (M,)),
    Use(indexing._getitem, lambda x: ops.getitem(x, ROWS), lambda x: x[ROWS], (M,)),
    Use(linear._einsum, lambda a, b: ops.einsum("ij,kj->ik", a, b),
        lambda a, b: np.sum(a[:, None] * b[None], axis=2), (M, M)),
)  # fmt: skip

SEVERAL = (  # by NumPy's functions; most are made of several operations, of which one is named here
    Use(ops.sum, lambda x: ops.sum(x - ops.mean(x)), lambda x: np.sum(x - np.mean(x)), (M,), terms=2.0),
    Use(ops.softmax, lambda x: ops.sum(ops.softmax(x)), lambda x: np.sum(references.softmax(x)), ((3, 1),), terms=2.0),
    Use(ops.mean, lambda x: ops.var(x), lambda x: np.mean((x - np.mean(x)) ** 2), (M,)),
    Use(ops.norm, ops.std, lambda x: np.sqrt(np.mean((x - np.mean(x)) ** 2)), (M,), edge=_no_spread),
    Use(ops.pick, lambda x: np.sort(x, 1), references.sort, (M,), edge=_tied),
    Use(ops.remainder, np.remainder, lambda a, b: a - b * np.floor(a.real / b.real), (M, (2, 1)), edge=_multiples),
    Use(ops.stack, lambda x: np.cumprod(x, 1), lambda x: np.cumprod(x, axis=1), (M,)),
    Use(ops.sin, np.sinc, references.sinc, (M,), edge=_many_turns, terms=1.0,
        dtypes=DTYPES[:3]),
)  # fmt: skip

MATRICES = (
    Use(ops.adjugate, ops.adjugate, references.adjugate, ((3, 3),), "regular", dtypes=SOLVED),
    Use(ops.dyads, ops.dyads, references.dyads, ((2, 2),), "regular", _as_long, dtypes=SOLVED),
    Use(ops.from_singular, ops.from_singular, references.from_singular, ((2,), (2, 2)), ("real", "regular"),
        lambda w, x: _as_long(x), dtypes=SOLVED),
    Use(ops.singular_values, ops.singular_values, references.singular_values, ((2, 2),), "regular", _as_long,
        dtypes=SOLVED),
)  # fmt: skip

USES = (*SINGLE, *SEVERAL, *MATRICES)


def numbered(uses: Iterable[Use]) -> Iterator[tuple[int, Use]]:
    """Each use, and how many of the same operation stand before it."""
    seen: Counter[Operation] = Counter()
    for use in uses:
        yield seen[use.operation], use
        seen[use.operation] += 1
