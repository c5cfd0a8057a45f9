"""Formulas: parsed by a whitelist, proven or refuted by algebra, corrected."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, UsageError, check_formula, name, relu
from autograd_seq.check.claims.printed import plain
from autograd_seq.commands import main
from cells import GRU, LSTM, RNN, Readout

ROOT = Path(__file__).parents[2]
_check_formula = check_formula


def check_formula(text, cell, **settings):  # noqa: F811
    """The report, once all formulas that it offers have been read back."""
    report = _check_formula(text, cell, **settings)
    for offered in filter(None, (report.correction, report.before_activation)):
        left = offered.split("=")[0]
        reading = "jacobian" if "/" in left and settings.get("reading") == "jacobian" else "adjoint"
        again = _check_formula(offered, cell, **{**settings, "reading": reading})
        assert again.ok, f"{report}\n{again}"
    return report


LSTM_CELL = LSTM(3, 2)
DC = "(dc_next + da_next * Gamma_o * (1 - tanh(c_next)**2))"


@pytest.mark.parametrize(
    "text",
    [
        f"dgamma_f = {DC} * c_prev * Gamma_f * (1 - Gamma_f)",
        f"dgamma_u = {DC} * c_tilde * Gamma_u * (1 - Gamma_u)",
        f"dz_c = {DC} * Gamma_u * (1 - c_tilde**2)",
        f"dGamma_f = {DC} * c_prev",
        "dgamma_o = da_next * tanh(c_next) * Gamma_o * (1 - Gamma_o)",
        f"dc_prev = {DC} * Gamma_f",
        "dWf = dgamma_f @ [a_prev; x_t].T",
        "dbo = sum(dgamma_o, axis=1, keepdims=True)",
        "da_prev = (Wf.T @ dgamma_f + Wu.T @ dgamma_u)[:n_a] + Wc[:, :n_a].T @ dz_c + Wo[:, :n_a].T @ dgamma_o",
        "dx_t = Wf[:, n_a:].T @ dgamma_f + Wu[:, n_a:].T @ dgamma_u + Wc[:, n_a:].T @ dz_c + Wo[:, n_a:].T @ dgamma_o",
        "c<t> = Γ_f ∘ c<t-1> + Γ_u ∘ c̃<t>",
        "dGamma_f*Gamma_f*(1-Gamma_f) = dgamma_f",
    ],
)
def test_right_formulas_of_the_lstm_are_proven(text):
    report = check_formula(text, LSTM_CELL)
    assert report.status == "proven" and report.ok, str(report)
    assert report.correction is None and report.counterexample is None


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("W_f [a<t-1>; x<t>] + b_f", "(W_f @ concatenate((a_prev, x_t))) + b_f"),
        ("a ∘ b c^2", "a * (b @ c**2)"),  # neighbours stand closer together than factors with a sign between them
        ("−(a + b) c ∘ d", "-((a + b) @ c) * d"),
        ("(a b)ᵀ c", "(((a @ b)).T @ c)"),
        ("tanh (c_next)²", "tanh (c_next)**2"),
        ("[a[0:2]; b c] [a, −b]", "(concatenate((a[0:2], (b @ c))) @ concatenate((a, -b), axis=1))"),
        ("concatenate([a, b], axis=1)", "concatenate([a, b], axis=1)"),
        ("Wf [:, :n_a].T @ d", "Wf [:, :n_a].T @ d"),
        ("2 a b", "(2 * a @ b)"),
        ("a 2", "a 2"),  # no formula, and none is made of it
        ("a if b else c", "a if b else c"),
        ("(a; b", "(a; b"),
    ],
)
def test_what_is_printed_is_read(printed, text):
    assert plain(printed, ["tanh", "concatenate"]) == text


def test_a_printed_claim_is_proven():
    assert check_formula("dWf = dγ_f [a<t-1>; x<t>]ᵀ", LSTM_CELL).status == "proven"
    assert check_formula("γ_f = Wf [a<t-1>; x<t>] + bf", LSTM_CELL).status == "proven"
    assert check_formula("γ_f = Wf ∘ [a<t-1>; x<t>] + bf", LSTM_CELL).status == "refuted"


def test_the_gate_is_told_from_its_pre_activation():
    report = check_formula("dGamma_o = da_next * tanh(c_next) * Gamma_o * (1 - Gamma_o)", LSTM_CELL)
    assert report.status == "refuted" and report.proven_as == "dgamma_o"
    assert "pre-activation" in report.reason
    assert check_formula(report.correction, LSTM_CELL).status == "proven"
    assert check_formula(report.before_activation, LSTM_CELL).status == "proven"


@pytest.mark.parametrize(
    "text",
    [
        f"dgamma_f = {DC} * c_next * Gamma_f * (1 - Gamma_f)",
        "dgamma_f = (dc_next - da_next * Gamma_o * (1 - tanh(c_next)**2)) * c_prev * Gamma_f * (1 - Gamma_f)",
        "dc_prev = dc_next * Gamma_f + Gamma_o * (1 - tanh(c_next)**2) * da_next",
        "dWf = dgamma_u @ [a_prev; x_t].T",
        "dbo = sum(dgamma_o, axis=1, keepdims=True) / 2",
        "da_prev = Wf[:, :n_a].T @ dgamma_f",
        "c_next = Gamma_f * c_prev + (1 - Gamma_f) * c_tilde",
        "dWf = dgamma_f @ [x_t; a_prev].T",
    ],
)
def test_wrong_formulas_are_refuted_with_numbers_and_a_proven_correction(text):
    report = check_formula(text, LSTM_CELL)
    assert report.status == "refuted" and not report.ok
    example = report.counterexample
    assert example["claimed"] != pytest.approx(example["true"], abs=1e-6)
    assert all(abs(v) <= 3 and (4 * v).is_integer() for v in example["values"].values())
    assert check_formula(report.correction, LSTM_CELL).status == "proven"
    assert report.correction in str(report)


def test_a_counterexample_is_what_a_calculator_says():
    report = check_formula("dc_prev = dc_next * Gamma_f", LSTM_CELL)
    v = {k.rsplit("_", 1)[0]: x for k, x in report.counterexample["values"].items()}
    claimed = v["dc_next"] * v["Gamma_f"]
    true = (v["dc_next"] + v["da_next"] * v["Gamma_o"] * (1 - np.tanh(v["c"]) ** 2)) * v["Gamma_f"]
    assert report.counterexample["claimed"] == pytest.approx(claimed)
    assert report.counterexample["true"] == pytest.approx(true)


def test_parentheses_are_found():
    text = (
        "dGamma_u = dc_next * c_tilde + Gamma_o * (1 - tanh(c_next)**2) * c_tilde * da_next * Gamma_u * (1 - Gamma_u)"
    )
    report = check_formula(text, LSTM_CELL)
    assert report.status == "refuted" and report.proven_as == "dgamma_u" and "parentheses" in report.reason
    right = report.reason.split(" is ", 1)[1]
    assert check_formula(f"dgamma_u = {right}", LSTM_CELL).status == "proven"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dWf = dgamma_f @ stacked.T", "stacked is not defined"),
        ("dGamma_q = da_next", "dGamma_q is not defined"),
        ("dWf = __import__('os').system('true')", "not a function of formulas"),
        ("dWf = dgamma_f.__class__", "not part of the language"),
        ("dWf = (lambda: 1)()", "not part of the language"),
        ("dWf = [d for d in dgamma_f]", "not part of the language"),
        ("dWf = open('x')", "not a function"),
        ("dc_prev = dc_next ** 1000000000", "a power"),
        ("dc_prev = 10 ** 9999 * dc_next", "a power"),
        ("dc_prev = 'text' * dc_next", "is not a number"),
        ("dc_prev = dc_next if 1 else 2", "not part of the language"),
        ("dc_prev = sum(dc_next, out=dc_prev)", "no argument"),
        ("dc_prev = dc_next[c_prev]", "an index"),
        ("dc_prev", "one equation"),
        ("dc_prev = ", "one equation"),
        ("dc_prev = dc_next = da_next", "one equation"),
        ("dc_prev = (dc_next", "cannot read"),
        ("dc_prev = " + "(" * 300 + "dc_next" + ")" * 300, "cannot read"),
        ("dc_prev = " + "-" * 1900 + "dc_next", "dc_prev"),
        ("dc_prev = " + "dc_next + " * 500 + "0", "at most"),
        ("da_next/dWf = dgamma_f", "reading='jacobian'"),
        ("dc_prev = a_prev or c_prev", "not part of the language"),
        ("dc_prev = dc_next == 1", "not part of the language"),
    ],
)
def test_what_cannot_be_read_is_said_and_never_executed(text, said):
    report = check_formula(text, LSTM_CELL)
    assert report.status == "unreadable" and said in str(report), str(report)


def test_numbers_that_agree_by_chance_prove_nothing():
    W = name(Parameter([[0.5, 1.0], [1.0, 2.0]], "W") @ Tensor([[1.0, 2.0], [3.0, 4.0]], "x"), "z")  # W is symmetric
    assert check_formula("dx = W @ dz_next", W).status == "refuted"
    assert check_formula("dx = W.T @ dz_next", W).status == "proven"


def test_a_shape_that_cannot_work():
    elementwise = check_formula("dWf = dgamma_f * [a_prev; x_t].T", LSTM_CELL)
    assert elementwise.status == "refuted" and "matrix product @" in elementwise.reason
    whole = check_formula("da_prev = Wf.T @ dgamma_f", LSTM_CELL)
    assert whole.status == "refuted" and "(5, 2)" in whole.reason


def test_an_adjoint_read_as_that_before_the_activation():
    report = check_formula("dWf = dGamma_f @ [a_prev; x_t].T", LSTM_CELL)
    assert report.status == "refuted" and report.proven_as == "dgamma_f"


def test_jacobians_of_the_rnn():
    cell = RNN(3, 2)
    report = check_formula("da_next/da_prev = (1 - a**2) * Waa", cell, reading="jacobian")
    assert report.status == "proven" and "the Jacobian, for one example" in report.reason
    assert check_formula("da_next/dba = 1 - a**2", cell, reading="jacobian").status == "proven"
    wrong = check_formula("da_next/da_prev = (1 - a) * Waa", cell, reading="jacobian")
    assert wrong.status == "refuted" and wrong.correction == "da_next/da_prev = (1 - a_next * a_next) * Waa"


@pytest.mark.parametrize(
    "right",
    [
        "dWax = (1 - a_next**2) @ x_t.T",
        "da_prev = Waa.T @ (1 - a_next**2)",
        "dba = sum(1 - tanh(Wax @ x_t + Waa @ a_prev + ba)**2, axis=1, keepdims=True)",
    ],
)
def test_a_derivative_without_an_adjoint_is_neither_a_jacobian_nor_a_gradient(right):
    report = check_formula(f"da_next/{right}", RNN(3, 2), reading="jacobian")
    assert report.status == "refuted" and report.proven_as == "the derivative along the diagonal"
    assert "not yet a gradient: multiply da_next in" in report.reason
    assert report.correction.startswith(right.split(" =")[0]) and "da_next" in report.correction


def test_other_cells_readouts_and_recorded_tensors():
    gru = GRU(3, 2)
    assert check_formula("c_next = Gamma_u * c_tilde + (1 - Gamma_u) * c_prev", gru).status == "proven"
    assert check_formula("dc_tilde = (da_next + dc_next) * Gamma_u", gru).status == "proven"
    assert check_formula("dc_prev = (da_next + dc_next) * (1 - Gamma_u)", gru).status == "refuted"
    assert check_formula("dby = sum(dz_y, axis=1, keepdims=True)", Readout(2, 3)).status == "proven"
    W = Parameter([[0.5, -1.0], [0.25, 2.0]], "W")
    h = name(relu(W @ Tensor([[1.0, 2.0], [3.0, -0.5]], "x")), "h")
    assert check_formula("dx = W @ dh_next", h).status == "refuted"


@pytest.mark.parametrize("cell", [LSTM(20, 50), LSTM(16, 32), LSTM(7, 9, peephole="full")], ids=lambda c: str(c.n_a))
def test_large_cells_are_proven_by_a_small_one_and_checked_at_their_own_size(cell):
    stack = "[c_prev; a_prev; x_t]" if cell.peephole else "[a_prev; x_t]"
    right = check_formula(f"dWf = dgamma_f @ {stack}.T", cell)
    assert right.status == "proven" and "own size" in right.reason and "(2, " in right.reason
    wrong = check_formula("dbf = sum(dgamma_f, axis=1, keepdims=True) / 2", cell)
    assert wrong.status == "refuted" and wrong.counterexample


def test_a_slice_that_is_right_at_the_cells_own_size_only():
    cell = LSTM(3, 7)
    text = "da_prev = (Wf.T @ dgamma_f + Wu.T @ dgamma_u)[:{0}] + Wc[:, :{0}].T @ dz_c + Wo[:, :{0}].T @ dgamma_o"
    assert check_formula(text.format(7), cell).status == "proven"
    assert check_formula(text.format(2), cell).status == "refuted"


def test_a_cell_keeps_its_weights():
    cell = LSTM(3, 2, seed=4)
    before = {k: p.value.copy() for k, p in cell.parameters.items()}
    check_formula("dc_prev = dc_next * Gamma_f", cell)
    assert all(np.array_equal(before[k], p.value) for k, p in cell.parameters.items())


def test_wrong_calls():
    with pytest.raises(UsageError, match="takes a cell"):
        check_formula("a = b", object())
    with pytest.raises(UsageError, match="adjoint"):
        check_formula("a = b", LSTM_CELL, reading="gradient")


def test_json():
    report = check_formula("dc_prev = dc_next * Gamma_f", LSTM_CELL)
    assert json.loads(json.dumps(report.to_json()))["status"] == "refuted"


def run_notes(*arguments):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "check_notes.py", *arguments],
        capture_output=True, text=True, timeout=120, env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_notes_have_the_mistakes_that_they_have(tmp_path):
    """By hand: which of the notes' formulas are right; the example computes it."""
    data = json.loads(run_notes("--json", "--out", str(tmp_path)))
    assert json.loads((tmp_path / "notes.json").read_text()) == data and data["format"] == 1
    marked = [*data["formulas"], *data["facts"]]
    assert all({"printed", "transcribed", "names"} <= set(d) for d in marked)
    wrong = [f["claim"] for f in data["facts"] if f["status"] == "refuted"]
    assert wrong == ["y_hat<2> = p(average | cats)", "x<2> = y_hat<1>", "T_y = 9 labels", "x<3> = Larry"]
    data = data["formulas"]
    backward = [d for d in data if d["file"].startswith("002") and d["claim"].startswith("d")]
    assert len({d["printed"] for d in backward}) == 11
    assert [d["claim"].split(" =")[0] for d in backward if d["status"] == "proven"] == ["dc_prev"]
    partial = [d for d in data if d["claim"].startswith("da_next/")]
    assert len({d["printed"] for d in partial}) == 5
    assert [d["status"] for d in partial] == ["refuted"] * 6
    assert ["not yet a gradient" in d["reason"] for d in partial] == [True] * 4 + [False] * 2
    forward_wrong = {d["printed"] for d in data if d["status"] != "proven" and not d["claim"].startswith("d")}
    assert len(forward_wrong) == 5  # 001: no activation; 004: no input, Wua, a<t> on both sides, a loss of two classes
    assert all(d["correction"] for d in data if d["status"] != "proven")


