"""How much is printed: what a person can take in, as wide as the terminal is; all of it with ``--full``.

Lines that are longer than the terminal go on below, under what they say. Into a file or a pipe they stay as they are.
"""

from __future__ import annotations

import re
import shutil
import sys
from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.readings.table import table
from autograd_seq.translation.columns import display_width, is_wide
from autograd_seq.translation.reader import in_english, translated

MOST_ROWS = 40  # of a table that is printed whole
FULL = "--full"
FIRST, LAST = 38, 8  # rows of a folded table that is still too long
NARROWEST = 40
_NEVER_FIRST, _NEVER_LAST = "，。、；：！？）》」』”’…,.;:!?)]}", "（《「『“‘([{"
_LABEL = re.compile(r"^(?:\s*\S+(?: \S+)*\s{2,}|\s*(?:[-*%]|\d+\.)\s|\s*\w+:\s)")


class Screen:
    """What is printed on.

    Attributes
    ----------
    width : int or None
        Columns of the terminal; None for a file or a pipe, and where everything was asked for.
    full : bool
        Whether everything was asked for.
    said : set of str
        What need not be said again.
    """

    def __init__(self) -> None:
        self.width: int | None = None
        self.full = True  # outside of a program of ours, nothing is left out
        self.said: set[str] = set()


now = Screen()


def opened(full: bool | None) -> Screen:
    """The screen for a program that begins; `full` as its command line says if None."""
    screen = Screen()
    screen.full = FULL in sys.argv[1:] if full is None else full
    screen.width = None if screen.full else columns()
    return screen


def columns() -> int | None:
    """The width of the terminal that is printed on; None where there is none."""
    try:
        shown = sys.stdout.isatty()
    except (AttributeError, ValueError):
        return None
    return max(shutil.get_terminal_size().columns, NARROWEST) if shown else None


def brief(thing: Any) -> str:
    """A thing as it is printed: a table folded, a certificate's foundations once.

    Examples
    --------
    >>> brief("as it is")
    'as it is'
    """
    if now.full:
        return str(thing)
    if isinstance(thing, Graph):
        return _ends(table(thing, fold=len(thing) > MOST_ROWS or None, width=now.width))
    words = in_english(thing)  # whoever prints it translates it
    return translated(_foundations_once(words) if isinstance(getattr(thing, "claims", None), dict) else words)


def _ends(rows: str) -> str:
    """The first and the last rows of a long table."""
    lines = rows.splitlines()
    left_out = len(lines) - FIRST - LAST
    if left_out < 4:
        return rows
    return "\n".join([*lines[:FIRST], translated(f"   ⋮ {left_out} rows more: {FULL} prints them"), *lines[-LAST:]])


def _foundations_once(certificate: str) -> str:
    """A certificate without what an earlier one has said already of what it rests on."""
    kept: list[str] = []
    heading = ""
    for line in certificate.splitlines():
        what = re.sub(r"[(\d].*", "", line).strip()
        if not line.startswith(" "):
            heading = line
        if heading.startswith("rests on") and line.startswith(" ") and what in now.said:
            continue
        if heading.startswith("rests on") and line.startswith(" "):
            now.said.add(what)
        kept.append(line)
    if kept and kept[-1].startswith("rests on"):
        kept[-1] = "rests on the same as above (--full says it again)"
    return "\n".join(kept)


def beside(before: int, each: int, usual: int = 12) -> int:
    """How many columns of a table fit: so many signs wide each, after so many; where all is asked for, any number.

    Examples
    --------
    >>> beside(30, 9) >= 12
    True
    """
    if now.full:
        return 10_000
    return usual if now.width is None else max(2, min(usual, (now.width - before) // each))


def wrapped(line: str, width: int) -> str:
    """A line broken at spaces; it goes on under what it says.

    Examples
    --------
    >>> print(wrapped("  rule    each rule against its meaning", 24))
      rule    each rule
              against its
              meaning
    """
    if display_width(line) <= width:
        return line
    label = _LABEL.match(line)
    hang = display_width(label[0]) if label else len(line) - len(line.lstrip()) + 2
    hang = hang if hang <= width // 2 else len(line) - len(line.lstrip()) + 2
    lines, now_line, empty = [], "", True
    for word in _pieces(line):
        if not empty and display_width(now_line + word) > width:
            lines.append(now_line)
            now_line, word = " " * hang, word.strip()
        now_line += word
        empty = False
    return "\n".join([*lines, now_line])


def _pieces(line: str) -> list[str]:
    """What a line is broken between: words, and Chinese characters with the punctuation after them."""
    pieces: list[str] = []
    for word in re.findall(r"\s*\S+", line):
        begun = ""
        for c in word:
            apart = (is_wide(c) or is_wide(begun[-1:])) and c not in _NEVER_FIRST and begun[-1:] not in _NEVER_LAST
            if begun.strip() and apart:
                pieces.append(begun)
                begun = ""
            begun += c
        pieces.append(begun)
    return pieces
