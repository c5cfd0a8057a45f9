"""An independent judge of rewrites: values as polynomials over entries with symbolic indices, exact and of any size.

An entry of a value at step t + s is written out by its definition. Rows and columns are symbols that run through
intervals, which are cut where something is stacked or taken apart, and sums over inner indices and over time stay sums:
so what is found equal is equal for all sizes and all numbers of steps. Coefficients are fractions. Known of functions:
σ(z) = ½ + ½ tanh(½ z), exp(x + y) = exp x exp y, log(x y) = log x + log y and log exp x = x of what is positive,
x x⁻¹ = 1; anything else is a symbol that is equal to itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, permutations
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.operation import Operation
from autograd_seq.plan.value import (
    AFFINE,
    ALL_STEPS,
    COLUMNS,
    COLUMNS_OVER_TIME,
    CONCAT,
    LITERAL,
    MATMUL,
    ONES,
    OUTER_OVER_TIME,
    OVER_TIME,
    PRODUCT,
    ROWS,
    SCALES,
    SUM,
    TRANSPOSE,
    Network,
    Use,
    Value,
)  # fmt: skip

NUMBERS = count()
DEPTH = 7  # how far definitions are followed; every rule looks less far


@dataclass(frozen=True)
class Index:
    """One of `size` neighbouring places, from `low` on; called like that wherever it is used."""

    symbol: str
    low: int
    size: int


@dataclass(frozen=True)
class Time:
    """Step `symbol` + `shift`, where the symbol runs through `steps`; or step `shift` alone."""

    symbol: str
    steps: range
    shift: int = 0

    def __add__(self, shift: int) -> Time:
        return Time(self.symbol, self.steps, self.shift + shift)

    def within(self, times: range) -> bool:
        return self.steps[0] + self.shift >= times[0] and self.steps[-1] + self.shift <= times[-1]


Place = tuple[Any, ...]  # of an Index for each axis, None where it has one place only


@dataclass(frozen=True)
class Factor:
    """An entry, or a function of polynomials."""

    word: str
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Term:
    """A coefficient, factors with powers, and the symbols that are summed over, with what they run through."""

    coefficient: Fraction
    factors: tuple[tuple[Factor, Fraction], ...]
    sums: tuple[tuple[str, Any], ...] = ()


class Poly:
    """A sum of terms."""

    def __init__(self, terms: Iterable[Term]) -> None:
        found: dict[str, Term] = {}
        for term in terms:
            term = tidy(term)
            key = text_of(Term(Fraction(1), term.factors, term.sums), {})
            known = found.get(key)
            total = term.coefficient + (known.coefficient if known else 0)
            found[key] = Term(total, term.factors, term.sums)
        self.terms = tuple(term for key, term in sorted(found.items()) if term.coefficient)

    def __add__(self, other: Any) -> Poly:
        return Poly([*self.terms, *poly(other).terms])

    def __mul__(self, other: Any) -> Poly:
        return Poly(times(a, b) for a in self.terms for b in poly(other).terms)

    def __neg__(self) -> Poly:
        return self * -1

    def __sub__(self, other: Any) -> Poly:
        return self + -poly(other)

    def __truediv__(self, other: Any) -> Poly:
        return self * inverse(poly(other))

    def __rtruediv__(self, other: Any) -> Poly:
        return poly(other) / self

    def __rsub__(self, other: Any) -> Poly:
        return poly(other) - self

    __radd__, __rmul__ = __add__, __mul__

    def summed(self, symbol: str, through: Any) -> Poly:
        return Poly(Term(t.coefficient, t.factors, (*t.sums, (symbol, through))) for t in self.terms)

    def __str__(self) -> str:
        return text_of(self, {})


def poly(x: Any) -> Poly:
    return x if isinstance(x, Poly) else Poly([Term(Fraction(x), ())])


def entry(factor: Factor) -> Poly:
    return Poly([Term(Fraction(1), ((factor, Fraction(1)),))])


# -- normal forms ------------------------------------------------------------------------------------


def tidy(term: Term) -> Term:
    """Equal factors together; what is summed over and does not occur is a number of times."""
    powers: dict[str, tuple[Factor, Fraction]] = {}
    for factor, power in term.factors:
        key = text_of(factor, {})
        powers[key] = factor, power + (powers[key][1] if key in powers else 0)
    factors = tuple(pair for _, pair in sorted(powers.items()) if pair[1])
    coefficient, sums = term.coefficient, []
    for symbol, through in term.sums:
        if any(occurs(symbol, factor) for factor, _ in factors):
            sums.append((symbol, through))
        else:
            coefficient *= len(through) if isinstance(through, range) else through
    return Term(coefficient, factors, tuple(sums))


def occurs(symbol: str, thing: Any) -> bool:
    if isinstance(thing, str):
        return thing == symbol
    if isinstance(thing, (Index, Time)):
        return thing.symbol == symbol
    if isinstance(thing, Factor):
        return any(occurs(symbol, part) for part in thing.parts)
    if isinstance(thing, Poly):
        return any(occurs(symbol, term) for term in thing.terms)
    if isinstance(thing, Term):
        return any(occurs(symbol, factor) for factor, _ in thing.factors)
    return isinstance(thing, tuple) and any(occurs(symbol, part) for part in thing)


def text_of(thing: Any, names: dict[str, str]) -> str:
    """A text that is the same for what differs in the names of summed symbols only."""
    if isinstance(thing, Poly):
        return "(" + " + ".join(sorted(text_of(term, names) for term in thing.terms)) + ")"
    if isinstance(thing, Term):
        symbols = [symbol for symbol, _ in thing.sums]
        texts = []
        for order in permutations(range(len(symbols))):
            inner = {**names, **{symbols[i]: f"#{len(names)}.{place}" for place, i in enumerate(order)}}
            sums = [f"Σ{inner[symbols[i]]}:{thing.sums[i][1]}" for i in order]
            factors = sorted(f"{text_of(factor, inner)}^{power}" for factor, power in thing.factors)
            texts.append(" ".join([str(thing.coefficient), *sums, *factors]))
        return min(texts)
    if isinstance(thing, Factor):
        return f"{thing.word}[{', '.join(text_of(part, names) for part in thing.parts)}]"
    if isinstance(thing, (Index, Time)):
        more = thing.low if isinstance(thing, Index) else thing.shift
        return f"{names.get(thing.symbol, thing.symbol)}+{more}"
    if isinstance(thing, tuple):
        return f"({', '.join(text_of(part, names) for part in thing)})"
    return str(thing)


def renamed(thing: Any, names: dict[str, str]) -> Any:
    if isinstance(thing, Poly):
        return Poly(renamed(term, names) for term in thing.terms)
    if isinstance(thing, Term):
        factors = tuple((renamed(factor, names), power) for factor, power in thing.factors)
        return Term(thing.coefficient, factors, thing.sums)
    if isinstance(thing, Factor):
        return Factor(thing.word, tuple(renamed(part, names) for part in thing.parts))
    if isinstance(thing, Index):
        return Index(names.get(thing.symbol, thing.symbol), thing.low, thing.size)
    if isinstance(thing, Time):
        return Time(names.get(thing.symbol, thing.symbol), thing.steps, thing.shift)
    return tuple(renamed(part, names) for part in thing) if isinstance(thing, tuple) else thing


def times(a: Term, b: Term) -> Term:
    names = {symbol: f"s{next(NUMBERS)}" for symbol, _ in b.sums}
    b = renamed(b, names)
    sums = tuple((names[symbol], through) for symbol, through in b.sums)
    return Term(a.coefficient * b.coefficient, a.factors + b.factors, a.sums + sums)


# -- functions ---------------------------------------------------------------------------------------


def inverse(x: Poly) -> Poly:
    """1 / x; of a sum over an index, what does not depend on it stands outside."""
    if len(x.terms) != 1:
        return entry(Factor("inverse", (x,)))
    outside, inside = parted(x.terms[0])
    made = Poly([Term(1 / outside.coefficient, tuple((factor, -power) for factor, power in outside.factors))])
    return made * Poly([Term(Fraction(1), ((Factor("sum", (inside,)), Fraction(-1)),))]) if inside.terms else made


def parted(term: Term) -> tuple[Term, Poly]:
    """What does not depend on summed symbols, and the sum of what does."""
    inside = [pair for pair in term.factors if any(occurs(symbol, pair[0]) for symbol, _ in term.sums)]
    outside = tuple(pair for pair in term.factors if pair not in inside)
    rest = [Term(Fraction(1), tuple(inside), term.sums)] if inside else []
    return Term(term.coefficient, outside), Poly(rest)


def exp(x: Poly) -> Poly:
    made = poly(1)
    for term in x.terms:
        one = Poly([Term(Fraction(1), term.factors, term.sums)])
        made = made * Poly([Term(Fraction(1), ((Factor("exp", (one,)), term.coefficient),))])
    return made


def log(x: Poly) -> Poly:
    """Of what is positive: the logarithm of a product is the sum of logarithms."""
    if len(x.terms) != 1 or x.terms[0].coefficient != 1:
        return entry(Factor("log", (x,)))
    outside, inside = parted(x.terms[0])
    made = log_of_sum(inside) if inside.terms else poly(0)
    for factor, power in outside.factors:
        if factor.word == "exp":
            made = made + factor.parts[0] * power
        elif factor.word == "sum":
            made = made + log_of_sum(factor.parts[0]) * power
        else:
            made = made + entry(Factor("log", (entry(factor),))) * power
    return made


def log_of_sum(x: Poly) -> Poly:
    return entry(Factor("log", (x,)))


class Exact:
    """The scalar functions that a meaning may use."""

    exp, log = staticmethod(exp), staticmethod(log)

    def __getattr__(self, word: str) -> Any:
        return lambda *xs: entry(Factor(word, tuple(map(poly, xs))))


# -- values ------------------------------------------------------------------------------------------


class Unfolding:
    """Entries of values by their definitions.

    Parameters
    ----------
    network : Network
        What is true: the definitions of its values.
    opened : set of Value
        Those of them that are written out; others are symbols. New values are always written out.
    """

    def __init__(self, network: Network, opened: set[Value]) -> None:
        self.old = {value: number for number, value in enumerate(network.values)}
        self.opened = opened
        self.all_steps: Time | None = None  # what runs through the steps that a value takes all of
        self._cuts: dict[tuple[Value, int], set[int]] = {}

    def symbol(self, use: Use | Value, user: Time | None) -> bool:
        value = use.value if isinstance(use, Use) else use
        if value.kind is LITERAL or value.kind is ONES:
            return False
        if value in self.old and value not in self.opened:
            return True
        return value.times is not None and (user is None or not user.within(value.times))

    def use(self, use: Use, time: Time | None, place: Place) -> Poly:
        """What a user reads at a step."""
        if use.value.times is None:
            return self.entry(use.value, None, place)
        if use.at is not None:
            return self.entry(use.value, Time("", range(use.at, use.at + 1)), place)
        assert time is not None, use
        return self.entry(use.value, time + use.shift, place)

    def entry(self, value: Value, time: Time | None, place: Place) -> Poly:
        time = time if value.timed else None
        place = tuple(None if n == 1 else index for n, index in zip(value.shape, place, strict=True))
        if self.symbol(value, time):
            name = self.old.get(value, f"new {id(value)}")
            return entry(Factor(f"x{name}", (time, *place)))
        return self.defined(value, time, place)

    def defined(self, value: Value, time: Time | None, place: Place) -> Poly:
        kind, uses = value.kind, value.uses
        if kind is LITERAL:
            return poly(Fraction(value.settings["number"]))
        if kind is ONES:
            return poly(1)
        if kind is SCALES:
            starts = np.cumsum([0, *value.settings["rows"]])
            low = place[0].low if place[0] else 0
            part = int(np.searchsorted(starts, low, "right")) - 1
            return poly(Fraction(value.settings["numbers"][part]))
        if kind in (TRANSPOSE, ROWS, COLUMNS, CONCAT):
            return self.moved(value, time, place)
        if kind in (MATMUL, OVER_TIME, OUTER_OVER_TIME, COLUMNS_OVER_TIME):
            return self.total(value, time, place)
        if kind is ALL_STEPS:
            return self.use(uses[0], self.all_steps, place)
        if kind.algebra == "put back":
            return self.put_back(value, time, place)
        if isinstance(kind, Operation) and not kind.elementwise and kind not in (SUM, PRODUCT) and not broadcasts(kind):
            return self.along(value, time, place)
        return function(kind, [self.use(use, time, broadcast(place, use.value.shape)) for use in uses], value.settings)

    def moved(self, value: Value, time: Time | None, place: Place) -> Poly:
        if value.kind is TRANSPOSE:
            return self.use(value.uses[0], time, place[::-1])
        axis = {ROWS: 0, COLUMNS: 1}.get(value.kind, value.settings.get("axis"))
        index = place[axis] or Index("", 0, 1)
        low = index.low
        if value.kind is CONCAT:
            for use in value.uses:
                size = use.value.shape[axis]
                if low < size:
                    break
                low -= size
        else:
            (use,) = value.uses
            low += value.settings["rows" if axis == 0 else "columns"][0]
        there = (*place[:axis], Index(index.symbol, low, index.size), *place[axis + 1 :])
        return self.use(use, time, there)

    def total(self, value: Value, time: Time | None, place: Place) -> Poly:
        kind, uses = value.kind, value.uses
        if kind is MATMUL:
            left, right = uses
            cuts = self.cuts(left.value, 1) | self.cuts(right.value, 0)
            inner = intervals(left.value.shape[1], cuts)
            products = ((self.use(left, time, (place[0], k)) * self.use(right, time, (k, place[1])), k) for k in inner)
            return add(summed(*product) for product in products)
        steps = value.settings["times"]
        symbol = f"s{next(NUMBERS)}"
        when = Time(symbol, steps)
        if kind is OVER_TIME:
            return self.use(uses[0], when, place).summed(symbol, steps)
        left, *rights = uses
        cut = self.cuts(left.value, 1).union(*(self.cuts(use.value, 1) for use in rights))
        columns = intervals(left.value.shape[1], cut)
        if kind is COLUMNS_OVER_TIME:
            row = place[0]
            return add(summed(self.use(left, when, (row, j)), j) for j in columns).summed(symbol, steps)
        index = place[1] or Index("", 0, 1)
        low, right = index.low, None
        for one in rights:
            if low < one.value.shape[0]:
                right = one
                break
            low -= one.value.shape[0]
        there = Index(index.symbol, low, index.size)
        return add(
            summed(self.use(left, when, (place[0], j)) * (self.use(right, when, (there, j)) if right else 1), j)
            for j in columns
        ).summed(symbol, steps)

    def put_back(self, value: Value, time: Time | None, place: Place) -> Poly:
        """The sum of the pieces whose integer says the place, at one step or at all."""
        (axis,) = (i for i, part in enumerate(value.settings["at"]) if part == "given")
        pieces, integers = value.uses
        every = [use.value.uses[0].value.times for use in value.uses if use.value.kind is ALL_STEPS]
        symbol = f"s{next(NUMBERS)}"
        if every:
            self.all_steps = Time(symbol, every[0])  # type: ignore[arg-type]
        cuts = self.cuts(integers.value, 0) | self.cuts(pieces.value, axis)
        total = add(
            summed(
                entry(Factor("equal", (self.use(integers, time, (i,)), place[axis])))
                * self.use(pieces, time, (*place[:axis], i, *place[axis + 1 :])),
                i,
            )
            for i in intervals(integers.value.shape[0], cuts)
        )
        return total.summed(symbol, every[0]) if every else total

    def along(self, value: Value, time: Time | None, place: Place) -> Poly:
        """Operations along axes."""
        kind, settings = value.kind, value.settings
        x = value.uses[0]
        axes = settings.get("axis")
        axes = tuple(range(len(x.value.shape))) if axes is None else axes if isinstance(axes, tuple) else (axes,)
        axes = tuple(axis % len(x.value.shape) for axis in axes)
        keep = bool(settings.get("keepdims")) or kind is ops.softmax

        def reduced(read: Any) -> Poly:
            """Over all places along the axes."""
            rest = iter(place)
            whole = [None if i in axes and not keep else next(rest) for i in range(len(x.value.shape))]
            result = [([], whole)]
            for axis in axes:
                inner = intervals(x.value.shape[axis], self.cuts(x.value, axis))
                result = [([*ks, k], [*p[:axis], k, *p[axis + 1 :]]) for ks, p in result for k in inner]
            total = []
            for ks, there in result:
                made = read(tuple(there))
                for k in ks:
                    made = summed(made, k)
                total.append(made)
            return add(total)

        if kind.reduces is np.add:
            return reduced(lambda there: self.use(x, time, there))
        if kind is ops.softmax:
            return exp(self.use(x, time, place)) * inverse(reduced(lambda there: exp(self.use(x, time, there))))
        if kind is ops.logsumexp:
            return log(reduced(lambda there: exp(self.use(x, time, there))))
        if kind is ops.categorical_cross_entropy:
            y = value.uses[1]
            return -reduced(lambda there: self.use(y, time, there) * log(self.use(x, time, there)))
        if kind.reduces is np.maximum:
            return entry(Factor("greatest", (reduced(lambda there: entry(Factor("of", (self.use(x, time, there),)))),)))
        parts = tuple(self.use(use, time, everywhere(use.value.shape)) for use in value.uses)
        return entry(Factor(f"{kind.name}{settings}", (*parts, place)))

    def cuts(self, value: Value, axis: int) -> set[int]:
        """Where an axis is cut by what is stacked; around a loop, once is enough."""
        if (value, axis) not in self._cuts:
            self._cuts[value, axis] = set()
            self._cuts[value, axis] = self._cut(value, axis)
        return self._cuts[value, axis]

    def _cut(self, value: Value, axis: int) -> set[int]:
        n = value.shape[axis]
        if value.kind is SCALES and axis == 0:
            return set(np.cumsum(value.settings["rows"]).tolist()) - {n}
        if n == 1 or (value in self.old and value not in self.opened) or not value.uses:
            return set()
        kind, uses = value.kind, value.uses
        if kind is TRANSPOSE:
            return self.cuts(uses[0].value, 1 - axis)
        if kind is MATMUL:
            return self.cuts(uses[axis].value, axis)
        moved = {ROWS: 0, COLUMNS: 1, CONCAT: value.settings.get("axis")}.get(kind)
        if moved == axis and kind is not CONCAT:
            low, high = value.settings["rows" if axis == 0 else "columns"]
            return {cut - low for cut in self.cuts(uses[0].value, axis) if low < cut < high}
        if moved == axis or (kind is OUTER_OVER_TIME and axis == 1):
            found, start = set(), 0
            for use in uses[kind is OUTER_OVER_TIME :]:
                inner = 0 if kind is OUTER_OVER_TIME else axis
                found |= {start + cut for cut in self.cuts(use.value, inner)}
                start += use.value.shape[inner]
                found.add(start)
            return found - {n}
        if kind in (OUTER_OVER_TIME, COLUMNS_OVER_TIME):
            return self.cuts(uses[0].value, 0)
        return set().union(*(self.cuts(u.value, axis) for u in uses if u.value.shape == value.shape))


def broadcasts(kind: Any) -> bool:
    return kind.algebra in ("difference", "quotient", "negative", "exponential")


def function(kind: Any, parts: Sequence[Poly], settings: dict[str, Any]) -> Poly:
    """Element by element."""
    if kind is SUM:
        return add(parts)
    if kind is PRODUCT:
        made = poly(1)
        for part in parts:
            made = made * part
        return made
    if kind is AFFINE:
        return poly(Fraction(1, 2)) + parts[0] * Fraction(1, 2)
    if kind.algebra == "negative":
        return -parts[0]
    if kind.algebra == "difference":
        return parts[0] - parts[1]
    if kind.algebra == "quotient":
        return parts[0] * inverse(parts[1])
    if kind.algebra == "exponential":
        return exp(parts[0])
    if kind is ops.sigmoid:
        return poly(Fraction(1, 2)) + entry(Factor("tanh", (parts[0] * Fraction(1, 2),))) * Fraction(1, 2)
    if kind is ops.log:
        return log(parts[0])
    if kind is ops.above_zero:
        return parts[0]
    if kind is ops.isfinite:
        return poly(1)
    if kind is ops.where and [str(parts[0])] == [str(poly(1))]:
        return parts[1]
    if kind.longhand and kind.elementwise:
        return kind.meaning(Exact(), *(np.array(part, dtype=object) for part in parts)).item()
    return entry(Factor(f"{kind.name}{settings or ''}", tuple(parts)))


def add(parts: Iterable[Poly]) -> Poly:
    return Poly(term for part in parts for term in part.terms)


def summed(x: Poly, k: Index | None) -> Poly:
    return x if k is None else x.summed(k.symbol, k.size)


def intervals(n: int, cuts: set[int]) -> list[Index | None]:
    """Symbols for the places of an axis, one for each interval."""
    if n == 1:
        return [None]
    edges = [0, *sorted(cuts), n]
    return [Index(f"s{next(NUMBERS)}", low, high - low) for low, high in zip(edges, edges[1:], strict=False)]


def everywhere(shape: tuple[int, ...]) -> Place:
    """Any place of an array, called the same for every array."""
    return tuple(Index(f"w{axis}", 0, n) if n > 1 else None for axis, n in enumerate(shape))


def broadcast(place: Place, shape: tuple[int, ...]) -> Place:
    return place[len(place) - len(shape) :]


# -- verdicts ----------------------------------------------------------------------------------------


def proven(old: Value, new: Value, network: Network, depth: int = DEPTH) -> int:
    """Whether the definitions of a network imply that a value equals another one, so that it may stand in its place.

    It gives how far definitions had to be followed; 0 if it is not proven.
    """
    if not same_steps(old, new, network) or not same_shape(old, new, network):
        return 0
    if new.kind is LITERAL and (array := computed(old)) is not None:
        return int((array == new.settings["number"]).all())
    level = [old, new]
    opened = set(level)
    for followed in range(1, depth + 1):
        if equal(old, new, network, opened):
            return followed
        level = [use.value for value in level for use in value.uses if use.value not in opened and use.value.uses]
        opened |= set(level)
    return 0


def computed(value: Value) -> Any:
    """What is made of numbers alone, as the operations compute it; None if it is not."""
    if value.kind is LITERAL:
        return np.asarray(value.settings["number"], value.dtype)
    if not isinstance(value.kind, Operation) or not value.uses:
        return None
    parts = [computed(use.value) for use in value.uses]
    return None if any(part is None for part in parts) else np.asarray(value.kind.value(*parts, **value.settings))


def equal(old: Value, new: Value, network: Network, opened: set[Value]) -> bool:
    unfolding = Unfolding(network, opened)
    if not new.shape:
        new_cuts: list[set[int]] = [set() for _ in old.shape]
    else:
        new_cuts = [unfolding.cuts(new, axis) for axis in range(len(old.shape))]
    axes = [intervals(n, unfolding.cuts(old, axis) | new_cuts[axis]) for axis, n in enumerate(old.shape)]
    time = None if old.times is None else Time("t", old.times)
    for place in np.ndindex(*map(len, axes)):
        there = tuple(axis[i] for axis, i in zip(axes, place, strict=True))
        left = unfolding.defined(old, time, tuple(None if n == 1 else k for n, k in zip(old.shape, there, strict=True)))
        right = unfolding.entry(new, time if new.timed else None, there[len(there) - len(new.shape) :])
        if (left - right).terms:
            return False
    return True


def same_steps(old: Value, new: Value, network: Network) -> bool:
    """What is read outside the steps is 0, or stands beyond them."""
    if new.times == old.times:
        return dict(new.beyond) == dict(old.beyond)
    if new.times is not None or old.times is None or old.beyond or new.beyond:
        return False
    for user, use in network.users()[old]:
        steps = None if user is None else user.times or user.settings.get("times")
        if use.at is not None and use.at not in old.times:
            return False
        if steps is not None and use.at is None:
            when = Time("t", steps, use.shift)
            if not when.within(old.times):
                return False
    return True


def same_shape(old: Value, new: Value, network: Network) -> bool:
    """Another shape may stand where every user broadcasts."""
    if new.shape == old.shape:
        return True
    return new.shape == () and all(
        user is not None and any(other.value.shape == user.shape and other.value is not old for other in user.uses)
        for user, _ in network.users()[old]
    )
