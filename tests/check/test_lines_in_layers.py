"""Lines of functions that call themselves, of layers gone through step by step, of chunks, and of shared arrays."""

from __future__ import annotations

import pytest

from autograd_seq.diagnosis.course import check_file

LAYERS = """
import numpy as np

X = np.random.default_rng(0).standard_normal((4, 3, 2))
INPUTS = {"h0": (3, "n_a"), "P": ("n_a", "n_a"), "Wx": (2, "n_a"), "Wh": ("n_a", "n_a"), "b": ("n_a",)}


def step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dz = dnext_h * (1 - next_h ** 2)
    return dz.dot(Wh.T), x.T.dot(dz), prev_h.T.dot(dz), dz.sum(axis=0)


def loss_and_gradients(h0, P, Wx, Wh, b):
    h, caches = h0.dot(P), []
    for x in X:
        h, cache = step_forward(x, h, Wx, Wh, b)
        caches.append(cache)
    dh, dWx, dWh, db = h, np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    for cache in reversed(caches):
        dh, dWx_t, dWh_t, db_t = step_backward(dh, cache)
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return 0.5 * float(np.sum(h ** 2)), {"dh0": dh.dot(P.T), "dP": h0.T.dot(dh), "dWx": dWx, "dWh": dWh, "db": db}


def forward(h0, P, Wx, Wh, b):
    return {"loss": loss_and_gradients(h0, P, Wx, Wh, b)[0]}, (h0, P, Wx, Wh, b)


def backward(upstream, cache):
    return {k: upstream["loss"] * v for k, v in loss_and_gradients(*cache)[1].items()}
"""

RECURSION = """
import numpy as np

INPUTS = {"x": ("T", "n_x"), "h0": ("n_a",), "W": ("n_a", "n_x"), "U": ("n_a", "n_a"), "v": ("n_a",)}


def loss_and_dh(t, h, x, W, U, v, g):
    if t == len(x):
        return v @ h, v.copy()
    new = np.tanh(W @ x[t] + U @ h)
    loss, dnew = loss_and_dh(t + 1, new, x, W, U, v, g)
    dz = dnew * (1 - new ** 2)
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

CHUNKS = """
import numpy as np

INPUTS = {"x": (6, "n_x", "m"), "starts": (2, "n_a", "m"), "W": ("n_a", "n_x"), "U": ("n_a", "n_a")}


def forward(x, starts, W, U):
    hs = [None] * 6
    for n in range(2):
        h = starts[n]
        for t in range(3 * n, 3 * n + 3):
            h = hs[t] = np.tanh(W @ x[t] + U @ h)
    return {"h": np.stack(hs)}, (x, starts, W, U, hs)


def backward(upstream, cache):
    x, starts, W, U, hs = cache
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    dstarts = []
    for n in range(2):
        carry = np.zeros_like(starts[0])
        for t in range(3 * n + 2, 3 * n - 1, -1):
            dz = (upstream["h"][t] + carry) * (1 - hs[t] ** 2)
            before = hs[t - 1] if t > 3 * n else starts[n]
            dW += dz @ x[t].T
            dU += dz @ before.T
            dx[t] = W.T @ dz
            carry = U.T @ dz
        dstarts.append(carry)
    return {"dx": dx, "dstarts": np.stack(dstarts), "dW": dW, "dU": dU}
"""

GATES = """
import numpy as np

INPUTS = {"x": (3, "n_x", "m"), "W": ("n_a", "n_x"), "V": ("n_a", "n_x")}


def forward(x, W, V):
    hs = [np.tanh(W @ x[t]) * np.sin(V @ x[t]) for t in range(3)]
    return {"h": np.stack(hs)}, (x, W, V)


def backward(upstream, cache):
    x, W, V = cache
    dW, dV = np.zeros_like(W), np.zeros_like(W)
    dx = np.zeros_like(x)
    for t in range(3):
        a, s = np.tanh(W @ x[t]), V @ x[t]
        dz = upstream["h"][t] * np.sin(s) * (1 - a ** 2)
        ds = upstream["h"][t] * a * np.cos(s)
        dW += dz @ x[t].T
        dV += ds @ x[t].T
        dx[t] = W.T @ dz + V.T @ ds
    return {"dx": dx, "dW": dW, "dV": dV}
