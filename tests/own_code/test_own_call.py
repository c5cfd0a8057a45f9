"""A generated program is called as its author calls his function, and gives gradients in what he keeps weights in."""

import inspect

import numpy as np
import pytest
from own_code.programs import FURTHER, STYLES, plain, program, recorded

from autograd_seq import source

SIZES = (9, 10)  # of the recording; no length of a parameter
OTHERS = [(5, 10), (9, 2), (14, 3)]
ENTRY = {"char_model": "lossFun"}  # what the author calls; `loss` in all others


def generated(style, T, m, name=None):
    """The functions of a generated module."""
    namespace = {}
    exec(compile(source(recorded(style, T, m)[0], name), "generated", "exec"), namespace)
    return namespace


def own_arguments(style, T, m, seed):
    """What the author gives to his function, by name."""
    values, arguments = plain(style, T, m, seed)
    return arguments | (values if style in ENTRY else {"parameters": values})


@pytest.mark.parametrize("style", STYLES + FURTHER)
def test_it_takes_what_the_authors_function_takes_in_that_order(style):
    name = ENTRY.get(style, "loss")
    made = generated(style, *SIZES)[f"{name}_forward"]
    assert list(inspect.signature(made).parameters) == list(inspect.signature(getattr(program(style), name)).parameters)


@pytest.mark.parametrize("style", STYLES + FURTHER)
@pytest.mark.parametrize(("T", "m", "seed"), [(*SIZES, 0), (*SIZES, 1), *((T, m, 2) for T, m in OTHERS)])
def test_called_with_the_authors_arguments_it_gives_loss_and_gradients(style, T, m, seed):
    name = ENTRY.get(style, "loss")
    made = generated(style, *SIZES)
    found, cache = made[f"{name}_forward"](**own_arguments(style, T, m, seed))
    J, parameters = recorded(style, T, m, seed)
    np.testing.assert_allclose(found, J.value, rtol=1e-12)
    J.backward()
    gradients = made[f"{name}_backward"](cache)
    assert set(gradients) == {f"d{key}" for key in parameters}
    for key, parameter in parameters.items():
        scale = max(1, np.abs(parameter.grad).max())
        np.testing.assert_allclose(gradients[f"d{key}"], parameter.grad, rtol=1e-12, atol=1e-12 * scale, err_msg=key)


@pytest.mark.parametrize("style", STYLES + FURTHER)
@pytest.mark.parametrize(("T", "m"), [(4, 3), (6, 3), (4, 5), (3, 2)])
def test_recorded_at_lengths_that_weights_have_too_it_is_right_or_refuses(style, T, m):
    name = ENTRY.get(style, "loss")
    made = generated(style, 4, 3)
    try:
        found, cache = made[f"{name}_forward"](**own_arguments(style, T, m, 5))
    except ValueError as error:
        assert "recorded for" in str(error) and (T, m) != (4, 3)
        return
    J, parameters = recorded(style, T, m, 5)
    np.testing.assert_allclose(found, J.value, rtol=1e-12)
    J.backward()
    for key, parameter in parameters.items():
        np.testing.assert_allclose(made[f"{name}_backward"](cache)[f"d{key}"], parameter.grad, rtol=1e-11, atol=1e-11)
