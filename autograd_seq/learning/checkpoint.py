"""Checkpoints: arrays and settings in one file that is whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.storage import archive, digests, files

FORMAT = 1
SUFFIXES = (".npz",)
_SETTINGS = "settings.json"  # in the format of release 0.1.0 the settings alone


def save(path: str | os.PathLike[str], arrays: Mapping[str, Array], settings: Mapping[str, Any]) -> None:
    """Write arrays (as ``.npz``, without pickle) and JSON settings to one file, in one step.

    A crash at any moment leaves the file as it was before or as it is after; see `autograd_seq.storage.files`.

    Parameters
    ----------
    path : path
        Ends in ``.npz``.
    arrays : dict of str to ndarray
    settings : dict
        Anything that JSON can hold.

    Raises
    ------
    ValueRangeError
        If the name ends in something else.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.npz")
    >>> save(path, {"Waa": np.eye(2)}, {"updates": 3})
    >>> arrays, settings = load(path)
    >>> arrays["Waa"].shape, settings
    ((2, 2), {'updates': 3})
    """
    files.check_suffix(path, SUFFIXES)
    files.write(path, content(arrays, settings))


def content(arrays: Mapping[str, Array], settings: Mapping[str, Any]) -> memoryview:
    """The bytes of the file: the arrays, and beside the settings a list of all arrays and a digest of everything."""
    about: dict[str, Any] = {"format": FORMAT, "arrays": list(arrays), "settings": settings}
    about[digests.DIGEST] = digests.digest(about, arrays)
    words = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    return archive.packed({_SETTINGS: words, **arrays})


def load(path: str | os.PathLike[str]) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read what `save` wrote: the arrays and the settings.

    Raises
    ------
    ValueRangeError
        If the file is damaged, has lost an array, or holds something else.
    FileError
        If it cannot be read.
    """
    damaged = "{} is not a checkpoint, or it is damaged: {}"
    with files.opened(path) as file:
        arrays, settings = separated(archive.unpacked(file, path, damaged), path, damaged)
    if settings is None:
        raise ValueRangeError(damaged.format(path, f"it has no {_SETTINGS}") + here())
    return arrays, settings


def separated(found: dict[str, Array], path: Any, damaged: str) -> tuple[dict[str, Array], dict[str, Any] | None]:
    """The arrays of a file and its settings; None where it has none.

    Raises
    ------
    ValueRangeError
        If the settings are not JSON, of a later format, or list arrays that are not there, or if anything is not as it
        was written.
    """
    words = found.pop(_SETTINGS, None)
    if words is None:
        return found, None
    try:
        about = json.loads(words.tobytes()) if words.dtype == np.uint8 else None
    except (ValueError, RecursionError) as error:
        raise ValueRangeError(damaged.format(path, f"{_SETTINGS}: {error!s:.300}") + here()) from error
    if not isinstance(about, dict):
        raise ValueRangeError(damaged.format(path, f"{_SETTINGS} does not hold settings by name") + here())
    if "format" not in about:
        return found, about
    if about["format"] != FORMAT:
        raise ValueRangeError(
            f"{path} has format {about['format']!r:.40}, but this release reads up to {FORMAT}; "
            f"install a later one{here()}"
        )
    listed, settings = about.get("arrays"), about.get("settings")
    if not isinstance(listed, list) or not isinstance(settings, dict):
        raise ValueRangeError(damaged.format(path, f"{_SETTINGS} is not as it was written") + here())
    lost, foreign = [key for key in listed if key not in found], [key for key in found if key not in listed]
    if lost or foreign:
        what = _lost_and_foreign(", ".join(map(str, lost)), ", ".join(map(str, foreign)))
        raise ValueRangeError(damaged.format(path, what[:300]) + here())
    if wrong := digests.told(about, found):
        raise ValueRangeError(damaged.format(path, wrong) + here())
    return found, settings


def _lost_and_foreign(lost: str, foreign: str) -> str:
    """Which arrays a file should have, and which it should not."""
    if lost and foreign:
        return f"it has lost {lost}; it also has {foreign}"
    return f"it has lost {lost}" if lost else f"it also has {foreign}"


def fitted(arrays: Mapping[str, Array], expected: Mapping[str, Any], path: Any) -> None:
    """Check that arrays have the names, shapes and dtypes of the parameters that they are for, and are finite.

    Raises
    ------
    ValueRangeError
        With every difference.
    """
    wrong = [f"{key}: {arrays[key].dtype} {arrays[key].shape} for {p.dtype} {p.shape}"
             for key, p in expected.items()
             if key in arrays and (arrays[key].shape != p.shape or arrays[key].dtype != p.dtype)]  # fmt: skip
    wrong += [f"{key} is missing" for key in expected if key not in arrays]
    wrong += [f"{key} is not known here" for key in arrays if key not in expected]
    if wrong:
        raise ValueRangeError(f"{path} is the checkpoint of another model: {'; '.join(wrong)}{here()}")
    infinite = [key for key, array in arrays.items() if not np.isfinite(array).all()]
    if infinite:
        raise ValueRangeError(f"{path} is damaged: {', '.join(infinite)} has NaN or infinity{here()}")
