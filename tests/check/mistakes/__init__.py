"""A library of wrong backward passes: right ones as files, and every mistake an edit of one of them.

``from check.mistakes import MISTAKES`` gives them all; README.md beside this file says how one is added.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ORIGINALS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HERE.glob("originals/**/*.py"))}
OTHER_STYLES = {path.stem for path in HERE.glob("originals/other_styles/*.py")}


@dataclass(frozen=True)
class Mistake:
    """One wrong backward pass.

    Attributes
    ----------
    name : str
        The original and what is wrong, such as ``"rnn_cell/Waa_not_transposed"``.
    original : str
        The name of the right backward pass.
    right, wrong : str
        The source of both.
    gradients : tuple of str
        Those that are wrong, in the function in which the mistake is made.
    diagnosis : str
        The kind of mistake that a report is expected to name.
    held_out : bool
        Whether it was written by somebody who did not know the diagnoses.
    """

    name: str
    original: str
    right: str
    wrong: str
    gradients: tuple[str, ...]
    diagnosis: str
    held_out: bool = False


def edited(source: str, edit: str) -> str:
    """A source after an edit: lines with - go, lines with + come, lines with a space stay.

    An empty line separates edits in several places. Each place must be found exactly once.

    Raises
    ------
    ValueError
        If a place is not found, or more than once.
    """
    lines = source.splitlines()
    places = [_place(lines, hunk.splitlines()) for hunk in re.split(r"\n\n+", edit.strip("\n"))]
    for start, stop, new in sorted(places, reverse=True):
        lines[start:stop] = new
    return "\n".join(lines) + "\n"


def _place(lines: list[str], hunk: list[str]) -> tuple[int, int, list[str]]:
    """Where a hunk's old lines stand, and the new lines."""
    if strange := [line for line in hunk if line[0] not in " -+"]:
        raise ValueError(f"a line of an edit starts with a space, - or +; this one does not: {strange[0]!r}")
    old = [line[1:] for line in hunk if line[0] in " -"]
    new = [line[1:] for line in hunk if line[0] in " +"]
    starts = [i for i in range(len(lines)) if lines[i : i + len(old)] == old]
    if len(starts) != 1:
        raise ValueError("\n".join([f"these lines stand {len(starts)} times in the original, not once:", *old]))
    return starts[0], starts[0] + len(old), new


def _read() -> Iterator[Mistake]:
    for path in sorted(HERE.glob("*.toml")):
        for original, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for what, entry in entries.items():
                try:
                    yield _mistake(original, what, **entry)
                except (TypeError, ValueError) as error:
                    raise ValueError(f"{path.name}, [{original}.{what}]: {error}") from error


def _mistake(original: str, what: str, edit: str, wrong: list[str], diagnosis: str, held_out: bool = False) -> Mistake:
    if original not in ORIGINALS:
        raise ValueError(f"there is no originals/{original}.py")
    right = ORIGINALS[original]
    return Mistake(f"{original}/{what}", original, right, edited(right, edit), tuple(wrong), diagnosis, held_out)


MISTAKES = tuple(_read())
