"""Traits: what an operation says of itself, so that nobody has to know it by name.

Whoever needs to know something of an operation asks for a trait of it. An operation that
declares none is right everywhere: it is only computed more slowly and diagnosed less well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from autograd_seq.core.errors import unknown_word, wrong_longhand

Word = Literal[
    "", "sum", "difference", "negative", "product", "quotient", "exponential", "matrix product", "transpose",
    "part", "replaced parts", "joined", "stacked", "name", "sum of uses", "gathered parts", "looked up", "put back",
]  # fmt: skip
"""What an operation can be in algebra; the last four are words of the reverse sweep's own."""


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
    averages: bool = False
    activation: bool = False
    positive: bool = False
    element: str = ""
    longhand: Sequence[Callable[..., Any]] = ()

    def __post_init__(self) -> None:
        if self.algebra not in get_args(Word):
            raise unknown_word(self.algebra, get_args(Word))
        if not isinstance(self.longhand, (list, tuple)) or not all(map(callable, self.longhand)):
            raise wrong_longhand(self.longhand)


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
