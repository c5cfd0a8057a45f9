"""Weights and gradients between cells and other libraries, none of which is imported.

`libraries.py` says in one table for each library how it keeps the weights of its cells; `load`, `save` and
`gradients_as` read those tables. `check_module` compares the gradients that a library computes with the true ones,
and `equivalent` two cells with each other.
"""

from importlib import import_module
from typing import Any

from cells.exchange.load_cells import load
from cells.exchange.save_cells import gradients_as, save
from cells.exchange.torch_state import from_torch_state, to_torch_state

LATE = {"check_module": "cells.exchange.module_check", "equivalent": "cells.exchange.same_cells"}
__all__ = ["check_module", "equivalent", "from_torch_state", "gradients_as", "load", "save", "to_torch_state"]


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for: it asks all of the diagnosis, or SymPy."""
    if name in LATE:
        return getattr(import_module(LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(n for n in globals() if n.startswith("__"))})
