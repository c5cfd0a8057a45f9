"""Numbers as they are written in each language, with the sign that they bring."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from autograd_seq.core.notation import ATOM, SIGN, Written, literal

GUARD = float(np.finfo(np.float32).tiny)  # what is added to keep a divisor from 0 is so small, or smaller
SIMPLE = 1000  # what a denominator may be
_SPECIAL = {"text": ("ε", "∞", "NaN"), "latex": (r"\varepsilon", r"\infty", r"\text{NaN}")}


def numeral(value: Any, language: str = "text") -> Written:
    """A number and how tightly it holds together: one with a minus is not an atom.

    In mathematics and in formulas a whole number has no point; a program keeps it, since there 2.0 is not an integer.

    Examples
    --------
    >>> numeral(-2.0), numeral(-2.0, "source"), numeral(1e-300)
    (('−2', 40), ('-2.0', 40), ('ε', 60))
    """
    special = _special(value, language) if isinstance(value, float) else None
    if special is not None:
        text = special
    elif language != "source" and isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        text = str(int(value))
    else:
        text = literal(value)
    if not text.startswith("-"):
        return text, ATOM
    return ("−" + text[1:] if language == "text" else text), SIGN


def as_number(array: Any) -> Any:
    """The number in an array of one element, as somebody would write it: 0.1 in single precision is not 0.10000000149.

    Examples
    --------
    >>> as_number(np.float32(0.1)), as_number(np.float64(0.1)), as_number(np.array([3]))
    (0.1, 0.1, 3)
    """
    value = array.item()
    return float(str(array.reshape(())[()])) if array.dtype.char in "ef" else value


def as_meant(array: Any) -> Any:
    """The number that was calculated, as somebody would write it: one sixth in single precision is one sixth.

    Examples
    --------
    >>> as_meant(np.float32(1 / 6)) == 1 / 6, as_meant(np.float32(0.1)), as_meant(np.float64(0.1))
    (True, 0.1, 0.1)
    """
    value = as_number(array)
    if array.dtype.char not in "ef" or not math.isfinite(value):
        return value
    simple = float(Fraction(value).limit_denominator(SIMPLE))
    return simple if array.dtype.type(simple) == array else value


def _special(value: float, language: str) -> str | None:
    """How mathematics writes what digits cannot say; None for ordinary numbers, and where there are only digits."""
    if language not in _SPECIAL:
        return None
    guard, infinite, undefined = _SPECIAL[language]
    if math.isnan(value):
        return undefined
    if math.isinf(value):
        return infinite if value > 0 else f"-{infinite}"
    return guard if 0 < value <= GUARD else None
