"""One gradient step (forward, loss, all gradients) of a recurrent network, against hand-written NumPy and peers.

``python benchmarks/bptt.py [--cells LSTM GRU RNN] [--sizes S1 S2 S3] [--dtypes float64 float32] [--json]``: the same
weights and data for all, one thread, all in one interleaved run; the median of CPU time, as a multiple of the best
hand-written NumPy's. Gradients are compared before anything is timed. Peers that are not installed are left out
and said so.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from by_hand import COURSE, FAST, Array, Result

from autograd_seq import accumulate, categorical_cross_entropy, compile
from cells import GRU, LSTM, RNN, Readout

SIZES = {"S1": (27, 50, 1, 20), "S2": (27, 64, 32, 50), "S3": (128, 256, 64, 100)}  # n_x, n_a, m, T
CELLS: dict[str, Any] = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}
Step = Callable[[], Result]


def recorded(cell: Any, readout: Readout, x: Array, y: Array) -> Step:
    """Record and back-propagate."""
    parameters = {**cell.parameters, **readout.parameters}
    targets = [y[:, :, t] for t in range(y.shape[2])]

    def step() -> Result:
        run = readout(cell.unroll(x))
        losses = [categorical_cross_entropy(p, t).sum() for p, t in zip(run.outputs, targets, strict=True)]
        loss = accumulate(losses)
        loss.backward()
        return loss.item(), {key: p.grad for key, p in parameters.items()}

    return step


def compiled(cell: Any, readout: Readout, x: Array, y: Array) -> Step:
    """The compiled replay of the same recording."""
    parameters = {**cell.parameters, **readout.parameters}

    def loss(x: Any, y: Any) -> Any:
        run = readout(cell.unroll(x))
        return accumulate([categorical_cross_entropy(p, y[:, :, t]).sum() for t, p in enumerate(run.outputs)])

    plan = compile(loss, parameters)
    plan(x, y)
    plan(x, y)  # the second call is compared with the function
    return lambda: plan(x, y)


def pytorch(kind: str, loop: bool, p: dict[str, Array], x: Array, y: Array) -> Step:
    """PyTorch: nn.LSTM and its like (times only: its GRU is another variant), or a loop written out."""
    import torch

    torch.set_num_threads(1)
    n = p["Wya"].shape[1]
    X, Y = torch.from_numpy(x.transpose(2, 1, 0).copy()), torch.from_numpy(y.transpose(2, 1, 0).copy())
    if not loop:
        layer = getattr(torch.nn, kind)(x.shape[0], n, dtype=X.dtype)
        readout = torch.nn.Linear(n, y.shape[0], dtype=X.dtype)
        weights = [*layer.parameters(), *readout.parameters()]

        def library() -> Result:
            a, _ = layer(X)
            loss = -(Y * torch.log_softmax(readout(a), dim=2)).sum()
            torch.autograd.grad(loss, weights)
            return loss.item(), {}

        return library
    w = {key: torch.from_numpy(value.copy()).requires_grad_() for key, value in p.items()}

    def gate(name: str, stacked: Any) -> Any:
        return stacked @ w["W" + name].T + w["b" + name].T

    def eager() -> Result:
        a = c = torch.zeros(X.shape[1], n, dtype=X.dtype)
        states = []
        for x_t in X:
            stacked = torch.cat([a, x_t], 1)
            if kind == "LSTM":
                c = torch.sigmoid(gate("f", stacked)) * c + torch.sigmoid(gate("u", stacked)) * torch.tanh(
                    gate("c", stacked)
                )
                a = torch.sigmoid(gate("o", stacked)) * torch.tanh(c)
            elif kind == "GRU":
                u, r = torch.sigmoid(gate("u", stacked)), torch.sigmoid(gate("r", stacked))
                a = u * torch.tanh(gate("c", torch.cat([r * a, x_t], 1))) + (1 - u) * a
            else:
                a = torch.tanh(a @ w["Waa"].T + x_t @ w["Wax"].T + w["ba"].T)
            states.append(a)
        logits = torch.stack(states) @ w["Wya"].T + w["by"].T
        loss = -(Y * torch.log_softmax(logits, dim=2)).sum()
        gradients = torch.autograd.grad(loss, list(w.values()))
        return loss.item(), {key: g.numpy() for key, g in zip(w, gradients, strict=True)}

    return eager


def jax_scan(kind: str, p: dict[str, Array], x: Array, y: Array) -> Step:
    """JAX: jit and scan."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    X, Y = jnp.asarray(x.transpose(2, 0, 1)), jnp.asarray(y.transpose(2, 0, 1))

    def loss(w: Any) -> Any:
        def body(state: Any, x_t: Any) -> Any:
            a, c = state
            stacked = jnp.concatenate([a, x_t])
            if kind == "LSTM":
                W = jnp.concatenate([w["Wf"], w["Wu"], w["Wo"], w["Wc"]])
                b = jnp.concatenate([w["bf"], w["bu"], w["bo"], w["bc"]])
                f, u, o, g = jnp.split(W @ stacked + b, 4)
                c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(u) * jnp.tanh(g)
                a = jax.nn.sigmoid(o) * jnp.tanh(c)
            elif kind == "GRU":
                u, r = jax.nn.sigmoid(w["Wu"] @ stacked + w["bu"]), jax.nn.sigmoid(w["Wr"] @ stacked + w["br"])
                g = jnp.tanh(w["Wc"] @ jnp.concatenate([r * a, x_t]) + w["bc"])
                a = u * g + (1 - u) * a
            else:
                a = jnp.tanh(w["Waa"] @ a + w["Wax"] @ x_t + w["ba"])
            return (a, c), a

        zero = jnp.zeros((p["Wya"].shape[1], x.shape[1]), X.dtype)
        _, A = jax.lax.scan(body, (zero, zero), X)
        logits = jnp.einsum("ya,tam->tym", w["Wya"], A) + w["by"]
        return -jnp.sum(Y * jax.nn.log_softmax(logits, axis=1))

    both = jax.jit(jax.value_and_grad(loss))
    weights = {key: jnp.asarray(value) for key, value in p.items()}

    def step() -> Result:
        value, gradients = jax.block_until_ready(both(weights))
        return float(value), {key: np.asarray(g) for key, g in gradients.items()}

    return step


