"""Which library multiplies matrices, with which kernels, and in how many threads.

OpenBLAS chooses its kernels by the processor when it is loaded (`OPENBLAS_CORETYPE` chooses others), and says which.
NumPy's wheels bring one OpenBLAS, and SciPy's, which Numba's products call, another.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

_NAMES = [f"{before}openblas_{{}}{after}" for before in ("scipy_", "") for after in ("64_", "", "_64")]


class OpenBlas:
    """An OpenBLAS that is loaded.

    Parameters
    ----------
    path : str
        Its file.
    """

    def __init__(self, path: str) -> None:
        self._library = ctypes.CDLL(path)

    def _function(self, word: str, result: Any) -> Any:
        for name in _NAMES:
            if (function := getattr(self._library, name.format(word), None)) is not None:
                function.restype = result
                return function
        return lambda *_: None

    @property
    def threads(self) -> int:
        """In how many threads a product is computed."""
        return int(self._function("get_num_threads", ctypes.c_int)() or 1)

    @threads.setter
    def threads(self, count: int) -> None:
        self._function("set_num_threads", None)(ctypes.c_int(count))

    def __str__(self) -> str:
        config = (self._function("get_config", ctypes.c_char_p)() or b"OpenBLAS").decode().split()
        version = " ".join(config[:2]) if config[0] == "OpenBLAS" else "OpenBLAS"
        kernels = (self._function("get_corename", ctypes.c_char_p)() or b"unknown").decode()
        return f"{version}, {kernels} kernels"


def library(package: str) -> OpenBlas | None:
    """The OpenBLAS that a package's products call; None if it calls something else, or does not say."""
    return _opened(path) if (path := _path(package)) else None


@cache
def _opened(path: str) -> OpenBlas:
    return OpenBlas(path)


@cache
def _path(package: str) -> str | None:
    """The file of a package's OpenBLAS, or of one that is loaded for all."""
    beside = Path(import_module(package).__file__ or "").parent
    for folder in (beside.parent / f"{package}.libs", beside / ".dylibs"):
        for found in sorted(folder.glob("*openblas*")):
            return str(found)
    try:
        mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "openblas" in line}
    except OSError:
        return None
    return min((path for path in mapped if ".so" in path), default=None)


def said(package: str) -> str:
    """What computes a package's products, in words.

    Examples
    --------
    >>> said("numpy").split()[0] != ""
    True
    """
    if (found := library(package)) is not None:
        chosen = os.environ.get("OPENBLAS_CORETYPE")
        return f"{found}{f' (OPENBLAS_CORETYPE={chosen})' if chosen else ''}"
    if package != "numpy":
        return f"the BLAS of {package}"
    about: Any = np.show_config(mode="dicts")
    blas = about.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'an unknown BLAS')} {blas.get('version', '')}".strip()


_lock = threading.Lock()
_inside = 0
_before: list[tuple[OpenBlas, int]] = []


@contextmanager
def one_thread() -> Iterator[None]:
    """Let each product be computed in the thread that asks for it, while parts of the examples run side by side."""
    global _inside
    with _lock:
        if not _inside:
            loaded = [found for package in ("numpy", "scipy") if package in sys.modules and (found := library(package))]
            _before[:] = [(one, one.threads) for one in loaded]
            for one in loaded:
                one.threads = 1
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                for one, threads in _before:
                    one.threads = threads
