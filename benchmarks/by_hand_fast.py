"""Hand-written BPTT in NumPy, as fast as an expert writes it: to measure against.

``FastLSTM(n_x, n_a, n_y, m, T, dtype)(x, y, p)`` takes what the functions of `by_hand` take and gives the same; the
gradients are valid until the next call. What makes it fast:

* memory is set aside once and used again at every call; so are the views into it;
* features are rows, as in the notes, so each gate of a step is one block in one piece, gates that are treated alike
  lie side by side, and one call serves them all;
* a step's input is [1; a; x], so that one product gives its gates with the biases; σ(z) = ½ + ½ tanh(z/2), with the
  halves in the weights, so that one tanh serves all gates;
* going back, the gates of step t + 1 and the output layer of step t lie side by side, so that one product gives da;
* what multiplies the adjoints is computed for a block of steps at once, small enough to stay in the cache, and so are
  the gradients of the weights.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from by_hand import Array, Parameters, Result

dot, tanh, multiply, add, subtract = np.dot, np.tanh, np.multiply, np.add, np.subtract
COLUMNS = 512  # examples × steps in one block


class SideBySide:
    """The steps of two arrays (T, rows, m) side by side, a block of steps at a time: what a product sums over."""

    def __init__(self, left: Array, right: Array, blocks: list[tuple[int, int]]) -> None:
        self.pairs: list[tuple[Array, Array, list[tuple[Array, Array]]]] = []
        buffers: list[Array] = []
        for start, stop in blocks:  # the first is the longest
            block = [v[start:stop].transpose(1, 0, 2) for v in (left, right)]
            if left.shape[2] == 1:  # one example: a row of steps is there already
                self.pairs.append((block[0][:, :, 0], block[1][:, :, 0], []))
                continue
            buffers = buffers or [np.empty(v.size, v.dtype) for v in block]
            held = [buffer[: v.size].reshape(v.shape) for buffer, v in zip(buffers, block, strict=True)]
            flat = [v.reshape(len(v), -1) for v in held]
            self.pairs.append((flat[0], flat[1], list(zip(held, block, strict=True))))

    def __call__(self, number: int) -> tuple[Array, Array]:
        """The two arrays of one block, (rows, steps × m) each, valid until the next call."""
        left, right, copies = self.pairs[number]
        for held, block in copies:
            held[...] = block
        return left, right


class Fast:
    """What the cells share: memory, output layer, gradients of the weights.

    ``inputs[t]`` is [1; a; x], where a is the state before step t. ``rows[t]`` holds what a cell keeps of step t, then
    its gates, which become their adjoints, then the adjoint of the logits of step t - 1.
    """

    gates: ClassVar[str]  # in the order of their rows
    kept: ClassVar[int] = 0  # blocks of n rows before the gates

    def __init__(self, n_x: int, n_a: int, n_y: int, m: int, T: int, dtype: Any) -> None:
        self.shape = n_x, n_a, n_y, m, T
        self.dtype = np.dtype(dtype)
        n, g = n_a, len(self.gates) * n_a
        first = self.kept * n  # the first row of the gates
        self.inputs = self.zeros(T + 1, 1 + n + n_x, m)
        self.inputs[:, 0] = 1
        self.rows = self.zeros(T + 1, first + g + n_y, m)
        self.before, self.after = self.inputs[:-1, 1 : n + 1], self.inputs[1:, 1 : n + 1]  # the states
        self.adjoints = self.rows[:, first:]  # of the gates, and of the logits of the step before
        self.logits, self.targets = self.zeros(T, n_y, m), self.zeros(T, n_y, m)
        self.W, self.dW = self.zeros(g, 1 + n + n_x), self.zeros(g, 1 + n + n_x)
        self.Wy, self.dWy = self.zeros(n_y, 1 + n), self.zeros(n_y, 1 + n)
        self.da, self.half, self.one = self.zeros(n, m), np.array(0.5, dtype), np.array(1, dtype)
        width = max(1, min(T, COLUMNS // m))
        self.blocks = [(max(0, stop - width), stop) for stop in range(T, 0, -width)]
        with_last = [(start, stop + (stop == T)) for start, stop in self.blocks]  # the logits' adjoints are a step late
        self.side_by_side = SideBySide(self.adjoints, self.inputs, with_last)
        self.more, self.more_y = np.empty_like(self.dW), np.empty_like(self.dWy)
        self.gradients = {"Wya": self.dWy[:, 1:], "by": self.dWy[:, :1]}
        for k, name in enumerate(self.gates):
            dW = self.dW[k * n : (k + 1) * n]
            self.gradients |= {"W" + name: dW[:, 1:], "b" + name: dW[:, :1]}

    def zeros(self, *shape: int) -> Array:
        """Memory of the dtype."""
        return np.zeros(shape, self.dtype)

    def gate(self, k: int, count: int = 1) -> Array:
        """Rows of the gate number k (and of those that follow), of all steps."""
        n = self.shape[1]
        return self.rows[:, (self.kept + k) * n : (self.kept + k + count) * n]

    def take_input(self, x: Array) -> None:
        """A step after the other, below the state that the step begins with."""
        n, T = self.shape[1], self.shape[4]
        self.inputs[:T, n + 1 :] = x.transpose(2, 0, 1)

    def read_out(self, y: Array, p: Parameters) -> float:
        """The output layer of all steps at once; the adjoints of its logits are put in their rows."""
        n_y, n = p["Wya"].shape
        Z, Y = self.logits, self.targets
        self.Wy[:, :1], self.Wy[:, 1:] = p["by"], p["Wya"]
        Y[...] = y.transpose(2, 0, 1)
        np.matmul(self.Wy, self.inputs[1:, : n + 1], out=Z)
        Z -= Z.max(axis=1, keepdims=True)
        J = -float(np.vdot(Y, Z))
        np.exp(Z, out=Z)
        total = Z.sum(axis=1, keepdims=True)
        Z /= total
        subtract(Z, Y, out=self.rows[1:, -n_y:])
        return J + float(np.log(total, out=total).sum())

    def weight_gradients(self, number: int) -> None:
        """Add what one block of steps gives; the first block begins the sums."""
        D, X = self.side_by_side(number)
        g, n = len(self.W), self.shape[1]
        dW, dWy = (self.more, self.more_y) if number else (self.dW, self.dWy)
        dot(D[:g], X.T, out=dW)
        dot(D[g:], X[: n + 1].T, out=dWy)
        if number:
            self.dW += dW
            self.dWy += dWy


class FastLSTM(Fast):
    """Rows of a step: c before | c̃ f u o | logits of the step before."""

    gates, kept = "cfuo", 1

    def __init__(self, n_x: int, n_a: int, n_y: int, m: int, T: int, dtype: Any) -> None:
        super().__init__(n_x, n_a, n_y, m, T, dtype)
        n, width = n_a, self.blocks[0][1] - self.blocks[0][0]
        self.H, self.two, self.dc = self.zeros(T, n, m), self.zeros(2 * n, m), self.zeros(n, m)
        self.back = self.zeros(n, 4 * n + n_y)
        self.f, self.rest = self.zeros(width, n, m), self.zeros(width, 3 * n, m)
        self.first, self.second = self.zeros(width, n, m), self.zeros(width, n, m)
        c, z, c_f = self.rows[:, :n], self.gate(0, 4), self.rows[:, : 2 * n]
        f_u, sigmas, o = self.gate(1, 2), self.gate(1, 3), self.gate(3)
        self.forward = list(
            zip(self.inputs[:-1], z, sigmas, c_f, f_u, c[1:], self.H, o, self.after, strict=False)
        )
        local = [c, *(self.gate(k) for k in range(4)), sigmas]
        three = z.reshape(T + 1, 4, n, m)[:, :3]
        self.backward = []
        for start, stop in self.blocks:
            following = self.adjoints[start + 1 : stop + 1]
            steps = zip(following, self.H[start:], three[start:], o[start:], self.f, strict=False)
            self.backward.append(([v[start:stop] for v in [*local, self.H]], list(steps)[::-1]))

    def __call__(self, x: Array, y: Array, p: Parameters) -> Result:
        """Loss and gradients, valid until the next call."""
        n = self.shape[1]
        W, half = self.W, self.half
        np.concatenate([p["bc"], p["bf"], p["bu"], p["bo"]], out=W[:, :1])
        np.concatenate([p["Wc"], p["Wf"], p["Wu"], p["Wo"]], out=W[:, 1:])
        self.back[:, : 4 * n], self.back[:, 4 * n :] = W[:, 1 : n + 1].T, p["Wya"].T
        W[n:] *= half
        self.take_input(x)
        two, low, high = self.two, self.two[:n], self.two[n:]
        for s, z, sigmas, c_f, f_u, c, h, o, a in self.forward:
            dot(W, s, out=z)
            tanh(z, out=z)
            multiply(sigmas, half, out=sigmas)
            add(sigmas, half, out=sigmas)
            multiply(c_f, f_u, out=two)  # [c before; c̃] · [f; u]
            add(low, high, out=c)
            tanh(c, out=h)
            multiply(o, h, out=a)
        J = self.read_out(y, p)

        back, da, dc = self.back, self.da, self.dc
        dc[...] = 0
        for number, (block, steps) in enumerate(self.backward):
            self.local(*block)
            for following, h, c_f_u, o, f in steps:
                dot(back, following, out=da)
                multiply(da, h, out=low)
                add(dc, low, out=dc)
                multiply(c_f_u, dc, out=c_f_u)
                multiply(o, da, out=o)
                multiply(dc, f, out=dc)
            self.weight_gradients(number)
        return J, self.gradients

    def local(self, c: Array, g: Array, f: Array, u: Array, o: Array, sigmas: Array, h: Array) -> None:
        """What multiplies dc (for o: da) in each gate, in the gate's place; what multiplies da in dc, in tanh c's."""
        steps = len(c)
        rest, first, second = self.rest[:steps], self.first[:steps], self.second[:steps]
        self.f[:steps] = f
        subtract(self.one, sigmas, out=rest)
        multiply(f, c, out=f)
        multiply(g, u, out=first)
        multiply(first, g, out=second)
        subtract(u, second, out=g)  # u (1 - c̃²)
        u[...] = first
        multiply(h, o, out=first)
        multiply(first, h, out=second)
        subtract(o, second, out=h)  # o (1 - tanh² c)
        o[...] = first
        multiply(sigmas, rest, out=sigmas)


class FastGRU(Fast):
    """Rows of a step: c̃ u r | logits of the step before. The candidate reads [1; r·c; x], held beside the inputs."""

    gates, kept = "ur", 1

    def __init__(self, n_x: int, n_a: int, n_y: int, m: int, T: int, dtype: Any) -> None:
        super().__init__(n_x, n_a, n_y, m, T, dtype)
        n, width = n_a, self.blocks[0][1] - self.blocks[0][0]
        self.back, self.back_c = self.zeros(n, 2 * n + n_y), self.zeros(n, n)
        self.Wc, self.dWc, self.more_c = (self.zeros(n, 1 + n + n_x) for _ in range(3))
        self.gradients |= {"Wc": self.dWc[:, 1:], "bc": self.dWc[:, :1]}
        self.seen = self.zeros(T, 1 + n + n_x, m)
        self.seen[:, 0] = 1
        self.adjoints_of_state, self.two = self.zeros(2 * n, m), self.zeros(2 * n, m)
        self.keep_r, self.keep_rest = self.zeros(width, 2 * n, m), self.zeros(width, 2 * n, m)
        g, u, r, sigmas = self.rows[:, :n], self.gate(0), self.gate(1), self.gate(0, 2)
        self.of_candidate = SideBySide(g, self.seen, self.blocks)
        r_c = self.seen[:, 1 : n + 1]
        self.forward = list(
            zip(self.inputs[:-1], sigmas, r, self.before, r_c, self.seen, g, u, self.after, strict=False)
        )
        g_u = self.rows[:, : 2 * n].reshape(T + 1, 2, n, m)
        self.backward = []
        for start, stop in self.blocks:
            following = self.adjoints[start + 1 : stop + 1]
            steps = zip(following, g_u[start:], g[start:], r[start:], self.keep_r, strict=False)
            self.backward.append(([v[start:stop] for v in (self.before, g, u, r, sigmas)], list(steps)[::-1]))

    def __call__(self, x: Array, y: Array, p: Parameters) -> Result:
        """Loss and gradients, valid until the next call."""
        n = self.shape[1]
        W, Wc, half = self.W, self.Wc, self.half
        np.concatenate([p["bu"], p["br"]], out=W[:, :1])
        np.concatenate([p["Wu"], p["Wr"]], out=W[:, 1:])
        Wc[:, :1], Wc[:, 1:] = p["bc"], p["Wc"]
        self.back[:, : 2 * n], self.back[:, 2 * n :] = W[:, 1 : n + 1].T, p["Wya"].T
        self.back_c[...] = p["Wc"][:, :n].T
        W *= half
        self.take_input(x)
        self.seen[:, n + 1 :] = self.inputs[:-1, n + 1 :]
        da = self.da
        for s, sigmas, r, c, r_c, seen, g, u, following in self.forward:
            dot(W, s, out=sigmas)
            tanh(sigmas, out=sigmas)
            multiply(sigmas, half, out=sigmas)
            add(sigmas, half, out=sigmas)
            multiply(r, c, out=r_c)
            dot(Wc, seen, out=g)
            tanh(g, out=g)
            subtract(g, c, out=da)
            multiply(da, u, out=da)
            add(c, da, out=following)
        J = self.read_out(y, p)

        back, back_c, two, both = self.back, self.back_c, self.two, self.adjoints_of_state
        low, high, dc, ds = two[:n], two[n:], both[:n], both[n:]
        two[...] = 0
        for number, (block, steps) in enumerate(self.backward):
            self.local(*block)
            for following, g_u, g, r, keep_r in steps:
                dot(back, following, out=da)
                add(low, high, out=dc)
                add(dc, da, out=dc)
                multiply(g_u, dc, out=g_u)
                dot(back_c, g, out=ds)
                multiply(r, ds, out=r)
                multiply(both, keep_r, out=two)  # [dc; ds] · [1 - u; r]
            self.weight_gradients(number)
        return J, self.gradients

    def local(self, c: Array, g: Array, u: Array, r: Array, sigmas: Array) -> None:
        """What multiplies the adjoints in each gate, in the gate's place."""
        n, steps = self.shape[1], len(c)
        kept, rest = self.keep_r[:steps], self.keep_rest[:steps]
        subtract(self.one, sigmas, out=rest)
        kept[:, :n], kept[:, n:] = rest[:, :n], r
        free = rest[:, n:]
        multiply(r, free, out=r)
        multiply(r, c, out=r)  # r (1 - r) c
        subtract(g, c, out=free)
        multiply(free, rest[:, :n], out=free)
        multiply(g, g, out=g)
        subtract(self.one, g, out=g)
        multiply(g, u, out=g)  # u (1 - c̃²)
        multiply(u, free, out=u)  # u (1 - u) (c̃ - c)

    def weight_gradients(self, number: int) -> None:
        """Those of the candidate as well."""
        super().weight_gradients(number)
        dg, seen = self.of_candidate(number)
        dot(dg, seen.T, out=self.more_c if number else self.dWc)
        if number:
            self.dWc += self.more_c


