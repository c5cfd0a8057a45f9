"""One record makes a new activation known to everything: no reading, no plan and no diagnosis has heard of softsign."""

import re
import subprocess
import sys

import numpy as np
import pytest

import viz
from autograd_seq import (
    Parameter,
    Tensor,
    UsageError,
    check_backward,
    check_formula,
    compile,
    differentiate,
    each,
    equations,
    gradcheck,
    name,
    operation,
    prove,
    sigmoid,
    source,
    steps,
)
from autograd_seq.core.notation import call
from autograd_seq.plan.writing import tools

HELPER = """\
def softsign(x):
    return x / (1 + np.abs(x))
"""


@operation(
    vjp=[lambda g, y, x: g / np.square(1 + np.abs(x))],
    meaning=lambda algebra, x: each(lambda e: e / (1 + algebra.abs(e)), x),
    source=call("softsign", helper=HELPER),
    activation=True,
    elementwise=True,
    longhand=[lambda x: x / (1 + np.abs(x))],
)
def softsign(x, /):
    """x / (1 + |x|)."""
    return x / (1 + np.abs(x))


N_X, N_A, M, T = 3, 4, 2, 5
RNG = np.random.default_rng(0)
PARAMETERS = {key: Parameter(RNG.normal(size=shape), key) for key, shape in
              {"Wax": (N_A, N_X), "Waa": (N_A, N_A), "ba": (N_A, 1)}.items()}  # fmt: skip
X = RNG.normal(size=(N_X, M, T))


def network(x):
    """A recurrent cell with the new activation; the states count with different weights."""
    Wax, Waa, ba = PARAMETERS.values()
    a, total = Tensor(np.zeros((N_A, M)), "a"), 0
    for t in steps(T):
        z = name(Waa @ a + Wax @ x[:, :, t] + ba, "z")
        a = name(softsign(z), "a")
        total = total + (a * a).sum()
    return name(total, "J")


def by_hand(x, Wax, Waa, ba):
    """The loss, and its gradients as somebody without this package writes them."""
    a = [np.zeros((N_A, M))]
    z = []
    for t in range(T):
        z.append(Wax @ x[:, :, t] + Waa @ a[-1] + ba)
        a.append(z[-1] / (1 + abs(z[-1])))
    da = np.zeros((N_A, M))
    gradients = {"Wax": 0, "Waa": 0, "ba": 0}
    for t in reversed(range(T)):
        dz = (da + 2 * a[t + 1]) / (1 + abs(z[t])) ** 2
        gradients["Wax"] += dz @ x[:, :, t].T
        gradients["Waa"] += dz @ a[t].T
        gradients["ba"] += dz.sum(axis=1, keepdims=True)
        da = Waa.T @ dz
    return sum((state**2).sum() for state in a), gradients


def arrays():
    return {key: p.value for key, p in PARAMETERS.items()}


def test_it_is_differentiated():
    J, gradients = by_hand(X, **arrays())
    loss = network(Tensor(X, "x"))
    recording = differentiate(loss)
    assert loss.item() == pytest.approx(J, rel=1e-14)
    for key, p in PARAMETERS.items():
        np.testing.assert_allclose(recording.adjoint(p).value, gradients[key], rtol=1e-12)
    assert gradcheck(lambda z: softsign(z).sum(), Tensor(X[:, :, 0], "z", requires_grad=True)).ok


def test_it_is_drawn_and_printed():
    loss = network(Tensor(X, "x"))
    assert "softsign" in viz.draw(loss).dot
    assert "softsign" in viz.draw(loss, view="operations").dot
    assert "softsign(z<5>)" in str(loss.graph).replace("⟨", "<").replace("⟩", ">")
    text = str(equations(loss))
    assert "softsign(z<t>)" in text
    assert "square(1 + |z<t>|)" in text or "(1 + |z<t>|)²" in text


def test_it_is_proven():
    proof = prove(network(Tensor(X, "x")))
    assert proof.ok
    assert {proof[key].status for key in PARAMETERS} == {"proven"}


def loops(program):
    """The loops over time of a program, each with what stands in it."""
    return [m[0] for m in re.finditer(r"^( +)for .* in steps_\d+:\n(?:\1    .*\n)+", program, re.MULTILINE)]


