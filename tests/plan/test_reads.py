"""Numbers that a function takes out of its arguments while it is recorded: no plan gives those of another call."""

from __future__ import annotations

import functools
import itertools
import math
import pickle
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
import autograd_seq.numpy as recorded_np
from autograd_seq import Parameter, Tensor, compile, no_grad, sum, tanh
from autograd_seq.core.errors import GraphLostError
from autograd_seq.plan.writing import tools
from cells import GRU, LSTM, RNN

W_FIRST = np.random.default_rng(0).normal(size=(3, 3))
X = np.random.default_rng(1).normal(size=(3, 2))
TABLE = np.arange(1.0, 9.0)
BOTH = [False, pytest.param(True, marks=pytest.mark.skipif(not tools.available(), reason="needs Numba and SciPy"))]


@functools.lru_cache
def cached(s: Any) -> Any:
    return np.ones((3, 1)) * float(s)


def without_recording(s: Any) -> Any:
    with no_grad():
        return s * 2


class Ratio:
    """An object with an index that is read at its first call."""

    def __init__(self, value: Any) -> None:
        self.value = float(value)


# Of an argument s that is 2, 3 or 5, a number (or an array of numbers).
NUMBERS: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float,
    "complex": lambda s: complex(s).real,
    "round": round,
    "bool": lambda s: 2.0 if bool(s - 2) else 3.0,
    "np.asarray": np.asarray,
    "np.array": np.array,
    "np.array of a list": lambda s: np.array([s, s])[0],
    "np.float64": np.float64,
    "np.atleast_1d": lambda s: np.atleast_1d(s)[0],
    "str": lambda s: float(str(s)),
    "percent": lambda s: float("%g" % s),  # noqa: UP031
    "f-string": lambda s: float(f"{s:.3f}"),
    "format": lambda s: float(format(s, ".2f")),
    "repr": lambda s: 3.0 if "5" in repr(s) else 1.0,
    "math.sqrt": math.sqrt,
    "math.floor": math.floor,
    "math.isclose": lambda s: 2.0 if math.isclose(s, 5) else 3.0,
    "item": lambda s: s.item(),
    "tolist": lambda s: s.tolist(),
    "value": lambda s: s.value if isinstance(s, Tensor) else s,
    "iteration": lambda s: np.add.reduce([int(part) for part in np.stack([s, s]).astype(int)]),
    "index of an array": lambda s: TABLE[s],
    "index of a list": lambda s: TABLE.tolist()[s],
    "np.eye": lambda s: np.eye(6)[s][:3, None],
    "slice": lambda s: np.add.reduce(TABLE[:s]),
    "range": lambda s: len(range(s)),
    "np.zeros": lambda s: np.zeros(s).size,
    "recorded np.zeros": lambda s: recorded_np.zeros(s).size,
    "recorded np.ones": lambda s: recorded_np.ones((s, 2)).size,
    "argsort": lambda s: np.argsort(np.stack([s, s * 0 + 4]))[0] + 1,
    "unique": lambda s: np.unique(s)[0],
    "argmax": lambda s: TABLE[np.argmax(np.stack([s, s * 0 + 4]))],
    "searchsorted": lambda s: np.searchsorted(TABLE, s),
    "array_equal": lambda s: 2.0 if np.array_equal(s, 5) else 3.0,
    "seed": lambda s: np.random.default_rng(int(s)).normal(),
    "recorded seed": lambda s: recorded_np.random.default_rng(s).normal(),
    "lru_cache": cached,
    "partial": lambda s: functools.partial(pow, 2.0)(float(s)),
    "comparison": lambda s: 1.0 if s > 4 else 2.0,
    "equality": lambda s: 1.0 if s == 2 else 2.0,
    "builtin max": lambda s: max(s, 4),
    "in a tuple": lambda s: 1.0 if s in (2, 7) else 2.0,
    "in a set": lambda s: 1.0 if s in {2, 7} else 2.0,
    "key of a dict": lambda s: {2: 10.0, 3: 4.0, 5: 3.0}[s],
    "dict.get": lambda s: {2: 10.0, 5: 3.0}.get(s, 1.0),
    "no_grad": without_recording,
    "a new Tensor": lambda s: Tensor(s) if isinstance(s, Tensor) else s,
    "pickle": lambda s: float(pickle.loads(pickle.dumps(s))),
    "an object": lambda s: Ratio(s).value,
    "a function within": lambda s: next(float(part) for part in [s]),
}


