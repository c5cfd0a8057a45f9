"""Examples in parts at the same time: where that is exact, where it is not, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, UsageError, accumulate, categorical_cross_entropy, compile, softmax, tanh
from autograd_seq.plan import blas
from autograd_seq.plan.anysize.splitting import Split
from autograd_seq.plan.threads import InThreads
from autograd_seq.plan.writing.tools import available
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout

with_numba = pytest.mark.skipif(not available(), reason="needs Numba and SciPy")
ENGINES = ["numpy", pytest.param("numba", marks=with_numba)]


def networks(dtype: str = "float64") -> dict[str, Any]:
    return {
        "rnn": RNN(4, 5, seed=0, dtype=dtype),
        "gru": GRU(4, 5, seed=0, dtype=dtype),
        "lstm": LSTM(4, 5, seed=0, dtype=dtype),
        "deep": Deep([LSTM(4, 5, seed=0, dtype=dtype), RNN(5, 5, seed=1, dtype=dtype)]),
        "bidirectional": Bidirectional(GRU(4, 5, seed=0, dtype=dtype), GRU(4, 5, seed=1, dtype=dtype)),
    }


def of_all_steps(run: Any, y: Any) -> Any:
    return accumulate([categorical_cross_entropy(p, y[:, :, t]).sum() for t, p in enumerate(run.outputs)])


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "sum": of_all_steps,
    "mean": lambda run, y: of_all_steps(run, y) / (y.shape[1] * y.shape[2]),
    "mean of the last": lambda run, y: categorical_cross_entropy(run.outputs[-1], y[:, :, -1]).mean(),
}


def data(m: int, T: int = 6, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(m)
    return rng.standard_normal((4, m, T)).astype(dtype), np.eye(3, dtype=dtype)[:, rng.integers(3, size=(m, T))]


def agree(found: Any, wanted: Any, tolerance: float = 1e-12) -> None:
    assert found[0] == pytest.approx(wanted[0], rel=tolerance)
    assert found[1].keys() == wanted[1].keys()
    for key, gradient in wanted[1].items():
        assert found[1][key].dtype == gradient.dtype and found[1][key].shape == gradient.shape
        assert np.abs(found[1][key] - gradient).max() <= tolerance * max(1.0, np.abs(gradient).max())


def recorded(loss: Callable[..., Any], parameters: dict[str, Parameter], *arrays: np.ndarray) -> Any:
    for p in parameters.values():
        p.grad = None
    J = loss(*map(Tensor, arrays))
    J.backward()
    return J.item(), {key: p.grad for key, p in parameters.items() if p.grad is not None}


def said(plan: Any) -> str:
    return next((line for line in plan.explain().splitlines() if "threads" in line), "")


@pytest.mark.parametrize("which", LOSSES)
@pytest.mark.parametrize(
    "engine, kind", [*(("numpy", kind) for kind in networks()), pytest.param("numba", "lstm", marks=with_numba)]
)
def test_any_number_of_threads_gives_the_recorded_results(engine: str, kind: str, which: str) -> None:
    network = networks()[kind]
    readout = Readout(10 if kind == "bidirectional" else 5, 3, seed=2)
    parameters = {**network.parameters, **readout.parameters}

    def loss(x: Any, y: Any) -> Any:
        return LOSSES[which](readout(network.unroll(x)), y)

    for threads, lengths in ((1, ""), (2, "4 + 3"), (3, "3 + 2 + 2")):
        plan = compile(loss, parameters, engine=engine, threads=threads)
        agree(plan(*data(7)), recorded(loss, parameters, *data(7)))
        assert lengths in said(plan)
        for m, T in ((6, 9), (2, 3), (3, 2)):
            agree(plan(*data(m, T)), recorded(loss, parameters, *data(m, T)))


@pytest.mark.parametrize("engine", ENGINES)
def test_results_are_the_same_at_every_call(engine: str) -> None:
    cell, readout = LSTM(4, 5, seed=0), Readout(5, 3, seed=1)
    plan = compile(
        lambda x, y: of_all_steps(readout(cell.unroll(x)), y), {**cell.parameters, **readout.parameters},
        engine=engine, threads=3,
    )  # fmt: skip
    first = plan(*data(20))
    for _ in range(20):
        J, gradients = plan(*data(20))
        assert first[0] == J
        assert all(gradients[key].tobytes() == gradient.tobytes() for key, gradient in first[1].items())


@pytest.mark.parametrize("engine", ENGINES)
def test_single_precision_stays_single(engine: str) -> None:
    cell, readout = LSTM(4, 5, seed=0, dtype="float32"), Readout(5, 3, seed=1, dtype="float32")
    parameters = {**cell.parameters, **readout.parameters}

    def loss(x: Any, y: Any) -> Any:
        return LOSSES["mean"](readout(cell.unroll(x)), y)

    plan = compile(loss, parameters, engine=engine, threads=2)
    agree(plan(*data(7, dtype="float32")), recorded(loss, parameters, *data(7, dtype="float32")), 1e-5)
    assert "4 + 3" in said(plan)


def test_fewer_examples_than_threads() -> None:
    W = Parameter([[0.5, -1.0]], "W")
    plan = compile(lambda x: ag.sum(tanh(W @ x)), {"W": W}, threads=4)
    for m, what in ((9, "4 threads: 3 + 2 + 2 + 2"), (5, "2 of 4 threads: 3 + 2"), (3, "1 of 4 threads: 3 examples")):
        x = np.random.default_rng(0).standard_normal((2, m))
        agree(plan(x), recorded(lambda x: ag.sum(tanh(W @ x)), {"W": W}, x))
        assert what in said(plan)
    plan(np.ones((2, 1)))
    assert said(plan) == "1 of 4 threads: the program is for these sizes only"


# What a loss may be, and what it may not: x is (4, m), k and y are (3, m), s is (4, m, T), mask is (m, T).
W, b = Parameter(np.random.default_rng(1).standard_normal((3, 4)), "W"), Parameter(np.full((3, 1), 0.1), "b")
U = Parameter(np.random.default_rng(2).standard_normal((3, 3)) / 3, "U")
PARAMETERS = {"W": W, "b": b, "U": U}


def z(x: Any) -> Any:
    return W @ x + b


def states(s: Any) -> list[Any]:
    h, found = np.zeros((3, s.shape[1])), []
    for t in range(s.shape[2]):
        h = tanh(U @ h + W @ s[:, :, t] + b)
        found.append(h)
    return found


def masked(s: Any, mask: Any) -> Any:
    return accumulate([ag.sum(mask[:, t] * h**2) for t, h in enumerate(states(s))])


EXACT: dict[str, tuple[str, Callable[..., Any]]] = {
    "a mean of everything": ("x", lambda x: ag.mean(tanh(z(x)))),
    "a mean over examples": ("x", lambda x: ag.sum(ag.mean(tanh(z(x)) ** 2, axis=1))),
    "a mean over features": ("x", lambda x: ag.sum(ag.mean(tanh(z(x)), axis=0))),
    "divided by m": ("x", lambda x: ag.sum(tanh(z(x))) / x.shape[1]),
    "divided by its root": ("x", lambda x: ag.sum(tanh(z(x))) / np.sqrt(x.shape[1])),
    "a mean and a sum": ("x", lambda x: ag.sum(tanh(z(x))) / x.shape[1] + ag.sum(z(x) ** 2)),
    "m within": ("x", lambda x: ag.sum(tanh(z(x) / x.shape[1]))),
    "a penalty on weights": ("x", lambda x: ag.mean(tanh(z(x))) + 0.1 * ag.sum(W * W)),
    "several penalties": ("x", lambda x: ag.sum(tanh(W * W)) + ag.sum(z(x) ** 2) + ag.sum(b * b)),
    "classes": ("xy", lambda x, y: categorical_cross_entropy(softmax(z(x)), y).mean()),
    "a penalty on states": ("s", lambda s: accumulate([ag.sum(h**2) for h in states(s)]) + 0.5 * ag.sum(U * U)),
    "some rows": ("x", lambda x: ag.sum(z(x)[0:2] ** 2) + ag.sum(tanh(z(x)[2]))),
    "examples are rows": ("x", lambda x: ag.sum(tanh(x.T @ W.T) ** 2)),
    "another axis": ("x", lambda x: ag.sum(ag.reshape(z(x), (1, 3, x.shape[1])) ** 2)),
    "letters": ("x", lambda x: ag.sum(ag.einsum("ij,jm->im", W, x) ** 2)),
    "letters summed over": ("xy", lambda x, y: ag.sum(ag.einsum("im,jm->ij", z(x), y) * np.arange(9.0).reshape(3, 3))),
    "all steps in one array": ("s", lambda s: ag.sum(ag.stack(states(s), axis=2) ** 2)),
    "joined with the input": ("s", lambda s: ag.sum(tanh(ag.concatenate([states(s)[-1], s[:, :, 0]], axis=0)))),
    "unequal lengths": ("sm", masked),
    "unequal lengths, divided by m T": ("sm", lambda s, mask: masked(s, mask) / (mask.shape[0] * mask.shape[1])),
    "a choice for each": ("x", lambda x: ag.sum(ag.where(x[0:3] > 0, z(x), 0.1 * z(x)))),
}  # fmt: skip
COMPILED = ("a mean and a sum", "m within", "a penalty on states", "unequal lengths")
TOGETHER: dict[str, tuple[str, Callable[..., Any], str]] = {
    "softmax over examples": ("xy", lambda x, y: ag.sum(y * softmax(z(x), axis=1)), "softmax) goes over the examples"),
    "the best example": ("x", lambda x: ag.sum(ag.max(z(x), axis=1)), "max) goes over the examples"),
    "batch statistics": (
        "x", lambda x: ag.sum(tanh(z(x) - ag.mean(z(x), axis=1, keepdims=True))), "from a sum over all of them"
    ),
    "a root of a mean": ("x", lambda x: ag.sqrt(ag.mean(z(x) ** 2)), "not a sum over the examples, but made of one"),
    "the square of a sum": ("x", lambda x: ag.sum(tanh(z(x))) ** 2, "sum"),
    "divided by how many count": ("sm", lambda s, mask: masked(s, mask) / ag.sum(mask), "not a sum over the examples"),
    "each pair": ("x", lambda x: ag.sum(tanh(z(x).T @ z(x))), "numbers for pairs of examples"),
    "the first example": ("x", lambda x: ag.sum(z(x)) * ag.sum(z(x)[:, 0]), "picks"),
    "half of them": ("x", lambda x: ag.sum(z(x)[:, 1:] * z(x)[:, :-1]), "examples and other things in one axis"),
    "a running sum": ("x", lambda x: ag.sum(ag.cumsum(z(x), axis=1) ** 2), "not known what cumsum does"),
    "in one line": ("x", lambda x: ag.sum(tanh(ag.reshape(z(x), -1)) ** 2), "in one axis"),
}


def arguments(which: str, m: int = 7) -> list[np.ndarray]:
    rng = np.random.default_rng(m)
    known = {
        "x": rng.standard_normal((4, m)),
        "y": np.eye(3)[:, rng.integers(3, size=m)],
        "s": rng.standard_normal((4, m, 5)),
        "m": (np.arange(5) < rng.integers(2, 6, size=m)[:, None]).astype(float),
    }
    return [known[letter] for letter in which]


@pytest.mark.parametrize(
    "engine, what",
    [*(("numpy", what) for what in EXACT), *(pytest.param("numba", what, marks=with_numba) for what in COMPILED)],
)
def test_sums_and_means_over_examples_are_taken_in_parts(what: str, engine: str) -> None:
    which, loss = EXACT[what]
    plan = compile(loss, PARAMETERS, engine=engine, threads=2)
    agree(plan(*arguments(which)), recorded(loss, PARAMETERS, *arguments(which)))
    assert "2 threads: 4 + 3 examples" in said(plan)
    agree(plan(*arguments(which, 10)), recorded(loss, PARAMETERS, *arguments(which, 10)))


@pytest.mark.parametrize("what", TOGETHER)
def test_what_mixes_examples_is_computed_in_one_thread(what: str) -> None:
    which, loss, why = TOGETHER[what]
    plan = compile(loss, PARAMETERS, threads=2)
    agree(plan(*arguments(which)), recorded(loss, PARAMETERS, *arguments(which)))
    assert said(plan).startswith("1 of 2 threads: ") and why in said(plan)


def test_parameters_of_one_call_and_changed_ones_count_in_every_part() -> None:
    v = Parameter([[0.5, -1.0]], "v")

    def loss(x: Any) -> Any:
        return ag.sum(tanh(v @ x))

    plan, x = compile(loss, {"v": v}, threads=2), np.random.default_rng(0).standard_normal((2, 6))
    plan(x)
    J, _ = plan(x, parameters={"v": np.array([[2.0, 3.0]])})
    v.value = np.array([[2.0, 3.0]])
    assert J == plan(x)[0] == pytest.approx(recorded(loss, {"v": v}, x)[0], rel=1e-12)


def test_a_plan_for_parts_is_not_one_for_sizes_that_decide_otherwise() -> None:
    cell = RNN(4, 40, seed=0)

    def loss(x: Any) -> Any:
        return accumulate([ag.sum(a**2) for a in cell.unroll(x).states["a"]])

    plan = compile(loss, cell.parameters, threads=2)
    for m in (4, 60, 5, 61):
        x = np.random.default_rng(m).standard_normal((4, m, 5))
        agree(plan(x), recorded(loss, cell.parameters, x))


def test_a_finished_recording_is_for_one_thread() -> None:
    v = Parameter([[0.5, -1.0]], "v")
    plan = compile(ag.sum(tanh(v @ np.ones((2, 6)))), {"v": v}, threads=2)
    assert plan()[0] == pytest.approx(6 * np.tanh(-0.5))
    assert said(plan) == "1 of 2 threads: the program is for these sizes only"


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True, None])
def test_threads_is_a_number(threads: Any) -> None:
    with pytest.raises(UsageError, match="threads is how many there may be, 1 or more, not"):
        compile(lambda x: ag.sum(W @ x), {"W": W}, threads=threads)


def test_jax_has_threads_of_its_own() -> None:
    with pytest.raises(UsageError, match="threads belongs to engine='numpy' and 'numba'"):
        compile(lambda x: ag.sum(W @ x), {"W": W}, engine="jax", threads=2)


def test_a_part_that_fails_says_so_when_all_have_stopped() -> None:
    running = []

    def part(x: Any) -> Any:
        running.append(len(x))
        if len(x) == 1:
            raise ArithmeticError("the second part")
        return (np.sum(x),)

    with pytest.raises(ArithmeticError, match="the second part"):
        InThreads([part, part], [2, 1], [0])(np.ones(3))
    assert sorted(running) == [1, 2]


def test_every_part_has_two_examples() -> None:
    split = Split("m", "m_all")
    for m in range(2, 30):
        for threads in range(1, 9):
            lengths = split.lengths({"m": m}, threads)
            assert sum(lengths) == m and min(lengths) >= 2 and len(lengths) <= threads
            assert max(lengths) - min(lengths) <= 1 and (len(lengths) == threads or m < 2 * threads)


def test_products_of_parts_are_computed_where_they_are_asked_for() -> None:
    loaded = blas.library("numpy")
    if loaded is None:
        pytest.skip("NumPy's BLAS is not OpenBLAS")
    before = loaded.threads
    try:
        loaded.threads = 2
        with blas.one_thread():
            with blas.one_thread():
                assert loaded.threads == 1
            assert loaded.threads == 1
        assert loaded.threads == 2
    finally:
        loaded.threads = before


@pytest.mark.parametrize("engine", ENGINES)
def test_explain_says_what_computes_products(engine: str) -> None:
    plan = compile(lambda x: ag.sum(tanh(W @ x)), {"W": W}, engine=engine)
    plan(np.ones((4, 3)))
    line = next(line for line in plan.explain().splitlines() if line.startswith("products: "))
    assert blas.said("numpy") in line and said(plan) == ""
    of_loops = line.partition("; of compiled loops: ")[2]
    assert of_loops == (blas.said("scipy") if engine == "numba" else "")
