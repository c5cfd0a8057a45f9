"""The command line as a whole: its commands, and the way through one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from autograd_seq.commands.console import any_console, print_json
from autograd_seq.commands.ending import NO_VERDICT, ended
from autograd_seq.commands.frame import Declared, about_things, examples
from autograd_seq.commands.screen import FULL

FAMILIES = {  # in the order of the help: each command, and the file that it is declared in
    "print": "tables", "draw": "pictures", "prove": "checks", "check": "checks", "same": "same", "derive": "texts",
    "source": "texts", "compile": "texts", "flow": "tables", "train": "models", "sample": "models",
}  # fmt: skip


def parser(command: str = "") -> argparse.ArgumentParser:
    """The whole command line; or one command of it alone, so that what the others need is not loaded."""
    top = argparse.ArgumentParser(
        prog="autograd-seq",
        description="A microscope for backpropagation through time.",
        epilog=examples() + about_things(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    declared = Declared(top)
    for name in [command] if command in FAMILIES else FAMILIES:
        family = import_module(f"autograd_seq.commands.{FAMILIES[name]}")
        getattr(family, f"add_{name}")(declared)
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    words : sequence of str, optional
        The words after the program's name; those of the process if not given.

    Returns
    -------
    int
        0 good, 1 a check failed, 2 bad use, 3 no verdict, 130 stopped by Ctrl-C.

    Examples
    --------
    >>> main(["print", "nothing.py:at_all"])
    2
    """
    try:
        with any_console(full=FULL in (sys.argv[1:] if words is None else words)):
            return ended(_understood(words))
    except OSError as error:  # what was printed cannot be written, as on a full disk
        print(f"autograd-seq: {error}", file=sys.stderr)
        return NO_VERDICT


def _understood(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line, read; help and what cannot be understood end here, in SystemExit."""
    given = sys.argv[1:] if words is None else list(words)
    try:
        return parser(given[0] if given else "").parse_args(given)
    except SystemExit as error:
        if error.code and "--json" in given:
            reason = "the command line cannot be understood; standard error says why"
            print_json({"format": 1, "verdict": "no verdict", "ok": False, "reason": reason})
        raise
