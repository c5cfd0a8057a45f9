"""The shorter ways of recording and of pulling back leave the very records that the general way leaves."""

from operator import getitem

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq.core import backward, quick_sweep, shortcuts
from autograd_seq.core.methods import Methods
from autograd_seq.core.operation import BY_NUMPY, DECLARED, Operation
from cells import GRU, LSTM


@pytest.fixture
def general(monkeypatch):
    """No shortcuts: every call is `Operation.general`, every pull `Operation.pull`, every sweep in order."""
    monkeypatch.setattr(backward, "shorter", None)
    for operation in DECLARED:
        monkeypatch.setattr(operation, "call", operation.general)
        monkeypatch.setattr(operation, "just", -1)
        monkeypatch.delitem(vars(operation), "pull", raising=False)
    for name, function in {**Methods.OPERATORS, "__getitem__": getitem}.items():
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


def uses():
    """Records that are used in many ways: twice by one operation, in parts, by products and beside them, as scalars."""
    W = ag.Parameter(np.random.default_rng(5).normal(size=(9, 9)), "W")
    b, s = ag.Parameter(np.ones((9, 1)), "b"), ag.Parameter(0.5, "s")
    x = a = ag.Tensor(np.linspace(-1, 1, 18).reshape(9, 2), requires_grad=True)
    for _ in range(6):
        a = np.tanh(W @ a + b) * s + x[:, ::-1] * b
        a = a * a - a @ W[:2, :2] + (a.T @ W).T
    return (a + a).sum() * s * s + (W * W).sum() - s / (1 + s * s) + (b.T @ W @ b).sum() + W[0].sum() + (b - 1).sum()


def broadcast():
    """Leaves that broadcasting stretches, beside uses of other kinds: summed before the axes are."""
    W = ag.Parameter(np.random.default_rng(6).normal(size=(9, 9)), "W")
    b, s = ag.Parameter(np.linspace(0, 1, 9), "b"), ag.Parameter(0.25, "s")
    x = np.random.default_rng(7).normal(size=(5, 9, 9))
    a = ag.Tensor(x[:, :, :1][0])
    V = ag.Parameter(W.value * 2, "V")
    first = (W @ a).sum() + (V @ a).sum() + b[2] * s
    y = np.tanh(W * x) * b + s + V * x
    z = (b + y[0]) * (s - W) + b * 2 + (y[1] * s).sum(axis=0)
    return z.sum() + y.sum() + first + (W @ a * 2).sum() + (W * s).sum() + np.exp(s) + (b * b).sum()


def parts():
    """Arrays of which parts are read, by all kinds of indices, before and after other uses, and once only."""
    W = ag.Parameter(np.random.default_rng(8).normal(size=(6, 4)), "W")
    b = ag.Parameter(np.linspace(0, 1, 4), "b")
    x = np.tanh(W * b)
    picked = x[[0, 0, 2]].sum() + x[np.array([True, False, True, False, True, False])].sum() + x[..., 1].sum()
    rows = x[2] * x[-1] + x[1:3, None].sum(axis=(0, 1)) + x[5, ::-1] + x[np.int64(3)] * b
    y = x[:, :3].T @ x[:, 1:]
    whole = (x * x).sum() + x[0, 0] * x[0, 1] + (x[:2] - x[4:])[1].sum()
    once = np.exp(y)[0, -2:].sum() * np.sqrt(1 + y * y)[[1, 1, -1], [0, 0, 2]].sum()
    return picked + rows.sum() + whole + once + W[1].sum() + (W[1] * b[1:2]).sum() + b[[0, 0]].sum() * b[2]


def weights():
    """Matrices that are no leaves, by which a loop multiplies from the left and from the right, and with other uses."""
    A = ag.Parameter(np.random.default_rng(9).normal(size=(7, 20)), "A")
    W, a = A[:, :10].T, ag.Tensor(np.ones((1, 10)))
    V = np.concatenate([A, A * 0.5])
    h = ag.Tensor(np.full((20, 1), 0.1))
    for _ in range(4):
        a = np.tanh(a @ W @ V[:7, 10:] * 0.1)
        h = np.tanh(V.T @ (V @ h) * 0.1)
    return a.sum() + h.sum() + (W * W).sum() + W[0, 0] + V.sum() + (W.T @ W).sum() + (V.T @ V)[0, 1]


def described(loss):
    recording = ag.differentiate(loss)
    for graph in (recording.forward, recording.backward):
        place = {record: i for i, record in enumerate(graph)}
        for r in graph:
            inputs = [place.get(x, x.name) for x in r.inputs]
            line = r.source and (r.source.line, r.source.expression)
            yield r.operation, inputs, sorted(r.settings), r.name, r.scope, r.requires_grad, line, r.value.tolist()


def adjoints(loss):
    found = backward.sweep(loss, np.ones(()), everything=True)
    return {record.index - loss.index: adjoint for record, adjoint in found}


