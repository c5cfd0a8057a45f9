"""Nothing that a user or a file brings is evaluated: text does not get into SymPy, alone or inside something."""

import ast
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import sympy

from autograd_seq import Graph, Parameter, Tensor, ValueRangeError, check_formula, each, operation, prove
from autograd_seq.grading.packing import UnreadableError
from autograd_seq.grading.tracing import replay
from autograd_seq.readings.flat_text import from_tree
from autograd_seq.readings.symbols import as_expression
from cells import LSTM

ROOT = Path(__file__).parents[2]


@pytest.fixture
def trap(tmp_path):
    """A file that is there if the text was evaluated, and the text."""
    mark = tmp_path / "evaluated"
    yield mark, f"__import__('pathlib').Path({str(mark)!r}).touch()"
    assert not mark.exists()


class Shy:
    def __init__(self, text):
        self.text = text

    def __str__(self):
        return self.text

    __repr__ = __str__


def test_there_is_one_way_into_sympy():
    calls = []
    for folder in ("autograd_seq", "cells", "viz"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                named = getattr(node, "attr", None) or getattr(node, "id", None)
                if named in ("sympify", "parse_expr", "lambdify"):
                    calls.append(path.name)
    assert calls == ["symbols.py"]


def test_text_is_refused_in_whatever_it_stands(trap):
    _, text = trap
    for thing in (
        text, np.str_(text), text.encode(), Shy(text), np.array(text), np.array([text], dtype=object), [text], (text,),
        {text: 1}, {1: text}, ((text,),), slice(text), {text}, frozenset([text]), None,
    ):  # fmt: skip
        with pytest.raises(TypeError, match="a number or an expression"):
            as_expression(thing)


@pytest.mark.parametrize("number", [1, -0.5, True, 2 + 1j, np.float32(0.5), np.longdouble(3), np.int8(2), np.bool_(1)])
def test_numbers_get_in(number):
    assert as_expression(number) == sympy.sympify(number, strict=True)


@pytest.mark.parametrize("inside", [lambda t: t, lambda t: (t,), lambda t: {1: t}, lambda t: [t], Shy])
def test_a_meaning_that_gives_text_is_not_run(inside, trap):
    _, text = trap

    def given(x):
        return inside(text)

    @operation(vjp=[lambda g, y, x: g], meaning=lambda algebra, x: each(given, x))
    def same(x, /):
        return x + 0

    with suppress(TypeError, ValueError, AttributeError):  # how it is refused is another matter
        prove(same(Parameter([1.0, 2.0], "W")).sum())


def test_names_and_formulas_are_not_run(trap):
    _, text = trap
    prove((Parameter([1.0], text) * Tensor([2.0], text)).sum())
    try:
        check_formula(f"dc_prev = dc * {text}", LSTM(2, 3, seed=0))
    except ValueError as error:
        assert str(error)


def test_settings_of_files_hold_no_text_inside_others(trap):
    _, text = trap
    for tree in ({"tuple": [text]}, {"list": [1, {"tuple": [text]}]}, {"slice": [text, None, None]}):
        with pytest.raises(ValueRangeError, match="not inside others"):
            from_tree(tree)
    net = Parameter([1.0, 2.0], "x").sum().graph.to_networkx(flat=True)
    last = list(net)[-1]
    net.nodes[last]["settings"] = "{'axis': {'tuple': ['" + text.replace("'", "%27;") + "']}, 'keepdims': false}"
    with pytest.raises(ValueRangeError):
        Graph.from_networkx(net)


def test_settings_of_submissions_hold_no_text_inside_others(trap):
    _, text = trap
    for settings in ({"axis": (text,)}, {"axis": [[text]]}, {"axis": {1: text}}):
        entry = ["sum", [0], settings, None, None, None, []]
        with pytest.raises(UnreadableError):
            replay({"records": [["input", "x"], entry], "outputs": {"y": 1}}, {"x": Tensor([1.0, 2.0])})
