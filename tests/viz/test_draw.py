"""Drawings against what was recorded: each record and each use once, nothing overlapping, nothing crossing a box."""

import importlib.util
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import autograd_seq.numpy as teaching
from autograd_seq import Graph, Parameter, Tensor, differentiate, name, scope, steps, tanh
from autograd_seq.core.errors import UsageError, ValueRangeError
from cells import LSTM, RNN, Readout
from tests.viz.picture import along, boxes, curves, elements, inside
from viz import draw, lay_out
from viz.boxes import fold
from viz.builder import Options
from viz.render import RenderError

ROOT = Path(__file__).resolve().parents[2]


def _gallery():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "examples" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GALLERY = _gallery()
SUBJECTS = list(GALLERY.SUBJECTS)
CLEAN_VIEWS = ("unrolled", "rolled", "cell", "backward", "overlay")
VIEWS_OF_ALL = (*CLEAN_VIEWS, "operations")


@pytest.fixture(scope="module")
def outputs():
    return {subject: make() for subject, make in GALLERY.SUBJECTS.items()}


def _expected_edges(folded):
    """Pairs of boxes by the recording itself: a use of a record by another that stands in another box."""
    pairs = set()
    for record in folded.graph:
        for x in record.inputs:
            if record in folded.home and x in folded.home and folded.home[x] is not folded.home[record]:
                pairs.add((folded.home[x].record, folded.home[record].record))
    return pairs


def _uses(layout):
    return [use for edge in layout.edges for use in edge.uses]


@pytest.mark.parametrize("view", ["unrolled", "operations"])
@pytest.mark.parametrize("subject", [s for s in SUBJECTS if s != "lstm_50_steps"])
def test_every_record_and_every_use_is_drawn_once_and_nothing_else(outputs, subject, view):
    graph = Graph(outputs[subject])
    layout = lay_out(graph, view)
    drawn = [record for node in layout.nodes for record in node.records]
    assert len(drawn) == len(set(drawn))
    shared = {row.record for row in layout.table}
    constants = {r for r in graph if r.operation is None and r.name is None and not r.requires_grad}
    literals = {r for r in constants if r.ndim == 0 or (np.ptp(r.value) == 0 and r not in fold(graph).initial)}
    assert set(drawn) == set(graph.records) - shared - literals
    folded = fold(graph, whole=view == "operations")
    assert {(e.source.record, e.target.record) for e in layout.edges} == _expected_edges(folded)
    assert len({(e.source.id, e.target.id) for e in layout.edges}) == len(layout.edges)
    uses = _uses(layout)
    assert len(uses) == len(set(uses))
    for record in graph:
        for i, x in enumerate(record.inputs):
            inside = folded.home.get(x) is folded.home.get(record)
            assert ((x, record, i) in set(uses)) == (x not in shared | literals and record not in shared and not inside)
    if view == "operations":
        assert all(len(node.records) == 1 for node in layout.nodes)


@pytest.mark.parametrize("view", ["rolled", "cell"])
@pytest.mark.parametrize("subject", ["rnn", "lstm", "gru", "bidirectional", "deep", "encoder_decoder", "own_cell"])
def test_one_step_stands_for_all(outputs, subject, view):
    graph = Graph(outputs[subject])
    layout = lay_out(graph, view)
    folded = fold(graph)
    known = {box.key for box in folded.boxes if box.time is not None and not box.leaf}
    shown = {node.box.key for node in layout.nodes if node.box is not None and node.column is not None}
    if view == "cell":
        assert known <= shown
        assert sum(node.kind != "port" and node.column is not None for node in layout.nodes) == len(shown)
        return
    drawn = [record for node in layout.nodes for record in node.records]
    assert len(drawn) == len(set(drawn))
    made = {r for box in folded.boxes if not box.leaf for r in box.records}
    assert made <= set(drawn)


def test_rolled_cells_are_what_reaches_itself_through_time(outputs):
    for subject, loops in {"rnn": 1, "lstm": 1, "deep": 2, "bidirectional": 2, "deep_bidirectional": 3}.items():
        layout = lay_out(Graph(outputs[subject]), "rolled")
        assert sum(edge.source is edge.target for edge in layout.edges) == loops, subject
    lstm = lay_out(Graph(outputs["lstm"]), "rolled")
    assert [node.label for node in lstm.nodes if node.kind == "state"] == ["a<t>, c<t>"]


