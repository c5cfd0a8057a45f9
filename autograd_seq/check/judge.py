"""Runs in a process of its own: one student's file, its functions checked, each answer handed over as it is found.

The answers go line by line, as JSON that carries the word the asking process gave, through a copy of standard output
that the file knows nothing of; standard output itself leads to standard error. The last answer is given when the
process ends, after whatever the file left to be done then: a file that ends the process in any other way has none.
"""

from __future__ import annotations

import atexit
import faulthandler
import io
import json
import linecache
import math
import os
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.errors import AutogradError
from autograd_seq.diagnosis.course import FileReport, check_one, run_file, to_check
from autograd_seq.diagnosis.report import BackwardReport

ALONE = 'what is for running the file alone stands under  if __name__ == "__main__":'
PACKAGE = os.path.dirname(os.path.dirname(__file__))


def main(request: Mapping[str, Any]) -> None:
    """Judge one file.

    Parameters
    ----------
    request : mapping
        ``path``; ``seed`` and ``hints_only`` as for ``check_file``; ``skip``, functions that are not asked for;
        ``word``, which every answer repeats; and ``seconds`` from now until time is up.
    """
    say = _private_channel(request["word"])
    ending = _Ending(say)
    path = request["path"]
    libraries = _Libraries()
    sys.argv = [path]
    _no_core_dump()
    _when_time_is_up(request["seconds"], path, say)
    _when_nobody_waits()
    say({"event": "ready"})
    try:
        module = run_file(path)
        names = to_check(module, path)
    except BaseException as error:  # whatever a student's file does is an answer to report
        say({"event": "unusable", "line": _line(error, path), "reason": _why_unusable(error, path)})
    else:
        say({"event": "found", "names": names})
        _judge(module, [name for name in names if name not in request["skip"]], request, say, libraries)
    ending.judged = True


def _judge(
    module: types.ModuleType, names: list[str], request: Mapping[str, Any], say: Callable[..., None],
    libraries: _Libraries,
) -> None:  # fmt: skip
    """Check one function after another."""
    path = request["path"]
    reports = FileReport(path)
    for name in names:
        say({"event": "begin", "name": name})
        try:
            report = check_one(reports, module, name, request["seed"], request["hints_only"])
            reason = _out_of_bounds(report) or _undecided(report)
        except BaseException as error:  # whatever a student's function does is an answer to report
            reason = _why_no_verdict(error, path)
        reason = libraries.why_not_trusted() or reason
        if reason is not None:
            say({"event": "none", "name": name, "reason": reason})
        else:
            say({"event": "report", "name": name, "ok": report.ok, "text": str(report), "report": report.to_json()})


# -- what is said --------------------------------------------------------------------------------------------


def _why_unusable(error: BaseException, path: str) -> str:
    """Why nothing in a file can be judged."""
    if isinstance(error, AutogradError):
        return _without_launcher(str(error))
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SystemExit):
        return f"running it ends in SystemExit (code {error.code!r}){_at(error, path)}\n  {ALONE}"
    if isinstance(error, SyntaxError):
        return f"it is not Python as it stands: {said}{_at(error, path)}"
    return f"running it ends in {said}{_at(error, path)}"


def _why_no_verdict(error: BaseException, path: str) -> str:
    """Why one function cannot be judged."""
    if isinstance(error, AutogradError):
        return _without_launcher(str(error))
    said = f"SystemExit (code {error.code!r})" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
    return f"it ends in {said.removesuffix(': ')}{_at(error, path)}"


def _out_of_bounds(report: BackwardReport) -> str | None:
    """Said of a function that met a limit of this machine, which says nothing of its gradients."""
    failure = report.failure or ""
    return f"it ends in {failure}" if failure.startswith(("RecursionError", "MemoryError")) else None


def _undecided(report: BackwardReport) -> str | None:
    """What the numbers could not tell, where nothing is wrong."""
    return "\n".join(report.undecided) if report.status == "undecided" else None


def _without_launcher(message: str) -> str:
    """A message without the line that only started this process."""
    return "\n".join(line for line in message.splitlines() if not line.strip().startswith("at <string>:"))


def _short(reason: str, longest: int = 300) -> str:
    """A reason whose lines can be read: a student's line may go on for thousands of letters."""
    lines = reason.splitlines()
    return "\n".join(line if len(line) <= longest else line[: longest - 1] + "…" for line in lines[:8])


def _at(error: BaseException, path: str) -> str:
    """The line of a student's file that an error is about, to end a sentence with."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"\n  at {_shown(error.filename, path)}:{error.lineno}: {(error.text or '').strip()}"
    frames = traceback.extract_tb(error.__traceback__)
    last = _last_own(frames, path) or next((f for f in reversed(frames) if not _ours(f.filename)), None)
    return f"\n  at {_place(last, path)}" if last else ""


def _line(error: BaseException, path: str) -> int | None:
    """The number of that line, where it is in the student's own file."""
    if isinstance(error, SyntaxError) and error.filename == os.path.abspath(path):
        return error.lineno
    last = _last_own(traceback.extract_tb(error.__traceback__), path)
    return last.lineno if last else None


