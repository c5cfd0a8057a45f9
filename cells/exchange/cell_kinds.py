"""What a convention's blocks are in a cell: which parameter, and which of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq import Parameter
from cells.cell import Cell
from cells.exchange.convention import Block
from cells.gru import GRU
from cells.lstm import LSTM
from cells.readout import ACTIVATIONS as READOUTS
from cells.readout import Readout
from cells.rnn import ACTIVATIONS, RNN

Slot = tuple[str, slice]
Slots = dict[Block, Slot]
Thing = Cell | Readout | Parameter  # what weights are loaded into: a cell, an output layer, a table of embeddings
WHOLE = slice(None)


@dataclass(frozen=True)
class Kind:
    """One kind of cell: how it is made, how it is known again, and where each block stands in it.

    Attributes
    ----------
    make : callable
        ``make(sizes, dtype, **settings)``.
    is_one : callable
        Whether a thing is of this kind.
    slots : callable
        From such a thing to the parameter and columns of each block.
    settings : callable
        From such a thing to the settings that `make` would need.
    """

    make: Callable[..., Thing]
    is_one: Callable[[Any], bool]
    slots: Callable[[Any], Slots]
    settings: Callable[[Any], Mapping[str, Any]] = lambda thing: {}


def parameters(thing: Thing) -> Mapping[str, Parameter]:
    """The parameters of a thing by name; a table has one, itself."""
    return {"": thing} if isinstance(thing, Parameter) else thing.parameters


def _stacked(gates: str, n: int) -> Slots:
    """Gates whose W stands over [a; x], with one bias."""
    slots: Slots = {}
    for gate in gates:
        slots |= {("h", gate): (f"W{gate}", slice(None, n)), ("x", gate): (f"W{gate}", slice(n, None))}
        slots |= {("bx", gate): (f"b{gate}", WHOLE), ("bh", gate): (f"b{gate}", WHOLE)}
    return slots


def _rnn(cell: RNN) -> Slots:
    if cell.stacked:
        return _stacked("a", cell.n_a)
    return _stacked("a", cell.n_a) | {("h", "a"): ("Waa", WHOLE), ("x", "a"): ("Wax", WHOLE)}


def _gru(cell: GRU) -> Slots:
    slots = _stacked("urc", cell.n_a)
    if cell.reset_after:
        slots |= {("h", "c"): ("Wca", WHOLE), ("x", "c"): ("Wcx", WHOLE), ("bh", "c"): ("bca", WHOLE)}
    return slots


def _activation(cell: RNN) -> Mapping[str, Any]:
    return {"activation": next(key for key, function in ACTIVATIONS.items() if function is cell.activation)}


def _gates(cell: LSTM | GRU) -> Mapping[str, Any]:
    return {"gates": cell.gates}


def _of_readout(readout: Readout) -> Mapping[str, Any]:
    return {"activation": next(key for key, function in READOUTS.items() if function is readout.activation)}


def _gru_kind(reset_after: bool) -> Kind:
    return Kind(
        lambda s, dtype, **settings: GRU(s.n_x, s.n, reset_after=reset_after, dtype=dtype, **settings),
        lambda thing: isinstance(thing, GRU) and thing.full and thing.reset_after == reset_after,
        _gru,
        _gates,
    )


KINDS = {
    "RNN": Kind(
        lambda s, dtype, **settings: RNN(s.n_x, s.n, dtype=dtype, **settings),
        lambda thing: isinstance(thing, RNN),
        _rnn,
        _activation,
    ),
    "LSTM": Kind(
        lambda s, dtype, **settings: LSTM(s.n_x, s.n, dtype=dtype, **settings),
        lambda thing: isinstance(thing, LSTM) and thing.peephole is None and thing.memory is None,
        lambda cell: _stacked("fuco", cell.n_a),
        _gates,
    ),
    "LSTM, projected": Kind(
        lambda s, dtype, **settings: LSTM(s.n_x, s.n_h, memory=s.n, dtype=dtype, **settings),
        lambda thing: isinstance(thing, LSTM) and thing.peephole is None and thing.memory is not None,
        lambda cell: {**_stacked("fuco", cell.n_a), ("p", "a"): ("Wp", WHOLE)},
        _gates,
    ),
    "GRU": _gru_kind(reset_after=False),
    "GRU, reset after": _gru_kind(reset_after=True),
    "Readout": Kind(
        lambda s, dtype, **settings: Readout(s.n_x, s.n, dtype=dtype, **{"activation": "identity", **settings}),
        lambda thing: isinstance(thing, Readout) and not thing.hidden,
        lambda readout: {("x", "y"): ("Wya", WHOLE), ("bx", "y"): ("by", WHOLE)},
        _of_readout,
    ),
    "table": Kind(
        lambda s, dtype, **settings: Parameter(np.zeros((s.n, s.n_x), dtype), "E"),
        lambda thing: isinstance(thing, Parameter),
        lambda table: {("x", "e"): ("", WHOLE)},
    ),
}