@pytest.mark.parametrize("subject", ["rnn", "lstm", "lstm_peephole", "gru", "bidirectional", "deep", "own_cell"])
@pytest.mark.parametrize("view", ["unrolled", "operations"])
def test_equal_steps_look_equal(outputs, subject, view):
    layout = lay_out(Graph(outputs[subject]), view)
    places = {}
    for node in layout.nodes:
        column = layout.columns[node.column] if node.column is not None else None
        if column is not None and column.time is not None:
            place = (node.x - column.left, node.y, node.width, node.height)
            places.setdefault(node.key, []).append(place)
    assert any(len(found) == 3 for found in places.values()) or subject == "own_cell"
    assert all(place == pytest.approx(found[0], abs=1e-6) for found in places.values() for place in found)
    framed = [c for c in layout.columns if c.time is not None]
    assert all(a.right < b.left and a.time < b.time for a, b in zip(framed, framed[1:]))
    widths = [c.right - c.left for c in framed]
    assert widths == pytest.approx([widths[0]] * len(widths), abs=1e-6)


def _overlaps(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("view", [*CLEAN_VIEWS, "operations"])
def test_on_the_svg_no_boxes_overlap_and_no_edge_crosses_a_foreign_box(outputs, subject, view):
    drawing = draw(outputs[subject], view=view)
    found = boxes(drawing.svg)
    assert set(found) == {node.id for node in drawing.layout.nodes}
    for (one, a), (other, b) in combinations(found.items(), 2):
        assert not _overlaps(a, b), (one, other)
    drawn = curves(drawing.svg)
    assert set(drawn) == {edge.id for edge in drawing.layout.edges}
    for edge in drawing.layout.edges:
        own = {edge.source.id, edge.target.id}
        for box, sides in found.items():
            if box not in own:
                crossing = inside(drawn[edge.id], sides)
                assert not len(crossing), (edge.source.label, edge.target.label, box, crossing[0])


def test_edges_start_and_end_at_their_boxes(outputs):
    for view in ("unrolled", "rolled", "cell", "overlay"):
        layout = draw(outputs["lstm"], view=view).layout
        for edge in layout.edges:
            for node, (x, y) in ((edge.source, edge.points[0]), (edge.target, edge.points[-1])):
                on_side = min(abs(x - node.left), abs(x - node.right), abs(y - node.bottom), abs(y - node.top)) < 1e-6
                within = node.left - 1e-6 <= x <= node.right + 1e-6 and node.bottom - 1e-6 <= y <= node.top + 1e-6
                assert on_side and within, (view, edge.source.label, edge.target.label)


def test_overlay_widths_follow_the_adjoints(outputs):
    recording = differentiate(outputs["rnn"])
    layout = draw(outputs["rnn"], view="overlay").layout
    forward = {(e.source, e.target): e for e in layout.edges if e.kind != "adjoint"}
    back = {(e.target, e.source): e for e in layout.edges if e.kind == "adjoint"}
    assert set(back) < set(forward)
    for (u, v), edge in forward.items():
        passes = all(x in recording.adjoints for x, *_ in edge.uses) and v.record in recording.adjoints
        assert ((u, v) in back) == passes, (u.label, v.label)
    # What arrives at a<t> in one piece is its adjoint: a<3> is used by the readout alone.
    a3 = next(n for n in layout.nodes if n.label == "a<3>")
    (edge,) = [e for (u, _), e in back.items() if u is a3]
    size = np.linalg.norm(recording.adjoint(a3.record).value)
    assert f"{size:.3g}" in edge.tooltip


def test_a_vanishing_gradient_is_seen_to_vanish():
    rng = np.random.default_rng(0)
    W = Parameter(0.02 * rng.standard_normal((3, 3)), "W")
    a = Tensor(rng.standard_normal((3, 2)), "a", requires_grad=True)
    for _ in steps(6):
        a = name(tanh(W @ a + 0.1), "a")
    layout = draw((a * a).sum(), view="overlay").layout
    widths = {
        e.target.record.scope.time: e.width for e in layout.edges
        if e.kind == "adjoint" and e.source.record.scope.time and e.target.record.scope.time
        and e.source.record.scope.time == e.target.record.scope.time + 1
    }
    ordered = [widths[t] for t in sorted(widths)]
    assert ordered == sorted(ordered) and ordered[-1] > 2 * ordered[0]


def test_backward_view_has_every_adjoint_that_has_a_box(outputs):
    recording = differentiate(outputs["lstm"])
    layout = draw(recording, view="backward").layout
    shown = [node.record for node in layout.nodes]
    assert len(shown) == len(set(shown))
    boxed = {box.record for box in fold(recording.forward, merge_named=False).boxes}
    assert set(shown) == {adjoint for record, adjoint in recording.adjoints.items() if record in boxed}
    emitted = [made for node in layout.nodes for made in node.records]
    assert len(emitted) == len(set(emitted))
    assert all(made in recording.backward or made.operation is None for made in emitted if made.name)
    within = [edge for edge in layout.edges if edge.source.column == edge.target.column]
    assert within and all(edge.points[0][1] > edge.points[-1][1] for edge in within)


def test_more_than_twelve_steps_are_elided_unless_asked_for():
    def times(T, **options):
        run = RNN(3, 4, seed=0).unroll(np.ones((3, 2, T)))
        layout = draw(run, **options).layout
        return [c.time for c in layout.columns if c.time is not None], layout

    assert times(12)[0] == list(range(1, 13))
    shown, layout = times(13)
    assert shown == [1, 2, 13] and "3 to 12" in layout.notes[0]
    assert times(13, all_steps=True)[0] == list(range(1, 14))
    folded = [node for node in layout.nodes if node.kind == "fold"]
    assert folded and {r.scope.time for node in folded for r in node.records} == set(range(3, 13))


def test_long_recordings_never_become_wider_than_a_page():
    run = LSTM(3, 4, seed=0).unroll(np.ones((3, 1, 400)))
    layout = draw(run.final["a"], all_steps=True).layout
    assert layout.width < 14_400 and layout.notes
    assert sum(c.time is not None for c in layout.columns) > 12


def test_a_long_graph_without_steps_is_folded_with_a_note():
    # One line each: the same line many times over would be recognised as steps.
    program = "".join(f"y = name(y * W, 'y_{i}')\n" for i in range(3000))
    given = {"name": name, "W": Parameter([1.0], "W"), "y": Tensor([1.0], "x")}
    exec(program, given)
    y = given["y"]
    layout = lay_out(Graph(y), options=Options())
    assert len(layout.nodes) < 400 and layout.width < 14_400 and layout.height < 40_000 and layout.notes
    drawn = [r for node in layout.nodes for r in node.records]
    assert len(drawn) == len(set(drawn)) == len(Graph(y))


HOSTILE = [
    "<script>alert(1)</script>", 'quote " and \' and \\', "line\nbreak\r\ttab", "状态 حالة दशा", "x" * 10_000,
    "</TD></TABLE>", "&lt;b&gt;", "}{|<>\\l\\N", "a\x00b\x0b\ud800", "\\G", "<<b>>", " ", "_", "a__b", "]]>", "<!--",
]  # fmt: skip


def test_hostile_names_are_drawn_as_text(tmp_path):
    W = Parameter([[0.5]], "<W>&\"'")
    outputs = []
    for word in HOSTILE:
        with scope(time=1, part=word):
            outputs.append(name(tanh(W * 2.0), word))
    drawing = draw(Graph(*outputs))
    groups = elements(drawing.svg, "node")
    assert set(groups) == {node.id for node in drawing.layout.nodes} | {"parameters"}
    assert not [e for g in groups.values() for e in g.iter() if e.tag.rsplit("}")[-1] not in
                {"g", "title", "path", "polygon", "polyline", "text", "tspan", "a"}]
    words = "".join("".join(g.itertext()) for g in groups.values())
    assert "<script>" in words and "状态" in words and "quote \" and ' and \\" in words
    assert "<script" not in drawing.svg and len(drawing.svg) < 200_000
    for suffix in ("dot", "png", "pdf"):
        assert drawing.save(tmp_path / f"x.{suffix}").stat().st_size > 500


def test_formats(tmp_path, outputs):
    starts = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}
    drawing = draw(outputs["rnn"], tmp_path / "first.svg")
    assert (tmp_path / "first.svg").read_bytes().startswith(b"<svg")
    for suffix, start in starts.items():
        assert drawing.save(tmp_path / f"x.{suffix}").read_bytes().startswith(start)
    assert drawing.png(tmp_path / "y.png") == (tmp_path / "y.png").read_bytes()
    with pytest.raises(ValueRangeError, match="bmp"):
        drawing.save(tmp_path / "x.bmp")


