"""Wrong lines that keep one array for all steps or shift the wrong way, that nothing can record, or that never end."""

from __future__ import annotations

import pytest

from autograd_seq.diagnosis.course import check_file
from autograd_seq.diagnosis.own_code import EndlessError, at_most, parts

IN_PLACE = """
import numpy as np

INPUTS = {"x": (4, 3), "W": (2, 3), "U": (2, 2), "h0": (2,)}


def forward(x, W, U, h0):
    h, history = h0.copy(), []
    for t in range(4):
        step = dict(x=x[t], before=h)
        h += np.tanh(W @ x[t] + U @ h)
        step["h"] = h
        history.append(step)
    return {"h": h}, (W, U, history, h0)


def backward(upstream, cache):
    W, U, history, h0 = cache
    dh, dW, dU, dx = upstream["h"], np.zeros_like(W), np.zeros_like(U), np.zeros((4, 3))
    for t in reversed(range(4)):
        before = history[t]["before"]
        dz = dh * (1 - np.tanh(W @ history[t]["x"] + U @ before) ** 2)
        dW, dU, dx[t] = dW + np.outer(dz, history[t]["x"]), dU + np.outer(dz, before), W.T @ dz
        dh = dh + U.T @ dz
    return {"dx": dx, "dW": dW, "dU": dU, "dh0": dh}
"""

SHIFTED = """
import numpy as np

INPUTS = {"x": (5, 3), "now": (3, 2), "before": (3, 2)}


def forward(x, now, before):
    z = x @ now
    z[1:] += x[:-1] @ before
    return {"z": z}, (x, now, before)


def backward(upstream, cache):
    x, now, before = cache
    dz = upstream["z"]
    dx = dz @ now.T
    dx[1:] += dz[:-1] @ before.T
    return {"dx": dx, "dnow": x.T @ dz, "dbefore": x[:-1].T @ dz[1:]}
"""

ONE_VECTOR = """
import numpy as np

INPUTS = {"theta": (10,), "x": (3, 3)}


def loss_and_grad(theta, x):
    W, U = theta[:6].reshape(2, 3), theta[6:].reshape(2, 2)
    h, tape, grad = np.zeros(2), [], np.zeros_like(theta)
    dW, dU = grad[:6].reshape(2, 3), grad[6:].reshape(2, 2)
    for t in range(3):
        new = np.tanh(W @ x[t] + U @ h)
        tape.append((h, new))
        h = new
    loss, dh = np.sum(h ** 2), 2 * h
    for t in reversed(range(3)):
        before, new = tape[t]
        dz = dh * (1 - new ** 2)
        dW += np.outer(dz, x[t])
        dU[:] = np.outer(dz, before)
        dh = U.T @ dz
    return loss, grad


def forward(theta, x):
    return {"loss": loss_and_grad(theta, x)[0]}, (theta, x)


def backward(upstream, cache):
    return {"dtheta": upstream["loss"] * loss_and_grad(*cache)[1]}
"""


@pytest.mark.parametrize(
    ("source", "category", "line", "correct"),
    [
        (IN_PLACE, "shared array", "step = dict", "step = dict(x=x[t], before=h.copy())"),
        (SHIFTED, "off by one", "dx[1:] += dz", "dx[:-1] += dz[1:] @ before.T"),
        (ONE_VECTOR, "assignment", "dU[:] = np", "dU[:] += np.outer(dz, before)"),
    ],
)
def test_the_line_is_told_with_what_is_right(source, category, line, correct, tmp_path):
    path = tmp_path / "submission.py"
    path.write_text(source, encoding="utf-8")
    report = check_file(path)["backward"]
    (cause,) = report.causes
    assert (cause.category, cause.correct) == (category, correct), str(report)
    assert source.splitlines()[cause.line - 1].strip().startswith(line)
    assert set(cause.explains) == set(report.wrong)


def doubled():
    grown = [1.0]
    while grown:
        grown = grown + grown
    return grown


def repeated():
    total = 0
    while True:
        total += 1


def few_lines():
    """A function of this file, by which it is known which lines are counted."""
    return 1.0


@pytest.mark.parametrize("program", [doubled, repeated])
def test_a_program_that_never_ends_is_ended(program):
    known, _ = parts(few_lines, [few_lines], [])
    with pytest.raises(EndlessError):
        at_most(5_000, program, known)
