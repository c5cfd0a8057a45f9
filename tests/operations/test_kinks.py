"""What the table of docs/operations.md says of kinks and ties holds in every way to a gradient."""

import importlib.util
from pathlib import Path

import mpmath
import numpy as np
import pytest
from operations.high_precision import DIGITS, evaluate
from readings.test_source import agrees

from autograd_seq import compile, differentiate, grad, prove, source
from autograd_seq.readings.derivation import Derivation

SCRIPT = Path(__file__).parents[2] / "docs" / "write_operations.py"
SPEC = importlib.util.spec_from_file_location("write_operations", SCRIPT)
page = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(page)

pytestmark = pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # where a derivative is infinite
every = pytest.mark.parametrize("name", page.KINKS)


def swept(name):
    """The inputs with a derivative, the loss, and the gradients of the sweep."""
    inputs, loss = page.at_kink(name)
    loss.backward()
    reached = [x for x in inputs if x.grad is not None]
    return reached, loss, [x.grad for x in reached]


@every
def test_both_sweeps_agree(name):
    inputs, loss, expected = swept(name)
    for x, slope, bare in zip(inputs, expected, grad(loss, inputs), strict=True):
        np.testing.assert_array_equal(slope, bare)
        np.testing.assert_allclose(differentiate(loss).adjoint(x).value, slope, rtol=1e-15)


@every
def test_a_plan_agrees(name):
    inputs, loss, expected = swept(name)
    _, gradients = compile(loss)()
    for x, slope in zip(inputs, expected, strict=True):
        np.testing.assert_allclose(gradients[x.name], slope, rtol=1e-14)


@every
def test_the_written_program_agrees(name):
    _, loss, _ = swept(name)
    derivation = Derivation(loss)
    agrees(source(derivation, "net"), derivation, [derivation])


VECTORS_UNDETERMINED = {"linalg.norm(x, 2)"}  # those of equal singular values: a meaning cannot choose among them


@pytest.mark.parametrize("name", [name for name in page.KINKS if name not in VECTORS_UNDETERMINED])
def test_exact_numbers_agree(name):
    """What a proof reads, the recorded backward pass in its operations' meanings, gives the same derivative."""
    inputs, loss, expected = swept(name)
    if all(np.isfinite(slope).all() for slope in expected) and all(np.isfinite(x.value).all() for x in inputs):
        for x, slope in zip(inputs, expected, strict=True):
            with mpmath.workdps(DIGITS):
                meant = evaluate(differentiate(loss).adjoint(x)).astype(float)
            np.testing.assert_allclose(meant, slope, rtol=1e-14, atol=1e-15)


@every
def test_no_proof_calls_it_wrong(name):
    inputs, loss, _ = swept(name)
    proof = prove(loss, wrt=inputs)
    assert {proof[x.name].status for x in inputs} <= {"proven", "checked", "excluded"}
