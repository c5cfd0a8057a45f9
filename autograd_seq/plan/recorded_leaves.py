"""The arrays that a recording began with."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.plan.value import STEPS, Value


def recorded_array(value: Value, unit: Any) -> Array:
    """The recorded array of what is given; of what is given at every step, with the steps as its last axis."""
    if value.kind == STEPS:
        return np.stack([unit.members[t].record._value for t in unit.times], axis=-1)
    return np.asarray(unit.record._value)
