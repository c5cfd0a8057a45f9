"""One program for any number of steps and examples."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, accumulate, categorical_cross_entropy, compile
from autograd_seq.plan.anysize.at_run import side_by_side, steps_at_once
from autograd_seq.plan.anysize.size import Asked, NotGeneralError, always_fits
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout

SIZES = [(3, 7), (2, 2), (5, 3), (2, 40), (1, 5), (6, 1)]  # m, T; a length of 1 is a program of its own


def networks() -> dict[str, Any]:
    return {
        "rnn": RNN(4, 5, seed=0),
        "gru": GRU(4, 5, seed=0),
        "lstm": LSTM(4, 5, seed=0),
        "bidirectional": Bidirectional(LSTM(4, 5, seed=0), LSTM(4, 5, seed=1)),
        "deep": Deep([RNN(4, 5, seed=0), GRU(5, 5, seed=1)]),
    }


def of_all_steps(run: Any, y: Any) -> Any:
    return accumulate([categorical_cross_entropy(p, y[:, :, t]).sum() for t, p in enumerate(run.outputs)])


LOSSES = {
    "sum": of_all_steps,
    "mean": lambda run, y: of_all_steps(run, y) / (y.shape[1] * y.shape[2]),
    "last": lambda run, y: categorical_cross_entropy(run.outputs[-1], y[:, :, -1]).mean(),
}


def data(seed: int, m: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((4, m, T)), np.eye(3)[:, rng.integers(3, size=(m, T))]


def agrees(plan: Any, loss: Any, parameters: dict[str, Parameter], *arrays: Any) -> None:
    J, gradients = plan(*arrays)
    recorded = loss(*map(Tensor, arrays))
    for p in parameters.values():
        p.grad = None
    recorded.backward()
    assert abs(J - recorded.item()) < 1e-11 * abs(J)
    for key, p in parameters.items():
        assert np.abs(gradients[key] - p.grad).max() < 1e-11 * max(1.0, np.abs(p.grad).max())


@pytest.mark.parametrize("which", LOSSES)
@pytest.mark.parametrize("kind", networks())
def test_other_sizes_are_no_other_program(kind: str, which: str) -> None:
    network = networks()[kind]
    readout = Readout(10 if kind == "bidirectional" else 5, 3, seed=2)
    parameters = {**network.parameters, **readout.parameters}
    calls = []

    def loss(x: Any, y: Any) -> Any:
        calls.append(x.shape)
        return LOSSES[which](readout(network.unroll(x)), y)

    plan = compile(loss, parameters)
    plan(*data(0, 3, 7))
    assert "for any T and m" in plan.explain() and "these sizes only" not in plan.explain()
    assert len(calls) < 12 and max(T for _, _, T in calls) < 10
    source = plan.source
    plan(*data(0, 3, 7))
    made = len(calls)
    for m, T in ((2, 2), (5, 3), (2, 40), (40, 3)):
        plan(*data(1, m, T))
        assert plan.source == source
    assert len(calls) == made + 2  # compared, when other values came first, and at more steps than before
    assert [m < 5 for _, m, T in calls if T == 40] == [True]  # with few examples
    for m, T in SIZES:
        agrees(plan, loss, parameters, *data(2, m, T))


W = {name: Parameter(0.4 * np.random.default_rng(i).standard_normal((4, n)), name) for i, (name, n) in enumerate(
    {"W": 4, "U": 3, "b": 1}.items())}  # fmt: skip


def stacked(x: Any) -> Any:
    h, states = np.zeros((4, x.shape[1])), []
    for t in range(x.shape[2]):
        h = ag.tanh(W["W"] @ h + W["U"] @ x[:, :, t] + W["b"])
        states.append(h)
    every = ag.stack(states, axis=2)
    return ag.sum(every * every) / every.size


def examples_first(x: Any) -> Any:
    h, total = np.zeros((x.shape[0], 4)), 0.0
    for t in range(x.shape[1]):
        h = ag.tanh(h @ W["W"].T + x[:, t] @ W["U"].T + W["b"].T)
        total = total + ag.sum(h**2)
    return total / x.shape[0]


def time_first(x: Any) -> Any:
    h, total = np.zeros((4, x.shape[2])), 0.0
    for t in range(x.shape[0]):
        h = ag.tanh(W["W"] @ h + W["U"] @ x[t] + W["b"])
        total = total + ag.mean(h**2)
    return total / x.shape[0]


def attending(x: Any) -> Any:
    h, states = np.zeros((4, x.shape[1])), []
    for t in range(x.shape[2]):
        h = ag.tanh(W["W"] @ h + W["U"] @ x[:, :, t] + W["b"])
        states.append(h)
    every = ag.stack(states, axis=0)
    weights = ag.softmax(ag.sum(every * h, axis=1), axis=0)
    return ag.sum((every * weights[:, None, :]) ** 2)


def layer(x: Any) -> Any:
    return ag.sum(ag.tanh(W["W"] @ (W["U"] @ x) + W["b"]) ** 2) / x.shape[1]


OWN: dict[Any, tuple[tuple[int, ...], ...]] = {
    stacked: ((3, 4, 7), (3, 2, 2), (3, 6, 30)),
    attending: ((3, 4, 7), (3, 2, 2), (3, 6, 30)),
    examples_first: ((4, 7, 3), (2, 2, 3), (6, 30, 3)),
    time_first: ((7, 4, 3)[:1] + (3, 4), (2, 3, 2), (30, 3, 6)),
    layer: ((3, 7), (3, 2), (3, 300)),
}


@pytest.mark.parametrize("loss", OWN, ids=lambda f: f.__name__)
def test_programs_of_ones_own(loss: Any) -> None:
    plan = compile(loss, W)
    source = None
    for seed, shape in enumerate(OWN[loss]):
        agrees(plan, loss, W, np.random.default_rng(seed).standard_normal(shape))
        assert "these sizes only" not in plan.explain()
        assert source in (None, plan.source)
        source = plan.source


def squared_weights(x: Any) -> Any:
    weights = np.linspace(0, 1, x.shape[2]) ** 2
    return ag.accumulate([ag.sum(ag.tanh(W["U"] @ x[:, :, t]) ** 2) * w for t, w in enumerate(weights)])


def first_three(x: Any) -> Any:
    h = np.zeros((4, x.shape[1]))
    for t in range(x.shape[2]):
        h = ag.tanh(W["W"] @ h + W["U"] @ x[:, :, t]) if t < 3 else ag.sin(W["W"] @ h + W["U"] @ x[:, :, t])
    return ag.sum(h)


def never_longer(x: Any) -> Any:
    if x.shape != (3, 2, 6):
        raise ValueError("too long")
    return ag.sum(ag.tanh(W["U"] @ x[:, :, 0]))


V = Parameter(0.3 * np.random.default_rng(9).standard_normal((4, 4)), "V")


SOME = {n * n for n in range(1, 30)}  # no round of steps repeats itself


def other_weights_at_some(x: Any) -> Any:
    h = np.zeros((4, x.shape[1]))
    for t in range(x.shape[2]):
        h = ag.tanh((V if t in SOME else W["W"]) @ h + W["U"] @ x[:, :, t])
    return ag.sum(h)


def at_some_steps(x: Any) -> Any:
    h, total = np.zeros((4, x.shape[1])), 0.0
    for t in range(x.shape[2]):
        h = ag.tanh(W["W"] @ h + W["U"] @ x[:, :, t])
        if t in SOME:
            total = total + ag.sum(h)
    return total


WHY = {
    squared_weights: "the function makes itself", never_longer: "gives no loss",
    other_weights_at_some: "W is used at steps 1, 3, 4 …, V at others", at_some_steps: "is reached at steps 2, 5",
}  # fmt: skip


@pytest.mark.parametrize("loss", WHY, ids=lambda f: f.__name__)
def test_what_is_not_for_any_size_says_why_and_is_right(loss: Any) -> None:
    recurs = {other_weights_at_some: "WUV", at_some_steps: "WU"}.get(loss, "U")
    used = {key: p for key, p in {**W, "V": V}.items() if key in recurs}
    plan = compile(loss, used)
    for seed in range(3):
        agrees(plan, loss, used, np.random.default_rng(seed).standard_normal((3, 2, 6)))
    assert "for these sizes only" in plan.explain() and WHY[loss] in plan.explain()


def test_first_steps_of_another_kind_take_as_many_steps() -> None:
    """With few steps it is another program than with more; both are right, whichever comes first."""
    for order in ((9, 2, 3, 4, 12, 5), (2, 9, 3, 12, 4), (3, 4, 9)):
        plan = compile(first_three, {"W": W["W"], "U": W["U"]})
        for T in order:
            agrees(plan, first_three, {"W": W["W"], "U": W["U"]}, np.random.default_rng(T).standard_normal((3, 2, T)))
            assert ("for these sizes only" in plan.explain()) is (T <= 3)
            assert T > 3 or "with so few steps" in plan.explain()


def test_axes_of_an_argument_that_are_equally_long() -> None:
    """Where all lengths are 4 nobody can tell m from n_x; what comes later is right."""
    U = Parameter(np.random.default_rng(1).standard_normal((4, 4)) / 3, "U")

    def loss(x: Any, mask: Any) -> Any:
        h, total = np.zeros((4, x.shape[1])), 0.0
        for t in range(x.shape[2]):
            h = ag.tanh(V @ h + U @ x[:, :, t])
            total = total + ag.sum(mask[:, t] * h**2)
        return total / ag.sum(mask)

    for first in ((4, 4), (4, 7), (7, 4), (7, 7), (2, 4), (4, 2), (2, 2)):
        plan = compile(loss, {"V": V, "U": U})
        for m, T in (first, (6, 9), (3, 5), (4, 4), (2, 11), (7, 3)):
            rng = np.random.default_rng(m + T)
            agrees(plan, loss, {"V": V, "U": U}, rng.standard_normal((4, m, T)), rng.uniform(1, 2, (m, T)))
        assert "for any" in plan.explain() and "T" in plan.explain()


def test_the_least_number_of_steps_is_said() -> None:
    def loss(x: Any) -> Any:
        h, total, T = np.zeros((4, x.shape[1])), 0.0, x.shape[2]
        for t in range(T - 2):
            h = ag.tanh(W["W"] @ h + W["U"] @ x[:, :, t])
            total = total + ag.sum(h[:3] * x[:, :, t + 2])
        return total / (T - 2)

    used = {"W": W["W"], "U": W["U"]}
    plan = compile(loss, used)
    for m, T in ((5, 9), (2, 4), (3, 20), (4, 3)):
        agrees(plan, loss, used, np.random.default_rng(T).standard_normal((3, m, T)))
    assert "for any T from 3 on and m, with x (3, m, T)" in plan.explain()
    assert "T is the number of steps, m of examples" in plan.explain()


def test_two_lengths_that_are_not_one() -> None:
    """zip ends with the shorter: which that is counts."""

    def loss(x: Any, y: Any) -> Any:
        pairs = zip((x[:, t] for t in range(x.shape[1])), (y[:, t] for t in range(y.shape[1])))
        return ag.accumulate([ag.sum(ag.tanh(W["U"] @ a[:, None]) * ag.sum(b)) for a, b in pairs])

    plan, rng = compile(loss, {"U": W["U"]}), np.random.default_rng(0)
    for n, k in ((6, 6), (4, 9), (9, 4), (7, 7), (5, 8)):
        agrees(plan, loss, {"U": W["U"]}, rng.standard_normal((3, n)), rng.standard_normal((2, k)))


def test_lengths_that_are_equal_by_chance() -> None:
    def loss(x: Any) -> Any:
        h = np.zeros((4, x.shape[1]))
        for t in range(x.shape[2]):
            h = ag.tanh(W["W"] @ h + W["U"] @ x[:, :, t])
        return ag.sum(h * h)

    used = {key: W[key] for key in "WU"}
    plan = compile(loss, used)
    for shape in ((3, 3, 3), (3, 4, 4), (3, 4, 3), (3, 3, 9)):
        agrees(plan, loss, used, np.random.default_rng(1).standard_normal(shape))


def test_lengths_with_names() -> None:
    asked = Asked({"T": 50, "m": 8})
    T, m = asked.of("T"), asked.of("m")
    assert str(3 * T * m + T - 1) == "3 * T * m + T - 1" and sum([T, m, 1]) - m - T == 1
    assert T != 50 and T * m == m * T and (T + 1) // 1 == T + 1 and (4 * m) % 4 == 0
    assert T > 1 and T + 1 > T and not asked.decisions
    assert 64 * m < 1000 and not m > T
    assert asked.holds({"T": 9, "m": 8}) and not asked.holds({"T": 7, "m": 8}) and not asked.holds({"T": 50, "m": 16})
    assert always_fits(3 * m, 3 * T * m) and not always_fits(T, m) and always_fits(4, 2 * T)
    with pytest.raises(NotGeneralError, match="is divided by"):
        T // 2


def test_products_over_time_in_parts() -> None:
    rng = np.random.default_rng(0)
    for T, part in ((7, 3), (6, 3), (2, 2), (5, 1)):
        D, X, Z = (rng.standard_normal((T, n, 2)) for n in (3, 4, 2))
        total = np.zeros((3, 7))
        parts = side_by_side(np.empty((3, part, 2)), [D], np.empty((7, part, 2)), [X, Z], part, ones=True)
        for copies, left, right in parts:
            for wide, steps in copies:
                wide[...] = steps
            total += left @ right
        all_rows = np.concatenate([X, Z, np.ones((T, 1, 2))], axis=1)
        np.testing.assert_allclose(total, np.einsum("tim,tjm->ij", D, all_rows))
        one = [block[:, :, :1] for block in (D, X, Z)]
        total = np.zeros((3, 7))
        for copies, left, right in side_by_side(None, one[:1], np.empty((7, part, 1)), one[1:], part, ones=True):
            for wide, steps in copies:
                wide[...] = steps
            total += left @ right
        np.testing.assert_allclose(total, np.einsum("ti,tj->ij", D[:, :, 0], all_rows[:, :, 0]))
        alone = side_by_side(None, one[:1], np.empty((4, part, 1)), one[1:2], part, ones=False)
        assert all(not copies and np.shares_memory(right, X) for copies, _, right in alone)
        np.testing.assert_allclose(sum(a @ b for _, a, b in alone), np.einsum("ti,tj->ij", D[:, :, 0], X[:, :, 0]))
    assert all(n * steps_at_once(T, n) <= 1024 + n for T, n in ((1, 1), (101, 64), (5000, 32), (7, 3000)))


def test_recordings_are_let_go_when_they_are_compared() -> None:
    W = Parameter(np.eye(3), "W")
    recordings: list[Any] = []

    def loss(x: Any) -> Any:
        h = np.zeros((3, x.shape[1]))
        for t in range(x.shape[2]):
            h = ag.tanh(W @ h + x[:, :, t])
            recordings.append(weakref.ref(h.record._value))
        return ag.sum(h**2)

    plan = compile(loss, {"W": W})
    plan(np.ones((3, 5, 9)))
    assert "for any m and T" in plan.explain() or "for any T and m" in plan.explain()
    gc.collect()
    assert len(recordings) > 10 and not any(array() is not None for array in recordings)


NUMBERS = {
    "the mean": lambda z: ag.mean(z**2),
    "of m": lambda z: ag.sum(z**2) / z.shape[1],
    "of a part of m": lambda z: ag.sum(z**2) * (0.3 / z.shape[1]),
    "of m and features": lambda z: ag.sum(ag.tanh(z)) * (0.7 / z.size),
}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("which", NUMBERS)
def test_numbers_that_depend_on_sizes_are_known_in_any_precision(which: str, dtype: str) -> None:
    W = Parameter(np.arange(12.0).reshape(3, 4).astype(dtype) / 20, "W")

    def loss(x: Any) -> Any:
        return NUMBERS[which](W @ x)

    plan = compile(loss, {"W": W})
    for m in (9, 2, 31):
        x = np.random.default_rng(m).standard_normal((4, m)).astype(dtype)
        J, gradients = plan(x)
        W.grad = None
        recorded = loss(Tensor(x))
        recorded.backward()
        tolerance = 8 * float(np.finfo(dtype).eps)
        assert pytest.approx(recorded.item(), rel=tolerance) == J
        assert np.abs(gradients["W"] - W.grad).max() <= tolerance * np.abs(W.grad).max() * 4
        assert "for any m" in plan.explain()
