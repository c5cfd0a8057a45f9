"""Proofs for every number of time steps: one step is proven, and that all do the same is made sure."""

import json
import re

import numpy as np
import pytest

import autograd_seq.numpy as teaching
from autograd_seq import (
    Graph,
    Parameter,
    Tensor,
    UsageError,
    differentiate,
    each,
    name,
    operation,
    prove,
    scope,
    sigmoid,
    steps,
    tanh,
)
from autograd_seq.check.check_certificate import Certificate, Fails
from autograd_seq.check.one_step import StepsDifferError, one_step
from autograd_seq.commands.things import cells_by_name, example_run, output_of


@pytest.mark.parametrize("cell", cells_by_name())
def test_every_cell_is_proven_for_every_length(cell, tmp_path):
    proof = prove(output_of(example_run(cell, 4, n_x=2, n_a=2, m=1)), all_lengths=True)
    assert {claim.status for claim in proof.claims.values()} == {"proven"}
    assert "for every number of time steps" in str(proof)
    data = json.loads(proof.save(tmp_path / "step.json").read_text())
    assert set(Certificate(data).check()[0].values()) == {"proven"}
    assert len(data["state"]) == len(proof.step.state) > 0
    assert bool(data["backwards"]) == ("bidirectional" in cell)


def test_what_it_costs_does_not_grow_with_the_steps():
    short, long = (prove(output_of(example_run("lstm", T)), all_lengths=True) for T in (3, 40))
    assert (short.records, short.uses, short.identities) == (long.records, long.uses, long.identities)


@pytest.mark.parametrize("T", [3, 4])
def test_in_two_directions_each_has_an_induction_of_its_own(T):
    step = one_step(output_of(example_run("bidirectional-lstm", T)).graph)
    given = {leaf.label: leaf in step.backwards for leaf, _ in step.state}
    assert given == {"→c<1>": False, "→a<1>": False, "←c<3>": True, "←a<3>": True}
    assert "→c<1>" not in {r.label for leaf, out in step.state if leaf in step.backwards for r in Graph(out)}


def test_a_file_for_rocq_knows_one_direction(tmp_path):
    proof = prove(output_of(example_run("bidirectional", 3, n_x=1, n_a=1, m=1)), all_lengths=True)
    with pytest.raises(UsageError, match="knows one direction"):
        proof.save(tmp_path / "both.v")


# -- that one step is a step of the sweep ----------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["gru", "lstm", "deep"])
def test_adjoints_handed_back_from_step_to_step_are_the_gradient(cell):
    """The sweep of the whole, made of one step's sweep again and again."""
    T = 5
    loss = output_of(example_run(cell, T, n_x=2, n_a=3))
    recording = differentiate(loss)
    step = one_step(loss.graph)
    by_label = {r.label: r for r in loss.graph}

    def at(r, time):
        return by_label[re.sub(r"<(\d)>", lambda found: f"<{time - 2 + int(found[1])}>", r.label)]

    behind = {id(out): np.zeros(out.shape) for _, out in step.state}
    gradients = {x.label: np.zeros(x.shape) for x in step.parameters}
    for time in range(T, 0, -1):
        leaves = [*step.parameters, *step.inputs, *(given for given, _ in step.state)]
        made = replayed(step, {x: at(x, time).value for x in leaves})
        total = sum((recording.adjoint(at(end, time)).value * made[end]).sum() for end in step.ends)
        total = total + sum((behind[id(out)] * made[out]).sum() for _, out in step.state)
        sweep = differentiate(total)
        for x in step.parameters:
            gradients[x.label] = gradients[x.label] + sweep.adjoint(made[x]).value
        behind = {id(out): sweep.adjoint(made[given]).value for given, out in step.state}
    for x in step.parameters:
        np.testing.assert_allclose(gradients[x.label], recording.adjoint(by_label[x.label]).value, 1e-10, 1e-14)


