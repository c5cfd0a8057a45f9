"""What functions of NumPy become in an ONNX file: values and gradients, by the file's own reader and by runtimes."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_seq.operations as ops
from autograd_seq import Parameter, Tensor, name, steps
from autograd_seq.core.errors import UsageError
from autograd_seq.exchange import write_onnx

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnx.reference")
X = np.random.default_rng(7).standard_normal((3, 4))
ROWS = Tensor(np.array([[True], [True], [False]]), "rows")

FORMS = {
    "logsumexp": lambda x: ops.logsumexp(x, axis=0),
    "logsumexp of all": lambda x: ops.logsumexp(x, axis=None),
    "logsumexp with its axis kept": lambda x: ops.logsumexp(x, axis=1, keepdims=True),
    "logsumexp of two axes": lambda x: ops.logsumexp(x, axis=(0, 1)),
    "logsumexp of the last axis": lambda x: ops.logsumexp(x, axis=-1),
    "logsumexp of huge numbers": lambda x: ops.logsumexp(1e3 * x, axis=0),
    "logaddexp.reduce": lambda x: np.logaddexp.reduce(x, axis=1),
    "logaddexp of what is masked": lambda x: np.logaddexp.reduce(np.where(ROWS, x, -1e30), axis=0),
    "logaddexp": lambda x: np.logaddexp(x, x * x),
    "a sum of what is masked": lambda x: np.sum(x, axis=0, where=ROWS),
    "the largest of what is masked": lambda x: np.max(x, axis=0, where=ROWS, initial=-9.0),
    "one or the other": lambda x: np.where(ROWS, x, x * x),
    "a rectified value": lambda x: np.maximum(0.0, x),
    "a condition": lambda x: np.where(x > 0, x, 0.1 * x),
}
PARTS = {
    "the last of an axis": lambda x: x[..., -1],
    "columns of the last axis": lambda x: x[..., 1:3],
    "an element of the first row": lambda x: x[0, ..., 2],
    "a new axis": lambda x: x[:, None, 1],
}


def computed(path, given):
    """What runtimes make of a file, by its outputs' names: ONNX's own reference, and onnxruntime where it is there."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    names = [output.name for output in model.graph.output]
    given = {i.name: given[i.name] for i in model.graph.input}
    try:
        yield dict(zip(names, onnx.reference.ReferenceEvaluator(model).run(None, given)))
    except RuntimeError as refusal:
        assert "Scan is not implemented" in str(refusal)  # backwards in time
    try:
        import onnxruntime
    except ImportError:
        return
    yield dict(zip(names, onnxruntime.InferenceSession(path).run(None, given)))


@pytest.mark.parametrize("form", FORMS)
def test_values_and_gradients_are_those_of_the_recording(form, tmp_path):
    x, W = Tensor(X, "x", requires_grad=True), Parameter(np.array([1.3]), "W")
    y = FORMS[form](W * x)
    weights = Tensor(np.cos(np.arange(y.size)).reshape(y.shape), "weights")
    loss = name((weights * y).sum(), "J")
    loss.backward()
    path = write_onnx(loss, tmp_path / "one.onnx", gradients=True)
    for found in computed(path, {"x": X, "rows": ROWS.value, "weights": weights.value}):
        np.testing.assert_allclose(found["J"], loss.value, rtol=1e-13)
        np.testing.assert_allclose(found["dx"], x.grad, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found["dW"], W.grad, rtol=1e-12)


@pytest.mark.parametrize("part", PARTS)
def test_parts_are_those_of_the_recording(part, tmp_path):
    x, W = Tensor(X, "x"), Parameter(np.array([1.3]), "W")
    loss = name((PARTS[part](W * x) ** 2).sum(), "J")
    for found in computed(write_onnx(loss, tmp_path / "one.onnx"), {"x": X}):
        np.testing.assert_allclose(found["J"], loss.value, rtol=1e-13)


def rectified(x, a, W):
    """Steps along the first axis, which ONNX's reference needs of a Scan."""
    for t in steps(4):
        a = name(np.maximum(0.0, W @ a + x[t]), "a")
    return name((a * a).sum(), "J")


@pytest.mark.parametrize("gradients", [False, True])
def test_a_first_state_that_asks_for_a_gradient_is_an_input(gradients, tmp_path):
    rng = np.random.default_rng(3)
    x, begin = rng.standard_normal((4, 3, 2)), rng.standard_normal((3, 2))
    a0, W = Tensor(begin, "a0", requires_grad=True), Parameter(0.4 * rng.standard_normal((3, 3)), "W")
    path = write_onnx(rectified(Tensor(x, "x"), a0, W), tmp_path / "one.onnx", gradients=gradients)
    model = onnx.load(path)
    assert {i.name for i in model.graph.input} == {"x", "a0"}
    assert [i.name for i in model.graph.initializer] == ["W"]
    other = Tensor(2 * begin - 1, "a0", requires_grad=True)  # a file holds no state of its own
    loss = rectified(Tensor(x, "x"), other, W)
    loss.backward()
    for found in computed(path, {"x": x, "a0": other.value}):
        np.testing.assert_allclose(found["J"], loss.value, rtol=1e-13)
        if gradients:
            np.testing.assert_allclose(found["da0"], other.grad, rtol=1e-12)
            np.testing.assert_allclose(found["dW"], W.grad, rtol=1e-12)


def test_a_first_state_that_is_learned_is_a_weight(tmp_path):
    a0, W = Parameter(np.ones((3, 2)), "a0"), Parameter(0.1 * np.eye(3), "W")
    path = write_onnx(rectified(Tensor(np.ones((4, 3, 2)), "x"), a0, W), tmp_path / "one.onnx", gradients=True)
    assert {i.name for i in onnx.load(path).graph.initializer} == {"a0", "W"}


@pytest.mark.parametrize("setting", [{"where": np.array([[True], [True], [False]])}, {"initial": 0.5}])
def test_what_logaddexp_does_not_take_is_said(setting):
    with pytest.raises(UsageError, match=next(iter(setting))):
        np.logaddexp.reduce(Tensor(X, "x", requires_grad=True), axis=0, **setting)


@pytest.mark.parametrize(
    "form",
    [lambda x: np.trace(x), lambda x: np.take_along_axis(x, np.argmax(x.value, axis=0)[None], 0), lambda x: x[::-1],
     lambda x: x[..., None], lambda x: x[[0, 2], [1, 3]], lambda x: np.logaddexp.accumulate(x, axis=0)],
)  # fmt: skip
def test_what_has_no_translation_is_refused_or_right(form, tmp_path):
    x, W = Tensor(X, "x", requires_grad=True), Parameter(np.array([1.3]), "W")
    loss = name((form(W * x) ** 2).sum(), "J")
    try:
        path = write_onnx(loss, tmp_path / "one.onnx")
    except UsageError as refusal:
        assert "cannot be written as ONNX" in str(refusal)
        return
    for found in computed(path, {"x": X}):
        np.testing.assert_allclose(found["J"], loss.value, rtol=1e-13)
