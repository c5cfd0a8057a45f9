"""Assertions for tests, the user's own and this package's: they fail with the place of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograd_seq.check.certificate import Proof
from autograd_seq.check.gradcheck import GradcheckReport, gradcheck
from autograd_seq.check.proof import prove
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.handwritten import BackwardReport, check_backward
from autograd_seq.translation.reader import translated


def assert_gradients(
    function: Callable[..., Any], *inputs: Any, seed: int = 0, second_order: bool = True
) -> GradcheckReport:
    """Fail unless every derivative that a function uses is the true one; see `autograd_seq.gradcheck`.

    Parameters
    ----------
    function : callable
        Of the inputs, to a tensor or several.
    *inputs : array_like or Tensor
        Where to compare: every number among them is an input, also in lists and as an integer.
    seed : int
        For adjoints and directions.
    second_order : bool
        Compare second derivatives as well.

    Returns
    -------
    GradcheckReport
        What was compared, and in `.left_out` which inputs were not.

    Raises
    ------
    AssertionError
        With the report: each wrong record's index, operation, place, source line and numbers; or why the
        numbers cannot tell, or which gradient is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import sigmoid
    >>> assert_gradients(lambda x: x * sigmoid(x), np.array([0.5, -1.0])).ok
    True
    """
    __tracebackhide__ = True
    report = gradcheck(function, *inputs, seed=seed, second_order=second_order)
    if not report.ok:
        what = "wrong gradients" if report.failures else "undecided" if report.undecided else "gradients not finite"
        raise AssertionError(f"{translated(what)}\n{report}")
    return report


def assert_proven(output: Tensor, wrt: Any = None, allow: tuple[str, ...] = ()) -> Proof:
    """Fail unless the derivative by every parameter is proven; see `autograd_seq.prove`.

    Parameters
    ----------
    output : Tensor
        What to differentiate.
    wrt : Tensor, or list or dict of them, optional
        By what; all parameters if not given.
    allow : tuple of str
        Statuses that do as well as ``"proven"``: ``"checked"`` where shapes are large,
        ``"excluded"`` where the recorded numbers may lie on a kink.

    Returns
    -------
    Proof
        The proof.

    Raises
    ------
    AssertionError
        With the certificate: what is not proven and why, and the place of what is refuted.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> assert_proven(tanh(Parameter([[0.5]], "W") * 2).sum())["W"].status
    'proven'
    """
    __tracebackhide__ = True
    proof = prove(output, wrt)
    enough = {"proven", *allow} - {"refuted"}
    if not proof.ok:
        raise AssertionError(f"{translated('the derivative is refuted')}\n{proof}")
    if not all(claim.status in enough for claim in proof.claims.values()):
        what = f"the derivative is not wholly {' or '.join(sorted(enough))}"
        raise AssertionError(f"{translated(what)}\n{proof}")
    return proof


def assert_backward(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: Mapping[str, Any], seed: int = 0
) -> BackwardReport:
    """Fail unless a hand-written backward pass gives the true gradients; see `autograd_seq.check_backward`.

    Parameters
    ----------
    forward : callable
        ``forward(**inputs) -> (outputs, cache)``.
    backward : callable
        ``backward(upstream, cache) -> gradients``, a dict with the key ``"d" + name`` for every input.
    inputs : dict
        From each input's name to an array, or to a shape in letters such as ``("n_a", "m")``.
    seed : int
        For what is drawn.

    Returns
    -------
    BackwardReport
        What was compared; in `.excluded` what is another derivative at a kink.

    Raises
    ------
    AssertionError
        With the report: what is wrong and why, or what cannot be told from these numbers.

    Examples
    --------
    >>> import numpy as np
    >>> def forward(x, W):
    ...     a = np.tanh(W @ x)
    ...     return {"a": a}, (x, W, a)
    >>> def backward(upstream, cache):
    ...     x, W, a = cache
    ...     dz = upstream["a"] * (1 - a**2)
    ...     return {"dx": W.T @ dz, "dW": dz @ x.T}
    >>> assert_backward(forward, backward, {"x": ("n_x", "m"), "W": ("n_a", "n_x")}).ok
    True
    """
    __tracebackhide__ = True
    report = check_backward(forward, backward, inputs, seed)
    if not report.ok:
        what = "undecided gradients" if report.status == "undecided" else "wrong gradients"
        raise AssertionError(f"{translated(what)}\n{report}")
    return report
