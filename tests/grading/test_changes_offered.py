"""For whoever teaches: the change of a line that makes a function right, from the formula that the report knows."""

import pytest

from autograd_seq import check_file
from autograd_seq.grading.formula_code import as_python, offers

RNN = """import numpy as np
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    Wax, Waa = parameters["Wax"], parameters["Waa"]
    dz = da_next * (1 - a_next ** 2)
    grads = {}
    grads["dWax"] = dz @ xt.T
    grads["dWaa"] = np.dot(dz, a_prev.T)
    return {**grads, "dxt": Wax.T @ dz, "da_prev": Waa.T @ dz,
            "dba": np.sum(dz, axis=1,
                          keepdims=True)}
"""
PAIR = """import numpy as np
def forward(x, W, b):
    a = np.tanh(W @ x + b)
    return {"a": a}, (x, W, a)
def backward(up, cache):
    x, W, a = cache
    dz = up["a"] * (1 - a ** 2)
    return {"dx": W.T @ dz, "dW": dz @ x.T, "db": dz.sum(axis=1)}
INPUTS = {"x": ("n", "m"), "W": ("k", "n"), "b": ("k", 1)}
""".replace("axis=1)}", "axis=1, keepdims=True)}")
SUM = """np.sum(dz, axis=1,
                          keepdims=True)"""
SLIPS = [  # what is right, what stands there, and the line that is offered
    (RNN, "da_next * (1 - a_next ** 2)", "(1 - a_next ** 2)", "dz = (da_next * (1 - a_next ** 2))"),
    (RNN, SUM, "dz", '"dba": np.sum(dz, axis=1, keepdims=True)}'),
    (RNN, '"dWax"] = dz @ xt.T', '"dWax"] = dz @ xt.T / xt.shape[1]', 'grads["dWax"] = dz @ xt.T'),
    (RNN, "a_next ** 2", "a_next", "dz = da_next * (1 - a_next ** 2)"),
    (PAIR, "dz.sum(axis=1, keepdims=True)", "dz", '"db": np.sum(dz, axis=1, keepdims=True)}'),
    (PAIR, 'up["a"] * (1 - a ** 2)', 'up["a"]', 'dz = up["a"] * (1 - a ** 2)'),
]


@pytest.mark.parametrize("right, there, slip, offered", SLIPS, ids=range(len(SLIPS)))
def test_the_line_that_is_offered_makes_it_right(right, there, slip, offered, tmp_path):
    assert there in right
    path = tmp_path / "mine.py"
    path.write_text(right.replace(there, slip), encoding="utf-8")
    (function,) = check_file(path, seed=3, edits=True).functions.values()
    (edit,) = function.changes
    assert edit.after.endswith(offered), str(edit)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[edit.line - 1].strip() == edit.before
    lines[edit.line - 1] = lines[edit.line - 1].replace(edit.before, edit.after)
    path.write_text("\n".join(lines), encoding="utf-8")
    assert check_file(path).ok


@pytest.mark.parametrize("formula, code", [
    ("dx = Wᵀ dz", "dx = W.T @ dz"), ("dz = up['a'] ∘ (1 − a ∘ a)", "dz = up['a'] * (1 - a ** 2)"),
    ("dc = dc_next + da ∘ ot ∘ (1 − tanh(c) ∘ tanh(c))", "dc = dc_next + da * ot * (1 - np.tanh(c) ** 2)"),
    ("dx = −W (a + b)", "dx = -W @ (a + b)"), ("dW += g['dW']", "dW += g['dW']"),
    ("y = a² − b[:, t]", "y = a ** 2 - b[:, t]"),
    ("d = (Σ_rows(dz ∘ x)) ∘ b", "d = (np.sum(dz * x, axis=0, keepdims=True)) * b"), ("y = a / b ∘ b", "y = a / b * b"),
    ("激活 = 甲ᵀ 乙", "激活 = 甲.T @ 乙"),
])  # fmt: skip
def test_a_formula_as_python(formula, code):
    assert as_python(formula)[0] == code
    compile(code, "formula", "exec")


NO_CODE = ["da<4> = da", "dz = σ(z)", "W = [a; b]", "d = Σ_t(x)", "", "a = b)", "x = ∂y", "a = a…"]


@pytest.mark.parametrize("formula", NO_CODE)
def test_what_python_cannot_say_is_no_code(formula):
    assert not any("=" in code for code in as_python(formula))


def test_a_loop_runs_the_other_way():
    ((edit, changed),) = offers("for t in range(T):\n    x = t", 1, "t runs from T - 1 down to 0")
    assert changed == "for t in reversed(range(T)):\n    x = t" and edit.before == "for t in range(T):"


def test_sizes_that_were_drawn_are_not_offered():
    assert not list(offers("dx = dz[:n]", 1, "dx = dz[0:6]")) and not list(offers("dx = dz", 1, "dx = dz / 7"))
    assert len(list(offers("dx = dz[0:6]", 1, "dx = dz[0:6] ∘ 2"))) == 1
