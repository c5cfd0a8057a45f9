"""Assignments: forward functions are judged by a reference, backward ones by it or relative to the student's own."""

import importlib.util
from pathlib import Path

import pytest

from autograd_seq import UsageError, ValueRangeError, check_file, check_folder
from autograd_seq.grading.arguments_drawn import arguments
from autograd_seq.grading.asked_for import load_assignment

CLASS = Path(__file__).resolve().parents[2] / "benchmarks" / "grading.py"
SPEC = importlib.util.spec_from_file_location("class_of_students", CLASS)
students = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(students)
SOLUTION = students.SOLUTION

CHARACTERS = """
import numpy as np

def clip(gradients, maxValue):
    for g in gradients.values():
        np.clip(g, -maxValue, maxValue, out=g)
    return gradients

def sample(parameters, char_to_ix, seed):
    Waa, Wax, Wya, by, b = (parameters[k] for k in ("Waa", "Wax", "Wya", "by", "b"))
    vocab_size, n_a = by.shape[0], Waa.shape[1]
    x, a_prev = np.zeros((vocab_size, 1)), np.zeros((n_a, 1))
    indices, idx, counter = [], -1, 0
    newline_character = char_to_ix["\\n"]
    while idx != newline_character and counter != 50:
        a = np.tanh(np.dot(Wax, x) + np.dot(Waa, a_prev) + b)
        z = np.dot(Wya, a) + by
        y = np.exp(z) / np.sum(np.exp(z))
        np.random.seed(counter + seed)
        idx = np.random.choice(list(range(vocab_size)), p=y.ravel())
        indices.append(idx)
        x = np.zeros((vocab_size, 1))
        x[idx] = 1
        a_prev = a
        seed += 1
        counter += 1
    if counter == 50:
        indices.append(char_to_ix["\\n"])
    return indices
"""


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_the_course_s_week_is_judged_as_a_whole(tmp_path):
    found = check_file(write(tmp_path / "mine.py", SOLUTION + CHARACTERS), assignment="course")
    assert found.verdict == "right", str(found)
    assert list(found.functions) == [
        "rnn_cell_forward", "rnn_forward", "lstm_cell_forward", "lstm_forward", "rnn_cell_backward", "rnn_backward",
        "lstm_cell_backward", "lstm_backward", "clip", "sample",
    ]  # fmt: skip
    assert found.mark == found.points == 90


@pytest.mark.parametrize(
    "old, new, wrong",
    [
        ("+ it * cct", "- it * cct", {"lstm_cell_forward", "lstm_forward"}),
        ("softmax(np.dot(Wya, a_next) + by)", "softmax(np.dot(Wya, a_next))", {"rnn_cell_forward", "rnn_forward"}),
        ("a_next, c_next = a0, np.zeros((n_a, m))", "a_next, c_next = a0, a0", {"lstm_forward"}),
        ("-maxValue, maxValue, out", "-10 * maxValue, maxValue, out", {"clip"}),
        ("np.random.seed(counter + seed)", "np.random.seed(seed)", {"sample"}),
        ("return a, y_pred, (caches, x)", "return a.T, y_pred, (caches, x)", {"rnn_forward"}),
    ],
)
def test_a_wrong_forward_function_is_flagged(old, new, wrong, tmp_path):
    text = SOLUTION + CHARACTERS
    assert old in text
    found = check_file(write(tmp_path / "mine.py", text.replace(old, new)), assignment="course")
    assert {name for name, function in found.functions.items() if function.verdict == "wrong"} == wrong
    assert all("compared with the reference" in found[name].text for name in wrong)


def test_optimize_is_compared_with_all_that_it_returns(tmp_path):
    reference = load_assignment("course").tasks["optimize"].reference
    values = arguments(load_assignment("course").tasks["optimize"].inputs, 3)
    loss, gradients, last = reference(**values)
    assert loss > 0 and set(gradients) == {"dWax", "dWaa", "dWya", "db", "dby"} and last.shape == (6, 1)
    lent = """from utils import *
def clip(gradients, maxValue):
    for gradient in [gradients[k] for k in ("dWax", "dWaa", "dWya", "db", "dby")]:
        np.clip(gradient, -maxValue, maxValue, out=gradient)
    return gradients
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    gradients, a = rnn_backward(X, Y, parameters, cache)
    gradients = clip(gradients, 5)
    parameters = update_parameters(parameters, gradients, learning_rate)
    return loss, gradients, a[len(X) - 1]
"""
    assert check_file(write(tmp_path / "mine.py", lent), assignment="course")["optimize"].ok
    text = "def optimize(X, Y, a_prev, parameters, learning_rate=0.01):\n    return 0.0, {}, a_prev\n"
    found = check_file(write(tmp_path / "mine.py", text), assignment="course")["optimize"]
    assert found.verdict == "wrong" and set(found.report["wrong"]) == {"loss", "a_last"}
    assert "gradients.dWax" in found.report["missing"]


