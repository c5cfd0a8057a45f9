"""Constants: which are written as numbers, and which are one array of the user's, recorded anew at each use."""

from __future__ import annotations

import numpy as np

from autograd_seq.core.record import Record


def is_literal(record: Record) -> bool:
    """Whether a record is a constant number that is written as itself: an unnamed scalar leaf.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> [is_literal(x) for x in (Tensor(2.0), Tensor(2.0, "x"), Tensor([2.0]))]
    [True, False, False]
    """
    return record.operation is None and record._name is None and not record.ndim and not record.requires_grad


def is_plain(record: Record) -> bool:
    """Whether a record is an array without a name that the program did not make a tensor of."""
    return record.operation is None and record._name is None and not record.requires_grad


def may_be_one(x: Record, y: Record) -> bool:
    """Whether two records can be of one plain array, as the a0 in ``tanh(W @ a0) + a0`` is recorded twice.

    Equal numbers alone do not say so: it takes two uses for which other steps have one thing.
    """
    return is_plain(x) and is_plain(y) and x.dtype == y.dtype and np.array_equal(x._value, y._value)
