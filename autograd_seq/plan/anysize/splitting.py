"""How examples are taken in parts, and which axes they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_seq.folding.step_index import StepIndex
from autograd_seq.plan.anysize.size import LEAST, Size, terms_of
from autograd_seq.plan.anysize.stretch import Stretch


class TogetherError(Exception):
    """Why examples must be computed together."""


@dataclass(frozen=True)
class Split:
    """How examples are taken in parts.

    Attributes
    ----------
    name : str
        The size that counts the examples; empty if they cannot be separated.
    whole : str
        What a program calls the number of all examples, where it has that of a part as well.
    why_not : str
        Why they cannot be separated.
    """

    name: str = ""
    whole: str = ""
    why_not: str = ""

    def lengths(self, sizes: Mapping[str, int], threads: int) -> list[int]:
        """How many examples each part has: as many parts as threads, if that leaves two for each.

        Examples
        --------
        >>> Split("m", "m_all").lengths({"T": 9, "m": 8}, 3), Split("m", "m_all").lengths({"T": 9, "m": 3}, 2)
        ([3, 3, 2], [3])
        """
        if not self.name:
            return []
        m = sizes[self.name]
        parts = max(1, min(threads, m // LEAST))
        return [m // parts + (number < m % parts) for number in range(parts)]

    def part(self, sizes: Mapping[str, int], threads: int) -> Mapping[str, int]:
        """The sizes of the largest part."""
        return {**sizes, self.name: self.lengths(sizes, threads)[0]} if self.name else sizes


ONE = Split()
"""What is not asked to be taken in parts."""


def axis_in(shape: Sequence[int], name: str) -> int | None:
    """The axis that is as long as there are examples; None if there is none.

    Raises
    ------
    TogetherError
        If there are several, or a length has to do with them in another way.
    """
    axes = [axis for axis, n in enumerate(shape) if counts(n, name)]
    if any(terms_of(shape[axis]) != {(name,): 1} for axis in axes):
        raise TogetherError(f"an array of shape {_said(shape)} has examples and other things in one axis")
    if len(axes) > 1:
        raise TogetherError(f"an array of shape {_said(shape)} has numbers for pairs of examples")
    return axes[0] if axes else None


def axes(axis: Any, ndim: int) -> set[int]:
    """The axes that a setting means, as numbers from 0."""
    given = range(ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    return {a % ndim for a in given}


def counts(thing: Any, name: str) -> bool:
    """Whether a length, or anything in a setting, has to do with a size."""
    if isinstance(thing, Size):
        return any(name in names for names in thing.terms)
    if isinstance(thing, StepIndex):
        return counts(thing.shift, name)
    if isinstance(thing, (slice, Stretch)):
        return any(counts(getattr(thing, end), name) for end in ("start", "stop"))
    if isinstance(thing, dict):
        return any(counts(part, name) for part in thing.values())
    return isinstance(thing, (tuple, list)) and any(counts(part, name) for part in thing)


def _said(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))})"
