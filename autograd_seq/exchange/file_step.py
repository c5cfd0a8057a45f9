"""The step of a file's cell with small weights of its own, to be compared with another; and two files on one input."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.exchange.equivalence import Step
from autograd_seq.exchange.known_cells import Found, Gate
from autograd_seq.exchange.onnx_in import read_onnx
from autograd_seq.exchange.recurrent_step import KINDS, Part

N_X, N_A = 1, 2  # a formula is the same for all sizes


def step_of_file(path: str | os.PathLike[str]) -> Step:
    """One time step of the cell that an ONNX file computes, for `equivalent`.

    Parameters
    ----------
    path : path
        A file with one RNN, GRU or LSTM, as an operator, a loop or unrolled.

    Returns
    -------
    Step
        Its formula, on weights of small sizes that are not the file's.

    Raises
    ------
    UsageError
        If no cell is found in the file, or several are.
    """
    run, name = read_onnx(path), os.path.basename(os.fspath(path))
    different = {_shape_of(cell): cell for cell in run.cells}
    if len(different) != 1:
        found = ", ".join(map(str, run.cells)) or "none"
        raise UsageError(f"cells are compared one with another; in {name} there are: {found}{here()}")
    (cell,) = different.values()
    return _step(cell, name)


def _shape_of(cell: Found) -> Any:
    """What tells the formulas of two cells apart."""
    gates = cell.steps[-1].gates
    which = [(key, bool(g.b), bool(g.inner), bool(g.peephole), g.activation) for key, g in sorted(gates.items())]
    return cell.kind, cell.keeps, cell.reset_after, cell.sees, cell.coupled, tuple(which)


def _step(cell: Found, title: str) -> Step:
    rng = np.random.default_rng(0)
    weights: dict[str, Tensor] = {}

    def weight(name: str, *shape: int) -> Tensor:
        weights[name] = Parameter(rng.standard_normal(shape), name)
        return weights[name]

    def part(key: str, gate: Gate) -> Part:
        return Part(
            weight(f"W{key}x", N_A, N_X) if gate.x else None,
            weight(f"W{key}a", N_A, N_A) if gate.a else None,
            weight(f"b{key}", N_A, 1) if gate.b else None,
            weight(f"b{key}a", N_A, 1) if gate.inner else None,
            weight(f"p{key}", N_A, 1) if gate.peephole else None,
        )

    gates = cell.steps[-1].gates
    one_gate = "r" in gates and cell.tied
    made = KINDS[cell.kind](
        {key: part(key, gate) for key, gate in gates.items() if not (one_gate and key == "r")},
        (cell.activation,) if cell.activation is not None else (),
        reset_after=cell.reset_after, one_gate=one_gate, sees=cell.sees or "current", coupled=cell.coupled,
    )  # fmt: skip
    names = ["a", "c"][: len(made.states)]  # the one state of a GRU is a, which is also c
    data = {name: Tensor(rng.standard_normal((N_A, 1)), name) for name in names}
    x = Tensor(rng.standard_normal((N_X, 1)), "x")
    after = made(x, [data[name] for name in names])
    return Step(title, {"x": x, **data}, weights, dict(zip(names, after, strict=True)))


def greatest_difference(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> float | None:
    """How far the outputs of two files are apart on the same drawn inputs, relative to the largest number.

    None if they do not take the same inputs, or do not return as many outputs of the same shapes.
    """
    one = read_onnx(first)
    two = read_onnx(second)
    shapes = [{key: np.shape(value) for key, value in run.inputs.items()} for run in (one, two)]
    if list(shapes[0].values()) != list(shapes[1].values()):
        return None
    two = two.again(**dict(zip(two.inputs, (_array(value) for value in one.inputs.values()), strict=True)))
    results = [[_array(value) for value in run.outputs.values()] for run in (one, two)]
    if [r.shape for r in results[0]] != [r.shape for r in results[1]]:
        return None
    apart = [float(np.abs(a - b).max(initial=0.0)) for a, b in zip(*results, strict=True)]
    sizes = [float(np.abs(a).max(initial=0.0)) for a in results[0]]
    return max(apart, default=0.0) / max(max(sizes, default=0.0), 1e-30)


def _array(value: Any) -> Any:
    return value.value if isinstance(value, Tensor) else np.asarray(value)
