"""Two mistakes that hide one another in a small program, and further kinds of a single one."""

from __future__ import annotations

import pytest

from autograd_seq.diagnosis.course import check_file
from tests.check.small_programs import are_right_by_differences, by_own_lines, loaded, one_cause, written

MEMORY = """
import numpy as np

INPUTS = {"E": (5, 6), "U": (3, 6), "w": (6,), "V": (6, 4), "S0": (3, 6)}
WORDS = [2, 0, 2, 4]
MASK = np.array([[1.0, 0.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0, 1.0, 1.0]] * 2) * 1.25


def sig(z):
    return 1 / (1 + np.exp(-z))


def forward(E, U, w, V, S0):
    S, tape, ys = S0, [], []
    for t, word in enumerate(WORDS):
        x = E[word] * MASK[t]
        k = np.tanh(x)
        beta = sig(w @ x)
        err = U @ x - S @ k
        new = S + beta * np.outer(err, k)
        tape.append((word, MASK[t], x, k, beta, err, S))
        ys.append(new @ V)
        S = new
    return {"y": np.stack(ys)}, (E, U, w, V, tape, S)


def backward(upstream, cache):
    E, U, w, V, tape, last = cache
    dE, dU, dw, dV, dS = np.zeros_like(E), np.zeros_like(U), np.zeros_like(w), np.zeros_like(V), np.zeros_like(last)
    new = last
    for t in range(len(tape) - 1, -1, -1):
        word, mask, x, k, beta, err, S = tape[t]
        dV += new.T @ upstream["y"][t]
        dS = dS + upstream["y"][t] @ V.T
        dbeta = err @ dS @ k
        derr = beta * dS @ k
        dk = beta * dS.T @ err
        dk = dk - S.T @ derr
        dS = dS - np.outer(derr, k)
        db = dbeta * beta * (1 - beta)
        dU += np.outer(derr, x)
        dw += db * x
        dx = dk * (1 - k ** 2) + db * w
        dx += U.T @ derr
        dx = dx * mask
        dE[word] += dx
        new = S
    return {"dE": dE, "dU": dU, "dw": dw, "dV": dV, "dS0": dS}
"""

TAPES = """
import numpy as np

INPUTS = {"xs": (5, 3), "W": (4, 7), "b": (4,), "V": (4, 7), "h0": (4,)}


def affine(v, W, b):
    def pull(d):
        return W.T @ d, np.outer(d, v), d
    return W @ v + b, pull


def step(x, h, W, b, V):
    a, pull_f = affine(np.concatenate([x, h]), W, b)
    f = 1 / (1 + np.exp(-a))
    z, pull_z = affine(np.concatenate([x, f * h]), V, 0.0)
    c = np.tanh(z)
    k = len(x)

    def pull(d):
        df, dh = d * (c - h), d * (1 - f)
        dxfh, dV, _ = pull_z(d * f * (1 - c * c))
        df = df + dxfh[k:] * h
        dh = dh + dxfh[k:] * f
        dxh, dW, db = pull_f(df * f * (1 - f))
        dh = dh + dxh[k:]
        dx = dxfh[:k] + dxh[:k]
        return dx, dh, (dW, db, dV)
    return h + f * (c - h), pull


def forward(xs, W, b, V, h0):
    h, tape = h0, []
    for x in xs:
        h, pull = step(x, h, W, b, V)
        tape.append(pull)
    return {"h": h}, (W, b, V, tape)


def backward(upstream, cache):
    W, b, V, tape = cache
    totals, dxs, dh = [np.zeros_like(W), np.zeros_like(b), np.zeros_like(V)], [], upstream["h"]
    for pull in reversed(tape):
        dx, dh, found = pull(dh)
        dxs.append(dx)
        for total, one in zip(totals, found):
            total += one
    dW, db, dV = totals
    return {"dxs": np.array(dxs[::-1]), "dW": dW, "db": db, "dV": dV, "dh0": dh}
"""

SENTENCES = """
import numpy as np

INPUTS = {"A": (3, 3), "P": (3, 4), "W": (4, 4), "Q": (4, 4), "x0": (5, 4), "x1": (3, 4), "T": (5, 4)}
TAGS = [[0, 2, 1, 1, 0], [2, 2, 0]]
RATE = np.array([1.0, 0.0, 1.0, 1.0, 0.0])


def read(W, Q, T, x):
    h, hs = np.zeros(4), []
    for t in range(len(x)):
        m = RATE[t]
        h = (1 - m) * h + m * np.tanh(W @ h + x[t])
        hs.append(h)
    key, out = h, []
    for t in range(len(x)):
        key = np.tanh(Q @ key + hs[t] + T[len(x) - 1 - t])
        out.append(key)
    return np.stack(hs), np.stack(out)


def forward(A, P, W, Q, x0, x1, T):
    loss, cache = 0.0, []
    for x, tags in zip((x0, x1), TAGS):
        hs, out = read(W, Q, T, x)
        scores = out @ P.T
        total = np.sum(scores[np.arange(len(tags)), tags])
        for t in range(1, len(tags)):
            total += A[tags[t - 1], tags[t]] * np.exp(scores[t, 0])
        loss += total / len(tags)
        cache.append((x, tags, hs, out, scores))
    return {"loss": loss}, (A, P, W, Q, T, cache)


def read_back(W, Q, x, hs, out, dout):
    dhs, dT, dW, dQ, dx, dkey = np.zeros_like(hs), np.zeros_like(hs), 0 * W, 0 * Q, np.zeros_like(x), np.zeros(4)
    for t in range(len(x) - 1, -1, -1):
        before = out[t - 1] if t else hs[-1]
        dz = (dout[t] + dkey) * (1 - out[t] ** 2)
        dQ += np.outer(dz, before)
        dhs[t] += dz
        dT[t] = dz
        dkey = Q.T @ dz
    dh = dkey
    for t in range(len(x) - 1, -1, -1):
        m = RATE[t]
        before = hs[t - 1] if t else np.zeros(4)
        dh = dh + dhs[t]
        new = np.tanh(W @ before + x[t])
        dz = dh * m * (1 - new ** 2)
        dW += np.outer(dz, before)
        dx[t] = dz
        dh = dh * (1 - m) + W.T @ dz
    return dW, dQ, dT, dx


def backward(upstream, cache):
    A, P, W, Q, T, cache = cache
    g = {"dA": 0 * A, "dP": 0 * P, "dW": 0 * W, "dQ": 0 * Q, "dT": 0 * T}
    for i, (x, tags, hs, out, scores) in enumerate(cache):
        ds = np.zeros_like(scores)
        ds[np.arange(len(tags)), tags] += upstream["loss"] / len(tags)
        for t in range(1, len(tags)):
            factor = upstream["loss"] * np.exp(scores[t, 0]) / len(tags)
            g["dA"][tags[t - 1], tags[t]] += factor
            ds[t, 0] += A[tags[t - 1], tags[t]] * factor
        g["dP"] += ds.T @ out
        dW, dQ, dT, dx = read_back(W, Q, x, hs, out, ds @ P)
        for name, d in zip(("dW", "dQ"), (dW, dQ)):
            g[name] += d
        g["dT"][:len(x)] += dT[::-1]
        g["dx%d" % i] = dx
    return g
"""

