"""Fonts: the characters that a font has, and one warning where no font has them."""

import warnings

import numpy as np
import pytest

from autograd_seq import Parameter, name, steps, tanh
from viz import draw, fonts, plots


def recorded_in(word):
    W, a = Parameter([[0.5]], word), 1.0
    for _ in steps(2):
        a = name(tanh(W * a), "a")
    return a


@pytest.fixture
def no_fonts(monkeypatch):
    fonts._has_a_font.cache_clear()
    monkeypatch.setattr(fonts, "font_files", lambda: ())
    yield
    fonts._has_a_font.cache_clear()


def test_characters_of_a_font_as_freetype_finds_them():
    matplotlib = pytest.importorskip("matplotlib")
    from pathlib import Path

    from matplotlib.ft2font import FT2Font

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    there = {c for c in FT2Font(str(path)).get_charmap() if c < 0xFFFF}
    assert {c for c in fonts.covered(path) if 0 < c < 0xFFFF} == there
    assert max(fonts.covered(path)) > 0xFFFF


def test_what_is_no_font_has_no_characters(tmp_path):
    for i, data in enumerate((b"", b"ttcf", b"\x00\x01\x00\x00\xff\xff", b"words" * 100)):
        (tmp_path / f"{i}.ttf").write_bytes(data)
        assert fonts.covered(tmp_path / f"{i}.ttf") == frozenset()
    assert fonts.covered(tmp_path / "missing.ttf") == frozenset()


def test_pixels_without_a_font_say_what_to_install(no_fonts, tmp_path):
    drawing = draw(recorded_in("权重"))
    for suffix in ("png", "pdf"):
        with pytest.warns(fonts.MissingFontWarning, match="权重.*Noto Sans CJK.*\\.svg"):
            drawing.save(tmp_path / f"x.{suffix}")
    with pytest.warns(fonts.MissingFontWarning, match="Noto Sans"):
        draw(recorded_in("დელტა")).save(tmp_path / "x.png")


def test_nothing_is_said_of_usual_signs_and_of_svg(no_fonts, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", fonts.MissingFontWarning)
        draw(recorded_in("Γ_f"), tmp_path / "x.png", overlay=False)
        draw(recorded_in("权重"), tmp_path / "x.svg")
        assert fonts.warn_of_missing(["∂L/∂c̃ ∘ Σ ⟨t⟩ ‖∇‖ → ⋯ ŷ Жя"]) == []


def test_a_plot_warns_once_and_not_for_each_character(no_fonts, tmp_path):
    pytest.importorskip("matplotlib")
    figure = plots.loss_curves({"训练损失": [2.0, 1.0]}, "训练")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        figure.savefig(tmp_path / "x.png")
    assert [w.category for w in said] == [fonts.MissingFontWarning]


def test_a_font_that_has_the_characters_is_taken(tmp_path):
    pytest.importorskip("matplotlib")
    word = "დელტა"
    if fonts.font_for([word]) is None:
        pytest.skip("no font of this machine has Georgian letters")
    assert all(ord(c) in fonts.covered(fonts.font_for([word])) for c in word)
    figure = plots.loss_curves({"x": [2.0, 1.0]}, word)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(tmp_path / "x.png")


def test_no_label_of_a_plot_is_cut():
    pytest.importorskip("matplotlib")
    long = "a title that is much longer than the plot is wide, with the_name_of_a_parameter_in_it, and more"
    figures = [
        plots.gradient_flow_map(np.tril(np.ones((12, 12))), long, state="c_tilde"),
        plots.contribution_bars({t: [1.0] for t in range(1, 9)}, "a_long_name_of_a_parameter_of_the_decoder", long),
        plots.gradient_norms({"LSTM": [1.0, 0.5]}, long, state="c"), plots.loss_curves([2.0, 1.0], long),
    ]  # fmt: skip
    for figure in figures:
        figure.canvas.draw()
        width, height = figure.canvas.get_width_height()
        axes = figure.axes[0]
        for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, text.get_text()


def test_labels_have_the_right_names():
    pytest.importorskip("matplotlib")
    assert "dW_aa" in plots.contribution_bars({1: [1.0]}, "W_aa").axes[0].get_ylabel()
    assert "W" not in plots.contribution_bars({1: [1.0]}).axes[0].get_ylabel()
    assert r"\partial c^" in plots.gradient_norms({"LSTM": [1.0, 0.5]}, state="c").axes[0].get_ylabel()
    assert r"\tilde{c}" in plots.gradient_flow_map([[1.0]], state="c_tilde").axes[0].get_xlabel()


def test_more_lines_than_colours_look_different():
    pytest.importorskip("matplotlib")
    lines = plots.loss_curves({f"run {i}": [2.0, 1.0] for i in range(14)}).axes[0].lines
    assert len({(line.get_color(), str(line._unscaled_dash_pattern)) for line in lines}) == 14
