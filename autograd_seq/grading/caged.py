"""Runs in a cage: loads one submission and calls its functions as it is asked to. It judges nothing.

Requests come line by line through a copy of standard input, and answers go through a copy of standard output that the
submission knows nothing of; standard output itself leads to standard error. Whoever asks believes nothing but numbers.
To start quickly, it imports nothing of ours that loads the engine, which few submissions need.
The last answer is given when the process ends, after whatever the submission left to be done then.
"""

from __future__ import annotations

import atexit
import base64
import faulthandler
import gc
import importlib
import io
import json
import linecache
import math
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_seq.grading.loading import Loaded, load
from autograd_seq.grading.packing import MOST_BYTES, Kept, UnreadableError, block, dumps, from_block, pack, unpack
from autograd_seq.grading.plain_text import one_line

MOST_MB = MOST_BYTES // 2_000_000  # that are handed over: as text they take a third more
PACKAGE = os.path.dirname(os.path.dirname(__file__))


def main(request: Mapping[str, Any]) -> None:
    """Serve one submission until there is nothing more to ask.

    Parameters
    ----------
    request : mapping
        ``path`` and ``source`` of the submission; ``standing``, the walls; ``word``, which every answer repeats.
    """
    say = _private_channel(request["word"])
    ending = _Ending(say)
    asked = _Requests()
    served = _Served(request, say)
    sys.argv = [request["path"]]
    faulthandler.enable()
    say({"event": "ready", "standing": request["standing"]})
    while True:
        try:
            question = asked.next()
            if question["command"] == "end":
                ending.expected = True
                _when_time_is_up(question["seconds"], request["path"], say)
                return
            served.answer(question)
        except BaseException as error:  # an alarm, say, that the submission set and that rings here
            said = f"it raises {type(error).__name__} between its calls"
            ending.trouble.append(said)


