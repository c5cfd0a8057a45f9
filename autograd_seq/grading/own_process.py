"""A submission's process seen from outside: started behind walls, asked one thing at a time, ended.

What it answers is data; that it does not answer, and why, is an answer too (`NoAnswerError`).
"""

from __future__ import annotations

import base64
import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from autograd_seq.core.array import Array
from autograd_seq.grading.bytecode_beside import write_bytecode
from autograd_seq.grading.packing import UnreadableError, block, dumps, from_block, unpack
from autograd_seq.grading.plain_text import plain
from autograd_seq.grading.sandbox import Limits, best, descendants, too_much
from autograd_seq.translation.reader import ENGLISH, VARIABLE

STARTING = 120.0  # seconds until the process must be ready; a busy machine needs a few
GRACE = 2.0  # seconds for the process to say itself where it is when its time is up
LONGEST = 24_000_000  # bytes of one answer
SEARCHING = 60.0  # seconds for looking at the submission's lines: they are ours, and do not count as its own
WATCHED = 0.05  # seconds between two looks at what it takes
_START = """\
import gc, json, sys, types
request = json.loads(sys.stdin.buffer.readline())
sys.path[:] = request["modules"]
gc.disable()  # nothing of what is loaded is to be thrown away, and looking for that takes longer than loading it
sys.modules["autograd_seq"] = types.ModuleType("autograd_seq")  # the engine, which few submissions need, comes later
sys.modules["autograd_seq"].__path__ = [request["package"]]
from autograd_seq.grading.walls import put_up
request["standing"] = put_up(request)
from autograd_seq.grading.caged import main
del sys.modules["autograd_seq"]
gc.freeze()
gc.set_threshold(20_000)  # where Python has 700: next to nothing of what passes leave needs that search
gc.enable()
main(request)
"""