def fresh(function: Callable[..., Any], W: Parameter, *arguments: Any) -> tuple[float, Any]:
    """Loss and gradient of a new recording, with plain arguments."""
    loss = function(*arguments)
    loss.backward()
    return loss.item(), W.grad


def agrees(plan: Any, function: Callable[..., Any], W: Parameter, *arguments: Any) -> None:
    loss, gradients = plan(*arguments)
    wanted, slope = fresh(function, W, *arguments)
    assert loss == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(gradients["W"], slope, rtol=1e-12)


@pytest.mark.parametrize("fast", BOTH)
@pytest.mark.parametrize("way", NUMBERS)
def test_each_way_to_read_a_number(way: str, fast: bool) -> None:
    for order in ((2, 5, 2), (5, 5, 2, 2, 3), (2, 2, 2, 5, 5, 5, 2, 5)):
        W = Parameter(W_FIRST, "W")

        def loss(x: Any, s: Any) -> Any:
            return sum(tanh(W @ x) * NUMBERS[way](s))

        plan = compile(loss, {"W": W}, fast=fast)
        for i, s in enumerate(order):
            W.value = W_FIRST * (1 + 0.1 * i)
            agrees(plan, loss, W, X, np.int64(s))


def counted(s: Any) -> Any:
    counts = np.zeros(3)
    for i in s:
        counts[i] += 1
    return counts


def in_a_thread(s: Any) -> float:
    with ThreadPoolExecutor(1) as pool:
        return float(pool.submit(np.asarray, s).result()[1])


INDICES = [np.array(i) for i in ((0, 2, 1), (0, 2, 1), (2, 2, 0), (1, 0, 0), (0, 2, 1), (2, 2, 0))]
FLOATS = [np.array(f) for f in ((0.3, -1, 2), (2, 0.5, 0.1), (0.3, -1, 2), (-3.0, -1, 0), (2, 0.5, 0.1))]
TRUTHS = [f > 0.2 for f in FLOATS]
# Of a = tanh(W x), 3 by 3, and an array.
ARRAYS: dict[str, tuple[list[Any], Callable[[Any, Any], Any]]] = {
    "columns": (INDICES, lambda a, s: a[:, s]),
    "rows": (INDICES, lambda a, s: a[s]),
    "take": (INDICES, lambda a, s: np.take(a, s, axis=1)),
    "one-hot": (INDICES, lambda a, s: a * np.eye(3)[:, s]),
    "one-hot by comparison": (INDICES, lambda a, s: a * (np.arange(3)[:, None] == s)),
    "a loop over indices": (INDICES, lambda a, s: [a[0, i] for i in s][2]),
    "tolist": (INDICES, lambda a, s: a[0, s.tolist()[1]] + a[s.tolist()[2]]),
    "counts": (INDICES, lambda a, s: a * counted(s)),
    "a shape": ([np.array(n) for n in ((9, 1), (3, 3), (1, 9), (3, 3))], lambda a, s: a.reshape(*s)[0]),
    "an axis": ([np.array(n) for n in (0, 1, 0, 1)], lambda a, s: a.max(axis=s)),
    "an order of axes": (
        [np.array(n) for n in ((0, 1), (1, 0), (0, 1))],
        lambda a, s: np.transpose(a, tuple(int(i) for i in s))[0],
    ),
    "a mask": (TRUTHS, lambda a, s: a[s]),
    "a mask of places": (TRUTHS, lambda a, s: a[np.nonzero(s)[0]]),
    "where": (TRUTHS, lambda a, s: ag.where(s[:, None], a, 0.0)),
    "a comparison as index": (FLOATS, lambda a, s: a[s > 0]),
    "a sum that decides": (FLOATS, lambda a, s: a * (1.0 if s.sum() > 1 else 2.0)),
    "any": (FLOATS, lambda a, s: a * (1.0 if (s > 1).any() else 2.0)),
    "items": (FLOATS, lambda a, s: a * math.fsum(v.item() for v in s)),
    "argmax": (FLOATS, lambda a, s: a[np.argmax(s)]),
    "argsort": (FLOATS, lambda a, s: a[:, np.argsort(s)][:, 0]),
    "a view": (FLOATS, lambda a, s: a * np.asarray(s)[1:][::-1][0]),
    "a derived array": (FLOATS, lambda a, s: a * np.sort(np.asarray(s) ** 2)),
    "limits": (FLOATS, lambda a, s: np.clip(a, s.min(), s.max())),
    "probabilities": (
        FLOATS,
        lambda a, s: a[recorded_np.random.default_rng(0).choice(3, p=np.abs(s) / np.abs(s).sum())],
    ),
    "assigned": (FLOATS, lambda a, s: a * [assigned := np.empty(3), assigned.__setitem__(slice(None), s)][0]),
    "read and recorded": (FLOATS, lambda a, s: a * s * float(np.asarray(s)[0])),
    "in": (FLOATS, lambda a, s: a * (1.0 if 0.5 in s else 3.0)),
    "sorted": (FLOATS, lambda a, s: a * sorted(s)[0]),
    "another thread": (FLOATS, lambda a, s: a * s * in_a_thread(s)),
}


