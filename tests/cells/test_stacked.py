"""The split and the stacked form of an RNN are the same: as numbers, and as formulas."""

import numpy as np
import sympy
from cells_by_hand.networks import randomised

from autograd_seq import Parameter, Tensor, concatenate, differentiate, tanh
from autograd_seq.readings.symbols import expressions
from cells import RNN


def test_both_forms_as_numbers():
    rng = np.random.default_rng(0)
    split, stacked = randomised(RNN(3, 4), rng), RNN(3, 4, stacked=True)
    stacked.parameters["Wa"].value = np.hstack([split.parameters[key].value for key in ("Waa", "Wax")])
    stacked.parameters["ba"].value = split.parameters["ba"].value
    x, adjoint = rng.standard_normal((3, 2, 5)), rng.standard_normal((4, 2))
    for cell in (split, stacked):
        cell.unroll(x).final["a"].backward(adjoint)
    whole = np.hstack([split.parameters[key].grad for key in ("Waa", "Wax")])
    np.testing.assert_allclose(stacked.parameters["Wa"].grad, whole, rtol=1e-12)
    np.testing.assert_allclose(stacked.parameters["ba"].grad, split.parameters["ba"].grad, rtol=1e-12)


def test_both_forms_as_formulas():
    """Over all weights and inputs: the difference of two steps, and of their gradients, is zero as an expression."""
    Waa, Wax = Parameter([[0.1, 0.2], [0.3, 0.4]], "Waa"), Parameter([[0.5], [0.6]], "Wax")
    xs, start = [Tensor([[0.7]], "x1"), Tensor([[0.8]], "x2")], Tensor([[0.1], [0.2]], "a0")
    Wa, a, b = concatenate([Waa, Wax], axis=1), start, start
    for x in xs:
        a = tanh(Waa @ a + Wax @ x)
        b = tanh(Wa @ concatenate([b, x]))
    for one, other in zip(forms(a, Waa, Wax), forms(b, Waa, Wax), strict=True):
        difference = one - other
        assert sympy.simplify(difference) == 0
        assert one.free_symbols  # it says something


def forms(a, *parameters):
    """The scalars of a state, and of the gradients of its sum, as expressions in weights and inputs."""
    meaning = expressions(a.graph, expand=True)
    recording = differentiate(a.sum())
    backward = expressions_of(recording)
    return [*meaning[a].ravel(), *(e for p in parameters for e in backward[recording.adjoint(p)].ravel())]


def expressions_of(recording):
    from autograd_seq.core.graph import Graph

    return expressions(Graph(*[recording.adjoints[leaf] for leaf in recording.adjoints]), expand=True)
