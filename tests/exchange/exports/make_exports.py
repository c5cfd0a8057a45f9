"""Make the exported files beside this one, with what their libraries compute: outputs, and gradients.

Needs torch 2.13.0, onnxscript, jax and jax2onnx 0.17.1: ``python make_exports.py``. Stack traces, which hold paths, are
taken out.
"""

import logging
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import torch
from jax2onnx import to_onnx
from torch import nn

HERE = Path(__file__).parent


class LSTMLoop(nn.Module):
    """A loop over LSTMCell with a readout."""

    def __init__(self):
        super().__init__()
        self.cell, self.out = nn.LSTMCell(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        h, c, ys = torch.zeros(x.shape[1], 4), torch.zeros(x.shape[1], 4), []
        for t in range(x.shape[0]):
            h, c = self.cell(x[t], (h, c))
            ys.append(self.out(h))
        return torch.stack(ys)


class GRULoop(nn.Module):
    """A loop over GRUCell from a given state."""

    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(3, 4)

    def forward(self, x, h):
        for t in range(x.shape[0]):
            h = self.cell(x[t], h)
        return h


class Fresh(nn.Module):
    """A loop over GRUCell from zeros, of which an exporter computes beforehand what it can."""

    def __init__(self, bias):
        super().__init__()
        self.cell = nn.GRUCell(3, 4, bias=bias)

    def forward(self, x):
        h, hs = torch.zeros(x.shape[1], 4), []
        for t in range(x.shape[0]):
            h = self.cell(x[t], h)
            hs.append(h)
        return torch.stack(hs)


class Minimal(nn.Module):
    """A user's own cell: a minimal gated unit on [h, x]."""

    def __init__(self):
        super().__init__()
        self.f, self.c = nn.Linear(7, 4), nn.Linear(7, 4)

    def forward(self, x, h):
        hs = []
        for t in range(x.shape[0]):
            f = torch.sigmoid(self.f(torch.cat([h, x[t]], 1)))
            n = torch.tanh(self.c(torch.cat([f * h, x[t]], 1)))
            h = (1 - f) * h + f * n
            hs.append(h)
        return torch.stack(hs)


class Leaky(nn.Module):
    """A user's own cell that is none of the known ones: two speeds of forgetting."""

    def __init__(self):
        super().__init__()
        self.inside, self.speed = nn.Linear(7, 4), nn.Linear(7, 4)

    def forward(self, x):
        h, slow, hs = torch.zeros(x.shape[1], 4), torch.zeros(x.shape[1], 4), []
        for t in range(x.shape[0]):
            both = torch.cat([h, x[t]], 1)
            slow = 0.9 * slow + 0.1 * torch.tanh(self.inside(both))
            h = torch.relu(slow * torch.exp(-self.speed(both) ** 2))
            hs.append(h)
        return torch.stack(hs)


class Peephole(nn.Module):
    """An LSTM with peepholes, its weights in one matrix."""

    def __init__(self):
        super().__init__()
        self.W, self.R = nn.Parameter(torch.randn(16, 3) * 0.5), nn.Parameter(torch.randn(16, 4) * 0.5)
        self.b = nn.Parameter(torch.randn(16) * 0.1)
        self.pi, self.pf, self.po = (nn.Parameter(torch.randn(4)) for _ in range(3))

    def forward(self, x):
        h, c, hs = torch.zeros(x.shape[1], 4), torch.zeros(x.shape[1], 4), []
        for t in range(x.shape[0]):
            i, f, g, o = (x[t] @ self.W.T + h @ self.R.T + self.b).chunk(4, 1)
            i, f = torch.sigmoid(i + self.pi * c), torch.sigmoid(f + self.pf * c)
            c = f * c + i * torch.tanh(g)
            h = torch.sigmoid(o + self.po * c) * torch.tanh(c)
            hs.append(h)
        return torch.stack(hs)


class Both(nn.Module):
    """Two directions and a readout of both."""

    def __init__(self):
        super().__init__()
        self.fw, self.bw, self.out = nn.RNNCell(3, 4), nn.RNNCell(3, 4), nn.Linear(8, 2)

    def forward(self, x):
        T = x.shape[0]
        h, g, there, back = torch.zeros(x.shape[1], 4), torch.zeros(x.shape[1], 4), [None] * T, [None] * T
        for t in range(T):
            there[t] = h = self.fw(x[t], h)
        for t in reversed(range(T)):
            back[t] = g = self.bw(x[t], g)
        return torch.stack([self.out(torch.cat([there[t], back[t]], 1)) for t in range(T)])


class Two(nn.Module):
    """torch's own RNN of two layers, which its newer exporter unrolls."""

    def __init__(self):
        super().__init__()
        self.r = nn.RNN(3, 4, 2)

    def forward(self, x):
        return self.r(x)[0]


def clean(path):
    model = onnx.load(path)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.ClearField("doc_string")
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer]:
        del value.metadata_props[:]
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.save(model, path)


