"""Derivatives: grad, any order, explicit adjoints, contributions by step, replaced values, adjoints of any node."""

import collections

import numpy as np
import pytest

import autograd_seq as ag
import autograd_seq.numpy as teaching
from autograd_seq import Parameter, Tensor, contributions, differentiate, grad, name, scope, steps, tanh


def close(actual, expected, rtol=1e-10):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-12)


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# -- .grad -----------------------------------------------------------------------------------


def test_backward_replaces_and_accumulates_on_demand():
    w = Parameter([1.0, 2.0], "w")
    loss = (w * w * w).sum()
    for _ in range(2):
        loss.backward()
        close(w.grad, 3 * w.value**2)
    loss.backward(accumulate=True)
    close(w.grad, 6 * w.value**2)
    (w * 5).sum().backward()
    close(w.grad, [5, 5])
    assert isinstance(w.grad, np.ndarray)
    w.grad = None
    loss.backward(accumulate=True)
    close(w.grad, 3 * w.value**2)


def test_gradients_are_arrays_of_their_own():
    x, y = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0], requires_grad=True)
    (x + y).sum().backward()
    x.grad[:] = 100
    close(y.grad, [1, 1])
    found = grad((x + y).sum(), [x, y])
    found[0][:] = 100
    close(found[1], [1, 1])
    seed = np.array([1.0, 2.0])
    x.backward(seed)
    x.grad[:] = 0
    close(seed, [1, 2])


def test_only_leaves_keep_gradients_and_constants_get_none():
    x, c = Tensor([1.0, 2.0], requires_grad=True), Tensor([5.0, 6.0])
    y = x * c
    y.sum().backward()
    assert y.grad is None
    assert c.grad is None
    close(x.grad, [5, 6])


def test_broadcasting_is_undone():
    a, b, c = (Tensor(random(*s, seed=i), requires_grad=True) for i, s in enumerate([(3, 1), (2, 1, 4), ()]))
    g = random(2, 3, 4, seed=9)
    found = grad(a * b + c, (a, b, c), gradient=g)
    close(found[0], (g * b.value).sum(axis=0).sum(axis=1, keepdims=True))
    close(found[1], (g * a.value).sum(axis=1, keepdims=True))
    close(found[2], g.sum())
    assert [f.shape for f in found] == [(3, 1), (2, 1, 4), ()]


# -- structures ------------------------------------------------------------------------------


def test_grad_answers_in_the_structure_it_was_asked_in():
    Pair = collections.namedtuple("Pair", "left right")
    w, b, unused = Parameter([2.0], "w"), Parameter([3.0], "b"), Parameter([[1.0, 1.0]], "unused")
    loss = (w * w * b).sum()
    found = grad(loss, {"w": w, "rest": [b, (unused, w)], "pair": Pair(b, w)})
    close(found["w"], [12])
    close(found["rest"][0], [4])
    assert isinstance(found["rest"][1], tuple)
    close(found["rest"][1][0], [[0, 0]])
    close(found["rest"][1][1], [12])
    assert isinstance(found["pair"], Pair)
    close(found["pair"].left, [4])
    assert grad(loss, []) == []
    assert isinstance(grad(loss, w), np.ndarray)
    recorded = grad(loss, {"u": unused, "w": w}, create_graph=True)
    assert isinstance(recorded["u"], Tensor)
    close(recorded["u"].value, [[0, 0]])


def test_with_respect_to_what_is_no_leaf():
    w = Parameter(random(3, 3), "W")
    a = w @ random(3, 2, seed=1)
    b = tanh(a)
    loss = (b * b).sum()
    found = grad(loss, [a, b, loss])
    close(found[1], 2 * b.value)
    close(found[0], 2 * b.value * (1 - b.value**2))
    close(found[2], 1)


# -- higher orders -----------------------------------------------------------------------------


def nth(function, x, order):
    variable = Tensor(x, "x", requires_grad=True)
    result = function(variable)
    for _ in range(order):
        result = grad(result.sum(), variable, create_graph=True)
    return result.value


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_any_order_against_calculus(order):
    x = random(4, 1, seed=order)
    close(nth(lambda v: ag.exp(v * 2), x, order), 2**order * np.exp(2 * x))
    close(nth(ag.sin, x, order), np.sin(x + order * np.pi / 2))
    falling = np.prod([7 - k for k in range(order)])
    close(nth(lambda v: v * v * v * v**4, x, order), falling * x ** (7 - order), rtol=1e-9)
    t = np.tanh(x)
    polynomials = [  # of tanh, by P' (1 - t²)
        None, [1, 0, -1], [0, -2, 0, 2], [-2, 0, 8, 0, -6], [0, 16, 0, -40, 0, 24], [16, 0, -136, 0, 240, 0, -120],
    ]  # fmt: skip
    close(nth(tanh, x, order), sum(c * t**k for k, c in enumerate(polynomials[order])), rtol=1e-9)


