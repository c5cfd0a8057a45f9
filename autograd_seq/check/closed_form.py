"""The whole gradient of a small graph in closed form, beside SymPy's derivative of the whole output."""

from __future__ import annotations

import numpy as np
import sympy

from autograd_seq.check.identity import is_zero
from autograd_seq.check.rule_proof import Undecided, differing
from autograd_seq.core.array import Array
from autograd_seq.core.recording import Recording
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.symbols import exact, expressions

# Nodes of the output written out, times parameters: beyond, SymPy's diff alone takes seconds.
LIMIT = 800
DENOMINATORS = 4  # the time over their common multiple doubles and more with each, as with each step of a softmax


def compare_closed_forms(recording: Recording, parameters: list[Tensor]) -> tuple[int, list[Tensor]]:
    """Compare, where the graph is small.

    Returns
    -------
    int
        How many scalars were proven equal; 0 where the graph is too large.
    list of Tensor
        The parameters whose gradients differ.
    """
    scalars = sum(x.size for x in parameters)
    if _written_out(recording) * scalars > LIMIT or any(x.operation is not None for x in parameters):
        return 0, []
    # what decides or counts stands as the numbers that it is: a mask leaves no cases to tell apart
    decided = {x: exact(x._value) for x in recording.forward.leaves if x.dtype.kind != "f"}
    forward = expressions(recording.forward, expand=True, branch="recorded", leaves=decided)
    backward = expressions(recording.backward, expand=True, branch="recorded", leaves=_leaves(recording, forward))
    output = recording.forward.outputs[0]
    ends = zip(forward[output].flat, backward[recording.adjoints[output]].flat, strict=True)
    total = sympy.Add(*(y * g for y, g in ends))
    if not _few_denominators(total):
        return 0, []
    points = {
        s: float(v)
        for x in recording.forward.leaves
        for s, v in zip(forward[x].flat, x._value.ravel().tolist(), strict=True)
        if s.is_Symbol
    }
    wrong: list[Tensor] = []
    settled = 0
    for x in parameters:
        found = backward[recording.adjoints[x]] if x in recording.adjoints else np.zeros(x.shape, dtype=object)
        for s, f in zip(forward[x].flat, found.flat, strict=True):
            expected = sympy.diff(total, s)
            if expected == f or is_zero(expected - f):
                settled += 1
            elif _differ(expected, f, points):
                wrong.append(x)
                break
    return settled if settled == scalars else 0, wrong


def _few_denominators(e: sympy.Expr) -> bool:
    below = {p.base for p in e.atoms(sympy.Pow) if p.exp.could_extract_minus_sign()}
    return len(below) <= DENOMINATORS


def _differ(expected: sympy.Expr, found: sympy.Expr, points: dict[sympy.Symbol, float]) -> bool:
    try:
        return differing(expected, found, points) is not None
    except Undecided:
        return False


def _leaves(recording: Recording, forward: dict[Tensor, Array]) -> dict[Tensor, Array]:
    known = dict(forward)
    for record in recording.backward:
        if record.operation is None:
            known[record] = exact(record._value)
    return known


def _written_out(recording: Recording) -> float:
    """How many nodes the output has when every record is written out for every use."""
    sizes: dict[Tensor, float] = {}
    for record in recording.forward:
        # each element of a result is made of its share of each input's elements
        inside = sum(sizes[x] * max(1.0, x.size / max(record.size, 1)) for x in record.inputs)
        sizes[record] = 1 + inside
    return sum(sizes[o] * o.size for o in recording.forward.outputs)
