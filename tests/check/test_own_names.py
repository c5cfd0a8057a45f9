"""What a report says in a student's own terms: their names, their lines, the loss as they differentiated it."""

import importlib.util

import numpy as np
import pytest

from autograd_seq import check_backward
from autograd_seq.diagnosis.calling import files, spaces
from autograd_seq.diagnosis.course import check_file
from autograd_seq.diagnosis.grouped import taking_parts

LOSS = '''
import numpy as np

LABELS = np.array([[0, 1, 1], [1, 0, 1]])


def cell(x, h, W):
    a = np.tanh(x + h @ W)
    return {"h": h + a}, (h, a, W)


def cell_backward(up, cache):
    h, a, W = cache
    dz = up["h"] * (1 - a ** 2)
    dh = up["h"] + dz @ W.T
    return {"dx": dz, "dh": dh, "dW": h.T @ dz}


def loss(x, h0, W, V):
    N, T, H = x.shape
    h, kept, J = h0, [], 0.0
    for t in range(T):
        out, c = cell(x[:, t], h, W)
        h = out["h"]
        s = h @ V
        e = np.exp(s - s.max(axis=1, keepdims=True))
        prob = e / e.sum(axis=1, keepdims=True)
        J = J - np.log(prob[np.arange(N), LABELS[:, t]]).sum() / (N * T)
        kept.append((c, h, prob))
    return {"J": J}, (kept, V)


def loss_backward(up, cache):
    kept, V = cache
    N, T = len(kept[0][1]), len(kept)
    dh, dW, dV, dx = 0, 0, 0, [0] * T
    for t in reversed(range(T)):
        c, h, prob = kept[t]
        ds = prob.copy()
        ds[np.arange(N), LABELS[:, t]] -= 1
        ds = ds * up["J"] / (N * T)
        dV = dV + h.T @ ds
        g = cell_backward({"h": dh + ds @ V.T}, c)
        dh, dx[t] = g["dh"], g["dx"]
        dW = dW + g["dW"]
    return {"dx": np.stack(dx, 1), "dh0": dh, "dW": dW, "dV": dV}
'''

LSTM = '''
import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_prev.shape[0]
    d输出门 = da_next * np.tanh(c_next) * ot * (1 - ot)
    d记忆 = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    d候选 = d记忆 * it * (1 - cct ** 2)
    d更新门 = d记忆 * cct * it * (1 - it)
    d遗忘门 = d记忆 * c_prev * ft * (1 - ft)
    拼接 = np.concatenate([a_prev, xt], axis=0)
    d拼接 = (parameters["Wf"].T @ d遗忘门 + parameters["Wi"].T @ d更新门
             + parameters["Wc"].T @ d候选 + parameters["Wo"].T @ d输出门)
    da_prev = d拼接[:n_a]
    dxt = d拼接[n_a:]
    dc_prev = d记忆 * ft
    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev,
            "dWf": d遗忘门 @ 拼接.T, "dbf": d遗忘门.sum(axis=1, keepdims=True),
            "dWi": d更新门 @ 拼接.T, "dbi": d更新门.sum(axis=1, keepdims=True),
            "dWc": d候选 @ 拼接.T, "dbc": d候选.sum(axis=1, keepdims=True),
            "dWo": d输出门 @ 拼接.T, "dbo": d输出门.sum(axis=1, keepdims=True)}
'''

RNN = '''
import numpy as np


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    Wax, Waa = parameters["Wax"], parameters["Waa"]
    dz_tanh = (1 - a_next ** 2) * da_next
    return {"dxt": Wax.T @ dz_tanh, "da_prev": Waa.T @ dz_tanh, "dWax": dz_tanh @ xt.T,
            "dWaa": dz_tanh @ a_prev.T, "dba": np.sum(dz_tanh, axis=1, keepdims=True)}


def rnn_backward(da, caches):
    huancun, x = caches
    a1, a0, x1, parameters = huancun[0]
    n_a, m, T_x = da.shape
    n_x = x1.shape[0]
    dx, dWax = np.zeros((n_x, m, T_x)), np.zeros((n_a, n_x))
    dWaa, dba = np.zeros((n_a, n_a)), np.zeros((n_a, 1))
    shangyibu = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        tidu = rnn_cell_backward(da[:, :, t] + shangyibu, huancun[t])
        shangyibu = tidu["da_prev"]
        dx[:, :, t] = tidu["dxt"]
        dWax += tidu["dWax"]
        dWaa += tidu["dWaa"]
        dba += tidu["dba"]
    return {"dx": dx, "da0": shangyibu, "dWax": dWax, "dWaa": dWaa, "dba": dba}
'''


def changed(source, *edits):
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


def line_of(source, text):
    return next(i for i, line in enumerate(source.splitlines(), 1) if text in line)