class FastRNN(Fast):
    """Rows of a step: the activation | logits of the step before."""

    gates = "a"

    def __init__(self, n_x: int, n_a: int, n_y: int, m: int, T: int, dtype: Any) -> None:
        super().__init__(n_x, n_a, n_y, m, T, dtype)
        n, z = n_a, self.gate(0)
        self.back = self.zeros(n, n + n_y)
        self.gradients = {"Waa": self.dW[:, 1 : n + 1], "Wax": self.dW[:, n + 1 :], "ba": self.dW[:, :1],
                          "Wya": self.dWy[:, 1:], "by": self.dWy[:, :1]}  # fmt: skip
        self.forward = list(zip(self.inputs[:-1], self.after, strict=True))
        self.backward = []
        for start, stop in self.blocks:
            steps = zip(self.adjoints[start + 1 : stop + 1], z[start:], strict=False)
            self.backward.append((self.after[start:stop], z[start:stop], list(steps)[::-1]))

    def __call__(self, x: Array, y: Array, p: Parameters) -> Result:
        """Loss and gradients, valid until the next call."""
        n = self.shape[1]
        W, back, da = self.W, self.back, self.da
        W[:, :1], W[:, 1 : n + 1], W[:, n + 1 :] = p["ba"], p["Waa"], p["Wax"]
        back[:, :n], back[:, n:] = p["Waa"].T, p["Wya"].T
        self.take_input(x)
        for s, a in self.forward:
            dot(W, s, out=a)
            tanh(a, out=a)
        J = self.read_out(y, p)
        for number, (a, z, steps) in enumerate(self.backward):
            multiply(a, a, out=z)
            subtract(self.one, z, out=z)
            for following, dz in steps:
                dot(back, following, out=da)
                multiply(dz, da, out=dz)
            self.weight_gradients(number)
        return J, self.gradients


FAST: dict[str, type[FastLSTM] | type[FastGRU] | type[FastRNN]] = {"LSTM": FastLSTM, "GRU": FastGRU, "RNN": FastRNN}
