"""What is there after a process was killed: at random moments while it trains and while it saves.

    python benchmarks/kills.py
    python benchmarks/kills.py --kills 20 --seed 3

Half of the kills, or so, are ``kill -9``, which nothing can answer, and half Ctrl-C. A training is killed and started
again until it is done; then all numbers in its checkpoint are compared with those of one that was never killed. *Lost*
is a checkpoint, or a file of weights or words, that is older than what the process said it had written; *left* are
files that it began and that nobody removed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import one_core

one_core()
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np
from killed import savings, trainings

CASES: dict[str, tuple[float, Callable[..., Any]]] = {  # with its share of the kills
    "Trainer.fit": (0.5, trainings),
    "autograd-seq train": (0.2, lambda *given: trainings(*given, command=True)),
    "cell.save, Vocabulary.save": (0.3, savings),
}
COLUMNS = ("kill -9", "Ctrl-C", "runs", "identical", "failed", "lost", "damaged", "left")


def is_good(tally: dict[str, int], trained: bool) -> bool:
    """Whether every training that was killed ended as if it had not been, and nothing was lost."""
    wrong = any(tally[column] for column in ("failed", "lost", "damaged", "left"))
    return not wrong and (not trained or tally["identical"] == tally["runs"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="all together (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="for the moments")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    tallies = {}
    for name, (share, run) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            tallies[name] = run(Path(folder), max(1, round(share * options.kills)), np.random.default_rng(options.seed))
    if options.json:
        print(json.dumps({"format": 1, "cases": tallies}))
    else:
        print(f"{'what was killed':28}" + "".join(f"{column:>10}" for column in COLUMNS))
        for name, tally in tallies.items():
            print(f"{name:28}" + "".join(f"{tally[column]:>10}" for column in COLUMNS))
    return 0 if all(is_good(tally, "save" not in name) for name, tally in tallies.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
