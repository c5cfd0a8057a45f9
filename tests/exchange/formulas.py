"""The steps of other libraries in NumPy, as their documentation and sources have them, on arrays by their names.

Rows are examples. Nothing here knows a table of `cells.exchange`: these are what the tables are compared with.
"""

import numpy as np

from cells.exchange import load


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def split(z, n):
    return np.split(z, n, axis=-1)


def torch_rnn(w, x, h, c):
    return np.tanh(x @ w["weight_ih"].T + w["bias_ih"] + h @ w["weight_hh"].T + w["bias_hh"]), c


def torch_lstm(w, x, h, c):
    i, f, g, o = split(x @ w["weight_ih"].T + w["bias_ih"] + h @ w["weight_hh"].T + w["bias_hh"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def torch_gru(w, x, h, c):
    xr, xz, xn = split(x @ w["weight_ih"].T + w["bias_ih"], 3)
    hr, hz, hn = split(h @ w["weight_hh"].T + w["bias_hh"], 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    return (1 - z) * np.tanh(xn + r * hn) + z * h, c


def keras_rnn(w, x, h, c):
    return np.tanh(x @ w["kernel"] + w["bias"] + h @ w["recurrent_kernel"]), c


def keras_lstm(w, x, h, c):
    i, f, g, o = split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def keras_gru(w, x, h, c):
    xz, xr, xh = split(x @ w["kernel"] + w["bias"][0], 3)
    hz, hr, hh = split(h @ w["recurrent_kernel"] + w["bias"][1], 3)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    return z * h + (1 - z) * np.tanh(xh + r * hh), c


def keras_gru_before(w, x, h, c):
    n = h.shape[-1]
    xz, xr, xh = split(x @ w["kernel"] + w["bias"], 3)
    hz, hr = split(h @ w["recurrent_kernel"][:, : 2 * n], 2)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    return z * h + (1 - z) * np.tanh(xh + (r * h) @ w["recurrent_kernel"][:, 2 * n :]), c


def linen_lstm(w, x, h, c):
    z = {g: x @ w[f"i{g}/kernel"] + h @ w[f"h{g}/kernel"] + w[f"h{g}/bias"] for g in "ifgo"}
    c = sigmoid(z["f"]) * c + sigmoid(z["i"]) * np.tanh(z["g"])
    return sigmoid(z["o"]) * np.tanh(c), c


def linen_gru(w, x, h, c):
    def of_x(gate):
        return x @ w[f"i{gate}/kernel"] + w[f"i{gate}/bias"]

    r, z = (sigmoid(of_x(g) + h @ w[f"h{g}/kernel"]) for g in "rz")
    n = np.tanh(of_x("n") + r * (h @ w["hn/kernel"] + w["hn/bias"]))
    return (1 - z) * n + z * h, c


def linen_rnn(w, x, h, c):
    return np.tanh(x @ w["i/kernel"] + w["i/bias"] + h @ w["h/kernel"]), c


def nnx_lstm(w, x, h, c):
    return linen_lstm({k.replace("if_", "if"): v for k, v in w.items()}, x, h, c)


def nnx_optimized_lstm(w, x, h, c):
    i, f, g, o = split(x @ w["dense_i/kernel"] + h @ w["dense_h/kernel"] + w["dense_h/bias"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def nnx_gru(w, x, h, c):
    xr, xz, xn = split(x @ w["dense_i/kernel"] + w["dense_i/bias"], 3)
    hr, hz, hn = split(h @ w["dense_h/kernel"], 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    return (1 - z) * np.tanh(xn + r * hn) + z * h, c


def nnx_rnn(w, x, h, c):
    return np.tanh(x @ w["dense_i/kernel"] + w["dense_i/bias"] + h @ w["dense_h/kernel"]), c


def equinox_lstm(w, x, h, c):
    i, f, g, o = split(x @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def equinox_gru(w, x, h, c):
    xr, xz, xn = split(x @ w["weight_ih"].T + w["bias"], 3)
    hr, hz, hn = split(h @ w["weight_hh"].T, 3)
    n = np.tanh(xn + sigmoid(xr + hr) * (hn + w["bias_n"]))
    return n + sigmoid(xz + hz) * (h - n), c


def haiku_rnn(w, x, h, c):
    z = x @ w["vanilla_rnn/linear/w"] + w["vanilla_rnn/linear/b"]
    return np.maximum(z + h @ w["vanilla_rnn/linear_1/w"] + w["vanilla_rnn/linear_1/b"], 0), c


def haiku_lstm(w, x, h, c):
    i, g, f, o = split(np.concatenate([x, h], axis=-1) @ w["lstm/linear/w"] + w["lstm/linear/b"], 4)
    c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def haiku_gru(w, x, h, c):
    n = h.shape[-1]
    xz, xr, xa = split(x @ w["gru/w_i"] + w["gru/b"], 3)
    hz, hr = split(h @ w["gru/w_h"][:, : 2 * n], 2)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    return (1 - z) * h + z * np.tanh(xa + (r * h) @ w["gru/w_h"][:, 2 * n :]), c


def each(gates, template, shape):
    return {template.format(g): shape for g in gates}


X, N, M, T = 3, 4, 2, 4  # inputs, units, examples and steps of everything here
FORMULAS = {
    "torch rnn": (torch_rnn, "torch", dict(weight_ih=(N, X), weight_hh=(N, N), bias_ih=(N,), bias_hh=(N,))),
    "torch lstm": (torch_lstm, "torch",
                   dict(weight_ih=(4 * N, X), weight_hh=(4 * N, N), bias_ih=(4 * N,), bias_hh=(4 * N,))),
    "torch gru": (torch_gru, "torch",
                  dict(weight_ih=(3 * N, X), weight_hh=(3 * N, N), bias_ih=(3 * N,), bias_hh=(3 * N,))),
    "keras rnn": (keras_rnn, "keras", dict(kernel=(X, N), recurrent_kernel=(N, N), bias=(N,))),
    "keras lstm": (keras_lstm, "keras", dict(kernel=(X, 4 * N), recurrent_kernel=(N, 4 * N), bias=(4 * N,))),
    "keras gru": (keras_gru, "keras", dict(kernel=(X, 3 * N), recurrent_kernel=(N, 3 * N), bias=(2, 3 * N))),
    "keras gru before": (keras_gru_before, "keras",
                         dict(kernel=(X, 3 * N), recurrent_kernel=(N, 3 * N), bias=(3 * N,))),
    "linen rnn": (linen_rnn, "flax.linen", {"i/kernel": (X, N), "i/bias": (N,), "h/kernel": (N, N)}),
    "linen lstm": (linen_lstm, "flax.linen", each("ifgo", "i{}/kernel", (X, N)) | each("ifgo", "h{}/kernel", (N, N))
                   | each("ifgo", "h{}/bias", (N,))),
    "linen gru": (linen_gru, "flax.linen", each("rzn", "i{}/kernel", (X, N)) | each("rzn", "i{}/bias", (N,))
                  | each("rzn", "h{}/kernel", (N, N)) | {"hn/bias": (N,)}),
    "nnx rnn": (nnx_rnn, "flax.nnx", {"dense_i/kernel": (X, N), "dense_i/bias": (N,), "dense_h/kernel": (N, N)}),
    "nnx lstm": (nnx_lstm, "flax.nnx", each(["i", "f_", "g", "o"], "i{}/kernel", (X, N))
                 | each("ifgo", "h{}/kernel", (N, N)) | each("ifgo", "h{}/bias", (N,))),
    "nnx optimized lstm": (nnx_optimized_lstm, "flax.nnx", {
        "dense_i/kernel": (X, 4 * N), "dense_h/kernel": (N, 4 * N), "dense_h/bias": (4 * N,)}),
    "nnx gru": (nnx_gru, "flax.nnx", {
        "dense_i/kernel": (X, 3 * N), "dense_i/bias": (3 * N,), "dense_h/kernel": (N, 3 * N)}),
    "equinox lstm": (equinox_lstm, "equinox", dict(weight_ih=(4 * N, X), weight_hh=(4 * N, N), bias=(4 * N,))),
    "equinox gru": (equinox_gru, "equinox",
                    dict(weight_ih=(3 * N, X), weight_hh=(3 * N, N), bias=(3 * N,), bias_n=(N,))),
    "haiku rnn": (haiku_rnn, "haiku", {
        "vanilla_rnn/linear/w": (X, N), "vanilla_rnn/linear/b": (N,), "vanilla_rnn/linear_1/w": (N, N),
        "vanilla_rnn/linear_1/b": (N,)}),
    "haiku lstm": (haiku_lstm, "haiku", {"lstm/linear/w": (X + N, 4 * N), "lstm/linear/b": (4 * N,)}),
    "haiku gru": (haiku_gru, "haiku", {"gru/w_i": (X, 3 * N), "gru/w_h": (N, 3 * N), "gru/b": (3 * N,)}),
}  # fmt: skip


def drawn(shapes, seed=0):
    rng = np.random.default_rng(seed)
    return {key: rng.standard_normal(shape) * 0.6 for key, shape in shapes.items()}


def sequence(seed=1):
    return np.random.default_rng(seed).standard_normal((X, M, T))


def loaded(name, arrays, library):
    return load(arrays, library, **({"activation": "relu"} if name == "haiku rnn" else {}))


def written(name):
    return "OptimizedLSTMCell" if "optimized" in name else None


def bare(arrays):
    return {key.removeprefix("cell/").removesuffix("_l0"): array for key, array in arrays.items()}
