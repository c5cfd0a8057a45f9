"""The command that judges hand-written backward passes, of a student or a class, with results for other programs."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import autograd_seq
from autograd_seq.commands.console import print_json, say
from autograd_seq.commands.ending import CODES
from autograd_seq.commands.frame import whole
from autograd_seq.commands.things import NAMES
from autograd_seq.core.errors import UsageError
from autograd_seq.core.names import escaped
from autograd_seq.grading.asked_for import load_assignment
from autograd_seq.grading.gradebook import Gradebook
from autograd_seq.grading.handed_in import gathered
from autograd_seq.grading.plain_text import one_line, plain
from autograd_seq.grading.submission import FunctionVerdict, Submission, told
from autograd_seq.storage.files import check_output, write

DAY = 86_400.0
IN_FULL = 5  # submissions whose reports are printed without being asked for
_LEVELS = {"1": 1, "2": 2, "3": 3, "4": 4, "rising": "rising"}
_KIND = 3  # what --hints alone means: which kind of mistake, without the formula


def add_grading(sub: argparse.ArgumentParser) -> None:
    """The options of ``check`` that are about submissions."""
    sub.add_argument("files", metavar="FILE", nargs="*", help="files, notebooks, folders or patterns; a cell's name")
    sub.add_argument("--for", dest="assignment", metavar="ASSIGNMENT", help="a TOML file; 'course' comes along")
    said = "say what is wrong without the formula; or how much: 1 gradient, 2 line, 3 kind, 4 formula, rising"
    sub.add_argument("--hints", nargs="?", const=_KIND, metavar="LEVEL", help=said)
    sub.add_argument("--attempt", type=whole(1), default=1, metavar="N", help="the number of the attempt (rising)")
    sub.add_argument("--seed", type=whole(0), help="for the numbers that are drawn (default: unknown beforehand)")
    sub.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="for each file (default 60)")
    sub.add_argument("--cells", choices=("functions", "all"), default="functions", help="of notebooks, what is run")
    sub.add_argument("--jobs", type=whole(1), metavar="N", help="judged at a time (default: as many as processors)")
    sub.add_argument("--edits", action="store_true", help="for teachers: the smallest change that makes it right")
    sub.add_argument("--verbose", action="store_true", help="every report in full, however many there are")
    sub.add_argument("--json", action="store_true", help="as JSON: one list, an object for each submission")
    sub.add_argument("--junit", metavar="FILE.xml", help="as JUnit XML too")
    sub.add_argument("--csv", metavar="FILE.csv", help="as a table too, with a column for each gradient")
    sub.add_argument("--gradescope", metavar="FILE.json", help="one submission as Gradescope's results.json too")
    sub.add_argument("--prairielearn", metavar="FILE.json", help="one submission as PrairieLearn's results.json too")
    sub.add_argument("--markdown", metavar="DIR", help="a page for each student too")
    sub.add_argument("--causes", metavar="FILE", help="the mistakes in the class too: .csv, .png, .svg or .pdf")


def _seconds(text: str) -> float:
    """Reads a number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= DAY:
        raise argparse.ArgumentTypeError(f"seconds, above 0 and at most a day, not {text!r}")
    return seconds


def grade(arguments: argparse.Namespace) -> int:
    """Judge what was handed in, print what came of it, and write it in the forms that were asked for."""
    hints = _hints(arguments)
    if not arguments.files:
        raise UsageError("what is to be checked? Give a file, a notebook, a folder or a pattern, such as my_rnn.py")
    names = gathered(arguments.files)
    outputs = _outputs(arguments, names)
    with _progress(len(names)) as show:
        book = autograd_seq.check_folder(
            arguments.files, arguments.seed, timeout=arguments.timeout, assignment=arguments.assignment, hints=hints,
            attempt=arguments.attempt, cells=arguments.cells, edits=arguments.edits, jobs=arguments.jobs, progress=show,
        )  # fmt: skip
    for submission in book:
        _show_apart(submission)
    for make in outputs:
        make(book)
    _show_missing_walls(book)
    for remark in book.remarks() if arguments.json or len(book) == 1 else ():  # else it stands below the table
        say(remark, file=sys.stderr)
    if arguments.json:
        print_json([submission.to_json() for submission in book], arguments.answer)
    else:
        _print(book, arguments)
    return CODES[book.verdict]


def _hints(arguments: argparse.Namespace) -> Any:
    """The level of hints; what follows --hints and is none is a file, if it may be one."""
    given = arguments.hints
    if isinstance(given, str) and given not in _LEVELS:
        if not os.path.exists(given) and given not in NAMES and given.isalnum():
            raise UsageError(f"--hints must be 1 to 4 or rising, not {given!r}")
        arguments.files.insert(0, given)
        given = _KIND
    return _LEVELS[given] if isinstance(given, str) else given