def replayed(step, values):
    """The step on other numbers."""
    made = {x: Tensor(values[x], x.name, True) for x in values}
    for record in step.records:
        operands = [made.get(x, x) for x in record.inputs]
        if record.operation.variadic:
            made[record] = record.operation(operands, **record.settings)
        else:
            made[record] = record.operation(*operands, **record.settings)
    return made


@pytest.mark.parametrize("cell", ["bidirectional-gru", "deep-bidirectional"])
def test_adjoints_handed_on_in_both_directions_are_the_gradient(cell):
    """One step's sweep again and again, until nothing that neighbours hand each other changes any more."""
    T = 4
    loss = output_of(example_run(cell, T, n_x=2, n_a=3))
    recording = differentiate(loss)
    step = one_step(loss.graph)
    by_label = {r.label: r for r in loss.graph}

    def at(r, time):
        return by_label[re.sub(r"<(\d)>", lambda found: f"<{time - 2 + int(found[1])}>", r.label)]

    leaves = [*step.parameters, *step.inputs, *(given for given, _ in step.state)]
    made = {time: replayed(step, {x: at(x, time).value for x in leaves}) for time in range(1, T + 1)}
    handed = {(time, out): np.zeros(out.shape) for time in range(T + 2) for _, out in step.state}
    for _ in range(2 * T):  # a layer needs T turns
        gradients, now = {x.label: np.zeros(x.shape) for x in step.parameters}, dict(handed)
        for time, of in made.items():
            total = sum((recording.adjoint(at(end, time)).value * of[end]).sum() for end in step.ends)
            total = total + sum((handed[time, out] * of[out]).sum() for _, out in step.state)
            sweep = differentiate(total)
            for x in step.parameters:
                gradients[x.label] = gradients[x.label] + sweep.adjoint(of[x]).value
            for given, out in step.state:
                now[time + (1 if given in step.backwards else -1), out] = sweep.adjoint(of[given]).value
        handed = now
    for x in step.parameters:
        np.testing.assert_allclose(gradients[x.label], recording.adjoint(by_label[x.label]).value, 1e-10, 1e-14)


# -- steps that differ ------------------------------------------------------------------------------------------


def unrolled(body, T=5):
    W, a = Parameter(np.array([[0.5, -0.2], [0.1, 0.3]]), "W"), Tensor(np.ones((2, 1)), "a0")
    states = [a]
    for t in steps(T):
        states.append(name(body(W, states, t), "a"))
    return (states[-1] ** 2).sum()


DIFFERENT = {
    "another factor at one step": lambda W, s, t: tanh(W @ s[-1]) * (2.0 if t == 4 else 1.0),
    "another activation": lambda W, s, t: tanh(W @ s[-1]) if t < 4 else sigmoid(W @ s[-1]),
    "more at the first": lambda W, s, t: tanh(W @ s[-1] + s[-1]) if t == 0 else tanh(W @ s[-1]),
    "two steps back": lambda W, s, t: tanh(W @ s[-1] + s[max(0, len(s) - 2)]),
    "a factor that is t": lambda W, s, t: tanh(W @ s[-1] * float(t)),
    "the first state again": lambda W, s, t: tanh(W @ s[-1]) + s[1] if t > 1 else tanh(W @ s[-1]),
}  # fmt: skip


@pytest.mark.parametrize("key", DIFFERENT)
def test_steps_that_differ_are_named(key):
    with pytest.raises(StepsDifferError, match="step"):
        prove(unrolled(DIFFERENT[key]), all_lengths=True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (lambda W, s, t: tanh(W @ s[-1] if t == 3 else W @ s[-1] + s[0]), "step 4 .*: it lacks add\n"),
        (lambda W, s, t: tanh(W @ s[-1] + s[0] if t == 3 else W @ s[-1]), "step 4 .*: it has add as well\n"),
        (lambda W, s, t: tanh(W @ s[-1] * s[0] if t == 3 else W @ s[-1] + s[0]),
         "step 4 .*: it has multiply where step 2 has add\n"),
        (lambda W, s, t: tanh(W @ s[-1]) * (2.0 if t == 4 else 1.0), "step 5 .*: a<5> is computed otherwise\n"),
        (lambda W, s, t: tanh(W @ s[-1]) if t != 3 else W @ s[-1], "step 4 .*: it lacks tanh\n"),
    ],
)  # fmt: skip
def test_operations_that_only_some_steps_have_are_named(body, said):
    with pytest.raises(StepsDifferError, match=said):
        prove(unrolled(body), all_lengths=True)


