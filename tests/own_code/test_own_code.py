"""A student's programs: their gradients are right, as differences of the plain program tell."""

import numpy as np
import pytest
from own_code.programs import FURTHER, STYLES, plain, program, recorded


@pytest.mark.parametrize("style", STYLES + FURTHER)
@pytest.mark.parametrize(("T", "m"), [(4, 3), (1, 2)])
def test_gradients_are_the_differences_of_the_plain_program(style, T, m):
    J, parameters = recorded(style, T, m)
    values, arguments = plain(style, T, m)
    module = program(style)
    assert J.value == pytest.approx(module.loss(values, **arguments).item(), rel=1e-12)
    J.backward()
    rng = np.random.default_rng(7)
    for key, parameter in parameters.items():
        direction = rng.standard_normal(parameter.shape)
        ahead, behind = (
            module.loss(values | {key: values[key] + h * direction}, **arguments).item() for h in (1e-5, -1e-5)
        )
        assert (ahead - behind) / 2e-5 == pytest.approx(np.sum(parameter.grad * direction), rel=1e-6, abs=1e-8), key
