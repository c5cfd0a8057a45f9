"""Two recorded steps: proven the same under a map of weights that is found, or where they part.

A weight on one side is looked for among the weights of the other, in any order, with either sign, as a sum of several
and with a number added. Candidates are tried on numbers; what is left is proven by exact algebra.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations, product
from typing import Any

import numpy as np
import sympy
from sympy.functions.elementary.piecewise import ExprCondPair

from autograd_seq.check.identity import OutOfWorkError, Work, is_zero
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.exchange.linear_forms import Form, Formula, taken_apart
from autograd_seq.readings.symbols import as_expression, exact, expressions, sigma
from autograd_seq.translation.reader import translated

MOST_WAYS = 20_000  # orders and signs that are tried
MOST_KINKS = 4
LONGEST = 1000  # the greatest denominator that is printed
CLOSE = 1e-9
SCALES = (2.0, 2.0, 0.5, 2.0, 0.1, 2.0, 0.5)  # of the points at which candidates are tried
WORK = 1e6


@dataclass
class Step:
    """One time step, recorded.

    Attributes
    ----------
    title : str
        Whose.
    data : dict of str to Tensor
        What goes in, the same on both sides: x and the states.
    weights : dict of str to Tensor
        What it has learned.
    outputs : dict of str to Tensor
        The states that come out.
    """

    title: str
    data: dict[str, Tensor]
    weights: dict[str, Tensor]
    outputs: dict[str, Tensor]


@dataclass
class Equivalence:
    """What came of `equivalent`; it prints.

    Attributes
    ----------
    status : str
        ``"proven"``, ``"refuted"`` (no map of the kind looked for makes them equal) or ``"undecided"``.
    map : list of str
        The weights of the first in terms of the second's, of all components; as many as `shown` are printed.
    reason : str
        Where they part, or what could not be decided.
    counterexample : dict
        Where both have the same sums and put them together otherwise: those sums and data, and both results.
    """

    first: str
    second: str
    status: str
    map: list[str] = field(default_factory=list)
    reason: str = ""
    counterexample: dict[str, float] = field(default_factory=dict)
    shown: int | None = None

    @property
    def ok(self) -> bool:
        """Whether they are proven the same."""
        return self.status == "proven"

    @property
    def failures(self) -> list[str]:
        """Where they part, if they do."""
        return [self.reason] if self.status == "refuted" else []

    @property
    def undecided(self) -> list[str]:
        """What could not be decided."""
        return [self.reason] if self.status == "undecided" else []

    def __str__(self) -> str:
        said = {"proven": "the same, proven", "refuted": "not the same"}.get(self.status, self.status)
        numbers = [f"  {key} = {value:.6g}" for key, value in self.counterexample.items()]
        lines = [f"{self.first} and {self.second}: {said}", *(f"  {line}" for line in self.map[: self.shown])]
        if self.shown is not None and self.shown < len(self.map):
            lines.append("  and likewise for the other components")
        return translated("\n".join([*lines, *([f"  {self.reason}"] if self.reason else []), *numbers]))

    __repr__ = __str__


def equivalent(first: Step, second: Step) -> Equivalence:
    """Whether two recorded steps compute the same, under a map of weights that is found.

    Every sum of weights times what they meet is taken for free, as a weight of its own meets each; so two steps are the
    same if those sums can be paired, and what is made of them is one function.

    Parameters
    ----------
    first, second : Step
        With data and outputs of the same names and shapes; each component of the outputs is compared.

    Returns
    -------
    Equivalence
        ``.ok``, ``.status``, ``.map``, ``.reason``; it prints.

    Examples
    --------
    >>> from autograd_seq import Parameter, sigmoid
    >>> x = Tensor([[1.0]], "x")
    >>> W, V, b = Parameter([[2.0]], "W"), Parameter([[3.0]], "V"), Parameter([[1.0]], "b")
    >>> keeps = Step("keeps", {"x": x}, {"V": V}, {"y": 1 - sigmoid(V @ x)})
    >>> print(equivalent(Step("takes", {"x": x}, {"W": W}, {"y": sigmoid(W @ x)}), keeps))
    takes and keeps: the same, proven
      W[1, 1] = -V[1, 1]
    >>> print(equivalent(keeps, Step("more", {"x": x}, {"W": W, "b": b}, {"y": sigmoid(W @ x + b)})))
    keeps and more: not the same
      weights meet [x[1, 1]] in the first, [1, x[1, 1]] in the second (component 1)
    """
    different = _other_interface(first, second)
    if different:
        return Equivalence(first.title, second.title, "refuted", reason=different)
    symbols: dict[tuple[str, tuple[int, ...]], sympy.Symbol] = {}
    a, b = _Side(first, symbols), _Side(second, symbols)
    known: list[Line] = []
    counts: list[int] = []
    for component in _components(first):
        verdict = _compared(a.formula(component), b.formula(component), component, known)
        if verdict.counterexample:  # of one scale of the sums; tanh z is 2 σ(2 z) − 1, which has another
            again = _compared(a.by_sigma(component), b.by_sigma(component), component, known)
            verdict = verdict if again.status == "refuted" else again
        if verdict.status != "proven":
            verdict.first, verdict.second = first.title, second.title
            return verdict
        counts.append(len(known))
    if not _one_to_one(known):
        reason = "equal, but a weight has several places, so that one side may be a special case of the other"
        return Equivalence(first.title, second.title, "undecided", reason=reason)
    shown = next(iter(counts), 0)
    return Equivalence(first.title, second.title, "proven", [f"{x} = {y}" for x, y in known], shown=shown)


Component = list[tuple[int, tuple[int, ...]]]  # of some outputs, by their number, the same element


def _components(step: Step) -> list[Component]:
    """The elements of the outputs; those of outputs of one shape are compared together."""
    shapes = [t.shape for t in step.outputs.values()]
    alike = {shape: [n for n, other in enumerate(shapes) if other == shape] for shape in shapes}
    return [[(n, place) for n in numbers] for shape, numbers in alike.items() for place in np.ndindex(shape)]


def _called(component: Component) -> str:
    place = component[0][1]
    while len(place) > 1 and place[-1] == 0:  # of columns, the row alone
        place = place[:-1]
    return ", ".join(str(i + 1) for i in place) or "1"


def _other_interface(a: Step, b: Step) -> str:
    if _shapes(a.data) != _shapes(b.data):
        return f"one takes {_listed(a.data)}, the other {_listed(b.data)}"
    if _shapes(a.outputs) != _shapes(b.outputs):
        return f"one returns {_listed(a.outputs)}, the other {_listed(b.outputs)}"
    return ""


def _shapes(side: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: x.shape for name, x in side.items()}


def _listed(side: Mapping[str, Tensor]) -> str:
    return ", ".join(f"{name} {x.shape}" for name, x in side.items())


class _Side:
    """The outputs of one side as exact expressions, in symbols of the data that both have in common."""

    def __init__(self, step: Step, shared: dict[tuple[str, tuple[int, ...]], sympy.Symbol]) -> None:
        leaves: dict[Tensor, Any] = {}
        self.weights: list[sympy.Symbol] = []
        for name, tensor in {**step.data, **step.weights}.items():
            array = np.empty(tensor.shape, dtype=object)
            for place in np.ndindex(tensor.shape):
                numbered = f"{name}[{', '.join(str(i + 1) for i in place)}]"
                if name in step.data:
                    array[place] = shared.setdefault((name, place), sympy.Symbol(numbered, real=True))
                else:
                    array[place] = sympy.Symbol(numbered, real=True)
                    self.weights.append(array[place])
            leaves[tensor.record] = array
        records = [t.record for t in step.outputs.values()]
        leaves |= {x: _number(step, x) for x in Graph(*records).leaves if x not in leaves}
        made = expressions(Graph(*records), expand=True, leaves=leaves)
        self.outputs = [made[record] for record in records]

    def formula(self, component: Component) -> Formula:
        """One component, taken apart."""
        return taken_apart([np.asarray(self.outputs[n])[place] for n, place in component], self.weights)

    def by_sigma(self, component: Component) -> Formula:
        """One component with σ in place of tanh, taken apart."""
        parts = [as_expression(np.asarray(self.outputs[n])[place]) for n, place in component]
        return taken_apart([e.replace(sympy.tanh, _tanh_by_sigma) for e in parts], self.weights)


def _tanh_by_sigma(z: sympy.Expr) -> sympy.Expr:
    return 2 * sigma(sympy.expand_mul(2 * z)) - 1


def _number(step: Step, leaf: Tensor) -> Any:
    """What stands in the program by itself, exactly."""
    if leaf.requires_grad:
        raise UsageError(
            f"{step.title} uses {leaf.label}, which is neither among its data nor among its weights: hand it over with "
            f"them{here()}"
        )
    return exact(leaf._value)


# -- looking for a map -------------------------------------------------------------------------------

Match = list[tuple[Form, Form, int]]
Line = tuple[sympy.Expr, sympy.Expr]


def _compared(a: Formula, b: Formula, component: Component, known: list[Line]) -> Equivalence:
    """One component; what is found is added to the map that is `known`, with which it must agree."""
    parting = _where_sums_part(a, b)
    if parting:
        return Equivalence("", "", "refuted", reason=f"{parting} (component {_called(component)})")
    trial = _Trial(a, b)
    nearest, worst, clashing = None, np.inf, False
    for count, match in enumerate(_ways(a, b)):
        if count >= MOST_WAYS:
            return Equivalence("", "", "undecided", reason=f"there are more than {MOST_WAYS:,} orders and signs to try")
        off = trial.difference(match)
        lines = _lines(match)
        if off < CLOSE and not _agree(lines, known):
            clashing = True
        elif off < CLOSE:
            known += [line for line in dict.fromkeys(lines) if line not in known]
            return _proven(a, b, match)
        if off < worst:
            nearest, worst = match, off
    if clashing:
        reason = f"component {_called(component)} is the same only under another map than the components before it"
        return Equivalence("", "", "undecided", reason=reason)
    assert nearest is not None  # the sums have matched, so that there was a way
    return Equivalence("", "", "refuted", reason=trial.words(nearest), counterexample=trial.numbers(nearest))


def _where_sums_part(a: Formula, b: Formula) -> str:
    """In words, which sum of weights one side has and the other has not."""
    signs = [[form.signature for form in side.sums] for side in (a, b)]
    only = [
        [str(form) for form in side.sums if signs[n].count(form.signature) > signs[1 - n].count(form.signature)]
        for n, side in enumerate((a, b))
    ]
    if not any(only):
        return ""
    said = ["; ".join(dict.fromkeys(side)) or "no such sum" for side in only]
    gates = [_what_gates_multiply(side) for side in (a, b)]
    parted = f"; gates multiply {gates[0]} in the first, {gates[1]} in the second" if gates[0] != gates[1] else ""
    return f"weights meet {said[0]} in the first, {said[1]} in the second{parted}"


def _what_gates_multiply(side: Formula) -> str:
    """Whether gates stand before what weights meet, as in W (Γ ∘ a), or behind, as in Γ ∘ (W a + b)."""
    met = [len(form.signature) for form in side.sums if form.gated]
    if not met:
        return "nothing"
    return "the data before its weights" if max(met) == 1 else "the weighted sum"


def _ways(a: Formula, b: Formula) -> Iterator[Match]:
    """All orders and signs in which the sums of one side can be those of the other."""
    groups = [[f for f in a.sums if f.signature == s] for s in dict.fromkeys(f.signature for f in a.sums)]
    others = [[f for f in b.sums if f.signature == group[0].signature] for group in groups]
    for order in product(*(permutations(group) for group in others)):
        pairs = [pair for group, chosen in zip(groups, order, strict=True) for pair in zip(group, chosen, strict=True)]
        for signs in product((1, -1), repeat=len(pairs)):
            yield [(x, y, sign) for (x, y), sign in zip(pairs, signs, strict=True)]


def _zero(expression: sympy.Expr) -> bool:
    try:
        return _is_zero(expression)
    except OutOfWorkError:
        return False


def _is_zero(expression: sympy.Expr) -> bool:
    """Whether it is zero: below, at and above each kink, where it has any."""
    choices = expression.atoms(sympy.Piecewise, sympy.Max, sympy.Min, sympy.Abs, sympy.sign)
    kinks = sorted({s for choice in choices for s in choice.atoms(sympy.Dummy)}, key=str)
    if is_zero(expression, Work(WORK)):
        return True
    if not 0 < len(kinks) <= MOST_KINKS:
        return False
    ways = [(-sympy.Dummy(f"n{k}", positive=True), sympy.Integer(0), sympy.Dummy(f"p{k}", positive=True))
            for k in range(len(kinks))]  # fmt: skip
    cases = (expression.subs(dict(zip(kinks, way, strict=True)), simultaneous=True) for way in product(*ways))
    return all(is_zero(case, Work(WORK)) for case in cases)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    sympy.Add: lambda *terms: math.fsum(terms), sympy.Mul: lambda *factors: math.prod(factors), sympy.Pow: pow,
    sympy.exp: math.exp, sympy.log: math.log, sympy.tanh: math.tanh, sympy.Abs: abs, sympy.Max: max, sympy.Min: min,
    sigma: lambda z: 1 / (1 + math.exp(-z)), sympy.sign: lambda z: float(np.sign(z)),
    sympy.Gt: operator.gt, sympy.Ge: operator.ge, sympy.Lt: operator.lt, sympy.Le: operator.le,
    sympy.Eq: operator.eq, sympy.Ne: operator.ne, sympy.And: lambda *held: all(held),
    sympy.Or: lambda *held: any(held), sympy.Not: operator.not_, ExprCondPair: lambda value, holds: (value, holds),
    sympy.Piecewise: lambda *pieces: next(value for value, holds in pieces if holds),
}  # fmt: skip


def _evaluated(e: Any) -> Callable[[Mapping[sympy.Symbol, float]], Any]:
    """A function of the values of an expression's symbols; no text is made of it that would be run."""
    if isinstance(e, sympy.Symbol):
        return lambda at: at[e]
    if e in (True, False):
        return lambda at: bool(e)
    if not e.args:
        number = float(e)
        return lambda at: number
    parts = [_evaluated(part) for part in e.args]
    function = FUNCTIONS.get(e.func) or (lambda *values: float(e.func(*values)))
    return lambda at: function(*(part(at) for part in parts))