def test_what_is_not_defined_has_no_verdict_and_no_marks(tmp_path):
    found = check_file(write(tmp_path / "mine.py", "x = 1\n"), assignment="course")
    assert found.verdict == "no verdict" and found.mark == 0 and found.points == 80 and "clip" not in found.functions
    assert found["rnn_forward"].reason == "the file does not define rnn_forward"


FORWARD = """import numpy as np
def forward(x, parameters):
    a = np.tanh(parameters["W"] @ x + parameters["b"])
    return {"a": a}, (x, parameters, a)
"""
BACKWARD = """def backward(up, cache):
    x, p, a = cache
    dz = up["a"] * (1 - a ** 2)
    return {"dx": p["W"].T @ dz, "dW": dz @ x.T, "db": dz.sum(axis=1, keepdims=True)}
"""
PAIR = """
reference = "by.py"
[functions.backward]
kind = "backward"
points = 6
inputs = { x = ["n_x", "m"], parameters = { W = ["n_a", "n_x"], b = ["n_a", 1] } }
"""


def test_a_backward_pass_is_judged_by_the_reference_and_carried_errors_count_once(tmp_path):
    write(tmp_path / "by.py", FORWARD)
    asked = write(tmp_path / "asked.toml", PAIR)
    right = check_file(write(tmp_path / "a.py", FORWARD + BACKWARD), assignment=asked)["backward"]
    assert right.ok and "compared with the reference" in right.text and right.mark == 6
    own = FORWARD.replace('x + parameters["b"]', 'x - parameters["b"]') + BACKWARD.replace("dz.sum", "-dz.sum")
    carried = check_file(write(tmp_path / "a.py", own), assignment=asked)["backward"]
    assert carried.verdict == "wrong" and carried.carried and carried.mark == 6
    assert "relative to your own forward pass it is right" in carried.text and "earlier mistake" in carried.marks
    one = check_file(write(tmp_path / "a.py", FORWARD + BACKWARD.replace("a ** 2", "a")), assignment=asked)["backward"]
    assert (one.mistakes, one.follow, one.mark) == (1, 2, 4)
    assert one.marks == "4 of 6 points: 1 mistake, 2 gradients follow from it"


def test_without_a_reference_it_is_said_and_inputs_without_effect_are_listed(tmp_path):
    asked = write(tmp_path / "asked.toml", PAIR.replace('reference = "by.py"\n', ""))
    found = check_file(write(tmp_path / "a.py", FORWARD + BACKWARD), assignment=asked)["backward"]
    assert found.ok and "relative to your own forward pass" in found.text
    without = FORWARD.replace(' + parameters["b"]', "")
    without += BACKWARD.replace("dz.sum(axis=1, keepdims=True)", "0 * p['b']")
    found = check_file(write(tmp_path / "a.py", without), assignment=asked)["backward"]
    assert found.verdict == "no verdict" and "do not depend on b" in found.reason


def test_dropout_is_the_same_function_twice_and_a_counter_is_not(tmp_path):
    drops = """import numpy as np
rng = np.random.default_rng(1)
def forward(x):
    mask = (rng.random(x.shape) < 0.5) * (np.random.rand(*x.shape) < 0.9)
    return {"y": x * x * mask}, (x, mask)
def backward(up, cache):
    return {"dx": 2 * cache[0] * cache[1] * up["y"]}
INPUTS = {"x": (5, 9)}
"""
    assert check_file(write(tmp_path / "a.py", drops))["backward"].ok
    counts = drops.replace("    mask =", "    CALLS.append(1)\n    mask = len(CALLS) *") + "CALLS = []\n"
    found = check_file(write(tmp_path / "a.py", counts))["backward"]
    assert found.verdict == "no verdict" and "not the same function" in found.reason


def test_reference_values_in_place_of_a_function(tmp_path):
    asked = write(
        tmp_path / "asked.toml",
        "[functions.double]\nreturns = ['y']\nexpected = { y = [2.0, 4.0] }\ninputs = { x = { array = [1.0, 2.0] } }\n"
        "[functions.name]\nexpected = { result = 3 }\ninputs = { x = 1 }\n",
    )
    text = "def double(x):\n    return 2 * x\ndef name(x):\n    return 'three'\n"
    found = check_file(write(tmp_path / "a.py", text), assignment=asked)
    assert found["double"].ok and "not an array of numbers: 'three'" in found["name"].text


