"""Formulas as they are printed, in the characters of the language of formulas: ``W [a; x]ᵀ`` is a matrix product."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container

DEEPEST = 100  # brackets inside one another
_SIGNS = {
    "∘": "*", "⊙": "*", "×": "*", "·": "@", "−": "-", "ᵀ": ".T", "²": "**2", "^": "**", "√": "sqrt", "σ": "sigmoid",
    "Γ": "Gamma", "γ": "gamma", "Σ": "sum", "∂": "d", "ŷ": "y_hat", "c̃": "c_tilde",
}  # fmt: skip
_STEPS = [
    (r"(\b[A-Za-z_]\w*)<\s*t\s*-\s*1\s*>", r"\1_prev"),
    (r"\bx<\s*t\s*>", "x_t"),
    (r"\b(d?[ac])<\s*t\s*>", r"\1_next"),
    (r"(\b[A-Za-z_]\w*)<\s*t\s*>", r"\1"),
]
_TOKEN = re.compile(r"\s*(?:(?:np\.)?[A-Za-z_]\w*|\d+\.?\d*(?:[eE][+-]?\d+)?|\.[A-Za-z_]\w*|\*\*|.)", re.DOTALL)
_WHOLE = re.compile(r"[\s\d:,+-]*(?:\bn_\w+[\s\d:,+-]*)*")  # what stands in an index
_CLOSING = {"(": ")", "[": "]"}


def plain(text: str, functions: Container[str]) -> str:
    """A printed formula in plain characters, its products of neighbours and its stacks written out.

    Parameters
    ----------
    text : str
        One side of a formula.
    functions : container of str
        What is a function when a parenthesis follows; after any other name and a space it begins a factor.

    Examples
    --------
    >>> plain("W_f [a<t-1>; x<t>] + b_f", ())
    '(W_f @ concatenate((a_prev, x_t))) + b_f'
    >>> plain("a ∘ b c^2", ()), plain("tanh (c_next)²", ["tanh"])
    ('a * (b @ c**2)', 'tanh (c_next)**2')
    """
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    for step, word in _STEPS:
        text = re.sub(step, word, text)
    return (_Reader(text, functions).all() if _balanced(text) else text).strip()


def _balanced(text: str) -> bool:
    """Whether every bracket is closed, and not too many stand inside one another."""
    open_ones: list[str] = []
    for c in text:
        if c in _CLOSING:
            open_ones.append(_CLOSING[c])
        elif c in ")]" and (not open_ones or open_ones.pop() != c):
            return False
        if len(open_ones) > DEEPEST:
            return False
    return not open_ones


class _Reader:
    """Reads tokens, each with the space before it, and writes them again."""

    def __init__(self, text: str, functions: Container[str]) -> None:
        self.tokens = _TOKEN.findall(text)
        self.functions = functions
        self.at = 0
        self.listed = False  # whether a bracket here is a list of arguments

    def all(self) -> str:
        """The whole text."""
        return self._up_to("")

    def _next(self) -> str:
        """The next token without the space before it; empty at the end."""
        return self.tokens[self.at].strip() if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        self.at += 1
        return str(self.tokens[self.at - 1])

    def _up_to(self, end: str) -> str:
        """Everything before a closing bracket."""
        written = ""
        while self.at < len(self.tokens) and self._next() != end:
            written += self._product() if self._begins_factor() else self._take()
        return written

    def _begins_factor(self) -> bool:
        token = self._next()
        word = token[:1].isalnum() or token[:1] == "_" or token.startswith("np.")
        return token in _CLOSING or (word and not keyword.iskeyword(token))

    def _product(self) -> str:
        """Factors side by side, which stand closer together than those with a sign between them."""
        first = self._factor()
        space = first[: len(first) - len(first.lstrip())]
        written, count = first.lstrip(), 1
        number = written[:1].isdigit()
        while self._begins_factor() and self.tokens[self.at][:1].isspace() and not self._next()[:1].isdigit():
            written += (" * " if number else " @ ") + self._factor().strip()
            number, count = False, count + 1
        return space + (written if count == 1 else f"({written})")

    def _factor(self) -> str:
        """Something with what belongs to it: arguments, an index, a transpose, a power."""
        written = self._bracket() if self._next() in _CLOSING else self._take()
        while self.at < len(self.tokens):
            token, beside = self._next(), not self.tokens[self.at][:1].isspace()
            if token == "(" and (beside or written.strip() in self.functions):
                written += self._bracket(listed=written.strip().removeprefix("np.") == "concatenate")
            elif token == "[" and (beside or self._is_index()):
                written += self._bracket(listed=True)
            elif token.startswith(".") and len(token) > 1:
                written += self._take()
            elif token == "**":
                written += self._take()
                while self._next() in ("+", "-"):
                    written += self._take()
                return written + (self._factor() if self._begins_factor() else "")
            else:
                break
        return written

    def _is_index(self) -> bool:
        """Whether the next bracket holds whole numbers and sizes only."""
        rest = "".join(self.tokens[self.at + 1 :])
        return _WHOLE.match(rest).end() == rest.find("]")  # type: ignore[union-attr]

    def _bracket(self, listed: bool = False) -> str:
        """A bracket with what is in it; a stack as the function that it is, unless arrays or axes are `listed`."""
        opening = self._take()
        space, sign = opening[:-1], opening[-1]
        outer, self.listed = self.listed, listed
        inside = self._up_to(_CLOSING[sign])
        self.listed = outer
        self._take()
        for separator, axis in ((";", ""), (",", ", axis=1")):
            parts = _parts(inside, separator)
            if sign == "[" and len(parts) > 1 and not (axis and (listed or outer)):
                return f"{space}concatenate(({', '.join(parts)}){axis})"
        return opening + inside + _CLOSING[sign]


def _parts(text: str, separator: str) -> list[str]:
    """What stands between separators that are in no bracket."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == separator and not depth:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts]
