"""Results are called what the program assigns them to, and arrays what they are loaded from."""

import dis
import functools
import gc
import threading
import types
import weakref

import numpy
import pytest

import autograd_seq.numpy as np
from autograd_seq import Graph, Parameter, Tensor, differentiate, equations, name, steps
from autograd_seq.core.bytecode import Flow
from autograd_seq.core.program_names import destinations
from autograd_seq.readings.table import table
from tests.engine.test_course_code import recorded

rng = numpy.random.default_rng(0)


def weight(*shape, called=None):
    return Parameter(rng.normal(size=shape), called)


def called(loss):
    """The names of a recording's results, each once, in order."""
    return list(dict.fromkeys(r.name for r in Graph(loss) if r.operation is not None and r.name))


def given(loss):
    """The names of its leaves, numbers aside."""
    return list(dict.fromkeys(r.name for r in Graph(loss).leaves if r.ndim))


# -- what is assigned ----------------------------------------------------------------------------------


def test_a_variable_names_what_is_assigned_to_it():
    W, x = weight(2, 2), rng.normal(size=(2, 1))
    z = np.dot(W, x) + 1
    a = np.tanh(z)
    assert (z.name, a.name) == ("z", "a") and z.inputs[0].name is None
    assert given(a) == ["W", "x"]


def sigmoid(u):
    s = 1 / (1 + np.exp(-u))
    return s


def twice(u):
    return sigmoid(u) * 2


def test_a_helpers_local_never_beats_the_callers_variable():
    W, x = weight(2, 2), rng.normal(size=(2, 1))
    ft = sigmoid(W @ x)
    it = twice(W @ x)
    assert (ft.name, it.name) == ("ft", "it")
    assert it.inputs[0].name == "s"  # which the caller has no word for


def pair(u):
    first = np.tanh(u)
    second = np.exp(u)
    return first, {"inner": second}, [first, second * 2]


def test_tuples_keys_and_attributes_name_what_they_hold():
    W = weight(2, 2)
    a_next, cache, (_, twofold) = pair(W)
    c = cache["inner"]
    assert (a_next.name, c.name, twofold.name) == ("a_next", "c", "twofold")

    class Layer:
        pass

    layer, cache, states = Layer(), {}, {}
    layer.h = np.tanh(W)
    cache["c"] = np.tanh(W)
    states[3] = np.tanh(W)
    kept = {"ot": np.tanh(W), "it": W * 2}
    left = right = np.tanh(W)
    assert (layer.h.name, cache["c"].name, states[3].name) == ("h", "c", "states")
    assert (kept["ot"].name, kept["it"].name, right.name) == ("ot", "it", "left")
    if (inside := W * 2) is not left:
        assert inside.name == "inside"


def test_elements_of_lists_and_of_filled_arrays_are_called_what_the_whole_is():
    W = weight(2, 1)
    hs, a, b = [], np.zeros((2, 3)), np.zeros((2, 3))
    for t in range(3):
        hs.append(np.tanh(W))
        a[:, t : t + 1] = W * t
        value = W * t
        b[:, t : t + 1] = value
    assert [h.name for h in hs] == ["hs"] * 3
    assert called(a.sum())[0] == "a" and set(called(b.sum())) == {"value", "b"}


def test_a_name_that_was_given_wins():
    W = weight(2, 2)
    gate = name(np.tanh(W), "Gamma_f")
    assert gate.name == "Gamma_f" and Tensor([1.0], "x").name == "x"


def test_a_variable_that_only_becomes_its_own_next_value_is_named_once():
    W, b = weight(2, 2), weight(2, 1)
    z = W @ rng.normal(size=(2, 1))
    z = z + b
    z *= 2
    assert z.name == "z" and called(z) == ["z"]


def test_what_a_loop_carries_keeps_its_own_name():
    def run(W):
        h = numpy.ones((2, 1))
        for _ in range(3):
            h = np.tanh(W @ h)
        return h

    end = run(weight(2, 2))
    assert called(end) == ["h"]


def logged(function):
    @functools.wraps(function)
    def wrapper(*arguments, **keywords):
        return function(*arguments, **keywords)

    return wrapper


@logged
def gate(W, x):
    return np.tanh(W @ x)


def test_decorators_lambdas_closures_generators_and_comprehensions():
    W, x = weight(2, 2), rng.normal(size=(2, 1))
    ft = gate(W, x)
    relu = lambda u: np.maximum(u, 0)  # noqa: E731
    r = relu(ft)

    def inner():
        return r * W

    out = inner()
    hs = [np.tanh(W @ y) for y in (x, x + 1)]

    def states():
        h = x
        for _ in range(2):
            h = np.tanh(W @ h)
            yield h

    for state in states():
        assert state.name == "h"
    assert (ft.name, r.name, out.name) == ("ft", "r", "out") and [h.name for h in hs] == ["hs", "hs"]
    chosen = np.tanh(W) if len(hs) else np.exp(W)
    assert chosen.name == "chosen"


