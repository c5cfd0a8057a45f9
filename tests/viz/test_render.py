"""Where pygraphviz is missing, the program dot on the PATH draws."""

import importlib.util
import os
import re
import stat
import sys

import numpy as np
import pytest

from autograd_seq import Parameter, name, tanh
from cells import GRU, LSTM, Bidirectional
from viz import draw
from viz.render import RenderError, render

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a script with a first line that names its interpreter")

# It draws nothing, but says what it was asked, in a picture; and it refuses what dot of Graphviz 2 cannot read.
DOT = """#!{python}
import re, sys
text = sys.stdin.buffer.read().decode()
if re.search(r"[]]</", text):
    sys.stderr.write("Error: syntax error in line 1\\n... ]</FONT> ...\\n")
    sys.exit(0)
if "fail" in text:
    sys.stderr.write("Warning: no fonts\\nError: not well-formed (invalid token) in line 1\\n")
words = " ".join(sys.argv[1:]).replace("-", "~")
sys.stdout.write(f"<svg xmlns='http://www.w3.org/2000/svg'><!-- {words} --></svg>")
"""


@pytest.fixture
def dot_alone(tmp_path, monkeypatch):
    """No pygraphviz, and a program called dot."""
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(DOT.replace("{python}", sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *more: None if name == "pygraphviz" else found(name))
    monkeypatch.setenv("PATH", str(program.parent))


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_dot_is_asked_to_keep_the_places(dot_alone, kind):
    assert f"~Knop2 ~T{kind} ".encode() in render("digraph {}", kind)


@pytest.mark.parametrize("view", ["unrolled", "rolled", "cell", "operations", "backward"])
@pytest.mark.parametrize("cell", [lambda: LSTM(3, 4, seed=0), lambda: Bidirectional(GRU(3, 4), GRU(3, 2))])
def test_every_view_is_text_that_dot_can_read(dot_alone, view, cell, tmp_path):
    run = cell().unroll(np.ones((3, 2, 3)))
    loss = name((run.states["a"][-1] ** 2).sum(), "J")
    assert "~Tsvg" in draw(loss, tmp_path / "x.svg", view=view).svg
    assert b"~Tpng" in draw(loss, tmp_path / "x.png", view=view).render("png")


def test_brackets_in_names_are_escaped(dot_alone):
    drawing = draw(name(tanh(Parameter([[0.5]], "W]")), "a[1]"))
    assert "~Tsvg" in drawing.svg and "&#93;" in drawing.dot and not re.search("]</", drawing.dot)


def test_what_dot_says_is_passed_on(dot_alone):
    with pytest.raises(RenderError, match="dot failed: Error: not well-formed"):
        render("digraph { fail }", "svg")


def test_without_dot_either(dot_alone, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RenderError, match="pip install 'pygraphviz.*program dot is on the PATH"):
        render("digraph {}", "svg")
