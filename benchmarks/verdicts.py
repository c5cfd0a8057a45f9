"""Whether verdicts are true: right and wrong gradients whose truth is known, and what is said of them.

    python benchmarks/verdicts.py
    python benchmarks/verdicts.py --jobs 4
    python benchmarks/verdicts.py --part programs --share 0.1 --seed 3

Every case is known to be right, or wrong by far more than rounding, by the complex step or by hand. A verdict is false
where something right is called wrong, failed or refuted, and where something wrong is called right, checked or proven.
What may stay open (undecided, or excluded at a kink) is marked beforehand; what else stays open is printed with its
reason, and so is every wrong gradient that is caught under the name of another record.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import islice, starmap
from multiprocessing import Pool
from pathlib import Path

from machine import one_core

one_core()
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from check.verdicts import PARTS, Tally, drawn, tallied

MOST_OPEN = 0.02  # of the cases that are to be decided
HEADS = {
    "cases": "cases",
    "right called wrong": "right→wrong",
    "wrong called right": "wrong→right",
    "open expected": "open, marked",
    "open unexpected": "open, not",
    "named": "named",
}


def table(tallies: dict[str, Tally]) -> list[str]:
    """A line for each group, and one for all."""
    total = Tally()
    for tally in tallies.values():
        total.join(tally)
    lines = [f"{'group':32}" + "".join(f"{h:>14}" for h in HEADS.values()) + f"{'seconds':>9}"]
    for group, tally in [*tallies.items(), ("all", total)]:
        counts = {k: str(tally.counts[k]) for k in HEADS}
        caught = tally.counts["caught"]
        counts["named"] = f"{counts['named']}/{caught}" if caught else "-"
        lines.append(f"{group:32}" + "".join(f"{c:>14}" for c in counts.values()) + f"{tally.seconds:>9.1f}")
    return lines


def is_good(tally: Tally) -> bool:
    """Whether no verdict is false, hardly any is open that should not be, and every record is named."""
    counts = tally.counts
    false = counts["right called wrong"] + counts["wrong called right"]
    return not false and tally.share_open <= MOST_OPEN and counts["named"] == counts["caught"]


def sliced(part: str, share: float, seed: int, k: int, jobs: int) -> dict[str, Tally]:
    """Every so many cases of a part, asked."""
    return tallied(islice(drawn(part, share, seed), k, None, jobs))


def asked(parts: list[str], share: float, seed: int, jobs: int) -> dict[str, Tally]:
    """All cases, in some processes side by side."""
    work = [(part, share, seed, k, jobs) for part in parts for k in range(jobs)]
    tallies: dict[str, Tally] = {}
    with Pool(jobs) as pool:
        for found in pool.starmap(sliced, work, chunksize=1) if jobs > 1 else starmap(sliced, work):
            for group, tally in found.items():
                tallies.setdefault(group, Tally()).join(tally)
    return tallies


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=[*PARTS], action="append", help="only these; may be given several times")
    parser.add_argument("--share", type=float, default=1.0, help="of all cases, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="for what is drawn")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side")
    parser.add_argument("--most", type=int, default=1000, help="complaints printed for each group")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    tallies = asked(options.part or [*PARTS], options.share, options.seed, options.jobs)
    if options.json:
        rows = {g: t.counts | {"seconds": round(t.seconds, 1), "complaints": t.complaints} for g, t in tallies.items()}
        print(json.dumps({"format": 1, "groups": rows}))
    else:
        for group, tally in tallies.items():
            for kind, name, reason in tally.complaints[: options.most]:
                print(f"{group}: {kind}: {name}\n    {reason}")
        print("\n".join(table(tallies)))
    return 0 if all(is_good(t) for t in tallies.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
