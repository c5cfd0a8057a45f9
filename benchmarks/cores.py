"""One gradient step in several threads of a plan, against one: seconds on the clock, on all cores.

``python benchmarks/cores.py [--cells LSTM] [--sizes S2 S3] [--dtypes float64] [--threads 2] [--seconds 20]``: all in one
process, in turns; the best of each counts, since a core that somebody else uses makes a pair of threads wait for it.
Beside the median of the ratios of turns that followed each other. ``BLAS alone``: a plan of one thread, whose products
BLAS computes in as many threads.
"""

from __future__ import annotations

import machine  # before NumPy: it sets the number of threads

machine.one_thread()

import argparse
import os
import time
from statistics import median
from typing import Any

from contenders import CELLS, SIZES, Step, best, case, compiled

from autograd_seq.plan import blas


def measure(steps: dict[str, Step], seconds: float) -> dict[str, list[float]]:
    """The times of each, in turns."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(times["one thread"]) < 5:
        for name, step in steps.items():
            step()
            start = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - start)
    return times


def in_blas(step: Step, threads: int) -> Step:
    """A step whose products BLAS computes in several threads."""
    loaded = [found for package in ("numpy", "scipy") if (found := blas.library(package))]

    def run() -> Any:
        for one in loaded:
            one.threads = threads
        try:
            return step()
        finally:
            for one in loaded:
                one.threads = 1

    return run


def row(kind: str, size: str, dtype: str, engine: str, threads: int, seconds: float) -> None:
    """Measure and print one case."""
    given = case(kind, size, dtype)
    alone, several = compiled(given, engine=engine), compiled(given, engine=engine, threads=threads)
    steps = {
        "hand-written": best(given), "one thread": alone, "threads": several, "BLAS alone": in_blas(alone, threads)
    }  # fmt: skip
    times = measure(steps, seconds)
    low = {name: min(taken) for name, taken in times.items()}
    pairs = median(b / a for a, b in zip(times["one thread"], times["threads"]))
    print(f"{kind:5} {size:3} {dtype:8} {engine:6} {1e3 * low['one thread']:9.2f} ms {low['threads'] / low['one thread']:9.2f}"
          f" {pairs:9.2f} {low['BLAS alone'] / low['one thread']:11.2f} {low['threads'] / low['hand-written']:13.2f}",
          flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=["LSTM"])
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["S2", "S3"])
    parser.add_argument("--dtypes", nargs="+", choices=("float64", "float32"), default=["float64"])
    parser.add_argument("--engines", nargs="+", choices=("numpy", "numba"), default=["numpy", "numba"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0, help="time for each case (default 20)")
    given = parser.parse_args()
    print(f"{machine.description()}; {os.cpu_count()} cores, {given.threads} threads")
    print(f"{'':24s} {'one thread':>12} {'threads/1':>9} {'median':>9} {'BLAS alone/1':>11} {'threads/by hand':>13}")
    for kind in given.cells:
        for size in given.sizes:
            for dtype in given.dtypes:
                for engine in given.engines:
                    row(kind, size, dtype, engine, given.threads, given.seconds)


if __name__ == "__main__":
    main()
