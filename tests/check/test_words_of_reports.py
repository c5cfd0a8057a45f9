"""What a report advises can be done as it stands: it is true where the line stands, and not there already."""

import importlib.util
import sys

import numpy as np
import pytest

from autograd_seq import Parameter, check_backward, differentiate, language, name
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.course import check_file
from autograd_seq.diagnosis.right_line import added_at, one_step_before, one_step_further, right_head, turned
from autograd_seq.writer.by_hand import FormulaWriter, shortened

CHARACTERS = '''
import numpy as np

INPUTS, TARGETS = [0, 1, 3, 2], [1, 3, 2, 4]


def loss_of(Wxh, Whh, Why, bh, h0):
    xs, hs, ps = {}, {-1: h0}, {}
    loss = 0
    for t in range(len(INPUTS)):
        xs[t] = np.zeros((5, 1))
        xs[t][INPUTS[t]] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t]
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][TARGETS[t], 0])
    dWxh, dWhh, dWhy, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why), np.zeros_like(bh)
    dhnext = np.zeros_like(h0)
    for t in reversed(range(len(INPUTS))):
        dy = np.copy(ps[t])
        dy[TARGETS[t]] -= 1
        dWhy += dy @ hs[t].T
        dh = Why.T @ dy + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += dhraw @ xs[t].T
        dWhh += dhraw @ hs[t - 1].T
        dhnext = Whh.T @ dhraw
    return loss, dWxh, dWhh, dWhy, dbh, dhnext


def forward(Wxh, Whh, Why, bh, h0):
    loss, *gradients = loss_of(Wxh, Whh, Why, bh, h0)
    return {"J": loss}, gradients


def backward(up, gradients):
    names = "dWxh", "dWhh", "dWhy", "dbh", "dh0"
    return {name: up["J"] * gradient for name, gradient in zip(names, gradients)}
'''
CHARACTER_INPUTS = {"Wxh": (3, 5), "Whh": (3, 3), "Why": (5, 3), "bh": (3, 1), "h0": (3, 1)}

GATES = '''
import numpy as np


def forward(x, mask, W, h0, V, target):
    n, h, kept, J = W.shape[1] // 2, h0, [], 0.0
    for t in range(x.shape[1]):
        s = np.concatenate([h, x[:, t]], axis=1) @ W
        g, u = np.tanh(s[:, :n]), 1 / (1 + np.exp(-s[:, n:]))
        before, h = h, h + u * g
        p = h @ V
        kept.append((before, g, u, h, p))
        J = J + np.sum((p - target[:, t]) ** 2 * mask[:, t])
    return {"J": J}, (x, mask, W, V, target, kept)


def backward(up, cache):
    x, mask, W, V, target, kept = cache
    N, n = kept[0][0].shape
    d = {"dW": 0, "dV": 0}
    dh, dx = np.zeros((N, n)), np.zeros_like(x)
    for t in reversed(range(x.shape[1])):
        before, g, u, h, p = kept[t]
        dp = up["J"] * 2 * (p - target[:, t]) * mask[:, t]
        d["dV"] = d["dV"] + h.T @ dp
        dh = dh + dp @ V.T
        dg = dh * u * (1 - g ** 2)
        du = dh * g * u * (1 - u)
        ds = np.concatenate([dg, du], axis=1)
        d["dW"] = d["dW"] + np.concatenate([before, x[:, t]], axis=1).T @ ds
        dz = ds @ W.T
        dx[:, t] = dz[:, n:]
        dh = dz[:, :n] + dh
    return {"dx": dx, "dh0": dh, **d}
'''

LSTM = '''
import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_prev.shape[0]
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    dcct = dc * it * (1 - cct ** 2)
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)
    concat = np.concatenate([a_prev, xt], axis=0)
    Wf, Wi, Wc, Wo = (parameters[name] for name in ("Wf", "Wi", "Wc", "Wo"))
    da_prev = Wf[:, :n_a].T @ dft + Wi[:, :n_a].T @ dit + Wc[:, :n_a].T @ dcct + Wo[:, :n_a].T @ dot
    dxt = Wf[:, n_a:].T @ dft + Wi[:, n_a:].T @ dit + Wc[:, n_a:].T @ dcct + Wo[:, n_a:].T @ dot
    dc_prev = dc * ft
    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev,
            "dWf": dft @ concat.T, "dbf": dft.sum(axis=1, keepdims=True),
            "dWi": dit @ concat.T, "dbi": dit.sum(axis=1, keepdims=True),
            "dWc": dcct @ concat.T, "dbc": dcct.sum(axis=1, keepdims=True),
            "dWo": dot @ concat.T, "dbo": dot.sum(axis=1, keepdims=True)}


def lstm_backward(da, caches):
    caches, x = caches
    n_a, m, T_x = da.shape
    names = [kind + gate for gate in "fico" for kind in ("dW", "db")]
    total = dict.fromkeys(names, 0)
    dx = np.zeros(x.shape)
    da_prevt, dc_prevt = np.zeros((n_a, m)), np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        g = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        dx[:, :, t] = g["dxt"]
        for name in names:
            total[name] = total[name] + g[name]
        da_prevt = g["da_prev"]
        dc_prevt = g["dc_prev"]
    return {"dx": dx, "da0": da_prevt, **total}
'''


