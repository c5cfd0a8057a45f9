"""Commands that print tables: the recording, and how far back each loss reaches."""

from __future__ import annotations

import argparse

from autograd_seq import differentiate
from autograd_seq.commands.console import print_json, say
from autograd_seq.commands.frame import Declared
from autograd_seq.commands.screen import beside, brief
from autograd_seq.commands.things import output_of, thing
from autograd_seq.core.errors import UsageError
from autograd_seq.folding.steps import scopes
from autograd_seq.readings.table import table
from cells import gradient_flow, state_flow

ROWS = 24  # of the table of a flow, unless all are asked for


def add_print(declared: Declared) -> None:
    """The command ``print``."""
    sub = declared.command_about("print", print_, "print the recorded graph as a table")
    sub.add_argument("--backward", action="store_true", help="the backward pass, itself a recording")
    sub.add_argument("--json", action="store_true", help="as one JSON object, with a list of records")


def print_(arguments: argparse.Namespace) -> int:
    """Print the recorded graph, and the backward one on demand."""
    output = output_of(thing(arguments))
    graph = differentiate(output).backward if arguments.backward else output.graph
    if arguments.json:
        places = scopes(graph)
        rows = [
            {"index": i, "name": r.label, "operation": r.operation.name if r.operation else None,
             "inputs": [graph.positions.get(x) for x in r.inputs], "shape": list(r.shape),
             "time": places[r].time, "line": str(r.source) if r.source else None}
            for i, r in enumerate(graph)
        ]  # fmt: skip
        print_json({"format": 1, "records": rows}, arguments.answer)
    else:
        print(table(graph, fold=False) if arguments.full else brief(graph))
    return 0


def add_flow(declared: Declared) -> None:
    """The command ``flow``."""
    said = "print how far back each loss reaches: the gradient's norm from step to step"
    sub = declared.command_about("flow", flow_, said)
    sub.add_argument("--wrt", choices=("a", "c"), default="a", help="the state a or the memory c (default a)")
    sub.add_argument("--states", action="store_true", help="of one state by another, in place of the losses")
    sub.add_argument("--json", action="store_true", help="as JSON")


def flow_(arguments: argparse.Namespace) -> int:
    """Print how strongly each step's loss depends on each step's state."""
    found = thing(arguments)
    if not hasattr(found, "losses"):
        raise UsageError(f"flow needs a run with losses at its time steps, but {arguments.thing} gives a tensor")
    norms = (state_flow if arguments.states else gradient_flow)(found, wrt=arguments.wrt)
    if arguments.json:
        print_json({"format": 1, "wrt": arguments.wrt, "flow": norms.tolist()}, arguments.answer)
        return 0
    above = f"{arguments.wrt}<t>" if arguments.states else "L<t>"
    say(f"‖∂{above}/∂{arguments.wrt}<k>‖   rows t, columns k = 1 … {len(norms)}\n")
    steps = list(range(1, len(norms) + 1))
    across = _ends(steps, beside(14, 9, usual=20))
    down = _ends(steps, len(steps) if arguments.full else ROWS)
    if len(across) < len(steps):
        print("   k =  " + "".join(_gap(k, across) + f"{k:9d}" for k in across))
    for t, row in zip(steps, norms, strict=True):
        if t in down:
            print(f"t = {t:3d} " + "".join(_gap(k, across) + f"{row[k - 1]:9.1e}" for k in across if k <= t))
        elif t - 1 in down:
            print("   ⋮")
    return 0


def _gap(k: int, shown: list[int]) -> str:
    """What stands before a column if those to its left are not shown."""
    return " …" if k > 1 and k - 1 not in shown else ""


def _ends(steps: list[int], most: int) -> list[int]:
    """The first and the last of the steps, where there are more."""
    return steps if len(steps) <= most else steps[: most // 2] + steps[-(most - most // 2) :]
