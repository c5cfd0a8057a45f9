"""Python's bytecode of what only a cage loads, written from outside: inside, every file is read-only.

Where a package is installed from a wheel, all of it is there. In a clone of the repository it would be missing for
good, and each submission would wait until the files that look for its mistake are compiled.
"""

from __future__ import annotations

import importlib.util
import os
import py_compile
import sys
from contextlib import suppress
from functools import cache

FOLDERS = ("grading", "diagnosis", os.path.join("diagnosis", "perturb"))


@cache
def write_bytecode() -> None:
    """Write what is missing or older than its file, once in a process; where that cannot be, nothing is lost."""
    if sys.dont_write_bytecode:
        return
    package = os.path.dirname(os.path.dirname(__file__))
    for folder in FOLDERS:
        with suppress(OSError):  # such as of a package in an archive
            for entry in os.scandir(os.path.join(package, folder)):
                if entry.name.endswith(".py"):
                    _write(entry)


def _write(entry: os.DirEntry[str]) -> None:
    written = importlib.util.cache_from_source(entry.path)
    with suppress(OSError, py_compile.PyCompileError):  # a place that cannot be written in
        if not os.path.exists(written) or os.path.getmtime(written) < entry.stat().st_mtime:
            py_compile.compile(entry.path, written, quiet=2)
