"""What can be read: lettering, overlaps and edges measured on the drawings, in every view and size."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from autograd_seq import Graph, Parameter, Tensor, name, steps, tanh
from autograd_seq.core.errors import ValueRangeError
from cells import GRU, LSTM, RNN, Bidirectional, Readout
from tests.browser import chromium
from tests.sweeps import slow_but_part_of
from tests.viz.picture import boxes, curves, elements, inside
from tests.viz.test_draw import GALLERY, SUBJECTS, VIEWS_OF_ALL
from viz import draw
from viz.lettering import Run, wrapped
from viz.theme import DARK, LIGHT, dash, marks

LEAST = 18.0  # pixels on a slide
SLIDE = 1920.0
CASES = [(subject, view, size, formulas) for subject in SUBJECTS for view in VIEWS_OF_ALL
         for size in ("slide", "portrait") for formulas in (False, True)]  # fmt: skip
MEASURED = [(s, v, z, f) for s in SUBJECTS for v in VIEWS_OF_ALL
            for z, f in (("page", True), ("slide", False), ("slide", True))]  # fmt: skip


@pytest.fixture(scope="module")
def outputs():
    made = {}

    def output(subject):
        if subject not in made:
            made[subject] = GALLERY.SUBJECTS[subject]()
        return made[subject]

    return output


def extent(svg):
    return tuple(float(v) for v in re.match(r'<svg [^>]*?width="([\d.]+)(?:pt)?" height="([\d.]+)', svg).groups())


def check_geometry(drawing):
    found = boxes(drawing.svg)
    for (one, a), (other, b) in combinations(found.items(), 2):
        assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]), (one, other)
    drawn = curves(drawing.svg)
    for edge in drawing.layout.edges:
        for box, sides in found.items():
            if box not in (edge.source.id, edge.target.id):
                crossing = inside(drawn[edge.id], sides)
                assert not len(crossing), (edge.source.label, edge.target.label, box, crossing[0])


@pytest.mark.parametrize("subject, view, size, formulas", slow_but_part_of(CASES, 8))
def test_large_drawings_can_be_read_and_fit(outputs, subject, view, size, formulas):
    drawing = draw(outputs(subject), view=view, size=size, formulas=formulas)
    width, _ = extent(drawing.svg)
    most = SLIDE if size == "slide" else 1240
    assert width <= (most if size == "slide" else 2 * most), width
    view_box = float(re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+)', drawing.svg)[1])
    letters = [float(v) for v in re.findall(r'font-size="([\d.]+)"', drawing.svg)]
    assert min(letters) * width / view_box * min(1.0, most / width) >= (LEAST if width <= most else LEAST / 2) - 1e-6
    check_geometry(drawing)


def test_an_lstm_of_three_steps_fits_one_slide_with_names_and_with_formulas(outputs):
    for formulas, height in ((False, 1080), (True, 1090)):
        for overlay in (False, True):
            drawing = draw(outputs("lstm"), size="slide", formulas=formulas, overlay=overlay)
            across, down = extent(drawing.svg)
            assert across <= SLIDE and (down <= height or (overlay and formulas))
            assert len({round(column.bottom) for column in drawing.layout.columns}) == 1 or (overlay and formulas)


def test_names_only_or_names_and_formulas(outputs):
    def words(**options):
        layout = draw(outputs("lstm"), **options).layout
        return {line.plain for node in layout.nodes for line in node.lines}

    assert not any("σ(" in line for line in words(size="slide")) and "W_f b_f" in words(size="slide")
    assert any("σ(" in line for line in words(size="slide", formulas=True))
    assert any("σ(" in line for line in words()) and not any("σ(" in line for line in words(formulas=False))
    assert {"Γ_f<1>", "c<3>"} <= words(size="slide")


def test_a_range_of_steps_says_what_comes_and_where_it_goes():
    run = GALLERY.measured(LSTM(3, 4, seed=0), 6)
    for size in ("page", "slide"):
        layout = draw(run, steps=(2, 4), size=size).layout
        assert [c.time for c in layout.columns if c.label] == [2, 3, 4]
        ports = {node.label for node in layout.nodes if node.kind == "port"}
        assert ports == {"a<1>", "c<1>", "L<1>", "step 5"}
        assert layout.notes[0] == "drawn: 2 to 4 of steps 1 to 6"
        drawn = [record for node in layout.nodes for record in node.records]
        assert len(drawn) == len(set(drawn))
        check_geometry(draw(run, steps=(2, 4), size=size, overlay=True))
    backward = draw(run, steps=(2, 4), view="backward").layout
    ports = {n.label for n in backward.nodes if n.kind == "port"}
    assert {"da<1>", "dc<1>", "dL<1>", "step 5"} >= ports > {"dc<1>", "dL<1>"}
    with pytest.raises(ValueRangeError, match="steps 8 to 9, but there are steps 1 to 6"):
        draw(run, steps=(8, 9))
    with pytest.raises(ValueRangeError, match="the first and the last step"):
        draw(run, steps=3)


def test_both_directions_go_on_beyond_a_range():
    cell = Bidirectional(RNN(3, 4, seed=0), RNN(3, 4, seed=1))
    layout = draw(GALLERY.measured(cell, 6), steps=(3, 4)).layout
    assert {n.label for n in layout.nodes if n.kind == "port"} == {"→a<2>", "←a<5>", "step 5", "step 2"}


def test_steps_that_do_not_fit_go_on_below():
    run = GALLERY.measured(GRU(3, 4, seed=0), 8)
    drawing = draw(run, size="slide")
    layout = drawing.layout
    framed = [c for c in layout.columns if c.label]
    assert [c.time for c in framed] == list(range(1, 9))
    rows = sorted({round(c.bottom) for c in framed}, reverse=True)
    assert len(rows) > 1 and "the steps go on below" in layout.notes
    assert len({node.id for node in layout.nodes}) == len(layout.nodes)
    drawn = [record for node in layout.nodes for record in node.records]
    assert len(drawn) == len(set(drawn)) == len([r for n in draw(run).layout.nodes for r in n.records])
    used = {use for edge in layout.edges for use in edge.uses}
    assert used == {use for edge in draw(run).layout.edges for use in edge.uses}
    arrows = {(e.source.label, e.target.label) for e in layout.edges}
    first = next(c.time for c in framed if round(c.bottom) == rows[1])
    assert {n.label for n in layout.nodes if n.kind == "port"} >= {f"c<{first - 1}>", f"step {first}", "J"}
    assert (f"L<{first}>", "J") in arrows
    check_geometry(drawing)


def test_a_legend_says_what_is_there_and_nothing_else(outputs):
    def legend(**options):
        groups = elements(draw(outputs("lstm"), legend=True, **options).svg, "node")
        return " ".join(" ".join(groups["legend"].itertext()).split())

    assert "legend" not in elements(draw(outputs("lstm")).svg, "node")
    plain = legend()
    for words in ("a state, passed from step to step", "at time step t", "multiplied element by element"):
        assert words in plain
    assert "derivative" not in plain and "stands for what is not drawn" not in plain
    assert "the derivative that comes back" in legend(overlay=True)
    assert "before a name: the derivative of the output by it" in legend(view="backward")
    assert "multiplied" not in legend(size="slide")


def test_every_kind_of_box_and_arrow_has_its_words():
    from viz.legend import ARROWS, BOXES

    assert set(BOXES) | {"port"} == set(LIGHT.fills) == set(LIGHT.borders) == set(DARK.fills) == set(DARK.borders)
    assert set(ARROWS) == {"forward", "recurrent", "adjoint", "parameter"}


def test_parameters_beyond_the_eighth_look_different(outputs):
    for theme in (LIGHT, DARK):
        looks = [(theme.parameter(i), marks(i)) for i in range(32)]
        assert len(set(looks)) == 32
    svg = draw(outputs("lstm_peephole")).svg
    table = elements(svg, "node")["parameters"]
    spans = [e for e in table.iter() if e.tag.endswith("tspan") and e.get("font-weight") == "bold"]
    looks = {(e.get("fill"), e.get("text-decoration")) for e in spans}
    assert len(looks) == len(draw(outputs("lstm_peephole")).layout.table) == 13


# As a colour-blind eye sees linear RGB: Machado, Oliveira and Fernandes, IEEE Trans. Vis. Comput. Graph. 15 (2009).
BLIND = {
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(color, seen):
    """CIE L*a*b* of a colour as seen."""
    share = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.119192, 0.9503041]]
    xyz = np.array(to_xyz) @ np.clip(np.array(seen) @ linear, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("seen", BLIND.values(), ids=BLIND)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_arrows_of_parameters_are_told_apart_by_colour_blind_readers(theme, seen):
    for i, j in combinations(range(8), 2):
        distance = np.linalg.norm(lab(theme.parameter(i), seen) - lab(theme.parameter(j), seen))
        assert distance > 10 or dash(i) != dash(j), (i, j, distance)


def test_a_zero_adjoint_looks_like_nothing():
    W, U = Parameter([[0.5]], "W"), Parameter([[0.3]], "U")
    a, b = Tensor([[1.0]], "a", requires_grad=True), Tensor([[1.0]], "b", requires_grad=True)
    for _ in steps(2):
        a, b = name(tanh(W * a), "a"), name(tanh(U * b), "b")
    output = name((a + 0.0 * b).sum(), "J")
    back = [e for e in draw(output, overlay=True).layout.edges if e.kind == "adjoint"]
    assert back and not [e for e in back if "b<" in e.source.label or "b<" in e.target.label]
    layout = draw(output, view="backward").layout
    assert {n.kind for n in layout.nodes if n.label.startswith("db")} == {"zero"}
    assert not [e for e in layout.edges if e.target.label.startswith("db")]
    assert [e for e in layout.edges if e.target.label.startswith("da")]


def test_lines_break_at_spaces_before_signs_and_never_inside_a_name():
    runs = [Run("Γ", bold=True), Run("f", -1), Run(" ∘ "), Run("c"), Run("⟨1⟩", 1), Run(" + "), Run("[a; x]")]
    for longest in (1.0, 4.0, 6.0, 100.0):
        lines = wrapped(runs, longest)
        assert "".join("".join(run.text for run in line) for line in lines).replace(" ", "") == "Γf∘c⟨1⟩+[a;x]"
        assert all(line[0].text[0] in "Γ∘+[" and not line[-1].text.endswith(" ") for line in lines)
        assert all(line[0].script == 0 for line in lines)
    assert len(wrapped(runs, 100.0)) == 1 and len(wrapped(runs, 1.0)) == 3


def test_unknown_sizes_are_refused(outputs):
    with pytest.raises(ValueRangeError, match="'slide'"):
        draw(outputs("rnn"), size="huge")


def test_pixels_are_those_of_a_slide(outputs, tmp_path):
    import struct

    for subject in ("lstm", "rnn", "no_cell"):
        drawing = draw(outputs(subject), tmp_path / "x.png", size="slide")
        across, down = struct.unpack(">II", (tmp_path / "x.png").read_bytes()[16:24])
        width, height = extent(drawing.svg)
        assert abs(across - width) < 0.03 * width and abs(down - height) < 0.03 * height
        assert drawing.save(tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


# -- in a browser: where its letters really stand -----------------------------------------------------

WHERE = """
const size = s => [...s.querySelectorAll("tspan"), s].filter(e => !e.children.length)
  .map(e => parseFloat(getComputedStyle(e).fontSize));
