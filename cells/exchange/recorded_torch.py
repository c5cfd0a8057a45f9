"""Code that calls PyTorch, recorded: PyTorch itself hands every call with one of these tensors over to them.

A `Recorded` is not a tensor of PyTorch, whose functions ask such things what they make of a call
(``__torch_function__``). What they make of it stands in one table, by the name of the function. PyTorch is not
imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd_seq as seq
from autograd_seq import Tensor
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from cells.bidirectional import Bidirectional
from cells.cell import Cell
from cells.deep import Deep
from cells.exchange.libraries import TORCH
from cells.exchange.living import as_array, comes_from
from cells.exchange.recorded_cells import of_tensors
from cells.gate_functions import straight


class Leaves:
    """The tensors of PyTorch that a recording depends on, each met once, by their names."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self.names, self.met = names, dict[int, tuple[Any, Tensor]]()

    def of(self, theirs: Any) -> Any:
        """What stands here for a tensor of PyTorch: a leaf with a gradient, or plain numbers."""
        if id(theirs) not in self.met:
            name = self.names.get(id(theirs))
            if name is None and theirs.requires_grad:
                raise UsageError(
                    "a tensor that PyTorch computed from parameters would lose their gradients here: what made it "
                    f"({type(theirs.grad_fn).__name__}) is not among the functions that are recorded{here()}"
                )
            if name is None:
                value = as_array(theirs, "a tensor")
                return value.astype(np.float64) if value.dtype.kind == "f" else value
            self.met[id(theirs)] = theirs, Tensor(as_array(theirs, name).astype(np.float64), name, requires_grad=True)
        return self.met[id(theirs)][1]


class Recorded:
    """A tensor of this package that PyTorch's functions take."""

    def __init__(self, tensor: Any, leaves: Leaves, like: Any) -> None:
        self.tensor, self.leaves, self.like = tensor, leaves, like

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """What a function of PyTorch makes of a recorded tensor."""
        return _called(getattr(function, "__name__", str(function)), [*args], dict(kwargs or {}))

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return tuple(self.tensor.shape)

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    @property
    def dtype(self) -> Any:
        """That of the tensor of PyTorch in whose place it stands."""
        return self.like.dtype

    @property
    def device(self) -> Any:
        """That of the tensor of PyTorch in whose place it stands."""
        return self.like.device

    @property
    def T(self) -> Any:
        """Transposed."""
        return _called("t", [self], {})

    requires_grad, is_nested, is_cuda, layout, is_sparse = True, False, False, None, False

    def dim(self) -> int:
        """How many axes it has."""
        return self.ndim

    def size(self, axis: int | None = None) -> Any:
        """The shape, or the length of one axis."""
        return self.shape if axis is None else self.shape[axis]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: _called(name, [self, *args], kwargs)

    def __getitem__(self, index: Any) -> Any:
        return _called("getitem", [self, index], {})

    def __iter__(self) -> Any:
        return (self[i] for i in range(self.shape[0]))

    def __len__(self) -> int:
        return self.shape[0]


def _operator(name: str, swapped: bool = False) -> Callable[..., Any]:
    def method(self: Recorded, other: Any = None) -> Any:
        return _called(name, [self] if other is None else [other, self] if swapped else [self, other], {})

    return method


for word in ("add", "sub", "mul", "truediv", "pow", "matmul"):
    sign = "div" if word == "truediv" else word
    setattr(Recorded, f"__{word}__", _operator(sign))
    setattr(Recorded, f"__r{word}__", _operator(sign, swapped=True))
setattr(Recorded, "__neg__", _operator("neg"))  # noqa: B010  (as the others)