def test_two_steps_are_too_few_and_none_at_all():
    with pytest.raises(StepsDifferError, match="T = 3 or more"):
        prove(unrolled(lambda W, s, t: tanh(W @ s[-1]), 2), all_lengths=True)
    with pytest.raises(StepsDifferError, match="T = 3 or more"):
        prove((Parameter([1.0], "W") * 2.0).sum(), all_lengths=True)


def test_a_wrong_rule_is_refuted_for_every_length():
    @operation(vjp=[lambda g, y, x: g * (1 - y)], meaning=lambda algebra, x: each(algebra.tanh, x))
    def squash(x, /):
        return np.tanh(x)

    proof = prove(unrolled(lambda W, s, t: squash(W @ s[-1])), all_lengths=True)
    assert not proof.ok and proof["W"].status == "refuted"


def test_a_certificate_whose_state_does_not_fit_fails(tmp_path):
    proof = prove(output_of(example_run("lstm", 3, n_x=2, n_a=3, m=1)), all_lengths=True)
    data = json.loads(proof.save(tmp_path / "step.json").read_text())
    other = next(i for i, r in enumerate(data["records"]) if len(r["value"]) != 3)
    for state in ([[data["state"][0][0], other]], [[other, data["state"][0][1]]]):
        with pytest.raises(Fails, match="hands on"):
            Certificate({**data, "state": state}).check()


def test_a_certificate_that_turns_one_of_two_states_round_fails(tmp_path):
    """c and a of an LSTM depend on each other: they cannot come from two sides."""
    proof = prove(output_of(example_run("lstm", 3, n_x=2, n_a=3, m=1)), all_lengths=True)
    data = json.loads(proof.save(tmp_path / "step.json").read_text())
    Certificate({**data, "backwards": [given for given, _ in data["state"]]}).check()  # a sequence read from its end
    with pytest.raises(Fails, match="needed for itself"):
        Certificate({**data, "backwards": data["state"][0][:1]}).check()


def test_what_is_read_backwards_may_need_what_was_read_forwards_before():
    W, T = Parameter(np.array([[0.5]]), "W"), 5
    there, back = [Tensor(np.ones((1, 1)))] * (T + 2), [Tensor(np.ones((1, 1)))] * (T + 2)
    total = 0.0
    for t in steps(T):
        there[t + 1] = tanh(W @ there[t])
    for t in reversed(range(1, T + 1)):
        with scope(time=t):
            back[t] = tanh(W @ back[t + 1] + there[t - 1])
    for t in range(1, T + 1):
        with scope(time=t):
            total = total + (there[t] * back[t]).sum()
    assert prove(total, all_lengths=True)["W"].status == "proven"


def test_plain_numpy_without_steps_is_read_too():
    rng = np.random.default_rng(0)
    W, b = Parameter(rng.normal(size=(3, 3)), "W"), Parameter(rng.normal(size=(3, 1)), "b")
    x = rng.normal(size=(5, 3, 2))
    h, J = teaching.zeros((3, 2)), 0.0
    for t in range(5):
        h = np.tanh(W @ h + x[t] + b)
        J = J + (h * h).sum()
    step = one_step(Graph(J))
    assert step.steps == 5 and {x.name for x in step.parameters} == {"W", "b"}
    assert prove(J, all_lengths=True)["W"].status == "proven"
    with scope(time=None):
        assert len(step.state) == 2  # h, and the sum so far
