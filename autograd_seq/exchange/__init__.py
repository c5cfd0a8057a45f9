"""Doors: recordings from files of other frameworks, and back; two recorded steps compared. This room knows no cell."""

from autograd_seq.exchange.equivalence import Equivalence, Step, equivalent
from autograd_seq.exchange.onnx_in import OnnxRun, read_onnx
from autograd_seq.exchange.onnx_out import write_onnx

__all__ = ["Equivalence", "OnnxRun", "Step", "equivalent", "read_onnx", "write_onnx"]
