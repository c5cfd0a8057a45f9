"""Each rewrite: what it changes in the program, and that the numbers stay."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, categorical_cross_entropy, compile, name, softmax, steps
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.plan.compiling import Replay
from autograd_seq.plan.rewrites.cancel import CANCEL
from autograd_seq.plan.rewrites.gates import one_product, sigmoid_as_tanh
from autograd_seq.plan.rewrites.hoist import OUT_OF_LOOPS
from autograd_seq.plan.rewrites.joined import one_product_of_sum
from autograd_seq.plan.rewrites.lower import LONGHAND, LONGHAND_FOR_LOOPS
from autograd_seq.plan.rewrites.numbers import one_number
from autograd_seq.plan.rewrites.over_time import ALL_STEPS_TOGETHER
from autograd_seq.plan.rewrites.rule import Group, Rule, apply
from autograd_seq.plan.rewrites.sequence import EVERY, TOGETHER, rewrite
from autograd_seq.plan.rewrites.simplify import SIMPLER
from autograd_seq.plan.rewrites.split import APART
from autograd_seq.plan.rewrites.surroundings import Surroundings
from autograd_seq.plan.translate import Translation
from autograd_seq.plan.writing.statements import Program
from cells import GRU, LSTM, RNN, Readout

CELLS: dict[str, Any] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
# Each rule alone, with those that it builds on: stages of groups, each until nothing changes.
RULES: dict[str, list[tuple[Group, ...]]] = {
    "none": [],
    "simplify": [(SIMPLER,)],
    "split": [(SIMPLER,), (APART,)],
    "over time": [(SIMPLER,), (ALL_STEPS_TOGETHER,)],
    "numbers": [(SIMPLER, (one_number,))],
    "cancel": [(SIMPLER,), (CANCEL,)],
    "lower": [(LONGHAND,)],
    "lower, for loops": [(SIMPLER, LONGHAND_FOR_LOOPS)],
    "hoist": [(SIMPLER, *OUT_OF_LOOPS)],
    "sigmoid": [(SIMPLER,), ((sigmoid_as_tanh,),)],
    "one product": [(SIMPLER,), ((one_product,),)],
    "one product, split": [(SIMPLER,), (APART,), OUT_OF_LOOPS, ((one_product,),)],
    "sum of products": [(SIMPLER, APART, ALL_STEPS_TOGETHER), ((one_product_of_sum,),)],
}


def recording(kind: str, m: int = 2, T: int = 5, last: bool = True) -> Recording:
    """A loss of every step, and of the last state if wanted."""
    rng = np.random.default_rng(4)
    cell, readout = CELLS[kind](3, 5, seed=0), Readout(5, 4, seed=1)
    run = readout(cell.unroll(rng.standard_normal((3, m, T))))
    losses = [ag.sum(p * rng.standard_normal((4, m))) for p in run.outputs]
    loss = ag.accumulate(losses)
    return differentiate(loss + ag.sum(run.states["a"][-1] ** 2) if last else loss)


def replay(given: Recording, stages: list[tuple[Group, ...]], monkeypatch: pytest.MonkeyPatch) -> Replay:
    """A replay with some of the rules only, which must not fall back to none."""

    def some(network: Any, fused: bool = False, side_by_side: bool = True) -> None:
        for stage in stages:
            apply(network, *stage)

    monkeypatch.setattr("autograd_seq.plan.compiling.rewrite", some)
    return Replay(given)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("rules", RULES)
def test_each_rule_keeps_the_numbers(kind: str, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = recording(kind)
    made = replay(given, RULES[rules], monkeypatch)
    assert not any("not used" in note for note in made.network.notes)
    loss, *gradients = made.run(*made.recorded)
    assert abs(loss - given.forward.outputs[0].item()) < 1e-12
    leaves = dict(zip(made.names, made.leaves, strict=True))
    for key, gradient in zip(made.keys, gradients, strict=True):
        wanted = given.adjoint(leaves[key]).value
        assert np.abs(gradient - wanted).max() < 1e-12 * max(1.0, np.abs(wanted).max())


def lines(source: str) -> tuple[list[list[str]], list[str]]:
    """The statements of each loop, and those outside."""
    loops: list[list[str]] = []
    outside: list[str] = []
    body = textwrap.dedent(source[source.rindex("\n", 0, source.index("def run")) + 1 :].split("\n\n    return run")[0])
    for line in body.splitlines()[1:]:
        if line.startswith("    for "):
            loops.append([])
        elif line.startswith("        "):
            loops[-1].append(line.strip())
        else:
            outside.append(line.strip())
    return loops, outside


def count(statements: list[str], pattern: str) -> int:
    return sum(bool(re.search(pattern, line)) for line in statements)


@pytest.mark.parametrize(("kind", "products"), [("rnn", 1), ("lstm", 1), ("gru", 2)])
def test_products_of_a_step(kind: str, products: int) -> None:
    """What an expert writes: no product with x in a loop, all gates in one."""
    loops, outside = lines(compile(recording(kind, last=False)).source)
    assert [count(loop, r"\bdot\(") for loop in loops] == [products, products, products - 1]
    assert count(outside, r" @ ") == {"rnn": 2, "lstm": 2, "gru": 3}[kind]  # weight gradients over all steps
    assert not any("sigmoid(" in line for loop in loops for line in loop)
    assert count(loops[0], r"\btanh\(") == {"rnn": 1, "lstm": 2, "gru": 2}[kind]
    for loop in loops:
        assert all("out=" in line for line in loop)  # nothing is set aside inside of a loop


def test_a_users_own_cell_gets_the_same_treatment() -> None:
    rng = np.random.default_rng(0)
    names = ("Wz", "Wk", "Wq")
    P = {key: Parameter(0.4 * rng.standard_normal((4, 7)), key) for key in names}

    def loss(x: Any) -> Tensor:
        h = Tensor(np.zeros((4, x.shape[1])))
        for t in steps(x.shape[2]):
            both = ag.concatenate([h, x[:, :, t]])
            keep, new = ag.sigmoid(P["Wz"] @ both), ag.tanh(P["Wk"] @ both)
            h = name(keep * h + ag.sigmoid(P["Wq"] @ both) * new, "h")
        return ag.sum(h * h)

    plan = compile(loss, P)
    x = rng.standard_normal((3, 2, 6))
    J, gradients = plan(x)
    truth = loss(Tensor(x))
    truth.backward()
    assert abs(J - truth.item()) < 1e-13
    assert all(np.abs(gradients[key] - P[key].grad).max() < 1e-13 for key in names)
    loops, _ = lines(plan.source)
    assert [count(loop, r"\bdot\(") for loop in loops][:2] == [1, 1]
    assert "3 products" in plan.explain()


def unusual(x: Any, P: dict[str, Parameter]) -> Tensor:
    """Operations without a rule for all steps at once, vectors, scalars, indices."""
    a, s = Tensor(np.zeros((4, x.shape[1]))), Tensor(0.5)
    total: Any = 0.0
    for t in steps(x.shape[2]):
        z = P["W"] @ ag.clip(a, -0.5, 0.5) + P["U"] @ x[:, :, t] + P["b"]
        a = name(ag.where(z > 0, z, 0.1 * z) * ag.sigmoid(a[::-1]) + ag.maximum(a[1:2], 0.3), "a")
        s = name(ag.tanh(s * ag.sum(P["v"]) + ag.mean(a)), "s")
        total = total + ag.sum(P["v"] @ a) + ag.sum(a[0] * a[1]) * s
    return total  # type: ignore[no-any-return]


def batch_of_rows(x: Any, P: dict[str, Parameter]) -> Tensor:
    """Examples as rows, biases as vectors."""
    h, total = Tensor(np.zeros((x.shape[1], 4))), 0.0
    for t in steps(x.shape[2]):
        h = name(ag.tanh(h @ P["W"] + x[:, :, t].T @ P["U"].T + P["v"]), "h")
        total = total + ag.mean(h * h)
    return total + ag.sum(P["b"] ** 2)  # type: ignore[return-value]


@pytest.mark.parametrize("T", [1, 2, 3, 6])
@pytest.mark.parametrize("function", [unusual, batch_of_rows])
def test_whatever_has_no_rule_is_computed_all_the_same(function: Callable[..., Tensor], T: int) -> None:
    rng = np.random.default_rng(1)
    shapes = {"W": (4, 4), "U": (4, 3), "b": (4, 1), "v": (4,)}
    P = {key: Parameter(0.5 * rng.standard_normal(shape), key) for key, shape in shapes.items()}
    plan = compile(lambda x: function(x, P), P)
    for _ in range(2):
        x = rng.standard_normal((3, 2, T))
        J, gradients = plan(x)
        for p in P.values():
            p.grad = None
        truth = function(Tensor(x), P)
        truth.backward()
        assert abs(J - truth.item()) < 1e-12
        for key, p in P.items():
            assert np.abs(gradients[key] - p.grad).max() < 1e-12 * max(1.0, np.abs(p.grad).max())


def test_a_wrong_rewrite_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(network: Any, fused: bool = False) -> None:
        network.replace({v: v.instead(ag.sin, v.uses) for v in network.values if v.kind is ag.tanh})

    monkeypatch.setattr("autograd_seq.plan.compiling.rewrite", wrong)
    given = recording("rnn")
    with pytest.warns(UserWarning, match="the plan is right, but slower"):
        made = Replay(given)
    assert abs(made.run(*made.recorded)[0] - given.forward.outputs[0].item()) < 1e-12
    assert any("they are not used" in note for note in made.network.notes)


def test_the_program_holds_no_word_of_the_users() -> None:
    W = Parameter([[0.5, 0.1], [0.3, -0.2]], "W'); import os; ('")
    a: Any = Tensor([[1.0], [2.0]], "a b\n")
    for _ in steps(4):
        a = name(ag.tanh(W @ a), 'c"""')
    made = Program(Translation(differentiate(ag.sum(a))).network)
    assert "import os" not in made.text and made.text.count('"""') == 2
    J, gradients = compile(ag.sum(a))()
    assert np.isfinite(J) and len(gradients) == 1


