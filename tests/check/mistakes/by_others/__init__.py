"""Mistakes in twenty styles by somebody who had not seen what is diagnosed.

``from check.mistakes.by_others import PASSES`` gives them all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from check.mistakes import edited

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Pass:
    """One wrong backward pass: its name, sources, wrong gradients, what each cause may be called, and how many.

    Where no names are given, as for some passes with two mistakes, each cause may be called anything.
    """

    name: str
    original: str
    right: str
    wrong: str
    gradients: tuple[str, ...]
    diagnosis: tuple[str, ...]
    mistakes: int


def originals_in(folder: Path, like: Path | None = None) -> dict[str, str]:
    """The right passes of a folder: under their names their texts, with what all end in, if it, or `like`, has that."""
    ending = (like or folder) / "_as_handed_in.py"
    last = "\n\n" + ending.read_text(encoding="utf-8") if ending.exists() else ""
    return {path.stem: path.read_text(encoding="utf-8") + last for path in sorted(folder.glob("[a-z]*.py"))}


def passes_in(folder: Path, like: Path | None = None) -> Iterator[Pass]:
    """The wrong passes of a folder."""
    originals = originals_in(folder, like)
    found = tomllib.loads((folder / "mistakes.toml").read_text(encoding="utf-8"))
    for original, entries in found.items():
        for what, entry in entries.items():
            right = originals[original]
            yield Pass(
                f"{original}/{what}", original, right, edited(right, entry["edit"]), tuple(entry["wrong"]),
                tuple(entry["diagnosis"]), entry.get("mistakes", 1),
            )  # fmt: skip


ORIGINALS = originals_in(HERE)
PASSES = tuple(passes_in(HERE))
