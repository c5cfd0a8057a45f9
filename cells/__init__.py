"""Recurrent cells, their compositions and architectures, in the notation of the course's notes."""

from cells.bidirectional import Bidirectional
from cells.cell import Cell
from cells.deep import Deep
from cells.gru import GRU
from cells.lstm import LSTM
from cells.padding import pad
from cells.readout import Readout
from cells.rnn import RNN
from cells.run import Run

__all__ = ["GRU", "LSTM", "RNN", "Bidirectional", "Cell", "Deep", "Readout", "Run", "pad"]
