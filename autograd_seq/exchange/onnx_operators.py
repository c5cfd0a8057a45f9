"""ONNX's plain operators in NumPy, an entry each: what a file computes is recorded as if somebody had written it so.

An entry is a function ``(settings, *inputs)`` of arrays or tensors. Shapes, indices and other whole numbers are never
tensors, so that they become settings of what is recorded, as they are in code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.errors import UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor

MOST = 10**8  # numbers in one array
Settings = Mapping[str, Any]
Operator = Callable[..., Any]


def is_tensor(value: Any) -> bool:
    """Whether a value is recorded; all others are plain arrays."""
    return isinstance(value, Tensor)


def whole(value: Any, what: str) -> list[int]:
    """Whole numbers that say how to compute, such as axes: they may not depend on what is recorded."""
    if is_tensor(value):
        raise UsageError(
            f"{what} is computed from the data, and then the graph is not the same for other data: "
            f"only files whose {what} follows from shapes can be read{here()}"
        )
    return [int(number) for number in np.ravel(value)]


def sized(shape: Sequence[int], what: str) -> tuple[int, ...]:
    """A shape that fits into memory: a damaged file may ask for any."""
    count = math.prod(shape)
    if min(shape, default=1) < 0 or count > MOST:
        raise ValueRangeError(f"{what} would have the shape {tuple(shape)}, which is {count:,} numbers{here()}")
    return tuple(shape)


# -- element by element ------------------------------------------------------------------------------


def leaky(x: Any, alpha: float) -> Any:
    """x, or alpha x below 0."""
    return np.where(x >= 0, x, alpha * x)


def elu(x: Any, alpha: float) -> Any:
    """x, or alpha (exp(x) − 1) below 0; written so that nothing overflows above."""
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))


def hard_sigmoid(x: Any, alpha: float, beta: float) -> Any:
    """A straight line between 0 and 1."""
    return np.clip(alpha * x + beta, 0, 1)


def gelu(s: Settings, x: Any) -> Any:
    """GELU by its tanh formula; the one with erf is refused where the file asks for it."""
    if s.get("approximate", "none") != "tanh":
        raise UsageError(f"Gelu with erf cannot be read, only with approximate='tanh'{here()}")
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def clipped(s: Settings, x: Any, low: Any = None, high: Any = None) -> Any:
    """Clip; until operator set 11 the bounds were attributes."""
    low, high = s.get("min", low), s.get("max", high)
    if low is None and high is None:
        return x
    return np.clip(x, None if low is None else low, None if high is None else high)


def divided(s: Settings, a: Any, b: Any) -> Any:
    """Division; of whole numbers, without the rest, towards zero as ONNX has it."""
    if all(not is_tensor(x) and np.asarray(x).dtype.kind in "iu" for x in (a, b)):
        return np.trunc(np.divide(a, b)).astype(np.asarray(a).dtype)
    return a / b


def cast(s: Settings, x: Any) -> Any:
    """Another type of elements; floats stay recorded."""
    import onnx

    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(s["to"]))
    if x.dtype == dtype:
        return x
    return x.astype(dtype)


def folded(function: Callable[[Any, Any], Any]) -> Operator:
    """An operator of any number of inputs, from one of two."""

    def of_all(s: Settings, first: Any, *others: Any) -> Any:
        for other in others:
            first = function(first, other)
        return first

    return of_all


# -- shapes and indices ------------------------------------------------------------------------------


def axes(s: Settings, given: Any, what: str = "the axes") -> tuple[int, ...] | None:
    """Axes, an attribute in older files and an input in newer ones."""
    found = s.get("axes") if given is None else whole(given, what)
    return None if found is None or len(found) == 0 else tuple(found)


def reshaped(s: Settings, x: Any, shape: Any) -> Any:
    """Another shape; 0 stands for the size that is there."""
    wanted = whole(shape, "the shape")
    if not s.get("allowzero", 0):
        wanted = [x.shape[i] if size == 0 else size for i, size in enumerate(wanted)]
    return x if tuple(wanted) == tuple(x.shape) else np.reshape(x, tuple(wanted))


def unsqueezed(s: Settings, x: Any, given: Any = None) -> Any:
    """New axes of length 1, where the result has them."""
    new = axes(s, given) or ()
    result = x.ndim + len(new)
    for axis in sorted(axis % result for axis in new):
        x = np.expand_dims(x, axis)
    return x


def squeezed(s: Settings, x: Any, given: Any = None) -> Any:
    """Without axes of length 1."""
    found = axes(s, given)
    return np.squeeze(x) if found is None else np.squeeze(x, found)


def sliced(s: Settings, x: Any, starts: Any = None, ends: Any = None, along: Any = None, steps: Any = None) -> Any:
    """A part by start, end and step along axes."""
    begin = s.get("starts") if starts is None else whole(starts, "the start of a slice")
    end = s.get("ends") if ends is None else whole(ends, "the end of a slice")
    which = axes(s, along, "the axis of a slice") or range(len(begin or ()))
    step = [1] * len(begin or ()) if steps is None else whole(steps, "the step of a slice")
    index: list[slice] = [slice(None)] * x.ndim
    for axis, first, last, by in zip(which, begin or (), end or (), step, strict=True):
        size = x.shape[axis]
        first, last, by = slice(first, last, by).indices(size) if by > 0 else _backwards(first, last, by, size)
        if (first, last, by) != (0, size, 1):
            index[axis] = slice(first, None if last < 0 else last, None if by == 1 else by)
    while index and index[-1] == slice(None):
        index.pop()
    return x[tuple(index)] if index else x


def _backwards(first: int, last: int, by: int, size: int) -> tuple[int, int, int]:
    """Bounds of a slice that runs back, where ONNX writes a very small end for *as far as there is*."""
    first = min(first + size if first < 0 else first, size - 1)
    last = -1 if last < -size else last + size if last < 0 else last
    return first, last, by


def gathered(s: Settings, x: Any, indices: Any) -> Any:
    """Rows by their numbers, along an axis; one of them is an index, as in x[:, t]."""
    axis = s.get("axis", 0) % x.ndim
    where = np.asarray(indices.value if is_tensor(indices) else indices)
    if where.ndim == 0:
        return x[(slice(None),) * axis + (int(where),)]
    return np.take(x, where, axis=axis)


def gathered_elements(s: Settings, x: Any, indices: Any) -> Any:
    """An element for each number, along an axis."""
    where = np.asarray(indices.value if is_tensor(indices) else indices)
    return np.take_along_axis(x, np.where(where < 0, where + x.shape[s.get("axis", 0)], where), s.get("axis", 0))


def gathered_nd(s: Settings, x: Any, indices: Any) -> Any:
    """Elements, or parts, by rows of indices."""
    if s.get("batch_dims", 0):
        raise UsageError(f"GatherND with batch_dims cannot be read{here()}")
    where = np.asarray(indices.value if is_tensor(indices) else indices)
    return x[tuple(np.moveaxis(where, -1, 0))]


def expanded(s: Settings, x: Any, shape: Any) -> Any:
    """Repeated along axes of length 1, as broadcasting does."""
    wanted = sized(np.broadcast_shapes(tuple(whole(shape, "the shape")), tuple(x.shape)), "an Expand")
    return x if wanted == tuple(x.shape) else np.broadcast_to(x, wanted)


def parts(s: Settings, x: Any, lengths: Any = None) -> tuple[Any, ...]:
    """Consecutive parts along an axis; `outputs` of equal length where no lengths are given."""
    axis, count = s.get("axis", 0), s["outputs"]
    sizes = s.get("split") if lengths is None else whole(lengths, "the lengths of parts")
    if sizes is None:
        each = -(-x.shape[axis] // count)
        sizes = [each] * (count - 1) + [x.shape[axis] - each * (count - 1)]
    return tuple(np.split(x, np.cumsum(sizes)[:-1].tolist(), axis=axis))


def tiled(s: Settings, x: Any, repeats: Any) -> Any:
    """Repeated so often along each axis."""
    often = whole(repeats, "the number of repeats")
    sized([n * size for n, size in zip(often, x.shape)], "a Tile")
    for axis, times in enumerate(often):
        if times != 1:
            x = np.concatenate([x] * times, axis=axis)
    return x


def padded(s: Settings, x: Any, pads: Any = None, value: Any = None, along: Any = None) -> Any:
    """A constant around an array."""
    if s.get("mode", "constant") != "constant":
        mode = s["mode"]
        raise UsageError(f"Pad can be read with a constant only, not with mode={mode!r}{here()}")
    sizes = s.get("pads") if pads is None else whole(pads, "the width of padding")
    which = range(x.ndim) if along is None else whole(along, "the axis of padding")
    fill = s.get("value", 0.0) if value is None else float(np.asarray(value).item())
    half = len(sizes or ()) // 2
    for place, axis in enumerate(which):
        before, after = (sizes or ())[place], (sizes or ())[place + half]
        if before < 0 or after < 0:
            raise UsageError(f"Pad with negative widths cannot be read{here()}")
        sized([*x.shape[:axis], before + after, *x.shape[axis + 1 :]], "a Pad")
        blocks = [np.full((*x.shape[:axis], n, *x.shape[axis + 1 :]), fill, x.dtype) for n in (before, after)]
        x = np.concatenate([block for block in (blocks[0], x, blocks[1]) if block.shape[axis]], axis=axis)
    return x


def one_hot(s: Settings, indices: Any, depth: Any, values: Any) -> Any:
    """A column of `depth` numbers for each index."""
    size = whole(depth, "the depth")[0]
    where = np.asarray(indices.value if is_tensor(indices) else indices).astype(int) % size
    sized([*where.shape, size], "a OneHot")
    off, on = np.asarray(values.value if is_tensor(values) else values)
    return np.moveaxis(np.where(where[..., None] == np.arange(size), on, off), -1, s.get("axis", -1))


def running_sum(s: Settings, x: Any, axis: Any) -> Any:
    """Sums up to each place."""
    if s.get("exclusive", 0) or s.get("reverse", 0):
        raise UsageError(f"CumSum can be read without exclusive and reverse only{here()}")
    return np.cumsum(x, axis=whole(axis, "the axis")[0])


def reversed_sequences(s: Settings, x: Any, lengths: Any) -> Any:
    """Each example's own steps from last to first, what is behind them unchanged."""
    sizes = whole(lengths, "the lengths of sequences")
    time, batch = s.get("time_axis", 0), s.get("batch_axis", 1)
    steps = np.arange(x.shape[time])
    where = np.stack([np.where(steps < n, n - 1 - steps, steps) for n in sizes], axis=-1)
    index: tuple[Any, ...] = (where, np.arange(len(sizes))) if (time, batch) == (0, 1) else (
        np.arange(len(sizes))[:, None], where.T
    )
    return x[index]


