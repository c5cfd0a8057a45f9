"""What the compiled replay costs: a small operation replayed, and compiling.

``python benchmarks/replay.py [--length 400] [--cells LSTM GRU RNN] [--sizes S1 S2 S3] [--json]``: operations on (4, 1)
float64 arrays, in a chain (tanh and +, a step like the next, which the plan makes a loop of) and in a tangle (each
operation takes results at random, so that nothing repeats). The CPU time of a call of the plan, loss and gradients,
is divided by the number of recorded operations: forward ones, and forward and backward ones. Beside it, what NumPy
takes for the forward operations alone. Then the time from a function to the first result of its plan, recording
included, of each cell. The best of the rounds.
"""

from __future__ import annotations

import machine  # before NumPy: it sets the number of threads

machine.one_core()

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from contenders import CELLS, SIZES, case, plan_of

import autograd_seq
from autograd_seq import Graph, Parameter, Tensor, compile, differentiate
from autograd_seq.plan.writing.tools import available

START = np.array([[0.5], [-0.25], [1.0], [0.125]])
Program = Callable[[Any, Any], Any]  # a package's functions, x -> the last result


def chain(length: int) -> Program:
    def run(package: Any, x: Any) -> Any:
        y = x
        for _ in range(length // 2):
            y = package.tanh(y)
            y = y + x
        return y

    return run


def tangle(length: int) -> Program:
    """Of one result its tanh, or of three a difference with a product, at random; all count in the last."""
    generator = np.random.default_rng(0)
    drawn = [generator.integers(0, most, length).tolist() for most in (8, 8, 2)]

    def run(package: Any, x: Any) -> Any:
        held = [x * (1 + k / 8) for k in range(8)]  # what is still to be used
        for number, (a, b, two) in enumerate(zip(*drawn, strict=True)):
            k = number % 8
            held[k] = held[a] - held[b] * held[k] if two and a != b else package.tanh(held[k])
        y = held[0]
        for other in held[1:]:
            y = y + other
        return y

    return run


def best(step: Callable[[], Any], rounds: int, repeat: int) -> float:
    """Seconds of one call."""
    step()
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(repeat):
            step()
        taken.append((time.process_time() - start) / repeat)
    return min(taken)


def replayed(program: Program, rounds: int) -> dict[str, float]:
    x = Parameter(START, "x")

    def loss() -> Tensor:
        return autograd_seq.sum(program(autograd_seq, x))

    def operations(graph: Graph) -> int:
        return sum(bool(record.inputs) for record in graph.records)

    recording = differentiate(loss())
    forward = operations(recording.forward)
    both = forward + operations(recording.backward)
    plan = compile(loss, {"x": x})
    start = time.process_time()
    _, gradients = plan()
    compiling = time.process_time() - start
    expected = recording.adjoints[x.record].value
    if not np.allclose(gradients["x"], expected, rtol=1e-10, atol=1e-300):
        raise SystemExit(f"the replay is off: {gradients['x'].ravel()} for {expected.ravel()}")
    repeat = max(1, 20_000 // forward)
    taken, plain = best(plan, rounds, repeat), best(lambda: program(np, START), rounds, repeat)
    return {
        "operations forward": forward,
        "operations forward and backward": both,
        "µs a forward operation": 1e6 * taken / forward,
        "µs an operation": 1e6 * taken / both,
        "µs, plain NumPy forward": 1e6 * plain / forward,
        "lines of the program": plan.source.count("\n"),
        "seconds to compile": compiling,
    }


def compiling(kind: str, size: str, rounds: int, fast: bool = False) -> float:
    """Seconds from a function to the first result of its plan."""
    data = case(kind, size, "float64")
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        plan_of(data, fast=fast)(data.x, data.y)
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--length", type=int, default=400, help="recorded operations, about (default 400)")
    arguments.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    arguments.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    small = {
        name: replayed(program, given.rounds)
        for name, program in (("chain", chain(given.length)), ("tangle", tangle(given.length)))
    }
    compile_times = {
        kind: {size: compiling(kind, size, min(3, given.rounds)) for size in given.sizes} for kind in given.cells
    }
    for kind in given.cells if available() else []:
        compile_times[f"{kind}, [fast]"] = {size: compiling(kind, size, 2, fast=True) for size in given.sizes}
    if given.json:
        print(json.dumps({"replay": small, "seconds to compile": compile_times}))
        return
    print(f"{machine.description()}\n\noperations on (4, 1) float64 arrays{'':9s}{'chain':>12s}{'tangle':>12s}")
    for what in small["chain"]:
        digits = 0 if what.startswith(("operations", "lines")) else 3
        print(f"  {what:42s}{small['chain'][what]:12.{digits}f}{small['tangle'][what]:12.{digits}f}")
    print(f"\nseconds to compile, float64, recording included{'':3s}" + "".join(f"{size:>10s}" for size in given.sizes))
    for kind, row in compile_times.items():
        print(f"  {kind:48s}" + "".join(f"{seconds:10.2f}" for seconds in row.values()))


if __name__ == "__main__":
    main()
