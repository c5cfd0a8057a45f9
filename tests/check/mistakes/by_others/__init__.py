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
ORIGINALS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HERE.glob("[a-z]*.py"))}


@dataclass(frozen=True)
class Pass:
    """One wrong backward pass: its name, sources, wrong gradients, what each cause may be called, and how many."""

    name: str
    original: str
    right: str
    wrong: str
    gradients: tuple[str, ...]
    diagnosis: tuple[str, ...]
    mistakes: int


def _read() -> Iterator[Pass]:
    found = tomllib.loads((HERE / "mistakes.toml").read_text(encoding="utf-8"))
    for original, entries in found.items():
        for what, entry in entries.items():
            right = ORIGINALS[original]
            yield Pass(
                f"{original}/{what}", original, right, edited(right, entry["edit"]), tuple(entry["wrong"]),
                tuple(entry["diagnosis"]), entry.get("mistakes", 1),
            )  # fmt: skip


PASSES = tuple(_read())
