"""Wrong operands, indices, orders and closures in small programs: one cause, its line, and the line as it should be."""

from __future__ import annotations

import pytest

from autograd_seq.diagnosis.course import check_file
from tests.check.small_programs import are_right_by_differences, by_own_lines, loaded, one_cause, written
from tests.sweeps import slow_but_part_of

RECURSION = """
import numpy as np

INPUTS = {"x": (4, 3), "h0": (4,), "W": (4, 3), "U": (4, 4), "v": (4,)}


def loss_and_dh(t, h, x, W, U, v, g):
    if t == len(x):
        return v @ h, v.copy()
    new = np.tanh(W @ x[t] + U @ h)
    loss, dnew = loss_and_dh(t + 1, new, x, W, U, v, g)
    dz = dnew * (1 - new * new)
    g["dW"] = g["dW"] + np.outer(dz, x[t])
    g["dU"] = g["dU"] + np.outer(dz, h)
    return loss, U.T @ dz


def forward(x, h0, W, U, v):
    g = {"dW": np.zeros(W.shape), "dU": np.zeros(U.shape)}
    return {"loss": loss_and_dh(0, h0, x, W, U, v, g)[0]}, (x, h0, W, U, v)


def backward(upstream, cache):
    x, h0, W, U, v = cache
    g = {"dW": np.zeros(W.shape), "dU": np.zeros(U.shape)}
    g["dh0"] = loss_and_dh(0, h0, x, W, U, v, g)[1]
    return {k: upstream["loss"] * g[k] for k in g}
"""

COUPLED = """
import numpy as np

INPUTS = {"x": (3, 2, 5), "m": (3, 5), "Wf": (4, 2), "Wg": (4, 2), "U": (4, 4)}


def forward(x, m, Wf, Wg, U):
    h, c, tape = np.zeros((4, 5)), np.zeros((4, 5)), []
    for t in range(3):
        f = 1 / (1 + np.exp(-(Wf @ x[t] + U @ h)))
        g = np.tanh(Wg @ x[t])
        c_prev = c
        c = f * c_prev + (1 - f) * g
        new = np.tanh(c)
        tape.append((h, c_prev, f, g, c, new))
        h = m[t] * new + (1 - m[t]) * h
    return {"h": h, "c": c}, (x, m, Wf, Wg, U, tape)


def backward(upstream, cache):
    x, m, Wf, Wg, U, tape = cache
    dWf, dWg, dU = np.zeros_like(Wf), np.zeros_like(Wg), np.zeros_like(U)
    dx, dm = np.zeros_like(x), np.zeros_like(m)
    dh, dc = upstream["h"], upstream["c"]
    for t in reversed(range(3)):
        h, c_prev, f, g, c, new = tape[t]
        keep = m[t]
        dm[t] = np.sum(dh * (new - h), axis=0)
        dc = dc + dh * keep * (1 - new ** 2)
        dzf = dc * (c_prev - g) * f * (1 - f)
        dzg = dc * (1 - f) * (1 - g ** 2)
        dWf += dzf @ x[t].T
        dWg += dzg @ x[t].T
        dU += dzf @ h.T
        dx[t] = Wf.T @ dzf + Wg.T @ dzg
        dh = U.T @ dzf + dh * (1 - keep)
        dc = dc * f
    return {"dx": dx, "dm": dm, "dWf": dWf, "dWg": dWg, "dU": dU}
"""

