import re

import numpy as np
import pytest
from readings.derived_cells import CELLS, data, own_cell, with_loss, without_steps

from autograd_seq import Parameter, Tensor, check_formula, differentiate, equations, name, scope, steps, tanh
from autograd_seq.core.errors import UsageError
from autograd_seq.writer.tree import names_in


def agrees(both):
    """Every equation's tree has the recorded value of what it defines, at every step at which it holds."""
    assert len(both.forward) and len(both.backward)
    for equation in both:
        for time in equation.times or (None,):
            right, left = equation.evaluate(time), equation.value(time)
            assert right.shape == left.shape, equation.text
            np.testing.assert_allclose(right, left, rtol=1e-12, atol=1e-12, err_msg=equation.text)


@pytest.mark.parametrize("T", [1, 2, 3, 5])
@pytest.mark.parametrize("which", CELLS)
def test_trees_have_the_recorded_values(which, T):
    x, y = data(T, 2)
    agrees(equations(CELLS[which]().unroll(x)))
    agrees(equations(with_loss(CELLS[which](), x, y)))


@pytest.mark.parametrize("which", CELLS)
def test_number_of_equations_does_not_grow_with_time(which):
    short, long = (equations(CELLS[which]().unroll(data(T, 2)[0])).text for T in (4, 9))
    assert short == long


def test_every_parameter_has_its_gradient():
    for which, make in CELLS.items():
        cell = make()
        found = [e for e in equations(cell).backward if e.text.startswith("∂J/∂")]
        assert len(found) == len(cell.parameters), which


def test_lstm_as_in_the_notes():
    text = equations(CELLS["lstm"]()).text
    for line in (
        "γ_f<t> = W_f [a<t-1>; x<t>] + b_f",
        "c<t> = Γ_f<t> ∘ c<t-1> + Γ_u<t> ∘ c̃<t>",
        "a<t> = Γ_o<t> ∘ tanh(c<t>)",
        "dΓ_f<t> = dc<t> ∘ c<t-1>",
        "dγ_f<t> = dΓ_f<t> ∘ Γ_f<t> ∘ (1 − Γ_f<t>)",
        "dc̃<t> = dc<t> ∘ Γ_u<t>",
        "∂J/∂W_f = Σ_t dγ_f<t> [a<t-1>; x<t>]ᵀ",
        "∂J/∂b_f = Σ_t Σ_columns(dγ_f<t>)",
        "da<T> = δ<T>    (t = T)",
    ):
        assert line in text.replace("  ", "") or line in text, line


def test_boundary_cases_say_where_they_hold():
    da = equations(CELLS["rnn"]()).find("da")
    assert [e.condition for e in da] == ["t < T", "t = T"]
    assert [e.times for e in da] == [(1, 2, 3), (4,)]
    backwards = equations(CELLS["bidirectional"]())
    conditions = {e.condition for e in backwards if e.text.startswith("d←c<")}
    assert conditions == {"t > 1", "t = 1"}


def test_an_argument_without_a_name_lends_its_adjoint_one():
    text = equations(own_cell()).text
    assert "dγ_g<t> = dΓ_g<t> ∘ Γ_g<t> ∘ (1 − Γ_g<t>)" in text
    assert "∂J/∂W_g = Σ_t dγ_g<t> seen<t>ᵀ" in text
    agrees(equations(own_cell()))


def test_steps_are_recognised_without_names_or_steps():
    both = equations(without_steps())
    agrees(both)
    assert "a<t> = tanh(W a<t-1> + U x<t>)" in both.text
    assert "∂J/∂W = Σ_t dz_a<t> a<t-1>ᵀ" in both.text
    assert len(both) < 10


def test_reads_tensors_graphs_recordings_runs_and_cells_alike():
    loss = own_cell()
    texts = {str(equations(thing)) for thing in (loss, loss.graph, differentiate(loss))}
    assert len(texts) == 1
    with pytest.raises(UsageError, match="from a tensor"):
        equations(3.0)


def test_second_derivatives_are_recordings_like_any_other():
    W = Parameter([[0.5, 0.2], [0.1, 0.3]], "W")
    slope = differentiate((tanh(W @ Tensor([[1.0], [2.0]], "x")) ** 2).sum()).adjoint(W)
    both = equations((slope * slope).sum())
    agrees(both)


def test_names_from_users_are_escaped():
    W = Parameter([[0.5]], r"50%_of & {all} \input{x}")
    latex = equations(name(tanh(W @ Tensor([[1.0]], "x$y#")), "a^b~c").sum()).latex
    for raw in (r"\input{", "50%", " & {", "x$", "y#"):
        assert raw not in latex.replace("&=", "").replace(r"\%", "").replace(r"\$", "").replace(r"\#", "").replace(
            r"\&", ""
        ), raw
    assert r"\textbackslash" in latex and r"\%" in latex


