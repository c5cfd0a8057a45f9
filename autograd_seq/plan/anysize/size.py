"""Lengths that are not known until a program is called, and that keep their names: T, 64 m, T - 1.

All that rewrites and writers do with a length is to add, to multiply and to compare. So a length that knows its name
can go wherever an ordinary one goes, and is written as a formula in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Terms = Mapping[tuple[str, ...], int]
"""A polynomial: by the names of its factors, sorted, how often their product is added."""

FEW = 100
"""More steps than a program of any length begins or ends with in a way of their own."""

LEAST = 2
"""No size is smaller: an axis of length 1 is one that broadcasting repeats, and is a matter of its own."""


class NotGeneralError(Exception):
    """Why a program holds for the sizes of its recording only."""


class Asked:
    """The sizes that a plan was asked for first, and which decisions were made because of them.

    Parameters
    ----------
    values : dict of str to int
        By name, the sizes.

    Attributes
    ----------
    decisions : dict
        By the difference of what was compared, whether it was positive.
    """

    def __init__(self, values: Mapping[str, int]) -> None:
        self.values = dict(values)
        self.least: dict[str, int] = {}  # of lengths that follow from the sizes
        self.decisions: dict[frozenset[Any], tuple[Terms, bool]] = {}

    def called(self, name: str, value: int, least: int = LEAST) -> Size:
        """A length that follows from the sizes, under a name of its own, and the least that it can be."""
        self.values[name], self.least[name] = value, least
        return self.of(name)

    def of(self, name: str) -> Size:
        """The size of a name."""
        made = sized({(name,): 1}, self)
        assert isinstance(made, Size)
        return made

    def positive(self, terms: Terms) -> bool:
        """Whether a difference is positive: for all sizes, or for those asked for, which is remembered."""
        if (known := certainly_positive(terms, self.least)) is not None:
            return known
        found = evaluated(terms, self.values) > 0
        self.decisions[frozenset(terms.items())] = terms, found
        return found

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Whether all decisions would have been the same for other sizes."""
        known = {**self.values, **sizes}  # what follows from the sizes decides nothing but where memory is
        return all((evaluated(terms, known) > 0) is was for terms, was in self.decisions.values())


class AllSmall(Asked):
    """Sizes that are more than any few steps, and less than any number below which something is small.

    Examples
    --------
    >>> T = AllSmall({"T": 2}).of("T")
    >>> T > 2, T > 3, 3 > T, 64 * T < 1000, 64 * T > 1000
    (True, True, False, True, False)
    """

    def positive(self, terms: Terms) -> bool:
        """Whether a difference is positive: of sizes and a large number, whether the number is."""
        if (known := certainly_positive(terms, self.least)) is not None:
            return known
        number = terms.get((), 0)
        return number > 0 if abs(number) > FEW else evaluated(terms, dict.fromkeys(self.values, FEW + 1)) > 0