@pytest.mark.parametrize("fast", BOTH)
@pytest.mark.parametrize("way", ARRAYS)
def test_each_way_to_read_an_array(way: str, fast: bool) -> None:
    W, x = Parameter(W_FIRST, "W"), np.hstack([X, X[:, :1]])
    arrays, read = ARRAYS[way]

    def loss(x: Any, s: Any) -> Any:
        return sum(read(tanh(W @ x), s))

    plan = compile(loss, {"W": W}, fast=fast)
    for i, s in enumerate([*arrays, *arrays]):
        W.value = W_FIRST * (1 + 0.1 * i)
        agrees(plan, loss, W, x, s)


PARAMETERS: dict[str, Callable[[Any], Any]] = {
    "value": lambda W: W.value[0, 0],
    "asarray of value": lambda W: np.asarray(W.value).mean(),
    "item": lambda W: W[0, 0].item(),
    "item of a result": lambda W: tanh(W @ X).sum().item(),
    "tolist": lambda W: W.tolist()[0][0],
    "f-string": lambda W: float(f"{W[0, 0]:.12f}"),
    "no_grad": lambda W: without_recording(W)[0, 0],
    "a new Tensor": lambda W: Tensor(W)[0, 0],
    "a new Parameter": lambda W: Parameter(W, "copy").value[0, 0],
    "gradient": lambda W: ag.grad(tanh(W @ X).sum(), W)[0, 0],
    "pickle": lambda W: pickle.loads(pickle.dumps(W)).value[0, 0],
}


@pytest.mark.parametrize("fast", BOTH)
@pytest.mark.parametrize("way", PARAMETERS)
def test_each_way_to_read_a_parameter(way: str, fast: bool) -> None:
    W = Parameter(W_FIRST, "W")

    def loss(x: Any) -> Any:
        number = PARAMETERS[way](W)
        return sum(tanh(W @ x)) * (number.value if isinstance(number, Tensor) else number)

    plan = compile(loss, {"W": W}, fast=fast)
    for factor in (1.0, 1.0, 1.2, 1.2, 1.2, 1.0, 0.7):
        W.value = W_FIRST * factor
        agrees(plan, loss, W, X)


def test_a_parameter_that_was_not_given_and_is_read() -> None:
    W, scale = Parameter(W_FIRST, "W"), Parameter(2.0, "scale")
    plan = compile(lambda x: sum(tanh(W @ x)) * scale.item(), {"W": W})
    for value in (2.0, 2.0, 3.0, 3.0, 3.0):
        scale.value = value
        assert plan(X)[0] == pytest.approx(np.tanh(W_FIRST @ X).sum() * value)


def test_reading_one_argument_costs_no_recording_for_another() -> None:
    W, calls = Parameter(W_FIRST, "W"), []

    def loss(x: Any, s: Any) -> Any:
        calls.append(1)
        return sum(tanh(W @ x)) * float(s)

    plan = compile(loss, {"W": W})
    for i in range(6):
        assert plan((1 + i) * X, 2.0)[0] == pytest.approx(2 * np.tanh((1 + i) * W_FIRST @ X).sum())
    assert len(calls) == 3  # with a short array, recorded, and compared at the second call
    plan(X, 3.0)
    assert len(calls) == 4
    assert "s is read as plain numbers at test_reads.py" in plan.explain()
    assert "(float(s)): each new value costs a recording" in plan.explain()
    assert "x is read" not in plan.explain()