PROGRAMS = [lstm, gru, numpy_code, uses, broadcast, parts, weights]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_same_records_with_shortcuts_and_without(program, request):
    short = [*described(program())]
    request.getfixturevalue("general")
    assert [*described(program())] == short


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_same_adjoints_with_shortcuts_and_without(program, request):
    short = adjoints(program())
    request.getfixturevalue("general")
    general = adjoints(program())
    assert short.keys() == general.keys()
    for place, adjoint in general.items():
        assert short[place].dtype == adjoint.dtype
        np.testing.assert_allclose(short[place], adjoint, rtol=1e-11, atol=1e-12 * np.abs(adjoint).max())


@pytest.mark.parametrize("small", [0, 8 * 9 * 9, 2**40])
def test_broadcasting_is_undone_once_or_at_every_use(small, request, monkeypatch):
    monkeypatch.setattr(quick_sweep, "SMALL", small)
    found = [adjoints(program()) for program in (uses, broadcast)]
    request.getfixturevalue("general")
    for short, program in zip(found, (uses, broadcast)):
        for place, adjoint in adjoints(program()).items():
            assert short[place].shape == adjoint.shape
            np.testing.assert_allclose(short[place], adjoint, rtol=1e-11, atol=1e-12 * np.abs(adjoint).max())


def test_rules_that_the_sweep_does_not_check_answer_adjoints_of_the_shape_of_the_result():
    seen = set()
    for operation in DECLARED:
        if operation.way[0] not in (quick_sweep.ONE, quick_sweep.TWO):
            continue
        seen.add(operation.name)
        inputs = [np.array([[0.5], [0.25], [0.75]]), np.array([0.5, 0.75])][: operation.arity]
        with np.errstate(all="ignore"):  # not all are defined there
            y = operation.value(*inputs)
            for rule in operation.vjp:
                assert rule(np.ones(y.shape), y, *inputs).shape == y.shape, operation
    assert {"tanh", "sigmoid", "multiply", "add", "power"} <= seen


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_rules_that_write_into_what_they_have_made_answer_the_very_numbers_of_the_rules(dtype):
    g, x = np.random.default_rng(0).normal(size=(2, 40, 3)).astype(dtype)
    pulled = [operation for operation in DECLARED if operation.pulled is not None]
    assert {"tanh", "sigmoid"} <= {operation.name for operation in pulled}
    for operation in pulled:
        for adjoint, value in [(g, x), (g.astype("float64"), x), (np.ones((), dtype), np.asarray(x[0, 0]))]:
            y = np.asarray(operation.value(value))
            expected = operation.vjp[0](adjoint, y, value)
            found = operation.pulled(adjoint, y, value)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)


def test_shortcuts_are_on_every_operation():
    for operation in DECLARED:
        if operation.arity == 1 and not operation.keywords and not operation.variadic:
            assert operation.call.__module__ == shortcuts.__name__, operation
    assert Operation.shorten is shortcuts.shorten


def test_a_part_that_is_not_there_is_refused_in_the_same_words(request):
    x = ag.Tensor(np.ones((2, 3)), requires_grad=True)
    said = []
    for _ in range(2):
        for key in (2, (0, 3), (0, 0, 0), "a"):
            with pytest.raises(Exception) as refused:
                x[key]
            said.append((type(refused.value), str(refused.value)))
        if len(said) == 4:
            request.getfixturevalue("general")
    assert said[:4] == said[4:]


def test_other_rules_are_taken_from_then_on():
    W = ag.Parameter([[0.5, -0.25]], "W")

    def gradient():
        np.tanh(W).sum().backward()
        return np.array(W.grad)

    right, rules = gradient(), ag.tanh.vjp
    ag.tanh.vjp = [lambda g, y, x: 2 * rules[0](g, y, x)]
    try:
        assert np.array_equal(gradient(), 2 * right)
    finally:
        ag.tanh.vjp = rules
    assert np.array_equal(gradient(), right)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_a_sigmoid_that_writes_into_what_it_has_made_is_the_sigmoid_as_it_is_written(dtype):
    x = np.concatenate([np.random.default_rng(0).normal(size=40) * 9, [800.0, -800.0, np.inf, -np.inf, np.nan, -0.0]])
    x = x.astype(dtype)
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-x))
    for given in (x, x[::2], x[3], x[3:4].reshape(())):
        before = np.array(given)
        found = ag.sigmoid(given)
        assert found.dtype == dtype
        np.testing.assert_array_equal(given, before)
        np.testing.assert_array_equal(found, expected[3] if not given.ndim else expected[:: 46 // len(given)])


@pytest.mark.parametrize("index", [2, -1, slice(1, 3), slice(None, None, -1), (slice(None), 1), (..., 0), None, True])
def test_a_part_is_the_same_part_with_shortcuts_and_without(index, request):
    x = ag.Tensor(np.arange(12.0).reshape(3, 4), requires_grad=True)

    def parts():
        y = x[index]
        y.sum().backward()
        return y.settings["index"], y.value.tolist(), x.grad.tolist()

    short = parts()
    request.getfixturevalue("general")
    assert parts() == short
    assert short[1] == x.value[index].tolist()


def test_an_index_may_be_changed_after_it_was_used():
    x, rows = ag.Tensor([1.0, 2.0, 3.0], requires_grad=True), np.array([0, 0])
    y = x[rows,]
    rows[:] = 2
    y.sum().backward()
    assert x.grad.tolist() == [2, 0, 0]
