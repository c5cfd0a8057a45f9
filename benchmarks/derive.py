"""What a derivation costs beside the two passes that it is read from, for a run of many steps.

    python benchmarks/derive.py [--steps 400] [--rounds 7] [--json]

Both are done in turn, and the median of the ratios counts; each is timed on a recording of its own, so that neither
finds what the other has worked out. Times are those of this process, the garbage that Python looks for meanwhile
included.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import description, one_core

one_core()

import numpy

import autograd_seq.numpy as np
from autograd_seq import Parameter, categorical_cross_entropy, derive, differentiate
from cells import GRU, LSTM, Readout

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from own_code.programs import recorded


def cell(kind: Any) -> Callable[[int], Any]:
    """A cell of the package, with a readout and a loss at each step."""

    def run(T: int) -> Any:
        x, classes = numpy.random.default_rng(0).standard_normal((3, 2, T)), numpy.eye(2)
        outputs = Readout(4, 2, seed=1)(kind(3, 4, seed=0).unroll(x))
        return outputs.measure([classes[:, [t % 2, 0]] for t in range(T)], categorical_cross_entropy)

    return run


def plain(T: int) -> Any:
    """An LSTM in a loop of plain NumPy."""
    rng = numpy.random.default_rng(0)
    Wf, Wi, Wc, Wo = (Parameter(rng.standard_normal((4, 7)) / 3, key) for key in ("Wf", "Wi", "Wc", "Wo"))
    a, c, loss = np.zeros((4, 2)), np.zeros((4, 2)), 0.0
    for _ in range(T):
        concat = np.concatenate([a, rng.standard_normal((3, 2))])
        ft, it, ot = (1 / (1 + np.exp(-(W @ concat))) for W in (Wf, Wi, Wo))
        c = ft * c + it * np.tanh(Wc @ concat)
        a = ot * np.tanh(c)
        loss = loss + np.sum(a * a)
    return loss


CASES: dict[str, Callable[[int], Any]] = {
    "LSTM of the package": cell(LSTM),
    "GRU of the package": cell(GRU),
    "LSTM in plain NumPy": plain,
    "the course's LSTM": lambda T: recorded("course_lstm", T)[0],
    "a character model": lambda T: recorded("char_model", T)[0],
    "attention pooling": lambda T: recorded("attention_pooling", T)[0],
    "encoder and decoder": lambda T: recorded("encoder_decoder", T)[0],
    "in both directions": lambda T: recorded("both_directions", T)[0],
}


def seconds(read: Callable[[Any], Any], loss: Any) -> float:
    gc.collect()
    began = time.process_time()
    read(loss)
    return time.process_time() - began


def measure(make: Callable[[int], Any], steps: int, rounds: int) -> tuple[float, float, float]:
    """Seconds to differentiate and to derive, and the median of the ratios of the two."""
    derive(make(5))  # what is loaded at the first use
    found = [(seconds(differentiate, make(steps)), seconds(derive, make(steps))) for _ in range(rounds)]
    both, derived = (statistics.median(column) for column in zip(*found, strict=True))
    return both, derived, statistics.median(b / a for a, b in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400, help="time steps")
    parser.add_argument("--rounds", type=int, default=7, help="turns that each takes")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    rows = {name: measure(make, options.steps, options.rounds) for name, make in CASES.items()}
    if options.json:
        found = {
            name: {"differentiate": {"ms": a * 1e3, "ratio": 1.0}, "derive": {"ms": b * 1e3, "ratio": ratio}}
            for name, (a, b, ratio) in rows.items()
        }
        print(json.dumps(found))
        return
    print(description())
    print(f"{f'T = {options.steps}, milliseconds':24}{'differentiate':>14}{'derive':>10}{'ratio':>8}")
    for name, (a, b, ratio) in rows.items():
        print(f"{name:24}{a * 1e3:14.0f}{b * 1e3:10.0f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
