"""A cause that was found, and when numbers are the same: what whoever looks for causes speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.known_values import farthest

EQUAL = 1e-9  # relative to the largest element; far above rounding, far below any mistake


@dataclass(frozen=True)
class Strayed:
    """The first wrong value that a line of somebody's made, with all mistakes before it mended.

    Attributes
    ----------
    row, place : int
        Which value of the true pass belongs there.
    value : ndarray
        What the line made in its place.
    lent : bool
        Whether gradients are right with the true values in the place of the line's only, as no change of it was found.
    """

    row: int
    place: int
    value: Array
    lent: bool = True


@dataclass(frozen=True)
class Finding:
    """One cause.

    Attributes
    ----------
    category : str
        The kind of mistake.
    where : str
        The quantity whose formula is wrong.
    words : str
        What it equals in place of what it should be.
    correct : str
        The right formula.
    explains : tuple of str
        The gradients that are wrong because of it.
    line : int or None
        The number of the wrong line in somebody's file.
    source : str
        What stands there.
    file : str
        The file, where it is another than that of the function which is checked.
    strayed : Strayed or None
        The first wrong value, where that is all that is known yet.
    own : str
        What somebody's program calls the quantity, where that is another name.
    general : str
        The words in the names of the true pass, which are the same for everybody, where `words` has somebody's own.
    """

    category: str
    where: str
    words: str
    correct: str
    explains: tuple[str, ...]
    line: int | None = None
    source: str = ""
    file: str = ""
    strayed: Strayed | None = field(default=None, compare=False, repr=False)
    own: str = ""
    general: str = ""


def difference(found: Array, true: Array) -> float:
    """The largest difference, relative to the largest element; infinite where shapes or numbers are impossible."""
    if np.shape(found) != np.shape(true) or not np.isfinite(found).all():
        return float("inf")
    largest = max(farthest(true), farthest(found))
    return farthest(found - true) / largest if largest else 0.0


def plain(name: str) -> str:
    """A name without the marks of printing: ``dW_f`` and ``dWf`` are the same."""
    return re.sub(r"[_\s]|<\d+>", "", name)