RIGHT = {"memory": MEMORY, "tapes": TAPES, "sentences": SENTENCES}
TWO = [
    # which program, what is changed in it, and each line that is told with its kind
    ('memory', [('dk = beta * dS.T @ err', 'dk = dS.T @ err'), ('dk = dk - S.T @ derr', 'dk = dk + S.T @ derr')],
     {'dk = dS.T @ err': 'missing factor', 'dk = dk + S.T @ derr': 'sign'}),
    ('memory', [('        dx += U.T @ derr\n', ''), ('dE[word] += dx', 'dE[word] = dx')],
     {'dx = dx * mask': 'missing term', 'dE[word] = dx': 'assignment'}),
    ('tapes', [(' + dxh[:k]', ''), ('dxs[::-1]', 'dxs')],
     {'dx = dxfh[:k]': 'missing term',
      'return {"dxs": np.array(dxs), "dW": dW, "db": db, "dV": dV, "dh0": dh}': 'off by one'}),
    ('sentences', [('upstream["loss"] / len(tags)\n        for', 'upstream["loss"] / len(TAGS)\n        for'),
                   ('np.exp(scores[t, 0]) / len(tags)\n', 'np.exp(scores[t, 0]) / len(TAGS)\n')],
     {'ds[np.arange(len(tags)), tags] += upstream["loss"] / len(TAGS)': 'wrong value',
      'factor = upstream["loss"] * np.exp(scores[t, 0]) / len(TAGS)': 'wrong value'}),
]  # fmt: skip
ONE = [
    # which program, what is changed in it, the line that is told, its kind, what should stand there if it is a line
    ('tapes', [('pull_f(df * f * (1 - f))', 'pull_f(df * 0.5 * (1 - f * f))')],
     'dxh, dW, db = pull_f(df * 0.5 * (1 - f * f))', 'activation derivative',
     'dxh, dW, db = pull_f(df * (f * (1 - f)))'),
    ('memory', [('derr = beta * dS @ k', 'derr = dS @ k')],
     'derr = dS @ k', 'missing factor', None),
    ('sentences', [('g["dA"][tags[t - 1], tags[t]] +=', 'g["dA"][tags[t], tags[t - 1]] +=')],
     'g["dA"][tags[t], tags[t - 1]] += factor', 'wrong value', "g['dA'][tags[t - 1], tags[t]] += factor"),
    ('sentences', [('    dh = dkey\n', '    dh = np.zeros_like(dkey)\n')],
     'dh = np.zeros_like(dkey)', 'wrong value', 'dh = dkey'),
    ('sentences', [('(("dW", "dQ"), (dW, dQ))', '(("dW", "dQ"), (dQ, dW))')],
     'for name, d in zip(("dW", "dQ"), (dQ, dW)):', 'wrong value', None),
]  # fmt: skip


@pytest.mark.parametrize("of", RIGHT)
def test_the_programs_are_right(of, tmp_path):
    path = written(tmp_path, RIGHT[of])
    are_right_by_differences(loaded(path))
    report = check_file(path)["backward"]
    assert report.ok and not report.undecided, str(report)


@pytest.mark.parametrize(("of", "edits", "lines"), TWO)
def test_two_that_hide_one_another_are_both_told(of, edits, lines, tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    path = written(tmp_path, RIGHT[of], edits)
    report = check_file(path)["backward"]
    assert len(report.causes) == 2 and {k for c in report.causes for k in c.explains} == set(report.wrong), str(report)
    texts = path.read_text(encoding="utf-8").splitlines()
    told = {texts[cause.line - 1].strip(): cause.category for cause in report.causes}
    assert set(told) == set(lines), str(report)
    assert all(category is None or told[line] == category for line, category in lines.items()), str(report)


@pytest.mark.parametrize(("of", "edits", "line", "category", "right"), ONE)
def test_the_line_is_told_by_the_program_itself(of, edits, line, category, right, tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    cause, found = one_cause(written(tmp_path, RIGHT[of], edits))
    assert (found, cause.category) == (line, category)
    assert right is None or cause.correct == right
