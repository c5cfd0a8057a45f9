"""How operations are written: the source gives the value, the LaTeX can be set, parentheses stand where needed."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operations.cases import CASES, MADE_OF_OPERATIONS

import autograd_seq.operations as ops
from autograd_seq import Tensor
from autograd_seq.core.notation import ATOM, PRODUCT, SIGN, SUM, literal, subscript
from autograd_seq.folding.literal import is_literal
from autograd_seq.writer import numeral

ALL = {**CASES, **MADE_OF_OPERATIONS}
NAMES = {getattr(function, "name", None) or function.__name__: function for function in ALL}
few = settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
every = pytest.mark.parametrize("name", sorted(NAMES))


def written(output, language):
    """A recording as one nested expression, the values of its variables, and the helpers that it needs."""
    known, variables, helpers = {}, {}, {}
    for record in output.graph:
        if record.operation is None:
            if is_literal(record):
                known[record] = numeral(record.value.item(), language)
            else:
                known[record] = (f"v{len(variables)}", ATOM)
                variables[known[record][0]] = record.value
        else:
            form = record.operation.forms[language]
            helpers[form.helper] = True
            known[record] = form.write([known[x] for x in record.inputs], record.settings)
    return known[output.record][0], variables, "".join(helpers)


def computed(output):
    """The value of the source, in a program that has only ``np`` and the helpers."""
    text, variables, helpers = written(output, "source")
    namespace = {"np": np}
    exec(helpers, namespace)
    return text, eval(text, namespace, variables)


def inside(x):
    """The same number as something that needs parentheses in most places."""
    return [x + 0, -(-x), x * 1, x / 1, x**1, x - 0]


def around(y):
    """Expressions in which something loose would be read wrongly without its parentheses."""
    yield 2 - y
    yield y - (y - 1)
    yield 2 / y
    yield 2 * y
    yield -y
    yield y * (2 * y)
    yield y / (y / 2)
    yield (y * y + 1) ** y
    yield (y * y) ** 2 ** y
    yield (y < 0) * y
    yield ops.transpose(y)
    yield y[..., None]


@every
@few
@given(data=st.data())
def test_source_gives_the_value(name, data):
    case = data.draw(ALL[NAMES[name]])
    y = case.call(*[Tensor(a, "v") for a in case.arrays])
    text, value = computed(y)
    np.testing.assert_allclose(np.asarray(value, float), y.value.astype(float), rtol=1e-12, atol=1e-13, err_msg=text)
    assert np.shape(value) == y.shape, text


@every
@few
@given(data=st.data())
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:overflow", "ignore:invalid value")
def test_source_has_the_parentheses_that_it_needs(name, data):
    case = data.draw(ALL[NAMES[name]])
    tensors = [Tensor(a, "v") for a in case.arrays]
    for choice in range(6):
        nested = [inside(x)[choice] if x.dtype.kind == "f" else x for x in tensors]
        y = case.call(*nested)
        text, value = computed(y)
        np.testing.assert_allclose(np.asarray(value, float), y.value.astype(float), rtol=1e-9, atol=1e-12, err_msg=text)
    y = case.call(*tensors)
    if y.dtype.kind == "f":
        for z in around(y):
            text, value = computed(z)
            np.testing.assert_allclose(np.asarray(value, float), z.value.astype(float), rtol=1e-9, err_msg=text)


@every
@settings(few, max_examples=3)
@given(data=st.data())
def test_latex_can_be_set_and_text_fits_a_line(name, data):
    converter = pytest.importorskip("latex2mathml.converter")
    case = data.draw(ALL[NAMES[name]])
    y = case.call(*[Tensor(a, "v") for a in case.arrays])
    y = y * 2 if y.dtype.kind == "f" else y
    text, _, _ = written(y, "latex")
    assert "<math" in converter.convert(text)
    assert "\n" not in text
    assert text.count("{") == text.count("}"), text
    text, _, _ = written(y, "text")
    assert text.isprintable(), text


def test_repeated_powers_keep_their_order():
    x = Tensor(1.5, "x")
    for y in (x**2**3, (x**2) ** 3, 2**-x, (-x) ** 2, -(x**2)):
        text, value = computed(y)
        assert value == pytest.approx(y.item()), text


def test_texts_of_cells():
    a, b, c = Tensor(np.ones((2, 2))), Tensor(np.ones((2, 2))), Tensor(np.ones((2, 1)))
    assert written(ops.tanh(a @ b + c), "text")[0] == "tanh(v0 v1 + v2)"
    assert written(a * (b + c), "text")[0] == "v0 ∘ (v1 + v2)"
    assert written((1 - a) * b, "latex")[0] == r"(1 - v0) \circ v1"
    assert written(ops.sigmoid(ops.concatenate([a, b])), "text")[0] == "σ([v0; v1])"
    assert written(ops.sigmoid(-a), "source")[0] == "1 / (1 + np.exp(-(-v0)))"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((slice(None), 0), "(slice(None, None, None), 0)"),
        (np.array([True, False]), "np.array([True, False])"),
        (np.array([], dtype=int), "np.array([], dtype=np.int64)"),
        (np.array([0.5, np.inf]), "np.array([0.5, np.inf])"),
        (np.float32, "np.float32"),
        (np.dtype("float32"), "np.float32"),
        (np.float64(2.5), "2.5"),
        (float, "float"),
        ((1,), "(1,)"),
        (None, "None"),
        (..., "..."),
        ("inf", "'inf'"),
        (float("nan"), "np.nan"),
    ],
)
def test_literals(value, text):
    assert literal(value) == text
    eval(text, {"np": np})


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (np.s_[:, 1], ":, 1"),
        (np.s_[1:], "1:"),
        (np.s_[::-1, None, ..., :2], "::-1, None, ..., :2"),
        ((0,), "0"),
        ((), "()"),
        (np.array([2, 0]), "np.array([2, 0])"),
    ],
)
def test_subscripts(index, text):
    assert subscript(index) == text
    x = np.arange(24.0).reshape(4, 3, 2)
    np.testing.assert_array_equal(eval(f"x[{text}]", {"np": np, "x": x}), x[index])


def test_levels_are_pythons():
    assert SUM < PRODUCT < SIGN < ATOM
