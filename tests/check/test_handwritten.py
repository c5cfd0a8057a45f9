"""check_backward and check_file: what they accept, say and withhold."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from autograd_seq import ShapeError, UsageError, check_backward
from autograd_seq.diagnosis.course import FUNCTIONS, check_file, check_function, true_cell_backward
from autograd_seq.diagnosis.drawn import LONG

INPUTS = {"x": ("n_x", "m"), "W": ("n_a", "n_x"), "b": ("n_a", 1)}


def forward(x, W, b):
    a = np.tanh(W @ x + b)
    return {"a": a}, (x, W, a)


def backward(upstream, cache):
    x, W, a = cache
    dz = upstream["a"] * (1 - a**2)
    return {"dx": W.T @ dz, "dW": dz @ x.T, "db": dz.sum(axis=1, keepdims=True)}


def test_a_right_one_passes_with_digits():
    report = check_backward(forward, backward, INPUTS)
    assert report.ok and report.status == "checked" and report.digits > 13
    assert report["dW"].diagnosis is None and report["dW"].error < 1e-14
    assert "recorded" in str(report) and not report.warnings


def test_the_cause_comes_first_and_is_said_once():
    def no_square(upstream, cache):
        x, W, a = cache
        dz = upstream["a"] * (1 - a)
        return {"dx": W.T @ dz, "dW": dz @ x.T, "db": dz.sum(axis=1, keepdims=True)}

    report = check_backward(forward, no_square, INPUTS)
    assert report.wrong == ["dx", "dW", "db"] and report.status == "refuted"
    assert [c.where for c in report.causes] == ["dz_a"]
    lines = str(report).splitlines()
    assert "dz_a (your dz) is wrong; dx, dW, db follow from it" in lines[1]
    assert str(report).count("square is missing") == 1 and "1 − a" in str(report)
    assert "follows from dz_a" in report["dW"].diagnosis


def test_two_independent_mistakes_are_both_named():
    def wrong(upstream, cache):
        right = backward(upstream, cache)
        return {**right, "dW": -right["dW"], "db": right["db"] / cache[0].shape[1]}

    report = check_backward(forward, wrong, INPUTS)
    assert report.wrong == ["dW", "db"]
    found = {k: c.category for c in report.causes for k in c.explains}
    assert found == {"dW": "sign", "db": "mean over the batch"}


def test_two_mistakes_one_behind_the_other():
    def wrong(upstream, cache):
        x, W, a = cache
        dz = upstream["a"] * (1 - np.tanh(a) ** 2)
        return {"dx": W.T @ dz, "dW": dz @ x.T, "db": dz.mean(axis=1, keepdims=True)}

    report = check_backward(forward, wrong, INPUTS)
    assert set(report.wrong) == {"dx", "dW", "db"}
    assert {c.category for c in report.causes} == {"activation derivative", "mean over the batch"}


def test_a_mistake_that_nobody_foresaw_is_flagged_and_located():
    def wrong(upstream, cache):
        x, W, a = cache
        dz = np.roll(upstream["a"] + 0.3, 1, axis=0) * np.sin(a + 0.2) / (1.5 + np.cos(7 * a))
        return {"dx": W.T @ dz, "dW": dz @ x.T, "db": dz.sum(axis=1, keepdims=True)}

    report = check_backward(forward, wrong, INPUTS)
    assert report.wrong == ["dx", "dW", "db"] and not report.causes
    assert report["dx"].diagnosis is None
    assert "look at" in str(report)


def test_no_diagnosis_is_made_from_numbers_that_agree_once():
    """A constant that fits the first draw only is no diagnosis."""
    calls = []

    def wrong(upstream, cache):
        right = backward(upstream, cache)
        calls.append(1)
        return {**right, "db": right["db"] / cache[0].shape[1] if len(calls) == 1 else right["db"] * 0.7}

    report = check_backward(forward, wrong, INPUTS)
    assert report.wrong == ["db"] and not report.causes


def test_missing_and_unknown_gradients():
    report = check_backward(forward, lambda u, c: {"dx": backward(u, c)["dx"], "dq": 1.0}, INPUTS)
    assert report.missing == ["dW", "db"] and report.unknown == ["dq"] and not report.ok
    assert "not returned: dW, db" in str(report)


def test_hints_withhold_the_formula():
    def wrong(upstream, cache):
        return {**backward(upstream, cache), "dx": upstream["a"][:3] * 0 + cache[1].T @ upstream["a"]}

    open_report = check_backward(forward, wrong, INPUTS)
    hint = check_backward(forward, wrong, INPUTS, hints_only=True)
    correct = open_report.causes[0].correct.split("; ")[0]
    assert correct in str(open_report)
    for text in (str(hint), json.dumps(hint.to_json()), hint["dx"].diagnosis):
        assert correct not in text and "tanh'" not in text
    assert "kind of mistake: activation derivative" in str(hint)


def test_a_failing_backward_is_reported_with_its_line():
    def fails(upstream, cache):
        return {"dx": cache[1] @ upstream["a"]}

    report = check_backward(forward, fails, INPUTS)
    assert not report.ok and "ValueError" in report.failure and "cache[1] @ upstream" in str(report)


def test_a_forward_that_assigns_into_zeros_is_recorded():
    def over_time(x, W):
        a = np.zeros((W.shape[0], x.shape[1], x.shape[2]))
        for t in range(x.shape[2]):
            a[:, :, t] = np.tanh(W @ x[:, :, t])
        return {"a": a}, (x, W, a)

    def back(upstream, cache):
        x, W, a = cache
        dz = upstream["a"] * (1 - a**2)
        return {"dx": np.einsum("an,amt->nmt", W, dz), "dW": np.einsum("amt,nmt->an", dz[:, :, :1], x[:, :, :1])}

    report = check_backward(over_time, back, {"x": ("n_x", "m", "T"), "W": ("n_a", "n_x")})
    assert report.wrong == ["dW"] and "recorded" in report.basis
    assert report.causes[0].category == "assignment"


def test_a_forward_that_cannot_be_recorded_is_differenced():
    def by_math(x, W):
        a = np.vectorize(math.tanh)(W @ x)
        return {"a": a}, (x, W, a)

    def back(upstream, cache):
        x, W, a = cache
        dz = upstream["a"] * (1 - a**2)
        return {"dx": W.T @ dz, "dW": -dz @ x.T}

    report = check_backward(by_math, back, {"x": ("n_x", "m"), "W": ("n_a", "n_x")})
    assert report.wrong == ["dW"] and [c.category for c in report.causes] == ["sign"]
    assert "Richardson" in report.basis and "digits" in report.basis
    assert report["dx"].error < 1e-8
    assert "with the opposite sign" in str(report)


def test_given_arrays_are_used_and_those_that_hide_are_named():
    rng = np.random.default_rng(0)
    given = {"x": rng.standard_normal((4, 1)), "W": rng.standard_normal((4, 4)), "b": np.zeros((4, 1))}
    report = check_backward(forward, backward, given)
    assert report.ok
    assert any("b is all zeros" in w for w in report.warnings)
    assert any("one example only" in w for w in report.warnings)
    np.testing.assert_array_equal(report["dx"].true.shape, (4, 1))


def test_same_seed_same_report():
    wrong = lambda u, c: {**backward(u, c), "dW": backward(u, c)["dW"] * 1.5}
    texts = {str(check_backward(forward, wrong, INPUTS, seed=3)) for _ in range(2)}
    assert len(texts) == 1
    errors = [check_backward(forward, wrong, INPUTS, seed=s)["dW"].true[0, 0] for s in (3, 4)]
    assert errors[0] != errors[1]


def test_a_backward_that_spoils_its_arguments_spoils_nothing_else():
    def spoils(upstream, cache):
        answer = backward(upstream, cache)
        upstream["a"] *= 0
        return answer

    assert check_backward(forward, spoils, INPUTS).ok


def test_wrong_calls():
    with pytest.raises(UsageError, match="outputs, cache"):
        check_backward(lambda x: x, backward, {"x": ("n_x", "m")})
    with pytest.raises(UsageError, match="dict of gradients"):
        check_backward(forward, lambda u, c: 1.0, INPUTS)
    with pytest.raises(ShapeError, match="cannot read"):
        check_backward(forward, backward, {"x": ("n_x - 1", "m")})
    with pytest.raises(UsageError, match="has no gradient"):
        check_backward(forward, backward, INPUTS)["dq"]
    with pytest.raises(UsageError, match="none of the assignment's functions"):
        check_function(backward)


def write(path, text):
    path.write_text(text)
    return path


CELL = """
import numpy as np
from rnn_utils import *

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
"""
SEQUENCE = """
def rnn_backward(da, caches):
    caches, x = caches
    total, dx, carried = {}, np.zeros(x.shape), 0
    for t in reversed(range(da.shape[2])):
        g = rnn_cell_backward(da[:, :, t] + carried, caches[t])
        carried = g["da_prev"]
        dx[:, :, t] = g["dxt"]
        for k in ("dWax", "dWaa", "dba"):
            total[k] = total.get(k, 0) + g[k]
    return {"dx": dx, "da0": carried, **total}
