"""check_backward takes inputs and programs as people have them, and calls nothing wrong for that."""

from __future__ import annotations

import json
import random
import sys
import textwrap
import types

import numpy as np
import pytest

import autograd_seq.numpy as anp
from autograd_seq import Tensor, check_backward
from autograd_seq import check_file as judge_file
from autograd_seq.commands import main
from autograd_seq.core.errors import UsageError
from autograd_seq.diagnosis.course import check_function
from autograd_seq.testing import assert_backward


def drawn(*shape):
    return np.random.default_rng([4, *shape]).standard_normal(shape)


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def loss_forward(a, W, y):
    p = softmax(W @ a)
    return {"J": -np.sum(y * np.log(p))}, (a, W, y, p)


def loss_backward(up, cache):
    a, W, y, p = cache
    dz = (p - y) * up["J"]
    return {"da": W.T @ dz, "dW": dz @ a.T, "dy": -np.log(p) * up["J"]}


def loss_backward_reversed(up, cache):
    right = loss_backward(up, cache)
    return {**right, "da": -right["da"]}


RECORDED = "the recorded forward pass"
ONE_HOT = np.eye(4)[:, [0, 2, 1, 1, 3]]
A, W = drawn(3, 5), drawn(4, 3)


@pytest.mark.parametrize(
    "y", [ONE_HOT, ONE_HOT.astype(int), ONE_HOT.astype(np.float32), ONE_HOT.astype(int).tolist(), softmax(W @ A + 1)]
)
def test_targets_keep_their_sums(y):
    report = check_backward(loss_forward, loss_backward, {"a": A, "W": W, "y": y})
    assert report.ok, str(report)
    assert check_backward(loss_forward, loss_backward_reversed, {"a": A, "W": W, "y": y}).wrong == ["da"]


def test_targets_that_are_drawn_add_up_to_one_where_the_pass_relies_on_it():
    shapes = {"a": ("n_a", "m"), "W": ("n_y", "n_a"), "y": ("n_y", "m")}
    report = assert_backward(loss_forward, loss_backward, shapes)
    assert any("adds up to 1 along axis 0" in w and "da, dW" in w for w in report.warnings)
    assert check_backward(loss_forward, loss_backward_reversed, shapes).wrong
    general = lambda up, c: (
        loss_backward(up, c)
        | {
            "da": c[1].T @ (c[3] * c[2].sum(axis=0) - c[2]) * up["J"],
            "dW": (c[3] * c[2].sum(axis=0) - c[2]) @ c[0].T * up["J"],
        }
    )
    assert not assert_backward(loss_forward, general, shapes).warnings


def test_a_forgotten_sum_is_no_sum_of_targets():
    forward = lambda w, y: ({"s": w * np.sum(y)}, (w, y))
    right = lambda up, c: {"dw": up["s"] * np.sum(c[1]), "dy": np.sum(up["s"] * c[0]) * np.ones_like(c[1])}
    shapes = {"w": ("n",), "y": ("m",)}
    assert_backward(forward, right, shapes)
    assert check_backward(forward, lambda up, c: {**right(up, c), "dw": up["s"]}, shapes).wrong == ["dw"]


def test_targets_in_rows():
    forward = lambda a, W, y: loss_forward(a.T, W.T, y.T)
    right = lambda up, cache: {k: v.T for k, v in loss_backward(up, cache).items()}
    wrong = lambda up, cache: {k: v.T for k, v in loss_backward_reversed(up, cache).items()}
    inputs = {"a": A.T, "W": W.T, "y": ONE_HOT.T}
    assert_backward(forward, right, inputs)
    assert check_backward(forward, wrong, inputs).wrong == ["da"]


