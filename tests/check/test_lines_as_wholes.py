"""Wrong lines as wholes, a missing one behind another, another goal, a late variable: its line and the right one."""

from __future__ import annotations

import pytest

import autograd_seq
from autograd_seq.diagnosis.course import check_file
from autograd_seq.translation.reader import translated
from tests.check.small_programs import are_right_by_differences, by_own_lines, loaded, one_cause, written
from tests.sweeps import slow_but_part_of

PENALTY = """
import numpy as np

INPUTS = {"x": (4, 2, 6), "W": (3, 6)}
LAMBDA, Y = 0.3, np.random.default_rng(1).standard_normal((3, 6))


def forward(x, W):
    h, tape = np.zeros((3, 6)), []
    for t in range(len(x)):
        a = np.vstack([x[t], h, np.ones((1, 6))])
        h = np.tanh(W @ a)
        tape.append((a, h))
    loss = 0.5 * np.sum((h - Y) ** 2) + LAMBDA * np.sum(W[:, :-1] ** 2)
    return {"loss": loss}, (x, W, tape)


def backward(upstream, cache):
    x, W, tape = cache
    dW, dx = np.zeros_like(W), np.zeros_like(x)
    dh = tape[-1][1] - Y
    for t in reversed(range(len(x))):
        a, h = tape[t]
        dz = dh * (1 - h ** 2)
        dW += dz @ a.T
        da = W.T @ dz
        dx[t], dh = da[:2], da[2:5]
    dW[:, :-1] += 2 * LAMBDA * W[:, :-1]
    return {"dx": dx * upstream["loss"], "dW": dW * upstream["loss"]}
"""

WORDS = """
import numpy as np

INPUTS = {"x": (4, 3, 2), "W": (2, 4), "U": (4, 4), "V": (4, 5)}
Y = np.array([[0, 2, 1], [3, 3, 4], [1, 0, 0], [2, 4, 1]])
MASK = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


def probabilities(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def forward(x, W, U, V):
    h, states = np.zeros((3, 4)), []
    for t in range(len(x)):
        h = np.tanh(x[t] @ W + h @ U)
        states.append(h)
    h = np.stack(states)
    p = probabilities(h @ V)
    T, N = Y.shape
    right = p[np.arange(T)[:, None], np.arange(N), Y]
    return {"loss": -np.sum(MASK * np.log2(right)) / N}, (x, W, U, V, h, p)


def backward(upstream, cache):
    x, W, U, V, h, p = cache
    mask = MASK
    T, N = Y.shape
    dy = p.copy()
    dy[np.arange(T)[:, None], np.arange(N), Y] -= 1
    dy *= mask[:, :, None]
    dy /= N
    dy /= np.log(2)
    dy *= upstream["loss"]
    dV = np.einsum("tnh,tnv->hv", h, dy)
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    dh_next = np.zeros((3, 4))
    for t in reversed(range(T)):
        dz = (dy[t] @ V.T + dh_next) * (1 - h[t] ** 2)
        dW += x[t].T @ dz
        before = h[t - 1] if t else np.zeros((3, 4))
        dU += before.T @ dz
        dx[t] = dz @ W.T
        dh_next = dz @ U.T
    return {"dx": dx, "dW": dW, "dU": dU, "dV": dV}
"""

GATES = """
import numpy as np

INPUTS = {"x": (3, 2, 4), "W_f": (3, 2), "W_i": (3, 2), "b_f": (3, 1), "b_i": (3, 1)}


class Parameter:
    def __init__(self, v):
        self.v, self.d = v, np.zeros_like(v)


class Parameters:
    def __init__(self, W_f, W_i, b_f, b_i):
        self.W_f, self.W_i = Parameter(W_f), Parameter(W_i)
        self.b_f, self.b_i = Parameter(b_f), Parameter(b_i)


def forward(x, W_f, W_i, b_f, b_i):
    p = Parameters(W_f, W_i, b_f, b_i)
    c, tape = np.zeros((3, 4)), []
    for t in range(3):
        f = 1 / (1 + np.exp(-(p.W_f.v @ x[t] + p.b_f.v)))
        i = np.tanh(p.W_i.v @ x[t] + p.b_i.v)
        tape.append((c, f, i))
        c = f * c + i
    return {"c": c}, (x, p, tape)


def backward(upstream, cache):
    x, p, tape = cache
    dc, dx = upstream["c"], np.zeros_like(x)
    for t in reversed(range(3)):
        c, f, i = tape[t]
        df = dc * c * f * (1 - f)
        di = dc * (1 - i ** 2)
        p.W_f.d += df @ x[t].T
        p.b_f.d += df.sum(axis=1, keepdims=True)
        p.W_i.d += di @ x[t].T
        p.b_i.d += di.sum(axis=1, keepdims=True)
        dx[t] = p.W_f.v.T @ df + p.W_i.v.T @ di
        dc = dc * f
    return {"dx": dx, "dW_f": p.W_f.d, "dW_i": p.W_i.d, "db_f": p.b_f.d, "db_i": p.b_i.d}
"""