class _Trial:
    """Both formulas on numbers."""

    def __init__(self, a: Formula, b: Formula) -> None:
        self.a, self.b = a, b
        data = {s for side in (a, b) for e in side.outputs for s in e.free_symbols if not isinstance(s, sympy.Dummy)}
        self.data = sorted(data, key=str)
        self.of = [[_evaluated(e) for e in side.outputs] for side in (a, b)]
        rng = np.random.default_rng(5)
        sizes = len(self.data), len(a.sums)
        self.points = [tuple(rng.standard_normal(n) * scale for n in sizes) for scale in SCALES]

    def results(self, match: Match, point: int) -> tuple[list[float], list[float]]:
        data, sums = self.points[point]
        given = dict(zip(self.data, map(float, data), strict=True))
        at = given | {x.symbol: float(value) for (x, _, _), value in zip(match, sums, strict=True)}
        there = given | {y.symbol: sign * at[x.symbol] for x, y, sign in match}
        return [value(at) for value in self.of[0]], [value(there) for value in self.of[1]]

    def difference(self, match: Match) -> float:
        worst = 0.0
        for point in range(len(self.points)):
            worst = max([worst, *(abs(x - y) for x, y in zip(*self.results(match, point), strict=True))])
            if worst > CLOSE:
                break
        return worst

    def numbers(self, match: Match) -> dict[str, float]:
        apart = [max(abs(x - y) for x, y in zip(*self.results(match, p), strict=True)) for p in range(len(SCALES))]
        point = int(np.argmax(apart))
        data, sums = self.points[point]
        said = {str(symbol): float(v) for symbol, v in zip(self.data, data, strict=True)}
        said |= {str(x.symbol).lstrip("_"): float(v) for (x, _, _), v in zip(match, sums, strict=True)}
        for n, (ours, theirs) in enumerate(zip(*self.results(match, point), strict=True), start=1):
            said |= {f"output {n} of the first": float(ours), f"output {n} of the second": float(theirs)}
        return said

    def words(self, match: Match) -> str:
        names = {y.symbol: sign * x.symbol for x, y, sign in match}
        for ours, theirs in zip(self.a.outputs, self.b.outputs, strict=True):
            placed = theirs.subs(names, simultaneous=True)
            if not _zero(ours - placed):
                said = [str(_readable(e)).replace("_z", "z") for e in (ours, placed)]
                return (
                    f"the same sums of weights z are put together otherwise: {said[0]} in the first, {said[1]} in "
                    "the second"
                )
        return "the same sums of weights are put together otherwise"


