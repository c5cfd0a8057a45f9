"""A class as a whole: many submissions judged side by side, what came of each, and which mistakes there are."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import chain
from typing import Any

from autograd_seq.core.errors import AutogradError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.grading.asked_for import Assignment, load_assignment
from autograd_seq.grading.handed_in import gathered, linked_folders, links_out
from autograd_seq.grading.hints import level_of
from autograd_seq.grading.judging import Path, check_file, checked_seed
from autograd_seq.grading.plain_text import one_line, plain
from autograd_seq.grading.sandbox import Limits
from autograd_seq.grading.submission import Submission, Verdict
from autograd_seq.translation.columns import display_width, padded
from autograd_seq.translation.reader import translated

LONGEST_CAUSE = 120  # letters, in a table
LEADS_OUT = "it is a link to a file outside of the folder, and was not read"


@dataclass(frozen=True)
class Row:
    """A mistake, and which submissions make it."""

    function: str
    cause: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Gradebook:
    """What came of judging many submissions; it prints as a table, and is indexed by path.

    Attributes
    ----------
    title : str
        What the assignment is called.
    submissions : list of Submission
        In the order in which they were named.
    not_followed : list of str
        The links to folders among what was to be judged, which were passed over.
    """

    title: str
    submissions: list[Submission]
    not_followed: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.submissions)

    def __iter__(self) -> Iterator[Submission]:
        return iter(self.submissions)

    def __getitem__(self, path: Path) -> Submission:
        wanted = os.path.normpath(os.fsdecode(path))
        for submission in self.submissions:
            if os.path.normpath(submission.path) == wanted or os.path.basename(submission.path) == wanted:
                return submission
        known = ", ".join(repr(s.path) for s in self)[:300]
        raise UsageError(f"there is no submission {wanted!r}; there are {known}{here()}")

    @property
    def verdict(self) -> Verdict:
        """Wrong if any is, else no verdict if any has none, else right."""
        found = {submission.verdict for submission in self.submissions}
        return "wrong" if "wrong" in found else "no verdict" if "no verdict" in found else "right"

    @property
    def ok(self) -> bool:
        """Whether all are right."""
        return bool(self.submissions) and self.verdict == "right"

    def causes(self) -> list[Row]:
        """Each mistake with the submissions that make it, the most frequent first."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for submission in self.submissions:
            for key in dict.fromkeys(_causes(submission)):
                found[key].append(submission.path)
        rows = [Row(function, cause, tuple(paths)) for (function, cause), paths in found.items()]
        return sorted(rows, key=lambda row: (-len(row.paths), row.function, row.cause))

    def __str__(self) -> str:
        right, wrong, without = (
            sum(s.verdict == verdict for s in self.submissions) for verdict in ("right", "wrong", "no verdict")
        )
        counts = f"{right} right, {wrong} wrong, {without} without a verdict"
        head = f"{self.title}: {len(self)} submissions: {counts}"
        rows = [(str(len(row.paths)), row.function, in_a_table(row.cause)) for row in self.causes()]
        width = max((display_width(function) for _, function, _ in rows), default=0)
        lines = [f"{count:>5}  {padded(function, width)}  {cause}" for count, function, cause in rows]
        return "\n".join([translated(head), *lines, *map(translated, self.remarks())])

    def remarks(self) -> list[str]:
        """What was passed over, told in a line each."""
        return [f"{one_line(name)} is a link to a folder, and was not followed" for name in self.not_followed]


def _causes(submission: Submission) -> Iterator[tuple[str, str]]:
    """The function and the kind of each mistake; what has no verdict has its reason for one."""
    if submission.reason is not None:
        yield "(file)", f"no verdict: {_first(submission.reason, submission.path)}"
        return
    for name, function in submission.functions.items():
        if function.verdict == "no verdict":
            yield name, f"no verdict: {_first(function.reason or '', submission.path)}"
        elif function.carried:
            yield name, "follows from an earlier function"
        elif function.causes:
            yield from ((name, f"{cause.category}: {cause.words}") for cause in function.causes)
        elif function.verdict == "wrong":
            failure = function.report.get("failure")
            missing = function.report.get("missing")
            if failure or not missing or function.report.get("wrong"):
                yield name, f"it fails: {_first(str(failure), submission.path)}" if failure else "another mistake"
            else:
                yield name, f"not returned: {', '.join(map(str, missing))}"


