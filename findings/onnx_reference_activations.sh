#!/usr/bin/env bash
# onnx 1.23.2, ReferenceEvaluator on LSTM, GRU and RNN: activations, clip and input_forget change nothing.
#
# Guess: the evaluator that comes with the format computes what the operator's text says, or refuses an attribute that it
#   has not got, as its RNN does with activations other than Tanh and Affine.
# Seen (onnx 1.23.2, onnxruntime 1.32.0): valid models (checked in full) with LSTM's activations, clip or input_forget, GRU's
#   activations or clip, RNN's clip are computed as if these were not there, without a word: 0.09 to 5.3 from onnxruntime in float32,
#   while the same models without them agree to 1e-6. Only RNN with another activation raises RuntimeError.
# An exporter that is tested against the reference alone may lose hard-sigmoid gates without a sign.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

T, m, n_x, n = 5, 2, 3, 4
ROWS = {"LSTM": 4, "GRU": 3, "RNN": 1}


def apart(op: str, **attributes: object) -> float:
    """How far the reference is from onnxruntime on one node."""
    rng = np.random.default_rng(0)
    rows = ROWS[op] * n
    weights = {"W": (1, rows, n_x), "R": (1, rows, n), "B": (1, 2 * rows)}
    arrays = {name: rng.standard_normal(shape).astype("float32") for name, shape in weights.items()}
    x = 2 * rng.standard_normal((T, m, n_x)).astype("float32")
    node = helper.make_node(op, ["x", "W", "R", "B"], ["y"], hidden_size=n, **attributes)
    graph = helper.make_graph(
        [node], "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [T, m, n_x])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [T, 1, m, n])],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    (wanted,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    (got,) = ReferenceEvaluator(model).run(None, {"x": x})
    return float(np.abs(got - wanted).max())


for op in ROWS:
    assert apart(op) < 1e-6, f"{op} without attributes differs"
assert apart("GRU", linear_before_reset=1) < 1e-5, "linear_before_reset was honoured before"
for op, attributes in [
    ("LSTM", {"activations": ["HardSigmoid", "Tanh", "Tanh"]}),
    ("LSTM", {"activations": ["Sigmoid", "Relu", "Relu"]}),
    ("LSTM", {"clip": 0.5}),
    ("LSTM", {"input_forget": 1}),
    ("GRU", {"activations": ["Sigmoid", "Relu"]}),
    ("GRU", {"clip": 0.5}),
    ("RNN", {"clip": 0.5}),
]:
    off = apart(op, **attributes)
    print(f"{op} {attributes}: off by {off:.2g}")
    assert off > 0.04, f"{op} {attributes} is honoured now"
try:
    apart("RNN", activations=["Relu"])
except RuntimeError as error:
    print("RNN with Relu:", error)
else:
    raise AssertionError("RNN with Relu no longer raises")
print("as described")
PY
