"""A submission's own lines: looked at in the cage, believed only as far as it is seen outside."""

import dataclasses

import numpy as np
import pytest
from check.mistakes.any_style import ORIGINALS as STYLES

from autograd_seq import check_file
from autograd_seq.diagnosis.finding import Finding, Strayed
from autograd_seq.diagnosis.perturb import Context
from autograd_seq.diagnosis.report import BackwardReport
from autograd_seq.diagnosis.rerun import Program
from autograd_seq.diagnosis.rows_in_time import rows_of
from autograd_seq.diagnosis.true_values import TrueValues
from autograd_seq.diagnosis.truth import record
from autograd_seq.grading.handed_in import HandedIn
from autograd_seq.grading.hints import reported
from autograd_seq.grading.lines_elsewhere import LinesElsewhere

CELL = """
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    Waa = p["Waa"]
    dz = da_next * (1 - a_next ** 2)
    da_prev = Waa.T @ dz
    dba = dz.sum(axis=1, keepdims=True)
    return {"dxt": p["Wax"].T @ dz, "da_prev": da_prev, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T, "dba": dba}
"""
SEQUENCE = """
import numpy as np
import pytest

def rnn_backward(da, caches):
    caches, x = caches
    p = caches[0][3]
    dx, da_next = np.zeros_like(x), 0
    dWax, dWaa, dba = np.zeros_like(p["Wax"]), np.zeros_like(p["Waa"]), np.zeros_like(p["ba"])
    for t in reversed(range(da.shape[2])):
        g = rnn_cell_backward(da[:, :, t] + da_next, caches[t])
        dx[:, :, t], da_next = g["dxt"], g["da_prev"]
        dWax, dWaa, dba = dWax + g["dWax"], dWaa + g["dWaa"], dba + g["dba"]
    return {"dx": dx, "da0": da_next, "dWax": dWax, "dWaa": dWaa, "dba": dba}
"""


def written(folder, text):
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_only_their_own_lines_tell_is_told_with_its_line(tmp_path):
    source = STYLES["char_rnn"].replace("dy[targets[t]] -= 1", "dy[inputs[t]] -= 1")
    (cause,) = check_file(written(tmp_path, source))["backward"].report["causes"]
    assert cause["category"] == "wrong value" and cause["correct"] == "dy[targets[t]] -= 1"
    assert source.splitlines()[cause["line"] - 1].strip() == "dy[inputs[t]] -= 1"


def test_a_cause_of_the_true_pass_has_a_line_too(tmp_path):
    source = CELL.replace("1 - a_next ** 2", "1 - a_next")
    found = check_file(written(tmp_path, source))["rnn_cell_backward"]
    (cause,) = found.report["causes"]
    assert cause["category"] == "activation derivative" and cause["line"] == 5
    assert "in line 5: dz = da_next * (1 - a_next)" in found.text


def test_a_line_of_another_file_is_told_with_it(tmp_path):
    (tmp_path / "layer.py").write_text("def back(dz, h):\n    g = dz * (1 - h)\n    return g\n", encoding="utf-8")
    source = """
import numpy as np
import pytest
from layer import back
INPUTS = {"x": ("n_x", "m"), "W": ("n_a", "n_x")}
def forward(x, W):
    h = np.tanh(W @ x)
    return {"h": h}, (x, W, h)
def backward(upstream, cache):
    x, W, h = cache
    dz = back(upstream["h"], h)
    return {"dx": W.T @ dz, "dW": dz @ x.T}
"""
    (cause,) = check_file(written(tmp_path, source))["backward"].report["causes"]
    assert (cause["line"], cause["file"]) == (2, "layer.py")


def test_functions_after_one_whose_lines_were_looked_at_are_judged_as_they_are(tmp_path):
    source = CELL.replace("dz.sum(axis=1, keepdims=True)", "np.clip(dz.sum(axis=1, keepdims=True), -0.1, 0.1)")
    found = check_file(written(tmp_path, "import numpy as np\n" + source + SEQUENCE))
    assert found["rnn_cell_backward"].causes[0].category == "clipping"
    assert found["rnn_backward"].carried and found["rnn_cell_backward"].mistakes == 1


