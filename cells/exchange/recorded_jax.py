"""Code that calls JAX, recorded: JAX says a function as a list of primitives, and each is a line of one table here.

JAX is asked for that list (``jax.make_jaxpr``) when such a function is given; it is not imported before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import autograd_seq as seq
from autograd_seq import Tensor
from autograd_seq.core.errors import UsageError
from autograd_seq.core.floats import is_floats
from autograd_seq.core.source_line import here


def run_jaxpr(jaxpr: Any, constants: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """The results of a list of primitives on tensors of this package or on arrays."""
    known: dict[Any, Any] = dict(zip(jaxpr.constvars, constants, strict=True))
    known |= dict(zip(jaxpr.invars, values, strict=True))

    def value(atom: Any) -> Any:
        return _plain(atom.val) if hasattr(atom, "val") else known[atom]

    for equation in jaxpr.eqns:
        name, inputs = equation.primitive.name, [value(atom) for atom in equation.invars]
        if name in WITHIN:
            made = WITHIN[name](equation.params, inputs)
        elif name in PRIMITIVES:
            made = [PRIMITIVES[name](equation.params, *inputs)]
        elif not any(isinstance(x, Tensor) for x in inputs):  # random keys and the like, which have no derivative
            made = _by_jax(equation, inputs)
        else:
            raise UsageError(
                f"JAX's {name} is not among the primitives that are recorded here: "
                f"{', '.join(sorted([*PRIMITIVES, *WITHIN]))}{here()}"
            )
        known |= dict(zip(equation.outvars, made, strict=False))
    return [value(atom) for atom in jaxpr.outvars]


def _plain(value: Any) -> Any:
    """A constant as an array; floats as float64, since every float32 is one."""
    if str(getattr(value, "dtype", "")).startswith("key<"):  # a random key, which is no number
        return value
    return wide(np.asarray(value))


def wide(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Floats as float64, which has every number of bfloat16 and float32; other arrays as they are."""
    return array.astype(np.float64) if is_floats(array.dtype) else array


def _by_jax(equation: Any, inputs: Sequence[Any]) -> list[Any]:
    """What JAX makes of plain numbers."""
    given = [x.astype(atom.aval.dtype) if isinstance(x, np.ndarray) else x
             for x, atom in zip(inputs, equation.invars, strict=True)]  # fmt: skip
    made = equation.primitive.bind(*given, **equation.params)
    return [_plain(y) for y in (made if equation.primitive.multiple_results else [made])]


def _closed(closed: Any, inputs: Sequence[Any]) -> list[Any]:
    return run_jaxpr(closed.jaxpr, [_plain(c) for c in closed.consts], inputs)


def _scan(p: Mapping[str, Any], inputs: Sequence[Any]) -> list[Any]:
    """A loop over time, step by step, each with its time."""
    n, m = p["num_consts"], p["num_carry"]
    constants, carry, sequences = inputs[:n], list(inputs[n : n + m]), inputs[n + m :]
    length, ends = p["length"], list[list[Any]]()
    order = range(length - 1, -1, -1) if p["reverse"] else range(length)
    for t in order:
        with seq.scope(time=t + 1):
            made = _closed(p["jaxpr"], [*constants, *carry, *(s[t] for s in sequences)])
        carry = made[:m]
        ends.append(made[m:])
    ends = ends[::-1] if p["reverse"] else ends
    return [*carry, *(seq.stack([end[k] for end in ends]) for k in range(len(ends[0]) if ends else 0))]


def _call(key: str) -> Callable[[Mapping[str, Any], Sequence[Any]], list[Any]]:
    return lambda p, inputs: _closed(p[key], inputs)


