"""Recurrent networks in NumPy, forward and backward, written by hand as a course teaches them.

The tests run these functions as they stand, and again with the import line changed to
``import autograd_seq.numpy as np``. The backward functions are the independent reference.
"""

import numpy as np


def softmax(x):
    e_x = np.exp(x - np.max(x, axis=0, keepdims=True))
    return e_x / np.sum(e_x, axis=0, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# -- RNN ------------------------------------------------------------------------------------


def rnn_cell_forward(xt, a_prev, parameters):
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    Wya = parameters["Wya"]
    ba = parameters["ba"]
    by = parameters["by"]
    a_next = np.tanh(np.dot(Waa, a_prev) + np.dot(Wax, xt) + ba)
    yt_pred = softmax(np.dot(Wya, a_next) + by)
    cache = (a_next, a_prev, xt, parameters)
    return a_next, yt_pred, cache


def rnn_forward(x, a0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wya"].shape
    a = np.zeros((n_a, m, T_x))
    y_pred = np.zeros((n_y, m, T_x))
    a_next = a0
    for t in range(T_x):
        a_next, yt_pred, cache = rnn_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        y_pred[:, :, t] = yt_pred
        caches.append(cache)
    caches = (caches, x)
    return a, y_pred, caches


def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    dtanh = (1 - a_next**2) * da_next
    dxt = np.dot(Wax.T, dtanh)
    dWax = np.dot(dtanh, xt.T)
    da_prev = np.dot(Waa.T, dtanh)
    dWaa = np.dot(dtanh, a_prev.T)
    dba = np.sum(dtanh, axis=1, keepdims=True)
    return {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}


def rnn_backward(da, caches):
    (caches, x) = caches
    (a1, a0, x1, parameters) = caches[0]
    n_a, m, T_x = da.shape
    n_x, m = x1.shape
    dx = np.zeros((n_x, m, T_x))
    dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a))
    dba = np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        gradients = rnn_cell_backward(da[:, :, t] + da_prevt, caches[t])
        da_prevt = gradients["da_prev"]
        dx[:, :, t] = gradients["dxt"]
        dWax += gradients["dWax"]
        dWaa += gradients["dWaa"]
        dba += gradients["dba"]
    return {"dx": dx, "da0": da_prevt, "dWax": dWax, "dWaa": dWaa, "dba": dba}


# -- LSTM -----------------------------------------------------------------------------------


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    Wf = parameters["Wf"]
    bf = parameters["bf"]
    Wi = parameters["Wi"]
    bi = parameters["bi"]
    Wc = parameters["Wc"]
    bc = parameters["bc"]
    Wo = parameters["Wo"]
    bo = parameters["bo"]
    Wy = parameters["Wy"]
    by = parameters["by"]
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
    Wy = parameters["Wy"]
    n_x, m, T_x = x.shape
    n_y, n_a = Wy.shape
    a = np.zeros((n_a, m, T_x))
    c = np.zeros((n_a, m, T_x))
    y = np.zeros((n_y, m, T_x))
    a_next = a0
    c_next = np.zeros((n_a, m))
    for t in range(T_x):
        xt = x[:, :, t]
        a_next, c_next, yt, cache = lstm_cell_forward(xt, a_next, c_next, parameters)
        a[:, :, t] = a_next
        c[:, :, t] = c_next
        y[:, :, t] = yt
        caches.append(cache)
    caches = (caches, x)
    return a, y, c, caches


