"""Numbers that depend on sizes, such as the 1 / (T m) of a mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_seq.plan.anysize.size import NotGeneralError, Size


class Ratio(float):
    """A number times powers of sizes.

    Attributes
    ----------
    number : float
    powers : dict of str to float
        By the name of a size, its power.

    Examples
    --------
    >>> ratio(0.5, {"T": -1.0, "m": -1.0}, {"T": 50, "m": 2}), -ratio(3.0, {"m": 1.0}, {"m": 2})
    (0.5 / (T * m), -3.0 * m)
    """

    number: float
    powers: dict[str, float]
    sizes: Mapping[str, int]

    def __neg__(self) -> Ratio:
        return ratio(-self.number, self.powers, self.sizes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ratio) and (self.number, self.powers) == (other.number, other.powers)

    def __hash__(self) -> int:
        return hash((self.number, *sorted(self.powers.items())))

    def __repr__(self) -> str:
        above = [repr(self.number), *(_power(name, p) for name, p in self.powers.items() if p > 0)]
        below = [_power(name, -p) for name, p in self.powers.items() if p < 0]
        text = " * ".join(above)
        return text if not below else f"{text} / {below[0] if len(below) == 1 else '(' + ' * '.join(below) + ')'}"

    __str__ = __repr__


def _power(name: str, power: float) -> str:
    return name if power == 1 else f"{name} ** {power:g}"


def ratio(number: float, powers: Mapping[str, float], sizes: Mapping[str, int]) -> Ratio:
    """A number times powers of sizes; as a float it is what it is at some of them."""
    made = Ratio(number * math.prod(sizes[name] ** power for name, power in powers.items()))
    made.number, made.powers, made.sizes = number, dict(powers), sizes
    return made


def fitted(
    found: Sequence[float], points: Sequence[Mapping[str, int]], asked: Mapping[str, int], rounding: float = 2.0**-52
) -> float:
    """The number that has some values at some sizes: the first two points differ in one size, and so on.

    Parameters
    ----------
    found : sequence of float
        Its values.
    points : sequence of dict of str to int
        The sizes of each.
    asked : dict of str to int
        Sizes of which it is a float.
    rounding : float
        How far values may be off, as a part of them: the distance of neighbouring numbers of their dtype.

    Raises
    ------
    NotGeneralError
        If it is not a number times powers of the sizes.
    """
    if all(number == found[0] or (number != number and found[0] != found[0]) for number in found):
        return found[0]
    base = points[0]
    powers: dict[str, float] = {}
    for name, number, point in zip(base, found[1:], points[1:]):
        if not number or not number / found[0] > 0:
            raise NotGeneralError(_said(found))
        power = round(2 * math.log(number / found[0]) / math.log(point[name] / base[name])) / 2
        powers |= {name: power} if power else {}
    number = _simple(found[0] / math.prod(base[name] ** power for name, power in powers.items()), rounding)
    made: Any = [ratio(number, powers, point) for point in points]
    if not all(math.isclose(a, b, rel_tol=max(1e-12, 2 * rounding)) for a, b in zip(made, found)):
        raise NotGeneralError(_said(found))
    return ratio(number, powers, asked)


def as_number(size: int) -> float:
    """A length as a number."""
    if not isinstance(size, Size):
        return size
    if len(size.terms) > 1:
        raise NotGeneralError(f"{size} is not a product of sizes")
    ((names, count),) = size.terms.items()
    return ratio(float(count), {name: float(names.count(name)) for name in names}, size.asked.values)


def _simple(number: float, rounding: float) -> float:
    """A number without what rounding has left, if it is near a whole one, or one of few digits."""
    candidates = [float(round(number)), *(float(f"{number:.{digits}g}") for digits in range(1, 7))]
    near = (candidate for candidate in candidates if math.isclose(candidate, number, rel_tol=max(1e-13, rounding)))
    return next(near, number)


def _said(found: Sequence[float]) -> str:
    return f"a number changes with the sizes in a way that is not known: {', '.join(f'{x:.6g}' for x in found[:4])}"
