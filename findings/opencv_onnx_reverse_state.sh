#!/usr/bin/env bash
# OpenCV 5.0.0, cv2.dnn on ONNX: a reverse LSTM has right outputs and a last state of one step; a reverse GRU runs forward.
#
# Guess: since a bidirectional LSTM and GRU agree with onnxruntime in every output, so does the reverse direction alone, or
#   readNetFromONNX refuses it, as it refuses the node RNN and most activations.
# Seen (opencv-python-headless 5.0.0.93, onnx 1.23.2, onnxruntime 1.32.0, models checked in full): of an LSTM with
#   direction="reverse" Y agrees to 1e-6, while Y_h and Y_c are those at the last time, the state after the first step
#   of the walk back instead of after all (off by 1 and more). A GRU with direction="reverse" gives, in Y and in Y_h, the
#   numbers of direction="forward". sequence_lens changes nothing: Y and the states are those of full length. No warning.
# An encoder hands on Y_h and nothing else, so the half that a test of the outputs passes over is the half that is used:
# the decoder is given the state of a network that has read one word.
# Whoever trains here and runs a file there takes it for a mistake in the backward direction of their own network.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PY'
import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

T, m, n_x, n = 5, 2, 3, 4
ROWS = {"LSTM": 4, "GRU": 3}


def both(op: str, direction: str, steps: slice = slice(None), lengths: list[int] | None = None) -> tuple[list, list]:
    """What onnxruntime and OpenCV give for one node: Y, Y_h and for an LSTM Y_c."""
    rng = np.random.default_rng(0)
    d, rows = 2 if direction == "bidirectional" else 1, ROWS[op] * n
    shapes = {"W": (d, rows, n_x), "R": (d, rows, n), "B": (d, 2 * rows), "h": (d, m, n), "c": (d, m, n)}
    arrays = {name: rng.standard_normal(shape).astype("float32") for name, shape in shapes.items()}
    x = rng.standard_normal((T, m, n_x)).astype("float32")[steps]
    inputs, outputs = ["x", "W", "R", "B", "", "h"], {"y": [len(x), d, m, n], "y_h": [d, m, n]}
    if lengths:
        arrays["lengths"], inputs[4] = np.array(lengths, np.int32), "lengths"
    if op == "LSTM":
        inputs, outputs = [*inputs, "c"], outputs | {"y_c": [d, m, n]}
    graph = helper.make_graph(
        [helper.make_node(op, inputs, list(outputs), hidden_size=n, direction=direction)],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items() if name in inputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")
    wanted = onnxruntime.InferenceSession("model.onnx").run(None, {"x": x})
    net = cv2.dnn.readNetFromONNX("model.onnx")
    net.setInput(x, "x")
    found = [np.array(a).reshape(b.shape) for a, b in zip(net.forward(list(outputs)), wanted)]
    return wanted, found


def off(one: list, other: list) -> list[float]:
    return [float(np.abs(a - b).max()) for a, b in zip(one, other)]


for op in ROWS:
    for direction in ("forward", "bidirectional"):
        assert max(off(*both(op, direction))) < 1e-5, f"{op} {direction} agreed"

wanted, found = both("LSTM", "reverse")
after_one, _ = both("LSTM", "reverse", slice(-1, None))
print("LSTM reverse, Y, Y_h and Y_c off by", [f"{by:.2g}" for by in off(wanted, found)])
assert off(wanted, found)[0] < 1e-5 and min(off(wanted, found)[1:]) > 0.1, "the last state is right now"
assert max(off(after_one, found)[1:]) < 1e-5, "it was the state after one step"

wanted, found = both("GRU", "reverse")
forward, _ = both("GRU", "forward")
print("GRU reverse, Y and Y_h off by", [f"{by:.2g}" for by in off(wanted, found)], "from forward", off(forward, found))
assert max(off(forward, found)) < 1e-5 and min(off(wanted, found)) > 0.1, "a reverse GRU runs backward now"

for op in ROWS:
    wanted, found = both(op, "forward", lengths=[5, 2])
    full, _ = both(op, "forward")
    print(op, "sequence_lens 5 and 2, off by", [f"{by:.2g}" for by in off(wanted, found)])
    assert max(off(full, found)) < 1e-5 and min(off(wanted, found)) > 0.1, "sequence_lens is honoured now"
print("as described")
PY
