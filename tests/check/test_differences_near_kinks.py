"""Gradients by differences where a kink is near: the slope at the input itself, and a doubt where none can be told."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_seq.diagnosis.course import check_file
from autograd_seq.diagnosis.differences import gradients

DISTANCES = (1e-6, 3e-6, 1e-5, 1e-4, 2e-4, 1e-3, 1e-2, 1e-1)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("x", [0.7, -0.7, 3.0, 0.0])
@pytest.mark.parametrize("bend", [2.0, -1.0, 0.05])
def test_the_slope_is_that_on_this_side_of_a_kink(x, side, distance, bend):
    kink = x + side * distance
    found, doubts = gradients(
        lambda given: float(np.sum(np.sin(given["x"])) + bend * max(given["x"][0] - kink, 0)),
        {"x": np.array([x, 1.3, -0.4])},
    )
    true = np.cos(x) + (bend if side < 0 else 0)  # an input beyond the kink has the bent part's slope, too
    assert abs(found["dx"][0] - true) <= 2e-7
    assert abs(found["dx"][0] - true) <= doubts["dx"].error[0] + 1e-9
    assert not doubts["dx"].kink.any()
    np.testing.assert_allclose(found["dx"][1:], np.cos([1.3, -0.4]), rtol=1e-9)


@pytest.mark.parametrize("distance", [1e-6, 1e-4, 1e-2])
@pytest.mark.parametrize("side", [1, -1])
def test_between_two_kinks(side, distance):
    def loss(given):
        (x,) = given["x"]
        return float(np.sin(x) + 2 * max(x - 0.7 - distance, 0) + side * 3 * max(0.7 - 2 * distance - x, 0))

    found, doubts = gradients(loss, {"x": np.array([0.7])})
    assert abs(found["dx"][0] - np.cos(0.7)) <= 2e-7 and not doubts["dx"].kink[0]


@pytest.mark.parametrize(
    ("loss", "low", "high"),
    [
        (lambda x: np.abs(x), -1, 1),
        (lambda x: np.maximum(x, 0), 0, 1),
        (lambda x: np.where(x > 0, 3 * x, x), 1, 3),
    ],
)
def test_a_kink_that_is_met_has_two_slopes(loss, low, high):
    _, doubts = gradients(lambda given: float(loss(given["x"]).sum()), {"x": np.array([0.0, 0.3])})
    doubt = doubts["dx"]
    assert doubt.kink.tolist() == [True, False]
    np.testing.assert_allclose([doubt.low[0], doubt.high[0]], [low, high], atol=1e-9)


PASS = """
import numpy as np

INPUTS = {{"x": np.array([0.4, 0.7, -1.2])}}


def forward(x):
    x = np.array([float(v) for v in x.tolist()])  # leaves the record: its gradient is known by differences only
    return {{"loss": np.sum(np.sin(x)) + np.sum(np.maximum(x - 0.7002, 0))}}, x


def backward(upstream, cache):
    return {{"dx": upstream["loss"] * (np.cos(cache) + {factor} * (cache > 0.7002))}}
"""


@pytest.mark.parametrize(("factor", "wrong"), [("1", []), ("(cache > 0.5) + 0.5", ["dx"])])
def test_a_pass_that_is_compared_with_differences(factor, wrong, tmp_path):
    path = tmp_path / "submission.py"
    path.write_text(PASS.format(factor=factor), encoding="utf-8")
    report = check_file(path)["backward"]
    assert report.wrong == wrong and not report.undecided, str(report)
