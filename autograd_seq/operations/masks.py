"""``~``, ``&``, ``|`` and ``^`` of truth values, as masks are combined; of whole numbers NumPy's, bit by bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.errors import DtypeError
from autograd_seq.core.source_line import here
from autograd_seq.operations.comparison import logical_and, logical_not, logical_or, not_equal
from autograd_seq.operations.decided import decided


def _of_masks(ufunc: np.ufunc, logical: Callable[..., Any], sign: str) -> Callable[..., Any]:
    def combine(*arrays: Any) -> Any:
        kinds = {np.asarray(decided(x)).dtype.kind for x in arrays}
        if "f" in kinds:
            raise DtypeError(
                f"{sign} combines truth values, not floats. Put each comparison in parentheses: "
                f"(x > 0) {sign if sign != '~' else '&'} (x < 1), and write ~(x > 0) for the contrary{here()}"
            )
        return logical(*arrays) if kinds == {"b"} else ufunc(*map(decided, arrays))

    combine.__name__ = ufunc.__name__
    return combine


def _different(a: Any, b: Any) -> Any:
    return not_equal(np.not_equal(a, 0), np.not_equal(b, 0))


TRUTH: dict[Any, Any] = {
    np.bitwise_and: _of_masks(np.bitwise_and, logical_and, "&"),
    np.bitwise_or: _of_masks(np.bitwise_or, logical_or, "|"),
    np.bitwise_xor: _of_masks(np.bitwise_xor, not_equal, "^"),
    np.invert: _of_masks(np.invert, logical_not, "~"),
    np.logical_xor: _different,
}
