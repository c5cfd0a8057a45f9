"""Code that runs on PyTorch and cannot be handed other tensors, recorded: PyTorch traces it as a list of operators.

That list (``make_fx``) is asked for when such code is given, as by Keras on its PyTorch backend; each operator is a
line of one table here, by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

import autograd_seq as seq
from autograd_seq import Tensor
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from cells.exchange.living import as_array
from cells.exchange.recorded_jax import wide

GETITEM = "getitem"


def traced(torch: Any, call: Callable[..., Any], given: Sequence[Any]) -> Any:
    """What PyTorch computes of some tensors, as a module with a graph."""
    tracing = import_module("torch.fx.experimental.proxy_tensor")
    with torch.no_grad():
        return tracing.make_fx(call)(*given)


def run_traced(module: Any, values: Sequence[Any]) -> list[Any]:
    """The results of such a graph on tensors of this package or on arrays.

    Raises
    ------
    UsageError
        If it has operators that are not recorded here; they are named, all at once.
    """
    nodes, left, known = _needed(list(module.graph.nodes)), list(values), dict[Any, Any]()
    _refuse_unknown(nodes)
    for node in nodes:
        args = _map(node.args, known)
        if node.op == "placeholder":
            known[node] = left.pop(0)
        elif node.op == "get_attr":
            known[node] = wide(as_array(getattr(module, node.target), node.target))
        elif node.op == "output":
            return [value for value in _flat(args[0]) if value is not None]
        else:
            known[node] = OPERATORS[_named(node)](*args, **_meant(_map(node.kwargs, known)))
    raise AssertionError("a graph ends with its output")


def _refuse_unknown(nodes: Sequence[Any]) -> None:
    unknown = {_named(n) for n in nodes if n.op == "call_function" and _named(n) not in OPERATORS}
    if unknown:
        raise UsageError(
            f"PyTorch's operators {', '.join(sorted(unknown))} are not among those that are recorded here: "
            f"{', '.join(sorted(OPERATORS))}{here()}"
        )


def _needed(nodes: Sequence[Any]) -> list[Any]:
    """What the output depends on, and what changes any of that in place."""
    needed = {n for n in nodes if n.op in ("output", "placeholder")}
    while True:
        changes = {n for n in nodes if n.op == "call_function" and _in_place(n) and needed & set(n.all_input_nodes[:1])}
        more = changes | {x for n in needed for x in n.all_input_nodes}
        if more <= needed:
            return [n for n in nodes if n in needed]
        needed |= more


def _in_place(node: Any) -> bool:
    return _named(node).endswith("_") and not _named(node).startswith("_")


def _named(node: Any) -> str:
    """An operator's name without its overload: mm of aten.mm.default."""
    packet = getattr(node.target, "overloadpacket", None)
    return str(getattr(packet if packet is not None else node.target, "__name__", node.target))


def _map(tree: Any, known: Mapping[Any, Any]) -> Any:
    """Arguments with the values of nodes in place of the nodes."""
    if isinstance(tree, (tuple, list)):
        return [_map(part, known) for part in tree]
    if isinstance(tree, Mapping):
        return {key: _map(part, known) for key, part in tree.items()}
    return known[tree] if hasattr(tree, "graph") and hasattr(tree, "users") else tree


def _flat(tree: Any) -> list[Any]:
    return [leaf for part in tree for leaf in _flat(part)] if isinstance(tree, (tuple, list)) else [tree]


