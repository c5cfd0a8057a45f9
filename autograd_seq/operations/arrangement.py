"""NumPy's other ways to repeat, turn, cut, pad and choose elements, made of indexing and `where`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError
from autograd_seq.core.source_line import here
from autograd_seq.operations.arithmetic import astype
from autograd_seq.operations.decided import decided, is_learned, refuse
from autograd_seq.operations.elementwise import where
from autograd_seq.operations.indexing import assign, getitem, split, take, visibility
from autograd_seq.operations.shape import (
    axis_of,
    broadcast_to,
    concatenate,
    flip,
    moveaxis,
    ravel,
    reshape,
    swapaxes,
)


def _tile(A: Any, reps: Any) -> Any:
    reps = (int(reps),) if np.ndim(reps) == 0 else tuple(int(n) for n in reps)
    shape = (1,) * (len(reps) - np.ndim(A)) + np.shape(A)
    reps = (1,) * (len(shape) - len(reps)) + reps
    doubled = [n for length in shape for n in (1, length)]
    repeated = [n for pair in zip(reps, shape, strict=True) for n in pair]
    result = tuple(n * length for n, length in zip(reps, shape, strict=True))
    return reshape(broadcast_to(reshape(A, tuple(doubled)), tuple(repeated)), result)


def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    if axis is None:
        return _repeat(ravel(a), repeats, 0)
    return take(a, np.repeat(np.arange(np.shape(a)[axis]), decided(repeats)), axis)


def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return reshape(_roll(ravel(a), shift, 0), np.shape(a))
    shifts, axes = np.broadcast_arrays(decided(shift), axis)
    for by, along in zip(shifts.ravel().tolist(), axes.ravel().tolist(), strict=True):
        a = take(a, np.roll(np.arange(np.shape(a)[along]), by), along)
    return a


def _rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    first, second = (axis_of(m, axis) for axis in axes)
    if k % 4 == 0:
        return m
    if k % 4 == 2:
        return flip(flip(m, first), second)
    return swapaxes(flip(m, second), first, second) if k % 4 == 1 else flip(swapaxes(m, first, second), second)


def _of_axes(least: int, function: str, m: Any) -> Any:
    if np.ndim(m) < least:
        raise ShapeError(f"np.{function} needs an array of {least} axes or more, not {np.shape(m)}{here()}")
    return m


def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    if np.ndim(indices_or_sections):
        return split(ary, indices_or_sections, axis)
    n, count = np.shape(ary)[axis_of(ary, axis)], int(indices_or_sections)
    sizes = [n // count + (i < n % count) for i in range(count)]
    return split(ary, np.cumsum(sizes)[:-1], axis)


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    return split(ary, indices_or_sections, axis)


def _unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    axis = axis_of(x, axis)
    return tuple(getitem(x, (slice(None),) * axis + (i,)) for i in range(np.shape(x)[axis]))


_MIRRORS = ("edge", "reflect", "symmetric", "wrap")


def _pad(array: Any, pad_width: Any, mode: Any = "constant", **settings: Any) -> Any:
    places = np.arange(np.size(array)).reshape(np.shape(array))
    if mode in _MIRRORS and settings.get("reflect_type", "even") == "even":
        return getitem(ravel(array), np.pad(places, pad_width, mode, **settings))
    constant = settings.get("constant_values", 0)
    if mode != "constant" or is_learned(constant):
        raise refuse("pad", f"is recorded with plain constants and for the modes {', '.join(_MIRRORS)}",
                     "Write np.concatenate for what else is to stand around an array")  # fmt: skip
    around = np.pad(places, pad_width, constant_values=-1) >= 0
    filled = np.pad(np.zeros(np.shape(array), array.dtype), pad_width, **settings)
    inside = tuple(slice(int(i.min()), int(i.max()) + 1) for i in np.nonzero(around)) if places.size else (slice(0),)
    return assign([filled, array], indices=(inside,), visible=visibility(filled.shape, (inside,)))


def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ShapeError(f"np.select takes a choice for each condition, not {len(choicelist)}{here()}")
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        default = where(condition, choice, default)
    return default


def _choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    number, count = np.asarray(decided(a)), len(choices)
    if not is_learned(a) and mode in ("wrap", "clip"):
        number = number % count if mode == "wrap" else np.clip(number, 0, count - 1)
    if is_learned(a) or number.dtype.kind not in "biu" or np.any((number < 0) | (number >= count)):
        raise refuse("choose", f"takes an array of whole numbers from 0 to {count - 1} that choose",
                     "Write np.where(condition, x, y)")  # fmt: skip
    result = choices[-1]
    for i in range(count - 2, -1, -1):
        result = where(number == i, choices[i], result)
    return result if count > 1 else broadcast_to(result, np.broadcast_shapes(number.shape, np.shape(result)))


def _piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    listed = [decided(condlist)] if np.ndim(condlist[0]) == 0 and np.ndim(x) else map(decided, condlist)
    conditions = [np.asarray(condition, bool) for condition in listed]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))

    def part(function: Any, condition: Any) -> Any:
        return function(getitem(x, condition), *args, **kw) if callable(function) else np.asarray(function, x.dtype)

    parts = map(part, funclist, conditions)
    places = tuple(conditions)
    return assign([np.zeros(np.shape(x), x.dtype), *parts], indices=places, visible=visibility(np.shape(x), places))


def _delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    if axis is None:
        return _delete(ravel(arr), obj, 0)
    return take(arr, np.delete(np.arange(np.shape(arr)[axis]), decided(obj)), axis)


def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    arr, values = (x if hasattr(x, "dtype") else np.asarray(x) for x in (arr, values))
    if is_learned(values) and arr.dtype.kind != "f":
        raise refuse("insert", "would cut what is learned to whole numbers", "Write np.insert(x.astype(float), ...)")
    n, shape = np.size(arr), np.shape(values)
    added = np.arange(n, n + int(np.prod(shape, dtype=int))).reshape(shape)
    places = np.insert(np.arange(n).reshape(np.shape(arr)), decided(obj), added, axis)
    return getitem(concatenate([ravel(arr), ravel(astype(values, arr.dtype))]), places)


def _compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    return take(a, np.flatnonzero(decided(condition)), axis)


def _resize(a: Any, new_shape: Any) -> Any:
    return getitem(ravel(a), np.resize(np.arange(np.size(a)), new_shape))


def _broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(broadcast_to(x, shape) for x in args)


def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    shapes = [[1] * len(xi) for _ in xi]
    for i, x in enumerate(xi):
        axis = {0: 1, 1: 0}.get(i, i) if indexing == "xy" and len(xi) > 1 else i
        shapes[i][axis] = int(np.prod(np.shape(x), dtype=int))
    grids = tuple(reshape(x, tuple(shape)) for x, shape in zip(xi, shapes))
    return grids if sparse else _broadcast_arrays(*grids)


def _block(arrays: Any) -> Any:
    def depth(x: Any) -> int:
        return 1 + depth(x[0]) if isinstance(x, list) else 0

    levels = depth(arrays)
    axes = max(levels, *(np.ndim(x) for x in _leaves(arrays)))

    def joined(x: Any, level: int) -> Any:
        if not isinstance(x, list):
            return reshape(x, (1,) * (axes - np.ndim(x)) + np.shape(x))
        return concatenate([joined(part, level - 1) for part in x], axis=-level)

    return joined(arrays, levels)


def _leaves(x: Any) -> list[Any]:
    return [leaf for part in x for leaf in _leaves(part)] if isinstance(x, list) else [x]


def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis, start = axis_of(a, axis), start + np.ndim(a) if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


def _at_least(axes: int) -> Callable[..., Any]:
    def lifted(*arys: Any) -> Any:
        made = tuple(a if np.ndim(a) >= axes else reshape(a, (1,) * (axes - np.ndim(a)) + np.shape(a)) for a in arys)
        return made[0] if len(made) == 1 else made

    return lifted


ARRANGED: dict[Any, Any] = {
    np.array_split: _array_split,
    np.atleast_1d: _at_least(1),
    np.atleast_2d: _at_least(2),
    np.block: _block,
    np.broadcast_arrays: _broadcast_arrays,
    np.choose: _choose,
    np.compress: _compress,
    np.delete: _delete,
    np.dsplit: lambda ary, indices_or_sections: split(_of_axes(3, "dsplit", ary), indices_or_sections, 2),
    np.extract: lambda condition, arr: getitem(ravel(arr), np.flatnonzero(decided(condition))),
    np.fliplr: lambda m: flip(_of_axes(2, "fliplr", m), 1),
    np.flipud: lambda m: flip(_of_axes(1, "flipud", m), 0),
    np.insert: _insert,
    np.hsplit: lambda ary, indices_or_sections: split(ary, indices_or_sections, 1 if np.ndim(ary) > 1 else 0),
    np.linalg.matrix_transpose: lambda x, /: swapaxes(x, -1, -2),
    np.matrix_transpose: lambda x, /: swapaxes(x, -1, -2),
    np.meshgrid: _meshgrid,
    np.pad: _pad,
    np.piecewise: _piecewise,
    np.repeat: _repeat,
    np.resize: _resize,
    np.roll: _roll,
    np.rollaxis: _rollaxis,
    np.rot90: _rot90,
    np.select: _select,
    np.split: _split,
    np.tile: _tile,
    np.vsplit: lambda ary, indices_or_sections: split(_of_axes(2, "vsplit", ary), indices_or_sections, 0),
}
if hasattr(np, "unstack"):  # NumPy 2.1 and later
    ARRANGED[np.unstack] = _unstack
