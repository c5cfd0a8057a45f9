"""Plans as JAX programs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, accumulate, categorical_cross_entropy, compile, sum, tanh
from autograd_seq.core.errors import DtypeError, ShapeError, UsageError
from autograd_seq.plan.writing import jax_run
from autograd_seq.plan.writing.jax_words import LacksError
from cells import GRU, LSTM, RNN, Readout

with_jax = pytest.mark.skipif(not jax_run.available(), reason="JAX is not installed: pip install 'autograd-seq[jax]'")
CELLS = {"lstm": LSTM, "gru": GRU, "rnn": RNN}


def problem(kind: str, dtype: str = "float64") -> tuple[Any, dict[str, Parameter]]:
    cell, readout = CELLS[kind](4, 5, seed=0, dtype=dtype), Readout(5, 3, seed=1, dtype=dtype)

    def loss(x: Any, y: Any) -> Any:
        outputs = readout(cell.unroll(x)).outputs
        terms = [categorical_cross_entropy(p, y[:, :, t]).sum() for t, p in enumerate(outputs)]
        return accumulate(terms) / (x.shape[1] * x.shape[2])

    return loss, {**cell.parameters, **readout.parameters}


def data(seed: int, m: int, T: int, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((4, m, T)).astype(dtype), np.eye(3, dtype=dtype)[:, rng.integers(3, size=(m, T))]


def agrees(plan: Any, loss: Any, parameters: dict[str, Parameter], *arrays: Any, tolerance: float = 1e-11) -> None:
    J, gradients = plan(*arrays)
    recorded = loss(*map(Tensor, arrays))
    for p in parameters.values():
        p.grad = None
    recorded.backward()
    assert abs(float(J) - recorded.item()) < tolerance * abs(recorded.item())
    for key, p in parameters.items():
        gradient = np.asarray(gradients[key])
        assert gradient.dtype in (p.dtype, "float32")
        assert np.abs(gradient - p.grad).max() < tolerance * max(1.0, np.abs(p.grad).max())


@with_jax
@pytest.mark.parametrize("kind", CELLS)
def test_gradients_are_those_of_the_recording(kind: str) -> None:
    import jax

    loss, parameters = problem(kind)
    before = jax.config.jax_enable_x64
    plan = compile(loss, parameters, engine="jax")
    for seed, (m, T) in enumerate([(3, 7), (2, 2), (4, 12), (1, 5)]):
        agrees(plan, loss, parameters, *data(seed, m, T))
        assert "these sizes only" not in plan.explain()
    J, gradients = plan(*data(0, 3, 7))
    assert isinstance(J, jax.Array) and all(isinstance(g, jax.Array) for g in gradients.values())
    assert jax.config.jax_enable_x64 is before


@with_jax
def test_what_depends_on_no_step_is_outside_of_the_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU, where what is computed at once costs less."""
    monkeypatch.setattr(jax_run, "platform", lambda name: "gpu")
    loss, parameters = problem("lstm")
    plan = compile(loss, parameters, engine="jax")
    agrees(plan, loss, parameters, *data(0, 3, 7))
    inside = [line for line in plan.source.splitlines() if line.startswith("            ") and " @ " in line]
    assert len(inside) == 2 and plan.source.count("= lax.scan(") == 2  # one product a step, forwards and backwards
    over_time = [line for line in plan.source.splitlines() if 'einsum("tmi,tmj->ij"' in line]
    assert len(over_time) == 3  # and one over time, of the states, the inputs and the readout
    assert "swapaxes" not in plan.source and "concatenate([x" not in plan.source  # without copies of what is there
    assert 'PRECISION = "highest"' in plan.source and "optimization_barrier" not in plan.source


@with_jax
def test_what_only_a_scan_needs_is_inside_of_it_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax_run, "platform", lambda name: "cpu")
    loss, parameters = problem("lstm")
    plan = compile(loss, parameters, engine="jax", device="cpu")
    plan(*data(0, 3, 7))
    lines = plan.source.splitlines()
    inside = [line for line in lines if line.startswith("            ") and " @ " in line]
    assert len(inside) == 4 and plan.source.count("= lax.scan(") == 2  # the inputs, and what the readout hands back
    assert all(line.endswith("_turned") for line in inside)
    over_time = [line for line in lines if "= over_time(" in line]
    assert len(over_time) == 3  # of the states, the inputs and the readout
    assert "swapaxes" not in plan.source and "einsum" not in plan.source