OUTPUT = """
import numpy as np

INPUTS = {"x": (3, 2, 5), "Wo": (4, 2), "Wg": (4, 2), "U": (4, 4)}


def forward(x, Wo, Wg, U):
    a, c, caches = np.zeros((4, 5)), np.zeros((4, 5)), []
    for t in range(3):
        o = 1 / (1 + np.exp(-(Wo @ x[t] + U @ a)))
        g = np.tanh(Wg @ x[t])
        c_next = c + g
        a_next = o * np.tanh(c_next)
        caches.append((a_next, c_next, a, o, g))
        a, c = a_next, c_next
    return {"a": a}, (x, Wo, Wg, U, caches)


def backward(upstream, cache):
    x, Wo, Wg, U, caches = cache
    dWo, dWg, dU, dx = np.zeros_like(Wo), np.zeros_like(Wg), np.zeros_like(U), np.zeros_like(x)
    da, dc = upstream["a"], np.zeros((4, 5))
    for t in reversed(range(3)):
        a_next, c_next, a, o, g = caches[t]
        dzo = da * np.tanh(c_next) * o * (1 - o)
        dc = dc + da * o * (1 - np.tanh(c_next) ** 2)
        dzg = dc * (1 - g ** 2)
        dWo += dzo @ x[t].T
        dWg += dzg @ x[t].T
        dU += dzo @ a.T
        dx[t] = Wo.T @ dzo + Wg.T @ dzg
        da = U.T @ dzo
    return {"dx": dx, "dWo": dWo, "dWg": dWg, "dU": dU}
"""

JOINED = """
import numpy as np

INPUTS = {"x": (3, 5, 2), "W": (6, 4)}


def forward(x, W):
    h, tape = np.zeros((5, 4)), []
    for t in range(3):
        both = np.hstack([x[t], h])
        h = np.tanh(both @ W)
        tape.append((both, h))
    return {"h": h}, (x, W, tape)


def backward(upstream, cache):
    x, W, tape = cache
    I, H = x.shape[2], W.shape[1]
    dW, dx = np.zeros_like(W), np.zeros_like(x)
    dh = upstream["h"]
    for t in reversed(range(3)):
        both, h = tape[t]
        dz = dh * (1 - h ** 2)
        dW += both.T @ dz
        dboth = dz @ W.T
        dx[t] = dboth[:, :I]
        dh = dboth[:, I:]
    return {"dx": dx, "dW": dW}
"""

VECTOR = """
import numpy as np

INPUTS = {"u": (4, 3), "M": (4, 8)}


def forward(u, M):
    n_in, v, tape = u.shape[1], np.zeros(4), []
    for t in range(4):
        joined = np.concatenate([u[t], v, [1.0]])
        v = np.tanh(M @ joined)
        tape.append((joined, v))
    return {"v": v}, (u, M, tape)


def backward(upstream, cache):
    u, M, tape = cache
    n_in = u.shape[1]
    dM, du = np.zeros_like(M), np.zeros_like(u)
    dv = upstream["v"]
    for t in reversed(range(4)):
        joined, v = tape[t]
        dz = dv * (1 - v ** 2)
        dM += np.outer(dz, joined)
        gvr = M.T @ dz
        du[t] = gvr[:n_in]
        dv = gvr[n_in:-1]
    return {"du": du, "dM": dM}
"""

LAYERS = """
import numpy as np

INPUTS = {"x": (3, 4), "We": (4, 4), "Ue": (4, 4), "Wd": (4, 4), "Ud": (4, 4)}


class Net:
    def __init__(self, We, Ue, Wd, Ud):
        self.weights = {"enc": (We, Ue), "dec": (Wd, Ud)}
        self.grads = {key: (np.zeros((4, 4)), np.zeros((4, 4))) for key in self.weights}
        self.tapes = {"enc": {}, "dec": {}}

    def step(self, name, t, x, h):
        W, U = self.weights[name]
        new = np.tanh(W @ x + U @ h)
        self.tapes[name][t] = x, h, new
        return new

    def back(self, name, t, dh):
        W, U = self.weights[name]
        x, h, new = self.tapes[name][t]
        dz = dh * (1 - new ** 2)
        dW, dU = self.grads[name]
        dW += np.outer(dz, x)
        dU += np.outer(dz, h)
        return W.T @ dz, U.T @ dz


def forward(x, We, Ue, Wd, Ud):
    net = Net(We, Ue, Wd, Ud)
    h = np.zeros(4)
    for t in range(3):
        h = net.step("enc", t, x[t], h)
    for t in range(3):
        h = net.step("dec", t, x[t], h)
    return {"h": h}, (net, x)


def backward(upstream, cache):
    net, x = cache
    dx, dh = np.zeros_like(x), upstream["h"]
    for t in reversed(range(3)):
        dx_t, dh = net.back("dec", t, dh)
        dx[t] += dx_t
    for t in reversed(range(3)):
        dx_t, dh = net.back("enc", t, dh)
        dx[t] += dx_t
    (dWe, dUe), (dWd, dUd) = net.grads["enc"], net.grads["dec"]
    return {"dx": dx, "dWe": dWe, "dUe": dUe, "dWd": dWd, "dUd": dUd}
"""

