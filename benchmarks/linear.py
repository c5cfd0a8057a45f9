"""What n parts, writes and inputs cost on the way back: ten times as many, ten times as much.

    python benchmarks/linear.py [--most 100000] [--json]

The gradient of each is checked. Times are those of this thread, the garbage that Python looks for meanwhile included.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from machine import description, one_core

one_core()

import numpy as np

import autograd_seq.numpy as teaching
from autograd_seq import Tensor

clock = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-6 else time.perf_counter


def written(x: Any, n: int) -> Any:
    a = teaching.zeros(n)
    for i in range(n):
        a[i] = x[i] * 2.0
    return a


def each_from_the_one_before(x: Any, n: int) -> Any:
    a = teaching.zeros(n + 1)
    for i in range(n):
        a[i + 1] = x[i] * 2.0 + a[i] * 0.0
    return a


CASES: dict[str, Callable[[Any, int], Any]] = {
    "np.stack of n": lambda x, n: teaching.stack([x[i] * 2.0 for i in range(n)]),
    "np.concatenate of n": lambda x, n: teaching.concatenate([x[i : i + 1] * 2.0 for i in range(n)]),
    "a[i] = …, n writes": written,
    "a[i + 1] = … a[i] …": each_from_the_one_before,
    "x[i], n parts": lambda x, n: sum(x[i] * 2.0 for i in range(n)),
    "np.split into n": lambda x, n: teaching.concatenate([part * 2.0 for part in np.split(x, n)]),
    "np.take, n look-ups": lambda x, n: teaching.concatenate([np.take(x, [i]) * 2.0 for i in range(n)]),
    "for part in x": lambda x, n: teaching.stack([part * 2.0 for part in x]),
}


def seconds(make: Callable[[Any, int], Any], n: int) -> float:
    """The time of one backward pass."""
    x = Tensor(np.linspace(0.1, 1.0, n), "x", requires_grad=True)
    loss = teaching.sum(make(x, n))
    began = clock()
    loss.backward()
    took = clock() - began
    np.testing.assert_allclose(x.grad, np.full(n, 2.0))
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=100_000, help="the largest n (default 100,000)")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    sizes = [options.most // 100, options.most // 10, options.most]
    rows = {name: [seconds(make, n) for n in sizes] for name, make in CASES.items()}
    if options.json:
        found = {name: {f"n = {n}": {"ms": s * 1e3, "ratio": s / row[0] * sizes[0] / n} for n, s in zip(sizes, row)}
                 for name, row in rows.items()}  # fmt: skip
        print(json.dumps(found))
        return
    print(description())
    print(f"{'backward, seconds':24}" + "".join(f"{f'n = {n:,}':>14}" for n in sizes))
    for name, row in rows.items():
        print(f"{name:24}" + "".join(f"{s:14.3f}" for s in row))


if __name__ == "__main__":
    main()
