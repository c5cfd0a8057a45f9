"""A line that is missing from a small program: it is proposed, and said where it belongs."""

from __future__ import annotations

import pytest

import autograd_seq
from autograd_seq.diagnosis.course import check_file
from autograd_seq.translation.reader import translated
from tests.check.small_programs import are_right_by_differences, by_own_lines, loaded, one_cause, written

PLANT = """
import numpy as np

INPUTS = {"s0": (3,), "K": (2, 3), "q": (2,)}
PLANT = {
    "A": np.array([[0.9, 0.2, 0.0], [-0.1, 0.8, 0.3], [0.0, 0.1, 0.7]]),
    "B": np.array([[0.5, 0.0], [0.1, 0.4], [0.0, 1.0]]),
}
STEPS = 4


def forward(s0, K, q):
    A, B = PLANT["A"], PLANT["B"]
    s, u = np.zeros((STEPS + 1, 3)), np.zeros((STEPS, 2))
    s[0] = s0
    for k in range(STEPS):
        u[k] = np.tanh(K @ s[k] + q)
        s[k + 1] = A @ s[k] + B @ u[k]
    return {"s": s}, (s, u, K)


def backward(upstream, cache):
    s, u, K = cache
    A, B = PLANT["A"], PLANT["B"]
    lam, dK, dq = upstream["s"].copy(), np.zeros_like(K), np.zeros(len(K))
    for k in reversed(range(STEPS)):
        du = B.T @ lam[k + 1]
        dz = du * (1 - u[k] ** 2)
        dK += np.outer(dz, s[k])
        dq += dz
        lam[k] += A.T @ lam[k + 1]
        lam[k] += K.T @ dz
    return {"ds0": lam[0], "dK": dK, "dq": dq}
"""

SPRING = """
import numpy as np

INPUTS = {"start": (4,), "M": (4, 4), "V": (3, 4), "R": (4, 3)}


def forward(start, M, V, R):
    h = start
    states, seen = [h], []
    for t in range(3):
        w = np.sin(V @ h)
        h = np.tanh(M @ h + R @ w)
        seen.append(w)
        states.append(h)
    return {"h": h}, (M, V, R, states, seen)


def backward(upstream, cache):
    M, V, R, states, seen = cache
    dM, dV, dR = np.zeros_like(M), np.zeros_like(V), np.zeros_like(R)
    dh = upstream["h"]
    for t in range(2, -1, -1):
        dz = dh * (1 - states[t + 1] ** 2)
        dM += np.outer(dz, states[t])
        dR += np.outer(dz, seen[t])
        dw = (R.T @ dz) * np.cos(V @ states[t])
        dV += np.outer(dw, states[t])
        dh = M.T @ dz
        dh = dh + V.T @ dw
    return {"dstart": dh, "dM": dM, "dV": dV, "dR": dR}
"""

CELL = """
import numpy as np

INPUTS = {"x": (4, 2, 5), "Wf": (3, 2), "Wg": (3, 2), "U": (3, 3), "bf": (3, 1), "bg": (3, 1)}


def cell_forward(x, h, c_prev, Wf, Wg, U, bf, bg):
    f = 1 / (1 + np.exp(-(Wf @ x + U @ h + bf)))
    g = np.tanh(Wg @ x + bg)
    c = f * c_prev + g
    return np.tanh(c), c, (x, h, c_prev, f, g, c)


def cell_backward(dh, dc, cache, Wf, Wg, U):
    x, h, c_prev, f, g, c = cache
    dc = dc + dh * (1 - np.tanh(c) ** 2)
    dzf = dc * c_prev * f * (1 - f)
    dzg = dc * (1 - g ** 2)
    return {"dx": Wf.T @ dzf + Wg.T @ dzg, "dh_prev": U.T @ dzf, "dc_prev": dc * f, "dWf": dzf @ x.T,
            "dWg": dzg @ x.T, "dU": dzf @ h.T, "dbf": dzf.sum(axis=1, keepdims=True), "dzg": dzg}


def forward(x, Wf, Wg, U, bf, bg):
    h, c, caches, states = np.zeros((3, 5)), np.zeros((3, 5)), [], []
    for t in range(4):
        h, c, cache = cell_forward(x[t], h, c, Wf, Wg, U, bf, bg)
        caches.append(cache)
        states.append(h)
    return {"h": np.stack(states)}, (x, Wf, Wg, U, bf, bg, caches)


def backward(upstream, cache):
    x, Wf, Wg, U, bf, bg, caches = cache
    dx, dWf, dWg, dU = np.zeros_like(x), np.zeros_like(Wf), np.zeros_like(Wg), np.zeros_like(U)
    dbf, dbg = np.zeros_like(bf), np.zeros_like(bg)
    dh_prev, dc_prev = np.zeros((3, 5)), np.zeros((3, 5))
    for t in reversed(range(4)):
        gradients = cell_backward(upstream["h"][t] + dh_prev, dc_prev, caches[t], Wf, Wg, U)
        dx[t] = gradients["dx"]
        dh_prev = gradients["dh_prev"]
        dc_prev = gradients["dc_prev"]
        dWf += gradients["dWf"]
        dWg += gradients["dWg"]
        dU += gradients["dU"]
        dbf += gradients["dbf"]
        db_t = gradients["dzg"].sum(axis=1, keepdims=True)
        dbg += db_t
    return {"dx": dx, "dWf": dWf, "dWg": dWg, "dU": dU, "dbf": dbf, "dbg": dbg}
"""

