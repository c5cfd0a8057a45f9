"""The shorter ways of recording and of pulling back leave the very records that the general way leaves."""

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq.core import shortcuts
from autograd_seq.core.methods import Methods
from autograd_seq.core.operation import BY_NUMPY, DECLARED, Operation
from cells import GRU, LSTM


@pytest.fixture
def general(monkeypatch):
    """No shortcuts: every call is `Operation.general`, every pull `Operation.pull`."""
    for operation in DECLARED:
        monkeypatch.setattr(operation, "call", operation.general)
        monkeypatch.setattr(operation, "just", -1)
        monkeypatch.delitem(vars(operation), "pull", raising=False)
    for name, function in Methods.OPERATORS.items():
        operator = lambda *inputs, of=BY_NUMPY[function]: of(*inputs)
        operator.__code__ = operator.__code__.replace(co_filename=shortcuts.__file__)  # not a line of the user's
        monkeypatch.setattr(Methods, name, operator)


def lstm():
    run = LSTM(2, 3, seed=1).unroll(np.random.default_rng(2).normal(size=(2, 4, 3)))
    return sum(a.sum() for a in run.states["a"])


def gru():
    run = GRU(2, 3, seed=3).unroll(np.random.default_rng(4).normal(size=(2, 1, 2)))
    return (run.states["a"][-1] ** 2).mean()


def numpy_code():
    W = ag.Parameter([[0.5, -0.3], [0.2, 0.8]], "W")
    x = np.array([[1.0], [-2.0]])
    y = np.where(W @ x > 0, np.exp(-W @ x), np.sqrt(np.abs(x))).T[0]
    z = np.concatenate([y, 2 - y, 1 / y]) * np.float32(0.5)
    return np.sum(np.maximum(z, 0.1) ** 2) - z.max() + z.reshape(2, 3)[:, 1].sum() + (+z[0]) / W[0, 0]


def described(loss):
    recording = ag.differentiate(loss)
    for graph in (recording.forward, recording.backward):
        place = {record: i for i, record in enumerate(graph)}
        for r in graph:
            inputs = [place.get(x, x.name) for x in r.inputs]
            line = r.source and (r.source.line, r.source.expression)
            yield r.operation, inputs, sorted(r.settings), r.name, r.scope, r.requires_grad, line, r.value.tolist()
    loss.backward()
    yield [leaf.grad.tolist() for leaf in loss.graph.leaves if leaf.grad is not None]


@pytest.mark.parametrize("program", [lstm, gru, numpy_code])
def test_the_same_records_with_shortcuts_and_without(program, request):
    short = [*described(program())]
    request.getfixturevalue("general")
    assert [*described(program())] == short


def test_shortcuts_are_on_every_operation():
    for operation in DECLARED:
        if operation.arity == 1 and not operation.keywords and not operation.variadic:
            assert operation.call.__module__ == shortcuts.__name__, operation
    assert Operation.shorten is shortcuts.shorten
