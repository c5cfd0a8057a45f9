"""prove(): statuses, links, localisation, and that no more is claimed than was done."""

import json
import math

import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from operations.cases import CASES

import autograd_seq.core.recording as sweep
import autograd_seq.operations as ops
from autograd_seq import (
    GradientError,
    Parameter,
    Tensor,
    UsageError,
    differentiate,
    each,
    gradcheck,
    name,
    operation,
    prove,
    relu,
    scope,
    sigmoid,
    steps,
    stop_gradient,
    tanh,
    where,
)
from autograd_seq.check import closed_form
from autograd_seq.check.application import Use
from autograd_seq.check.identity import is_zero
from autograd_seq.check.linearity import not_linear
from autograd_seq.check.pattern import smaller
from autograd_seq.readings.symbols import sigma
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout


def network(cell, n_x=3, width=2, T=3, m=2, seed=0):
    rng = np.random.default_rng(seed)
    run = Readout(width, 3, seed=1)(cell.unroll(rng.standard_normal((n_x, m, T))))
    targets = [np.eye(3)[:, rng.integers(3, size=m)] for _ in range(T)]
    return run.measure(targets, ops.categorical_cross_entropy)


CELLS = {
    "RNN": lambda: RNN(3, 2, seed=0),
    "GRU": lambda: GRU(3, 2, seed=0),
    "GRU reset after": lambda: GRU(3, 2, reset_after=True, seed=0),
    "LSTM": lambda: LSTM(3, 2, seed=0),
    "LSTM diagonal peepholes": lambda: LSTM(3, 2, peephole="diagonal", seed=0),
    "LSTM full peepholes": lambda: LSTM(3, 2, peephole="full", seed=0),
    "deep": lambda: Deep([GRU(3, 2, seed=0), LSTM(2, 2, seed=1)]),
}


@pytest.mark.parametrize("cell", CELLS)
def test_every_parameter_of_every_cell_is_proven(cell):
    proof = prove(network(CELLS[cell]()))
    assert proof.ok and not proof.failures
    for claim in proof.claims.values():
        assert claim.status == "proven"
        assert claim.links == {"rule": "proven", "meaning": "checked", "bookkeeping": "proven"}
    assert proof.digits > 12 and proof.sweep_digits > 12


def test_a_bidirectional_network():
    proof = prove(network(Bidirectional(LSTM(3, 2, seed=0), LSTM(3, 2, seed=1)), width=4))
    assert {c.status for c in proof.claims.values()} == {"proven"}


def test_a_proof_of_a_long_sequence_is_one_of_few_signatures():
    short, long = (prove(network(LSTM(3, 2, seed=0), T=T)) for T in (4, 30))
    assert long.ok and long.uses > 6 * short.uses
    assert long.signatures <= short.signatures + 2


# -- every operation ------------------------------------------------------------------------


@pytest.mark.parametrize("each", [o for o in CASES if o.differentiable], ids=lambda o: o.name)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_operation_is_refuted_and_most_are_proven(each):
    @settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(CASES[each])
    def run(case):
        inputs = [Tensor(a, requires_grad=a.dtype.kind == "f") for a in case.arrays]
        y = case.call(*inputs)
        if y.requires_grad:
            proof = prove(y)
            assert proof.ok or not all(claim.finite for claim in proof.claims.values()), str(proof)
            for claim in proof.claims.values():
                assert claim.status not in ("refuted", "undecided"), str(proof)
                assert claim.status == "proven" or claim.notes, str(proof)

    run()


# -- localisation ---------------------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch):
    def plant(which, position, rule):
        rules = list(which.vjp)
        rules[position] = rule
        monkeypatch.setattr(which, "vjp", rules)

    return plant


def test_a_wrong_rule_is_named_with_its_place_and_both_expressions(broken):
    W, x, a = Parameter([[0.5, -0.2], [0.1, 0.3]], "Waa"), Tensor([[1.0], [2.0]], "x"), Tensor([[0.1], [0.2]], "a")
    for _ in steps(3):
        with scope(layer=2):
            z = name(W @ a + x, "z")
            a = name(tanh(z), "a")
    broken(ops.tanh, 0, lambda g, y, x: g * (1 - y))
    proof = prove(a.sum())
    assert not proof.ok and proof["Waa"].status == "refuted"
    assert proof["Waa"].links == {"rule": "refuted", "meaning": "checked", "bookkeeping": "proven"}
    (failure,) = proof.failures
    assert (failure.link, failure.operation, failure.name) == ("rule", "tanh", "a[2]<1>")
    assert (failure.time, failure.layer, failure.input, failure.element) == (1, 2, 0, (0, 0))
    assert failure.shared == 2
    assert failure.index == a.graph.positions[a.graph.find("a", time=1, layer=2)]
    assert "test_proof.py" in failure.source and 'name(tanh(z), "a")' in failure.source
    g, y = sympy.Symbol("da_11^[2]<1>", real=True), sympy.tanh(sympy.Symbol("z_11^[2]<1>", real=True))
    assert sympy.expand(failure.expected - g * (1 - y**2)) == 0
    assert sympy.expand(failure.found - g * (1 - y)) == 0
    assert failure.difference == sympy.factor(g * (1 - y) - g * (1 - y**2))
    assert failure.numbers[0] != pytest.approx(failure.numbers[1])
    for words in ("record %", "operation tanh", "time 1", "layer 2", "expected", "found", "difference", "2 more"):
        assert words in str(proof)


