"""Every cell forward and backward by hand, in plain NumPy: one example at a time, no engine, no batch, no masks."""

import numpy as np


def sigma(z):
    return 1 / (1 + np.exp(-z))


class RNNByHand:
    slopes = {
        "tanh": (np.tanh, lambda a: 1 - a * a),
        "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0) * 1.0),
        "sigmoid": (sigma, lambda a: a * (1 - a)),
    }

    def __init__(self, p, activation="tanh", stacked=False):
        self.p, self.stacked = p, stacked
        self.g, self.slope = self.slopes[activation]
        n = p["ba"].shape[0]
        self.n = n
        self.Waa, self.Wax = (p["Wa"][:, :n], p["Wa"][:, n:]) if stacked else (p["Waa"], p["Wax"])

    def forward(self, x, state):
        a, self.x, self.a = state["a"], x, [state["a"]]
        for t in range(x.shape[1]):
            a = self.g(self.Waa @ a + self.Wax @ x[:, t : t + 1] + self.p["ba"])
            self.a.append(a)
        return np.hstack(self.a[1:])

    def backward(self, da):
        dWaa, dWax, dba = np.zeros_like(self.Waa), np.zeros_like(self.Wax), np.zeros_like(self.p["ba"])
        dx, carry = np.zeros_like(self.x), np.zeros_like(self.p["ba"])
        for t in reversed(range(self.x.shape[1])):
            dz = (da[:, t : t + 1] + carry) * self.slope(self.a[t + 1])
            dWaa += dz @ self.a[t].T
            dWax += dz @ self.x[:, t : t + 1].T
            dba += dz
            dx[:, t : t + 1] = self.Wax.T @ dz
            carry = self.Waa.T @ dz
        gradients = {"Wa": np.hstack([dWaa, dWax])} if self.stacked else {"Waa": dWaa, "Wax": dWax}
        return dx, gradients | {"ba": dba}, {"a": carry}


class GRUByHand:
    def __init__(self, p, full=True, reset_after=False):
        self.p, self.full, self.reset_after, self.n = p, full, reset_after, p["bu"].shape[0]

    def forward(self, x, state):
        p, c, self.x, self.steps, out = self.p, state["a"], x, [], []
        for t in range(x.shape[1]):
            x_t, before = x[:, t : t + 1], c
            seen = np.vstack([before, x_t])
            u = sigma(p["Wu"] @ seen + p["bu"])
            r = sigma(p["Wr"] @ seen + p["br"]) if self.full else np.ones_like(u)
            if self.reset_after:
                q = p["Wca"] @ before + p["bca"]
                k = np.tanh(r * q + p["Wcx"] @ x_t + p["bc"])
            else:
                q = None
                k = np.tanh(p["Wc"] @ np.vstack([r * before, x_t]) + p["bc"])
            c = u * k + (1 - u) * before
            self.steps.append((before, x_t, u, r, q, k))
            out.append(c)
        return np.hstack(out)

    def backward(self, da):
        p, n = self.p, self.n
        d = {key: np.zeros_like(value) for key, value in p.items()}
        dx, carry = np.zeros_like(self.x), np.zeros((n, 1))
        for t in reversed(range(self.x.shape[1])):
            before, x_t, u, r, q, k = self.steps[t]
            dc = da[:, t : t + 1] + carry
            dzu, dzk = dc * (k - before) * u * (1 - u), dc * u * (1 - k * k)
            dbefore, dx_t = dc * (1 - u), np.zeros_like(x_t)
            if self.reset_after:
                dq, dr = dzk * r, dzk * q
                d["Wca"] += dq @ before.T
                d["bca"] += dq
                d["Wcx"] += dzk @ x_t.T
                dbefore = dbefore + p["Wca"].T @ dq
                dx_t = dx_t + p["Wcx"].T @ dzk
            else:
                d["Wc"] += dzk @ np.vstack([r * before, x_t]).T
                down = p["Wc"].T @ dzk
                dr = down[:n] * before
                dbefore, dx_t = dbefore + down[:n] * r, dx_t + down[n:]
            d["bc"] += dzk
            gates = [("u", dzu)] + ([("r", dr * r * (1 - r))] if self.full else [])
            for gate, dz in gates:
                d["W" + gate] += dz @ np.vstack([before, x_t]).T
                d["b" + gate] += dz
                down = p["W" + gate].T @ dz
                dbefore, dx_t = dbefore + down[:n], dx_t + down[n:]
            dx[:, t : t + 1], carry = dx_t, dbefore
        return dx, d, {"a": carry}


