"""Right backward passes in the styles that people write, on awkward numbers, each with one mistake that is seen.

Every file of `passes` has ``forward``, ``backward``, ``inputs(rng)`` and ``WRONG``, the text of a line
and what stands there when it is wrong; ``EXCLUDED`` names gradients that are taken otherwise at a kink.
"""

from __future__ import annotations

import types
from pathlib import Path

import numpy as np
import pytest

from autograd_seq import check_backward

SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("passes/*.py"))}
NOT_SMOOTH = {
    "absolute_error", "binary_loss_from_logits", "hinge", "huber", "largest_over_time", "leaky_relu", "relu_of_zeros",
}  # fmt: skip
INDICES = {"ids", "labels", "lengths", "targets"}
OTHERWISE = {"seeded_dropout", "recorded_numpy", "lstm_single_precision"}  # not for plain differences in float64


def load(name, source):
    module = types.ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), vars(module))
    return module


def test_there_are_enough():
    assert len(SOURCES) >= 40


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_the_right_one_is_right_and_the_wrong_one_wrong(name, seed):
    right = load(name, SOURCES[name])
    inputs = right.inputs(np.random.default_rng(seed))
    report = check_backward(right.forward, right.backward, inputs, seed)
    assert report.ok and not report.undecided, str(report)
    assert set(report.excluded) <= set(getattr(right, "EXCLUDED", [])), str(report)
    usual = ("all zeros", "m = 1", "used as a whole number", "same shape", "0 to rounding here")
    assert all(any(words in w for words in usual) for w in report.warnings), report.warnings

    old, new = right.WRONG
    start = SOURCES[name].index(old)
    wrong = load(name, SOURCES[name][:start] + SOURCES[name][start:].replace(old, new, 1))
    report = check_backward(wrong.forward, wrong.backward, inputs, seed)
    assert report.wrong and not report.ok and report.status == "refuted", str(report)


@pytest.mark.parametrize("name", sorted(set(SOURCES) - NOT_SMOOTH - OTHERWISE))
def test_they_are_right_by_plain_differences(name):
    module = load(name, SOURCES[name])
    given = module.inputs(np.random.default_rng(5))
    inputs = {k: np.array(v) if k in INDICES or np.asarray(v).dtype == bool else np.array(v, float)
              for k, v in given.items()}  # fmt: skip
    outputs, cache = module.forward(**inputs)
    upstream = {k: np.random.default_rng(6).standard_normal(np.shape(v)) for k, v in outputs.items()}

    def loss(values):
        return sum(np.sum(np.asarray(v) * upstream[k]) for k, v in module.forward(**values)[0].items())

    gradients = module.backward(upstream, cache)
    for key, found in gradients.items():
        x = inputs[key[1:]].astype(float)
        found = np.asarray(found)
        step = 1e-5 * max(1e-12, float(np.max(np.abs(x)))) if np.any(x) else 1e-5
        slopes = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[place] += step
            below[place] -= step
            slopes[place] = (loss({**inputs, key[1:]: above}) - loss({**inputs, key[1:]: below})) / (2 * step)
        size = max(1.0, float(np.max(np.abs(slopes))))
        np.testing.assert_allclose(found, slopes, rtol=1e-3, atol=1e-4 * size, err_msg=key)