def test_only_the_parameters_behind_a_wrong_rule_are_refuted(broken):
    output = network(LSTM(3, 2, seed=0))
    broken(ops.sigmoid, 0, lambda g, y, x: g * y)
    proof = prove(output)
    refuted = {n for n, c in proof.claims.items() if c.status == "refuted"}
    assert {"Wf", "bf", "Wo", "bo"} <= refuted
    assert proof["Wya"].status == proof["by"].status == "proven"


def test_a_rule_of_the_wrong_shape_and_one_that_fails(broken):
    W = Parameter(np.ones((2, 3)), "W")
    y = (W @ Tensor(np.ones((3, 2)))).sum()
    broken(ops.matmul, 0, lambda g, y, a, b: g)
    (failure,) = prove(y).failures
    assert failure.operation == "matmul" and "shape (2, 2)" in failure.message
    broken(ops.matmul, 0, lambda g, y, a, b: b @ g.nothing)
    (failure,) = prove(y).failures
    assert "AttributeError" in failure.message


def test_a_rule_that_is_missing(broken):
    a, b = Parameter([1.0, 2.0], "a"), Parameter([3.0, 4.0], "b")
    y = a * b
    broken(ops.multiply, 1, None)
    proof = prove(y.sum())
    assert proof["a"].status == "proven" and proof["b"].status == "refuted"
    assert "passes no derivative" in str(proof)


def test_a_meaning_with_other_values_is_refuted():
    @operation(vjp=[lambda g, y, x: 2 * (g * x)], meaning=lambda algebra, x: x * x)
    def cube(x, /):
        return x**3

    proof = prove(cube(Parameter([1.5, 2.0], "x")).sum())
    assert proof["x"].status == "refuted"
    assert proof["x"].links["rule"] == "proven" and proof["x"].links["meaning"] == "refuted"
    assert [f.link for f in proof.failures] == ["meaning"]


def op(value, meaning, rule):
    """An operation of one array."""

    @operation(vjp=[rule], meaning=meaning)
    def made(x, /):
        return value(x)

    return made


HALF_SQUARE = (lambda x: x * x / 2, lambda algebra, x: x * x / 2, lambda g, y, x: g * x)