return [...document.querySelectorAll("svg")].map(svg => {
  const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return { canvas: box(svg), texts: [...svg.querySelectorAll("text")].filter(t => t.textContent.trim()).map(text => {
    const group = text.closest("g");
    const shape = [...group.children].flatMap(c => c.tagName == "g" ? [...c.children] : [c])
      .find(c => ["path", "polygon"].includes(c.tagName));
    return { words: text.textContent, at: box(text), least: Math.min(...size(text)) * scale, owner: group.id || "",
             kind: group.getAttribute("class"), shape: shape ? box(shape) : null };
  })};
});
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("sizes")) as driver:
        yield driver


def measured(browser, folder: Path, *svgs):
    (folder / "page.html").write_text("<!DOCTYPE html><meta charset=utf-8>" + "".join(svgs), encoding="utf-8")
    browser.get((folder / "page.html").as_uri())
    return browser.execute_script(WHERE)


def check_lettering(found, least=0.0):
    """No letter below so many pixels, none outside its box or the canvas, no two texts on top of each other."""
    left, top, right, bottom = found["canvas"]
    ink = []
    for text in found["texts"]:
        x1, y1, x2, y2 = text["at"]
        high = y2 - y1
        y1, y2 = y1 + 0.22 * high, y2 - 0.22 * high  # a font's box is higher than its letters
        ink.append((x1, y1, x2, y2))
        assert text["least"] >= least - 0.01, (text["words"], text["least"])
        assert left <= x1 and x2 <= right and top <= y1 and y2 <= bottom, (text["words"], "canvas")
        if text["shape"] is not None and text["kind"] in ("node", "cluster"):
            a1, b1, a2, b2 = text["shape"]
            assert a1 <= x1 + 0.5 and x2 - 0.5 <= a2 and b1 <= y1 and y2 <= b2, (text["words"], text["owner"])
    for (i, a), (j, b) in combinations(enumerate(ink), 2):
        both = found["texts"][i]["words"], found["texts"][j]["words"]
        assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]), both


