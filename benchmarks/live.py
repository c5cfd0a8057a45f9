"""The live page of an LSTM in headless Chromium: how long a frame takes after an edit, and how large the file is.

``python benchmarks/live.py [--steps 20] [--units 16] [--examples 1] [--edits 300] [--json]``: one core for the browser
and all that it starts. Each edit changes one number at random. A frame is everything from there to a page that is laid
out anew: both passes computed, every colour, arrow, number and text written, the layout forced. Time is that of the
page's own thread, so that other work on the machine counts little. The goal is 16.7 ms.
"""

from __future__ import annotations

import machine  # before NumPy: it sets the number of threads

machine.one_core()

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from cells import LSTM, Readout
from tests.browser import chromium, missing
from viz import step_through

GOAL = 16.7  # milliseconds: sixty frames a second
TURNS = """
const [turns, seed, draw] = arguments, given = [...live.given];
let state = seed;
const random = () => { state = (state * 48271) % 2147483647; return state / 2147483647; };
for (let i = 0; i < turns; i++) {
  const [r, g] = given[Math.floor(random() * given.length)];
  live.set(r, Math.floor(random() * g.size), 2 * random() - 1);
  if (draw) { live.frame(); document.documentElement.getBoundingClientRect(); } else live.machine.run();
}
"""
AT_ONCE = 10  # edits from one reading of the clock to the next


def page_of(steps: int, units: int, examples: int) -> Any:
    """The live page of an LSTM with a readout and a squared loss."""
    rng = np.random.default_rng(0)
    run = LSTM(8, units, seed=1).unroll(rng.standard_normal((8, examples, steps)))
    Readout(units, 4, seed=2)(run)
    run.measure(list(rng.random((steps, 4, examples))), lambda p, y: (p - y) * (p - y))
    return step_through(run, live=True)


def measured(page: Any, edits: int) -> dict[str, float]:
    """Medians in milliseconds of the page's own thread: of the machine alone, of a frame, and the slowest twentieth."""
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder), 1280, 900) as driver:
        driver.get(page.save(Path(folder) / "page.html").as_uri())
        driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})

        def clock() -> float:
            metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
            return 1000 * float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

        def times(draw: bool) -> list[float]:
            driver.execute_script(TURNS, 50, 1, draw)  # compiled by then
            found = []
            for turn in range(edits // AT_ONCE):
                before = clock()
                driver.execute_script(TURNS, AT_ONCE, 2 + turn, draw)
                found.append((clock() - before) / AT_ONCE)
            return sorted(found)

        alone, frames = times(False), times(True)
    return {"machine": median(alone), "frame": median(frames), "slow frame": frames[int(0.95 * len(frames))]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--units", type=int, default=16)
    parser.add_argument("--examples", type=int, default=1)
    parser.add_argument("--edits", type=int, default=300)
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    if reason := missing():
        print(f"live.py: {reason}", file=sys.stderr)
        return 2
    page = page_of(options.steps, options.units, options.examples)
    times = measured(page, options.edits)
    size = len(page.html.encode())
    case = f"LSTM, T = {options.steps}, n_a = {options.units}, m = {options.examples}"
    if options.json:
        row = {key: {"ms": round(ms, 3), "ratio": round(ms / GOAL, 3)} for key, ms in times.items()}
        print(json.dumps({case: {**row, "bytes": size}}))
    else:
        print(f"{case}: a page of {size / 1000:.0f} kB, {options.edits} edits, one core")
        for key, ms in times.items():
            print(f"  {key:12}{ms:8.2f} ms{ms / GOAL:8.2f} of the goal of {GOAL} ms")
    return 0 if times["frame"] < GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
