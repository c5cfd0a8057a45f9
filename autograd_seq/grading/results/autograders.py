"""Results of one submission as Gradescope and PrairieLearn read them."""

from __future__ import annotations

from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.grading.gradebook import Gradebook
from autograd_seq.grading.plain_text import plain
from autograd_seq.grading.submission import FunctionVerdict, Submission
from autograd_seq.translation.reader import translated

MOST_BYTES = 1_000_000  # that PrairieLearn takes


def only(book: Gradebook, what: str) -> Submission:
    """The one submission that there must be.

    Raises
    ------
    UsageError
        If there are several.
    """
    if len(book) != 1:
        raise UsageError(f"{what} takes the results of one submission, and there are {len(book)}{here()}")
    return book.submissions[0]


def as_gradescope(submission: Submission) -> dict[str, Any]:
    """What stands in ``/autograder/results/results.json``; texts are shown as they are, not as HTML."""
    return {
        "score": submission.mark,
        "execution_time": submission.seconds,
        "output": _whole(submission),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [
            {
                "name": plain(name, 1), "score": function.mark if submission.reason is None else 0.0,
                "max_score": function.points, "status": "passed" if function.ok else "failed",
                "output": _said(function), "output_format": "text", "visibility": "visible",
            }
            for name, function in submission.functions.items()
        ],
    }  # fmt: skip


def as_prairielearn(submission: Submission) -> dict[str, Any]:
    """What stands in ``/grade/results/results.json``; a submission that has no verdict at all cannot be graded."""
    gradable = bool(submission.functions)
    room = MOST_BYTES // (9 * (len(submission.functions) + 2))  # letters of each text; JSON may need 6 bytes for one
    points = translated(f"{submission.mark:g} of {submission.points:g} points")
    why = submission.reason or "there is nothing to judge"
    return {
        "gradable": gradable,
        "score": round(submission.mark / submission.points, 4) if submission.points else 0.0,
        "message": f"{submission.verdict}: {points}",
        "output": _cut(_whole(submission), room),
        **({} if gradable else {"format_errors": [plain(translated(why))]}),
        "tests": [
            {
                "name": plain(name, 1), "description": function.verdict,
                "points": function.mark if submission.reason is None else 0.0,
                "max_points": function.points, "message": translated(function.marks),
                "output": _cut(_said(function), room),
            }
            for name, function in submission.functions.items()
        ],
    }  # fmt: skip


def _said(function: FunctionVerdict) -> str:
    marks = "" if function.ok else f"\n{translated(function.marks)}"
    return plain(str(function)) + marks


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _whole(submission: Submission) -> str:
    """What is to be said of the file as a whole."""
    missing = ", ".join(submission.not_enforced)
    lines = [
        submission.verdict, submission.reason, submission.remark,
        f"not enforced on this machine: {missing}" if missing else None, f"seed: {submission.seed}",
    ]  # fmt: skip
    return plain("\n".join(translated(line) for line in lines if line))
