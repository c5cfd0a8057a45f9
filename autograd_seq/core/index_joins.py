"""`numpy.r_` and `numpy.c_` where tensors are among what is joined."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.assignment import joined
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor


class IndexJoin:
    """What joins the parts that stand in its index: one below the other, or as columns side by side.

    Examples
    --------
    >>> import autograd_seq.numpy as np
    >>> np.r_[np.ones(2), 0.0, 1:3].shape, np.c_[np.ones(3), np.zeros((3, 2))].shape
    ((5,), (3, 3))
    """

    def __init__(self, plain: Any, name: str, columns: bool) -> None:
        self._plain, self._name, self._columns = plain, name, columns
        self.__doc__ = plain.__doc__

    def __getitem__(self, key: Any) -> Any:
        parts = [joined(part) for part in (key if isinstance(key, tuple) else (key,))]
        if not any(isinstance(part, Tensor) for part in parts):
            return self._plain[key]
        if isinstance(parts[0], str):
            raise UsageError(
                f"np.{self._name} of tensors takes no words about axes, such as {parts[0]!r}. "
                f"Write np.concatenate([a, b], axis=...) or np.stack([a, b], axis=...){here()}"
            )
        return ops.concatenate([self._shaped(part) for part in parts], axis=-1 if self._columns else 0)

    def __len__(self) -> int:
        return 0

    def _shaped(self, part: Any) -> Any:
        """A part with as many axes as it needs to be joined: one, or two for columns."""
        part = np.r_[part] if isinstance(part, slice) else part
        axes = np.ndim(part)
        if self._columns and axes < 2:
            return ops.reshape(part, (-1, 1))
        return part if axes else ops.reshape(part, (1,))


r_, c_ = IndexJoin(np.r_, "r_", False), IndexJoin(np.c_, "c_", True)
