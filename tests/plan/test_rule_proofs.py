"""Every rule of the plans is an equality: proven for all sizes and numbers of steps, wherever it is applied.

What a rule makes must follow from the definitions of the values around it, by an algebra of its own
(`index_algebra`), which knows nothing of the rules. So the values that were there satisfy the equations of the new
network, and as those are computed in order, they have no other solution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import sympy
from plan.index_algebra import proven

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, name, steps
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.operations import lookups
from autograd_seq.plan.rewrites.proofs import PROVEN, status
from autograd_seq.plan.rewrites.rule import Rule
from autograd_seq.plan.rewrites.sequence import EVERY, rewrite
from autograd_seq.plan.translate import Translation
from autograd_seq.plan.value import (
    AFFINE,
    COLUMNS,
    CONCAT,
    LITERAL,
    MATMUL,
    ONES,
    OUTER_OVER_TIME,
    PRODUCT,
    ROWS,
    SCALES,
    SUM,
    TRANSPOSE,
    Network,
    Use,
    Value,
)  # fmt: skip
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout


def cell(made: Any, n: int = 3, T: int = 4) -> Recording:
    """Sequences through a cell, a softmax and a cross-entropy."""
    rng = np.random.default_rng(4)
    run = Readout(n, 4, seed=1)(made.unroll(rng.standard_normal((3, 2, T))))
    y = rng.random((4, 2))
    return differentiate(ag.accumulate([ag.sum(ag.categorical_cross_entropy(p, y)) for p in run.outputs]))


def own(loss: Callable[[Any, dict[str, Parameter]], Any], T: int = 4) -> Recording:
    rng = np.random.default_rng(1)
    shapes = {"W": (4, 4), "U": (4, 3), "b": (4, 1), "V": (4, 7)}
    P = {key: Parameter(0.5 * rng.standard_normal(shape), key) for key, shape in shapes.items()}
    return differentiate(loss(Tensor(rng.standard_normal((3, 2, T)), "x"), P))


def the_same_at_every_step(x: Any, P: dict[str, Parameter]) -> Any:
    return ag.accumulate([ag.sum(P["b"] * P["b"].T.T) for _ in steps(4)])


def odds_and_ends(x: Any, P: dict[str, Parameter]) -> Any:
    """A column a step, a mean, a sum of probabilities, an activation in parts, a loss of labels."""
    a, total = Tensor(np.zeros((4, 1))), Tensor(0.0)
    y = np.array([[1.0], [0.0], [0.5], [0.25]])
    for t in steps(4):
        z = P["W"] @ a + P["U"] @ x[:, :1, t] + P["b"]
        p = ag.softmax(z, axis=0)
        a = name(ag.sigmoid(z) * (1.0 - p) - a, "a")
        total = total + ag.sum(ag.binary_cross_entropy(ag.sigmoid(a), y)) + ag.mean(ag.logsumexp(a, axis=0))
        total = total + ag.sum((p / 3.0 + a) * p)
    return total


def twice_the_input(x: Any, P: dict[str, Parameter]) -> Any:
    """What is stacked three times, and turned twice."""
    a = Tensor(np.zeros((4, 2)))
    for t in steps(4):
        both = ag.concatenate([a, x[:, :, t]])
        a = name(ag.tanh(P["V"] @ both + (P["W"].T.T @ both[:4]) + P["b"]) * ag.sigmoid(P["V"] @ both), "a")
    return ag.sum(a * a)


def rows_looked_up(x: Any, P: dict[str, Parameter]) -> Any:
    """An embedding's rows, of two examples a step."""
    a, ids, total = Tensor(np.zeros((2, 4))), Tensor(np.array([[0, 3, 3, 1], [2, 1, 0, 0]]), "ids"), Tensor(0.0)
    for t in steps(4):
        e = lookups.look_up([P["W"], ids[:, t]], at=("given", slice(None)))
        a = name(ag.tanh(a @ P["V"][:, :4] + e), "a")
        total = total + ag.sum(a * a)
    return total


SAMPLES: dict[str, Callable[[], Recording]] = {
    "rnn": lambda: cell(RNN(3, 3, seed=0)),
    "gru": lambda: cell(GRU(3, 3, seed=0)),
    "lstm": lambda: cell(LSTM(3, 3, seed=0)),
    "gru, other sizes": lambda: cell(GRU(3, 5, seed=0), n=5, T=3),
    "gru, reset after": lambda: cell(GRU(3, 3, reset_after=True, seed=0)),
    "lstm, peepholes": lambda: cell(LSTM(3, 3, peephole="diagonal", seed=0)),
    "lstm, full peepholes": lambda: cell(LSTM(3, 3, peephole="full", seed=0)),
    "two layers": lambda: cell(Deep([LSTM(3, 3, seed=0), RNN(3, 3, seed=1)])),
    "both directions": lambda: cell(Bidirectional(GRU(3, 3, seed=0), RNN(3, 3, seed=1)), n=6),
    "the same at every step": lambda: own(the_same_at_every_step),
    "odds and ends": lambda: own(odds_and_ends),
    "twice the input": lambda: own(twice_the_input),
    "rows that are looked up": lambda: own(rows_looked_up),
}


