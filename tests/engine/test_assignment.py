"""Arrays that are written into: values as NumPy's, gradients exact, memory linear in what is assigned."""

import gc
import math
import operator
import tracemalloc

import hypothesis.extra.numpy as some
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_seq.numpy as teaching
from autograd_seq import Graph, Parameter, Tensor, grad, tanh
from autograd_seq.core.assignment import Writable
from autograd_seq.core.errors import GraphLostError
from autograd_seq.core.part import is_basic

WEIGHTS = 30


@st.composite
def programs(draw):
    """A shape and a list of steps that read from and write into an array of it."""
    shape = draw(some.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    indices = st.one_of(
        st.tuples(*(st.integers(-n, n - 1) for n in shape)),
        some.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True),
        some.basic_indices(shape),
        some.integer_array_indices(shape),
        some.arrays(bool, shape),
        st.integers(-shape[0], shape[0] - 1),
    )
    kinds = st.sampled_from(
        ["write", "write", "write", "read", "hold", "hold", "part", "turn", "flat", "use", "bump", "add", "scale",
         "move", "whole"]
    )  # fmt: skip
    steps = []
    for kind, index in draw(st.lists(st.tuples(kinds, indices), min_size=1, max_size=9)):
        target = np.zeros(shape)[index].shape
        value = draw(some.broadcastable_shapes(target, max_dims=len(target), max_side=4))
        fits = np.broadcast_shapes(value, target) == target and math.prod(value) <= WEIGHTS
        start = draw(st.integers(0, WEIGHTS - math.prod(value))) if fits else 0
        steps.append((kind, index, value if fits else (), start))
    return shape, steps


def run(module, program, w):
    """The program in NumPy or in its teaching twin; the answer depends on all that was ever read."""
    shape, steps = program
    a = module.zeros(shape, dtype=complex) if w.dtype.kind == "c" else module.zeros(shape)
    alias, held, own, answer = a, [a], [], 0
    for number, (kind, index, value_shape, start) in enumerate(steps, start=1):
        value = number * w[start : start + math.prod(value_shape)].reshape(value_shape)
        if kind == "write":
            alias[index] = value
        elif kind == "read":
            answer = answer + (a[index] ** 2 * number).sum()
        elif kind == "hold":
            held.append(a[index])
            own += [held[-1]] * is_basic(index)  # += on a copy rebinds one name of it: recorded values do not change
        elif kind == "part":
            held.append(held[-1][start % 2 :] if held[-1].ndim else held[-1][...])
        elif kind == "turn":
            held.append((held[-1].T, module.swapaxes(held[-1], 0, -1) if held[-1].ndim else held[-1])[start % 2])
        elif kind == "flat":
            held.append((module.reshape(held[-1], (-1, 1)), held[-1].ravel(), held[-1][None])[start % 3])
        elif kind == "use":
            answer = answer + sum((part**2 * number).sum() for part in held)
        elif kind == "bump" and own:
            part = own[start % len(own)]
            part += w[start]
        elif kind == "add":
            a[index] += value
        elif kind == "scale":
            a[index] *= a[index] - value
        elif kind == "move":
            a[...] = a[::-1] * w[start]
        else:
            a -= a * w[start] + 1
    answer = answer + sum((part * part).sum() for part in held)
    numbers = np.linspace(1, 2, math.prod(shape)).reshape(shape)
    return answer + (a * numbers).sum(), a, held


