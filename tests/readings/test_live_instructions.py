"""A recording as instructions: whatever is recorded, a machine of some thirty words computes the same numbers."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operations.cases import CASES
from operations.test_every_operation import recorded as one_operation
from own_code.programs import STYLES, recorded
from readings.replayed import adjoints, replayed
from readings.row_machine import begun, run

from autograd_seq import (
    Graph,
    Parameter,
    Tensor,
    binary_cross_entropy,
    categorical_cross_entropy,
    categorical_cross_entropy_from_logits,
    contributions,
    name,
    operation,
    sigmoid,
    softmax,
    softplus,
    steps,
    tanh,
)  # fmt: skip
from autograd_seq.core.errors import UsageError
from autograd_seq.core.operation import DECLARED
from autograd_seq.readings.live import instructions
from autograd_seq.readings.live.element_text import element_term
from autograd_seq.readings.live.recipes import recipe
from autograd_seq.readings.live.scalar_terms import Terms, UnsaidError
from autograd_seq.readings.textbook import recognised

NAMED = {o.name: o for o in DECLARED}
SAYING = ("element", "longhand", "adds", "cuts", "rearranges", "algebra", "reduces")  # traits that are enough
BY_MEANING = {
    "where", "softplus", "clip", "maximum", "less", "mean", "norm", "prod", "cumsum", "assign", "pick", "spread",
    "argmax", "outer", "einsum", "inv", "det", "cholesky", "solve_columns", "log_softmax", "above_zero", "tan",
    "arctan2", "as_finite",
}  # fmt: skip
few = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def close(found, wanted, what=""):
    np.testing.assert_allclose(found, wanted.astype(float), rtol=1e-12, atol=1e-13, err_msg=what)


def as_recorded(told):
    row = run(told.memory, begun(told.memory))
    for tensor, positions in told.positions.items():
        close(row[positions], tensor.value, tensor.label)


@pytest.mark.parametrize("operation", CASES, ids=lambda o: getattr(o, "name", None) or o.__name__)
@few
@given(data=st.data())
def test_every_operation_forward_and_back(operation, data):
    _, y, _ = one_operation(data.draw(CASES[operation]))
    if not y.size:
        return
    seed = np.random.default_rng(0).normal(size=y.shape) if y.requires_grad else None
    try:
        told = instructions(y.graph, y.record if y.requires_grad else None, seed)
    except UsageError as refused:  # in words, and only where nothing but a meaning says what the operation does
        found = re.match(r"a page cannot compute (\w+) at .*Give the operation the trait", str(refused))
        assert found and not any(getattr(NAMED[found[1]], trait) for trait in SAYING) and found[1] not in BY_MEANING
        return
    as_recorded(told)


def test_whole_numbers_are_refused_in_words():
    x = Tensor([0.5, 1.5], "x")
    with pytest.raises(UsageError, match="a page cannot compute as_integer at y"):
        instructions(Graph(name(x.astype(int), "y")))


@pytest.mark.parametrize("style", STYLES)
def test_programs_of_students_with_every_number_changed(style):
    loss = recognised((recorded(style)[0],), pairs=False)[0].record
    told, rng = instructions(Graph(loss), loss), np.random.default_rng(1)
    as_recorded(told)
    row = begun(told.memory)
    values = {leaf: leaf.value + 0.3 * rng.standard_normal(leaf.shape) for leaf in told.given}
    for leaf, array in values.items():
        row[told.positions[leaf]] = array
    run(told.memory, row)
    made = replayed(Graph(loss), values)
    for old, new in made.items():
        if old in told.positions:
            close(row[told.positions[old]], new.value, old.label)
    for old, adjoint in adjoints(made, loss).items():
        close(row[told.positions[told.adjoints[old]]], adjoint, f"d{old.label}")


def shared(T=4):
    W, a = Parameter([[0.5, -0.2], [0.1, 0.7]], "W"), Tensor([[0.3], [0.4]], "a")
    for t in steps(T):
        a = name(tanh(W @ a + Tensor([[0.1 * t], [0.2]], "x")), "a")
    return W, name((a * a).sum(), "J")


def test_contributions_are_those_of_the_engine():
    W, loss = shared()
    told = instructions(Graph(loss), loss)
    parts, wanted = told.contributions(W.record), contributions(loss, W)
    row = run(told.memory, begun(told.memory))
    assert set(parts) == set(wanted)
    for place, positions in parts.items():
        close(row[positions], wanted[place])


def test_what_uses_give_back_adds_up_to_the_adjoint():
    W, loss = shared()
    told = instructions(Graph(loss), loss)
    row = run(told.memory, begun(told.memory))
    uses = [use for use in told.pieces if use[0].inputs[use[1]] is W.record]
    assert len(uses) == 4
    total = sum(row[told.positions[told.pieces[use]]] for use in uses)
    close(total, told.adjoints[W.record].value)


def test_longer_sequences_share_their_maps():
    few_steps, many = (instructions(Graph(loss), loss) for loss in (shared(3)[1], shared(30)[1]))
    assert len(many.memory.maps) == len(few_steps.memory.maps)
    assert many.memory.words == few_steps.memory.words


def test_views_take_no_instruction_and_nothing_is_computed_twice():
    x = Parameter(np.arange(6.0).reshape(2, 3), "x")
    told = instructions(Graph((x.T[1:] * 2).reshape(-1)))
    assert told.memory.words == ["multiply"]
    once, twice = instructions(Graph(tanh(x))), instructions(Graph(tanh(x) + tanh(x)))
    assert len(twice.memory.code) == len(once.memory.code) + len(instructions(Graph(x + x)).memory.code)


def test_numbers_of_formulas_and_of_masks_are_no_leaves_to_change():
    x, mask = Tensor([1.0, 2.0], "x"), Tensor(np.array([True, False]), "mask")
    told = instructions(Graph(2.0 * x * mask))
    assert told.given == [x.record]
    as_recorded(told)


def test_an_operation_of_ones_own_needs_no_more_than_its_meaning():
    @operation(vjp=[lambda g, y, x: g * 3 * x * x], elementwise=True)
    def cube(x, /):
        return x**3

    x = Parameter([1.5, -2.0], "x")
    loss = cube(x).sum()
    as_recorded(instructions(Graph(loss), loss))


def test_what_decides_by_itself_is_refused_in_words():
    @operation(vjp=[lambda g, y, x: g])
    def steep(x, /):
        return x if x.ravel()[0] > 0 else -x

    x = Parameter([1.5, -2.0], "x")
    with pytest.raises(UsageError, match=r"cannot compute steep at y .*decides on numbers") as refused:
        instructions(Graph(name(steep(x), "y")))
    assert "live=True" in str(refused.value) and "test_live_instructions.py" in str(refused.value)


def test_what_does_not_change_may_be_anything():
    """An operation that could not be told keeps its number where nothing that it is made of can be changed."""

    @operation(vjp=None)
    def rank(x, /):
        return np.asarray(np.linalg.matrix_rank(x), dtype=float)

    x = Parameter([2.0], "x")
    as_recorded(instructions(Graph(x * rank(Tensor(np.eye(3).astype(int))))))


def test_exponentials_are_added_without_overflow():
    terms = Terms()
    x = terms.inputs(0, (2,))
    made = recipe(terms, np.array([terms.log(1 + terms.exp(x[0])), terms.log(terms.exp(x[0]) + terms.exp(x[1]))]))
    assert "maximum" in [group.word for group in made.groups]
    z = Parameter([900.0, -900.0], "z")
    loss = softplus(z).sum() + categorical_cross_entropy_from_logits(z, np.array([0.0, 1.0])).sum()
    as_recorded(instructions(Graph(loss), loss))


def test_a_wrong_certainty_costs_what_it_costs_in_python():
    """Probabilities that have become 0 or 1 are kept away from log 0, and 0 times it is 0."""
    z = Parameter([800.0, -800.0, 40.0], "z")
    for target in ([1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.5]):
        loss = binary_cross_entropy(sigmoid(z), np.array(target)).sum()
        as_recorded(instructions(Graph(loss), loss))
        p = softmax(z)
        loss = categorical_cross_entropy(p, np.array(target)).sum()
        as_recorded(instructions(Graph(loss), loss))


def test_a_long_mean_is_one_instruction():
    x = Parameter(np.random.default_rng(0).standard_normal(500), "x")
    told = instructions(Graph(x.mean()))
    assert told.memory.words == ["reduce add", "divide"]
    as_recorded(told)


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "{0}.__class__", "{0} @ {0}", "[{0}]", "open({0})", "{0} if", "{1}", "np.linalg.norm({0})"],
)
def test_the_text_of_an_element_is_read_and_never_run(text):
    terms = Terms()
    strange = operation(vjp=None, element=text)(lambda x, /: x)
    assert element_term(strange, terms, [terms.input(0, 0)], {}) is None


def test_scalars_that_are_not_known_yet_decide_nothing():
    x = Terms().input(0, 0)
    with pytest.raises(UnsaidError):
        bool(x > 0)
    with pytest.raises(UnsaidError):
        x + "1"