DISAGREEING = {
    "at zeros": (
        lambda x: np.tanh(2 * x), lambda algebra, x: each(algebra.tanh, x), lambda g, y, x: g * (1 - y * y), [0.0, 0.0]
    ),
    "at zeros and ones": (lambda x: x * x, lambda algebra, x: x, lambda g, y, x: g, [0.0, 1.0, 1.0]),
    "at whole numbers": (
        lambda x: x + np.sin(np.pi * x) / 9, lambda algebra, x: x, lambda g, y, x: g, [-2.0, 1.0, 5.0]
    ),
    "linearised at the recorded point": (
        np.exp, lambda algebra, x: 1 + x + x * x * 0, lambda g, y, x: g * (1 + 0 * x), [0.0, 0.0]
    ),
    "linearised elsewhere": (lambda x: x * x, lambda algebra, x: 6 * x - 9, lambda g, y, x: 6 * g, [3.0, 3.0]),
    "but below 0": (
        lambda x: np.where(x < 0, x**3, x * x / 2), HALF_SQUARE[1], HALF_SQUARE[2], [0.5, 1.5]
    ),
    "but of two examples": (
        lambda x: x * x / 2 if x.shape[-1] == 1 else x * x, HALF_SQUARE[1], HALF_SQUARE[2], [[0.5], [1.5]]
    ),
    "to nine digits": (lambda x: x * x / 2 * (1 + 1e-9), HALF_SQUARE[1], HALF_SQUARE[2], [0.5, 1.5]),
    "to nine digits, below 0": (
        lambda x: x * x / 2 * np.where(x < 0, 1 + 1e-9, 1), HALF_SQUARE[1], HALF_SQUARE[2], [0.5, 1.5]
    ),
    "at one-hot targets": (
        lambda x: np.sum(x * x * (1 + 0 * x)), lambda algebra, x: np.sum(x), lambda g, y, x: g * (1 + 0 * x),
        [[1.0, 0.0], [0.0, 1.0]],
    ),
    "of probabilities": (
        lambda x: np.log(x) + x * (1 - x), lambda algebra, x: each(algebra.log, x), lambda g, y, x: g / x, [1.0, 1.0]
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DISAGREEING)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_meaning_that_agrees_with_its_value_by_chance_is_refuted(case):
    value, meaning, rule, numbers = DISAGREEING[case]
    x = Parameter(numbers, "x")
    y = op(value, meaning, rule)(x).record
    proof = prove(tanh(y).sum())
    assert not proof.ok and proof["x"].status == "refuted" and proof["x"].links["meaning"] == "refuted"
    assert [(f.link, f.record) for f in proof.failures] == [("meaning", y)]


def test_a_meaning_that_agrees_everywhere_says_at_how_many_points():
    y = op(*HALF_SQUARE)(Parameter([0.0, 1.0], "x"))
    proof = prove(y.sum())
    assert proof["x"].status == "proven" and proof.points > 5
    assert f"at {proof.points} points in general position" in str(proof)
    assert json.loads(proof.to_json())["points_in_general_position"] == proof.points


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_operation_that_is_defined_at_the_recorded_numbers_alone_is_no_more_than_checked():
    circle = op(
        lambda x: np.sqrt(1 - (x - 1e6) ** 2),
        lambda algebra, x: each(algebra.sqrt, 1 - (x - 10**6) ** 2),
        lambda g, y, x: -g * (x - 10**6) / y,
    )
    proof = prove(circle(Parameter([1e6 + 0.5, 1e6 - 0.25], "x")).sum())
    assert proof.ok and proof["x"].status == "checked" and "recorded numbers only" in str(proof)


BENT = {
    "clips": lambda g, y, x: ops.clip(g, -1.0, 1.0) * x,
    "takes the absolute value": lambda g, y, x: where(g > 0, g, -g) * x,
    "squares": lambda g, y, x: g * g * x,
    "adds": lambda g, y, x: (g + 1e-3) * x,
    "forgets small ones": lambda g, y, x: where(ops.abs(g) > 1e-8, g, 0.0) * x,
    "decides in Python": lambda g, y, x: g * x if float(np.min(getattr(g, "value", g))) > 0 else g,
    "decides in Python on its size": lambda g, y, x: g * x if float(np.max(getattr(g, "value", g))) < 1e3 else g,
}


@pytest.mark.parametrize("case", BENT)
@pytest.mark.parametrize("factor", [1.0, -1.0, 0.3, 2000.0])
def test_a_rule_that_is_not_linear_in_its_adjoint_is_named(case, factor):
    x = Parameter([[0.5], [1.5]], "x")
    y = op(HALF_SQUARE[0], HALF_SQUARE[1], BENT[case])(tanh(x)).record
    proof = prove((y * factor).sum())
    assert not proof.ok and {(f.link, f.record) for f in proof.failures} == {("rule", y)}, str(proof)


@pytest.mark.parametrize("dtype", [np.float64, np.longdouble])
@pytest.mark.parametrize("logits", [[-12.687, 22.452, -19.376], [12.327, -20.719, -41.312], [0.0, 40.0, -700.0]])
def test_a_linear_rule_of_which_rounding_alone_is_left_is_right(logits, dtype, monkeypatch):
    z = Parameter(np.array(logits, dtype)[:, None], "z")
    y = ops.softmax(z)
    assert prove(y.sum()).ok and prove((y * np.array([[1.0], [2.0], [3.0]])).sum()).ok
    right = ops.softmax.vjp[0]
    monkeypatch.setattr(ops.softmax, "vjp", [lambda g, y, x, axis: right(ops.clip(g, -1, 1), y, x, axis)])
    assert prove(y.sum()).failures and not_linear(Use.of(y.record, np.ones((3, 1))).apply(0))


def test_a_linear_rule_with_a_short_way_for_zeros_is_proven():
    short = op(*HALF_SQUARE[:2], lambda g, y, x: g * x if np.any(getattr(g, "value", g)) else g * 0.0)
    x = Parameter([0.5, 1.5], "x")
    for factor in (1.0, 0.0):
        proof = prove((short(x) * Tensor([factor, factor]) + x).sum())
        assert proof.ok and proof["x"].status == "proven", str(proof)


@pytest.mark.parametrize(
    "rule",
    [
        lambda g, y, x: g * stop_gradient(x),
        lambda g, y, x: stop_gradient(g) * x,
        lambda g, y, x: g * x + (ops.sin(x) - stop_gradient(ops.sin(x))),
        lambda g, y, x: g * ops.sqrt(stop_gradient(2 * y)) * ops.sign(x),
    ],
)
def test_a_rule_whose_own_derivative_is_wrong_is_named(rule):
    x = Parameter([0.5, 1.5], "x")
    y = op(HALF_SQUARE[0], HALF_SQUARE[1], rule)(x).record
    proof = prove((y * y).sum())
    assert {f.record for f in proof.failures} == {y} and "second derivative" in str(proof)
    # and in a graph of second derivatives
    first = differentiate((y * x).sum())
    assert {f.record for f in prove((first.adjoint(x) ** 2).sum(), x).failures} == {y}


def test_what_a_rule_only_decides_on_may_be_cut():
    rule = lambda g, y, x: where(stop_gradient(x) > 0, g, -g)  # noqa: E731
    size = op(np.abs, lambda algebra, x: each(algebra.abs, x), rule)
    assert prove(size(Parameter([0.5, -1.5], "x")).sum())["x"].status == "proven"


@pytest.mark.parametrize("low", ["float16", "float32"])
def test_a_rule_that_answers_in_fewer_digits_is_refuted(low):
    for rule in (
        lambda g, y, x: (g * x).astype(low),
        lambda g, y, x: g.astype(low) * x,
        lambda g, y, x: (g * x).astype(low).astype("float64"),
    ):
        y = op(HALF_SQUARE[0], HALF_SQUARE[1], rule)(Parameter([0.5, 1.5], "x")).record
        proof = prove(y.sum())
        assert {f.record for f in proof.failures} == {y} and f"rounds to {low}" in str(proof)
    # where the numbers have no more digits, that is right
    x = Parameter(np.array([0.3, 1.7]), "x")
    assert prove((x.astype(low).astype("float64") ** 2).sum())["x"].status == "proven"
    assert prove((Parameter(np.array([0.3, 1.7], low), "x") ** 2).sum())["x"].status == "proven"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble"])
def test_cells_are_proven_in_every_dtype(dtype):
    rng = np.random.default_rng(0)
    W, h = Parameter(rng.normal(size=(3, 3)).astype(dtype), "W"), Tensor(np.ones((3, 2), dtype))
    for _ in steps(5):
        h = tanh(W @ h) * sigmoid(W @ h) + h
    proof = prove((h * h).sum())
    assert proof.ok and proof["W"].status == "proven", str(proof)


def test_what_was_asked_before_changes_nothing():
    def answers():
        yield prove(np.max(Parameter([0.7], "x"))).ok
        yield prove(np.max(Parameter([2.0, 2.0, 1.0], "x")))["x"].status
        for dtype in ("longdouble", "float64", "float16"):
            x = Parameter(np.array([0.7, -2.0], dtype), "x")
            yield prove((np.sign(x) * x).sum())["x"].status
        yield prove(np.linalg.norm(Parameter([0.0, 0.0], "x")))["x"].status
        yield prove(np.linalg.norm(Parameter([0.0, 2.0], "x")))["x"].status

    expected = [True, "excluded", "proven", "proven", "proven", "excluded", "proven"]
    assert list(answers()) == list(answers()) == expected


def test_a_rule_without_meaning_that_is_right_on_one_side_is_refuted_whatever_came_first():
    @operation(vjp=[lambda g, y, x: g / (1 + x * x) * where(x > 0, 1.0, 2.0)])
    def arctan(x, /):
        return np.arctan(x)

    for values in ([0.3, 2.0], [-0.3, -2.0], [0.3, 2.0]):
        assert prove(arctan(Parameter(values, "x")).sum())["x"].status == "refuted"


@pytest.mark.parametrize(
    "function",
    [
        np.linalg.norm,
        lambda x: np.linalg.norm(x - x),
        lambda x: op(
            lambda x: np.sqrt(np.sum(x * x)),
            lambda algebra, x: algebra.sqrt(np.sum(x * x)),
            lambda g, y, x: g * x / ops.maximum(y, 1e-300),
        )(x),
        ops.abs,
        np.max,
    ],
)
def test_a_kink_that_is_met_exactly_is_excluded_and_says_so(function):
    proof = prove(function(Parameter([0.0, 0.0], "x")).sum())
    assert proof.ok and proof.excluded == ["x"] and "kink" in str(proof)
    assert prove(function(Parameter([0.0, 1.5], "x") + 1.0).sum()).ok


MASK = np.array([[True, False], [True, True], [False, True]])
PADDED = {
    "where": lambda z: ops.softmax(where(MASK, z, -np.inf), axis=0),
    "added": lambda z: ops.softmax(z + np.where(MASK, 0.0, -np.inf), axis=0),
    "log softmax": lambda z: where(MASK, ops.log_softmax(where(MASK, z, -np.inf), axis=0), 0.0),
    "maximum": lambda z: np.maximum(z, np.full((3, 2), -np.inf)),
    "minimum": lambda z: np.minimum(z, np.inf),
    "clip": lambda z: np.clip(z, -np.inf, 0.2),
    "largest": lambda z: np.max(where(MASK, z, -np.inf), axis=0, keepdims=True) + 0 * z,
    "attention": lambda z: ops.softmax(where(np.tril(np.ones((2, 2), bool)), z.T @ z, -np.inf), axis=1)[:1] + z,
}


@pytest.mark.parametrize("case", PADDED)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_infinities_on_purpose_are_checked_in_the_limit_or_proven(case, dtype):
    z = Parameter(np.array([[0.1, -0.4], [1.2, 0.9], [-1.1, 0.7]], dtype), "z")
    c = np.arange(6.0).reshape(3, 2).astype(dtype)
    proof = prove((PADDED[case](z) * c).sum())
    assert proof.ok and proof["z"].status in ("proven", "checked"), str(proof)
    assert proof["z"].status == "proven" or any("in place of -inf" in n for n in proof["z"].notes)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_infinity_beside_an_infinite_constant_is_excluded_still():
    z = Parameter([0.0, 1.5], "z")
    proof = prove((ops.softmax(z + np.array([0.0, -np.inf]), axis=0) * ops.log(z)).sum())
    assert not proof.ok and proof["z"].status == "excluded"


def test_a_gradient_that_is_zero_to_rounding_is_proven_in_every_dtype():
    for dtype in ("float16", "float32", "float64", "longdouble"):
        b, total = Parameter(np.array(0.3, dtype), "b"), Tensor(np.zeros((), dtype))
        for _ in steps(20):
            z = Tensor(np.array([0.3, -1.2, 0.7], dtype), "z")
            total = total + (ops.softmax(z + b, axis=0) * np.array([1.0, 2.0, 5.0], dtype)).sum()
        assert prove(total)["b"].status == "proven"


# -- the sweep's bookkeeping ----------------------------------------------------------------


def test_a_sweep_that_forgets_a_use_is_refuted(monkeypatch):
    W = Parameter([[0.5, -0.2], [0.1, 0.3]], "W")
    y = name(tanh(W @ W.T), "a") + W
    right = sweep._total
    monkeypatch.setattr(sweep, "_total", lambda pieces: right(pieces[:-1] if len(pieces) > 1 else pieces))
    proof = prove(y.sum())
    assert proof["W"].links["bookkeeping"] == "refuted" and proof["W"].links["rule"] == "proven"
    assert "missing" in proof.failures[0].message and proof.failures[0].name == "W"


def test_a_sweep_that_counts_a_use_twice_is_refuted(monkeypatch):
    W = Parameter([[0.5, -0.2], [0.1, 0.3]], "W")
    right = sweep._total
    monkeypatch.setattr(sweep, "_total", lambda pieces: right([*pieces, pieces[0]] if len(pieces) > 1 else pieces))
    proof = prove((tanh(W @ W.T) + W).sum())
    assert proof["W"].status == "refuted" and "once too often" in str(proof)


def test_parts_of_an_array_are_gathered():
    x = Parameter(np.random.default_rng(0).standard_normal((2, 3, 4)), "x")
    total = sum((tanh(x[:, :, t]) * (t + 1)).sum() for t in range(4)) + (x[0, 1] ** 2).sum()
    assert prove(total)["x"].status == "proven"


# -- no more than was done ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (relu, [-1.0, 0.0, 2.0]),
        (lambda x: ops.maximum(x, Tensor([1.0, 1.0, 1.0])), [0.5, 1.0, 2.0]),
        (lambda x: ops.max(x), [1.0, 2.0, 2.0]),
        (lambda x: ops.clip(x, -1.0, 1.0), [-1.0, 0.0, 3.0]),
        (ops.abs, [-1.0, 0.0, 2.0]),
        (lambda x: where(x > 0, x, 0.1 * x), [-1.0, 0.0, 2.0]),
    ],
)
def test_a_kink_is_excluded_there_and_proven_elsewhere(function, values):
    at, away = (Parameter(v, "x") for v in (values, [v + 0.1 for v in values[:2]] + [values[2] + 0.3]))
    assert prove(function(at).sum())["x"].status == "excluded"
    assert prove(function(away).sum())["x"].status == "proven"


