r"""Words and formulas for a LaTeX file: what its fonts lack is written in commands, and no word becomes a command."""

from __future__ import annotations

import re
import unicodedata

from autograd_seq.core.names import LETTERS, escape_latex, greek

_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip
_MARKS = {"“": "``", "”": "''", "‘": "`", "’": "'", "–": "--", "—": "---"}
# Chinese characters and signs, which the package ctex sets: they stay as they are.
CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff65\uffe0-\uffe5\U00020000-\U0003ffff]")
_SIGNS = {
    "−": "-", "∘": r"\circ", "×": r"\times", "·": r"\cdot", "…": r"\dots", "∂": r"\partial", "‖": r"\|", "²": "{}^2",
    "ᵀ": "{}^T", "→": r"\rightarrow", "←": r"\leftarrow", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "√": r"\surd",
}  # fmt: skip


def in_text(words: str) -> str:
    r"""Words between formulas.

    Examples
    --------
    >>> print(in_text("50% of Γ, für 漢"))
    50\% of \ensuremath{\Gamma}, f\text{\"{u}}r \text{漢}
    """
    return in_math(escape_latex(words))


def in_math(latex: str) -> str:
    r"""A formula, with commands for its letters that are not ASCII; they do in text as well.

    Examples
    --------
    >>> print(in_math(r"\text{Ωé}"))
    \text{\ensuremath{\Omega}\text{\'{e}}}
    """
    return "".join(c if ord(c) < 128 else _letter(c) for c in latex)


def _letter(c: str) -> str:
    """A letter that is not ASCII: by its command, as a letter and an accent, or by what Unicode calls it.

    Chinese ones are left to the document's fonts.
    """
    if CHINESE.match(c) or c in _MARKS:
        return rf"\text{{{_MARKS.get(c, c)}}}"
    if c in LETTERS or c in _SIGNS:
        return rf"\ensuremath{{{_SIGNS.get(c) or greek(LETTERS[c])}}}"
    base, mark = unicodedata.normalize("NFD", c)[:1], unicodedata.normalize("NFD", c)[1:]
    if mark in _ACCENTS and base.isascii():
        return rf"\text{{\{_ACCENTS[mark]}{{{base}}}}}"
    return rf"\text{{({unicodedata.name(c, 'unknown').lower()})}}"


def in_code(line: str) -> str:
    r"""A line of a program inside ``\texttt``, which may be broken at its spaces.

    Examples
    --------
    >>> print(in_code("da_prev = W.T @ dz"))
    da\char95{}prev = W.T @ dz
    """
    return re.sub(r"[^A-Za-z0-9\s.,:;()\[\]=+*/@<>|-]", lambda found: _char(found[0]), in_ascii(line))


def _char(c: str) -> str:
    return c if CHINESE.match(c) else rf"\char{ord(c)}{{}}"


def in_ascii(line: str) -> str:
    r"""A line of a program with what fonts may lack as Python escapes it; Chinese characters stay.

    Examples
    --------
    >>> in_ascii("Γ = 权重")
    '\\u0393 = 权重'
    """
    return "".join(c if CHINESE.match(c) else c.encode("ascii", "backslashreplace").decode() for c in line)