def _called(name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a function of PyTorch on recorded tensors."""
    first = next(a for a in _flat(args, kwargs) if isinstance(a, Recorded))
    return _recorded(name, args, kwargs, first.leaves)


def _flat(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    return [b for a in [*args, *kwargs.values()] for b in (a if isinstance(a, (list, tuple)) else [a])]


def following(torch: Any, leaves: Leaves) -> Any:
    """A context in which PyTorch hands over calls on parameters alone, too, such as ``torch.tanh(self.scale)``."""

    class Following(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs, name = dict(kwargs or {}), getattr(function, "__name__", str(function))
            flat = _flat(args, kwargs)
            known = name.strip("_") in FUNCTIONS and name != "detach"
            learned = [a for a in flat if isinstance(a, torch.Tensor) and a.requires_grad] if known else []
            if not learned and not any(isinstance(a, Recorded) for a in flat):
                return function(*args, **kwargs)
            return _recorded(name, [*args], kwargs, leaves)

    return Following()


def _recorded(name: str, args: list[Any], kwargs: dict[str, Any], leaves: Leaves) -> Any:
    theirs_given = [getattr(a, "like", a) for a in _flat(args, kwargs)]
    dtypes = [a for a in theirs_given if comes_from(a, "torch") and hasattr(a, "is_floating_point")]
    like = next((a for a in dtypes if a.dtype.is_floating_point), dtypes[0])
    function = FUNCTIONS.get(name.strip("_"))
    if function is None or (name.endswith("_") and not name.endswith("__")):
        raise UsageError(
            f"PyTorch's {name} is not among the functions that are recorded here: "
            f"{', '.join(sorted(FUNCTIONS))}{here()}"
        )

    def ours(value: Any) -> Any:
        if isinstance(value, Recorded):
            return value.tensor
        if isinstance(value, (list, tuple)):
            return type(value)(ours(v) for v in value)
        return leaves.of(value) if comes_from(value, "torch") and hasattr(value, "detach") else value

    def theirs(value: Any) -> Any:
        if isinstance(value, Chosen):
            return Chosen(*map(theirs, value))
        if isinstance(value, (list, tuple)):
            return type(value)(theirs(v) for v in value)
        return Recorded(value, leaves, like) if isinstance(value, (Tensor, np.ndarray)) else value

    return theirs(function(*[ours(a) for a in args], **{k: ours(v) for k, v in kwargs.items()}))


# -- the table ---------------------------------------------------------------------------------------


def _linear(x: Any, weight: Any, bias: Any = None) -> Any:
    return x @ weight.T if bias is None else x @ weight.T + bias


def _axes(x: Any, first: int, second: int) -> Any:
    return np.swapaxes(x, first, second)


def _sum(x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return np.sum(x, axis=dim, keepdims=keepdim)


def _mean(x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return np.mean(x, axis=dim, keepdims=keepdim)


def _clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    below = x if min is None else np.maximum(x, min)
    return below if max is None else np.minimum(below, max)


def _shaped(x: Any, *shape: Any) -> Any:
    return x.reshape(shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape)


def _split(x: Any, size: Any, dim: int = 0) -> Any:
    places = np.cumsum(size)[:-1] if isinstance(size, (list, tuple)) else range(size, x.shape[dim], size)
    return tuple(np.split(x, list(places), axis=dim))


def _layer_norm(x: Any, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    axes = tuple(range(-len(shape), 0))
    centred = x - np.mean(x, axis=axes, keepdims=True)
    made = centred / np.sqrt(np.mean(centred * centred, axis=axes, keepdims=True) + eps)
    made = made if weight is None else made * weight
    return made if bias is None else made + bias


def _reduced(each: Any, reduction: str) -> Any:
    return np.mean(each) if reduction == "mean" else np.sum(each) if reduction == "sum" else each


def _mse_loss(x: Any, y: Any, *rest: Any, reduction: str = "mean", **more: Any) -> Any:
    return _reduced((x - y) ** 2, reduction)


def _cross_entropy(x: Any, y: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
                   label_smoothing: float = 0.0, **more: Any) -> Any:  # fmt: skip
    if weight is not None or label_smoothing or np.ndim(x) != 2 or np.ndim(y) != 1 or np.any(np.equal(y, ignore_index)):
        raise UsageError(
            "cross_entropy is recorded here for logits (m, n_y) and classes (m,), without weights, smoothing and "
            f"classes to ignore{here()}"
        )
    chosen = np.log(seq.softmax(x, axis=1))[np.arange(len(y)), y]
    return _reduced(-chosen, reduction)


def _dropout(x: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    if training and p:
        raise UsageError(f"dropout is random while a module trains: call module.eval() first{here()}")
    return x


class Chosen(NamedTuple):
    """What PyTorch's max and min along an axis return."""

    values: Any
    indices: Any


def _extreme(whole: Callable[..., Any], place: Callable[..., Any], pairwise: Callable[..., Any]) -> Callable[..., Any]:
    def of(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return whole(x)
        if not isinstance(dim, int):  # another tensor
            return pairwise(x, dim)
        # One place alone gets the gradient of several that are equal, as in PyTorch.
        where = place(_constant(x), axis=dim, keepdims=True)
        values = _gathered(x, dim, where)
        return Chosen(values if keepdim else np.squeeze(values, dim), where if keepdim else np.squeeze(where, dim))

    return of


def _gathered(x: Any, dim: int, index: Any) -> Any:
    places: list[Any] = list(np.indices(index.shape, sparse=True))
    places[dim] = index
    return x[tuple(np.broadcast_arrays(*places))]


def _softplus(x: Any, beta: float = 1, threshold: float = 20) -> Any:
    return seq.where(x * beta > threshold, x, seq.softplus(x * beta) / beta)


def _attention(q: Any, k: Any, v: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
               scale: float | None = None) -> Any:  # fmt: skip
    _dropout(q, dropout_p)
    scores = q @ np.swapaxes(k, -2, -1) * (1 / q.shape[-1] ** 0.5 if scale is None else scale)
    mask = np.tril(np.ones(scores.shape[-2:], bool)) if is_causal else attn_mask
    if mask is not None:
        boolean = not isinstance(mask, Tensor) and mask.dtype.kind == "b"
        scores = seq.where(mask, scores, -np.inf) if boolean else scores + mask
    return seq.softmax(scores, axis=-1) @ v


def _einsum(equation: str, *operands: Any) -> Any:
    one = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    return np.einsum(equation, *one)


def _elu(x: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    return seq.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _size(shape: Sequence[Any]) -> Any:
    return shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape


def _same(x: Any, *args: Any, **kwargs: Any) -> Any:
    return x


def _constant(x: Any) -> Any:
    return x.value if isinstance(x, Tensor) else x


def _layers(kind: int, settings: Mapping[str, Any]) -> Callable[..., Any]:
    """torch.nn.RNN, LSTM or GRU, as PyTorch calls the function behind them."""

    def run(x: Any, hx: Any, weights: Any, biases: bool, depth: int, dropout: float, train: bool, both: bool,
            batch_first: bool) -> Any:  # fmt: skip
        if np.ndim(x) != 3:
            raise UsageError(f"unbatched sequences are not recorded here: give (T, m, n_x){here()}")
        return layers(x, hx, weights, depth, dropout, train, both, batch_first)

    def layers(x: Any, hx: Any, weights: Any, depth: int, dropout: float, train: bool, both: bool, batch_first: bool,
               lengths: Any = None) -> Any:  # fmt: skip
        _dropout(x, dropout if depth > 1 else 0.0, train)
        hidden = list(hx) if isinstance(hx, (list, tuple)) else [hx]
        per_cell = len(weights) // (depth * (2 if both else 1))
        groups = [weights[k : k + per_cell] for k in range(0, len(weights), per_cell)]
        cells = [_cell(kind, group, settings) for group in groups]
        levels: list[Cell] = [Bidirectional(*cells[k : k + 2]) for k in range(0, len(cells), 2)] if both else cells
        x = np.swapaxes(x, 0, 1) if batch_first else x
        keys = ["a", "c"] if kind != 0 else ["a"]
        begins = [{key: hidden[min(n, len(hidden) - 1)][k].T for n, key in enumerate(keys)} for k in range(len(cells))]
        pairs = zip(begins[::2], begins[1::2], strict=True) if both else ()
        given: list[Any] = [{"forward": f, "backward": b} for f, b in pairs] or begins
        run = Deep(levels).unroll([x[t].T for t in range(x.shape[0])], {"layers": given}, lengths)
        outputs = seq.stack([a.T for a in run.states["a"]])
        ends = [end for layer in run.layers for end in
                ([r.final for r in layer.directions.values()] if both else [layer.final])]  # fmt: skip
        final = [seq.stack([end[key].T for end in ends]) for key in keys[: len(hidden)]]
        return (np.swapaxes(outputs, 0, 1) if batch_first else outputs, *final)

    def packed(data: Any, sizes: Any, hx: Any, weights: Any, biases: bool, depth: int, dropout: float, train: bool,
               both: bool) -> Any:  # fmt: skip
        lengths = _lengths(sizes)
        outputs, *final = layers(_padded(data, sizes), hx, weights, depth, dropout, train, both, False, lengths)
        return (_packed(outputs, sizes), *final)

    return lambda *args: (packed if isinstance(args[3], (list, tuple)) else run)(*args)


# Of packed sequences the longest comes first; `sizes` says how many are running at each step.


def _lengths(sizes: Any) -> list[int]:
    return [int(np.sum(np.asarray(sizes) > k)) for k in range(int(sizes[0]))]


def _packed(x: Any, sizes: Any) -> Any:
    """(T, m, n) without what is behind the ends, one step after another."""
    return seq.concatenate([x[t, : int(size)] for t, size in enumerate(sizes)])


def _padded(data: Any, sizes: Any, value: float = 0.0, steps: int = 0) -> Any:
    """(T, m, n) of packed sequences, a number behind the ends."""
    ends, m, parts = np.cumsum(sizes), int(sizes[0]), []
    for end, size in zip(ends, sizes, strict=True):
        rest = np.full((m - int(size), *data.shape[1:]), value)
        parts.append(seq.concatenate([data[int(end - size) : int(end)], rest]) if len(rest) else data[end - size : end])
    parts += [Tensor(np.full((m, *data.shape[1:]), value))] * (steps - len(sizes))
    return seq.stack(parts)


def _pack(x: Any, lengths: Any, batch_first: bool = False) -> Any:
    x = np.swapaxes(x, 0, 1) if batch_first else x
    sizes = [int(np.sum(lengths > t)) for t in range(int(lengths[0]))]
    return _packed(x, sizes), sys.modules["torch"].tensor(sizes)


def _unpack(data: Any, sizes: Any, batch_first: bool, value: float, steps: int) -> Any:
    made = _padded(data, sizes, value, steps)
    return np.swapaxes(made, 0, 1) if batch_first else made, sys.modules["torch"].tensor(_lengths(sizes))


def _one_step(kind: int, settings: Mapping[str, Any]) -> Callable[..., Any]:
    """torch.nn.RNNCell, LSTMCell or GRUCell."""

    def run(x: Any, hx: Any, *weights: Any) -> Any:
        hidden = list(hx) if isinstance(hx, (list, tuple)) else [hx]
        state = {key: hidden[min(n, len(hidden) - 1)].T for n, key in enumerate(["a", "c"])}
        after = _cell(kind, [w for w in weights if w is not None], settings).step(x.T, state)
        return (after["a"].T, after["c"].T) if len(hidden) == 2 else after["a"].T

    return run


def _cell(kind: int, weights: Sequence[Any], settings: Mapping[str, Any]) -> Any:
    names = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if len(weights) > 3 else [])]
    names += ["weight_hr"] if len(weights) % 2 else []
    convention = next(c for c in TORCH.conventions if c.cell == KINDS_OF[kind] + ", projected" * (len(weights) % 2))
    return of_tensors(convention, dict(zip(names, weights, strict=True)), settings)


KINDS_OF = ("RNN", "LSTM", "GRU, reset after")
_TANH, _RELU = {"activation": "tanh"}, {"activation": "relu"}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("tanh", "exp", "log", "sqrt", "abs", "sin", "cos", "square", "maximum",
                                            "minimum", "matmul", "where", "log1p", "expm1", "sign", "outer")},
    "sigmoid": seq.sigmoid, "hardsigmoid": lambda x, inplace=False: straight(x),
    "relu": lambda x, inplace=False: seq.relu(x),
    "softmax": lambda x, dim=-1, **rest: seq.softmax(x, axis=dim),
    "log_softmax": lambda x, dim=-1, **rest: np.log(seq.softmax(x, axis=dim)),
    "add": lambda x, y, alpha=1: x + (y if alpha == 1 else alpha * y), "radd": lambda x, y: y + x,
    "sub": lambda x, y, alpha=1: x - (y if alpha == 1 else alpha * y), "rsub": lambda x, y: y - x,
    "mul": np.multiply, "rmul": np.multiply, "div": np.true_divide, "true_divide": np.true_divide,
    "rdiv": lambda x, y: y / x, "rpow": lambda x, y: y**x, "pow": lambda x, y: x**y, "neg": np.negative,
    "mm": np.matmul,
    "bmm": np.matmul, "rmatmul": lambda x, y: y @ x, "addmm": lambda b, x, y: b + x @ y, "linear": _linear,
    "t": lambda x: x.T, "transpose": _axes,
    "permute": lambda x, *dims: np.transpose(x, dims[0] if len(dims) == 1 else dims),
    "reshape": _shaped, "view": _shaped, "flatten": lambda x, start_dim=0: x.reshape((*x.shape[:start_dim], -1)),
    "unsqueeze": np.expand_dims, "squeeze": np.squeeze, "getitem": lambda x, index: x[index],
    "cat": lambda tensors, dim=0: seq.concatenate(list(tensors), axis=dim), "stack": lambda tensors, dim=0: seq.stack(
        list(tensors), axis=dim), "chunk": lambda x, n, dim=0: tuple(np.split(x, n, axis=dim)), "split": _split,
    "unbind": lambda x, dim=0: tuple(np.moveaxis(x, dim, 0)[k] for k in range(x.shape[dim])),
    "sum": _sum, "mean": _mean, "clamp": _clamp, "dropout": _dropout, "embedding": lambda i, w, *rest, **more: w[i],
    "layer_norm": _layer_norm, "mse_loss": _mse_loss, "cross_entropy": _cross_entropy,
    "contiguous": _same, "clone": _same, "to": _same, "double": _same, "float": _same, "type_as": _same,
    "einsum": _einsum, "scaled_dot_product_attention": _attention, "gather": _gathered,
    "masked_fill": lambda x, mask, value: seq.where(mask, value, x),
    "index_select": lambda x, dim, index: x[(slice(None),) * (dim % np.ndim(x)) + (index,)],
    "max": _extreme(np.max, np.argmax, np.maximum), "min": _extreme(np.min, np.argmin, np.minimum),
    "softplus": _softplus, "elu": _elu, "silu": lambda x, inplace=False: x * seq.sigmoid(x),
    "mish": lambda x, inplace=False: x * np.tanh(_softplus(x)), "log_sigmoid": lambda x: -seq.softplus(-x),
    "leaky_relu": lambda x, negative_slope=0.01, inplace=False: seq.where(x > 0, x, negative_slope * x),
    "hardtanh": lambda x, min_val=-1.0, max_val=1.0, inplace=False: np.minimum(np.maximum(x, min_val), max_val),
    "new_zeros": lambda x, *shape, **rest: np.zeros(_size(shape)),
    "new_ones": lambda x, *shape, **rest: np.ones(_size(shape)),
    "pack_padded_sequence": _pack, "pad_packed_sequence": _unpack,
    "detach": _constant, "zeros_like": lambda x, **rest: np.zeros(x.shape),
    "ones_like": lambda x, **rest: np.ones(x.shape),
    "rnn_tanh": _layers(0, _TANH), "rnn_relu": _layers(0, _RELU), "lstm": _layers(1, {}), "gru": _layers(2, {}),
    "rnn_tanh_cell": _one_step(0, _TANH), "rnn_relu_cell": _one_step(0, _RELU), "lstm_cell": _one_step(1, {}),
    "gru_cell": _one_step(2, {}),
}  # fmt: skip
