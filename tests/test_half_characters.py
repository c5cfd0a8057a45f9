"""Half a character (a lone surrogate) in a name, a title or a token: no reading and no file fails for it."""

import json

import numpy as np
import pytest

from autograd_seq import (
    Parameter,
    Tensor,
    check_formula,
    contributions,
    derive,
    differentiate,
    equations,
    name,
    prove,
    source,
    steps,
)
from autograd_seq.commands import main
from autograd_seq.core.names import escaped, whole
from autograd_seq.learning.text import Vocabulary
from cells import LSTM
from viz import draw, step_through
from viz.units import paint

HALF = "\ud83d"  # of an emoji that was cut in two


def recorded():
    W = Parameter([[0.5, -0.3], [0.2, 0.8]], f"W{HALF}")
    a, loss = Tensor(np.ones((2, 1)), f"a{HALF}_f"), 0.0
    for _ in steps(3):
        a = name(np.tanh(W @ a), f"h{HALF}_f")
        loss = loss + name(np.sum(a * a), f"L{HALF}")
    return name(loss, f"J{HALF}"), W


LOSS, W = recorded()
TEXTS = {
    "table": lambda: str(LOSS.graph),
    "backward table": lambda: str(differentiate(LOSS).backward),
    "equations": lambda: str(equations(LOSS)),
    "source": lambda: source(LOSS, name=f"my{HALF}net"),
    "proof": lambda: str(prove(LOSS)),
    "proof as JSON": lambda: prove(LOSS).to_json(),
    "page": lambda: step_through(LOSS, title=f"T{HALF}").html,
    "derivation, HTML": lambda: derive(LOSS, title=f"T{HALF}").html,
    "derivation, Markdown": lambda: derive(LOSS, title=f"T{HALF}").markdown,
    "derivation, LaTeX": lambda: derive(LOSS, title=f"T{HALF}").latex,
    "picture": lambda: draw(LOSS).svg,
    "backward picture": lambda: draw(LOSS, view="backward").dot,
    "in a notebook": lambda: json.dumps(LOSS._repr_mimebundle_(), ensure_ascii=False),
}


@pytest.mark.parametrize("reading", TEXTS)
def test_every_reading_can_be_written(reading):
    text = TEXTS[reading]()
    assert text.encode("utf-8")
    assert "\ufffd" in text or reading in ("source", "derivation, LaTeX")


@pytest.mark.parametrize("file", ["a.svg", "a.dot", "a.html", "derived.html", "derived.md", "derived.tex", "units.svg",
                                  "units.html", "vocabulary.json"])  # fmt: skip
def test_every_file_is_written_in_utf_8(file, tmp_path):
    path, kind = tmp_path / file, file.split(".")[0]
    if kind == "a":
        (step_through if file.endswith("html") else draw)(LOSS, path)
    elif kind == "derived":
        derive(LOSS, title=f"T{HALF}").save(path)
    elif kind == "units":
        paint(["a", HALF, "c"], np.ones((2, 3)), path, names=[HALF, "b"], title=f"T{HALF}")
    else:
        words = Vocabulary(["a", HALF, "权"], "word")
        words.save(path)
        assert Vocabulary.load(path).words == words.words
        assert "权" in path.read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8")


def test_results_keep_the_name_that_was_given():
    assert LOSS.graph.find(f"h{HALF}_f", time=2).name == f"h{HALF}_f"
    assert np.allclose(sum(contributions(LOSS, W).values()), differentiate(LOSS).adjoints[W.record].value)


def test_commands_print_it(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(
        "import numpy as np\nfrom autograd_seq import Parameter\n"
        "def loss():\n    return np.sum(Parameter([1.0, 2.0], 'W\\ud83d') ** 2)\n"
    )
    for command in ("print", "prove"):
        assert main([command, f"{path}:loss"]) == 0 and main([command, f"{path}:loss", "--json"]) == 0
        assert "W\ufffd" in capsys.readouterr().out
    assert main(["check", "lstm", "--formula", f"dc_prev = dc * {HALF}", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["claim"] == f"dc_prev = dc * {HALF}"
    assert check_formula(f"dc_prev = dc * {HALF}", LSTM(2, 3)).status == "unreadable"


def test_whole_and_escaped():
    assert whole("Γ_f") == "Γ_f" and whole(f"{HALF}a") == "\ufffda" and whole("😀") == "😀"
    assert json.loads(escaped(json.dumps([HALF, "权", "😀"], ensure_ascii=False))) == [HALF, "权", "😀"]
