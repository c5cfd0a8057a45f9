"""NumPy's functions whose answer is constant wherever it has a derivative: steps, counts, places, truth, words."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS = (np.around, np.ceil, np.fix, np.floor, np.rint, np.round, np.sign, np.spacing, np.trunc)
PLACES = (
    np.argmax, np.argmin, np.argpartition, np.argsort, np.argwhere, np.diag_indices_from, np.digitize, np.flatnonzero,
    np.isin, np.lexsort, np.nanargmax, np.nanargmin, np.nonzero, np.ravel_multi_index, np.searchsorted,
    np.tril_indices_from, np.triu_indices_from, np.unravel_index,
)  # fmt: skip
COUNTS = (
    np.bitwise_count, np.count_nonzero, np.gcd, np.lcm, np.left_shift, np.linalg.matrix_rank, np.packbits,
    np.right_shift, np.unpackbits,
)  # fmt: skip
QUESTIONS = (
    np.allclose, np.array_equal, np.array_equiv, np.can_cast, np.common_type, np.iscomplex, np.iscomplexobj,
    np.isclose, np.isinf, np.isneginf, np.isposinf, np.isreal, np.isrealobj, np.may_share_memory, np.min_scalar_type,
    np.result_type, np.shares_memory, np.signbit,
)  # fmt: skip
WORDS = (np.array2string, np.array_repr, np.array_str, np.einsum_path)

CONSTANT: set[Any] = {*STEPS, *PLACES, *COUNTS, *QUESTIONS, *WORDS}
