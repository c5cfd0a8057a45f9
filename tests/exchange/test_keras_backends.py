"""Keras on each of its backends, which a process has one of: gradients are checked, weights go both ways."""

import importlib.util
import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.peers
FOLLOWED = ("jax", "torch")
BACKENDS = {"jax": "jax", "torch": "torch", "numpy": "jax", "tensorflow": "tensorflow", "openvino": "openvino"}  # need
LAYERS = ("LSTM", "GRU", "GRU before", "RNN", "LSTM cell", "both", "two", "dropout, at rest", "masked")
HERE = Path(__file__).parent


@lru_cache
def told_by(backend):
    for package in ("keras", BACKENDS[backend]):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    surroundings = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu", "PYTHONPATH": path}
    ran = subprocess.run([sys.executable, str(HERE / "on_keras_backend.py")], env=surroundings, capture_output=True,
                         text=True, timeout=300)  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["backend"] == backend
    return found


@pytest.mark.parametrize("layer", [*LAYERS, "normalised"])
@pytest.mark.parametrize("backend", FOLLOWED)
def test_gradients_are_checked(backend, layer):
    found = told_by(backend)[layer]["checked"]
    assert found["ok"] and found["worst"] < 30
    assert found["count"] == {"both": 7, "two": 7, "normalised": 6}.get(layer, 4)
    assert found["steps"] == (5 if layer in ("LSTM", "GRU", "GRU before", "RNN", "LSTM cell", "dropout, at rest") else
                              found["steps"])  # fmt: skip


@pytest.mark.parametrize("layer", [*LAYERS, "normalised"])
@pytest.mark.parametrize("backend", [backend for backend in BACKENDS if backend not in FOLLOWED])
def test_gradients_on_another_backend_are_refused_with_what_to_do(backend, layer):
    refused = told_by(backend)[layer]["refused"]
    assert "on its JAX and PyTorch backends" in refused and "KERAS_BACKEND to jax or torch" in refused


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_go_both_ways(backend, layer):
    found = told_by(backend)[layer]
    assert found["loaded"] < 1e-5 and found["saved"] < 1e-5


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_has_no_equal_is_named(backend):
    assert "layer_normalization/gamma" in told_by(backend)["normalised"]["not loaded"]
