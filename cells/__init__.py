"""Recurrent cells, their compositions and architectures, in the notation of the course's notes."""

from cells.cell import Cell
from cells.lstm import LSTM
from cells.readout import Readout
from cells.rnn import RNN
from cells.run import Run

__all__ = ["LSTM", "RNN", "Cell", "Readout", "Run"]