def test_a_plan_computes_it_in_the_loop():
    plan = compile(network, PARAMETERS)
    check(plan)
    assert re.findall(r"softsign\(", "".join(loops(plan.source))), plan.source
    calls = re.findall(r"(?<!_)softsign\(", plan.source)
    assert len(calls) == len(re.findall(r"(?<!_)softsign\(", "".join(loops(plan.source))))
    assert "not used" not in plan.explain()


numba_installed = pytest.mark.skipif(not tools.available(), reason="Numba or SciPy is not installed")


@numba_installed
def test_a_compiled_plan_computes_it_element_by_element():
    plan = compile(network, PARAMETERS, fast=True)
    check(plan)
    assert "softsign" not in plan.source and "np.abs(z_k)" in plan.source, plan.source
    assert not loops(plan.source), "a loop over time was left to Python"
    assert "not used" not in plan.explain()


def check(plan):
    for x in (X, X + 1, -X):  # recorded, compared with the function, run alone
        J, gradients = by_hand(x, **arrays())
        found, of = plan(x)
        assert found == pytest.approx(J, rel=1e-12)
        for key in PARAMETERS:
            np.testing.assert_allclose(of[key], gradients[key], rtol=1e-10)


RUN = """\
import numpy as np
from cell import cell_backward, cell_forward
given = dict(np.load("given.npz"))
J, cache = cell_forward(given.pop("a0"), {key: given[key] for key in ("Wax", "Waa", "ba")}, given["x"])
np.savez("found.npz", J=J, **cell_backward(cache))
"""


def test_its_source_runs_without_this_package(tmp_path):
    program = source(network(Tensor(X, "x")), "cell")
    assert "autograd" not in program and "= softsign(z[t])" in program
    (tmp_path / "cell.py").write_text(program, encoding="utf-8")
    np.savez(tmp_path / "given.npz", x=X, a0=np.zeros((N_A, M)), **arrays())
    subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, check=True, timeout=120)
    found = np.load(tmp_path / "found.npz")
    J, gradients = by_hand(X, **arrays())
    assert found["J"] == pytest.approx(J, rel=1e-12)
    for key in PARAMETERS:
        np.testing.assert_allclose(found[f"d{key}"], gradients[key], rtol=1e-10)


INPUTS = {"x": ("n_x", "m"), "W": ("n_a", "n_x"), "b": ("n_a", 1)}


def recorded(x, W, b):
    z = W @ x + b
    return {"a": softsign(z)}, (x, W, z)


def written_out(x, W, b):
    z = W @ x + b
    return {"a": z / (np.abs(z) + 1)}, (x, W, z)


def gradients_of(dz, x, W):
    return {"dx": W.T @ dz, "dW": dz @ x.T, "db": dz.sum(axis=1, keepdims=True)}


@pytest.mark.parametrize("forward", [recorded, written_out])
def test_a_forgotten_derivative_is_named(forward):
    def right(upstream, cache):
        x, W, z = cache
        return gradients_of(upstream["a"] / (1 + abs(z)) ** 2, x, W)

    def forgotten(upstream, cache):
        x, W, _ = cache
        return gradients_of(upstream["a"], x, W)

    def twice(upstream, cache):
        x, W, z = cache
        return gradients_of(upstream["a"] / (1 + abs(z)) ** 4, x, W)

    assert check_backward(forward, right, INPUTS).ok
    for wrong, words in (
        (forgotten, "without the derivative softsign': the adjoint of a, not of what is inside softsign"),
        (twice, "with the derivative softsign' applied twice"),
    ):
        report = check_backward(forward, wrong, INPUTS)
        assert report.wrong == ["dx", "dW", "db"]
        (cause,) = report.causes
        assert cause.category == "activation derivative" and words in str(report), str(report)


def test_one_that_is_written_out_in_others_is_named():
    """z σ(z), where σ(z) is written out too."""

    @operation(
        vjp=[lambda g, y, x: g * (y + sigmoid(x) * (1 - y))],
        activation=True,
        elementwise=True,
        longhand=[lambda x: x * sigmoid(x)],
    )
    def swish(x, /):
        return x / (1 + np.exp(-x))

    def forward(x, W, b):
        z = W @ x + b
        return {"a": 1 / (np.exp(-z) + 1) * z}, (x, W)

    report = check_backward(forward, lambda upstream, cache: gradients_of(upstream["a"], *cache), INPUTS)
    assert f"without the derivative {swish.name}'" in str(report), str(report)


