"""Doors: recordings from files of other frameworks, and back. This room knows no cell."""

from autograd_seq.exchange.onnx_in import OnnxRun, read_onnx
from autograd_seq.exchange.onnx_out import write_onnx

__all__ = ["OnnxRun", "read_onnx", "write_onnx"]
