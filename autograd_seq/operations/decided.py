"""Plain numbers of a recorded array, for what only decides: an order, a place, how often something fits."""

from __future__ import annotations

from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.core.record import Record
from autograd_seq.core.scope import note_branch
from autograd_seq.core.source_line import here


def decided(x: Any) -> Any:
    """The numbers of a tensor, noted as a decision on data; anything else as it is.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> decided(Tensor([2.0, 1.0])).argsort()
    array([1, 0])
    """
    if not isinstance(x, Record):
        return type(x)(map(decided, x)) if type(x) in (list, tuple) else x
    note_branch(x)
    return x.value


def is_learned(x: Any) -> bool:
    """Whether a derivative with respect to it is wanted, or to something in a list of arrays.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> is_learned(Parameter([1.0], "W")), is_learned([1.0])
    (True, False)
    """
    if type(x) in (list, tuple):
        return any(map(is_learned, x))
    return isinstance(x, Record) and x.requires_grad


def refuse(function: str, why: str, instead: str) -> UsageError:
    """The error for what is not offered: what it is, and what to write.

    Examples
    --------
    >>> print(str(refuse("interp", "with period= is not recorded", "Leave it out")).splitlines()[0])
    np.interp with period= is not recorded. Leave it out
    """
    return UsageError(f"np.{function} {why}. {instead}{here()}")
