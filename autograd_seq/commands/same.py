"""The command that compares two cells: of this project, of a library, or in a file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from autograd_seq.commands.console import print_json, say
from autograd_seq.commands.ending import GOOD, NO_VERDICT, WRONG
from autograd_seq.commands.frame import Declared
from autograd_seq.commands.things import cells_by_name
from autograd_seq.exchange.file_step import N_A, N_X, greatest_difference, step_of_file
from cells.exchange import equivalent

FILE = ".onnx"
CLOSE = 1e-5  # what single precision tells


def add_same(declared: Declared) -> None:
    """The command ``same``."""
    said = "prove two cells the same under a map of weights, or say where they part; exit code 1 if they are not"
    sub = declared.command("same", same, said)
    about = "a cell's name, a library's class such as torch:gru or keras:lstm, or FILE.onnx"
    sub.add_argument("first", metavar="CELL", help=about)
    sub.add_argument("second", metavar="CELL", help="another")
    sub.add_argument("--json", action="store_true", help="as JSON")


def same(arguments: argparse.Namespace) -> int:
    """Compare two cells; of two files also what they compute with their own weights."""
    names = arguments.first, arguments.second
    found = equivalent(*map(_side, names))
    found = replace(found, first=names[0], second=names[1])  # as they were asked for: two kinds of GRU look alike
    apart = greatest_difference(*names) if all(name.endswith(FILE) for name in names) else None
    alike = apart is None or apart < CLOSE
    if arguments.json:
        print_json(
            {"format": 1, "status": found.status, "ok": found.ok and alike, "map": found.map, "reason": found.reason,
             "apart": apart}, arguments.answer
        )  # fmt: skip
    else:
        print(found)
        if apart is not None:
            say(f"with the weights of the files the outputs {'agree to' if alike else 'differ by'} {apart:.1g}")
    if found.status == "undecided":
        return NO_VERDICT
    return GOOD if found.ok and alike else WRONG


def _side(name: str) -> Any:
    if name.endswith(FILE):
        return step_of_file(name)
    made = cells_by_name().get(name)
    return made(N_X, N_A) if made is not None else name
