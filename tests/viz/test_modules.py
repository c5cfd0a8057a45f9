"""The module view: one box for a cell or a layer, made from scopes and loops alone; its inside on demand."""

import re

import numpy as np
import pytest

from autograd_seq import Graph, Parameter, Tensor, name, scope, steps, tanh
from cells import GRU, LSTM, Deep
from tests.browser import chromium, complaints
from tests.viz.test_draw import GALLERY, SUBJECTS
from tests.viz.test_sizes import check_geometry, check_lettering, measured
from viz import draw, open_modules
from viz.boxes import fold
from viz.modules import modules_of, together


@pytest.fixture(scope="module")
def outputs():
    return {subject: make() for subject, make in GALLERY.SUBJECTS.items()}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_modules_hold_every_record_once_and_every_use_between_them(outputs, subject):
    folded = fold(Graph(outputs[subject]))
    whole, members = together(folded)
    assert sorted(r.index for box in whole.boxes for r in box.records) == sorted(r.index for r in folded.home)
    assert sum(len(group) for group in members.values()) + len(whole.boxes) - len(members) == len(folded.boxes)
    between = {(x, user, i) for uses in whole.edges.values() for x, user, i in uses}
    apart = {(x, user, i) for uses in folded.edges.values() for x, user, i in uses}
    assert between == {(x, user, i) for x, user, i in apart if whole.home[x] is not whole.home[user]}
    for box, group in members.items():
        assert len({(b.scope.layer, b.scope.direction, b.time) for b in group}) == 1, box.record.label


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("size", ["page", "slide"])
def test_module_drawings_are_clean(outputs, subject, size):
    for overlay in (False, True):
        check_geometry(draw(outputs[subject], view="modules", size=size, overlay=overlay))


def test_an_lstm_is_one_box_a_step_and_a_deep_model_one_box_a_layer(outputs):
    layout = draw(outputs["lstm"], view="modules").layout
    assert [n.label for n in layout.nodes if n.kind == "module"] == [f"c<{t}>, a<{t}>" for t in (1, 2, 3)]
    deep = Deep([LSTM(3, 4, seed=0), GRU(4, 4, seed=1), LSTM(4, 4, seed=2)])
    layout = draw(GALLERY.measured(deep), view="modules").layout
    lines = [n.lines[1].plain for n in layout.nodes if n.kind == "module"]
    assert sorted(lines) == sorted(f"layer {n}" for n in (1, 2, 3) for _ in range(3))
    widths = [draw(GALLERY.measured(deep), view=view).layout.width for view in ("modules", "unrolled")]
    assert widths[0] < widths[1]


def test_modules_of_code_that_knows_no_cell():
    W, V = Parameter(np.eye(2) * 0.5, "W"), Parameter(np.eye(2) * 0.3, "V")
    h = Tensor(np.ones((2, 1)), "x")
    for layer in (1, 2):
        with scope(layer=layer):
            z = name(W @ h, "z")
            h = name(tanh(z) + z, "h")
    out = name((h * h).sum(), "J")
    modules = modules_of(fold(Graph(out)))
    assert set(modules.values()) == {("layer", 1, ""), ("layer", 2, "")}
    layout = draw(out, view="modules").layout
    assert [n.lines[1].plain for n in layout.nodes if n.kind == "module"] == ["layer 1", "layer 2"]
    a = Tensor(np.ones((2, 1)), "a", requires_grad=True)
    for _ in steps(3):
        gate = name(tanh(V @ a), "gate")
        a = name(gate * a + gate, "a")
    layout = draw(a.sum(), view="modules").layout
    assert [n.label for n in layout.nodes if n.kind == "module"] == ["a<1>", "a<2>", "a<3>"]


def test_the_page_opens_each_module_once(outputs, tmp_path):
    page = open_modules(outputs["deep_bidirectional"], tmp_path / "x.html", title="<Two> layers")
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert text == page.html and "&lt;Two&gt; layers" in text and "<script" not in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    targets = re.findall(r'<a href="#(module-\d+)">', text)
    assert len(targets) == 3 and set(targets) == set(re.findall(r'<section id="([^"]+)"', text))
    nothing = open_modules(outputs["no_cell"]).html
    assert "<section" not in nothing and "nothing to open" in nothing


@pytest.mark.browser
def test_a_click_shows_the_inside_and_nothing_else(outputs, tmp_path):
    open_modules(outputs["deep_bidirectional"], tmp_path / "x.html")
    with chromium(tmp_path / "browser") as browser:
        browser.get((tmp_path / "x.html").as_uri())
        shown = "return [...document.querySelectorAll('section')].filter(s => s.offsetHeight > 0).length"
        assert browser.execute_script(shown) == 0
        browser.find_element("css selector", "svg a g.node").click()
        assert browser.execute_script(shown) == 1
        words = browser.execute_script("return document.querySelector('section:target').textContent")
        assert "Γ" in words and "step t+1" in words
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert not complaints(browser)
        drawings = [draw(outputs[s], view="modules", size=z, legend=True) for s in ("lstm", "deep_bidirectional")
                    for z in ("page", "slide")]  # fmt: skip
        for i, found in enumerate(measured(browser, tmp_path, *(drawing.svg for drawing in drawings))):
            check_lettering(found, 18.0 if i % 2 else 0.0)
