r"""Words and formulas for a LaTeX file: what its fonts lack is written in commands, and no word becomes a command."""

from __future__ import annotations

import re
import unicodedata

from autograd_seq.core.names import LETTERS, escape_latex, greek

_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip
_SIGNS = {
    "−": "-", "∘": r"\circ", "×": r"\times", "·": r"\cdot", "…": r"\dots", "∂": r"\partial", "‖": r"\|", "²": "{}^2",
    "ᵀ": "{}^T", "→": r"\rightarrow", "←": r"\leftarrow", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "√": r"\surd",
}  # fmt: skip


def in_text(words: str) -> str:
    r"""Words between formulas.

    Examples
    --------
    >>> print(in_text("50% of Γ, für 漢"))
    50\% of \ensuremath{\Gamma}, f\text{\"{u}}r \text{(cjk unified ideograph-6f22)}
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
    """A letter that is not ASCII: by its command, as a letter and an accent, or by what Unicode calls it."""
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
    plain = line.encode("ascii", "backslashreplace").decode()
    return re.sub(r"[^A-Za-z0-9\s.,:;()\[\]=+*/@<>|-]", lambda found: rf"\char{ord(found[0])}{{}}", plain)