def written(tmp_path, text, *edits):
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path = tmp_path / "passes.py"
    path.write_text(text)
    return path


def checked(tmp_path, text, inputs, *edits):
    spec = importlib.util.spec_from_file_location("passes", written(tmp_path, text, *edits))
    module = importlib.util.module_from_spec(spec)
    sys.modules["passes"] = module
    spec.loader.exec_module(module)
    rng = np.random.default_rng(0)
    given = {k: rng.standard_normal(v) if isinstance(v, tuple) else v for k, v in inputs.items()}
    return check_backward(module.forward, module.backward, given)


def of_characters(tmp_path, *edits):
    return checked(tmp_path, CHARACTERS, CHARACTER_INPUTS, *edits)


def of_gates(tmp_path, *edits):
    mask = np.array([[[1.0], [1.0], [1.0], [1.0]], [[1.0], [1.0], [0.0], [0.0]]])
    inputs = {"x": (2, 4, 3), "mask": mask, "W": (8, 10), "h0": (2, 5), "V": (5, 4), "target": (2, 4, 4)}
    return checked(tmp_path, GATES, inputs, *edits)


def of_lstm(tmp_path, function, *edits):
    return check_file(str(written(tmp_path, LSTM, *edits)))[function]


# -- loops -----------------------------------------------------------------------------------------------------

LOOP = "for t in reversed(range(len(INPUTS))):"
LOOPS = ["for t in range(len(INPUTS))", "for t in reversed(range(1, len(INPUTS)))"]


@pytest.mark.parametrize("wrong", LOOPS)
def test_a_loop_gets_its_own_head(tmp_path, wrong):
    report = of_characters(tmp_path, (LOOP, f"{wrong}:"))
    assert report.causes[0].where == "the loop" and report.causes[0].correct == LOOP


def test_where_nothing_is_carried_the_loop_is_not_said_to_run_otherwise(tmp_path):
    report = of_characters(tmp_path, ("dy + dhnext", "dy"), ('"dbh", "dh0"', '"dbh"'))
    assert report.causes[0].where == "the loop" and report.causes[0].category == "no carry"
    assert report.causes[0].correct == "dhs<2> = W_hhᵀ dz_hs<3> + W_hyᵀ dy<2>"


HEADS = [
    (turned, "for t in range(T):", "for t in reversed(range(T)):"),
    (turned, "for i, (a, b) in enumerate(tape):", "for i, (a, b) in reversed(list(enumerate(tape))):"),
    (turned, "for a, b in self.tape:", "for a, b in reversed(self.tape):"),
    (turned, "for t in reversed(range(T)):", None),
    (turned, "for t in range(T - 1, -1, -1):", None),
    (one_step_further, "for t in range(T - 1, 0, -1):", "for t in range(T - 1, -1, -1):"),
    (one_step_further, "for t in range(T, 1, -1):", "for t in range(T, 0, -1):"),
    (one_step_further, "for t in reversed(range(1, T)):", "for t in reversed(range(T)):"),
    (one_step_further, "for t in reversed(range(2, T + 1)):", "for t in reversed(range(1, T + 1)):"),
    (one_step_further, "for t in reversed(range(T)):", None),
    (one_step_further, "for t in range(T - 1, -1, -1):", None),
    (one_step_before, "for t in reversed(range(T - 1)):", "for t in reversed(range(T)):"),
    (one_step_before, "for t in range(T - 2, -1, -1):", "for t in range(T - 1, -1, -1):"),
    (one_step_before, "for t in range(T - 1, 0, -1):", "for t in range(T, 0, -1):"),
    (one_step_before, "for t in range(T - 1, -1, -1):", None),
    (turned, "for t in range(a_name_that_is_cut_o…", None),
    (turned, "while t < T:", None),
]


@pytest.mark.parametrize(("right", "source", "head"), HEADS)
def test_a_head_that_cannot_be_told_is_not_guessed(right, source, head):
    assert right_head(source, right) == head


@pytest.mark.parametrize("head", [head for _, _, head in HEADS if head])
def test_the_heads_are_python(head):
    compile(f"{head}\n    pass", "loop", "exec")


# -- indices and sizes -----------------------------------------------------------------------------------------


def test_parts_that_make_up_a_whole_are_written_as_joined(tmp_path):
    report = of_gates(tmp_path, ("[dg, du]", "[du, dg]"))
    assert "(0;" not in str(report) and "dW" in report.wrong
    report = of_gates(tmp_path, ("dz = ds @ W.T", "dz = ds @ W.T * 2"))
    assert "(0;" not in str(report)


def test_a_line_keeps_its_counter(tmp_path):
    report = of_gates(tmp_path, (" * mask[:, t]\n        d[", "\n        d["))
    assert report.causes[0].words == "without the factor mask[:, t]"
    assert "mask[:, t]" in report.causes[0].correct and "target[:, t]" in report.causes[0].correct