def _last_own(frames: Iterable[traceback.FrameSummary], path: str) -> traceback.FrameSummary | None:
    """The innermost frame that is in a student's file."""
    own = [frame for frame in frames if frame.filename == os.path.abspath(path)]
    return own[-1] if own else None


def _place(frame: traceback.FrameSummary, path: str) -> str:
    return f"{_shown(frame.filename, path)}:{frame.lineno}: {frame.line}"


def _shown(filename: str, path: str) -> str:
    """A file's name; the student's own as it was given."""
    return path if filename == os.path.abspath(path) else filename


def _ours(filename: str) -> bool:
    """Whether a frame is this package's, or the machinery of imports."""
    return filename.startswith((PACKAGE, "<frozen importlib", "<string>"))


# -- the process ---------------------------------------------------------------------------------------------


def _private_channel(word: str, write: Any = os.write, dumps: Any = json.dumps) -> Callable[[Mapping[str, Any]], None]:
    """A way to hand over answers; from here on whatever is printed goes to standard error, and nobody can be asked."""
    sys.stdout.flush()
    channel, owner = os.dup(1), os.getpid()
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what was printed before a crash is then not lost
    getpid, lock = os.getpid, threading.Lock()

    def say(answer: Mapping[str, Any]) -> None:
        if "reason" in answer:
            answer = {**answer, "reason": _short(answer["reason"])}
        if getpid() != owner:  # a copy of the process, made by os.fork, has nothing to say
            return
        line = dumps({"word": word, **answer}).encode() + b"\n"
        with lock:
            while line:
                line = line[write(channel, line) :]

    return say


class _Ending:
    """The last answer, given as the last act of the process, and what is to be said against it."""

    def __init__(self, say: Callable[[Mapping[str, Any]], None]) -> None:
        self.judged = False
        self._say, self._trouble = say, list[str]()
        self._stdout, self._file = sys.stdout, os.fstat(1)
        atexit.register(self._last_act)  # before the file's own, and so after them
        sys.unraisablehook = self._unraisable
        threading.excepthook = self._in_thread

    def _unraisable(self, unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, SystemExit):
            self._trouble.append("it calls exit in what it leaves to be done at the end of the process")
        sys.__unraisablehook__(unraisable)

    def _in_thread(self, failed: Any) -> None:
        if failed.exc_type is SystemExit:
            self._trouble.append("it calls exit in a thread")
        threading.__excepthook__(failed)

    def _last_act(self) -> None:
        if self._stdout.closed:
            self._trouble.append("it closes standard output")
        elif not _same_file(self._file):
            self._trouble.append("it puts another file in the place of standard output")
        if not self.judged:
            self._trouble.append("it ended the process before all of it was judged")
        self._say({"event": "end", "trouble": list(dict.fromkeys(self._trouble))})


class _Libraries:
    """The functions that the judging itself calls: what they answer counts only while they are the library's own."""

    def __init__(self) -> None:
        self._as_they_were = [(m, dict(vars(m))) for m in (np, np.linalg, math)]

    def why_not_trusted(self) -> str | None:
        """Which of them the file has put something else in the place of."""
        changed = [
            f"{module.__name__}.{key}"
            for module, before in self._as_they_were
            for key, value in before.items()
            if not key.startswith("__") and vars(module).get(key, self) is not value
        ]
        if not changed:
            return None
        return f"it puts something else in the place of {', '.join(changed)}, which the judging needs as well"


def _same_file(before: os.stat_result) -> bool:
    """Whether what stands behind standard output is what stood there before."""
    try:
        return os.path.samestat(before, os.fstat(1))
    except OSError:  # closed
        return False


def _when_time_is_up(seconds: float, path: str, say: Callable[[Mapping[str, Any]], None]) -> None:
    """Say which line was running then; whoever waits for answers ends this process."""
    main_thread, own = threading.get_ident(), os.path.abspath(path)

    def late() -> None:
        frame = sys._current_frames().get(main_thread)
        while frame is not None and frame.f_code.co_filename != own:
            frame = frame.f_back
        text = linecache.getline(own, frame.f_lineno).strip() if frame is not None else ""
        say({"event": "late", "at": f"{path}:{frame.f_lineno}: {text}" if frame is not None else None})

    timer = threading.Timer(seconds, late)
    timer.daemon = True
    timer.start()


def _when_nobody_waits() -> None:
    """End the process when the one that asked is gone; its questions come through standard input."""
    asked, leave = os.dup(0), os._exit
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)

    def watch() -> None:
        try:
            while os.read(asked, 1):
                pass
        except OSError:  # closed by the file
            return
        leave(1)

    threading.Thread(target=watch, daemon=True).start()


def _no_core_dump() -> None:
    """A crash leaves its place in standard error, and no image of the memory in somebody's folder."""
    faulthandler.enable()
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
