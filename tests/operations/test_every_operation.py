"""What must hold for every operation, wherever it is tried; an operation without a case fails."""

import importlib
import pkgutil

import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operations.cases import CASES, MADE_OF_OPERATIONS
from operations.high_precision import DIGITS, evaluate, exact, inner, slope

import autograd_seq
import autograd_seq.operations as ops
from autograd_seq import Operation, Tensor, differentiate, grad
from autograd_seq.operations import pairs

ALL = {**CASES, **MADE_OF_OPERATIONS}
NAMES = {getattr(function, "name", None) or function.__name__: function for function in ALL}
WITH_DERIVATIVE = [n for n, f in NAMES.items() if getattr(f, "differentiable", True)]

often = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
every = pytest.mark.parametrize("name", sorted(NAMES))
every_differentiable = pytest.mark.parametrize("name", sorted(WITH_DERIVATIVE))


def modules():
    for found in pkgutil.walk_packages(autograd_seq.__path__, "autograd_seq."):
        try:
            yield importlib.import_module(found.name)
        except ImportError:  # of an optional library
            continue


def test_every_operation_of_the_package_has_a_case():
    found = {id(v): v for module in modules() for v in vars(module).values() if isinstance(v, Operation)}
    paired = {*pairs.PAIRS.values(), *pairs.OF_COMPLEMENT.values(), *pairs.OF_PART.values()}
    # those that only readings make are tried where they are made
    found = [operation for operation in found.values() if operation not in CASES and operation not in paired]
    assert not found, f"add cases for {found} in tests/operations/cases.py"


def test_every_public_function_has_a_case():
    assert not [n for n in ops.__all__ if getattr(ops, n) not in ALL]


def recorded(case, dtype=float):
    arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in case.arrays]
    inputs = [Tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    return inputs, case.call(*inputs), np.random.default_rng(case.seed + 1)


def learned(inputs):
    return [x for x in inputs if x.requires_grad]


def floats(arrays):
    return [np.array(a, dtype=float) if np.asarray(a).dtype == object else a for a in arrays]


@every
@often
@given(data=st.data())
def test_value_is_its_meaning(name, data):
    case = data.draw(ALL[NAMES[name]])
    inputs, y, _ = recorded(case)
    if NAMES[name] in CASES:
        assert any(record.operation is NAMES[name] for record in y.graph), "the case tries another operation"
    with mpmath.workdps(DIGITS):
        meant = evaluate(y)
    np.testing.assert_allclose(y.value.astype(float), meant.astype(float), rtol=1e-12, atol=1e-13)
    plain = case.call(*[x.value for x in inputs])
    assert not isinstance(plain, Tensor)
    np.testing.assert_array_equal(plain, y.value)
    assert np.asarray(plain).dtype == y.dtype


@every_differentiable
@often
@given(data=st.data())
def test_derivative_is_the_difference_quotient(name, data):
    case = data.draw(ALL[NAMES[name]])
    inputs, y, rng = recorded(case)
    adjoint = np.asarray(rng.normal(size=y.shape))
    directions = {x: np.asarray(rng.normal(size=x.shape)) for x in learned(inputs)}
    swept = grad(y, learned(inputs), gradient=adjoint)
    expected = slope(y, adjoint, directions)
    assert float(inner(swept, directions.values())) == pytest.approx(float(expected), rel=1e-9, abs=1e-10)

    # The same rules as a recording, in numbers of 50 digits.
    adjoints = grad(y, learned(inputs), gradient=Tensor(adjoint), create_graph=True)
    for x, bare, tensor in zip(learned(inputs), swept, adjoints, strict=True):
        assert bare.shape == tensor.shape == x.shape
        np.testing.assert_allclose(tensor.value, bare, rtol=1e-12, atol=1e-13)
    with mpmath.workdps(DIGITS):
        meant = inner([evaluate(a) for a in adjoints], directions.values())
        assert abs(meant - expected) <= 1e-20 * (1 + abs(expected))


@every_differentiable
@often
@given(data=st.data())
def test_second_derivative_is_the_difference_quotient_of_the_first(name, data):
    case = data.draw(ALL[NAMES[name]])
    inputs, y, rng = recorded(case)
    adjoint = Tensor(rng.normal(size=y.shape), requires_grad=True)
    adjoints = grad(y, learned(inputs), gradient=adjoint, create_graph=True)
    total = sum(ops.sum(a * rng.normal(size=a.shape)) for a in adjoints)
    leaves = [*learned(inputs), adjoint]
    directions = {x: np.asarray(rng.normal(size=x.shape)) for x in leaves}
    assert total.requires_grad, "every adjoint depends on the one it was made from"
    second = grad(total, leaves)
    expected = slope(total, np.ones(()), directions)
    assert float(inner(second, directions.values())) == pytest.approx(float(expected), rel=1e-8, abs=1e-9)


@every
@often
@given(data=st.data())
def test_float32_stays_float32(name, data):
    case = data.draw(ALL[NAMES[name]])
    inputs, y, rng = recorded(case, np.float32)
    if case.words.startswith(("as_float", "as_integer")):
        return
    if y.dtype.kind != "f":
        assert not y.requires_grad
        return
    graphs = [y.graph]
    if y.requires_grad:
        seed = rng.normal(size=y.shape).astype(np.float32)
        graphs.append(differentiate(y, gradient=Tensor(seed)).backward)
        for x, bare in zip(learned(inputs), grad(y, learned(inputs), gradient=seed), strict=True):
            assert bare.dtype == x.dtype == np.float32
            reference = grad(*twice(case, seed, x, inputs))
            np.testing.assert_allclose(bare, reference, rtol=2e-3, atol=2e-4)
    for graph in graphs:
        assert {record.dtype for record in graph if record.dtype.kind == "f"} <= {np.dtype(np.float32)}


def twice(case, seed, x, inputs):
    """The same float32 numbers in double precision."""
    arrays = [i.value.astype(float) if i.dtype.kind == "f" else i.value for i in inputs]
    same = [Tensor(a, requires_grad=i.requires_grad) for a, i in zip(arrays, inputs, strict=True)]
    place = next(k for k, i in enumerate(inputs) if i is x)
    return case.call(*same), same[place], seed.astype(float)


OF_MATRICES = (
    ops.matmul, ops.adjugate, ops.cholesky, ops.det, ops.dyads, ops.from_singular, ops.inv, ops.logabsdet,
    ops.singular_values, ops.solve_columns,
)  # fmt: skip
WITHOUT_AXES = [o for o in CASES if not (o.variadic or o.keywords or o in OF_MATRICES)]


@pytest.mark.parametrize("operation", WITHOUT_AXES, ids=lambda operation: operation.name)
def test_numbers_of_rank_zero_stay_arrays(operation):
    first = 1.3 if operation is ops.arccosh else 0.3
    inputs = [Tensor(first + 0.1 * i, requires_grad=True) for i in range(operation.arity)]
    y = operation(inputs[0] > 0, *inputs[1:]) if operation is ops.where else operation(*inputs)
    assert type(y.value) is np.ndarray
    if y.requires_grad and not y.ndim:
        for slope_of_x in grad(y, inputs):
            assert type(slope_of_x) is np.ndarray
            assert slope_of_x.shape == ()


def test_exact_keeps_every_bit():
    with mpmath.workdps(DIGITS):
        assert exact(0.1)[()] == mpmath.mpf(0.1)
