import numpy as np
import pytest
from readings.derived_cells import CELLS, data, own_cell, with_loss

from autograd_seq import Parameter, Tensor, differentiate, equations, name, source, steps, tanh
from autograd_seq.folding.fold import Family, StepIndex, fold
from autograd_seq.folding.step_index import at_step, unify


def expand(folded):
    """Check that every member's inputs are what the folded form says they are."""
    for unit in folded.units:
        if not isinstance(unit, Family) or unit.leaf:
            continue
        for time, member in unit.members.items():
            said = []
            for use in unit.uses:
                x = use.ref.unit
                if isinstance(x, Family):
                    at = time + use.ref.shift
                    if at in x.members:
                        said.append(x.members[at].record)
                    elif at in x.extension:
                        ref = x.extension[at]
                        other = ref.unit.members[ref.at] if isinstance(ref.unit, Family) else ref.unit
                        said.append(other.record)
                else:
                    said.append(x.record)
            values = [record.value for record in said]
            if unit.total:
                np.testing.assert_allclose(np.sum(values, axis=0), member.record.value, rtol=1e-12, atol=1e-12)
            else:
                parameters = {k: at_step(v, time) for k, v in unit.settings.items()}
                result = unit.operation.value(*values, **parameters)
                np.testing.assert_allclose(result, member.record.value, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("T", [2, 4])
@pytest.mark.parametrize("which", CELLS)
def test_what_is_folded_is_what_was_recorded(which, T):
    expand(fold(differentiate(with_loss(CELLS[which](), *data(T, 2)).loss)))


def test_loops_run_in_the_direction_of_their_states():
    folded = fold(CELLS["bidirectional"]().unroll(data(4, 2)[0]).graph)
    assert [(block.lane, block.direction) for block in folded.loops] == [("forward", 1), ("backward", -1), (None, 1)]
    both = fold(differentiate(own_cell()))
    assert [block.direction for block in both.loops] == [1, -1]
    assert all(block.times == [1, 2, 3, 4] for block in both.loops)


def test_a_loop_has_every_unit_after_what_it_needs():
    folded = fold(differentiate(with_loss(CELLS["deep_bidirectional"](), *data(5, 2)).loss))
    done = {unit for unit in folded.units if unit.leaf}
    for block in folded.blocks:
        inside = set(block.units)
        for unit in block.units:
            for use in folded.inputs[unit]:
                x, shift = use.ref.unit, use.ref.shift
                earlier = x in inside and shift and shift * block.direction < 0
                assert x in done or earlier, unit
            done.add(unit)


def test_steps_that_differ_stay_apart():
    """Every second step is of another kind: nothing may be folded wrongly, and the reading is still right."""
    W = Parameter(np.array([[0.3, -0.2], [0.5, 0.1]]), "W")
    a = Tensor(np.ones((2, 3)), "a0")
    for t in steps(5):
        a = name(tanh(W @ a) if t % 2 else W @ a, "a")
    loss = (a * a).sum()
    recording = differentiate(loss)
    expand(fold(recording))
    for equation in equations(loss):
        for time in equation.times or (None,):
            np.testing.assert_allclose(equation.evaluate(time), equation.value(time), rtol=1e-12, atol=1e-14)
    namespace = {}
    exec(source(loss, "net"), namespace)
    J, cache = namespace["net_forward"](a0=np.ones((2, 3)), parameters={"W": W.value})
    np.testing.assert_allclose(J, loss.value, rtol=1e-13)
    gradients = namespace["net_backward"](cache)
    np.testing.assert_allclose(gradients["dW"], recording.adjoint(W).value, rtol=1e-12)


def test_numbers_that_count_with_time():
    assert unify({2: (slice(None), 1), 5: (slice(None), 4)}, None) == (slice(None), StepIndex(-1))
    assert unify({1: (3, 1), 2: (3, 5)}, "no") == "no"
    assert at_step((slice(StepIndex(0), StepIndex(2)), 7), 3) == (slice(3, 5), 7)


def test_slices_of_one_array_fold_into_one_line():
    x = Tensor(np.random.default_rng(0).standard_normal((3, 2, 5)), "x", requires_grad=True)
    W, a = Parameter(np.full((3, 3), 0.2), "W"), Tensor(np.zeros((3, 2)), "a0")
    for t in steps(5):
        a = name(tanh(W @ a + x[:, :, t]), "a")
    loss = (a * a).sum()
    recording = differentiate(loss)
    expand(fold(recording))
    text = source(loss, "net")
    assert text.count("for t in range") == 2, text
    namespace = {}
    exec(text, namespace)
    J, cache = namespace["net_forward"](np.zeros((3, 2)), {"W": W.value, "x": x.value})
    gradients = namespace["net_backward"](cache)
    np.testing.assert_allclose(gradients["dW"], recording.adjoint(W).value, rtol=1e-12)
    np.testing.assert_allclose(gradients["dx"], recording.adjoint(x).value, rtol=1e-12)


TWO = [(np.subtract, "{} − {}"), (np.multiply, "{} ∘ {}"), (np.matmul, "{} {}")]


@pytest.mark.parametrize("operation, written", TWO)
def test_an_operation_of_two_arrays_keeps_both_of_two_steps(operation, written):
    A = Parameter([[0.5, 0.2], [0.3, 0.9]], "A")
    first, second = (np.tanh(A) for _ in steps(2))
    loss = name(np.sum(operation(first, second)), "J")
    assert "J = Σ(" + written.format("tanh(A)", "tanh(A)") + ")" in equations(loss).text
    assert "tanh" in source(loss)


def test_data_that_two_steps_use_are_those_of_the_step_that_counts_them():
    """Targets that the next step is told are y<t> and y<t-1>; the zeros that it begins with are y<0>."""
    rng = np.random.default_rng(3)
    ys = [rng.standard_normal((2, 3)) for _ in range(5)]
    W, s, before, total = Parameter(np.full((2, 2), 0.3), "W"), np.ones((2, 3)), np.zeros((2, 3)), 0
    for y in ys:
        s = tanh(W @ s + before)
        total = total + ((s - y) ** 2).sum()
        before = y
    recording = differentiate(total)
    folded = fold(recording)
    expand(folded)
    (data_,) = (unit for unit in folded.units if isinstance(unit, Family) and unit.leaf)
    assert data_.times == [0, 1, 2, 3, 4, 5] and not data_.members[0].record.value.any()
    for t, y in enumerate(ys, start=1):
        np.testing.assert_array_equal(data_.members[t].record.value, y)
    text = equations(total).text
    assert "tanh(W s<t-1> + y<t-1>)" in text and "s<t> − y<t>" in text


def test_a_loop_that_begins_with_what_another_ended_with_runs_forward():
    W, V, a = Parameter([[0.5]], "W"), Parameter([[0.25]], "V"), np.ones((1, 2))
    for _ in range(4):
        a = tanh(W @ a)
    for _ in range(4):
        a = tanh(V @ a)
    folded = fold(a.sum().graph)
    expand(folded)
    assert [block.direction for block in folded.loops] == [1, 1]