def test_a_submission_that_ends_its_process_when_it_is_looked_at_is_wrong_all_the_same(tmp_path):
    source = "import os, sys\n" + CELL.replace("dz.sum(axis=1", "dz.mean(axis=1").replace(
        "    Waa = p", "    if sys.gettrace():\n        os._exit(0)\n    Waa = p"
    ).replace("Waa.T @ dz", "Waa @ dz * a_prev.mean()")  # fmt: skip
    found = check_file(written(tmp_path, source))
    assert found.verdict == "wrong" and sorted(found["rnn_cell_backward"].report["wrong"]) == ["da_prev", "dba"]


class Liar:
    """A process that says whatever it likes about its lines."""

    lines_are_read = True

    def __init__(self, finding):
        self.finding = finding

    def ask(self, command, tree, arrays):
        return {"value": {"findings": [self.finding], "line": "\x1b[31m5"}}


class Draw:
    numbers, found, inputs, truth, forward = {}, {}, {}, None, None
    true = {"dW": np.ones(2), "db": np.ones(3)}

    def __init__(self, now=None):
        self.now = now

    def anew(self):
        return self

    def again(self):
        return self.now


def test_what_a_cage_claims_without_making_anything_right_is_no_cause():
    told = dataclasses.asdict(Finding("sign", "dW", "with\x1b[31m a sign", "dW = 1", ("dW", "other"), 7))
    for now, causes in (({"dW": np.ones(2)}, 1), ({"dW": np.zeros(2)}, 0), ({}, 0)):
        lines = LinesElsewhere(Liar(told), {"function": "f"}, [Draw(), Draw(now)], ["dW", "db"], 1e-9)
        found, line = lines.mended(False)
        assert len(found) == causes and "\x1b" not in line + "".join(f.words for f in found)
        assert all(f.explains == ("dW",) for f in found)
    lines = LinesElsewhere(Liar({"explains": 5, "line": "x"}), {"function": "f"}, [Draw(), Draw({})], ["dW"], 1e-9)
    assert lines.mended(False)[0] == []


def test_two_mistakes_have_two_edits(tmp_path):
    source = CELL.replace("1 - a_next ** 2", "1 - a_next").replace("Waa.T @ dz", "Waa @ dz")
    found = check_file(written(tmp_path, source), edits=True)["rnn_cell_backward"]
    assert [edit.line for edit in found.changes] == [5, 6] and found.mistakes == 2
    for edit in found.changes:
        source = source.replace(edit.before, edit.after)
    assert check_file(written(tmp_path, source)).ok
    assert [edit["line"] for edit in found.to_json()["changes"]] == [5, 6]


def test_a_function_called_like_the_courses_is_judged_as_what_it_is(tmp_path):
    assert check_file(written(tmp_path, STYLES["batch_first"])).functions.keys() == {"backward"}
    alone = STYLES["batch_first"].partition("INPUTS = ")[0]
    assert not check_file(written(tmp_path, alone)).ok