def test_no_verdict_is_written_down():
    entries = tomllib.loads((ROOT / "examples" / "notes.toml").read_text())["formula"]
    allowed = {"file", "printed", "transcribed", "formula", "subject", "reading", "names"}
    assert all(set(e) <= allowed for e in entries)
    assert {e["file"][:3] for e in entries} == {"000", "001", "002", "003", "004"}
    printed = run_notes("--full")
    assert "refuted: 9 words, but 8 labels" in printed
    assert all(f"read as  {e['transcribed']}" in printed for e in entries if "transcribed" in e)


def test_the_three_changes_to_one_formula_of_the_notes_are_marked():
    entries = tomllib.loads((ROOT / "examples" / "notes.toml").read_text())["formula"]
    literal, changed = (e for e in entries if "B<sup>" in e["printed"])
    assert "transcribed" not in literal and literal["formula"] == "a_next = Wa_prev * B_prev"
    assert all(w in changed["transcribed"] for w in ("same matrix", "present input", "matrix product"))


@pytest.mark.parametrize("cell", [LSTM_CELL, LSTM(50, 64)], ids=["small", "large"])
@pytest.mark.parametrize(
    "text",
    [
        "dc_prev = dc*Gamma_f + 0.00000000001",
        "dc_prev = dc*Gamma_f*1.0000000001",
        "dc_prev = dc*Gamma_f*1.00000000000000000001",  # no float tells this from 1
        "dc_prev = dc*Gamma_f**1.00000000001",
        "dc_prev = dc*Gamma_f + 1e-30",
        "dc_prev = dc*Gamma_f*0.3333333333333333*3",
    ],
)
def test_the_smallest_difference_refutes(cell, text):
    report = check_formula(text, cell)
    assert report.status == "refuted" and not report.ok, str(report)


