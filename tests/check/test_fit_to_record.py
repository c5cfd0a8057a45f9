"""What plain NumPy does with arrays of its own, asking nobody: forward passes that do it are recorded all the same."""

import linecache

import numpy as np
import pytest

from autograd_seq import check_backward

HEAD = """
import math
from math import exp
import numpy as np

K = np.arange(12.0).reshape(3, 4) / 7

class Layer:
    def of(self, a):
        return K.dot(a)

def forward(x, W):
"""
FORMS = {
    "a method dot": "z = K.dot(W)",
    "of one of the transposed": "z = K.T.dot(x @ W)",
    "of one after another": "z = K.dot(W).dot(W)",
    "within a method": "z = Layer().of(W)",
    "of rows": "z = K[0].dot(W).dot(K[1]) * x",
    "float of a loss": "z = x * float((x @ W).sum())",
    "a number of NumPy's": "z = x * np.float64((x @ W).sum())",
    "a function of math": "z = x * math.exp(0.01 * (x @ W).sum())",
    "a function of math by its name": "z = x * exp(0.01 * (x @ W).sum())",
    "added to in place": "z = K.copy()\n    for i in range(2):\n        z += x @ W",
    "a part of a copy": "z = K.copy()\n    z[1] = (x @ W)[0]",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_recorded_and_its_gradients_are_right(form):
    source = f"{HEAD}    {FORMS[form]}\n    return {{'z': z}}, (x, W)\n"
    name = f"<{form}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = {"__name__": "theirs"}
    exec(compile(source, name, "exec"), space)

    def loss(x, W, upstream):
        return float(np.sum(space["forward"](x, W)[0]["z"] * upstream["z"]))

    def backward(upstream, cache):
        gradients = {}
        for key, value in zip(("dx", "dW"), cache, strict=True):
            gradients[key] = np.zeros_like(value)
            for place in np.ndindex(value.shape):
                ends = []
                for step in (1e-5, -1e-5):
                    moved = [v.copy() for v in cache]
                    moved[("dx", "dW").index(key)][place] += step
                    ends.append(loss(*moved, upstream))
                gradients[key][place] = np.float32((ends[0] - ends[1]) / 2e-5)
        return {k: v.astype(np.float32) for k, v in gradients.items()}

    report = check_backward(space["forward"], backward, {"x": (3, 4), "W": (4, 4)})
    assert report.basis == "the recorded forward pass" and report.gradients
    for gradient in report.gradients.values():
        np.testing.assert_allclose(gradient.found, gradient.true, rtol=2e-5, atol=2e-5)
