"""How an operation is written: in NumPy source, in LaTeX, in Unicode text, with parentheses where they are needed.

A reading that prints expressions asks an operation for its `Form` in a language and
fills in the operands; it never needs to know which operation it prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# How tightly an expression holds together; the levels are Python's own, and two that mathematics adds:
# SERIES, because a sign such as Σ reaches over the products behind it, up to the next + or −, and
# MATRIX, because W a stands closer together than a ∘ b.
COMPARISON, SUM, SERIES, PRODUCT, MATRIX, SIGN, POWER, ATOM = 10, 20, 25, 30, 35, 40, 50, 60
MINUS = ("-", "−")

Written = tuple[str, int]  # a text and how tightly it holds together

Fill = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Form:
    """One operation in one language.

    Attributes
    ----------
    template : str or callable
        ``"{0} + {1}"``, with an operation's settings by name as in ``"{0}[{index}]"``;
        or a function ``(operands, settings) -> str`` where a template does not do.
    level : int
        How tightly the whole holds together.
    operands : tuple of int
        The level that each operand needs to stand without parentheses; 0 for those not given.
    helper : str
        The definition, in the same language, of a function that the template calls and that the language
        does not have: a program that uses the form starts with it. It is written with ``np`` only.
    """

    template: str | Fill
    level: int = ATOM
    operands: tuple[int, ...] = ()
    helper: str = ""

    def write(self, operands: Sequence[Written], settings: Mapping[str, Any]) -> Written:
        """The expression and its level, for operands given as (text, level)."""
        if self.silent:  # so it holds together as its operand does
            return operands[0]
        texts = []
        for i, operand in enumerate(operands):
            needed = self.operands[i] if i < len(self.operands) else 0
            texts.append(enclosed(operand, needed, behind=not self._begins_with(i)))
        if callable(self.template):
            return self.template(texts, settings), self.level
        return self.template.format(*texts, **settings), self.level

    @property
    def silent(self) -> bool:
        """Whether nothing is written: the whole looks like its operand."""
        return self.template == "{0}"

    def _begins_with(self, i: int) -> bool:
        """Whether nothing stands before an operand."""
        return i == 0 if callable(self.template) else self.template.startswith((f"{{{i}}}", f"{{{{{{{i}}}"))


class Total(Form):
    """``a + b − c``: terms added up; one that begins with a minus takes its sign from it."""

    def __init__(self) -> None:
        super().__init__("", SUM)

    def write(self, operands: Sequence[Written], settings: Mapping[str, Any]) -> Written:
        """The sum and its level; that of no terms is 0."""
        if len(operands) <= 1:
            return operands[0] if operands else ("0", ATOM)
        text = enclosed(operands[0], SUM)
        for term in operands[1:]:
            minus = begins_with_minus(term) and term[1] >= SUM
            text += f" {term[0][0]} {term[0][1:]}" if minus else f" + {enclosed(term, SUM)}"
        return text, SUM


def enclosed(operand: Written, needed: int, behind: bool = False) -> str:
    """An operand, in parentheses where it would be torn apart, or would bring a sign `behind` another.

    Examples
    --------
    >>> enclosed(("a + b", SUM), PRODUCT), enclosed(("a + b", SUM), SUM)
    ('(a + b)', 'a + b')
    >>> enclosed(("-2", SIGN), PRODUCT), enclosed(("-2", SIGN), PRODUCT, behind=True)
    ('-2', '(-2)')
    """
    text, level = operand
    return f"({text})" if level < needed or (behind and needed and begins_with_minus(operand)) else text


def begins_with_minus(operand: Written) -> bool:
    """Whether an expression begins with a minus that is a sign, and no part of a name."""
    return operand[1] < ATOM and operand[0].startswith(MINUS)


def infix(symbol: str, level: int, right: int = 1) -> Form:
    """``a symbol b``; the right operand needs `right` more than the left, so that the order stays as recorded."""
    return Form(f"{{0}} {symbol} {{1}}", level, (level, level + right))


# A name of several letters in LaTeX, unless it stands below another.
_WORD_IN_LATEX = re.compile(r"(?<!_\{)\\(?:text|mathrm)\{")


def side_by_side(left: str, right: str) -> str:
    r"""A product in LaTeX: what is beside a name of several letters stands apart from it, else they read as one name.

    Examples
    --------
    >>> side_by_side("W_{aa}", "a"), side_by_side(r"\text{权重}", r"x")
    ('W_{aa} a', '\\text{权重} \\, x')
    """
    apart = any(map(_WORD_IN_LATEX.search, (left, right)))
    return rf"{left} \, {right}" if apart else f"{left} {right}"


def prefix(symbol: str, level: int = SIGN) -> Form:
    """``symbol a``; what the sign stands before holds more tightly than the whole: −(a + b), but −a ∘ b."""
    return Form(f"{symbol}{{0}}", level, (level + 1,))


def call(function: str, defaults: Mapping[str, Any] | None = None, listed: bool = False, helper: str = "") -> Form:
    """``function(a, b, axis=1)``; settings that have their default value are left out.

    With `listed`, the operands are passed as one list, as ``np.concatenate([a, b])`` wants them.
    """

    def fill(operands: Sequence[str], settings: Mapping[str, Any]) -> str:
        arguments = [f"[{', '.join(operands)}]"] if listed else list(operands)
        for key, value in settings.items():
            if not (defaults and key in defaults and defaults[key] is value):
                arguments.append(f"{key}={literal(value)}")
        return f"{function}({', '.join(arguments)})"

    return Form(fill, helper=helper)


def forms(
    name: str,
    defaults: Mapping[str, Any],
    listed: bool,
    source: Form | str | None,
    latex: Form | str | None,
    text: Form | str | None,
    formula: Form | str | None,
) -> dict[str, Form]:
    """How an operation of that name is written in each language: as it declares, or else as a function."""
    given = {
        "source": (source, f"np.{name}"),
        "latex": (latex, rf"\operatorname{{{name}}}".replace("_", r"\_")),
        "text": (text, name),
        "formula": (formula or source, name),
    }
    return {
        language: form if isinstance(form, Form) else call(form or function, defaults, listed=listed)
        for language, (form, function) in given.items()
    }


def literal(value: Any) -> str:
    """A parameter as Python source, for a program that has NumPy as ``np``.

    Examples
    --------
    >>> import numpy as np
    >>> literal((slice(None), np.array([2, 0]), float("inf")))
    '(slice(None, None, None), np.array([2, 0]), np.inf)'
    """
    if isinstance(value, np.ndarray) and not value.size and value.ndim > 1:
        return f"np.zeros({value.shape}, dtype=np.{value.dtype.name})"  # a list would not say how wide it is
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        return f"np.array({value.tolist()})"
    if isinstance(value, np.ndarray) and value.ndim:
        known = value.size and value.dtype in (np.dtype(int), np.dtype(float), np.dtype(bool))
        return f"np.array({_numbers(value.tolist())}{'' if known else f', dtype=np.{value.dtype.name}'})"
    if isinstance(value, (np.ndarray, np.generic)):
        return _numbers(value.item())
    if isinstance(value, np.dtype):
        return f"np.{value.name}"
    if isinstance(value, tuple):
        return f"({', '.join(literal(part) for part in value)}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"[{', '.join(literal(part) for part in value)}]"
    if isinstance(value, type):
        return value.__name__ if value in (float, int, bool) else f"np.{value.__name__}"
    return "..." if value is Ellipsis else _numbers(value)


def _numbers(value: Any) -> str:
    """Python's own writing, but for the numbers that it writes as bare words."""
    return re.sub(r"(?<![\w.])(inf|nan)\b", r"np.\1", repr(value)) if not isinstance(value, str) else repr(value)


class TimeAxis(int):
    """The number of an axis that goes along time."""


def subscript(index: Any) -> str:
    """An index as it stands between brackets.

    Examples
    --------
    >>> subscript((slice(None), slice(1, None, 2), 0))
    ':, 1::2, 0'
    """
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(_between_colons(part) for part in parts) or "()"


def _between_colons(part: Any) -> str:
    if not isinstance(part, slice):
        return literal(part)
    limits = ["" if limit is None else literal(limit) for limit in (part.start, part.stop)]
    return ":".join(limits) + ("" if part.step is None else f":{literal(part.step)}")