class NoAnswerError(BaseException):
    """Why there is no answer.

    It is no Exception, so that no code which takes a student's exceptions for answers mistakes it for one.
    """

    def __init__(self, reason: str, at_an_end: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at_an_end = at_an_end  # no time is left for anything else


class OwnProcess:
    """One process for one submission.

    Parameters
    ----------
    request : mapping
        ``path``, ``source`` and, for a notebook, ``starts`` of the submission.
    limits : Limits
        What it may use.
    seconds : float
        What is left of its time.

    Attributes
    ----------
    standing : list of str
        The walls that stand around it.
    patched : str or None
        What it has changed in the libraries, if it says so.
    lines_are_read : bool
        Whether the submission's own lines may be looked at and changed, to see where a mistake stands.
    lines_were_read : bool
        Whether that was done: what the process answers from then on may be other than before.
    """

    def __init__(self, request: Mapping[str, Any], limits: Limits, seconds: float) -> None:
        self.limits, self.seconds_left, self._search_left = limits, seconds, SEARCHING
        self._allowed = limits.seconds  # for what is asked now, as messages say it
        self.standing: list[str] = []
        self.patched: str | None = None
        self.lines_are_read = True
        self.lines_were_read = False
        self._word = secrets.token_hex(16)
        self._scratch = os.path.realpath(tempfile.mkdtemp(prefix="autograd-seq-"))
        self._lines: queue.Queue[bytes | None] = queue.Queue(4)  # whoever says more waits
        self._printed, self._more = bytearray(), 0
        self._ended: tuple[int, str] | None = None
        sandbox = best()
        write_bytecode()
        self._process = self._started(sandbox.started(self._scratch))
        self._readers = [
            threading.Thread(target=self._read_answers, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_printed, args=(self._process.stderr,), daemon=True),
        ]
        self._requests: queue.Queue[bytes | None] = queue.Queue()
        writer = threading.Thread(target=self._write_requests, args=(self._process.stdin,), daemon=True)
        self._threads = [*self._readers, writer]
        for thread in self._threads:
            thread.start()
        self._send({
            **request, "word": self._word, "seconds": seconds, "limits": limits.for_walls(), "walls": sandbox.walls,
            "modules": [os.path.abspath(folder) for folder in sys.path], "scratch": self._scratch,
            "folder": os.path.dirname(os.path.abspath(request["path"])), "namespaces": sandbox.way == "namespaces",
            "package": os.path.dirname(os.path.dirname(__file__)),
        })  # fmt: skip
        try:
            ready = self._answer(time.monotonic() + STARTING)
        except NoAnswerError:
            said = self.end()[1].strip().splitlines()
            why = f": {plain(said[-1])}" if said else ""
            raise NoAnswerError(f"no process to judge it in could be started{why}", at_an_end=True) from None
        self.standing = [str(wall) for wall in ready["standing"]]

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        group: dict[str, Any] = {"start_new_session": True}  # so that all it starts can be ended with it
        if sys.platform == "win32":
            group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        own = {
            "PYTHONIOENCODING": "utf-8:backslashreplace", "HOME": self._scratch, "TMPDIR": self._scratch,
            "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1", VARIABLE: ENGLISH,
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
        }  # fmt: skip
        secret = ("TOKEN", "SECRET", "PASSWORD", "KEY", "CREDENTIAL")
        kept = {key: value for key, value in os.environ.items() if not any(word in key.upper() for word in secret)}
        return subprocess.Popen(
            [*command, sys.executable, "-P", "-c", _START],  # -P: a file json.py in this folder is not the library's
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**kept, **own}, **group,
        )  # fmt: skip

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._ended is None and self._process.poll() is None

    # -- asking -----------------------------------------------------------------------------------------------

    def ask(self, command: str, tree: Any = None, arrays: Mapping[str, Array] | None = None, **more: Any) -> Any:
        """Ask for one thing.

        Returns
        -------
        dict
            The answer; under ``value`` what it holds.

        Raises
        ------
        NoAnswerError
            If there is none, or none that can be read.
        """
        began, searching = time.monotonic(), command == "lines"
        self.lines_were_read = self.lines_were_read or searching
        left = self._search_left if searching else self.seconds_left
        self._allowed = SEARCHING if searching else self.limits.seconds
        packed = base64.b64encode(block(arrays)).decode("ascii") if arrays else ""
        self._send({"command": command, "tree": tree, "block": packed, "seconds": left, **more})
        try:
            answer = self._answer(began + left + GRACE)
        finally:
            if searching:
                self._search_left -= time.monotonic() - began
            else:
                self.seconds_left -= time.monotonic() - began
        if answer.get("patched"):
            self.patched = plain(str(answer["patched"]))
        if answer.get("event") == "late":
            raise self._late(str(answer.get("at") or ""))
        try:
            content = base64.b64decode(str(answer.get("block", "")), validate=True)
            answer["value"] = unpack(answer.get("tree"), from_block(content) if content else {})
        except UnreadableError as error:
            raise NoAnswerError(str(error)) from None
        except ValueError:  # no base64
            raise NoAnswerError("it hands back what is not an answer") from None
        return answer

    def _send(self, request: Mapping[str, Any]) -> None:
        """Hand over a request; a process that does not read it holds nobody up."""
        self._requests.put(dumps(request) + b"\n")

    def _answer(self, deadline: float) -> dict[str, Any]:
        """The next answer."""
        while True:
            try:
                line = self._lines.get(timeout=WATCHED)
            except queue.Empty:
                line = b""
                excess = too_much(self._process.pid, self.limits)
                if excess is not None:
                    raise self._over(f"it took {excess} and was stopped") from None
                if self._process.poll() is not None and self._lines.empty():
                    line = None
            if time.monotonic() > deadline:
                raise self._late("")
            if line is None:
                raise self._gone(deadline)
            answer = self._read(line)
            if answer is not None:
                return answer

    def _read(self, line: bytes) -> dict[str, Any] | None:
        """An answer that repeats the word; whatever else was written to the channel is not one."""
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):  # brackets without end, say
            return None
        return found if isinstance(found, dict) and found.get("word") == self._word else None

    # -- no answer --------------------------------------------------------------------------------------------

    def _late(self, at: str) -> NoAnswerError:
        said = f"\n  at {plain(at)}" if at else ""
        why = f"it came to no end within {self._allowed:g} seconds and was stopped{said}"
        self.seconds_left = 0.0
        return self._over(why)

    def _gone(self, deadline: float) -> NoAnswerError:
        """The channel is closed: the process ends, or has closed it and goes on."""
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return self._late("")
        code, _ = self.end()
        return NoAnswerError(f"it ended the process {_in_words(code)}: there is no answer")

    def _over(self, why: str) -> NoAnswerError:
        self.end()
        return NoAnswerError(why, at_an_end=True)

    # -- ending -----------------------------------------------------------------------------------------------

    def finish(self) -> list[str]:
        """Let the process come to its end by itself; what is to be said against how it does."""
        answer = self.ask("end")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        return [plain(str(trouble)) for trouble in answer.get("trouble", [])][:10]

    def end(self) -> tuple[int, str]:
        """End what still runs; the exit code, and what was printed."""
        if self._ended is None:
            if self._process.poll() is None:
                self._kill()
            code = self._process.wait()
            self._requests.put(None)
            self._drain()
            if any(thread.is_alive() for thread in self._threads):
                self._kill()  # processes that it started and left behind, which hold its files open
                self._drain()
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream is not None and not any(thread.is_alive() for thread in self._threads):
                    _close(stream)
            shutil.rmtree(self._scratch, ignore_errors=True)
            said = bytes(self._printed).decode("utf-8", "replace")
            self._ended = code, said + (f"\n… and {self._more} bytes more" if self._more else "")
        return self._ended

    def _drain(self) -> None:
        """Wait a second for the threads; what they still bring is not read."""
        until = time.monotonic() + 1.0
        for thread in self._threads:
            while thread.is_alive() and time.monotonic() < until:
                with suppress(queue.Empty):
                    self._lines.get_nowait()
                thread.join(0.02)

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
            return
        for number in reversed(descendants(self._process.pid)):
            with suppress(ProcessLookupError, PermissionError):  # gone, or not ours any more
                os.kill(number, signal.SIGKILL)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _write_requests(self, stream: IO[bytes]) -> None:
        """Standard input stays open until all is over, for the process ends when it closes."""
        with suppress(OSError, ValueError):  # it has ended already, which is seen when it is listened to
            while (request := self._requests.get()) is not None:
                stream.write(request)
                stream.flush()

    def _read_answers(self, stream: IO[bytes]) -> None:
        while line := stream.readline(LONGEST):
            self._lines.put(line)
        self._lines.put(None)

    def _read_printed(self, stream: IO[bytes]) -> None:
        while chunk := stream.read1(65536):  # type: ignore[attr-defined]
            room = self.limits.printed - len(self._printed)
            self._printed += chunk[:room]
            self._more += len(chunk[room:])


def _in_words(code: int) -> str:
    """How a process ended; a process behind walls that a signal ended is said to end with 128 and its number."""
    number = -code if code < 0 else code - 128 if 128 < code < 128 + 65 else 0
    if not number:
        return f"with exit code {code}, as os._exit() does"
    try:
        return f"by the signal {signal.Signals(number).name}"
    except ValueError:
        return f"by the signal {number}"


def _close(stream: IO[bytes]) -> None:
    with suppress(OSError):  # what was still to be written has no reader any more
        stream.close()
