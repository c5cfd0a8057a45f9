"""What changes in steps, between a loss and its weights: the error names it, and says what a network learns from."""

import numpy as np
import pytest

from autograd_seq import GradientError, Parameter, Tensor, UsageError, differentiate, grad, stop_gradient


@pytest.mark.parametrize(
    ("count", "through"),
    [
        (lambda W: np.sum(np.sign(W)), r"np\.sign\(W\)"),
        (lambda W: np.mean(W > 0), "W > 0"),
        (lambda W: np.sum(np.argmax(np.tanh(W), axis=0)), r"np\.argmax\(np\.tanh\(W\), axis=0\)"),
        (lambda W: np.mean(np.argmax(W, axis=0) == np.array([0, 1])), r"np\.argmax\(W, axis=0\)"),
        (lambda W: W.astype(int).sum(), r"W\.astype\(int\)"),
        (lambda W: np.sum(np.where(W > 0, 1.0, 0.0)), "W > 0"),
        (lambda W: np.sum(np.tanh(np.sign(W))) ** 2, r"np\.sign\(W\)"),
        (lambda W: np.isnan(W).sum() * 1.0, r"np\.isnan\(W\)"),
        (lambda W: np.sum(stop_gradient(W)), r"stop_gradient\(W\)"),
    ],
)
def test_what_changes_in_steps_is_named_where_it_stands_between_a_loss_and_its_weights(count, through):
    W = Parameter([[1.5, -2.0], [0.3, 2.0]], "W")
    loss = count(W)
    for ask in (lambda: grad(loss, W), loss.backward, lambda: differentiate(loss)):
        with pytest.raises(GradientError, match=rf"depends on W by way of {through} \(\w+\.py:\d+\)") as told:
            ask()
        assert "cross-entropy" in str(told.value) and "requires a gradient" not in str(told.value)


def test_a_loss_of_no_weights_at_all_is_told_to_have_some():
    for loss in (Tensor(3.0), np.sum(np.sign(Tensor([1.0, 2.0])))):
        with pytest.raises(GradientError, match="requires a gradient: make the weights Parameter"):
            loss.backward()


@pytest.mark.parametrize("rounded", [np.floor, np.round, lambda W: W // 1.0, np.argsort])
def test_rounded_numbers_are_said_to_be_plain(rounded):
    W = Parameter([[1.5, -2.0], [0.3, 2.0]], "W")
    with pytest.raises(UsageError, match="which give plain numbers"):
        grad(np.sum(rounded(W)), W)
