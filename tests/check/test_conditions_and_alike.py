"""Conditions, lines that are alike, lists, axes, numbers of the file: the wrong line and the right one."""

from __future__ import annotations

import pytest

from autograd_seq.diagnosis.course import check_file
from autograd_seq.diagnosis.line_places import read, with_operand
from tests.check.small_programs import are_right_by_differences, by_own_lines, loaded, one_cause, written

HIGHWAY = """
import numpy as np

INPUTS = {"x": (4, 2, 3), "W": (3, 5), "R": (3, 5, 5), "s0": (2, 5)}
DEPTH = 3


def forward(x, W, R, s0):
    s, tape = s0, []
    for t in range(len(x)):
        for k in range(DEPTH):
            z = s @ R[k]
            if k == 0:
                z = z + x[t] @ W
            h = np.tanh(z)
            tape.append((t, k, s, h))
            s = h
    return {"s": s}, (x, W, R, tape)


def backward(upstream, cache):
    x, W, R, tape = cache
    dW, dR, dx = np.zeros_like(W), np.zeros_like(R), np.zeros_like(x)
    ds = upstream["s"].copy()
    for t, k, s, h in reversed(tape):
        dz = ds * (1 - h ** 2)
        dR[k] += s.T @ dz
        if k == 0:
            dW += x[t].T @ dz
            dx[t] += dz @ W.T
        ds = dz @ R[k].T
    return {"dx": dx, "dW": dW, "dR": dR, "ds0": ds}
"""

LATTICE = """
import numpy as np

INPUTS = {"p": (5, 7)}
MARKS = [0, 2, 0, 3, 0, 3, 0]


def total(*some):
    top = max(some)
    return top if np.isinf(top) else top + np.log(sum(np.exp(v - top) for v in some))


def forward(p):
    T, S = p.shape
    a = np.full((T, S), -np.inf)
    a[0, 0], a[0, 1] = p[0, 0], p[0, 1]
    for t in range(1, T):
        for s in range(S):
            some = [a[t - 1, s]]
            if s > 0:
                some.append(a[t - 1, s - 1])
            if s > 1 and MARKS[s] != 0 and MARKS[s] != MARKS[s - 2]:
                some.append(a[t - 1, s - 2])
            a[t, s] = total(*some) + p[t, s]
    whole = total(a[T - 1, S - 1], a[T - 1, S - 2])
    return {"loss": -whole}, (p, a, whole)


def backward(upstream, cache):
    p, a, whole = cache
    T, S = p.shape
    b = np.full((T, S), -np.inf)
    b[T - 1, S - 1] = b[T - 1, S - 2] = 0
    for t in range(T - 2, -1, -1):
        for s in range(S):
            some = [b[t + 1, s] + p[t + 1, s]]
            if s < S - 1:
                some.append(b[t + 1, s + 1] + p[t + 1, s + 1])
            if s < S - 2 and MARKS[s] != 0 and MARKS[s] != MARKS[s + 2]:
                some.append(b[t + 1, s + 2] + p[t + 1, s + 2])
            b[t, s] = total(*some)
    return {"dp": -upstream["loss"] * np.exp(a + b - whole)}
"""