def test_code_of_a_notebook_without_its_source():
    lines = (
        "def f(x, W):",
        "    ft = np.tanh(W @ x)",
        "    return ft * 2, ft * 3",
        "a_next, b_next = f(x, W)",
        "J = np.sum(a_next * b_next)",
    )
    space = {"np": np, "x": rng.normal(size=(2, 1)), "W": weight(2, 2)}
    exec(compile("\n".join(lines), "<ipython-input-3-abc>", "exec"), space)
    assert called(space["J"]) == ["ft", "a_next", "b_next", "J"] and given(space["J"]) == ["W", "x"]


def test_what_a_function_of_the_engine_makes_on_its_way_has_no_name():
    W = weight(2, 2)
    spread = np.var(W)
    assert spread.name == "spread" and called(spread) == ["spread"]


def test_no_name_that_a_program_could_not_write():
    W = weight(2, 2)
    _ = np.tanh(W)
    assert _.name is None
    assert np.sum(W).name is None


# -- adjoints ----------------------------------------------------------------------------------------------


def test_an_adjoint_is_d_and_the_name_and_never_the_name():
    W, x = weight(2, 2), rng.normal(size=(2, 1))
    z = W @ x
    a = np.tanh(z) * z
    J = np.sum(a)
    recording = differentiate(J)
    assert [recording.adjoint(r).name for r in (J, a, z, W)] == ["dJ", "da", "dz", "dW"]
    forward = {r.name for r in recording.forward if r.name}
    assert not {r.name for r in recording.backward if r not in recording.forward} & forward


def test_an_adjoint_that_is_a_forward_value_leaves_it_its_name():
    W, c = weight(2, 2), Tensor(rng.normal(size=(2, 2)))
    y = W * 2
    recording = differentiate(y.sum(), gradient=None)
    assert recording.adjoint(y).name == "dy" and y.name == "y" and c.name == "c"


# -- leaves -------------------------------------------------------------------------------------------------


def test_one_array_is_one_leaf_until_its_numbers_change():
    W, x = weight(2, 2), rng.normal(size=(2, 1))
    J = np.sum(W @ x + np.tanh(W @ x) * x + x)
    assert [leaf.shape for leaf in Graph(J).leaves if leaf is not W.record] == [(2, 1)]
    before = W @ x
    x += 1
    after = W @ x
    numpy.testing.assert_allclose((after - before).value, W.value @ numpy.ones((2, 1)))
    assert before.inputs[1] is not after.inputs[1]


def test_two_views_of_one_part_are_one_leaf_and_a_transpose_is_another():
    W, x = weight(3, 3), rng.normal(size=(2, 3, 3))
    first, second, other, turned = W @ x[0], W + x[0], W @ x[1], W @ x[0].T
    assert first.inputs[1] is second.inputs[1]
    assert other.inputs[1] is not first.inputs[1] and turned.inputs[1] is not first.inputs[1]


def test_minus_zero_and_nan_are_told_apart_by_their_bits():
    W, x = weight(1), numpy.array([0.0])
    before = W * x
    x[0] = -0.0
    after = W * x
    assert numpy.signbit(after.inputs[1].value[0]) and not numpy.signbit(before.inputs[1].value[0])
    x[0] = numpy.nan
    assert (W * x).inputs[1] is not after.inputs[1]
    y = W * x
    assert (W + x).inputs[1] is y.inputs[1]


def test_leaves_are_released_with_the_graph_and_arrays_with_the_program():
    W, x = weight(2, 2), rng.normal(size=(2, 2))
    y = W @ x
    leaf, array = weakref.ref(y.inputs[1]), weakref.ref(x)
    del y
    gc.collect()
    assert leaf() is None
    y = W @ x
    del x
    gc.collect()
    assert array() is None and y.inputs[1].name == "x"


def test_threads_share_leaves_and_nothing_else():
    W, x = weight(2, 2), rng.normal(size=(2, 2))
    found = []

    def work():
        for _ in range(50):
            found.append((W @ x).value)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 200 and all(numpy.array_equal(y, found[0]) for y in found)


def dense(x, W, b):
    return np.tanh(W @ x + b)


def test_an_argument_of_a_helper_is_called_what_the_caller_calls_it():
    W1, b1, p = weight(3, 2), rng.normal(size=(3, 1)), {"W2": weight(1, 3), "b2": weight(1, 1)}
    x_tmp = rng.normal(size=(2, 4))
    y = dense(dense(x_tmp, W1, b1), p["W2"], b=p["b2"])
    assert set(given(y)) == {"W1", "b1", "W2", "b2", "x"}


