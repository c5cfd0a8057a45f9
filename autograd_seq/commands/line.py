"""The command line as a whole: its commands, and the way through one."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from autograd_seq.commands.console import any_console, print_json, say
from autograd_seq.commands.ending import BAD_USE, NO_VERDICT, ended
from autograd_seq.commands.frame import Declared, InReadersLanguage, Parser, about_things, add_language, examples
from autograd_seq.commands.screen import FULL
from autograd_seq.core import begun_as
from autograd_seq.core.errors import UsageError
from autograd_seq.translation.choosing import language
from autograd_seq.translation.reader import ENGLISH, LANGUAGES, VARIABLE, chosen, current

FAMILIES = {  # in the order of the help: each command, and the file that it is declared in
    "print": "tables", "draw": "pictures", "prove": "checks", "check": "checks", "same": "same", "derive": "texts",
    "source": "texts", "compile": "texts", "flow": "tables", "train": "models", "sample": "models",
}  # fmt: skip


def parser(command: str = "") -> argparse.ArgumentParser:
    """The whole command line; or one command of it alone, so that what the others need is not loaded."""
    top = Parser(
        prog="autograd-seq",
        description="A microscope for backpropagation through time.",
        epilog=examples() + about_things(),
        formatter_class=InReadersLanguage,
    )
    add_language(top)
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
    given = sys.argv[1:] if words is None else list(words)
    try:
        with any_console(full=FULL in given):
            try:
                spoken = language(_wanted(given))
            except UsageError as error:
                say(f"autograd-seq: {str(error).splitlines()[0]}", file=sys.stderr)
                return BAD_USE
            with spoken:
                understood = _understood(given)
                begun_as.all_is_loaded()
                return ended(understood)
    except OSError as error:  # what was printed cannot be written, as on a full disk
        say(f"autograd-seq: {error}", file=sys.stderr)
        return NO_VERDICT
    finally:
        begun_as.nothing_is_left()


def _wanted(given: Sequence[str]) -> str | None:
    """The language that the command line asks for, or the environment's variable; as it was if neither does."""
    for word, after in zip(given, [*given[1:], ""], strict=False):
        if word == "--lang" or word.startswith("--lang="):
            return after if word == "--lang" else word.partition("=")[2]
    wanted = chosen.name or os.environ.get(VARIABLE) or None
    return wanted or (None if _shows(LANGUAGES[current()]) else ENGLISH)


def _shows(text: str) -> bool:
    """Whether standard output can show a text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _understood(given: list[str]) -> argparse.Namespace:
    """The command line, read; help and what cannot be understood end here, in SystemExit."""
    try:
        if not given:
            parser().print_help(sys.stderr)
            raise SystemExit(BAD_USE)
        return parser(given[0]).parse_args(given)
    except SystemExit as error:
        if error.code and "--json" in given:
            reason = "the command line cannot be understood; standard error says why"
            print_json({"format": 1, "verdict": "no verdict", "ok": False, "reason": reason})
        raise
