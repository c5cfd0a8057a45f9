"""Wrong backward passes in any style: each is flagged where it is wrong, and its cause is named with few words.

They were written before the changes of lines that `autograd_seq.diagnosis.line_edits` tries: of the 67, 42 were
named at first. What was missed was then added, so the share that is named today says nothing about others.
"""

from __future__ import annotations

import functools
import types

import numpy as np
import pytest
from check.mistakes.any_style import ORIGINALS, PASSES, write

from autograd_seq.diagnosis.course import check_file
from tests.sweeps import slow_but_part_of

SIZES = {"n_x": 2, "n_a": 4, "n_y": 3, "m": 6, "T": 4}  # not those that the check draws
ALSO_RIGHT = {
    "missing term": {"upstream missing", "no carry"},
    "missing factor": {"parentheses"},
    "wrong value": {"off by one"},
}


@functools.cache
def gradients(source):
    """What a pass returns, on numbers of this test's own, and a loss to compare with."""
    module = types.ModuleType("submission")
    exec(compile(source, "submission.py", "exec"), vars(module))
    rng = np.random.default_rng(3)
    inputs = {}
    for key, shape in module.INPUTS.items():
        sizes = [sum(SIZES[w.strip()] for w in n.split("+")) if isinstance(n, str) else n for n in shape]
        inputs[key] = shape if isinstance(shape, np.ndarray) else rng.standard_normal(sizes)
    outputs, cache = module.forward(**inputs)
    upstream = {k: rng.standard_normal(np.shape(v)) for k, v in outputs.items()}

    def loss(values):
        return sum(np.sum(v * upstream[k]) for k, v in module.forward(**values)[0].items())

    return module.backward(upstream, cache), inputs, loss


@pytest.mark.parametrize("original", ORIGINALS)
def test_the_originals_are_right_by_differences(original):
    found, inputs, loss = gradients(ORIGINALS[original])
    for key, value in found.items():
        x = inputs[key[1:]]
        slopes = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[place] += 1e-5
            below[place] -= 1e-5
            slopes[place] = (loss({**inputs, key[1:]: above}) - loss({**inputs, key[1:]: below})) / 2e-5
        np.testing.assert_allclose(value, slopes, rtol=1e-5, atol=1e-7, err_msg=key)


@pytest.mark.parametrize("original", ORIGINALS)
def test_the_originals_pass(original, tmp_path):
    report = check_file(write(original, original, ORIGINALS[original], tmp_path))["backward"]
    assert report.ok, str(report)


def named(p, folder):
    """Whether the causes are named, after checks of what is flagged and how it is printed."""
    report = check_file(write(p.name, p.original, p.wrong, folder))["backward"]
    assert sorted(report.wrong) == sorted(p.gradients), str(report)
    assert not [w for w in report.warnings if "search" in w], str(report)
    printed = str(report)
    assert printed.count("\n") < 60 and len(printed) <= 4_000 and "array(" not in printed, printed
    for cause in report.causes:
        wrong, _, right = cause.words.removeprefix("with ").partition(" in place of ")
        assert wrong != right, printed
    explained = {k for c in report.causes for k in c.explains}
    wanted = set(p.diagnoses).union(*(ALSO_RIGHT.get(d, set()) for d in p.diagnoses))
    enough = len(report.causes) >= len(p.diagnoses)
    return enough and {c.category for c in report.causes} <= wanted and explained == set(report.wrong)


@pytest.mark.parametrize("original", slow_but_part_of(list(ORIGINALS)))
def test_what_is_wrong_is_flagged_exactly_and_nine_in_ten_are_named(original, tmp_path):
    passes = [p for p in PASSES if p.original == original]
    missed = [p.name for p in passes if not named(p, tmp_path)]
    assert len(missed) <= MISSED.get(original, 0), missed


MISSED = {"layers": 2, "attention_block": 1}  # of the 67


def test_there_are_enough():
    assert len(PASSES) >= 60 and len(ORIGINALS) >= 8
    for p in PASSES:
        truly = {
            k for k, v in gradients(p.right)[0].items()
            if not np.allclose(v, gradients(p.wrong)[0][k], rtol=1e-8, atol=1e-10)
        }  # fmt: skip
        assert truly == set(p.gradients), p.name


def checked(original, old, new, folder):
    source = ORIGINALS[original]
    assert source.count(old) == 1
    return check_file(write(original, original, source.replace(old, new), folder))["backward"]


def test_a_line_is_named_with_its_number_and_what_it_should_be(tmp_path):
    report = checked("char_rnn", "dy[targets[t]] -= 1", "dy[inputs[t]] -= 1", tmp_path)
    (cause,) = report.causes
    line = ORIGINALS["char_rnn"][: ORIGINALS["char_rnn"].index("dy[targets[t]] -= 1")].count("\n") + 1
    assert cause.line == line and cause.correct == "dy[targets[t]] -= 1"
    assert cause.words == "with dy[inputs[t]] in place of dy[targets[t]]" and f"in line {line}" in str(report)
    assert report.to_json()["causes"][0]["line"] == line


def test_a_bound_of_a_loop(tmp_path):
    report = checked("truncated", "np.arange(max(0, ", "np.arange(max(1, ", tmp_path)
    (cause,) = report.causes
    assert cause.category == "off by one" and "max(0, t - self.bptt_truncate)" in cause.correct


def test_a_variable_of_the_file_is_told_from_one_of_the_cache(tmp_path):
    report = checked("notebook", 'np.dot(parameters["Wf"][:, :n_a].T, dft)', "np.dot(Wf[:, :n_a].T, dft)", tmp_path)
    (cause,) = report.causes
    assert cause.explains == ("da_prev",) and cause.correct == "take Wf from the cache: a variable of the file"


def test_two_mistakes_in_one_line(tmp_path):
    old = "dcct = (dc_next * it + ot * (1 - np.square(np.tanh(c_next))) * it * da_next) * (1 - np.square(cct))"
    new = "dcct = dc_next * cct + ot * (1 - np.square(np.tanh(c_next))) * it * da_next * (1 - np.square(cct))"
    report = checked("notebook", old, new, tmp_path)
    assert {c.category for c in report.causes} == {"parentheses", "wrong value"}
    assert {c.correct.replace(" ", "") for c in report.causes} == {old.replace(" ", "")}


def test_a_while_loop_that_a_change_makes_endless_ends(tmp_path):
    source = """
import numpy as np
INPUTS = {"x": ("T", "n_x", "m"), "W": ("n_a", "n_x")}
def forward(x, W):
    return {"y": np.stack([np.tanh(W @ x[t]) for t in range(len(x))])}, (x, W)
def backward(upstream, cache):
    x, W = cache
    dx, dW, t = np.zeros_like(x), np.zeros_like(W), 0
    while t < len(x):
        y = np.tanh(W @ x[t])
        dz = upstream["y"][t] * (1 - y * W.sum())
        dW += dz @ x[t].T
        dx[t] = W.T @ dz
        t += 1
    return {"dx": dx, "dW": dW}
"""
    path = tmp_path / "loop.py"
    path.write_text(source, encoding="utf-8")
    report = check_file(path)["backward"]
    assert sorted(report.wrong) == ["dW", "dx"] and not [w for w in report.warnings if "search" in w]


def test_the_functions_are_left_as_they_were(tmp_path):
    path = write("char_rnn", "char_rnn", ORIGINALS["char_rnn"].replace("dbh += dhraw", "dbh += dh"), tmp_path)
    first, second = check_file(path), check_file(path)
    assert str(first) == str(second) and first["backward"].causes[0].category == "activation derivative"
