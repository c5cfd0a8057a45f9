"""The same network in other packages, each as its expert writes it: to measure against.

Every function takes a cell's kind, the parameters by the notes' names, x and y, and gives a step that can be called
again and again; it raises ImportError where the package is not installed. x and y are put in the order that the
package wants beforehand, not in the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from by_hand import Array, Parameters, Result

Step = Callable[[], Result]
GATES = {"LSTM": "fuoc", "GRU": "urc"}


def split_weights(package: Any, kind: str, w: dict[str, Any]) -> tuple[Any, Any, Any]:
    """What multiplies the state, what multiplies the input, and the biases: of all gates, one above the other."""
    if kind == "RNN":
        return w["Waa"], w["Wax"], w["ba"]
    n = w["Wya"].shape[1]
    W = package.concatenate([w["W" + gate] for gate in GATES[kind]])
    return W[:, :n], W[:, n:], package.concatenate([w["b" + gate] for gate in GATES[kind]])


def pytorch_loop(kind: str, p: Parameters, x: Array, y: Array) -> Step:
    """PyTorch, a loop written out: the inputs of all steps in one product, the gates in one more a step."""
    import torch

    torch.set_num_threads(1)
    n = p["Wya"].shape[1]
    X, Y = torch.from_numpy(x.transpose(2, 1, 0).copy()), torch.from_numpy(y.transpose(2, 1, 0).copy())
    w = {key: torch.from_numpy(value.copy()).requires_grad_() for key, value in p.items()}

    def step() -> Result:
        Wa, Wx, b = split_weights(torch, kind, w)
        Wa = Wa.T
        a = c = torch.zeros(X.shape[1], n, dtype=X.dtype)
        states = []
        for z in (torch.addmm(b.T, X.flatten(0, 1), Wx.T)).view(len(X), X.shape[1], -1).unbind(0):
            if kind == "LSTM":
                gates = torch.addmm(z, a, Wa)
                f, u, o = torch.sigmoid(gates[:, : 3 * n]).chunk(3, 1)
                c = f * c + u * torch.tanh(gates[:, 3 * n :])
                a = o * torch.tanh(c)
            elif kind == "GRU":
                u, r = torch.sigmoid(torch.addmm(z[:, : 2 * n], a, Wa[:, : 2 * n])).chunk(2, 1)
                a = torch.lerp(a, torch.tanh(torch.addmm(z[:, 2 * n :], r * a, Wa[:, 2 * n :])), u)
            else:
                a = torch.tanh(torch.addmm(z, a, Wa))
            states.append(a)
        logits = torch.stack(states) @ w["Wya"].T + w["by"].T
        loss = -(Y * torch.log_softmax(logits, dim=2)).sum()
        gradients = torch.autograd.grad(loss, list(w.values()))
        return loss.item(), {key: g.numpy() for key, g in zip(w, gradients, strict=True)}

    return step


def pytorch_layer(kind: str, p: Parameters, x: Array, y: Array) -> Step:
    """PyTorch's own layer, for the time: its GRU is another variant and its weights are its own."""
    import torch

    torch.set_num_threads(1)
    once = _layer_step(kind, p, x, y, torch.device("cpu"))
    return lambda: (once().item(), {})


def pytorch_layer_gpu(kind: str, p: Parameters, x: Array, y: Array) -> Step:
    """The same on a GPU (cuDNN), in float32 and not in TF32."""
    import torch

    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    once = _layer_step(kind, p, x, y, torch.device("cuda"))

    def step() -> Result:
        loss = once()
        torch.cuda.synchronize()
        return loss, {}

    return step


def pytorch_graph(kind: str, p: Parameters, x: Array, y: Array) -> Step:
    """The same, recorded once as a CUDA graph and played again."""
    import torch

    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    once = _layer_step(kind, p, x, y, torch.device("cuda"))
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            once()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = once()

    def step() -> Result:
        graph.replay()
        torch.cuda.synchronize()
        return loss, {}

    return step


def _layer_step(kind: str, p: Parameters, x: Array, y: Array, device: Any) -> Callable[[], Any]:
    """A gradient step of PyTorch's layer, which gives its loss."""
    import torch

    X = torch.from_numpy(x.transpose(2, 1, 0).copy()).to(device)
    Y = torch.from_numpy(y.transpose(2, 1, 0).copy()).to(device)
    layer = getattr(torch.nn, kind)(x.shape[0], p["Wya"].shape[1], dtype=X.dtype, device=device)
    readout = torch.nn.Linear(p["Wya"].shape[1], y.shape[0], dtype=X.dtype, device=device)
    weights = [*layer.parameters(), *readout.parameters()]

    def once() -> Any:
        a, _ = layer(X)
        loss = -(Y * torch.log_softmax(readout(a), dim=2)).sum()
        torch.autograd.grad(loss, weights)
        return loss

    return once


