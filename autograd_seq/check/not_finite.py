"""Where numbers are infinite or NaN: there is no derivative to compare with, and nothing is called wrong for it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor


def all_finite(records: Iterable[Tensor]) -> bool:
    """Whether all floats that were recorded are finite."""
    return all(bool(np.isfinite(r._value).all()) for r in records if r.dtype.kind == "f")


def left_without(x: Tensor, gradient: Array, finite: bool) -> Array:
    """Elements of a leaf whose gradient is not a number because others are not; a report says that by itself.

    Parameters
    ----------
    x : Tensor
        The leaf.
    gradient : ndarray
        What was found for it.
    finite : bool
        Whether all that was recorded on the way is finite.
    """
    odd = ~np.isfinite(gradient)
    return odd & (not finite) | ~np.isfinite(x._value) & np.isnan(gradient)
