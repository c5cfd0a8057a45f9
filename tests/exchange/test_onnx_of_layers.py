"""Layers of PyTorch as ONNX files: outputs in onnxruntime, gradients of PyTorch; one layer, two, both directions."""

import numpy as np
import pytest
from exchange.runners import peer

from autograd_seq import Tensor, name, scope
from cells import Deep
from cells.exchange import gradients_as, load

onnx = pytest.importorskip("onnx", reason="ONNX files need the package onnx")
from autograd_seq.exchange import read_onnx, write_onnx  # noqa: E402

pytestmark = pytest.mark.peers
N_X, N_A, M, T = 3, 4, 2, 5
SHAPES = {"one": {}, "two": {"num_layers": 2}, "both": {"bidirectional": True},
          "two both": {"num_layers": 2, "bidirectional": True}}  # fmt: skip
LENGTHS = {"equal": None, "unequal": [3, 5]}
CASES = [(kind, shape, lengths) for kind in ("RNN", "LSTM", "GRU") for shape in SHAPES for lengths in LENGTHS]


@pytest.fixture
def torch():
    found = peer("torch")
    found.manual_seed(0)
    return found


def computed(torch, layer, x, delta, lengths):
    """Outputs (T, m, n) of PyTorch, with zeros behind the ends; gradients of Σ delta ∘ outputs by name."""
    pack, unpack = torch.nn.utils.rnn.pack_padded_sequence, torch.nn.utils.rnn.pad_packed_sequence
    given = torch.tensor(x, requires_grad=True)
    if lengths is None:
        y = layer(given)[0]
    else:
        y = unpack(layer(pack(given, torch.tensor(lengths), enforce_sorted=False))[0], total_length=len(x))[0]
    layer.zero_grad()
    (y * torch.tensor(delta)).sum().backward()
    found = {name: p.grad.numpy() for name, p in layer.named_parameters()}
    return y.detach().numpy(), found | {"x": given.grad.numpy()}


def data(steps, lengths, width):
    rng = np.random.default_rng(steps)
    x = rng.standard_normal((steps, M, N_X)).astype(np.float32)
    delta = rng.standard_normal((steps, M, width)).astype(np.float32)
    if lengths is not None:
        delta[np.arange(steps)[:, None] >= np.asarray(lengths)] = 0
    return x, delta


def loss_of(cell, x, delta, lengths):
    """Σ delta ∘ outputs, recorded; delta stands in the program as data of every step."""
    run = cell.unroll(Tensor(np.transpose(x, (2, 1, 0)).copy(), "x", dtype=np.float32), lengths=lengths)
    total = 0.0
    for t, a in enumerate(run.states["a"], start=1):
        with scope(time=t):
            d = Tensor(delta[t - 1].T.copy(), "delta", dtype=np.float32)
            total = total + name((a * d).sum(), "L")
    return name(total, "J")


def given_to(session, x, delta, lengths, width):
    """The inputs of a file: data of all steps, zeros for states."""
    arrays = {"x": np.transpose(x, (2, 1, 0)), "delta": np.transpose(delta, (2, 1, 0))}
    if lengths is not None:
        arrays["sequence_lens"] = np.array(lengths, np.int32)
    zeros = np.zeros((N_A, M), np.float32)
    return {value.name: arrays.get(value.name, zeros) for value in session.get_inputs()}


@pytest.mark.parametrize(("kind", "shape", "lengths"), CASES, ids=str)
def test_gradients_out_of_onnxruntime_are_those_of_pytorch(torch, kind, shape, lengths, tmp_path):
    """A runtime that cannot differentiate returns them, at other steps and lengths than were recorded."""
    onnxruntime = pytest.importorskip("onnxruntime")
    layer, at = getattr(torch.nn, kind)(N_X, N_A, **SHAPES[shape]), LENGTHS[lengths]
    cell, width = load(layer), N_A * (2 if "both" in shape else 1)
    loss = loss_of(cell, *data(4, at and [2, 4], width), at and [2, 4])
    session = onnxruntime.InferenceSession(write_onnx(loss, tmp_path / "one.onnx", gradients=True))
    names = [output.name for output in session.get_outputs()]
    x, delta = data(T, at, width)
    found = dict(zip(names, session.run(None, given_to(session, x, delta, at, width)), strict=True))
    y, wanted = computed(torch, layer, x, delta, at)
    np.testing.assert_allclose(found["J"], (y * delta).sum(), rtol=1e-5, atol=1e-5)
    for place, key, p in parameters(cell):
        p.grad = found[f"d{key}{place}"]
    for key, gradient in gradients_as(cell, "torch").items():
        np.testing.assert_allclose(gradient, wanted[key], rtol=1e-4, atol=1e-5, err_msg=key)


def parameters(cell):
    """Each parameter with what a file adds to its name."""
    for n, one in enumerate(cell.layers if isinstance(cell, Deep) else [cell], start=1):
        layer = f"_layer{n}" if isinstance(cell, Deep) else ""
        for way in ("forward", "backward") if one.looks_ahead else ("",):
            part = getattr(one, way) if way else one
            for key, p in part.parameters.items():
                yield f"_{way}" * bool(way) + layer, key, p


@pytest.mark.parametrize(("kind", "shape"), [(k, s) for k in ("RNN", "LSTM", "GRU") for s in SHAPES], ids=str)
def test_what_pytorch_exports_of_its_layers(torch, kind, shape, tmp_path):
    """With its operators: outputs of onnxruntime, the gradient of x of PyTorch."""
    onnxruntime = pytest.importorskip("onnxruntime")
    layer, width = getattr(torch.nn, kind)(N_X, N_A, **SHAPES[shape]), N_A * (2 if "both" in shape else 1)
    x, delta = data(T, None, width)
    path = tmp_path / "layer.onnx"
    with pytest.warns():  # that this exporter is the older one
        torch.onnx.export(layer, (torch.tensor(x),), path, input_names=["x"], output_names=["y"], dynamo=False)
    run = read_onnx(path, {"x": x}, loss=lambda y: (y["y"] * delta).sum())
    assert [cell.kind for cell in run.cells] == [kind] * {"one": 1, "two": 2, "both": 2, "two both": 4}[shape]
    (y, *_) = onnxruntime.InferenceSession(path).run(None, {"x": x})
    np.testing.assert_allclose(run.outputs["y"].value, y, rtol=1e-5, atol=1e-6)
    run.loss.backward()
    wanted = computed(torch, layer, x, delta, None)[1]
    np.testing.assert_allclose(run.inputs["x"].grad, wanted["x"], rtol=1e-4, atol=1e-5)