def test_mixed_derivatives_of_a_bilinear_form():
    a, x, y = random(3, 4), random(3, 1, seed=1), random(4, 1, seed=2)
    A, X, Y = Parameter(a, "A"), Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
    form = (X.T @ A @ Y * 1.0).sum()
    dx = grad(form, X, create_graph=True)
    g = random(3, 1, seed=3)
    close(grad(dx, Y, gradient=g), a.T @ g)
    close(grad(dx, A, gradient=g), g @ y.T)


def network(W, x, T=4):
    a = x
    for t in steps(T):
        a = name(tanh(W @ a + x), "a")
    return (a * a).sum()


def test_second_order_through_time_against_a_complex_step():
    w, x, v = random(3, 3) / 2, random(3, 2, seed=1), random(3, 3, seed=2)

    def gradient(w):  # by hand, analytic in w
        states = [x.astype(w.dtype)]
        for _ in range(4):
            states.append(np.tanh(w @ states[-1] + x))
        da, dw = 2 * states[-1], 0
        for a, before in zip(states[:0:-1], states[-2::-1]):
            dz = da * (1 - a * a)
            da, dw = w.T @ dz, dw + dz @ before.T
        return dw

    W = Parameter(w, "W")
    first = grad(network(W, Tensor(x, "x")), W, create_graph=True)
    close(first.value, gradient(w))
    close(grad((first * v).sum(), W), gradient(w + 1e-30j * v).imag * 1e30)


def test_create_graph_leaves_the_forward_graph_alone():
    W = Parameter(random(2, 2), "W")
    loss = network(W, Tensor(random(2, 1), "x"))
    before = [(r.index, r.name, r.scope, len(r.inputs)) for r in loss.graph]
    grad(loss, W, create_graph=True)
    differentiate(loss)
    assert [(r.index, r.name, r.scope, len(r.inputs)) for r in loss.graph] == before
    assert W.grad is None


# -- explicit adjoints ------------------------------------------------------------------------


def test_an_explicit_adjoint_starts_the_sweep_everywhere():
    W, x, g = Parameter(random(3, 4), "W"), random(4, 2, seed=1), random(3, 2, seed=2)
    y = tanh(W @ x)
    expected = (g * (1 - y.value**2)) @ x.T
    y.backward(g)
    close(W.grad, expected)
    close(grad(y, W, gradient=g), expected)
    close(grad(y, W, gradient=g.tolist()), expected)
    close(grad(y, W, gradient=Tensor(g), create_graph=True).value, expected)
    close(differentiate(y, g).adjoint(W).value, expected)
    close(sum(contributions(y, W, gradient=g).values()), expected)


def test_an_adjoint_that_is_a_tensor_is_differentiated_with():
    W, x = Parameter(random(3, 4), "W"), random(4, 2, seed=1)
    g = Tensor(random(3, 2, seed=2), "g", requires_grad=True)
    y = tanh(W @ x)
    pulled = grad(y, W, gradient=g, create_graph=True)
    h = random(3, 4, seed=3)
    close(grad(pulled, g, gradient=h), (1 - y.value**2) * (h @ x))


# -- adjoints of all nodes ------------------------------------------------------------------------


def test_the_adjoint_of_any_node_carries_its_name_place_and_line():
    W, x = Parameter(random(3, 3) / 2, "W"), Tensor(random(3, 2, seed=1), "x", requires_grad=True)
    loss = network(W, x)
    recording = differentiate(loss)
    assert recording.forward.records == loss.graph.records
    for record in recording.forward:
        if not record.requires_grad:
            continue
        adjoint = recording.adjoint(record)
        assert adjoint.shape == record.shape
        close(adjoint.value, grad(loss, record))
        if record.name:
            assert adjoint.name == "d" + record.name
        if record.operation is not None and adjoint.operation is not None:
            assert adjoint.scope.place == record.scope.place
    assert recording.backward.find("da", time=2).source.line == loss.graph.find("a", time=2).source.line
    made = {r for records in recording.emitted.values() for r in records}
    assert {r for r in recording.backward if r.operation} <= made
    assert recording.adjoint(W).name == "dW"


def test_adjoints_without_marked_steps_get_the_recognised_ones():
    W, a = Parameter(random(3, 3) / 2, "W"), Tensor(random(3, 2, seed=1))
    for _ in range(4):
        a = name(tanh(W @ a), "a")
    recording = differentiate((a * a).sum())
    assert sorted(r.scope.time for r in recording.backward if r.name == "da") == [1, 2, 3, 4]


# -- values replaced after recording ----------------------------------------------------------------


def test_a_new_value_of_a_parameter_keeps_the_old_graph_right():
    w, x = random(3, 3) / 2, random(3, 2, seed=1)
    W = Parameter(w, "W")
    loss = network(W, Tensor(x))
    expected = grad(loss, W)
    parts = contributions(loss, W)
    second = grad(grad(loss, W, create_graph=True).sum(), W)
    W.value = random(3, 3, seed=5)
    loss.backward()
    close(W.grad, expected)
    close(grad(loss, W), expected)
    close(grad(loss, W, create_graph=True).value, expected)
    close(grad(grad(loss, W, create_graph=True).sum(), W), second)
    close(sum(contributions(loss, W).values()), sum(parts.values()))
    close(W.value, random(3, 3, seed=5))
    assert loss.graph.find("W").value.tolist() == w.tolist()
    assert loss.item() == network(Parameter(w, "W"), Tensor(x)).item()


