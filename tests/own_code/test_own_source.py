"""A student's own code as a generated program: NumPy is all that it needs, and other sizes are right or refused."""

import numpy as np
import pytest
from own_code.programs import STYLES, plain, recorded
from readings.agreement import close
from readings.alone import run_alone

from autograd_seq import Parameter, source

SIZES = (9, 10)  # of the recording; no length of a parameter
IN_ARRAYS = ("course_lstm", "course_rnn", "reversed_gru", "masked_batches", "both_directions", "attention_pooling",
             "peephole_matrix")  # fmt: skip


@pytest.mark.parametrize("style", IN_ARRAYS)
def test_the_program_runs_where_there_is_nothing_but_numpy(style):
    sizes = [SIZES, (5, 10), (9, 2)]
    made = [plain(style, T, m, seed) for seed, (T, m) in enumerate(sizes)]
    cases = [values | arguments for values, arguments in made]
    values, arguments = made[0]
    found = run_alone(source(recorded(style, *SIZES)[0], "net"), cases, list(arguments), [], list(values))
    for i, (T, m) in enumerate(sizes):
        J, parameters = recorded(style, T, m, i)
        J.backward()
        close(found[f"{i}/out0"], J.value, "loss")
        for key, parameter in parameters.items():
            close(found[f"{i}/d{key}"], parameter.grad, key)


@pytest.mark.parametrize("style", STYLES)
def test_the_program_imports_numpy_alone(style):
    lines = source(recorded(style, *SIZES)[0], "net").splitlines()
    assert [line for line in lines if "import" in line] == ["import numpy as np"]


def test_a_program_whose_numbers_may_be_lengths_says_so_at_other_sizes():
    """Of four steps of four hidden units nobody can tell whether the 4 in A[:4] counts steps or units."""
    namespace = {}
    exec(compile(source(recorded("peephole_matrix", 4, 3)[0], "net"), "generated", "exec"), namespace)
    for T, m in [(4, 3), (3, 3), (4, 2)]:
        values, arguments = plain("peephole_matrix", T, m)
        if (T, m) == (4, 3):
            namespace["net_forward"](values, **arguments)
            continue
        with pytest.raises(ValueError, match="was recorded for"):
            namespace["net_forward"](values, **arguments)


@pytest.mark.parametrize("style", STYLES)
def test_no_function_has_an_argument_that_nobody_has(style):
    text = source(recorded(style, *SIZES)[0], "net")
    assert "def net_backward(cache):" in text


@pytest.mark.parametrize("T", [1, 2, 6])
def test_zeros_that_the_program_makes_itself_are_no_arguments_and_a_single_step_is_right_too(T):
    namespace = {}
    exec(compile(source(recorded("encoder_decoder", *SIZES)[0], "net"), "generated", "exec"), namespace)
    J, parameters = recorded("encoder_decoder", T, 5, seed=3)
    weights, given = plain("encoder_decoder", T, 5, seed=3)
    found, cache = namespace["net_forward"](weights, given["xs"], given["ys"])
    np.testing.assert_allclose(found, J.value, rtol=1e-12)
    J.backward()
    gradients = namespace["net_backward"](cache)
    for key, parameter in parameters.items():
        np.testing.assert_allclose(gradients[f"d{key}"], parameter.grad, rtol=1e-12, atol=1e-12)


def test_a_helper_for_a_function_keeps_its_name():
    def squash(z):
        return 1 / (1 + np.exp(-z))

    def loss(W, h, squared):
        for _ in range(3):
            h = squash(W @ h)
        return np.sum(1 / (1 + np.exp(-h))) if squared else np.sum(h)

    W, h = np.eye(2) / 2, np.ones((2, 1))
    text = source(loss(Parameter(W, "W"), h, True))
    assert "def squash(x):\n    return 1 / (1 + np.exp(-x))\n" in text
    assert "= squash(W @ h[t - 1])" in text and text.count("1 / (1 + np.exp(-h[T]))") == 1
    program = {}
    exec(text, program)
    value, cache = program["network_forward"](h * 0.3, {"W": W * 2})
    again = Parameter(W * 2, "W")
    J = loss(again, h * 0.3, True)
    J.backward()
    np.testing.assert_allclose(value, J.value, rtol=1e-13)
    np.testing.assert_allclose(program["network_backward"](cache)["dW"], again.grad, rtol=1e-12)


def test_a_helper_whose_name_something_else_has_is_written_out():
    def squash(z):
        return 1 / (1 + np.exp(-z))

    def loss(parameters, helper):
        return np.sum(helper(parameters["squash"] @ np.ones((2, 1))))

    text = source(loss({"squash": Parameter(np.eye(2), "squash")}, squash))
    assert "def squash(" not in text and "1 / (1 + np.exp(" in text
