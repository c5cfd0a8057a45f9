"""What comes of damaged files: thousands of them of each kind that is read, each told, or without effect.

    python benchmarks/damage.py
    python benchmarks/damage.py --kind training --count 200 --seed 7

A damage is drawn by its number: bits flipped, blocks overwritten, cut, swapped or doubled, foreign bytes, a passage
through an editor, or an archive built anew with entries renamed, exchanged or changed. It is *told* in an error of this
package's own, it is *without effect*, or the file is *read otherwise*, which what the package writes never may be;
what people write, such as a program, is another text then. A *foreign error* is of Python, NumPy or a library.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

from machine import one_core

one_core()
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from damages import OUTCOMES, outcomes
from kept import BY_PEOPLE, KINDS

CALLED = {
    "cell": "weights, .npz", "training": "checkpoint, .npz", "language": "model of train, .npz",
    "words": "vocabulary, .json", "assignment": "assignment, .toml", "program": "submission, .py",
    "notebook": "submission, .ipynb", "corpus": "corpus, .txt", "message": "message of a cage",
    "recording": "graph of networkx",
}  # fmt: skip


def counted(name: str, count: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """How often each outcome came, and a line for each that may not be."""
    kind = {**KINDS, **BY_PEOPLE}[name]
    counts, wrong = dict.fromkeys(OUTCOMES, 0), []
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        for number, damage, outcome, error in outcomes(kind, Path(folder), name, range(seed, seed + count)):
            counts[outcome] += 1
            if outcome == "foreign error" or (outcome == "read otherwise" and name in KINDS):
                wrong.append(f"{name}: {outcome}: --seed {number} --count 1 ({damage}) {error}")
    return counts, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=[*CALLED], action="append", help="only these; may be given several times")
    parser.add_argument("--count", type=int, default=2000, help="damages to each kind of file (default 2,000)")
    parser.add_argument("--seed", type=int, default=0, help="the number of the first damage")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    tallies, wrong = {}, []
    for name in options.kind or CALLED:
        tallies[name], complaints = counted(name, options.count, options.seed)
        wrong += complaints
    if options.json:
        print(json.dumps({"format": 1, "kinds": tallies, "wrong": wrong}))
    else:
        print("\n".join([*wrong, f"{'file':22}" + "".join(f"{outcome:>16}" for outcome in OUTCOMES)]))
        for name, counts in tallies.items():
            print(f"{CALLED[name]:22}" + "".join(f"{counts[outcome]:>16,}" for outcome in OUTCOMES))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
