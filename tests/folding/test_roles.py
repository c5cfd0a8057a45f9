"""What a record does in its step: the same at every step, in programs of several styles, written down by hand."""

import numpy as np
import pytest
from folding.programs import STYLES, T, weights

from autograd_seq import Parameter, Tensor, concatenate, differentiate, name, scope, sigmoid, steps, sum, tanh
from autograd_seq.folding.alike import alike

ALL, LATER = range(1, T + 1), range(2, T + 1)
# Of each style: what is made at every step, what at some steps only, and what stands beside the first or last step.
EXPECTED = {
    "in_lists": ("matmul add tanh multiply sum add", {}, {"h0": 0}),
    "in_dicts": ("matmul add tanh power sum add", {}, {None: 0}),
    "filled_by_index": ("matmul add tanh", {}, {None: 0}),
    "helper_thrice": ("matmul add sigmoid " * 3 + "multiply add tanh multiply", {}, {"h0": 0}),
    "helper_at_most_thrice": (
        "matmul add sigmoid " * 2 + "multiply",
        {"matmul": LATER, "add": LATER, "sigmoid": LATER, "add 2": LATER, "multiply": LATER},
        {},
    ),
    "reversed_loop": ("matmul add tanh", {}, {"h_end": T + 1}),
    "two_loops": ("matmul tanh matmul multiply sum add", {}, {"h0": 0}),
    "nested_loops": ("matmul add tanh " * 2 + "sum add", {}, {None: 0}),
    "both_directions": ("matmul add f matmul add b multiply sum add", {}, {"f0": 0, "b0": T + 1}),
    "does_not_divide": ("matmul tanh", {"sum": LATER, "add": LATER}, {"h0": 0}),
    "first_step_apart": ("matmul h", {"matmul": LATER, "add": LATER}, {}),
    "one_array_used_thrice": ("matmul tanh multiply add", {}, {None: 0}),
    "four_gates_of_one_product": (
        "concatenate matmul getitem getitem getitem getitem sigmoid multiply sigmoid tanh multiply add sigmoid tanh "
        "multiply",
        {},
        {"h0": 0, "c0": 0},
    ),
}


def made(graph):
    """For each role of operations in steps, what they are called and the steps at which they are made."""
    found, roles = alike(graph), {}
    for record in graph:
        if record.operation is not None and found.places[record].time is not None:
            roles.setdefault(found.roles[record], []).append(record)
    return [
        (records[0]._name or records[0].operation.name, sorted(found.places[r].time for r in records))
        for records in roles.values()
    ]


@pytest.mark.parametrize("style", STYLES)
def test_what_every_step_makes_has_one_role(style):
    always, sometimes, initial = EXPECTED[style]
    graph = STYLES[style]().graph
    expected = [(what, list(ALL)) for what in always.split()]
    expected += [(what.split()[0], list(times)) for what, times in sometimes.items()]
    assert sorted(made(graph)) == sorted(expected)
    found = alike(graph)
    assert {leaf.name: found.places[leaf].time for leaf in found.initial} == initial
    for leaf, state in found.initial.items():
        assert found.roles[leaf] == found.roles[state] and state.operation is not None


def gates(graph):
    """The parameter that each product of a step is made with, by its role."""
    found, products = alike(graph), {}
    for record in graph:
        if record.operation is not None and record.operation.name == "matmul":
            products.setdefault(found.roles[record], set()).add(record.inputs[0].name)
    return products


@pytest.mark.parametrize("style", ["helper_thrice", "helper_at_most_thrice"])
def test_calls_of_one_helper_are_told_apart_by_what_they_are_given(style):
    assert sorted(map(sorted, gates(STYLES[style]().graph).values())) == [["Wf"], ["Wi"], ["Wo"]]


def test_an_input_that_one_step_uses_belongs_to_it():
    (W,) = weights("W")
    xs = [Tensor(np.full((3, 1), float(t)), "x") for t in range(3)]
    everywhere, a = Tensor(np.ones((3, 1)), "b"), Tensor(np.zeros((3, 1)), "a0")
    for t in steps(3):
        a = tanh(W @ a + xs[t] + everywhere)
    found = alike(a.graph)
    assert [found.places[x].time for x in xs] == [1, 2, 3] and len({found.roles[x] for x in xs}) == 1
    assert found.places[everywhere].time is None and found.places[W.record].time is None
    assert len({found.roles[everywhere], found.roles[W.record], found.roles[xs[0]]}) == 3


