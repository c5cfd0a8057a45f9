"""equivalent of plain functions with dicts of parameters: ten pairs that are the same, ten different in one detail."""

import re

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor
from autograd_seq.core.errors import DtypeError, UsageError
from autograd_seq.exchange import equivalent, step_of
from cells import GRU, LSTM, RNN
from cells.exchange import equivalent as with_cells


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def rnn(x, a, p):
    return np.tanh(p["Waa"] @ a + p["Wax"] @ x + p["ba"])


def rnn_stacked(x, a, p):
    return np.tanh(np.dot(p["W"], np.concatenate([a, x])) + p["b"])


def rnn_of_rows(x, a, p):
    return np.tanh(x @ p["U"] + a @ p["V"] + p["b"])


def rnn_two_biases(x, a, p):
    return np.tanh(p["Waa"] @ a + p["b1"] + (p["Wax"] @ x + p["b2"]))


def rnn_by_sigmoid(x, a, p):
    return 2 * sigmoid(p["Waa"] @ a + p["Wax"] @ x + p["ba"]) - 1


def inside(p, x, a):
    return p["Waa"] @ a + p["Wax"] @ x + p["ba"]


def chosen(x, a, p):
    return np.where(inside(p, x, a) > 0, inside(p, x, a), 0)


def leaky(x, a, p):
    return np.where(inside(p, x, a) > 0, inside(p, x, a), 0.25 * inside(p, x, a))


def rnn_without_bias(x, a, p):
    return np.tanh(p["Waa"] @ a + p["Wax"] @ x)


def rnn_adds_the_old(x, a, p):
    return np.tanh(p["Waa"] @ a + p["Wax"] @ x + p["ba"]) + a


def lstm(x, a, c, p, seen=None, coupled=False, twice=False):
    z = np.concatenate([a, x])
    update = sigmoid(p["Wu"] @ z + p["bu"])
    forget = 1 - update if coupled else sigmoid(p["Wf"] @ z + p["bf"])
    new = forget * c + update * np.tanh(p["Wc"] @ z + p["bc"])
    out = sigmoid(p["Wo"] @ z + p["bo"])
    held = {None: np.tanh(new), "old": np.tanh(c), "bare": new}[seen]
    return out * held, new, (z, out) if twice else out


def lstm_of_one_matrix(x, a, c, p):
    n = len(a)
    z = p["W"] @ x + p["U"] @ a + p["b"]
    i, f, g, o = z[:n], z[n : 2 * n], z[2 * n : 3 * n], z[3 * n :]
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def lstm_written_into(x, a, c, p):
    """As the course writes it: gates into arrays that were made before."""
    n = a.shape[0]
    z = np.zeros((n + x.shape[0], x.shape[1]))
    z[:n, :] = a
    z[n:, :] = x
    forget, update = sigmoid(np.dot(p["Wf"], z) + p["bf"]), sigmoid(np.dot(p["Wi"], z) + p["bi"])
    c_next = forget * c + update * np.tanh(np.dot(p["Wc"], z) + p["bc"])
    out = sigmoid(np.dot(p["Wo"], z) + p["bo"])
    return out * np.tanh(c_next), c_next


def gru(x, a, p, after=False, keeps=False, tied=False):
    update = sigmoid(p["Wu"] @ np.concatenate([a, x]) + p["bu"])
    reset = update if tied else sigmoid(p["Wr"] @ np.concatenate([a, x]) + p["br"])
    if after:
        new = np.tanh(reset * (p["V"] @ a) + p["U"] @ x + p["bc"])
    else:
        new = np.tanh(p["V"] @ (reset * a) + p["U"] @ x + p["bc"])
    return (1 - update) * new + update * a if keeps else update * new + (1 - update) * a


def softmax_layer(a, p):
    z = p["W"] @ a + p["b"]
    e = np.exp(z - 1)
    return e / e.sum()


def softmax_by_shares(a, p):
    z = p["W"] @ a + p["b"]
    return np.concatenate([1 / np.exp(z - z[k]).sum(keepdims=True) for k in range(len(a))])