def test_without_graphviz_the_dot_file_is_written(tmp_path, monkeypatch, outputs):
    monkeypatch.setattr("viz.render._commands", lambda kind: [])
    with pytest.raises(RenderError, match="pygraphviz"):
        draw(outputs["rnn"], tmp_path / "x.svg")
    assert (tmp_path / "x.dot").read_text().startswith("digraph")
    slow = [sys.executable, "-c", "import time; time.sleep(30)"]
    monkeypatch.setattr("viz.render._commands", lambda kind: [("slow", slow)])
    from viz.render import render

    with pytest.raises(RenderError, match="did not finish in 0.3 s"):
        render("digraph {}", "svg", time_limit=0.3)


def test_nothing_is_printed(tmp_path):
    program = (
        "import numpy as np\nfrom cells import RNN\nfrom viz import draw\n"
        f"draw(RNN(3, 4, seed=0), {str(tmp_path / 'x.svg')!r}).png()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_what_can_be_drawn():
    cell = RNN(3, 4, seed=0)
    run = Readout(4, 2, seed=1)(cell.unroll(np.ones((3, 2, 3))))
    assert len(draw(run).layout.nodes) == len(draw(run.graph).layout.nodes)
    assert [c.time for c in draw(cell).layout.columns if c.time] == [1, 2, 3]
    recording = differentiate(name(run.outputs[0][0].sum(), "s"))
    assert draw(recording, view="backward").layout.nodes
    with pytest.raises(UsageError, match="int"):
        draw(3)
    with pytest.raises(ValueRangeError, match="unrolled"):
        draw(run, view="sideways")
    with pytest.raises(ValueRangeError, match="light"):
        draw(run, theme="pink")


def test_parameters_on_demand(outputs):
    plain, full = draw(outputs["rnn"]).layout, draw(outputs["rnn"], parameters=True).layout
    assert not [e for e in plain.edges if e.kind == "parameter"]
    drawn = {(e.source.record, e.target.record) for e in full.edges if e.kind == "parameter"}
    folded = fold(Graph(outputs["rnn"]))
    assert drawn == {(x, folded.home[user].record) for x, user, _ in folded.shared_uses}
    svg = draw(outputs["rnn"], parameters=True).svg
    found = boxes(svg)
    assert not [pair for pair in combinations(found.values(), 2) if _overlaps(*pair)]


def test_values_small_in_full_large_as_norm_and_range(outputs):
    words = "".join("".join(g.itertext()) for g in elements(draw(outputs["rnn"], values=True).svg, "node").values())
    a1 = Graph(outputs["rnn"]).find("a", time=1).value
    assert f"{a1[0, 0]:.3g}" in words
    big = name(Tensor(np.arange(100.0), "x") * 1.0, "big")
    words = "".join("".join(g.itertext()) for g in elements(draw(big, values=True).svg, "node").values())
    assert "‖573‖ 0 … 99" in words


def test_dark_theme_has_its_own_colours(outputs):
    light, dark = draw(outputs["rnn"]), draw(outputs["rnn"], theme="dark")
    assert dark.theme.background.lower() in dark.svg.lower() and dark.theme.background not in light.svg
    assert light.layout.width == dark.layout.width


def test_user_code_in_plain_numpy_is_laid_out_by_its_scopes(outputs):
    layout = lay_out(Graph(outputs["own_cell"]))
    assert [c.time for c in layout.columns if c.time] == [1, 2, 3, 4]
    labels = {node.label for node in layout.nodes}
    assert {"h<0>", "h<4>", "gate<2>", "E"} <= labels
    rows = {node.label: node.row for node in layout.nodes}
    assert rows["h<0>"] == rows["h<1>"] == rows["h<4>"]


def test_repeated_lines_are_steps_without_any_mark():
    W, a = Parameter([[0.5]], "W"), Tensor([[1.0]], requires_grad=True)
    for _ in range(3):
        a = tanh(W @ a)
    layout = lay_out(Graph(a))
    assert [c.time for c in layout.columns if c.label] == [1, 2, 3]


def _random_recording(seed):
    """Operations at random steps, layers and directions, named or not, reading what came before."""
    rng = np.random.default_rng(seed)
    W, b = Parameter(rng.standard_normal((2, 2)), "W"), Parameter(rng.standard_normal((2, 1)), "b")
    pool = [Tensor(rng.standard_normal((2, 1)), "x")]
    for _ in range(int(rng.integers(3, 30))):
        where = {"time": int(rng.integers(1, 5)) if rng.random() < 0.9 else None}
        if rng.random() < 0.6:
            where["layer"] = int(rng.integers(1, 3))
        if rng.random() < 0.3:
            where["direction"] = ("forward", "backward")[int(rng.integers(2))]
        with scope(**where):
            recent, any_before = pool[-int(rng.integers(1, 9)) % len(pool)], pool[int(rng.integers(len(pool)))]
            made = tanh(W @ recent + any_before) if rng.random() < 0.5 else recent * any_before + b
            if rng.random() < 0.2:
                made = made + Tensor(rng.standard_normal((2, 1)), "x" if rng.random() < 0.5 else None)
            pool.append(name(made, str(rng.choice(["a", "c", "h", "L"]))) if rng.random() < 0.7 else made)
    return name(pool[-1].sum() + pool[-2].sum(), "J")


@pytest.mark.parametrize("seed", range(14))
def test_any_recording_comes_out_well(seed):
    output = _random_recording(seed)
    for view in ("unrolled", "operations", "rolled", "cell", "overlay", "backward"):
        layout = draw(output, view=view).layout
        for a, b in combinations(layout.nodes, 2):
            apart = a.right <= b.left or b.right <= a.left or a.top <= b.bottom or b.top <= a.bottom
            assert apart, (view, a.label, b.label)
        for edge in layout.edges:
            points = along(edge.points)
            for node in layout.nodes:
                if node is not edge.source and node is not edge.target:
                    crossing = inside(points, (node.left, node.bottom, node.right, node.top))
                    assert not len(crossing), (view, edge.source.label, edge.target.label, node.label)
    drawn = [record for node in lay_out(Graph(output)).nodes for record in node.records]
    assert len(drawn) == len(set(drawn))


def test_the_course_s_own_lstm_loop_is_drawn_like_the_package_s():
    """Arrays filled by slices, no names of steps: the stacked input is a box of the step that uses it."""
    rng = np.random.default_rng(0)
    n_x, n_a, m, T = 3, 4, 2, 4
    x = rng.standard_normal((n_x, m, T))
    W = {k: Parameter(rng.standard_normal((n_a, n_a + n_x)), f"W{k}") for k in "fuco"}
    a_next = c_next = teaching.zeros((n_a, m))
    a = teaching.zeros((n_a, m, T))
    for t in range(T):
        stacked = teaching.zeros((n_a + n_x, m))
        stacked[:n_a, :] = a_next
        stacked[n_a:, :] = x[:, :, t]
        ft, ut, ot = (name(1 / (1 + np.exp(-np.dot(W[k], stacked))), f"{k}t") for k in "fuo")
        c_next = name(ft * c_next + ut * np.tanh(np.dot(W["c"], stacked)), "c")
        a_next = name(ot * np.tanh(c_next), "a")
        a[:, :, t] = a_next
    layout = lay_out(Graph(a.sum()))
    where = {node.label: (node.column, node.row) for node in layout.nodes if node.record.name}
    for t in range(1, T + 1):
        assert where[f"c<{t}>"] == (t, where["c<1>"][1]) and where[f"a<{t}>"] == (t, where["a<1>"][1])
    stacked = [node for node in layout.nodes if node.record.shape == (n_a + n_x, m)]
    assert [node.column for node in stacked] == [1, 2, 3, 4]
    assert all(node.row < where["ft<2>"][1] for node in stacked)


def test_what_goes_back_through_the_steps_has_another_row_than_what_goes_forth():
    """Two loops in one step, without scopes: what one is given and what the other hands on do not share a line."""
    x, rng = np.random.default_rng(0).standard_normal((4, 3, 2)), np.random.default_rng(1)
    U, V = (Parameter(rng.standard_normal((3, 3)), key) for key in "UV")
    ahead, back, h, g = [], [], np.zeros((3, 2)), np.zeros((3, 2))
    for t in range(4):
        h = np.tanh(U @ h + x[t])
        ahead.append(h)
    for t in reversed(range(4)):
        g = np.tanh(V @ g + x[t])
        back.append(g)
    layout = lay_out(Graph(sum(np.sum(h * g) for h, g in zip(ahead, back[::-1], strict=True))), "cell")
    rows = {node.label: node.row for node in layout.nodes if node.label in ("ahead<t>", "back<t>", "h<t>", "g<t>")}
    assert len(rows) == 2 and len(set(rows.values())) == 2
    ports = [node for node in layout.nodes if node.kind == "port"]
    places = [(node.column, node.row) for node in ports]
    assert len(ports) >= 4 and len(set(places)) == len(ports)