# -- along axes --------------------------------------------------------------------------------------


def reduced(function: Callable[..., Any]) -> Operator:
    """A reduction over axes that keeps them unless told otherwise."""

    def over(s: Settings, x: Any, given: Any = None) -> Any:
        along = axes(s, given)
        if along is None and s.get("noop_with_empty_axes", 0):
            return x
        along = tuple(axis % x.ndim for axis in along) if along is not None else None
        one = along[0] if along is not None and len(along) == 1 else along
        return function(x, axis=one, keepdims=bool(s.get("keepdims", 1)))

    return over


def normalising(function: Callable[..., Any]) -> Operator:
    """Softmax and its logarithm; until operator set 13 over all axes from the given one on."""

    def along(s: Settings, x: Any) -> Any:
        if s["opset"] >= 13:
            return function(x, axis=s.get("axis", -1))
        axis = s.get("axis", 1) % x.ndim
        if axis == x.ndim - 1:
            return function(x, axis=axis)
        flat = np.reshape(x, (math.prod(x.shape[:axis]), -1))
        return np.reshape(function(flat, axis=1), x.shape)

    return along


def found(function: Callable[..., Any]) -> Operator:
    """Where along an axis the greatest or smallest stands; a number, not recorded."""

    def at(s: Settings, x: Any) -> Any:
        axis = s.get("axis", 0)
        where = function(x.value if is_tensor(x) else x, axis=axis)
        return np.expand_dims(where, axis) if s.get("keepdims", 1) else where

    return at


