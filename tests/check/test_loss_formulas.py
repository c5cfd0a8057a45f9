"""Formulas about losses, derivatives of one quantity by another, and the bounds on work."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_seq import (
    Parameter,
    Tensor,
    UsageError,
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    categorical_cross_entropy,
    categorical_cross_entropy_from_logits,
    check_formula,
    name,
    sigmoid,
    softmax,
)
from autograd_seq.check.claims.formula_report import said
from autograd_seq.check.claims.named_losses import LOSSES
from autograd_seq.commands import main
from cells import GRU, LSTM, RNN, Readout

Y = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])


def recorded(loss, activation=None, targets=Y, mean=False):
    """A loss J of what a matrix and an activation make of a."""
    rng = np.random.default_rng(0)
    a = Tensor(rng.standard_normal((2, 2)), "a")
    z = name(Parameter(rng.standard_normal((3, 2)), "Wya") @ a + Parameter(np.zeros((3, 1)), "by"), "z_y")
    prediction = z if activation is None else name(activation(z), "y_hat")
    total = loss(prediction, Tensor(targets, "y")).sum()
    return name(total / 2 if mean else total, "J")


def squares(p, y):
    return (p - y) ** 2


CASES = {
    "softmax": (categorical_cross_entropy, softmax),
    "logits": (categorical_cross_entropy_from_logits, None),
    "sigmoid": (binary_cross_entropy, sigmoid),
    "binary logits": (binary_cross_entropy_from_logits, None),
    "squares": (squares, None),
}


@pytest.mark.parametrize(
    ("case", "text", "condition"),
    [
        ("softmax", "dz_y = y_hat - y", "Σy = 1 over the classes"),
        ("softmax", "dWya = (y_hat - y) @ a.T", "Σy = 1 over the classes"),
        ("softmax", "da = Wya.T @ (y_hat - y)", "Σy = 1 over the classes"),
        ("softmax", "dby = sum(y_hat - y, axis=1, keepdims=True)", "Σy = 1 over the classes"),
        ("softmax", "dJ/dz_y = y_hat - y", "Σy = 1 over the classes"),
        ("softmax", "dy_hat = -y / y_hat", None),
        ("softmax", "J = -sum(y * log(y_hat))", None),
        ("softmax", "dz_y = dJ * (y_hat - y)", "Σy = 1 over the classes"),
        ("logits", "dz_y = softmax(z_y) - y", "Σy = 1 over the classes"),
        ("logits", "dWya = (softmax(z_y) - y) @ a.T", "Σy = 1 over the classes"),
        ("logits", "dz_y = softmax(z_y) * sum(y, axis=0, keepdims=True) - y", None),
        ("sigmoid", "dz_y = y_hat - y", None),
        ("sigmoid", "dWya = (y_hat - y) @ a.T", None),
        ("sigmoid", "dy_hat = (y_hat - y) / (y_hat * (1 - y_hat))", None),
        ("sigmoid", "dy_hat = -y / y_hat + (1 - y) / (1 - y_hat)", None),
        ("sigmoid", "J = -sum(y * log(y_hat) + (1 - y) * log(1 - y_hat))", None),
        ("binary logits", "dz_y = sigmoid(z_y) - y", None),
        ("squares", "dz_y = 2 * (z_y - y)", None),
        ("squares", "dWya = 2 * (z_y - y) @ a.T", None),
        ("squares", "dby = 2 * sum(z_y - y, axis=1, keepdims=True)", None),
        ("squares", "J = sum((z_y - y)**2)", None),
    ],
)
def test_right_formulas_about_a_loss_are_proven(case, text, condition):
    loss, activation = CASES[case]
    report = check_formula(text, recorded(loss, activation))
    assert report.status == "proven" and report.condition == condition, str(report)
    assert condition is None or condition in report.reason
    if not text.startswith("J"):
        left, right = text.split(" = ", 1)
        assert check_formula(f"{left} = ({right}) / m", recorded(loss, activation, mean=True)).status == "proven"
        wrong = check_formula(f"{left} = ({right}) * 2", recorded(loss, activation))
        assert wrong.status == "refuted" and check_formula(wrong.correction, recorded(loss, activation)).ok, str(wrong)


def test_the_correction_of_a_loss_is_the_error():
    report = check_formula("dz_y = y - y_hat", recorded(categorical_cross_entropy, softmax))
    assert report.correction == "dz_y = y_hat - y"
    v = report.counterexample["values"]
    columns = {k[-1] for k in v}
    for letter in ("y", "y_hat"):
        for column in columns:
            parts = [v[f"{letter}_{i}{column}"] for i in (1, 2, 3) if f"{letter}_{i}{column}" in v]
            assert not parts or sum(parts) == pytest.approx(1)


def test_targets_that_do_not_add_up_refute():
    report = check_formula("dz_y = y_hat - y", recorded(categorical_cross_entropy, softmax, targets=Y + 0.5))
    assert report.status == "refuted"


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_can_be_named(loss):
    kind = "binary" if "binary" in loss else "squared" if "squared" in loss else "cross"
    readout = Readout(2, 3, {"binary": "sigmoid", "squared": "identity", "cross": "softmax"}[kind])
    factor = "2 * " if kind == "squared" else ""
    divided = " / m" if loss.startswith("mean-") else ""
    report = check_formula(f"dWya = {factor}(y_hat - y) @ a.T{divided}", readout, loss=loss)
    assert report.status == "proven" and (report.condition is not None) == (kind == "cross"), str(report)


def test_a_loss_that_cannot_be_named():
    with pytest.raises(UsageError, match="there is no loss"):
        check_formula("dz_y = y_hat - y", Readout(2, 3), loss="hinge")
    with pytest.raises(UsageError, match="a cell predicts nothing"):
        check_formula("dz_y = y_hat - y", RNN(3, 2), loss="cross-entropy")
    with pytest.raises(UsageError, match="is its own loss"):
        check_formula("dz_y = y_hat - y", recorded(squares), loss="cross-entropy")


def test_the_command_line_names_a_loss(capsys):
    claim = ["--formula", "dz_y = y_hat - y", "--loss"]
    assert main(["check", "softmax-readout", *claim, "cross-entropy"]) == 0
    assert "under Σy = 1 over the classes" in capsys.readouterr().out
    assert main(["check", "softmax-readout", *claim, "binary-cross-entropy"]) == 1
    assert main(["check", "lstm", "--formula", "dc_prev = " + "sigmoid(" * 90 + "dc" + ")" * 90]) == 3
    assert main(["check", "lstm", "--loss", "cross-entropy"]) == 2


# -- derivatives of one quantity by another ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cell", "said"),
    [
        ("dc_next/dc_prev = Gamma_f", LSTM(3, 2), "the diagonal of the Jacobian, which is zero elsewhere"),
        ("da_next/dc_next = Gamma_o * (1 - tanh(c_next)**2)", LSTM(3, 2), "the diagonal of the Jacobian"),
        ("dGamma_f/dgamma_f = Gamma_f * (1 - Gamma_f)", LSTM(3, 2), "the diagonal of the Jacobian"),
        ("dc_next/dGamma_u = c_tilde - c_prev", GRU(3, 2), "the diagonal of the Jacobian"),
        ("dc_next/dc_prev = 1 - Gamma_u", GRU(3, 2), "along the direct path, with Gamma_u, c_tilde held fixed"),
        ("dc_next/dc_prev = Gamma_f", LSTM(3, 2, peephole="diagonal"), "along the direct path"),
        ("dc_next/dc_prev = Gamma_f", LSTM(20, 50), "checked with numbers at the cell's own size"),
        ("da_next/dx_t = (1 - a_next**2) * Wax", RNN(20, 50), "the Jacobian, for one example"),
    ],
)
def test_what_stands_above_is_looked_at(text, cell, said):
    report = check_formula(text, cell, reading="jacobian")
    assert report.status == "proven" and said in report.reason, str(report)


def test_a_derivative_counts_one_output_alone():
    report = check_formula("dc_next/dGamma_u = 2*(c_tilde - c_prev)", GRU(3, 2), reading="jacobian")
    assert report.status == "refuted"
    assert check_formula(report.correction, GRU(3, 2), reading="jacobian").status == "proven"
    report = check_formula("dc_prev = Gamma_f", LSTM(3, 2), reading="jacobian")
    assert report.status == "unreadable" and "da_next/dc_prev" in report.reason


# -- bounds, and words ------------------------------------------------------------------------------------


def nested(function, n):
    return f"{function}(" * n + "dc" + ")" * n


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (" @ ".join(["(dc @ dc.T)"] * 9) + " @ dc", "parts"),
        (nested("softmax", 30), "nested 31 deep"),
        (nested("sigmoid", 90), "nested 91 deep"),
        (f"dc*Gamma_f + {nested('sigmoid', 90)} - {nested('sigmoid', 90)}", "agree to"),
        (
            "dc*Gamma_f + (dc@dc.T)@(dc@dc.T)@(dc@dc.T)@(dc@dc.T)@dc - dc@dc.T@dc@dc.T@dc@(dc.T@dc@dc.T@dc)",
            "products of terms",
        ),
    ],
)
def test_past_the_bound_nothing_is_decided(right, said):
    report = check_formula(f"dc_prev = {right}", LSTM(3, 2))
    assert report.status == "undecided" and not report.ok and said in report.reason, str(report)
    assert report.undecided == [report.claim]


def test_long_sums_are_side_by_side():
    terms = " + ".join(["dc*Gamma_f"] * 100)
    assert check_formula(f"dc_prev = {terms} - 99*dc*Gamma_f", LSTM(3, 2)).status == "proven"
    assert check_formula(f"dc_prev = {terms} - 98*dc*Gamma_f", LSTM(3, 2)).status == "refuted"


def test_two_numbers_are_told_apart():
    report = check_formula("dc_prev = dc*Gamma_f*1.00000000000000000001", LSTM(3, 2))
    would, is_ = said(report.counterexample).split("would be ")[1].split(", but it is ")
    assert would != is_ and report.counterexample["difference"] != 0


def test_a_name_is_guessed_by_its_time_step():
    report = check_formula("dGamma_f = dc * c_tilde_prev", LSTM(3, 2))
    assert report.status == "unreadable" and "is c_prev meant?" in report.reason
    assert "is Gamma_u meant?" in check_formula("dc_tilde = dc * i_t", LSTM(3, 2)).reason


def test_corrections_name_the_sizes():
    assert check_formula("da_prev = 0", LSTM(3, 2)).correction.endswith("[:n_a]")
    assert check_formula("dx_t = 0", LSTM(3, 2)).correction.endswith("[n_a:]")
