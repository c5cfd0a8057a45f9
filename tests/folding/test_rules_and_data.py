"""What a program computes from its counter is a rule in t; what it takes from data is not, whatever the numbers are."""

import numpy as np
import pytest
from readings.agreement import agrees, layout, valued

import autograd_seq.numpy as anp
from autograd_seq import Parameter, equations, source
from autograd_seq.folding.provenance import of_index, of_operand
from autograd_seq.folding.step_index import GivenIndex, StepIndex
from autograd_seq.readings.derivation import Derivation


def characters(inputs, targets, hidden=4, size=9):
    """A character model over lists of numbers."""
    rng = np.random.default_rng(0)
    Wx, Wh = Parameter(rng.normal(size=(hidden, size)), "Wx"), Parameter(rng.normal(size=(hidden, hidden)), "Wh")
    Wy, h, J = Parameter(rng.normal(size=(size, hidden)), "Wy"), anp.zeros((hidden, 1)), 0
    for t in range(len(inputs)):
        x = anp.zeros((size, 1))
        x[inputs[t]] = 1
        h = anp.tanh(Wx @ x + Wh @ h)
        e = anp.exp(Wy @ h)
        J = J - anp.log((e / anp.sum(e))[targets[t], 0])
    return J


def test_targets_that_happen_to_count_are_data():
    first = Derivation(characters([2, 3, 4, 5], [3, 4, 5, 6]))
    text = equations(first).text
    assert "[targets<t>, 0]" in text and "t + 2" not in text
    assert layout(first)[0]["targets"] == [3, 4, 5, 6]
    others = [characters([2, 0, 1, 1], [0, 1, 2, 7]), characters([2, 0, 1], [0, 1, 2]), characters([1] * 6, [8] * 6)]
    agrees(source(first, "net"), first, [first, *map(Derivation, others)])


def test_equal_targets_are_data_too():
    first = Derivation(characters([2, 3, 4, 5], [6, 6, 6, 6]))
    agrees(source(first, "net"), first, [first, Derivation(characters([2, 0, 1, 1], [0, 1, 2, 7]))])


def counted(values, T=4):
    """An array that is read by the loop's counter."""
    W, h, J = Parameter([[0.5]], "W"), anp.zeros((1, 1)), 0
    x = Parameter(values, "x")
    for t in range(T):
        h = anp.tanh(W @ h + x[:, t : t + 1])
        J = J + anp.sum(h * h)
    return J


def test_what_counts_with_the_counter_is_a_rule():
    J = counted(np.arange(4.0).reshape(1, 4))
    picked = [unit for unit in Derivation(J).folded.units if "index" in unit.settings and unit.operation is not None]
    (index,) = {repr(unit.settings["index"]) for unit in picked if not unit.any.owner}
    assert index == "(slice(None, None, None), slice(t - 1, t, None))"
    assert GivenIndex("targets", ((1, 3), (2, 4))) != StepIndex(2)


def mean_of(m, n=3, T=5):
    rng = np.random.default_rng(m)
    W, h, J = Parameter(np.eye(n) / 2, "W"), rng.normal(size=(n, m)), 0
    xs = [rng.normal(size=(n, m)) for _ in range(T)]
    for x in xs:
        h = np.tanh(W @ h + x)
        J = J + np.mean(h**2) + np.sum(h) / h.shape[1]
    return J / len(xs)


def test_lengths_are_those_of_the_arrays():
    first = Derivation(mean_of(7))
    text = source(first, "net")
    assert "raise" not in text and " / T" in text and "np.size(" in text
    agrees(text, first, [first, Derivation(mean_of(2)), Derivation(mean_of(4, T=8))])


def lines(k, scale):
    W = Parameter(np.arange(6.0), "W")
    total = 0
    for i in range(2):
        total = total + W[i] * 2
    first, n = W[k], len(W.shape)
    return total, first * scale, first / n, np.sum(W) / W.shape[0]


def test_the_text_tells_where_numbers_come_from():
    total, scaled, by_rank, by_length = lines(3, 0.25)
    assert of_index(total.inputs[1].inputs[0])[0].kind == "counter"
    assert of_operand(total.inputs[1], 1).kind == "code"
    assert of_index(scaled.inputs[0])[0].kind == "data" and of_index(scaled.inputs[0])[0].words == "k"
    assert (of_operand(scaled, 1).kind, of_operand(scaled, 1).words) == ("data", "scale")
    assert of_operand(by_rank, 1).kind == "length" and of_operand(by_length, 1).length == ("W", 0)


@pytest.mark.parametrize("scale", [0.5, 1.0, 0.0])
def test_numbers_that_the_program_is_given_are_arguments(scale):
    W = Parameter(np.eye(2), "W")
    first = Derivation(np.sum(np.tanh(W) * scale))
    assert valued(layout(first)[0]["scale"]) == scale
    agrees(source(first, "net"), first, [first])


def test_a_running_total_stands_with_its_beginning():
    W, xs, total = Parameter([[0.5]], "W"), np.arange(1.0, 6).reshape(5, 1, 1), 0
    kept = []
    for x in xs:
        total = total - np.sum(np.tanh(W @ x))
        kept.append(total * total)
    read = equations(np.sum(np.stack(kept)))
    name = next(e.name for e in read.forward if "<t-1> −" in e.text)
    assert [e.text for e in read.find(name) if e.left.at in (0, 1)] and "<0> = 0" in read.text


def test_a_recording_of_two_steps_is_for_two_steps():
    first = Derivation(characters([2, 3], [3, 4]))
    namespace = {}
    exec(source(first, "net"), namespace)
    inputs, _, parameters, _ = layout(first)
    given = {key: value if isinstance(value, list) else None for key, value in inputs.items()}
    given |= {key: unit.record.value for key, unit in inputs.items() if hasattr(unit, "record")}
    given |= {key: np.zeros((9, 1, 3)) for key, value in given.items() if value is None}
    given["targets"] = [0, 1, 2]
    weights = {key: unit.record.value for key, unit in parameters.items()}
    with pytest.raises(ValueError, match="recorded for T = 2"):
        namespace["net_forward"](parameters=weights, **given)


def test_a_total_that_every_epoch_begins_anew_begins_with_the_number_in_the_text():
    W = Parameter([[0.5]], "W")
    for _ in range(2):
        h, total = np.ones((1, 1)), 0.0
        for _ in range(5):
            h = np.tanh(W @ h)
            total = total - np.sum(h)
    assert "total = Σ_t (−Σ(h<t>))" in equations(total).text
    assert [e.condition for e in equations(total).find("dh")] == ["t < T", "t = T"]


def test_a_number_that_a_loop_sets_at_each_turn_is_no_beginning():
    W, found = Parameter([[0.5]], "W"), []
    for t in range(3):
        rate = 0.1
        found.append(W * rate)
        rate = t * 0.5
        found.append(W * rate)
    assert {of_operand(record, 1).kind for record in found} == {"counter"}