def layer_normalised(s: Settings, x: Any, scale: Any, bias: Any = None) -> Any:
    """(x − mean) / √(variance + ε) over the last axes, scaled and shifted."""
    along = tuple(range(s.get("axis", -1) % x.ndim, x.ndim))
    centred = x - np.mean(x, axis=along, keepdims=True)
    size = np.sqrt(np.mean(centred * centred, axis=along, keepdims=True) + s.get("epsilon", 1e-5))
    y = centred / size * scale
    return y if bias is None else y + bias


def batch_normalised(s: Settings, x: Any, scale: Any, bias: Any, mean: Any, variance: Any) -> Any:
    """As in use, with the mean and variance that training has left."""
    if s.get("training_mode", 0):
        raise UsageError(f"BatchNormalization can be read as used after training only{here()}")
    shape = (-1,) + (1,) * (x.ndim - 2)
    scale, bias, mean, variance = (np.reshape(v, shape) for v in (scale, bias, mean, variance))
    return scale * (x - mean) / np.sqrt(variance + s.get("epsilon", 1e-5)) + bias


# -- products ----------------------------------------------------------------------------------------


def gemm(s: Settings, a: Any, b: Any, c: Any = None) -> Any:
    """Compute alpha A B + beta C, with A and B transposed where asked."""
    a, b = (x.T if s.get(flag, 0) else x for x, flag in ((a, "transA"), (b, "transB")))
    product = scaled(a @ b, s.get("alpha", 1.0))
    return product if c is None or s.get("beta", 1.0) == 0 else product + scaled(c, s.get("beta", 1.0))