def from_torch():
    torch.manual_seed(0)
    x, h = torch.randn(4, 2, 3), torch.randn(2, 4) * 0.5
    modules = {
        "lstm": (LSTMLoop(), (x,)), "gru": (GRULoop(), (x, h)), "minimal": (Minimal(), (x, h)),
        "leaky": (Leaky(), (x,)), "peephole": (Peephole(), (x,)), "both": (Both(), (x,)), "two": (Two(), (x,)),
        "fresh": (Fresh(True), (x,)), "unbiased": (Fresh(False), (x,)),
    }  # fmt: skip
    for name, (module, given) in modules.items():
        names = {"input_names": ["x", "h"][: len(given)], "output_names": ["y"]}
        newer = {"dynamo": True, "external_data": False, "verbose": False}
        torch.onnx.export(module, given, HERE / f"{name}_dynamo.onnx", **newer, **names)
        torch.onnx.export(module, given, str(HERE / f"{name}_script.onnx"), dynamo=False, **names)
        y = module(*given)
        delta = torch.randn_like(y)
        (y * delta).sum().backward()
        arrays = {"y": y.detach(), "delta": delta, **dict(zip(["in_x", "in_h"], given))}
        arrays |= {f"grad_{key}": p.grad for key, p in module.named_parameters()}
        for kind in ("dynamo", "script"):
            clean(HERE / f"{name}_{kind}.onnx")
            np.savez(HERE / f"{name}_{kind}.npz", **{key: value.numpy() for key, value in arrays.items()})


def from_jax():
    rng = np.random.default_rng(0)

    def array(*shape):
        return jnp.asarray(rng.normal(size=shape) * 0.5, jnp.float32)

    Wx, Wh, b, Gx, Gh, gb = array(3, 16), array(4, 16), array(16), array(3, 12), array(4, 12), array(12)

    def lstm_step(state, x):
        h, c = state
        i, f, g, o = jnp.split(x @ Wx + h @ Wh + b, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    def lstm(x):
        state, ys = (jnp.zeros((2, 4)), jnp.zeros((2, 4))), []
        for t in range(4):
            state, y = lstm_step(state, x[t])
            ys.append(y)
        return jnp.stack(ys)

    def scanned(x):
        return jax.lax.scan(lstm_step, (jnp.zeros((2, 4)), jnp.zeros((2, 4))), x)[1]

    def gru(x):
        h = jnp.zeros((2, 4))
        for t in range(4):
            xr, xz, xn = jnp.split(x[t] @ Gx + gb, 3, axis=1)
            hr, hz, hn = jnp.split(h @ Gh, 3, axis=1)
            r, z = jax.nn.sigmoid(xr + hr), jax.nn.sigmoid(xz + hz)
            h = (1 - z) * jnp.tanh(xn + r * hn) + z * h
        return h

    x = array(4, 2, 3)
    for name, function in {"lstm_jax": lstm, "scan_jax": scanned, "gru_jax": gru}.items():
        delta = array(*function(x).shape)
        grad = jax.grad(lambda x, f=function, d=delta: (f(x) * d).sum())(x)
        np.savez(HERE / f"{name}.npz", y=function(x), delta=delta, in_x=x, grad_in=grad)
        # Last, since JAX remembers what an export has traced.
        onnx.save(to_onnx(function, [(4, 2, 3)]), HERE / f"{name}.onnx")
        clean(HERE / f"{name}.onnx")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    from_torch()
    from_jax()
