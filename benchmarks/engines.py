"""One gradient step of a recurrent network by every engine of a plan, and by the peers on the same device.

``python benchmarks/engines.py [--budget 240]``: the rows come one after another, the LSTM at S3 first, and each is
printed when it is done; none is begun that would not be done within the budget (seconds, compiling included). Float32,
with products as exact as that; an error is ‖g - g64‖ / ‖g64‖ of all gradients together, where g64 is computed in
float64. Where JAX finds a GPU, everything is measured there, with its arrays there already and the results left there;
else the rows are those of the CPU, and the rows of a GPU are open.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import machine  # before NumPy: it sets the number of threads

if not machine.gpu():  # whose kernels are compiled on all cores
    machine.one_core()

import numpy as np
import peers
from contenders import SIZES, Case, case, course, plan_of

SIZES["L"] = (512, 1024, 64, 256)
ROWS = [("LSTM", "S3"), ("LSTM", "S2"), ("GRU", "S3"), ("LSTM", "L"), ("GRU", "S2"), ("RNN", "S3"), ("RNN", "S2")]
ROWS += [("GRU", "L"), ("RNN", "L")]
ROUNDS, LONGEST = 50, 1.0  # seconds of one engine's timing
Step = Callable[[], Any]
Made = Callable[[Case], Step]


def of_plan(given: Case, engine: str) -> Step:
    plan = plan_of(given, engine=engine)

    def step() -> Any:
        loss, gradients = plan(given.x, given.y)
        return float(loss), {key: np.asarray(gradient) for key, gradient in gradients.items()}

    return step


def of_jax_plan(given: Case) -> Step:
    """The program with its arrays on the device."""
    import jax

    plan = plan_of(given, engine="jax")
    plan(given.x[:, :2, :6], given.y[:, :2, :6])  # finds the program, which is for any lengths
    parameters, x, y = jax.device_put((given.p, given.x, given.y))
    run = jax.jit(plan.value_and_grad)

    def step() -> Any:
        return jax.block_until_ready(run(parameters, x, y))

    return step


def peer(make: Callable[..., Step]) -> Made:
    return lambda given: make(given.kind, given.p, given.x, given.y)


def on_cpu() -> dict[str, Made]:
    """What can run here without a GPU."""
    found: dict[str, Made] = {"plan, NumPy": lambda given: of_plan(given, "numpy")}
    if all(map(importlib.util.find_spec, ("numba", "scipy"))):
        found["plan, Numba"] = lambda given: of_plan(given, "numba")
    if importlib.util.find_spec("jax"):
        found |= {"plan, JAX": of_jax_plan, "jax.grad of a scan": peer(peers.jax_scan)}
    if importlib.util.find_spec("torch"):
        found["torch.nn"] = peer(peers.pytorch_layer)
    return found


def on_gpu() -> dict[str, Made]:
    """What can run on the GPU that JAX has found."""
    found: dict[str, Made] = {"plan, JAX": of_jax_plan}
    if importlib.util.find_spec("torch"):
        import torch

        if torch.cuda.is_available():
            found |= {"torch.nn": peer(peers.pytorch_layer_gpu), "torch.nn, CUDA graph": peer(peers.pytorch_graph)}
    return found | {
        "jax.grad of a scan": peer(peers.jax_scan),
        "plan, JAX, from NumPy": lambda given: of_plan(given, "jax"),
    }


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


def row(kind: str, size: str, ends: float, gpu: bool, took: dict[str, float]) -> None:
    """Measure one case by everything that is here and would be done in time, as long as each took so far."""
    given, exact = case(kind, size, "float32"), case(kind, size, "float64")
    exact.p, exact.x, exact.y = {k: v.astype(float) for k, v in given.p.items()}, given.x.astype(float), exact.y
    truth = (peer(peers.jax_scan) if size == "L" else course)(exact)()[1]
    truth = {key: np.asarray(g) for key, g in truth.items()}
    for name, make in (on_gpu() if gpu else on_cpu()).items():
        if time.perf_counter() + took.get(name, 0.0) > ends:
            print(f"{kind:4} {size:2}  {name:21} left out: it would not be done within the budget", flush=True)
            continue
        start = time.perf_counter()
        step = make(given)
        first = step()
        compiling = time.perf_counter() - start
        step()
        seconds = timed(step)
        took[name] = max(took.get(name, 0.0), time.perf_counter() - start)
        off = f"error {error(first[1], truth):.0e}" if first[1] else "weights of its own"
        print(f"{kind:4} {size:2}  {name:21} {1e3 * seconds:9.3f} ms   {off:18}   first call {compiling:6.2f} s",
              flush=True)  # fmt: skip


def devices() -> list[str]:
    if not importlib.util.find_spec("jax"):
        return []
    import jax

    versions = f"JAX {jax.__version__}"
    if importlib.util.find_spec("torch"):
        import torch

        versions += f", PyTorch {torch.__version__} with cuDNN {torch.backends.cudnn.version()}"
    print(f"{versions} on {', '.join(str(device.device_kind) for device in jax.devices())}")
    return [device.platform for device in jax.devices()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=240, help="seconds for the whole run")
    ends = time.perf_counter() + parser.parse_args().budget
    print(machine.description())
    platforms = devices()
    if not platforms:
        print("JAX is not installed: its rows are open")
    gpu = "gpu" in platforms
    took: dict[str, float] = {}
    for kind, size in ROWS:
        n_x, n_a, m, T = SIZES[size]
        if size == "L" and not gpu:
            print(f"{kind:4} {size} (n_x {n_x}, n_a {n_a}, m {m}, T {T}): for a GPU; open", flush=True)
        elif time.perf_counter() < ends:
            row(kind, size, ends, gpu, took)
        else:
            print(f"{kind:4} {size}: left out, the budget is spent", flush=True)
    if not gpu:
        print("There is no GPU here: the rows of a GPU are open.")


if __name__ == "__main__":
    main()