def test_weights_that_add_up_to_one():
    """A mixture whose backward pass leaves out the sum of the weights, which is 1."""

    def mix(x, w):
        return {"m": np.tensordot(w, x, 1) / w.sum()}, (x, w)

    def right(up, cache):
        x, w = cache
        m = np.tensordot(w, x, 1)
        return {"dx": w[:, None] * up["m"], "dw": (x - m) @ up["m"]}

    def wrong(up, cache):
        return {**right(up, cache), "dw": cache[0] @ up["m"]}

    inputs = {"x": drawn(3, 4), "w": [0.5, 0.3, 0.2]}
    assert_backward(mix, right, inputs)
    assert check_backward(mix, wrong, inputs).wrong == ["dw"]


def test_a_permutation_matrix_is_moved_to_one_that_is_not_symmetric():
    wrong = lambda up, cache: {"dx": cache[1] @ up["y"], "dW": up["y"] @ cache[0].T}
    forward = lambda x, W: ({"y": W @ x}, (x, W))
    inputs = {"x": drawn(3, 5), "W": np.eye(3)}
    assert_backward(forward, lambda up, c: {"dx": c[1].T @ up["y"], "dW": up["y"] @ c[0].T}, inputs)
    assert check_backward(forward, wrong, inputs).wrong == ["dx"]


# -- programs that name autograd_seq.numpy ---------------------------------------------------------------------


def recording_forward(x, W):
    h = anp.zeros((W.shape[0], x.shape[1], 3))
    before = anp.zeros((W.shape[0], x.shape[1]))
    for t in range(3):
        before = anp.tanh(W @ x + before)
        h[:, :, t] = before
    return {"h": h}, (x, W, h)


def recording_backward(up, cache, sign=1):
    x, W, h = cache
    dx, dW, carry = anp.zeros_like(x), anp.zeros_like(W), 0
    for t in reversed(range(3)):
        dz = (up["h"][:, :, t] + sign * carry) * (1 - h[:, :, t] ** 2)
        dx += W.T @ dz
        dW += dz @ x.T
        carry = dz
    return {"dx": dx, "dW": dW}


def test_programs_that_are_recorded_already():
    shapes = {"x": ("n_x", "m"), "W": ("n_a", "n_x")}
    assert_backward(recording_forward, recording_backward, shapes)
    report = check_backward(recording_forward, lambda u, c: recording_backward(u, c, -1), shapes)
    assert report.wrong == ["dx", "dW"] and report.causes


def test_tensors_among_inputs_results_and_gradients():
    def forward(x):
        return {"y": Tensor(2.0) * x}, Tensor(2.0)

    given = {"x": Tensor([1.0, 3.0])}
    assert_backward(forward, lambda up, two: {"dx": Tensor(up["y"]) * two}, given)
    assert check_backward(forward, lambda up, two: {"dx": Tensor(up["y"]) + two}, given).wrong == ["dx"]


def test_an_import_inside_the_functions():
    def forward(x):
        import autograd_seq.numpy as np

        y = np.zeros(x.shape)
        y[:] = np.sin(x)
        return {"y": y}, x

    def backward(up, x):
        import autograd_seq.numpy as np

        return {"dx": np.cos(x) * up["y"]}

    assert_backward(forward, backward, {"x": ("n",)})


# -- layers, globals, other files ------------------------------------------------------------------------------


class Layer:
    """Keeps in itself what its backward pass needs."""

    def __init__(self, sign=1):
        self.sign = sign

    def forward(self, x, W):
        self.x, self.W = x, W
        self.h = np.zeros((W.shape[0], x.shape[1]))
        self.h[:] = np.tanh(W @ x)
        return {"h": self.h}, None

    def backward(self, up, cache):
        dz = up["h"] * (1 - self.sign * self.h**2)
        return {"dx": self.W.T @ dz, "dW": dz @ self.x.T}


def test_a_layer_that_keeps_its_cache():
    shapes = {"x": ("n_x", "m"), "W": ("n_a", "n_x")}
    right, wrong = Layer(), Layer(-1)
    report = assert_backward(right.forward, right.backward, shapes)
    assert report.basis == RECORDED
    assert check_backward(wrong.forward, wrong.backward, shapes).wrong == ["dx", "dW"]


KEPT = {}


def keeping_forward(x):
    KEPT["y"] = np.exp(x)
    return {"y": KEPT["y"]}, None