def _dot(p: Mapping[str, Any], x: Any, y: Any) -> Any:
    """A product over some axes of both, with others in common."""
    (over_x, over_y), (common_x, common_y) = p["dimension_numbers"]
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    of_x = [next(letters) for _ in range(np.ndim(x))]
    of_y = [next(letters) for _ in range(np.ndim(y))]
    for i, j in zip((*over_x, *common_x), (*over_y, *common_y), strict=True):
        of_y[j] = of_x[i]
    shared = [of_x[i] for i in common_x]
    rest = [c for k, c in enumerate(of_x) if k not in (*over_x, *common_x)]
    rest += [c for k, c in enumerate(of_y) if k not in (*over_y, *common_y)]
    return np.einsum(f"{''.join(of_x)},{''.join(of_y)}->{''.join(shared + rest)}", x, y)


def _broadcast(p: Mapping[str, Any], x: Any) -> Any:
    shape = [1] * len(p["shape"])
    for axis, place in enumerate(p["broadcast_dimensions"]):
        shape[place] = np.shape(x)[axis]
    return np.broadcast_to(np.reshape(x, shape), tuple(p["shape"]))


def _slice(p: Mapping[str, Any], x: Any) -> Any:
    strides = p["strides"] or [1] * len(p["start_indices"])
    return x[tuple(slice(*s) for s in zip(p["start_indices"], p["limit_indices"], strides, strict=True))]


def _select(p: Mapping[str, Any], which: Any, *cases: Any) -> Any:
    if len(cases) != 2:
        raise UsageError(f"a choice among {len(cases)} cases is not recorded here{here()}")
    return seq.where(which, cases[1], cases[0])


def _convert(p: Mapping[str, Any], x: Any) -> Any:
    dtype = np.dtype(p["new_dtype"])
    if not is_floats(dtype):
        return x.astype(dtype)
    return x if np.dtype(x.dtype).kind == "f" else x.astype(np.float64)


