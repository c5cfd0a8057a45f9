"""A student's own code as a generated program: right for other lengths, batches and data, or it says that it is not."""

import numpy as np
import pytest
from own_code.programs import STYLES, plain, recorded
from readings.agreement import agrees, layout, valued

from autograd_seq import source
from autograd_seq.readings.derivation import Derivation

SIZES = (9, 10)  # of the recording; no length of a parameter
OTHERS = [(5, 10), (9, 2), (1, 1), (14, 3)]


def derivation(style, T, m, seed=0):
    return Derivation(recorded(style, T, m, seed)[0])


@pytest.mark.parametrize("style", STYLES)
def test_the_program_gives_the_recorded_loss_and_gradients(style):
    first = derivation(style, *SIZES)
    agrees(source(first, "net"), first, [first])


@pytest.mark.parametrize("style", STYLES)
def test_the_program_is_right_for_other_sizes_and_data(style):
    first = derivation(style, *SIZES)
    others = [derivation(style, T, m, seed) for seed, (T, m) in enumerate([SIZES, *OTHERS[:2], OTHERS[3]], start=1)]
    agrees(source(first, "net"), first, others)


def test_a_program_whose_numbers_may_be_lengths_says_so_at_other_sizes():
    """Of four steps of four hidden units nobody can tell whether the 4 in A[:4] counts steps or units."""
    first = derivation("peephole_matrix", 4, 3)
    namespace = {}
    exec(compile(source(first, "net"), "generated", "exec"), namespace)
    inputs, _, parameters, _ = layout(first)
    given = {key: valued(unit) for key, unit in inputs.items()}
    weights = {key: valued(unit) for key, unit in parameters.items()}
    namespace["net_forward"](parameters=weights, **given)
    shorter = {key: value[..., :-1] if np.ndim(value) == 3 else value for key, value in given.items()}
    with pytest.raises(ValueError, match="was recorded for"):
        namespace["net_forward"](parameters=weights, **shorter)


@pytest.mark.parametrize("style", STYLES)
def test_no_function_has_an_argument_that_nobody_has(style):
    text = source(derivation(style, *SIZES), "net")
    assert "def net_backward(cache):" in text


@pytest.mark.parametrize("T", [1, 2, 6])
def test_a_program_takes_what_the_users_function_takes(T):
    """Zeros that the program makes itself are no arguments, whatever the batch; and a single step is right too."""
    namespace = {}
    exec(compile(source(derivation("encoder_decoder", *SIZES), "net"), "generated", "exec"), namespace)
    J, parameters = recorded("encoder_decoder", T, 5, seed=3)
    weights, given = plain("encoder_decoder", T, 5, seed=3)
    found, cache = namespace["net_forward"](np.stack(given["xs"], -1), weights, np.stack(given["ys"], -1))
    np.testing.assert_allclose(found, J.value, rtol=1e-12)
    J.backward()
    gradients = namespace["net_backward"](cache)
    for key, parameter in parameters.items():
        np.testing.assert_allclose(gradients[f"d{key}"], parameter.grad, rtol=1e-12, atol=1e-12)
