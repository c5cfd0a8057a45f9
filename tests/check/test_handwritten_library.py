"""The library of wrong backward passes: each is flagged where it is wrong, and diagnosed.

The figures that the tests print are no estimate for mistakes that nobody has seen: mistakes/README.md says why.
"""

from __future__ import annotations

import functools
import re
import types

import numpy as np
import pytest
from check.mistakes import MISTAKES, ORIGINALS, OTHER_STYLES, edited

from autograd_seq.diagnosis.course import FUNCTIONS, check_file
from tests.sweeps import part_of, slow_but_part_of

SIZES = {"n_x": 2, "n_a": 4, "n_y": 3, "n_h": 5, "m": 6, "T": 4}  # not those that the check draws

# Two names of one thing: a term that is an adjoint given from above, and a factor that one term lacks.
ALSO_RIGHT: dict[str, set[str]] = {
    "missing term": {"upstream missing", "no carry"},
    "missing factor": {"parentheses"},
    "wrong value": {"off by one"},
}


@functools.cache
def load(source):
    module = types.ModuleType("submission")
    exec(compile(source, "submission.py", "exec"), vars(module))
    return module


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def course_forward(kind, inputs, steps):
    """An own forward pass in plain NumPy: outputs and caches in the assignment's layouts."""
    p = {k: v for k, v in inputs.items() if k[0] in "Wb"}
    a, c = inputs["a_prev"], inputs.get("c_prev")
    caches, states = [], []
    for t in range(steps):
        x = inputs["x"][:, :, t]
        if kind == "rnn":
            new = np.tanh(p["Wax"] @ x + p["Waa"] @ a + p["ba"])
            caches.append((new, a, x, p))
            a = new
        else:
            s = np.vstack([a, x])
            f, i, o = (sigmoid(p["W" + g] @ s + p["b" + g]) for g in "fio")
            h = np.tanh(p["Wc"] @ s + p["bc"])
            new_c = f * c + i * h
            new = o * np.tanh(new_c)
            caches.append((new, new_c, a, c, f, i, h, o, x, p))
            a, c = new, new_c
        states.append(a)
    return np.stack(states, axis=2), a, c, caches


def course_inputs(kind, steps, rng):
    n_x, n_a, m = SIZES["n_x"], SIZES["n_a"], SIZES["m"]
    shapes = {"x": (n_x, m, steps), "a_prev": (n_a, m)}
    if kind == "rnn":
        shapes |= {"Wax": (n_a, n_x), "Waa": (n_a, n_a), "ba": (n_a, 1)}
    else:
        shapes["c_prev"] = (n_a, m)
        for g in "fico":
            shapes |= {"W" + g: (n_a, n_a + n_x), "b" + g: (n_a, 1)}
    return {k: rng.standard_normal(s) for k, s in shapes.items()}


def assignment_case(name, rng):
    """What one of the assignment's functions is given, and how to get the outputs again."""
    kind, sequence = name.split("_")[0], "cell" not in name
    steps = SIZES["T"] if sequence else 1
    inputs = course_inputs(kind, steps, rng)
    states, a, c, caches = course_forward(kind, inputs, steps)
    da, dc = rng.standard_normal(states.shape), rng.standard_normal(a.shape)
    given = (caches, inputs["x"]) if sequence else caches[0]
    arguments = [da, given] if sequence else [da[:, :, 0], given]
    if name == "lstm_cell_backward":
        arguments.insert(1, dc)

    def loss(values):
        states, _, c, _ = course_forward(kind, values, steps)
        return np.sum(states * da) + (np.sum(c * dc) if name == "lstm_cell_backward" else 0)

    return arguments, inputs, loss


def own_case(module, rng):
    """What a file's own ``backward`` is given, and how to get the outputs again."""
    inputs = {}
    for key, shape in module.INPUTS.items():
        size = [sum(SIZES[w.strip()] for w in n.split("+")) if isinstance(n, str) else n for n in shape]
        inputs[key] = rng.standard_normal(size)
    outputs, cache = module.forward(**inputs)
    upstream = {k: rng.standard_normal(v.shape) for k, v in outputs.items()}

    def loss(values):
        return sum(np.sum(v * upstream[k]) for k, v in module.forward(**values)[0].items())

    return (upstream, cache), inputs, loss


def gradients(module, name, rng):
    arguments, _, _ = own_case(module, rng) if name == "backward" else assignment_case(name, rng)
    return getattr(module, name)(*arguments)


def functions(module):
    return [n for n in [*FUNCTIONS, "backward"] if hasattr(module, n)]


def complex_step(loss, inputs, key):
    """The derivative to machine precision, by a step along the imaginary axis."""
    result = np.zeros(inputs[key].shape)
    for place in np.ndindex(result.shape):
        moved = {k: v.astype(complex) for k, v in inputs.items()}
        moved[key][place] += 1e-30j
        result[place] = np.imag(loss(moved)) / 1e-30
    return result


@functools.cache
def assignment_truth(name):
    _, inputs, loss = assignment_case(name, np.random.default_rng(5))
    return {key: complex_step(loss, inputs, key) for key in inputs}


def own_truth(module):
    _, inputs, loss = own_case(module, np.random.default_rng(5))
    return {key: complex_step(loss, inputs, key) for key in inputs}


INPUT_OF = {"dxt": "x", "dx": "x", "da0": "a_prev"}