@pytest.mark.parametrize(
    "text, said",
    [
        ("x = ", "is not TOML"),
        ("x = 1", "'x', which is not known"),
        ("title = 'a'", "asks for no function"),
        ("[functions.f]\npoints = 1", "nothing to be judged by"),
        ("[functions.f]\nkind = 'sideways'", "kind is forward or backward"),
        ("[functions.f]\nkind = 'backward'", "says no inputs"),
        ("[functions.f]\nweight = 1", "'weight', which is not known"),
        ("reference = 'none.py'\n[functions.f]", "there is no reference"),
        ("reference = 'broken.py'\n[functions.f]", "cannot be run: ZeroDivisionError"),
        ("hints = 7\n[functions.rnn_backward]", "hints must be"),
        ("[functions.f]\nexpected = { y = 1 }\ninputs = { x = 1 }\narguments = ['z']", "must name the inputs, x"),
        ("limits = { seconds = 0 }\n[functions.rnn_backward]", "timeout must be seconds"),
        ("limits = { memory = 1 }\n[functions.rnn_backward]", "memory must be a whole number"),
    ],
)
def test_what_an_assignment_cannot_say(text, said, tmp_path):
    write(tmp_path / "broken.py", "1 / 0")
    with pytest.raises((UsageError, ValueRangeError), match=said):
        load_assignment(write(tmp_path / "asked.toml", text))
    with pytest.raises(UsageError, match="there is no assignment none.toml"):
        load_assignment("none.toml")


def test_limits_of_an_assignment_hold(tmp_path):
    asked = write(tmp_path / "asked.toml", "limits = { seconds = 0.5 }\n[functions.rnn_cell_backward]\n")
    found = check_file(write(tmp_path / "a.py", "while True: pass"), assignment=asked)
    assert "within 0.5 seconds" in found.reason


def test_numbers_are_the_same_for_a_seed_and_unknown_without_one(tmp_path):
    path = write(tmp_path / "a.py", SOLUTION.replace("(1 - a_next ** 2) * da_next", "0.9 * da_next"))
    first, again, other = (check_file(path, seed=s)["rnn_cell_backward"].report["errors"] for s in (5, 5, 6))
    assert first == again != other
    assert check_file(path).seed != check_file(path).seed
    book = check_folder([path, write(tmp_path / "b.py", SOLUTION)], jobs=1)
    assert len({submission.seed for submission in book}) == 1


def test_a_judge_that_is_ended_leaves_no_verdict_and_the_class_is_judged_to_its_end(tmp_path):
    ends = "import multiprocessing, os\nif multiprocessing.parent_process() is not None:\n    os._exit(1)\n"
    write(tmp_path / "by.py", FORWARD + ends)
    asked = write(tmp_path / "asked.toml", PAIR)
    (tmp_path / "in").mkdir()
    for name in "abc":
        write(tmp_path / "in" / f"{name}.py", FORWARD + BACKWARD)
    book = check_folder(tmp_path / "in", assignment=asked, jobs=2)
    assert [found.reason for found in book] == ["the process that judges it was ended: there is no answer"] * 3
    assert book.verdict == "no verdict"


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("format = 1", "format = 2", "has format 2, but this release reads up to 1"),
        ("points = 2", "points = [2]", "points must be a number from 0 on, not .2."),
        ("points = 2", "points = -1", "points must be a number from 0 on, not -1"),
        ("points = 2", "points = nan", "points must be a number from 0 on, not nan"),
        ("points = 2", "optional = 1", "optional must be true or false, not 1"),
        ("points = 2", "returns = 3", "returns must be a list of texts, not 3"),
        ("points = 2", "kind = ['forward']", "kind must be a text, not "),
        ("y = [1.0, 4.0]", "y = [[1.0], [4.0, 2.0]]", "expected must be a table of numbers and arrays"),
        ("{array = [1.0, 2.0]}", "[1.0, 2.0]", "the inputs cannot be drawn: .*write letters"),
        ("{array = [1.0, 2.0]}", "{array = ['a']}", "the inputs cannot be drawn: could not convert"),
        ("[limits]", "limits = 3\n[other]", "limits must be a table|other"),
        ("hints = 2", "hints = [2]", "hints must be a level or 'rising', not .2."),
        ("format = 1", "format = " + "[" * 5000, "is not TOML"),
    ],
)
def test_a_setting_of_another_kind_is_said_when_the_assignment_is_read(tmp_path, old, new, said):
    text = """format = 1
hints = 2
[limits]
seconds = 20
[functions.square]
points = 2
expected = {y = [1.0, 4.0]}
inputs = {x = {array = [1.0, 2.0]}}
"""
    assert load_assignment(write(tmp_path / "mine.toml", "\ufeff" + text)).tasks["square"].points == 2
    with pytest.raises(UsageError, match=said):
        load_assignment(write(tmp_path / "mine.toml", text.replace(old, new)))
