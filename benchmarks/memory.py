"""Peak memory of one gradient step, each contender in a process of its own.

``python benchmarks/memory.py [--cell LSTM] [--size S3] [--dtype float64] [--only CONTENDER ...] [--json]``: megabytes
of resident memory over a baseline, the process with everything imported, weights and data made, and a step of
the smallest size done. "in all": the highest from there on, so with what is made beforehand: memory set aside, a
compiled plan and its compiling. "a step": the highest while a later step runs, so with what is held between steps.
Linux only (the mark of the highest resident memory is in /proc, where it can be set back).
"""

from __future__ import annotations

import machine  # before NumPy: it sets the number of threads

machine.one_core()

import argparse
import ctypes
import gc
import json
import re
import subprocess
import sys
from pathlib import Path

from contenders import BEST, CELLS, CONTENDERS, SIZES, case

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident(mark: str) -> float:
    """Megabytes: VmRSS now, VmHWM the highest since it was set back."""
    found = re.search(rf"{mark}:\s+(\d+) kB", STATUS.read_text())
    if not found:
        raise SystemExit("the highest resident memory is not in /proc/self/status here")
    return int(found[1]) * 1024 / 1e6


def settle() -> None:
    """Give back what is free, and begin a new mark."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
    RESET.write_text("5")


def measure(name: str, kind: str, size: str, dtype: str) -> dict[str, float]:
    """What one contender takes, in this process."""
    make = CONTENDERS[name]
    make(case(kind, "S1", dtype))()
    data = case(kind, size, dtype)
    settle()
    baseline = resident("VmRSS")
    step = make(data)
    step()
    in_all = resident("VmHWM") - baseline
    settle()
    held = resident("VmRSS") - baseline
    step()
    return {"in all": in_all, "a step": resident("VmHWM") - baseline, "held between steps": held}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cell", choices=CELLS, default="LSTM")
    arguments.add_argument("--size", choices=SIZES, default="S3")
    arguments.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    arguments.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="CONTENDER")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--here", choices=CONTENDERS, help=argparse.SUPPRESS)  # measured in this process
    given = arguments.parse_args()
    if given.here:
        print(json.dumps(measure(given.here, given.cell, given.size, given.dtype)))
        return
    everything = {}
    for name in given.only:
        options = ["--cell", given.cell, "--size", given.size, "--dtype", given.dtype, "--here", name]
        ran = subprocess.run([sys.executable, __file__, *options], capture_output=True, text=True)
        if ran.returncode:
            print(f"left out: {name} ({ran.stderr.strip().splitlines()[-1]})", file=sys.stderr)
            continue
        everything[name] = json.loads(ran.stdout.splitlines()[-1])
    if given.json:
        print(json.dumps(everything))
        return
    print(f"{machine.description()}; {given.cell} {given.size} {given.dtype}, megabytes over the baseline")
    columns = ["a step", "in all", "held between steps"]
    print(" " * 34 + "".join(f"{column:>20s}" for column in columns) + f"{'a step, × best':>20s}")
    for name, row in everything.items():
        of_best = f"{row['a step'] / everything[BEST]['a step']:.2f}" if BEST in everything else ""
        print(f"  {name:32s}" + "".join(f"{row[column]:20.1f}" for column in columns) + f"{of_best:>20s}")


if __name__ == "__main__":
    main()