def scaled(x: Any, by: float) -> Any:
    """A multiple; once x is x itself."""
    return x if by == 1 else by * x


def constant(s: Settings) -> Any:
    """A value that stands in the file."""
    for key in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if key in s:
            return np.asarray(s[key], None if key == "value" else np.float32 if "float" in key else np.int64)
    raise UsageError(f"a Constant of this file holds no numbers{here()}")


def filled(s: Settings, shape: Any) -> Any:
    """One number everywhere."""
    value = s.get("value", np.zeros(1, np.float32))
    return np.full(sized(whole(shape, "the shape"), "a ConstantOfShape"), value.item(), value.dtype)


def shape_of(s: Settings, x: Any) -> Any:
    """The sizes as numbers."""
    return np.array(x.shape[s.get("start", 0) : s.get("end")], np.int64)


def counted(s: Settings, start: Any, limit: Any, delta: Any) -> Any:
    """Numbers from start up to a limit."""
    first, last, by = (np.asarray(x).item() for x in (start, limit, delta))
    sized([max(math.ceil((last - first) / by), 0) if by else MOST + 1], "a Range")
    return np.arange(first, last, by, dtype=np.asarray(start).dtype)


def joined(s: Settings, *arrays: Any) -> Any:
    """Arrays one after another; those that got an axis for it, as a stack."""
    axis = s["axis"] % arrays[0].ndim
    if len(arrays) > 1 and all(_has_new_axis(x, axis) for x in arrays):
        return np.stack([x.inputs[0] for x in arrays], axis=axis)
    return arrays[0] if len(arrays) == 1 else np.concatenate(list(arrays), axis=s["axis"])


def _has_new_axis(x: Any, axis: int) -> bool:
    """Whether a record got an axis of length 1 just before."""
    if not is_tensor(x) or x.operation is None or not x.operation.rearranges or "axis" not in x.settings:
        return False
    inner = x.inputs[0].shape
    return x.settings.get("axis") in (axis, (axis,)) and x.shape == (*inner[:axis], 1, *inner[axis:])


def turned(s: Settings, x: Any) -> Any:
    """Axes in another order; .T where that is all."""
    order = s.get("perm")
    if order is None or list(order) == list(range(x.ndim))[::-1]:
        return x.T
    return x if list(order) == list(range(x.ndim)) else np.transpose(x, tuple(order))


def flattened(s: Settings, x: Any) -> Any:
    """Two axes: those before the given one, and those from it on."""
    axis = s.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return np.reshape(x, (math.prod(x.shape[:axis]), -1))


def unchanged(s: Settings, x: Any, *others: Any) -> Any:
    """The same: a dropout after training, an identity."""
    return x


def kept(s: Settings, x: Any, ratio: Any = None, training: Any = None) -> Any:
    """A dropout as used after training."""
    if training is not None and bool(np.all(training)):
        raise UsageError(f"Dropout in training draws random numbers, which no recording can repeat{here()}")
    return x, np.ones(x.shape, bool)


def _of(function: Callable[..., Any]) -> Operator:
    """An operator without settings."""
    return lambda s, *inputs: function(*inputs)


