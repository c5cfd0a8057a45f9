"""Pictures in the reader's language: in SVG always, in pixels and PDF where a font has it; names as they are given."""

import html
import json
import re
import warnings

import numpy as np
import pytest
from speaking import chinese

import autograd_seq
from autograd_seq import Parameter, name, steps, tanh
from autograd_seq.translation.reader import translated
from cells import LSTM, RNN, Bidirectional, Deep
from viz import draw, fonts, plots
from viz.directions import place_in_words, short

WORDS = {
    "shared by all steps": "各步共用", "shape": "形状", "a value": "一个值", "step t": "第 t 步",
    "step t{0}": "第 t{0} 步", "at time step t": "在时间步 t", "state": "状态", "loss": "损失", "update": "更新",
    "A graph of {nodes} boxes and {edges} arrows": "{nodes} 个框与 {edges} 个箭头的图", "time step $t$": "时间步 $t$",
    "parameters, each in its colour": "参数，各有颜色", "step {times}": "第 {times} 步",
    "the derivative that comes back": "传回的 <导数> & 其他",
}  # fmt: skip


def recorded(word="W", state="a", count=3):
    W, a = Parameter(np.eye(2) / 2, word), np.ones((2, 1))
    for _ in steps(count):
        a = name(tanh(W @ a), state)
    return a


@pytest.fixture
def no_chinese_font(monkeypatch):
    fonts._warn_of_english.cache_clear()
    monkeypatch.setattr(fonts, "font_for", lambda texts: None)
    yield
    fonts._warn_of_english.cache_clear()


@pytest.fixture
def a_chinese_font(monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "font_for", lambda texts: tmp_path / "NotoSansSC.ttf")


def shown(picture):
    """What is written in an SVG."""
    return html.unescape(re.sub(r"<[^>]*>", " ", picture))


def test_an_svg_is_chinese_whatever_fonts_there_are(monkeypatch, no_chinese_font):
    with chinese(monkeypatch, WORDS), warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = draw(recorded().sum(), legend=True, overlay=True)
        picture, dot = drawing.svg, drawing.dot
    for words in ("各步共用", "形状", "在时间步 t", "传回的 <导数> & 其他"):
        assert words in shown(picture), words
    assert "个箭头的图" in picture and "<导数>" not in picture and "各步共用" in dot
    with autograd_seq.language("en"):
        assert "shared by all steps" in drawing.svg and "各步共用" not in drawing.dot
        assert "Noto Sans" not in drawing.dot


def test_layers_and_directions_are_said_in_chinese(no_chinese_font):
    """In modules, plots and on pages; in English they are as short as they were."""
    layers = Deep([LSTM(2, 3, seed=0), LSTM(3, 2, seed=1)])
    with autograd_seq.language("zh"):
        picture = shown(draw(layers, view="modules").svg)
        said = [translated(place_in_words(*place)) for place in ((1, "backward"), (2, None), (None, "forward"))]
        assert "第 2 层" in picture and "layer" not in picture and short("backward") == "反向"
    assert said == ["第 1 层，反向", "第 2 层", "正向"]
    assert place_in_words(1, "backward") == "layer 1, backward" and short("backward") == "backward"


def test_the_table_of_parameters_keeps_its_columns_apart(no_chinese_font):
    """Its Chinese title is shorter than the English one, which leaves the columns their room."""
    room = {}
    for language, title in (("en", "shared by all steps"), ("zh", "各步共用")):
        with autograd_seq.language(language):
            picture = draw(LSTM(2, 3, seed=0)).svg
        places = sorted(float(x) for x in re.findall(r'<text[^>]*? x="([-\d.]+)"', picture[picture.index(title) :]))
        room[language] = places[-1] - places[0]  # from the names to the shapes
    assert room["zh"] > 0.9 * room["en"] > 30


def test_without_a_font_pixels_are_english_and_it_is_said_once(monkeypatch, no_chinese_font, tmp_path):
    taken = []
    monkeypatch.setattr("viz.drawing.render", lambda dot, kind: taken.append((kind, dot)) or b"x")
    with chinese(monkeypatch, WORDS), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for suffix in ("png", "pdf", "png"):
            draw(recorded(), tmp_path / f"x.{suffix}")
    assert [kind for kind, _ in taken] == ["png", "pdf", "png"]
    assert all("shared by all steps" in dot and "各步共用" not in dot for _, dot in taken)
    assert [w.category for w in said] == [fonts.MissingFontWarning]


def test_with_a_font_pixels_are_chinese(monkeypatch, a_chinese_font, tmp_path):
    taken = []
    monkeypatch.setattr("viz.drawing.render", lambda dot, kind: taken.append(dot) or b"x")
    with chinese(monkeypatch, WORDS), warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(recorded(), tmp_path / "x.png")
        draw(recorded(), tmp_path / "x.pdf")
    assert all("各步共用" in dot and "Noto Sans CJK SC" in dot for dot in taken) and len(taken) == 2


