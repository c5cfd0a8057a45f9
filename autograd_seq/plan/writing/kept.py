"""Run the text of a program; what Numba makes of it is kept in the user's own cache folder.

A program is a file there, called after its content, and Numba lays the machine code beside it: the next process that
compiles the same program reads it in place of making it. The folder is ``$NUMBA_CACHE_DIR``, if that is set, or
``autograd_seq`` in the user's cache folder. It can be deleted at any time.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import stat
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograd_seq.plan.writing import tools, vectorised


def execute(source: str, namespace: dict[str, Any]) -> None:
    """Run a program's text, which defines functions in a namespace.

    The text is identifiers and what operations declare of themselves, which is code; never a user's words.
    """
    path = _file(source) if "compiled_and_kept" in namespace else None
    if path is None:
        exec(builtins.compile(source, "<compiled replay>", "exec"), namespace)
        return
    compiled, namespace["__name__"] = namespace["compiled"], f"autograd_seq_{path.stem}"
    sys.modules.setdefault(namespace["__name__"], ModuleType(namespace["__name__"]))  # Numba asks for it by name
    namespace["compiled"] = namespace["compiled_and_kept"]
    try:
        exec(builtins.compile(source, str(path), "exec"), namespace)
    except (RuntimeError, OSError):  # Numba finds no place to write to
        namespace["compiled"] = compiled
        exec(builtins.compile(source, "<compiled replay>", "exec"), namespace)


def folder() -> Path:
    """Where programs are kept."""
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "autograd_seq" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "autograd_seq"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograd_seq"


def _file(source: str) -> Path | None:
    """The file of a program, written if it is not there; None where that cannot be, or others could write to it."""
    text = source.encode()
    path = folder() / f"plan_{hashlib.sha256(_about() + text).hexdigest()[:32]}.py"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _own(path.parent):
            return None
        if not path.exists() or path.read_bytes() != text:
            part = path.with_suffix(f".{os.getpid()}")
            part.write_bytes(text)
            part.replace(path)
    except (OSError, RuntimeError):  # there is no home, it is full, or it is not ours
        return None
    return path


def _own(place: Path) -> bool:
    """Whether nobody else can write into a folder: what is read from there is run."""
    if not hasattr(os, "getuid"):
        return True
    found = place.stat()
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@cache
def _about() -> bytes:
    """What machine code depends on beside the text: the functions that it calls, and the libraries' versions."""
    import numba

    files = [Path(module.__file__ or "").read_bytes() for module in (tools, vectorised)]
    return b"\0".join([*files, numba.__version__.encode(), np.__version__.encode(), sys.version.encode()])
