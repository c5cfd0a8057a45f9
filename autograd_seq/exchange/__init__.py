"""Doors: recordings from files of other frameworks, and back. This room knows no cell."""

from autograd_seq.exchange.onnx_in import OnnxRun, read_onnx

__all__ = ["OnnxRun", "read_onnx"]
