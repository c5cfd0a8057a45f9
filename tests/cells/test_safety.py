"""Losses of sequences, clipping, and where a NaN began."""

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, binary_cross_entropy, differentiate, log, name, steps
from autograd_seq.core.errors import AutogradError, GradientError, ShapeError, UsageError, ValueRangeError
from autograd_seq.learning import losses
from autograd_seq.learning.clipping import clip_by_element, clip_by_global_norm, clip_by_norm, global_norm
from autograd_seq.readings.nonfinite import first_nonfinite
from cells import LSTM, RNN, Bidirectional, Readout


@pytest.fixture
def gradients():
    rng = np.random.default_rng(0)
    return {"Waa": rng.standard_normal((3, 3)), "ba": rng.standard_normal((3, 1)) * 10, "by": np.zeros(2)}


def test_clipping_by_element(gradients):
    for key, g in clip_by_element(gradients, 0.5).items():
        np.testing.assert_array_equal(g, np.maximum(np.minimum(gradients[key], 0.5), -0.5))


def test_clipping_by_norm_keeps_each_direction(gradients):
    clipped = clip_by_norm(gradients, 4.0)
    assert np.linalg.norm(gradients["Waa"]) < 4 < np.linalg.norm(gradients["ba"])
    np.testing.assert_array_equal(clipped["Waa"], gradients["Waa"])
    assert np.linalg.norm(clipped["ba"]) == pytest.approx(4)
    ratio = clipped["ba"] / gradients["ba"]
    np.testing.assert_allclose(ratio, ratio[0, 0])


def test_clipping_by_global_norm_keeps_the_whole_direction(gradients):
    whole = np.concatenate([g.ravel() for g in gradients.values()])
    assert global_norm(gradients) == pytest.approx(np.linalg.norm(whole), rel=1e-14)
    clipped = np.concatenate([g.ravel() for g in clip_by_global_norm(gradients, 2.0).values()])
    np.testing.assert_allclose(clipped, whole * 2 / np.linalg.norm(whole), rtol=1e-13)
    same = clip_by_global_norm(gradients, 1e6)
    assert all((same[key] == gradients[key]).all() for key in gradients)


def test_norms_of_huge_numbers_do_not_overflow():
    huge = [np.array([3e200, 4e200])]
    assert global_norm(huge) == pytest.approx(5e200)
    np.testing.assert_allclose(clip_by_global_norm(huge, 1.0)[0], [0.6, 0.8])
    small = [np.full(10, 1e30, np.float32)]
    assert global_norm(small) == pytest.approx(1e30 * np.sqrt(10), rel=1e-6)
    assert clip_by_norm(small, 1.0)[0].dtype == np.float32


def test_clipping_of_parameters_replaces_their_gradients():
    cell = LSTM(2, 3, seed=0)
    with pytest.raises(GradientError, match="backward"):
        clip_by_global_norm(cell.parameters, 1.0)
    (cell.unroll(np.ones((2, 1, 4))).final["a"] * 100).sum().backward()
    before = global_norm(cell.parameters)
    clip_by_global_norm(cell.parameters, 1.0)
    assert before > 1 and global_norm(cell.parameters) == pytest.approx(1)


def test_clipping_refuses():
    for clip in (clip_by_element, clip_by_norm, clip_by_global_norm):
        with pytest.raises(ValueRangeError, match="above 0"):
            clip([np.ones(2)], 0)
        with pytest.raises(ValueRangeError, match="above 0"):
            clip([np.ones(2)], float("nan"))
        with pytest.raises(UsageError, match="ndarray"):
            clip(np.ones(2), 1.0)
    for clip in (clip_by_norm, clip_by_global_norm):
        with pytest.raises(ValueRangeError, match="first_nonfinite"):
            clip([np.array([np.inf])], 1.0)