def test_parts_of_an_array_at_a_place_in_time_have_its_name():
    W, x, xs = weight(2, 2), rng.normal(size=(2, 3, 4)), [rng.normal(size=(2, 1)) for _ in range(3)]
    for t in range(3):
        xt = x[:, :, t]
        assert (W @ x[:, :, t]).inputs[1].name == (W @ xt).inputs[1].name == "x"
        assert (W @ xs[t]).inputs[1].name == "xs"
    half = x[:, 0, :2]
    assert (W @ half).inputs[1].name == "x"
    rows = x[0, :2]
    cut = rows[:, 1:3]
    assert (W @ cut).inputs[1].name == "cut"


@pytest.mark.parametrize("make", [weight, lambda *shape: Tensor(rng.normal(size=shape), requires_grad=True)])
def test_parameters_are_called_after_the_variable_that_holds_them(make):
    Wf = make(2, 2)
    by_key = {key: make(2, 2) for key in ("Wi", "Wo")}
    Wi = by_key["Wi"]
    J = np.sum(Wf @ Wi @ by_key["Wo"])
    assert given(J) == ["Wf", "Wi", "Wo"]


# -- arrays that are filled -----------------------------------------------------------------------------


def test_zeros_that_are_filled_part_by_part_are_the_parts_joined():
    W, a, x = weight(2, 5), rng.normal(size=(3, 1)), rng.normal(size=(2, 1))
    concat = np.zeros((5, 1))
    concat[:3] = a
    concat[3:, :] = x
    assert concat.record.operation.name == "concatenate" and concat.record.name == "concat"
    assert [part.name for part in concat.record.inputs] == ["a", "x"]
    numpy.testing.assert_array_equal(concat.value, numpy.concatenate([a, x]))
    J = np.sum(W @ concat)
    assert "concat = [a; x]" in equations(J).text


@pytest.mark.parametrize("hole", [numpy.s_[:2], numpy.s_[:2, :0], numpy.s_[::2]])
def test_zeros_that_stay_somewhere_are_not_only_the_parts(hole):
    b = np.zeros((5, 1))
    b[hole] = 1.0
    b[3:] = weight(2, 1)
    expected = numpy.zeros((5, 1))
    expected[hole] = 1.0
    assert b.record.operation.name == "assign"
    numpy.testing.assert_array_equal(b.value[:3], expected[:3])


def test_parts_that_are_written_again_count_as_they_are_last():
    b = np.zeros((4, 1))
    b[:2], b[2:] = weight(2, 1), weight(2, 1)
    b[1:2] = 7.0
    assert b.record.operation.name == "assign" and b.value[1] == 7.0


def test_plain_arrays_that_were_joined_are_their_parts_joined():
    W, a, x = weight(2, 5), rng.normal(size=(3, 1)), rng.normal(size=(2, 1))
    xh = np.concatenate((a, x), axis=0)
    assert type(xh) is numpy.ndarray
    y = W @ xh + np.tanh(W @ xh)
    joined = y.inputs[0].inputs[1]
    assert joined is y.inputs[1].inputs[0].inputs[1]
    assert (joined.operation.name, joined.name) == ("concatenate", "xh")
    assert [part.name for part in joined.inputs] == ["a", "x"] and joined.source.text.startswith("xh =")
    a[0] = 5.0
    xh[1] = 7.0
    other = (W @ xh).inputs[1]
    assert other.operation is None and other.value[1] == 7.0 and joined.value[1] != 7.0


def test_a_loop_that_begins_with_plain_arrays_folds_from_its_first_step():
    W, x, h = weight(3, 5), rng.normal(size=(4, 2, 1)), numpy.zeros((3, 1))
    h0 = h
    for t in range(4):
        xh = np.concatenate([h, x[t]])
        h = np.tanh(np.dot(W, xh))
    text = equations(np.sum(h * h)).text
    for line in ("xh<t> = [h<t-1>; x<t>]", "h<t> = tanh(W xh<t>)", "∂J/∂W = Σ_t dz_h<t> xh<t>ᵀ"):
        assert line in text.splitlines() or f"  {line}" in text.splitlines(), line
    assert not h0.any()


def test_one_hot_columns_are_numbers_with_a_name():
    W, xs = weight(2, 3), {}
    xs[0] = np.zeros((3, 1))
    xs[0][1] = 1
    y = W @ xs[0]
    assert y.inputs[1].operation is None and y.inputs[1].name == "xs"


# -- readings ---------------------------------------------------------------------------------------------


def course_lstm(T=4):
    n_x, n_a, n_y, m = 3, 5, 2, 4
    parameters = {}
    for letter in "fico":
        parameters["W" + letter] = weight(n_a, n_a + n_x)
        parameters["b" + letter] = weight(n_a, 1)
    parameters |= {"Wy": weight(n_y, n_a), "by": weight(n_y, 1)}
    x, a0 = rng.normal(size=(n_x, m, T)), numpy.zeros((n_a, m))
    a, y_pred, _, _ = recorded.lstm_forward(x, a0, parameters)
    return np.sum(a * a) - np.sum(np.log(y_pred))


