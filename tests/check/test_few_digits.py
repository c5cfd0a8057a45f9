"""Rounding in dtypes of few digits, those of the package ml_dtypes included: measured, or refused in plain words."""

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, check_backward
from autograd_seq.core.errors import DtypeError, ValueRangeError
from autograd_seq.core.floats import epsilon_of, is_floats
from autograd_seq.diagnosis.truth import record
from autograd_seq.diagnosis.unit_errors import rounding

UNITS = {
    "bfloat16": 2.0**-7, "float8_e3m4": 2.0**-4, "float8_e4m3": 2.0**-3, "float8_e4m3b11fnuz": 2.0**-3,
    "float8_e4m3fn": 2.0**-3, "float8_e4m3fnuz": 2.0**-3, "float8_e5m2": 2.0**-2, "float8_e5m2fnuz": 2.0**-2,
    "float6_e2m3fn": 2.0**-3, "float6_e3m2fn": 2.0**-2, "float4_e2m1fn": 2.0**-1, "float8_e8m0fnu": 1.0,
}  # fmt: skip
NO_FLOATS = ("int2", "int4", "uint2", "uint4")


def brought(name):
    return np.dtype(getattr(pytest.importorskip("ml_dtypes"), name))


def squares():
    return record(lambda x: ({"y": x * x}, None), {"x": np.array([1.0, 2.0])}, {"y": np.ones(2)})


@pytest.mark.parametrize("epsilon", [2.0**-52, 2.0**-23, 2.0**-10, *sorted(set(UNITS.values()))])
def test_rounding_is_in_proportion_to_the_unit(epsilon):
    found = rounding(squares(), epsilon)["dx"] / epsilon
    assert np.all((found > 1) & (found < 8))  # of 2 x, a few roundings on the way


@pytest.mark.parametrize("epsilon", [0.0, -1.0, np.nan])
def test_a_unit_that_is_none(epsilon):
    with pytest.raises(ValueRangeError, match="a unit in the last place of 1"):
        rounding(squares(), epsilon)


@pytest.mark.parametrize("name", UNITS)
def test_units_of_every_dtype(name):
    assert is_floats(brought(name)) and epsilon_of(brought(name)) == UNITS[name]


@pytest.mark.parametrize("name", NO_FLOATS)
def test_what_is_no_dtype_of_floats(name):
    assert not is_floats(brought(name))
    with pytest.raises(DtypeError, match=f"{name} is not a dtype of floats"):
        epsilon_of(brought(name))


def test_units_of_numpys_own():
    assert [epsilon_of(d) for d in ("float16", "float32", "float64")] == [2.0**-10, 2.0**-23, 2.0**-52]
    with pytest.raises(DtypeError, match="complex128 is not a dtype of floats"):
        epsilon_of("complex128")


@pytest.mark.parametrize("name", [*UNITS, *NO_FLOATS])
def test_a_tensor_of_them_is_refused(name):
    dtype = brought(name)
    for made in (
        lambda: Tensor(np.ones(2, dtype)),
        lambda: Tensor(np.ones(2), dtype=dtype),
        lambda: Tensor(np.ones(2)).astype(dtype),
        lambda: np.add(Parameter(np.ones(2), "p"), np.ones(2, dtype)),
    ):
        with pytest.raises(DtypeError, match="a tensor holds real numbers"):
            made()


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_a_right_pass_that_keeps_few_digits_is_not_wrong(name):
    dtype = brought(name)

    def forward(x):
        return {"y": x * x}, np.asarray(x).astype(dtype)

    def backward(upstream, cache):
        return {"dx": 2 * cache.astype(float) * upstream["y"]}

    report = check_backward(forward, backward, {"x": np.array([0.51, 1.53])})
    assert not report.wrong and "-0 digits" not in str(report)