@pytest.mark.browser
@pytest.mark.parametrize("subject, view, size, formulas", slow_but_part_of(MEASURED, 10))
def test_letters_stand_in_their_boxes(browser, tmp_path, outputs, subject, view, size, formulas):
    drawing = draw(outputs(subject), view=view, size=size, formulas=formulas, legend=True)
    (found,) = measured(browser, tmp_path, drawing.svg)
    check_lettering(found, LEAST if size == "slide" else 0.0)


@pytest.mark.browser
def test_letters_of_values_and_ranges_and_tables(browser, tmp_path, outputs):
    run = GALLERY.measured(LSTM(3, 4, peephole="diagonal", seed=0), 6)
    drawings = [
        draw(run, size="slide", steps=(3, 4), legend=True), draw(run, size="slide", values=True),
        draw(run, size="slide", overlay=True, formulas=True), draw(run, size="portrait", legend=True),
        draw(outputs("rnn"), values=True, legend=True), draw(outputs("rnn"), size="slide", view="cell", theme="dark"),
    ]  # fmt: skip
    for i, found in enumerate(measured(browser, tmp_path, *(drawing.svg for drawing in drawings))):
        check_lettering(found, LEAST if drawings[i].layout.size.width else 0.0)


def test_any_recording_fits_a_slide():
    rng = np.random.default_rng(5)
    many = Readout(4, 2, seed=1)(LSTM(3, 4, seed=0).unroll(rng.standard_normal((3, 1, 30))))
    for thing in (many, Graph(GALLERY.no_cell()), Tensor(1.0, "x") * 2.0):
        width, _ = extent(draw(thing, size="slide").svg)
        assert width <= SLIDE
