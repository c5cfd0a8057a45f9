"""PyTorch's names and order of weights, in both directions: dictionaries of arrays, PyTorch itself is not imported.

========================  ==========================================================================
PyTorch                   here
========================  ==========================================================================
``weight_hh``             the columns of ``W`` that meet a<t-1>: Waa, or the left part of the stacked W
``weight_ih``             the columns that meet x<t>: Wax, or the right part
``bias_ih + bias_hh``     b: two biases that are only ever added (the candidate of a GRU apart)
LSTM rows i, f, g, o      Γ_u, Γ_f, c̃, Γ_o
GRU rows r, z, n          Γ_r, 1 - Γ_u, c̃: PyTorch's z keeps the old state, so that Wu and bu change sign
``bias_hh`` of n          bca, inside the product with Γ_r; ``bias_ih`` of n is bc
``_l0``, ``_l1``          layers 1, 2 of `Deep`
``_reverse``              the backward cell of `Bidirectional`
========================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from cells.bidirectional import Bidirectional
from cells.cell import Cell
from cells.checked import kind
from cells.deep import Deep
from cells.gru import GRU
from cells.lstm import LSTM
from cells.rnn import RNN

Array = np.ndarray[Any, Any]
LSTM_ROWS = "ufco"
SUFFIXES = {"forward": "", "backward": "_reverse"}


def to_torch_state(cell: Cell) -> dict[str, Array]:
    """The weights of a cell as ``torch.nn.RNN``, ``LSTM`` or ``GRU`` would hold them.

    Parameters
    ----------
    cell : Cell
        An RNN, an LSTM without peepholes, a GRU with ``reset_after=True``; or a `Bidirectional` of two, or a `Deep`
        of such layers, all alike.

    Returns
    -------
    dict of str to ndarray
        For ``module.load_state_dict`` once each array went through ``torch.tensor``.

    Raises
    ------
    UsageError
        For a cell that PyTorch does not have.

    Examples
    --------
    >>> {key: array.shape for key, array in to_torch_state(LSTM(3, 4, seed=0)).items()}
    {'weight_ih_l0': (16, 3), 'weight_hh_l0': (16, 4), 'bias_ih_l0': (16,), 'bias_hh_l0': (16,)}
    """
    kind(cell, Cell, "to_torch_state() needs a cell")
    state: dict[str, Array] = {}
    for n, layer in enumerate(cell.layers if isinstance(cell, Deep) else [cell]):
        both = isinstance(layer, Bidirectional)
        for direction in ["forward", "backward"] if both else ["forward"]:
            one = getattr(layer, direction) if both else layer
            hidden, inputs, bias_hidden, bias_inputs = _rows(one)
            end = f"_l{n}{SUFFIXES[direction]}"
            state[f"weight_ih{end}"], state[f"weight_hh{end}"] = inputs, hidden
            state[f"bias_ih{end}"], state[f"bias_hh{end}"] = bias_inputs.ravel(), bias_hidden.ravel()
    return state


def _rows(cell: Cell) -> tuple[Array, Array, Array, Array]:
    """(weight_hh, weight_ih, bias_hh, bias_ih) of one cell."""
    p, n_a = {key: parameter.value for key, parameter in cell.parameters.items()}, cell.n_a
    if isinstance(cell, RNN):
        W = p["Wa"] if cell.stacked else np.hstack([p["Waa"], p["Wax"]])
        return W[:, :n_a], W[:, n_a:], np.zeros_like(p["ba"]), p["ba"]
    if isinstance(cell, LSTM) and cell.peephole is None:
        W, b = np.vstack([p[f"W{g}"] for g in LSTM_ROWS]), np.vstack([p[f"b{g}"] for g in LSTM_ROWS])
        return W[:, :n_a], W[:, n_a:], np.zeros_like(b), b
    if isinstance(cell, GRU) and cell.reset_after:
        hidden = np.vstack([p["Wr"][:, :n_a], -p["Wu"][:, :n_a], p["Wca"]])
        inputs = np.vstack([p["Wr"][:, n_a:], -p["Wu"][:, n_a:], p["Wcx"]])
        zeros = np.zeros_like(p["bc"])
        return hidden, inputs, np.vstack([zeros, zeros, p["bca"]]), np.vstack([p["br"], -p["bu"], p["bc"]])
    raise UsageError(
        f"PyTorch has no cell like this {type(cell).__name__}: it has RNN, LSTM without peepholes, and GRU with "
        f"reset_after=True{here()}"
    )


def from_torch_state(state: Mapping[str, Any], activation: str = "tanh") -> Cell:
    """The cell that computes what a PyTorch module with these weights computes.

    Parameters
    ----------
    state : mapping of str to array_like
        Such as ``{k: v.numpy() for k, v in module.state_dict().items()}``; without biases they are zero.
    activation : {"tanh", "relu"}
        Of an RNN: weights do not tell.

    Returns
    -------
    Cell
        RNN, LSTM or GRU, within `Bidirectional` and `Deep` where there are several directions or layers.

    Raises
    ------
    ValueRangeError, ShapeError
        If names or shapes are not those of a PyTorch module.

    Examples
    --------
    >>> from_torch_state(to_torch_state(Deep([GRU(3, 4, reset_after=True), GRU(4, 4, reset_after=True)])))
    Deep([GRU(n_x=3, n_a=4), GRU(n_x=4, n_a=4)])
    """
    kind(state, Mapping, "from_torch_state() needs a dict of arrays, such as module.state_dict()")
    arrays = {key: np.asarray(value) for key, value in state.items()}
    layers: list[Cell] = []
    used: set[str] = set()
    while f"weight_hh_l{len(layers)}" in arrays:
        ends = [f"_l{len(layers)}{suffix}" for suffix in SUFFIXES.values()]
        cells = [_cell(arrays, end, activation, used) for end in ends if f"weight_hh{end}" in arrays]
        layers.append(Bidirectional(*cells) if len(cells) == 2 else cells[0])
    if not layers or used != set(arrays):
        unknown = ", ".join(sorted(set(arrays) - used))
        raise ValueRangeError(
            "these are not the weights of a torch.nn.RNN, LSTM or GRU: expected weight_ih_l0, weight_hh_l0, "
            f"bias_ih_l0, bias_hh_l0 and so on; not understood: {unknown or 'nothing was given'}{here()}"
        )
    return Deep(layers) if len(layers) > 1 else layers[0]


def _cell(arrays: Mapping[str, Array], end: str, activation: str, used: set[str]) -> Cell:
    """One cell from the four arrays whose names end so."""
    names = [f"{what}{end}" for what in ("weight_hh", "weight_ih", "bias_hh", "bias_ih")]
    hidden, inputs = (_matrix(arrays, key) for key in names[:2])
    rows, n_a = hidden.shape
    if rows % n_a or rows // n_a not in (1, 3, 4) or inputs.shape[0] != rows:
        raise ShapeError(
            f"{names[0]} has shape {hidden.shape} and {names[1]} {inputs.shape}, but both need 1 (RNN), 3 (GRU) "
            f"or 4 (LSTM) times n_a = {n_a} rows{here()}"
        )
    zeros = np.zeros(rows, hidden.dtype)
    bias_hidden, bias_inputs = (np.reshape(arrays.get(key, zeros), (rows, 1)) for key in names[2:])
    used |= {key for key in names if key in arrays}
    parts = [np.split(array, rows // n_a) for array in (hidden, inputs, bias_hidden, bias_inputs)]
    make = {1: _rnn, 3: _gru, 4: _lstm}[rows // n_a]
    cell, values = make(inputs.shape[1], n_a, hidden.dtype, activation, parts)
    for key, value in values.items():
        cell.parameters[key].value = value
    return cell


def _matrix(arrays: Mapping[str, Array], key: str) -> Array:
    if key not in arrays or arrays[key].ndim != 2:
        raise ShapeError(f"{key} must be there, with two axes; it has {np.shape(arrays.get(key, ()))}{here()}")
    return arrays[key]


Made = tuple[Cell, dict[str, Array]]


def _rnn(n_x: int, n_a: int, dtype: Any, activation: str, parts: list[list[Array]]) -> Made:
    (Waa,), (Wax,), (b1,), (b2,) = parts
    return RNN(n_x, n_a, activation, dtype=dtype), {"Waa": Waa, "Wax": Wax, "ba": b1 + b2}


def _lstm(n_x: int, n_a: int, dtype: Any, activation: str, parts: list[list[Array]]) -> Made:
    values: dict[str, Array] = {}
    for gate, Wh, Wx, b1, b2 in zip(LSTM_ROWS, *parts, strict=True):
        values |= {f"W{gate}": np.hstack([Wh, Wx]), f"b{gate}": b1 + b2}
    return LSTM(n_x, n_a, dtype=dtype), values


def _gru(n_x: int, n_a: int, dtype: Any, activation: str, parts: list[list[Array]]) -> Made:
    (Hr, Hz, Hn), (Xr, Xz, Xn), (hr, hz, hn), (xr, xz, xn) = parts
    values = {"Wr": np.hstack([Hr, Xr]), "br": hr + xr, "Wu": -np.hstack([Hz, Xz]), "bu": -(hz + xz)}
    values |= {"Wca": Hn, "bca": hn, "Wcx": Xn, "bc": xn}
    return GRU(n_x, n_a, reset_after=True, dtype=dtype), values
