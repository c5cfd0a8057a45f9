"""LSTM, GRU and RNN of ONNX with all their attributes, beside the definitions written out for one example."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="reading ONNX files needs the package onnx")
from autograd_seq import gradcheck  # noqa: E402
from autograd_seq.exchange import read_onnx  # noqa: E402

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


FUNCTIONS = {
    "Sigmoid": lambda x, a, b: sigmoid(x),
    "Tanh": lambda x, a, b: np.tanh(x),
    "Relu": lambda x, a, b: np.maximum(x, 0),
    "Softplus": lambda x, a, b: np.log1p(np.exp(x)),
    "Softsign": lambda x, a, b: x / (1 + abs(x)),
    "LeakyRelu": lambda x, a, b: np.where(x < 0, a * x, x),
    "Elu": lambda x, a, b: np.where(x < 0, a * (np.exp(x) - 1), x),
    "Affine": lambda x, a, b: a * x + b,
    "ScaledTanh": lambda x, a, b: a * np.tanh(b * x),
    "ThresholdedRelu": lambda x, a, b: np.where(x > a, x, 0),
    "HardSigmoid": lambda x, a, b: np.clip(a * x + b, 0, 1),
}


def one_example(kind, x, W, R, B, P, h, c, functions, clip=None, input_forget=0, linear_before_reset=0):
    """The definition in rows, for the steps of one example: all h, and the last c."""
    n = R.shape[1]
    Wb, Rb = B[: len(B) // 2], B[len(B) // 2 :]

    def part(array, k):
        return array[k * n : (k + 1) * n]

    def bounded(z):
        return z if clip is None else np.clip(z, -clip, clip)

    def linear(k, x_t, h):
        return part(W, k) @ x_t + part(R, k) @ h + part(Wb, k) + part(Rb, k)

    ys = []
    for x_t in x:
        if kind == "RNN":
            h = functions[0](bounded(linear(0, x_t, h)))
        elif kind == "GRU":
            z, r = functions[0](bounded(linear(0, x_t, h))), functions[0](bounded(linear(1, x_t, h)))
            if linear_before_reset:
                new = part(W, 2) @ x_t + r * (part(R, 2) @ h + part(Rb, 2)) + part(Wb, 2)
            else:
                new = linear(2, x_t, r * h)
            h = (1 - z) * functions[1](bounded(new)) + z * h
        else:
            p_i, p_o, p_f = (part(P, k) for k in range(3)) if P is not None else (0, 0, 0)
            i = functions[0](bounded(linear(0, x_t, h) + p_i * c))
            f = 1 - i if input_forget else functions[0](bounded(linear(2, x_t, h) + p_f * c))
            c = f * c + i * functions[1](bounded(linear(3, x_t, h)))
            o = functions[0](bounded(linear(1, x_t, h) + p_o * c))
            h = o * functions[2](bounded(c))
        ys.append(h)
    return ys, h, c


def by_definition(kind, arrays, functions, direction="forward", layout=0, **options):
    X = arrays["X"].swapaxes(0, 1) if layout else arrays["X"]
    T, m, _ = X.shape
    n = arrays["R"].shape[2]
    ways = {"forward": [0], "reverse": [1], "bidirectional": [0, 1]}[direction]
    Y, Y_h, Y_c = np.zeros((T, len(ways), m, n)), np.zeros((len(ways), m, n)), np.zeros((len(ways), m, n))
    states = [arrays.get(key) for key in ("h0", "c0")]
    states = [np.zeros((len(ways), m, n)) if s is None else s.swapaxes(0, 1) if layout else s for s in states]
    for d, back in enumerate(ways):
        P = arrays["P"][d] if "P" in arrays else None
        for j in range(m):
            length = int(arrays["lens"][j]) if "lens" in arrays else T
            x = X[:length, j][::-1] if back else X[:length, j]
            of = functions[d * len(functions) // len(ways) :][: len(functions) // len(ways)]
            weights = arrays["W"][d], arrays["R"][d], arrays["B"][d]
            ys, h, c = one_example(kind, x, *weights, P, states[0][d, j], states[1][d, j], of, **options)
            Y[:length, d, j] = ys[::-1] if back else ys
            Y_h[d, j], Y_c[d, j] = h, c
    found = [Y, Y_h, Y_c][: 3 if kind == "LSTM" else 2]
    if layout:
        found = [found[0].transpose(2, 0, 1, 3), *(v.swapaxes(0, 1) for v in found[1:])]
    return found


def written(path, kind, *, lens=False, h0=False, P=False, T=5, m=3, n_x=2, n=3, open_sizes=False, **attributes):
    """A file of one operator in float64, and its arrays."""
    rng = np.random.default_rng(7)
    g, d = GATES[kind], 2 if attributes.get("direction") == "bidirectional" else 1
    layout = attributes.get("layout", 0)
    arrays = {"W": rng.normal(size=(d, g * n, n_x)), "R": rng.normal(size=(d, g * n, n)) / 2}
    arrays["B"] = rng.normal(size=(d, 2 * g * n)) / 2
    weights = dict(arrays)
    arrays["X"] = rng.normal(size=(m, T, n_x) if layout else (T, m, n_x))
    names = ["X", "W", "R", "B", "", "", "", ""]
    if lens:
        arrays["lens"], names[4] = np.array([T, 1, T - 2], np.int32), "lens"
    if h0:
        shape = (m, d, n) if layout else (d, m, n)
        arrays["h0"], names[5] = rng.normal(size=shape), "h0"
        if kind == "LSTM":
            arrays["c0"], names[6] = rng.normal(size=shape), "c0"
    if P:
        arrays["P"] = weights["P"] = rng.normal(size=(d, 3 * n)) / 2
        names[7] = "P"
    while not names[-1]:
        names.pop()
    outputs = ["Y", "Y_h", "Y_c"][: 3 if kind == "LSTM" else 2]
    node = onnx.helper.make_node(kind, names, outputs, hidden_size=n, **attributes)
    double = onnx.TensorProto.DOUBLE
    given = []
    for key in ("X", "lens", "h0", "c0"):
        if key in arrays:
            shape = arrays[key].shape
            if open_sizes and key == "X":
                shape = ("seq", "batch", n_x)
            kind_of = onnx.TensorProto.INT32 if key == "lens" else double
            given.append(onnx.helper.make_tensor_value_info(key, kind_of, shape))
    graph = onnx.helper.make_graph(
        [node], "one", given, [onnx.helper.make_tensor_value_info(key, double, None) for key in outputs],
        [onnx.numpy_helper.from_array(value, key) for key, value in weights.items()],
    )  # fmt: skip
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9), path)
    return arrays


def functions_of(kind, directions=1, names=None, alpha=(), beta=()):
    usual = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}[kind]
    has = {"LeakyRelu": (0.01,), "Elu": (1.0,), "ThresholdedRelu": (1.0,), "HardSigmoid": (0.2, 0.5)}
    has |= {"Affine": (1.0, 0.0), "ScaledTanh": (1.0, 1.0)}
    alpha, beta = iter(alpha), iter(beta)
    found = []
    for name in names or usual * directions:
        a = next(alpha, has[name][0]) if name in has else None
        b = next(beta, has[name][1]) if len(has.get(name, ())) == 2 else None
        found.append(lambda x, f=FUNCTIONS[name], a=a, b=b: f(x, a, b))
    return found


CASES = [
    (kind, {"direction": direction, "lens": lens, "h0": h0, "layout": layout})
    for kind in GATES
    for direction in ("forward", "reverse", "bidirectional")
    for lens in (False, True)
    for h0 in (False, True)
    for layout in (0, 1)
]
BOTH = {"direction": "bidirectional", "lens": True}
CASES += [
    ("LSTM", {"P": True}),
    ("LSTM", {"P": True} | BOTH),
    ("LSTM", {"input_forget": 1}),
    ("LSTM", {"clip": 0.4}),
    ("GRU", {"clip": 0.4}),
    ("RNN", {"clip": 0.4}),
    ("LSTM", {"P": True, "clip": 0.5, "input_forget": 1}),
    ("GRU", {"linear_before_reset": 1}),
    ("GRU", {"linear_before_reset": 1} | BOTH),
]
ACTIVATED = [
    ("LSTM", ["HardSigmoid", "Softsign", "Relu"], [], []),
    ("RNN", ["LeakyRelu"], [0.3], []),
    ("RNN", ["LeakyRelu"], [], []),
    ("GRU", ["HardSigmoid", "ScaledTanh"], [0.3, 1.7], [0.4, 0.6]),
    ("RNN", ["Elu"], [], []),
    ("RNN", ["Softplus"], [], []),
    ("RNN", ["ThresholdedRelu"], [0.1], []),
    ("RNN", ["Affine"], [0.5], [0.1]),
    ("LSTM", ["sigmoid", "tanh", "tanh"], [], []),
]
KNOWN_THERE = [case for case in CASES if not case[1].get("layout") and "clip" not in case[1]]


@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
def test_outputs_are_those_of_the_definition(kind, options, tmp_path):
    arrays = written(tmp_path / "one.onnx", kind, **options)
    given = {key: arrays[key] for key in ("X", "lens", "h0", "c0") if key in arrays}
    run = read_onnx(tmp_path / "one.onnx", given)
    kept = {key: value for key, value in options.items() if key not in ("lens", "h0", "P")}
    functions = functions_of(kind, 2 if options.get("direction") == "bidirectional" else 1)
    for found, wanted in zip(run.outputs.values(), by_definition(kind, arrays, functions, **kept), strict=True):
        np.testing.assert_allclose(found.value, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("kind", "names", "alpha", "beta"), ACTIVATED, ids=str)
def test_activations_with_their_constants(kind, names, alpha, beta, tmp_path):
    more = {key: value for key, value in (("activation_alpha", alpha), ("activation_beta", beta)) if value}
    arrays = written(tmp_path / "one.onnx", kind, activations=names, **more)
    run = read_onnx(tmp_path / "one.onnx", {"X": arrays["X"]})
    functions = functions_of(kind, 1, [n if n in FUNCTIONS else n.capitalize() for n in names], alpha, beta)
    for found, wanted in zip(run.outputs.values(), by_definition(kind, arrays, functions), strict=True):
        np.testing.assert_allclose(found.value, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("LSTM", {"P": True, "direction": "bidirectional", "lens": True, "h0": True}),
     ("GRU", {"linear_before_reset": 1, "direction": "reverse"}), ("RNN", {"h0": True, "layout": 1})],
    ids=str,
)  # fmt: skip
def test_the_gradient_of_every_weight_is_that_of_the_definition(kind, options, tmp_path):
    """Against central differences of the definition, which knows nothing of recordings."""
    arrays = written(tmp_path / "one.onnx", kind, **options)
    given = {key: arrays[key] for key in ("X", "lens", "h0", "c0") if key in arrays}
    kept = {key: value for key, value in options.items() if key not in ("lens", "h0", "P")}
    functions = functions_of(kind, 2 if options.get("direction") == "bidirectional" else 1)
    rng = np.random.default_rng(3)
    deltas = [rng.normal(size=y.shape) for y in by_definition(kind, arrays, functions, **kept)]

    def loss(changed):
        return sum((d * y).sum() for d, y in zip(deltas, by_definition(kind, changed, functions, **kept)))

    run = read_onnx(
        tmp_path / "one.onnx", given, loss=lambda y: sum((d * v).sum() for d, v in zip(deltas, y.values()))
    )
    np.testing.assert_allclose(run.loss.item(), loss(arrays), rtol=1e-12)
    run.loss.backward()
    for key in [*run.parameters, *(key for key in given if key != "lens")]:
        gradient = (run.parameters | run.inputs)[key].grad
        direction = rng.normal(size=gradient.shape)
        step = 1e-5
        up, down = (arrays | {key: arrays[key] + sign * step * direction} for sign in (1, -1))
        numeric = (loss(up) - loss(down)) / (2 * step)
        np.testing.assert_allclose((gradient * direction).sum(), numeric, rtol=1e-6, atol=1e-8, err_msg=key)


def test_open_sizes_are_drawn_or_given(tmp_path):
    written(tmp_path / "one.onnx", "GRU", open_sizes=True)
    assert read_onnx(tmp_path / "one.onnx").inputs["X"].shape == (3, 2, 2)
    assert read_onnx(tmp_path / "one.onnx", sizes={"seq": 6, "batch": 4}).inputs["X"].shape == (6, 4, 2)


def test_weights_and_inputs_in_another_precision(tmp_path):
    written(tmp_path / "one.onnx", "LSTM")
    run = read_onnx(tmp_path / "one.onnx", dtype=np.float32)
    assert {p.dtype for p in run.parameters.values()} | {run.loss.dtype} == {np.dtype(np.float32)}


def test_again_on_other_inputs_with_the_same_parameters(tmp_path):
    arrays = written(tmp_path / "one.onnx", "RNN", open_sizes=True)
    run = read_onnx(tmp_path / "one.onnx", {"X": arrays["X"]})
    longer = np.concatenate([arrays["X"]] * 2)
    again = run.again(X=longer)
    assert again.parameters["W"] is run.parameters["W"]
    np.testing.assert_allclose(again.outputs["Y"].value[:5], run.outputs["Y"].value)


def test_the_whole_operator_passes_gradcheck(tmp_path):
    arrays = written(tmp_path / "one.onnx", "LSTM", P=True, T=3, m=2)
    run = read_onnx(tmp_path / "one.onnx", {"X": arrays["X"]})
    report = gradcheck(lambda x: (run.again(X=x).outputs["Y"] ** 2).sum(), arrays["X"])
    assert report.ok, str(report)


@pytest.mark.peers
@pytest.mark.parametrize(("kind", "options"), KNOWN_THERE, ids=str)
def test_outputs_are_those_of_onnxruntime(kind, options, tmp_path):
    """In float32, which is what it has; it refuses layout=1, and its clip leaves out the input of tanh(c)."""
    onnxruntime = pytest.importorskip("onnxruntime")
    written(tmp_path / "one.onnx", kind, **options)
    model = onnx.load(tmp_path / "one.onnx")
    for weight in model.graph.initializer:
        single = onnx.numpy_helper.to_array(weight).astype(np.float32)
        weight.CopyFrom(onnx.numpy_helper.from_array(single, weight.name))
    for value in [*model.graph.input, *model.graph.output]:
        if value.type.tensor_type.elem_type == onnx.TensorProto.DOUBLE:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    onnx.save(model, tmp_path / "single.onnx")
    run = read_onnx(tmp_path / "single.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "single.onnx")
    wanted = session.run(None, {key: getattr(value, "value", value) for key, value in run.inputs.items()})
    for found, other in zip(run.outputs.values(), wanted, strict=True):
        np.testing.assert_allclose(found.value, other, rtol=1e-5, atol=1e-6)
