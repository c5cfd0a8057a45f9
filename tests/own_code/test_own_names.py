"""What a program calls its variables is what equations, tables and pictures call them, in no more lines than a book."""

import re
import unicodedata

import numpy as np
import pytest
from own_code.measures import measure, printed_names
from own_code.programs import FURTHER, STYLES, recorded

from autograd_seq import Graph, categorical_cross_entropy, check_backward, contributions, equations, prove, source
from autograd_seq.core import names
from autograd_seq.core.operation import DECLARED
from cells import LSTM, Readout
from viz import draw

NAMELESS = {operation.name for operation in DECLARED} - {"softmax"} | {"constant", "input", "leaf", "initial"}
NOT_OF_THE_PROGRAM = {  # what NumPy alone has calculated from plain data: 1 − m_t, and [x; h_prev] at the first step
    "masked_batches": {"input"},
    "peephole_matrix": {"input"},
}


@pytest.mark.parametrize("style", STYLES + FURTHER)
def test_variables_have_their_names_in_the_equations(style):
    found = measure(style)
    assert found.variables >= 3
    assert found.share >= 0.95, found.missing


@pytest.mark.parametrize("style", STYLES)
def test_equations_are_not_many_more_than_a_book_has(style):
    found = measure(style)
    assert found.book >= 9
    assert found.ratio <= 1.5


def test_there_are_many_variables():
    assert sum(measure(style).variables for style in STYLES) > 90


@pytest.mark.parametrize("style", STYLES + FURTHER)
def test_weights_have_subscripts_where_there_is_mathematics_and_none_beside_code(style):
    J, parameters = recorded(style, T=3, m=2)
    drawn = [node for view in ("unrolled", "cell") for node in draw(J, view=view).layout.nodes]
    mathematics = equations(J).text + " ".join(line.plain for node in drawn for line in node.lines)
    code = str(J.graph) + str(prove(J)) + source(J)
    for key in parameters:
        if names.text(key) != key:
            assert re.search(rf"\b{key}\b", code) and not re.search(rf"\b{names.text(key)}\b", code)
            assert re.search(rf"\b{names.text(key)}\b", mathematics) and not re.search(rf"\bd?{key}\b", mathematics)


def is_made_up(word):
    """Whether a name is that of an operation, or of nothing, with or without a number."""
    base = re.sub(r"(_\d+)+$", "", word.removeprefix("d"))
    return base in NAMELESS or "%" in word or any(base == f"{a}_{b}" for a in NAMELESS for b in NAMELESS)


def in_columns(line):
    """A line with as many characters as it takes columns on a terminal."""
    widths = [(c, 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1) for c in line]
    return "".join(c + "\0" * (width - 1) for c, width in widths if width)


def names_in_table(J):
    header, *rows = map(in_columns, str(J.graph).splitlines())
    first, last = header.index("name"), header.index("operation")
    return {re.sub(r"<.*", "", row[first:last].replace("\0", "").strip()) for row in rows} - {""}


def names_in_picture(J, view):
    layout = draw(J, view=view).layout
    titled = [n for n in layout.nodes if n.record is not None and (n.leaf or n.record.name is not None)]
    return {re.sub(r"<.*", "", node.label) for node in titled}


@pytest.mark.parametrize("style", STYLES + FURTHER)
def test_no_variable_is_called_after_an_operation_or_a_number(style):
    J, _ = recorded(style)
    allowed = NOT_OF_THE_PROGRAM.get(style, set())
    seen = printed_names(J)
    seen |= names_in_table(J) | names_in_picture(J, "unrolled") | names_in_picture(J, "cell")
    assert len(seen) > 4
    assert {word for word in seen if is_made_up(word)} <= allowed


@pytest.mark.parametrize("style", STYLES + FURTHER)
def test_the_number_of_equations_does_not_grow_with_the_steps(style):
    assert len(equations(recorded(style, T=4)[0])) == len(equations(recorded(style, T=7)[0]))