def test_latex_has_balanced_braces_and_no_double_superscript():
    for which, make in CELLS.items():
        for equation in equations(make()):
            latex = equation.latex
            depth = 0
            for i, c in enumerate(latex):
                escaped = i and latex[i - 1] == "\\"
                depth += (c == "{" and not escaped) - (c == "}" and not escaped)
                assert depth >= 0, (which, latex)
            assert depth == 0, (which, latex)
            assert "}^T" not in latex or "}^{" not in latex.split("}^T")[0][-2:], latex


def test_latex_becomes_mathml():
    from xml.etree import ElementTree

    converter = pytest.importorskip("latex2mathml.converter")
    for make in CELLS.values():
        for equation in equations(make()):
            ElementTree.fromstring(converter.convert(equation.latex))


def test_markdown_and_latex_have_every_equation():
    both = equations(CELLS["gru"]())
    assert both.markdown.count("$$") == 2 * len(both)
    assert both.latex.count("&=") == len(both)
    assert both.latex.count(r"\begin{align*}") == 2


def test_a_loss_at_the_last_step_only():
    W = Parameter(np.full((2, 2), 0.3), "W")
    with scope(time=0):
        a = Tensor(np.ones((2, 3)), "a")
    for _ in steps(4):
        a = name(tanh(W @ a), "a")
    both = equations(name((a * a).sum(), "J"))
    agrees(both)
    assert [e.text for e in both.find("da")] == [
        "da<t> = Wᵀ dz_a<t+1>    (t < T)",
        "da<T> = 2 ∘ a<T>    (t = T)",
    ]


@pytest.mark.parametrize("which", [w for w in CELLS if not {"deep", "bidirectional", "relu"} & set(w.split("_"))])
def test_printed_equations_are_read_back_and_proven(which):
    """Those that speak of one step, in the grammar of check_formula (which has no maximum, for relu)."""
    cell = CELLS[which]()
    both = equations(cell)
    claims = [equation.formula for equation in both if equation.formula is not None]
    assert len(claims) >= len(both) - 4
    for claim in claims:
        report = check_formula(claim, cell)
        assert report.status == "proven", report


def test_a_forward_pass_without_anything_to_differentiate():
    x = Tensor(np.array([[1.0, 2.0]]), "x")
    both = equations(name(tanh(x) * 3, "y"))
    assert [e.text for e in both] == ["y = tanh(x) ∘ 3"]
    assert both.backward == ()


def test_greek_letters_may_be_given_as_they_are():
    W = Parameter(np.array([[0.5]]), "Ω")
    a = name(tanh(W @ Tensor(np.array([[1.0]]), "x")), "Γ_f")
    both = equations(a.sum())
    assert r"\Gamma_{f} = \tanh(\Omega x)" in both.latex.replace("&", "")
    assert "∂J/∂Ω = (1 − Γ_f²) xᵀ" in both.text


def losses_with_constant_adjoints():
    """Sums and means: the adjoints that begin the sweep are the same number everywhere."""
    rng = np.random.default_rng(3)
    W, V = Parameter(rng.standard_normal((2, 3)), "W"), Parameter(rng.standard_normal((2, 3)), "V")
    b, s = Parameter(rng.standard_normal((2, 1)), "b"), Parameter(1.5, "s")
    x = Tensor(rng.standard_normal((3, 2)), "x")
    a = b
    with scope(time=0):
        a = name(b * 1, "a")
    for _ in steps(4):
        a = name(a + W @ x, "a")
    return {
        "3 W": (3 * W).sum(), "3 W + b": (3 * W + b).sum(), "W x": (W @ x).sum(), "b / 2": b.sum() / 2,
        "mean": W.mean(), "s": s * 3, "s b": (s * b).sum(), "W + W": (W + W).sum(), "s + 0": s + 0,
        "W ∘ V": (W * V).sum() - V.sum(), "two sums": W.sum() * b.sum(), "over time": a.sum(),
    }  # fmt: skip


@pytest.mark.parametrize("which", losses_with_constant_adjoints())
def test_gradients_that_are_one_number_are_printed_too(which):
    loss = name(losses_with_constant_adjoints()[which], "J")
    both = equations(loss)
    agrees(both)
    wanted = {r.name for r in loss.graph if r.operation is None and r.requires_grad}
    assert {e.name.removeprefix("d") for e in both.backward if e.text.startswith("∂J/∂")} == wanted


