"""One submission judged from outside: its functions run in cages, and what they hand back is compared here."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from autograd_seq.core.errors import AutogradError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.diagnosis.course import FUNCTIONS, FileReport, parts_of_backward
from autograd_seq.diagnosis.seldom_collected import collected_seldom
from autograd_seq.grading.asked_for import Assignment, load_assignment
from autograd_seq.grading.edits import Edit
from autograd_seq.grading.handed_in import HandedIn, read
from autograd_seq.grading.hints import Hints, level_of, reported
from autograd_seq.grading.marks import marked
from autograd_seq.grading.notebooks import Cells
from autograd_seq.grading.other_layout import takes_something_else
from autograd_seq.grading.own_process import NoAnswerError, OwnProcess
from autograd_seq.grading.plain_text import plain
from autograd_seq.grading.remote import RemoteModule
from autograd_seq.grading.sandbox import Limits, not_enforced
from autograd_seq.grading.smallest_change import smallest_changes
from autograd_seq.grading.submission import FunctionVerdict, Submission
from autograd_seq.grading.tasks import Given, Task, judged
from autograd_seq.translation.reader import speaking_english

ALONE = 'what is for running the file alone stands under  if __name__ == "__main__":'
Path = str | os.PathLike[str]
MOST_ABSENT = 1000
SECONDS_AGAIN = 10.0  # for a function whose process ended while its lines were looked at


def check_file(
    path: Path,
    seed: int | None = None,
    hints_only: bool = False,
    *,
    timeout: float | None = None,
    assignment: Assignment | Path | None = None,
    hints: Hints | None = None,
    attempt: int = 1,
    cells: Cells = "functions",
    edits: bool = False,
) -> Submission:
    r"""Judge the backward passes in a student's file or notebook, from outside, in a process of its own.

    The file's process computes, and this one judges: it draws the inputs, hands them over, takes numbers back and
    compares them with gradients of its own. Nothing else that comes from there counts. The process has limits of time,
    memory, file size and number of processes, and, where the machine allows it, no network and a read-only file
    system; ``.not_enforced`` says what is missing. A file or function that ends the process, does not come to an end,
    or cannot be run has *no verdict*, with the reason. A file that fails half-way is judged on what it defined.

    Without an `assignment`, checked are the course's functions (`rnn_cell_backward`, `rnn_backward`,
    `lstm_cell_backward`, `lstm_backward`), and ``forward`` with ``backward`` where the file says the shapes of its
    inputs in ``INPUTS``: those relative to the file's own forward pass.

    Parameters
    ----------
    path : path
        A Python file or a notebook.
    seed : int, optional
        For what is drawn. Without one it is drawn too, so that nobody knows it beforehand; ``.seed`` says it.
    hints_only : bool
        Without the correct formulas, for graded work.
    timeout : float, optional
        Seconds for the whole file; 60, or as the assignment says.
    assignment : path or Assignment, optional
        An assignment in TOML, or ``"course"`` for the one that comes with the package.
    hints : {1, 2, 3, 4, "rising"}, optional
        How much is said: which gradient, which line, which kind of mistake, the formula; or one more each `attempt`.
    attempt : int
        The number of the attempt, from 1.
    cells : {"functions", "all"}
        Which cells of a notebook are run.
    edits : bool
        Also look for the smallest changes of lines that make each wrong function right: ``["…"].changes``.

    Returns
    -------
    Submission
        ``.verdict``, ``["rnn_backward"].verdict``, ``.reason``, ``.to_json()``; it prints.

    Raises
    ------
    UsageError
        If there is no such file, or its name ends in neither ``.py`` nor ``.ipynb``; or if the assignment cannot be
        read.
    ValueRangeError
        If `seed`, `timeout`, `hints` or `attempt` is not such a number.

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
    handed_in = read(path, cells)
    known = load_assignment(assignment) if assignment is not None else None
    limits = known.limits if known is not None else Limits()
    if timeout is not None:
        limits = Limits(timeout, limits.memory, limits.file, limits.processes, limits.printed)
    level = level_of(hints if hints is not None else known.hints if known else None, attempt, hints_only)
    return Judging(handed_in, limits, checked_seed(seed), level, known, edits).run()