def test_what_is_not_read_costs_no_recording() -> None:
    W, calls = Parameter(W_FIRST, "W"), []

    def loss(x: Any, s: Any) -> Any:
        calls.append(1)
        return sum(ag.where(s > 4, tanh(W @ x) * s, W @ x)) / np.sqrt(len(x) + x.shape[1] + np.size(x) + x.ndim)

    plan = compile(loss, {"W": W})
    plan(X, 2.0)
    made = len(calls)  # for any sizes
    for s in (2.0, 5.0, 3.0, 7.0, 2.0):
        agrees(plan, lambda x, s: loss(Tensor(x), Tensor(s)), W, X, s)
    assert len(calls) == made + 2 + 5  # of the plan, which is compared, and of the fresh recordings
    assert "recording" not in plan.explain()


def test_an_argument_that_does_not_reach_the_loss() -> None:
    W, calls = Parameter(W_FIRST, "W"), []

    def loss(x: Any, epoch: Any) -> Any:
        calls.append(1)
        return sum(tanh(W @ x))

    plan = compile(loss, {"W": W})
    for epoch in (0, 0, 0, 1, 1, 0):
        agrees(plan, lambda x, epoch: sum(tanh(W @ x)), W, X, epoch)
    assert len(calls) == 1 + 3 + 1  # with a short array; then each epoch is recorded, and compared at its second call
    assert "epoch does not reach the loss" in plan.explain()


def test_many_values() -> None:
    W = Parameter(W_FIRST, "W")

    def loss(x: Any, s: Any) -> Any:
        return sum(tanh(W @ x) ** 2) * math.exp(s)

    plan = compile(loss, {"W": W})
    values = [*range(12), 11, 11, 3, 3, 3, 20, 0, 0, *range(20, 30), *range(20, 30), *range(20, 30)]
    with pytest.warns(UserWarning, match=r"s is read as plain numbers at .*math\.exp.* s \* x or") as caught:
        for i, s in enumerate(values):
            W.value = W_FIRST * (1 + 0.1 * i)
            agrees(plan, loss, W, X, float(s))
    assert len(caught) == 1
    (versions,) = plan._versions.values()
    assert len(versions.kept) <= versions.KEPT
    assert plan(X, 11.0)[0] == pytest.approx(fresh(loss, W, X, 11.0)[0])


def test_a_decision_within_the_first_arguments_numbers_takes_both_ways() -> None:
    W = Parameter(W_FIRST, "W")

    def loss(x: Any, n: Any, which: Any) -> Any:
        a = x
        for _ in range(int(n)):
            a = tanh(W @ a) if which[0] > 0 else W @ a
        return sum(a * a)

    plan = compile(loss, {"W": W})
    for n, sign in itertools.chain(itertools.product((1, 3), (1.0, -1.0)), [(1, 1.0), (3, -1.0)]):
        agrees(plan, lambda x, n, which: loss(Tensor(x), n, which), W, X, n, np.array([sign, 0.0]))


def test_a_read_parameter_is_not_replaced_for_one_call() -> None:
    W = Parameter(W_FIRST, "W")
    plan = compile(lambda x: sum(tanh(W @ x)) * W.value.sum(), {"W": W})
    plan(X)
    plan(X, parameters={"W": W_FIRST})
    with pytest.raises(GraphLostError, match=r"W\.value = \.\.\."):
        plan(X, parameters={"W": 2 * W_FIRST})


def test_what_will_have_no_tensor_is_said_with_its_line() -> None:
    W = Parameter(W_FIRST, "W")

    def loss(x: Any, s: Any) -> Any:
        return sum(W @ x) * np.random.default_rng(s).normal()

    with pytest.raises(GraphLostError, match=r"(?s)write int\(x\).*np\.random\.default_rng\(s\)"):
        compile(loss, {"W": W})(X, 3)


# -- from around the function -------------------------------------------------------------------

level = 1.0


def scaled(z: Any) -> Any:
    return z * level


