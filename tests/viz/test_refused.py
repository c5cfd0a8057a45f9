"""What viz refuses is refused by the package's own errors, which name the line of whoever called."""

import sys

import numpy as np
import pytest

from autograd_seq import Parameter, name, steps, tanh
from autograd_seq.core.errors import AutogradError, GradientError, ShapeError, UsageError, ValueRangeError
from cells import RNN
from viz import animate, draw, lay_out, plots, step_through
from viz.render import RenderError
from viz.units import paint, values_over_time


def loss(end=lambda a: a.sum()):
    W, a = Parameter([[0.5, -0.3], [0.2, 0.9]], "W"), np.array([[1.0], [-2.0]])
    for _ in steps(2):
        a = name(tanh(W @ a), "a")
    return end(a)


def run():
    return RNN(3, 4, seed=0).unroll(np.ones((3, 2, 3)))


CASES = {
    "a number": (lambda path: draw(3), UsageError, "int"),
    "no view": (lambda path: draw(loss(), view="wide"), ValueRangeError, "'wide'.*unrolled"),
    "no view, laid out": (lambda path: lay_out(loss().graph, "wide"), ValueRangeError, "'wide'"),
    "no theme": (lambda path: draw(loss(), theme="pink"), ValueRangeError, "'pink'.*'dark'"),
    "no such picture": (lambda path: draw(loss(), path / "a.bmp"), ValueRangeError, "'bmp'"),
    "several outputs": (lambda path: draw(run(), view="overlay"), GradientError, "one: draw the loss"),
    "no scalar": (lambda path: draw(loss(lambda a: a), view="backward"), GradientError, "scalar"),
    "nothing to step through": (lambda path: step_through([1, 2]), UsageError, "step_through.*list"),
    "adjoint of another shape": (lambda path: step_through(loss(lambda a: a), gradient=[1.0]), ShapeError, "shape"),
    "no animation": (lambda path: animate(loss(), path / "a.mp4"), ValueRangeError, "'.mp4'"),
    "nothing to animate": (lambda path: animate(None, path / "a.gif"), UsageError, "NoneType"),
    "no Pillow": (lambda path: animate(loss(), path / "a.gif"), AutogradError, r"Pillow.*autograd-seq\[plot\]"),
    "no matplotlib": (lambda path: plots.loss_curves([1.0]), AutogradError, r"matplotlib.*autograd-seq\[plot\]"),
    "no Graphviz": (lambda path: draw(loss(), path / "a.png"), RenderError, "Graphviz.*written as DOT"),
    "no table": (lambda path: plots.gradient_flow_map(np.ones((2, 3))), ShapeError, r"\(2, 3\)"),
    "no numbers": (lambda path: plots.loss_curves(["x"]), UsageError, "list"),
    "no norms": (lambda path: plots.gradient_norms({}), UsageError, "no norms"),
    "no contributions": (lambda path: plots.contribution_bars({}), UsageError, "no contributions"),
    "no such name": (lambda path: values_over_time(loss(), "b"), UsageError, "'b'.* a"),
    "no recording": (lambda path: values_over_time(None, "b"), UsageError, "NoneType"),
    "a value too few": (lambda path: paint(["x", "y"], [[1.0]], path / "a.svg"), ShapeError, r"\(1, 1\)"),
    "no such page": (lambda path: paint(["x"], [[1.0]], path / "a.txt"), UsageError, ".svg or .html"),
}


@pytest.mark.parametrize("case", CASES)
def test_refused_with_the_callers_line(case, tmp_path, monkeypatch):
    if case == "no Graphviz":
        monkeypatch.setattr("viz.render._commands", lambda kind: [])
    for module in {"no Pillow": ["PIL"], "no matplotlib": ["matplotlib", "matplotlib.figure"]}.get(case, ()):
        monkeypatch.setitem(sys.modules, module, None)
        for loaded in [m for m in sys.modules if m.startswith(f"{module}.")]:
            monkeypatch.setitem(sys.modules, loaded, None)
    wrong, error, match = CASES[case]
    with pytest.raises(error, match=match) as caught:
        wrong(tmp_path)
    assert isinstance(caught.value, AutogradError)
    places = [line for line in str(caught.value).splitlines() if line.startswith("  at ")]
    assert len(places) == 1 and places[0].startswith("  at test_refused.py:"), caught.value
    assert f'"{case}": (lambda path: ' in places[0]