@settings(max_examples=300, deadline=None)
@given(programs())
def test_values_and_gradients_of_any_program(program):
    rng = np.random.default_rng(len(program[1]))
    weights, direction = rng.normal(size=WEIGHTS) / 4, rng.normal(size=WEIGHTS)
    w = Parameter(weights, "w")
    answer, a, held = run(teaching, program, w)
    expected, a_expected, held_expected = run(np, program, weights)
    np.testing.assert_allclose(a.value, a_expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(answer.value, expected, rtol=1e-10, atol=1e-12)
    for part, part_expected in zip(held, held_expected):
        assert part.shape == part_expected.shape
        np.testing.assert_allclose(part.value, part_expected, rtol=1e-10, atol=1e-12)
    # A complex step gives the derivative of a polynomial without any cancellation.
    slope = run(np, program, weights + 1e-30j * direction)[0].imag * 1e30
    found = grad(answer, w) if answer.requires_grad else np.zeros(WEIGHTS)
    np.testing.assert_allclose((found * direction).sum(), slope, rtol=1e-8, atol=1e-10)


def test_a_part_is_a_view_that_shows_later_assignments():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    a = teaching.zeros((2, 3))
    a[0] = x
    part, element = a[:, 1], a[0, 1]
    a[0, 1] = x[0] * 10
    assert part.value.tolist() == [10.0, 0.0]
    assert element.item() == 2.0  # an element is a copy in NumPy as well
    assert grad((part * part).sum(), x).tolist() == [200.0, 0.0, 0.0]
    part += 1
    assert a.value.tolist() == [[1.0, 11.0, 3.0], [0.0, 1.0, 0.0]]


def aliased_row(np, x):
    a = np.zeros((2, 3))
    a[0] = x
    b = a[0]
    b += 1
    return np.sum(a * a)


def row_written_again(np, x):
    a = np.zeros((2, 3))
    a[0] = x
    b = a[0]
    a[0] = 2 * x
    return np.sum(b * b)


def part_of_a_part(np, x):
    a = np.zeros((2, 3))
    a[0] = x
    v = a[0:1]
    w = v[0]
    a[0, 1] = 5 * x[0]
    return np.sum(w * w)


def rearranged(np, x):
    a = np.zeros((2, 3))
    a[0] = x
    views = [
        a.T, a.reshape(6), a.ravel(), a.transpose(1, 0), a.swapaxes(0, 1), np.transpose(a), np.reshape(a, (3, 2)),
        np.ravel(a), np.swapaxes(a, 0, 1), np.expand_dims(a, 1), np.squeeze(a[:1]), np.split(a, 3, axis=1)[1],
        a[:, 1].reshape(2, 1), a[0][1:], np.moveaxis(a, 0, 1)[0], np.flip(a), np.flip(a.T, 0)[1:],
        np.broadcast_to(a[0], (4, 3)), np.broadcast_to(a[:, None], (2, 5, 3)).T,
    ]  # fmt: skip
    copies = [a.flatten(), a.T.ravel(), a.T.reshape(2, 3), a[[0, 1]], a[0, 1], a.copy()]
    copies += [np.ravel(a.T), np.ravel(a[::-1])]
    a[0, 1] = 5 * x[0]
    return sum((view**3).sum() * i for i, view in enumerate(views + copies, start=1))


def written_through_a_rearrangement(np, x):
    a = np.zeros((2, 3))
    a[0] = x
    turned, flat, row = a.T, a.reshape(6), a[0]
    turned += x[0]
    flat *= x[1]
    row -= x * x
    np.add(turned, x[2], out=turned)
    backwards = np.flip(a, 1)
    backwards *= np.stack([x, x[::-1]])
    return np.sum(a**3) + np.sum(flat * turned.reshape(6)) + row[1]


@pytest.mark.parametrize(
    "program", [aliased_row, row_written_again, part_of_a_part, rearranged, written_through_a_rearrangement]
)
def test_what_shares_memory_in_numpy_is_written_together(program):
    start, direction = np.array([1.0, 2.0, -0.5]), np.array([0.3, -0.7, 0.4])
    x = Tensor(start, requires_grad=True)
    answer = program(teaching, x)
    np.testing.assert_allclose(answer.value, program(np, start), rtol=1e-13)
    h = 1e-5
    slope = (program(np, start + h * direction) - program(np, start - h * direction)) / (2 * h)
    np.testing.assert_allclose(grad(answer, x) @ direction, slope, rtol=1e-6)


def test_a_part_of_a_view_cannot_be_written_and_says_so():
    a = teaching.zeros((2, 3))
    part = a[0:1][0]
    with pytest.raises(GraphLostError, match="Write into the array itself"):
        part += 1
    assert a.value.tolist() == [[0.0] * 3] * 2


def test_a_broadcast_array_cannot_be_written_into():
    a = teaching.zeros(3)
    a[0] = Parameter(2.0, "w") * 3
    wide = np.broadcast_to(a, (2, 3))
    for change in (lambda: operator.iadd(wide, 1), lambda: np.multiply(wide, 2, out=wide)):
        with pytest.raises(GraphLostError, match="(?s)broadcast cannot be written into.*test_assignment"):
            change()
    a[1] = 5
    assert wide.value.tolist() == [[6.0, 5.0, 0.0]] * 2


def test_a_view_records_once_however_often_it_is_used():
    a = teaching.zeros((2, 3, 4))
    a[0] = Parameter(np.ones((3, 4)), "W") * 2
    part = a[:, :, 1]
    total = part * part + tanh(part)
    a[:, :, 2] = 5  # elsewhere
    total = total + part
    assert [r.operation.name for r in total.graph if r.operation].count("getitem") == 1


def test_reading_what_one_assignment_wrote_gives_that_tensor():
    w = Parameter(np.ones((2, 3)), "W")
    a = teaching.zeros((2, 3, 5))
    made = [w * t for t in range(5)]
    for t in range(5):
        a[:, :, t] = made[t]
    for t in range(5):
        for same in (a[:, :, t], a[..., t], a[:, 0:3, t], a[:2, :, t - 5]):
            assert same.record is made[t]
    a[1, 1, 3] = 7
    assert a[:, :, 2].record is made[2]
    assert a[:, :, 3].record is not made[3]
    assert a[:, :, 3].value.tolist() == [[3, 3, 3], [3, 7, 3]]


def test_a_whole_assignment_forgets_what_was_before():
    x = Tensor([1.0, 2.0], requires_grad=True)
    total = teaching.zeros(2)
    for _ in range(4):
        total += x * x
    assert [r.operation.name for r in total.graph if r.operation].count("assign") == 0
    assert grad(total.sum(), x).tolist() == [8.0, 16.0]
    alias = total
    alias[...] = x
    assert total.record is x
    total[...] = 1.0
    assert total.value.tolist() == [1.0, 1.0]


def test_numbers_assigned_into_numbers_are_data_and_not_results():
    x = teaching.zeros((4, 1))
    x[2] = 1
    assert x.record.operation is None
    assert x.value.ravel().tolist() == [0, 0, 1, 0]
    assert np.array(x).ravel().tolist() == [0, 0, 1, 0]


def test_lists_of_tensors_are_assigned_and_joined():
    x = Tensor([1.0, 2.0], requires_grad=True)
    a = teaching.zeros((2, 2))
    a[0] = [x[1], 5.0]
    a[1] = (x * x).sum(), x[0]
    np.testing.assert_array_equal(a.value, [[2, 5], [5, 1]])
    b = teaching.array([[x[0], 1.0], [x[1], x[0]]])
    assert grad((a * a).sum() + (b * b).sum(), x).tolist() == [2 * 5 * 2 + 2 + 4, 2 * 2 + 2 * 5 * 4 + 4]


def test_what_makes_arrays_to_write_into():
    t = Tensor([[1.0, 2.0]], requires_grad=True)
    plain = np.ones((2, 2))
    for made in (
        teaching.zeros(3), teaching.ones((2, 2)), teaching.empty(1), teaching.full((2,), 3.5), teaching.eye(2),
        teaching.zeros_like(t), teaching.ones_like(plain), teaching.empty_like(t), teaching.full_like(t, 2),
        teaching.full((3, 2), t), teaching.full_like(plain, t[0, 0]), teaching.array(t), teaching.array([1.0, 2.0]),
        teaching.array([[t[0, 0], 1]]), teaching.copy(t), teaching.copy(plain), t.copy(), np.zeros_like(t), np.copy(t),
        np.full_like(t, t[0, 1]),
    ):  # fmt: skip
        assert isinstance(made, Writable)
        made[0] = t[0, 0] * 3
        assert made.requires_grad
    for made in (teaching.zeros(3, dtype=int), teaching.array([1, 2]), teaching.array("word"), teaching.arange(3)):
        assert isinstance(made, np.ndarray)
    assert teaching.asarray(t) is t
    assert teaching.asarray(t, dtype=np.float32).dtype == np.float32
    assert teaching.zeros(2, dtype=np.float32).dtype == np.float32
    assert teaching.zeros_like(Tensor(plain, dtype=np.float32)).dtype == np.float32
    assert teaching.array(t, ndmin=3).shape == (1, 1, 2)
    assert teaching.array(t, dtype=np.float32).dtype == np.float32


def test_out_writes_into_a_recorded_array():
    x = Tensor([-2.0, 0.5], requires_grad=True)
    a, total = teaching.array(x), teaching.zeros(2)
    np.clip(a, -1, 1, out=a)
    np.add(total, a * 3, out=total)
    np.copyto(a, total)
    teaching.tanh(a, out=a)
    np.testing.assert_allclose(a.value, np.tanh([-3.0, 1.5]))
    np.testing.assert_allclose(grad(a.sum(), x), [0.0, 3 * (1 - np.tanh(1.5) ** 2)])


@pytest.mark.parametrize(
    ("places", "values", "axis"),
    [
        ([[0, 1, 0]], (1, 3), 0),
        ([[1], [2]], (2, 1), 1),
        ([[1, 0], [2, -1]], (2, 2), -1),
        ([[1, 1, 1]], (1, 3), -2),
        ([[2]], (2, 1), 1),
        ([[0], [2]], (), 1),
        ([5, 1, 0], (3,), None),
    ],
)
def test_putting_along_an_axis(places, values, axis):
    """As NumPy does, with indices that are broadcast; the gradients against the complex step."""
    rng = np.random.default_rng(3)
    base, new, weights = rng.standard_normal((2, 3)), rng.standard_normal(values), rng.standard_normal((2, 3))

    def answer(a, v):
        np.put_along_axis(a, np.array(places), v * v, axis)
        return (a * a * weights).sum()

    x, v = Tensor(base, requires_grad=True), Tensor(new, requires_grad=True)
    made = teaching.array(x)
    loss = answer(made, v)
    expected = base.copy()
    np.put_along_axis(expected, np.array(places), new * new, axis)
    np.testing.assert_array_equal(made.value, expected)
    for found, moved in zip(grad(loss, [x, v]), ((base, True), (new, False)), strict=True):
        steps = np.zeros(moved[0].shape)
        for place in np.ndindex(steps.shape):
            step = np.zeros(steps.shape, dtype=complex)
            step[place] = 1e-20j
            ends = (base + step, new + 0j) if moved[1] else (base + 0j, new + step)
            steps[place] = answer(*ends).imag / 1e-20
        np.testing.assert_allclose(found, steps, rtol=1e-13, atol=1e-15)


def test_putting_along_an_axis_by_name_and_where_it_cannot_be():
    a, v = teaching.zeros((2, 3)), Tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    np.put_along_axis(arr=a, indices=np.array([[1, 0, 1]]), values=v, axis=0)
    assert a.value.tolist() == [[0, 2, 0], [1, 0, 3]]
    with pytest.raises(GraphLostError, match="put_along_axis"):
        np.put_along_axis(np.zeros((2, 3)), np.array([[1, 0, 1]]), v, 0)
    with pytest.raises(IndexError):
        np.put_along_axis(a, np.array([[2, 0, 1]]), v, 0)


def test_adding_at_places_that_repeat():
    x, table = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True), teaching.zeros((3, 2))
    table[1] = x[0]
    np.add.at(table, [1, 1, 0], x)
    assert table.value.tolist() == [[5, 6], [1 + 1 + 3, 2 + 2 + 4], [0, 0]]
    found = grad((table * table).sum(), x)
    assert found.tolist() == [[20, 32], [10, 16], [10, 12]]
    teaching.add.at(table, (2, slice(None)), 7.0)
    assert table.value[2].tolist() == [7, 7]


