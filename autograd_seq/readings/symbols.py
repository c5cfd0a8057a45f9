"""The SymPy reading: every scalar of a recording as an exact expression, with the notes' names as symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Number
from typing import Any, Literal

import mpmath
import numpy as np
import sympy

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.names import symbol
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.readings.branches import RELATIONS, decisions


class sigma(sympy.Function):  # type: ignore[misc]  # noqa: N801  (SymPy's functions are written in lower case)
    """The sigmoid as an opaque function, known by its derivative σ' = σ (1 - σ)."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Its derivative."""
        return self * (1 - self)

    def _eval_rewrite_as_exp(self, x: sympy.Expr, **_: Any) -> sympy.Expr:
        return 1 / (1 + sympy.exp(-x))

    def _eval_evalf(self, prec: int) -> Any:
        return self._eval_rewrite_as_exp(*self.args)._eval_evalf(prec)


class SymPyAlgebra:
    """An operation's scalar functions, in SymPy; where it is piecewise, so is the expression."""

    exp, log, sin, cos, arctan = sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.atan
    tanh, sigmoid, abs, sign = sympy.tanh, sigma, sympy.Abs, sympy.sign
    maximum, minimum, power, sqrt = sympy.Max, sympy.Min, sympy.Pow, staticmethod(sympy.sqrt)

    @staticmethod
    def select(condition: Any, x: Any, y: Any) -> Any:
        """X where the condition holds, else y."""
        if isinstance(condition, sympy.Piecewise):
            condition = condition.args[0].cond
        elif isinstance(condition, sympy.Expr) and not condition.is_number:
            condition = sympy.Ne(condition, 0)
        else:
            return x if condition else y
        return sympy.Piecewise((x, condition), (y, True))

    @staticmethod
    def compare(relation: str, x: Any, y: Any) -> Any:
        """1 where the relation holds, else 0: a comparison is used as a factor."""
        return sympy.Piecewise((1, sympy.Rel(x, y, relation)), (0, True))


