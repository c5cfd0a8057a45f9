"""Of many steps that do the same a derivation looks at some; what it prints is what it prints of all of them."""

import itertools

import numpy as np
import pytest
from own_code.programs import FURTHER, STYLES, recorded
from readings.derived_cells import CELLS, data, with_loss

import autograd_seq.numpy as anp
from autograd_seq import Parameter, Tensor, derive, equations, name, source, steps, tanh
from autograd_seq.core.graph import Graph
from autograd_seq.folding.steps import scopes
from autograd_seq.folding.turns import Turns
from autograd_seq.readings.derivation import Derivation

T = 33


def both(loss):
    short, whole = Derivation(loss), Derivation(loss, short=False)
    assert not whole.folded.turns
    return short, whole


def assert_reads_the_same(loss, left_out=True):
    short, whole = both(loss)
    assert bool(short.folded.turns) is left_out
    assert equations(short).text == equations(whole).text
    assert equations(short).latex == equations(whole).latex
    assert source(short) == source(whole)


@pytest.mark.parametrize("style", STYLES + FURTHER)
def test_own_code_reads_as_if_all_steps_were_looked_at(style):
    assert_reads_the_same(recorded(style, T)[0])


@pytest.mark.parametrize("which", CELLS)
def test_cells_read_as_if_all_steps_were_looked_at(which):
    assert_reads_the_same(with_loss(CELLS[which](), *data(T, 2)).loss)


def test_few_steps_are_all_looked_at():
    assert_reads_the_same(recorded("course_rnn", 12)[0], left_out=False)


def test_equations_have_the_values_of_all_steps():
    loss, _ = recorded("course_lstm", T)
    found = equations(loss)
    assert found.backward[3].derivation.folded.turns
    for equation in found:
        for time in equation.times[::4] or (None,):
            np.testing.assert_allclose(equation.evaluate(time), equation.value(time), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("apart", [2, T // 2, T - 1])
def test_a_step_that_does_something_else_is_found(apart):
    W, a = Parameter(np.eye(2) / 2, "W"), Tensor(np.ones((2, 3)), "a0")
    for t in steps(T):
        a = name(tanh(W @ a) if t != apart else W @ a, "a")
    J = (a * a).sum()
    short, whole = both(J)
    assert equations(short).text == equations(whole).text
    assert f"a<{apart}>" in equations(short).text or apart == T - 1


@pytest.mark.parametrize("used", [1, T // 2, T])
def test_a_step_that_is_used_once_more_is_found(used):
    """What a step of the backward pass adds up depends on who uses what it made, outside of the loop too."""
    W, a, states = Parameter(np.eye(2) / 2, "W"), np.ones((2, 1)), []
    for _ in steps(T):
        a = name(np.tanh(W @ a), "a")
        states.append(a)
    J = np.sum(a) + np.sum(np.exp(states[used - 1]))
    short, whole = both(J)
    assert equations(short).text == equations(whole).text
    assert source(short) == source(whole)


def test_labels_that_are_no_probabilities_at_a_step_in_the_middle_are_found():
    """Whether the labels of each example add up to 1 is asked of all steps."""
    W = Parameter(np.eye(2) / 3, "W")
    for changed in (False, True):
        h, J, labels = np.ones((2, 1)), 0.0, np.eye(2)[:, :1].repeat(T, axis=1)
        labels[:, T // 2] = (0.3, 0.3) if changed else (1, 0)
        for t in range(T):
            h = np.tanh(W @ h)
            e = np.exp(h - np.max(h))
            y = e / np.sum(e)
            J = J - np.sum(labels[:, t : t + 1] * np.log(y))
        short, whole = both(J)
        assert short.folded.turns
        text = equations(short).text
        assert text == equations(whole).text
        assert ("= 1)" in text) is not changed


def test_numbers_that_data_give_at_a_step_in_the_middle_are_found():
    """Equal at all the steps that are looked at, but not at all steps: then more have to be looked at."""
    W = Parameter(np.random.default_rng(0).standard_normal((3, 3)), "W")
    for targets in ([1] * T, [1] * (T // 2) + [2] + [1] * (T - T // 2 - 1), [0, 1, 2] * (T // 3)):
        h, J = np.ones((3, 1)), 0.0
        for t in range(T):
            h = anp.tanh(W @ h)
            J = J + h[targets[t], 0]
        short, whole = both(J)
        assert equations(short).text == equations(whole).text


def test_which_steps_are_alike():
    graph = recorded("course_rnn", 20)[0].graph
    turns = Turns(graph, scopes(graph))
    assert turns.alike() == range(2, 21)
    assert len({len(step) for step in itertools.islice(turns.steps.values(), 1, None)}) == 1
    assert Turns(Graph(Tensor(1.0)), {}).alike() == range(0)


def test_a_derivation_makes_no_node_for_most_steps():
    nodes = [len(Derivation(recorded("gru_in_dicts", T)[0]).folded.nodes.every) for T in (40, 80, 160)]
    assert nodes[0] == nodes[1] == nodes[2]


def test_a_document_of_many_steps_reads_as_one_of_few():
    texts = {T: derive(recorded("course_rnn", T)[0], title="RNN").equations.text for T in (12, 200)}
    assert texts[12] == texts[200]