def measure(kind: str, size: str, dtype: str, seconds: float) -> dict[str, float]:
    """The median milliseconds of each implementation; gradients checked first."""
    n_x, n_a, m, T = SIZES[size]
    cell, readout = CELLS[kind](n_x, n_a, seed=0, dtype=dtype), Readout(n_a, n_x, seed=1, dtype=dtype)
    p = {key: q.value for key, q in {**cell.parameters, **readout.parameters}.items()}
    generator = np.random.default_rng(0)
    x = generator.standard_normal((n_x, m, T)).astype(dtype)
    y = np.eye(n_x, dtype=dtype)[:, generator.integers(n_x, size=(m, T))]
    makers: dict[str, Callable[[], Step]] = {
        "best hand-written NumPy": lambda: lambda: FAST[kind](x, y, p),
        "course-style hand-written NumPy": lambda: lambda: COURSE[kind](x, y, p),
        "autograd_seq, recorded": lambda: recorded(cell, readout, x, y),
        "autograd_seq, compiled": lambda: compiled(cell, readout, x, y),
        "PyTorch eager cell loop": lambda: pytorch(kind, True, p, x, y),
        f"torch.nn.{kind}": lambda: pytorch(kind, False, p, x, y),
        "JAX jit + scan": lambda: jax_scan(kind, p, x, y),
    }
    steps: dict[str, Step] = {}
    for name, make in makers.items():
        try:
            steps[name] = make()
        except ImportError as error:
            print(f"left out: {name} ({error})")
    _, truth = steps["course-style hand-written NumPy"]()
    tolerance = 1e-10 if dtype == "float64" else 2e-3
    for name, step in steps.items():
        for key, gradient in step()[1].items():
            error = np.abs(gradient - truth[key]).max() / np.abs(truth[key]).max()
            if not error < tolerance:
                raise SystemExit(f"{name}: d{key} is off by {error:.1e}")
    times: dict[str, list[float]] = {name: [] for name in steps}
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(times["best hand-written NumPy"]) < 5:
        for name, step in steps.items():
            start = time.process_time()
            step()
            times[name].append(time.process_time() - start)
    return {name: 1000 * float(np.median(measured)) for name, measured in times.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    arguments.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    arguments.add_argument("--dtypes", nargs="+", choices=("float64", "float32"), default=["float64", "float32"])
    arguments.add_argument("--seconds", type=float, default=5.0, help="time for each case (default 5)")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    everything = {}
    for kind in given.cells:
        for dtype in given.dtypes:
            for size in given.sizes:
                measured = measure(kind, size, dtype, given.seconds)
                best = measured["best hand-written NumPy"]
                everything[f"{kind} {size} {dtype}"] = {k: {"ms": v, "ratio": v / best} for k, v in measured.items()}
    if given.json:
        print(json.dumps(everything))
        return
    print(f"one thread, NumPy {np.__version__}, OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')}; "
          "multiples of the best hand-written NumPy (its milliseconds)")  # fmt: skip
    for case, rows in everything.items():
        print(f"\n{case}")
        for name, row in rows.items():
            print(f"  {name:34s} {row['ratio']:6.2f}   ({row['ms']:.2f} ms)")


if __name__ == "__main__":
    main()
