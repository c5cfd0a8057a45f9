"""Doors: recordings from files of other frameworks, and back; two recorded steps compared. This room knows no cell."""

from importlib import import_module
from typing import Any

LATE = {
    "Equivalence": "equivalence", "Step": "equivalence", "equivalent": "equivalence",
    "step_of": "function_step",
    "OnnxRun": "onnx_in", "read_onnx": "onnx_in", "write_onnx": "onnx_out",
}  # fmt: skip
__all__ = ["Equivalence", "OnnxRun", "Step", "equivalent", "read_onnx", "step_of", "write_onnx"]


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for: SymPy takes a while."""
    if name in LATE:
        return getattr(import_module(f"{__name__}.{LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(n for n in globals() if n.startswith("__"))})
