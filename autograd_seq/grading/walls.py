"""The walls of a cage, put up from inside before anything of a submission is read: limits, and namespaces on Linux.

It is run by itself, before NumPy is loaded (a process with threads cannot enter a namespace), so it imports nothing of
ours. Each wall says its name when it stands; whoever asked says which ones are missing.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

WALLS = ("memory", "file size", "processes", "network", "read-only files", "other processes")
_NEW = {"files": 0x20000, "names": 0x4000000, "messages": 0x8000000, "users": 0x10000000, "pids": 0x20000000,
        "network": 0x40000000}  # fmt: skip
_PRIVATE, _READ_ONLY, _RECURSIVE = 0x44000, 1, 0x8000  # MS_REC | MS_PRIVATE, MOUNT_ATTR_RDONLY, AT_RECURSIVE
_MOUNT_SETATTR = 442  # the number of the system call, the same on every machine
_WITHIN_US = 2 | 4  # MS_NOSUID | MS_NODEV


def put_up(request: Mapping[str, Any]) -> list[str]:
    """Put up what this machine allows; returns, in the process that is to run the submission, what stands.

    Parameters
    ----------
    request : mapping
        ``limits``: bytes of ``memory`` and of a ``file``, ``processes`` and ``seconds`` of computing; ``scratch``, an
        empty folder to write in; ``folder``, where to stand; ``walls``, what a program outside has put up already;
        ``namespaces``, whether to enter some.
    """
    standing = list(request["walls"])
    if request["namespaces"] and sys.platform == "linux":
        standing += _enter_namespaces(request["scratch"])
    if sys.platform == "linux" and "other processes" not in standing:
        _gather_what_is_left()
    standing += _limits(request["limits"])
    with suppress(OSError):
        os.chdir(request["folder"])
    return [wall for wall in WALLS if wall in standing]


# -- limits ---------------------------------------------------------------------------------------------------


def _limits(limits: Mapping[str, int]) -> list[str]:
    """Limits that the system keeps for a process and for all that it starts."""
    try:
        import resource
    except ImportError:  # Windows
        return []

    def limit(what: str, most: int) -> bool:
        number = getattr(resource, what, None)
        try:
            if number is not None:
                _, hard = resource.getrlimit(number)
                most = most if hard == resource.RLIM_INFINITY else min(most, hard)
                resource.setrlimit(number, (most, most))
            return number is not None
        except (OSError, ValueError):  # a system that has the name and not the limit
            return False

    limit("RLIMIT_CORE", 0)
    limit("RLIMIT_CPU", limits["seconds"])
    standing = ["memory"] if sys.platform == "linux" and limit("RLIMIT_AS", limits["memory"]) else []
    standing += ["file size"] if limit("RLIMIT_FSIZE", limits["file"]) else []
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write that is too long is then an OSError
    if sys.platform == "linux":
        limit("RLIMIT_NPROC", _now_running() + limits["processes"])
        standing.append("processes")  # they are counted from outside as well, for this limit holds for no superuser
    return standing


def _now_running() -> int:
    """How many threads the user has, at least: the limit is on all of them together."""
    count, mine = 0, os.getuid()
    with suppress(OSError):
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                if os.stat(f"/proc/{entry}").st_uid == mine:
                    count += len(os.listdir(f"/proc/{entry}/task"))
    return count + 64


# -- namespaces -----------------------------------------------------------------------------------------------


def _gather_what_is_left() -> None:
    """Have a process outside that becomes the parent of whatever the submission starts and leaves behind."""
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    _go_on_as_child(library.prctl, first=True)


def _enter_namespaces(scratch: str) -> list[str]:
    """Leave the network, other processes and every place to write in behind; the process that goes on is a new one."""
    library = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *arguments: Any) -> None:
        if getattr(library, name)(*arguments) != 0:
            raise OSError(ctypes.get_errno(), name)

    user, group = os.getuid(), os.getgid()
    try:
        call("unshare", sum(_NEW.values()))
    except (OSError, AttributeError):
        return []
    standing = ["network"]
    with suppress(OSError):
        for file, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{file}", "w") as entry:
                entry.write(text)
        if _seal(call, scratch):
            standing.append("read-only files")
    if _be_alone(call):
        standing.append("other processes")
    return standing


def _seal(call: Callable[..., None], scratch: str) -> bool:
    """Make every file read-only but those in a new, small, empty folder in memory."""
    try:
        call("mount", None, b"/", None, _PRIVATE, None)
        attributes = (ctypes.c_uint64 * 4)(_READ_ONLY, 0, 0, 0)
        call("syscall", _MOUNT_SETATTR, -100, b"/", _RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes))
        call("mount", b"tmpfs", os.fsencode(scratch), b"tmpfs", _WITHIN_US, b"size=64m,mode=0777")
    except OSError:
        return False
    return True


def _be_alone(call: Callable[..., None]) -> bool:
    """Go on as a grandchild that sees no process but its own, and has no rights by which to undo that."""
    _go_on_as_child(partial(call, "prctl"), first=True)
    try:
        call("mount", b"proc", b"/proc", b"proc", _WITHIN_US | 8, None)
        alone = True
    except OSError:
        alone = False  # they cannot be reached by number, but what the old /proc shows of them can be read
    _drop_rights(call)
    _go_on_as_child(partial(call, "prctl"), first=False)
    return alone


def _go_on_as_child(prctl: Callable[..., Any], first: bool) -> None:
    """Fork; the parent waits, gathers what is left behind, and ends as the child did."""
    child = os.fork()
    if child == 0:
        if first:
            prctl(1, int(signal.SIGKILL), 0, 0, 0)  # PR_SET_PDEATHSIG: never outlive who asked
        return
    os.closerange(0, 64)
    while True:
        ended, status = os.wait()
        if ended == child:
            _end_what_is_left()
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _end_what_is_left() -> None:
    """End every child that there still is, and what becomes a child by that."""
    with suppress(OSError):
        while True:
            with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
                children = file.read().split()
            if not children:
                return
            for number in children:
                os.kill(int(number), signal.SIGKILL)
            os.wait()


def _drop_rights(call: Callable[..., None]) -> None:
    """Give up every capability, for good."""
    for capability in range(64):
        with suppress(OSError):
            call("prctl", 24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))
    call("prctl", 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
