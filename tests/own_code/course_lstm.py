"""The course's LSTM: cells over a stacked input, states filled into arrays, caches in a list."""

import autograd_seq.numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e_x = np.exp(x - np.max(x, axis=0))
    return e_x / e_x.sum(axis=0)


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    Wf, bf = parameters["Wf"], parameters["bf"]  # forget gate
    Wi, bi = parameters["Wi"], parameters["bi"]  # update gate
    Wc, bc = parameters["Wc"], parameters["bc"]  # candidate value
    Wo, bo = parameters["Wo"], parameters["bo"]  # output gate
    Wy, by = parameters["Wy"], parameters["by"]  # prediction

    n_x, m = xt.shape
    n_y, n_a = Wy.shape

    concat = np.zeros((n_a + n_x, m))
    concat[:n_a, :] = a_prev
    concat[n_a:, :] = xt

    ft = sigmoid(np.dot(Wf, concat) + bf)
    it = sigmoid(np.dot(Wi, concat) + bi)
    cct = np.tanh(np.dot(Wc, concat) + bc)
    c_next = ft * c_prev + it * cct
    ot = sigmoid(np.dot(Wo, concat) + bo)
    a_next = ot * np.tanh(c_next)

    yt_pred = softmax(np.dot(Wy, a_next) + by)

    cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
    return a_next, c_next, yt_pred, cache


def lstm_forward(x, a0, parameters):
    caches = []

    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wy"].shape

    a = np.zeros((n_a, m, T_x))
    c = np.zeros((n_a, m, T_x))
    y = np.zeros((n_y, m, T_x))

    a_next = a0
    c_next = np.zeros((n_a, m))

    for t in range(T_x):
        a_next, c_next, yt, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t] = a_next
        c[:, :, t] = c_next
        y[:, :, t] = yt
        caches.append(cache)

    caches = (caches, x)
    return a, y, c, caches


def loss(parameters, x, a0, labels):
    a, y, c, caches = lstm_forward(x, a0, parameters)
    m = x.shape[1]
    J = -np.sum(labels * np.log(y)) / m
    return J


def example(T, m, seed):
    """Parameters, and arguments of the loss."""
    rng = np.random.default_rng(seed)
    n_x, n_a, n_y = 3, 5, 2
    parameters = {f"W{gate}": rng.standard_normal((n_a, n_a + n_x)) / 2 for gate in "fico"}
    parameters |= {f"b{gate}": rng.standard_normal((n_a, 1)) for gate in "fico"}
    parameters |= {"Wy": rng.standard_normal((n_y, n_a)), "by": rng.standard_normal((n_y, 1))}
    labels = np.eye(n_y)[rng.integers(n_y, size=(m, T))].transpose(2, 0, 1)
    return parameters, {"x": rng.standard_normal((n_x, m, T)), "a0": rng.standard_normal((n_a, m)), "labels": labels}
