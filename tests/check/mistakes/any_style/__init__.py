"""Mistakes in ten more styles: one function for both ways, layer classes, closures, dicts of steps, batch first.

``from check.mistakes.any_style import PASSES`` gives them all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from check.mistakes import edited

HERE = Path(__file__).parent
ORIGINALS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HERE.glob("[a-z]*.py"))}
IN_TWO_FILES = ("batch_first", "layers")  # the homework in one, forward and backward that wrap it in the other


@dataclass(frozen=True)
class Pass:
    """One wrong backward pass: its name, sources, wrong gradients and the kinds of mistakes in it."""

    name: str
    original: str
    right: str
    wrong: str
    gradients: tuple[str, ...]
    diagnoses: tuple[str, ...]


def _read() -> Iterator[Pass]:
    found = tomllib.loads((HERE / "mistakes.toml").read_text(encoding="utf-8"))
    for original, entries in found.items():
        for what, entry in entries.items():
            right = ORIGINALS[original]
            wrong = edited(right, entry["edit"])
            yield Pass(
                f"{original}/{what}", original, right, wrong, tuple(entry["wrong"]), tuple(entry["diagnosis"])
            )


def write(name: str, original: str, source: str, folder: Path) -> Path:
    """Write a source to a file, or to two where that is its style; the one to be checked."""
    stem = name.replace("/", "_")
    path = folder / f"{stem}.py"
    if original in IN_TWO_FILES:
        homework, wrapper = source.split("\nINPUTS = ")
        defined = re.findall(r"^(?:def|class) (\w+)", homework, re.MULTILINE)
        used = [k for k in defined if re.search(rf"\b{k}\b", wrapper)]
        (folder / f"homework_{stem}.py").write_text(homework, encoding="utf-8")
        source = f"import numpy as np\nfrom homework_{stem} import {', '.join(used)}\n\nINPUTS = {wrapper}"
    path.write_text(source, encoding="utf-8")
    return path


PASSES = tuple(_read())
