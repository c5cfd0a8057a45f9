"""What a perturbation is: an edit of one line, and a backward pass with a mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.kinds import Said
from autograd_seq.diagnosis.rerun import Change, Values, evaluate

FIRST, LIKELY, LOCAL, SWAP, VALUE, RARE, ODD = range(7)  # ranks: the smaller, the likelier


@dataclass(eq=False, slots=True)  # frozen, it would take three times as long to make, and thousands are made
class Edit:
    """One way to get one line wrong.

    Attributes
    ----------
    key : tuple
        The same for the same edit in another time step, or of other numbers.
    said : Said
        The kind of mistake, and what the gradient then is.
    change : callable
        The changed value.
    weight : int
        Among edits that fit equally well, the lightest is named first.
    """

    key: tuple[Any, ...]
    said: Said
    change: Change
    weight: int = 1

    def becoming(self, change: Change) -> Edit:
        """The same edit with another value; `dataclasses.replace` takes longer than to try many a variant."""
        return Edit(self.key, self.said, change, self.weight)


@dataclass(eq=False, slots=True)
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
    changes: Mapping[Tensor, Change]
    weight: int = 1

    def under(self, key: tuple[Any, ...]) -> Variant:
        """The same variant under another key."""
        return Variant(
            key, self.category, self.where, self.words, self.correct, self.rank, self.changes, self.weight
        )


class Form:
    """An expression in the values of records, written with operators and computed when a variant is run."""

    def __init__(self, change: Change) -> None:
        self.change = change

    def __call__(self, v: Values) -> Any:
        """Its value, from those of others."""
        return self.change(v)

    def __add__(self, other: Form) -> Form:
        return Form(lambda v: self(v) + other(v))

    def __sub__(self, other: Form) -> Form:
        return Form(lambda v: self(v) - other(v))

    def __mul__(self, other: Form | Array | float) -> Form:
        return Form(lambda v: self(v) * (other(v) if isinstance(other, Form) else other))

    def __matmul__(self, other: Form) -> Form:
        return Form(lambda v: self(v) @ other(v))

    def __neg__(self) -> Form:
        return Form(lambda v: -self(v))

    def __getitem__(self, index: Any) -> Form:
        return Form(lambda v: self(v)[index])

    @property
    def T(self) -> Form:
        """Transposed."""
        return Form(lambda v: self(v).T)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Form:
        """Summed."""
        return Form(lambda v: np.sum(self(v), axis=axis, keepdims=keepdims))


def at(x: Tensor) -> Form:
    """A record's value."""
    return Form(lambda v: v(x))


def own(r: Tensor) -> Form:
    """What the record that is changed would have been."""
    return Form(lambda v: v(r) if r.operation is None else evaluate(r, v))


def constant(value: Any) -> Form:
    """A value that nothing changes."""
    return Form(lambda v: value)


def reading(r: Tensor, seen: Mapping[Tensor, Change]) -> Form:
    """A line to which some of what it reads is something else."""

    def change(v: Values) -> Array:
        known = {x: np.asarray(made(v)) for x, made in seen.items()}
        return evaluate(r, lambda x: known[x] if x in known else v(x))

    return Form(change)


def operand(r: Tensor, i: int, seen: Change) -> Form:
    """A line with something else as one of its operands."""

    def change(v: Values) -> Array:
        values = [seen(v) if k == i else v(x) for k, x in enumerate(r.inputs)]
        return np.asarray(r.operation.value(*values, **r.settings))

    return Form(change)


def product_of(factors: list[Tensor], sign: float = 1.0) -> Form:
    """The product of some records."""

    def change(v: Values) -> Any:
        result: Any = sign
        for f in factors:
            result = result * v(f)
        return result

    return Form(change)
