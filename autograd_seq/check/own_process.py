"""A file judged in a process of its own: started, listened to, ended; what it answered and how it ended.

It keeps accidents apart, such as exit calls, endless loops and prints. It is not a cage: the file runs with the rights
of whoever checks it.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

STARTING = 120.0  # seconds until the process must be ready; a busy machine needs a few
GRACE = 2.0  # seconds for the process to say itself where it is when its time is up
KEPT = 20_000  # bytes of what a file prints
LONGEST = 4_000_000  # bytes of one answer
_START = """\
import json, sys
request = json.loads(sys.stdin.buffer.readline())
sys.path[:] = request["modules"]
from autograd_seq.check.judge import main
main(request)
"""


@dataclass
class Outcome:
    """What came of one process.

    Attributes
    ----------
    answers : list of dict
        What it answered, in order.
    code : int
        The process's exit code; below 0, minus the signal that ended it.
    late : str or None
        Where it was when its time was up, ``FILE:LINE: text`` or empty; None if it was in time.
    printed : str
        What the file printed, or the beginning of it.
    seconds : float
        How long it took from when it was ready.
    """

    answers: list[dict[str, Any]] = field(default_factory=list)
    code: int = 0
    late: str | None = None
    printed: str = ""
    seconds: float = 0.0

    @property
    def ended(self) -> str:
        """How the process ended, in words."""
        if self.code < 0:
            try:
                return f"by the signal {signal.Signals(-self.code).name}"
            except ValueError:
                return f"by the signal {-self.code}"
        return f"with exit code {self.code}, as os._exit() does"


def judge(request: Mapping[str, Any], seconds: float) -> Outcome:
    """Start a process for a request and listen to it until it has ended, or its time is up and it is ended."""
    process = _Process(request, seconds)
    outcome = Outcome()
    try:
        for answer in process.answers():
            if answer.get("event") == "late":
                outcome.late = str(answer.get("at") or "")
                break
            outcome.answers.append(answer)
        if process.late and outcome.late is None:
            outcome.late = ""
    finally:
        outcome.code, outcome.printed = process.end()
    outcome.seconds = process.running
    return outcome


class _Process:
    """The process and the two threads that read what comes from it."""

    def __init__(self, request: Mapping[str, Any], seconds: float) -> None:
        self._word, self._seconds = secrets.token_hex(16), seconds
        self._ready: float | None = None
        self._deadline = time.monotonic() + STARTING
        self.late = False
        group: dict[str, Any] = {"start_new_session": True}  # so that all it starts can be ended with it
        if sys.platform == "win32":
            group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START],  # -P: a file named json.py in this folder is not the library's
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONIOENCODING": "utf-8:backslashreplace"}, **group,
        )  # fmt: skip
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._printed, self._more = bytearray(), 0
        self._readers = [
            threading.Thread(target=self._read_answers, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_printed, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self._ask({**request, "word": self._word, "seconds": seconds, "modules": [str(folder) for folder in sys.path]})

    def _ask(self, request: Mapping[str, Any]) -> None:
        """Hand over the request; standard input stays open, for the process ends when it closes."""
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended already, which is seen when it is listened to
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def running(self) -> float:
        """Seconds since it was ready."""
        return 0.0 if self._ready is None else time.monotonic() - self._ready

    def answers(self) -> Iterator[dict[str, Any]]:
        """Each answer as it comes, until the process has ended or its time is up."""
        while True:
            try:
                line = self._lines.get(timeout=0.1)
            except queue.Empty:
                if self._process.poll() is not None:
                    return
                line = b""
            if time.monotonic() > self._deadline:
                self.late = True
                return
            if line is None:
                self._wait()
                return
            answer = self._answer(line)
            if answer is None:
                continue
            if answer.get("event") == "ready":
                self._ready = time.monotonic()
                self._deadline = self._ready + self._seconds + GRACE
            yield answer

    def _answer(self, line: bytes) -> dict[str, Any] | None:
        """An answer that repeats the word; whatever else was written to the channel is not one."""
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):  # brackets without end, say
            return None
        return found if isinstance(found, dict) and found.get("word") == self._word else None

    def _wait(self) -> None:
        """The channel is closed: the process ends, or has closed it and goes on."""
        try:
            self._process.wait(max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.late = True

    def end(self) -> tuple[int, str]:
        """End what still runs; the exit code, and what was printed."""
        if self._process.poll() is None:
            self._kill()
        code = self._process.wait()
        for reader in self._readers:
            reader.join(1.0)
        if any(reader.is_alive() for reader in self._readers):
            self._kill()  # processes that it started and left behind, which hold its files open
            for reader in self._readers:
                reader.join(1.0)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None and not any(reader.is_alive() for reader in self._readers):
                _close(stream)
        said = bytes(self._printed).decode("utf-8", "replace")
        return code, said + (f"\n… and {self._more} bytes more" if self._more else "")

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
            return
        with suppress(ProcessLookupError, PermissionError):  # gone, or not ours any more
            os.killpg(self._process.pid, signal.SIGKILL)

    def _read_answers(self, stream: IO[bytes]) -> None:
        while line := stream.readline(LONGEST):
            self._lines.put(line)
        self._lines.put(None)

    def _read_printed(self, stream: IO[bytes]) -> None:
        while chunk := stream.read1(65536):  # type: ignore[attr-defined]
            room = KEPT - len(self._printed)
            self._printed += chunk[:room]
            self._more += len(chunk[room:])


def _close(stream: IO[bytes]) -> None:
    with suppress(OSError):  # what was still to be written has no reader any more
        stream.close()