GRADS = """
import numpy as np

INPUTS = {"x": (3, 2, 4), "Wf": (3, 2), "Wi": (3, 2), "bf": (3, 1), "bi": (3, 1)}


def forward(x, Wf, Wi, bf, bi):
    c, tape = np.zeros((3, 4)), []
    for t in range(3):
        f = 1 / (1 + np.exp(-(Wf @ x[t] + bf)))
        i = np.tanh(Wi @ x[t] + bi)
        tape.append((c, f, i))
        c = f * c + i
    return {"c": c}, (x, Wf, Wi, bf, bi, tape)


def backward(upstream, cache):
    x, Wf, Wi, bf, bi, tape = cache
    grads = {"Wf": np.zeros_like(Wf), "Wi": np.zeros_like(Wi), "bf": np.zeros_like(bf), "bi": np.zeros_like(bi)}
    dc, dx = upstream["c"], np.zeros_like(x)
    for t in reversed(range(3)):
        c, f, i = tape[t]
        df = dc * c * f * (1 - f)
        di = dc * (1 - i ** 2)
        grads["Wf"] += df @ x[t].T
        grads["bf"] += df.sum(axis=1, keepdims=True)
        grads["Wi"] += di @ x[t].T
        grads["bi"] += di.sum(axis=1, keepdims=True)
        dx[t] = Wf.T @ df + Wi.T @ di
        dc = dc * f
    return {"dx": dx, **{f"d{key}": value for key, value in grads.items()}}
"""

CLOSURES = """
import numpy as np

INPUTS = {"x": (4, 3), "W": (3, 3), "U": (3, 3)}


def forward(x, W, U):
    h, tape = np.zeros(3), []
    for t in range(4):
        before = h
        h = np.tanh(W @ x[t] + U @ before)
        tape.append((before, lambda d, h=h: d * (1 - h ** 2)))
    return {"h": h}, (x, W, U, tape)


def backward(upstream, cache):
    x, W, U, tape = cache
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    dh = upstream["h"]
    for t in reversed(range(4)):
        before, pull = tape[t]
        dz = pull(dh)
        dW += np.outer(dz, x[t])
        dU += np.outer(dz, before)
        dx[t] = W.T @ dz
        dh = U.T @ dz
    return {"dx": dx, "dW": dW, "dU": dU}
"""

SCALED = """
import numpy as np

INPUTS = {"x": (4, 3), "gain": (4, 3), "W": (3, 3)}


def forward(x, gain, W):
    h, pulls = np.zeros(3), []
    for t in range(4):
        g = gain[t]
        a = np.sin(W @ h + x[t])
        pulls.append((lambda d, g=g: d * g, a, h))
        h = g * a
    return {"h": h}, (x, gain, W, pulls)


def backward(upstream, cache):
    x, gain, W, pulls = cache
    dW, dx, dgain = np.zeros_like(W), np.zeros_like(x), np.zeros_like(gain)
    dh = upstream["h"]
    for t in range(3, -1, -1):
        scale, a, h = pulls[t]
        dgain[t] = dh * a
        dx[t] = scale(dh) * np.cos(W @ h + x[t])
        dW += np.outer(dx[t], h)
        dh = W.T @ dx[t]
    return {"dx": dx, "dgain": dgain, "dW": dW}
"""

TILED = """
import numpy as np

INPUTS = {"x": (3, 5, 2), "h0": (4,), "W": (2, 4), "U": (4, 4)}


def forward(x, h0, W, U):
    h, tape = np.tile(h0, (5, 1)), []
    for t in range(3):
        before = h
        h = np.tanh(x[t] @ W + before @ U)
        tape.append((before, h))
    return {"h": h}, (x, W, U, tape)


def backward(upstream, cache):
    x, W, U, tape = cache
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    dh = upstream["h"]
    for t in reversed(range(3)):
        before, h = tape[t]
        dz = dh * (1 - h ** 2)
        dW += x[t].T @ dz
        dU += before.T @ dz
        dx[t] = dz @ W.T
        dh = dz @ U.T
    return {"dx": dx, "dh0": dh.sum(axis=0), "dW": dW, "dU": dU}
"""

