"""The command line as a whole: its commands, and what becomes of their errors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from autograd_seq.commands import checks, models, pictures, tables, texts
from autograd_seq.commands.frame import Declared, about_things, examples
from autograd_seq.errors import AutogradError

_LAUNCHERS = ("at autograd-seq:", "at autograd-seq.exe:", "at <frozen runpy>:", "at __main__.py:")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="autograd-seq",
        description="A microscope for backpropagation through time.",
        epilog=examples() + about_things(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    declared = Declared(top)
    tables.add_print(declared)
    pictures.add_draw(declared)
    checks.add_prove(declared)
    checks.add_check(declared)
    texts.add_derive(declared)
    texts.add_source(declared)
    texts.add_compile(declared)
    tables.add_flow(declared)
    models.add_train(declared)
    models.add_sample(declared)
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
        0 good, 1 a check failed, 2 bad use.

    Examples
    --------
    >>> main(["print", "nothing.py:at_all"])
    2
    """
    arguments = parser().parse_args(words)
    try:
        return int(arguments.run(arguments))
    except (AutogradError, OSError) as error:
        print(f"autograd-seq {arguments.command}: {_without_launcher(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"autograd-seq {arguments.command}: stopped; nothing was written", file=sys.stderr)
        return 2


def _without_launcher(message: str) -> str:
    """An error message without the line that only started this command."""
    return "\n".join(line for line in message.splitlines() if not line.strip().startswith(_LAUNCHERS))
