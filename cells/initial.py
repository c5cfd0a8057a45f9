"""Where weights begin."""

from __future__ import annotations

from typing import Any

import numpy as np


def weights(rng: np.random.Generator, rows: int, columns: int, dtype: Any = np.float64) -> np.ndarray[Any, Any]:
    """Xavier: normal numbers of variance 2 / (rows + columns)."""
    return (rng.standard_normal((rows, columns)) * np.sqrt(2 / (rows + columns))).astype(dtype)
