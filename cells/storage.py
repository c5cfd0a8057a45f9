"""Parameters in ``.npz`` files: arrays only, nothing that a file could make run."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np

from autograd_seq import Parameter
from autograd_seq.core.errors import ShapeError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here


def save(path: Any, parameters: Mapping[str, Parameter]) -> None:
    """Write the values of parameters to an ``.npz`` file, by their names.

    Parameters
    ----------
    path : path or file object
        Where to.
    parameters : mapping of str to Parameter
        Such as ``cell.parameters``, or ``{**cell.parameters, **readout.parameters}``.

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
    with open(path, "wb") if isinstance(path, (str, PathLike)) else _as_is(path) as file:
        np.savez(file, **{key: parameter.value for key, parameter in parameters.items()})  # type: ignore[arg-type]


def load(path: Any, parameters: Mapping[str, Parameter]) -> None:
    """Give parameters the values of an ``.npz`` file: all of them, or none if one does not fit.

    Raises
    ------
    ValueRangeError
        If the file is damaged, is no ``.npz`` file, or names are missing or too many.
    ShapeError
        If a shape or dtype differs; the message names the array and both.
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
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise ValueError("it holds one bare array")
        with file:
            return {key: file[key] for key in file.files}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueRangeError(f"{path} is damaged or no .npz file of arrays: {error}{here()}") from error


def _check(path: Any, what: str) -> None:
    if not isinstance(path, (str, PathLike)) and not hasattr(path, what):
        raise UsageError(f"weights are kept in a file: give its path, such as 'lstm.npz', not {path!r:.80}{here()}")


class _as_is:  # noqa: N801  (used like a function)
    """A file object that somebody else opened and will close."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def __enter__(self) -> Any:
        return self.file

    def __exit__(self, *_: object) -> None:
        return None
