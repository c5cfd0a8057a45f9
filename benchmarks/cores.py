"""One gradient step in several threads of a plan, against one: seconds on the clock, on all cores.

``python benchmarks/cores.py [--cells LSTM] [--sizes S2 S3] [--dtypes float64] [--threads 2] [--seconds 20]``: all in
one process, in turns. The best time of each counts, and the median of the ratios of neighbouring turns stands beside
it: a core that somebody else uses makes a pair of threads wait. CPU is how much processor time the threads took
together, against one: with nobody else on the machine they take half of that on the clock. ``BLAS alone`` is a plan of
one thread, whose products BLAS computes in as many.
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


def measure(steps: dict[str, Step], seconds: float) -> dict[str, list[tuple[float, float]]]:
    """Seconds on the clock and of the processor of each, in turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(times["one"]) < 5:
        for name, step in steps.items():
            step()
            start = time.perf_counter(), time.process_time()
            step()
            times[name].append((time.perf_counter() - start[0], time.process_time() - start[1]))
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
    steps = {"by hand": best(given), "one": alone, "threads": several, "BLAS alone": in_blas(alone, threads)}
    times = measure(steps, seconds)
    clock = {name: min(taken for taken, _ in both) for name, both in times.items()}
    cpu = {name: min(taken for _, taken in both) for name, both in times.items()}
    pairs = median(b / a for (a, _), (b, _) in zip(times["one"], times["threads"]))
    columns = [clock["threads"] / clock["one"], pairs, cpu["threads"] / cpu["one"], clock["BLAS alone"] / clock["one"]]
    figures = "".join(f"{number:12.2f}" for number in (*columns, clock["threads"] / clock["by hand"]))
    print(f"{kind:5}{size:3}{dtype:>9}{engine:>7}{1e3 * clock['one']:10.2f} ms{figures}", flush=True)


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
    heads = ("threads / 1", "median", "CPU", "BLAS alone", "/ by hand")
    print(f"{'':24}{'one thread':>13}" + "".join(f"{head:>12}" for head in heads))
    for kind in given.cells:
        for size in given.sizes:
            for dtype in given.dtypes:
                for engine in given.engines:
                    row(kind, size, dtype, engine, given.threads, given.seconds)


if __name__ == "__main__":
    main()