@with_jax
@pytest.mark.parametrize("kind", CELLS)
def test_as_a_function_of_jax_arrays(kind: str) -> None:
    import jax

    loss, parameters = problem(kind)
    plan = compile(loss, parameters, engine="jax", dtype="float32")
    arrays = {key: jax.numpy.asarray(p.value, "float32") for key, p in parameters.items()}
    for m, T in [(3, 7), (2, 4)]:
        x, y = (jax.numpy.asarray(a, "float32") if a.dtype.kind == "f" else a for a in data(0, m, T))
        J, gradients = plan(*data(0, m, T))
        found, ours = jax.jit(plan.value_and_grad)(arrays, x, y)
        assert float(found) == pytest.approx(float(J), rel=1e-6)
        assert set(ours) == set(gradients)
        for key in ours:
            np.testing.assert_allclose(ours[key], gradients[key], rtol=1e-5, atol=1e-6)


@with_jax
def test_what_the_function_of_jax_arrays_refuses() -> None:
    loss, parameters = problem("rnn")
    x, y = data(0, 3, 7)
    plan = compile(loss, parameters, engine="jax", dtype="float32")
    arrays = {key: np.asarray(p.value, "float32") for key, p in parameters.items()}
    with pytest.raises(UsageError, match="an array for each of"):
        plan.value_and_grad({"W": x}, x, y)
    plan(x, y)
    with pytest.raises(ShapeError, match="call the plan with such arrays first"):
        plan.value_and_grad(arrays, x, y[..., :5])
    with pytest.raises(ShapeError, match="was recorded with shape"):
        plan.value_and_grad({key: array[:1] for key, array in arrays.items()}, x, y)
    with pytest.raises(DtypeError, match="must be an array"):
        plan.value_and_grad(arrays, x, [1.0])
    with pytest.raises(ShapeError, match="no program for"):
        plan.value_and_grad(arrays, x, "y")
    with pytest.raises(UsageError, match="missing a required argument"):
        plan.value_and_grad(arrays, x)
    with pytest.raises(UsageError, match="engine='jax'"):
        compile(loss, parameters).value_and_grad(arrays, x, y)
    doubled = compile(loss, parameters, engine="jax")
    with pytest.raises(UsageError, match="jax_enable_x64"):
        doubled.value_and_grad(arrays, x, y)


@with_jax
def test_a_function_that_reads_numbers_is_none_of_jax_arrays() -> None:
    W = Parameter([[0.5, -1.0]], "W")
    plan = compile(lambda x, k: sum(tanh(W @ x)) * float(k), {"W": W}, engine="jax", dtype="float32")
    x, k = np.ones((2, 3)), np.array(2.0)
    plan(x, k)
    with pytest.raises(UsageError, match="is read as plain numbers"):
        plan.value_and_grad({"W": W.value}, x, k)


@with_jax
def test_the_program_runs_by_itself() -> None:
    loss, parameters = problem("rnn")
    plan = compile(loss, parameters, engine="jax")
    J, _ = plan(*data(0, 3, 7))
    arguments = plan._latest.arguments(list(data(0, 3, 7)), {})
    shown = ", ".join(f"jnp.array({a.tolist()!r})" for a in map(np.asarray, arguments))
    call = f"print(run({shown})[0].item(), any(n.partition('.')[0] == 'autograd_seq' for n in sys.modules))"
    text = f"{plan.source}\nimport sys\n{call}\n"
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd="/")
    said = ended.stdout.split()
    assert float(said[0]) == pytest.approx(float(J), rel=1e-12) and said[1] == "False"


@with_jax
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("bfloat16", 0.05)])
def test_in_other_numbers(dtype: str, tolerance: float) -> None:
    loss, parameters = problem("gru")
    plan = compile(loss, parameters, engine="jax", dtype=dtype)
    agrees(plan, loss, parameters, *data(0, 3, 7), tolerance=tolerance)
    assert f"jnp.{dtype}" in plan.source and "enable_x64" not in plan.source