def test_losses_of_sequences():
    rng = np.random.default_rng(1)
    p, y = rng.random((3, 2, 4)), (rng.random((3, 2, 4)) < 0.5) * 1.0
    steps_ = [Tensor(p[t], requires_grad=True) for t in range(3)]
    expected = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))
    assert losses.binary_cross_entropy(steps_, list(y)).item() == pytest.approx(expected, rel=1e-14)
    mean = losses.binary_cross_entropy(steps_, list(y), reduction="mean")
    assert mean.item() == pytest.approx(expected / 4, rel=1e-14)
    mean.backward()
    np.testing.assert_allclose(steps_[1].grad, (p[1] - y[1]) / (p[1] * (1 - p[1])) / 4, rtol=1e-12)
    q = p / p.sum(axis=1, keepdims=True)
    one = losses.categorical_cross_entropy(Tensor(q[0]), y[0])
    assert one.item() == pytest.approx(-np.sum(y[0] * np.log(q[0])), rel=1e-14)
    assert losses.squared_error(Tensor(p[0]), y[0]).item() == pytest.approx(np.sum((p[0] - y[0]) ** 2))
    z = rng.standard_normal((2, 4)) * 3
    logits = losses.binary_cross_entropy_from_logits(Tensor(z), y[0])
    assert logits.item() == pytest.approx(losses.binary_cross_entropy(Tensor(1 / (1 + np.exp(-z))), y[0]).item())
    for wrong in (
        lambda: losses.squared_error(steps_, list(y)[:2]),
        lambda: losses.squared_error([], []),
        lambda: losses.squared_error(steps_[0], y[0][:1]),
        lambda: losses.squared_error(steps_[0], y[0], reduction="max"),
    ):
        with pytest.raises(AutogradError):
            wrong()


def test_a_run_takes_losses_and_operations_alike():
    x, y = np.ones((2, 3, 4)), np.ones((1, 3, 4))
    run = Readout(3, 1, "sigmoid", seed=1)(RNN(2, 3, seed=0).unroll(x, lengths=[4, 1, 2]))
    one = run.measure(y, binary_cross_entropy).item()
    assert run.measure(y, losses.binary_cross_entropy).item() == one
    assert losses.binary_cross_entropy(run.outputs, [y[:, :, t] for t in range(4)]).item() > one  # counts padding too


def test_first_nonfinite_in_time():
    w, a = Parameter([[2.0]], "w"), Tensor([[40.0]])
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in steps(6):
            a = name(log(a) * w, "a")  # 7.4, 4.0, 2.8, 2.0, 1.4, 0.7
    assert first_nonfinite(a) is None
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in steps(3):
            a = name(log(a) * w, "a")
    found = first_nonfinite(a)
    assert (found.record.operation.name, found.scope.time, found.count) == ("log", 2, 1)
    assert np.isnan(found.value) and found.element == (0, 0)
    assert "log" in str(found) and "time step 2" in str(found) and "test_safety.py" in str(found)


def test_first_nonfinite_names_layer_direction_and_given_values():
    cell = Bidirectional(LSTM(2, 3, seed=0), LSTM(2, 3, seed=1))
    x = np.zeros((2, 1, 4))
    x[1, 0, 2] = np.inf
    with np.errstate(invalid="ignore"):
        run = cell.unroll(x)
    found = first_nonfinite(run.graph)
    assert found.record is run.inputs[2].record and found.scope.time == 3 and found.element == (1, 0)


def test_first_nonfinite_in_the_backward_pass():
    w, a = Parameter([[4e38]], "w", dtype=np.float64), Tensor([[1e-300]])
    for _ in steps(9):
        a = name(a * w, "a")
    with np.errstate(over="ignore", invalid="ignore"):
        recording = differentiate(a.sum())
    assert first_nonfinite(recording.forward) is None
    found = first_nonfinite(recording)
    assert found.value == np.inf and found.scope.time == 2  # w**8 overflows on the way from a<2> back to a<1>
    with pytest.raises(UsageError):
        first_nonfinite(3)


def test_shapes_of_targets_are_checked():
    run = Readout(3, 1, "sigmoid", seed=1)(RNN(2, 3, seed=0).unroll(np.ones((2, 3, 4))))
    with pytest.raises(ShapeError, match="n_y, m, T"):
        run.measure(np.ones((1, 3)), binary_cross_entropy)
