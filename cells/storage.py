"""Parameters in ``.npz`` files: arrays only, nothing that a file could make run."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from contextlib import nullcontext
from io import UnsupportedOperation
from os import PathLike
from typing import Any

import numpy as np

from autograd_seq import Parameter
from autograd_seq.core.errors import FileError, ShapeError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.learning import checkpoint
from autograd_seq.storage import archive, files


def save(path: Any, parameters: Mapping[str, Parameter]) -> None:
    """Write the values of parameters to an ``.npz`` file, by their names, whole or not at all.

    ``numpy.load`` reads it too; beside the parameters it finds ``settings.json``, with the number of the format.

    Parameters
    ----------
    path : path or file object
        Where to.
    parameters : mapping of str to Parameter
        Such as ``cell.parameters``, or ``{**cell.parameters, **readout.parameters}``.

    Raises
    ------
    FileError
        If the file cannot be written, or there is one of that name that holds something else, such as a program;
        one that was there before is unchanged.

    Examples
    --------
    >>> import io
    >>> from cells import LSTM
    >>> file = io.BytesIO()
    >>> LSTM(3, 4, seed=0).save(file)
    >>> twin = LSTM(3, 4, seed=1)
    >>> _ = file.seek(0)
    >>> twin.load(file)
    >>> bool((twin.parameters["Wf"].value == LSTM(3, 4, seed=0).parameters["Wf"].value).all())
    True
    """
    _check(path, "write")
    _spare(path)
    content = checkpoint.content({key: parameter.value for key, parameter in parameters.items()}, {})
    if isinstance(path, (str, PathLike)):
        files.write(path, content)
        return
    try:
        path.write(content)
    except (TypeError, UnsupportedOperation) as error:
        raise UsageError(
            "weights are bytes: give a path, or a file that was opened to write them, open('lstm.npz', 'wb'); "
            f"{path!r:.80} says: {error}{here()}"
        ) from error


def _spare(path: Any) -> None:
    """Refuse to write over what `save` did not write."""
    there = isinstance(path, (str, PathLike)) and os.path.isfile(path) and os.path.getsize(path)
    if there and not _holds_arrays(path):
        raise FileError(
            f"{os.fspath(path)} is there already and does not hold parameters: it would be lost. "
            f"Choose another name, such as lstm.npz, or remove it first{here()}"
        )


def _holds_arrays(path: Any) -> bool:
    """Whether a file is a ZIP archive of arrays alone; a document of an office is one of other things."""
    try:
        with zipfile.ZipFile(path) as archived:
            return all(name.endswith(".npy") for name in archived.namelist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False


def load(path: Any, parameters: Mapping[str, Parameter]) -> None:
    """Give parameters the values of an ``.npz`` file: all of them, or none if one does not fit.

    Raises
    ------
    ValueRangeError
        If the file is damaged, is no ``.npz`` file, or names are missing or too many.
    ShapeError
        If a shape or dtype differs; the message names the array and both.
    FileError
        If the file cannot be read.
    """
    arrays = read(path)
    missing, extra = [k for k in parameters if k not in arrays], [k for k in arrays if k not in parameters]
    if missing or extra:
        raise ValueRangeError(
            f"{path} does not fit: "
            + "; ".join(
                f"{what} {', '.join(keys)}" for what, keys in (("it lacks", missing), ("it also has", extra)) if keys
            )
            + f". Expected are {', '.join(parameters)}{here()}"
        )
    for key, parameter in parameters.items():
        if arrays[key].shape != parameter.shape or arrays[key].dtype != parameter.dtype:
            raise ShapeError(
                f"{path} does not fit: its {key} is {arrays[key].dtype} {arrays[key].shape}, "
                f"but the parameter is {parameter.dtype} {parameter.shape}{here()}"
            )
        if not np.isfinite(arrays[key]).all():
            raise ValueRangeError(f"{path} does not fit: its {key} holds NaN or infinity{here()}")
    for key, parameter in parameters.items():
        parameter.value = arrays[key]


def read(path: Any) -> dict[str, np.ndarray[Any, Any]]:
    """All arrays of an ``.npz`` file, by name."""
    _check(path, "read")
    with files.opened(path) if isinstance(path, (str, PathLike)) else nullcontext(path) as file:
        arrays, _ = checkpoint.separated(archive.unpacked(file, path), path, archive.DAMAGED)
    return arrays


def _check(path: Any, what: str) -> None:
    if not isinstance(path, (str, PathLike)) and not hasattr(path, what):
        raise UsageError(f"weights are kept in a file: give its path, such as 'lstm.npz', not {path!r:.80}{here()}")
