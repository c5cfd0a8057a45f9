"""Traits: what an operation says of itself, so that nobody has to know it by name.

Whoever needs to know something of an operation asks for a trait of it. An operation that
declares none is right everywhere: it is only computed more slowly and diagnosed less well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Word = Literal[
    "", "sum", "difference", "negative", "product", "quotient", "exponential", "matrix product", "transpose",
    "part", "joined", "stacked", "name", "sum of uses", "gathered parts",
]  # fmt: skip
"""What an operation can be in algebra; the last three are words of the reverse sweep's own."""


@dataclass(eq=False, repr=False, kw_only=True)
class Traits:
    """Everything that may be asked of any operation; `operation` says what each of them means."""

    expects: str = ""
    algebra: Word = ""
    adds: bool = False
    cuts: bool = False
    rearranges: bool = False
    elementwise: bool = False
    along: bool = False
    reduces: np.ufunc | None = None
    activation: bool = False
    element: str = ""
    longhand: Sequence[Callable[..., Any]] = ()


def algebra(record: Any) -> Word:
    """What a record is in algebra; nothing if no operation made it.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> x = Tensor([1.0, 2.0])
    >>> algebra(x * x), algebra(x)
    ('product', '')
    """
    return "" if record.operation is None else record.operation.algebra
