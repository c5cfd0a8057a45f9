"""What makes a gate of a number: σ, or straight lines in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq import sigmoid


def straight(z: Any) -> Any:
    """Z / 6 + 1/2, between 0 and 1: the hard sigmoid of Keras 3, JAX and PyTorch (0.2 z + 1/2 in ONNX and older Keras).

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> straight(Tensor([-4.0, 0.0, 1.5])).value
    array([0.  , 0.5 , 0.75])
    """
    return np.clip(z / 6 + 0.5, 0, 1)


GATES: dict[str, Callable[[Any], Any]] = {"sigmoid": sigmoid, "hard_sigmoid": straight}