def _meant(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of numbers, and not of where and how they lie."""
    return {key: value for key, value in kwargs.items() if key == "alpha"}


def _bare(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*args)


def _same(x: Any, *rest: Any, **kwargs: Any) -> Any:
    return x


def _added(x: Any, y: Any, alpha: float = 1) -> Any:
    return np.add(x, y if alpha == 1 else alpha * y)


def _less(x: Any, y: Any, alpha: float = 1) -> Any:
    return np.subtract(x, y if alpha == 1 else alpha * y)


def _at(axis: int, part: Any, x: Any) -> Any:
    return x[(slice(None),) * (axis % np.ndim(x)) + (part,)]


def _slice(x: Any, axis: int = 0, first: int | None = None, last: int | None = None, step: int = 1) -> Any:
    return _at(axis, slice(first, None if last is None or last > np.shape(x)[axis] else last, step), x)


def _split(x: Any, size: Any, axis: int = 0) -> list[Any]:
    n = np.shape(x)[axis]
    ends = range(size, n, size) if isinstance(size, int) else np.cumsum(size)[:-1]
    return list(np.split(x, list(ends), axis=axis))


def _unbind(x: Any, axis: int = 0) -> list[Any]:
    return [_at(axis, n, x) for n in range(np.shape(x)[axis])]


def _squeezed(x: Any, axes: Any) -> Any:
    axes = [axes] if isinstance(axes, int) else axes
    gone = {axis % np.ndim(x) for axis in axes if np.shape(x)[axis] == 1}
    return np.reshape(x, tuple(n for axis, n in enumerate(np.shape(x)) if axis not in gone))


def _summed(x: Any, axes: Any = None, keepdims: bool = False) -> Any:
    return np.sum(x, axis=tuple(axes) if axes else None, keepdims=keepdims)


def _any(x: Any, axes: Any = None, keepdims: bool = False) -> Any:
    axes = axes if axes is None or isinstance(axes, int) else tuple(axes)
    return np.any(_plain(x), axis=axes, keepdims=keepdims)


def _repeated(x: Any, times: Sequence[int]) -> Any:
    return np.broadcast_to(x, tuple(times)) if all(n == 1 for n in np.shape(x)) else np.tile(x, times)


def _expanded(x: Any, shape: Sequence[int]) -> Any:
    before = (1,) * (len(shape) - np.ndim(x)) + tuple(np.shape(x))
    return np.broadcast_to(x, tuple(n if new == -1 else new for n, new in zip(before, shape, strict=True)))


def _transposed(x: Any, one: int = 0, other: int = 1) -> Any:
    return x if np.ndim(x) < 2 else np.swapaxes(x, one, other)


def _plain(x: Any) -> Any:
    return x.value if isinstance(x, Tensor) else x


def _compared(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, y: function(x, y)


def _softmax(x: Any, axis: int, half_to_float: bool = False) -> Any:
    return seq.softmax(x, axis=axis)


def _normed(x: Any, shape: Sequence[int], weight: Any, bias: Any, epsilon: float) -> list[Any]:
    axes = tuple(range(-len(shape), 0))
    off = x - np.mean(x, axis=axes, keepdims=True)
    y = off / np.sqrt(np.mean(off * off, axis=axes, keepdims=True) + epsilon)
    y = y if weight is None else y * weight
    return [y if bias is None else y + bias]


def _hard_sigmoid(x: Any) -> Any:
    return np.clip(x / 6 + 0.5, 0.0, 1.0)


OPERATORS: dict[str, Callable[..., Any]] = {
    GETITEM: lambda x, n: x[n],
    **{name: _bare(getattr(np, name)) for name in ("tanh", "exp", "log", "sqrt", "abs", "sin", "cos", "square")},
    "neg": _bare(np.negative), "sigmoid": _bare(seq.sigmoid), "relu": _bare(seq.relu), "softplus": _bare(seq.softplus),
    "native_layer_norm": _normed,
    "hardsigmoid": _bare(_hard_sigmoid), "_softmax": _bare(_softmax), "rsqrt": _bare(lambda x: 1 / np.sqrt(x)),
    "reciprocal": _bare(lambda x: 1 / x),
    "add": _added, "sub": _less, "rsub": lambda x, y, alpha=1: _less(y, x, alpha), "mul": _bare(np.multiply),
    "div": _bare(np.true_divide), "pow": _bare(lambda x, y: x**y), "mm": _bare(np.matmul), "bmm": _bare(np.matmul),
    "addmm": _bare(lambda b, x, y: b + x @ y), "maximum": _bare(np.maximum), "minimum": _bare(np.minimum),
    "select": lambda x, axis, n: _at(axis, n, x), "slice": _slice, "split": _split, "split_with_sizes": _split,
    "unbind": _unbind, "stack": lambda parts, axis=0: np.stack(parts, axis=axis),
    "cat": lambda parts, axis=0: np.concatenate(parts, axis=axis), "flip": lambda x, axes: np.flip(x, tuple(axes)),
    "permute": lambda x, axes: np.transpose(x, tuple(axes)), "transpose": _transposed, "t": _transposed,
    "view": lambda x, shape: np.reshape(x, tuple(shape)), "_unsafe_view": lambda x, shape: np.reshape(x, tuple(shape)),
    "reshape": lambda x, shape: np.reshape(x, tuple(shape)), "unsqueeze": lambda x, axis: np.expand_dims(x, axis),
    "squeeze": _squeezed, "expand": _expanded, "repeat": _repeated, "sum": _summed, "any": _any,
    "mean": lambda x, axes, keepdims=False: np.mean(x, axis=tuple(axes), keepdims=keepdims),
    "where": _bare(seq.where), "clone": _same, "lift_fresh_copy": _same, "_to_copy": _same, "contiguous": _same,
    "alias": _same, "detach": _bare(_plain), "zeros": _bare(lambda shape: np.zeros(tuple(shape))),
    "ones": _bare(lambda shape: np.ones(tuple(shape))), "zeros_like": _bare(lambda x: np.zeros(np.shape(x))),
    "ones_like": _bare(lambda x: np.ones(np.shape(x))), "full": _bare(lambda shape, x: np.full(tuple(shape), x)),
    "lt": _compared(np.less), "le": _compared(np.less_equal), "gt": _compared(np.greater),
    "ge": _compared(np.greater_equal), "eq": _compared(np.equal), "ne": _compared(np.not_equal),
    "logical_and": _compared(np.logical_and), "logical_or": _compared(np.logical_or),
    "logical_not": _bare(lambda x: np.logical_not(_plain(x))),
}  # fmt: skip
