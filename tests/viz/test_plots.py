"""Plots: what is drawn is what was measured."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from autograd_seq import Parameter, contributions, name, steps, tanh
from autograd_seq.core.errors import AutogradError, ShapeError
from viz import plots

pytest.importorskip("matplotlib")
RNG = np.random.default_rng(7)


def png(figure, path):
    figure.savefig(path)
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def test_the_heat_map_holds_the_table_and_leaves_the_future_blank(tmp_path):
    flow = np.tril(10.0 ** RNG.uniform(-9, 0, (6, 6)))
    figure = plots.gradient_flow_map(flow, "flow")
    (image,) = figure.axes[0].images
    shown = image.get_array()
    np.testing.assert_array_equal(shown.mask, flow == 0)
    np.testing.assert_allclose(shown.compressed(), flow[flow > 0])
    assert image.norm.vmin == pytest.approx(flow[flow > 0].min()) and image.norm.vmax == pytest.approx(flow.max())
    assert image.get_extent() == (0.5, 6.5, 0.5, 6.5) or list(image.get_extent()) == [0.5, 6.5, 0.5, 6.5]
    assert len(np.unique(png(figure, tmp_path / "flow.png").reshape(-1, 3), axis=0)) > 20


@pytest.mark.parametrize("flow", [np.zeros((3, 3)), np.eye(4), [[1.0]], [[np.nan, 0], [np.inf, 1.0]]])
def test_a_heat_map_of_nothing_much_is_still_drawn(flow, tmp_path):
    assert png(plots.gradient_flow_map(flow), tmp_path / "flow.png").size
    assert png(plots.gradient_flow_map(flow, logarithmic=False), tmp_path / "linear.png").size


@pytest.mark.parametrize("flow", [np.zeros((2, 3)), np.zeros(4), np.zeros((0, 0)), "words"])
def test_no_square_table_no_heat_map(flow):
    with pytest.raises(AutogradError):
        plots.gradient_flow_map(flow)


def test_bars_are_the_norms_of_the_contributions_and_the_line_is_the_gradient(tmp_path):
    W = Parameter(RNG.standard_normal((3, 3)) / 2, "Waa")
    a = RNG.standard_normal((3, 2))
    for t in steps(5):
        a = name(tanh(W @ a), "a")
    weights = RNG.standard_normal((3, 2))
    loss = (a * weights).sum()
    parts = contributions(loss, W)
    loss.backward()
    axes = plots.contribution_bars(parts, "Waa").axes[0]
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_allclose(heights, [np.linalg.norm(part) for part in parts.values()])
    total = np.linalg.norm(W.grad)
    (said,) = [text.get_text() for text in axes.figure.legends[0].get_texts() if "sum" in text.get_text()]
    assert float(said.split(":")[1]) == pytest.approx(total, rel=5e-3)
    near = plots.contribution_bars({1: np.array([3.0, 0.0]), 2: np.array([0.0, 4.0])}).axes[0]
    assert list(near.lines[0].get_ydata()) == [5.0, 5.0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "3", "4", "5"]


def test_layers_and_directions_have_bars_side_by_side(tmp_path):
    parts = {
        (layer, direction, t): RNG.standard_normal((2, 3))
        for layer in (1, 2) for direction in ("forward", "backward") for t in range(1, 30)
    }  # fmt: skip
    figure = plots.contribution_bars(parts)
    bars = sorted(figure.axes[0].patches, key=lambda bar: bar.get_x())
    assert len(bars) == len(parts)
    assert all(b.get_x() - a.get_x() - a.get_width() > -1e-9 for a, b in zip(bars, bars[1:], strict=False))
    assert png(figure, tmp_path / "bars.png").size


def test_norms_fall_on_a_log_axis_from_arrays_pairs_and_tables():
    table = np.tril(RNG.random((5, 5)))
    axes = plots.gradient_norms(
        {"RNN": [1.0, 0.0, 1e-4, np.inf], "GRU": ([0, 2, 4], [1.0, 0.5, 0.25]), "LSTM": table}
    ).axes[0]
    first, second, third = axes.lines
    assert axes.get_yscale() == "log"
    np.testing.assert_array_equal(first.get_ydata(), [1.0, np.nan, 1e-4, np.nan])
    np.testing.assert_array_equal(second.get_xdata(), [0, 2, 4])
    np.testing.assert_array_equal(third.get_ydata(), table[-1, ::-1])
    looks = {(line.get_color(), line.get_marker(), line.get_linestyle()) for line in axes.lines}
    assert len({marker for _, marker, _ in looks}) == 3  # told apart without colours
    with pytest.raises(ShapeError):
        plots.gradient_norms({"RNN": ([0, 1], [1.0])})


def test_losses_of_several_runs_with_any_names(tmp_path):
    losses = {"_hidden": [3.0, 2.0, 1.0], "cost in $": [2.0, 1.5], "a<b>": [1.0]}
    axes = plots.loss_curves(losses, logarithmic=True).axes[0]
    assert len(axes.get_legend().get_texts()) == 3
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [1, 2, 3])
    assert png(axes.figure, tmp_path / "losses.png").size
    assert plots.loss_curves([1.0, 0.5]).axes[0].get_legend() is None
    with pytest.raises(ShapeError):
        plots.loss_curves(np.zeros((2, 2)))


@pytest.mark.parametrize("function", [plots.contribution_bars, plots.gradient_norms, plots.loss_curves])
def test_nothing_to_draw_is_said(function):
    with pytest.raises(AutogradError, match="no "):
        function({})


def test_no_window_and_no_global_figure():
    before = sys.modules.get("matplotlib.pyplot")
    figure = plots.loss_curves([1.0, 0.5])
    assert sys.modules.get("matplotlib.pyplot") is before
    assert figure.number if hasattr(figure, "number") else True


def test_without_matplotlib_it_is_said_what_to_install(monkeypatch):
    for module in ("matplotlib", "matplotlib.figure", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(AutogradError, match=r"autograd-seq\[plot\]"):
        plots.loss_curves([1.0, 0.5])