def _first(reason: str, path: str) -> str:
    """A reason's first line, which is the same for all who have it."""
    own = (repr(path), one_line(path), path)
    return reduce(lambda text, name: text.replace(name, "it"), own, plain(reason, 1))


def in_a_table(cause: str) -> str:
    """A cause in the reader's language, not too long for a table."""
    said = translated(cause).replace("it 中", "其中").replace("：it ", "：它")
    return said if len(said) <= LONGEST_CAUSE else f"{said[: LONGEST_CAUSE - 1]}…"


Progress = Callable[[Submission], None]


def check_folder(
    paths: Path | Iterable[Path],
    seed: int | None = None,
    hints_only: bool = False,
    *,
    timeout: float | None = None,
    assignment: Assignment | Path | None = None,
    hints: Any = None,
    attempt: int = 1,
    cells: Any = "functions",
    edits: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Gradebook:
    r"""Judge all the submissions in a folder, side by side.

    Parameters
    ----------
    paths : path or several
        Folders, files, or patterns such as ``"hand_in/*.ipynb"``.
    seed, hints_only, timeout, assignment, hints, attempt, cells, edits
        As for `check_file`; the same for all of them.
    jobs : int, optional
        How many are judged at a time; as many as there are processors.
    progress : callable, optional
        Called with each submission when it is judged.

    Returns
    -------
    Gradebook
        A list of `Submission`, which prints as a table of the mistakes in the class.

    Raises
    ------
    UsageError, ValueRangeError
        As for `check_file`, and if there is nothing to judge.

    Examples
    --------
    >>> import os, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> for name in ("ada.py", "alan.py"):
    ...     with open(os.path.join(folder, name), "w") as file:
    ...         _ = file.write("def rnn_cell_backward(da_next, cache):\n    return {}\n")
    >>> book = check_folder(folder, jobs=1)
    >>> book["ada.py"].verdict, len(book)
    ('wrong', 2)
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    names = gathered(given)
    if not names:
        raise UsageError(f"there is no submission{here()}")
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1):
        raise ValueRangeError(f"jobs must be a whole number from 1 on, not {jobs!r:.80}{here()}")
    level_of(hints, attempt, hints_only)
    Limits(timeout) if timeout is not None else None
    known = load_assignment(assignment) if assignment is not None else None
    options = {
        "seed": checked_seed(seed), "hints_only": hints_only, "timeout": timeout, "assignment": assignment,
        "hints": hints, "attempt": attempt, "cells": cells, "edits": edits,
    }  # fmt: skip
    refused = [Submission(name, {}, LEADS_OUT) for name in sorted(links_out(given))]
    wanted = [name for name in names if name not in {submission.path for submission in refused}]
    many = min(jobs or _processors(), len(wanted))
    found = _side_by_side(wanted, options, many) if many > 1 else (_judged(name, options) for name in wanted)
    judged: dict[str, Submission] = {}
    for submission in chain(refused, found):
        judged[submission.path] = submission
        if progress is not None:
            progress(submission)
    return Gradebook(known.title if known else "check", [judged[name] for name in names], linked_folders(given))


def _processors() -> int:
    """How many processors this process may use."""
    available = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available is not None else os.cpu_count() or 1


def _side_by_side(names: list[str], options: dict[str, Any], jobs: int) -> Iterator[Submission]:
    """Judge several at a time; each as it is done."""
    from autograd_seq.grading.side_by_side import side_by_side  # one submission needs none of it

    ended = "the process that judges it was ended: there is no answer"
    for name, found in side_by_side(partial(_judged, options=options), names, jobs):
        yield found if found is not None else Submission(name, {}, ended)


def _judged(name: str, options: dict[str, Any]) -> Submission:
    """One submission; a fault of the judging itself is no verdict on it, and spoils no other."""
    try:
        return check_file(name, **options)
    except AutogradError as error:  # what it says of its place is ours
        said = str(error).partition("\n  at ")[0]
        return Submission(name, {}, f"it could not be judged: {said}")
    except Exception as error:
        return Submission(name, {}, f"it could not be judged: {type(error).__name__}: {error}")