UNITS = """
import numpy as np

INPUTS = {"x": (5, 3, 4), "W": (3, 4, 4), "v": (2, 4), "b": (2, 4), "c0": (3, 4)}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(x, W, v, b, c0):
    c, kept = c0, []
    for t in range(len(x)):
        u, zf, zr = x[t] @ W[0], x[t] @ W[1], x[t] @ W[2]
        f = sigmoid(zf + v[0] * c + b[0])
        r = sigmoid(zr + v[1] * c + b[1])
        new = f * c + (1 - f) * u
        kept.append((c, f, r, u, new))
        c = new
    h = r * np.tanh(c)
    return {"h": h, "c": c}, (x, W, v, kept)


def backward(upstream, cache):
    x, W, v, kept = cache
    dx, dW, dv, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(v), np.zeros_like(v)
    dc = upstream["c"].copy()
    dh = upstream["h"]
    for t in reversed(range(len(x))):
        c, f, r, u, new = kept[t]
        dr = dh * np.tanh(new) * r * (1 - r)
        dc = dc + dh * r * (1 - np.tanh(new) ** 2)
        df = dc * (c - u) * f * (1 - f)
        du = dc * (1 - f)
        dv[0] += (df * c).sum(0)
        dv[1] += (dr * c).sum(0)
        db[0] += df.sum(0)
        db[1] += dr.sum(0)
        for k, d in ((0, du), (1, df), (2, dr)):
            dW[k] += x[t].T @ d
            dx[t] += d @ W[k].T
        dc = dc * f + df * v[0] + dr * v[1]
        dh = np.zeros_like(dh)
    return {"dx": dx, "dW": dW, "dv": dv, "db": db, "dc0": dc}
"""

FORECAST = """
import numpy as np

INPUTS = {"x": (6, 2, 3), "W": (3, 4), "U": (4, 4), "g": (4,), "w": (4,)}
LIMIT = 0.4
GOAL = np.random.default_rng(3).standard_normal((6, 2))


def normed(h):
    mean = h.mean(axis=-1, keepdims=True)
    inv = 1 / np.sqrt(((h - mean) ** 2).mean(axis=-1, keepdims=True) + 1e-5)
    return (h - mean) * inv, inv


def normed_back(dn, n, inv):
    return inv * (dn - dn.mean(axis=-1, keepdims=True) - n * (dn * n).mean(axis=-1, keepdims=True))


def forward(x, W, U, g, w):
    h, kept, errors = np.zeros((2, 4)), [], []
    for t in range(len(x)):
        n, inv = normed(x[t] @ W + h @ U)
        new = np.tanh(g * n)
        kept.append((h, n, inv, new))
        errors.append(new @ w - GOAL[t])
        h = new
    e = np.stack(errors)
    small = np.abs(e) <= LIMIT
    loss = np.where(small, 0.5 * e ** 2, LIMIT * (np.abs(e) - 0.5 * LIMIT)).mean()
    return {"loss": 3.0 * loss}, (x, W, U, g, w, kept, e)


def backward(upstream, cache):
    x, W, U, g, w, kept, e = cache
    de = 3.0 * np.clip(e, -LIMIT, LIMIT) / e.size * upstream["loss"]
    dW, dU, dg, dw, steps = np.zeros_like(W), np.zeros_like(U), np.zeros_like(g), np.zeros_like(w), []
    dh = np.zeros((2, 4))
    for t in reversed(range(len(x))):
        before, n, inv, h = kept[t]
        dw += h.T @ de[t]
        dh = dh + np.outer(de[t], w)
        da = dh * (1 - h ** 2)
        dg += (da * n).sum(axis=0)
        dz = normed_back(da * g, n, inv)
        dW += x[t].T @ dz
        dU += before.T @ dz
        steps.insert(0, dz @ W.T)
        dh = dz @ U.T
    return {"dx": np.stack(steps), "dW": dW, "dU": dU, "dg": dg, "dw": dw}
"""