def test_what_a_variable_held_before_is_not_lost(tmp_path):
    report = of_gates(tmp_path, ("dh = dz[:, :n] + dh", "dh = dz[:, :n]"))
    assert report.causes[0].correct == "dh = dh<4> + dz[:, :n]"


def test_what_adds_up_is_told_as_added(tmp_path):
    report = of_gates(tmp_path, ("h.T @ dp", "before.T @ dp"))
    assert report.causes[0].correct == "d['dV'] += h<4>ᵀ dp"


def test_the_first_power_is_not_written(tmp_path):
    assert "^ 1" not in str(of_gates(tmp_path, ("up[\"J\"] * 2 * (p", "up[\"J\"] * (p")))


SIZED = [
    ("no transpose", ("Wf[:, :n_a].T", "Wf[:, :n_a]"), "[:n_a]"),
    ("another part", ("dxt = Wf[:, n_a:].T", "dxt = Wf[:, :xt.shape[0]].T"), "[n_a:]"),
]


@pytest.mark.parametrize(("what", "edit", "part"), SIZED)
def test_drawn_sizes_are_told_in_letters(tmp_path, what, edit, part):
    report = of_lstm(tmp_path, "lstm_cell_backward", edit)
    assert report.causes[0].correct.endswith(part)
    assert not {"6", "9", "3"} & set(report.causes[0].words)


def test_slices_have_no_ends_that_the_array_has_anyway():
    assert shortened((slice(None), slice(2, 5)), (3, 5)) == (slice(None), slice(2, None))
    assert shortened((0, slice(0, 2)), (3, 5)) == (0, slice(None, 2))
    assert shortened(slice(0, 4, 2), (4,)) == slice(0, 4, 2)


# -- where a mistake is ----------------------------------------------------------------------------------------


NEVER_HANDED = [("dc_prevt, caches", "0 * dc_prevt, caches"), ('        dc_prevt = g["dc_prev"]\n', "")]


@pytest.mark.parametrize("edit", NEVER_HANDED)
def test_a_carry_that_never_arrives_is_missed_where_the_cell_is_called(tmp_path, edit):
    report = of_lstm(tmp_path, "lstm_backward", edit)
    assert report.causes[0].category == "no carry"
    assert report.causes[0].source.startswith("g = lstm_cell_backward(")
    assert "tanh(c<4>)" in report.causes[0].correct and "c_prev" not in report.causes[0].correct


def test_names_are_those_of_the_call_in_which_the_value_was_made(tmp_path):
    report = of_lstm(tmp_path, "lstm_cell_backward", ("dc * c_prev * ft", "dc * c_next * ft"))
    assert report.causes[0].correct == "dft = dc ∘ c_prev ∘ ft ∘ (1 − ft)"


def test_a_stack_that_was_made_wrong_is_told_and_not_what_is_made_of_it(tmp_path):
    report = of_lstm(tmp_path, "lstm_cell_backward", ("np.concatenate([a_prev, xt]", "np.concatenate([a_next, xt]"))
    assert report.causes[0].correct == "concat = [a_prev; xt]"


def test_a_line_with_two_mistakes_is_told_what_it_should_make_in_its_own_names(tmp_path):
    twice = "dcct = dc * it + ot * (1 - np.tanh(c_next) ** 2) * it * da_next * cct * (1 - np.tanh(it) ** 2)"
    report = of_lstm(tmp_path, "lstm_cell_backward", ("dcct = dc * it * (1 - cct ** 2)", twice))
    assert "where dcct = dc ∘ it ∘ (1 − cct ∘ cct) should be made" in str(report)


def test_indices_that_meet_a_row_twice_are_added_at():
    assert added_at("d[k][ids, 0] += f(x) * 2") == "np.add.at(d[k], (ids, 0), f(x) * 2)"
    assert added_at("d = d + x") is None and added_at("d += x") is None and added_at("d[ids] -= x") is None
    assert added_at("d[ids] += f(x…") is None


def test_a_line_of_another_file_is_told_in_chinese():
    from autograd_seq.translation.reader import translated

    try:
        language("zh")
        said = translated("gx[n - l] is wrong in line 28 of wrong.py; dx follows from it")
    finally:
        language("en")
    assert said == "wrong.py 第 28 行的 gx[n - l] 有误，dx 的错误由此引起"




def test_different_things_of_one_name_are_told_apart():
    a = Parameter(np.ones((2, 4)), "a")
    one, other = name(np.tanh(a[:, :2]), "p"), name(np.exp(a[:, 2:]), "p")
    (gathered,) = (r for r in differentiate(np.sum(one) + np.sum(other)).backward if algebra(r) == "gathered parts")
    called = {id(r): f"q{i}" for i, r in enumerate(gathered.inputs)}
    apart = FormulaWriter("text", lambda r: called.get(id(r), r.name)).expression(gathered)[0]
    alike = FormulaWriter("text", lambda r: "q" if id(r) in called else r.name).expression(gathered)[0]
    assert apart in ("[q0, q1]", "[q1, q0]")
    assert "q" not in alike and alike.startswith("[") and "(0;" not in alike