def test_a_value_replaced_in_the_middle_of_a_recording_counts_with_both():
    p = Parameter([2.0], "p")
    y = p * p
    p.value = [5.0]
    z = (y * p).sum()
    z.backward()
    close(p.grad, [2 * 2 * 5 + 4])
    close(grad(z, p), [24])
    close(grad(z, p, create_graph=True).value, [24])
    close(sum(contributions(z, p).values()), [24])


# -- contributions ------------------------------------------------------------------------------


def copies_of_each_step(w, x, T, run):
    """The gradient of each step's own copy of the weights: the independent reference."""
    copies = [Parameter(w, f"W{t}") for t in range(T)]
    run(lambda t: copies[t], x, T).backward()
    return [copy.grad for copy in copies]


def recurrent(weights, x, T):
    a, loss = Tensor(np.zeros((3, 2))), 0
    for t in steps(T):
        a = tanh(weights(t) @ a + x[t])
        loss = loss + (a * a * (t + 1)).sum()
    return loss


def test_contributions_are_the_gradients_of_each_steps_own_copy():
    T, w, x = 5, random(3, 3), random(5, 3, 2, seed=1)
    W = Parameter(w, "W")
    loss = recurrent(lambda t: W, x, T)
    found = contributions(loss, W)
    assert list(found) == [(None, None, t) for t in range(1, T + 1)]
    for part, expected in zip(found.values(), copies_of_each_step(w, x, T, recurrent)):
        close(part, expected)
    close(sum(found.values()), grad(loss, W))


def test_contributions_through_records_without_a_time():
    T, waa, wax = 4, random(3, 3), random(3, 2, seed=1)
    x = random(T, 2, 2, seed=2)

    def run(stacked):
        a, loss = Tensor(np.zeros((3, 2))), 0
        for t in steps(T):
            a = tanh(stacked(t) @ ag.concatenate([a, Tensor(x[t])]))
            loss = loss + (a**3).sum()
        return loss

    Waa, Wax = Parameter(waa, "Waa"), Parameter(wax, "Wax")
    Wa = name(ag.concatenate([Waa * 2.0, Wax], axis=1), "Wa")  # once, before any step
    loss = run(lambda t: Wa)
    copies = [(Parameter(waa), Parameter(wax)) for _ in range(T)]
    run(lambda t: ag.concatenate([copies[t][0] * 2.0, copies[t][1]], axis=1)).backward()
    for parameter, i in ((Waa, 0), (Wax, 1)):
        found = contributions(loss, parameter)
        assert list(found) == [(None, None, t) for t in range(1, T + 1)]
        for t in range(T):
            close(found[None, None, t + 1], copies[t][i].grad)
    close(sum(contributions(loss, Wa).values()), grad(loss, Wa))


def test_contributions_by_layer_and_direction_and_without_any_time():
    W, x = Parameter(random(2, 2), "W"), Tensor(random(2, 1, seed=1))
    total = (W * W).sum()
    for layer in (1, 2):
        for direction in ("forward", "backward"):
            with scope(layer=layer, direction=direction):
                a = x
                for t in steps(2, reverse=direction == "backward"):
                    a = tanh(W @ a * layer)
                total = total + (a * layer).sum()
    found = contributions(total, W)
    assert set(found) == {(None, None, None)} | {
        (layer, direction, t) for layer in (1, 2) for direction in ("forward", "backward") for t in (1, 2)
    }
    close(found[None, None, None], 2 * W.value)
    close(sum(found.values()), grad(total, W))


def test_contributions_of_what_is_written_into_one_array():
    W, x = Parameter(random(3, 3), "W"), random(3, 2, 4, seed=1)
    a = teaching.zeros((3, 2, 5))
    for t in steps(4):
        a[:, :, t + 1] = tanh(W @ a[:, :, t] + x[:, :, t])
    loss = (a**2).sum()
    found = contributions(loss, W)
    assert [time for _, _, time in found] == [1, 2, 3, 4]
    close(sum(found.values()), grad(loss, W))
    copies = [Parameter(W.value) for _ in range(4)]
    a_next, total = np.zeros((3, 2)), 0
    for t in range(4):
        a_next = tanh(copies[t] @ a_next + x[:, :, t])
        total = total + (a_next**2).sum()
    total.backward()
    for part, copy in zip(found.values(), copies):
        close(part, copy.grad)


def test_contributions_of_what_has_no_part_in_it():
    W = Parameter([1.0], "W")
    assert contributions((Parameter([2.0], "V") * 2).sum(), W) == {}
    assert list(contributions(W, W).values()) == [np.array([1.0])]
