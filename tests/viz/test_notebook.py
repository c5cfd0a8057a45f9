"""What notebooks are given to show, and the tour as a notebook."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, name, prove, steps, tanh
from autograd_seq.core.errors import AutogradError
from autograd_seq.readings import display
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout
from viz.notebook import MOST_RECORDS


def run_of(cell):
    run = Readout(4, 2, seed=1)(cell.unroll(np.random.default_rng(0).standard_normal((3, 2, 3))))
    run.measure(np.ones((2, 2, 3)), lambda p, y: (p - y) * (p - y))
    return run


def is_picture(text):
    return ElementTree.fromstring(text[text.index("<svg") :]).tag.endswith("svg")


def test_computed_things_show_their_picture():
    run = run_of(RNN(3, 4, seed=0))
    for thing in (run, run.loss, run.graph):
        shown = thing._repr_mimebundle_()
        assert shown["text/plain"] == repr(thing)
        assert is_picture(shown["image/svg+xml"]) and "<svg" in shown["text/html"]


@pytest.mark.parametrize("cell", [
    RNN(3, 4), GRU(3, 4), LSTM(3, 4), Bidirectional(RNN(3, 4), GRU(3, 4)), Deep([RNN(3, 4), LSTM(4, 5)]),
], ids=lambda cell: type(cell).__name__)  # fmt: skip
def test_cells_show_what_one_step_does(cell):
    shown = cell._repr_mimebundle_()
    assert is_picture(shown["image/svg+xml"])


def test_a_leaf_shows_its_value_as_a_matrix():
    shown = Parameter([[0.5, -1.0], [1e-9, np.pi]], "Waa")._repr_mimebundle_()
    assert shown["text/latex"] == (
        r"$\displaystyle W_{aa} = \begin{bmatrix}0.5 & -1 \\ 1 \cdot 10^{-9} & 3.142\end{bmatrix}$"
    )
    assert "image/svg+xml" not in shown
    assert "text/latex" not in Tensor(np.zeros((9, 2)))._repr_mimebundle_()
    assert r"\mathrm{NaN}" in Tensor([np.nan, np.inf])._repr_mimebundle_()["text/latex"]


def test_a_proof_shows_its_claims():
    W = Parameter([[0.5]], "<W>")
    shown = prove(tanh(W @ Tensor([[2.0]])).sum())._repr_mimebundle_()
    assert "&lt;W&gt;" in shown["text/html"] and "proven" in shown["text/html"] and "<W>" not in shown["text/html"]


def test_a_large_recording_is_shown_without_a_picture():
    W, a = Parameter(0.5, "W"), Tensor(1.0)
    for _ in steps(MOST_RECORDS):
        a = name(tanh(W * a), "a")
    shown = a.graph._repr_mimebundle_()
    assert set(shown) == {"text/plain"} and len(shown["text/plain"]) < 20_000


def test_hostile_names_stay_text():
    W = Parameter([[0.5]], "<script>alert(1)</script>")
    shown = name(W @ W, "</pre><script>1</script>")._repr_mimebundle_()
    assert "<script" not in shown["text/html"]


def test_without_graphviz_the_text_is_still_there(monkeypatch):
    def refuse(thing):
        raise AutogradError("no Graphviz was found")

    monkeypatch.setattr(display, "painters", [refuse])
    shown = tanh(Parameter([0.5], "W"))._repr_mimebundle_()
    assert "no Graphviz was found" in shown["text/plain"] and "text/latex" in shown


def test_the_engine_alone_shows_text_and_draws_nothing():
    code = (
        "import sys; from autograd_seq import Parameter, tanh;"
        "shown = tanh(Parameter([0.5], 'W'))._repr_mimebundle_();"
        "assert set(shown) == {'text/plain', 'text/latex'}, shown; assert 'viz' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


# -- the tour as a notebook ---------------------------------------------------------------------

EXAMPLES = Path(__file__).parents[2] / "examples"
TOUR = EXAMPLES / "tour.ipynb"


def test_the_notebook_keeps_small_outputs_that_a_code_host_shows():
    """No page, no script, no style, no SVG, all of which a code host takes away; and what is kept is of this code."""
    assert TOUR.stat().st_size < 500_000
    cells = json.loads(TOUR.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    kept = [output for cell in code for output in cell["outputs"]]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert {kind for output in kept for kind in output.get("data", {})} == {
        "text/plain", "text/latex", "text/markdown", "image/png",
    }  # fmt: skip
    assert sum("image/png" in output.get("data", {}) for output in kept) == 7
    assert not [output for output in kept if output.get("name") == "stderr" or output["output_type"] == "error"]
    for output in kept:
        if "image/png" in output.get("data", {}):
            assert base64.b64decode("".join(output["data"]["image/png"]))[:4] == b"\x89PNG"


def test_what_the_notebook_keeps_is_what_it_says_today(executed):
    kept = json.loads(TOUR.read_text(encoding="utf-8"))["cells"]
    for cell, now in zip(kept, executed.cells, strict=True):
        if cell["cell_type"] == "code":
            before = ["".join(o.get("text", o.get("data", {}).get("text/plain", ""))) for o in cell["outputs"]]
            today = [o.get("text", o.get("data", {}).get("text/plain", "")) for o in now.outputs]
            assert [_without_digits(t) for t in before] == [_without_digits(t) for t in today]


def _without_digits(text):
    """What does not depend on the last bits of a machine's arithmetic, nor on a line's number or a file's size."""
    return re.sub(r"[-−]?\d[\d.e+-]*", "#", text).replace(" ", "")


def test_the_notebook_tells_the_story_of_the_tour():
    text = TOUR.read_text(encoding="utf-8") + (EXAMPLES / "tour.py").read_text(encoding="utf-8")
    for shared in ("Harry Potter and Hermione Granger invented a new spell", "[1, 1, 0, 1, 1, 0, 0, 0, 0]"):
        assert text.count(shared) >= 2


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(TOUR, as_version=4)
    root = str(EXAMPLES.parent)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    client = nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(tmp_path_factory.mktemp("tour"))}}
    )
    return client.execute(env=env)


def outputs(executed):
    return [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]


def test_the_notebook_runs_and_every_word_gets_its_label(executed):
    said = "".join(output.get("text", "") for output in outputs(executed))
    assert said.count("right") == 9  # words
    assert "WRONG" not in said
    assert not [output for output in outputs(executed) if output.get("name") == "stderr"]


def test_the_notebook_shows_formulas_pictures_plots_and_the_page(executed):
    shown = [output["data"] for output in outputs(executed) if "data" in output]
    assert sum("image/svg+xml" in data for data in shown) == 4  # the run, the cell, the overlay, one's own cell
    assert sum("image/png" in data for data in shown) == 7  # the same, for paper, and three plots
    assert any("bmatrix" in data.get("text/latex", "") for data in shown)
    assert any("proven" in data.get("text/html", "") for data in shown)
    assert sum("<iframe sandbox" in data.get("text/html", "") for data in shown) == 1


def test_the_notebook_shows_equations_that_hold(executed):
    data = [output.get("data", {}) for output in outputs(executed)]
    (shown,) = [kinds["text/markdown"] for kinds in data if "text/markdown" in kinds]
    assert shown.count("$$") >= 30 and r"\frac{\partial J}{\partial W_{aa}}" in shown
    said = "".join(output.get("text", "") for output in outputs(executed))
    count, difference = re.search(r"(\d+) equations; the largest difference .* is (\S+)", said).groups()
    assert int(count) == shown.count("$$") / 2
    assert float(difference) < 1e-12
    assert "da_next = Waa.T @ dz_a" in said
