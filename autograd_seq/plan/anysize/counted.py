"""Numbers that count with the step: t / T, 1 / (t + 1), 0.9 ** t; known for any T from those of a few recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.notation import literal
from autograd_seq.plan.anysize.filled_arrays import Filled
from autograd_seq.plan.anysize.ratio import Ratio, fitted
from autograd_seq.plan.anysize.size import NotGeneralError, Size, evaluated, terms_of

LINE, RECIPROCAL, POWERS = "line", "reciprocal", "powers"
Formula = Callable[[Any, Any, Any], Any]
_FORMULAS: dict[str, Formula] = {
    LINE: lambda first, step, k: first + step * k,
    RECIPROCAL: lambda first, step, k: 1.0 / (first + step * k),
    POWERS: lambda first, step, k: first * step**k,
}
_TEXTS = {LINE: "{} + {} * {}", RECIPROCAL: "1.0 / ({} + {} * {})", POWERS: "{} * {} ** {}"}


@dataclass(frozen=True)
class Counted(Filled):
    """Numbers that make a line, one over a line, or powers.

    Attributes
    ----------
    step : float
        What is added or multiplied with from each to the next; `number` is the first of them.
    way : str
        Which of the three.
    back : bool
        Whether they are counted from the last.

    Examples
    --------
    >>> from autograd_seq.plan.anysize.size import Asked
    >>> asked = Asked({"T": 50})
    >>> found = counted([np.arange(n) / n for n in (4, 5, 6)], [{"T": n} for n in (4, 5, 6)], (asked.of("T"),), asked)
    >>> found.at({"T": 2}), found.text("jnp")
    (array([0. , 0.5]), '0.0 + (1.0 / T) * jnp.arange(T)')
    """

    step: Any = 0.0
    way: str = LINE
    back: bool = False

    def at(self, sizes: Mapping[str, int]) -> Array:
        """The numbers for some sizes."""
        k = np.arange(evaluated(terms_of(self._length), sizes), dtype=np.float64)[:: -1 if self.back else 1]
        made = _FORMULAS[self.way](_number_at(self.number, sizes), _number_at(self.step, sizes), k)
        made = np.asarray(np.rint(made) if np.dtype(self.dtype).kind in "iu" else made).astype(self.dtype)
        return made.reshape([evaluated(terms_of(n), sizes) for n in self.shape])

    def text(self, library: str) -> str:
        """A formula of the sizes."""
        k = f"{library}.arange({self._length})" + ("[::-1]" if self.back else "")
        if len(self.shape) > 1:
            k += f".reshape({', '.join(map(str, self.shape))})"
        return _TEXTS[self.way].format(_atom(self.number), _atom(self.step), k)

    @property
    def _length(self) -> int:
        """How many numbers there are: the length of the one axis that has several."""
        return next((n for n in self.shape if isinstance(n, Size) or n > 1), 1)


def counted(
    arrays: Sequence[Array], points: Sequence[Mapping[str, int]], shape: tuple[int, ...], asked: Any
) -> Counted | None:
    """The formula that numbers follow at all points; None if none is known.

    Parameters
    ----------
    arrays : list of ndarray
        With one axis that is longer than 1.
    points : list of dict of str to int
        The sizes of each.
    shape : tuple of int
        With a Size, that of all.
    asked : Asked
    """
    if not all(array.dtype.kind in "iuf" and max(array.shape, default=0) == array.size > 2 for array in arrays):
        return None
    shapes, arrays = [array.shape for array in arrays], [array.ravel() for array in arrays]
    dtype = arrays[0].dtype
    rounding = float(np.finfo(dtype).eps) if dtype.kind == "f" else 2.0**-52
    for way, back, rows in _ways([array.astype(np.float64) for array in arrays]):
        found = [_two_numbers(way, row) for row in rows]
        try:
            numbers = [fitted([each[i] for each in found], points, asked.values, rounding) for i in range(2)]
        except NotGeneralError:
            continue
        made = Counted(shape, numbers[0], dtype, numbers[1], way, back)
        if all(
            np.allclose(replace(made, shape=its).at(p).ravel(), a, 1e3 * rounding, 0)
            for a, p, its in zip(arrays, points, shapes)
        ):
            return made
    return None


def _ways(arrays: list[Array]) -> Iterator[tuple[str, bool, list[Array]]]:
    """All ways to count, and the numbers in that order."""
    for back in (False, True):
        rows = [array[:: -1 if back else 1] for array in arrays]
        yield LINE, back, rows
        if all(row.all() for row in rows):
            yield RECIPROCAL, back, [1.0 / row for row in rows]
            yield POWERS, back, rows


def _two_numbers(way: str, row: Array) -> tuple[float, float]:
    """The first number, and the step to the next."""
    if way == POWERS:
        size = float(abs(row[-1] / row[0]) ** (1 / (len(row) - 1)))
        return row[0].item(), size if row[1] / row[0] > 0 else -size
    step = (row[-1] - row[0]).item() / (len(row) - 1)
    return row[0].item(), step


def _number_at(number: float, sizes: Mapping[str, int]) -> float:
    return number.at(sizes) if isinstance(number, Ratio) else number


def _atom(number: float) -> str:
    return f"({number})" if isinstance(number, Ratio) or number < 0 else literal(number)