def assign_in_steps(T, read):
    """T assignments of one step each into one (64, 32, 500) array, with reads of the step before."""
    w = Parameter(np.ones((64, 32)), "W")
    a = teaching.zeros((64, 32, 500))
    a_next = w
    for t in range(T):
        a_next = a_next * w
        a[:, :, t] = a_next
        if read and t:
            a_next = a[:, :, t - 1] + a[:, :, t]
    return w, a


@pytest.mark.parametrize("read", [False, True])
def test_500_assignments_into_one_array_are_linear_in_memory(read):
    whole = 64 * 32 * 500 * 8
    peaks = {}
    for T in (125, 500):
        gc.collect()
        tracemalloc.start()
        w, a = assign_in_steps(T, read)
        loss = (a * a).sum()
        loss.backward()
        peaks[T] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert np.isfinite(w.grad).all()
    # The array, what is assigned, their adjoints and the places of one materialisation: a few arrays, not 500.
    assert peaks[500] < 15 * whole
    assert peaks[500] - peaks[125] < 8 * whole


def test_reading_500_parts_gathers_their_adjoints_in_one_buffer():
    whole = 64 * 32 * 500 * 8
    x = Tensor(np.ones((64, 32, 500)), requires_grad=True)
    gc.collect()
    tracemalloc.start()
    total = Tensor(np.zeros((64, 32)))
    for t in range(500):
        total = total + x[:, :, t] * (t + 1)
    total.sum().backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * whole
    np.testing.assert_array_equal(x.grad[3, 4], np.arange(1, 501))


def test_the_adjoint_of_many_assignments_is_recorded_in_as_many_records():
    w = Parameter(0.5, "w")
    a = teaching.zeros(50)
    for t in range(50):
        a[t] = w * t
    first = grad((a * a * a).sum(), w, create_graph=True)
    assert len(Graph(first)) < 20 * 50
    np.testing.assert_allclose(grad(first, w), 6 * 0.5 * sum(t**3 for t in range(50)))