def test_globals_that_keep_the_cache():
    assert_backward(keeping_forward, lambda up, _: {"dx": up["y"] * KEPT["y"]}, {"x": ("n",)})
    assert check_backward(keeping_forward, lambda up, _: {"dx": up["y"] / KEPT["y"]}, {"x": ("n",)}).wrong == ["dx"]


HOMEWORK = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def rnn_forward(x, a0, W):
    a = np.zeros((a0.shape[0], x.shape[1], x.shape[2]))
    a_prev, caches = a0, []
    for t in range(x.shape[2]):
        a_next = sigmoid(W @ x[:, :, t] + a_prev)
        caches.append((a_next, a_prev, x[:, :, t]))
        a[:, :, t] = a_next
        a_prev = a_next
    return a, (caches, W)

def rnn_backward(da, kept):
    caches, W = kept
    dx, dW, carry = np.zeros((W.shape[1], da.shape[1], da.shape[2])), np.zeros(W.shape), 0
    for t in reversed(range(da.shape[2])):
        a_next, a_prev, xt = caches[t]
        dz = (da[:, :, t] + carry) * a_next * (1 - a_next)
        dW += dz @ xt.T
        dx[:, :, t] = W.T @ dz
        carry = dz
    return {"dx": dx, "da0": carry, "dW": dW}