STATES = """
import numpy as np

INPUTS = {"x": (3, 5, 2), "W": (2, 4), "U": (4, 4), "V": (4, 4)}


class Cell:
    def __init__(self, W, U, V):
        self.W, self.U, self.V = W, U, V

    def forward(self, x):
        self.x, self.h, self.r = x, {0: np.zeros((5, 4)) + 0.1}, {}
        for t in range(len(x)):
            self.r[t] = 1 / (1 + np.exp(-(self.h[t] @ self.V)))
            self.h[t + 1] = np.tanh(x[t] @ self.W + (self.r[t] * self.h[t]) @ self.U)
        return self.h[len(x)]

    def backward(self, dh):
        dx, dW = np.zeros_like(self.x), np.zeros_like(self.W)
        dU, dV = np.zeros_like(self.U), np.zeros_like(self.V)
        for t in reversed(range(len(self.x))):
            hn, r = self.h[t + 1], self.r[t]
            hp = self.h[t]
            dz = dh * (1 - hn ** 2)
            dW += self.x[t].T @ dz
            dU += (r * hp).T @ dz
            drh = dz @ self.U.T
            dzr = drh * hp * r * (1 - r)
            dV += hp.T @ dzr
            dx[t] = dz @ self.W.T
            dh = drh * r + dzr @ self.V.T
        return {"dx": dx, "dW": dW, "dU": dU, "dV": dV}


def forward(x, W, U, V):
    cell = Cell(W, U, V)
    return {"h": cell.forward(x)}, cell


def backward(upstream, cell):
    return cell.backward(upstream["h"])
"""

CHUNKS = """
import numpy as np

INPUTS = {"x": (2, 3, 2, 5), "W": (4, 2), "U": (4, 4)}


class Layer:
    def __init__(self, W, U):
        self.W, self.U, self.carry = W, U, np.zeros((4, 5))

    def back(self, d, x, before, after):
        dz = (d + self.carry) * (1 - after ** 2)
        self.carry = self.U.T @ dz
        return self.W.T @ dz, dz @ x.T, dz @ before.T


def forward(x, W, U):
    states, last = [], []
    for chunk in range(2):
        h = np.zeros((4, 5))
        for t in range(3):
            before, h = h, np.tanh(W @ x[chunk, t] + U @ h)
            states.append((before, h))
        last.append(h)
    return {"h": np.stack(last)}, (x, W, U, states)


def backward(upstream, cache):
    x, W, U, states = cache
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    for chunk in reversed(range(2)):
        layer = Layer(W, U)
        d = upstream["h"][chunk]
        for t in reversed(range(3)):
            before, after = states[3 * chunk + t]
            dx[chunk, t], dW_t, dU_t = layer.back(d, x[chunk, t], before, after)
            dW += dW_t
            dU += dU_t
            d = np.zeros((4, 5))
    return {"dx": dx, "dW": dW, "dU": dU}
"""

