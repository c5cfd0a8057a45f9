"""Plans as JAX programs of what is read in parts, by indices that are others at each step."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import autograd_seq.numpy as recorded_np
from autograd_seq import Parameter, compile, log_softmax, stack, take, tanh, where
from autograd_seq import sum as total
from autograd_seq.plan.writing import jax_run

pytestmark = pytest.mark.skipif(not jax_run.available(), reason="JAX is not installed: pip install 'autograd-seq[jax]'")
RNG = np.random.default_rng(0)
SHAPES = {"W": (4, 4), "U": (4, 3), "E": (4, 6), "P": (4, 9), "Q": (9, 4, 1)}
W = {key: Parameter(0.4 * RNG.standard_normal(shape), key) for key, shape in SHAPES.items()}
TOKENS = RNG.integers(6, size=(5, 9))
X = RNG.standard_normal((3, 5, 9))


def run(x: Any, more: Any = lambda h, t: 0.0, seen: Any = lambda h, t: h * h, steps: Any = None) -> Any:
    """The loss of an RNN to which something is added before tanh, and of which something is seen."""
    h, loss = np.zeros((4, x.shape[1])), 0.0
    for t in range(x.shape[2] if steps is None else steps):
        h = tanh(W["W"] @ h + W["U"] @ x[:, :, t] + more(h, t))
        loss = loss + total(seen(h, t))
    return loss


def embedded(x: Any, k: Any) -> Any:
    return run(x, lambda h, t: take(W["E"], k[:, t], axis=1))


def embedded_by_index(x: Any, k: Any) -> Any:
    return run(x, lambda h, t: W["E"][:, k[:, t]])


def embedded_one_by_one(x: Any, k: Any) -> Any:
    return run(x, lambda h, t: stack([W["E"][:, k[i, t]] for i in range(x.shape[1])], axis=1))


def columns_from_data(x: Any, k: Any) -> Any:
    return run(x, lambda h, t: W["E"][:, k[0, t] : k[0, t] + 1])


def picked(x: Any, k: Any) -> Any:
    m = np.arange(x.shape[1])
    return run(x, seen=lambda h, t: -log_softmax(h, axis=0)[k[:, t] % 4, m])


def masked(x: Any, k: Any) -> Any:
    return run(x, seen=lambda h, t: h[:, k[:, t] > 2] * h[np.array([True, False, False, False])][:, :1])


def some_examples(x: Any) -> Any:
    return run(x, seen=lambda h, t: h[1:, 1:] * x[:, 1:, t])


def one_feature(x: Any) -> Any:
    return run(x, seen=lambda h, t: h[:, 1:] * x[0, 1:, t])


def features_in_another_order(x: Any) -> Any:
    return run(x, seen=lambda h, t: h[1:] * x[[2, 0, 1], :, t])


def the_step_behind(x: Any) -> Any:
    return run(x, seen=lambda h, t: h[:3] * x[..., t + 1], steps=x.shape[2] - 1)


def columns_of_a_parameter(x: Any) -> Any:
    return run(x, lambda h, t: W["P"][:, t : t + 1] + W["P"][:, t][:, None] * W["Q"][t])


def pieces_of_a_parameter(x: Any) -> Any:
    return run(x, lambda h, t: W["P"][[0, 2, 1, 3], t][:, None] + W["P"][1, t : t + 2][:1], steps=x.shape[2] - 1)


def with_a_new_axis(x: Any) -> Any:
    return run(x, lambda h, t: W["P"][:, None, t] * W["Q"][t, ..., None][..., 0])


def windows(x: Any) -> Any:
    return run(x, lambda h, t: W["U"] @ total(x[:, :, t : t + 2], axis=2), steps=x.shape[2] - 1)


def within_the_loop(x: Any) -> Any:
    return run(x, lambda h, t: (W["W"] @ h) * h[t : t + 1] + h[t], steps=4)


def within_the_loop_from_data(x: Any, k: Any) -> Any:
    return run(x, lambda h, t: h[k[0, t] % 4] + h[k[:2, t] % 4][:1])


def examples_in_another_order(x: Any, k: Any) -> Any:
    return run(x, lambda h, t: h[:, k[:, t] % 5] + h[:, ::-1])


def of_what_was_computed_for_all_steps(x: Any) -> Any:
    every = tanh(recorded_np.einsum("ij,jmt->imt", W["U"], x))
    return run(x, lambda h, t: every[:, :, t] + every[1, ::2, t][0])


def of_stacked_states(x: Any) -> Any:
    h, states = np.zeros((4, x.shape[1])), []
    for t in range(x.shape[2]):
        h = tanh(W["W"] @ h + W["U"] @ take(x, t, axis=2))
        states.append(h)
    every = stack(states, axis=2)
    return sum(total(every[:, 1:, t] ** 2) for t in range(x.shape[2]))


def written_into(x: Any) -> Any:
    every = recorded_np.zeros((4, x.shape[1], x.shape[2] + 1))
    for t in range(x.shape[2]):
        every[:, :, t + 1] = tanh(W["W"] @ every[:, :, t] + W["U"] @ x[:, :, t])
    return total(every**2)


def replaced_at_each_step(x: Any) -> Any:
    def seen(h: Any, t: Any) -> Any:
        other = h.copy()
        other[1:3] = h[:2] * 2.0
        return other**2

    return run(x, seen=seen)


def by_what_data_say(x: Any) -> Any:
    return run(x, seen=lambda h, t: where(x[0, :, t] > 0, h, 0.1 * h)[:, 1:])


def names_of_functions(x: Any) -> Any:
    x0 = total(W["U"])
    index = x0 * 2.0
    return run(x, lambda h, t: x0 * W["P"][:, t : t + 1] * index, lambda h, t: h[::2] * x0 + take(h, [1, 2], axis=0))


WITH_TOKENS = [
    embedded, embedded_by_index, embedded_one_by_one, columns_from_data, picked, masked, within_the_loop_from_data,
    examples_in_another_order,
]  # fmt: skip
FOR_ANY_SIZE = [
    some_examples, one_feature, the_step_behind, columns_of_a_parameter, windows, of_stacked_states, by_what_data_say,
    with_a_new_axis,
]  # fmt: skip
OTHERS = [
    features_in_another_order, pieces_of_a_parameter, within_the_loop, of_what_was_computed_for_all_steps,
    written_into, replaced_at_each_step, names_of_functions,
]  # fmt: skip


def both(loss: Any, *arrays: Any) -> Any:
    """A plan of JAX's, after its results were compared with NumPy's."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan = compile(loss, W, engine="jax")
        J, gradients = plan(*arrays)
    wanted, slopes = compile(loss, W)(*arrays)
    assert float(J) == pytest.approx(float(wanted), rel=1e-12)
    assert set(gradients) == set(slopes)
    for key, slope in slopes.items():
        np.testing.assert_allclose(gradients[key], slope, rtol=1e-10, atol=1e-12)
    return plan