class BranchAlgebra(SymPyAlgebra):
    """SymPy's functions on one branch: each decision is the one that the recorded numbers make.

    Attributes
    ----------
    asked : list of int
        The decisions so far: -1, 0 or 1.
    ties : set of Symbol
        What stands in the result for the value at a tie, where there is no derivative.
    """

    def __init__(self, decide: Callable[[], Iterable[int]]) -> None:
        self._decide = decide
        self._rest: Any = None
        self.asked: list[int] = []
        self.ties: set[sympy.Symbol] = set()

    def _side(self) -> int:
        if self._rest is None:
            self._rest = iter(self._decide())
        self.asked.append(next(self._rest))
        return self.asked[-1]

    def _choose(self, x: Any, y: Any, side: int) -> Any:
        if side:
            return x if side > 0 else y
        tie = sympy.Dummy("tie")
        self.ties.add(tie)
        return tie

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger at the recorded numbers."""
        return self._choose(x, y, self._side())

    def minimum(self, x: Any, y: Any) -> Any:
        """The smaller at the recorded numbers."""
        return self._choose(x, y, -self._side())

    def abs(self, x: Any) -> Any:
        """X or -x."""
        return self._choose(x, -x, self._side())

    def sign(self, x: Any) -> Any:
        """-1 or 1."""
        return self._choose(sympy.S.One, -sympy.S.One, self._side())

    def compare(self, relation: str, x: Any, y: Any) -> Any:  # type: ignore[override]
        """1 or 0."""
        return sympy.Integer(RELATIONS[relation](self._side()))


def as_expression(e: Any) -> Any:
    """A scalar as SymPy's own; the one way into SymPy, which would evaluate text, even strictly inside a tuple.

    Raises
    ------
    TypeError
        For what is neither an expression nor a number.

    Examples
    --------
    >>> as_expression(2), as_expression(sympy.Symbol("x"))
    (2, x)
    """
    if isinstance(e, np.ndarray) and e.ndim == 0:
        return as_expression(e.item())
    if isinstance(e, (sympy.Basic, Number, np.bool_, mpmath.ctx_mp_python.mpnumeric)):
        return sympy.sympify(e, strict=True)
    raise TypeError(f"an exact scalar is a number or an expression, not {type(e).__name__}")


def exact(value: Array) -> Array:
    """Numbers as exact rationals: a float is the binary fraction that it is."""
    result = np.empty(value.shape, dtype=object)
    for place in np.ndindex(value.shape):
        result[place] = _exactly(value[place].item())
    return result


def _exactly(number: Any) -> sympy.Expr:
    """A number with all its digits; a long double is not a Python float, though it has more of them."""
    if isinstance(number, (float, np.floating)):
        finite = np.isfinite(number)
        return sympy.Rational(*number.as_integer_ratio()) if finite else as_expression(float(number))
    return sympy.Integer(number)


def symbols_of(record: Tensor, call: str = "") -> Array:
    """A symbol for each scalar of a record; `call` tells apart records of one name."""
    result = np.empty(record.shape, dtype=object)
    for place in np.ndindex(record.shape):
        result[place] = sympy.Symbol(symbol(record, place) + call, real=True)
    return result


def apply(record: Tensor, inputs: list[Array], algebra: Any) -> Array:
    """The meaning of a record over given arrays of scalars."""
    if record.operation is None:
        raise UsageError(f"{record.label} is a leaf: no operation made it{here()}")
    result = record.operation.meaning(algebra, *inputs, **record.settings)
    return np.array(result, dtype=object).reshape(record.shape)


def on_branch(record: Tensor, inputs: list[Array]) -> Array:
    """The meaning of a record on the branch of its recorded numbers; what is counted or decided is constant there."""
    if record.operation is not None and not record.operation.differentiable and record.dtype.kind in "biu":
        return exact(record._value)
    return apply(record, inputs, BranchAlgebra(lambda: decisions(record)))


def expressions(
    graph: Graph,
    expand: bool = False,
    branch: Literal["all", "recorded"] = "all",
    leaves: Mapping[Tensor, Array] | None = None,
) -> dict[Tensor, Array]:
    """Every record as an array of SymPy expressions.

    Parameters
    ----------
    graph : Graph
        A recording, forward or backward.
    expand : bool
        Express everything by the leaves; else each record by the symbols of its inputs, which
        is a straight-line program of named intermediates.
    branch : {"all", "recorded"}
        Piecewise where an operation is; or only the piece that the recorded numbers lie on.
    leaves : mapping, optional
        Arrays to stand for some records, in place of symbols.

    Returns
    -------
    dict
        From each record to an object array of its shape. Leaves are symbols, unnamed scalars exact numbers.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> y = tanh(Parameter([[2.0]], "W") * 3)
    >>> expressions(y.graph, expand=True)[y]
    array([[tanh(3*W_11)]], dtype=object)
    """
    if branch not in ("all", "recorded"):
        raise UsageError(f"branch is {branch!r}; write 'all' or 'recorded'{here()}")
    meaning: dict[Tensor, Array] = dict(leaves or {})
    symbolic = _Symbols()

    def value_of(x: Tensor) -> Array:
        if is_literal(x):
            return exact(x._value)
        if x in meaning and (expand or x.operation is None):
            return meaning[x]
        return symbolic[x]

    for record in graph:
        if record in meaning:
            continue
        if record.operation is None:
            meaning[record] = value_of(record)
        else:
            inputs = [value_of(x) for x in record.inputs]
            meaning[record] = (
                on_branch(record, inputs) if branch == "recorded" else apply(record, inputs, SymPyAlgebra)
            )
    return meaning


def straight_line(graph: Graph, branch: Literal["all", "recorded"] = "all") -> list[tuple[sympy.Symbol, sympy.Expr]]:
    """The straight-line list of named intermediates: for each scalar its symbol, and its expression by earlier ones.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, name, tanh
    >>> z = name(Parameter([[2.0, 1.0]], "W") @ Tensor([[1.0], [3.0]], "x"), "z")
    >>> for left, right in straight_line(name(tanh(z), "a").graph):
    ...     print(left, "=", right)
    z_11 = W_11*x_11 + W_12*x_21
    a_11 = tanh(z_11)
    """
    symbolic = _Symbols()
    meaning = expressions(graph, branch=branch, leaves={x: symbolic[x] for x in graph.leaves if not is_literal(x)})
    result = []
    for record in graph:
        if record.operation is not None:
            result += list(zip(symbolic[record].flat, meaning[record].flat, strict=True))
    return result


class _Symbols:
    """The symbols of each record, made once; a second record of the same name and place is told apart."""

    def __init__(self) -> None:
        self._made: dict[Tensor, Array] = {}
        self._owner: dict[str, Tensor] = {}

    def __getitem__(self, record: Tensor) -> Array:
        if record not in self._made:
            first = self._owner.setdefault(symbol(record), record)
            self._made[record] = symbols_of(record, "" if first is record else f"%{record.index}")
        return self._made[record]