def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_a, m = a_next.shape
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + ot * (1 - np.square(np.tanh(c_next))) * da_next
    dcct = dc * it * (1 - np.square(cct))
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)
    concat = np.concatenate((a_prev, xt), axis=0)
    dWf = np.dot(dft, concat.T)
    dWi = np.dot(dit, concat.T)
    dWc = np.dot(dcct, concat.T)
    dWo = np.dot(dot, concat.T)
    dbf = np.sum(dft, axis=1, keepdims=True)
    dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbo = np.sum(dot, axis=1, keepdims=True)
    dconcat = (
        np.dot(parameters["Wf"].T, dft)
        + np.dot(parameters["Wi"].T, dit)
        + np.dot(parameters["Wc"].T, dcct)
        + np.dot(parameters["Wo"].T, dot)
    )
    gradients = {"dxt": dconcat[n_a:, :], "da_prev": dconcat[:n_a, :], "dc_prev": dc * ft}
    gradients.update({"dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi, "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo})
    return gradients


def lstm_backward(da, caches):
    (caches, x) = caches
    n_a, m, T_x = da.shape
    dx = np.zeros(x.shape)
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    names = ["dWf", "dbf", "dWi", "dbi", "dWc", "dbc", "dWo", "dbo"]
    total = {name: np.zeros_like(caches[0][9][name[1:]]) for name in names}
    for t in reversed(range(T_x)):
        gradients = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        da_prevt = gradients["da_prev"]
        dc_prevt = gradients["dc_prev"]
        dx[:, :, t] = gradients["dxt"]
        for name in names:
            total[name] += gradients[name]
    return {"dx": dx, "da0": da_prevt, **total}


# -- GRU ------------------------------------------------------------------------------------


def gru_cell_forward(xt, c_prev, parameters):
    Wu, Wr, Wc = parameters["Wu"], parameters["Wr"], parameters["Wc"]
    bu, br, bc = parameters["bu"], parameters["br"], parameters["bc"]
    concat = np.concatenate([c_prev, xt])
    gamma_u = sigmoid(Wu @ concat + bu)
    gamma_r = sigmoid(Wr @ concat + br)
    c_tilde = np.tanh(Wc @ np.vstack((gamma_r * c_prev, xt)) + bc)
    c_next = gamma_u * c_tilde + (1 - gamma_u) * c_prev
    return c_next, (c_next, c_prev, gamma_u, gamma_r, c_tilde, xt, parameters)