ZONEOUT = """
import numpy as np

INPUTS = {"x": (4, 3), "W": (3, 3), "U": (3, 3)}
KEEP = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])


def zoneout(old, new, keep):
    def pull(d):
        return d * keep, d * (1 - keep)

    return old * keep + new * (1 - keep), pull


def forward(x, W, U):
    h, tape = np.ones(3), []
    for t in range(4):
        new = np.tanh(W @ x[t] + U @ h)
        before = h
        h, pull = zoneout(before, new, KEEP[t])
        tape.append((before, new, pull))
    return {"h": h}, (x, W, U, tape)


def backward(upstream, cache):
    x, W, U, tape = cache
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    dh = upstream["h"]
    for t in reversed(range(4)):
        before, new, pull = tape[t]
        dold, dnew = pull(dh)
        dz = dnew * (1 - new ** 2)
        dW += np.outer(dz, x[t])
        dU += np.outer(dz, before)
        dx[t] = W.T @ dz
        dh = dold + U.T @ dz
    return {"dx": dx, "dW": dW, "dU": dU}
"""

RIGHT = {
    "recursion": RECURSION, "coupled": COUPLED, "output": OUTPUT, "joined": JOINED, "vector": VECTOR,
    "layers": LAYERS, "states": STATES, "chunks": CHUNKS, "zoneout": ZONEOUT,
}  # fmt: skip


@pytest.mark.parametrize("of", RIGHT)
def test_the_right_programs_are_right_by_differences(of, tmp_path):
    are_right_by_differences(loaded(written(tmp_path, RIGHT[of])))


LAYER = "        layer = Layer(W, U)\n"
CHUNK = f"    for chunk in reversed(range(2)):\n{LAYER}"
CASES = [
    # one operand for another wherever the line has it
    ("recursion", [("1 - new * new", "1 - h * h")], "dz = dnew * (1 - h * h)", "wrong value",
     "dz = dnew * (1 - new * new)"),
    ("coupled", [("1 - new ** 2", "1 - h * h")], "dc = dc + dh * keep * (1 - h * h)", "wrong value",
     "dc = dc + dh * keep * (1 - new * new)"),
    # a value of the forward pass that is missing beside another one
    ("coupled", [("dc * (c_prev - g) * f", "dc * c_prev * f")], "dzf = dc * c_prev * f * (1 - f)", "missing term",
     "dzf = dc * (c_prev - g) * f * (1 - f)"),
    # what a mask lets through
    ("coupled", [(" + dh * (1 - keep)", "")], "dh = U.T @ dzf", "missing term", "dh = U.T @ dzf + dh * (1 - keep)"),
    # a function that other lines take of a value
    ("output", [("da * np.tanh(c_next) * o", "da * c_next * o")], "dzo = da * c_next * o * (1 - o)", "wrong value",
     "dzo = da * np.tanh(c_next) * o * (1 - o)"),
    ("output", [("1 - np.tanh(c_next) ** 2", "1 - a_next ** 2")], "dc = dc + da * o * (1 - a_next ** 2)",
     "wrong value", "dc = dc + da * o * (1 - np.tanh(c_next) ** 2)"),
    # the same columns as before, or as many one earlier
    ("vector", [("gvr[n_in:-1]", "gvr[n_in - 1:-2]")], "dv = gvr[n_in - 1:-2]", "wrong half", "dv = gvr[n_in:-1]"),
    # the word that a function is called with
    ("layers", [('net.back("enc"', 'net.back("dec"')], 'dx_t, dh = net.back("dec", t, dh)', "wrong value",
     "dx_t, dh = net.back('enc', t, dh)"),
    # the index of a state that several lines use
    ("states", [("hp = self.h[t]", "hp = self.h[t + 1]")], "hp = self.h[t + 1]", "off by one", "hp = self.h[t]"),
    # an object that should be made anew in each turn
    ("chunks", [(CHUNK, LAYER[4:] + CHUNK.replace(LAYER, ""))], "layer = Layer(W, U)", "extra term",
     "layer = Layer(W, U), at the beginning of each turn"),
    # what a closure answers, exchanged
    ("zoneout", [("d * keep, d * (1 - keep)", "d * (1 - keep), d * keep")], "return d * (1 - keep), d * keep",
     "wrong value", "return (d * keep, d * (1 - keep))"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "edits", "line", "category", "right"), CASES)
