"""What a perturbation is: an edit of one line, and a backward pass with a mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.rerun import Change

FIRST, LIKELY, LOCAL, SWAP, RARE, ODD = range(6)  # ranks: the smaller, the likelier


@dataclass(frozen=True)
class Edit:
    """One way to get one line wrong.

    Attributes
    ----------
    key : tuple
        The same for the same edit in another time step, or of other numbers.
    category : str
        The kind of mistake.
    words : str
        What the gradient then is.
    change : callable
        The changed value.
    weight : int
        Among edits that fit equally well, the lightest is named first.
    """

    key: tuple[Any, ...]
    category: str
    words: str
    change: Change
    weight: int = 1


@dataclass(frozen=True)
class Variant:
    """The true backward pass with a mistake in it.

    Attributes
    ----------
    key : tuple
        The same in another recording of the same program.
    category : str
        The kind of mistake.
    where : str
        The quantity whose formula is wrong.
    words : str
        What it then equals.
    correct : str
        The right formula.
    rank : int
        Smaller is likelier.
    changes : dict
        The changed records.
    """

    key: tuple[Any, ...]
    category: str
    where: str
    words: str
    correct: str
    rank: int
    changes: Mapping[Tensor, Change] = field(compare=False)
    weight: int = 1


def nothing(v: Any) -> Any:
    """The change of an edit that is only spoken of."""
    raise NotImplementedError
