"""A microscope for backpropagation through time: one recording of plain NumPy code, many readings."""

from typing import Any

from autograd_seq import numpy as numpy  # NumPy's own zeros_like and copy record from here on
from autograd_seq import operations as operations  # before tensors, which operations are made of and know
from autograd_seq.algebra import each
from autograd_seq.backward import Recording, differentiate, grad
from autograd_seq.by_step import contributions
from autograd_seq.clipping import clip_by_element, clip_by_global_norm, clip_by_norm
from autograd_seq.errors import (
    AutogradError,
    DtypeError,
    FileError,
    GradientError,
    GraphLostError,
    ShapeError,
    UsageError,
    ValueRangeError,
)
from autograd_seq.finite import first_nonfinite
from autograd_seq.graph import Graph
from autograd_seq.methods import install as _install
from autograd_seq.operation import Operation, operation
from autograd_seq.operations import *  # noqa: F403  (the operations' own list of names)
from autograd_seq.operations import __all__ as _names
from autograd_seq.scope import Scope, no_grad, scope, steps
from autograd_seq.tensor import Parameter, Tensor, name

_install()

__all__ = [
    "AutogradError", "DtypeError", "FileError", "GradientError", "Graph", "GraphLostError", "Operation", "Parameter",
    "Recording", "Scope", "ShapeError", "Tensor", "UsageError", "ValueRangeError",
    "clip_by_element", "clip_by_global_norm", "clip_by_norm", "contributions", "differentiate", "each",
    "first_nonfinite", "grad", "name", "no_grad", "operation", "scope", "steps",
    # without those that would hide Python's own after an import *
    *(n for n in _names if n not in ("abs", "all", "any", "max", "min", "sum")),
]  # fmt: skip

# Readings that bring a heavy library along (SymPy, mpmath) are loaded when they are first asked for.
_LAZY: dict[str, str] = {
    "derive": "autograd_seq.readings.document",
    "equations": "autograd_seq.readings.equations",
    "source": "autograd_seq.readings.source",
    "check_backward": "autograd_seq.check.handwritten",
    "check_formula": "autograd_seq.check.formulas",
    "gradcheck": "autograd_seq.check.gradcheck",
    "prove": "autograd_seq.check.proof",
    "compile": "autograd_seq.plan",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
