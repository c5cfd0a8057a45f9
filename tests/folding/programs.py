"""Unrolled programs in several styles, small enough that their steps, roles and loops are known by hand."""

import numpy

import autograd_seq.numpy as np
from autograd_seq import Parameter, Tensor, concatenate, name, scope, sigmoid, steps, tanh

T = 4


def weights(*names, rows=3, columns=3):
    rng = numpy.random.default_rng(len(names))
    return [Parameter(rng.normal(size=(rows, columns)) / 2, key) for key in names]


def inputs(n=T, seed=1):
    return numpy.random.default_rng(seed).normal(size=(n, 3, 2))


def in_lists():
    """States appended to a list, losses made in a loop of their own."""
    (W,) = weights("W")
    states = [Tensor(numpy.zeros((3, 2)), "h0")]
    for x in inputs():
        states.append(tanh(W @ states[-1] + x))
    loss = 0
    for h in states[1:]:
        loss = loss + (h * h).sum()
    return loss


def in_dicts():
    """States under keys of a dict, from -1 on, in plain NumPy."""
    W, x = *weights("W"), inputs()
    hs, loss = {-1: numpy.zeros((3, 2))}, 0
    for t in range(T):
        hs[t] = numpy.tanh(W @ hs[t - 1] + x[t])
        loss = loss + numpy.sum(hs[t] ** 2)
    return loss


def filled_by_index():
    """States assigned into an array that was made before the loop."""
    W, x = *weights("W"), inputs()
    h = np.zeros((3, 2, T + 1))
    for t in range(T):
        h[:, :, t + 1] = np.tanh(W @ h[:, :, t] + x[t])
    return np.sum(h[:, :, 1:] ** 2)


def gate(W, h, x):
    return sigmoid(W @ h + x)


def helper_thrice():
    """A function that every step calls three times."""
    Wf, Wi, Wo = weights("Wf", "Wi", "Wo")
    h = Tensor(numpy.ones((3, 2)), "h0")
    for x in inputs():
        x = Tensor(x, "x")
        f, i, o = gate(Wf, h, x), gate(Wi, h, x), gate(Wo, h, x)
        h = tanh(f * h + i) * o
    return h.sum()


def helper_at_most_thrice():
    """A function that the first step calls twice, and every other step three times."""
    Wf, Wi, Wo = weights("Wf", "Wi", "Wo")
    h = None
    for t in steps(T):
        x = Tensor(inputs()[t], "x")
        if h is None:
            h = gate(Wi, x, x) * gate(Wo, x, x)
        else:
            h = (gate(Wf, x, x) * h + gate(Wi, x, x)) * gate(Wo, x, x)
    return h.sum()


def reversed_loop():
    """From the last step to the first."""
    (W,) = weights("W")
    h = Tensor(numpy.zeros((3, 2)), "h_end")
    for t in steps(T, reverse=True):
        h = tanh(W @ h + inputs()[t])
    return h.sum()


def two_loops():
    """A loop over the states, then one over what is read out of them."""
    W, V = weights("W", "V")
    h, states = Tensor(numpy.ones((3, 2)), "h0"), []
    for _ in range(T):
        h = tanh(W @ h)
        states.append(h)
    loss = 0
    for h in states:
        y = V @ h
        loss = loss + (y * y).sum()
    return loss


def nested_loops():
    """Two layers inside of every step, by a loop over them."""
    layers = weights("W1", "W2")
    h, loss = [numpy.ones((3, 2)), numpy.ones((3, 2))], 0
    for x in inputs():
        for k, W in enumerate(layers):
            h[k] = x = tanh(W @ h[k] + x)
        loss = loss + x.sum()
    return loss


def both_directions():
    """One loop forward, one backward, and a third over both."""
    W, V = weights("W", "V")
    x = [Tensor(array, "x") for array in inputs()]
    ahead, back = Tensor(numpy.zeros((3, 2)), "f0"), Tensor(numpy.zeros((3, 2)), "b0")
    fs, bs = [None] * T, [None] * T
    for t in steps(T):
        fs[t] = ahead = name(tanh(W @ ahead + x[t]), "f")
    for t in steps(T, reverse=True):
        bs[t] = back = name(tanh(V @ back + x[t]), "b")
    loss = 0
    for t in steps(T):
        loss = loss + (fs[t] * bs[t]).sum()
    return loss


def does_not_divide():
    """A loss in all steps but the first: neither T records a line nor a multiple of T."""
    (W,) = weights("W")
    h, loss = Tensor(numpy.ones((3, 2)), "h0"), 0
    for t in range(T):
        h = tanh(W @ h)
        if t:
            loss = loss + h.sum()
    return loss


def first_step_apart():
    """The first step stands before the loop, on a line of its own, and has no state to come from."""
    W, U = weights("W", "U")
    x = inputs()
    with scope(time=1):
        h = name(tanh(U @ x[0]), "h")
    for t in range(1, T):
        with scope(time=t + 1):
            h = name(tanh(W @ h + U @ x[t]), "h")
    return h.sum()


def one_array_used_thrice():
    """The first step uses one plain array three times, later steps their state."""
    (W,) = weights("W")
    h = numpy.ones((3, 2))
    for _ in range(T):
        h = numpy.tanh(W @ h) * h + h
    return numpy.sum(h)


def four_gates_of_one_product():
    """One product a step, cut into pieces that differ in nothing but where they are cut."""
    (W,) = weights("W", rows=12, columns=5)
    h, c = Tensor(numpy.zeros((3, 2)), "h0"), Tensor(numpy.zeros((3, 2)), "c0")
    for x in inputs():
        z = W @ concatenate([h, Tensor(x[:2], "x")])
        i, f, o, g = (z[3 * k : 3 * k + 3] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
    return h.sum()


STYLES = {
    style.__name__: style
    for style in (
        in_lists, in_dicts, filled_by_index, helper_thrice, helper_at_most_thrice, reversed_loop, two_loops,
        nested_loops, both_directions, does_not_divide, first_step_apart, one_array_used_thrice,
        four_gates_of_one_product,
    )
}  # fmt: skip
