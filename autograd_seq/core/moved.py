"""Modules of release 0.1.0 that stand elsewhere now: importing the old name says what to write instead."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import NoReturn

from autograd_seq.core.errors import MissingError

MOVED = {
    **{
        f"autograd_seq.{name}": f"autograd_seq.core.{name}"
        for name in (
            "algebra", "array", "assignment", "backward", "errors", "graph", "methods", "names", "notation",
            "protocols", "rules", "source_line", "tensor",
        )
    },
    **{
        f"autograd_seq.{name}": f"autograd_seq.learning.{name}"
        for name in ("checkpoint", "clipping", "losses", "optimisers", "text", "training")
    },
    "autograd_seq.operation": "autograd_seq.core.operation",
    "autograd_seq.scope": "autograd_seq.core.scope",
    "autograd_seq.by_step": "autograd_seq.readings.contributions",
    "autograd_seq.display": "autograd_seq.readings.display",
    "autograd_seq.finite": "autograd_seq.readings.nonfinite",
    **{
        f"autograd_seq.readings.{name}": f"autograd_seq.folding.{name}"
        for name in ("families", "fold", "loops", "nodes")
    },
    "autograd_seq.readings.expression": "autograd_seq.writer",
    "autograd_seq.readings.print_tree": "autograd_seq.writer",
    "autograd_seq.readings.tree": "autograd_seq.writer.tree",
    "autograd_seq.check.grammar": "autograd_seq.check.claims.grammar",
    "autograd_seq.check.course": "autograd_seq.diagnosis.course",
    "autograd_seq.check.formulas": "autograd_seq.check.claims.formulas",
    "autograd_seq.check.handwritten": "autograd_seq.diagnosis.handwritten",
}  # fmt: skip


class Moved(MetaPathFinder):
    """Asked last, when nothing else has found a module."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Find nothing, and say of an old name what its new one is."""
        if name in MOVED:
            raise ModuleNotFoundError(f"{name} has moved: write {MOVED[name]} in its place", name=name)


def sought(name: str) -> NoReturn:
    """The error for an attribute that a package does not have, with its new place if it has moved."""
    package, _, attribute = name.rpartition(".")
    advice = f"; it has moved to {MOVED[name]}" if name in MOVED else ""
    raise MissingError(f"module {package!r} has no attribute {attribute!r}{advice}")


def install() -> None:
    """Answer for the old names from here on."""
    if not any(isinstance(finder, Moved) for finder in sys.meta_path):
        sys.meta_path.append(Moved())
