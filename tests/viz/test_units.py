"""Units painted over a text."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from autograd_seq.core.errors import ShapeError, UsageError
from cells import LSTM
from viz.units import colour, paint, values_over_time

HOSTILE = ["<script>alert(1)</script>", '"', "&", "\n", "世", " "]


@pytest.mark.parametrize("suffix", [".svg", ".html"])
def test_every_token_is_there_once_for_each_unit_and_nothing_is_injected(suffix, tmp_path):
    values = np.random.default_rng(0).uniform(-1, 1, (3, len(HOSTILE)))
    path = tmp_path / f"units{suffix}"
    paint(HOSTILE, values, path, names=["<b>", "x", "y"], title="<i>title</i>")
    text = path.read_text(encoding="utf-8")
    assert "<script>alert" not in text and "<b>" not in text and "<i>" not in text
    assert text.count("世") == (3 if suffix == ".svg" else 6)
    if suffix == ".svg":
        root = ElementTree.fromstring(text)
        words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
        assert words.count(HOSTILE[0]) == 3 and words.count("⏎") == 3


def test_colours_say_the_value(tmp_path):
    path = tmp_path / "u.svg"
    paint(["a", "b", "c"], [[-1.0, 0.0, 1.0]], path)
    fills = re.findall(r'height="23" fill="(#\w+)"', path.read_text())
    assert fills == [colour(-1), colour(0), colour(1)] and len(set(fills)) == 3
    assert colour(float("nan")) == colour(0) and colour(7) == colour(1)


def test_long_text_wraps(tmp_path):
    path = tmp_path / "u.svg"
    paint(list("x" * 150), np.zeros((2, 150)), path, wrap=60)
    width = int(re.search(r'width="(\d+)"', path.read_text())[1])
    assert width < 1300 and len(set(re.findall(r'<rect x="\d+" y="(\d+)"', path.read_text()))) == 6


def test_values_of_states_and_gates():
    run = LSTM(3, 4, seed=0).unroll(np.random.default_rng(0).standard_normal((3, 2, 5)))
    for name in ("c", "a", "Gamma_f"):
        values = values_over_time(run, name, example=1)
        assert values.shape == (4, 5)
    assert np.array_equal(values_over_time(run, "a", 1)[:, 2], run.states["a"][2].value[:, 1])
    with pytest.raises(UsageError, match="nothing named 'Gamma_z'.*Gamma_f"):
        values_over_time(run, "Gamma_z")


def test_bad_use(tmp_path):
    with pytest.raises(ShapeError, match="2 units over 3 tokens"):
        paint("abc", np.zeros((2, 4)), tmp_path / "u.svg", names=["p", "q"])
    with pytest.raises(UsageError, match="svg or .html"):
        paint("abc", np.zeros((1, 3)), tmp_path / "u.txt")
