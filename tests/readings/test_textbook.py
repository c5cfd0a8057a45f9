"""Functions that a program spells out are read as what they are, with the same values, gradients and equations."""

import unicodedata

import numpy as plain
import pytest
import sympy

import autograd_seq.numpy as np
from autograd_seq import Parameter, Tensor, differentiate, equations, name, relu, sigmoid, softmax
from autograd_seq.operations import pairs
from autograd_seq.readings.textbook import recognised

rng = plain.random.default_rng(7)


def masked(z):
    out, positive, negative = np.zeros_like(z), z >= 0, z < 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    e = np.exp(z[negative])
    out[negative] = e / (1 + e)
    return out


def of_the_absolute(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def shifted(z):
    e = np.exp(z - np.max(z))
    return e / e.sum(axis=0)


SPELLED = {
    "sigmoid": [
        lambda z: 1 / (1 + np.exp(-z)),
        lambda z: 1.0 / (np.exp(-z) + 1.0),
        lambda z: (1 + np.exp(-z)) ** -1,
        lambda z: np.reciprocal(1 + np.exp(-z)),
        lambda z: np.exp(z) / (1 + np.exp(z)),
        lambda z: np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z))),
        lambda z: 0.5 * (1 + np.tanh(z / 2)),
        of_the_absolute,
        masked,
    ],
    "tanh": [
        lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
        lambda z: 2 / (1 + np.exp(-2 * z)) - 1,
        lambda z: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1),
    ],
    "relu": [
        lambda z: np.maximum(z, 0),
        lambda z: np.maximum(0, z),
        lambda z: z * (z > 0),
        lambda z: np.where(z > 0, z, 0),
        lambda z: (z + np.abs(z)) / 2,
    ],
    "square": [lambda z: z * z, lambda z: z**2],
    "softplus": [lambda z: np.log(1 + np.exp(z))],
    "softmax": [
        shifted,
        lambda z: np.exp(z) / np.sum(np.exp(z), axis=0),
        lambda z: np.exp(z) / np.exp(z).sum(axis=0, keepdims=True),
        lambda z: np.exp(z - np.max(z, axis=0)) / np.sum(np.exp(z - np.max(z, axis=0)), axis=0),
    ],
}
SPELLED["logsumexp"] = [
    lambda z: np.log(np.sum(np.exp(z), axis=0)),
    lambda z: np.log(np.exp(z).sum(axis=1, keepdims=True)),
    lambda z: np.max(z, axis=0) + np.log(np.sum(np.exp(z - np.max(z, axis=0)), axis=0)),
]
CASES = [(known, way) for known, ways in SPELLED.items() for way in ways]
IDS = [f"{known}-{i}" for known, ways in SPELLED.items() for i in range(len(ways))]


def operations_of(y):
    return [r.operation.name for r in y.graph if r.operation is not None]


@pytest.mark.parametrize(("known", "way"), CASES, ids=IDS)
def test_every_way_to_write_it_is_read_as_one_function(known, way):
    z = Parameter(rng.normal(size=(4, 3)), "z")
    y = way(z)
    (found,) = recognised([y])
    assert operations_of(found) == [known]
    assert found.value is y.record.value or plain.array_equal(found.value, y.value)  # what was recorded stays


@pytest.mark.parametrize(("known", "way"), CASES, ids=IDS)
def test_the_gradient_is_that_of_the_program(known, way):
    z = Parameter(rng.normal(size=(4, 3)), "z")
    y = way(z)
    weights = rng.normal(size=y.shape)
    (found,) = recognised([y])
    as_written = differentiate(y, weights).adjoint(z).value
    assert plain.allclose(differentiate(found, weights).adjoint(z).value, as_written, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("way", "known"),
    [
        (lambda z: 1 / (1 + sympy.exp(-z)), lambda z: (1 + sympy.tanh(z / 2)) / 2),
        (lambda z: sympy.exp(z) / (1 + sympy.exp(z)), lambda z: 1 / (1 + sympy.exp(-z))),
        (lambda z: 2 / (1 + sympy.exp(-2 * z)) - 1, sympy.tanh),
        (lambda z: (sympy.exp(z) - sympy.exp(-z)) / (sympy.exp(z) + sympy.exp(-z)), sympy.tanh),
    ],
)
def test_the_forms_are_equal_for_every_number(way, known):
    z = sympy.Symbol("z", real=True)
    assert sympy.simplify((way(z) - known(z)).rewrite(sympy.exp)) == 0


@pytest.mark.parametrize(
    "almost",
    [
        lambda z: 1 / (1 + np.exp(z)),
        lambda z: 1 / (1 + np.exp(-z) + 1e-8),
        lambda z: 1 / (1.0001 + np.exp(-z)),
        lambda z: np.exp(z) / (1 + np.sum(np.exp(z), axis=0)),
        lambda z: np.maximum(z, 1e-3),
        lambda z: np.abs(z) ** 2.001,
    ],
)
def test_what_is_almost_one_stays_as_it_is_written(almost):
    y = almost(Parameter(rng.normal(size=(4, 3)), "z"))
    assert not {"sigmoid", "softmax", "relu", "square"} & set(operations_of(recognised([y])[0]))


def test_a_kink_that_is_met_keeps_the_derivative_of_the_program():
    z = Parameter([[0.0, -1.0, 2.0]], "z")
    y = np.maximum(z, 0)  # one half at the tie, where relu has 0
    assert recognised([y])[0] is y.record
    assert differentiate(relu(z), plain.ones((1, 3))).adjoint(z).value[0, 0] == 0


def test_what_was_named_inside_is_to_be_seen():
    z = Parameter([0.5, 1.0], "z")
    e = name(np.exp(-z), "e")
    y = 1 / (1 + e)
    assert recognised([y])[0] is y.record


