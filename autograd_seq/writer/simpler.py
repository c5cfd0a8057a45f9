"""What a tree is written as: without a factor 1, with a square for a product with itself, with no minus twice.

What an operation does is found out by trying, so that no operation has to be known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

import numpy as np

from autograd_seq.core.operation import BY_NUMPY, Operation
from autograd_seq.writer.tree import Apply, Number, Tree, record_of, shape_of

_MINUS, _SQUARE = BY_NUMPY[np.negative], BY_NUMPY[np.square]
_PROBE = np.array([0.37, -1.91, 2.63])


def simplified(tree: Apply, constants: list[float | None]) -> Tree:
    """Without a factor 1, with a minus sign for a factor -1, and with a square for a product with itself."""
    if len(tree.operands) != 2 or tree.settings:
        return tree
    shape = tuple(record_of(tree.unit).shape)
    for i, constant in enumerate(constants):
        other = tree.operands[1 - i]
        acts = _acts_as(tree.operation, i, constant) if constant in (1, -1) else 0
        if acts and isinstance(other, Number):
            everywhere = filled(tree.operands[i], replace(other, value=acts * other.value))
            if everywhere is not None and shape_of(everywhere) == shape:
                return everywhere
        if acts and shape_of(other) == shape:
            return other if acts == 1 else Apply(_MINUS, (other,), {}, tree.unit, tree.shift, tree.at)
    if tree.operands[0] == tree.operands[1] and _squares(tree.operation):
        return Apply(_SQUARE, tree.operands[:1], {}, tree.unit, tree.shift, tree.at)
    return tree


def without_double_minus(tree: Tree) -> Tree:
    """What the sweep writes as −(−x), as x; what somebody wrote stays as it is written."""
    if not isinstance(tree, Apply) or not _turns_sign(tree):
        return tree
    opposite = _opposite(tree.operands[0])
    return tree if opposite is None else opposite


def _opposite(tree: Tree) -> Tree | None:
    """A tree with one minus less; None if it has none."""
    if isinstance(tree, Number):
        return replace(tree, value=-tree.value) if tree.value < 0 else None
    if isinstance(tree, Apply) and _turns_sign(tree):
        return tree.operands[0]
    if not _is_stretched(tree):
        return None
    inner = _opposite(tree.operands[0])
    return None if inner is None else replace(tree, operands=(inner,))


def without_double_transpose(tree: Tree) -> Tree:
    """What the sweep writes as (xᵀ)ᵀ, as x, and (Aᵀ B)ᵀ as Bᵀ A, where that takes fewer transposes."""
    if not _is_transposed(tree):
        return tree
    (inner,) = tree.operands
    if _is_transposed(inner):
        return inner.operands[0]
    if not isinstance(inner, Apply) or inner.operation.algebra != "matrix product":
        return tree
    first, second = inner.operands
    if not (_is_transposed(first) or _is_transposed(second)) or len(shape_of(first)) != 2 != len(shape_of(second)):
        return tree
    turned = tuple(x.operands[0] if _is_transposed(x) else replace(tree, operands=(x,)) for x in (second, first))
    return replace(inner, operands=turned, unit=tree.unit, shift=tree.shift, at=tree.at)


def _is_transposed(tree: Tree) -> TypeGuard[Apply]:
    """Whether a tree is xᵀ."""
    return (
        isinstance(tree, Apply)
        and tree.operation.algebra == "transpose"
        and tree.settings["axes"] is None
        and len(shape_of(tree.operands[0])) == 2
    )


def filled(tree: Tree, number: Number) -> Tree | None:
    """A number that was stretched to an array, with another number in its place; None for what is none."""
    if isinstance(tree, Number):
        return number
    if isinstance(tree, Apply) and _turns_sign(tree):
        return filled(tree.operands[0], number)
    if not _is_stretched(tree):
        return None
    inner = filled(tree.operands[0], number)
    return None if inner is None else replace(tree, operands=(inner,))


def _is_stretched(tree: Tree) -> TypeGuard[Apply]:
    """Whether a tree is written as what it is made from."""
    return isinstance(tree, Apply) and tree.operation.forms["text"].silent


def _turns_sign(tree: Apply) -> bool:
    """Whether an operation does what a minus sign does."""
    if len(tree.operands) != 1 or tree.settings:
        return False
    try:
        with np.errstate(all="ignore"):
            return bool(np.array_equal(tree.operation.value(_PROBE), -_PROBE))
    except (TypeError, ValueError):
        return False


def _acts_as(operation: Operation, position: int, number: float) -> int:
    """1 if the operation with this number at this position leaves the other operand alone, -1 if it turns its sign."""
    arrays = [_PROBE, np.full(3, float(number))]
    try:
        with np.errstate(all="ignore"):
            result = operation.value(*(arrays if position else arrays[::-1]))
    except (TypeError, ValueError):
        return 0
    if np.shape(result) != (3,):
        return 0
    return 1 if np.array_equal(result, _PROBE) else -1 if np.array_equal(result, -_PROBE) else 0


def _squares(operation: Operation) -> bool:
    """Whether the operation of something with itself is its square."""
    try:
        return bool(np.array_equal(operation.value(_PROBE, _PROBE), _PROBE * _PROBE))
    except (TypeError, ValueError):
        return False
