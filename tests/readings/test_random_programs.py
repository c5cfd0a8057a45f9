"""What is said about random programs of plain NumPy is what they compute: equation by equation, as text, as source."""

import numpy as np
import pytest
from folding.test_fold import expand
from own_code.text_reader import Page
from readings.agreement import layout, run_here, valued
from readings.derived_cells import value_of
from readings.random_programs import READABLE, recorded
from sweeps import slow_but_part_of

from autograd_seq import Parameter, differentiate, equations, source
from autograd_seq.core import names
from autograd_seq.folding.fold import fold
from autograd_seq.folding.unit import Family
from autograd_seq.readings.derivation import Derivation
from autograd_seq.writer.tree import indices_in


def close(found, expected, what=""):
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11, err_msg=str(what))


def holds(J):
    """Each equation, evaluated from the recorded values of what it names, is the recorded value of what it defines."""
    expand(fold(differentiate(J)))
    for equation in equations(J):
        for time in equation.times or (None,):
            close(equation.evaluate(time), equation.value(time), equation)


@pytest.mark.parametrize("seed", slow_but_part_of(range(400), one_in=10))
def test_equations_and_source_are_what_was_recorded(seed):
    J = recorded(seed)
    holds(J)
    derivation = Derivation(J)
    text = source(derivation, "net")
    inputs, backward, parameters, _ = layout(derivation)
    given = {key: valued(unit) for group in (inputs, backward, parameters) for key, unit in group.items()}
    found = run_here(text, [given], list(inputs), list(backward), list(parameters))
    close(found["0/out0"], value_of(derivation.outputs[0]), "J")
    J.backward()
    for key, unit in parameters.items():
        close(found[f"0/d{key}"], unit.record.grad, key)


@pytest.mark.parametrize("seed", slow_but_part_of(range(300), one_in=10))
def test_what_is_printed_gives_loss_and_gradients(seed):
    J = recorded(seed, READABLE)
    derivation = Derivation(J)
    said = equations(derivation)
    page = Page(said.text.replace("Σ_axis (0, 1)", "Σ"), given_to(derivation, said), derivation.last)
    close(page.value(said.forward[-1].text.split(" = ")[0]), J.value, "J")
    J.backward()
    gradients = page.gradients()
    for unit in derivation.parameters:
        told = gradients[names.text(derivation.names[unit])]
        close(np.reshape(told, unit.record.shape), unit.record.grad, unit)


def printed(J):
    """What is printed after checking that it holds."""
    holds(J)
    return equations(J).text


def test_siblings_with_other_indices_stay_apart():
    """Any two numbers count with the step, or are equal: of 0, 1, 1 no two pairs do the same."""
    W = Parameter(np.random.default_rng(0).normal(size=(3, 3)), "W")
    y = np.tanh(W)
    a, b, c = [y[i] for i in (0, 1, 1)]
    text = printed(np.sum(a + (b - a) * c))
    assert "J = Σ(y[0] + (y[1] − y[0]) ∘ y[1])" in text
    assert "dy = (0; [1] += y[1] − y[0]; [1] += y[1]; [0] += 1 − y[1])" in text


def test_of_parts_that_are_joined_one_may_be_empty():
    W = Parameter(np.random.default_rng(0).normal(size=(3, 3)), "W")
    y = np.tanh(W)
    a, b = [np.concatenate([y[k:], y[:k]]) for k in (0, 1)]
    holds(np.sum(a * b))


def test_an_axis_that_is_put_back_stays_where_it_is_put():
    """What is broadcast to the shape of the other factor anyway may be left out; an axis in between may not."""
    W = Parameter(np.random.default_rng(0).normal(size=(3, 3)), "W")
    y = np.tanh(W)
    z = np.max(y, axis=1) - y
    holds(np.sum(z * z))


def test_a_step_of_its_own_has_no_name_of_the_others():
    """Two loops one after the other: a<t> of the first is not a<1> of the second."""
    W, a = Parameter(np.random.default_rng(0).normal(size=(3, 3)), "W"), np.ones((3, 1))
    for _ in range(4):
        a = np.tanh(W @ a)
    for axis in (0, 1, 0, 1):
        a = np.sum(W * a, axis=axis, keepdims=True)
    said = equations(np.sum(a * a))
    defined = [equation.text.split(" = ")[0] + str(equation.times) for equation in said]
    assert len(set(defined)) == len(defined), defined


def given_to(derivation, said):
    """What a derivation is given, by its printed name: its leaves, and the indices that are data."""
    found, by_step = {}, {}
    for unit in derivation.folded.units:
        if unit.leaf and unit in derivation.names:
            called = names.text(derivation.names[unit], derivation.scope(unit), "")
            steps = unit.members if isinstance(unit, Family) else {unit.time: unit}
            for time, node in steps.items():
                by_step.setdefault(called, {})[time] = node.record.value
    for index in (index for equation in said for index in indices_in(equation.right)):
        by_step.setdefault(derivation.called(index.data), {}).update(index.values)
    for called, steps in by_step.items():
        found[called] = steps[None] if list(steps) == [None] else steps.__getitem__
    return found
