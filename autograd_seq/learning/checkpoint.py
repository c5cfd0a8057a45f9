"""Checkpoints: arrays and settings in one file that is whole or not there."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here

_SETTINGS = "settings.json"


def save(path: str | os.PathLike[str], arrays: Mapping[str, Array], settings: Mapping[str, Any]) -> None:
    """Write arrays (as ``.npz``, without pickle) and JSON settings to one file, in one step.

    A crash at any moment leaves the file as it was before or as it is after.

    Parameters
    ----------
    path : path
        Ends in ``.npz``.
    arrays : dict of str to ndarray
    settings : dict
        Anything that JSON can hold.

    Examples
    --------
    >>> import numpy as np, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.npz")
    >>> save(path, {"Waa": np.eye(2)}, {"updates": 3})
    >>> arrays, settings = load(path)
    >>> arrays["Waa"].shape, settings
    ((2, 2), {'updates': 3})
    """
    target = Path(path)
    if target.suffix != ".npz":
        raise ValueRangeError(f"a checkpoint's name ends in .npz, but this one is {target.name}{here()}")
    words = np.frombuffer(json.dumps(settings).encode(), dtype=np.uint8)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.stem, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **{_SETTINGS: words}, **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def load(path: str | os.PathLike[str]) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read what `save` wrote: the arrays and the settings.

    Raises
    ------
    ValueRangeError
        If the file is damaged or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        return arrays, json.loads(arrays.pop(_SETTINGS).tobytes())
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueRangeError(f"{path} is not a checkpoint, or it is damaged: {error}{here()}") from error


def fitted(arrays: Mapping[str, Array], expected: Mapping[str, Any], path: Any) -> None:
    """Check that arrays have the names, shapes and dtypes of the parameters that they are for.

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
