"""Files of weights: ``.safetensors``, ``.keras``, ``.h5`` and ``.npz``. They are read, and nothing in them is run."""

from __future__ import annotations

import io
import json
import math
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from autograd_seq.core.errors import FileError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.storage import archive, files
from cells.exchange.convention import Array
from cells.exchange.found import Told, snake
from cells.exchange.keras_config import told_by
from cells.exchange.libraries import KERAS

Read = tuple[dict[str, Array], dict[str, Told]]
PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
LONGEST_HEADER = 10**8  # as the format of safetensors has it
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
          "U8": "u1", "BOOL": "?"}  # fmt: skip
MOST, TIMES = archive.MOST, archive.TIMES  # what unpacks to more bytes than both allow is meant to fill the memory


def read(path: Any) -> Read:
    """The arrays of a file by name, and what it says of its modules.

    Raises
    ------
    ValueRangeError
        If it is damaged, or of a kind that cannot be read without running what it says.
    FileError
        If it cannot be read.
    """
    ending = Path(path).suffix.lower()
    if ending in PICKLED:
        raise ValueRangeError(
            f"{os.fspath(path)} is a file of pickles, by its name: reading it would run what it says. Write the "
            "weights with safetensors.torch.save_file(module.state_dict(), 'weights.safetensors'), or give load() the "
            f"state_dict itself{here()}"
        )
    if ending not in READERS:
        raise ValueRangeError(
            f"{os.fspath(path)} is not a file that load() knows by its name: it reads {', '.join(READERS)}{here()}"
        )
    with files.opened(path) as file:
        try:
            return READERS[ending](file)
        except (UsageError, FileError):
            raise
        except Exception as error:  # foreign bytes make the readers of ZIP, HDF5 and JSON raise what they like
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise ValueRangeError(
                f"{os.fspath(path)} is damaged or no {ending} file of weights: {reason:.300}{here()}"
            ) from error


# -- safetensors -------------------------------------------------------------------------------------


def _safetensors(file: IO[bytes]) -> Read:
    """A length, a table of contents in JSON, and the bytes of the arrays one behind the other."""
    data = file.read()
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(LONGEST_HEADER, len(data) - 8):
        raise ValueError(f"its table of contents would be {length} bytes long")
    contents = json.loads(data[8 : 8 + length].decode("utf-8"), object_pairs_hook=_once)
    if not isinstance(contents, dict):
        raise ValueError("its table of contents is not a table")
    contents.pop("__metadata__", None)
    body = memoryview(data)[8 + length :]
    arrays = {name: _tensor(name, about, body) for name, about in contents.items()}
    ends = sorted(about["data_offsets"] for about in contents.values())
    if [begin for begin, _ in ends] + [len(body)] != [0] + [end for _, end in ends]:
        raise ValueError("its arrays do not fill it, or lie one over the other")
    return arrays, {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name stands twice in its table of contents")
    return table


def _tensor(name: str, about: Mapping[str, Any], body: memoryview) -> Array:
    dtype, shape, (begin, end) = about["dtype"], about["shape"], about["data_offsets"]
    if dtype not in DTYPES:
        raise ValueError(f"{name} is of {dtype!r:.20}, which NumPy does not have")
    counts = [*shape, begin, end]
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= len(body) for n in counts):
        raise ValueError(f"{name} has shape {shape!r:.80} at {begin!r:.20} to {end!r:.20} of {len(body)} bytes")
    kept = np.dtype(DTYPES[dtype])
    if math.prod(shape) * kept.itemsize != end - begin:
        raise ValueError(f"{name} has shape {shape!r:.80} in {end - begin} bytes")
    array: Array = np.frombuffer(body[begin:end], kept).reshape(shape)
    if dtype == "BF16":  # the upper half of a float32
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(kept.newbyteorder("="))


# -- Keras -------------------------------------------------------------------------------------------