SKIP = """
import numpy as np

INPUTS = {"h0": (4,), "x": (3, 4), "M": (4, 4), "P": (5, 4), "Q": (5, 4)}


def forward(h0, x, M, P, Q):
    states = [h0]
    for t in range(3):
        states.append(np.tanh(M @ states[-1] + x[t]))
    return {"out": Q @ states[-1] + P @ h0}, (h0, M, P, Q, states)


def backward(upstream, cache):
    h0, M, P, Q, states = cache
    dout, dM, dx = upstream["out"], np.zeros_like(M), np.zeros((3, 4))
    dh = Q.T @ dout
    for t in reversed(range(3)):
        dz = dh * (1 - states[t + 1] ** 2)
        dM += np.outer(dz, states[t])
        dx[t] = dz
        dh = M.T @ dz
    dP, dQ = np.outer(dout, h0), np.outer(dout, states[-1])
    dh = dh + P.T @ dout
    return {"dh0": dh, "dx": dx, "dM": dM, "dP": dP, "dQ": dQ}
"""

RIGHT = {"plant": PLANT, "spring": SPRING, "cell": CELL, "skip": SKIP}


@pytest.mark.parametrize("of", RIGHT)
def test_the_right_programs_are_right_by_differences(of, tmp_path):
    are_right_by_differences(loaded(written(tmp_path, RIGHT[of])))


CARRIES = "dh_prev, dc_prev = np.zeros((3, 5)), np.zeros((3, 5))"
MISSING = [
    # a second path into the state
    ("plant", "        lam[k] += K.T @ dz\n", "lam[k]", "lam[k] += A.T @ lam[k + 1]",
     "lam[k] += K.T @ dz, at the end of the loop"),
    ("spring", "        dh = dh + V.T @ dw\n", "dh", "dh = M.T @ dz", "dh = dh + V.T @ dw, at the end of the loop"),
    # what leads past the loop
    ("skip", "    dh = dh + P.T @ dout\n", "dh", "dh = M.T @ dz", "dh = dh + P.T @ dout, before the function answers"),
    # a carry that is never updated, and so has nothing to be added to
    ("cell", '        dc_prev = gradients["dc_prev"]\n', "dc_prev", CARRIES,
     "dc_prev = gradients['dc_prev'], at the end of the loop"),
    ("cell", '        dh_prev = gradients["dh_prev"]\n', "dh_prev", CARRIES,
     "dh_prev = gradients['dh_prev'], at the end of the loop"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "line", "where", "there", "right"), MISSING)
def test_a_missing_line_is_proposed(of, line, where, there, right, tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    cause, found = one_cause(written(tmp_path, RIGHT[of], [(line, "")]))
    assert (cause.category, cause.where, found, cause.correct) == ("missing term", where, there, right)


TOLD = [
    ("plant", MISSING[0][1], "missing term", "lam[k] += A.T @ lam[k + 1]", "lam[k] = lam[3] + Aᵀ ds<4> + Kᵀ dz"),
    ("spring", MISSING[1][1], "missing term", "dh = M.T @ dz", "dh = Mᵀ dz + Vᵀ dw"),
    ("cell", MISSING[3][1], "no carry", "dc = dc + dh * (1 - np.tanh(c) ** 2)", "dc = dc<4> ∘ f<4> + dh ∘ (1 − "),
]  # fmt: skip


@pytest.mark.parametrize(("of", "line", "category", "there", "right"), TOLD)
def test_a_term_of_the_true_pass_that_is_missing_is_told_as_a_formula(of, line, category, there, right, tmp_path):
    cause, found = one_cause(written(tmp_path, RIGHT[of], [(line, "")]))
    assert (cause.category, found) == (category, there) and cause.correct.startswith(right)


@pytest.mark.parametrize(("of", "line", "where", "first"), [
    ("plant", "        dq += dz\n", "dq", "dq = dz_u<4> + dz_u<3>"),
    ("cell", "        dbg += db_t\n", "dbg", "dbg = Σ_columns(dz_g<4>) + Σ_columns(dz_g<3>)"),
])  # fmt: skip
def test_a_bias_whose_gradient_is_never_added_up_is_told_so(of, line, where, first, tmp_path):
    cause, _ = one_cause(written(tmp_path, RIGHT[of], [(line, "")]))
    assert (cause.category, cause.where) == ("missing term", where)
    assert "nothing reaches the array that is returned" in cause.words and cause.correct.startswith(first)


def test_it_is_said_in_chinese_where_the_line_belongs(tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    report = check_file(written(tmp_path, CELL, [(MISSING[3][1], "")]))["backward"]
    with autograd_seq.language("zh"):
        said = translated(str(report))
    assert "正确写法：dc_prev = gradients['dc_prev']，放在循环末尾" in said
    assert f"第 {report.causes[0].line} 行的 dc_prev 有误" in said
