"""PyTorch's names and order of weights under names of their own: `save` and `load` for one library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cells.cell import Cell
from cells.checked import kind
from cells.exchange.convention import Array
from cells.exchange.load_cells import load
from cells.exchange.save_cells import save


def to_torch_state(cell: Cell) -> dict[str, Array]:
    """The weights of a cell as ``torch.nn.RNN``, ``LSTM`` or ``GRU`` would hold them: ``save(cell, "torch")``.

    Examples
    --------
    >>> from cells import LSTM
    >>> {key: array.shape for key, array in to_torch_state(LSTM(3, 4, seed=0)).items()}
    {'weight_ih_l0': (16, 3), 'weight_hh_l0': (16, 4), 'bias_ih_l0': (16,), 'bias_hh_l0': (16,)}
    """
    kind(cell, Cell, "to_torch_state() needs a cell")
    return save(cell, "torch")


def from_torch_state(state: Mapping[str, Any], activation: str = "tanh") -> Any:
    """The cell that computes what a PyTorch module with these weights computes; `load` does it for modules too.

    Parameters
    ----------
    state : mapping of str to array_like
        Such as ``module.state_dict()``; without biases they are zero.
    activation : {"tanh", "relu"}
        Of an RNN: weights do not tell.

    Examples
    --------
    >>> from cells import GRU, Deep
    >>> from_torch_state(to_torch_state(Deep([GRU(3, 4, reset_after=True), GRU(4, 4, reset_after=True)])))
    Deep([GRU(n_x=3, n_a=4, reset_after=True), GRU(n_x=4, n_a=4, reset_after=True)])
    """
    kind(state, Mapping, "from_torch_state() needs a dict of arrays, such as module.state_dict()")
    told: dict[str, Any] = {} if activation == "tanh" else {"nonlinearity": activation}
    return load(state, "torch", **told)