@pytest.mark.parametrize("which", [*CELLS, *losses_with_constant_adjoints(), "own", "without steps"])
def test_whatever_an_equation_names_has_an_equation_or_was_given(which):
    if which in CELLS:
        thing = with_loss(CELLS[which](), *data(4, 2))
    else:
        others = {**losses_with_constant_adjoints(), "own": own_cell(), "without steps": without_steps()}
        thing = others[which]
    both = equations(thing)
    defined = {equation.left.unit for equation in both}
    for equation in both:
        for named in names_in(equation.right):
            given = named.unit.leaf and equation.derivation.adjoint_of.get(named.unit) is None
            assert given or named.unit in defined, f"{equation.text}: {names_in(equation.right)}"


def test_what_is_used_over_and_over_gets_a_name():
    """Written out, three uses of each of forty states would be 3 to the power of 40 operations."""
    h, W = np.ones((3, 2)), Parameter(np.eye(3) / 2, "W")
    for _ in range(40):
        h = np.tanh(W @ h) * h + h
    both = equations(np.sum(h))
    agrees(both)
    assert max(len(equation.text) for equation in both.forward) < 500


def test_what_counts_examples_is_called_by_its_name():
    rng = np.random.default_rng(0)
    W, x, y = Parameter(rng.normal(size=(2, 3)), "W"), rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
    n_x, m = x.shape
    J = name(np.sum((W @ x - y) ** 2) / m, "J")
    found = equations(J)
    assert "J = Σ((W x − y)²) / m" in found.text
    assert "∂J/∂W = 2 ∘ (W x − y) xᵀ / m" in found.text and "/ 5" not in found.text
    assert "m" in found.latex
    for equation in found:
        np.testing.assert_allclose(equation.evaluate(), equation.value(), rtol=1e-12)


def over_time(stacked):
    W, h, kept = Parameter(np.full((3, 3), 0.3), "W"), np.ones((3, 2)), []
    for _ in range(4):
        h = name(np.tanh(W @ h), "h")
        kept.append(h)
    return str(equations(name(np.sum(stacked(kept) ** 2), "J")))


ALONG_TIME = {
    "axis 0": lambda kept: np.sum(np.stack(kept), axis=0),
    "axis 2": lambda kept: np.sum(np.stack(kept, axis=2) * 2, axis=2),
    "axis -1": lambda kept: np.stack(kept, axis=-1).sum(axis=-1),
    "from the end": lambda kept: np.sum(np.stack(kept[::-1], axis=1), axis=1, keepdims=True),
    "side by side": lambda kept: np.sum(np.concatenate([h[:, :1] for h in kept], axis=1), axis=1),
}
NOT_ALONG_TIME = {
    "rows": lambda kept: np.sum(np.stack(kept), axis=1),
    "all": lambda kept: np.sum(np.stack(kept)),
    "wide": lambda kept: np.sum(np.concatenate(kept, axis=1), axis=1),
    "a state": lambda kept: np.sum(kept[-1], axis=0),
}


@pytest.mark.parametrize("key", ALONG_TIME)
def test_a_sum_along_time_is_said_to_be_one(key):
    text = over_time(ALONG_TIME[key])
    assert "Σ_t(" in text and "Σ_rows(" not in text and "Σ_columns(" not in text


@pytest.mark.parametrize("key", NOT_ALONG_TIME)
def test_a_sum_along_another_axis_is_not(key):
    assert "Σ_t(" not in over_time(NOT_ALONG_TIME[key])


def test_a_mean_along_time_is_said_to_be_one():
    text = over_time(lambda kept: np.mean(np.stack(kept), axis=0))
    assert "mean_t(" in text


def test_the_first_power_is_not_written():
    x = Parameter(np.ones((2, 2)), "x")
    assert "^ 1" not in str(equations(name(np.sum(x**2), "J"))) and "^ 3" in str(equations(name(np.sum(x**3), "J")))


@pytest.mark.parametrize(
    "pair", [("Wk", "W_k"), ("W_k", "Wk"), ("Waa", "W_aa"), ("ba", "b_a"), ("alpha", "α"), ("Gamma_f", "Γ_f")]
)
def test_two_names_that_are_written_alike_are_told_apart(pair):
    first, second = (Parameter(np.eye(2) * (i + 1) / 3, called) for i, called in enumerate(pair))
    found = equations(name(np.sum(np.tanh(first @ np.tanh(second @ Tensor(np.ones((2, 1)), "x")))), "J"))
    for written in (str(found), found.latex):
        slopes = re.findall(r"(?:∂J/∂|partial J}{\\partial )(.*?)(?: =|} &=)", written)
        assert len(set(slopes)) == 2, slopes