"""


def test_a_file_that_imports_the_courses_helpers(tmp_path):
    report = check_file(write(tmp_path / "mine.py", CELL + SEQUENCE))
    assert report.ok and set(report.reports) == {"rnn_cell_backward", "rnn_backward"}
    assert json.loads(json.dumps(report.to_json()))["ok"]


def test_a_sequence_inherits_the_mistake_of_its_cell(tmp_path):
    report = check_file(write(tmp_path / "mine.py", CELL.replace("a_next ** 2", "a_next") + SEQUENCE))
    assert not report.ok and not report["rnn_backward"].ok
    assert "follows from rnn_cell_backward" in str(report["rnn_backward"])
    assert "dxt" in str(report["rnn_cell_backward"]) and str(report).count("square is missing") == 1


def test_a_sequence_with_a_mistake_of_its_own_beside_its_cells(tmp_path):
    text = CELL.replace("a_next ** 2", "a_next") + SEQUENCE.replace("total.get(k, 0) + g[k]", "g[k]")
    report = check_file(write(tmp_path / "mine.py", text))
    assert [c.category for c in report["rnn_backward"].causes] == ["assignment"]
    assert any("rnn_cell_backward is wrong too" in w for w in report["rnn_backward"].warnings)


def test_files_that_cannot_be_checked(tmp_path):
    with pytest.raises(UsageError, match="not a Python file"):
        check_file(tmp_path / "absent.py")
    with pytest.raises(UsageError, match="cannot be run: SyntaxError"):
        check_file(write(tmp_path / "bad.py", "def f(:"))
    with pytest.raises(UsageError, match="defines none of"):
        check_file(write(tmp_path / "other.py", "x = 1"))
    with pytest.raises(UsageError, match="INPUTS"):
        check_file(write(tmp_path / "own.py", "def forward(x): ...\ndef backward(u, c): ..."))


@pytest.mark.parametrize("name", ["rnn_cell_backward", "lstm_cell_backward"])
def test_the_packages_own_cells_pass(name):
    assert check_function(true_cell_backward(name), name).ok


def test_an_update_gate_may_be_spelled_either_way():
    def lstm_cell_backward(da_next, dc_next, cache):
        assert cache[-1]["Wu"] is cache[-1]["Wi"]
        answer = true_cell_backward("lstm_cell_backward")(da_next, dc_next, cache)
        return {k: v for k, v in answer.items() if k not in ("dWi", "dbi")}

    assert check_function(lstm_cell_backward).ok
    assert set(FUNCTIONS) >= {"lstm_cell_backward"}


def bent(x, w):
    return {"y": w * x * x}, (x, w)


def bent_back(upstream, cache):
    x, w = cache
    return {"dx": upstream["y"] * 2 * w * x, "dw": upstream["y"] * x * x}


@pytest.mark.parametrize("given", [{"x": np.array([1, 2, 3]), "w": np.array([1, 2, 3])}, {"x": 2, "w": 3}])
def test_whole_numbers_have_gradients(given):
    bad = check_backward(bent, lambda u, c: {"dx": u["y"] * 999, "dw": u["y"] * 0 + 7}, given)
    assert bad.wrong == ["dx", "dw"] and not bad.ok
    assert check_backward(bent, lambda u, c: {}, given).missing == ["dx", "dw"]
    assert check_backward(bent, bent_back, given).ok


def test_whole_numbers_that_are_an_index_or_a_count_stay_whole():
    def power(x, n, k):
        return {"y": sum(x * x for _ in range(n)) * x[k]}, (x, n, k)

    def back(upstream, cache):
        x, n, k = cache
        dx = upstream["y"] * 2 * n * x * x[k]
        dx[k] += np.sum(upstream["y"] * n * x * x)
        return {"dx": dx}

    given = {"x": ("n",), "n": 3, "k": 1}
    report = check_backward(power, back, given)
    assert report.ok and list(report.gradients) == ["dx"]
    assert sum("used as a whole number" in w for w in report.warnings) == 2
    with pytest.raises(UsageError, match="n is used as a whole number"):
        check_backward(lambda n: ({"y": np.arange(n) * 1.0}, n), lambda u, c: {}, {"n": 4})


def test_without_a_gradient_nothing_is_right():
    for back in (lambda u, c: {}, bent_back):
        with pytest.raises(UsageError, match="no output"):
            check_backward(lambda x, w: ({}, (x, w)), back, {"x": 2.0, "w": 3.0})
        with pytest.raises(UsageError, match="no gradient can be checked"):
            check_backward(bent, back, {"x": np.array([True]), "w": np.array([False])})
    with pytest.raises(UsageError, match="no inputs"):
        check_backward(lambda: ({"y": np.ones(2)}, None), lambda u, c: {}, {})


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_inputs_and_outputs_that_are_no_numbers_are_refused(value):
    with pytest.raises(UsageError, match=r"w is (nan|inf) at \[1\]"):
        check_backward(bent, bent_back, {"x": np.ones(3), "w": np.array([1, value, 2])})
    with pytest.raises(UsageError, match="forward's output 'y' is (nan|-inf)"):
        check_backward(lambda x: ({"y": np.log(x)}, x), lambda u, c: {"dx": u["y"] / c}, {"x": np.array([0.0, 1.0])})


def test_given_numbers_stay_where_the_forward_pass_is_defined():
    given = {"x": np.array([1e-3, 1.0, 2.0])}
    assert check_backward(lambda x: ({"y": np.log(x)}, x), lambda u, c: {"dx": u["y"] / c}, given).ok


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda g: g + 5j, "complex"),
        (lambda g: "0.5", "not an array of numbers"),
        (lambda g: [[1.0], [1.0, 2.0]], "not an array of numbers"),
        (lambda g: object(), "not an array of numbers"),
    ],
)
def test_gradients_that_are_no_real_numbers_are_wrong(spoil, said):
    def bad(upstream, cache):
        right = backward(upstream, cache)
        return {**right, "dx": spoil(right["dx"])}

    report = check_backward(forward, bad, INPUTS)
    assert report.wrong == ["dx"] and not report.missing
    assert said in report["dx"].diagnosis and said in str(report)
    json.dumps(report.to_json())


@pytest.mark.parametrize("factor", [1 + 1e-6, 1 + 1e-8])
def test_a_small_error_is_an_error_and_is_printed_with_enough_digits(factor):
    report = check_backward(forward, lambda u, c: {**backward(u, c), "dW": backward(u, c)["dW"] * factor}, INPUTS)
    assert report.wrong == ["dW"]
    assert f"{factor:.9g}".rstrip("0") in str(report), str(report)


def test_single_precision_is_judged_by_its_own_digits():
    single = lambda u, c: {k: v.astype(np.float32) for k, v in backward(u, c).items()}
    report = check_backward(forward, single, INPUTS)
    assert report.ok and 6 < report.digits < 9
    off = lambda u, c: {k: v * np.float32(1.001) for k, v in single(u, c).items()}
    assert check_backward(forward, off, INPUTS).wrong == ["dx", "dW", "db"]


def lstm_cell_with(factor):
    """The assignment's LSTM cell, with one factor in one term of dc_prev as given."""

    def lstm_cell_backward(da_next, dc_next, cache):
        a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, p = cache
        n_a = a_next.shape[0]
        dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
        stack = np.concatenate((a_prev, xt))
        dz = {
            "f": dc * c_prev * ft * (1 - ft),
            "i": dc * cct * it * (1 - it),
            "c": dc * it * (1 - cct**2),
            "o": da_next * np.tanh(c_next) * ot * (1 - ot),
        }
        both = sum(p["W" + g].T @ dz[g] for g in "fico")
        other = {"ft": ft, "it": it, "ot": ot}[factor]
        dc_prev = dc_next * ft + ot * (1 - np.tanh(c_next) ** 2) * other * da_next
        answer = {"dxt": both[n_a:], "da_prev": both[:n_a], "dc_prev": dc_prev}
        for g in "fico":
            answer |= {"dW" + g: dz[g] @ stack.T, "db" + g: dz[g].sum(axis=1, keepdims=True)}
        return answer

    return lstm_cell_backward


