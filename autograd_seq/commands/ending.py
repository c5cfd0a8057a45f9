"""How a command ends: its exit code, and what went wrong in words; with --json always as one JSON object."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Iterable
from contextlib import redirect_stdout
from functools import cache
from importlib.util import find_spec

from autograd_seq.commands.console import print_json, say
from autograd_seq.core.errors import AutogradError

GOOD = 0  # right, proven, done
WRONG = 1  # a check failed: wrong, refuted
BAD_USE = 2  # of the command alone: no such file, an unknown option
NO_VERDICT = 3  # it cannot be told, and why
STOPPED = 130  # by Ctrl-C: as a shell has it, 128 and the number of the signal
CODES = {"right": GOOD, "wrong": WRONG, "no verdict": NO_VERDICT}

_LAUNCHERS = ("at autograd-seq:", "at autograd-seq.exe:", "at <frozen runpy>:", "at __main__.py:")


class NoVerdictError(Exception):
    """What somebody's file did in place of what was asked of it."""


def ended(arguments: argparse.Namespace) -> int:
    """Run a command to its end, whatever that is, and give its exit code."""
    arguments.answer = sys.stdout  # for the one JSON object; what a user's code prints is kept from it
    try:
        if not getattr(arguments, "json", False):
            return int(arguments.run(arguments))
        with redirect_stdout(sys.stderr):
            return int(arguments.run(arguments))
    except AutogradError as error:
        return _said(arguments, BAD_USE, str(error))
    except OSError as error:  # of a file that was named; without one, of a full disk and the like
        return _said(arguments, BAD_USE if error.filename is not None else NO_VERDICT, _about_file(error))
    except NoVerdictError as error:
        return _said(arguments, NO_VERDICT, str(error))
    except SystemExit as error:  # from a user's code, such as a rule that is only now used
        return _said(arguments, NO_VERDICT, f"the code that was run ends in {failure(error)}")
    except KeyboardInterrupt:
        return _said(arguments, STOPPED, "stopped")
    except Exception as error:  # from a user's code too, or a fault of this package
        if not _own(traceback.extract_tb(error.__traceback__)[-1:]):
            traceback.print_exc()
        return _said(arguments, NO_VERDICT, f"the code that was run ends in {failure(error)}")


def code_of(ok: bool, statuses: Iterable[str]) -> int:
    """The exit code of claims: what is undecided or unreadable is not wrong for that."""
    if ok:
        return GOOD
    found = set(statuses)
    return NO_VERDICT if found & {"undecided", "unreadable"} and "refuted" not in found else WRONG


def _about_file(error: OSError) -> str:
    """What is wrong with a file that was named, in words."""
    if isinstance(error, FileNotFoundError):
        return f"there is no file {error.filename!r}"
    if isinstance(error, IsADirectoryError):
        return f"{error.filename} is a folder, not a file"
    return str(error)


def failure(error: BaseException) -> str:
    """An error, and the lines in which somebody's own file ran into it, without the frames that only called it."""
    said = f"{type(error).__name__}: {error}" if not isinstance(error, SystemExit) else f"SystemExit: {error.code!r}"
    own = _own(traceback.extract_tb(error.__traceback__))
    return said + "".join(f"\n  at {f.filename}:{f.lineno}: {f.line}" for f in own[-3:])


def _own(frames: Iterable[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """The frames that are in somebody's own files."""
    return [f for f in frames if f.line and not f.filename.startswith((*_ours(), "<frozen"))]


@cache
def _ours() -> tuple[str, ...]:
    """The folders whose frames nobody needs to see to find a mistake of their own."""
    found = [find_spec(name) for name in ("autograd_seq", "cells", "viz", "numpy")]
    folders = [folder for spec in found if spec is not None for folder in spec.submodule_search_locations or ()]
    return tuple(os.path.join(folder, "") for folder in folders)


def _said(arguments: argparse.Namespace, code: int, message: str) -> int:
    """Say why there is no answer, and give the exit code."""
    words = "\n".join(line for line in message.splitlines() if not line.strip().startswith(_LAUNCHERS))
    say(f"autograd-seq {arguments.command}: {words}", file=sys.stderr)
    if getattr(arguments, "json", False):
        print_json({"format": 1, "verdict": "no verdict", "ok": False, "reason": words}, arguments.answer)
    return code
