"""The mistakes of a class as a picture: a bar for each, as long as there are submissions that make it."""

from __future__ import annotations

import os
import textwrap
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.grading.gradebook import Gradebook, in_a_table
from autograd_seq.grading.plain_text import plain
from autograd_seq.translation.columns import display_width
from autograd_seq.translation.reader import ENGLISH, current, speaking_english, translated

MOST_BARS = 25
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC",
    "PingFang HK", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei",
)  # fmt: skip
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
        library = import_module("matplotlib")
        figure_of = import_module("matplotlib.figure").Figure
        known = {font.name for font in import_module("matplotlib.font_manager").fontManager.ttflist}
    except ImportError:
        raise UsageError(f"a picture needs Matplotlib: pip install 'autograd-seq[plot]'{here()}") from None
    fonts = [name for name in CHINESE_FONTS if name in known]
    with library.rc_context({"font.family": [*library.rcParams["font.family"], *fonts]}):
        if fonts or current() == ENGLISH:
            return _drawn(book, target, figure_of)
        said = "no font that Matplotlib knows has Chinese characters: the words in the picture are English"
        warnings.warn(translated(said), stacklevel=2)
        with speaking_english():
            return _drawn(book, target, figure_of)


def _drawn(book: Gradebook, target: Path, figure_of: Any) -> Path:
    rows = book.causes()
    shown = [(f"{row.function}: {in_a_table(row.cause)}", len(row.paths)) for row in rows[:MOST_BARS]]
    if len(rows) > MOST_BARS:
        words = translated(f"{len(rows) - MOST_BARS} further ones")
        shown.append((words, sum(len(row.paths) for row in rows[MOST_BARS:])))
    labels = [_label(text) for text, _ in reversed(shown)]
    lines = sum(1.3 + label.count("\n") for label in labels)
    figure = figure_of(figsize=(11, 1.2 + 0.21 * max(lines, 1)), layout="constrained")
    axes = figure.add_subplot()
    bars = axes.barh(range(len(shown)), [count for _, count in reversed(shown)], color="#3b6ea5")
    axes.set_yticks(range(len(shown)), labels, fontsize=8, parse_math=False)
    axes.bar_label(bars, padding=3, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(translated("submissions"))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title(translated(f"{plain(book.title, 1)}: {len(book)} submissions"), parse_math=False)
    figure.savefig(target, dpi=150)
    return target


def _label(text: str, columns: int = 66) -> str:
    """A mistake in at most three lines; a Chinese character is as wide as two letters."""
    safe = plain(text, 1)
    wide = display_width(safe) / max(len(safe), 1)
    return "\n".join(textwrap.wrap(safe, round(columns / wide), max_lines=3, placeholder="…"))