def test_words_stay_and_names_stay(monkeypatch):
    with chinese(monkeypatch, WORDS):
        picture = shown(draw(recorded("shape", "state"), view="cell").svg)
    assert "第 t 步" in picture and "第 t+1 步" in picture
    assert "shape" in picture and "state" in picture and "状态" not in picture


@pytest.mark.parametrize("word", ["权重", "权重<script>", '权"重&', "权重]]>"])
def test_names_in_chinese_are_drawn_as_written(word, tmp_path):
    drawing = draw(recorded(word, "状态"), legend=True)
    assert "权" in drawing.dot and "状态" in drawing.dot and "权" in shown(drawing.svg) and "状态" in shown(drawing.svg)
    assert "<script" not in drawing.svg and "Noto Sans CJK SC" in drawing.svg
    for suffix in ("svg", "dot"):
        draw(recorded(word, "状态"), tmp_path / f"图.{suffix}")
        assert "状态" in (tmp_path / f"图.{suffix}").read_text(encoding="utf-8")


@pytest.mark.parametrize("font", ["no_chinese_font", "a_chinese_font"])
def test_axes_of_plots(font, request, monkeypatch):
    pytest.importorskip("matplotlib")
    request.getfixturevalue(font)
    with chinese(monkeypatch, WORDS), warnings.catch_warnings():
        warnings.simplefilter("ignore", fonts.MissingFontWarning)
        curves = plots.loss_curves({"loss": [2.0, 1.0]}, "update", xlabel="step t")
        axes, bars = curves.axes[0], plots.contribution_bars({(None, None, 1): [0.1]}, "shape")
        alone = plots.loss_curves([2.0, 1.0]).axes[0]
    there = font == "a_chinese_font"
    assert axes.get_ylabel() == ("损失" if there else "loss")
    assert axes.get_title() == "update" and axes.get_xlabel() == "step t"  # the user's own
    assert [line.get_label() for line in axes.lines] == ["loss"]
    assert alone.get_xlabel() == ("更新" if there else "update")
    assert bars.axes[0].get_xlabel() == ("时间步 $t$" if there else "time step $t$")


def test_a_font_made_for_chinese_comes_first(monkeypatch, tmp_path):
    files = [tmp_path / file for file in ("a.ttf", "IPAGothic.ttf", "wqy-microhei.ttc", "NotoSansCJK-Regular.ttc")]
    monkeypatch.setattr(fonts, "font_files", lambda: tuple(files))
    monkeypatch.setattr(fonts, "covered", lambda path: frozenset(map(ord, fonts.NEEDED)) if path != files[0] else {0})
    assert fonts.font_for([fonts.NEEDED]) == files[3]
    files.pop()
    assert fonts.font_for([fonts.NEEDED]) == files[2]
    assert fonts.font_for(["Γ"]) is None


def test_a_picture_in_a_notebook_follows_the_language(monkeypatch, a_chinese_font):
    with chinese(monkeypatch, WORDS | {"full size": "原始大小"}):
        found = draw(recorded()).shown()
    assert "各步共用" in shown(found["image/svg+xml"]) and "原始大小" in found["text/html"]
    json.dumps(found)


def test_layers_steps_and_directions_are_said_in_chinese_and_read_aloud_so():
    x = np.ones((2, 1, 2))
    both = Bidirectional(LSTM(2, 3, seed=0), LSTM(2, 3, seed=1))
    with autograd_seq.language("zh"):
        layers = draw(Deep([LSTM(2, 3, seed=0), LSTM(3, 3, seed=1)]).unroll(x), view="modules").svg
        ways = draw(Deep([both, RNN(6, 3, seed=2)]).unroll(x), view="modules").svg
        once = draw(LSTM(2, 3, seed=0).unroll(x), view="cell").svg
    assert ">第 2 层<" in layers and all(f">{words}<" in ways for words in ("第 1 层，正向", "第 1 层，反向"))
    assert "<title>c&lt;t&gt; → 第 t+1 步</title>" in once
    words = " ".join(map(shown, (layers, ways, once)))
    assert not re.search(r"\b(layer|step|direction|forward|backward)\b", words)


def test_a_square_is_as_high_as_the_step_that_it_follows():
    for t in steps(2):
        a = name(tanh(Parameter([[0.5]], "W") * t), "a")
        J = name((a**2).sum(), "J")
    picture = draw(J).svg
    raised = re.search(r'font-size="([\d.]+)"[^>]*>⟨2⟩</tspan><tspan font-size="([\d.]+)"[^>]*>2<', picture)
    assert raised and raised[1] == raised[2]  # and no other height
    assert "a⟨2⟩²" in shown(picture)  # as it is read aloud


def test_cells_of_the_table_of_parameters_stand_apart():
    picture = draw(recorded("循环权重").sum(), overlay=True).svg
    table = picture.partition('id="parameters"')[2].partition("</g>")[0]
    assert "循环权重" in table and "2×2" in table
    assert not any("循环权重" in text and "2×2" in text for text in table.split("</text>"))
