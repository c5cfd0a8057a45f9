"""Numbers that depend on sizes, such as the 1 / (T m) of a mean, or the 1 / (T - 1) of one of predictions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_seq.plan.anysize.size import NotGeneralError, Size

ADDED = 0, -1, 1, -2, 2, -3  # to a size: a loss of T - 1 predictions is divided by that


class Ratio(float):
    """A number times powers of sizes, or of sizes that something is added to.

    Attributes
    ----------
    number : float
    powers : dict of str to float
        By the name of a size, its power.
    more : dict of str to int
        By the name of a size, what is added to it first, if anything is: -1 where it is a power of T - 1.

    Examples
    --------
    >>> ratio(0.5, {"T": -1.0, "m": -1.0}, {"T": 50, "m": 2}), -ratio(3.0, {"m": 1.0}, {"m": 2})
    (0.5 / (T * m), -3.0 * m)
    >>> ratio(1.0, {"T": -1.0}, {"T": 50}, {"T": -1})
    1.0 / (T - 1)
    """

    number: float
    powers: dict[str, float]
    sizes: Mapping[str, int]
    more: dict[str, int]

    def __neg__(self) -> Ratio:
        return ratio(-self.number, self.powers, self.sizes, self.more)

    def __eq__(self, other: object) -> bool:
        mine = self.number, self.powers, self.more
        return isinstance(other, Ratio) and mine == (other.number, other.powers, other.more)

    def __hash__(self) -> int:
        return hash((self.number, *sorted(self.powers.items()), *sorted(self.more.items())))

    def __repr__(self) -> str:
        above = [repr(self.number), *(self._power(name, p) for name, p in self.powers.items() if p > 0)]
        below = [self._power(name, -p) for name, p in self.powers.items() if p < 0]
        text = " * ".join(above)
        return text if not below else f"{text} / {below[0] if len(below) == 1 else '(' + ' * '.join(below) + ')'}"

    __str__ = __repr__

    def _power(self, name: str, power: float) -> str:
        more = self.more.get(name, 0)
        factor = f"({name} {'-' if more < 0 else '+'} {abs(more)})" if more else name
        return factor if power == 1 else f"{factor} ** {power:g}"


def ratio(
    number: float, powers: Mapping[str, float], sizes: Mapping[str, int], more: Mapping[str, int] = {}
) -> Ratio:
    """A number times powers of sizes; as a float it is what it is at some of them."""
    made = Ratio(number * math.prod((sizes[name] + more.get(name, 0)) ** power for name, power in powers.items()))
    made.number, made.powers, made.sizes, made.more = number, dict(powers), sizes, dict(more)
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
    base, near = points[0], max(1e-12, 2 * rounding)
    powers: dict[str, float] = {}
    more: dict[str, int] = {}
    for name, number, point in zip(base, found[1:], points[1:]):
        if not number or not found[0] or not number / found[0] > 0:
            raise NotGeneralError(_said(found))
        power, added = _power_of(number / found[0], base[name], point[name], near)
        powers |= {name: power} if power else {}
        more |= {name: added} if added else {}
    number = _simple(found[0] / ratio(1.0, powers, base, more), rounding)
    made: Any = [ratio(number, powers, point, more) for point in points]
    if not all(math.isclose(a, b, rel_tol=near) for a, b in zip(made, found)):
        raise NotGeneralError(_said(found))
    return ratio(number, powers, asked, more)


def _power_of(found: float, size: int, other: int, near: float) -> tuple[float, int]:
    """A power, and what is added to a size first, that give a quotient; of T itself, where nothing near fits.

    Examples
    --------
    >>> _power_of(4 / 5, 4, 5, 1e-12), _power_of(3 / 4, 4, 5, 1e-12), _power_of(1.0, 4, 5, 1e-12)
    ((-1.0, 0), (-1.0, -1), (0.0, 0))
    """
    for more in ADDED:
        if size + more > 0:
            quotient = (other + more) / (size + more)
            power = round(2 * math.log(found) / math.log(quotient)) / 2
            if math.isclose(quotient**power, found, rel_tol=near):
                return power, more
    return 0.0, 0


def as_number(size: int) -> float:
    """A length as a number."""
    if not isinstance(size, Size):
        return size
    terms = dict(size.terms)
    added = terms.pop((), 0)
    ((names, count), *others) = terms.items()
    if others or added % count or (added and len(names) > 1):
        raise NotGeneralError(f"{size} is not a product of sizes")
    more = {names[0]: added // count} if added else {}
    return ratio(float(count), {name: float(names.count(name)) for name in names}, size.asked.values, more)


def _simple(number: float, rounding: float) -> float:
    """A number without what rounding has left, if it is near a whole one, or one of few digits."""
    candidates = [float(round(number)), *(float(f"{number:.{digits}g}") for digits in range(1, 7))]
    near = (candidate for candidate in candidates if math.isclose(candidate, number, rel_tol=max(1e-13, rounding)))
    return next(near, number)


def _said(found: Sequence[float]) -> str:
    return f"a number changes with the sizes in a way that is not known: {', '.join(f'{x:.6g}' for x in found[:4])}"