"""


def module(name, text):
    made = types.ModuleType(name)
    exec(compile(text, f"{name}.py", "exec"), vars(made))
    return made


@pytest.mark.parametrize("mistake", [None, ("dW += ", "dW = "), ("* (1 - a_next)", "* (1 - a_prev)")])
def test_functions_from_another_file_are_recorded_and_followed(mistake, monkeypatch):
    homework = module("homework", HOMEWORK.replace(*mistake) if mistake else HOMEWORK)
    monkeypatch.setitem(sys.modules, "homework", homework)

    def forward(x, a0, W):
        a, caches = homework.rnn_forward(x, a0, W)
        return {"a": a}, caches

    def backward(up, caches):
        return homework.rnn_backward(up["a"], caches)

    report = check_backward(forward, backward, {"x": ("n_x", "m", "T"), "a0": ("n_a", "m"), "W": ("n_a", "n_x")})
    assert report.basis == RECORDED
    assert homework.np is np
    if mistake is None:
        assert report.ok, str(report)
    else:
        assert "dW" in report.wrong and report.causes, str(report)


def test_methods_of_classes_in_another_file(monkeypatch):
    text = textwrap.indent(HOMEWORK.replace("import numpy as np", ""), "    ")
    for name in ("rnn_forward", "rnn_backward"):
        text = text.replace(f"def {name}(", f"def {name}(self, ")
    text = text.replace("def sigmoid", "@staticmethod\n    def sigmoid").replace("= sigmoid(", "= self.sigmoid(")
    homework = module("homework", f"import numpy as np\nclass RNN:\n{text}")
    rnn = homework.RNN()
    forward = lambda x, a0, W: (lambda a, kept: ({"a": a}, kept))(*rnn.rnn_forward(x, a0, W))
    report = check_backward(
        forward,
        lambda up, kept: rnn.rnn_backward(up["a"], kept),
        {"x": ("n_x", "m", "T"), "a0": ("n_a", "m"), "W": ("n_a", "n_x")},
    )
    assert report.ok and report.basis == RECORDED, str(report)


# -- single precision ------------------------------------------------------------------------------------------


def single_forward(x, h0, Wx, Wh):
    h = np.empty((x.shape[2] + 1, *h0.shape), dtype="f")
    h[0] = h0
    for t in range(x.shape[2]):
        h[t + 1] = np.tanh(Wx @ x[:, :, t] + Wh @ h[t])
    return {"h": h[1:]}, (x, h, Wx, Wh)


def single_backward(up, cache, square=2):
    x, h, Wx, Wh = cache
    dx, dWx, dWh = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh)
    carry = np.zeros(h[0].shape, dtype="f")
    for t in reversed(range(x.shape[2])):
        dz = (up["h"][t] + carry) * (1 - h[t + 1] ** square)
        dx[:, :, t] = Wx.T @ dz
        dWx += dz @ x[:, :, t].T
        dWh += dz @ h[t].T
        carry = Wh.T @ dz
    return {"dx": dx, "dh0": carry, "dWx": dWx, "dWh": dWh}


@pytest.mark.parametrize("seed", range(6))
def test_single_precision_inside(seed):
    shapes = {"x": ("n_x", "m", "T"), "h0": ("n_a", "m"), "Wx": ("n_a", "n_x"), "Wh": ("n_a", "n_a")}
    report = assert_backward(single_forward, single_backward, shapes, seed)
    assert report.basis == RECORDED and 5 < report.digits < 10
    off = check_backward(single_forward, lambda u, c: single_backward(u, c, 1), shapes, seed)
    assert off.wrong == ["dx", "dh0", "dWx", "dWh"]


# -- not the same twice ----------------------------------------------------------------------------------------


def test_a_dropout_that_draws_from_a_seeded_generator_is_checked():
    generator = np.random.default_rng(3)
    masks = {
        "numpy": lambda shape: np.random.rand(*shape) < 0.5,
        "python": lambda shape: np.array([random.random() < 0.5 for _ in range(int(np.prod(shape)))]).reshape(shape),
        "held": lambda shape: generator.random(shape) < 0.5,
    }
    before = np.random.get_state()[1].tolist(), random.getstate()
    for mask in masks.values():

        def forward(x, mask=mask):
            d = mask(x.shape) / 0.5
            return {"y": np.sin(x) * d}, (x, d)

        assert_backward(forward, lambda up, c: {"dx": np.cos(c[0]) * c[1] * up["y"]}, {"x": ("n", "m")})
        assert check_backward(forward, lambda up, c: {"dx": np.cos(c[0]) * up["y"]}, {"x": ("n", "m")}).wrong == ["dx"]
    assert before == (np.random.get_state()[1].tolist(), random.getstate())


def fresh_dropout(x):
    d = (np.random.default_rng().random(x.shape) < 0.5) / 0.5
    return {"y": x * d}, d


COUNT = []


def counting(x):
    COUNT.append(1)
    return {"y": x * len(COUNT)}, len(COUNT)


class Carrying:
    """Goes on from the state that the call before left."""

    state = 0.0

    def forward(self, x):
        before, self.state = self.state, self.state + 1.0
        return {"y": x * before}, before


@pytest.mark.parametrize("forward", [fresh_dropout, counting, Carrying().forward])
def test_what_is_not_the_same_twice_is_undecided_with_the_reason(forward):
    report = check_backward(forward, lambda up, factor: {"dx": up["y"] * factor}, {"x": (5, 4)})
    assert not report.ok and report.status == "undecided" and not report.failures
    assert len(report.undecided) == 1 and "not the same function" in report.undecided[0]
    assert "in place of" in str(report) and json.loads(json.dumps(report.to_json()))["status"] == "undecided"
    with pytest.raises(AssertionError, match="undecided"):
        assert_backward(forward, lambda up, factor: {"dx": up["y"] * factor}, {"x": (5, 4)})


def test_the_command_line_answers_no_verdict_for_it(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(
        "import numpy as np\nINPUTS = {'x': ('n', 'm')}\ncalls = []\n"
        "def forward(x):\n    calls.append(1)\n    return {'y': x * len(calls)}, len(calls)\n"
        "def backward(up, n):\n    return {'dx': up['y'] * n}\n"
    )
    found = judge_file(path)
    assert found.verdict == "no verdict" and "not the same function" in found["backward"].reason
    assert main(["check", str(path)]) == 3
    assert "not the same function" in capsys.readouterr().out


# -- what is changed in place, and what is read from the file --------------------------------------------------


def test_an_argument_that_is_changed_in_place_gets_a_warning():
    def forward(x, W):
        y = W * x
        x -= 1.0
        return {"y": y}, {"x": x + 1.0, "W": W}

    def backward(up, cache):
        up["y"] *= 2
        cache["W"] *= up["y"] / 2
        return {"dx": cache["W"], "dW": up["y"] / 2 * cache["x"]}

    report = check_backward(forward, backward, {"x": ("n",), "W": ("n",)})
    assert report.ok, str(report)
    said = " ".join(report.warnings)
    assert "forward changes its argument x in place" in said
    assert "upstream['y'] in place" in said and "cache['W'] in place" in said


COURSE = """
import numpy as np
{made}
def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    {size}
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + ot * (1 - np.tanh(c_next) ** 2) * da_next
    dcct = dc * it * (1 - cct ** 2)
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)
    concat = np.concatenate((a_prev, xt))
    {weights}
    both = Wf.T @ dft + Wi.T @ dit + Wc.T @ dcct + Wo.T @ dot
    return {{"dxt": both[n_a:], "da_prev": both[:n_a], "dc_prev": dc * ft,
            "dWf": dft @ concat.T, "dWi": dit @ concat.T, "dWc": dcct @ concat.T, "dWo": dot @ concat.T,
            "dbf": dft.sum(axis=1, keepdims=True), "dbi": dit.sum(axis=1, keepdims=True),
            "dbc": dcct.sum(axis=1, keepdims=True), "dbo": dot.sum(axis=1, keepdims=True)}}
