"""How long proofs take: an LSTM and its readout over T steps, every cell over four steps, and high precision.

Each case runs in a process of its own, so that no proof is remembered from another; the import of SymPy is not counted.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

LIMITS = {"LSTM T=3": 1000.0, "LSTM T=10": 2000.0, "LSTM T=50": 6000.0, "all cells T=4": 30000.0}


def loss(cell: Any, n_x: int, width: int, steps: int, m: int = 1) -> Any:
    """A recorded loss: cell, softmax readout, cross-entropy."""
    from autograd_seq import categorical_cross_entropy
    from cells import Readout

    rng = np.random.default_rng(0)
    run = Readout(width, 2, seed=1)(cell.unroll(rng.standard_normal((n_x, m, steps))))
    targets = [np.eye(2)[:, rng.integers(2, size=m)] for _ in range(steps)]
    return run.measure(targets, categorical_cross_entropy)


def lstm(steps: int) -> Callable[[], Any]:
    """46 scalars of parameters: n_a = n_x = n_y = 2."""
    from autograd_seq import prove
    from cells import LSTM

    output = loss(LSTM(2, 2, seed=0), 2, 2, steps)

    def case() -> Any:
        proof = prove(output)
        if {claim.status for claim in proof.claims.values()} != {"proven"}:
            raise SystemExit(f"not proven:\n{proof}")
        return sum(claim.parameter.size for claim in proof.claims.values())

    return case


def every_cell() -> Callable[[], Any]:
    """Each cell of the project once."""
    from autograd_seq import prove
    from cells import GRU, LSTM, RNN, Bidirectional, Deep

    cells = [
        (RNN(3, 2, seed=0), 2), (RNN(3, 2, activation="relu", seed=0), 2),
        (GRU(3, 2, seed=0), 2), (GRU(3, 2, full=False, seed=0), 2), (GRU(3, 2, reset_after=True, seed=0), 2),
        (LSTM(3, 2, seed=0), 2), (LSTM(3, 2, peephole="diagonal", seed=0), 2), (LSTM(3, 2, peephole="full", seed=0), 2),
        (Bidirectional(LSTM(3, 2, seed=0), LSTM(3, 2, seed=1)), 4), (Deep([GRU(3, 2, seed=0), LSTM(2, 2, seed=1)]), 2),
    ]  # fmt: skip
    outputs = [loss(cell, 3, width, 4, m=2) for cell, width in cells]

    def case() -> Any:
        for output in outputs:
            proof = prove(output)
            if not proof.ok:
                raise SystemExit(f"refuted:\n{proof}")
        return len(outputs)

    return case


def precise() -> Callable[[], Any]:
    """The loss and all gradients of an LSTM in 50 digits."""
    from autograd_seq.readings.precise import gradients
    from cells import LSTM

    output = loss(LSTM(2, 2, seed=0), 2, 2, 50)
    return lambda: len(gradients(output, digits=50))


def differences() -> Callable[[], Any]:
    """Gradcheck of an LSTM over ten steps."""
    from autograd_seq import gradcheck
    from cells import LSTM

    cell, x = LSTM(2, 2, seed=0), np.random.default_rng(0).standard_normal((2, 2, 10))

    def case() -> Any:
        report = gradcheck(lambda x: cell.unroll(x).final["a"], x)
        if not report.ok:
            raise SystemExit(str(report))
        return report.records

    return case


CASES: dict[str, tuple[Callable[..., Callable[[], Any]], tuple[Any, ...]]] = {
    "LSTM T=3": (lstm, (3,)),
    "LSTM T=10": (lstm, (10,)),
    "LSTM T=50": (lstm, (50,)),
    "LSTM T=200": (lstm, (200,)),
    "all cells T=4": (every_cell, ()),
    "LSTM T=50 in 50 digits": (precise, ()),
    "gradcheck LSTM T=10": (differences, ()),
}


def once(name: str) -> tuple[float, float]:
    """Milliseconds of a case the first time, and again with its proofs remembered."""
    import sympy  # noqa: F401

    import autograd_seq.check.proof  # noqa: F401

    make, arguments = CASES[name]
    case = make(*arguments)
    times = []
    for _ in range(2):
        start = time.perf_counter()
        case()
        times.append((time.perf_counter() - start) * 1000)
    return times[0], times[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    parser.add_argument("--repeat", type=int, default=3, help="processes for each case; the median counts")
    arguments = parser.parse_args()
    results: dict[str, dict[str, dict[str, float]]] = {}
    context = multiprocessing.get_context("spawn")
    for name in CASES:
        runs = []
        for _ in range(arguments.repeat):
            with context.Pool(1) as pool:
                runs.append(pool.apply(once, (name,)))
        first, again = (statistics.median(r[i] for r in runs) for i in (0, 1))
        results[name] = {
            "first": {"ms": round(first, 1), "ratio": 1.0},
            "remembered": {"ms": round(again, 1), "ratio": round(again / first, 3)},
        }
        if not arguments.json:
            limit = f"   (limit {LIMITS[name]:.0f} ms)" if name in LIMITS else ""
            print(f"{name:<26} first {first:9.1f} ms   again {again:9.1f} ms{limit}", flush=True)
    if arguments.json:
        print(json.dumps(results))
    late = [name for name, limit in LIMITS.items() if results[name]["first"]["ms"] > limit]
    if late:
        print(f"slower than its limit: {', '.join(late)}", file=sys.stderr)
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