@pytest.mark.parametrize("style", STYLES + FURTHER)
def test_an_array_that_is_filled_is_no_box(style):
    J, _ = recorded(style)
    for view in ("unrolled", "cell"):
        nodes = draw(J, view=view).layout.nodes
        assert not [node for node in nodes if re.match(r"\(0;|0(<|$)", node.label)]
        labels = [node.label for node in nodes if node.kind == "input"]
        assert len(labels) == len(set(labels)), "one x<t> at each step"
        assert not [node.label for node in nodes if node.lines[0].plain.endswith("…")], "no title is cut"


def test_the_course_lstm_is_drawn_with_its_variables():
    J, _ = recorded("course_lstm")
    cell = draw(J, view="cell")
    titles = {node.label for node in cell.layout.nodes}
    assert {"concat<t>", "ft<t>", "it<t>", "cct<t>", "ot<t>", "c_next<t>", "a_next<t>", "yt<t>", "x<t>"} <= titles
    assert {"a_next<t-1>", "c_next<t-1>"} <= {label.replace("−", "-") for label in titles}  # the inlets
    formulas = {line.plain for node in cell.layout.nodes for line in node.lines}
    assert "σ(W_f concat<t> + b_f)" in formulas and "softmax(W_y a_next<t> + b_y)" in formulas
    whole = draw(J)
    assert {"a0", "c_next<0>", "labels<4>", "J"} <= {node.label for node in whole.layout.nodes}
    assert "exp" not in whole.svg and "σ" in whole.svg
    assert "exp" in draw(J, view="operations").svg  # where every record is one


def test_what_has_nothing_to_recognise_is_drawn_as_recorded():
    x = np.random.default_rng(0).standard_normal((3, 2, 3))
    run = Readout(4, 2)(LSTM(3, 4).unroll(x))
    loss = run.measure([np.eye(2)] * 3, categorical_cross_entropy)
    assert set(draw(loss).layout.homes) <= set(Graph(loss))


@pytest.mark.parametrize(("style", "twice"), [("stacked_lists", "h")])
def test_one_name_for_two_things_is_numbered_as_in_the_equations(style, twice):
    J, _ = recorded(style)
    labels = [node.label for node in draw(J).layout.nodes]
    for t in range(1, 5):
        assert labels.count(f"{twice}<{t}>") == labels.count(f"{twice}_2<{t}>") == 1
    assert {twice, f"{twice}_2"} <= printed_names(J)


@pytest.mark.parametrize("style", ["course_lstm", "course_rnn", "layer_objects"])
def test_proof_and_contributions_call_parameters_as_the_program_does(style):
    J, parameters = recorded(style, T=2, m=2)
    proof = prove(J)
    assert proof.ok and set(proof.claims) == set(parameters)
    assert all(re.search(rf"\b{key}\b", str(proof)) for key in parameters)
    for parameter in parameters.values():
        J.backward()
        assert np.allclose(sum(contributions(J, parameter).values()), parameter.grad)
    text = source(J, "net")
    assert all(f'"d{key}": d{key}' in text and f'{key} = parameters["{key}"]' in text for key in parameters)
    own = {"course_lstm": "ft it cct ot c_next a_next yt", "course_rnn": "a_next yt_pred", "layer_objects": "h"}
    assert all(re.search(rf"^ +{word}(\[t\])? = ", text, re.MULTILINE) for word in own[style].split())


def test_a_wrong_pass_is_told_by_the_names_of_the_program():
    def forward(x, a0, W):
        states = [a0]
        for t in range(3):
            a_next = np.tanh(W @ states[-1] + x[:, :, t])
            states.append(a_next)
        return {"a": states[-1]}, (states, x, W)

    def backward(upstream, cache):
        states, x, W = cache
        da, dW, dx = upstream["a"], np.zeros_like(W), np.zeros_like(x)
        for t in reversed(range(3)):
            dz = da * (1 - states[t + 1])
            dx[:, :, t] = dz
            dW = dW + dz @ states[t].T
            da = W.T @ dz
        return {"dW": dW, "da0": da, "dx": dx}

    rng = np.random.default_rng(0)
    x, a0, W = (rng.standard_normal(shape) / 2 for shape in ((3, 2, 3), (3, 2), (3, 3)))
    report = check_backward(forward, backward, {"x": x, "a0": a0, "W": W})
    assert not report.ok and set(report.wrong) == {"dW", "da0", "dx"}
    assert "a_next" in str(report)
