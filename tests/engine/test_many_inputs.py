"""An operation of n inputs costs n, not n²: what its rules share is done once, in both sweeps."""

import numpy as np
import pytest

import autograd_seq.numpy as teaching
from autograd_seq import Tensor, differentiate, operation
from autograd_seq.core.operation import Shared


def stacked(x, n):
    return teaching.stack([x[i] * 2.0 for i in range(n)])


def joined(x, n):
    return teaching.concatenate([x[i : i + 1] * 2.0 for i in range(n)])


def written(x, n):
    a = teaching.zeros(n)
    for i in range(n):
        a[i] = x[i] * 2.0
    return a


def taken_apart(x, n):
    return teaching.concatenate([part * 2.0 for part in np.split(x, n)])


@pytest.mark.parametrize("make", [stacked, joined, written, taken_apart], ids=lambda make: make.__name__)
def test_the_gradient_of_many(make):
    n = 3000
    x = Tensor(np.linspace(0.1, 1.0, n), "x", requires_grad=True)
    loss = (make(x, n) ** 2).sum()
    loss.backward()
    np.testing.assert_allclose(x.grad, 8 * x.value)
    np.testing.assert_allclose(differentiate(loss).adjoint(x).value, 8 * x.value)


def test_shared_work_is_done_once_for_all_inputs():
    asked = []

    def prepare(g, y, *arrays):
        asked.append(len(arrays))
        return lambda position: g * (position + 1)

    @operation(vjp=Shared(prepare), source="weighted")
    def weighted(*arrays):
        return sum((i + 1) * a for i, a in enumerate(arrays))

    inputs = [Tensor(1.0, requires_grad=True) for _ in range(50)]
    weighted(inputs).backward()
    assert asked == [50]
    differentiate(weighted(inputs))
    assert asked == [50, 50]
    assert [x.grad.item() for x in inputs] == list(range(1, 51))


def test_rules_by_position_still_do():
    @operation(vjp=lambda i, g, y, *arrays: g * (i + 1), source="weighted")
    def weighted(*arrays):
        return sum((i + 1) * a for i, a in enumerate(arrays))

    inputs = [Tensor(1.0, requires_grad=True) for _ in range(5)]
    weighted(inputs).backward()
    assert [x.grad.item() for x in inputs] == [1, 2, 3, 4, 5]
