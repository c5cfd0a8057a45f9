"""einsum in all the ways in which NumPy takes its subscripts: with ``...``, and as lists of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError
from autograd_seq.core.source_line import here
from autograd_seq.operations.linear import einsum
from autograd_seq.operations.shape import squeeze


def einsum_of(*operands: Any, optimize: Any = False) -> Any:
    """As `numpy.einsum`; `optimize` chooses a way to the same numbers.

    Examples
    --------
    >>> import numpy as np
    >>> einsum_of(np.ones((2, 3)), [0, 1], np.ones((3, 4)), [1, 2], [0, 2]).shape
    (2, 4)
    >>> einsum_of("...i->...", np.ones((4, 2, 3))).shape
    (4, 2)
    """
    if not operands or not isinstance(operands[0], str):
        operands = _from_lists(operands)
    text, *arrays = operands
    return einsum(*_without_dots(text.replace(" ", ""), arrays)) if "." in text else einsum(text, *arrays)


def _from_lists(operands: Sequence[Any]) -> tuple[Any, ...]:
    """``(a, [0, 1], b, [1, 2], [0, 2])`` as ``("ab,bc->ac", a, b)``."""

    def letters(numbers: Sequence[Any]) -> str:
        return "".join("..." if n is Ellipsis else ascii_letters[int(n)] for n in numbers)

    pairs, output = len(operands) // 2, ""
    if len(operands) % 2:
        output = "->" + letters(operands[-1])
    terms = ",".join(letters(operands[2 * i + 1]) for i in range(pairs))
    return terms + output, *(operands[2 * i] for i in range(pairs))


def _without_dots(text: str, arrays: Sequence[Any]) -> tuple[Any, ...]:
    """Each ``...`` as the letters of the axes that it stands for; axes of length 1 that are stretched are left out."""
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(arrays) or any("." in t.replace("...", "", 1) for t in [*terms, output]):
        raise ShapeError(f"einsum({text!r}) with {len(arrays)} arrays: a term has ... once, for all others{here()}")
    counts = [np.ndim(x) - len(t) + 3 if "..." in t else 0 for t, x in zip(terms, arrays, strict=True)]
    if min(counts) < 0:
        raise ShapeError(f"einsum({text!r}): a term has more letters than its array has axes{here()}")
    free = [c for c in ascii_letters if c not in text][: max(counts)]
    shape = np.broadcast_shapes(*(np.shape(x)[(at := t.index("...")) : at + n] if n else () for t, x, n in
                                  zip(terms, arrays, counts, strict=True)))  # fmt: skip
    made, fitted = [], []
    for term, x, n in zip(terms, arrays, counts, strict=True):
        if "..." in term:
            at = term.index("...")
            dots = free[len(free) - n :]
            stretched = [i for i in range(n) if np.shape(x)[at + i] == 1 and shape[len(shape) - n + i] != 1]
            x = squeeze(x, tuple(at + i for i in stretched)) if stretched else x
            term = term.replace("...", "".join(c for i, c in enumerate(dots) if i not in stretched))
        made.append(term)
        fitted.append(x)
    if not arrow:
        letters = inputs.replace(",", "").replace(".", "")
        output = "..." + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return ",".join(made) + "->" + output.replace("...", "".join(free)), *fitted