ATTENTION = """
import numpy as np

INPUTS = {"x": (2, 5, 3), "Q": (3, 4), "K": (3, 4), "V": (3, 4), "E": (7, 4)}
WORDS = np.array([[0, 2, 2, 6, 1], [3, 3, 5, 0, 4]])


def softmax(z, axis):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def soft_targets(y, eps):
    p = np.full(y.shape + (7,), eps / 7)
    p[np.arange(2)[:, None], np.arange(5), y] += 1 - eps
    return p


def forward(x, Q, K, V, E):
    eps = 0.1
    q, k, v = x @ Q, x @ K, x @ V
    a = softmax(q @ k.transpose(0, 2, 1) / 2.0, 2)
    scores = (a @ v) @ E.T
    p = softmax(scores, 2)
    loss = -np.sum(soft_targets(WORDS, eps) * np.log(p))
    return {"loss": loss}, (x, Q, K, V, E, q, k, v, a, p, eps)


def backward(upstream, cache):
    return {"d" + name: value * upstream["loss"] for name, value in back(*cache).items()}


def back(x, Q, K, V, E, q, k, v, a, p, eps):
    ds = p - soft_targets(WORDS, eps)
    do = ds @ E
    dE = np.einsum("btv,btn->vn", ds, a @ v)
    da = do @ v.transpose(0, 2, 1)
    dv = a.transpose(0, 2, 1) @ do
    dz = a * (da - (a * da).sum(axis=2, keepdims=True)) / 2.0
    dq = dz @ k
    dk = dz.transpose(0, 2, 1) @ q
    dx = dq @ Q.T + dk @ K.T + dv @ V.T
    out = {}
    for name, d in (("Q", dq), ("K", dk), ("V", dv)):
        out[name] = np.einsum("btd,btn->dn", x, d)
    return {"x": dx, "E": dE, **out}
"""

ROWS = """
import numpy as np

INPUTS = {"E": (5, 4), "p": (6, 5)}
WORDS = np.array([0, 2, 2, 1, 0, 2])


def forward(E, p):
    a = np.zeros((6, 4))
    a[0] = p[0] @ E
    for t in range(1, 6):
        a[t] = p[t] @ E - np.tanh(a[t - 1]) * E[WORDS[t]]
    return {"a": a}, (E, p, a)


def backward(upstream, cache):
    E, p, a = cache
    dE, dp, da, rows = np.zeros_like(E), np.zeros_like(p), np.zeros(4), np.zeros_like(a)
    for t in range(5, -1, -1):
        da = da + upstream["a"][t]
        dp[t] = E @ da
        dE += np.outer(p[t], da)
        if t > 0:
            rows[t] = da * np.tanh(a[t - 1])
            da = -da * E[WORDS[t]] * (1 - np.tanh(a[t - 1]) ** 2)
    np.subtract.at(dE, WORDS[1:], rows[1:])
    flat = np.ravel(dp)
    return {"dE": dE, "dp": flat.reshape(6, 5)}
"""