@pytest.mark.parametrize("original", ORIGINALS)
def test_the_originals_are_right(original):
    """By the complex step, which knows nothing of this package; NumPy's maximum goes by the real part."""
    module = load(ORIGINALS[original])
    for name in functions(module):
        found = gradients(module, name, np.random.default_rng(5))
        truth = own_truth(module) if name == "backward" else assignment_truth(name)
        for key, value in found.items():
            wanted = truth[key[1:] if key[1:] in truth else INPUT_OF[key]]
            np.testing.assert_allclose(value, wanted.reshape(value.shape), rtol=1e-10, atol=1e-12, err_msg=key)


def checked(name, source, folder):
    path = folder / f"{name.replace('/', '_')}.py"
    path.write_text(source, encoding="utf-8")
    return check_file(path)


@pytest.mark.parametrize(
    "original", [*(name for name in ORIGINALS if name not in OTHER_STYLES), *slow_but_part_of(sorted(OTHER_STYLES))]
)
def test_the_originals_pass(original, tmp_path):
    report = checked(original, ORIGINALS[original], tmp_path)
    assert report.ok, str(report)
    assert all(r.digits > 10 for r in report.reports.values())


@functools.cache
def right_gradients(original, name):
    return gradients(load(ORIGINALS[original]), name, np.random.default_rng(7))


def truly_wrong(mistake, name):
    """The gradients that differ from the original's, on inputs of this test's own."""
    found = gradients(load(mistake.wrong), name, np.random.default_rng(7))
    right = right_gradients(mistake.original, name)
    return {
        k
        for k in right
        if found[k].shape != right[k].shape or not np.allclose(found[k], right[k], rtol=1e-8, atol=1e-10)
    }


def diagnosed(mistake, folder):
    """Whether the report names the kind of mistake and explains all of it, after checks of what it flags."""
    report = checked(mistake.name, mistake.wrong, folder)
    for name in functions(load(mistake.wrong)):
        assert set(report[name].wrong) == truly_wrong(mistake, name), f"{mistake.name}: {report}"
        assert not report[name].missing
    assert not [w for r in report.reports.values() for w in r.warnings if "search" in w], report
    blamed = next(r for r in report.reports.values() if not r.ok)
    assert sorted(blamed.wrong) == sorted(mistake.gradients), f"{mistake.name}: {report}"
    explained = {k for c in blamed.causes for k in c.explains}
    categories = {c.category for c in blamed.causes}
    wanted = {mistake.diagnosis} | ALSO_RIGHT.get(mistake.diagnosis, set())
    return bool(categories) and categories <= wanted and explained == set(blamed.wrong)


@pytest.fixture(scope="module")
def has_right_diagnosis(tmp_path_factory):
    folder = tmp_path_factory.mktemp("submissions")
    return functools.cache(lambda mistake: diagnosed(mistake, folder))


def missed_of(mistakes, has_right_diagnosis):
    missed = [m.name for m in mistakes if not has_right_diagnosis(m)]
    print(f"{len(mistakes) - len(missed)} of {len(mistakes)} diagnosed; not: {missed}")
    return missed


def test_of_some_each_is_flagged_on_exactly_the_wrong_gradients_and_nine_in_ten_diagnosed(has_right_diagnosis):
    some = part_of(MISTAKES)
    missed = missed_of(some, has_right_diagnosis)
    assert len(missed) <= len(some) / 10, missed


@pytest.mark.slow
def test_each_is_flagged_on_exactly_the_wrong_gradients_and_nine_in_ten_diagnosed(has_right_diagnosis):
    assert len(MISTAKES) >= 200
    missed = missed_of(MISTAKES, has_right_diagnosis)
    assert len(missed) <= len(MISTAKES) / 10, missed


@pytest.mark.slow
def test_of_those_held_out_each_is_flagged_exactly_and_nine_in_ten_diagnosed(has_right_diagnosis):
    held_out = [m for m in MISTAKES if m.held_out]
    assert len(held_out) == 84
    missed = missed_of(held_out, has_right_diagnosis)
    assert len(missed) <= len(held_out) / 10, missed


def test_every_mistake_says_what_it_is():
    for mistake in MISTAKES:
        assert re.fullmatch(r"\w+/[A-Za-z]\w+_\w+", mistake.name), mistake.name
        assert mistake.gradients and mistake.diagnosis, mistake.name
    assert len({m.name for m in MISTAKES}) == len({m.wrong for m in MISTAKES}) == len(MISTAKES)


def test_edits():
    source = "a = 1\nb = 2\nif a:\n    b = 2\n"
    assert edited(source, "-a = 1\n+a = 3\n") == "a = 3\nb = 2\nif a:\n    b = 2\n"
    assert edited(source, " if a:\n+    a = 0\n\n-a = 1\n") == "b = 2\nif a:\n    a = 0\n    b = 2\n"
    assert edited(source, "\n-a = 1\n\n\n b = 2\n if a:\n+    pass\n") == "b = 2\nif a:\n    pass\n    b = 2\n"
    with pytest.raises(ValueError, match="stand 0 times"):
        edited(source, "-a = 2\n")
    with pytest.raises(ValueError, match="stand 2 times"):
        edited(source + "a = 1\n", "-a = 1\n+a = 3\n")
    with pytest.raises(ValueError, match="starts with a space"):
        edited(source, "a = 1\n")