class LSTMByHand:
    def __init__(self, p, peephole=None, output_sees="previous"):
        self.p, self.peephole, self.current, self.n = p, peephole, output_sees == "current", p["bf"].shape[0]

    def gate(self, g, c, a, x):
        p = self.p
        seen = np.vstack([c, a, x]) if self.peephole == "full" else np.vstack([a, x])
        return sigma(p["W" + g] @ seen + p["b" + g] + (p["p" + g] * c if self.peephole == "diagonal" else 0))

    def forward(self, x, state):
        p, a, c, self.x, self.steps, out = self.p, state["a"], state["c"], x, [], []
        for t in range(x.shape[1]):
            x_t, a0, c0 = x[:, t : t + 1], a, c
            f, u = self.gate("f", c0, a0, x_t), self.gate("u", c0, a0, x_t)
            k = np.tanh(p["Wc"] @ np.vstack([a0, x_t]) + p["bc"])
            c = f * c0 + u * k
            o = self.gate("o", c if self.current else c0, a0, x_t)
            a = o * np.tanh(c)
            self.steps.append((x_t, a0, c0, f, u, k, c, o))
            out.append(a)
        return np.hstack(out)

    def backward(self, da):
        p, n = self.p, self.n
        d = {key: np.zeros_like(value) for key, value in p.items()}
        dx, carry_a, carry_c = np.zeros_like(self.x), np.zeros((n, 1)), np.zeros((n, 1))

        def through(g, dz, c, a, x_t):
            """(dc, da, dx) of a gate's pre-activation, whose parameters get their share."""
            d["b" + g] += dz
            if self.peephole == "full" and g != "c":
                d["W" + g] += dz @ np.vstack([c, a, x_t]).T
                down = p["W" + g].T @ dz
                return down[:n], down[n : 2 * n], down[2 * n :]
            d["W" + g] += dz @ np.vstack([a, x_t]).T
            down = p["W" + g].T @ dz
            seen = np.zeros_like(c)
            if self.peephole == "diagonal" and g != "c":
                d["p" + g] += dz * c
                seen = p["p" + g] * dz
            return seen, down[:n], down[n:]

        for t in reversed(range(self.x.shape[1])):
            x_t, a0, c0, f, u, k, c, o = self.steps[t]
            da_t = da[:, t : t + 1] + carry_a
            dc_o, da_o, dx_o = through("o", da_t * np.tanh(c) * o * (1 - o), c if self.current else c0, a0, x_t)
            dc = carry_c + da_t * o * (1 - np.tanh(c) ** 2) + (dc_o if self.current else 0)
            dc_f, da_f, dx_f = through("f", dc * c0 * f * (1 - f), c0, a0, x_t)
            dc_u, da_u, dx_u = through("u", dc * k * u * (1 - u), c0, a0, x_t)
            _, da_k, dx_k = through("c", dc * u * (1 - k * k), c0, a0, x_t)
            carry_c = dc * f + dc_f + dc_u + (0 if self.current else dc_o)
            carry_a = da_o + da_f + da_u + da_k
            dx[:, t : t + 1] = dx_o + dx_f + dx_u + dx_k
        return dx, d, {"a": carry_a, "c": carry_c}


class BothByHand:
    """Two directions: the backward one reads the reversed sequence."""

    def __init__(self, forward, backward):
        self.there, self.back = forward, backward

    def forward(self, x, state=None):
        z1, z2 = zeros(self.there), zeros(self.back)
        return np.vstack([self.there.forward(x, z1), self.back.forward(x[:, ::-1], z2)[:, ::-1]])

    def backward(self, da):
        n = da.shape[0] - (self.back.n if hasattr(self.back, "n") else self.back.layers[-1].n)
        dx1, d1, _ = self.there.backward(da[:n])
        dx2, d2, _ = self.back.backward(da[n:, ::-1])
        named = {"→" + key: value for key, value in d1.items()} | {"←" + key: value for key, value in d2.items()}
        return dx1 + dx2[:, ::-1], named, {}


class DeepByHand:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, x, state=None):
        for layer in self.layers:
            x = layer.forward(x, zeros(layer))
        return x

    def backward(self, da):
        gradients = {}
        for number in range(len(self.layers), 0, -1):
            da, d, _ = self.layers[number - 1].backward(da)
            gradients |= {f"{key}[{number}]": value for key, value in d.items()}
        return da, gradients, {}


def zeros(layer):
    return {key: np.zeros((layer.n, 1)) for key in "ac"} if hasattr(layer, "n") else None


def loss_by_hand(cell, p, x, y, activation, state=None):
    """(J, gradients, dx, dstate, states) of one example: ŷ = g(Wya a + by), cross-entropies summed over time."""
    a = cell.forward(x, state or zeros(cell))
    z = p["Wya"] @ a + p["by"]
    if activation == "sigmoid":
        y_hat = sigma(z)
        J = -np.sum(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    else:
        e = np.exp(z - z.max(axis=0))
        y_hat = e / e.sum(axis=0)
        J = -np.sum(y * np.log(y_hat))
    dz = y_hat - y
    dx, gradients, dstate = cell.backward(p["Wya"].T @ dz)
    return J, gradients | {"Wya": dz @ a.T, "by": dz.sum(axis=1, keepdims=True)}, dx, dstate, a