def _bare(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda p, *inputs: function(*inputs)


def _cut(x: Any) -> Any:
    return x.value if isinstance(x, Tensor) else x


def _split(p: Mapping[str, Any], inputs: Sequence[Any]) -> list[Any]:
    return list(np.split(inputs[0], list(np.cumsum(p["sizes"])[:-1]), axis=p["axis"]))


def _squeeze(p: Mapping[str, Any], x: Any) -> Any:
    return np.reshape(x, tuple(n for k, n in enumerate(np.shape(x)) if k not in p["dimensions"]))


def _number(x: Any, primitive: str) -> int:
    """A whole number that data do not decide."""
    if isinstance(x, Tensor):
        raise _place_by_data(primitive)
    return int(x)


def _place_by_data(primitive: str) -> UsageError:
    return UsageError(f"JAX's {primitive} is recorded here with places that are plain numbers alone{here()}")


def _dynamic_slice(p: Mapping[str, Any], x: Any, *starts: Any) -> Any:
    sizes, shape = p["slice_sizes"], np.shape(x)
    begins = [max(_number(s, "dynamic_slice"), 0) for s in starts]
    first = [min(s, n - size) for s, n, size in zip(begins, shape, sizes, strict=True)]
    return x[tuple(slice(s, s + size) for s, size in zip(first, sizes, strict=True))]


def _gather(p: Mapping[str, Any], x: Any, places: Any) -> Any:
    """Slices of an array that begin at given places, such as the rows of a table of embeddings."""
    told, sizes = p["dimension_numbers"], p["slice_sizes"]
    if told.operand_batching_dims or isinstance(places, Tensor):
        raise _place_by_data("gather")
    outer, kept = np.shape(places)[:-1], [d for d in range(np.ndim(x)) if d not in told.collapsed_slice_dims]
    index = []
    for axis, (size, n) in enumerate(zip(sizes, np.shape(x), strict=True)):
        along = [1] * len(kept)
        if axis in kept:
            along[kept.index(axis)] = size
        steps = np.arange(size).reshape((1,) * len(outer) + tuple(along))
        first = places[..., told.start_index_map.index(axis)] if axis in told.start_index_map else np.zeros(outer, int)
        index.append(np.clip(first, 0, n - size).reshape(outer + (1,) * len(kept)) + steps)
    found = x[tuple(np.broadcast_arrays(*index))]
    order, rest = [], list(range(len(outer)))
    inner = list(range(len(outer), np.ndim(found)))
    for axis in range(np.ndim(found)):
        order.append(inner.pop(0) if axis in told.offset_dims else rest.pop(0))
    return np.transpose(found, order)


def _cumsum(p: Mapping[str, Any], x: Any) -> Any:
    axis = (p["axis"],)
    return np.flip(np.cumsum(np.flip(x, axis), axis=axis[0]), axis) if p["reverse"] else np.cumsum(x, axis=axis[0])


def _cond(p: Mapping[str, Any], inputs: Sequence[Any]) -> list[Any]:
    """One of several branches: that which the numbers choose."""
    choice = min(max(int(_cut(inputs[0])), 0), len(p["branches"]) - 1)
    return _closed(p["branches"][choice], inputs[1:])


def _remat(p: Mapping[str, Any], inputs: Sequence[Any]) -> list[Any]:
    return run_jaxpr(p["jaxpr"], [], inputs)


WITHIN: dict[str, Callable[[Mapping[str, Any], Sequence[Any]], list[Any]]] = {
    "jit": _call("jaxpr"), "pjit": _call("jaxpr"), "closed_call": _call("call_jaxpr"), "scan": _scan, "split": _split,
    "custom_vjp_call": _call("call_jaxpr"), "custom_jvp_call": _call("call_jaxpr"), "core_call": _call("call_jaxpr"),
    "checkpoint": _remat, "remat2": _remat, "cond": _cond,
}  # fmt: skip
PRIMITIVES: dict[str, Callable[..., Any]] = {
    **{name: _bare(getattr(np, name)) for name in ("tanh", "exp", "log", "sqrt", "abs", "sin", "cos", "log1p", "expm1",
                                                  "sign", "square")},
    "logistic": _bare(seq.sigmoid), "neg": _bare(np.negative), "add": _bare(np.add), "add_any": _bare(np.add),
    "sub": _bare(np.subtract), "mul": _bare(np.multiply), "div": _bare(np.true_divide), "max": _bare(np.maximum),
    "min": _bare(np.minimum), "pow": _bare(lambda x, y: x**y), "integer_pow": lambda p, x: x ** p["y"],
    "dot_general": _dot, "broadcast_in_dim": _broadcast, "slice": _slice, "select_n": _select, "squeeze": _squeeze,
    "reshape": lambda p, x: np.reshape(x, tuple(p["new_sizes"])), "convert_element_type": _convert,
    "transpose": lambda p, x: np.transpose(x, p["permutation"]),
    "concatenate": lambda p, *x: seq.concatenate(list(x), axis=p["dimension"]),
    "reduce_sum": lambda p, x: np.sum(x, axis=tuple(p["axes"])),
    "reduce_or": lambda p, x: np.any(_cut(x), axis=tuple(p["axes"])), "rsqrt": lambda p, x: 1 / np.sqrt(x),
    "reduce_and": lambda p, x: np.all(_cut(x), axis=tuple(p["axes"])),
    "reduce_min": lambda p, x: np.min(x, axis=tuple(p["axes"])), "cumsum": _cumsum,
    "reduce_prod": lambda p, x: np.prod(x, axis=tuple(p["axes"])), "dynamic_slice": _dynamic_slice, "gather": _gather,
    "stack": lambda p, *x: seq.stack(list(x), axis=p["axis"]),
    "clamp": lambda p, low, x, high: np.minimum(np.maximum(x, low), high),
    "reduce_max": lambda p, x: np.max(x, axis=tuple(p["axes"])),
    "rev": lambda p, x: np.flip(x, tuple(p["dimensions"])), "stop_gradient": _bare(_cut), "copy": _bare(lambda x: x),
    "copy_p": _bare(lambda x: x), "eq": _bare(np.equal), "ne": _bare(np.not_equal), "gt": _bare(np.greater),
    "lt": _bare(np.less), "ge": _bare(np.greater_equal), "le": _bare(np.less_equal), "and": _bare(np.logical_and),
    "or": _bare(np.logical_or), "not": _bare(np.logical_not), "iota": lambda p: np.arange(p["shape"][0]),
}  # fmt: skip
