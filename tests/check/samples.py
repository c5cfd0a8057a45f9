"""For every differentiable operation, calls that hide no mistake: generic numbers, broadcasting, unequal sizes."""

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.operations import indexing, linear, lookups

RNG = np.random.default_rng(20)


def normal(*shape):
    return RNG.normal(size=shape)


def positive(*shape):
    return RNG.uniform(0.3, 2.5, shape)


def probability(*shape):
    return RNG.uniform(0.1, 0.9, shape)


def nonzero(*shape):
    return RNG.uniform(0.4, 2.0, shape) * RNG.choice([-1.0, 1.0], shape)


def mixed(*shape):
    """Both signs, far from 0, and both sides of ±0.8."""
    return np.resize([-1.3, 0.5, 1.1, -0.4, 0.9, -0.6], shape) + RNG.uniform(-0.05, 0.05, shape)


def regular(*shape):
    return RNG.uniform(-0.4, 0.4, shape) + np.eye(shape[-1]) * np.resize([1.5, -1.2], shape[-1])


def apart(*shape):
    """Matrices whose singular values differ, none of them 0."""
    return RNG.uniform(-0.4, 0.4, shape) + np.eye(*shape) * np.resize([1.5, -3.0], shape[-1])


def definite(n):
    return (lambda a: a @ a.T + np.eye(n))(RNG.uniform(-0.5, 0.5, (n, n)))


ROWS = np.array([[0.3, -1.2, 0.7], [2.1, -0.4, 1.5]])