def test_formulas_may_call_it():
    z = name(PARAMETERS["Wax"] @ Tensor(X[:, :, 0], "x") + PARAMETERS["ba"], "z")
    a = name(softsign(z), "a")
    assert check_formula("a = softsign(z)", a).status == "proven"
    assert check_formula("a = softsign(Wax @ x + ba)", a).status == "proven"
    assert check_formula("a = softsign(z) * z", a).status == "refuted"


def test_what_its_record_says_wrongly_is_refused():
    def square(x, /):
        return x * x

    with pytest.raises(UsageError, match="cannot be 'multiplication' in algebra; it may be 'sum', .*'product'"):
        operation(vjp=[lambda g, y, x: 2 * g * x], algebra="multiplication")(square)
    with pytest.raises(UsageError, match="longhand is a list of functions"):
        operation(vjp=[lambda g, y, x: 2 * g * x], longhand=lambda x: x * x)(square)
    with pytest.raises(TypeError, match="activaton"):
        operation(vjp=[lambda g, y, x: 2 * g * x], activaton=True)(square)


@operation(
    vjp=[lambda g, y, x: g * np.where(x > 0, 1.0, y + 1)],
    activation=True,
    elementwise=True,
    longhand=[lambda x: np.where(x > 0, x, np.exp(x) - 1)],
)
def elu(x, /):
    """x, or exp(x) - 1 where that is below 0."""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


@numba_installed
def test_what_compiled_loops_cannot_take_apart_stays_whole():
    """They hold numbers only, and no choice between them."""
    W = Parameter(RNG.normal(size=(N_A, N_A)), "W")

    def loss(x):
        a = Tensor(np.zeros((N_A, M)), "a")
        for t in steps(T):
            a = name(elu(W @ a + x[:, :, t]), "a")
        return (a * a).sum()

    plan = compile(loss, {"W": W}, fast=True)
    x = RNG.normal(size=(N_A, M, T))
    J, gradients = plan(x)
    recording = differentiate(loss(Tensor(x, "x")))
    assert pytest.approx(recording.forward.outputs[0].item(), rel=1e-12) == J
    np.testing.assert_allclose(gradients["W"], recording.adjoint(W).value, rtol=1e-10)
    assert "elu(" in "".join(loops(plan.source)) and "exp" not in plan.source
    assert "not used" not in plan.explain()


@operation(
    vjp=[lambda g, y, x, height: g * (height - y * y / height)],
    activation=True,
    elementwise=True,
    element="{height} * tanh({0})",
)
def scaled_tanh(x, /, height=1.7159):
    """An activation with a setting, which gates of one product need not share."""
    return height * np.tanh(x)


@pytest.mark.parametrize("fast", [False, pytest.param(True, marks=numba_installed)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_settings_are_kept_apart_where_gates_are_stacked(fast, dtype):
    W = [Parameter(RNG.normal(size=(N_A, N_A)) / 2, f"W{i}", dtype=dtype) for i in range(2)]

    def loss(x):
        a = Tensor(np.zeros((N_A, M)), "a", dtype=dtype)
        for t in steps(T):
            a = name(scaled_tanh(W[0] @ a, height=0.5) + scaled_tanh(W[1] @ a) + x[:, :, t], "a")
        return (a * a).sum()

    plan = compile(loss, {p.name: p for p in W}, fast=fast)
    x = RNG.normal(size=(N_A, M, T)).astype(dtype)
    for given in (x, x + 1):
        J, gradients = plan(given)
        recording = differentiate(loss(Tensor(given, "x", dtype=dtype)))
        assert pytest.approx(recording.forward.outputs[0].item(), rel=1e-5) == J
        for p in W:
            np.testing.assert_allclose(gradients[p.name], recording.adjoint(p).value, rtol=1e-4)
    assert "not used" not in plan.explain()
    assert not fast or not loops(plan.source)


def test_a_longhand_that_fails_spoils_no_other_diagnosis():
    @operation(vjp=[lambda g, y, x: g], activation=True, longhand=[lambda x: x / not_there, lambda x: 1.0])  # noqa: F821
    def broken(x, /):
        return x

    def backward(upstream, cache):
        x, W, z = cache
        return gradients_of(upstream["a"] / (1 + abs(z)) ** 2, x, W)

    report = check_backward(written_out, backward, INPUTS)
    assert report.ok and "could not be recorded" not in str(report)