def test_a_plain_array_is_one_record_however_often_it_is_used():
    graph = STYLES["one_array_used_thrice"]().graph
    found = alike(graph)
    assert len(found.initial) == 1 and not found.again
    (given,) = found.initial
    assert len(graph.consumers()[given]) == 3


def test_equal_arrays_at_the_same_uses_are_one():
    (W,) = weights("W")
    a = np.ones((3, 2))
    uses = a.copy(), a.copy(), a.copy()
    for _ in range(4):
        a = uses[0] * tanh(W @ uses[1]) + uses[2]
        uses = a, a, a
    found = alike(a.sum().graph)
    assert len(found.initial) == 3 and len(found.again) == 2
    assert len(set(found.again.values())) == 1 and set(found.again.values()) <= set(found.initial)


def test_equal_numbers_alone_are_not_one_thing():
    """Two states that both begin with zeros."""
    W, V = weights("W", "V")
    h, c = np.zeros((3, 2)), np.zeros((3, 2))
    for _ in range(3):
        h, c = tanh(W @ h), tanh(V @ c)
    found = alike((h * c).sum().graph)
    assert len(found.initial) == 2 and not found.again


def test_a_name_that_one_step_lacks_and_an_operation_of_its_own_change_no_role():
    (W,) = weights("W")
    a = Tensor(np.ones((3, 2)))
    for t in steps(5):
        a = tanh(W @ a)
        a = name(a, "a") if t < 4 else a
    assert ("a", [1, 2, 3, 4, 5]) in made(a.graph)
    b = Tensor(np.ones((3, 2)), "b0")
    for t in steps(4):
        b = name(tanh(W @ b) if t % 2 else W @ b, "b")
    assert ("b", [1, 2, 3, 4]) in made(b.graph)


def test_steps_on_lines_of_their_own_are_matched_by_what_they_do():
    W, U = weights("W", "U")
    x = np.ones((3, 3, 1))
    with scope(time=1):
        a = tanh(W @ np.ones((3, 1)) + U @ x[0])
    with scope(time=2):
        a = tanh(W @ a + U @ x[1])
    with scope(time=3):
        a = tanh(W @ a + U @ x[2])
    assert sorted(made(a.graph)) == [(what, [1, 2, 3]) for what in ("add", "matmul", "matmul", "tanh")]
    assert sorted(map(sorted, gates(a.graph).values())) == [["U"], ["W"]]


def test_a_sum_that_is_one_term_at_the_last_step_is_the_same_adjoint():
    (W,) = weights("W")
    a, total = Tensor(np.ones((3, 2)), "a0"), 0
    for t in steps(T):
        a = name(tanh(W @ a), "a")
        total = total + (a * a).sum()
    recording = differentiate(total)
    found = alike(recording)
    states = [recording.adjoint(total.graph.find("a", time=t)) for t in range(1, T + 1)]
    assert len({found.roles[adjoint] for adjoint in states}) == 1
    products = [r for r in recording.backward if r.operation is not None and r.operation.name == "matmul"]
    by_role = {}
    for r in products:
        by_role.setdefault(found.roles[r], set()).add(r.scope.time)
    assert sorted(map(sorted, by_role.values())) == [[1, 2, 3, 4], [2, 3, 4]]  # to W at each step, to the state before


def test_two_recordings_of_one_program_have_the_same_roles():
    def run(seed):
        rng = np.random.default_rng(seed)
        W, V = Parameter(rng.normal(size=(3, 5)), "W"), Parameter(rng.normal(size=(3, 3)), "V")
        h = Tensor(rng.normal(size=(3, 1)), "h0")
        for t in steps(4):
            h = sigmoid(W @ concatenate([h, rng.normal(size=(2, 1))])) * h + tanh(V @ h)[[int(rng.integers(3)), 0, 1]]
        return differentiate(sum(h))

    one, other = run(0), run(1)
    here, there = alike(one).roles, alike(other).roles
    for first, second in ((one.forward, other.forward), (one.backward, other.backward)):
        assert len(first) == len(second)
        assert [here.get(r) for r in first] == [there.get(r) for r in second]


def test_places_can_be_given():
    """Somebody who knows the steps better, or wants none to be recognised."""
    graph = STYLES["in_lists"]().graph
    found = alike(graph, graph.scopes)
    assert {place.time for place in found.places.values()} == {None}
    assert len(set(found.roles.values())) == len(graph)
