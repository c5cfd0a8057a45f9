"""log Σ exp where a start is masked by −∞: what is masked gets no gradient, and no NaN comes of it."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_seq import Parameter, grad

MASK = np.array([-np.inf, -np.inf, 0.0, 0.0])
SUMS = {
    "accumulated": lambda z: np.logaddexp.accumulate(z)[-1],
    "reduced": np.logaddexp.reduce,
    "pairwise": lambda z: np.logaddexp(np.logaddexp(z[0], z[1]), np.logaddexp(z[2], z[3])),
}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("way", SUMS)
def test_what_is_masked_has_no_part_in_the_sum(way):
    w = Parameter([0.3, -0.2, 1.1, 0.4], "w")
    shares = np.exp([1.1, 0.4]) / np.sum(np.exp([1.1, 0.4]))
    np.testing.assert_allclose(grad(SUMS[way](w + MASK), w), [0.0, 0.0, *shares], rtol=1e-14, atol=0)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_to_the_base_of_two():
    w = Parameter([0.3, 1.1], "w")
    found = grad(np.sum(np.logaddexp2(w + MASK[1:3], MASK[1:3])), w)
    np.testing.assert_allclose(found, [0.0, 2**1.1 / (1 + 2**1.1)], rtol=1e-14)