@pytest.mark.parametrize("factor", ["it", "ot"])
def test_another_gate_in_one_term_is_found(factor):
    assert check_function(lstm_cell_with("ft")).ok
    report = check_function(lstm_cell_with(factor))
    assert report.wrong == ["dc_prev"]
    assert report.causes[0].category == "wrong value" and report.causes[0].where == "dc_prev"
    assert f"with {factor} in place of ft on the term of" in str(report), str(report)


@pytest.mark.parametrize("steps", [1, 3, 4, 5, 10, 30])
def test_a_sequence_cut_short_is_wrong(steps):
    cell = true_cell_backward("rnn_cell_backward")

    def rnn_backward(da, caches):
        caches, x = caches
        total, dx, carried = {}, np.zeros(x.shape), 0
        for t in reversed(range(da.shape[2])):
            carried = carried if t >= da.shape[2] - steps else carried * 0
            g = cell(da[:, :, t] + carried, caches[t])
            carried, dx[:, :, t] = g["da_prev"], g["dxt"]
            for k in ("dWax", "dWaa", "dba"):
                total[k] = total.get(k, 0) + g[k]
        return {"dx": dx, "da0": carried, **total}

    report = check_function(rnn_backward)
    assert not report.ok and "dWaa" in report.wrong
    assert (f"wrong over {LONG}" in str(report)) == (steps > 4)


