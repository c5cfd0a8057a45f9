"""Text from a stranger, made fit to print: no sign that steers a terminal, no line without end."""

from __future__ import annotations

LONGEST_LINE = 300
MOST_LINES = 60


def plain(text: str, lines: int = MOST_LINES, longest: int = LONGEST_LINE) -> str:
    r"""A text whose lines can be read and that does nothing but be read.

    Parameters
    ----------
    text : str
        Whatever somebody wrote.
    lines, longest : int
        How many lines are kept, and how many letters of each.

    Examples
    --------
    >>> plain("red \x1b[31m and \u202e back")
    'red �[31m and � back'
    """
    kept = text.replace("\t", "    ").splitlines()[:lines]
    return "\n".join("".join(map(_sign, line[: longest - 1] + "…" if len(line) > longest else line)) for line in kept)


def one_line(name: str) -> str:
    r"""A name, such as a file's, in which a line may end: all of it, in one line.

    Examples
    --------
    >>> one_line("my\nfile\x1b.py")
    'my�file�.py'
    """
    return plain("\ufffd".join(name.splitlines()), 1)


def _sign(sign: str) -> str:
    return sign if sign.isprintable() else "\ufffd"
