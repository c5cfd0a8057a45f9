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


def looked_up(x, n):
    return teaching.concatenate([np.take(x, [i]) * 2.0 for i in range(n)])


def picked(x, n):
    return teaching.stack([part * 2.0 for part in x])


MANY = [stacked, joined, written, taken_apart, looked_up, picked]


@pytest.mark.parametrize("make", MANY, ids=lambda make: make.__name__)
def test_the_gradient_of_many(make):
    n = 3000
    x = Tensor(np.linspace(0.1, 1.0, n), "x", requires_grad=True)
    loss = (make(x, n) ** 2).sum()
    loss.backward()
    np.testing.assert_allclose(x.grad, 8 * x.value)
    np.testing.assert_allclose(differentiate(loss).adjoint(x).value, 8 * x.value)


@pytest.mark.parametrize("make", MANY, ids=lambda make: make.__name__)
@pytest.mark.parametrize("sweep", [lambda loss: loss.backward(), differentiate], ids=["backward", "recorded"])
def test_twice_as_many_cost_twice_as_much(make, sweep):
    """Counted, not timed: the numbers that NumPy is handed on the way back."""
    counts = [handed((make(Tensor(np.ones(n), "x", requires_grad=True), n) ** 2).sum(), sweep) for n in (200, 400)]
    assert counts[0] and counts[1] < 2.1 * counts[0]


def handed(loss, sweep):
    """How many elements all arrays have that the adjoints of a sweep are."""
    total = [0]

    def counted(rule):
        def called(g, *arguments, **settings):
            total[0] += np.size(g if not isinstance(g, Tensor) else g.value)
            piece = rule(g, *arguments, **settings)
            total[0] += np.size(getattr(piece, "piece", piece)) if not callable(piece) else 0
            return piece

        return called

    with pytest.MonkeyPatch.context() as patched:
        for found in {r.operation for r in loss.graph if r.operation is not None}:
            if isinstance(found.vjp, Shared):
                patched.setattr(found.vjp, "prepare", counted(found.vjp.prepare))
            else:
                patched.setattr(found, "vjp", [rule and counted(rule) for rule in found.vjp])
        sweep(loss)
    return total[0]


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
