"""The loops that programs of several styles fold into, written down by hand; all who ask see the same steps."""

import numpy as np
import pytest
from folding.programs import STYLES, T

from autograd_seq import Parameter, contributions, differentiate, equations
from autograd_seq.folding.fold import Family, fold
from autograd_seq.readings.table import table
from viz.layout import lay_out

# Of each style: the operations of each loop of the forward pass in the order in which they are computed, its first
# and last step, its direction.
LOOPS = {
    "in_lists": [("matmul add tanh multiply sum", 1, T, 1)],
    "in_dicts": [("matmul add tanh power sum", 1, T, 1)],
    "filled_by_index": [("matmul add tanh", 1, T, 1)],
    "helper_thrice": [("matmul add sigmoid " * 3 + "multiply add tanh multiply", 1, T, 1)],
    "helper_at_most_thrice": [("matmul add sigmoid " * 3, 1, T, 1), ("multiply add multiply", 2, T, 1)],
    "reversed_loop": [("matmul add tanh", 1, T, -1)],
    "two_loops": [("matmul tanh matmul multiply sum", 1, T, 1)],
    "nested_loops": [("matmul add tanh matmul add tanh sum", 1, T, 1)],
    "both_directions": [("matmul add f", 1, T, 1), ("matmul add b multiply sum", 1, T, -1)],
    "does_not_divide": [("matmul tanh sum", 1, T, 1)],
    "first_step_apart": [("matmul", 1, T, 1), ("matmul add h", 2, T, 1)],
    "one_array_used_thrice": [("matmul tanh multiply add", 1, T, 1)],
    "four_gates_of_one_product": [
        (
            "concatenate matmul getitem getitem getitem getitem sigmoid multiply sigmoid tanh multiply add sigmoid "
            "tanh multiply",
            1, T, 1,
        )
    ],
}  # fmt: skip
# Those of which a loop computes all that a step of the backward pass does.
FOLDED_BACKWARD = set(LOOPS) - {"helper_at_most_thrice", "does_not_divide", "first_step_apart"}


@pytest.mark.parametrize("style", STYLES)
def test_the_forward_pass_is_these_loops(style):
    folded = fold(STYLES[style]().graph)
    found = [
        (" ".join(unit.name if unit.given else unit.operation.name for unit in block.units), block.times[0],
         block.times[-1], block.direction)
        for block in folded.loops
    ]  # fmt: skip
    assert found == [(" ".join(words.split()), first, last, way) for words, first, last, way in LOOPS[style]]


@pytest.mark.parametrize("style", sorted(FOLDED_BACKWARD))
def test_the_backward_pass_is_loops_too(style):
    folded = fold(differentiate(STYLES[style]()))
    matrices = [u for b in folded.blocks for u in b.units if u.operation is not None and u.operation.name == "matmul"]
    assert matrices and all(isinstance(unit, Family) for unit in matrices)


@pytest.mark.parametrize("style", STYLES)
def test_equations_hold_at_every_step(style):
    for equation in equations(STYLES[style]()):
        for time in equation.times or (None,):
            np.testing.assert_allclose(equation.evaluate(time), equation.value(time), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("style", STYLES)
def test_all_who_ask_see_the_same_steps(style):
    loss = STYLES[style]()
    graph, every = loss.graph, list(range(1, T + 1))
    weight = next(leaf for leaf in graph.leaves if leaf.requires_grad)
    used = LOOPS[style][-1][1] if style in ("helper_at_most_thrice", "first_step_apart") else 1
    assert [place[2] for place in contributions(loss, weight)] == every[used - 1 :]
    assert [column.time for column in lay_out(graph).columns if column.time in every] == every
    heading, *rows = table(graph).splitlines()
    at = heading.index("time")
    said = {row[at : at + 4].strip() for row in rows} - {""}
    assert {int(time) for time in said} == set(every)
    times = {time for equation in equations(loss).forward for time in equation.times}
    assert times <= {0, *every} and (not times or max(times) == T)


def test_an_initial_state_with_a_name_stands_in_the_row_of_its_state():
    layout = lay_out(STYLES["two_loops"]().graph)
    rows = {node.record._name or node.record.operation.name: node.row for node in layout.nodes}
    assert rows["h0"] == rows["tanh"] != rows["add"]


def test_an_array_that_the_first_step_uses_thrice_is_one_box():
    layout = lay_out(STYLES["one_array_used_thrice"]().graph)
    given = [node for node in layout.nodes if node.leaf]
    assert [len(node.records) for node in given] == [1]
    assert len({node.row for node in layout.nodes if node.kind == "state"}) == 1


def test_long_equations_of_a_state_that_a_step_uses_thrice():
    """As many as of a short one, where writing each state out would take three to the power of T."""

    def run(steps, regular):
        h, W = np.ones((3, 2)), Parameter(np.eye(3) / 2, "W")
        for t in range(steps):
            if regular or t * t % 3:
                h = np.tanh(W @ h) * h + h
            else:
                h = np.tanh(W @ h) * h - h
        return np.sum(h)

    text = str(equations(run(40, True)))
    assert text == str(equations(run(4, True)))
    assert "h<t> = tanh(W h<t-1>) ∘ h<t-1> + h<t-1>" in text
    assert len(str(equations(run(40, False)))) < 40 * 1000
