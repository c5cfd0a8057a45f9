"""One gradient step (forward, loss, all gradients) of a recurrent network, against hand-written NumPy and peers.

``python benchmarks/bptt.py [--cells LSTM GRU RNN] [--sizes S1 S2 S3] [--dtypes float64 float32] [--json]``: the same
weights and data for all, one core, all in one interleaved run; the median of CPU time, as a multiple of the best
hand-written NumPy's. Gradients are compared before anything is timed. Each contender has a process of its own, so that
none inherits another's memory, garbage or threads, and they take turns. Each is tried twice, as the system's allocator
is and with glibc told to keep what is free (who asks for much new memory in every step otherwise pays for giving the
old back), and takes part in the way that suits it.
Peers that are not installed are left out and said so.
"""

from __future__ import annotations

import machine  # before NumPy: it sets the number of threads

machine.one_core()

import argparse
import json
import os
import subprocess
import sys
import time
from statistics import median
from typing import Any

from contenders import BEST, CELLS, CONTENDERS, SIZES, agreeing, case

TURN = 0.02  # seconds


class Server:
    """A contender in a process of its own, which waits until it is asked."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | environment,
        )  # fmt: skip

    def ask(self, *question: Any) -> Any:
        """Its answer to a question; no question asks for a turn."""
        assert self.process.stdin and self.process.stdout
        print(json.dumps(question), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name}: its process ended")
        return json.loads(answer)


class Contender:
    """A contender under both ways to keep memory; in each case the way that is faster in a trial counts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.servers = [Server(name, environment) for environment in ({}, machine.KEEP_MEMORY)]
        self.turn = self.servers[0].ask

    def prepare(self, *case: str) -> str | None:
        """Make a case ready; why that cannot be done, or None."""
        trials = []
        for server in self.servers:
            absent: str | None = server.ask(*case)
            if absent:
                return absent
            trials.append((median(server.ask() + server.ask() + server.ask()), server.ask))
        self.turn = min(trials, key=lambda trial: trial[0])[1]
        return None

    def close(self) -> None:
        """Let the processes end."""
        for server in self.servers:
            server.process.communicate()


def serve(name: str) -> None:
    """Answer what `Server.ask` asks: a case is made ready, or (nothing) a turn is taken."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        question = json.loads(line)
        answer: Any = None
        if question:
            try:
                step = agreeing(name, case(*question))
            except ImportError as error:
                answer = str(error)
        else:
            answer = []
            while sum(answer) < TURN:
                start = time.process_time()
                step()
                answer.append(time.process_time() - start)
        print(json.dumps(answer), file=answers, flush=True)


def measure(contenders: list[Contender], seconds: float) -> dict[str, float]:
    """The median milliseconds of each contender; a turn of short steps begins with one that does not count."""
    times: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(times[contenders[0].name]) < 5:
        for contender in contenders:
            turn = contender.turn()
            times[contender.name] += turn[1:] or turn
    return {name: 1000 * median(measured) for name, measured in times.items()}


def table(kind: str, dtype: str, columns: dict[str, dict[str, float]]) -> str:
    """A row a contender, a column a size; the first row in milliseconds too."""
    lines = [f"{kind}, {dtype}", " " * 34 + "".join(f"{size:>18s}" for size in columns)]
    for name in next(iter(columns.values())):
        row = f"  {name:32s}"
        for measured in columns.values():
            entry = f"{measured[name] / measured[BEST]:.2f}"
            row += f"{f'{entry} ({measured[name]:.2f} ms)' if name == BEST else entry:>18s}"
        lines.append(row)
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    arguments.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    arguments.add_argument("--dtypes", nargs="+", choices=("float64", "float32"), default=["float64", "float32"])
    arguments.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="CONTENDER",
                           help="these, and the best hand-written NumPy")  # fmt: skip
    arguments.add_argument("--seconds", type=float, default=5.0, help="time for each case (default 5)")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--serve", choices=CONTENDERS, help=argparse.SUPPRESS)  # one contender, in this process
    given = arguments.parse_args()
    if given.serve:
        return serve(given.serve)
    contenders = [Contender(name) for name in CONTENDERS if name == BEST or name in given.only]
    everything = {}
    if not given.json:
        print(f"{machine.description()}; multiples of the best hand-written NumPy", flush=True)
    for kind in given.cells:
        for dtype in given.dtypes:
            columns = {}
            for size in given.sizes:
                absent = {contender: contender.prepare(kind, size, dtype) for contender in contenders}
                for contender in [contender for contender, why in absent.items() if why]:
                    print(f"left out: {contender.name} ({absent[contender]})", file=sys.stderr)
                    contenders.remove(contender)
                    contender.close()
                columns[size] = measure(contenders, given.seconds)
                rows = {name: {"ms": ms, "ratio": ms / columns[size][BEST]} for name, ms in columns[size].items()}
                everything[f"{kind} {size} {dtype}"] = rows
            if not given.json:
                print(f"\n{table(kind, dtype, columns)}", flush=True)
    for contender in contenders:
        contender.close()
    if given.json:
        print(json.dumps(everything))
    return None


if __name__ == "__main__":
    main()
