"""Everything that can take a gradient step of a recurrent network, by name: made for a case, then called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import peers
from by_hand import COURSE, Array, Parameters, Result
from by_hand_fast import FAST
from same_loop import recorded_loop

from autograd_seq import accumulate, categorical_cross_entropy, compile
from cells import GRU, LSTM, RNN, Readout

SIZES = {"S1": (27, 50, 1, 20), "S2": (27, 64, 32, 50), "S3": (128, 256, 64, 100)}  # n_x, n_a, m, T
CELLS: dict[str, Any] = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}
Step = Callable[[], Result]
BEST, COURSE_STYLE = "best hand-written NumPy", "course-style hand-written NumPy"


@dataclass
class Case:
    """What one column measures: cell, weights and data."""

    kind: str
    cell: Any
    readout: Readout
    p: Parameters
    x: Array
    y: Array


def case(kind: str, size: str, dtype: str) -> Case:
    n_x, n_a, m, T = SIZES[size]
    cell, readout = CELLS[kind](n_x, n_a, seed=0, dtype=dtype), Readout(n_a, n_x, seed=1, dtype=dtype)
    generator = np.random.default_rng(0)
    x = generator.standard_normal((n_x, m, T)).astype(dtype)
    y = np.eye(n_x, dtype=dtype)[:, generator.integers(n_x, size=(m, T))]
    p = {key: q.value for key, q in {**cell.parameters, **readout.parameters}.items()}
    return Case(kind, cell, readout, p, x, y)


def best(case: Case) -> Step:
    n_x, m, T = case.x.shape
    network = FAST[case.kind](n_x, case.p["Wya"].shape[1], len(case.y), m, T, case.x.dtype)
    return lambda: network(case.x, case.y, case.p)


def course(case: Case) -> Step:
    return lambda: COURSE[case.kind](case.x, case.y, case.p)


def recorded(case: Case) -> Step:
    """Record and back-propagate."""
    parameters = {**case.cell.parameters, **case.readout.parameters}
    targets = [case.y[:, :, t] for t in range(case.y.shape[2])]

    def step() -> Result:
        run = case.readout(case.cell.unroll(case.x))
        losses = [categorical_cross_entropy(p, t).sum() for p, t in zip(run.outputs, targets, strict=True)]
        loss = accumulate(losses)
        loss.backward()
        return loss.item(), {key: p.grad for key, p in parameters.items()}

    return step


def plan_of(case: Case, **options: Any) -> Any:
    """The plan, not yet compiled: the first call does that."""

    def loss(x: Any, y: Any) -> Any:
        run = case.readout(case.cell.unroll(x))
        return accumulate([categorical_cross_entropy(p, y[:, :, t]).sum() for t, p in enumerate(run.outputs)])

    return compile(loss, {**case.cell.parameters, **case.readout.parameters}, **options)


def compiled(case: Case, **options: Any) -> Step:
    """The compiled replay of the same recording."""
    plan = plan_of(case, **options)
    plan(case.x, case.y)
    plan(case.x, case.y)  # the second call is compared with the function
    return lambda: plan(case.x, case.y)


def compiled_fast(case: Case) -> Step:
    """Its loops through Numba; ImportError without it."""
    for package in ("numba", "scipy"):
        import_module(package)
    return compiled(case, fast=True)


def compiled_jax(case: Case) -> Step:
    """The replay as a JAX program, with its arrays where it runs."""
    import jax

    jax.config.update("jax_enable_x64", True)
    plan = plan_of(case, engine="jax")
    plan(case.x, case.y)
    parameters, x, y = jax.device_put((case.p, case.x, case.y))
    run = jax.jit(plan.value_and_grad)
    return lambda: jax.block_until_ready(run(parameters, x, y))


def peer(make: Callable[..., Step]) -> Callable[[Case], Step]:
    return lambda case: make(case.kind, case.p, case.x, case.y)


CONTENDERS: dict[str, Callable[[Case], Step]] = {
    BEST: best,
    COURSE_STYLE: course,
    "autograd_seq, recorded": recorded,
    "autograd_seq, PyTorch's loop": peer(recorded_loop),
    "autograd_seq, compiled": compiled,
    "autograd_seq, compiled, [fast]": compiled_fast,
    "autograd_seq, compiled, JAX": compiled_jax,
    "PyTorch eager cell loop": peer(peers.pytorch_loop),
    "torch.nn": peer(peers.pytorch_layer),
    "JAX jit + scan": peer(peers.jax_scan),
    "HIPS autograd": peer(peers.hips),
    "MyGrad": peer(peers.mygrad),
}


def agreeing(name: str, case: Case) -> Step:
    """A contender whose gradients agree with the course's."""
    step = CONTENDERS[name](case)
    _, truth = course(case)()
    tolerance = 1e-10 if case.x.dtype == "float64" else 2e-3
    for key, gradient in step()[1].items():
        error = np.abs(np.asarray(gradient) - truth[key]).max() / np.abs(truth[key]).max()
        if not error < tolerance:
            raise SystemExit(f"{name}: d{key} is off by {error:.1e}")
    return step
