"""One gradient step (forward, loss, all gradients) of a recurrent network, against hand-written NumPy and peers.

``python benchmarks/bptt.py [--cells LSTM GRU RNN] [--sizes S1 S2 S3] [--dtypes float64 float32] [--json]``: the same
weights and data for all, one core, all in one interleaved run; the median of CPU time, as a multiple of the best
hand-written NumPy's. Gradients are compared before anything is timed. Peers that are not installed are left out
and said so.
"""

from __future__ import annotations

import machine  # before NumPy: it sets the number of threads

machine.one_core()

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import peers
from by_hand import COURSE, Array, Parameters, Result
from by_hand_fast import FAST

from autograd_seq import accumulate, categorical_cross_entropy, compile
from cells import GRU, LSTM, RNN, Readout

SIZES = {"S1": (27, 50, 1, 20), "S2": (27, 64, 32, 50), "S3": (128, 256, 64, 100)}  # n_x, n_a, m, T
CELLS: dict[str, Any] = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}
TURN = 0.02  # seconds
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


def compiled(case: Case) -> Step:
    """The compiled replay of the same recording."""
    plan = plan_of(case)
    plan(case.x, case.y)
    plan(case.x, case.y)  # the second call is compared with the function
    return lambda: plan(case.x, case.y)


def peer(make: Callable[..., Step]) -> Callable[[Case], Step]:
    return lambda case: make(case.kind, case.p, case.x, case.y)


CONTENDERS: dict[str, Callable[[Case], Step]] = {
    BEST: best,
    COURSE_STYLE: course,
    "autograd_seq, recorded": recorded,
    "autograd_seq, compiled": compiled,
    "PyTorch eager cell loop": peer(peers.pytorch_loop),
    "torch.nn": peer(peers.pytorch_layer),
    "JAX jit + scan": peer(peers.jax_scan),
    "HIPS autograd": peer(peers.hips),
    "MyGrad": peer(peers.mygrad),
}


def steps_of(case: Case, names: list[str]) -> dict[str, Step]:
    """The contenders that there are, with gradients that agree with the course's."""
    steps: dict[str, Step] = {}
    for name in names:
        try:
            steps[name] = CONTENDERS[name](case)
        except ImportError as error:
            print(f"left out: {name} ({error})")
    _, truth = course(case)()
    tolerance = 1e-10 if case.x.dtype == "float64" else 2e-3
    for name, step in steps.items():
        for key, gradient in step()[1].items():
            error = np.abs(np.asarray(gradient) - truth[key]).max() / np.abs(truth[key]).max()
            if not error < tolerance:
                raise SystemExit(f"{name}: d{key} is off by {error:.1e}")
    return steps


def measure(steps: dict[str, Step], seconds: float) -> dict[str, float]:
    """The median milliseconds of each contender, in turns of TURN seconds; a turn of short steps begins warm."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(times[next(iter(times))]) < 5:
        for name, step in steps.items():
            turn: list[float] = []
            while sum(turn) < TURN:
                start = time.process_time()
                step()
                turn.append(time.process_time() - start)
            times[name] += turn[1:] or turn
    return {name: 1000 * float(np.median(measured)) for name, measured in times.items()}


def table(kind: str, dtype: str, columns: dict[str, dict[str, float]]) -> str:
    """A row a contender, a column a size; the first row in milliseconds too."""
    lines = [f"{kind}, {dtype}", " " * 34 + "".join(f"{size:>18s}" for size in columns)]
    for name in next(iter(columns.values())):
        row = f"  {name:32s}"
        for measured in columns.values():
            entry = f"{measured[name] / measured[BEST]:.2f}"
            row += f"{f'{entry} ({measured[name]:.2f} ms)' if name == BEST else entry:>18s}"
        lines.append(row)
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    arguments.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    arguments.add_argument("--dtypes", nargs="+", choices=("float64", "float32"), default=["float64", "float32"])
    arguments.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="CONTENDER",
                           help="these, and the best hand-written NumPy")  # fmt: skip
    arguments.add_argument("--seconds", type=float, default=5.0, help="time for each case (default 5)")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    names = [name for name in CONTENDERS if name == BEST or name in given.only]
    everything = {}
    if not given.json:
        print(f"{machine.description()}; multiples of the best hand-written NumPy")
    for kind in given.cells:
        for dtype in given.dtypes:
            columns = {}
            for size in given.sizes:
                columns[size] = measure(steps_of(case(kind, size, dtype), names), given.seconds)
                rows = {name: {"ms": ms, "ratio": ms / columns[size][BEST]} for name, ms in columns[size].items()}
                everything[f"{kind} {size} {dtype}"] = rows
            if not given.json:
                print(f"\n{table(kind, dtype, columns)}", flush=True)
    if given.json:
        print(json.dumps(everything))


if __name__ == "__main__":
    main()