def test_a_pass_over_the_first_steps_only_is_wrong_by_a_longer_run():
    def summed(x, w):
        return {"y": w * np.sum(x, axis=1, keepdims=True)}, (x, w)

    def back(upstream, cache, steps=5):
        x, w = cache
        dx = np.zeros(x.shape)
        dx[:, :steps] = upstream["y"] * w
        return {"dx": dx, "dw": upstream["y"] * x.sum(axis=1, keepdims=True)}

    shapes = {"x": ("m", "T"), "w": ("m", 1)}
    report = check_backward(summed, back, shapes)
    assert report.wrong == ["dx"] and f"wrong over {LONG}" in report["dx"].diagnosis
    assert check_backward(summed, lambda u, c: back(u, c, None), shapes).ok


def twice(x):
    return {"y": 2 * x}, None


def twice_back(upstream, cache):
    return {"dx": 2 * upstream["y"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None, twice_back, {"x": ("n",)}), "forward must be a function"),
        ((twice, None, {"x": ("n",)}), "backward must be a function"),
        ((twice, twice_back, None), "inputs must be a dict"),
        ((twice, twice_back, [("n",)]), "inputs must be a dict"),
        ((twice, twice_back, {1: ("n",)}), "names of forward's arguments"),
        ((twice, twice_back, {"x": None}), "'x' must be an array or a shape"),
        ((twice, twice_back, {"x": "n"}), "'x' must be an array or a shape"),
        ((twice, twice_back, {"x": (2.5, "n")}), "'x' must be an array or a shape"),
        ((twice, twice_back, {"x": [[1, 2], [3]]}), "'x' must be an array or a shape"),
        ((twice, twice_back, {"z": ("n",)}), "unexpected keyword argument 'z'"),
        ((lambda x: ({"y": x @ x}, None), twice_back, {"x": ("n", "m")}), "forward fails: ValueError"),
    ],
)
def test_what_cannot_be_checked_is_said(arguments, words):
    with pytest.raises(UsageError, match=words):
        check_backward(*arguments)


