"""Arrays that a program makes itself, for the sizes that it is called with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.plan.anysize.size import evaluated, terms_of


@dataclass(frozen=True)
class Filled:
    """An array of one number, as the zeros before the first step are.

    Attributes
    ----------
    shape : tuple of int
        Its lengths may be Sizes.
    number : float
    dtype : dtype
    """

    shape: tuple[int, ...]
    number: Any
    dtype: Any

    def at(self, sizes: Mapping[str, int]) -> Array:
        """The array for some sizes."""
        return np.full([evaluated(terms_of(n), sizes) for n in self.shape], self.number, self.dtype)