@with_jax
def test_float32_stays_float32() -> None:
    loss, parameters = problem("lstm", "float32")
    plan = compile(loss, parameters, engine="jax")
    agrees(plan, loss, parameters, *data(0, 3, 7, "float32"), tolerance=1e-4)
    assert "float64" not in plan.source


W = {key: Parameter(0.4 * np.random.default_rng(i).standard_normal(shape), key) for i, (key, shape) in enumerate(
    {"W": (4, 4), "U": (4, 3), "b": (4, 1)}.items())}  # fmt: skip


def parts_of_parameters(x: Any) -> Any:
    both = ag.concatenate([W["W"], W["U"]], axis=1)
    h = np.zeros((4, x.shape[1]))
    for t in range(x.shape[2]):
        h = ag.tanh(both[:, :4] @ h + both[:, 4:] @ x[:, :, t] + W["b"])
    return ag.sum(h[:2] * h[2:])


def attending(x: Any) -> Any:
    h, states = np.zeros((4, x.shape[1])), []
    for t in range(x.shape[2]):
        h = ag.relu(W["W"] @ h + W["U"] @ x[:, :, t] + W["b"])
        states.append(h)
    every = ag.stack(states, axis=0)
    weights = ag.softmax(ag.sum(every * h, axis=1), axis=0)
    return ag.mean((every * weights[:, None, :]) ** 2)


def two_steps_back(x: Any) -> Any:
    h = before = np.zeros((4, x.shape[1]))
    for t in range(x.shape[2]):
        h, before = ag.tanh(W["W"] @ before + W["U"] @ x[:, :, t] + W["b"]), h
    return ag.sum(h * before)


@with_jax
@pytest.mark.parametrize("loss", [parts_of_parameters, attending, two_steps_back], ids=lambda f: f.__name__)
def test_programs_of_ones_own(loss: Any) -> None:
    plan = compile(loss, W, engine="jax")
    for shape in ((3, 4, 7), (3, 2, 3)):
        agrees(plan, loss, W, np.random.default_rng(1).standard_normal(shape))


@with_jax
def test_a_finished_recording() -> None:
    loss, parameters = problem("rnn")
    recorded = loss(*map(Tensor, data(0, 2, 4)))
    plan = compile(recorded, parameters, engine="jax")
    assert float(plan()[0]) == pytest.approx(recorded.item(), rel=1e-12)


@with_jax
def test_an_operation_without_words() -> None:
    @ag.operation(vjp=[lambda g, y, x: g * 3 * x * x])
    def cubed(x: Any, /) -> Any:
        return x**3

    def loss(x: Any) -> Any:
        return ag.sum(cubed(W["U"] @ x))

    x = np.random.default_rng(0).standard_normal((3, 5))
    with pytest.raises(LacksError, match="no words for cubed.*otherwise='numpy'"):
        compile(loss, {"U": W["U"]}, engine="jax")(x)
    plan = compile(loss, {"U": W["U"]}, engine="jax", otherwise="numpy")
    with pytest.warns(UserWarning, match="cubed.*NumPy takes the program instead"):
        agrees(plan, loss, {"U": W["U"]}, x)


@with_jax
def test_no_such_device() -> None:
    import jax

    if any(device.platform == "tpu" for device in jax.devices()):
        pytest.skip("there is a TPU here")
    with pytest.raises(UsageError, match="JAX finds no device 'tpu' here, only"):
        compile(lambda x: ag.sum(x), engine="jax", device="tpu")


def test_without_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax_run, "available", lambda: False)
    with pytest.raises(UsageError, match=r"pip install 'autograd-seq\[jax\]'"):
        compile(lambda x: ag.sum(x), engine="jax")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"engine": "torch"}, "engine is one of 'numpy', 'numba', 'jax', not 'torch'"),
        ({"dtype": "float32"}, "dtype belongs to engine='jax'"),
        ({"device": "gpu"}, "device belongs to engine='jax'"),
        ({"fast": True, "engine": "jax"}, "ask for one of them"),
    ],
)
def test_what_no_engine_knows(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        compile(lambda x: ag.sum(x), **asked)