COLUMNS = """
import numpy as np

INPUTS = {"x": (3, 2, 5), "h0": (4,), "W": (4, 2), "U": (4, 4)}


def forward(x, h0, W, U):
    h, tape = np.tile(h0[:, None], (1, 5)), []
    for t in range(3):
        before = h
        h = np.tanh(W @ x[t] + U @ before)
        tape.append((before, h))
    return {"h": h}, (x, W, U, tape)


def backward(upstream, cache):
    x, W, U, tape = cache
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    dh = upstream["h"]
    for t in reversed(range(3)):
        before, h = tape[t]
        dz = dh * (1 - h ** 2)
        dW += dz @ x[t].T
        dU += dz @ before.T
        dx[t] = W.T @ dz
        dh = U.T @ dz
    dh0 = dh.sum(axis=1)
    return {"dx": dx, "dh0": dh0, "dW": dW, "dU": dU}
"""

BOTH_WAYS = """
import numpy as np

INPUTS = {"x": (4, 2, 5), "W": (3, 2), "U": (3, 3), "V": (3, 3)}


def run(x, W, U, steps):
    h, tape = np.zeros((3, 5)), {}
    for t in steps:
        before = h
        h = np.tanh(W @ x[t] + U @ before)
        tape[t] = before, h
    return h, tape


def back(dh, x, W, U, tape, steps):
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    for t in steps:
        before, h = tape[t]
        dz = dh * (1 - h ** 2)
        dW += dz @ x[t].T
        dU += dz @ before.T
        dx[t] = W.T @ dz
        dh = U.T @ dz
    return dx, dW, dU


def forward(x, W, U, V):
    T = len(x)
    right, going = run(x, W, U, range(T))
    left, coming = run(x, W, V, range(T - 1, -1, -1))
    return {"right": right, "left": left}, (x, W, U, V, going, coming)


def backward(upstream, cache):
    x, W, U, V, going, coming = cache
    T = len(x)
    dx, dW, dU = back(upstream["right"], x, W, U, going, range(T - 1, -1, -1))
    dx_left, dW_left, dV = back(upstream["left"], x, W, V, coming, range(T))
    return {"dx": dx + dx_left, "dW": dW + dW_left, "dU": dU, "dV": dV}
"""

AVERAGED = """
import numpy as np

INPUTS = {"x": (4, 3, 2), "W": (2, 4), "U": (4, 4)}
MASK = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


class Net:
    def __init__(self, W, U):
        self.W, self.U = W, U
        self.lengths = MASK.sum(axis=0)

    def forward(self, x):
        self.x, self.states = x, [np.zeros((3, 4))]
        total = np.zeros((3, 4))
        for t in range(len(x)):
            self.states.append(np.tanh(x[t] @ self.W + self.states[-1] @ self.U))
            total = total + MASK[t][:, None] * self.states[-1]
        return total / self.lengths[:, None]

    def backward(self, dmean):
        dW, dU, dx = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.x)
        dtotal = dmean / self.lengths[:, None]
        dh = np.zeros((3, 4))
        for t in reversed(range(len(self.x))):
            dh = dh + MASK[t][:, None] * dtotal
            dz = dh * (1 - self.states[t + 1] ** 2)
            dW += self.x[t].T @ dz
            dU += self.states[t].T @ dz
            dx[t] = dz @ self.W.T
            dh = dz @ self.U.T
        return {"dx": dx, "dW": dW, "dU": dU}


def forward(x, W, U):
    net = Net(W, U)
    return {"mean": net.forward(x)}, net


def backward(upstream, net):
    return net.backward(upstream["mean"])
"""

RIGHT = {
    "penalty": PENALTY, "words": WORDS, "gates": GATES, "grads": GRADS, "closures": CLOSURES, "scaled": SCALED,
    "tiled": TILED, "columns": COLUMNS, "both ways": BOTH_WAYS, "averaged": AVERAGED,
}  # fmt: skip


@pytest.mark.parametrize("of", RIGHT)
def test_the_right_programs_are_right_by_differences(of, tmp_path):
    are_right_by_differences(loaded(written(tmp_path, RIGHT[of])))


