"""A live page computes what Python computes: cells, own cells and plain programs, after a hundred edits each."""

from __future__ import annotations

import numpy as np
import pytest
from own_code.programs import STYLES, bare, program, recorded
from readings.replayed import adjoints, replayed
from sweeps import slow_but_part_of

from autograd_seq import Parameter, Tensor, contributions, name, operation, sigmoid, steps, tanh
from autograd_seq.folding.literal import is_literal
from autograd_seq.readings.live.telling import changeable
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout
from tests.browser import chromium, complaints
from viz import step_through
from viz.sources import textbook

EDITS = 100


def run_of(cell, n_a, T=3, m=2):
    rng = np.random.default_rng(3)
    run = cell.unroll(rng.standard_normal((3, m, T)))
    Readout(n_a, 2, seed=4)(run)
    return run.measure(list(rng.random((T, 2, m))), lambda p, y: (p - y) * (p - y)) or run


def own_cell():
    """Nobody's cell: a gate on the input, an activation that is declared here, and a state that is carried on."""

    @operation(vjp=[lambda g, y, x: g * (y + sigmoid(x) * (1 - y))], activation=True, elementwise=True,
               longhand=[lambda x: x * sigmoid(x)])  # fmt: skip
    def swish(x, /):
        return x / (1 + np.exp(-x))

    rng = np.random.default_rng(5)
    W, U, v = (Parameter(rng.standard_normal(shape), word) for shape, word in (((3, 2), "W"), ((3, 3), "U"), (3, "v")))
    h, loss = Tensor(np.zeros((3, 2)), "h0"), 0.0
    for t in steps(4):
        x = Tensor(rng.standard_normal((2, 2)), "x")
        gate = name(sigmoid(v.reshape(3, 1) * (W @ x)), "Gamma")
        h = name(gate * swish(U @ h + W @ x) + (1 - gate) * np.maximum(h, 0.1), "h")
        loss = loss + (np.abs(h) ** 1.5).mean() + tanh(h[0, ::-1]).sum()
    return name(loss, "J")


CELLS = {
    "rnn": lambda: run_of(RNN(3, 4, seed=1), 4),
    "relu rnn": lambda: run_of(RNN(3, 4, activation="relu", seed=1), 4),
    "gru": lambda: run_of(GRU(3, 4, seed=1), 4),
    "gru that resets after": lambda: run_of(GRU(3, 4, reset_after=True, seed=1), 4),
    "lstm": lambda: run_of(LSTM(3, 4, seed=1), 4),
    "lstm with peepholes": lambda: run_of(LSTM(3, 4, peephole="diagonal", seed=1), 4),
    "bidirectional": lambda: run_of(Bidirectional(GRU(3, 2, seed=1), LSTM(3, 2, seed=2)), 4),
    "deep": lambda: run_of(Deep([RNN(3, 4, seed=1), LSTM(4, 4, seed=2)]), 4),
    "a cell of one's own": own_cell,
    "a program in plain NumPy": lambda: recorded("course_lstm", T=3)[0],
    **{f"program {style}": (lambda style=style: recorded(style, T=3)[0]) for style in STYLES if style != "course_lstm"},
}
OFTEN = ("rnn", "gru", "lstm with peepholes", "bidirectional", "deep", "a cell of one's own", "lstm",
         "a program in plain NumPy")  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("numbers")) as driver:
        yield driver


def loss_of(thing):
    return getattr(thing, "loss", thing).record


READ = """
const flat = (view, n) => Array.from({length: n}, (_, k) => live.value(view, k)), L = live.L;
return [L.v.map((view, r) => flat(view, live.size(r))), L.a.map((view, r) => view && flat(view, live.size(r))),
        L.parts.map((parts, i) => parts.map((view) => flat(view, live.size(page.M.parameters[i].r))))];
"""


def check(driver, graph, values):
    """Every value, adjoint and contribution of the page against a recording with the same leaves."""
    loss = graph.outputs[0]
    made = replayed(graph, values)
    found, back, parts = driver.execute_script(READ)
    records = [record for record in graph if not is_literal(record)]
    wanted = adjoints(made, loss)
    for record, value, adjoint in zip(records, found, back, strict=True):
        np.testing.assert_allclose(value, made[record].value.ravel(), rtol=1e-12, atol=1e-12, err_msg=record.label)
        assert (adjoint is not None) == (record in wanted)
        if adjoint is not None:
            np.testing.assert_allclose(adjoint, wanted[record].ravel(), rtol=1e-12, atol=1e-12, err_msg=record.label)
    learned = [r for r in records if r.operation is None and r.requires_grad and r in wanted and r.name]
    for record, given in zip(learned, parts, strict=True):
        split = contributions(made[loss], made[record])
        wanted_parts = sorted((part.ravel() for part in split.values()), key=np.linalg.norm)
        assert len(given) == len(wanted_parts)
        for part, wanted_part in zip(sorted(given, key=np.linalg.norm), wanted_parts, strict=True):
            np.testing.assert_allclose(part, wanted_part, rtol=1e-12, atol=1e-12)


@pytest.mark.browser
@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=[] if kind in OFTEN else pytest.mark.slow) for kind in CELLS
])  # fmt: skip
def test_numbers_after_a_hundred_edits_are_those_of_a_recording(browser, tmp_path, kind):
    thing = CELLS[kind]()
    browser.get(step_through(thing, live=True).save(tmp_path / "page.html").as_uri())
    given = browser.execute_script("return [...live.given].map(([r, g]) => [r, g.size])")
    graph = textbook(loss_of(thing).graph)
    leaves = [record for record in graph if changeable(record)]
    assert [size for _, size in given] == [leaf.size for leaf in leaves]
    check(browser, graph, {})
    rng = np.random.default_rng(7)
    values = {leaf: np.array(leaf.value, order="C") for leaf in leaves}
    for _ in range(2):
        edits = []
        for _ in range(EDITS // 2):
            i = int(rng.integers(len(leaves)))
            k, x = int(rng.integers(leaves[i].size)), float(rng.choice([rng.normal(), 0.0, 3 * rng.normal()]))
            values[leaves[i]].ravel()[k] = x
            edits.append([given[i][0], k, x])
        browser.execute_script("for (const [r, k, x] of arguments[0]) { live.set(r, k, x); live.frame(); }", edits)
        check(browser, graph, values)
    assert complaints(browser) == []


@pytest.mark.browser
@pytest.mark.parametrize("style", slow_but_part_of(STYLES, one_in=6))
def test_the_loss_is_that_of_the_program_run_anew(browser, tmp_path, style):
    """Nothing of the recording helps here: the student's function is called with other numbers."""
    loss, parameters = recorded(style, T=3)
    browser.get(step_through(loss, live=True).save(tmp_path / "page.html").as_uri())
    values, arguments = bare(program(style).example(3, 3, 0))
    rng = np.random.default_rng(8)
    for key in parameters:
        values[key] = values[key] + 0.2 * rng.standard_normal(np.shape(values[key]))
    by_words = {key.replace("_", " "): key for key in parameters}
    learned = browser.execute_script("return page.M.parameters.map((p) => [p.r, page.M.records[p.r].y])")
    assert {words for _, words in learned} == set(by_words)
    for r, words in learned:
        numbers = np.ravel(values[by_words[words]]).tolist()
        browser.execute_script("arguments[1].forEach((x, k) => live.set(arguments[0], k, x))", r, numbers)
    browser.execute_script("live.frame()")
    again = program(style).loss({key: Parameter(value, key) for key, value in values.items()}, **arguments)
    assert browser.execute_script("return live.loss()") == pytest.approx(again.item(), rel=1e-12)
