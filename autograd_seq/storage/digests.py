"""A digest of numbers and settings: what is read is what was written, or it is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from autograd_seq.core.array import Array

DIGEST = "digest"  # its name among the settings


def digest(settings: Mapping[str, Any], arrays: Mapping[str, Array] | None = None) -> str:
    """The SHA-256 of settings, as JSON has them, and of arrays: their names, dtypes, shapes and numbers.

    It tells damage of every kind, also two arrays that changed places. It is not a signature: whoever changes a file on
    purpose can change its digest too.

    Parameters
    ----------
    settings : dict
        Anything that JSON can hold; a digest among them does not count.
    arrays : dict of str to ndarray

    Examples
    --------
    >>> import numpy as np
    >>> digest({"updates": 3}, {"W": np.eye(2)})[:16]
    '36e5911dea0299fa'
    >>> digest({"updates": 3}, {"W": np.eye(2)}) == digest({"updates": 3}, {"W": np.eye(2) + 1e-16})
    False
    """
    found = hashlib.sha256(json.dumps({key: value for key, value in settings.items() if key != DIGEST}).encode())
    for name, array in sorted((arrays or {}).items()):
        found.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        found.update(array.tobytes())
    return found.hexdigest()


def told(settings: Mapping[str, Any], arrays: Mapping[str, Array] | None = None) -> str | None:
    """What is wrong with settings and arrays that were read, by the digest among the settings; None if nothing is.

    Examples
    --------
    >>> about = {"words": ["cat", "hat"]}
    >>> about["digest"] = digest(about)
    >>> told(about)
    >>> told({**about, "words": ["cat", "rat"]})
    'it is not as it was written: its digest differs'
    """
    if DIGEST not in settings:
        return "it has lost its digest"
    return None if settings[DIGEST] == digest(settings, arrays) else "it is not as it was written: its digest differs"
