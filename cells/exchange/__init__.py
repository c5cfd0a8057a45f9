"""Weights and gradients between cells and other libraries, none of which is imported.

`libraries.py` says in one table for each library how it keeps the weights of its cells; `load`, `save` and
`gradients_as` read those tables.
"""

from cells.exchange.load_cells import load
from cells.exchange.module_check import check_module
from cells.exchange.save_cells import gradients_as, save
from cells.exchange.torch_state import from_torch_state, to_torch_state

__all__ = ["check_module", "from_torch_state", "gradients_as", "load", "save", "to_torch_state"]
