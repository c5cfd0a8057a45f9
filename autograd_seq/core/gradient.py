"""grad(): derivatives with respect to any tensors, answered in the structure in which they were given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.backward import record_of, seed_for, sweep
from autograd_seq.core.errors import GradientError, UsageError
from autograd_seq.core.record import Record
from autograd_seq.core.recording import differentiate
from autograd_seq.core.source_line import here


def grad(output: Record, inputs: Any, gradient: Any = None, create_graph: bool = False) -> Any:
    """The derivative of `output` with respect to `inputs`, in the structure of `inputs`.

    Parameters
    ----------
    output : Tensor
        A scalar, or any tensor with `gradient`.
    inputs : Tensor, or list, tuple or dict of them, nested at will
        Any tensors of the graph that require a gradient, leaves or not.
    gradient : array_like or Tensor, optional
        The adjoint to start from.
    create_graph : bool
        Answer in tensors that were recorded, to be differentiated again; in arrays otherwise.

    Raises
    ------
    GradientError
        For an input that does not require a gradient.

    Examples
    --------
    >>> from autograd_seq import Tensor, grad
    >>> x = Tensor(2.0, requires_grad=True)
    >>> slope = grad(x ** 3, x, create_graph=True)
    >>> grad(slope, x)
    array(12.)
    """
    record = record_of(output)
    found: dict[int, Any] = {}
    wanted: set[int] = set()
    _each(inputs, lambda x: wanted.add(identity(x)))

    def visit(node: Record, adjoint: Any) -> None:
        key = identity(node)
        if key in wanted:
            found[key] = found[key] + adjoint if key in found else adjoint

    if create_graph:
        for node, recorded in differentiate(record, gradient).adjoints.items():
            visit(node, recorded)
    else:
        for node, array in sweep(record, seed_for(record, gradient), everything=True):
            visit(node, array)

    def answer(x: Record) -> Any:
        adjoint = found.get(identity(x))
        if adjoint is None:
            adjoint = np.zeros(x.shape, x.dtype)
            return Record.held(adjoint) if create_graph else adjoint
        return adjoint if create_graph else np.array(adjoint, dtype=x.dtype)

    return _each(inputs, answer)


def identity(x: Record) -> int:
    """What stays the same over the successive values of one Parameter."""
    record = x.record
    return id(record) if record._gradient is None else id(record._gradient)


def _each(structure: Any, function: Callable[[Record], Any]) -> Any:
    """Apply to each tensor of nested lists, tuples and dicts, and answer in their structure."""
    if isinstance(structure, Record):
        if not structure.requires_grad:
            raise GradientError(
                f"{structure.label} does not require a gradient: make it a Parameter, "
                f"or Tensor(..., requires_grad=True), before it is used{here()}"
            )
        return function(structure)
    if isinstance(structure, dict):
        return {key: _each(value, function) for key, value in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(_each(value, function) for value in structure))
    if isinstance(structure, (list, tuple)):
        return type(structure)(_each(value, function) for value in structure)
    raise UsageError(f"derivatives are taken with respect to tensors, not {type(structure).__name__}{here()}")