@pytest.mark.parametrize("factor", ["0.1*10", "(1/3)*3", "/3*3", "2**0.5*2**0.5/2", "1e-9*1e9", "(0.1+0.2)/0.3"])
def test_decimals_and_fractions_are_what_they_say(factor):
    star = "" if factor.startswith("/") else "*"
    assert check_formula(f"dc_prev = dc*Gamma_f{star}{factor}", LSTM_CELL).status == "proven"


@pytest.mark.parametrize("cell", [LSTM_CELL, LSTM(50, 64)], ids=["small", "large"])
@pytest.mark.parametrize(
    "right, said",
    [
        ("dc/0", "divides by zero"),
        ("sum(1/0)", "divides by zero"),
        ("dc/(1-1)", "divides by zero"),
        ("dc*0**(-1)", "divides by zero"),
        ("dc/(Gamma_f-Gamma_f)", "is not a number"),
        ("log(-Gamma_f)", "is not a number"),
        ("dc*1e-999999999", "not a number that a formula may have"),
        ("dc*(((9**8)**8)**8)**8", "not a number that a formula may have"),
    ],
)
def test_what_is_no_number_is_unreadable(cell, right, said):
    report = check_formula(f"dc_prev = {right}", cell)
    assert report.status == "unreadable" and said in report.reason, str(report)


