"""The animated sweep: every frame shows what the sweep has found by then, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, differentiate, name, steps, tanh
from autograd_seq.core.errors import AutogradError, GradientError, ValueRangeError
from viz.animation import MOST_FRAMES, animate, frames
from viz.backward_edges import overlay
from viz.layout import Options

Image = pytest.importorskip("PIL.Image")


def loss(T=3):
    rng = np.random.default_rng(4)
    W = Parameter(rng.standard_normal((3, 3)) / 2, "Waa")
    a = Tensor(rng.standard_normal((3, 2)), "a0")
    for t in steps(T):
        h = name(tanh(W @ a), "h")
        a = name(h * (a + h), "a")
    return name((a * rng.standard_normal((3, 2))).sum(), "L")


def laid_out(T, by="box"):
    output = loss(T)
    recording = differentiate(output)
    layout = overlay(output.graph, recording, "unrolled", Options())
    return layout, recording, frames(layout, output.graph, recording, by)


def met(frame):
    return {node.id for node in frame.nodes if node.kind.startswith(("met", "now"))}


def test_frames_go_back_in_time_one_box_after_the_other():
    layout, recording, made = laid_out(3)
    wanted = {node.id for node in layout.nodes if node.record in recording.adjoints}
    assert met(made[0]) == set() and met(made[-1]) == wanted
    assert len(made) == len(wanted) + 2
    order = []
    for before, after in zip(made, made[1:-1], strict=False):
        (new,) = met(after) - met(before)
        order.append(next(node.label for node in layout.nodes if node.id == new))
    assert [label for label in order if label.startswith("a<")] == ["a<3>", "a<2>", "a<1>"]
    assert order[0] == "L"


def test_an_arrow_back_is_there_when_its_adjoint_is():
    layout, _, made = laid_out(3)
    back = {edge.id: edge.source.id for edge in layout.edges if edge.kind == "adjoint"}
    forward = {edge.id for edge in layout.edges if edge.kind != "adjoint"}
    for frame in made:
        shown = {edge.id for edge in frame.edges}
        assert forward <= shown
        assert shown - forward == {id for id, source in back.items() if source in met(frame)}


def test_no_norm_of_an_adjoint_is_shown_too_early():
    _, _, made = laid_out(2)
    for frame in made:
        for node in frame.nodes:
            written = "".join(run.text for line in node.lines for run in line.runs)
            assert ("∇" in written) == (node.id in met(frame)), written


def test_many_boxes_go_by_time_step():
    _, _, made = laid_out(4, by="step")
    assert len(made) < len(laid_out(4)[2])
    assert len(made) <= MOST_FRAMES


@pytest.mark.parametrize("suffix", [".gif", ".png"])
def test_the_file_has_all_frames_in_one_size_and_they_differ(tmp_path, suffix):
    made = laid_out(2, "step")[2]
    path = animate(loss(2), tmp_path / f"sweep{suffix}", by="step", seconds=0.2, width=640)
    with Image.open(path) as picture:
        assert picture.n_frames >= len(made) - 1  # the two last may be written as one that lasts longer
        assert picture.width <= 640
        pixels = []
        for i in range(picture.n_frames):
            picture.seek(i)
            pixels.append(np.asarray(picture.convert("RGB")).astype(int))
    for before, after in zip(pixels, pixels[1:], strict=False):
        changed = np.abs(before - after).sum(axis=-1) > 40
        assert changed.any() and changed.mean() < 0.4  # nothing moved: only some boxes and arrows are new


def test_what_cannot_be_animated_is_said(tmp_path):
    with pytest.raises(ValueRangeError, match=r"\.gif"):
        animate(loss(), tmp_path / "sweep.mp4")
    with pytest.raises(ValueRangeError, match="'box' or 'step'"):
        animate(loss(), tmp_path / "sweep.gif", by="day")
    with pytest.raises(ValueRangeError, match="seconds"):
        animate(loss(), tmp_path / "sweep.gif", seconds=0)
    with pytest.raises(GradientError):
        animate(tanh(Tensor([1.0])).sum(), tmp_path / "sweep.gif")
    with pytest.raises(AutogradError):
        animate("loss", tmp_path / "sweep.gif")
    assert not list(tmp_path.iterdir())
