"""The record whose second derivative is wrong."""

from __future__ import annotations

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.check.bookkeeping import edges_of
from autograd_seq.check.each_record import check_records
from autograd_seq.check.exact_whole import ExactWhole
from autograd_seq.check.failure import Failure
from autograd_seq.check.rule_comparison import Comparison
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes

MESSAGE = "the rule is right, but not as a function of its input: its own derivative, the second one, is wrong"


def wrong_second(graph: Graph, recording: Recording, seed: int, error: float) -> list[Failure]:
    """The records of the backward pass whose rules are wrong, or those of the forward pass whose rules hide something.

    Parameters
    ----------
    graph, recording : Graph, Recording
        Both passes.
    seed : int
        For random adjoints.
    error : float
        How far the second derivatives of the whole are off.
    """
    failures, _ = check_records(recording.backward, seed)
    failures = failures or [
        Failure("rule", record, index, found[0], found[1].element, found[1].expected, found[1].found,
                message=MESSAGE, scope=scopes(graph)[record])
        for index, record in enumerate(graph)
        if record.requires_grad and record.operation is not None and (found := _of(record, seed)) is not None
    ]  # fmt: skip
    message = f"second derivatives are off by {error:.1e}"
    return failures or [Failure("whole", graph.outputs[0], len(graph) - 1, message=message)]


def _of(record: Tensor, seed: int) -> tuple[int, Comparison] | None:
    """Which input of a record has a wrong second derivative; None if none has."""
    rng = np.random.default_rng(seed)
    edges = edges_of(record)
    leaves = [
        Tensor(x._value, x.name or "x", requires_grad=True) if i in edges else x for i, x in enumerate(record.inputs)
    ]
    assert record.operation is not None  # asked of results only
    alone = record.operation.record(record._value, tuple(leaves), record.settings, True)
    weights = rng.uniform(0.5, 1.5, record.shape)
    try:
        whole = ExactWhole({alone: weights}, ops.sum(ops.multiply(alone, weights)), [leaves[i] for i in edges])
        found = whole.second(rng)
    except Exception:  # it cannot be followed by itself
        return None
    wrong = [(i, found[leaves[i]]) for i in edges if found[leaves[i]].wrong]
    return wrong[0] if wrong else None