"""

RIGHT = {"layers": LAYERS, "recursion": RECURSION, "chunks": CHUNKS, "gates": GATES}


def checked(tmp_path, of, *edits):
    text = RIGHT[of]
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / "submission.py"
    path.write_text(text, encoding="utf-8")
    return check_file(path)["backward"], text.splitlines()


@pytest.mark.parametrize("of", RIGHT)
def test_the_right_ones_are_recorded_and_right(tmp_path, of):
    report, _ = checked(tmp_path, of)
    assert report.basis == "the recorded forward pass"
    missing = {"recursion": ["dx", "dv"]}.get(of, [])
    assert not report.wrong and report.missing == missing


CASES = [
    ("layers", "dz = dnext_h * (1 - next_h ** 2)", "dz = dnext_h * (1 - prev_h ** 2)", {"off by one", "wrong value"}),
    ("layers", "return dz.dot(Wh.T),", "return dz.dot(Wh),", {"transpose"}),
    ("layers", "dWh += dWh_t", "dWh = dWh_t", {"assignment"}),
    ("recursion", "return loss, U.T @ dz", "return loss, U @ dz", {"transpose"}),
    ("recursion", "dz = dnew * (1 - new ** 2)", "dz = dnew * (1 - h ** 2)", {"activation derivative"}),
    ("chunks", "carry = U.T @ dz", "carry = U @ dz", {"transpose"}),
]


@pytest.mark.parametrize(("of", "old", "new", "kinds"), CASES)
def test_the_line_is_named(tmp_path, of, old, new, kinds):
    report, lines = checked(tmp_path, of, (old, new))
    (cause,) = report.causes
    assert set(cause.explains) == set(report.wrong) and cause.category in kinds
    assert new in lines[cause.line - 1]


def test_two_mistakes_in_one_layer_are_two(tmp_path):
    """One of them in what is returned."""
    report, lines = checked(
        tmp_path, "layers", ("(1 - next_h ** 2)", "(1 - prev_h ** 2)"), ("prev_h.T.dot(dz)", "next_h.T.dot(dz)")
    )
    assert len(report.causes) == 2 and {k for c in report.causes for k in c.explains} == set(report.wrong)
    assert "prev_h ** 2" in lines[report.causes[0].line - 1]


def test_a_carry_that_is_set_once_before_all_chunks(tmp_path):
    reset = "        carry = np.zeros_like(starts[0])\n"
    report, lines = checked(
        tmp_path, "chunks", (reset, ""), ("    dstarts = []\n", "    dstarts = []\n" + reset[4:])
    )  # fmt: skip
    (cause,) = report.causes
    assert cause.category == "extra term" and "before the loop" in cause.words
    assert lines[cause.line - 1] == reset[4:].rstrip()


SHARED = [
    (
        "chunks",
        [
            ("    dstarts = []\n", "    dstarts, carry = [], np.zeros_like(starts[0])\n"),
            ("        carry = np.zeros_like(starts[0])\n", "        carry[:] = 0\n"),
            ("carry = U.T @ dz", "carry[:] = U.T @ dz"),
        ],
        "dstarts.append(carry)",
    ),
    ("gates", [("dW, dV = np.zeros_like(W), np.zeros_like(W)", "dW = dV = np.zeros_like(W)")], "dV += ds @ x[t].T"),
]


@pytest.mark.parametrize(("of", "edits", "line"), SHARED)
def test_one_array_under_two_names(tmp_path, of, edits, line):
    report, lines = checked(tmp_path, of, *edits)
    (cause,) = report.causes
    assert cause.category == "shared array" and lines[cause.line - 1].strip() == line


def test_another_variable_in_the_place_of_one_that_is_never_read(tmp_path):
    """Its shape is another one, too."""
    report, lines = checked(tmp_path, "chunks", ('"dU": dU}', '"dU": dW}'))
    (cause,) = report.causes
    assert cause.category == "wrong value" and cause.words == "with dW in place of dU" and cause.explains == ("dU",)
    assert '"dU": dW}' in lines[cause.line - 1]