def checked_seed(seed: Any) -> int:
    """The seed that was given, or one that nobody knows.

    Raises
    ------
    ValueRangeError
        If it is none.
    """
    if seed is None:
        return secrets.randbelow(2**31)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueRangeError(f"seed must be a whole number from 0 on, not {seed!r:.80}{here()}")
    return seed


class Judging:
    """One submission's functions, one after another; where one ends its process, a new one takes the rest."""

    def __init__(
        self,
        handed_in: HandedIn,
        limits: Limits,
        seed: int,
        level: int,
        assignment: Assignment | None,
        edits: bool = False,
    ) -> None:
        self.handed_in, self.limits, self.seed, self.level = handed_in, limits, seed, level
        self.assignment, self.edits = assignment, edits
        self.functions: dict[str, FunctionVerdict] = {}
        self.reports = FileReport(handed_in.path)
        self.reasons: list[str] = []
        self.line = handed_in.line
        self.remark = handed_in.remark
        self.printed = ""
        self._process: OwnProcess | None = None
        self._module: RemoteModule | None = None
        self._defined: list[str] = []
        self._absent: list[str] = []
        self._standing: list[str] | None = None
        self._seconds_left = float(limits.seconds)
        self._judged_with_backward: set[str] = set()
        self._wrong_pairs: list[Task] = []

    def run(self) -> Submission:
        """Judge all of it; what it says is kept in English, and said in the reader's language when it is read."""
        with speaking_english(), collected_seldom():
            return self._run()

    def _run(self) -> Submission:
        began = time.monotonic()
        if self.handed_in.source.strip() or not self.remark:
            self._guarded(self._judge_all)
            self._guarded(self._finish)
        self._leave()
        if not self.functions and not self.reasons:
            self.reasons.append(self.remark or self._nothing_found())
            self.remark = None
        return Submission(
            self.handed_in.path, self.functions, self._said(self.reasons), self.line, self.printed,
            self.handed_in.placed(self.remark) if self.remark else None, not_enforced(self._standing), self.seed,
            _since(began),
        )  # fmt: skip

    def _said(self, reasons: list[str]) -> str | None:
        return self.handed_in.placed("; ".join(dict.fromkeys(reasons))) or None

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do something that may end in there being no answer about the whole file."""
        try:
            act()
        except NoAnswerError as error:
            if error.reason:
                self.reasons.append(error.reason)

    def _judge_all(self) -> None:
        self._enter()
        names = self._wanted()
        for name in names:
            began = time.monotonic()
            self._take(name)
            if name in self.functions:
                self.functions[name] = replace(self.functions[name], seconds=_since(began))
            if self._process is not None and not self._process.alive and self._process.seconds_left <= 0:
                break
        for name in names:
            if name not in self.functions and name not in self._judged_with_backward:
                why = "it was not judged: the process ended, or its time was up, before its turn"
                self.functions[name] = self._without(name, why)

    def _wanted(self) -> list[str]:
        """What is to be judged: what the assignment names, or what is there of the course's."""
        if self.assignment is not None:
            return [
                name for name, task in self.assignment.tasks.items()
                if not task.optional or set(task.needs) <= set(self._defined)
            ]  # fmt: skip
        names = [name for name in FUNCTIONS if name in self._defined]
        return names + ["backward"] * ({"forward", "backward"} <= set(self._defined))

    def _take(self, name: str) -> None:
        """Judge one function."""
        task = self.assignment.tasks[name] if self.assignment is not None else None
        missing = [n for n in (task.needs if task else ()) if n not in self._defined]
        if missing:
            self.functions[name] = self._without(name, f"the file does not define {', '.join(missing)}")
            return
        try:
            report, given = self._report(task or Task(name, "course"))
            changes = self._changes(task or Task(name, "course"), report, given)
        except NoAnswerError as error:
            self.functions[name] = self._without(name, error.reason)
        except AutogradError as error:
            if task is None and name in parts_of_backward(self.handed_in.source, self._wanted()):
                self._judged_with_backward.add(name)
                return
            self.functions[name] = self._without(name, _without_place(str(error)))
        except Exception as error:  # what is handed back fits nothing that judging knows
            self.functions[name] = self._without(name, f"it cannot be judged: {type(error).__name__}: {error}")
        else:
            if task is None and report.failure and name in parts_of_backward(self.handed_in.source, self._wanted()):
                self._judged_with_backward.add(name)
                return
            if task is None and report.failure and name in FUNCTIONS and (other := self._another_layout(name, report)):
                self.functions[name] = self._without(name, other)
                return
            self.functions[name] = self._with(name, report, task.points if task else 1.0, changes)
            if task is not None and task.kind == "backward" and not self.functions[name].ok:
                self._wrong_pairs.append(task)

    def _another_layout(self, name: str, report: Any) -> str | None:
        """What it takes in place of what the course's function takes, if that is so."""
        try:
            self._enter()
            assert self._process is not None
            return takes_something_else(self._process, name, self.handed_in.source, report.failure, self.seed)
        except (NoAnswerError, AutogradError):  # then it is judged by how it failed
            return None

    def _report(self, task: Task) -> tuple[Any, Given]:
        """What came of comparing; if the process ended while lines were changed in it, without that."""
        ended = ""
        for lines in (True, False):
            self._enter()
            assert self._module is not None and self._process is not None
            self._process.lines_are_read = lines
            before = tuple(self._wrong_pairs)
            given = Given(self._module, self.reports, self.seed, self.level < 4, self._another, before)
            try:
                report = judged(task, given)
                if not lines and task.kind != "forward" and report.wrong:
                    report.warnings.append(f"its lines could not be looked at: {ended}; each wrong gradient counts")
                return report, given
            except NoAnswerError as error:
                ended = error.reason.splitlines()[0]
                if not self._process.lines_were_read:
                    raise
                self._seconds_left = self._process.seconds_left = max(self._process.seconds_left, SECONDS_AGAIN)
        raise NoAnswerError("")

    def _changes(self, task: Task, report: Any, given: Given) -> tuple[Edit, ...]:
        """The smallest changes that make a wrong backward function right, if that was asked for."""
        wanted = self.edits and report.wrong and task.kind != "forward" and not report.inherited
        return smallest_changes(self._another, self.handed_in.source, task, report, given) if wanted else ()

    def _with(self, name: str, report: Any, points: float, changes: tuple[Edit, ...]) -> FunctionVerdict:
        """The verdict that a report comes to, unless something speaks against believing it."""
        assert self._process is not None
        undecided = getattr(report, "undecided", [])
        failure = report.failure or ""
        if self._process.patched:
            return self._without(name, self._process.patched)
        if failure.startswith(("RecursionError", "MemoryError")):
            return self._without(name, f"it ends in {failure}")
        if self._needs_an_import(failure):
            return self._without(name, f"it needs what is not installed here: {failure}")
        if undecided and not report.wrong and not report.missing and not failure:
            return self._without(name, "\n".join(map(str, undecided)))
        data, text = reported(report, self.handed_in, name, self.level)
        return replace(marked(name, report, self.handed_in.placed(plain(text)), data, points), changes=changes)

    def _needs_an_import(self, failure: str) -> bool:
        """Whether a function fails because of a module that is not there."""
        said = failure.partition("\n")[0]
        missing = "*" in self._absent or any(f"name '{name}' is" in said for name in self._absent)
        return said.startswith("ModuleNotFoundError") or (said.startswith("NameError") and missing)

    def _without(self, name: str, reason: str) -> FunctionVerdict:
        task = self.assignment.tasks.get(name) if self.assignment is not None else None
        said = self.handed_in.placed(plain(reason, 8))
        return FunctionVerdict(name, "no verdict", said, points=task.points if task else 1.0)

    # -- the process --------------------------------------------------------------------------------------------

    def _enter(self) -> None:
        """Have a process that has loaded the submission."""
        if self._process is not None and self._process.alive and not self._process.lines_were_read:
            return
        self._guarded(self._finish)
        self._leave()
        if self._seconds_left <= 0:
            raise NoAnswerError("")
        self._process = OwnProcess(self._request(), self.limits, self._seconds_left)
        self._standing = self._process.standing
        answer = self._process.ask("load")
        names = answer.get("names")
        self._defined = [str(n) for n in names if str(n).isidentifier()] if isinstance(names, list) else []
        absent = answer.get("absent")
        self._absent = [str(name) for name in absent[:MOST_ABSENT]] if isinstance(absent, list) else []
        self._note(answer.get("error"))
        inputs = answer["value"] if isinstance(answer["value"], Mapping) else None
        self._module = RemoteModule(self._process, self._defined, inputs)

    def _request(self) -> dict[str, Any]:
        return {"path": self.handed_in.path, "source": self.handed_in.source, "starts": self.handed_in.starts}

    def _another(self) -> OwnProcess:
        """A further process that has loaded the submission, beside the one that is there."""
        process = OwnProcess(self._request(), self.limits, self.limits.seconds)
        process.ask("load")
        return process

    def _note(self, error: Any) -> None:
        """Keep the error in which running the file ended, and its line."""
        if not isinstance(error, Mapping):
            return
        said = _why_unusable(error)
        self.line = error["line"] if isinstance(error.get("line"), int) else None
        if self._anything_wanted():
            before = f"{self.handed_in.remark}\n  " if self.handed_in.remark else ""
            self.remark = f"{before}{said}\n  judged is what it defines all the same"
        else:
            self.reasons.append(said)

    def _anything_wanted(self) -> bool:
        if self.assignment is not None:
            return any(n in self._defined for task in self.assignment.tasks.values() for n in task.needs)
        return bool(self._wanted())

    def _finish(self) -> None:
        """Let the process come to its end, after all that the submission left to be done then."""
        if self._process is not None and self._process.alive:
            self.reasons += self._process.finish()

    def _leave(self) -> None:
        if self._process is not None:
            self._seconds_left = self._process.seconds_left
            self.printed = (self.printed + self._process.end()[1])[: 2 * self.limits.printed]
            self._process = None

    def _nothing_found(self) -> str:
        parts = [name for name in ("forward", "backward") if name in self._defined]
        alone = f" ({parts[0]} alone is there)" if parts else ""
        names = ", ".join(FUNCTIONS)
        return f"{self.handed_in.name} defines none of {names}, nor forward and backward with INPUTS{alone}"


def _since(began: float) -> float:
    """Seconds that have passed, to the millisecond."""
    return round(time.monotonic() - began, 3)


def _why_unusable(error: Mapping[str, Any]) -> str:
    """Why running a file came to no end of its own."""
    kind, said = plain(str(error.get("kind")), 1), plain(str(error.get("said")), 6)
    at = f"\n  at {plain(str(error['place']), 1)}" if error.get("place") else ""
    if error.get("ours"):
        return said
    if kind == "SystemExit":
        return f"running it ends in SystemExit (code {said}){at}\n  {ALONE}"
    what = f"{kind}: {said}" if said else kind
    if kind == "ModuleNotFoundError":
        return f"it imports what is not installed here: {said}{at}"
    if kind == "EOFError":
        return f"it calls input(), which nobody answers here{at}"
    return f"it is not Python as it stands: {what}{at}" if error.get("syntax") else f"running it ends in {what}{at}"


def _without_place(message: str) -> str:
    """A message without the lines of this package's own callers."""
    return "\n".join(line for line in message.splitlines() if not line.strip().startswith("at <string>:"))


__all__ = ["Judging", "UsageError", "check_file", "checked_seed"]
