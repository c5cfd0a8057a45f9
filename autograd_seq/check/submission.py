"""Submissions: a student's file judged in a process of its own. It is right, wrong, or there is no verdict, and why."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from autograd_seq.check.own_process import Outcome, judge
from autograd_seq.core.errors import UsageError, ValueRangeError
from autograd_seq.core.source_line import here

Verdict = Literal["right", "wrong", "no verdict"]
SECONDS = 60.0  # for one file
LONGEST = 86_400.0  # seconds: a day


@dataclass(frozen=True)
class FunctionVerdict:
    """What came of one function.

    Attributes
    ----------
    name : str
        The function's.
    verdict : str
        ``"right"``, ``"wrong"`` or ``"no verdict"``.
    reason : str or None
        Why there is no verdict.
    report : dict
        The report as plain data: ``wrong``, ``missing``, ``causes`` and so on; empty without a verdict.
    text : str
        The report as it is printed.
    """

    name: str
    verdict: Verdict
    reason: str | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is right."""
        return self.verdict == "right"

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        if self.verdict == "no verdict":
            return {
                "name": self.name, "verdict": self.verdict, "status": "undecided", "ok": False, "reason": self.reason,
            }  # fmt: skip
        return {**self.report, "verdict": self.verdict}

    def __str__(self) -> str:
        return f"{self.name}: no verdict\n  {self.reason}" if self.verdict == "no verdict" else self.text


@dataclass(frozen=True)
class Submission:
    """What came of checking a file; it prints, function by function. Index it by a function's name.

    Attributes
    ----------
    path : str
        The file.
    functions : dict of str to FunctionVerdict
        What was found in it.
    reason : str or None
        Why there is no verdict about the file as a whole.
    line : int or None
        The line of the file that `reason` is about.
    printed : str
        What the file printed while it was judged, or the beginning of it.
    """

    path: str
    functions: dict[str, FunctionVerdict]
    reason: str | None = None
    line: int | None = None
    printed: str = ""

    @property
    def verdict(self) -> Verdict:
        """Wrong if any function is, else no verdict if any has none, else right."""
        found = {function.verdict for function in self.functions.values()}
        if "wrong" in found:
            return "wrong"
        return "no verdict" if self.reason is not None or "no verdict" in found or not found else "right"

    @property
    def ok(self) -> bool:
        """Whether it is right."""
        return self.verdict == "right"

    def __getitem__(self, name: str) -> FunctionVerdict:
        if name not in self.functions:
            raise UsageError(f"{self.path} has no {name}; it has {', '.join(self.functions) or 'none'}{here()}")
        return self.functions[name]

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "format": 1, "path": self.path, "verdict": self.verdict, "ok": self.ok, "reason": self.reason,
            "line": self.line, "functions": {key: function.to_json() for key, function in self.functions.items()},
        }  # fmt: skip

    def __str__(self) -> str:
        why = [f"  {self.reason}"] if self.reason is not None else []
        return "\n".join([*map(str, self.functions.values()), f"{self.path}: {self.verdict}", *why])


def check_file(
    path: str | os.PathLike[str], seed: int = 0, hints_only: bool = False, *, timeout: float = SECONDS
) -> Submission:
    r"""Judge the backward passes in a student's file, in a process of its own.

    Whatever the file does, this process goes on: what it prints is kept apart, and a file or function that ends the
    process (``exit``, ``os._exit``, a crash), that does not come to an end, or that cannot be run has *no verdict*,
    with the reason. Checked are the assignment's functions (`rnn_cell_backward`, `rnn_backward`,
    `lstm_cell_backward`, `lstm_backward`), and ``forward`` with ``backward`` where the file says the shapes of its
    inputs in ``INPUTS``. The file runs with the rights of whoever calls this.

    Parameters
    ----------
    path : path
        A Python file.
    seed : int
        For what is drawn.
    hints_only : bool
        Without the correct formulas, for graded work.
    timeout : float
        Seconds for the whole file.

    Returns
    -------
    Submission
        ``.verdict``, ``["rnn_backward"].verdict``, ``.reason``, ``.to_json()``; it prints.

    Raises
    ------
    UsageError
        If there is no such file, or it is not named as a Python file.
    ValueRangeError
        If `seed` or `timeout` is not such a number.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "my_rnn.py")
    >>> with open(path, "w", encoding="utf-8") as file:
    ...     _ = file.write("def rnn_cell_backward(da_next, cache):\n    exit()\n")
    >>> found = check_file(path)
    >>> found.verdict, found["rnn_cell_backward"].reason.splitlines()[0]
    ('no verdict', 'it ends in SystemExit (code None)')
    """
    name = os.fsdecode(path)
    _refuse_unusable(name, seed, timeout)
    found = _Gathered(name, timeout)
    while found.go_on():
        request = {"path": name, "seed": seed, "hints_only": bool(hints_only), "skip": list(found.functions)}
        found.take(judge(request, found.seconds_left))
    return found.submission()


