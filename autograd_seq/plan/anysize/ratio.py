"""Numbers that depend on sizes, such as the 1 / (T m) of a mean, or the 1 / (T - 1) of one of predictions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_seq.plan.anysize.size import NotGeneralError, Size

ADDED = 0, -1, 1, -2, 2, -3  # to a size: a loss of T - 1 predictions is divided by that
ROUND = range(2, 13)  # steps of a round: a loss of 2 K + 1 steps is divided by that


class Ratio(float):
    """A number times powers of sizes, or of sizes that something is added to.

    Attributes
    ----------
    number : float
    powers : dict of str to float
        By the name of a size, its power.
    more : dict of str to int
        By the name of a size, what is added to it first, if anything is: -1 where it is a power of T - 1.
    times : dict of str to int
        By the name of a size, what it is multiplied by before, if it is: 2 where it is a power of 2 K + 1.

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
    times: dict[str, int]

    def __neg__(self) -> Ratio:
        return self.at(self.sizes, -self.number)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ratio) and self._all == other._all

    def __hash__(self) -> int:
        number, *others = self._all
        return hash((number, *(item for each in others for item in sorted(each.items()))))

    @property
    def _all(self) -> tuple[Any, ...]:
        return self.number, self.powers, self.more, self.times

    def at(self, sizes: Mapping[str, int], number: float | None = None) -> Ratio:
        """The same for other sizes, or with another number."""
        return ratio(self.number if number is None else number, self.powers, sizes, self.more, self.times)

    def __repr__(self) -> str:
        above = [repr(self.number), *(self._power(name, p) for name, p in self.powers.items() if p > 0)]
        below = [self._power(name, -p) for name, p in self.powers.items() if p < 0]
        text = " * ".join(above)
        return text if not below else f"{text} / {below[0] if len(below) == 1 else '(' + ' * '.join(below) + ')'}"

    __str__ = __repr__

    def _power(self, name: str, power: float) -> str:
        more, times = self.more.get(name, 0), self.times.get(name, 1)
        factor = f"{times} * {name}" if times > 1 else name
        factor = f"({factor} {'-' if more < 0 else '+'} {abs(more)})" if more else factor
        return factor if power == 1 else f"{factor} ** {power:g}"


def ratio(
    number: float, powers: Mapping[str, float], sizes: Mapping[str, int], more: Mapping[str, int] = {},
    times: Mapping[str, int] = {},
) -> Ratio:
    """A number times powers of sizes; as a float it is what it is at some of them."""
    factors = [(times.get(name, 1) * sizes[name] + more.get(name, 0)) ** power for name, power in powers.items()]
    made = Ratio(number * math.prod(factors))
    made.number, made.powers, made.sizes, made.more, made.times = number, dict(powers), sizes, dict(more), dict(times)
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
    times: dict[str, int] = {}
    for name, number, point in zip(base, found[1:], points[1:]):
        if not number or not found[0] or not number / found[0] > 0:
            raise NotGeneralError(_said(found))
        power, added, taken = _power_of(number / found[0], base[name], point[name], near)
        powers |= {name: power} if power else {}
        more |= {name: added} if added else {}
        times |= {name: taken} if taken > 1 else {}
    number = _simple(found[0] / ratio(1.0, powers, base, more, times), rounding)
    made = ratio(number, powers, asked, more, times)
    if not all(math.isclose(made.at(point), b, rel_tol=near) for point, b in zip(points, found)):
        raise NotGeneralError(_said(found))
    return made


def _power_of(found: float, size: int, other: int, near: float) -> tuple[float, int, int]:
    """A power, and what is added to a size, times what, that give a quotient; of T itself, where nothing near fits.

    Examples
    --------
    >>> _power_of(4 / 5, 4, 5, 1e-12), _power_of(3 / 4, 4, 5, 1e-12), _power_of(1.0, 4, 5, 1e-12)
    ((-1.0, 0, 1), (-1.0, -1, 1), (0.0, 0, 1))
    >>> _power_of(9 / 11, 4, 5, 1e-12)
    (-1.0, 1, 2)
    """
    for times in (1, *ROUND):
        for more in ADDED if times == 1 else range(min(ADDED), times + max(ADDED)):
            if times * size + more > 0:
                quotient = (times * other + more) / (times * size + more)
                power = round(2 * math.log(found) / math.log(quotient)) / 2
                if math.isclose(quotient**power, found, rel_tol=near):
                    return power, more, times
    return 0.0, 0, 1


def as_number(size: int) -> float:
    """A length as a number.

    Examples
    --------
    >>> from autograd_seq.plan.anysize.size import Asked
    >>> asked = Asked({"K": 5, "m": 3})
    >>> as_number((2 * asked.of("K") + 1) * asked.of("m")), as_number(64 * asked.of("m"))
    (1.0 * m * (2 * K + 1), 64.0 * m)
    """
    if not isinstance(size, Size):
        return size
    every = {name for names in size.terms for name in names}
    common = {name: min(names.count(name) for names in size.terms) for name in every}
    rest = {tuple(_without(names, common)): count for names, count in size.terms.items()}
    powers = {name: float(power) for name, power in sorted(common.items()) if power}
    added = rest.pop((), 0)
    if not rest:
        return ratio(float(added), powers, size.asked.values)
    ((names, count), *others) = rest.items()
    if others or len(names) > 1 or names[0] in powers or count < 0:
        raise NotGeneralError(f"{size} is not a product of sizes")
    number = math.gcd(count, added)
    more, times = {names[0]: added // number}, {names[0]: count // number}
    return ratio(float(number), {**powers, names[0]: 1.0}, size.asked.values, more, times if count > number else {})


def _without(names: Sequence[str], common: Mapping[str, int]) -> list[str]:
    """The names of a product's factors without those that all terms have."""
    left = dict(common)
    kept = []
    for name in names:
        if left.get(name):
            left[name] -= 1
        else:
            kept.append(name)
    return kept


def _simple(number: float, rounding: float) -> float:
    """A number without what rounding has left, if it is near a whole one, or one of few digits."""
    candidates = [float(round(number)), *(float(f"{number:.{digits}g}") for digits in range(1, 7))]
    near = (candidate for candidate in candidates if math.isclose(candidate, number, rel_tol=max(1e-13, rounding)))
    return next(near, number)


def _said(found: Sequence[float]) -> str:
    return f"a number changes with the sizes in a way that is not known: {', '.join(f'{x:.6g}' for x in found[:4])}"