def test_a_tuple_of_whole_numbers_is_a_shape_and_a_list_is_an_array():
    assert check_backward(twice, twice_back, {"x": (3, 2)})["dx"].true.shape == (3, 2)
    assert check_backward(twice, twice_back, {"x": (5,)})["dx"].true.shape == (5,)
    assert check_backward(twice, twice_back, {"x": [3, 2]})["dx"].true.shape == (2,)
    with pytest.raises(ShapeError, match="-1"):
        check_backward(twice, twice_back, {"x": (-1, "m")})


def test_a_number_for_an_array_of_one_element_is_no_crash():
    def scaled(x, s):
        return {"y": x * s}, (x, s)

    report = check_backward(
        scaled,
        lambda u, c: {"dx": u["y"] * c[1], "ds": np.array([[[-np.sum(u["y"] * c[0])]]])},
        {"x": ("n", "m"), "s": (1, 1)},
    )
    assert report.wrong == ["ds"] and not report.warnings


def test_a_factor_is_said_only_if_somebody_could_have_meant_it():
    right = backward

    def times(factor):
        report = check_backward(forward, lambda u, c: {**right(u, c), "dW": factor * right(u, c)["dW"]}, INPUTS)
        report.causes, report.look_at = [], None
        return str(report)

    for factor, said in ((2, "2"), (-1, "-1"), (1 / 7, "0.142857"), (5**-0.5, "0.447214"), (40, "40")):
        assert f"it is {said} times the true gradient" in times(factor)
    for factor in (1.33254, 0.9, np.pi):
        assert "times the true gradient" not in times(factor) and "in place of" in times(factor)


