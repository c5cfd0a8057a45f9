"""Whether a program gives what the recording gives: what is compiled wrongly is never returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.recording import Recording
from autograd_seq.core.tensor import Tensor
from autograd_seq.plan.value import Network

_TOLERANCES = {"e": 3e-2, "f": 1e-3}  # by what half and single precision can tell


def tolerance_of(network: Network) -> float:
    """How far results may be apart, as a part of their size."""
    return max(_TOLERANCES.get(np.dtype(value.dtype).char, 1e-9) for value in network.values)


def differs(
    found: Iterable[Any], recording: Recording, outputs: Iterable[str], leaves: Sequence[Tensor], tolerance: float,
    cast: bool = False,
) -> str | None:
    """Which result is not that of the recording.

    Parameters
    ----------
    found : iterable of ndarray
        The loss, and the gradients of some leaves.
    recording : Recording
    outputs : iterable of str
        What the results are called.
    leaves : list of Tensor
    tolerance : float
    cast : bool
        Whether they may be of another dtype.
    """
    gradients = [(recording.adjoints[leaf]._value, leaf.dtype) for leaf in leaves]
    wanted = [recording.forward.outputs[0]._value, *(adjoint.astype(dtype) for adjoint, dtype in gradients)]
    greatest = max((_greatest(want) for want in wanted), default=0.0)
    for key, got, want in zip(outputs, found, wanted, strict=True):
        close = tolerance * (_greatest(want) + 1e-4 * greatest + 1e-3)  # what is left of 0 is rounding
        if np.shape(got) != want.shape or (got.dtype != want.dtype and not cast):
            return key
        if not np.allclose(got, want, rtol=tolerance, atol=close, equal_nan=True):
            return key
    return None


def agree(one: tuple[Any, Mapping[str, Any]], other: tuple[Any, Mapping[str, Any]], tolerance: float) -> bool:
    """Whether two losses, and gradients by name, are the same to rounding.

    Examples
    --------
    >>> agree((1.0, {"W": np.ones(2)}), (1.0, {"W": np.ones(2) + 1e-12}), 1e-8), agree((1.0, {}), (1.1, {}), 1e-8)
    (True, False)
    """
    (loss, gradients), (its_loss, its_gradients) = one, other
    known = {key: np.asarray(g) for key, g in gradients.items()}
    greatest = max((_greatest(g) for g in known.values()), default=0.0)
    return bool(np.isclose(loss, its_loss, rtol=tolerance, atol=tolerance, equal_nan=True)) and all(
        np.allclose(g, its_gradients[key], rtol=tolerance, atol=tolerance * (1.0 + greatest), equal_nan=True)
        for key, g in known.items()
    )


def _greatest(array: Array) -> float:
    """The greatest finite size of a number in an array."""
    sizes = np.abs(array[np.isfinite(array)])
    return float(sizes.max(initial=0.0))
