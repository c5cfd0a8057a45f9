"""Claims such as ``dGamma_o = da_next * tanh(c_next) * Gamma_o * (1 - Gamma_o)``, proven or refuted."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from autograd_seq.check.claims.formula_report import FormulaReport
from autograd_seq.check.claims.grammar import UnreadableError, parse, split_claim
from autograd_seq.check.claims.jacobians import JacobianClaim
from autograd_seq.check.claims.one_claim import Claim
from autograd_seq.check.claims.setting import Setting
from autograd_seq.check.claims.smaller import smaller
from autograd_seq.core.errors import AutogradError, UsageError
from autograd_seq.core.tensor import Tensor

Reading = Literal["adjoint", "jacobian"]


def check_formula(
    text: str, cell: Any, reading: Reading = "adjoint", seed: int = 0, loss: str | None = None
) -> FormulaReport:
    """Prove or refute a claim about one step of a cell, or about a loss.

    Parameters
    ----------
    text : str
        An equation: ``dWf = dgamma_f @ [a_prev; x_t].T``. ``*`` is element-wise, ``@`` the matrix product;
        there are ``.T``, slices with numbers and ``n_a``, ``sum(…, axis=1, keepdims=True)``, ``tanh``,
        ``sigmoid`` and so on. What equations print is read too: ``γ_f = Wf [a<t-1>; x<t>] + bf``, where neighbours
        are a matrix product and ∘ is element-wise. On the left stands a quantity of the forward pass, or ``d``
        and its name for its adjoint; with ``reading="jacobian"`` a quotient, ``da_next/da_prev``.
    cell : Cell, Readout or Tensor
        Any object with ``n_x``, ``n_a``, ``parameters``, ``states`` and ``step(x, state)``; a readout, with
        ``step(a)``; or a recorded tensor, whose graph then gives the names. The adjoint of a loss, and of any other
        scalar, is 1.
    reading : {"adjoint", "jacobian"}
        Whether ``dX`` is the adjoint of X, given ``da_next`` (and ``dc_next``); or whether the derivative of one
        quantity by another is meant: the matrix of all partial derivatives, for one example, or its diagonal.
    seed : int
        For the numbers.
    loss : str, optional
        What a readout's predictions ŷ are measured by, against targets y: ``"cross-entropy"``,
        ``"binary-cross-entropy"`` or ``"squared-error"``, the former two also ``…-from-logits``, and any of them after
        ``mean-`` divided by m. They are sums over classes and examples.

    Returns
    -------
    FormulaReport
        ``.status``, ``.condition``, ``.correction``, ``.counterexample``; it prints.

    Raises
    ------
    UsageError
        If `cell` has no step, or there is no such `reading` or `loss`.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, categorical_cross_entropy_from_logits, check_formula, name, tanh
    >>> a = name(tanh(Parameter([[0.5, 1.0]], "W") @ Tensor([[1.0, 2.0], [0.5, 1.0]], "x")), "a")
    >>> check_formula("dW = (da_next * (1 - a ** 2)) @ x.T", a).status
    'proven'
    >>> report = check_formula("dW = (da_next * (1 - a)) @ x.T", a)
    >>> report.status, report.correction
    ('refuted', 'dW = da_next * (1 - a_next * a_next) @ x.T')

    The loss of a softmax needs targets that add up to 1, which the verdict says:

    >>> z, y = Tensor([[0.5, 1.0], [2.0, 0.0]], "z"), Tensor([[1.0, 0.0], [0.0, 1.0]], "y")
    >>> report = check_formula("dz = softmax(z) - y", categorical_cross_entropy_from_logits(z, y).sum())
    >>> report.status, report.condition
    ('proven', 'Σy = 1 over the classes')
    """
    if reading not in ("adjoint", "jacobian"):
        raise UsageError(f"reading is {reading!r}; write 'adjoint' or 'jacobian'")
    try:
        left, right = split_claim(text)
        asked = _Asked(text, left, parse(right), reading, seed, loss)
        own = asked.about(cell)
        small = smaller(cell)
        if small is None:
            return own.report()
        if not own.holds_numerically():
            report = _at_small_size(asked, small)
            return own.report() if report is None or report.ok else report
        report = _at_small_size(asked, small)
        if report is not None and report.status == "undecided":
            return report
        if report is None or report.status != "proven":  # numbers in the formula that belong to the cell's own size
            return own.report()
        return replace(report, reason=f"{report.reason}; checked with numbers at the cell's own size")
    except UnreadableError as error:
        return FormulaReport(text, "unreadable", str(error))
    except ArithmeticError as error:
        return FormulaReport(text, "unreadable", f"it cannot be computed: {error}")


class _Asked:
    """A claim as it was asked, to be put to a cell of any size."""

    def __init__(self, text: str, left: str, right: ast.expr, reading: Reading, seed: int, loss: str | None) -> None:
        self.text, self.left, self.right = text, left, right
        self.reading, self.seed, self.loss = reading, seed, loss

    def about(self, cell: Any) -> Claim | JacobianClaim:
        """The claim in the setting of one recorded step of a cell."""
        setting = Setting(cell, np.random.default_rng(self.seed), self.loss)
        if self.reading == "adjoint":
            return Claim(self.text, self.left, self.right, setting)
        single = setting
        if not isinstance(cell, Tensor):  # a Jacobian is a matrix for one example alone
            single = Setting(cell, np.random.default_rng(self.seed), self.loss, m=1)
        return JacobianClaim(self.text, self.left, self.right, setting, single)


def _at_small_size(asked: _Asked, small: Any) -> FormulaReport | None:
    """The report on the same claim about a smaller cell of the kind; None if that cell makes no step."""
    try:
        return asked.about(small).report()
    except AutogradError:
        return None