RIGHT = {
    "highway": HIGHWAY, "lattice": LATTICE, "units": UNITS, "forecast": FORECAST, "attention": ATTENTION, "rows": ROWS
}  # fmt: skip
CASES = [
    # which program, what is changed in it, the line that is told, its kind, what should stand there if it is a line
    ('highway', [('        if k == 0:\n            dW', '        if k == DEPTH - 1:\n            dW')],
     'if k == DEPTH - 1:', 'condition', 'if k == 0:'),
    ('highway', [('        if k == 0:\n            dW', '        if k != 0:\n            dW')],
     'if k != 0:', 'condition', 'if k == 0:'),
    ('lattice', [('if s < S - 2 and MARKS[s] != 0 and MARKS[s] != MARKS[s + 2]:', 'if s < S - 2 and MARKS[s] != 0:')],
     'if s < S - 2 and MARKS[s] != 0:', 'condition', 'if s < S - 2 and MARKS[s] != 0 and (MARKS[s] != MARKS[s + 2]):'),
    ('lattice', [('            if s < S - 1:\n', '            if s < S - 2:\n')],
     'if s < S - 2:', 'condition', 'if s <= S - 2:'),
    ('lattice', [('b[T - 1, S - 1] = b[T - 1, S - 2] = 0', 'b[T - 1, S - 1] = 0')],
     'b[T - 1, S - 1] = 0', 'missing term', 'b[T - 1, S - 2] = 0, after b[T - 1, S - 1] = 0'),
    ('lattice', [('some.append(b[t + 1, s + 1] + p[t + 1, s + 1])', 'some.append(b[t + 1, s + 1])')],
     'some.append(b[t + 1, s + 1])', 'missing term', 'some.append(b[t + 1, s + 1] + p[t + 1, s + 1])'),
    ('rows', [('np.subtract.at(dE, WORDS[1:], rows[1:])', 'dE[WORDS[1:]] -= rows[1:]')],
     'dE[WORDS[1:]] -= rows[1:]', 'duplicate indices', 'np.subtract.at(dE, WORDS[1:], rows[1:])'),
    ('rows', [('WORDS[1:], rows[1:]', 'WORDS[:-1], rows[1:]')],
     'np.subtract.at(dE, WORDS[:-1], rows[1:])', 'wrong half', 'np.subtract.at(dE, WORDS[1:], rows[1:])'),
    ('rows', [('flat = np.ravel(dp)', 'flat = np.ravel(dp, "F")')],
     'flat = np.ravel(dp, "F")', 'transpose', 'flat = np.ravel(dp)'),
    ('units', [('(df * c).sum(0)', '(df * new).sum(0)'), ('(dr * c).sum(0)', '(dr * new).sum(0)')],
     'dv[0] += (df * new).sum(0)', 'wrong value', 'dv[0] += (df * c).sum(0), and the same in line 36'),
    ('units', [('(1, df), (2, dr)', '(1, dr), (2, df)')],
     'for k, d in ((0, du), (1, dr), (2, df)):', 'wrong value', 'for k, d in ((0, du), (1, df), (2, dr)):'),
    ('units', [(' + dr * v[1]', '')],
     'dc = dc + dh * r * (1 - np.tanh(new) ** 2)', 'missing term', None),
    ('units', [('df * v[0] + dr * v[1]', 'df * v[1] + dr * v[0]')],
     'dc = dc * f + df * v[1] + dr * v[0]', 'wrong value', 'dc = dc * f + dr * v[1] + df * v[0]'),
    ('units', [('dh * r * (1 - np.tanh(new) ** 2)', 'dh * r')],
     'dc = dc + dh * r', 'activation derivative', None),
    ('forecast', [('np.clip(e, -LIMIT, LIMIT)', 'e')],
     'de = 3.0 * e / e.size * upstream["loss"]',
     'activation derivative', "de = 3.0 * np.clip(e, -LIMIT, LIMIT) / e.size * upstream['loss']"),
    ('forecast', [('steps.insert(0, dz @ W.T)', 'steps.append(dz @ W.T)')],
     'return {"dx": np.stack(steps), "dW": dW, "dU": dU, "dg": dg, "dw": dw}',
     'off by one', "'dx': np.stack(steps[::-1])"),
    ('forecast', [(' - n * (dn * n).mean(axis=-1, keepdims=True))\n', ')\n')],
     'dz = normed_back(da * g, n, inv)', 'missing term', None),
    ('forecast', [('de = 3.0 * np.clip', 'de = np.clip')],
     'de = np.clip(e, -LIMIT, LIMIT) / e.size * upstream["loss"]',
     'missing factor', "de = np.clip(e, -LIMIT, LIMIT) / e.size * upstream['loss'] * 3.0"),
    ('forecast', [('(da * n).sum(axis=0)', '(da * n).sum()')],
     'dg += (da * n).sum()', 'missing sum', 'dg += (da * n).sum(axis=0)'),
    ('attention', [('dk = dz.transpose(0, 2, 1) @ q', 'dk = dz @ q')],
     'dk = dz @ q', 'transpose', 'dk = dz.transpose(0, 2, 1) @ q'),
    ('attention', [('ds = p - soft_targets(WORDS, eps)', 'ds = p - soft_targets(WORDS, 0.0)')],
     'ds = p - soft_targets(WORDS, 0.0)', 'wrong value', 'ds = p - soft_targets(WORDS, eps)'),
    ('attention', [('(("Q", dq), ("K", dk)', '(("Q", dk), ("K", dq)')],
     'for name, d in (("Q", dk), ("K", dq), ("V", dv)):',
     'wrong value', "for name, d in (('Q', dq), ('K', dk), ('V', dv)):"),
    ('attention', [('(a * da).sum(axis=2, keepdims=True)', '(a * da).sum(axis=1, keepdims=True)')],
     'dz = a * (da - (a * da).sum(axis=1, keepdims=True)) / 2.0',
     'missing sum', 'dz = a * (da - (a * da).sum(axis=2, keepdims=True)) / 2.0'),
]  # fmt: skip