MAKE_NOTHING = {"constant_over_time", "computed_already", "single_term", "turned_twice"}  # what was there already
Judge = Callable[[Rule, Mapping[Value, Value], Network], None]


def watch(judge: Judge, samples: dict[str, Callable[[], Recording]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Show a judge what each rule makes of what, in which network, while plans are made."""
    plain = Rule.at

    def watched(one: Rule, value: Value, around: Any) -> Any:
        made, note = plain(one, value, around)
        if made:
            judge(one, made, around.network)
        return made, note

    monkeypatch.setattr(Rule, "at", watched)
    for make in samples.values():
        recording = make()
        for fused in (False, True):
            rewrite(Translation(recording).network, fused)


def test_every_rule_is_proven_wherever_it_is_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    used: Counter[str] = Counter()

    def judge(one: Rule, made: Mapping[Value, Value], network: Network) -> None:
        for old, new in made.items():
            assert proven(old, new, network), f"{one.law}: {old} is not {new}"
            used[one.name] += 1

    watch(judge, SAMPLES, monkeypatch)
    assert set(used) == PROVEN, "every rule that is called proven must be seen here, and no other"
    assert sum(used.values()) > 1500


def test_what_is_not_proven_is_what_users_declare() -> None:
    checked = [one.name for one in EVERY if status(one) == "checked"]
    assert checked == ["own_longhand_along_axes", "own_longhand_in_loops"]
    assert {one.name for one in EVERY} >= PROVEN


def test_the_law_of_the_logistic_function() -> None:
    """The only law of functions that is not one of exp and log."""
    z = sympy.Symbol("z", real=True)
    difference = 1 / (1 + sympy.exp(-z)) - (sympy.Rational(1, 2) + sympy.tanh(z / 2) / 2)
    assert sympy.simplify(difference.rewrite(sympy.exp)) == 0


def test_explain_ends_with_what_is_proven() -> None:
    lines = ag.compile(SAMPLES["lstm"]()).explain().splitlines()
    start = lines.index("equalities used that are proven, for all sizes and numbers of steps: 22")
    assert any("σ(z) = ½ + ½ tanh(½ z) (3×)" in line for line in lines[start:])
    assert not any("that are checked" in line for line in lines)


def test_the_longhand_of_an_operation_of_ones_own_is_checked() -> None:
    @ag.operation(
        vjp=[lambda g, y, x, axis: g * y], meaning=lambda algebra, x, axis: x, along=True,
        longhand=[lambda x, axis: ag.exp(x)], source="np.exp({0})",
    )  # fmt: skip
    def odd_exp(x: Any, /, axis: int = 0) -> Any:
        """exp x."""
        return np.exp(x)

    W = Parameter([[0.5], [1.0]], "W")
    explained = ag.compile(ag.sum(odd_exp(W, axis=0))).explain()
    assert "checked, by what the program gives: 1\n  f(x) along an axis = the longhand that your operation" in explained


# -- mutants: what a wrong rule would make -----------------------------------------------------------


def rebuilt(value: Value, part: Value, other: Value, old: set[Value]) -> Value:
    """A new value with one of those that it is made of exchanged."""
    if value is part or value in old:
        return other if value is part else value
    uses = [Use(rebuilt(use.value, part, other, old), use.shift, use.at) for use in value.uses]
    return value.like(value.kind, uses, settings=value.settings, beyond=value.beyond)


def new_parts(made: Iterable[Value], old: set[Value]) -> list[Value]:
    found: dict[Value, None] = {}
    stack = list(made)
    while stack:
        one = stack.pop()
        if one not in old and one not in found:
            found[one] = None
            stack += [use.value for use in one.uses]
    return list(found)


def negative(use: Use) -> Use:
    x = use.value
    return use.of(x.like(PRODUCT, [Use(x.like(LITERAL, [], shape=(), times=None, settings={"number": -1.0})), Use(x)]))


def mistakes(value: Value) -> Iterator[tuple[str, Value]]:
    """One thing in a value done wrongly: a sign, a step, an operand, an order, a place, a number."""
    uses, settings = list(value.uses), value.settings

    def made(uses: list[Use], settings: dict[str, Any] = settings) -> Value:
        return value.like(value.kind, uses, settings=settings, beyond=value.beyond)

    for i, use in enumerate(uses):
        rest = uses[:i], uses[i + 1 :]
        yield "sign", made([*rest[0], negative(use), *rest[1]])
        if use.value.timed and use.at is None:
            yield "step", made([*rest[0], Use(use.value, use.shift + 1), *rest[1]])
            yield "step", made([*rest[0], Use(use.value, use.shift - 1), *rest[1]])
        if value.kind in (SUM, PRODUCT) and len(uses) > 1:
            yield "dropped", made([*rest[0], *rest[1]])
        shape = use.value.shape
        if len(shape) == 2 and shape[0] == shape[1] > 1:
            yield "transposed", made([*rest[0], use.of(use.value.like(TRANSPOSE, [Use(use.value)])), *rest[1]])
        for j in range(i) if value.kind in (CONCAT, MATMUL, OUTER_OVER_TIME) else ():
            if uses[j].value.shape == shape:
                swapped = [*uses]
                swapped[i], swapped[j] = swapped[j], swapped[i]
                yield "order", made(swapped)
    if value.kind in (ROWS, COLUMNS):
        (key, (low, high)) = next((k, v) for k, v in settings.items() if k in ("rows", "columns"))
        extent = uses[0].value.shape[value.kind is COLUMNS]
        for shift in (-1, 1):
            if low + shift >= 0 and high + shift <= extent:
                yield "place", made(uses, {**settings, key: (low + shift, high + shift)})
    if value.kind is SCALES:
        yield "number", made(uses, {**settings, "numbers": [2 * number for number in settings["numbers"]]})
    if value.kind is LITERAL:
        yield "number", made(uses, {"number": settings["number"] + 1})
    if value.kind is AFFINE:
        yield "function", value.like(SUM, uses, beyond=value.beyond)
    if value.kind is ag.tanh:
        yield "function", value.like(ag.sin, uses, beyond=value.beyond)
    if value.kind is ONES:
        yield "number", value.like(LITERAL, [], settings={"number": 2.0})


FEW = {key: SAMPLES[key] for key in ("lstm", "gru, reset after", "lstm, peepholes", "two layers", "odds and ends",
                                     "the same at every step", "twice the input",
                                     "rows that are looked up")}  # fmt: skip


def test_what_a_wrong_rule_makes_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each rule, and of each kind of mistake in it, a few."""
    caught: Counter[tuple[str, str]] = Counter()
    missed: list[str] = []

    def judge(one: Rule, made: Mapping[Value, Value], network: Network) -> None:
        values = set(network.values)
        depth = None
        for part in new_parts(made.values(), values):
            for kind, wrong in mistakes(part):
                if caught[one.name, kind] >= 2 or does_not_matter(part, one):
                    continue
                depth = depth or max(proven(old, new, network) for old, new in made.items())
                if all(proven(old, rebuilt(new, part, wrong, values), network, depth + 1) for old, new in made.items()):
                    missed.append(f"{one.name}, {kind} of {part} in {made}")
                caught[one.name, kind] += 1

    watch(judge, FEW, monkeypatch)
    assert not missed
    assert sum(caught.values()) >= 100, caught
    rules = {name for name, _ in caught}
    assert PROVEN - rules == {"computed_already", "turned_twice"}  # these make nothing
    kinds = {"sign", "step", "dropped", "transposed", "order", "place", "number", "function"}
    assert {kind for _, kind in caught} == kinds


def does_not_matter(value: Value, one: Rule) -> bool:
    """Parts of the greatest entry, which is taken from all of a softmax, as any other number could be."""
    if one.name == "longhand_along_axes" and value.kind is LITERAL:
        return True  # what stands for it where it is infinite
    return getattr(value.kind, "reduces", None) is np.maximum or value.kind in (ag.where, ag.isfinite)


def test_what_is_said_to_be_there_already_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that make nothing new: another value of the same shape and steps is not taken for it."""
    seen: Counter[str] = Counter()

    def judge(one: Rule, made: Mapping[Value, Value], network: Network) -> None:
        if one.name not in MAKE_NOTHING or seen[one.name] > 9:
            return
        old, new = next(iter(made.items()))
        for other in network.values:
            alike = (other.shape, other.times, other.dtype) == (new.shape, new.times, new.dtype)
            if alike and other is not new and other is not old and other.kind is not new.kind and other.uses:
                if proven(old, other, network, 3):
                    assert proven(new, other, network), f"{one.name}: {old} is not {other}"
                else:
                    seen[one.name] += 1

    watch(judge, {"lstm": SAMPLES["lstm"], "twice the input": SAMPLES["twice the input"]}, monkeypatch)
    assert sum(seen.values()) > 20
