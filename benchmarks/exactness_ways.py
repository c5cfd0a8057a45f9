"""Recurrent layers of other libraries, one way of computing a row of the table each: outputs and gradients of weights.

A library is imported only by the function that lists its ways, which says in words what is not there.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass
class Case:
    """One layer at given numbers, which every dtype here holds exactly.

    Attributes
    ----------
    kind : str
        RNN, GRU or LSTM.
    x : ndarray (T, m, n_x)
    delta : ndarray (T, m, n_a)
        The loss is Σ output × delta.
    weights : dict
        From a library to its arrays, by its names.
    """

    kind: str
    x: Array
    delta: Array
    weights: dict[str, dict[str, Array]]


Result = tuple[Array, dict[str, Array]]


@dataclass
class Way:
    """A way to compute the gradients of a case.

    Attributes
    ----------
    device, layer, dtype, setting : str
        What stands in the row.
    library : str
        Whose names the gradients have.
    run : callable
        From a case to outputs (T, m, n_a) and gradients by name.
    by_thread : bool
        Whether the library's settings belong to a thread, so that several can run at once.
    """

    device: str
    layer: str
    dtype: str
    setting: str
    library: str
    run: Callable[[Case], Result]
    by_thread: bool = False

    @property
    def name(self) -> str:
        return ", ".join(part for part in (self.device, self.layer, self.dtype, self.setting) if part)


# -- PyTorch -----------------------------------------------------------------------------------------

AS_IT_COMES = "as it comes"


def torch_ways(left_open: list[str]) -> Iterator[Way]:
    """torch.nn and loops over its cells, on the CPU and on a GPU."""
    if find_spec("torch") is None:
        left_open.append("PyTorch: not installed")
        return
    import torch

    def way(device: str, layer: str, dtype: str, setting: str = "", **options: Any) -> Way:
        runs = torch_layer if layer == "torch.nn" else torch_loop
        named = "gpu" if device == "cuda" else device
        return Way(named, layer, dtype, setting, "torch", partial(torch_run, runs, device, dtype, options))

    for dtype in ("float64", "float32", "float16", "bfloat16"):
        yield way("cpu", "torch.nn", dtype)
    yield way("cpu", "torch.nn", "float32", "autocast(bfloat16)", autocast="bfloat16")
    for dtype in ("float64", "float32", "bfloat16"):
        yield way("cpu", "torch cell loop", dtype)
    if not torch.cuda.is_available():
        left_open.append("PyTorch on a GPU: none is there")
        return
    yield way("cuda", "torch.nn", "float64")
    yield way("cuda", "torch.nn", "float32", AS_IT_COMES)
    yield way("cuda", "torch.nn", "float32", "TF32 off", tf32=False)
    yield way("cuda", "torch.nn", "float32", "cuDNN off", tf32=False, cudnn=False)
    yield way("cuda", "torch.nn", "float32", "autocast(float16)", autocast="float16")
    yield way("cuda", "torch.nn", "float32", "autocast(bfloat16)", autocast="bfloat16")
    yield way("cuda", "torch.nn", "float16")
    yield way("cuda", "torch.nn", "bfloat16")
    yield way("cuda", "torch cell loop", "float64")
    yield way("cuda", "torch cell loop", "float32", AS_IT_COMES)
    yield way("cuda", "torch cell loop", "float32", "TF32 on", tf32=True)
    yield way("cuda", "torch cell loop", "bfloat16")


def torch_run(
    runs: Callable[[Any, Case, Any, Any], Any], device: str, dtype: str, options: Mapping[str, Any], case: Case
) -> Result:
    import torch

    put = partial(torch.tensor, dtype=getattr(torch, dtype), device=device)
    cell = "Cell" if runs is torch_loop else ""
    sizes = case.x.shape[2], case.delta.shape[2]
    module = getattr(torch.nn, case.kind + cell)(*sizes, dtype=getattr(torch, dtype), device=device)
    names = {key.removesuffix("_l0") if cell else key: key for key in case.weights["torch"]}
    module.load_state_dict({name: put(case.weights["torch"][key]) for name, key in names.items()})
    with torch_set(torch, device, **options):
        outputs = runs(torch, case, module, put(case.x))
        found = torch.autograd.grad((outputs * put(case.delta)).sum(), [module.get_parameter(n) for n in names])
    return torch_array(outputs), {key: torch_array(g) for key, g in zip(names.values(), found, strict=True)}


def torch_layer(torch: Any, case: Case, layer: Any, x: Any) -> Any:
    return layer(x)[0]


def torch_loop(torch: Any, case: Case, cell: Any, x: Any) -> Any:
    zero = torch.zeros(x.shape[1], case.delta.shape[2], dtype=x.dtype, device=x.device)
    state, outputs = (zero, zero) if case.kind == "LSTM" else zero, []
    for x_t in x:
        state = cell(x_t, state)
        outputs.append(state[0] if case.kind == "LSTM" else state)
    return torch.stack(outputs)


def torch_array(tensor: Any) -> Array:
    return np.asarray(tensor.detach().double().cpu().numpy())


@contextmanager
def torch_set(
    torch: Any, device: str, tf32: bool | None = None, cudnn: bool = True, autocast: str | None = None
) -> Iterator[None]:
    """PyTorch's settings of precision while a way runs; None leaves them as they come."""
    cublas, rnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = cublas.allow_tf32, rnn.allow_tf32, rnn.enabled
    try:
        if tf32 is not None:
            cublas.allow_tf32 = rnn.allow_tf32 = tf32
        rnn.enabled = cudnn
        with ExitStack() as stack:
            if autocast is not None:
                stack.enter_context(torch.autocast(device, dtype=getattr(torch, autocast)))
            yield
    finally:
        cublas.allow_tf32, rnn.allow_tf32, rnn.enabled = before