def test_the_line_is_told_by_the_program_itself(of, edits, line, category, right, tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    cause, found = one_cause(written(tmp_path, RIGHT[of], edits))
    assert (cause.category, found, cause.correct) == (category, line, right)


AS_A_FORMULA = [
    (*CASES[0][:3], "activation derivative", "dz_new<4> = dnew<4> ∘ (1 − new<4> ∘ new<4>)"),
    (*CASES[1][:3], "activation derivative", "dc = upstream['c'] + dh ∘ keep ∘ (1 − new<3> ∘ new<3>)"),
    (*CASES[2][:3], "missing term", "dzf = (−dc ∘ g<3> + dc ∘ c_prev) ∘ f ∘ (1 − f)"),
    (*CASES[3][:3], "missing term", "dh = upstream['h'] ∘ (1 − keep) + Uᵀ dzf"),
    (*CASES[4][:3], "wrong value", "dzo = da ∘ tanh(c_next) ∘ o<3> ∘ (1 − o<3>)"),
    (*CASES[5][:3], "activation derivative", "dc += da ∘ o<3> ∘ (1 − tanh(c_next) ∘ tanh(c_next))"),
    ("joined", [("dboth[:, I:]", "dboth[:, :H]")], "dh = dboth[:, :H]", "wrong half", "dh = dboth[:, 2:6]"),
    ("vector", [("gvr[n_in:-1]", "gvr[n_in + 1:]")], "dv = gvr[n_in + 1:]", "wrong half", "dv = gvr[3:7]"),
    *CASES[6:],
]


@pytest.mark.parametrize(("of", "edits", "line", "category", "right"), slow_but_part_of(AS_A_FORMULA, one_in=3))
def test_beside_the_true_pass_the_line_is_the_same(of, edits, line, category, right, tmp_path):
    cause, found = one_cause(written(tmp_path, RIGHT[of], edits))
    assert (cause.category, found, cause.correct) == (category, line, right)


TWO = [
    # two simple ones at once
    ("states", [("reversed(range(len(self.x)))", "range(len(self.x))"), ("dW += self", "dW = self")],
     {"for t in reversed(range(len(self.x))):": "off by one", "dW += self.x[t].T @ dz": "assignment"}),
    ("joined", [("reversed(range(3))", "range(3)"), ("dW += both", "dW = both")],
     {"for t in reversed(range(3)):": "off by one", "dW += both.T @ dz": "assignment"}),
    # what is found first spoils a gradient that the other one is about
    ("coupled", [("dc = dc * f", "dc = dc"), ("dWg += dzg", "dWg = dzg")],
     {"dc = dc * f, at the end of the loop": "missing factor", "dWg += dzg @ x[t].T": "assignment"}),
    ("coupled", [("(c_prev - g)", "(g - c_prev)"), ("(1 - f) * (1 - g ** 2)", "(1 - f) * (1 - g)")],
     {"dzf = dc * (c_prev - g) * f * (1 - f)": "sign",
      "dzg = dc * (1 - f) * (1 - g ** 2)": "activation derivative"}),
]  # fmt: skip


@pytest.mark.parametrize(("of", "edits", "right"), TWO)
def test_two_mistakes_are_told_as_two(of, edits, right, tmp_path, monkeypatch):
    by_own_lines(monkeypatch)
    report = check_file(written(tmp_path, RIGHT[of], edits))["backward"]
    assert {cause.correct: cause.category for cause in report.causes} == right
    assert {key for cause in report.causes for key in cause.explains} == set(report.wrong)


@pytest.mark.parametrize(("of", "edits", "right"), slow_but_part_of(TWO, one_in=2))
def test_two_mistakes_are_two_beside_the_true_pass_too(of, edits, right, tmp_path):
    path = written(tmp_path, RIGHT[of], edits)
    report, lines = check_file(path)["backward"], path.read_text(encoding="utf-8").splitlines()
    changed = {new.strip() for _, new in edits}
    assert len(report.causes) == 2 and all(any(new in lines[c.line - 1] for new in changed) for c in report.causes[1:])
    assert {key for cause in report.causes for key in cause.explains} == set(report.wrong)
