"""A loop goes through data in many ways; the program takes the same data, or else one array, a step after another."""

import inspect

import numpy
import pytest

import autograd_seq.numpy as np
from autograd_seq import Parameter, equations, source


def next_of_a_list(W, V, xs):
    h = np.zeros((4, 2))
    J = 0
    for t in range(len(xs) - 1):
        h = np.tanh(W @ h + V @ xs[t])
        J = J + np.sum((h[:3] - xs[t + 1]) ** 2)
    return J


def next_of_an_array(W, V, x):
    T = x.shape[0] - 1
    h = np.zeros((4, 2))
    J = 0
    for t in range(T):
        h = np.tanh(W @ h + V @ x[t])
        J = J + np.sum((h[:3] - x[t + 1]) ** 2)
    return J


def counted_from_one(W, V, x):
    h = np.zeros((4, 2))
    for t in range(1, x.shape[0] + 1):
        h = np.tanh(W @ h + V @ x[t - 1])
    return np.sum(h * h)


def counted_down(W, V, x):
    h = np.zeros((4, 2))
    for t in range(x.shape[0] - 1, -1, -1):
        h = np.tanh(W @ h + V @ x[t])
    return np.sum(h * h)


def reversed_list(W, V, xs):
    h = np.zeros((4, 2))
    for x in reversed(xs):
        h = np.tanh(W @ h + V @ x)
    return np.sum(h * h)


def list_turned_round(W, V, xs):
    h = np.zeros((4, 2))
    for x in xs[::-1]:
        h = np.tanh(W @ h + V @ x)
    return np.sum(h * h)


def from_the_end(W, V, x):
    h = np.zeros((4, 2))
    T = len(x)
    for t in range(T):
        h = np.tanh(W @ h + V @ x[T - 1 - t])
    return np.sum(h * h)


def negative_index(W, V, x):
    h = np.zeros((4, 2))
    T = len(x)
    for t in range(T):
        h = np.tanh(W @ h + V @ x[-t - 1])
    return np.sum(h * h)


def turned_first(W, V, x):
    x = x.transpose(1, 2, 0)
    h = np.zeros((4, 2))
    for t in range(x.shape[2]):
        h = np.tanh(W @ h + V @ x[:, :, t])
    return np.sum(h * h)


def length_given(W, V, x, T):
    h = np.zeros((4, 2))
    for t in range(T):
        h = np.tanh(W @ h + V @ x[t])
    return np.sum(h * h)


def all_but_the_first(W, V, xs):
    h = np.zeros((4, 2))
    for x in xs[1:]:
        h = np.tanh(W @ h + V @ x)
    return np.sum(h * h)


def scaled_before(W, V, x):
    h = np.zeros((4, 2))
    for t in range(len(x)):
        h = np.tanh(W @ h + V @ (x[t] / 2.0 - 1))
    return np.sum(h * h)