def gru_forward(x, c0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    c = np.empty((c0.shape[0], m, T_x + 1))
    c[:, :, 0] = c0
    for t in range(T_x):
        c[:, :, t + 1], cache = gru_cell_forward(x[:, :, t], c[:, :, t], parameters)
        caches.append(cache)
    return c[:, :, 1:], caches


def gru_backward(dc, caches):
    n_c = dc.shape[0]
    total = {}
    dc_next = 0
    for t in reversed(range(dc.shape[2])):
        (c_next, c_prev, gamma_u, gamma_r, c_tilde, xt, parameters) = caches[t]
        dc_t = dc[:, :, t] + dc_next
        dz_c = dc_t * gamma_u * (1 - c_tilde**2)
        dz_u = dc_t * (c_tilde - c_prev) * gamma_u * (1 - gamma_u)
        dreset = np.dot(parameters["Wc"].T, dz_c)[:n_c]
        dz_r = dreset * c_prev * gamma_r * (1 - gamma_r)
        concat = np.vstack((c_prev, xt))
        reset = np.vstack((gamma_r * c_prev, xt))
        steps = {
            "dWc": dz_c @ reset.T, "dWu": dz_u @ concat.T, "dWr": dz_r @ concat.T,
            "dbc": dz_c.sum(axis=1, keepdims=True),
            "dbu": dz_u.sum(axis=1, keepdims=True),
            "dbr": dz_r.sum(axis=1, keepdims=True),
        }  # fmt: skip
        for name in steps:
            total[name] = total.get(name, 0) + steps[name]
        dc_next = dc_t * (1 - gamma_u) + dreset * gamma_r
        dc_next = dc_next + (parameters["Wu"].T @ dz_u + parameters["Wr"].T @ dz_r)[:n_c]
    return {**total, "dc0": dc_next}


# -- a character model: loss, clipping, sampling, training --------------------------------------


def rnn_loss(X, Y, a_prev, parameters, vocab_size):
    x, a, y_hat = {}, {}, {}
    a[-1] = np.copy(a_prev)
    loss = 0
    for t in range(len(X)):
        x[t] = np.zeros((vocab_size, 1))
        if X[t] is not None:
            x[t][X[t]] = 1
        a[t], y_hat[t], _ = rnn_cell_forward(x[t], a[t - 1], parameters)
        loss -= np.log(y_hat[t][Y[t], 0])
    cache = (y_hat, a, x)
    return loss, cache


def rnn_loss_backward(X, Y, parameters, cache):
    gradients = {}
    (y_hat, a, x) = cache
    Waa, Wya = parameters["Waa"], parameters["Wya"]
    for name in ("Wax", "Waa", "Wya", "ba", "by"):
        gradients["d" + name] = np.zeros_like(parameters[name])
    da_next = np.zeros_like(a[0])
    for t in reversed(range(len(X))):
        dy = np.copy(y_hat[t])
        dy[Y[t]] -= 1
        gradients["dWya"] += np.dot(dy, a[t].T)
        gradients["dby"] += dy
        da = np.dot(Wya.T, dy) + da_next
        daraw = (1 - a[t] * a[t]) * da
        gradients["dba"] += daraw
        gradients["dWax"] += np.dot(daraw, x[t].T)
        gradients["dWaa"] += np.dot(daraw, a[t - 1].T)
        da_next = np.dot(Waa.T, daraw)
    return gradients


def clip(gradients, maxValue):
    for gradient in gradients.values():
        np.clip(gradient, -maxValue, maxValue, out=gradient)
    return gradients


def update_parameters(parameters, gradients, lr):
    for name in parameters:
        parameters[name] += -lr * gradients["d" + name]
    return parameters


def sample(parameters, newline, seed):
    Waa, Wax, Wya, by, b = (parameters[k] for k in ("Waa", "Wax", "Wya", "by", "ba"))
    vocab_size = by.shape[0]
    n_a = Waa.shape[1]
    x = np.zeros((vocab_size, 1))
    a_prev = np.zeros((n_a, 1))
    indices = []
    idx = -1
    counter = 0
    while idx != newline and counter != 50:
        a = np.tanh(np.dot(Wax, x) + np.dot(Waa, a_prev) + b)
        z = np.dot(Wya, a) + by
        y = softmax(z)
        np.random.seed(counter + seed)
        idx = np.random.choice(range(vocab_size), p=y.ravel())
        indices.append(idx)
        x = np.zeros((vocab_size, 1))
        x[idx] = 1
        a_prev = a
        seed += 1
        counter += 1
    if counter == 50:
        indices.append(newline)
    return indices


# -- styles of writing that a course has, too ------------------------------------------------------


def many_to_one(x, parameters):
    """Labels by maximum, a list of losses, a mean over it, a moving state in one array."""
    n_a = parameters["Waa"].shape[0]
    h = np.zeros((n_a, x.shape[1]))
    losses = []
    for t in range(x.shape[2]):
        h[:] = np.tanh(parameters["Waa"].dot(h) + parameters["Wax"].dot(x[:, :, t]) + parameters["ba"])
        scores = parameters["Wya"] @ h + parameters["by"]
        scores = scores - scores.max(axis=0)
        log_p = scores - np.log(np.exp(scores).sum(axis=0))
        best = np.argmax(log_p, axis=0)
        losses.append(-log_p[best, np.arange(x.shape[1])])
    return np.mean(losses), np.array(losses)


def relu_network(x, W, b):
    """Boolean masks, in-place operators, and writing into one's own result."""
    z = W @ x + b
    a = np.array(z)
    a[a < 0] *= 0.1
    a += 1
    a[0] -= a[1:].sum(axis=0)
    out = np.ones_like(a)
    out[:, 1:] = a[:, :-1] * a[:, 1:]
    out[-1, 0] = np.sum(a**2)
    return out / np.sqrt(np.mean(out**2))
