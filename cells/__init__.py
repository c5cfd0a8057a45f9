"""Recurrent cells, their compositions and architectures, in the notation of the course's notes."""

from importlib import import_module
from typing import Any

from autograd_seq.core.source_line import pass_over
from cells.architectures import (
    EncoderDecoder,
    as_it_is,
    many_to_many,
    many_to_one,
    most_likely,
    one_to_many,
    one_to_one,
)
from cells.bidirectional import Bidirectional
from cells.cell import Cell
from cells.deep import Deep
from cells.flow import gradient_flow, state_flow
from cells.gradient_report import gradient_table
from cells.gru import GRU
from cells.lstm import LSTM
from cells.padding import pad
from cells.readout import Readout
from cells.rnn import RNN
from cells.run import Run
from cells.truncated import chunks, cut, truncated_bptt

__all__ = [
    "GRU", "LSTM", "RNN", "Bidirectional", "Cell", "Deep", "EncoderDecoder", "Readout", "Run", "as_it_is", "chunks",
    "cut", "from_torch_state", "gradient_flow", "gradient_table", "many_to_many", "many_to_one", "most_likely",
    "one_to_many", "one_to_one", "pad", "state_flow", "to_torch_state", "truncated_bptt",
]  # fmt: skip

pass_over(__file__)


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for: a part of this package, or what other libraries are read with."""
    if name in {"exchange", "language_model"}:
        return import_module(f"{__name__}.{name}")
    if name in {"from_torch_state", "to_torch_state"}:
        return getattr(import_module(f"{__name__}.exchange"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "exchange", "language_model", *(n for n in globals() if n.startswith("__"))})
