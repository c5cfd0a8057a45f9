"""Pictures of recordings: drawings by Graphviz, pages that step through time, plots."""

from importlib import import_module
from typing import Any

from autograd_seq.core.source_line import pass_over
from viz import notebook as notebook
from viz.animation import animate
from viz.drawing import Drawing
from viz.filming import Film, film
from viz.layout import lay_out
from viz.opening import open_modules
from viz.page import Page, step_through
from viz.views import draw

__all__ = ["Drawing", "Film", "Page", "animate", "draw", "film", "lay_out", "open_modules", "step_through"]

pass_over(__file__)


def __getattr__(name: str) -> Any:
    """A file of this package that is loaded when it is first asked for."""
    if name in {"units", "plots"}:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "units", "plots", *(n for n in globals() if n.startswith("__"))})
