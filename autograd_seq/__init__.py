"""A microscope for backpropagation through time: one recording of plain NumPy code, many readings."""

from importlib import import_module
from typing import Any

from autograd_seq.core import begun_as as _begun_as  # before NumPy

# isort: split
from autograd_seq import numpy as numpy  # NumPy's own zeros_like and copy record from here on
from autograd_seq import operations as operations  # before tensors, which operations are made of and know
from autograd_seq.core import moved as _moved
from autograd_seq.core.algebra import each
from autograd_seq.core.errors import (
    AutogradError,
    DtypeError,
    FileError,
    GradientError,
    GraphLostError,
    ShapeError,
    UsageError,
    ValueRangeError,
)
from autograd_seq.core.gradient import grad
from autograd_seq.core.graph import Graph
from autograd_seq.core.operation import Operation, operation
from autograd_seq.core.pickled import install as _install_pickled
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.core.scope import Scope, no_grad, scope, steps
from autograd_seq.core.shortcuts import install as _install
from autograd_seq.core.tensor import Parameter, Tensor, name
from autograd_seq.learning.clipping import clip_by_element, clip_by_global_norm, clip_by_norm
from autograd_seq.operations import *  # noqa: F403  (the operations' own list of names)
from autograd_seq.operations import __all__ as _names
from autograd_seq.readings import display as _display  # these register themselves with what they show
from autograd_seq.readings import network as _network
from autograd_seq.readings import network_back as _network_back
from autograd_seq.readings import table as _table
from autograd_seq.readings.contributions import contributions
from autograd_seq.readings.nonfinite import first_nonfinite
from autograd_seq.translation.choosing import language

_install()
_install_pickled()
_moved.install()

# Readings that bring a heavy library along (SymPy, mpmath) are loaded when they are first asked for.
_LAZY: dict[str, str] = {
    "derive": "autograd_seq.readings.document",
    "equations": "autograd_seq.readings.equations",
    "source": "autograd_seq.readings.source",
    "check_backward": "autograd_seq.diagnosis.handwritten",
    "check_file": "autograd_seq.grading.judging",
    "check_folder": "autograd_seq.grading.gradebook",
    "check_formula": "autograd_seq.check.claims.formulas",
    "gradcheck": "autograd_seq.check.gradcheck",
    "prove": "autograd_seq.check.proof",
    "compile": "autograd_seq.plan",
}
# They would hide Python's own after an import *.
_PYTHON_HAS = {"abs", "all", "any", "compile", "max", "min", "sum"}
# What the sweep and NumPy's protocols record by themselves; nobody types it.
_RECORDED_ONLY = {
    "above_zero", "accumulate", "as_finite", "as_float", "as_integer", "assign", "getitem", "identity", "scatter",
}  # fmt: skip

__all__ = [
    "AutogradError", "DtypeError", "FileError", "GradientError", "Graph", "GraphLostError", "Operation", "Parameter",
    "Recording", "Scope", "ShapeError", "Tensor", "UsageError", "ValueRangeError",
    "clip_by_element", "clip_by_global_norm", "clip_by_norm", "contributions", "differentiate", "each",
    "first_nonfinite", "grad", "language", "name", "no_grad", "operation", "scope", "steps",
    *(n for n in [*_names, *_LAZY] if n not in _PYTHON_HAS | _RECORDED_ONLY),
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    if name == "testing":
        return import_module("autograd_seq.testing")
    return _moved.sought(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_PYTHON_HAS, *(n for n in globals() if n.startswith("__")), "numpy", "testing"})
