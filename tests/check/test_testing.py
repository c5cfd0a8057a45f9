"""assert_gradients and assert_proven: what they let pass, and what they say when they do not."""

import numpy as np
import pytest

import autograd_seq.operations as ops
from autograd_seq import Parameter, Tensor, relu, steps, tanh
from autograd_seq.testing import assert_backward, assert_gradients, assert_proven


@pytest.fixture
def wrong_tanh(monkeypatch):
    monkeypatch.setattr(ops.tanh, "vjp", [lambda g, y, x: g * (1 + y * y)])


def network():
    W, a = Parameter([[0.5, -0.2], [0.1, 0.3]], "Waa"), Tensor([[0.3], [0.7]], "a")
    for _ in steps(3):
        a = tanh(W @ a)
    return a.sum()


def test_what_is_right_passes_and_is_handed_back():
    assert assert_proven(network())["Waa"].status == "proven"
    assert assert_gradients(tanh, np.array([0.5, -1.0])).ok


def test_the_message_shows_the_place(wrong_tanh):
    with pytest.raises(AssertionError) as caught:
        assert_proven(network())
    for words in ("refuted", "operation tanh", "time 1", "test_testing.py", "a = tanh(W @ a)", "expected", "found"):
        assert words in str(caught.value)
    with pytest.raises(AssertionError) as caught:
        assert_gradients(lambda x: tanh(x * 2.0), np.array([0.5, -1.0]))
    for words in ("wrong gradients", "operation tanh", "test_testing.py", "tanh(x * 2.0)"):
        assert words in str(caught.value)


def test_what_is_less_than_proven_has_to_be_allowed():
    x = Parameter([0.0, 1.0], "x")
    with pytest.raises(AssertionError, match="not wholly proven"):
        assert_proven(relu(x).sum())
    assert assert_proven(relu(x).sum(), allow=("excluded",))["x"].status == "excluded"


def test_a_refutation_is_never_allowed(wrong_tanh):
    with pytest.raises(AssertionError, match="refuted"):
        assert_proven(network(), allow=("refuted", "checked"))


def test_a_wrong_backward_pass_fails_with_the_report():
    forward = lambda x: ({"y": tanh(x)}, x)
    right = lambda up, x: {"dx": up["y"] * (1 - np.tanh(x) ** 2)}
    assert assert_backward(forward, right, {"x": [0.5, -1.0]}).ok
    with pytest.raises(AssertionError, match=r"(?s)wrong gradients.*dx is wrong"):
        assert_backward(forward, lambda up, x: {"dx": -right(up, x)["dx"]}, {"x": [0.5, -1.0]})
    with pytest.raises(AssertionError, match="not returned: dx"):
        assert_backward(forward, lambda up, x: {}, {"x": [0.5, -1.0]})


def test_what_is_undecided_or_not_finite_fails_in_its_own_words():
    rng = np.random.default_rng(0)
    with pytest.raises(AssertionError, match="^undecided(.|\n)*not the same twice"):
        assert_gradients(lambda x: x * rng.random(2), np.array([0.5, -1.0]))
    with np.errstate(over="ignore"), pytest.raises(AssertionError, match="^gradients not finite"):
        assert_gradients(np.exp, np.array([800.0]))