@pytest.mark.parametrize("kind", CELLS)
def test_the_program_is_as_long_for_any_length(kind: str) -> None:
    """Losses that were made after the steps, in a list, are folded with them."""
    short, long = (compile(recording(kind, T=T, last=False)).source for T in (5, 12))
    assert len(short.splitlines()) == len(long.splitlines())


def test_a_cross_entropy_of_a_softmax_sends_back_a_difference() -> None:
    """ŷ Σy - y: no division, no logarithm on the way back; the loss itself still takes log ŷ."""
    rng = np.random.default_rng(4)
    run = Readout(5, 4, seed=1)(RNN(3, 5, seed=0).unroll(rng.standard_normal((3, 2, 6))))
    y = rng.random((4, 2))
    source = compile(ag.accumulate([ag.sum(categorical_cross_entropy(p, y)) for p in run.outputs])).source
    assert source.count(" divide(") == 1  # e / Σ e
    assert source.count(" log(") == 1


def test_soft_targets_of_any_sum_keep_their_gradients() -> None:
    rng = np.random.default_rng(3)
    W = Parameter(rng.standard_normal((4, 3)), "W")
    x, y = rng.standard_normal((3, 5)), rng.random((4, 5))  # columns that do not sum to 1

    def loss(x: Any, y: Any) -> Any:
        return ag.sum(categorical_cross_entropy(softmax(W @ x), y))

    J, gradients = compile(loss, {"W": W})(x, y)
    wanted = loss(x, y)
    wanted.backward()
    assert pytest.approx(wanted.item(), rel=1e-14) == J
    np.testing.assert_allclose(gradients["W"], W.grad, rtol=1e-12)


