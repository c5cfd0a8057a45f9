"""tanh, σ and exp for Numba: as exact as said, right at the edges, and computed in vector instructions."""

import re
import subprocess
import sys

import numpy as np
import pytest

from autograd_seq.core.errors import DtypeError
from autograd_seq.plan.writing.vectorised import functions

mpmath = pytest.importorskip("mpmath")
NAMES = ("tanh", "sigmoid", "exp")
REFERENCE = {"tanh": mpmath.tanh, "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "exp": mpmath.exp}
HALVES = {"tanh": 0.5, "sigmoid": 0.5, "exp": 1.0}
both = pytest.mark.parametrize("dtype", [np.float64, np.float32])
all_three = pytest.mark.parametrize("name", NAMES)


def loop_of(scalar, **options):
    """A Numba loop that applies a function of one number to an array."""
    numba = pytest.importorskip("numba")

    def loop(x, out):
        for i in range(x.size):
            out[i] = scalar(x[i])

    return numba.njit(fastmath={"contract"}, error_model="numpy", **options)(loop)


def applied(name, x):
    out = np.empty_like(x)
    loop_of(getattr(functions(x.dtype), name))(x, out)
    return out


@pytest.fixture(autouse=True)
def _numba():
    pytest.importorskip("numba")


@both
@all_three
def test_errors_are_at_most_two_and_a_half_units_in_the_last_place(name, dtype):
    rng = np.random.default_rng(7)
    largest = 700 if dtype is np.float64 else 85
    x = np.concatenate(
        [
            2 * rng.standard_normal(1500),
            rng.uniform(-largest, largest, 500),
            rng.choice([-1, 1], 500) * 10.0 ** rng.uniform(-30, 0, 500),  # near 0, where 1 - exp would cancel
            np.linspace(-25, 25, 501),
            (np.arange(-60, 61) + 0.5) * np.log(2) * HALVES[name],  # where n changes
        ]
    ).astype(dtype)
    got = applied(name, x)
    with mpmath.workdps(40):
        for number, value in zip(x, got):
            exact = REFERENCE[name](mpmath.mpf(float(number)))
            unit = float(np.spacing(dtype(abs(exact))))
            assert abs(mpmath.mpf(float(value)) - exact) <= 2.5 * unit, (number, value)


@both
@all_three
def test_edges(name, dtype):
    huge = np.finfo(dtype).max
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, huge, -huge], dtype)
    expected = {
        "tanh": [0.0, -0.0, 1, -1, np.nan, 1, -1],
        "sigmoid": [0.5, 0.5, 1, 0, np.nan, 1, 0],
        "exp": [1, 1, np.inf, 0, np.nan, np.inf, 0],
    }
    got = applied(name, x)
    np.testing.assert_array_equal(got, np.array(expected[name], dtype))
    np.testing.assert_array_equal(np.signbit(got[:4]), np.signbit(np.array(expected[name][:4], dtype)))


@both
def test_exp_below_the_normal_numbers(dtype):
    x = np.array([-708.5, -720, -744, -746] if dtype is np.float64 else [-87.5, -95, -103, -104.5], dtype)
    least = np.finfo(dtype).smallest_subnormal
    assert np.all(np.abs(applied("exp", x) - np.exp(x)) <= least)


@both
def test_tanh_of_tiny_numbers_is_the_number(dtype):
    tiny, small = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).tiny
    x = np.array([tiny, -tiny, 3 * tiny, small, -small], dtype)
    np.testing.assert_array_equal(applied("tanh", x), x)


@both
@all_three
def test_the_same_kind_comes_out(name, dtype):
    numba = pytest.importorskip("numba")
    kind = numba.from_dtype(np.dtype(dtype))
    loop = loop_of(getattr(functions(dtype), name))
    loop.compile((kind[::1], kind[::1]))
    (signature,) = getattr(functions(dtype), name).signatures
    assert getattr(functions(dtype), name).overloads[signature].signature.return_type == kind


@both
@all_three
def test_loops_become_vector_instructions(name, dtype):
    numba = pytest.importorskip("numba")
    kind = numba.from_dtype(np.dtype(dtype))
    loop = loop_of(getattr(functions(dtype), name))
    loop.compile((kind[::1], kind[::1]))
    (text,) = loop.inspect_llvm().values()
    lanes = rf"<\d+ x {'double' if dtype is np.float64 else 'float'}>"
    assert re.search(rf"fmul (contract )?{lanes}", text)
    assert not re.search(r"call [^\n]*@(tanh|exp|expm1)f?\(", text)


def test_other_kinds_of_numbers():
    with pytest.raises(DtypeError, match="not for int64"):
        functions(np.int64)


def test_numba_is_not_imported_before_it_is_needed():
    program = "import sys, autograd_seq, autograd_seq.plan.writing.vectorised; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
