"""docs/conventions.md says what is so, here and in the libraries that are installed; a change in one of them shows."""

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from exchange.runners import VERSIONS, peer

import autograd_seq as seq
from autograd_seq import Tensor, grad
from cells.exchange.libraries import LIBRARIES

PAGE = (Path(__file__).parents[2] / "docs" / "conventions.md").read_text(encoding="utf-8")
TABLE = PAGE[PAGE.index("## Derivatives at special points") :]
ROWS = {c[0]: c[1:4] for c in ([x.strip() for x in line.split("|")[1:-1]] for line in TABLE.splitlines()[4:] if line)}
HERE = {
    "relu at 0": (seq.relu, [0.0]),
    "abs at 0": (np.abs, [0.0]),
    "maximum at a tie": (np.maximum, [1.0], [1.0]),
    "max of [1, 3, 3]": (np.max, [1.0, 3.0, 3.0]),
    "clip at a bound": (lambda x: np.clip(x, 0, 1), [1.0]),
    "sqrt at 0": (np.sqrt, [0.0]),
    "norm of [0, 0]": (np.linalg.norm, [0.0, 0.0]),
    "x^y at 0, 0": (lambda x, y: x**y, [0.0], [0.0]),
    "prod of [2, 0, 3]": (np.prod, [2.0, 0.0, 3.0]),
    "cumprod of [2, 0, 3, 4], summed": (np.cumprod, [2.0, 0.0, 3.0, 4.0]),
    "std of [1, 1]": (np.std, [1.0, 1.0]),
    "arctan2 at 0, 0": (np.arctan2, [0.0], [0.0]),
}


def read(said):
    signs = {"½": 0.5, "∞": math.inf, "−∞": -math.inf, "nan": math.nan}
    return [signs[word] if word in signs else float(word) for word in said.split(", ")]


def check(found, said):
    np.testing.assert_array_equal(np.concatenate([np.ravel(f) for f in found]), read(said))


@pytest.mark.parametrize("row", HERE)
def test_derivatives_here(row):
    function, *points = HERE[row]
    inputs = [Tensor(p, requires_grad=True) for p in points]
    with np.errstate(all="ignore"):
        check(grad(function(*inputs).sum(), inputs), ROWS[row][0])


CLIPPED = [(1e20, 1.0, 0.5**0.5), (1e-25, 5e-26, 0.5**0.5 * 5e-26)]


@pytest.mark.parametrize(("element", "limit", "right"), CLIPPED)
@pytest.mark.parametrize("clip", [seq.clip_by_norm, seq.clip_by_global_norm])
def test_clipping_here(clip, element, limit, right):
    (clipped,) = clip([np.full(2, element, "float32")], limit)
    assert clipped.dtype == "float32"
    np.testing.assert_allclose(clipped, right, rtol=1e-6)


@pytest.mark.peers
@pytest.mark.parametrize(("element", "limit", "there"), [(1e20, 1.0, 0.0), (1e-25, 5e-26, 5.6e-45)])
def test_clipping_of_torch(element, limit, there):
    torch = peer("torch")
    p = torch.nn.Parameter(torch.zeros(2))
    p.grad = torch.full((2,), element)
    torch.nn.utils.clip_grad_norm_([p], limit)
    assert f"{p.grad[0].item():.1e}" == f"{there:.1e}"


def test_every_row_is_tested():
    assert {row for row, (here, *_) in ROWS.items() if here} == set(HERE)


def of_torch(torch):
    f = torch.nn.functional
    own = {
        "relu at 0": torch.relu, "abs at 0": torch.abs, "maximum at a tie": torch.maximum,
        "max of [1, 3, 3]": torch.max,
        "clip at a bound": lambda x: torch.clamp(x, 0, 1), "sqrt at 0": torch.sqrt, "norm of [0, 0]": torch.linalg.norm,
        "x^y at 0, 0": torch.pow, "prod of [2, 0, 3]": torch.prod,
        "std of [1, 1]": lambda x: torch.std(x, correction=0),
        "cumprod of [2, 0, 3, 4], summed": lambda x: torch.cumprod(x, 0), "arctan2 at 0, 0": torch.arctan2,
        "leaky relu at 0, slope 0.2": lambda x: f.leaky_relu(x, 0.2), "elu at 0, differentiable: 1": f.elu,
        "hardtanh at 1": f.hardtanh,
    }  # fmt: skip
    return own


def of_jax(jax):
    jnp, nn = jax.numpy, jax.nn
    return {
        "relu at 0": nn.relu, "abs at 0": jnp.abs, "maximum at a tie": jnp.maximum, "max of [1, 3, 3]": jnp.max,
        "clip at a bound": lambda x: jnp.clip(x, 0, 1), "sqrt at 0": jnp.sqrt, "norm of [0, 0]": jnp.linalg.norm,
        "x^y at 0, 0": jnp.power, "prod of [2, 0, 3]": jnp.prod, "std of [1, 1]": jnp.std,
        "cumprod of [2, 0, 3, 4], summed": jnp.cumprod, "arctan2 at 0, 0": jnp.arctan2,
        "leaky relu at 0, slope 0.2": lambda x: nn.leaky_relu(x, 0.2), "elu at 0, differentiable: 1": nn.elu,
        "hardtanh at 1": nn.hard_tanh,
    }  # fmt: skip


POINTS = {row: points for row, (_, *points) in HERE.items()} | {
    "leaky relu at 0, slope 0.2": [[0.0]], "elu at 0, differentiable: 1": [[0.0]], "hardtanh at 1": [[1.0]],
}  # fmt: skip