def plain_step():
    """A step in plain NumPy, none of whose values is given a name."""
    rng = np.random.default_rng(0)
    x, h = Tensor(rng.standard_normal((2, 3)), "x"), Parameter(rng.standard_normal((4, 3)), "h_prev")
    W, U = Parameter(rng.standard_normal((4, 2)), "W"), Parameter(rng.standard_normal((4, 4)), "U")
    gate = 1 / (1 + np.exp(-(W @ x)))
    fresh = np.tanh(U @ h)
    h = gate * h + (1 - gate) * fresh
    return h


@pytest.mark.parametrize("formula, status", [
    ("dgate = dh * (h_prev - fresh)", "proven"), ("dfresh = dh_next * (1 - gate)", "proven"),
    ("dfresh = dh * gate", "refuted"), ("dU = (dfresh * (1 - fresh ** 2)) @ h_prev.T", "proven"),
])  # fmt: skip
def test_names_are_those_of_the_program(formula, status):
    assert check_formula(formula, plain_step()).status == status


def test_an_example_has_numbers_that_a_gate_can_have():
    example = check_formula("dfresh = dh * gate", plain_step()).counterexample
    gates = [value for name, value in example["values"].items() if name.startswith("gate")]
    assert gates and all(0 < value < 1 for value in gates)


