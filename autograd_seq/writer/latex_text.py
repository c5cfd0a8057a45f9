r"""Words and formulas for a LaTeX file: what its fonts lack is written in commands, and no word becomes a command."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

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


# A group of words within a formula, as `escape_latex` leaves them.
_WORDS = re.compile(r"(\\text\{(?:\\.|[^\\{}]|\{\})*\})")
# Two names of several letters that stand side by side as a product, and would be read as one word.
_SIDE_BY_SIDE = re.compile(r"(\\(?:text|mathrm)\{(?:\\.|[^\\{}]|\{\})*\}) (?=\\(?:text|mathrm)\{)")


def in_text(words: str) -> str:
    r"""Words between formulas.

    Examples
    --------
    >>> print(in_text("50% of Γ, für 漢字"))
    50\% of \ensuremath{\Gamma}, f\"{u}r 漢字
    """
    return "".join(map(_letter, escape_latex(words)))


def in_math(latex: str) -> str:
    r"""A formula, with commands for its letters that are not ASCII; words in it become one group.

    Examples
    --------
    >>> print(in_math("权重 + Ω"))
    \text{权重} + \ensuremath{\Omega}
    >>> print(in_math(r"\text{Ωé权重}"))
    \text{\ensuremath{\Omega}\'{e}权重}
    >>> print(in_math(r"\mathrm{mix} \mathrm{state}"))
    \mathrm{mix} \, \mathrm{state}
    """
    found = []
    for part in _WORDS.split(_SIDE_BY_SIDE.sub(r"\1 \\, ", latex)):
        if part.startswith(r"\text{"):
            found.append("".join(map(_letter, part)))
        else:
            found.extend(_piece(words, list(run)) for words, run in groupby(part, _is_of_a_word))
    return "".join(found)


def _is_of_a_word(c: str) -> bool:
    """Whether a formula has no sign for it."""
    return ord(c) >= 128 and c not in LETTERS and c not in _SIGNS


def _piece(is_of_words: bool, letters: list[str]) -> str:
    written = "".join(map(_letter, letters))
    return rf"\text{{{written}}}" if is_of_words else written


def _letter(c: str) -> str:
    """A letter for text: by its command, as a letter and an accent, or by what Unicode calls it.

    Chinese ones are left to the document's fonts, which break lines between them.
    """
    if ord(c) < 128 or CHINESE.match(c):
        return c
    if c in _MARKS:
        return f"{{{_MARKS[c]}}}"
    if c in LETTERS or c in _SIGNS:
        return rf"\ensuremath{{{_SIGNS.get(c) or greek(LETTERS[c])}}}"
    base, mark = unicodedata.normalize("NFD", c)[:1], unicodedata.normalize("NFD", c)[1:]
    if mark in _ACCENTS and base.isascii():
        return rf"\{_ACCENTS[mark]}{{{base}}}"
    return f"({unicodedata.name(c, 'unknown').lower()})"


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
