"""Arrays of a program that no gradient is asked of are told by their names: a plant's matrix, a mask."""

from __future__ import annotations

import pytest

import autograd_seq
from autograd_seq.diagnosis.course import check_file
from tests.check.small_programs import are_right_by_differences, loaded, written
from tests.check.test_missing_lines import PLANT
from tests.check.test_operands_and_places import ZONEOUT

STORED = """
import numpy as np

INPUTS = {"x": (3, 4), "W": (4, 4)}
CONSTANTS = {"decay": np.array([0.9, 0.5, 0.2, 0.7]), "mask": np.array([True, True, False, True])}


def forward(x, W):
    decay, mask = CONSTANTS["decay"], CONSTANTS["mask"]
    s = np.zeros((4, 4))
    for k in range(3):
        s[k + 1] = decay * s[k] + np.tanh(W @ (s[k] * mask) + x[k])
    return {"s": s}, (W, x, s)


def backward(upstream, cache):
    W, x, s = cache
    decay, mask = CONSTANTS["decay"], CONSTANTS["mask"]
    ds, dx, dW = upstream["s"].copy(), np.zeros_like(x), np.zeros_like(W)
    for k in reversed(range(3)):
        a = s[k + 1] - decay * s[k]
        dx[k] = ds[k + 1] * (1 - a ** 2)
        dW += np.outer(dx[k], s[k] * mask)
        ds[k] += decay * ds[k + 1] + (W.T @ dx[k]) * mask
    return {"dx": dx, "dW": dW}
"""
PULL = "return d * keep, d * (1 - keep)"
CASES = [
    (PLANT, "        lam[k] += A.T @ lam[k + 1]\n", "", "Aᵀ"),
    (PLANT, "du = B.T @ lam[k + 1]", "du = B.T @ lam[k + 1] * 2", "Bᵀ"),
    (ZONEOUT, PULL, "return d * keep, d", "(1 − keep)"),
    (STORED, "decay * ds[k + 1] + ", "", "decay"),
    (STORED, "(W.T @ dx[k]) * mask", "(W.T @ dx[k])", "mask"),
]


@pytest.mark.parametrize("text", [PLANT, ZONEOUT, STORED])
def test_the_right_programs_are_right_by_differences(text, tmp_path):
    are_right_by_differences(loaded(written(tmp_path, text)))


@pytest.mark.parametrize(("text", "old", "new", "named"), CASES)
def test_a_constant_is_told_by_its_name(text, old, new, named, tmp_path):
    report = check_file(written(tmp_path, text, [(old, new)]))["backward"]
    (cause,) = report.causes
    assert named in f"{cause.words} {cause.correct}" and "constant of" not in str(report)


@pytest.mark.parametrize(("text", "old", "new", "named"), CASES)
def test_a_process_of_its_own_says_the_same(text, old, new, named, tmp_path):
    path = written(tmp_path, text, [(old, new)])
    here, elsewhere = str(check_file(path)["backward"]), autograd_seq.check_file(path, seed=0)["backward"].text
    assert elsewhere.splitlines()[:-1] == here.splitlines()[:-1]  # the last one says what it was compared with
    assert elsewhere.startswith(here.rstrip())