def test_one_example_is_told_from_a_bias_by_its_use():
    def program(x, shift, scale):
        a = np.tanh(scale * x + shift)
        return {"a": a}, (x, shift, scale, a)

    def back(upstream, cache):
        x, shift, scale, a = cache
        dz = upstream["a"] * (1 - a**2)
        return {"dx": scale * dz, "dshift": dz, "dscale": x * dz}

    given = {k: np.random.default_rng(i).standard_normal((4, 1)) for i, k in enumerate(("x", "shift", "scale"))}
    report = check_backward(program, back, given)
    (warning,) = [w for w in report.warnings if "one example" in w]
    assert warning.startswith("x, scale:")
    wide = {**given, "x": np.random.default_rng(5).standard_normal((4, 3))}
    summed = lambda u, c: {k: v if k == "dx" else v.sum(1, keepdims=True) for k, v in back(u, c).items()}
    assert not [w for w in check_backward(program, summed, wide).warnings if "one example" in w]


def test_constants_are_printed():
    mask, half = np.array([[1.0, 0, 1, 1, 0, 1, 1]]), 0.5

    def masked(x):
        return {"y": half * (x * x) * mask}, x

    report = check_backward(masked, lambda u, x: {"dx": x * u["y"]}, {"x": (3, 7)})
    assert report.causes[0].category == "missing factor" and "mask" in str(report) and "…" not in str(report)