def _total(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.sum(np.abs(x), axis=axis, keepdims=keepdims)


OPERATORS: dict[str, Operator] = {
    # element by element
    "Add": _of(np.add), "Sub": _of(np.subtract), "Mul": _of(np.multiply), "Div": divided,
    "Pow": _of(np.power), "Neg": _of(np.negative), "Abs": _of(np.abs), "Exp": _of(np.exp), "Log": _of(np.log),
    "Sqrt": _of(np.sqrt), "Reciprocal": _of(lambda x: 1 / x), "Sign": _of(np.sign),
    "Sin": _of(np.sin), "Cos": _of(np.cos), "Tan": _of(np.tan), "Sinh": _of(np.sinh), "Cosh": _of(np.cosh),
    "Asin": _of(np.arcsin), "Acos": _of(np.arccos), "Atan": _of(np.arctan),
    "Asinh": _of(np.arcsinh), "Acosh": _of(np.arccosh), "Atanh": _of(np.arctanh),
    "Floor": _of(np.floor), "Ceil": _of(np.ceil), "Round": _of(np.round), "Mod": _of(np.mod),
    "Tanh": _of(np.tanh), "Sigmoid": _of(lambda x: ops.sigmoid(x)), "Relu": _of(lambda x: ops.relu(x)),
    "Softplus": _of(lambda x: ops.softplus(x)),
    "LeakyRelu": lambda s, x: leaky(x, s.get("alpha", 0.01)),
    "PRelu": _of(leaky),
    "Elu": lambda s, x: elu(x, s.get("alpha", 1.0)),
    "Celu": lambda s, x: elu(x / s.get("alpha", 1.0), 1.0) * s.get("alpha", 1.0),
    "Selu": lambda s, x: s.get("gamma", 1.0507009873554805) * elu(x, s.get("alpha", 1.6732632423543772)),
    "ThresholdedRelu": lambda s, x: np.where(x > s.get("alpha", 1.0), x, 0.0),
    "HardSigmoid": lambda s, x: hard_sigmoid(x, s.get("alpha", 0.2), s.get("beta", 0.5)),
    "HardSwish": _of(lambda x: x * hard_sigmoid(x, 1 / 6, 0.5)),
    "Mish": _of(lambda x: x * np.tanh(ops.softplus(x))),
    "Softsign": _of(lambda x: x / (1 + np.abs(x))),
    "Gelu": gelu, "Clip": clipped, "Cast": cast,
    "Max": folded(np.maximum), "Min": folded(np.minimum), "Sum": folded(np.add),
    "Mean": lambda s, *x: folded(np.add)(s, *x) / len(x),
    "Equal": _of(np.equal), "Greater": _of(np.greater), "GreaterOrEqual": _of(np.greater_equal),
    "Less": _of(np.less), "LessOrEqual": _of(np.less_equal),
    "And": _of(np.logical_and), "Or": _of(np.logical_or), "Not": _of(np.logical_not), "Xor": _of(np.not_equal),
    "Where": _of(np.where), "IsNaN": _of(np.isnan),
    # products
    "MatMul": _of(np.matmul), "Gemm": gemm,
    "Einsum": lambda s, *x: np.einsum(s["equation"].replace(" ", ""), *x),
    # along axes
    "ReduceSum": reduced(np.sum), "ReduceMean": reduced(np.mean), "ReduceMax": reduced(np.max),
    "ReduceMin": reduced(np.min), "ReduceProd": reduced(np.prod), "ReduceL1": reduced(_total),
    "ReduceL2": reduced(lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))),
    "ReduceSumSquare": reduced(lambda x, axis, keepdims: np.sum(x * x, axis=axis, keepdims=keepdims)),
    "ReduceLogSum": reduced(lambda x, axis, keepdims: np.log(np.sum(x, axis=axis, keepdims=keepdims))),
    "ReduceLogSumExp": reduced(lambda x, **how: ops.logsumexp(x, **how)),
    "Softmax": normalising(lambda x, axis: ops.softmax(x, axis=axis)),
    "LogSoftmax": normalising(lambda x, axis: ops.log_softmax(x, axis=axis)),
    "ArgMax": found(np.argmax), "ArgMin": found(np.argmin), "CumSum": running_sum,
    "LayerNormalization": layer_normalised, "BatchNormalization": batch_normalised,
    # shapes and indices
    "Reshape": reshaped, "Transpose": turned, "Squeeze": squeezed, "Unsqueeze": unsqueezed, "Flatten": flattened,
    "Concat": joined, "Split": parts, "Slice": sliced, "Gather": gathered, "GatherElements": gathered_elements,
    "GatherND": gathered_nd, "Expand": expanded, "Tile": tiled, "Pad": padded, "OneHot": one_hot,
    "ReverseSequence": reversed_sequences, "Shape": shape_of,
    "Size": _of(lambda x: np.array(x.size, np.int64)),
    "Range": counted,
    "Trilu": lambda s, x, k=0: x * (np.triu if s.get("upper", 1) else np.tril)(np.ones(x.shape, x.dtype), int(k)),
    "Constant": constant, "ConstantOfShape": filled, "Identity": unchanged, "Dropout": kept,
}  # fmt: skip


def apply(kind: str, settings: Settings, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The results of one operator; those that are missing among the inputs are None."""
    found = OPERATORS[kind](settings, *inputs)
    return found if isinstance(found, tuple) else (found,)
