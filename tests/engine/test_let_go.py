"""Large values that no rule looks at are let go while a program records; whoever reads them finds them all the same."""

import collections

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq.core import let_go, shortcuts
from autograd_seq.core.array import LetGo
from cells import LSTM


@pytest.fixture
def at_once(monkeypatch):
    """Every value is large, and looked at after every product."""
    for module in (let_go, shortcuts):
        monkeypatch.setattr(module, "LARGE", -1)
        monkeypatch.setattr(module, "due", collections.defaultdict(int))
    monkeypatch.setattr(let_go, "RECENT", 0)


def gone(graph):
    return [record for record in graph if type(record._kept) is LetGo]


def chain(T=6):
    W, b = ag.Parameter(np.random.default_rng(0).normal(size=(3, 3)), "W"), ag.Parameter(np.ones((3, 1)), "b")
    a = ag.Tensor(np.linspace(-1, 1, 6).reshape(3, 2))
    for _ in range(T):
        z = W @ a + b
        a = np.tanh(z) * 0.5
    return (a * a).sum(), W, b


def test_products_and_sums_before_an_activation_are_let_go_and_are_the_same_when_read(at_once, request):
    loss, W, b = chain()
    graph = loss.graph
    let = gone(graph)
    assert {record.operation.name for record in let} == {"matmul", "add"}
    assert len(let) >= 6
    shapes = [(record.shape, record.ndim, record.size, record.dtype) for record in let]
    assert gone(graph) == let  # to ask for a shape is not to read
    loss.backward()
    assert gone(graph) == let  # nor does the sweep
    for record, shape in reversed([*zip(let, shapes)]):  # those that it was made from have gone too
        left, right = record.inputs
        made = left.value @ right.value if record.operation.name == "matmul" else left.value + right.value
        np.testing.assert_array_equal(record.value, made)
        assert (record.shape, record.ndim, record.size, record.dtype) == shape
        assert not record.value.flags.writeable
    assert gone(graph) == []
    gradients = W.grad, b.grad
    again, W, b = chain()
    ag.differentiate(again)  # reads all
    again.backward()
    for found, expected in zip(gradients, (W.grad, b.grad), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_what_another_branch_needs_is_calculated_again(at_once):
    """A value was let go that a rule looks at: of a product that came later, and of one that no look met."""
    W = ag.Parameter([[0.5, -0.25], [0.125, 1.0]], "W")
    x = ag.Tensor([[1.0], [2.0]])
    z = W @ x + 1
    squared = z * z
    a = np.tanh(z)
    for _ in range(3):
        a = np.tanh(W @ a + 1)
    assert type(z._kept) is LetGo
    loss = (a + squared + z * z * z).sum()
    loss.backward()
    numbers = W.value @ x.value + 1
    assert type(z._kept) is not LetGo
    np.testing.assert_array_equal(z.value, numbers)
    found = W.grad
    W2 = ag.Parameter(W.value, "W")
    z, a = W2 @ x + 1, None
    a = np.tanh(z)
    for _ in range(3):
        a = np.tanh(W2 @ a + 1)
    ag.differentiate(loss := (a + z * z + z * z * z).sum())
    loss.backward()
    np.testing.assert_allclose(found, W2.grad, rtol=1e-13)


def test_a_cell_leaves_the_same_recording(at_once, monkeypatch):
    x = np.random.default_rng(1).normal(size=(2, 3, 5))
    run = LSTM(2, 4, seed=0).unroll(x)
    assert gone(run.graph)
    few = [record.value for record in run.graph]
    monkeypatch.setattr(shortcuts, "LARGE", 2**40)
    run = LSTM(2, 4, seed=0).unroll(x)
    assert not gone(run.graph)
    for a, b in zip(few, run.graph, strict=True):
        np.testing.assert_array_equal(a, b.value)


def test_small_values_stay():
    loss, *_ = chain(T=200)
    assert gone(loss.graph) == []


def test_a_long_sum_that_was_let_go_is_calculated_again_without_recursion():
    x = ag.Tensor(np.ones(3))
    y = x
    for _ in range(3000):
        y = y + x
    for record in y.graph:
        if record.operation is not None:
            record._kept = LetGo.of(record._kept)
    assert y.value.tolist() == [3001.0] * 3