def _keras(file: IO[bytes]) -> Read:
    """A ZIP archive of a configuration and of weights in HDF5."""
    size = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > max(MOST, TIMES * size):
            raise ValueError(f"its {size} bytes claim to unpack to more than {TIMES} times as many")
        told = told_by(json.loads(packed.read("config.json").decode("utf-8")))
        weights = packed.read("model.weights.h5")
    arrays, _ = _hdf5(io.BytesIO(weights), told)
    return arrays, told


def _hdf5(file: IO[bytes], told: Mapping[str, Told] | None = None) -> Read:
    """Weights of Keras in HDF5: by their names, or in newer files by their numbers within a layer."""
    try:
        import h5py
    except ImportError:
        raise UsageError(f"this file is read with h5py: pip install 'autograd-seq[exchange]'{here()}") from None
    size = file.seek(0, io.SEEK_END)
    with h5py.File(file, "r") as opened:
        config = opened.attrs.get("model_config")
        known = dict(told) if told is not None else told_by(json.loads(config)) if isinstance(config, str) else {}
        found = dict(_datasets(h5py, opened, (), size))
        names = {path: _spoken(opened, path, known) for path in found}
    order = list(known)
    rank = {path: max((order.index(part) for part in names[path] if part in order), default=0) for path in found}
    return {"/".join(names[path]): found[path] for path in sorted(found, key=lambda path: rank[path])}, known


def _datasets(h5py: Any, group: Any, path: tuple[str, ...], size: int) -> Iterator[tuple[tuple[str, ...], Array]]:
    """All arrays of floats in a group, with their paths; what leads out of the file is refused."""
    if len(path) > 50:
        raise ValueError("its groups are nested more than 50 deep")
    for name in group:
        where = (*path, name)
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{'/'.join(where)} leads elsewhere")
        part = group[name]
        if isinstance(part, h5py.Group):
            yield from _datasets(h5py, part, where, size)
        elif isinstance(part, h5py.Dataset) and part.dtype.kind == "f":
            if part.external or part.is_virtual:
                raise ValueError(f"{'/'.join(where)} is kept in another file")
            if part.nbytes > max(MOST, TIMES * size):
                raise ValueError(f"{'/'.join(where)} claims to be {part.nbytes} bytes large")
            yield where, np.asarray(part[()])


def _spoken(opened: Any, path: tuple[str, ...], told: Mapping[str, Told]) -> tuple[str, ...]:
    """The name of a weight with its layer's: ``lstm/lstm_cell/kernel`` for ``layers/lstm/cell/vars/0``."""
    if len(path) < 2 or path[-2] != "vars":
        below = path[1:] if path[0] == "model_weights" else path
        return below[1:] if len(below) > 2 and below[0] in below[1:-1] else below
    parts: list[str] = []
    for n in range(1, len(path) - 1):
        group = opened["/".join(path[:n])]
        said = group["vars"].attrs.get("name") if "vars" in group else None
        if path[n - 1] != "layers":
            parts.append(said if isinstance(said, str) else path[n - 1])
    return (*parts, _of_number(path, parts, told))


def _of_number(path: tuple[str, ...], parts: list[str], told: Mapping[str, Told]) -> str:
    """The name of a layer's weight of that number."""
    kinds = [told[part].kind for part in reversed(parts) if part in told]
    kinds += [re.sub(r"_\d+$", "", part) for part in (*reversed(parts), *reversed(path[:-2]))]
    for kind in kinds:
        for convention in KERAS.conventions:
            if kind in (*convention.classes, *map(snake, convention.classes)):
                names = list(convention.arrays)
                return names[int(path[-1])] if path[-1].isdigit() and int(path[-1]) < len(names) else f"vars/{path[-1]}"
    return f"vars/{path[-1]}"


def _npz(file: IO[bytes]) -> Read:
    return archive.unpacked(file, file.name), {}


READERS = {".safetensors": _safetensors, ".keras": _keras, ".h5": _hdf5, ".hdf5": _hdf5, ".npz": _npz}