@pytest.mark.parametrize("of", RIGHT)
def test_the_programs_are_right(of, tmp_path):
    path = written(tmp_path, RIGHT[of])
    are_right_by_differences(loaded(path))
    report = check_file(path)["backward"]
    assert report.ok and not report.undecided, str(report)


@pytest.mark.parametrize(("of", "edits", "line", "category", "right"), CASES)
def test_the_line_is_told_by_the_program_itself(of, edits, line, category, right, tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    cause, found = one_cause(written(tmp_path, RIGHT[of], edits))
    assert (found, cause.category) == (line, category)
    assert right is None or cause.correct == right  # where a value is told, it is not a line


def test_a_line_of_the_forward_pass_is_not_blamed(tmp_path):
    wrong = [("dR[k] += s.T @ dz", "dR[k] += h.T @ dz"), ("(1 - h ** 2)", "(1 - s ** 2)")]
    report = check_file(written(tmp_path, HIGHWAY, wrong))["backward"]
    forward, backward = HIGHWAY.split("def backward")
    assert all(cause.line is None or cause.line > forward.count("\n") for cause in report.causes), str(report)


ON_ONE_LINE = """
import numpy as np

INPUTS = {"x": (4, 2, 3), "W": (3, 3), "g": (3,)}


class Steps:
    def __init__(self, W, g):
        self.W, self.g, self.dW, self.dg, self.tape = W, g, 0 * W, 0 * g, []

    def step(self, x, h):
        s = np.tanh((x + h) @ self.W); self.tape.append(lambda d: self.back(d, x + h, s)); return s * self.g

    def back(self, d, a, s):
        self.dg = self.dg + (d * s).sum(axis=0)
        dz = d * self.g * (1 - s ** 2)
        self.dW = self.dW + a.T @ dz
        return dz @ self.W.T


def forward(x, W, g):
    steps, h = Steps(W, g), np.zeros((2, 3))
    for t in range(len(x)):
        h = steps.step(x[t], h)
    return {"h": h}, (x, steps)


def backward(upstream, cache):
    x, steps = cache
    steps.dW, steps.dg = 0 * steps.W, 0 * steps.g
    dx, d = np.zeros_like(x), upstream["h"]
    for t in reversed(range(len(x))):
        d = steps.tape[t](d)
        dx[t] = d
    return {"dx": dx, "dW": steps.dW, "dg": steps.dg}
"""


def test_a_line_that_both_passes_share_may_be_wrong(tmp_path):
    are_right_by_differences(loaded(written(tmp_path, ON_ONE_LINE)))
    wrong = written(tmp_path, ON_ONE_LINE, [("self.back(d, x + h, s)", "self.back(d, x - h, s)")])
    cause, line = one_cause(wrong)
    assert line.startswith("s = np.tanh((x + h) @ self.W)") and "x + h, s" in cause.correct


@pytest.mark.parametrize(("text", "old", "new", "right"), [
    ("dict(dh=dh, x=a[0])", "dh", "a[0]", "dict(dh=a[0], x=a[0])"),
    ("f(lambda c: c + d)(c)", "d", "e", "f(lambda c: c + e)(c)"),
    ("(h := h + 1) * hs[h]", "h", "g", "(h := (g + 1)) * hs[g]"),
    ("a.T @ a[t] + b.a", "a", "c", "c.T @ c[t] + b.a"),
    ("hs[t + 1] - hs[t]", "hs[t + 1]", "hs[t]", "hs[t] - hs[t]"),
])  # fmt: skip
def test_only_what_is_read_is_exchanged(text, old, new, right):
    assert with_operand(read(text), old, new) == right