def _readable(e: sympy.Expr) -> sympy.Expr:
    """With 0.01 in place of the fraction that a float is exactly."""
    return e.replace(lambda x: x.is_Rational and x.q > LONGEST, lambda x: sympy.Float(float(x), 6))


def _proven(a: Formula, b: Formula, match: Match) -> Equivalence:
    names = {y.symbol: sign * x.symbol for x, y, sign in match}
    try:
        same = all(_is_zero(x - y.subs(names, simultaneous=True)) for x, y in zip(a.outputs, b.outputs, strict=True))
    except OutOfWorkError as error:
        return Equivalence("", "", "undecided", reason=f"equal on numbers; {error}")
    if not same:
        return Equivalence("", "", "undecided", reason="equal on numbers, and not shown by exact algebra")
    return Equivalence("", "", "proven")


def _agree(lines: Sequence[Line], known: Sequence[Line]) -> bool:
    """Whether what other components have said of a weight is said here, too."""
    said: dict[sympy.Expr, list[sympy.Expr]] = {}
    for x, y in known:
        said.setdefault(x, []).append(y)
    return all(x not in said or y in said[x] for x, y in lines)


def _lines(match: Match) -> list[Line]:
    """The map, weight by weight."""
    lines: list[Line] = []
    for x, y, sign in match:
        for met, ours in x.weights.items():
            theirs = sign * y.weights[met] + (sign * y.constant - x.constant if met == 1 else 0)
            turn = -1 if ours.could_extract_minus_sign() else 1
            common = sympy.gcd(ours.as_content_primitive()[0], sympy.expand(theirs).as_content_primitive()[0])
            lines.append((turn * ours / common, sympy.expand(turn * theirs / common)))
    return lines


def _one_to_one(lines: Sequence[Line]) -> bool:
    """Whether every weight of either side stands in one line only, so that any weights of one are some of the other."""
    for side in (0, 1):
        symbols = [s for line in lines for s in line[side].free_symbols]
        if len(symbols) != len(set(symbols)):
            return False
    return True
