"""Cost of a recorded operation, forward and backward, against other ways to differentiate the same chain.

    python benchmarks/record.py [--length 10000] [--rounds 7] [--json]

The chain alternates tanh and addition on (4, 1) float64 arrays: y = tanh(y); y = y + x. All
implementations take turns within one run, so that they meet the same machine, and the best of
the rounds counts for each, in processor time of this thread where the system counts it finely.
The result of each is checked before anything is timed.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import platform
import time
from collections.abc import Callable
from typing import Any

import machine
import numpy as np

import autograd_seq.numpy as teaching
from autograd_seq import Tensor

START = np.array([[0.5], [-0.25], [1.0], [0.125]])
Run = Callable[[int], tuple[float, float, Any]]  # length -> seconds forward, seconds backward, gradient


# What other programs take meanwhile is not counted.
clock = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-6 else time.perf_counter


def timed(forward: Callable[[], Any], backward: Callable[[Any], Any]) -> tuple[float, float, Any]:
    begin = clock()
    y = forward()
    middle = clock()
    gradient = backward(y)
    return middle - begin, clock() - middle, gradient


def plain_numpy(length: int) -> tuple[float, float, Any]:
    """The values alone, nothing recorded: the floor."""
    x = START.copy()

    def forward() -> Any:
        y = x
        for _ in range(length // 2):
            y = np.tanh(y)
            y = y + x
        return y

    return timed(forward, lambda y: None)


class Node:
    """The least that a tape can be: a value, where it came from, and how to go back."""

    __slots__ = ("adjoint", "back", "parents", "value")

    def __init__(self, value: Any, parents: tuple[Node, ...] = (), back: Any = None) -> None:
        self.value = value
        self.parents = parents
        self.back = back
        self.adjoint = None


def minimal_tape(length: int) -> tuple[float, float, Any]:
    """A hand-written tape in NumPy: no names, places, lines, checks, broadcasting or second derivatives."""
    tanh_array = np.tanh
    tape: list[Node] = []

    def tanh_back(node: Node) -> None:
        (a,), g = node.parents, node.adjoint * (1.0 - node.value * node.value)
        a.adjoint = g if a.adjoint is None else a.adjoint + g

    def add_back(node: Node) -> None:
        g = node.adjoint
        for p in node.parents:
            p.adjoint = g if p.adjoint is None else p.adjoint + g

    def tanh(a: Node) -> Node:
        node = Node(tanh_array(a.value), (a,), tanh_back)
        tape.append(node)
        return node

    def add(a: Node, b: Node) -> Node:
        node = Node(a.value + b.value, (a, b), add_back)
        tape.append(node)
        return node

    x = Node(START.copy())

    def forward() -> Node:
        y = x
        for _ in range(length // 2):
            y = tanh(y)
            y = add(y, x)
        return y

    def backward(y: Node) -> Any:
        y.adjoint = np.ones((4, 1))
        for node in reversed(tape):
            node.back(node)
        return x.adjoint

    return timed(forward, backward)


def ours(np_module: Any) -> Run:
    def run(length: int) -> tuple[float, float, Any]:
        x = Tensor(START, requires_grad=True)

        def forward() -> Any:
            y = x
            for _ in range(length // 2):
                y = np_module.tanh(y)
                y = y + x
            return y

        def backward(y: Any) -> Any:
            y.backward(np.ones((4, 1)))
            return x.grad

        return timed(forward, backward)

    return run


def torch_eager(length: int) -> tuple[float, float, Any]:
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    x = torch.tensor(START, requires_grad=True)

    def forward() -> Any:
        y = x
        for _ in range(length // 2):
            y = torch.tanh(y)
            y = y + x
        return y

    def backward(y: Any) -> Any:
        y.backward(torch.ones((4, 1), dtype=torch.float64))
        return x.grad.numpy()

    return timed(forward, backward)


def micrograd(length: int) -> tuple[float, float, Any]:
    """Scalars: one element of the four; ReLU where it has no tanh. Its own backward recurses: walked here in order."""
    value: Any = importlib.import_module("micrograd.engine").Value
    x = value(float(START[0, 0]))
    made = []

    def forward() -> Any:
        y = x
        for _ in range(length // 2):
            y = y.tanh() if hasattr(y, "tanh") else y.relu()
            made.append(y)
            y = y + x
            made.append(y)
        return y

    def backward(y: Any) -> Any:
        y.grad = 1.0
        for node in reversed(made):
            node._backward()
        return None

    return timed(forward, backward)


def hips_autograd(length: int) -> tuple[float, float, Any]:
    anp: Any = importlib.import_module("autograd.numpy")
    make_vjp: Any = importlib.import_module("autograd").make_vjp

    def chain(x: Any) -> Any:
        y = x
        for _ in range(length // 2):
            y = anp.tanh(y)
            y = y + x
        return y

    return timed(lambda: make_vjp(chain)(START)[0], lambda vjp: vjp(np.ones((4, 1))))


def mygrad(length: int) -> tuple[float, float, Any]:
    mg: Any = importlib.import_module("mygrad")
    x = mg.tensor(START.copy())

    def forward() -> Any:
        y = x
        for _ in range(length // 2):
            y = mg.tanh(y)
            y = y + x
        return y

    def backward(y: Any) -> Any:
        y.backward(np.ones((4, 1)))
        return x.grad

    return timed(forward, backward)


CASES: dict[str, tuple[str, Run]] = {
    "plain NumPy": ("numpy", plain_numpy),
    "minimal tape": ("numpy", minimal_tape),
    "autograd_seq, np.tanh": ("autograd_seq", ours(np)),
    "autograd_seq, autograd_seq.numpy": ("autograd_seq", ours(teaching)),
    "torch eager": ("torch", torch_eager),
    "micrograd, scalars": ("micrograd.engine", micrograd),
    "HIPS autograd": ("autograd", hips_autograd),
    "MyGrad": ("mygrad", mygrad),
}


def expected(length: int) -> Any:
    """The gradient by the chain rule, in plain NumPy."""
    y, slope = START, np.ones((4, 1))
    for _ in range(length // 2):
        y = np.tanh(y)
        slope = slope * (1 - y * y) + 1
        y = y + START
    return slope


def installed() -> dict[str, Run]:
    found = {}
    for name, (module, run) in CASES.items():
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        _, _, gradient = run(200)
        if gradient is not None and not np.allclose(gradient, expected(200), rtol=1e-10):
            raise SystemExit(f"{name} has another gradient: {gradient.ravel()} for {expected(200).ravel()}")
        found[name] = run
    return found


def measure(length: int, rounds: int) -> dict[str, dict[str, float]]:
    """The best of the rounds of each, in microseconds an operation."""
    cases = installed()
    best = {name: {"forward": np.inf, "backward": np.inf, "total": np.inf} for name in cases}
    for _ in range(rounds):
        for name, run in cases.items():
            gc.collect()
            forward, backward, _ = run(length)
            for key, seconds in (("forward", forward), ("backward", backward), ("total", forward + backward)):
                best[name][key] = min(best[name][key], seconds / length * 1e6)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=10_000, help="operations in the chain")
    parser.add_argument("--rounds", type=int, default=7, help="turns that each implementation takes")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    options = parser.parse_args()
    best = measure(options.length, options.rounds)
    tape = best["minimal tape"]["total"]
    if options.json:
        rows = {
            name: {
                "ms": us["total"] * options.length / 1e3,
                "ratio": us["total"] / tape,
                "us_per_operation": us["total"],
                "forward_us": us["forward"],
                "backward_us": us["backward"],
            }
            for name, us in best.items()
        }
        print(json.dumps({f"chain of {options.length}": rows}))
        return
    print(f"{options.length} operations in a chain of tanh and +, (4, 1) float64, best of {options.rounds} rounds")
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}; products: {machine.products()}"
    )
    print(f"{'µs an operation':34} {'forward':>8} {'backward':>9} {'total':>7} {'× tape':>7}")
    for name, us in best.items():
        print(f"{name:34} {us['forward']:8.2f} {us['backward']:9.2f} {us['total']:7.2f} {us['total'] / tape:7.2f}")


if __name__ == "__main__":
    main()
