"""A loop is judged with right cells in the place of a submission's wrong ones, and an assignment before anybody is."""

import pytest

from autograd_seq import UsageError, check_file
from autograd_seq.grading.asked_for import load_assignment

SOLUTION = '''
import numpy as np

def cell(x, h, W):
    a = np.tanh(x + h @ W)
    return {"h": a}, (h, W, a)

def cell_backward(up, cache):
    h, W, a = cache
    dz = up["h"] * (1 - a ** 2)
    return {"dx": dz, "dh": dz @ W.T, "dW": h.T @ dz}

def loss(x, h0, W):
    h, caches, J = h0, [], 0.0
    for t in range(x.shape[1]):
        out, cache = cell(x[:, t], h, W)
        h = out["h"]
        J = J + np.sum(h ** 2)
        caches.append((cache, h))
    return {"J": J}, (caches, x.shape)

def loss_backward(up, cache):
    caches, shape = cache
    dx, dW, dh = np.zeros(shape), 0.0, 0.0
    for t in reversed(range(len(caches))):
        inner, h = caches[t]
        found = cell_backward({"h": dh + 2 * h * up["J"]}, inner)
        dx[:, t], dh = found["dx"], found["dh"]
        dW = dW + found["dW"]
    return {"dx": dx, "dh0": dh, "dW": dW}
'''
ASKED = """
reference = "solution.py"
[functions.cell_backward]
kind = "backward"
forward = "cell"
points = 3
inputs = { x = ["m", "n"], h = ["m", "n"], W = ["n", "n"] }
[functions.loss_backward]
kind = "backward"
forward = "loss"
points = 3
inputs = { x = ["m", "T", "n"], h0 = ["m", "n"], W = ["n", "n"] }
"""


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "solution.py").write_text(SOLUTION)
    path = tmp_path / "asked.toml"
    path.write_text(ASKED)
    return path


def judged(tmp_path, asked, *edits):
    text = SOLUTION
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    mine = tmp_path / "mine.py"
    mine.write_text(text)
    return check_file(mine, seed=3, assignment=asked)


MEANT = ("dz @ W.T", "dz @ W")
FAILS = ("dz @ W.T", "ddz @ W.T")
OWN = ("dW = dW + found", "dW = found")


@pytest.mark.parametrize(("edit", "mark"), [(MEANT, 2.0), (FAILS, 0.0)])
def test_a_loop_that_is_right_with_a_right_cell_has_full_marks(edit, mark, tmp_path, asked):
    found = judged(tmp_path, asked, edit)
    assert found["cell_backward"].mark == mark
    loop = found["loss_backward"]
    assert (loop.verdict, loop.carried, loop.mark) == ("wrong", True, 3.0)
    assert "all of it follows from cell_backward: with a right cell it is right" in loop.text


@pytest.mark.parametrize("edit", [MEANT, FAILS])
def test_of_a_loop_s_own_mistakes_only_those_count(edit, tmp_path, asked):
    loop = judged(tmp_path, asked, edit, OWN)["loss_backward"]
    assert (loop.mistakes, loop.follow, loop.mark, loop.carried) == (1, 0, 2.0, False)
    assert "dW is wrong" in loop.text and "dx is wrong" not in loop.text
    assert "cell_backward is wrong too; the mistakes named here remain with a right one" in loop.text


def test_a_right_cell_changes_nothing_for_a_loop_that_has_its_own_formulas(tmp_path, asked):
    inline = ('cell_backward({"h": dh + 2 * h * up["J"]}, inner)', 'by_hand(dh + 2 * h * up["J"], *inner)')
    by_hand = ("def loss(", "def by_hand(dh, h, W, a):\n    dz = dh * (1 - a)\n    "
               'return {"dx": dz, "dh": dz @ W.T, "dW": h.T @ dz}\n\ndef loss(')  # fmt: skip
    loop = judged(tmp_path, asked, MEANT, inline, by_hand)["loss_backward"]
    assert not loop.carried and loop.mistakes == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('forward = "cell"', 'forward = "cel"', r"the reference has no function cel .*; is cell meant\?"),
        ('x = ["m", "n"]', 'y = ["m", "n"]', "cell fails on the inputs .* unexpected keyword argument 'y'"),
        ('W = ["n", "n"] }\n[', 'W = ["n", "k"] }\n[', "the reference's cell fails on the inputs .* ValueError"),
        ('h = ["m", "n"]', "h = [0, 1]", "a shape of no numbers at all: write {array"),
        ('h = ["m", "n"]', 'h = "mean"', "h is a text: the inputs of a backward function are arrays and shapes"),
        ('h = ["m", "n"]', 'h = { integers = ["m"], list = true }', "h is a list"),
        ('h = ["m", "n"]', "h = [[0, 1], [1, 0]]", "is not a shape: write letters"),
        ('h = ["m", "n"]', 'h = { a = { b = ["n"] } }', "h is a dict in which there is a dict"),
    ],
)
def test_a_teacher_s_mistake_is_said_before_anybody_is_graded(old, new, said, asked):
    assert old in ASKED
    asked.write_text(ASKED.replace(old, new, 1))
    with pytest.raises(UsageError, match=said):
        load_assignment(asked)


def test_a_reference_that_is_wrong_itself_is_refused(tmp_path, asked):
    (tmp_path / "solution.py").write_text(SOLUTION.replace("1 - a ** 2", "1 - a"))
    with pytest.raises(UsageError, match="cell_backward of the reference is wrong itself: dx, dh, dW"):
        load_assignment(asked)


def test_a_reference_for_the_forward_pass_alone_is_enough(tmp_path, asked):
    alone = SOLUTION.replace("def cell_backward", "def _x").replace("def loss_backward", "def _y")
    (tmp_path / "solution.py").write_text(alone)
    assert judged(tmp_path, asked).ok


def test_an_empty_reference_means_each_submission_s_own_forward_pass(tmp_path, asked):
    asked.write_text(ASKED.replace('forward = "cell"', 'forward = "cell"\nreference = ""'))
    (tmp_path / "solution.py").write_text(SOLUTION.replace("def cell(", "def _cell(").replace("= cell(", "= _cell("))
    found = judged(tmp_path, asked)
    assert found.ok and "relative to your own forward pass" in found["cell_backward"].text


def test_too_few_results_of_a_reference(tmp_path, asked):
    asked.write_text('reference = "solution.py"\n[functions.cell]\nreturns = ["h", "-", "more"]\n'
                     'inputs = { x = ["m", "n"], h = ["m", "n"], W = ["n", "n"] }\n')  # fmt: skip
    with pytest.raises(UsageError, match="returns has more, but the reference gives fewer results"):
        load_assignment(asked)