@pytest.mark.parametrize("loss", [*FOR_ANY_SIZE, *OTHERS], ids=lambda f: f.__name__)
def test_gradients_are_those_of_numpys_program(loss: Any) -> None:
    plan = both(loss, X)
    assert ("for these sizes only" not in plan.explain()) or loss not in FOR_ANY_SIZE
    both(loss, X[:, :4, :6])


@pytest.mark.parametrize("loss", WITH_TOKENS, ids=lambda f: f.__name__)
def test_gradients_of_what_integers_choose(loss: Any) -> None:
    both(loss, X, TOKENS)
    both(loss, X, TOKENS[::-1])


def test_parts_of_all_steps_are_read_and_added_at_once() -> None:
    assert "x[:, 1:, " in both(some_examples, X).source
    text = both(embedded_by_index, X, TOKENS).source
    assert "vmap" not in text and "stack" not in text and text.count(".add(") == 1  # one sum for the gradient of E


def test_slices_beyond_the_end_and_from_the_end() -> None:
    both(lambda x: run(x, lambda h, t: total(W["P"][:, t - 9 :], axis=1)[:, None], steps=4), X)
    both(lambda x: run(x, lambda h, t: W["P"][:, t - 9][:, None] + W["P"][:, -t][:, None]), X)
    both(lambda x: run(x, lambda h, t: total(W["P"][:, t : t + 20 : 30], axis=1)[:, None]), X)