HOSTILE = """
import contextlib
import numpy as np
import pytest
from autograd_seq.diagnosis.own_lines import OwnLines
from autograd_seq.diagnosis.finding import Finding, Strayed

ALL = ("dxt", "da_prev", "dWax", "dWaa", "dba")

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": p["Wax"].T @ np.sinh(dz), "da_prev": p["Waa"] @ np.tanh(dz), "dWax": np.cosh(dz) @ xt.T,
            "dWaa": np.exp(dz) @ a_prev.T, "dba": np.sqrt(abs(dz)).sum(axis=1, keepdims=True)}

def handed_back(da_next, cache):
    "Whatever was lent, as the gradient that has its shape."
    shapes = dict(zip(ALL, (cache[2].shape, cache[1].shape, *(cache[3][k].shape for k in ("Wax", "Waa", "ba")))))
    return {k: next((v for v in LENT if v.shape == shape), np.zeros(shape)) for k, shape in shapes.items()}

def changed(self, inputs, rows, given):
    global LENT
    LENT = [value for row in rows.values() for value in row]
    rnn_cell_backward.__code__ = handed_back.__code__
    return contextlib.nullcontext()

def mended(self, way):
    known = self._mend.known
    rows = [known.backward[row[0]] for row in known.rows]
    true = self._mend.cases[0].true
    of = {k: next(i for i, v in enumerate(rows) if v.shape == true[k].shape) for k in ALL}
    claimed = CLAIMED
    return [Finding("sign", "dz", "with a sign", "", k, 7, strayed=Strayed(i, 0, rows[i])) for i, k in claimed], "7"

OwnLines.mended, OwnLines.changed = mended, changed
"""
CLAIMS = {
    "one line for all": "[(0, ALL)]",
    "the gradients themselves for all": "[(of['dWax'], ALL[2:]), (of['dWaa'], ALL[3:4]), (of['dba'], ALL[4:])]",
    "one for all, others lent beside it": "[(0, ALL[2:]), *((of[k], ()) for k in ALL[2:])]",
    "one for all, others lent for what is not given back": "[(0, ALL[2:3]), (of['dWax'], ALL[:1]), (1, ALL[3:])]",
    "each for itself": "[(of[k], (k,)) for k in ALL[2:]]",
    "rows that are not there": "[(10**9, ALL), (-1, ALL), (len(rows), ALL)]",
    "what is not asked for": "[(0, ('dW', 7)), (0, 'dWax')]",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_submission_cannot_make_its_mistakes_fewer_by_what_it_says_of_its_lines(tmp_path, claim):
    """Five gradients are wrong in five ways."""
    found = check_file(written(tmp_path, HOSTILE.replace("CLAIMED", CLAIMS[claim])))["rnn_cell_backward"]
    assert len(found.report["wrong"]) == 5 and found.mistakes == 5 and found.mark == 0
    assert all(len(cause["explains"]) == 1 for cause in found.report["causes"])


def test_values_that_make_right_what_follows_from_them_are_lent_and_counted_once(tmp_path):
    source = CELL.replace("da_next * (1 - a_next ** 2)", "np.sinh(1.7 * da_next * (1 - a_next ** 3) + 0.1)")
    found = check_file(written(tmp_path, "import numpy as np\n" + source))["rnn_cell_backward"]
    assert len(found.report["wrong"]) == 5 and found.mistakes == 1


def test_what_follows_from_a_wrong_cell_has_no_cause_of_its_own(tmp_path):
    wrong = "import numpy as np\n" + CELL.replace("1 - a_next ** 2", "1 - a_next") + SEQUENCE
    found = check_file(written(tmp_path, wrong))["rnn_backward"]
    assert found.carried and found.mark == found.points and found.report["causes"] == []
    again = check_file(written(tmp_path, wrong.replace('dba + g["dba"]', 'g["dba"]')))["rnn_backward"]
    (cause,) = again.report["causes"]
    assert not again.carried and cause["explains"] == ["dba"] and cause["category"] == "assignment"


class Lender(Liar):
    """A process that claims that values were lent to its lines."""

    def __init__(self, *findings):
        self.findings = findings

    def ask(self, command, tree, arrays):
        return {"value": {"findings": [dataclasses.asdict(f) for f in self.findings], "line": "5"}}


def test_if_values_are_lent_in_vain_no_finding_counts():
    inputs, upstream = {"x": np.ones((2, 3)), "W": np.eye(2)}, {"h": np.ones((2, 3))}
    truth = record(lambda x, W: ({"h": np.tanh(W @ x)}, None), inputs, upstream)
    true = truth.gradients
    known = TrueValues.of(truth, *rows_of(Context(Program(truth))))
    right, wrong = dict(true), {**true, "dW": true["dW"] + 1}
    plainly = Finding("sign", "dx", "with a sign", "dx = 1", ("dx",), 7)
    row = next(i for i in range(known.single) if known.backward[known.rows[i][0]].shape == (2, 3))
    lent = Finding("sign", "dz", "with a sign", "", ("dW",), 5, strayed=Strayed(row, 0, np.ones((2, 3))))
    for now, told, counted in (
        (right, [plainly, lent], 2), (wrong, [plainly, lent], 0), (wrong, [plainly], 1),
        (right, [lent], 1), (wrong, [lent], 0),
    ):  # fmt: skip
        second = Draw(now)
        second.true, second.truth = true, truth
        first = Draw()
        first.true, first.truth = true, truth
        lender = Lender(*told)
        lines = LinesElsewhere(lender, {"function": "f"}, [first, second], ["dx", "dW"], 1e-9, known)
        assert len(lines.mended("values")[0]) == counted, (told, counted)


def test_the_second_level_of_hints_names_the_line_that_the_fourth_explains():
    source = "def f(up):\n    dz = up\n    dW = x.T @ dz\n    grads['d'] = dW\n    return {'dW': grads['d']}\n"
    cause = Finding("assignment", "grads['d']", "with = in place of +=", "grads['d'] += dW", ("dW",), 4)
    report = BackwardReport("f", {}, causes=[cause])
    data, _ = reported(report, HandedIn("f.py", source), "f", 2)
    assert data["lines"] == [4]