def norm(x):
    return ops.sqrt((x * x).sum())


UNDEFINED = {
    "log 0": (ops.log, [0.0, 2.0], "log", "-inf"),
    "log -1": (ops.log, [-1.0, 2.0], "log", "nan"),
    "sqrt 0": (ops.sqrt, [0.0, 2.0], "sqrt", "inf"),
    "1 / 0": (lambda x: 1 / x, [0.0, 2.0], "divide", "inf"),
    "0 ** 0.5": (lambda x: x**0.5, [0.0, 2.0], "power", "inf"),
    "0 ** -1": (lambda x: x**-1.0, [0.0, 2.0], "power", "inf"),
    "exp 1000": (ops.exp, [1000.0, 2.0], "exp", "inf"),
    "x log x": (lambda x: x * ops.log(x), [0.0, 2.0], "log", "-inf"),
    "norm": (norm, [0.0, 0.0], "sqrt", "inf"),
    "0 · log 0": (lambda x: where(x > 0, ops.log(x), 0 * x), [0.0, 2.0], "log", "-inf"),
}


@pytest.mark.parametrize("case", UNDEFINED)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_where_no_derivative_is_nothing_is_proven_and_nothing_is_wrong(case):
    function, values, named, number = UNDEFINED[case]
    x, other = Parameter(values, "x"), Parameter([0.5, -1.5], "other")
    for _ in steps(2):
        y = function(x)
    proof = prove((y * Tensor([1.5, -0.5])).sum())
    # nothing is wrong, but with such a gradient nothing is right either
    assert not proof.failures and not proof.ok and "NOT FINITE" in str(proof) and not proof["x"].finite, str(proof)
    assert proof.excluded == ["x"] and proof.undecided == []
    assert proof["x"].status == "excluded" and proof["x"].links["bookkeeping"] == "proven"
    said = proof["x"].notes[0]
    assert f"operation {named}" in said and number in said and "time 2" in said and "test_proof.py:" in said
    assert said in str(proof)
    # the same function is proven where it has a derivative, before and after
    fine = Parameter([0.7, 2.0], "x")
    assert prove(function(fine).sum())["x"].status == "proven"
    # what does not feed into it keeps its proof
    hidden = prove(where(function(x) > 3, other, 2 * other).sum())
    assert hidden["other"].status == "proven"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_only_what_feeds_into_an_undefined_number_is_excluded():
    x, w, b = Parameter([0.0], "x"), Parameter([2.0], "w"), Parameter([1.0], "b")
    proof = prove(ops.concatenate([ops.sqrt(w * x) + b, w * b]).sum())
    assert {n: c.status for n, c in proof.claims.items()} == {"x": "excluded", "w": "excluded", "b": "proven"}
    # a value that is compared only has no derivative to be wrong
    assert prove((where(ops.log(x) > 0, w, 3 * w) * w).sum())["w"].status == "proven"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_adjoint_that_overflows_is_no_proof():
    a = Parameter([1e-200], "a")
    proof = prove(((a * 1e200) * 1e200 * Tensor([1e-300])).sum())
    assert proof["a"].status == "proven"
    proof = prove((ops.sin(a) * 1e200 * 1e-300 * 1e300 * 1e-300 * 1e300 * 1e300).sum())
    assert not proof.failures and proof["a"].status == "excluded" and "adjoint" in proof["a"].notes[0]
    assert not proof.ok and not json.loads(proof.to_json())["parameters"]["a"]["finite"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_rule_that_is_wrong_elsewhere_is_refuted_where_no_derivative_is(broken):
    broken(ops.log, 0, lambda g, y, x: g / (x * x))
    assert prove(ops.log(Parameter([0.0], "x")).sum())["x"].status == "refuted"


def test_a_power_of_zero_by_a_parameter_is_not_wrong():
    x, y = Parameter([0.0, 3.0], "x"), Parameter([2.0, 1.5], "y")
    proof = prove((x**y).sum())
    assert proof.ok and proof["x"].status == "proven" and proof["y"].status != "proven", str(proof)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_rule_that_only_fails_at_one_point_is_excluded_there_and_one_that_always_does_is_wrong():
    def half_square(rule):
        @operation(vjp=[rule], meaning=lambda algebra, x: x * x / 2)
        def half_square(x, /):
            return x * x / 2

        return half_square

    removable = half_square(lambda g, y, x: g * (2 * y / x))
    assert prove(removable(Parameter([0.0, 1.5], "x")).sum())["x"].status == "excluded"
    assert prove(removable(Parameter([0.5, 1.5], "x")).sum())["x"].status == "proven"
    never = half_square(lambda g, y, x: g * np.nan)
    for values in ([0.0, 1.5], [0.5, 1.5]):
        assert prove(never(Parameter(values, "x")).sum())["x"].status == "refuted"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_operation_without_meaning_is_excluded_at_its_singularity_and_checked_elsewhere():
    @operation(vjp=[lambda g, y, x: g / (3 * y * y)])
    def cube_root(x, /):
        return np.cbrt(x)

    for values, status in (([0.0], "excluded"), ([2.0], "checked"), ([0.0], "excluded")):
        proof = prove(cube_root(Parameter(values, "x")).sum())
        assert not proof.failures and proof["x"].status == status, str(proof)
        assert proof.ok is (status == "checked")


def test_each_branch_is_a_proof_of_its_own(broken):
    """A rule that is right on one side of 0 only is caught on the other, though the first was remembered."""
    broken(ops.relu, 0, lambda g, y, x: g)
    assert prove(relu(Parameter([1.0, 2.0], "x")).sum()).ok
    assert not prove(relu(Parameter([1.0, -2.0], "x")).sum()).ok


def test_a_large_shape_is_checked_and_its_pattern_proven():
    rng = np.random.default_rng(0)
    W = Parameter(rng.standard_normal((60, 70)), "W")
    proof = prove(tanh(W @ rng.standard_normal((70, 9))).sum())
    assert proof.ok and proof["W"].status == "checked"
    assert any("proven at the small shape" in n and "actual shape" in n for n in proof["W"].notes)


def test_a_large_shape_with_a_wrong_rule_is_refuted(broken):
    rng = np.random.default_rng(0)
    W = Parameter(rng.standard_normal((60, 60)), "W")
    y = (W @ rng.standard_normal((60, 60))).sum()
    broken(ops.matmul, 0, lambda g, y, a, b: g @ b)
    assert not prove(y).ok


def test_an_operation_without_exact_meaning_is_checked_only():
    @operation(vjp=[lambda g, y, x: g / (1 + x * x)])
    def arctan(x, /):
        return np.arctan(x)

    proof = prove(arctan(Parameter([0.3, -2.0], "x")).sum())
    assert proof["x"].status == "checked" and "digits" in str(proof["x"].notes)

    @operation(vjp=[lambda g, y, x: g / (1 - x * x)])
    def wrong(x, /):
        return np.arctan(x)

    assert prove(wrong(Parameter([0.3, -2.0], "x")).sum())["x"].status == "refuted"


def test_a_cut_gradient_is_said():
    x = Parameter([0.5, 1.5], "x")
    proof = prove((stop_gradient(x) * x).sum())
    assert proof.ok and any("cuts the gradient" in n for n in proof["x"].notes)


def _square(vjp, **declared):
    @operation(vjp=vjp, **declared)
    def sq(x, /):
        return x * x

    return sq


@pytest.mark.parametrize("vjp", [None, [None]], ids=["none", "list"])
@pytest.mark.parametrize("meaning", [None, lambda algebra, x: x * x], ids=["value", "meaning"])
@pytest.mark.parametrize("shape", [(2,), (40, 30)])
def test_an_operation_without_a_rule_that_it_needs_is_refuted(vjp, meaning, shape):
    sq = _square(vjp, meaning=meaning)
    x = Parameter(np.random.default_rng(0).standard_normal(shape), "x")
    proof = prove((sq(x) * x).sum())
    assert proof["x"].status == "refuted" and proof["x"].links["rule"] == "refuted"
    (failure,) = (f for f in proof.failures if f.link == "rule")
    assert failure.operation == "sq" and "passes no derivative" in failure.message
    if shape == (2,):
        assert failure.element == (0,) and failure.found == 0 and "x_1" in str(failure.expected)


def test_an_operation_whose_meaning_cannot_be_read_needs_a_rule_too():
    @operation(vjp=None)
    def arctan(x, /):
        return np.arctan(x)

    x = Parameter([0.5, -1.5], "x")
    assert prove((arctan(x) * x).sum())["x"].status == "refuted"


@pytest.mark.parametrize("function", [np.floor, np.rint, lambda x: (x > 0.2) * 1.0])
def test_steps_need_no_rule(function):
    @operation(vjp=None)
    def step(x, /):
        return function(x)

    x = Parameter([0.5, -1.7, 2.0], "x")
    proof = prove((step(x) * x).sum())
    assert proof.ok and proof["x"].status in ("proven", "checked")


def test_what_decides_or_counts_needs_no_rule():
    x = Parameter([0.5, -1.5, 2.5], "x")
    for constant in (ops.sign(x), x > 0, ops.argmax(x), ops.as_integer(x, "int64"), ops.isfinite(x)):
        assert prove((constant * x).sum())["x"].status == "proven"


def test_a_rule_that_nothing_would_be_passed_to_is_not_missed():
    sq, x = _square(None), Parameter([0.5, -1.5], "x")
    assert prove(where(sq(x) > 1, x, 2 * x).sum())["x"].status == "proven"
    assert prove((stop_gradient(sq(x)) * x).sum())["x"].status == "proven"


def test_a_cut_of_the_users_own_is_declared():
    proof = prove((_square(None, cuts=True)(Parameter([0.5, -1.5], "x")) * Parameter([1.0, 2.0], "w")).sum())
    assert proof.ok and proof["x"].status == "proven"
    assert any("cuts the gradient" in n for n in proof["x"].notes)


def test_small_graphs_are_compared_in_closed_form_too():
    W, x = Parameter([[0.5, -0.2], [0.1, 0.3]], "W"), Tensor([[1.0], [2.0]], "x")
    proof = prove(sigmoid(W @ tanh(W @ x)).sum())
    assert "4 scalars" in proof.closed_form and "end to end" in str(proof)


def test_masks_and_whole_numbers_are_compared_in_closed_form_as_the_numbers_that_they_are():
    W, x = Parameter([[0.5], [-0.3]], "W"), Tensor([[0.2, 0.7, -0.4]], "x")
    mask, lengths = Tensor(np.array([[True, False, True]]), "mask"), Tensor(np.array([1, 0, 2]), "n")
    proof = prove(name((where(mask, tanh(W @ x), W) * (1 - sigmoid(x)) * lengths).sum(), "L"))
    assert proof["W"].status == "proven" and "2 scalars" in proof.closed_form


def test_the_closed_form_sees_a_wrong_adjoint(broken):
    W = Parameter([0.5, -0.2], "W")
    y = (W * W).sum()
    broken(ops.multiply, 0, lambda g, y, a, b: -g * b)
    count, wrong = closed_form.compare_closed_forms(differentiate(y), [W.record])
    assert wrong == [W.record] and not count


def test_second_derivatives_are_proven_as_well():
    W = Parameter([[0.5, -0.2]], "W")
    first = differentiate(tanh(W @ Tensor([[1.0], [2.0]], "x")).sum())
    assert prove((first.adjoint(W) ** 2).sum(), W)["W"].status == "proven"


def test_plain_numbers_in_a_rule_are_part_of_what_is_remembered(broken):
    x = Parameter([0.5, 1.5], "x")
    y = ops.square(x).sum()
    assert prove(y).ok
    for factor in (3, 2.0000001):
        broken(ops.square, 0, lambda g, y, x, factor=factor: g * (factor * x))
        assert not prove(y).ok


def test_a_rounded_constant_is_no_wrong_rule_but_no_proof_either():
    @operation(vjp=[lambda g, y, x: g * (1 / 3 * x)], meaning=lambda algebra, x: x * x / 6)
    def sixth(x, /):
        return x * x / 6

    proof = prove(sixth(Parameter([0.5, 2.0], "x")).sum())
    assert proof["x"].status == "checked" and "rounded" in str(proof)


def test_a_rule_that_runs_on_tensors_only_is_said_to_fail_in_training():
    third = Tensor(1.0)

    @operation(vjp=[lambda g, y, x: g * (third * x)], meaning=lambda algebra, x: x * x / 2)
    def half_square(x, /):
        return x * x / 2

    proof = prove(half_square(Parameter([0.5, 2.0], "x")).sum())
    assert not proof.ok and "on plain arrays fails" in str(proof)


def test_a_rule_that_gives_other_numbers_on_arrays_is_refuted():
    @operation(vjp=[lambda g, y, x: g * x if isinstance(g, Tensor) else g], meaning=lambda algebra, x: x * x / 2)
    def half_square(x, /):
        return x * x / 2

    proof = prove(half_square(Parameter([0.5, 2.0], "x")).sum())
    assert proof["x"].links["rule"] == "proven" and proof["x"].status == "refuted"
    assert "plain arrays" in str(proof)


def test_steps_are_counted_where_no_code_names_them(broken):
    a = Parameter([0.5], "a")
    for _ in range(3):
        a = ops.sin(a) * 1.5
    broken(ops.sin, 0, lambda g, y, x: g * y)
    (failure,) = prove(a.sum()).failures
    assert failure.time == 1


# -- asking and answering -------------------------------------------------------------------


def test_wrt_chooses_and_what_is_not_there_is_an_error():
    a, b, c = (Parameter([v], n) for v, n in ((0.5, "a"), (1.5, "b"), (2.0, "c")))
    h = name(a * b, "h")
    assert list(prove(h.sum(), {"first": a}).claims) == ["a"]
    assert prove((h * h).sum(), [h, b])[h].status == "proven"
    with pytest.raises(GradientError, match="not part of the graph"):
        prove(h.sum(), c)
    with pytest.raises(GradientError, match="requires a gradient"):
        prove(Tensor([1.0]) * 2)
    with pytest.raises(UsageError, match="takes a recorded tensor"):
        prove(3.0)
    with pytest.raises(UsageError, match="it is about a"):
        prove(h.sum(), a)["b"]


def test_what_is_no_scalar_is_proven_for_every_adjoint():
    proof = prove(tanh(Parameter(np.ones((2, 3)), "W") * 2))
    assert proof["W"].status == "proven" and "every adjoint" in str(proof)


def test_two_parameters_of_one_name_are_told_apart():
    proof = prove((Parameter([1.0], "W") * Parameter([2.0], "W")).sum())
    assert len(proof.claims) == 2 and proof.ok


def test_json_says_the_same(broken):
    W = Parameter([[0.5, -0.2]], "W")
    y = tanh(W @ Tensor([[1.0], [2.0]], "x")).sum()
    said = json.loads(prove(y).to_json())
    assert said["ok"] and said["parameters"]["W"]["status"] == "proven" and said["failures"] == []
    broken(ops.tanh, 0, lambda g, y, x: g * y)
    (failure,) = json.loads(prove(y).to_json())["failures"]
    assert failure["operation"] == "tanh" and failure["line"] and failure["difference"]


# -- the algebra ----------------------------------------------------------------------------

x, y, z = sympy.symbols("x y z")


@pytest.mark.parametrize(
    "zero",
    [
        sympy.exp(x + 2 * y) - sympy.exp(x) * sympy.exp(y) ** 2,
        sympy.exp(x - sympy.log(sympy.exp(x) + sympy.exp(y))) * (1 + sympy.exp(y - x)) - 1,
        1 / (1 + sympy.exp(-x)) - sympy.exp(x) / (1 + sympy.exp(x)),
        sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1,
        sympy.sqrt(x) * sympy.sqrt(x) - x,
        1 / sympy.sqrt(x + y) - sympy.sqrt(x + y) / (x + y),
        x**y * x - x ** (y + 1),
        sympy.tanh(x * (y + z)) - sympy.tanh(x * y + x * z),
        sympy.tanh(x / (1 + y) + y * x / (1 + y)) - sympy.tanh(x),
        sigma(x) - (1 + sympy.tanh(x / 2)) / 2,
        sympy.diff(sigma(x), x) - sigma(x) * sigma(-x),
    ],
)
def test_identities_that_hold(zero):
    assert is_zero(zero)


@pytest.mark.parametrize(
    "other",
    [
        x,
        sympy.exp(x) - sympy.exp(y),
        sympy.tanh(x) - sigma(x),
        sympy.sin(x) - sympy.cos(x),
        x**y - y**x,
        sympy.sqrt(x) - x,
    ],
)
def test_what_is_not_zero_is_not_shown_to_be(other):
    assert not is_zero(other)


def test_the_derivatives_of_opaque_functions_follow_from_exp():
    s = 1 / (1 + sympy.exp(-x))
    assert is_zero(sympy.diff(s, x) - s * (1 - s))
    t = (sympy.exp(x) - sympy.exp(-x)) / (sympy.exp(x) + sympy.exp(-x))
    assert is_zero(sympy.diff(t, x) - (1 - t**2))


def test_a_small_record_keeps_the_pattern():
    a, b = Tensor(np.ones((30, 20))), Tensor(np.ones((10, 20)))
    made = smaller(ops.concatenate([a, b], axis=0), 100)
    assert made.shape[0] == made.inputs[0].shape[0] + made.inputs[1].shape[0]
    made = smaller(Tensor(np.ones((50, 20))) + Tensor(np.ones((50, 1))), 100)
    assert made.inputs[1].shape == (made.inputs[0].shape[0], 1) and made.inputs[0].shape[1] > 1


def rounded_on_the_way(by):
    """An operation without a meaning in exact scalars, whose value has few digits left."""

    @operation(vjp=[lambda g, y, x: g * by])
    def far(x, /):
        return np.asarray([(float(v) * 1e-3 + 1e10) - 1e10 for v in x])

    return far


def test_what_numbers_cannot_tell_is_undecided():
    x = Parameter([0.3, 2.0], "x")
    proof = prove(rounded_on_the_way(1e-3)(x))
    assert proof["x"].status == "undecided" and proof.undecided == ["x"]
    assert not proof.ok and not proof.failures
    assert "fewer than three digits" in " ".join(proof["x"].notes)
    report = gradcheck(rounded_on_the_way(1e-3), np.array([0.3, 2.0]))
    assert report.undecided and not report.failures and not report.ok


@pytest.mark.parametrize(("by", "status"), [(1.0, "checked"), (2.0, "refuted"), (0.0, "refuted")])
def test_a_value_rule_that_makes_plain_numbers_is_not_taken_for_a_constant(by, status):
    @operation(vjp=[lambda g, y, x: g * by * np.cos(x)])
    def near(x, /):
        return np.asarray([math.sin(float(v)) for v in x])

    assert prove(near(Parameter([0.3, 0.01], "x")))["x"].status == status
    assert gradcheck(near, np.array([0.3, 0.01])).ok is (status == "checked")


def test_a_norm_of_tiny_numbers_is_proven_and_that_of_zeros_excluded():
    for numbers, status in (([3e-200, 4e-200], "proven"), ([3e200, 4e200], "proven"), ([0.0, 0.0], "excluded")):
        assert prove(np.linalg.norm(Parameter(numbers, "x")))["x"].status == status
        assert prove(np.hypot(*Parameter(numbers, "x")))["x"].status == status
