"""For every operation, where to try it: shapes, axes, indices and settings drawn by Hypothesis, numbers at random.

Numbers stay away from where a function has no derivative; those places have tests of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_seq.operations as ops
from autograd_seq.core.part import is_basic
from autograd_seq.operations import indexing, linear, lookups


@dataclass
class Case:
    """A call of tensors, and arrays to call it with."""

    call: Callable[..., Any]
    arrays: list[np.ndarray]
    words: str
    seed: int

    def __repr__(self):
        return f"{self.words} on {[a.shape for a in self.arrays]}, seed {self.seed}"


def normal(rng, shape):
    return rng.normal(size=shape)


def positive(rng, shape):
    return rng.uniform(0.2, 3.0, shape)


def probability(rng, shape):
    return rng.uniform(0.05, 0.95, shape)


def nonzero(rng, shape):
    return rng.uniform(0.3, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def truth(rng, shape):
    return rng.random(shape) < 0.5


def small_integers(rng, shape):
    return rng.integers(-1, 2, shape).astype(float)


def near_zero(rng, shape):
    return rng.uniform(-0.9, 0.9, shape)


def above_one(rng, shape):
    return rng.uniform(1.2, 3.0, shape)


def regular(rng, shape):
    """Matrices far from singular, and symmetric in no way."""
    return rng.uniform(-0.4, 0.4, shape) + np.eye(shape[-1]) * rng.choice([-1.5, 1.5], shape[-1])


def definite(rng, shape):
    factor = rng.uniform(-0.5, 0.5, shape)
    return factor @ np.swapaxes(factor, -1, -2) + np.eye(shape[-1])


def well_apart(rng, shape):
    """Matrices whose singular values are far from each other and from 0."""
    rows, columns = shape[-2:]
    u = np.linalg.qr(rng.normal(size=(*shape[:-2], rows, rows)))[0]
    v = np.linalg.qr(rng.normal(size=(*shape[:-2], columns, columns)))[0]
    values = np.zeros((rows, columns))
    np.fill_diagonal(values, [0.7, 1.6, 3.1])
    return u @ values @ v


SEEDS = st.integers(0, 2**32 - 1)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=3)
SOME_AXES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)


def case(draw, words, call, shapes, domains=normal):
    seed = draw(SEEDS)
    rng = np.random.default_rng(seed)
    if not isinstance(domains, (list, tuple)):
        domains = [domains] * len(shapes)
    return Case(call, [np.asarray(d(rng, s)) for d, s in zip(domains, shapes, strict=True)], words, seed)


@st.composite
def unary(draw, function, domain=normal, shapes=SHAPES):
    return case(draw, function.name if hasattr(function, "name") else "", function, [draw(shapes)], domain)


@st.composite
def broadcasting(draw, function, *domains):
    shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=len(domains), max_dims=3, max_side=3)).input_shapes
    return case(draw, function.name, function, shapes, domains)


@st.composite
def one_shape(draw, function, *domains, axes=False):
    shape = draw(SOME_AXES if axes else SHAPES)
    axis = draw(st.integers(-len(shape), len(shape) - 1)) if axes else None
    call = (lambda *x: function(*x, axis=axis)) if axes else function
    return case(draw, f"{function.name}(axis={axis})", call, [shape] * len(domains), domains)


@st.composite
def reduction(draw, function, domain=normal, single=False, shapes=SHAPES):
    shape = draw(shapes)
    keepdims = draw(st.booleans())
    axis = draw(st.none())
    if shape:
        one = st.integers(-len(shape), len(shape) - 1)
        several = hnp.valid_tuple_axes(len(shape), min_size=1)
        axis = draw(st.one_of(st.none(), one) if single else st.one_of(st.none(), one, several))
    words = f"{getattr(function, 'name', function)}(axis={axis}, keepdims={keepdims})"
    return case(draw, words, lambda x: function(x, axis=axis, keepdims=keepdims), [shape], domain)


@st.composite
def running(draw):
    shape = draw(SHAPES)
    axis = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1))) if shape else None
    return case(draw, f"cumsum(axis={axis})", lambda x: ops.cumsum(x, axis=axis), [shape])


@st.composite
def reshaped(draw):
    shape = draw(SHAPES)
    size = int(np.prod(shape, dtype=int))
    new = draw(st.sampled_from([-1, (size,), (1, size), (-1, 1), tuple(reversed(shape)), (size, 1, 1)]))
    return case(draw, f"reshape({new})", lambda x: ops.reshape(x, new), [shape])


@st.composite
def transposed(draw):
    shape = draw(SHAPES)
    axes = draw(st.one_of(st.none(), st.permutations(range(len(shape))).map(tuple)))
    if axes and draw(st.booleans()):
        axes = tuple(a - len(shape) for a in axes)
    return case(draw, f"transpose({axes})", lambda x: ops.transpose(x, axes), [shape])


@st.composite
def two_axes(draw, function):
    shape = draw(SOME_AXES)
    one = st.integers(-len(shape), len(shape) - 1)
    a, b = draw(one), draw(one)
    return case(draw, f"{function.name}({a}, {b})", lambda x: function(x, a, b), [shape])


@st.composite
def moved(draw):
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=3, max_side=3))
    a, b = draw(st.permutations(range(len(shape)))), draw(st.permutations(range(len(shape))))
    source, place = tuple(a[:2]), tuple(b[:2])
    return case(draw, f"moveaxis({source}, {place})", lambda x: ops.moveaxis(x, source, place), [shape])


@st.composite
def squeezed(draw):
    shape = draw(SHAPES)
    ones = [i for i, n in enumerate(shape) if n == 1]
    axis = draw(st.sampled_from([None, *ones, tuple(ones), *(i - len(shape) for i in ones)]))
    return case(draw, f"squeeze({axis})", lambda x: ops.squeeze(x, axis=axis), [shape])


@st.composite
def expanded(draw):
    shape = draw(SHAPES)
    axis = draw(st.one_of(st.integers(-len(shape) - 1, len(shape)), st.just((0, -1))))
    return case(draw, f"expand_dims({axis})", lambda x: ops.expand_dims(x, axis), [shape])


@st.composite
def enlarged(draw):
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
    shape, whole = drawn.input_shapes[0], drawn.result_shape
    return case(draw, f"broadcast_to({whole})", lambda x: ops.broadcast_to(x, whole), [shape])


@st.composite
def joined(draw, function, new_axis):
    shape = draw(SHAPES if new_axis else SOME_AXES)
    n = len(shape) + new_axis
    axis = draw(st.integers(-n, n - 1))
    shapes = [shape] * draw(st.integers(1, 3))
    if not new_axis:
        if draw(st.integers(0, 4)) == 0:
            axis = None
        else:
            shapes = [tuple(draw(st.integers(0, 3)) if i == axis % n else s for i, s in enumerate(x)) for x in shapes]
    return case(draw, f"{function.name}(axis={axis})", lambda *x: function(x, axis=axis), shapes)


@st.composite
def several(draw, function):
    shapes = [draw(SHAPES)] * draw(st.integers(1, 4))
    return case(draw, function.name, lambda *x: function(x), shapes)


@st.composite
def flipped(draw):
    shape = draw(SOME_AXES)
    axis = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1), hnp.valid_tuple_axes(len(shape))))
    return case(draw, f"flip({axis})", lambda x: ops.flip(x, axis), [shape])


@st.composite
def product(draw):
    signature = np.matmul.signature
    drawn = draw(hnp.mutually_broadcastable_shapes(signature=signature, max_dims=2, max_side=3))
    return case(draw, "matmul", ops.matmul, drawn.input_shapes)


@st.composite
def dotted(draw):
    inner = draw(st.integers(1, 3))
    before = draw(st.one_of(st.none(), hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)))
    after = draw(st.one_of(st.none(), hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)))
    left = () if before is None else (*before, inner)
    right = () if after is None else (*after[:-1], inner, *after[-1:])
    return case(draw, "dot", ops.dot, [left, right])


@st.composite
def outer_product(draw):
    return case(draw, "outer", ops.outer, [draw(SHAPES), draw(SHAPES)])


@st.composite
def einstein(draw):
    """Any terms over four letters: letters that repeat in one term, stand in one term only, or vanish."""
    sizes = dict(zip("abcd", draw(st.tuples(*[st.integers(1, 3)] * 4)), strict=True))
    terms = draw(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    output = "".join(draw(st.lists(st.sampled_from(used), unique=True, max_size=3))) if used else ""
    text = ",".join(terms) + ("->" + output if draw(st.integers(0, 3)) else "")
    shapes = [tuple(sizes[letter] for letter in term) for term in terms]
    return case(draw, f"einsum({text!r})", lambda *x: ops.einsum(text, *x), shapes)


@st.composite
def index_into(draw, shape, may_repeat=True):
    kinds = [hnp.basic_indices(shape, allow_newaxis=True)]
    if shape and may_repeat:
        kinds.append(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3)))
        kinds.append(hnp.arrays(bool, shape))
        rows = st.lists(st.integers(-shape[0], shape[0] - 1), max_size=3)
        kinds.append(rows)
        if len(shape) > 1:
            kinds.append(st.tuples(st.just(slice(None, None, -1)), hnp.arrays(bool, shape[1])))
            kinds.append(st.tuples(st.integers(0, shape[0] - 1), hnp.arrays(np.intp, 2, elements=st.just(0))))
    return draw(st.one_of(kinds))


@st.composite
def indexed(draw):
    shape = draw(SHAPES)
    index = draw(index_into(shape))
    return case(draw, f"getitem[{index}]", lambda x: ops.getitem(x, index), [shape])


def parts(draw, shape, k):
    indices = tuple(indexing.fixed(draw(index_into(shape))) for _ in range(k))
    return indices, [np.empty(shape)[i].shape for i in indices]


@st.composite
def assigned(draw):
    shape = draw(SHAPES)
    indices, shapes = parts(draw, shape, draw(st.integers(1, 3)))
    stretched = []
    for index, s in zip(indices, shapes, strict=True):
        cut = draw(st.integers(0, len(s)))
        longer = (1, *s) if s and is_basic(index) else s  # NumPy allows it there
        stretched.append(draw(st.sampled_from([s, s[cut:], (1,) * len(s), longer])))
    visible = indexing.visibility(shape, indices)
    return case(
        draw, f"assign({indices})", lambda *x: ops.assign(x, indices=indices, visible=visible), [shape, *stretched]
    )


@st.composite
def scattered(draw):
    shape = draw(SHAPES)
    indices, shapes = parts(draw, shape, draw(st.integers(1, 3)))
    return case(draw, f"scatter({indices})", lambda *x: ops.scatter(x, indices=indices, shape=shape), shapes)


@st.composite
def taken(draw):
    shape = draw(SOME_AXES)
    axis = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1)))
    n = int(np.prod(shape)) if axis is None else shape[axis]
    indices = draw(hnp.arrays(np.intp, hnp.array_shapes(max_dims=2, max_side=3), elements=st.integers(-n, n - 1)))
    return case(draw, f"take({indices}, {axis})", lambda x: ops.take(x, indices, axis=axis), [shape])


@st.composite
def cut(draw):
    shape = draw(SOME_AXES)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    at = draw(st.one_of(st.just(shape[axis]), st.lists(st.integers(0, shape[axis]), max_size=2).map(sorted)))
    return case(
        draw, f"split({at}, {axis})",
        lambda x: ops.concatenate([p * (i + 2) for i, p in enumerate(ops.split(x, at, axis))], axis=axis), [shape],
    )  # fmt: skip


@st.composite
def clipped(draw):
    low, high = draw(st.sampled_from([(-0.5, 0.5), (None, 0.3), (-0.2, None), (-9.0, 9.0), (0.5, 0.5)]))
    return case(draw, f"clip({low}, {high})", lambda x: ops.clip(x, low, high), [draw(SHAPES)])


@st.composite
def integer_power(draw):
    n = draw(st.sampled_from([-2, -1, 0, 1, 2, 3.0]))
    return case(draw, f"power({n})", lambda x: ops.power(x, n), [draw(SHAPES)], nonzero)


@st.composite
def powers(draw):
    exponents = draw(hnp.arrays(float, st.just((2, 3)), elements=st.sampled_from([0.0, 1.0, 2.0, 3.0])))
    return case(draw, f"power({exponents})", lambda x: ops.power(x, exponents.astype(x.dtype)), [(2, 1)], nonzero)


@st.composite
def converted(draw, function, dtype):
    return case(draw, f"{function.name}({dtype})", lambda x: function(x, dtype=dtype), [draw(SHAPES)])


@st.composite
def logarithm_of_sum(draw):
    shape = draw(SOME_AXES)
    one = st.integers(-len(shape), len(shape) - 1)
    axis = draw(st.one_of(st.none(), one, hnp.valid_tuple_axes(len(shape), min_size=1)))
    keepdims = draw(st.booleans())
    return case(draw, f"logsumexp({axis}, {keepdims})", lambda x: ops.logsumexp(x, axis, keepdims), [shape])


@st.composite
def divided(draw, function):
    truncated = draw(st.booleans())
    shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes
    words = f"{function.name}(truncated={truncated})"
    return case(draw, words, lambda a, b: function(a, b, truncated=truncated), shapes, [normal, nonzero])


OBLONG = st.sampled_from([(1, 1), (1, 3), (2, 2), (3, 2), (2, 3), (2, 2, 2)])


@st.composite
def weighted_dyads(draw):
    shape = draw(OBLONG)
    weights = (*shape[:-2], min(shape[-2:]))
    return case(draw, "from_singular", ops.from_singular, [weights, shape], [normal, well_apart])


SQUARE = st.sampled_from([(1, 1), (2, 2), (3, 3), (2, 2, 2)])


@st.composite
def equations(draw):
    shape = draw(SQUARE)
    columns = draw(st.integers(1, 3))
    return case(draw, "solve_columns", ops.solve_columns, [shape, (*shape[:-1], columns)], [regular, normal])


@st.composite
def looked_up(draw, function):
    """An array, and integers for some of its axes."""
    shape = draw(SOME_AXES)
    which = draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)).filter(lambda some: some[0]))
    places = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3))
    at = tuple("given" if yes else slice(None) for yes in which)
    integers = [
        draw(hnp.arrays(np.intp, places, elements=st.integers(-n, n - 1))) for n, yes in zip(shape, which) if yes
    ]
    if function is lookups.look_up:
        return case(draw, f"look_up({at})", lambda x: function([x, *integers], at=at), [shape])
    steps = draw(st.integers(1, 2))
    piece = np.empty(shape)[lookups.index_of(at, integers)].shape
    every = [numbers for numbers in integers for _ in range(steps)]
    return case(
        draw, f"put_back({at})", lambda *x: function([*x, *every], at=at, shape=shape), [piece] * steps
    )


@st.composite
def along_places(draw, function, back=False):
    """An array and places along an axis of it, the same one for several at times."""
    shape = draw(SOME_AXES)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    count, length = draw(st.integers(1, 3)), shape[axis]
    chosen = tuple(count if i == axis % len(shape) else n for i, n in enumerate(shape))
    places = draw(hnp.arrays(np.intp, chosen, elements=st.integers(0, length - 1)))
    if back:
        return case(draw, f"spread({axis})", lambda x: function(x, places, axis=axis, length=length), [chosen])
    return case(draw, f"pick({axis})", lambda x: function(x, places, axis=axis), [shape])


@st.composite
def in_order(draw, function):
    shape = draw(SOME_AXES)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return case(draw, f"argsort({axis})", lambda x: function(x, axis=axis), [shape])


CASES: dict[Any, Any] = {
    ops.above_zero: unary(ops.above_zero, positive),
    ops.abs: unary(ops.abs),
    ops.accumulate: several(ops.accumulate),
    ops.as_finite: unary(ops.as_finite),
    ops.add: broadcasting(ops.add, normal, normal),
    ops.adjugate: unary(ops.adjugate, regular, SQUARE),
    ops.all: reduction(ops.all, truth),
    ops.any: reduction(ops.any, truth),
    ops.arccos: unary(ops.arccos, near_zero),
    ops.arccosh: unary(ops.arccosh, above_one),
    ops.arcsin: unary(ops.arcsin, near_zero),
    ops.arcsinh: unary(ops.arcsinh),
    ops.arctan: unary(ops.arctan),
    ops.arctan2: broadcasting(ops.arctan2, nonzero, nonzero),
    ops.arctanh: unary(ops.arctanh, near_zero),
    ops.argmax: reduction(ops.argmax, single=True),
    ops.argmin: reduction(ops.argmin, single=True),
    ops.argsort: in_order(ops.argsort),
    ops.as_float: converted(ops.as_float, "float64"),
    ops.as_integer: converted(ops.as_integer, "int64"),
    ops.assign: assigned(),
    ops.binary_cross_entropy: broadcasting(ops.binary_cross_entropy, probability, probability),
    ops.binary_cross_entropy_from_logits: broadcasting(ops.binary_cross_entropy_from_logits, normal, probability),
    ops.broadcast_to: enlarged(),
    ops.categorical_cross_entropy: one_shape(ops.categorical_cross_entropy, probability, probability, axes=True),
    ops.categorical_cross_entropy_from_logits: one_shape(
        ops.categorical_cross_entropy_from_logits, normal, probability, axes=True
    ),
    ops.cbrt: unary(ops.cbrt, nonzero),
    ops.cholesky: unary(ops.cholesky, definite, SQUARE),
    ops.clip: clipped(),
    ops.concatenate: joined(ops.concatenate, 0),
    ops.cos: unary(ops.cos),
    ops.cosh: unary(ops.cosh),
    ops.cumsum: running(),
    ops.det: unary(ops.det, regular, SQUARE),
    ops.divide: broadcasting(ops.divide, normal, nonzero),
    ops.dyads: unary(ops.dyads, well_apart, OBLONG),
    ops.equal: broadcasting(ops.equal, small_integers, small_integers),
    ops.exp: unary(ops.exp),
    ops.expand_dims: expanded(),
    ops.expm1: unary(ops.expm1),
    ops.flip: flipped(),
    ops.from_singular: weighted_dyads(),
    ops.greater: broadcasting(ops.greater, small_integers, small_integers),
    ops.greater_equal: broadcasting(ops.greater_equal, small_integers, small_integers),
    ops.hypot: broadcasting(ops.hypot, nonzero, normal),
    ops.identity: unary(ops.identity),
    ops.inv: unary(ops.inv, regular, SQUARE),
    ops.isfinite: unary(ops.isfinite),
    ops.isnan: unary(ops.isnan),
    ops.less: broadcasting(ops.less, small_integers, small_integers),
    ops.less_equal: broadcasting(ops.less_equal, small_integers, small_integers),
    ops.log: unary(ops.log, positive),
    ops.log1p: unary(ops.log1p, probability),
    ops.log_softmax: one_shape(ops.log_softmax, normal, axes=True),
    ops.logabsdet: unary(ops.logabsdet, regular, SQUARE),
    ops.logaddexp: broadcasting(ops.logaddexp, normal, normal),
    ops.logical_and: broadcasting(ops.logical_and, truth, truth),
    ops.logical_not: unary(ops.logical_not, truth),
    ops.logical_or: broadcasting(ops.logical_or, truth, truth),
    ops.logsumexp: logarithm_of_sum(),
    ops.matmul: product(),
    ops.max: reduction(ops.max),
    ops.maximum: broadcasting(ops.maximum, normal, normal),
    ops.mean: reduction(ops.mean),
    ops.min: reduction(ops.min),
    ops.minimum: broadcasting(ops.minimum, normal, normal),
    ops.moveaxis: moved(),
    ops.multiply: broadcasting(ops.multiply, normal, normal),
    ops.negative: unary(ops.negative),
    ops.norm: reduction(ops.norm),
    ops.not_equal: broadcasting(ops.not_equal, small_integers, small_integers),
    ops.outer: outer_product(),
    ops.pick: along_places(ops.pick),
    ops.power: st.one_of(broadcasting(ops.power, positive, normal), integer_power(), powers()),
    ops.prod: reduction(ops.prod),
    ops.relu: unary(ops.relu),
    ops.remainder: divided(ops.remainder),
    ops.reshape: reshaped(),
    ops.scatter: scattered(),
    lookups.look_up: looked_up(lookups.look_up),
    lookups.put_back: looked_up(lookups.put_back),
    ops.sigmoid: unary(ops.sigmoid),
    ops.sign: unary(ops.sign),
    ops.sin: unary(ops.sin),
    ops.singular_values: unary(ops.singular_values, well_apart, OBLONG),
    ops.sinh: unary(ops.sinh),
    ops.softmax: one_shape(ops.softmax, normal, axes=True),
    ops.softplus: unary(ops.softplus),
    ops.solve_columns: equations(),
    ops.spread: along_places(ops.spread, back=True),
    ops.sqrt: unary(ops.sqrt, positive),
    ops.square: unary(ops.square),
    ops.squeeze: squeezed(),
    ops.stack: joined(ops.stack, 1),
    ops.stop_gradient: unary(ops.stop_gradient),
    ops.subtract: broadcasting(ops.subtract, normal, normal),
    ops.sum: reduction(ops.sum),
    ops.swapaxes: two_axes(ops.swapaxes),
    ops.tan: unary(ops.tan, near_zero),
    ops.tanh: unary(ops.tanh),
    ops.transpose: transposed(),
    ops.where: broadcasting(ops.where, truth, normal, normal),
    ops.whole_quotient: divided(ops.whole_quotient),
    indexing._getitem: indexed(),
    linear._einsum: einstein(),
}

# Functions made of several operations, for which the same must hold.
MADE_OF_OPERATIONS: dict[Any, Any] = {
    ops.astype: unary(lambda x: ops.astype(x, x.dtype)),
    ops.dot: dotted(),
    ops.einsum: einstein(),
    ops.getitem: indexed(),
    ops.hstack: several(ops.accumulate).map(lambda c: Case(lambda *x: ops.hstack(x), c.arrays, "hstack", c.seed)),
    ops.ravel: unary(ops.ravel),
    ops.split: cut(),
    ops.std: reduction(ops.std, shapes=hnp.array_shapes(max_dims=3, min_side=2, max_side=3)),
    ops.take: taken(),
    ops.var: reduction(ops.var),
    ops.vstack: several(ops.accumulate).map(lambda c: Case(lambda *x: ops.vstack(x), c.arrays, "vstack", c.seed)),
}
