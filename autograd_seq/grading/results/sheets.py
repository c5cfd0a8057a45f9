"""Results as tables for spreadsheets: a row for each submission, or for each mistake in the class."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from autograd_seq.grading.gradebook import Gradebook
from autograd_seq.grading.plain_text import one_line, plain
from autograd_seq.grading.submission import FunctionVerdict, Submission
from autograd_seq.translation.reader import translated


def as_csv(book: Gradebook) -> str:
    """A row for each submission; for each function its verdict and marks, and a column for each of its gradients.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    columns = _columns(book)
    functions = list(dict.fromkeys(function for function, _ in columns))
    head = ["submission", "verdict", "mark", "points", "reason", "remark", "seed", "seconds"]
    for function in functions:
        head += [f"{function}: verdict", f"{function}: mark", f"{function}: mistakes"]
        head += [f"{function}: {gradient}" for f, gradient in columns if f == function and gradient]
    return _written([head, *(_row(submission, functions, columns) for submission in book)])


def _columns(book: Gradebook) -> list[tuple[str, str]]:
    """Each function with each of its gradients; one that nobody could be judged on stands alone."""
    found: dict[tuple[str, str], None] = {}
    for submission in book:
        for name, function in submission.functions.items():
            found[name, ""] = None
            found.update(dict.fromkeys((name, gradient) for gradient in states(function)))
    return list(found)


def _row(submission: Submission, functions: Sequence[str], columns: Sequence[tuple[str, str]]) -> list[object]:
    row: list[object] = [one_line(submission.path), submission.verdict, submission.mark, submission.points]
    row += [translated(submission.reason or ""), translated(submission.remark or ""), submission.seed]
    row.append(submission.seconds)
    for name in functions:
        function = submission.functions.get(name)
        row += ["", "", ""] if function is None else [function.verdict, function.mark, function.mistakes]
        known = {} if function is None else states(function)
        row += [known.get(gradient, "") for f, gradient in columns if f == name and gradient]
    return row


def states(function: FunctionVerdict) -> dict[str, str]:
    """By gradient whether it is right, wrong or missing."""
    report = function.report
    wrong, missing = list(report.get("wrong", ())), list(report.get("missing", ()))
    names = dict.fromkeys([*report.get("errors", {}), *wrong, *missing])
    return {k: "missing" if k in missing else "wrong" if k in wrong else "right" for k in names}


def causes_as_csv(book: Gradebook) -> str:
    """A row for each mistake: how many make it, in which function, what it is, and who."""
    rows = [
        [len(row.paths), row.function, translated(row.cause), " ".join(map(one_line, row.paths))]
        for row in book.causes()
    ]
    return _written([["submissions", "function", "cause", "which"], *rows])


def _written(rows: Iterable[Iterable[object]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([cell(value) for value in row] for row in rows)
    return file.getvalue()


def cell(value: object) -> object:
    r"""A value as a cell that a spreadsheet shows and does not compute.

    Examples
    --------
    >>> cell("=HYPERLINK(0)"), cell(-1.5), cell("two\nlines")
    ("'=HYPERLINK(0)", -1.5, 'two; lines')
    """
    if not isinstance(value, str):
        return value
    text = "; ".join(line.strip() for line in plain(value, longest=1000).splitlines())
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text
