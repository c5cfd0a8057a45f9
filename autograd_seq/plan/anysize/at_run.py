"""What the text of a program for any sizes calls when it is told the sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from autograd_seq.core.array import Array
from autograd_seq.folding.step_index import StepIndex, at_step
from autograd_seq.plan.anysize.size import Size, evaluated

COLUMNS = 1024  # examples × steps that are laid side by side at once
FEW = 256  # the same where the product stays in the cache, so that adding to it costs little: then they do so, too


def steps_at_once(steps: int, columns: int, most: int = COLUMNS) -> int:
    """How many steps are laid side by side: few enough for the cache, and about as many each time.

    Examples
    --------
    >>> steps_at_once(100, 64), steps_at_once(101, 64), steps_at_once(20, 1)
    (15, 15, 20)
    """
    turns = -(-steps * columns // most)
    return -(-steps // turns)


def side_by_side(
    left: Array | None, its: Sequence[Array], right: Array, others: Sequence[Array], part: int, ones: bool
) -> list[tuple[list[tuple[Array, Any]], Array, Array]]:
    """Σ over time of D Xᵀ as products over some steps each: what to copy where before each, and its two factors.

    Parameters
    ----------
    left, right : ndarray of shape (rows, part, columns)
        Memory, used at each turn anew. None on the left if there is one example: then its steps are there side by side.
    its, others : list of ndarray of shape (steps, rows, columns)
        What is to stand in it, above each other.
    part : int
        How many steps are laid side by side at a time; in the last turn there may be fewer.
    ones : bool
        Whether the last row on the right is one of ones.
    """
    if left is None:
        return _of_one_example(its[0], right, others, part, ones)
    turns = []
    for first in range(0, len(its[0]), part):
        copies: list[tuple[Array, Any]] = []
        factors = []
        for memory, blocks in ((left, its), (right, others)):
            rows, _, columns = memory.shape
            some = [block[first : first + part].transpose(1, 0, 2) for block in blocks]
            wide = memory.reshape(-1)[: rows * some[0].shape[1] * columns].reshape(rows, -1, columns)
            start = 0
            for block in some:
                copies.append((wide[start : start + len(block)], block))
                start += len(block)
            if start < rows and ones:
                copies.append((wide[start], 1.0))
            factors.append(wide.reshape(rows, -1))
        turns.append((copies, factors[0], factors[1].T))
    return turns


def _of_one_example(
    block: Array, right: Array, others: Sequence[Array], part: int, ones: bool
) -> list[tuple[list[tuple[Array, Any]], Array, Array]]:
    """The same for one example: a row for each step on the right, and nothing is copied if that has one block."""
    turns = []
    for first in range(0, len(block), part):
        some = [other[first : first + part, :, 0] for other in others]
        copies: list[tuple[Array, Any]] = []
        if len(some) == 1 and not ones:
            rows = some[0]
        else:
            rows = right.reshape(-1)[: len(some[0]) * len(right)].reshape(len(some[0]), len(right))
            start = 0
            for block_of_some in some:
                stop = start + block_of_some.shape[1]
                copies.append((rows[:, start:stop], block_of_some))
                start = stop
            if ones:
                copies.append((rows[:, start], 1.0))
        turns.append((copies, block[first : first + part, :, 0].T, rows))
    return turns


def settings_at(template: dict[str, Any], steps: Iterable[int], **sizes: int) -> list[dict[str, Any]]:
    """An operation's settings at each step."""
    known = {key: told(setting, sizes) for key, setting in template.items()}
    return [{key: at_step(setting, t) for key, setting in known.items()} for t in steps]


def told(setting: Any, sizes: dict[str, int]) -> Any:
    """A setting with numbers for the names in it."""
    if isinstance(setting, Size):
        return evaluated(setting.terms, sizes)
    if isinstance(setting, StepIndex):
        return replace(setting, shift=told(setting.shift, sizes))
    if isinstance(setting, tuple):
        return tuple(told(part, sizes) for part in setting)
    if isinstance(setting, slice):
        return slice(*(told(part, sizes) for part in (setting.start, setting.stop, setting.step)))
    return setting