def _refuse_unusable(path: str, seed: Any, timeout: Any) -> None:
    """Bad use of the function alone: nothing that a student wrote is at fault."""
    if not os.path.exists(path):
        raise UsageError(f"there is no file {path}{here()}")
    if not path.endswith(".py") or not os.path.isfile(path):
        raise UsageError(f"{path} is not a Python file: its name must end in .py{here()}")
    with Path(path).open("rb"):  # one that may not be read is said here
        pass
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueRangeError(f"seed must be a whole number from 0 on, not {seed!r:.80}{here()}")
    if not isinstance(timeout, (int, float)) or not (math.isfinite(timeout) and 0 < timeout <= LONGEST):
        raise ValueRangeError(f"timeout must be seconds, above 0 and at most a day, not {timeout!r:.80}{here()}")


class _Gathered:
    """The answers of one process after another: where a function ended its process, a new one judges the rest."""

    def __init__(self, path: str, timeout: float) -> None:
        self.path, self.timeout, self.seconds_left = path, timeout, float(timeout)
        self.functions: dict[str, FunctionVerdict] = {}
        self.reasons: list[str] = []
        self.line: int | None = None
        self.printed = ""
        self._names: list[str] | None = None  # what is to be judged, once that is known
        self._running: str | None = None
        self._finished = False

    def go_on(self) -> bool:
        """Whether there is something left to judge, and time."""
        return not self._finished and self.seconds_left > 0 and (self._names is None or bool(self._rest()))

    def take(self, outcome: Outcome) -> None:
        """Read what one process answered, and how it ended."""
        judged, self._running = len(self.functions), None
        for answer in outcome.answers:
            self._take_one(answer)
        if not any(answer.get("event") == "end" for answer in outcome.answers):
            self._ended_early(outcome)
        self.printed += outcome.printed
        self.seconds_left -= outcome.seconds
        # Another process is of use only where this one got somewhere and was then ended by a function.
        self._finished = self._finished or len(self.functions) == judged or outcome.late is not None

    def submission(self) -> Submission:
        """All of it."""
        for name in self._rest():
            why = "it was not judged: the process ended, or its time was up, before its turn"
            self.functions[name] = FunctionVerdict(name, "no verdict", why)
        reason = "; ".join(dict.fromkeys(self.reasons)) or None
        return Submission(self.path, self.functions, reason, self.line, self.printed)

    def _rest(self) -> list[str]:
        return [name for name in self._names or () if name not in self.functions]

    def _take_one(self, answer: Mapping[str, Any]) -> None:
        event, name = answer.get("event"), str(answer.get("name", ""))
        if event == "found":
            self._names = [str(n) for n in answer["names"]]
        elif event == "begin":
            self._running = name
        elif event == "none":
            self._judged(FunctionVerdict(name, "no verdict", str(answer["reason"])))
        elif event == "report":
            verdict: Verdict = "right" if answer["ok"] is True else "wrong"
            self._judged(FunctionVerdict(name, verdict, None, dict(answer["report"]), str(answer["text"])))
        elif event == "unusable":
            self._finished = True
            self.reasons.append(str(answer["reason"]))
            self.line = answer["line"]
        elif event == "end":
            self._finished = True
            self.reasons += map(str, answer["trouble"])

    def _judged(self, found: FunctionVerdict) -> None:
        self.functions[found.name] = found
        self._running = None

    def _ended_early(self, outcome: Outcome) -> None:
        """The last answer is missing: the file, or one function, ended the process or had to be ended."""
        if not outcome.answers:
            said = outcome.printed.strip().splitlines()
            self.reasons.append(f"no process to judge it in could be started{': ' + said[-1] if said else ''}")
            return
        if outcome.late is None:
            why = f"it ended the process {outcome.ended}: there is no answer"
        else:
            at = f"\n  at {outcome.late}" if outcome.late else ""
            why = f"it came to no end within {self.timeout:g} seconds and was stopped{at}"
        if self._running is not None:
            self._judged(FunctionVerdict(self._running, "no verdict", why))
        elif not self._finished:
            self.reasons.append(why)