def of_loss(folder, *edits):
    source = changed(LOSS, *edits)
    path = folder / "own.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("own", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rng = np.random.default_rng(0)
    inputs = {"x": (2, 3, 4), "h0": (2, 4), "W": (4, 4), "V": (4, 2)}
    given = {k: rng.standard_normal(shape) for k, shape in inputs.items()}
    return check_backward(module.loss, module.loss_backward, given), source


def of_course(folder, source, function, *edits):
    source = changed(source, *edits)
    path = folder / "own.py"
    path.write_text(source, encoding="utf-8")
    return check_file(path)[function], source


# -- a loss of probabilities ---------------------------------------------------------------------------------


def test_the_program_without_a_mistake_is_right(tmp_path):
    assert of_loss(tmp_path)[0].ok


def test_a_forgotten_mean_is_one_cause_at_the_scores(tmp_path):
    report, source = of_loss(tmp_path, (' * up["J"] / (N * T)', ' * up["J"]'))
    (cause,) = report.causes
    assert cause.category == "mean over the batch" and set(cause.explains) == {"dx", "dh0", "dW", "dV"}
    assert cause.where == "ds<3>" and cause.line == line_of(source, 'ds = ds * up["J"]')
    assert cause.correct.startswith("ds = (prob − Y<3>) ∘ up['J'] / 6")
    assert "dprob" not in str(report)


def test_a_sign_at_the_right_class_is_one_of_the_difference(tmp_path):
    report, source = of_loss(tmp_path, ("LABELS[:, t]] -= 1", "LABELS[:, t]] += 1"))
    (cause,) = report.causes
    assert (cause.category, cause.line) == ("sign", line_of(source, "+= 1"))
    assert cause.correct == "ds = prob − Y<3>  (Y<3> is 1 at the right class and 0 elsewhere)"


def test_who_goes_through_the_probabilities_is_told_of_them():
    def forward(s, y):
        e = np.exp(s - s.max(axis=1, keepdims=True))
        prob = e / e.sum(axis=1, keepdims=True)
        return {"J": -np.sum(y * np.log(prob))}, (prob, y)

    def backward(upstream, cache):
        prob, y = cache
        dprob = -upstream["J"] * y / prob
        ds = prob * dprob
        return {"ds": ds, "dy": -upstream["J"] * np.log(prob)}

    y = np.eye(3)[[0, 2, 1, 1]]
    report = check_backward(forward, backward, {"s": np.random.default_rng(0).standard_normal((4, 3)), "y": y})
    assert report.causes[0].category == "missing term" and "dprob" in report.causes[0].correct


def test_a_sigmoid_with_its_loss_is_a_difference_too():
    def forward(z):
        p = 1 / (1 + np.exp(-z))
        return {"J": -np.mean(TARGETS * np.log(p) + (1 - TARGETS) * np.log(1 - p))}, p

    def backward(upstream, cache):
        return {"dz": (cache + TARGETS) * upstream["J"] / TARGETS.size}

    report = check_backward(forward, backward, {"z": np.random.default_rng(0).standard_normal((3, 5))})
    assert report.causes[0].category == "sign" and "∘ (cache − TARGETS)" not in str(report)
    assert "− TARGETS" in report.causes[0].correct


TARGETS = np.random.default_rng(1).integers(0, 2, (3, 5)).astype(float)


# -- what belongs to the loop ----------------------------------------------------------------------------------


def test_a_carry_that_is_not_handed_over_is_missed_where_the_cell_is_called(tmp_path):
    report, source = of_loss(tmp_path, ("dh + ds @ V.T", "ds @ V.T"))
    assert report.causes[0].category == "no carry"
    assert report.causes[0].line == line_of(source, "g = cell_backward")
    assert report.causes[0].correct == "dh<2> = dh + ds Vᵀ"


def test_a_carry_of_the_course_is_missed_in_its_line_and_under_its_name(tmp_path):
    report, source = of_course(tmp_path, RNN, "rnn_backward", ("da[:, :, t] + shangyibu", "da[:, :, t]"))
    assert report.causes[0].line == line_of(source, "tidu = rnn_cell_backward")
    assert report.causes[0].words.endswith("next time step, shangyibu")
    assert report.causes[0].correct == "da<4> = da[:, :, t] + shangyibu"


def test_a_term_that_is_missing_in_the_cell_is_missed_in_its_own_line(tmp_path):
    report, source = of_loss(tmp_path, ('dh = up["h"] + dz @ W.T', "dh = dz @ W.T"))
    (cause,) = report.causes
    assert (cause.category, cause.line) == ("missing term", line_of(source, "dh = dz @ W.T"))
    assert cause.correct == "dh = up['h'] + dz Wᵀ"


def test_a_forgotten_mean_hides_no_other_mistake(tmp_path):
    edits = (' * up["J"] / (N * T)', ' * up["J"]'), ('dh = up["h"] + dz @ W.T', "dh = dz @ W.T")
    report, source = of_loss(tmp_path, *edits)
    assert [c.category for c in report.causes] == ["mean over the batch", "missing term"]
    assert {k for c in report.causes for k in c.explains} == set(report.wrong)
    assert report.causes[1].line == line_of(source, "dh = dz @ W.T")


