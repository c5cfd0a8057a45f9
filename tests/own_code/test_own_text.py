"""The printed equations, read back as text and given the program's values, give its loss and its gradients."""

import numpy as np
import pytest
from own_code.leaves import given, printed
from own_code.programs import STYLES, plain, program, recorded
from own_code.text_reader import Page

from autograd_seq import equations

SIZES = (4, 3)


def page(style, T=SIZES[0], m=SIZES[1], seed=3):
    J, _ = recorded(style, T, m, seed)
    return Page(equations(J).text, given(style, T, m, seed), T), J


@pytest.mark.parametrize("style", STYLES)
def test_what_is_printed_gives_loss_and_gradients(style):
    read, _ = page(style)
    J, parameters = recorded(style, *SIZES, seed=3)
    values, arguments = plain(style, *SIZES, seed=3)
    top = equations(J).forward[-1].text.split(" = ")[0]
    assert read.value(top) == pytest.approx(program(style).loss(values, **arguments).item(), rel=1e-10)
    J.backward()
    gradients = read.gradients()
    assert set(gradients) == set(map(printed, parameters))
    for key, parameter in parameters.items():
        told = np.reshape(gradients[printed(key)], parameter.shape)
        scale = np.max(np.abs(parameter.grad))
        np.testing.assert_allclose(told, parameter.grad, rtol=1e-10, atol=1e-10 * scale, err_msg=key)
