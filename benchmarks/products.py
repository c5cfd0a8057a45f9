"""What the matrix products of one LSTM gradient step take alone: no program that calls this library is faster.

``python benchmarks/products.py [--sizes S1 S2 S3] [--dtypes float64 float32] [--seconds 5]``: the products of the best
hand-written NumPy, in its shapes and its memory, with nothing between them; the hand-written step; and the plan's. CPU
time on one core, in turns; the best of each.
"""

from __future__ import annotations

import machine  # before NumPy: it sets the number of threads

machine.one_core()

import argparse
import importlib.util
import time

import numpy as np
from by_hand_fast import FastLSTM
from contenders import BEST, SIZES, Case, Step, best, case, compiled


def alone(given: Case) -> Step:
    """The products of a hand-written step."""
    n_x, m, T = given.x.shape
    network = FastLSTM(n_x, given.p["Wya"].shape[1], len(given.y), m, T, given.x.dtype)
    network(given.x, given.y, given.p)
    n = given.p["Wya"].shape[1]
    forward = [(inputs, gates) for inputs, gates, *_ in network.forward]
    backward = [(number, [steps[0] for steps in block]) for number, (_, block) in enumerate(network.backward)]

    def step() -> tuple[float, dict[str, np.ndarray]]:
        for inputs, gates in forward:
            np.dot(network.W, inputs, out=gates)
        np.matmul(network.Wy, network.inputs[1:, : n + 1], out=network.logits)
        for number, following in backward:
            for gates in following:
                np.dot(network.back, gates, out=network.da)
            D, X, _ = network.side_by_side.pairs[number]
            np.dot(D[: len(network.W)], X.T, out=network.more)
            np.dot(D[len(network.W) :], X[: n + 1].T, out=network.more_y)
        network.rows[...] = 1e-3  # numbers would grow from call to call
        network.inputs[:, 1 : n + 1] = 1e-3
        return 0.0, {}

    return step


def filling(given: Case) -> Step:
    """What `alone` does beside products."""
    n_x, m, T = given.x.shape
    network = FastLSTM(n_x, given.p["Wya"].shape[1], len(given.y), m, T, given.x.dtype)
    n = given.p["Wya"].shape[1]

    def step() -> tuple[float, dict[str, np.ndarray]]:
        network.rows[...] = 1e-3
        network.inputs[:, 1 : n + 1] = 1e-3
        return 0.0, {}

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--dtypes", nargs="+", choices=("float64", "float32"), default=["float64", "float32"])
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each case (default 5)")
    options = parser.parse_args()
    print(f"{machine.description()}; LSTM, multiples of the {BEST}")
    with_numba = all(importlib.util.find_spec(package) for package in ("numba", "scipy"))
    for dtype in options.dtypes:
        for size in options.sizes:
            given = case("LSTM", size, dtype)
            steps = {"by hand": best(given), "products": alone(given), "filling": filling(given),
                     "plan, NumPy": compiled(given)}  # fmt: skip
            if with_numba:
                steps["plan, Numba"] = compiled(given, engine="numba")
            low = dict.fromkeys(steps, float("inf"))
            began = time.perf_counter()
            while time.perf_counter() - began < options.seconds:
                for name, step in steps.items():
                    step()
                    start = time.process_time()
                    step()
                    low[name] = min(low[name], time.process_time() - start)
            low["products"] -= low.pop("filling")
            figures = "   ".join(f"{name} {seconds / low['by hand']:.2f}" for name, seconds in low.items())
            print(f"{dtype} {size}  {1e3 * low['by hand']:8.2f} ms   {figures}", flush=True)


if __name__ == "__main__":
    main()
