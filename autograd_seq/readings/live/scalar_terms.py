"""Scalars that remember how they were made: an operation's meaning, run over them, leaves what a machine has to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Node = tuple[Any, ...]
"""``("in", slot, position)``, ``("number", value)``, or a word and the numbers of its operands."""

ONE_OPERAND = ("exp", "log", "sqrt", "tanh", "sin", "cos", "arctan", "sign", "sigmoid", "abs", "negative")
"""What the algebra of meanings has of one scalar; NumPy calls the same names on arrays of objects."""
RELATIONS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "not_equal"}
NUMBERS = (int, float, np.integer, np.floating, np.bool_)


class UnsaidError(TypeError):
    """A meaning asks for more than a scalar that is not known yet can answer, such as which of two is larger."""


class Term:
    """A scalar that is known only when the machine runs.

    Attributes
    ----------
    home : Terms
        Where it was made.
    number : int
        Its place in ``home.nodes``.
    """

    __slots__ = ("home", "number")

    def __init__(self, home: Terms, number: int) -> None:
        self.home, self.number = home, number

    def __add__(self, other: Any) -> Any:
        return self.home.two("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self.home.two("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self.home.two("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.home.two("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return self.home.two("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.home.two("multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self.home.two("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.home.two("divide", other, self)

    def __pow__(self, other: Any) -> Any:
        return self.home.two("power", self, other)

    def __rpow__(self, other: Any) -> Any:
        return self.home.two("power", other, self)

    def __neg__(self) -> Any:
        return self.home.made("negative", self)

    def __abs__(self) -> Any:
        return self.home.made("abs", self)

    def __pos__(self) -> Any:
        return self

    def __bool__(self) -> bool:
        raise UnsaidError("it decides on numbers while it is computed")

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        return self.home.compare("==", self, other)

    def __lt__(self, other: Any) -> Any:
        return self.home.compare("<", self, other)

    def __le__(self, other: Any) -> Any:
        return self.home.compare("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        return self.home.compare(">", self, other)

    def __ge__(self, other: Any) -> Any:
        return self.home.compare(">=", self, other)


def _method(word: str) -> Callable[[Term], Any]:
    return lambda term: getattr(term.home, word)(term)


for _word in ONE_OPERAND:
    setattr(Term, _word, _method(_word))


class Terms:
    """The algebra over such scalars: every distinct one is kept once, operands before what is made of them.

    Attributes
    ----------
    nodes : list
        How each was made.

    Examples
    --------
    >>> terms = Terms()
    >>> x = terms.input(0, 0)
    >>> y = 2 * terms.exp(x)
    >>> terms.nodes
    [('in', 0, 0), ('exp', 0), ('number', 2.0), ('multiply', 2, 1)]
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._known: dict[Node, int] = {}

    def input(self, slot: int, position: int) -> Term:
        """An element of an input."""
        return self._term(("in", slot, position))

    def inputs(self, slot: int, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """All elements of an input, as an array of objects."""
        array = np.empty(shape, dtype=object)
        for position, place in enumerate(np.ndindex(shape)):
            array[place] = self.input(slot, position)
        return array

    def number(self, x: Any) -> Term:
        """A scalar of this algebra."""
        if isinstance(x, np.ndarray) and not x.ndim:
            x = x.item()
        if isinstance(x, Term):
            return x
        if not isinstance(x, NUMBERS):
            raise UnsaidError(f"it uses {type(x).__name__} as a number")
        return self._term(("number", float(x)))

    def made(self, word: str, *operands: Any) -> Term:
        """What a word of the machine's makes of some scalars."""
        return self._term((word, *(self.number(x).number for x in operands)))

    def two(self, word: str, x: Any, y: Any) -> Any:
        """The same of two, where what adds nothing is left out; arrays take it from here element by element."""
        if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
            return NotImplemented
        if word == "add" and (_is(x, 0) or _is(y, 0)):
            return y if _is(x, 0) else x
        if word == "multiply" and (_is(x, 1) or _is(y, 1)):
            return y if _is(x, 1) else x
        return self.made(word, x, y)

    def _term(self, node: Node) -> Term:
        key = (*node, str(node[1])) if node[0] == "number" else node  # -0.0 and 0.0 are two numbers
        if key not in self._known:
            self._known[key] = len(self.nodes)
            self.nodes.append(node)
        return Term(self, self._known[key])

    # -- the functions that a meaning may use ---------------------------------------------------

    def __getattr__(self, word: str) -> Callable[[Any], Term]:
        if word not in ONE_OPERAND:
            raise AttributeError(word)
        return lambda x: self.made(word, x)

    def log(self, x: Any) -> Term:
        """The natural logarithm; that of a sum of exponentials is taken so that none of them overflows."""
        parts = self._added(self.number(x))
        exponents = [self._exponent(part) for part in parts]
        if len(parts) < 2 or any(exponent is None for exponent in exponents):
            return self.made("log", x)
        top = exponents[0]
        for other in exponents[1:]:
            top = self.made("maximum", top, other)
        total: Any = 0
        for exponent in exponents:
            total = total + self.made("exp", self.made("subtract", exponent, top))
        return self.made("add", self.made("log", total), top)

    def _added(self, x: Term) -> list[Term]:
        node = self.nodes[x.number]
        if node[0] != "add":
            return [x]
        return [part for operand in node[1:] for part in self._added(Term(self, operand))]

    def _exponent(self, x: Term) -> Any:
        node = self.nodes[x.number]
        if node == ("number", 1.0):
            return self.number(0)
        return Term(self, node[1]) if node[0] == "exp" else None

    def power(self, x: Any, y: Any) -> Any:
        """X to the power y."""
        return self.made("power", x, y)

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger."""
        return self.made("maximum", x, y)

    def minimum(self, x: Any, y: Any) -> Any:
        """The smaller."""
        return self.made("minimum", x, y)

    def select(self, condition: Any, x: Any, y: Any) -> Any:
        """X where the condition holds, else y."""
        if not isinstance(condition, Term):
            return x if condition else y
        return self.made("select", condition, x, y)

    def compare(self, relation: str, x: Any, y: Any) -> Any:
        """Whether a relation holds."""
        return self.made(RELATIONS[relation], x, y)


def _is(x: Any, number: float) -> bool:
    return isinstance(x, NUMBERS) and bool(x == number)
