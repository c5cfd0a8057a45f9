"""Results for the student, in Markdown."""

from __future__ import annotations

import os
import re
from collections.abc import Container
from itertools import count
from pathlib import Path

from autograd_seq.grading.gradebook import Gradebook
from autograd_seq.grading.plain_text import one_line, plain
from autograd_seq.grading.submission import Submission
from autograd_seq.storage.files import write
from autograd_seq.translation.reader import translated

LONGEST_NAME = 200  # bytes of a letter's name; systems take 255, and writing needs a few


def as_markdown(submission: Submission) -> str:
    """A page for one student: the verdict, the marks, and what is said of each function."""
    name = in_markdown(one_line(os.path.basename(submission.path)))
    marks = translated(f"{submission.mark:g} of {submission.points:g} points")
    lines = [f"# {name}: {submission.verdict}", "", marks, ""]
    for remark in filter(None, (submission.reason, submission.remark)):
        lines += [fenced(translated(remark)), ""]
    if submission.functions:
        lines += [f"| {translated('function')} | {translated('verdict')} | {translated('marks')} |", "|---|---|---|"]
        rows = [(in_markdown(n), f.verdict, translated(f.marks)) for n, f in submission.functions.items()]
        lines += [f"| {name} | {verdict} | {marks} |" for name, verdict, marks in rows] + [""]
    for key, function in submission.functions.items():
        if not function.ok:
            lines += [f"## {in_markdown(key)}", "", fenced(str(function)), ""]
    return "\n".join([*lines, translated(f"Numbers were drawn with the seed {submission.seed}."), ""])


def write_letters(book: Gradebook, folder: str | os.PathLike[str]) -> list[Path]:
    """Write a page for each submission into a folder, which is made if need be."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    common = os.path.commonpath([os.path.dirname(os.path.abspath(s.path)) for s in book])
    written: dict[str, Path] = {}
    for submission in book:
        stem = _stem(os.path.relpath(os.path.abspath(submission.path), common), written)
        written[stem.casefold()] = write(Path(folder) / f"{stem}.md", as_markdown(submission))
    return list(written.values())


def _stem(path: str, taken: Container[str]) -> str:
    """A file's name for a letter, which no other student's letter has, on any system."""
    name = re.sub(r"[^\w.\-]", "_", "__".join(Path(path).parts))
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f"{os.fsencode(name)[:LONGEST_NAME].decode(errors='ignore')}…"
    numbered = (f"{name}-{number}" for number in count(2))
    return name if name.casefold() not in taken else next(n for n in numbered if n.casefold() not in taken)


def in_markdown(text: str) -> str:
    r"""A text whose every sign stands for itself.

    Examples
    --------
    >>> in_markdown("a_b<script>|")
    'a\\_b&lt;script&gt;\\|'
    """
    safe = plain(text, 1).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", safe)


def fenced(text: str) -> str:
    """A text as a block of code, which it cannot end by itself."""
    safe = plain(text)
    longest = max((len(run) for run in re.findall("`+", safe)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{safe}\n{fence}"