class _Served:
    """A submission, and the answers to what is asked about it."""

    def __init__(self, request: Mapping[str, Any], say: Callable[[Mapping[str, Any]], None]) -> None:
        self._request, self._say = request, say
        self._path: str = request["path"]
        self._libraries = _Libraries()
        self._loaded = Loaded({}, None)
        self._kept: list[Any] = []
        self._read: Any = None

    def answer(self, question: Mapping[str, Any]) -> None:
        """Do what is asked, and say what came of it."""
        timer = _when_time_is_up(question["seconds"], self._path, self._say)
        try:
            answer, value = getattr(self, f"_{question['command']}")(question)
            tree, packed = _packed(value)
        except UnreadableError:
            name = question.get("name")
            said = f"what {name} returns is larger than {MOST_MB} MB; smaller inputs show what is wrong too"
            answer, tree, packed = _message(said), None, ""
        except BaseException as error:  # whatever a student's function does is an answer to report
            answer, tree, packed = {"error": _told(error, self._path)}, None, ""
        timer.cancel()
        answer["patched"] = self._libraries.why_not_trusted()
        self._say({"event": "answer", **answer, "tree": tree, "block": packed})

    def _load(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        self._loaded = load(self._path, question.get("source") or self._request["source"], self._request["starts"])
        error = self._loaded.error
        told = {} if error is None else {"error": _told(error, self._path)}
        names = [str(name) for name, value in self._loaded.names.items() if callable(value)]
        inputs = self._loaded.names.get("INPUTS")
        if _bytes(pack(inputs)[1]) > MOST_MB * 1_000_000:
            said = f"INPUTS is larger than {MOST_MB} MB; write shapes in place of numbers"
            inputs, told = None, _message(said, complete=True)
        return {"names": names, "absent": self._loaded.absent, **told}, inputs

    def _call(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Call a function with arguments by place and by name."""
        places, names = self._arguments(question)
        return {}, self._function(question)(*places, **names)

    def _forward(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Call a forward pass; what it returns beside its outputs stays here."""
        _, names = self._arguments(question)
        answer = self._function(question)(**_regrouped(names, question["groups"]))
        if isinstance(answer, tuple) and len(answer) == 2:
            self._kept.append(answer[1])
            return {}, (answer[0], Kept(len(self._kept) - 1))
        return {}, answer

    def _record(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Record a forward pass, and hand over the recording as data."""
        _, names = self._arguments(question)
        tracing = _with_engine("autograd_seq.grading.tracing")
        try:
            return {}, tracing.forward_as_data(self._function(question), names, question["groups"])
        except tracing.NotToldError as error:
            return {"not_told": str(error)}, None

    def _lines(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Look at the submission's own lines, which are told about when they are asked for first."""
        asked = self._arguments(question)
        if "function" in asked:
            caged_lines = _with_engine("autograd_seq.grading.caged_lines")
            self._read = caged_lines.CagedLines(self._loaded.names, asked)
        return {}, self._read.answer(asked)

    def _swap(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Put a right cell in the place of the submission's own, or its own back."""
        self._loaded.swap(question["name"], question["right"])
        return {}, None

    def _lend(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Put a right backward pass for one of the submission's forward passes in the place of its own."""
        self._loaded.lend(question["forward"], question["name"])
        return {}, None

    def _function(self, question: Mapping[str, Any]) -> Callable[..., Any]:
        found: Any = self._loaded.names.get(question["name"])
        self._loaded.begin_alike()
        return found

    def _arguments(self, question: Mapping[str, Any]) -> Any:
        arrays = from_block(base64.b64decode(question["block"]), math.inf) if question["block"] else {}
        return unpack(question["tree"], arrays, lambda number: self._kept[number])


def _with_engine(name: str) -> Any:
    """A module that brings the engine along, loaded only if need be; nothing of it is ever to be thrown away."""
    if name not in sys.modules:
        collects = gc.isenabled()
        gc.disable()
        importlib.import_module(name)
        gc.freeze()
        if collects:
            gc.enable()
    return sys.modules[name]


def _regrouped(flat: dict[str, Any], groups: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs that came one by one, in the dicts in which a forward pass takes them."""
    together = {name: {key: flat.pop(key) for key in members} for name, members in groups.items()}
    return {**flat, **together}


def _packed(value: Any) -> tuple[Any, str]:
    """A value as it is handed over."""
    tree, arrays = pack(value)
    if _bytes(arrays) > MOST_MB * 1_000_000:
        raise UnreadableError
    return tree, base64.b64encode(block(arrays)).decode("ascii") if arrays else ""


def _bytes(arrays: Mapping[str, Any]) -> int:
    return sum(array.nbytes for array in arrays.values())


# -- what is told of an error -----------------------------------------------------------------------------------


def _told(error: BaseException, path: str) -> dict[str, Any]:
    """An error as data: its kind, what it says, and the line of the student's file that it is about."""
    number, place = _line(error, path)
    try:
        said = repr(error.code) if isinstance(error, SystemExit) else str(error)
    except Exception as odd:  # a student's __str__
        said = f"({type(odd).__name__} in its __str__)"
    return {
        "kind": type(error).__name__[:200], "said": said[:2000], "line": number, "place": place,
        "ends": isinstance(error, (SystemExit, KeyboardInterrupt, RecursionError, MemoryError))
        or not isinstance(error, Exception),
        "ours": _is_ours(error), "syntax": isinstance(error, SyntaxError),
    }  # fmt: skip


def _message(said: str, complete: bool = False) -> dict[str, Any]:
    """A message of ours about numbers that are too many to be handed over."""
    return {"error": {"kind": "ValueError", "said": said, "ours": complete}}


def _is_ours(error: BaseException) -> bool:
    """Whether it is a message of this package's own, which is complete as it stands."""
    errors = sys.modules.get("autograd_seq.core.errors")
    return errors is not None and isinstance(error, errors.AutogradError)


def _line(error: BaseException, path: str) -> tuple[int | None, str]:
    """The number of the line, where it is in the student's own file, and the place in words."""
    own = os.path.abspath(path)
    if isinstance(error, SyntaxError):
        if error.filename is None:  # such as of a file with null bytes: Python says no place
            return None, ""
        place = f"{_name(error.filename, path)}:{error.lineno}: {(error.text or '').strip()}"
        return (error.lineno if error.filename == own else None), place[:600]
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename == own]
    last = inside[-1] if inside else next((f for f in reversed(frames) if not _passed_over(f.filename)), None)
    if last is None:
        return None, ""
    return (last.lineno if inside else None), f"{_name(last.filename, path)}:{last.lineno}: {last.line}"[:600]


def _name(filename: str, path: str) -> str:
    """A file's name; the student's own as it was given."""
    return one_line(path if filename == os.path.abspath(path) else filename)


def _passed_over(filename: str) -> bool:
    """Whether a frame is this package's, or the machinery of imports."""
    return filename.startswith((PACKAGE, "<frozen importlib", "<string>"))


# -- the process ------------------------------------------------------------------------------------------------


class _Requests:
    """What is asked, as it comes; the process ends when nobody can ask any more."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        stream = os.fdopen(os.dup(0), "rb")
        leave, loads = os._exit, json.loads
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        os.close(empty)
        self._loads = loads

        def listen() -> None:
            try:
                while line := stream.readline():
                    self._lines.put(line)
            except (OSError, ValueError):  # closed by the submission
                pass
            leave(1)

        threading.Thread(target=listen, daemon=True).start()

    def next(self) -> Any:
        """The next question."""
        return self._loads(self._lines.get())


def _private_channel(word: str, write: Any = os.write, dump: Any = dumps) -> Callable[[Mapping[str, Any]], None]:
    """A way to hand over answers; from here on whatever is printed goes to standard error."""
    sys.stdout.flush()
    channel, owner = os.dup(1), os.getpid()
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what was printed before a crash is then not lost
    getpid, leave, lock = os.getpid, os._exit, threading.Lock()

    def say(answer: Mapping[str, Any]) -> None:
        if getpid() != owner:  # a copy of the process, made by os.fork, has nothing to say
            leave(0)
        line = b"\n" + dump({"word": word, **answer}) + b"\n"
        with lock:
            try:
                while line:
                    line = line[write(channel, line) :]
            except OSError:  # closed by the submission
                leave(1)

    return say


class _Ending:
    """The last answer, given as the last act of the process, and what is to be said against it."""

    def __init__(self, say: Callable[[Mapping[str, Any]], None]) -> None:
        self.expected = False
        self.trouble: list[str] = []
        self._say = say
        self._stdout, self._file = sys.stdout, os.fstat(1)
        atexit.register(self._last_act)  # before the submission's own, and so after them
        sys.unraisablehook = self._unraisable
        threading.excepthook = self._in_thread

    def _unraisable(self, unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, SystemExit):
            self.trouble.append("it calls exit in what it leaves to be done at the end of the process")
        sys.__unraisablehook__(unraisable)

    def _in_thread(self, failed: Any) -> None:
        if failed.exc_type is SystemExit:
            self.trouble.append("it calls exit in a thread")
        threading.__excepthook__(failed)

    def _last_act(self) -> None:
        if self._stdout.closed:
            self.trouble.append("it closes standard output")
        elif not _same_file(self._file):
            self.trouble.append("it puts another file in the place of standard output")
        if not self.expected:
            self.trouble.append("it ended the process before all of it was judged")
        self._say({"event": "end", "trouble": list(dict.fromkeys(self.trouble))})
        gc.freeze()  # all of it goes with the process; Python need not take it apart beforehand


class _Libraries:
    """NumPy's functions: a submission that puts something else in their place is told so."""

    def __init__(self) -> None:
        self._as_they_were = [
            (vars(module), key, value, f"{module.__name__}.{key}")
            for module in (np, np.linalg, math) for key, value in vars(module).items() if not key.startswith("__")
        ]  # fmt: skip

    def why_not_trusted(self) -> str | None:
        """Which of them the submission has put something else in the place of."""
        changed = [name for now, key, value, name in self._as_they_were if now.get(key, self) is not value]
        if not changed:
            return None
        return f"it puts something else in the place of {', '.join(changed[:5])}, which its functions use as well"


def _same_file(before: os.stat_result) -> bool:
    """Whether what stands behind standard output is what stood there before."""
    try:
        return os.path.samestat(before, os.fstat(1))
    except OSError:  # closed
        return False


def _when_time_is_up(seconds: float, path: str, say: Callable[[Mapping[str, Any]], None]) -> threading.Timer:
    """Say which line was running then; whoever waits for answers ends this process."""
    main_thread, own = threading.main_thread().ident, os.path.abspath(path)

    def late() -> None:
        frame = sys._current_frames().get(main_thread or 0)
        while frame is not None and frame.f_code.co_filename != own:
            frame = frame.f_back
        text = linecache.getline(own, frame.f_lineno).strip()[:300] if frame is not None else ""
        say({"event": "late", "at": f"{one_line(path)}:{frame.f_lineno}: {text}" if frame is not None else None})

    timer = threading.Timer(max(seconds, 0.0), late)
    timer.daemon = True
    timer.start()
    return timer