def test_a_carry_that_is_added_up_is_wrong_from_the_third_step_on_and_needs_no_plus(tmp_path):
    report, source = of_course(tmp_path, RNN, "rnn_backward", ("shangyibu = tidu", "shangyibu += tidu"))
    (cause,) = report.causes
    assert cause.where == "da<3>" and cause.line == line_of(source, "shangyibu +=")
    assert cause.correct == "shangyibu = tidu['da_prev']"


def test_an_assignment_that_should_add_gets_its_plus(tmp_path):
    report, source = of_course(tmp_path, RNN, "rnn_backward", ("dWaa += tidu", "dWaa = tidu"))
    (cause,) = report.causes
    assert (cause.category, cause.line) == ("assignment", line_of(source, "dWaa = tidu"))
    assert cause.correct == "dWaa += tidu['dWaa']"


def test_a_loop_in_the_wrong_direction_is_called_so(tmp_path):
    report, _ = of_course(tmp_path, RNN, "rnn_backward", ("in reversed(range(T_x))", "in range(T_x)"))
    assert report.causes[0].category == "direction of the loop"


# -- formulas ----------------------------------------------------------------------------------------------------


def test_a_formula_is_told_in_the_names_that_stand_around_it(tmp_path):
    report, _ = of_course(tmp_path, LSTM, "lstm_cell_backward", ("c_prev * ft * (1 - ft)", "c_prev * (1 - ft)"))
    (cause,) = report.causes
    assert cause.words == "without the factor ft of the derivative sigmoid', ft ∘ (1 − ft)"
    assert cause.correct == "d遗忘门 = d记忆 ∘ c_prev ∘ ft ∘ (1 − ft)"
    assert "dz_ft (your d遗忘门) is wrong" in str(report)


def test_a_formula_ends_at_what_the_line_makes(tmp_path):
    report, _ = of_course(tmp_path, LSTM, "lstm_cell_backward", ("cct * it * (1 - it)", "c_prev * it * (1 - it)"))
    assert report.causes[0].correct == "d更新门 = d记忆 ∘ cct ∘ it ∘ (1 − it)"


@pytest.mark.parametrize("others", [(), (('"dWi": d更新门', '"dWi": -d更新门'), ("d记忆 * ft\n", "d记忆 * it\n"))])
def test_a_square_that_is_missing_is_called_so_among_other_mistakes_too(tmp_path, others):
    edits = ("(1 - np.tanh(c_next) ** 2)", "(1 - np.tanh(c_next))"), *others
    report, _ = of_course(tmp_path, LSTM, "lstm_cell_backward", *edits)
    assert report.causes[0].words.endswith("the square is missing") and len(report.causes) == 1 + len(others)


def test_a_transposed_gradient_is_called_so_with_its_line(tmp_path):
    report, source = of_course(tmp_path, RNN, "rnn_cell_backward", ("dz_tanh @ xt.T", "xt @ dz_tanh.T"))
    (cause,) = report.causes
    assert (cause.category, cause.where, cause.explains) == ("transpose", "dWax", ("dWax",))
    assert cause.line == line_of(source, "xt @ dz_tanh.T") and cause.correct == "dWax = dz_tanh xtᵀ"


def forward(x, W):
    return {"y": np.tanh(W @ x)}, (x, W, np.tanh(W @ x))


def test_what_is_divided_is_said_to_be_and_other_entries_are_left_out():
    def backward(upstream, cache):
        x, W, y = cache
        dz = upstream["y"] * (1 - y ** 2)
        return {"dx": 3 * W.T @ dz, "dW": dz @ x.T / x.shape[1]}

    report = check_backward(forward, backward, {"x": ("n_x", "m"), "W": ("n_a", "n_x")})
    said = str(report)
    assert "does not belong there" not in "".join(c.words for c in report.causes if "dW" in c.explains)
    assert "divided by" in next(c.words for c in report.causes if "dW" in c.explains)
    assert "3 * W.T" not in "".join(c.correct for c in report.causes if "dW" in c.explains), said


def test_twice_with_two_examples_may_be_either():
    def backward(upstream, cache):
        x, W, y = cache
        dz = 2 * upstream["y"] * (1 - y ** 2)
        return {"dx": W.T @ dz, "dW": dz @ x.T}

    rng = np.random.default_rng(0)
    report = check_backward(forward, backward, {"x": rng.standard_normal((3, 2)), "W": rng.standard_normal((4, 3))})
    assert "2, which is the number of examples too" in str(report)


def test_what_is_put_around_a_function_hides_no_file():
    inner = taking_parts(forward, {"parameters": ["W"]})
    inner = taking_parts(inner, {"more": ["x"]})

    def around(**inputs):
        return inner(**inputs)

    assert forward.__code__.co_filename in files(spaces(around))
