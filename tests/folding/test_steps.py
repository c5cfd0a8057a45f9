"""Time steps: said by the code in the graph, recognised in repeated source lines by folding."""

import dis
import gc
import weakref
from itertools import pairwise

import numpy as np
import pytest
from folding.programs import STYLES, T, weights

from autograd_seq import Parameter, Tensor, contributions, differentiate, name, scope, steps, tanh
from autograd_seq.folding.steps import scopes, site, without_step

UNSAID = [
    "in_lists", "in_dicts", "filled_by_index", "helper_thrice", "two_loops", "nested_loops", "does_not_divide",
    "one_array_used_thrice", "four_gates_of_one_product",
]  # fmt: skip


def plain_loop(count=3):
    (W,) = weights("W")
    a = Tensor(np.ones((3, 2)), "a0")
    for _ in range(count):
        a = name(tanh(W @ a), "a")
    return a


def test_a_graph_says_only_what_the_code_said():
    graph = plain_loop().graph
    assert {scope.time for scope in graph.scopes.values()} == {None}
    assert [(r.label, scopes(graph)[r].time) for r in graph if r.name == "a"] == [("a", 1), ("a", 2), ("a", 3)]
    assert all(graph.scopes[r] is r.scope for r in graph)


def test_what_is_said_is_not_recognised_anew():
    (W,) = weights("W")
    a, total = Tensor(np.ones((3, 2))), 0
    for t in steps(3):
        a = tanh(W @ a)
    for _ in range(4):
        total = total + a.sum()
    graph = total.graph
    assert scopes(graph) == graph.scopes
    assert {scopes(graph)[r].time for r in graph if r.operation and r.operation.name == "add"} == {None}


@pytest.mark.parametrize("style", UNSAID)
def test_every_turn_of_a_loop_is_a_step(style):
    graph = STYLES[style]().graph
    lines = {}
    for record in graph:
        if record.operation is not None and scopes(graph)[record].time is not None:
            lines.setdefault(site(record), []).append(scopes(graph)[record].time)
    calls = {"helper_thrice": {1, 3}, "nested_loops": {1, 2}, "four_gates_of_one_product": {1, 4}}.get(style, {1})
    for times in lines.values():
        first = 2 if style == "does_not_divide" and len(times) == T - 1 else 1
        (often,) = {times.count(time) for time in times}
        assert often in calls
        assert times == [time for time in range(first, T + 1) for _ in range(often)]


def test_a_place_in_the_program_is_its_instruction_wherever_python_says_it_is_within_it():
    """Python makes instructions faster after some turns of a loop, and then tells where what it keeps for one ends."""
    record = plain_loop(1)
    places = [instruction.offset for instruction in dis.get_instructions(record._code)]
    for start, after in pairwise(places):
        for offset in range(start, after, 2):
            record._offset = offset
            assert site(record)[1] == start


def test_a_loop_that_python_has_made_faster_has_the_same_steps():
    (W,) = weights("W", rows=12)

    def run(count):
        a = Tensor(np.ones((3, 2)))
        for _ in range(count):
            z = W @ a
            f, i, o, g = (z[3 * k : 3 * k + 3] for k in range(4))
            a = tanh(f * a + i * g) * o
        return a.sum().graph

    for count in (4, 12, 4):
        graph = run(count)
        pieces = [scopes(graph)[r].time for r in graph if r.operation and r.operation.name == "getitem"]
        assert pieces == [time for time in range(1, count + 1) for _ in range(4)]


def test_records_are_found_by_recognised_steps_and_adjoints_have_them():
    a = plain_loop()
    assert a.graph.find("a", time=2) is a.inputs[0].inputs[1]
    recording = differentiate(a.sum())
    assert [r.label for r in recording.backward if r.name == "da"] == ["da<3>", "da<2>", "da<1>"]
    assert recording.adjoint(a.graph.find("a", time=2)).scope.time == 2
    assert [place[2] for place in contributions(a.sum(), a.graph.find("W"))] == [1, 2, 3]


def test_what_is_made_of_a_weight_before_the_loop_is_outside_of_any_step():
    W = Parameter(np.eye(3), "W")
    doubled = W * 2
    a = Tensor(np.ones((3, 1)))
    for _ in range(3):
        a = doubled @ a
    graph = a.graph
    assert without_step(graph.find("W"), graph.consumers(), scopes(graph)) == [graph.find("W"), doubled]


def test_layers_and_directions_stay_where_they_were_said():
    (W,) = weights("W")
    a = Tensor(np.ones((3, 2)))
    with scope(layer=2, direction="backward", part="state"):
        for _ in range(3):
            a = tanh(W @ a)
    place = scopes(a.graph)[a]
    assert (place.layer, place.direction, place.time, place.part) == (2, "backward", 3, "state")


def test_what_was_recognised_does_not_keep_a_graph_alive():
    gc.disable()
    try:
        graph = plain_loop().graph
        kept = [weakref.ref(graph), weakref.ref(graph[0])]
        scopes(graph)
        del graph
        assert [ref() for ref in kept] == [None, None]
    finally:
        gc.enable()