"""
MADE = "n_a = 5\nWf, Wi, Wc, Wo = (np.random.randn(5, 8) for _ in range(4))"
WEIGHTS = "Wf, Wi, Wc, Wo = (parameters[k] for k in ('Wf', 'Wi', 'Wc', 'Wo'))"


def test_a_variable_of_the_file_is_named():
    own = module("own", COURSE.format(made="", size="n_a = a_next.shape[0]", weights=WEIGHTS))
    assert check_function(own.lstm_cell_backward).ok
    read = module("read", COURSE.format(made=MADE, size="n_a = a_next.shape[0]", weights=""))
    report = check_function(read.lstm_cell_backward)
    assert not report.ok and "Wf is a variable of the file, not of the cache" in str(report)
    assert "(5, 8)" in report.failure and "(6, 9)" in report.failure
    size = module("size", COURSE.format(made=MADE, size="", weights=WEIGHTS))
    report = check_function(size.lstm_cell_backward)
    assert set(report.wrong) == {"dxt", "da_prev"}
    assert "n_a is a variable of the file (5), not of the cache" in str(report)


SCALE = np.array([1.0, 2.0, 3.0])


def test_a_variable_that_both_passes_read_is_their_own_affair():
    forward = lambda x: ({"y": SCALE * x}, None)
    report = assert_backward(forward, lambda up, _: {"dx": SCALE * up["y"]}, {"x": (3,)})
    assert not report.warnings
    assert check_backward(forward, lambda up, _: {"dx": -SCALE * up["y"]}, {"x": (3,)}).wrong == ["dx"]


# -- shapes and kinds ------------------------------------------------------------------------------------------


def test_a_list_of_columns_has_more_than_one_time_step():
    def forward(x, w):
        h, hs = np.zeros(x[0].shape), []
        for xt in x:
            h = np.tanh(w * xt + h)
            hs.append(h)
        return {"h": h}, (x, w, hs)

    def backward(up, cache, sign=1):
        x, w, hs = cache
        dx, dw, carry = np.zeros(x.shape), np.zeros(w.shape), up["h"]
        for t in reversed(range(len(x))):
            carry = carry * (1 - hs[t] ** 2)
            dx[t], dw = w * carry * sign, dw + carry * x[t]
        return {"dx": dx, "dw": dw}

    inputs = {"x": drawn(7, 4, 1), "w": drawn(4, 1)}
    report = assert_backward(forward, backward, inputs)
    assert not any("time step" in w for w in report.warnings)
    assert check_backward(forward, lambda u, c: backward(u, c, -1), inputs).wrong == ["dx"]
    single = {"x": drawn(4, 3, 1), "w": drawn(4, 3)}
    last = lambda x, w: ({"h": np.tanh(w * x[:, :, 0])}, (x, w))
    report = check_backward(last, lambda u, c: {"dx": c[0] * 0, "dw": c[1] * 0}, single)
    assert any("x has one time step only" in w for w in report.warnings)


def test_labels_that_are_compared_stay_whole():
    def forward(z, labels):
        p = softmax(z)
        y = (np.arange(4)[:, None] == labels) * 1.0
        return {"J": -np.sum(y * np.log(p))}, (p, y)

    inputs = {"z": drawn(4, 5), "labels": [3, 1, 2, 2, 0]}
    assert_backward(forward, lambda up, c: {"dz": (c[0] - c[1]) * up["J"]}, inputs)
    assert check_backward(forward, lambda up, c: {"dz": (c[1] - c[0]) * up["J"]}, inputs).wrong == ["dz"]


def test_truth_values_and_masks():
    def forward(x, mask):
        return {"y": np.where(mask, x * x, 0.0)}, (x, mask)

    for mask in ([True, False, True], np.array([1, 0, 1]), np.array([1.0, 0.0, 1.0])):
        inputs = {"x": [1, 2, 3], "mask": mask}
        right = lambda up, c: {"dx": 2 * c[0] * up["y"] * c[1], "dmask": 0.0 * c[0]}
        report = check_backward(forward, right, inputs)
        assert report.ok and not report.wrong, str(report)
        assert check_backward(forward, lambda up, c: {**right(up, c), "dx": 2 * c[0] * up["y"]}, inputs).wrong == ["dx"]


def test_numbers_taken_out_of_an_array_are_differenced():
    """A plain list has no record: its gradient is no zero, and a right backward pass is right."""

    def forward(x):
        return {"y": np.array([v**0.5 for v in x.tolist()])}, x

    def halves(x):
        total = 0.0
        for i in range(len(x)):
            total = total + x[i].item() * x[i]
        return {"y": total}, x

    x = {"x": np.array([0.3, 1.0, 2.0])}
    right = check_backward(forward, lambda up, x: {"dx": 0.5 * up["y"] / np.sqrt(x)}, x)
    assert right.ok and "takes plain numbers out" in str(right)
    assert not check_backward(forward, lambda up, x: {"dx": 0.6 * up["y"] / np.sqrt(x)}, x).ok
    assert check_backward(halves, lambda up, x: {"dx": 2 * up["y"] * x}, x).ok
    assert not check_backward(halves, lambda up, x: {"dx": up["y"] * x}, x).ok


def test_numbers_that_only_steady_a_pass_leave_it_recorded():
    def forward(z):
        e = np.exp(z - z.max().item())
        return {"p": e / e.sum()}, e / e.sum()

    report = check_backward(forward, lambda up, p: {"dz": p * (up["p"] - np.sum(up["p"] * p))}, {"z": drawn(4)})
    assert report.ok and "the recorded forward pass" in str(report)


def _loss_alone(a, W, y):
    return loss_forward(a, W, y)[0]["J"]


@pytest.mark.parametrize(
    ("forward", "told"),
    [
        (lambda a, W, y: (_loss_alone(a, W, y), (a, W)), r"\{'J': J\}, cache in place of return J, .*upstream\['J'\]"),
        (lambda a, W, y: [W @ a, (a, W)], r"\{'a': a\}, cache in place of return a, .*upstream\['a'\]"),
        (_loss_alone, r"alone \(float64\).*return \{'J': J\}, cache"),
        (lambda a, W, y: loss_forward(a, W, y)[0], "a dict alone. Write return outputs, cache"),
        (lambda a, W, y: (W @ a, W, a), "it returned 3 things"),
        (lambda a, W, y: None, "is its return missing"),
    ],
)  # fmt: skip
def test_what_forward_returns_is_told_with_what_to_write(forward, told):
    with pytest.raises(UsageError, match=told):
        check_backward(forward, loss_backward, {"a": A, "W": W, "y": ONE_HOT})