def test_the_courses_lstm_reads_like_the_textbook():
    text = equations(course_lstm()).text
    for line in (
        "concat<t> = [a_next<t-1>; x<t>]",
        "ft<t> = σ(W_f concat<t> + b_f)",
        "cct<t> = tanh(W_c concat<t> + b_c)",
        "c_next<0> = 0",
        "c_next<t> = ft<t> ∘ c_next<t-1> + it<t> ∘ cct<t>",
        "a_next<0> = a0",
        "a_next<t> = ot<t> ∘ tanh(c_next<t>)",
        "dft<t> = dc_next<t> ∘ c_next<t-1>",
        "∂J/∂W_f = Σ_t dz_ft<t> concat<t>ᵀ",
    ):
        assert line in text.replace("    (t > 1)", ""), line
    for word in ("multiply", "getitem", "constant", "negative", "divide", "input"):
        assert word not in text


def test_table_and_picture_have_the_same_names():
    loss = course_lstm(2)
    rows = [line.split()[1] for line in table(Graph(loss), fold=False).splitlines()]
    assert {"ft<1>", "it<1>", "cct<1>", "c_next<1>", "ot<1>", "a_next<2>", "concat<2>", "x", "a0"} <= set(rows)
    labels = {record.label for record in Graph(loss) if record.name}
    assert {"ft", "c_next", "concat", "Wf", "x", "a0"} <= labels


def test_names_do_not_depend_on_what_was_asked_before():
    first = [r.name for r in Graph(course_lstm(2))]
    assert [r.name for r in Graph(course_lstm(2))] == first


def test_sums_over_steps_are_one_sum_under_the_variables_name():
    W, x = weight(2, 2), rng.normal(size=(2, 1, 4))
    h, loss = numpy.zeros((2, 1)), 0
    for t in steps(4):
        h = np.tanh(W @ h + x[:, :, t])
        loss = loss + np.sum(h * h)
    text = equations(loss).text
    assert "loss = Σ_t Σ(h<t>²)" in text and "h<t> = tanh(W h<t-1> + x<t>)" in text and "dloss<" not in text


# -- the bytecode of newer versions ----------------------------------------------------------------


def test_where_values_go_is_known_at_every_instruction_that_ends_in_a_name():
    def program(W, b):
        z = W @ b
        with open(__file__, encoding="utf-8") as file:
            u = file.read()
        try:
            v = len(u)
        finally:
            w = z[0, 1:], v
        return {"z": z, "w": w}

    flow = Flow(program.__code__)
    stored = {step.argument: step.inputs for step in flow.steps if step.word == "store" and step.inputs}
    assert {"z", "file", "u", "v", "w"} <= stored.keys()
    assert destinations(program.__code__).returning


def instruction(opname, argument=None, arg=0, offset=0):
    return types.SimpleNamespace(
        opname=opname, argval=argument, arg=arg, offset=offset, argrepr="", opcode=dis.opmap.get(opname, -1)
    )


def test_instructions_of_newer_versions_that_do_two_things_are_two_steps():
    flow = Flow((lambda: None).__code__)
    flow.steps, flow.uses, flow.at = [], {}, {}
    listed = [
        instruction("LOAD_FAST_LOAD_FAST", ("f", "x")),
        instruction("BUILD_TUPLE", 2, 2),
        instruction("UNPACK_SEQUENCE", 2, 2),
        instruction("STORE_FAST_STORE_FAST", ("a", "b")),
        instruction("LOAD_FAST", "a"),
        instruction("STORE_FAST_LOAD_FAST", ("c", "c")),
        instruction("LOAD_FAST", "b"),
        instruction("LOAD_CONST", ("key",)),
        instruction("CALL_KW", 1, 0),
        instruction("STORE_FAST", "d"),
        instruction("RETURN_CONST"),
    ]
    for k, each in enumerate(listed):
        each.offset = 2 * k
    flow._run(listed)
    stores = [(step.argument, step.inputs[0]) for step in flow.steps if step.word == "store"]
    unpack = next(k for k, step in enumerate(flow.steps) if step.word == "unpack")
    assert stores[:2] == [("a", (unpack, 0)), ("b", (unpack, 1))]
    assert flow.steps[stores[2][1][0]].argument == "a"
    call = next(step for step in flow.steps if step.word == "call")
    assert call.argument == ("key",) and [flow.steps[v[0]].argument for v in call.inputs] == ["c", "b"]
    assert [step.word for step in flow.steps][-2:] == ["number", "return"]
