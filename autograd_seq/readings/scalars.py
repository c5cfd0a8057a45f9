"""A scalar in high precision that knows by which others it changes, and how much: derivatives of a meaning.

An operation's meaning is written over any scalars. Over these ones every sum, product and
exponential hands its partial derivatives to its algebra: `Tape` keeps them, to run them backwards
later, `Forward` follows one direction. No VJP rule is used, and no step is taken, so the
derivative has as many digits as the arithmetic, next to an edge or where it is nearly 0 as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.readings.branches import RELATIONS
from autograd_seq.readings.precise_algebra import DIGITS, PreciseAlgebra


class Scalar:
    """A number, and what its algebra keeps of how it was made.

    Attributes
    ----------
    value : mpf
        The number.
    home : ScalarAlgebra
        The algebra that made it.
    kept : object
        What that keeps of it.
    """

    __slots__ = ("home", "kept", "value")

    def __init__(self, value: Any, home: ScalarAlgebra, kept: Any) -> None:
        self.value, self.home, self.kept = value, home, kept

    def __add__(self, other: Any) -> Any:
        other = self.home.number(other)
        if not isinstance(other, Scalar):  # an array takes it from here, element by element
            return NotImplemented
        return self.home.made(self.value + other.value, (self, 1), (other, 1))

    def __sub__(self, other: Any) -> Any:
        other = self.home.number(other)
        if not isinstance(other, Scalar):  # an array takes it from here, element by element
            return NotImplemented
        return self.home.made(self.value - other.value, (self, 1), (other, -1))

    def __mul__(self, other: Any) -> Any:
        other = self.home.number(other)
        if not isinstance(other, Scalar):  # an array takes it from here, element by element
            return NotImplemented
        return self.home.made(self.value * other.value, (self, other.value), (other, self.value))

    def __truediv__(self, other: Any) -> Any:
        home, other = self.home, self.home.number(other)
        if not isinstance(other, Scalar):
            return NotImplemented
        inverse = home.quotient(home.context.one, other.value)
        y = home.quotient(self.value, other.value)
        return home.made(y, (self, inverse), (other, -y * inverse))

    def __radd__(self, other: Any) -> Any:
        return self.home.number(other) + self

    def __rsub__(self, other: Any) -> Any:
        return self.home.number(other) - self

    def __rmul__(self, other: Any) -> Any:
        return self.home.number(other) * self

    def __rtruediv__(self, other: Any) -> Any:
        return self.home.number(other) / self

    def __pow__(self, other: Any) -> Scalar:
        return self.home.power(self, other)

    def __rpow__(self, other: Any) -> Scalar:
        return self.home.power(other, self)

    def __neg__(self) -> Scalar:
        return self.home.made(-self.value, (self, -1))

    def __pos__(self) -> Scalar:
        return self

    def __abs__(self) -> Scalar:
        return self.home.abs(self)

    def __lt__(self, other: Any) -> bool:
        return self.home.seen(self, other) < 0

    def __gt__(self, other: Any) -> bool:
        return self.home.seen(self, other) > 0

    def __le__(self, other: Any) -> bool:
        return self.home.seen(self, other) <= 0

    def __ge__(self, other: Any) -> bool:
        return self.home.seen(self, other) >= 0

    def __eq__(self, other: object) -> bool:
        return self.home.seen(self, other) == 0

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        if self.value != int(self.value):
            raise TypeError("a scalar that is not whole cannot be an index")
        return int(self.value)

    def __float__(self) -> float:
        raise TypeError("a value rule that makes plain numbers of its inputs cannot be followed")

    # NumPy calls these on an array of objects: a value rule that is its own meaning may use np.exp
    def exp(self) -> Scalar:
        """The exponential."""
        return self.home.exp(self)

    def log(self) -> Scalar:
        """The natural logarithm."""
        return self.home.log(self)

    def sqrt(self) -> Scalar:
        """The square root."""
        return self.home.sqrt(self)

    def tanh(self) -> Scalar:
        """The hyperbolic tangent."""
        return self.home.tanh(self)

    def sin(self) -> Scalar:
        """The sine."""
        return self.home.sin(self)

    def cos(self) -> Scalar:
        """The cosine."""
        return self.home.cos(self)


class ScalarAlgebra(PreciseAlgebra):
    """The scalar functions with their partial derivatives; what is kept of those, a subclass says in `made`.

    Parameters
    ----------
    digits : int
        Decimal digits of every scalar.
    """

    def __init__(self, digits: int = DIGITS) -> None:
        self.bare = PreciseAlgebra(digits)
        self.context = self.bare.context
        self._decide: Callable[[], Iterable[int]] | None = None
        self._decided: list[int] = []

    def made(self, value: Any, *parts: tuple[Scalar, Any]) -> Scalar:
        """A result, and by each operand its partial derivative; here nothing is kept of them."""
        return Scalar(value, self, None)

    def constant(self, value: Any) -> Scalar:
        """A scalar that depends on nothing."""
        return self.made(value)

    def number(self, x: Any) -> Any:
        """A scalar of this algebra; truth values count as 0 and 1, what is not a number stays what it is."""
        if isinstance(x, Scalar):
            return x
        x = self.exact(x)
        return self.constant(x) if isinstance(x, self.context.mpf) else x

    def tie(self, result: Scalar, x: Scalar, y: Scalar) -> Scalar:
        """What came of a decision between equal numbers."""
        return result

    def leave(self, x: Scalar, cut: bool) -> Scalar:
        """A scalar that goes into another dtype, or is cut off from what it was made of."""
        return self.constant(x.value) if cut else x

    def decide(self, decisions: Callable[[], Iterable[int]] | None) -> None:
        """Take from here on the decisions that recorded numbers made, asked for when needed; None: by the digits."""
        self._decide, self._decided = decisions, []

    def side(self, x: Any, y: Any) -> int:
        """The decision that was recorded, or that the digits make."""
        if self._decide is not None:
            self._decided, self._decide = list(self._decide())[::-1], None
        return self._decided.pop() if self._decided else self.bare.side(x.value, y.value)

    def seen(self, x: Any, y: Any) -> float:
        """The same for numbers that a meaning compares by itself, with <, > or ==; NaN if one of them is."""
        x, y = self.number(x), self.number(y)
        if not isinstance(y, Scalar) or x.value != x.value or y.value != y.value:
            return float("nan")
        if not (side := self.bare.side(x.value, y.value)):
            self.met(x, y)
        return side

    def met(self, x: Scalar, y: Scalar) -> None:
        """Two numbers that were compared are equal."""

    def quotient(self, x: Any, y: Any) -> Any:
        """X / y of bare numbers; infinite or NaN where y is 0."""
        if y:
            return x / y
        return self.context.nan if not x or x != x else self.context.inf if x > 0 else -self.context.inf

    def exp(self, x: Any) -> Any:
        """The exponential."""
        x = self.number(x)
        y = self.bare.exp(x.value)
        return self.made(y, (x, y))

    def log(self, x: Any) -> Any:
        """The natural logarithm."""
        x = self.number(x)
        y = self.bare.log(x.value)
        return self.made(y, (x, self.quotient(self.context.one, x.value) if y == y else y))

    def sqrt(self, x: Any) -> Any:
        """The square root."""
        x = self.number(x)
        y = self.bare.sqrt(x.value)
        return self.made(y, (x, self.quotient(self.context.one, 2 * y)))

    def tanh(self, x: Any) -> Any:
        """The hyperbolic tangent; 1 - tanh² is 4 / (exp(x) + exp(-x))², which keeps its digits."""
        x = self.number(x)
        both = self.bare.exp(x.value) + self.bare.exp(-x.value)
        return self.made(self.bare.tanh(x.value), (x, 4 / (both * both)))

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + exp(-x))."""
        x = self.number(x)
        y = self.bare.sigmoid(x.value)
        return self.made(y, (x, y / (1 + self.bare.exp(x.value))))

    def sin(self, x: Any) -> Any:
        """The sine."""
        x = self.number(x)
        return self.made(self.bare.sin(x.value), (x, self.bare.cos(x.value)))

    def cos(self, x: Any) -> Any:
        """The cosine."""
        x = self.number(x)
        return self.made(self.bare.cos(x.value), (x, -self.bare.sin(x.value)))

    def arctan(self, x: Any) -> Any:
        """The angle whose tangent is x."""
        x = self.number(x)
        return self.made(self.bare.arctan(x.value), (x, 1 / (1 + x.value * x.value)))

    def power(self, x: Any, y: Any) -> Any:
        """X to the power y; of 0 to a positive power the derivative by the power is 0."""
        x, y = self.number(x), self.number(y)
        value = self.bare.power(x.value, y.value)
        by_base = y.value * self.bare.power(x.value, y.value - 1) if y.value else self.context.zero
        by_power = value * self.bare.log(x.value) if value else self.context.zero
        return self.made(value, (x, by_base), (y, by_power))

    def abs(self, x: Any) -> Any:
        """The absolute value."""
        x, zero = self.number(x), self.number(0)
        side = self.side(x, zero)
        return self._chosen(x if side >= 0 else -x, side, x, zero)

    def sign(self, x: Any) -> Any:
        """-1, 0 or 1."""
        x, zero = self.number(x), self.number(0)
        side = self.side(x, zero)
        return self._chosen(self.number(side), side, x, zero)

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger."""
        x, y = self.number(x), self.number(y)
        side = self.side(x, y)
        return self._chosen(x if side >= 0 else y, side, x, y)

    def minimum(self, x: Any, y: Any) -> Any:
        """The smaller."""
        x, y = self.number(x), self.number(y)
        side = self.side(x, y)
        return self._chosen(x if side <= 0 else y, side, x, y)

    def compare(self, relation: str, x: Any, y: Any) -> Any:
        """Whether a relation holds; between equal numbers that is a kink, whatever comes of it."""
        x, y = self.number(x), self.number(y)
        if not (side := self.side(x, y)):
            self.met(x, y)
        return RELATIONS[relation](side)

    def _chosen(self, result: Scalar, side: int, x: Scalar, y: Scalar) -> Scalar:
        return result if side else self.tie(result, x, y)


@dataclass
class Pull:
    """What came back along a tape.

    Attributes
    ----------
    adjoints : list
        By place on the tape; 0 where nothing came.
    kinks : set of int
        The scalars that stand at a kink, among those that something came to or through.
    """

    adjoints: list[Any]
    kinks: set[int] = field(default_factory=set)


class Tape(ScalarAlgebra):
    """Keeps of each scalar its operands and partial derivatives, and runs them backwards.

    Examples
    --------
    >>> tape = Tape(30)
    >>> x = tape.variable(0.5)
    >>> back = tape.pull([(x * tape.exp(x), 1)])
    >>> print(str(back.adjoints[x.kept])[:20])
    2.473081906050192220
    """

    def __init__(self, digits: int = DIGITS) -> None:
        super().__init__(digits)
        self._parts: list[tuple[tuple[int, Any], ...]] = []
        self._ties: dict[int, tuple[Scalar, Scalar]] = {}

    def made(self, value: Any, *parts: tuple[Scalar, Any]) -> Scalar:
        """A result on the tape, unless it depends on nothing that is."""
        kept = tuple([(x.kept, partial) for x, partial in parts if x.kept is not None])
        if not kept:
            return Scalar(value, self, None)
        self._parts.append(kept)
        return Scalar(value, self, len(self._parts) - 1)

    def variable(self, value: Any) -> Scalar:
        """A scalar to differentiate by."""
        self._parts.append(())
        return Scalar(self.exact(value), self, len(self._parts) - 1)

    def variables(self, values: Array) -> Array:
        """An array of scalars to differentiate by."""
        result = np.empty(values.shape, dtype=object)
        for place in np.ndindex(values.shape):
            result[place] = self.variable(values[place])
        return result

    def tie(self, result: Scalar, x: Scalar, y: Scalar) -> Scalar:
        """A scalar of its own, so that it is seen whether anything depends on it."""
        if x.kept is None and y.kept is None:
            return result
        self._parts.append(((result.kept, 1),) if result.kept is not None else ())
        self._ties[len(self._parts) - 1] = x, y
        return Scalar(result.value, self, len(self._parts) - 1)

    def met(self, x: Scalar, y: Scalar) -> None:
        """A kink, whatever comes of the comparison."""
        if x.kept is not None or y.kept is not None:
            self._ties[-1 - len(self._ties)] = x, y

    def pull(self, seeds: Sequence[tuple[Scalar, Any]]) -> Pull:
        """Run the tape backwards from some scalars, each with the adjoint to start from."""
        zero = self.context.zero
        adjoints: list[Any] = [zero] * len(self._parts)
        for x, adjoint in seeds:
            if x.kept is not None:
                adjoints[x.kept] += adjoint
        kinks = {i for i in self._ties if i < 0}
        for i in range(len(adjoints) - 1, -1, -1):
            if adjoint := adjoints[i]:
                if i in self._ties:
                    kinks.add(i)
                for operand, partial in self._parts[i]:
                    adjoints[operand] += adjoint * partial
        return Pull(adjoints, kinks)

    def touching(self, kinks: Iterable[int] | None = None) -> Pull:
        """By what the numbers change that are equal at some kinks, or at all: not 0 for what leads over one."""
        seeds: list[tuple[Scalar, Any]] = []
        for n, kink in enumerate(sorted(self._ties if kinks is None else kinks)):
            weight = self.context.mpf(1) + self.context.sqrt(n + 2)  # no two of them cancel by chance
            x, y = self._ties[kink]
            seeds += [(x, weight), (y, -weight)]
        return self.pull(seeds)


class Forward(ScalarAlgebra):
    """Carries with each scalar how fast it changes along a direction; None stands for not at all.

    Examples
    --------
    >>> forward = Forward(30)
    >>> x = forward.variable(0.5, rate=2)
    >>> print(str((x * x).kept))
    2.0
    """

    def __init__(self, digits: int = DIGITS) -> None:
        super().__init__(digits)
        self.kinked = False

    def made(self, value: Any, *parts: tuple[Scalar, Any]) -> Scalar:
        """A result and its rate; what stands still passes nothing on, not even where a partial derivative is NaN."""
        rates = [x.kept * partial for x, partial in parts if x.kept]
        return Scalar(value, self, sum(rates[1:], rates[0]) if rates else None)

    def variable(self, value: Any, rate: Any) -> Scalar:
        """A scalar that changes at a rate."""
        return Scalar(self.exact(value), self, self.exact(rate))

    def tie(self, result: Scalar, x: Scalar, y: Scalar) -> Scalar:
        """A decision between equal numbers that part along the direction is a kink."""
        self.kinked |= (x.kept or 0) != (y.kept or 0)
        return result

    def met(self, x: Scalar, y: Scalar) -> None:
        """A kink, whatever comes of the comparison."""
        self.tie(x, x, y)