# -- JAX ---------------------------------------------------------------------------------------------


def jax_ways(left_open: list[str]) -> Iterator[Way]:
    """``jax.grad`` of a scan, on the CPU and on a GPU."""
    if find_spec("jax") is None:
        left_open.append("JAX: not installed")
        return
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # PyTorch wants memory of the same card
    import jax

    jax.config.update("jax_enable_x64", True)

    def way(device: str, dtype: str, precision: str | None = None) -> Way:
        setting = "" if device == "cpu" or dtype != "float32" else precision or AS_IT_COMES
        setting = f'precision "{precision}"' if precision else setting
        run = partial(jax_run, device, dtype, precision)
        return Way(device, "jax scan", dtype, setting, "torch", run, by_thread=True)

    for dtype in ("float64", "float32", "bfloat16"):
        yield way("cpu", dtype)
    if "gpu" not in {device.platform for device in jax.devices()}:
        left_open.append("JAX on a GPU: none is there")
        return
    for dtype, precision in (("float64", None), ("float32", None), ("float32", "highest"), ("bfloat16", None)):
        yield way("gpu", dtype, precision)


def jax_run(device: str, dtype: str, precision: str | None, case: Case) -> Result:
    import jax

    put = partial(jax.numpy.asarray, dtype=dtype)
    with jax.default_device(jax.devices(device)[0]), jax.default_matmul_precision(precision):
        weights = {key.removesuffix("_l0"): put(value) for key, value in case.weights["torch"].items()}
        x, delta = put(case.x), put(case.delta)

        def loss(weights: dict[str, Any]) -> Any:
            outputs = jax_scan(jax, case.kind, weights, x)
            return (outputs * delta).sum(), outputs

        (_, outputs), found = jax.jit(jax.value_and_grad(loss, has_aux=True))(weights)
    return np.asarray(outputs, np.float64), {f"{key}_l0": np.asarray(g, np.float64) for key, g in found.items()}


def jax_scan(jax: Any, kind: str, w: Mapping[str, Any], x: Any) -> Any:
    """PyTorch's formulas as a scan."""
    jnp, sigmoid = jax.numpy, jax.nn.sigmoid

    def step(state: Any, x_t: Any) -> Any:
        h, c = state
        of_x, of_h = x_t @ w["weight_ih"].T + w["bias_ih"], h @ w["weight_hh"].T + w["bias_hh"]
        if kind == "LSTM":
            i, f, g, o = jnp.split(of_x + of_h, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
            h = sigmoid(o) * jnp.tanh(c)
        elif kind == "GRU":
            (r_x, z_x, n_x), (r_h, z_h, n_h) = jnp.split(of_x, 3, axis=1), jnp.split(of_h, 3, axis=1)
            z = sigmoid(z_x + z_h)
            h = (1 - z) * jnp.tanh(n_x + sigmoid(r_x + r_h) * n_h) + z * h
        else:
            h = jnp.tanh(of_x + of_h)
        return (h, c), h

    zero = jnp.zeros((x.shape[1], w["weight_hh"].shape[1]), x.dtype)
    return jax.lax.scan(step, (zero, zero), x)[1]


# -- Keras, whose backend is that of a whole process ---------------------------------------------------

KERAS_DEVICE = {"cpu": {"JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}, "gpu": {"KERAS_TORCH_DEVICE": "cuda"}}


def keras_ways(devices: set[tuple[str, str]], left_open: list[str]) -> Iterator[Way]:
    """Keras on each backend and device that the other ways found: pairs such as ``("torch", "cpu")``."""
    if find_spec("keras") is None:
        left_open.append("Keras: not installed")
        return
    for backend, device in sorted(devices):
        process = KerasProcess(backend, device)
        for dtype in ("float64", "float32"):
            setting = "" if device == "cpu" else AS_IT_COMES
            yield Way(device, f"Keras on {backend}", dtype, setting, "keras", partial(process.run, dtype))


class KerasProcess:
    """A process that computes Keras layers on one backend and device, begun with the first of them."""

    def __init__(self, backend: str, device: str) -> None:
        self.surroundings = {**os.environ, **KERAS_DEVICE[device], "KERAS_BACKEND": backend, "JAX_ENABLE_X64": "1"}
        self.process: subprocess.Popen[str] | None = None

    def run(self, dtype: str, case: Case) -> Result:
        if self.process is None:
            command = [sys.executable, str(Path(__file__).with_name("exactness_keras.py"))]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(command, env=self.surroundings, stdin=pipe, stdout=pipe, text=True)
            atexit.register(self.end)
        assert self.process.stdin is not None and self.process.stdout is not None  # they are pipes
        with tempfile.TemporaryDirectory() as folder:
            given, found = Path(folder) / "given.npz", Path(folder) / "found.npz"
            weights = {f"w {key}": value for key, value in case.weights["keras"].items()}
            np.savez(given, kind=case.kind, x=case.x, delta=case.delta, **weights)
            print(given, dtype, found, file=self.process.stdin, flush=True)
            said = self.process.stdout.readline().strip()
            if said != "done":
                raise RuntimeError(said or "the process of Keras ended")
            with np.load(found) as arrays:
                return arrays["y"], {key[2:]: arrays[key] for key in arrays if key.startswith("g ")}

    def end(self) -> None:
        assert self.process is not None  # it is registered with the process
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(timeout=60)