def _outputs(arguments: argparse.Namespace, names: list[str]) -> list[Callable[[Gradebook], Any]]:
    """What is to be written, each tried before the work begins; only what writes it is loaded."""
    found: list[Callable[[Gradebook], Any]] = []

    def add(path: str | None, endings: tuple[str, ...], make: Callable[[Gradebook], str]) -> None:
        if path is not None:
            check_output(path, endings, names)
            found.append(lambda book: write(path, make(book)))

    if arguments.assignment is not None:
        load_assignment(arguments.assignment)
    if len(names) > 1 and (arguments.gradescope or arguments.prairielearn):
        raise UsageError(f"--gradescope and --prairielearn take one submission, and there are {len(names)}")
    add(arguments.junit, (".xml",), lambda book: _results("junit").as_junit(book))
    add(arguments.csv, (".csv",), lambda book: _results("sheets").as_csv(book))
    add(arguments.gradescope, (".json",), lambda book: _for_autograder("Gradescope", book))
    add(arguments.prairielearn, (".json",), lambda book: _for_autograder("PrairieLearn", book))
    if arguments.causes is not None and arguments.causes.lower().endswith(".csv"):
        add(arguments.causes, (".csv",), lambda book: _results("sheets").causes_as_csv(book))
    elif arguments.causes is not None:
        check_output(arguments.causes, (*_results("chart").ENDINGS, ".csv"), names)
        found.append(lambda book: _results("chart").draw_causes(book, arguments.causes))
    if arguments.markdown is not None:
        found.append(lambda book: _results("letters").write_letters(book, arguments.markdown))
    return found


def _results(form: str) -> Any:
    """The module that writes results in some form."""
    return import_module(f"autograd_seq.grading.results.{form}")


def _for_autograder(program: str, book: Gradebook) -> str:
    autograders = _results("autograders")
    one = autograders.only(book, program)
    return _as_json(autograders.as_gradescope(one) if program == "Gradescope" else autograders.as_prairielearn(one))


def _as_json(data: Any) -> str:
    return escaped(json.dumps(data, indent=2, ensure_ascii=False)) + "\n"


@contextmanager
def _progress(count: int) -> Any:
    """A bar on a terminal, where tqdm is installed and there is something to wait for."""
    try:
        bar = import_module("tqdm").tqdm if count > 1 and sys.stderr.isatty() else None
    except ImportError:
        bar = None
    if bar is None:
        yield None
        return
    with bar(total=count, unit="file", file=sys.stderr) as shown:
        yield lambda submission: shown.update()


def _show_apart(found: Submission) -> None:
    """What a file printed, marked as its own, without the signs by which a text can steer a terminal."""
    for i, line in enumerate(found.printed.splitlines()):
        if i == 0:
            say(f"{one_line(found.path)} printed:", file=sys.stderr)
        print("  | " + "".join(c if c.isprintable() else " " for c in line), file=sys.stderr)


def _show_missing_walls(book: Gradebook) -> None:
    """What this machine could not keep the submissions from."""
    missing = list(dict.fromkeys(words for submission in book for words in submission.not_enforced))
    if missing:
        say(f"not enforced on this machine: {', '.join(missing)}", file=sys.stderr)


def _print_changes(name: str, function: FunctionVerdict) -> None:
    """The smallest changes that make a function right, or that none were found."""
    if len(function.changes) > 1:
        say(f"  the smallest changes that make {name} right (they were tried):")
    elif function.changes:
        say(f"  the smallest change that makes {name} right (it was tried):")
    elif function.verdict == "wrong":
        say(f"  no small change was found that makes {name} right")
    for edit in function.changes:
        say(f"    in line {edit.line}: {plain(edit.before)}")
        say(f"    change it to: {plain(edit.after)}")


def _why_without(submission: Submission) -> str | None:
    """Why there is no verdict; the file's reason, or else that of the first function."""
    if submission.reason or submission.verdict != "no verdict":
        return submission.reason
    return next(function.reason for function in submission.functions.values() if function.reason)


def _print(book: Gradebook, arguments: argparse.Namespace) -> None:
    """The reports, or a line for each, and then the table of mistakes."""
    in_full = arguments.verbose or len(book) <= IN_FULL
    for submission in book:
        if in_full:
            print(submission)
        else:
            why = _why_without(submission)
            verdict = told(submission.path, submission.verdict)
            say(f"{verdict}: {plain(why, 1)}" if why else verdict)
        for name, function in submission.functions.items():
            if arguments.edits:
                _print_changes(name, function)
        if arguments.assignment is not None:
            say(f"  {submission.mark:g} of {submission.points:g} points")
    if len(book) > 1:
        print(book)
    if not in_full and not book.ok:
        say("--verbose prints what is wrong with each of them; --markdown DIR writes a page for each student")