@pytest.mark.peers
@pytest.mark.parametrize("row", ROWS)
def test_derivatives_in_torch(row):
    torch = peer("torch")
    inputs = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in POINTS[row]]
    check([g.numpy() for g in torch.autograd.grad(of_torch(torch)[row](*inputs).sum(), inputs)], ROWS[row][1])


@pytest.mark.peers
@pytest.mark.parametrize("row", ROWS)
def test_derivatives_in_jax(row):
    jax = peer("jax")
    jax.config.update("jax_enable_x64", True)
    inputs = [jax.numpy.asarray(p) for p in POINTS[row]]
    slopes = jax.grad(lambda *x: of_jax(jax)[row](*x).sum(), argnums=tuple(range(len(inputs))))(*inputs)
    check([np.asarray(g) for g in slopes], ROWS[row][2])


# -- cells -------------------------------------------------------------------------------------------


def test_the_table_of_gates_is_that_of_the_code():
    cells = PAGE[PAGE.index("## Gates") : PAGE.index("## Sequences")]
    rows = {c[0]: c for c in ([x.strip() for x in line.split("|")[1:-1]] for line in cells.splitlines() if "|" in line)}
    names = {"torch": "torch.nn", "keras": "Keras 3", "flax.linen": "Flax linen", "flax.nnx": "Flax nnx",
             "equinox": "Equinox", "haiku": "Haiku"}  # fmt: skip
    for library, title in names.items():
        for convention in LIBRARIES[library].conventions:
            letters = " ".join(convention.gates.values())
            if convention.cell == "LSTM":
                assert rows[title][1].startswith(letters)
            elif convention.cell.startswith("GRU"):
                assert rows[title][3] == letters
                assert ("keep" in rows[title][4]) == ("u" in convention.turned)
                assert ("after" if "after" in convention.cell else "before") in rows[title][5]


def test_the_versions_are_those_of_the_tests():
    for name, version in VERSIONS.items():
        assert f"{'dm-haiku' if name == 'haiku' else name} {version}" in PAGE
    assert len(re.findall("✓", PAGE)) > 15


X = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)


@pytest.mark.peers
def test_behind_the_end_torch_gives_zeros():
    torch = peer("torch")
    rnn = torch.nn.utils.rnn
    packed = rnn.pack_padded_sequence(torch.tensor(X), torch.tensor([5, 3]), batch_first=True)
    outputs, _ = rnn.pad_packed_sequence(torch.nn.GRU(3, 4, batch_first=True)(packed)[0], batch_first=True)
    assert (outputs[1, 3:] == 0).all() and (outputs[1, :3] != 0).all()
    projected = torch.nn.LSTM(3, 5, proj_size=2)
    assert [tuple(p.shape) for p in (projected.weight_hh_l0, projected.weight_hr_l0)] == [(20, 2), (2, 5)]


@pytest.mark.peers
def test_the_gradient_of_hardsigmoid_is_rounded_to_float32_in_torch():
    torch = peer("torch")
    x = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.nn.functional.hardsigmoid(x).sum(), x)
    assert slope.item() == np.float64(np.float32(1 / 6)) != 1 / 6


@pytest.mark.peers
def test_behind_the_end_keras_repeats_and_bidirectional_gives_zeros():
    peer("torch")
    keras = peer("keras")
    mask = np.array([[True] * 5, [True] * 3 + [False] * 2])
    alone = np.asarray(keras.layers.LSTM(4, return_sequences=True)(X, mask=mask).detach())
    np.testing.assert_array_equal(alone[1, 3:], alone[1, [2, 2]])
    both = keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True))
    assert (np.asarray(both(X, mask=mask).detach())[1, 3:] == 0).all()
    layer = keras.layers.LSTM(4)
    layer.build((2, 5, 3))
    np.testing.assert_array_equal(np.asarray(layer.weights[2].numpy()), [0] * 4 + [1] * 4 + [0] * 8)
    wrapped = keras.layers.Bidirectional(keras.layers.LSTM(4, dtype="float64"))
    assert wrapped(X.astype(np.float64)).dtype == peer("torch").float32


@pytest.mark.peers
def test_behind_the_end_flax_computes_on():
    jax = peer("jax")
    peer("flax")
    from flax import linen

    module = linen.RNN(linen.GRUCell(4))
    x = jax.numpy.asarray(X)
    variables = module.init(jax.random.PRNGKey(0), x)
    lengths = jax.numpy.asarray([5, 3])
    np.testing.assert_array_equal(module.apply(variables, x, seq_lengths=lengths), module.apply(variables, x))


@pytest.mark.peers
def test_a_simple_cell_of_nnx_computes_in_float32():
    jax = peer("jax")
    peer("flax")
    jax.config.update("jax_enable_x64", True)
    from flax import nnx

    x = jax.numpy.ones((2, 3), "float64")
    for kind, dtype in {"LSTMCell": "float64", "GRUCell": "float64", "SimpleCell": "float32"}.items():
        cell = getattr(nnx, kind)(3, 4, rngs=nnx.Rngs(0), param_dtype="float64")
        assert cell(cell.initialize_carry((2, 3), nnx.Rngs(0)), x)[1].dtype == dtype


OF_KERAS = """
import keras, torch
one = torch.ones(1, 1, dtype=torch.float64)
print(keras.ops.matmul(one, one).dtype, keras.ops.add(one, one).dtype)
"""


@pytest.mark.peers
def test_keras_rounds_products_of_float64():
    """In a process of its own, as the others are compared with that rounding turned off."""
    peer("torch")
    peer("keras")
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", OF_KERAS], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["torch.float32", "torch.float64"]
