"""The mistakes of a class as a picture: a bar for each, as long as there are submissions that make it."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.grading.gradebook import Gradebook
from autograd_seq.grading.plain_text import plain

MOST_BARS = 25
ENDINGS = (".png", ".svg", ".pdf")


def draw_causes(book: Gradebook, path: str | os.PathLike[str]) -> Path:
    """Draw the mistakes, the most frequent on top; further ones than there is room for are counted together.

    Raises
    ------
    UsageError
        If Matplotlib is not there, or the file's name has another ending than ``.png``, ``.svg`` or ``.pdf``.
    """
    target = Path(path)
    if target.suffix not in ENDINGS:
        raise UsageError(f"{target}: a picture's name must end in {', '.join(ENDINGS)}{here()}")
    try:
        figure_of = import_module("matplotlib.figure").Figure
    except ImportError:
        raise UsageError(f"a picture needs Matplotlib: pip install 'autograd-seq[plot]'{here()}") from None
    rows = book.causes()
    shown = [(f"{row.function}: {row.cause}", len(row.paths)) for row in rows[:MOST_BARS]]
    if len(rows) > MOST_BARS:
        shown.append((f"{len(rows) - MOST_BARS} further ones", sum(len(row.paths) for row in rows[MOST_BARS:])))
    figure = figure_of(figsize=(11, 1.2 + 0.32 * max(len(shown), 1)), layout="constrained")
    axes = figure.add_subplot()
    labels = [_label(text) for text, _ in reversed(shown)]
    bars = axes.barh(range(len(shown)), [count for _, count in reversed(shown)], color="#3b6ea5")
    axes.set_yticks(range(len(shown)), labels, fontsize=8, parse_math=False)
    axes.bar_label(bars, padding=3, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("submissions")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title(f"{plain(book.title, 1)}: {len(book)} submissions", parse_math=False)
    figure.savefig(target, dpi=150)
    return target


def _label(text: str, longest: int = 80) -> str:
    safe = plain(text, 1)
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"