CUT = "dW[:, :-1] += 2 * LAMBDA * W[:, :-1]"
SCORES = "dy[np.arange(T)[:, None], np.arange(N), Y] -= 1"
LATE = "tape.append((before, lambda d{}: d * (1 - h ** 2)))"
LATE_SCALE = "pulls.append((lambda d{}: d * g, a, h))"
BACK = 'back(upstream["{}"], x, W, {}, {})'
DIVIDED = "dtotal = dmean / self.lengths[:, None]"
CASES = [
    # a penalty on the column of the biases, too
    ("penalty", [(CUT, "dW += 2 * LAMBDA * W")], "dW += 2 * LAMBDA * W", "extra term", CUT),
    # a line that is missing behind the one that changes some entries
    ("words", [("    dy /= N\n", "")], SCORES, "missing factor", f"dy /= N, after {SCORES}"),
    ("words", [("    dy /= np.log(2)\n", "")], SCORES, "missing factor", f"dy /= np.log(2), after {SCORES}"),
    ("words", [("    dy *= mask[:, :, None]\n", "")], SCORES, "missing factor",
     f"dy *= mask[:, :, None], after {SCORES}"),
    # a value put where that of another belongs
    ("gates", [("p.b_f.d += df", "p.b_i.d += df")], "p.b_i.d += df.sum(axis=1, keepdims=True)", "wrong value",
     "p.b_f.d += df.sum(axis=1, keepdims=True)"),
    ("gates", [("p.W_i.d += di", "p.W_f.d += di")], "p.W_f.d += di @ x[t].T", "wrong value", "p.W_i.d += di @ x[t].T"),
    ("grads", [('grads["bf"] += df', 'grads["bi"] += df')], 'grads["bi"] += df.sum(axis=1, keepdims=True)',
     "wrong value", "grads['bf'] += df.sum(axis=1, keepdims=True)"),
    ("grads", [('grads["Wi"] += di', 'grads["Wf"] += di')], 'grads["Wf"] += di @ x[t].T',
     "wrong value", "grads['Wi'] += di @ x[t].T"),
    # a function that reads a variable of a loop when the loop is over
    ("closures", [("lambda d, h=h: d", "lambda d: d")], LATE.format(""), "shared array", LATE.format(", h=h")),
    ("scaled", [("lambda d, g=g: d", "lambda d: d")], LATE_SCALE.format(""), "shared array",
     LATE_SCALE.format(", g=g")),
    # one row of many
    ("tiled", [("dh.sum(axis=0)", "dh[0]")], 'return {"dx": dx, "dh0": dh[0], "dW": dW, "dU": dU}', "missing sum",
     "return {'dx': dx, 'dh0': dh.sum(axis=0), 'dW': dW, 'dU': dU}"),
    ("columns", [("dh.sum(axis=1)", "dh[:, 0]")], "dh0 = dh[:, 0]", "missing sum", "dh0 = dh.sum(axis=1)"),
    # the order of the steps that a function is told
    ("both ways", [("coming, range(T))", "coming, range(T - 1, -1, -1))")],
     "dx_left, dW_left, dV = " + BACK.format("left", "V", "coming, range(T - 1, -1, -1)"), "off by one",
     "dx_left, dW_left, dV = " + BACK.format("left", "V", "coming, range(T)").replace('"', "'")),
    ("both ways", [("going, range(T - 1, -1, -1))", "going, range(T))")],
     "dx, dW, dU = " + BACK.format("right", "U", "going, range(T)"), "off by one",
     "dx, dW, dU = " + BACK.format("right", "U", "going, reversed(range(T))").replace('"', "'")),
    # a number for each example to divide by, in an attribute
    ("averaged", [(DIVIDED, "dtotal = dmean / len(self.x)")], "dtotal = dmean / len(self.x)", "wrong value", DIVIDED),
    ("averaged", [(DIVIDED, "dtotal = dmean")], "dtotal = dmean", "missing factor", DIVIDED),
]  # fmt: skip


@pytest.mark.parametrize(("of", "edits", "line", "category", "right"), CASES)
def test_the_line_is_told_by_the_program_itself(of, edits, line, category, right, tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    cause, found = one_cause(written(tmp_path, RIGHT[of], edits))
    assert (cause.category, found, cause.correct) == (category, line, right)


ELSEWHERE = ("dy /= N", "dy *= mask")  # told of what dy is in the end, as there is no telling where it is missing
SAME = [case for case in CASES if not case[1][0][0].strip().startswith(ELSEWHERE)]


@pytest.mark.parametrize(("of", "edits", "line", "category", "right"), slow_but_part_of(SAME, one_in=3))
def test_so_it_is_beside_the_true_pass(of, edits, line, category, right, tmp_path):
    cause, found = one_cause(written(tmp_path, RIGHT[of], edits))
    assert (cause.category, found, cause.correct) == (category, line, right)


@pytest.mark.parametrize("line", ["    dy /= N\n", "    dy *= mask[:, :, None]\n"])
def test_a_factor_of_the_loss_that_is_missing_is_told(line, tmp_path):
    cause, _ = one_cause(written(tmp_path, WORDS, [(line, "")]))
    assert cause.category == "missing factor" and cause.where == "dright"


CHINESE = {
    "penalty": "用的是 W 的全部，而应为 W[:, :-1]",
    "closures": "用到 lambda d: d * (1 - h ** 2)，它在被调用时才读取 h：那时的值是循环最后一轮留下的",
    "both ways": "步骤 range(T - 1, -1, -1) 的顺序反了",
}


@pytest.mark.parametrize("of", CHINESE)
def test_it_is_said_in_chinese(of, tmp_path):
    edits = next(case[1] for case in CASES if case[0] == of)
    report = check_file(written(tmp_path, RIGHT[of], edits))["backward"]
    with autograd_seq.language("zh"):
        assert CHINESE[of] in translated(str(report))