def every_other(W, V, x):
    h = np.zeros((4, 2))
    for t in range(len(x) // 2):
        h = np.tanh(W @ h + V @ x[2 * t])
    return np.sum(h * h)


def two_in_one(W, V, data):
    xs, ys = data
    h = np.zeros((4, 2))
    J = 0
    for t in range(len(xs)):
        h = np.tanh(W @ h + V @ xs[t])
        J += np.sum((h[:3] - ys[t]) ** 2)
    return J


def by_key(W, V, batch):
    h = np.zeros((4, 2))
    J = 0
    for t in range(batch['x'].shape[0]):
        h = np.tanh(W @ h + V @ batch['x'][t])
        J += np.sum((h[:3] - batch['y'][t]) ** 2)
    return J


def one_late(W, V, xs):
    h = np.zeros((4, 2))
    J = 0
    last = xs[0]
    for x in xs:
        h = np.tanh(W @ h + V @ last)
        J += np.sum((h[:3] - x) ** 2)
        last = x
    return J


def from_the_second(W, V, xs):
    h = np.zeros((4, 2))
    J = 0
    for t in range(1, len(xs)):
        h = np.tanh(W @ h + V @ xs[t - 1])
        J += np.sum((h[:3] - xs[t]) ** 2)
    return J


def stopped_early(W, V, xs):
    h = np.zeros((4, 2))
    for t, x in enumerate(xs):
        if t == 4:
            break
        h = np.tanh(W @ h + V @ x)
    return np.sum(h * h)


def last_again(W, V, x):
    h = np.zeros((4, 2))
    T = x.shape[0]
    for t in range(T):
        h = np.tanh(W @ h + V @ x[t])
    return np.sum(h[:3] * x[T - 1])


def a_window(W, V, x):
    h = np.zeros((4, 2))
    T = x.shape[0]
    for t in range(T - 2):
        h = np.tanh(W @ h + V @ x[t + 2] + V @ x[t])
    return np.sum(h * h)


def a_function_inside(W, V, xs):

    def step(h, x):
        return np.tanh(W @ h + V @ x)
    h = np.zeros((4, 2))
    for x in xs:
        h = step(h, x)
    return np.sum(h * h)


def pairs_of_neighbours(W, V, xs):
    h = np.zeros((4, 2))
    J = 0
    for a, b in zip(xs[:-1], xs[1:]):
        h = np.tanh(W @ h + V @ a)
        J += np.sum((h[:3] - b) ** 2)
    return J


LOOPS = [
    next_of_a_list,
    next_of_an_array,
    counted_from_one,
    counted_down,
    reversed_list,
    list_turned_round,
    from_the_end,
    turned_first,
    length_given,
    all_but_the_first,
    scaled_before,
    two_in_one,
    by_key,
    from_the_second,
    a_window,
    a_function_inside,
    pairs_of_neighbours,

]
UNTOLD = [negative_index, every_other, one_late, stopped_early]


def arguments(function, T, seed):
    rng = numpy.random.default_rng(seed)

    def array():
        return rng.standard_normal((T, 3, 2))

    made = {
        "W": lambda: rng.standard_normal((4, 4)) / 2, "V": lambda: rng.standard_normal((4, 3)), "x": array,
        "xs": lambda: list(array()), "T": lambda: T, "data": lambda: (list(array()), list(array())),
        "batch": lambda: {"x": array(), "y": array()},
    }  # fmt: skip
    return {name: made[name]() for name in inspect.signature(function).parameters}


def recorded(function, T, seed):
    given = arguments(function, T, seed)
    parameters = {key: Parameter(given[key], key) for key in "WV"}
    return function(**given | parameters), parameters


def functions(text):
    namespace = {}
    exec(compile(text, "generated", "exec"), namespace)
    return namespace["net_forward"], namespace["net_backward"]


@pytest.mark.parametrize("function", LOOPS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("T", [7, 9, 5])
def test_the_program_goes_through_the_same_data(function, T):
    forward, backward = functions(source(recorded(function, 7, 0)[0], "net"))
    assert list(inspect.signature(forward).parameters) == list(inspect.signature(function).parameters)
    found, cache = forward(**arguments(function, T, 1))
    J, parameters = recorded(function, T, 1)
    J.backward()
    numpy.testing.assert_allclose(found, J.value, rtol=1e-12)
    for key, parameter in parameters.items():
        numpy.testing.assert_allclose(backward(cache)[f"d{key}"], parameter.grad, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("function", UNTOLD, ids=lambda function: function.__name__)
def test_where_the_program_cannot_tell_it_takes_a_step_after_another(function):
    """Of a loop that is left early, or counts in twos, nobody knows which elements others have."""
    text = source(recorded(function, 7, 0)[0], "net")
    assert "def net_forward(x, parameters, " in text and "x : array" in text


def test_the_last_step_used_again_is_refused_at_other_lengths():
    forward, _ = functions(source(recorded(last_again, 7, 0)[0], "net"))
    forward(**arguments(last_again, 7, 1))
    with pytest.raises(ValueError, match="was recorded for"):
        forward(**arguments(last_again, 6, 1))


def small():
    return Parameter(0.5, "w"), Parameter(0.3, "u")


def test_loops_over_plain_numbers_are_folded():
    """Numbers that a list gives are x<t>, whether the program writes them out or is given them."""

    def squares(xs, ys):
        (w, u), h, total = small(), 0.0, 0.0
        for x, y in zip(xs, ys, strict=True):
            h = np.tanh(w * h + u * x)
            total = total + (h - y) ** 2
        return total

    def written_out():
        (w, _), h = small(), 1.0
        for x in [0.1, 0.2, 0.3, 0.4, 0.5]:
            h = np.tanh(w * h + x)
        return h * h

    read = equations(squares([0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 1.0, 1.0]))
    assert [e.text for e in read.forward] == [
        "h<0> = 0", "h<t> = tanh(w ∘ h<t-1> + u ∘ x<t>)", "total = Σ_t (h<t> − y<t>)²",
    ]  # fmt: skip
    assert "∂total/∂u = Σ_t dz_h<t> ∘ x<t>" in read.text
    assert "h<t> = tanh(w ∘ h<t-1> + x<t>)" in equations(written_out()).text
    for x in (0.25, 0.75):
        program = {}
        exec(source(squares([0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 1.0, 1.0]), "net"), program)
        xs, ys = [x, 0.5, 0.1, 0.2, 0.4], [1.0, 0.5, 1.5, 2.0, 3.0]
        weights = {"w": numpy.array(0.5), "u": numpy.array(0.3)}
        value, _ = program["net_forward"](numpy.array(xs), weights, numpy.array(ys))
        numpy.testing.assert_allclose(value, squares(xs, ys).value, rtol=1e-12)


def test_one_element_of_a_list_is_the_same_at_all_steps():
    W = Parameter(np.eye(2) / 2, "W")

    def first(scales, h):
        for _ in range(4):
            h = np.tanh(W @ h) * scales[0]
        return np.sum(h)

    def each(scales, h):
        for t in range(4):
            h = np.tanh(W @ h) * scales[t]
        return np.sum(h)

    def changed(scales, h):
        for t in range(4):
            scales[0] = 0.1 * t
            h = np.tanh(W @ h) * scales[0]
        return np.sum(h)

    read = [equations(program([0.5, 0.3, 0.2, 0.1], np.ones((2, 1)))).text for program in (first, each, changed)]
    assert ["scales<t>" in text for text in read] == [False, True, True]
    assert "h<t> = tanh(W h<t-1>) ∘ scales\n" in read[0]


def test_an_axis_counted_from_the_last_is_that_axis():
    def normalised(axes):
        W, h = Parameter(np.array([[0.3, 0.5], [0.2, 0.7]]), "W"), np.ones((3, 2))
        for axis in axes:
            h = np.exp(h @ W)
            h = h / np.sum(h, axis=axis, keepdims=True)
        return np.sum(h * h)

    first, mixed, last = (equations(normalised(axes)).text for axes in ([1, 1, 1, 1], [1, -1, 1, -1], [-1] * 4))
    assert first == mixed == last
    assert "h<t> = softmax(h<t-1> W, axis=1)" in first


def test_a_length_that_a_loop_goes_through_is_the_number_of_steps():
    def mean(xs, ends=()):
        W, h, total = Parameter(np.eye(2) / 2, "W"), np.zeros((2, 1)), 0
        for x in xs:
            h = np.tanh(W @ h + x)
            total = total + np.sum(h * h)
        for end in ends:
            total = total + np.sum(W) * end / len(ends)
        return total / len(xs)

    rng = np.random.default_rng(0)
    read = equations(mean([rng.normal(size=(2, 1)) for _ in range(5)]))
    assert "J = total / T" in read.text and r"\frac{\mathrm{total}}{T}" in read.latex
    others = equations(mean([rng.normal(size=(2, 1)) for _ in range(5)], [1.0, 2.0])).text
    assert "/ 2" in others and "/ T" in others


def test_a_total_that_begins_with_0_is_a_sum_of_squares():
    """0 + x² is x² and no function of its own: the first term of a sum is a term like the others."""

    def total(xs):
        W, h, total = Parameter(np.eye(2) / 2, "W"), np.ones((2, 1)), 0.0
        for _ in range(xs):
            h = np.tanh(W @ h)
            total = total + h[0, 0] ** 2
        return total

    assert "total = Σ_t" in equations(total(4)).text