def test_a_name_that_the_program_uses_twice_is_none():
    a = Parameter([1.0, 2.0], "a")
    b = np.tanh(a)
    b = np.sin(b)
    out = b * a
    found = check_formula("db = dout * a", out)
    assert found.status == "unreadable" and "b" in found.reason


def test_what_is_called_next_is_not_called_so_twice():
    a = Parameter([[1.0, 2.0]], "a_prev")
    found = check_formula("da_prev = da_next", name(np.tanh(a), "a_next"))
    assert found.status == "refuted" and "next_next" not in str(found)
    assert check_formula("da_prev = da_next * (1 - a_next ** 2)", name(np.tanh(a), "a_next")).status == "proven"


def test_a_function_is_to_be_called():
    with pytest.raises(UsageError, match="not function: call it with Tensors, and hand over what it returns"):
        check_formula("da = 1", plain_step)


def test_the_command_takes_a_function_of_a_file(tmp_path, capsys):
    head = "import numpy\nimport autograd_seq.numpy as np\nfrom autograd_seq import Parameter, Tensor\n"
    source = inspect.getsource(plain_step).replace("np.random", "numpy.random")
    (tmp_path / "step.py").write_text(head + source, encoding="utf-8")
    words = ["check", f"{tmp_path / 'step.py'}:plain_step", "--formula"]
    assert main([*words, "dfresh = dh * (1 - gate)"]) == 0 and "proven" in capsys.readouterr().out
    assert main([*words, "dfresh = dh * gate"]) == 1
    assert "correct: dfresh = dh_next * (1 - gate)" in capsys.readouterr().out
    assert main(["check", str(tmp_path / "step.py"), "--formula", "x = 1"]) == 2
