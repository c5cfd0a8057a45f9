"""Lines that are missing between others, come too late, or count from the wrong end: their place and the right line."""

from __future__ import annotations

import pytest

from autograd_seq.diagnosis.course import check_file
from tests.check.small_programs import are_right_by_differences, by_own_lines, loaded, one_cause, written

ATTENTION = """
import numpy as np

INPUTS = {"x": (3, 2, 4), "y": (4, 2, 3), "We": (4, 5), "Ue": (5, 5), "Wd": (3, 5), "Ud": (5, 5), "V": (10, 2)}


def softmax(z, axis):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def forward(x, y, We, Ue, Wd, Ud, V):
    S, N, _ = x.shape
    enc, h = np.zeros((S, N, 5)), np.zeros((N, 5))
    for s in range(S):
        h = np.tanh(x[s] @ We + h @ Ue)
        enc[s] = h
    tape, out = [], []
    for t in range(len(y)):
        before = h
        h = np.tanh(y[t] @ Wd + before @ Ud)
        scores = np.sum(enc * h, axis=2)
        alpha = softmax(scores, axis=0)
        both = np.concatenate([np.sum(alpha[:, :, None] * enc, axis=0), h], axis=1)
        tape.append((before, h, alpha, both))
        out.append(both @ V)
    return {"out": np.stack(out)}, (x, y, We, Ue, Wd, Ud, V, enc, tape)


def backward(upstream, cache):
    x, y, We, Ue, Wd, Ud, V, enc, tape = cache
    S, N, _ = x.shape
    dWe, dUe, dWd, dUd, dV = [np.zeros_like(w) for w in (We, Ue, Wd, Ud, V)]
    dx, dy, denc, dh_next = np.zeros_like(x), np.zeros_like(y), np.zeros_like(enc), np.zeros((N, 5))
    for t in reversed(range(len(y))):
        before, h, alpha, both = tape[t]
        dV += both.T @ upstream["out"][t]
        dboth = upstream["out"][t] @ V.T
        dctx, dh = dboth[:, :5], dboth[:, 5:] + dh_next
        dalpha = np.sum(dctx[None] * enc, axis=2)
        denc += alpha[:, :, None] * dctx[None]
        dscores = alpha * (dalpha - np.sum(alpha * dalpha, axis=0, keepdims=True))
        denc += dscores[:, :, None] * h[None]
        dh = dh + np.sum(dscores[:, :, None] * enc, axis=0)
        da = dh * (1 - h ** 2)
        dWd += y[t].T @ da
        dUd += before.T @ da
        dy[t] = da @ Wd.T
        dh_next = da @ Ud.T
    denc[-1] += dh_next
    dh = np.zeros((N, 5))
    for s in reversed(range(S)):
        dh = dh + denc[s]
        da = dh * (1 - enc[s] ** 2)
        before = enc[s - 1] if s > 0 else np.zeros((N, 5))
        dWe += x[s].T @ da
        dUe += before.T @ da
        dx[s] = da @ We.T
        dh = da @ Ue.T
    return {"dx": dx, "dy": dy, "dWe": dWe, "dUe": dUe, "dWd": dWd, "dUd": dUd, "dV": dV}
"""

KEPT = """
import numpy as np

INPUTS = {"x": (4, 2, 3), "W": (3, 5), "U": (5, 5)}


def forward(x, W, U):
    h, kept = np.zeros((2, 5)), []
    for t in range(4):
        new = np.tanh(x[t] @ W + h @ U)
        kept.append((h, new))
        h = new
    return {"h": h}, (x, W, U, kept)


def backward(upstream, cache):
    x, W, U, kept = cache
    dW, dU, dx, dh = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x), upstream["h"]
    for t in reversed(range(4)):
        h, new = kept[t]
        dz = dh * (1 - new ** 2)
        dW += x[t].T @ dz
        dU += h.T @ dz
        dx[t] = dz @ W.T
        dh = dz @ U.T
    return {"dx": dx, "dW": dW, "dU": dU}
"""

BITS = """
import numpy as np

INPUTS = {"a": (5,), "b": (5,), "W": (2, 4), "U": (4, 4)}


def forward(a, b, W, U):
    states = [np.zeros((1, 4))]
    for position in range(5):
        X = np.array([[a[5 - position - 1], b[5 - position - 1]]])
        states.append(np.tanh(X @ W + states[-1] @ U))
    return {"h": states[-1]}, (a, b, W, U, states)


def backward(upstream, cache):
    a, b, W, U, states = cache
    dW, dU, da, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(a), np.zeros_like(b)
    dh = upstream["h"]
    for position in range(5):
        X = np.array([[a[position], b[position]]])
        dz = dh * (1 - states[-position - 1] ** 2)
        dW += X.T @ dz
        dU += states[-position - 2].T @ dz
        dX = dz @ W.T
        da[position], db[position] = dX[0]
        dh = dz @ U.T
    return {"da": da, "db": db, "dW": dW, "dU": dU}
"""

RIGHT = {"attention": ATTENTION, "kept": KEPT, "bits": BITS}
LATE = [("        kept.append((h, new))\n        h = new\n", "        h = new\n        kept.append((h, new))\n")]
SOFTMAX = "dscores = alpha * (dalpha - np.sum(alpha * dalpha, axis=0, keepdims=True))"
ENDS = "X = np.array([[a[5 - position - 1], b[5 - position - 1]]])\n        dz"
CASES = [
    # a second path, missing between two loops and within one
    ("attention", [("    denc[-1] += dh_next\n", "")], "missing term",
     "denc[-1] += dh_next, before for s in reversed(range(S)):"),
    ("attention", [("        dh = dh + np.sum(dscores[:, :, None] * enc, axis=0)\n", "")], "missing term",
     "dh = dh + np.sum(dscores[..., None] * enc, axis=0), before da = "),
    # each element by itself, where they all add up to 1
    ("attention", [(SOFTMAX, "dscores = alpha * (1 - alpha) * dalpha")], "activation derivative", SOFTMAX),
    # what is kept has been changed before
    ("kept", LATE, "order", "kept.append((h, new)), before h = new"),
    # all indices of a line from the other end
    ("bits", [("X = np.array([[a[position], b[position]]])\n        dz", ENDS)], "off by one",
     "X = np.array([[a[position], b[position]]])"),
]  # fmt: skip


@pytest.mark.parametrize("of", RIGHT)
def test_the_right_programs_are_right_by_differences(of, tmp_path):
    are_right_by_differences(loaded(written(tmp_path, RIGHT[of])))


@pytest.mark.parametrize("of", RIGHT)
def test_the_right_programs_are_recorded_and_right(of, tmp_path):
    report = check_file(written(tmp_path, RIGHT[of]))["backward"]
    assert report.ok and report.basis == "the recorded forward pass", str(report)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of changed programs
@pytest.mark.parametrize(("of", "edits", "category", "right"), CASES)
def test_one_cause_is_told_with_the_right_line(of, edits, category, right, tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    cause, _ = one_cause(written(tmp_path, RIGHT[of], edits))
    assert cause.category == category
    assert cause.correct.startswith(right), cause.correct


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loop_in_the_wrong_order_beside_another_mistake(tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    edits = [("reversed(range(4))", "range(4)"), ("dx[t] = dz @ W.T", "dx[t] = dz @ W.T * 2")]
    first, second = check_file(written(tmp_path, KEPT, edits))["backward"].causes
    assert first.correct == "for t in reversed(range(4)):"
    assert second.correct == "dx[t] = dz @ W.T"
