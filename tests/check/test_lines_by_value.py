"""Lines that make other values than they should: found by the values, whatever was done wrong in them."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_seq.diagnosis.course import check_file
from autograd_seq.diagnosis.loops_in_code import loops_around
from autograd_seq.diagnosis.truth import record

PASS = '''
import numpy as np

INPUTS = {"x": ("T", "n_x", "m"), "h0": ("n_a", "m"), "W": ("n_a", "n_x"), "U": ("n_a", "n_a"), "v": ("n_a", "m")}


def forward(x, h0, W, U, v):
    hs = [h0]
    for t in range(len(x)):
        hs.append(np.tanh(W @ x[t] + U @ hs[-1]))
    margins = np.maximum(0, v - hs[-1])
    margins[0] = 0
    return {"loss": np.sum(hs[-1] * v) + np.sum(margins)}, (x, hs, W, U, v, margins)


def backward(upstream, cache):
    x, hs, W, U, v, margins = cache
    inside = np.where(margins > 0, upstream["loss"], 0)
    dW, dU, dx, dxs = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x), []
    dv = hs[-1] * upstream["loss"] + inside
    dh = v * upstream["loss"] - inside
    for t in reversed(range(len(x))):
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ x[t].T
        dU += dz @ hs[t].T
        dx[t] = W.T @ dz
        dh = U.T @ dz
    return {"dx": dx, "dh0": dh, "dW": dW, "dU": dU, "dv": dv}
'''


def checked(tmp_path, *edits):
    text = PASS
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path / "submission.py"
    path.write_text(text, encoding="utf-8")
    return check_file(path)["backward"], text.splitlines()


def test_an_array_of_a_formula_that_is_written_into_is_recorded(tmp_path):
    report, _ = checked(tmp_path)
    assert report.ok and report.basis == "the recorded forward pass"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("dz = dh * (1 - hs[t + 1] ** 2)", "dz = np.sign(dh) * (1 - hs[t + 1] ** 2)", "dz = np.sign"),
        ("dh = U.T @ dz\n", "dh = U.T @ dz * hs[t] * hs[t]\n", "dh = U.T @ dz *"),
    ],
)
def test_the_line_is_told_of_what_no_edit_foresees(tmp_path, old, new, line):
    report, lines = checked(tmp_path, (old, new))
    assert report.wrong
    number = next(i for i, text in enumerate(lines, 1) if line in text)
    assert [c.line for c in report.causes] == [number] or f"line {number}" in str(report), str(report)


def test_two_mistakes_neither_of_which_shows_without_the_other(tmp_path):
    report, _ = checked(
        tmp_path, ("dh = v * upstream", "dh = 3 * v * upstream"), ("dh = U.T @ dz\n", "dh = U @ dz\n")
    )  # fmt: skip
    assert len(report.causes) == 2 and "transpose" in {c.category for c in report.causes}, str(report)


def test_a_line_that_slid_into_the_loop(tmp_path):
    old = "        dh = U.T @ dz\n    return"
    report, _ = checked(
        tmp_path, (old, "        dh = U.T @ dz\n        dv += inside\n    return"), (" + inside\n    dh", "\n    dh")
    )
    (cause,) = report.causes
    assert cause.category == "extra term" and cause.where == "dv", str(report)


def test_calls_of_a_function_to_itself_are_time_steps():
    def forward(x, h0):
        def go(t, h):
            return h if t == len(x) else go(t + 1, np.tanh(h + x[t]))

        return {"h": go(0, h0)}, None

    truth = record(forward, {"x": np.ones((3, 2)), "h0": np.zeros(2)}, {"h": np.ones(2)})
    times = [r.scope.time for r in truth.recording.forward if r.operation is not None and r.operation.name == "tanh"]
    assert times == [1, 2, 3]


def test_a_loop_within_a_step_is_none_of_time():
    def forward(x, h0):
        h = h0
        for t in range(len(x)):
            gates = {}
            for k in (1.0, 2.0):
                gates[k] = np.tanh(k * x[t]
                                   + h)  # fmt: skip
            h = gates[1.0] * gates[2.0]
        return {"h": h}, None

    truth = record(forward, {"x": np.ones((3, 2)), "h0": np.zeros(2)}, {"h": np.ones(2)})
    times = [r.scope.time for r in truth.recording.forward if r.operation is not None and r.operation.name == "tanh"]
    assert times == [1, 1, 2, 2, 3, 3]


def test_loops_of_a_function_are_read_off_its_instructions():
    def loops(n):
        for _ in range(n):
            while n:
                n -= 1

    assert {len(loops_around(loops.__code__, i)) for i in range(len(loops.__code__.co_code))} == {0, 1, 2}


@pytest.mark.parametrize(
    "written",
    [
        lambda z: np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z)))),
        lambda z: np.where(z > 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z))),
        lambda z: 0.5 * (np.tanh(z / 2) + 1),
    ],
)
def test_a_sigmoid_that_cannot_overflow_is_recognised(written):
    truth = record(lambda x: ({"y": written(x)}, None), {"x": np.array([0.3, -0.7])}, {"y": np.ones(2)})
    assert [r.operation.name for r in truth.recording.forward if r.operation is not None] == ["sigmoid"]


def test_a_variant_that_does_not_fit_ends_no_search():
    from autograd_seq import check_backward
    from autograd_seq.diagnosis import perturb
    from autograd_seq.diagnosis.perturb.where import everywhere

    def fails(c, r):
        raise ValueError("operands could not be broadcast together")

    before = list(perturb.GRAMMAR)
    perturb.GRAMMAR.insert(0, perturb.Sentence(fails, everywhere, 0))
    try:
        report = check_backward(
            lambda x, W: ({"a": np.tanh(W @ x)}, (x, W, np.tanh(W @ x))),
            lambda upstream, cache: {
                "dx": cache[1].T @ (upstream["a"] * (1 - cache[2])),
                "dW": (upstream["a"] * (1 - cache[2])) @ cache[0].T,
            },
            {"x": ("n_x", "m"), "W": ("n_a", "n_x")},
        )
    finally:
        perturb.GRAMMAR[:] = before
    assert [c.category for c in report.causes] == ["activation derivative"]
    assert not any("failed" in warning for warning in report.warnings)
