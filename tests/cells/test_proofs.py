"""Every cell's derivatives proven, masks of unequal lengths included, and drawn."""

import numpy as np
import pytest
from cells_by_hand.networks import KINDS, network

from autograd_seq import binary_cross_entropy, prove
from cells import Readout
from viz import draw


@pytest.mark.parametrize("shape", ["plain", "deep bidirectional"])
@pytest.mark.parametrize("kind", KINDS)
def test_proven_and_drawn(kind, shape):
    rng = np.random.default_rng(0)
    cell, _ = network(kind, shape, 2, rng)
    readout = Readout(cell.n_a, 2, "sigmoid", seed=0)
    run = readout(cell.unroll(rng.standard_normal((2, 2, 3)), lengths=[3, 2]))
    proof = prove(run.measure(np.ones((2, 2, 3)), binary_cross_entropy))
    assert proof.ok and {claim.status for claim in proof.claims.values()} == {"proven"}
    assert {claim.parameter for claim in proof.claims.values()} == {
        p.record for p in (cell.parameters | readout.parameters).values()
    }
    assert "<svg" in draw(run).svg
