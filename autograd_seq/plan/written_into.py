"""Arrays that every step writes a part of, a[:, :, t] = …: what is put together of all steps, and of what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograd_seq import operations as ops
from autograd_seq.folding.unit import Family, Node, Unit
from autograd_seq.plan.rewrites.formula import computed_as
from autograd_seq.plan.value import ALL_STEPS, SUM, Use, Value, tie

OTHERS = 8  # parts that are not of the family: a first state, or a step that is unlike the others


@dataclass(frozen=True)
class _Piece:
    """What fills a range along the axis; the steps of a family do so one after another."""

    start: int
    stop: int
    of: Any
    left: bool = False  # whether it is what stood there before


def put_together(node: Unit, value: Value, made: dict[Unit, Value], every: bool) -> bool:
    """Compute an array that steps are written into as one that they are put together to; whether it is such an array.

    Parameters
    ----------
    node : Node
        The assignments.
    value : Value
        What stands for it, and will be tied to what it is made of.
    made : dict of Unit to Value
    every : bool
        Whether all steps of a value are one operand.
    """
    if not isinstance(node, Node) or node.total or node.operation is None or node.operation.algebra != "replaced parts":
        return False
    found = _pieces(node)
    if found is None:
        return False
    axis, pieces = found
    parts = [_made(piece, axis, value, made, every) for piece in pieces]
    if len(parts) == 1:
        tie(value, kind=parts[0].kind, uses=parts[0].uses, settings=parts[0].settings)
    else:
        whole = computed_as(value, lambda *arrays: ops.concatenate(arrays, axis=axis), *map(Use, parts))
        tie(value, kind=whole.kind, uses=whole.uses, settings=whole.settings)
    return True


def _pieces(node: Node) -> tuple[int, list[_Piece]] | None:
    """Along which axis pieces are written, and which, in order; None if that is not all that happens."""
    base, *values = node.inputs
    indices = node.settings["indices"]
    shape = base.record.shape
    places = [_place(index, shape) for index in indices]
    family = next((x.family for x in values if x.family is not None), None)
    if family is None or None in places or len({place[0] for place in places if place}) > 1:
        return None
    axis = places[0][0]  # type: ignore[index]
    one = (*shape[:axis], *shape[axis + 1 :])
    at = [place[1] for place in places if place]
    if len(set(at)) < len(at) or any(x.record.shape != one or x.record.dtype != node.record.dtype for x in values):
        return None  # one hides another, or it broadcasts
    steps = {i - x.time: x for i, x in zip(at, values, strict=True) if x.family is family and x.time is not None}
    first = [i for i, x in zip(at, values, strict=True) if x.family is family]
    if len(steps) != 1 or len(first) != len(family.times) or len(values) - len(first) > OTHERS:
        return None
    filled = [_Piece(min(first), max(first) + 1, family)]
    filled += [_Piece(i, i + 1, x) for i, x in zip(at, values, strict=True) if x.family is not family]
    filled.sort(key=lambda piece: piece.start)
    return axis, list(_with_rest(filled, shape[axis], base))


def _place(index: Any, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """The axis along which an index takes one number, and which; None if it takes anything else but all."""
    parts = index if isinstance(index, tuple) else (index,)
    numbers = [i for i, part in enumerate(parts) if type(part) is int]
    if len(numbers) != 1 or len(parts) > len(shape):
        return None
    (axis,) = numbers
    whole = all(isinstance(part, slice) and part == slice(None) for i, part in enumerate(parts) if i != axis)
    return (axis, parts[axis] % shape[axis]) if whole else None


def _with_rest(filled: list[_Piece], length: int, base: Node) -> Iterator[_Piece]:
    """Pieces with what nobody wrote into between them."""
    end = 0
    for piece in [*filled, _Piece(length, length, None)]:
        if piece.start > end:
            yield _Piece(end, piece.start, base, True)
        if piece.of is not None:
            yield piece
        end = piece.stop


def _made(piece: _Piece, axis: int, whole: Value, made: dict[Unit, Value], every: bool) -> Value:
    shape = (*whole.shape[:axis], piece.stop - piece.start, *whole.shape[axis + 1 :])
    if isinstance(piece.of, Family):
        x = made[piece.of]
        assert x.times is not None
        together = Use(Value(ALL_STEPS, x.shape, x.dtype, None, [Use(x)], name=x.name))
        uses = [together] if every else [Use(x, at=t) for t in x.times]
        return Value(ops.stack, shape, whole.dtype, None, uses, {"axis": axis}, whole.name)
    x = made[piece.of.family or piece.of]
    use = Use(x, at=piece.of.time) if x.timed else Use(x)
    wanted = Value(SUM, shape, x.dtype, name=whole.name)
    if piece.left:
        index = (*(slice(None),) * axis, slice(piece.start, piece.stop))
        return computed_as(wanted, lambda array: array[index], use)
    return computed_as(wanted, lambda array: ops.expand_dims(array, axis), use)
