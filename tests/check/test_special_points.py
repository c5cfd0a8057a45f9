"""Right operations at special points in every dtype: zeros, ones, ties, tiny, huge, saturated; none is refuted."""

import numpy as np
import pytest
from check.samples import SAMPLES

from autograd_seq import DtypeError, ShapeError, Tensor, prove
from tests.sweeps import slow_but_part_of

POINTS = {
    "ordinary": lambda a, dtype: a,
    "zeros": lambda a, dtype: 0 * a,
    "ones": lambda a, dtype: 0 * a + 1,
    "ties and bounds": lambda a, dtype: np.resize([0.8, 0.8, -0.8, 1.0, 0.0], a.shape),
    "tiny": lambda a, dtype: a * 10 * np.sqrt(float(np.finfo(dtype).tiny)),
    "huge": lambda a, dtype: a * 1e4,
    "saturated": lambda a, dtype: a * 40,
    "nearly 1": lambda a, dtype: np.full(a.shape, 1 - 1e-7),
    "an infinity": lambda a, dtype: np.where(np.arange(a.size).reshape(a.shape) == 0, -np.inf, a),
}


@pytest.mark.parametrize("operation", slow_but_part_of(SAMPLES), ids=lambda o: o.name)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_right_operation_is_refuted_wherever_it_stands(operation):
    wrong = []
    for call, arrays in SAMPLES[operation]:
        for point, at in POINTS.items():
            for dtype in ("float16", "float32", "float64", "longdouble"):
                inputs = [Tensor(np.asarray(at(a, dtype), dtype=dtype), requires_grad=True) for a in arrays]
                try:
                    y = call(*inputs)
                except (DtypeError, ShapeError) as refusal:
                    assert "linalg" in str(refusal) or "ingular" in str(refusal) or "definite" in str(refusal), refusal
                    continue
                proof = prove(y)
                if proof.failures or proof.undecided:
                    wrong.append(f"{point}, {dtype}: {proof}")
    assert not wrong, wrong
