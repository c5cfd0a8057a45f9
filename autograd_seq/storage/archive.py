"""Arrays in the bytes of an ``.npz`` file: nothing in it can run, and nothing damaged is taken for whole."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here

KINDS = "biufc"  # truth values and numbers; anything else needs pickle, which runs what a file says
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
DAMAGED = "{} is damaged or no .npz file of arrays: {}"
MOST, TIMES = 2**28, 100  # what unpacks to more bytes than both allow is meant to fill the memory


def packed(arrays: Mapping[str, Array]) -> memoryview:
    """The bytes of an ``.npz`` file, as ``numpy.load`` reads it.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Of numbers or truth values.

    Examples
    --------
    >>> content = packed({"W": np.eye(2)})
    >>> unpacked(io.BytesIO(content), "w.npz")["W"]
    array([[1., 0.],
           [0., 1.]])
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
    return content.getbuffer()


def unpacked(file: IO[bytes], path: Any, damaged: str = DAMAGED) -> dict[str, Array]:
    """The arrays in an open ``.npz`` file, by name.

    Parameters
    ----------
    file : binary file
        Open for reading.
    path : path or file
        What it is called in an error.
    damaged : str
        What is said where it cannot be read, with {} for the path and for the reason.

    Raises
    ------
    ValueRangeError
        If the file is damaged, or holds anything but arrays of numbers.
    """
    try:
        return _read(file)
    except zipfile.BadZipFile as error:
        reason = "it is no archive of arrays, as .npz files are"
        raise ValueRangeError(f"{damaged.format(path, reason)}{here()}") from error
    except Exception as error:  # foreign bytes make the readers of ZIP, headers and numbers raise what they like
        reason = str(error) or type(error).__name__
        raise ValueRangeError(f"{damaged.format(path, reason[:300])}{here()}") from error


def _read(file: IO[bytes]) -> dict[str, Array]:
    size = file.seek(0, io.SEEK_END)
    arrays: dict[str, Array] = {}
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > max(MOST, TIMES * size):
            raise ValueError(f"its {size} bytes claim to unpack to more than {TIMES} times as many")
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            if name == entry.filename:
                raise ValueError(f"it holds {name!r}, which is not an array")
            if name in arrays:
                raise ValueError(f"it holds {name} twice")
            arrays[name] = _array(archive.read(entry), name)
    return arrays


def _array(data: bytes, name: str) -> Array:
    """One array, if its header tells the truth; asked before any memory is taken for it."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version not in HEADERS:
        raise ValueError(f"{name} has a header of version {version}")
    shape, _, dtype = HEADERS[version](stream)
    if dtype.kind not in KINDS:
        raise ValueError(f"{name} is an array of {dtype}, not of numbers")
    if math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise ValueError(f"{name} is to be {dtype} {shape}, but holds {len(data) - stream.tell()} bytes")
    stream.seek(0)
    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