def jax_scan(kind: str, p: Parameters, x: Array, y: Array) -> Step:
    """JAX: jit of value_and_grad; the inputs and the output layer of all steps outside the scan.

    Products are as exact as their dtype.
    """
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_default_matmul_precision", "highest")
    n = p["Wya"].shape[1]
    X, Y = jnp.asarray(x.transpose(2, 1, 0).copy()), jnp.asarray(y.transpose(2, 1, 0).copy())
    sigmoid = jax.nn.sigmoid

    def loss(w: Any) -> Any:
        Wa, Wx, b = split_weights(jnp, kind, w)
        Wa = Wa.T

        def body(state: Any, z: Any) -> Any:
            a, c = state
            if kind == "LSTM":
                f, u, o, g = jnp.split(z + a @ Wa, 4, axis=1)
                c = sigmoid(f) * c + sigmoid(u) * jnp.tanh(g)
                a = sigmoid(o) * jnp.tanh(c)
            elif kind == "GRU":
                u, r = jnp.split(sigmoid(z[:, : 2 * n] + a @ Wa[:, : 2 * n]), 2, axis=1)
                a = u * jnp.tanh(z[:, 2 * n :] + (r * a) @ Wa[:, 2 * n :]) + (1 - u) * a
            else:
                a = jnp.tanh(z + a @ Wa)
            return (a, c), a

        zero = jnp.zeros((x.shape[1], n), X.dtype)
        _, A = jax.lax.scan(body, (zero, zero), X @ Wx.T + b.T)
        return -jnp.sum(Y * jax.nn.log_softmax(A @ w["Wya"].T + w["by"].T, axis=2))

    both = jax.jit(jax.value_and_grad(loss))
    weights = {key: jnp.asarray(value) for key, value in p.items()}

    def step() -> Result:
        return jax.block_until_ready(both(weights))

    return step


def numpy_cell(np_: Any, kind: str, Wx: Any, b: Any, Wa: Any, n: int) -> Callable[[Any, Any, Any], Any]:
    """A step on whole arrays in a package that follows NumPy: the gates in one product."""

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + np_.exp(-z))

    def step(x_t: Any, a: Any, c: Any) -> Any:
        if kind == "LSTM":
            z = np_.matmul(Wa, a) + (np_.matmul(Wx, x_t) + b)
            s = sigmoid(z[: 3 * n])
            c = s[:n] * c + s[n : 2 * n] * np_.tanh(z[3 * n :])
            return s[2 * n :] * np_.tanh(c), c
        if kind == "GRU":
            z = np_.matmul(Wx, x_t) + b
            s = sigmoid(np_.matmul(Wa[: 2 * n], a) + z[: 2 * n])
            u = s[:n]
            return u * np_.tanh(np_.matmul(Wa[2 * n :], s[n:] * a) + z[2 * n :]) + (1 - u) * a, c
        return np_.tanh(np_.matmul(Wa, a) + (np_.matmul(Wx, x_t) + b)), c

    return step


def numpy_loss(np_: Any, kind: str, w: dict[str, Any], X: Array, Y: Array) -> Any:
    """The loss of a run, a step after the other; X and Y are (T, rows, m)."""
    n = w["Wya"].shape[1]
    Wa, Wx, b = split_weights(np_, kind, w)
    step = numpy_cell(np_, kind, Wx, b, Wa, n)
    a = c = np.zeros((n, X.shape[2]), X.dtype)
    loss: Any = 0.0
    for x_t, y_t in zip(X, Y, strict=True):
        a, c = step(x_t, a, c)
        z = np_.matmul(w["Wya"], a) + w["by"]
        z = z - np_.max(z, axis=0, keepdims=True)
        loss = loss + np_.sum(np_.log(np_.sum(np_.exp(z), axis=0))) - np_.sum(y_t * z)
    return loss


def hips(kind: str, p: Parameters, x: Array, y: Array) -> Step:
    """HIPS autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    X, Y = x.transpose(2, 0, 1).copy(), y.transpose(2, 0, 1).copy()
    both = value_and_grad(lambda w: numpy_loss(anp, kind, w, X, Y))

    def step() -> Result:
        value, gradients = both(p)
        return float(value), gradients

    return step


def mygrad(kind: str, p: Parameters, x: Array, y: Array) -> Step:
    """MyGrad."""
    import mygrad as mg

    X, Y = x.transpose(2, 0, 1).copy(), y.transpose(2, 0, 1).copy()
    w = {key: mg.tensor(value) for key, value in p.items()}

    def step() -> Result:
        with mg.mem_guard_off:
            loss = numpy_loss(mg, kind, w, X, Y)
            loss.backward()
        return float(loss.item()), {key: tensor.grad for key, tensor in w.items()}

    return step