def softmax_base_two(a, p):
    e = 2 ** (p["W"] @ a + p["b"])
    return e / e.sum()


def two_steps(x, a, p):
    for t in range(2):
        a = rnn(x[:, t : t + 1], a, p)
    return {"a": a}


def two_steps_at_once(x, a, p):
    inside = p["Wax"] @ x + p["ba"]
    return {"a": np.tanh(p["Waa"] @ np.tanh(p["Waa"] @ a + inside[:, :1]) + inside[:, 1:])}


def two_steps_back(x, a, p):
    return two_steps(x[:, ::-1], a, p)


STATE = {"x": (1, 1), "a": (2, 1)}
ROWS = {"x": (2, 1), "a": (2, 2)}
MEMORY = {**STATE, "c": (2, 1)}
OF_RNN = {"Waa": (2, 2), "Wax": (2, 1), "ba": (2, 1)}
OF_LSTM = {**{f"W{g}": (2, 3) for g in "fuco"}, **{f"b{g}": (2, 1) for g in "fuco"}}
OF_COURSE = {**{f"W{g}": (2, 3) for g in "fico"}, **{f"b{g}": (2, 1) for g in "fico"}}
OF_ONE = {"W": (8, 1), "U": (8, 2), "b": (8, 1)}
OF_GRU = {"Wu": (2, 3), "Wr": (2, 3), "V": (2, 2), "U": (2, 1), "bu": (2, 1), "br": (2, 1), "bc": (2, 1)}
OF_SOFTMAX = {"W": (2, 2), "b": (2, 1)}


def of_rnn(function=rnn, **sizes):
    return step_of(function, STATE, OF_RNN | sizes)


def of_lstm(function=lstm, weights=OF_LSTM, **how):
    def called(x, a, c, p):
        return function(x, a, c, p, **how)

    return step_of(called, MEMORY, weights, returns=["a", "c"])


def of_gru(**how):
    return step_of(lambda x, a, p: gru(x, a, p, **how), STATE, OF_GRU)


def of_softmax(function):
    return step_of(function, {"a": (2, 1)}, OF_SOFTMAX)


def of_two_steps(function):
    return step_of(function, {"x": (1, 2), "a": (1, 1)}, {"Waa": (1, 1), "Wax": (1, 1), "ba": (1, 1)})


