"""What all commands share: how one is declared, with its help and examples, and how its arguments are read."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable
from typing import Any, NoReturn

from autograd_seq.commands.screen import wrapped
from autograd_seq.commands.things import NAMES
from autograd_seq.core.wording import perhaps
from autograd_seq.translation.reader import LANGUAGES, translated

EXAMPLES = """\
print lstm --steps 3
print my_cell.py:loss --backward
draw gru --steps 4 -o gru.svg
draw lstm --size slide --only 1-2 --legend -o lstm.png
draw deep-lstm --view modules -o deep.html
draw lstm -o lstm.html
draw lstm --live -o lstm.html
prove my_cell.py:loss
check my_lstm.py
check hand_in/ --for course --csv marks.csv
check lstm --formula 'dc_prev = dc * Gamma_f'
same keras:gru torch:gru
derive lstm -o lstm.html
source gru -o gru_by_hand.py
compile lstm --explain
flow rnn --steps 20
train names.txt --cell gru --epochs 30 -o names.npz
train names.txt --cell gru --epochs 30 -o names.npz --resume
train names.txt --cell gru --engine jax --devices all
sample names.npz --count 10 --temperature 0.8"""

THING = """
THING is a cell's name:
{cells};
FILE.py:FUNCTION, a function without arguments that returns a tensor or a
run; or FILE.onnx, a file of PyTorch, JAX or anybody else."""


# What argparse says of a word that it does not know, in the words of all Pythons from 3.11 on.
_NO_CHOICE = re.compile(r"invalid choice: '(?P<given>[^']*)' \(choose from (?P<choices>.*)\)")
_NO_OPTION = re.compile(r"unrecognized arguments: (?P<given>--[\w-]+)")


class Declared:
    """The commands that have been declared, as argparse keeps them."""

    def __init__(self, top: argparse.ArgumentParser) -> None:
        self._parsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    def command(self, name: str, function: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        """Declare a command; what is returned takes its options."""
        return self._added(name, function, help, examples(name))

    def command_about(
        self, name: str, function: Callable[[argparse.Namespace], int], help: str
    ) -> argparse.ArgumentParser:
        """Declare a command about a THING: a cell, or what somebody's function records."""
        sub = self._added(name, function, help, examples(name) + about_things())
        sub.add_argument("thing", metavar="THING", help="a cell's name, FILE.py:FUNCTION or FILE.onnx")
        said = "time steps of a named cell (default 3)"
        sub.add_argument("--steps", type=whole(1), default=3, metavar="T", help=said)
        return sub

    def _added(self, name: str, function: Any, help: str, epilog: str) -> argparse.ArgumentParser:
        sub = self._parsers.add_parser(
            name, help=help, description=help, epilog=epilog, formatter_class=InReadersLanguage
        )
        add_language(sub)
        sub.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        sub.set_defaults(run=function)
        return sub


class InReadersLanguage(argparse.RawDescriptionHelpFormatter):
    """Help in the reader's language, broken where that language may be."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(" ".join(translated(text).split()), width).splitlines()

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "".join(indent + line for line in translated(text).splitlines(keepends=True))


class Parser(argparse.ArgumentParser):
    """A command line that explains itself, and what is wrong with it, in the reader's language."""

    def error(self, message: str) -> NoReturn:
        """End with what is wrong, and what may have been meant."""
        super().error(message + self._perhaps(message))

    def _perhaps(self, message: str) -> str:
        """What was meant by a word that is not known."""
        if found := _NO_CHOICE.search(message):
            return perhaps(found["given"], re.split(r",\s*", found["choices"].replace("'", "")))
        if found := _NO_OPTION.search(message):
            return perhaps(found["given"], self._options())
        return ""

    def _options(self) -> list[str]:
        """All options that a word may have stood for; those of the commands, too."""
        families = [action.choices for action in self._actions if isinstance(action.choices, dict)]
        commands = [command for family in families for command in family.values()]
        return [option for parser in (self, *commands) for option in parser._option_string_actions]

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(translated(message), file)


def add_language(parser: argparse.ArgumentParser) -> None:
    """The option ``--lang``, which `line` reads before all others."""
    known = ", ".join(f"{name} ({said})" for name, said in LANGUAGES.items())
    parser.add_argument("--lang", metavar="LANG", help=f"language of what is printed: {known}")


def examples(command: str = "") -> str:
    """The examples of one command, or of all."""
    fitting = [line for line in EXAMPLES.splitlines() if line.startswith(command)]
    return "examples:\n" + "".join(f"  autograd-seq {line}\n" for line in fitting)


def about_things() -> str:
    """What the word THING in the help stands for."""
    return THING.format(cells=textwrap.fill(", ".join(NAMES), 76, break_on_hyphens=False))


def whole(least: int) -> Callable[[str], int]:
    """Reads a whole number that is at least so large."""

    def number(text: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,9}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"a whole number from {least} on, not {text!r}")
        return int(text)

    return number
