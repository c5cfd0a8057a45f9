"""One gradient step of a recurrent network by every engine of a plan, and by the peers on the same device.

``python benchmarks/engines.py [--budget 240]``: the rows come one after another, the LSTM at S3 first, and each is
printed when it is done; none is begun that would not be done within the budget (seconds, compiling included). Float32;
an error is ‖g - g64‖ / ‖g64‖ of all gradients together, where g64 is a recording's in float64. Where JAX finds no GPU,
its rows are those of the CPU, and the rows of a GPU are open.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import machine  # before NumPy: it sets the number of threads

machine.one_core()

import numpy as np
import peers
from contenders import SIZES, Case, case, course, plan_of

SIZES["L"] = (512, 1024, 64, 256)
ROWS = [("LSTM", size) for size in ("S3", "S2", "L")]
ROWS += [(kind, size) for kind in ("GRU", "RNN") for size in ("S3", "S2", "L")]
ROUNDS, LONGEST = 7, 2.0  # seconds of one engine's timing
Step = Callable[[], Any]


def of_plan(given: Case, engine: str) -> Step:
    plan = plan_of(given, engine=engine)

    def step() -> Any:
        loss, gradients = plan(given.x, given.y)
        return float(loss), {key: np.asarray(gradient) for key, gradient in gradients.items()}

    return step


def engines() -> dict[str, Callable[[Case], Step]]:
    """What can run here."""
    found = {"plan, NumPy": lambda given: of_plan(given, "numpy")}
    if all(importlib.util.find_spec(package) for package in ("numba", "scipy")):
        found["plan, Numba"] = lambda given: of_plan(given, "numba")
    if importlib.util.find_spec("jax"):
        found["plan, JAX"] = lambda given: of_plan(given, "jax")
        found["jax.grad of a scan"] = lambda given: peers.jax_scan(given.kind, given.p, given.x, given.y)
    if importlib.util.find_spec("torch"):
        found["torch.nn"] = lambda given: peers.pytorch_layer(given.kind, given.p, given.x, given.y)
    return found


def timed(step: Step) -> float:
    """Seconds of a call, the median of some."""
    times: list[float] = []
    while len(times) < ROUNDS and (not times or sum(times) < LONGEST):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return median(times)


def error(found: Any, truth: dict[str, Any]) -> float:
    off = sum(float(np.sum((np.asarray(found[key], float) - g) ** 2)) for key, g in truth.items())
    return float(np.sqrt(off / sum(float(np.sum(g**2)) for g in truth.values())))


def row(kind: str, size: str, ends: float) -> None:
    """Measure one case by everything that is here and would be done in time."""
    given = case(kind, size, "float32")
    start = time.perf_counter()
    truth = course(case(kind, size, "float64"))()[1]
    course_took = time.perf_counter() - start
    for name, make in engines().items():
        if time.perf_counter() + 6 * course_took > ends:
            print(f"{kind:5} {size:3} {name:20} left out: it would not be done within the budget", flush=True)
            continue
        start = time.perf_counter()
        step = make(given)
        first = step()
        compiling = time.perf_counter() - start
        step()
        seconds = timed(step)
        off = error(first[1], truth)
        print(f"{kind:5} {size:3} {name:20} {1e3 * seconds:10.2f} ms   error {off:.0e}   first call {compiling:6.2f} s",
              flush=True)  # fmt: skip


def devices() -> list[str]:
    if not importlib.util.find_spec("jax"):
        return []
    import jax

    print(f"JAX {jax.__version__} on {', '.join(str(device.device_kind) for device in jax.devices())}")
    return [device.platform for device in jax.devices()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=240, help="seconds for the whole run")
    ends = time.perf_counter() + parser.parse_args().budget
    print(machine.description())
    platforms = devices()
    if not platforms:
        print("JAX is not installed: its rows are open")
    for kind, size in ROWS:
        n_x, n_a, m, T = SIZES[size]
        if size == "L" and "gpu" not in platforms:
            print(f"{kind:5} {size:3} (n_x {n_x}, n_a {n_a}, m {m}, T {T}): for a GPU; open", flush=True)
        elif time.perf_counter() < ends:
            row(kind, size, ends)
        else:
            print(f"{kind:5} {size:3} left out: the budget is spent", flush=True)
    if "gpu" not in platforms:
        print("There is no GPU here: the rows of a GPU are open.")


if __name__ == "__main__":
    main()