SAME = {
    "weights in one matrix": lambda: (of_rnn(), step_of(rnn_stacked, STATE, {"W": (2, 3), "b": (2, 1)})),
    "a cache is no output": lambda: (of_lstm(), of_lstm(twice=True)),
    "gates in one matrix": lambda: (of_lstm(), of_lstm(lstm_of_one_matrix, OF_ONE)),
    "written into arrays": lambda: (of_lstm(lstm_written_into, OF_COURSE), of_lstm()),
    "the other sense of a gate": lambda: (of_gru(), of_gru(keeps=True)),
    "after, the other sense": lambda: (of_gru(after=True), of_gru(after=True, keeps=True)),
    "softmax": lambda: (of_softmax(softmax_layer), of_softmax(softmax_layer)),
    "two steps": lambda: (of_two_steps(two_steps), of_two_steps(two_steps_at_once)),
    "columns and rows": lambda: (
        step_of(rnn_of_rows, {"x": (1, 2), "a": (1, 2)}, {"U": (2, 2), "V": (2, 2), "b": (2,)}),
        step_of(lambda x, a, p: np.tanh(p["W"] @ x.T + p["R"] @ a.T + p["c"]).T, {"x": (1, 2), "a": (1, 2)},
                {"W": (2, 2), "R": (2, 2), "c": (2, 1)}),
    ),
    "a tanh by a sigmoid": lambda: (of_rnn(), of_rnn(lambda x, a, p: 2 * sigmoid(2 * inside(p, x, a)) - 1)),
    "a tanh by a sigmoid of other weights": lambda: (of_rnn(), of_rnn(rnn_by_sigmoid)),
    "a sigmoid by a tanh": lambda: (
        of_rnn(lambda x, a, p: sigmoid(inside(p, x, a))),
        of_rnn(lambda x, a, p: 0.5 + 0.5 * np.tanh(inside(p, x, a) / 2)),
    ),
    "a ReLU by a choice": lambda: (of_rnn(lambda x, a, p: np.maximum(inside(p, x, a), 0)), of_rnn(chosen)),
    "a leaky ReLU by a maximum": lambda: (
        of_rnn(leaky), of_rnn(lambda x, a, p: np.maximum(inside(p, x, a), 0.25 * inside(p, x, a)))
    ),
    "two examples": lambda: (
        step_of(rnn, {"x": (1, 2), "a": (2, 2)}, OF_RNN),
        step_of(rnn_stacked, {"x": (1, 2), "a": (2, 2)}, {"W": (2, 3), "b": (2, 1)}),
    ),
}  # fmt: skip
DIFFERENT = {  # each with a word of where they part
    "no bias": lambda: (of_rnn(), of_rnn(rnn_without_bias), r"weights meet \[1, a\[1, 1\].* in the first"),
    "the old state is added": lambda: (of_rnn(), of_rnn(rnn_adds_the_old), "put together otherwise"),
    "twice a sigmoid, less 1": lambda: (of_rnn(rnn_by_sigmoid), step_of(
        lambda x, a, p: 2 * sigmoid(p["Waa"] @ a + p["Wax"] @ x + p["ba"]) - 0.5, STATE, OF_RNN), "otherwise"),
    "one gate for two": lambda: (of_lstm(), of_lstm(coupled=True), "meet"),
    "the output sees the old memory": lambda: (of_lstm(), of_lstm(seen="old"), "put together otherwise"),
    "no tanh of the memory": lambda: (of_lstm(), of_lstm(seen="bare"), "put together otherwise"),
    "reset before and after": lambda: (of_gru(), of_gru(after=True), "times gates"),
    "the reset gate is the update gate": lambda: (of_gru(), of_gru(tied=True), "meet"),
    "a leaky ReLU": lambda: (of_rnn(chosen), of_rnn(leaky), r"z1/4, True\)\) in the second"),
    "a choice at another place": lambda: (
        of_rnn(chosen), of_rnn(lambda x, a, p: np.where(inside(p, x, a) > 0.5, inside(p, x, a), 0)), "otherwise"
    ),
    "softmax of powers of two": lambda: (of_softmax(softmax_layer), of_softmax(softmax_base_two), ""),
    "two steps in the other order": lambda: (of_two_steps(two_steps), of_two_steps(two_steps_back), "meet"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_the_same(name):
    first, second = SAME[name]()
    for one, other in ((first, second), (second, first)):
        found = equivalent(one, other)
        assert found.ok and found.map, found


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name):
    first, second, words = DIFFERENT[name]()
    for one, other in ((first, second), (second, first)):
        found = equivalent(one, other)
        assert found.status == "refuted" and not found.map, found
    assert re.search(words, equivalent(first, second).reason)


def test_functions_against_cells_and_libraries():
    assert with_cells(of_rnn_named("a"), RNN(1, 2)).ok
    assert with_cells(of_lstm(lstm_written_into, OF_COURSE), "torch:LSTM").ok
    assert with_cells(of_lstm(), LSTM(1, 2)).ok
    named = step_of(lambda x, a, p: {"a": gru(x, a, p, after=True)}, STATE, OF_GRU)
    assert with_cells(named, GRU(1, 2, reset_after=True)).status == "refuted"  # which has a bias within


def test_what_was_found_is_listed_like_in_other_reports():
    same, other = equivalent(of_rnn(), of_rnn()), equivalent(of_rnn(), of_rnn(rnn_without_bias))
    assert same.failures == same.undecided == [] and other.failures == [other.reason] and other.undecided == []


def test_numbers_are_printed_as_they_were_written():
    found = equivalent(of_rnn(), of_rnn(lambda x, a, p: np.tanh(inside(p, x, a)) + 0.01 * a))
    assert "0.01*a[1, 1]" in found.reason


def of_rnn_named(name):
    return step_of(rnn, STATE, OF_RNN, returns=[name])


def test_the_map_speaks_of_the_users_names():
    found = equivalent(of_rnn(), step_of(rnn_stacked, STATE, {"W": (2, 3), "b": (2, 1)}))
    assert {"Waa[1, 2] = W[1, 2]", "Wax[2, 1] = W[2, 3]", "ba[1, 1] = b[1, 1]"} <= set(found.map)
    two = equivalent(of_rnn(), step_of(rnn_two_biases, STATE, {**OF_RNN, "b1": (2, 1), "b2": (2, 1)}))
    assert two.ok and "ba[2, 1] = b1[2, 1] + b2[2, 1]" in two.map


def test_a_function_without_parameters():
    one, other = (step_of(f, {"x": (2, 1)}) for f in (lambda x: 2 * np.tanh(x), lambda x: np.tanh(x) + np.tanh(x)))
    assert equivalent(one, other).ok
    assert equivalent(one, step_of(lambda x: 2 * np.tanh(-x), {"x": (2, 1)})).status == "refuted"


def test_what_a_function_returns():
    parts = step_of(lambda x: (x + 1, x * 2, [x], x), {"x": (1,)})
    assert list(parts.outputs) == ["1", "2"]
    assert list(step_of(lambda x: {"y": x + 1, "z": x * 2}, {"x": (1,)}, returns=["z"]).outputs) == ["z"]
    scalar = step_of(lambda x: (x * x).sum(), {"x": (2, 3)})
    assert equivalent(scalar, step_of(lambda x: sum(x[i, j] ** 2 for i in (0, 1) for j in range(3)), {"x": (2, 3)})).ok


def test_numbers_that_stand_in_the_program():
    swap, turn = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [-1.0, 0.0]])
    swapped = step_of(lambda x, p: np.tanh(swap @ (p["W"] @ x)), {"x": (2, 1)}, {"W": (2, 2)})
    plain = step_of(lambda x, p: np.tanh(p["W"] @ x), {"x": (2, 1)}, {"W": (2, 2)})
    assert "W[1, 1] = W[2, 1]" in equivalent(swapped, plain).map
    given = step_of(lambda x: swap @ x, {"x": (2, 1)}), step_of(lambda x: turn @ x, {"x": (2, 1)})
    assert equivalent(*given).status == "refuted"
    outside = Parameter(np.ones((2, 1)), "V")
    with pytest.raises(UsageError, match="uses V, which is neither among its data nor among its weights"):
        equivalent(step_of(lambda x: x * outside, {"x": (2, 1)}), given[0])


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match="returns nothing that was recorded: 3"):
        step_of(lambda x: 3, {"x": (1,)})
    with pytest.raises(UsageError, match="returns no c"):
        step_of(lambda x: x + 1, {"x": (1,)}, returns=["a", "c"])
    with pytest.raises(UsageError, match=r"rnn was given .* numbers.*at most"):
        step_of(rnn, {"x": (100, 1), "a": (50, 1)}, {"Waa": (50, 50), "Wax": (50, 100), "ba": (50, 1)})
    with pytest.raises(UsageError, match=r"rnn fails on arrays of shapes \(1, 1\), \(2, 1\), parameters: KeyError"):
        step_of(rnn, STATE, {"W": (2, 2)})
    with pytest.raises(UsageError, match=r"x is an array or the shape of one"):
        step_of(rnn, {"x": ("n", 1), "a": (2, 1)}, OF_RNN)
    with pytest.raises(DtypeError, match="a tensor holds real numbers"):
        step_of(lambda x: x, {"x": np.array(["text"])})
    with pytest.raises(UsageError, match=r"write step_of\(rnn, "):
        with_cells(rnn, "torch:RNN")
    assert isinstance(of_rnn().data["x"], Tensor)
