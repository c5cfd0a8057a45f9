r"""Long formulas over several lines: LaTeX breaks none that stands between ``\[`` and ``\]``."""

from __future__ import annotations

import re

from autograd_seq.writer.latex_text import CHINESE

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_WORDS = {r"\tanh", r"\exp", r"\log", r"\max", r"\min", r"\sin", r"\cos", r"\prod"}
_SILENT = {
    r"\left", r"\right", r"\mathrm", r"\text", r"\operatorname", r"\mathbf", r"\tilde", r"\hat", r"\bar",
    r"\overrightarrow", r"\overleftarrow", r"\sqrt", "&",
}  # fmt: skip
_BREAKS = {"+", "-", r"\circ", r"\quad"}
_SCRIPT = 0.72  # how much smaller a letter above or below is


def width(latex: str) -> float:
    r"""About how wide a formula is set at 10 pt, in points.

    Examples
    --------
    >>> round(width(r"\frac{a + b}{c}")), round(width(r"W_{aa} x^{\langle t \rangle}"))
    (30, 33)
    """
    return _Ruler(latex).row(None)


class _Ruler:
    """Adds up widths, token by token."""

    def __init__(self, latex: str) -> None:
        self.tokens = _TOKEN.findall(latex)
        self.at = 0

    def row(self, end: str | None) -> float:
        """The width up to `end`: of a matrix, that of its widest row."""
        widest = total = 0.0
        below, above = 0.0, 0.0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token in "_^":
                script = _SCRIPT * self.argument()
                below, above = (script, above) if token == "_" else (below, script)
                continue
            if token.isspace():
                continue
            total, below, above = total + max(below, above), 0.0, 0.0
            if token == end:
                if end == r"\end":
                    self.argument()
                return max(widest, total)
            if token == r"\\":
                widest, total = max(widest, total), 0.0
            else:
                total += self.single(token)
        return max(widest, total + max(below, above))

    def argument(self) -> float:
        """The width of what a command or a script is given."""
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        self.at += 1
        return self.single(self.tokens[self.at - 1]) if self.at <= len(self.tokens) else 0.0

    def single(self, token: str) -> float:
        """The width of one token and what belongs to it."""
        if token == "{":
            return self.row("}")
        if token == r"\frac":
            return max(self.argument(), self.argument()) + 4
        if token == r"\begin":
            self.argument()
            return self.row(r"\end") + 14
        if token in _SILENT:
            return 0.0
        if token in _WORDS:
            return 5.0 * len(token)
        if token == r"\sum":
            return 17.0
        if token in "+=-" or token in (r"\circ", r"\quad"):
            return 13.0
        if CHINESE.match(token):
            return 10.0
        return 4.0 if token in "()[]., |" or token in (r"\langle", r"\rangle", r"\,") else 6.5


def lines(latex: str, most: float) -> list[str]:
    r"""A formula in pieces that are at most so wide, as far as it has places to be broken.

    It is broken before a plus or a minus that stands in as few parentheses as possible, else before a ∘.

    Parameters
    ----------
    latex : str
        The formula.
    most : float
        The width of a line in points.

    Examples
    --------
    >>> lines("a + (b + c) + d", 60)
    ['a + (b + c)', '+ d']
    """
    pieces = []
    while width(latex) > most and (places := _places(latex)):
        fitting = [(depth, -place) for place, depth in places if width(latex[:place]) <= most]
        cut = -min(fitting)[1] if fitting else places[0][0]
        pieces.append(latex[:cut].rstrip())
        latex = latex[cut:].lstrip()
    return [*pieces, latex]


def _places(latex: str) -> list[tuple[int, int]]:
    """Where a formula may be broken, and how unwelcome it is there."""
    found = []
    parentheses = braces = at = 0
    for token in _TOKEN.findall(latex):
        if token == "{" or token in (r"\begin", r"\left"):
            braces += 1
        elif token == "}" or token in (r"\end", r"\right"):
            braces -= 1
        elif token in "([" or token in ")]":
            parentheses += 1 if token in "([" else -1
        elif token in _BREAKS and not braces and at and latex.startswith(f" {token} ", at - 1):
            found.append((at, 2 * parentheses + (token == r"\circ")))
        at += len(token)
    return found
