"""The library of wrong backward passes and its right originals, each at ten seeds."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path

from check.mistakes import MISTAKES, ORIGINALS
from check.verdicts.case import Answer, Case

from autograd_seq.diagnosis.course import check_file

SEEDS = range(10)


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@functools.cache
def written(name: str, source: str) -> Path:
    """The file of a submission, as a student would hand it in."""
    path = Path(_folder().name) / f"{name.replace('/', '_')}.py"
    path.write_text(source, encoding="utf-8")
    return path


def ask(name: str, source: str, seed: int, wrong: tuple[str, ...] = ()) -> Answer:
    """The answer to a file: wrong if any of its functions is; named if just the wrong gradients are called wrong."""
    reports = check_file(written(name, source), seed).reports.values()
    blamed = next((r for r in reports if r.wrong or r.missing or r.failure), None)
    if blamed is not None:
        return Answer("wrong", _said(blamed), sorted(blamed.wrong) == sorted(wrong))
    for report in reports:
        if getattr(report, "undecided", None):
            return Answer("open", f"undecided: {report.undecided}")
    return Answer("right") if all(r.ok for r in reports) else Answer("open", _said(next(iter(reports))))


def _said(report: object) -> str:
    return " | ".join(line.strip() for line in str(report).splitlines()[:8])[:600]


def cases() -> Iterator[Case]:
    """Every original and every mistake at every seed."""
    for seed in SEEDS:
        for name, source in ORIGINALS.items():
            yield Case("right originals", f"{name} seed {seed}", "right", functools.partial(ask, name, source, seed))
        for mistake in MISTAKES:
            question = functools.partial(ask, mistake.name, mistake.wrong, seed, mistake.gradients)
            yield Case("wrong passes", f"{mistake.name} seed {seed}", "wrong", question)