def test_what_an_inner_value_is_used_for_elsewhere_stays():
    z = Parameter([0.5, 1.0], "z")
    e = np.exp(-z)
    y = 1 / (1 + e) + e
    (found,) = recognised([y])
    assert sorted(operations_of(found)) == ["add", "exp", "negative", "sigmoid"]


def of_index(q):
    return q[2:3, :]


PAIRED = (
    [(pair, of, lambda p: p) for of, pair in pairs.PAIRS.items()]
    + [(pair, of, lambda p: 1 - p) for of, pair in pairs.OF_COMPLEMENT.items()]
    + [(pair, of, of_index) for of, pair in pairs.OF_PART.items()]
)


@pytest.mark.parametrize(("pair", "of", "between"), PAIRED, ids=[pair.name for pair, _, _ in PAIRED])
def test_a_pair_is_what_it_is_made_of(pair, of, between):
    """The value, and the derivatives by logits and targets, of a function of a probability."""
    outer, inner = of
    z = Parameter(rng.normal(size=(4, 3)), "z")
    more = [Parameter(rng.uniform(0.1, 0.9, (4, 3)), "y")] if outer.arity == 2 else []
    whole = outer(between(inner(z)), *more)
    (found,) = recognised([whole])
    assert operations_of(found)[-1] == pair.name and plain.array_equal(found.value, whole.value)
    again = pair.value(*(x.value for x in found.inputs), **found.settings)
    assert plain.allclose(again, whole.value, rtol=1e-12)
    weights = rng.normal(size=whole.shape)
    for leaf in [z, *more]:
        true, ours = (differentiate(y, weights).adjoint(leaf).value for y in (whole, found))
        assert plain.allclose(ours, true, rtol=1e-12, atol=1e-14)


# -- ŷ − y


def targets(rows, columns):
    y = plain.zeros((rows, columns))
    y[rng.integers(0, rows, columns), plain.arange(columns)] = 1
    return y


def of_dz(loss):
    return [unicodedata.normalize("NFC", e.text) for e in equations(loss).find("dz")]


def test_softmax_with_cross_entropy_as_everybody_writes_it():
    W, x, y = Parameter(rng.normal(size=(4, 3)), "W"), rng.normal(size=(3, 2)), np.array(targets(4, 2))
    z = name(W @ x, "z")
    p = name(shifted(z), "y_hat")
    loss = name(-np.sum(name(y, "y") * np.log(p)), "J")
    assert of_dz(loss) == ["dz = ŷ − y    (Σ_rows(y) = 1)"]


def test_the_mean_over_examples_and_a_running_total():
    W, x, y = Parameter(rng.normal(size=(4, 3)), "W"), rng.normal(size=(3, 2)), np.array(targets(4, 2))
    z = name(W @ x, "z")
    p = name(softmax(z), "y_hat")
    loss = name(0.0 - np.sum(name(y, "y") * np.log(p)) / 2, "J")
    assert of_dz(loss) == ["dz = (ŷ − y) / 2    (Σ_rows(y) = 1)"]


def test_targets_that_do_not_add_up_to_one_keep_their_sum():
    W, x, y = Parameter(rng.normal(size=(4, 3)), "W"), rng.normal(size=(3, 2)), np.array(2 * targets(4, 2))
    z = name(W @ x, "z")
    p = name(softmax(z), "y_hat")
    loss = name(-np.sum(name(y, "y") * np.log(p)), "J")
    assert of_dz(loss) == ["dz = ŷ ∘ Σ_rows(y) − y"]


def test_sigmoid_with_binary_cross_entropy():
    W, x, y = Parameter(rng.normal(size=(1, 3)), "W"), rng.normal(size=(3, 5)), rng.integers(0, 2, (1, 5))
    y, others = Tensor(y, "y"), Tensor(1 - y, "n")
    z = name(W @ x, "z")
    p = name(1 / (1 + np.exp(-z)), "y_hat")
    loss = name(-np.sum(y * np.log(p) + others * np.log(1 - p)), "J")
    assert of_dz(loss) == ["dz = ŷ − y    (n = 1 − y)"]
    recorded = differentiate(loss).adjoint(W).value
    (found,) = recognised([loss])
    assert plain.allclose(differentiate(found).adjoint(W).value, recorded, rtol=1e-12)


@pytest.mark.parametrize("activation", [sigmoid, softmax])
def test_the_equations_have_the_recorded_values(activation):
    W, x, y = Parameter(rng.normal(size=(4, 3)), "W"), rng.normal(size=(3, 2)), np.array(targets(4, 2))
    z = name(W @ x, "z")
    p = name(activation(z), "p")
    q = name(p * p + 1 / (1 + np.exp(-p)), "q")
    loss = name(np.mean(q * np.log(p)) - np.sum(y * np.log(p)) / 3, "J")
    for equation in equations(loss):
        assert plain.allclose(equation.evaluate(), equation.value(), rtol=1e-12, atol=1e-14), equation.text


@pytest.mark.parametrize("axis", [0, 1])
def test_a_log_softmax_in_longhand(axis):
    def ways(z):
        shifted = z - np.max(z, axis=axis, keepdims=True)
        yield z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))
        yield shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
        top = np.max(z, axis=axis, keepdims=True)
        yield z - (np.log(np.sum(np.exp(z - top), axis=axis, keepdims=True)) + top)

    z = Parameter(np.random.default_rng(0).standard_normal((3, 4)), "z")
    for y in ways(z):
        (found,) = recognised([y])
        assert operations_of(found)[-1] == "log_softmax" and found.settings == {"axis": axis}
