"""What operations say of themselves is true, wherever they are tried."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operations.cases import CASES
from operations.test_every_operation import recorded

from autograd_seq import Operation, Tensor, operations
from autograd_seq.core.traits import algebra
from autograd_seq.plan.rewrites.lifting import axis_of
from autograd_seq.plan.writing import tools

often = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
OPERATIONS = {o.name: o for o in CASES if isinstance(o, Operation)}


def having(trait):
    names = sorted(n for n, o in OPERATIONS.items() if getattr(o, trait))
    assert names
    return pytest.mark.parametrize("name", names)


def drawn(name, data):
    """A record of the operation."""
    _, y, _ = recorded(data.draw(CASES[OPERATIONS[name]]))
    record = y.record
    assert record.operation is OPERATIONS[name]
    return record


def same(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-300)


@having("elementwise")
@often
@given(data=st.data())
def test_each_element_for_itself(name, data):
    record = drawn(name, data)
    arrays = np.broadcast_arrays(*(x.value for x in record.inputs))
    alone = [record.operation.value(*elements, **record.settings) for elements in zip(*(a.flat for a in arrays))]
    same(np.reshape(alone, record.shape), record.value)


@having("along")
@often
@given(data=st.data())
def test_many_at_once_along_other_axes(name, data):
    """In a block of several arrays, an operation works along the axes behind the first."""
    record = drawn(name, data)
    axes = axis_of(record.operation, record.settings, record.inputs[0].ndim)
    if axes is None:
        return
    blocks = [np.stack([x.value, x.value[::-1] if x.ndim else x.value]) for x in record.inputs]
    whole = record.operation.value(*blocks, **{**record.settings, "axis": axes})
    for i in range(2):
        same(whole[i], record.operation.value(*(b[i] for b in blocks), **record.settings))


@having("reduces")
@often
@given(data=st.data())
def test_what_is_reduced_by_a_ufunc(name, data):
    record = drawn(name, data)
    same(record.operation.reduces.reduce(record.inputs[0].value, **record.settings), record.value)


@having("longhand")
@often
@given(data=st.data())
def test_written_out(name, data):
    """On bare arrays and on tensors, in simpler operations; or put together from itself by cases."""
    record = drawn(name, data)
    for longhand in record.operation.longhand:
        written = longhand(*(Tensor(x.value) for x in record.inputs), **record.settings)
        same(written.value, record.value)
        by_parts = written.operation is operations.where
        assert by_parts or record.operation not in {r.operation for r in written.graph}


def assigned(base, *values, indices, visible):
    result = np.array(base)
    for index, value in zip(indices, values, strict=True):
        result[index] = value
    return result


def put_back(*arrays, at, shape):
    steps = len(arrays) // (1 + at.count("given"))
    result = np.zeros(shape)
    for t in range(steps):
        integers = iter(arrays[steps + t :: steps])
        np.add.at(result, tuple(next(integers) if part == "given" else part for part in at), arrays[t])
    return result


def looked_up(x, *integers, at):
    given = iter(integers)
    return x[tuple(next(given) if part == "given" else part for part in at)]


WORDS = {
    "sum": np.add, "difference": np.subtract, "negative": np.negative, "product": np.multiply, "quotient": np.divide,
    "exponential": np.exp, "matrix product": np.matmul, "transpose": np.transpose,
    "joined": lambda *a, axis: np.concatenate(a, axis=axis), "stacked": lambda *a, axis: np.stack(a, axis=axis),
    "part": lambda x, index: x[index], "replaced parts": assigned, "name": lambda x: x,
    "sum of uses": lambda *a: sum(a), "looked up": looked_up, "put back": put_back,
}  # fmt: skip


@having("algebra")
@often
@given(data=st.data())
def test_what_it_is_in_algebra(name, data):
    record = drawn(name, data)
    if algebra(record) == "gathered parts":
        wanted = np.zeros(record.shape)
        for x, index in zip(record.inputs, record.settings["indices"]):
            np.add.at(wanted, index, x.value)
    else:
        wanted = WORDS[algebra(record)](*(x.value for x in record.inputs), **record.settings)
    same(record.value, wanted)


@having("adds")
@often
@given(data=st.data())
def test_the_sum_of_the_inputs(name, data):
    record = drawn(name, data)
    same(record.value, sum(x.value for x in record.inputs))


@having("activation")
def test_activations_take_one_array(name):
    assert OPERATIONS[name].arity == 1 and OPERATIONS[name].differentiable


LANGUAGE = {
    "np": np, "zero": 0.0, "half": 0.5, "tanh": np.tanh, "exp": np.exp, "log": np.log,
    "sigmoid": operations.sigmoid.value,
}  # fmt: skip
NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.3, -2.5, 1e-300, 30.0, -30.0, np.inf, -np.inf, np.nan]


def elements(name):
    """The text of one element, and numbers for it."""
    operation = OPERATIONS[name]
    text = operation.element.format("x", "y")
    return f"lambda {', '.join('xy'[: operation.arity])}: {text}", itertools.product(NUMBERS, repeat=operation.arity)


def agree(name, function, dtype, rtol):
    for numbers in elements(name)[1]:
        x = [dtype(n) for n in numbers]
        with np.errstate(all="ignore"):
            wanted = OPERATIONS[name].value(*x)
            np.testing.assert_allclose(function(*x), wanted, rtol=rtol, atol=1e-300, err_msg=f"{name}{numbers}")


@having("element")
def test_the_text_of_an_element(name):
    text, _ = elements(name)
    agree(name, eval(text, LANGUAGE), np.float64, 1e-15)


@pytest.mark.skipif(not tools.available(), reason="Numba or SciPy is not installed")
@having("element")
def test_the_text_of_an_element_compiled(name):
    import numba

    text, _ = elements(name)
    for dtype, rtol in ((np.float64, 1e-14), (np.float32, 1e-5)):
        compiled = numba.njit(error_model="numpy")(eval(text, {"np": np, **tools.tools(np.dtype(dtype).name)}))
        agree(name, compiled, dtype, rtol)
