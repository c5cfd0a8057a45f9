"""Inputs of a check that a table asks for: labels and one-hots are drawn, and no gradient is asked of them."""

import numpy as np
import pytest

from autograd_seq import check_backward


def softmax(x):
    p = np.exp(x)
    return p / p.sum(axis=0)


def of_labels(x, labels):
    """Labels that are rounded before they are an index."""
    p = softmax(x)
    chosen = np.asarray(labels, int)
    return {"J": -np.log(p[chosen, np.arange(len(chosen))]).sum()}, (p, chosen)


def back_from_labels(upstream, cache):
    p, chosen = cache
    dx = p.copy()
    dx[chosen, np.arange(len(chosen))] -= 1
    return {"dx": dx * upstream["J"]}


def of_one_hot(x, Y):
    p = softmax(x)
    return {"J": -(Y * np.log(p)).sum()}, (p, Y)


def back_from_one_hot(upstream, cache):
    p, Y = cache
    return {"dx": (p - Y) * upstream["J"]}


@pytest.mark.parametrize("labels", [{"integers": ("m",), "below": 4}, {"value": [0, 3, 1, 2, 3, 0, 1]}])
def test_labels_are_an_index(labels):
    report = check_backward(of_labels, back_from_labels, {"x": (4, "m"), "labels": labels})
    assert report.ok and list(report.gradients) == ["dx"], str(report)


def test_labels_that_are_rounded_are_whole_numbers():
    report = check_backward(of_labels, back_from_labels, {"x": (4, 3), "labels": np.array([0, 1, 1])})
    assert report.ok and list(report.gradients) == ["dx"], str(report)
    assert "labels is not checked: it is used as a whole number" in report.warnings[-1]
    assert "the recorded forward pass" in str(report)  # and not differences between floats that are no labels


@pytest.mark.parametrize("kind", ["one_hot", "probabilities"])
def test_targets_are_drawn_as_such_and_need_no_gradient(kind):
    inputs = {"x": (4, "m"), "Y": {kind: (4, "m")}}
    assert list(check_backward(of_one_hot, back_from_one_hot, inputs).gradients) == ["dx"]
    both = check_backward(
        of_one_hot, lambda up, cache: back_from_one_hot(up, cache) | {"dY": np.log(cache[0]) * up["J"]}, inputs
    )
    assert both.wrong == ["dY"] and not both.missing  # what is returned is compared: the sign is another


def test_a_long_sequence_has_as_many_labels():
    def forward(x, labels):
        return {"J": (x[labels, np.arange(x.shape[1])] ** 2).sum()}, (x, labels)

    def backward(upstream, cache):
        x, labels = cache
        dx = np.zeros_like(x)
        for t in range(min(x.shape[1], 20)):  # it stops early
            dx[labels[t], t] = 2 * x[labels[t], t] * upstream["J"]
        return {"dx": dx}

    report = check_backward(forward, backward, {"x": (3, "T"), "labels": {"integers": ("T",), "below": 3}})
    assert not report.ok, str(report)


def test_positive_numbers_stay_positive():
    def forward(x):
        return {"y": np.log(x)}, x

    assert check_backward(forward, lambda up, x: {"dx": up["y"] / x}, {"x": {"positive": ("n", "m")}}).ok
