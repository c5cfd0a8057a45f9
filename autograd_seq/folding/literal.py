"""Which records are written as numbers, and so are nothing that could be the same thing at another step."""

from __future__ import annotations

from autograd_seq.core.record import Record


def is_literal(record: Record) -> bool:
    """Whether a record is a constant number that is written as itself: an unnamed scalar leaf.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> [is_literal(x) for x in (Tensor(2.0), Tensor(2.0, "x"), Tensor([2.0]))]
    [True, False, False]
    """
    return record.operation is None and record.name is None and not record.ndim and not record.requires_grad