# operation: calls, each a function and the arrays that it is given as leaves that require a gradient
SAMPLES = {
    ops.above_zero: [(ops.above_zero, [positive(2, 3)])],
    ops.abs: [(ops.abs, [mixed(2, 3)])],
    ops.accumulate: [(lambda a, b, c: ops.accumulate([a, b, c]), [normal(2, 3), normal(2, 3), normal(2, 3)])],
    ops.add: [(ops.add, [normal(2, 3), normal(2, 1)]), (ops.add, [normal(3), normal(2, 3)])],
    ops.arccos: [(ops.arccos, [RNG.uniform(-0.8, 0.8, (2, 3))])],
    ops.arccosh: [(ops.arccosh, [1 + positive(2, 3)])],
    ops.arcsin: [(ops.arcsin, [RNG.uniform(-0.8, 0.8, (2, 3))])],
    ops.arcsinh: [(ops.arcsinh, [normal(2, 3)])],
    ops.arctan: [(ops.arctan, [normal(2, 3)])],
    ops.arctan2: [(ops.arctan2, [nonzero(2, 3), nonzero(2, 1)])],
    ops.arctanh: [(ops.arctanh, [RNG.uniform(-0.8, 0.8, (2, 3))])],
    ops.as_float: [(lambda x: ops.as_float(x, dtype="float64"), [normal(2, 3)])],
    ops.assign: [
        (lambda x, a, b: ops.assign(
            [x, a, b], indices=((slice(None), 0), (1, slice(1, 3))),
            visible=indexing.visibility((2, 3), ((slice(None), 0), (1, slice(1, 3)))),
        ), [normal(2, 3), normal(2), normal(2)]),
        (lambda x, a, b: ops.assign(
            [x, a, b], indices=((slice(None),), (0,)), visible=indexing.visibility((2, 3), ((slice(None),), (0,)))
        ), [normal(2, 3), normal(2, 1), normal(3)]),
        (lambda x, a: ops.assign(
            [x, a], indices=((1, 2),), visible=indexing.visibility((2, 3), ((1, 2),))
        ), [ROWS, np.array(-0.8)]),
    ],
    ops.binary_cross_entropy: [(ops.binary_cross_entropy, [probability(2, 3), probability(2, 3)])],
    ops.binary_cross_entropy_from_logits: [
        (ops.binary_cross_entropy_from_logits, [normal(2, 3), probability(2, 3)])
    ],
    ops.broadcast_to: [(lambda x: ops.broadcast_to(x, (2, 3)), [normal(2, 1)])],
    ops.categorical_cross_entropy: [(ops.categorical_cross_entropy, [probability(3, 2), probability(3, 2)])],
    ops.categorical_cross_entropy_from_logits: [
        (ops.categorical_cross_entropy_from_logits, [normal(3, 2), probability(3, 2)])
    ],
    ops.cbrt: [(ops.cbrt, [nonzero(2, 3)])],
    ops.cholesky: [(ops.cholesky, [definite(3)])],
    ops.clip: [(lambda x: ops.clip(x, -0.8, 0.8), [mixed(2, 3)])],
    ops.concatenate: [(lambda a, b: ops.concatenate([a, b], axis=0), [normal(2, 2), normal(1, 2)])],
    ops.cos: [(ops.cos, [normal(2, 3)])],
    ops.cosh: [(ops.cosh, [normal(2, 3)])],
    ops.cumsum: [(lambda x: ops.cumsum(x, axis=1), [normal(2, 3)]), (ops.cumsum, [normal(2, 2)])],
    ops.det: [(ops.det, [regular(3, 3)])],
    ops.divide: [(ops.divide, [normal(2, 3), nonzero(2, 1)])],
    ops.exp: [(ops.exp, [normal(2, 3)])],
    ops.expand_dims: [(lambda x: ops.expand_dims(x, 1), [normal(2, 3)])],
    ops.expm1: [(ops.expm1, [normal(2, 3)])],
    ops.flip: [(lambda x: ops.flip(x, 1), [normal(2, 3)])],
    ops.hypot: [(ops.hypot, [nonzero(2, 3), normal(2, 1)])],
    ops.inv: [(ops.inv, [regular(2, 2)])],
    ops.identity: [(ops.identity, [normal(2, 3)])],
    ops.log: [(ops.log, [positive(2, 3)])],
    ops.log1p: [(ops.log1p, [positive(2, 3)])],
    ops.logabsdet: [(ops.logabsdet, [regular(3, 3)])],
    ops.logaddexp: [(ops.logaddexp, [normal(2, 3), normal(2, 1)])],
    ops.log_softmax: [(ops.log_softmax, [normal(3, 2)])],
    ops.logsumexp: [(lambda x: ops.logsumexp(x, axis=0), [normal(3, 2)])],
    ops.matmul: [
        (ops.matmul, [normal(2, 3), normal(3, 2)]), (ops.matmul, [normal(3), normal(3, 2)]),
        (ops.matmul, [normal(2, 3), normal(3)]), (ops.matmul, [normal(2, 2), normal(2, 2)]),
    ],
    ops.max: [(lambda x: ops.max(x, axis=1), [normal(2, 3)])],
    ops.maximum: [(ops.maximum, [mixed(2, 3), normal(2, 3)]), (ops.maximum, [mixed(2, 3), normal(2, 1)])],
    ops.mean: [(lambda x: ops.mean(x, axis=0), [normal(2, 3)])],
    ops.min: [(lambda x: ops.min(x, axis=1), [normal(2, 3)])],
    ops.minimum: [(ops.minimum, [mixed(2, 3), normal(2, 3)])],
    ops.moveaxis: [(lambda x: ops.moveaxis(x, 0, 2), [normal(2, 1, 3)])],
    ops.multiply: [(ops.multiply, [normal(2, 3), normal(2, 3)]), (ops.multiply, [normal(2, 1), normal(2, 3)])],
    ops.negative: [(ops.negative, [normal(2, 3)])],
    ops.norm: [(ops.norm, [normal(2, 3)])],
    ops.outer: [(ops.outer, [normal(3), normal(2)])],
    ops.pick: [(lambda x: ops.pick(x, np.array([[1, 0, 1]]), axis=0), [normal(2, 3)])],
    ops.power: [
        (ops.power, [positive(2, 3), nonzero(2, 3)]), (lambda x: ops.power(x, 3), [normal(2, 3)]),
        (lambda x: ops.power(x, 0.5), [positive(2, 3)]),
    ],
    ops.prod: [(lambda x: ops.prod(x, axis=1), [nonzero(2, 3)])],
    ops.relu: [(ops.relu, [mixed(2, 3)])],
    ops.reshape: [(lambda x: ops.reshape(x, (3, 2)), [normal(2, 3)])],
    ops.scatter: [
        (lambda a, b: ops.scatter([a, b], indices=((slice(None), 1), (0, slice(0, 2))), shape=(2, 3)),
         [normal(2), normal(2)]),
    ],
    ops.sigmoid: [(ops.sigmoid, [normal(2, 3)])],
    ops.sin: [(ops.sin, [normal(2, 3)])],
    ops.sinh: [(ops.sinh, [normal(2, 3)])],
    ops.softmax: [(ops.softmax, [normal(3, 2)])],
    ops.softplus: [(ops.softplus, [normal(2, 3)])],
    ops.solve_columns: [(ops.solve_columns, [regular(2, 2), normal(2, 3)])],
    ops.spread: [(lambda x: ops.spread(x, np.array([[1, 0, 1]]), axis=1, length=2), [normal(1, 3)])],
    ops.sqrt: [(ops.sqrt, [positive(2, 3)])],
    ops.square: [(ops.square, [normal(2, 3)])],
    ops.squeeze: [(ops.squeeze, [normal(2, 1, 3)])],
    ops.stack: [(lambda a, b: ops.stack([a, b], axis=1), [normal(2), normal(2)])],
    ops.subtract: [(ops.subtract, [normal(2, 3), normal(1, 3)])],
    ops.sum: [(lambda x: ops.sum(x, axis=1), [normal(2, 3)])],
    ops.swapaxes: [(lambda x: ops.swapaxes(x, 0, 1), [normal(2, 3)])],
    ops.tan: [(ops.tan, [RNG.uniform(-0.9, 0.9, (2, 3))])],
    ops.tanh: [(ops.tanh, [normal(2, 3)])],
    ops.transpose: [(lambda x: ops.transpose(x), [normal(2, 3)])],
    ops.where: [
        (lambda a, b: ops.where(np.array([[True], [False]]), a, b), [normal(2, 3), normal(2, 3)]),
        (lambda a, b: ops.where(np.array([[True, False, True]]), a, b), [normal(2, 1), normal(2, 3)]),
    ],
    indexing._getitem: [
        (lambda x: ops.getitem(x, (slice(None), slice(1, 3))), [normal(2, 3)]),
        (lambda x: ops.getitem(x, np.array([0, 1, 1])), [normal(2, 3)]),
    ],
    linear._einsum: [(lambda a, b: ops.einsum("ij,kj->ik", a, b), [normal(2, 3), normal(2, 3)])],
    ops.adjugate: [(ops.adjugate, [regular(3, 3)])],
    ops.dyads: [(ops.dyads, [apart(3, 2)])],
    ops.from_singular: [(ops.from_singular, [normal(2), apart(2, 3)])],
    ops.remainder: [
        (ops.remainder, [5 * nonzero(2, 3), nonzero(2, 1)]),
        (lambda a, b: ops.remainder(a, b, truncated=True), [5 * nonzero(2, 3), nonzero(2, 3)]),
    ],
    ops.singular_values: [(ops.singular_values, [apart(2, 3)])],
    ops.as_finite: [(ops.as_finite, [ROWS])],
    lookups.look_up: [
        (lambda x: lookups.look_up([x, np.array([2, 0])], at=(slice(None), lookups.GIVEN)), [ROWS]),
        (lambda x: lookups.look_up([x, np.array([1, 1])], at=(lookups.GIVEN,)), [ROWS.T]),
    ],
    lookups.put_back: [
        (lambda x: lookups.put_back(
            [x, np.array([2, 0])], at=(slice(None), lookups.GIVEN), shape=(2, 4)
        ), [ROWS[:, :2]]),
        (lambda x, y: lookups.put_back(
            [x, y, np.array([1, 1]), np.array([0, 2])], at=(lookups.GIVEN,), shape=(3, 2)
        ), [ROWS[:, :2], ROWS[:, 1:]]),
    ],
}  # fmt: skip