def test_names_around_the_function() -> None:
    global level
    W = Parameter(W_FIRST, "W")
    offset, shape, count = 0.5, np.ones((3, 1)), 0

    def loss(x: Any) -> Any:
        nonlocal count
        count += 1
        return scaled(sum(tanh(W @ x) * shape + offset))

    plan = compile(loss, {"W": W})
    plan(X)
    made = count
    for i in range(3):
        agrees(plan, loss, W, (1 + i) * X)
    assert count == made + 2 + 3  # the second call and the first new value are compared
    assert "from around" not in plan.explain()
    for level, offset in ((2.0, 0.5), (2.0, 0.5), (2.0, 1.5), (1.0, 0.5)):
        agrees(plan, loss, W, X)
    shape[1] = 7.0
    agrees(plan, loss, W, X)
    shape = np.zeros((3, 1))
    agrees(plan, loss, W, X)
    assert "offset is read from around the function" in plan.explain()
    assert "level is read from around the function" in plan.explain()


def test_a_counter_that_counts() -> None:
    W, count = Parameter(W_FIRST, "W"), 0

    def loss(x: Any) -> Any:
        nonlocal count
        count += 1
        return sum(W @ x) * (1.0 if count < 5 else 2.0)

    plan, total = compile(loss, {"W": W}), (W_FIRST @ X).sum()
    assert [plan(X)[0] / total for _ in range(5)] == pytest.approx([1, 1, 1, 2, 2])


def test_random_numbers_are_found() -> None:
    W, chance = Parameter(W_FIRST, "W"), np.random.default_rng(0)
    plan = compile(lambda x: sum(tanh(W @ x) * (chance.random((3, 2)) < 0.5)), {"W": W})
    plan(X)
    with pytest.raises(GraphLostError, match="random numbers"):
        plan(X)


def test_a_first_new_value_is_compared_with_the_function() -> None:
    """What is noticed nowhere shows at the call where it first matters, not at the second alone, and ever after."""
    W = Parameter(W_FIRST, "W")
    plan = compile(lambda x: sum(tanh(W @ x)) * x._value[0, 0], {"W": W})  # past everything that notices
    plan(X)
    plan(X)
    plan(X)
    for i in range(20):
        with pytest.raises(GraphLostError, match="goes past the recording"):
            plan((2 + i) * X)
        plan(X)


# -- cells --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
def test_no_cell_reads_its_inputs(kind: Any) -> None:
    cell = kind(3, 4, seed=0)
    x = np.random.default_rng(0).normal(size=(3, 2, 5))

    def of_states(x: Any, a: Any) -> Any:
        return sum(cell.unroll(x, {"a": a, "c": a} if kind is LSTM else {"a": a}).final["a"])

    def padded(x: Any) -> Any:
        return sum(cell.unroll(x, lengths=[5, 3]).final["a"])

    for loss, arrays in ((of_states, [x, np.ones((4, 2))]), (padded, [x])):
        plan = compile(loss, cell.parameters)
        for factor in (1.0, 1.5, 0.5):
            given = [factor * array for array in arrays]
            assert plan(*given)[0] == pytest.approx(loss(*map(Tensor, given)).item())
        assert "recording" not in plan.explain()


def test_padding_that_becomes_infinite_later_touches_nothing() -> None:
    cell = RNN(3, 4, seed=0)
    x = np.random.default_rng(0).normal(size=(3, 2, 5))
    x[:, 1, 3:] = 0
    plan = compile(lambda x: sum(cell.unroll(x, lengths=[5, 3]).final["a"]), cell.parameters)
    first, _ = plan(x)
    x[:, 1, 3:] = np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss, gradients = plan(x)
    assert loss == pytest.approx(first)
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())


def test_lengths_as_an_argument() -> None:
    cell = GRU(3, 4, seed=0)
    x = np.random.default_rng(0).normal(size=(3, 2, 5))
    plan = compile(lambda x, lengths: sum(cell.unroll(x, lengths=lengths).final["a"]), cell.parameters)
    for lengths in ([5, 3], [2, 5], [5, 3], [2, 5]):
        loss = sum(cell.unroll(x, lengths=lengths).final["a"])
        assert plan(x, lengths)[0] == pytest.approx(loss.item())