class Size(int):
    """A length with a name, or made of such.

    Attributes
    ----------
    terms : dict
        What it is made of.
    asked : Asked
        What it is an ``int`` of: the length that a plan was asked for first.

    Examples
    --------
    >>> T = Asked({"T": 50, "m": 3}).of("T")
    >>> T - 1, 2 * T + 1, T * T, T - T, int(T - 1)
    (T - 1, 2 * T + 1, T * T, 0, 49)
    >>> T == 50, T + 1 == 1 + T, T > 1
    (False, True, True)
    """

    terms: Terms
    asked: Asked

    def __add__(self, other: Any) -> Any:
        return _combined(self, other, 1) if isinstance(other, int) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return _combined(self, other, -1) if isinstance(other, int) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __neg__(self) -> Any:
        return sized({key: -count for key, count in self.terms.items()}, self.asked)

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        product: dict[tuple[str, ...], int] = {}
        for mine, count in self.terms.items():
            for its, more in terms_of(other).items():
                key = tuple(sorted(mine + its))
                product[key] = product.get(key, 0) + count * more
        return sized(product, self.asked)

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Any:
        if type(other) is int and all(count % other == 0 for count in self.terms.values()):
            return sized({key: count // other for key, count in self.terms.items()}, self.asked)
        if isinstance(other, Size) and self == other:
            return 1
        raise NotGeneralError(f"{self} is divided by {other}")

    def __mod__(self, other: Any) -> Any:
        if type(other) is int and all(count % other == 0 for count in self.terms.values()):
            return 0
        if self == other:
            return 0
        raise NotGeneralError(f"what is left of {self} divided by {other} is not known")

    def __rmod__(self, other: Any) -> Any:
        raise NotGeneralError(f"what is left of {other} divided by {self} is not known")

    __rfloordiv__ = __rmod__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and self.terms == other.terms

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __gt__(self, other: Any) -> bool:
        return _positive(self, other) if isinstance(other, int) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        return _positive(other, self) if isinstance(other, int) else NotImplemented

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __repr__(self) -> str:
        ordered = sorted(self.terms.items(), key=lambda term: (-len(term[0]), term[1] < 0, term[0]))
        text = ""
        for names, count in ordered:
            factors = [*([str(abs(count))] if abs(count) != 1 or not names else []), *names]
            sign = ("-" if count < 0 else "") if not text else " - " if count < 0 else " + "
            text += sign + " * ".join(factors)
        return text

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    @property
    def factor(self) -> str:
        """Its text where it is multiplied by something."""
        return f"({self})" if len(self.terms) > 1 else str(self)


def sized(terms: Terms, asked: Asked) -> int:
    """A length made of terms: a plain number, if it has no name in it."""
    terms = {key: count for key, count in terms.items() if count}
    if not any(terms):
        return terms.get((), 0)
    made = Size(evaluated(terms, asked.values))
    made.terms, made.asked = terms, asked
    return made


def terms_of(number: int) -> Terms:
    """What a length is made of."""
    return number.terms if isinstance(number, Size) else {(): int(number)}


def evaluated(terms: Terms, sizes: Mapping[str, int]) -> int:
    """What terms add up to."""
    total = 0
    for names, count in terms.items():
        for name in names:
            count *= sizes[name]
        total += count
    return total


def certainly_positive(terms: Terms, least: Mapping[str, int] = {}) -> bool | None:
    """Whether terms add up to more than 0 whatever the sizes are; None if that depends on them.

    With each size written as the least plus what is more, it is certain where no sign differs.
    """
    shifted: dict[tuple[str, ...], int] = {}
    for names, count in terms.items():
        for key, times in _shifted(names, least):
            shifted[key] = shifted.get(key, 0) + count * times
    if all(count >= 0 for count in shifted.values()) and shifted.get((), 0) > 0:
        return True
    return False if all(count <= 0 for count in shifted.values()) else None


def always_fits(small: int, large: int) -> bool:
    """Whether one length is at least another, whatever the sizes are."""
    more = _difference(large, small) + 1
    return certainly_positive(terms_of(more), more.asked.least if isinstance(more, Size) else {}) is True


def _difference(a: int, b: int) -> int:
    return a - b


def _shifted(names: tuple[str, ...], least: Mapping[str, int]) -> Iterable[tuple[tuple[str, ...], int]]:
    """(LEAST + a) (LEAST + b) … multiplied out."""
    if not names:
        return [((), 1)]
    rest = list(_shifted(names[1:], least))
    first = least.get(names[0], LEAST)
    return [*((key, first * times) for key, times in rest), *(((names[0], *key), times) for key, times in rest)]


def _combined(a: Size, b: int, sign: int) -> int:
    total = dict(a.terms)
    for key, count in terms_of(b).items():
        total[key] = total.get(key, 0) + sign * count
    return sized(total, a.asked)


def _positive(a: int, b: int) -> bool:
    difference = a - b
    return difference.asked.positive(difference.terms) if isinstance(difference, Size) else difference > 0


def broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of what is made of several element by element, as `numpy.broadcast_shapes`.

    Examples
    --------
    >>> broadcast((3, 1), (5,)), broadcast((), (2,))
    ((3, 5), (2,))
    """
    ndim = max(map(len, shapes), default=0)
    filled = [(1,) * (ndim - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(next((n for n in lengths if n != 1), 1) for lengths in zip(*filled))