def test_a_loss_that_is_the_same_at_every_step() -> None:
    b = Parameter([[1.5], [0.5]], "b")
    plan = compile(ag.accumulate([ag.sum(b * b) for _ in steps(5)]), {"b": b})
    J, gradients = plan()
    assert pytest.approx(12.5) == J and "not used" not in plan.explain()
    np.testing.assert_allclose(gradients["b"], 10 * b.value)


def look(value: Any) -> tuple[Any, ...]:
    """All that a value is."""
    return (value.kind, value.shape, value.dtype, value.times, tuple(value.uses), repr(value.settings), value.name,
            dict(value.beyond))  # fmt: skip


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("fused", [False, True])
def test_rules_change_no_value(kind: str, fused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each makes new ones, of the same shape, dtype and steps as what they stand for."""
    plain = Rule.at

    def watched(one: Rule, value: Any, around: Any) -> Any:
        before = {other: look(other) for other in around.network.values}
        made, note = plain(one, value, around)
        assert {other: look(other) for other in around.network.values} == before
        for old, new in made.items():
            assert new.dtype == old.dtype and new.times in (old.times, None), one
            assert new.shape == old.shape or one.name == "one_number"
        return made, note

    monkeypatch.setattr(Rule, "at", watched)
    network = Translation(recording(kind, T=3)).network
    rewrite(network, fused)
    assert len(network.applied) > 5 and set(network.applied) <= set(EVERY)


@pytest.mark.parametrize("kind", CELLS)
def test_no_rule_has_anything_left_to_do(kind: str) -> None:
    network = Translation(recording(kind, T=3)).network
    rewrite(network)
    around = Surroundings(network)
    last = [one for group in TOGETHER for one in group]
    assert not [(one.name, value) for one in last for value in around.values if one.at(value, around)[0]]


@pytest.mark.parametrize(
    "loss",
    [
        lambda W, x: softmax(np.sum(W @ x)) + np.sum(W),  # one number has no axis
        lambda W, x: np.sum(softmax(np.sum(W @ x) * 2) * W),
        lambda W, x: sum(np.sum(W @ x) for _ in range(3)),  # terms of a loop that are numbers
        lambda W, x: sum(np.sum(np.ones((2, 1)) * np.sum(W @ x)) for _ in range(3)),
    ],
)
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_numbers_are_rewritten_as_arrays_are(loss, engine, recwarn):
    W, x = Parameter([[0.5, -0.3], [0.2, 0.8]], "W"), np.array([[1.0], [2.0]])
    plan = compile(lambda x: loss(W, x), {"W": W}, engine=engine)
    for _ in range(2):
        found, gradients = plan(x)
    wanted = loss(W, Tensor(x))
    np.testing.assert_allclose(found, wanted.item())
    np.testing.assert_allclose(gradients["W"], ag.grad(wanted, W), atol=1e-15)
    assert not recwarn.list and "not used" not in plan.explain()


def test_what_was_done_several_times_is_said_once():
    run = GRU(2, 3, seed=0).unroll(np.ones((2, 2, 4)))
    plan = compile(Readout(3, 2, seed=1)(run).measure([np.eye(2)] * 4, categorical_cross_entropy))
    lines = plan.explain().split("\n")
    assert len(lines) == len(set(lines)) and any(line.endswith("(2×)") for line in lines)
