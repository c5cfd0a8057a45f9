"""Every library, cell, shape and length: outputs, final states and all gradients agree, loaded and saved."""

import numpy as np
import pytest
from cells_by_hand.networks import randomised
from exchange.runners import N_A, N_X, RUNNERS, M, Seeds, T

from autograd_seq import Tensor
from cells import Deep
from cells.exchange import gradients_as, load, save

pytestmark = pytest.mark.peers
LENGTHS = {"equal": None, "unequal": [3, 5]}
CASES = [
    pytest.param(library, kind, shape, lengths, id=f"{library}-{kind}-{shape}-{lengths}")
    for library, runner in RUNNERS.items()
    for kind in runner.kinds
    for shape in runner.shapes
    for lengths in (LENGTHS if runner.lengths else ["equal"])
]


def final_states(run):
    """Final states as PyTorch stacks them: for a and, in an LSTM, c: (layers and directions, n_a, m)."""
    ends = []
    for layer in run.layers or [run]:
        ends += [layer.directions[d].final for d in ("forward", "backward")] if layer.directions else [layer.final]
    return [[end[key] for end in ends] for key in (["a", "c"] if "c" in ends[0] else ["a"])]


def seeds_for(cell, x, lengths, rng):
    directions = 2 if cell.looks_ahead else 1
    layers = len(cell.layers) if isinstance(cell, Deep) else 1
    outputs = rng.standard_normal((cell.n_a, M, T)).astype(x.dtype)
    if lengths:
        outputs[:, np.arange(T) >= np.asarray(lengths)[:, None]] = 0
    n_a = cell.n_a // directions
    shapes = [(layers * directions, n, M) for n in (n_a, N_A)]  # of a, and of c, which a may be a projection of
    return Seeds(outputs, [rng.standard_normal(shape).astype(x.dtype) for shape in shapes])


def ours(cell, x, lengths, seeds):
    given = Tensor(x, "x", requires_grad=True, dtype=x.dtype)
    run = cell.unroll(given, lengths=lengths)
    final = final_states(run)
    total = sum((a * seeds.outputs[:, :, t]).sum() for t, a in enumerate(run.states["a"]))
    is_lstm = "c_tilde" in {r.name for r in total.graph} and "Gamma_o" in {r.name for r in total.graph}
    final = final if is_lstm else final[:1]
    total = total + sum((e * s[k]).sum() for each, s in zip(final, seeds.final) for k, e in enumerate(each))
    total.backward()
    outputs = np.stack([a.value for a in run.states["a"]], axis=2)
    return outputs, [np.stack([e.value for e in each]) for each in final], given.grad


def as_cell(loaded):
    return Deep(list(loaded.values())) if isinstance(loaded, dict) else loaded


def agree(runner, module, cell, x, lengths, seeds, tolerance):
    outputs, final, dx = ours(cell, x, lengths, seeds)
    there = runner.run(module, x, lengths, seeds)
    running = np.ones((M, T), bool) if lengths is None else np.arange(T) < np.asarray(lengths)[:, None]
    close = dict(rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(outputs[:, running], there.outputs[:, running], **close)
    assert len(final) == len(there.final)
    for here, theirs in zip(final, there.final):
        np.testing.assert_allclose(here, theirs, **close)
    np.testing.assert_allclose(dx, there.dx, **close)
    gradients = gradients_as(cell, runner.library, runner.written)
    if isinstance(there.gradients, list):  # in order, as Keras hands weights over
        there.gradients = dict(zip(gradients, there.gradients, strict=True))
    assert set(gradients) == set(there.gradients)
    for key, gradient in gradients.items():
        np.testing.assert_allclose(gradient, there.gradients[key], err_msg=key, **close)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("library", "kind", "shape", "lengths"), CASES)
def test_both_compute_the_same(library, kind, shape, lengths, dtype):
    runner, lengths, rng = RUNNERS[library](), LENGTHS[lengths], np.random.default_rng(7)
    runner.kind = kind
    runner.written = "OptimizedLSTMCell" if kind == "OptimizedLSTM" else None
    tolerance = 1e-9 if dtype == "float64" else 1e-5
    if "hard" in kind:  # PyTorch rounds the 1/6 in the gradient of hardsigmoid to float32
        tolerance = max(tolerance, 1e-6)
    module = runner.make(kind, shape, dtype)
    source = runner.source(module) if hasattr(runner, "source") else module
    told = {}
    if kind.startswith("RNN") and library in ("keras", "flax.linen", "haiku") and not hasattr(source, "get_config"):
        activation = (kind.split() + ["tanh"])[1]
        told = {"activation_fn" if library == "flax.linen" else "activation": activation}
    if library == "keras" and "two" in shape and "GRU" in kind:
        told = {"reset_after": kind != "GRU before"}
    if library == "keras" and "two" in shape and "hard" in kind:
        told["recurrent_activation"] = "hard_sigmoid"
    cell = as_cell(load(source, library, **told))
    x = rng.standard_normal((N_X, M, T)).astype(dtype)
    assert cell.dtype == dtype
    seeds = seeds_for(cell, x, lengths, rng)
    agree(runner, module, cell, x, lengths, seeds, tolerance)

    other = randomised(cell, rng)
    if library == "flax.nnx" and kind == "GRU":
        for key, p in other.parameters.items():
            p.value = p.value * (0 if "bca" in key else 1)
    module = runner.put(module, save(other, library, runner.written))
    agree(runner, module, other, x, lengths, seeds, tolerance)

