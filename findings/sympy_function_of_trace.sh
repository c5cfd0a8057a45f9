#!/usr/bin/env bash
# SymPy 1.14.0: exp(Trace(A*B)).diff(A) is the zero matrix; Derivative(exp(Trace(A*B)), A).doit() is right.
#
# Guess: expr.diff(A) is short for Derivative(expr, A).doit(), as it is for scalars, so both follow the chain rule or both
#   stay unevaluated. Trace(A*B).diff(A) is B.T, and the square of the trace is right as well.
# Seen (SymPy 1.14.0): by .diff, every function of u = Trace(A*B) is a constant: exp(u), log(u), tanh(u), 1/u, Max(0, u) and an
#   undefined f(u) have a ZeroMatrix of the right shape as derivative, without a word. u + exp(u) loses the part of u,
#   too, and u * exp(u) keeps one of its two terms. The long way, Derivative(...).doit(), is right for exp(u) and tanh(u),
#   and 0 again one function further out, for log(1 + exp(u)). With matrices of symbols all are right.
# A loss is just that, a scalar function of matrices; a student who checks a gradient of backpropagation through time
# against the symbolic one finds zeros, which look like a saturated or a detached network.
# A term of a sum may be lost while the rest is right, so neither the shape nor one good case shows it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet sympy==1.14.0
"$work/venv/bin/python" - <<'PY'
import sympy as sp

A, B = sp.MatrixSymbol("A", 2, 2), sp.MatrixSymbol("B", 2, 2)
u = sp.Trace(A * B)
VALUES = {B: sp.Matrix([[1, 2], [3, 4]]), A: sp.Matrix([[1, -1], [2, 1]]) / 8}


def value(matrix: sp.Expr) -> sp.Matrix:
    """The matrix as numbers."""
    return sp.Matrix(matrix.subs(VALUES).doit()).evalf()


def entry_by_entry(function: object) -> sp.Matrix:
    """The derivative of the function of the trace by each entry, with matrices of symbols."""
    a, b = sp.Matrix(2, 2, sp.symbols("a:4")), VALUES[B]
    whole = function((a * b).trace())
    return a.applyfunc(lambda entry: whole.diff(entry)).subs(dict(zip(a, VALUES[A]))).evalf()


def same(one: sp.Matrix, other: sp.Matrix) -> bool:
    return max(abs(entry) for entry in one - other) < 1e-12


for right in (lambda u: u, lambda u: u**2, lambda u: 3 * u):
    assert same(value(right(u).diff(A)), entry_by_entry(right)), "a polynomial was right"

lost = {
    "exp(u)": sp.exp,
    "log(u)": sp.log,
    "tanh(u)": sp.tanh,
    "1/u": lambda u: 1 / u,
    "log(1 + exp(u))": lambda u: sp.log(1 + sp.exp(u)),
    "u + exp(u)": lambda u: u + sp.exp(u),
}
for name, function in lost.items():
    found = function(u).diff(A)
    true = entry_by_entry(function)
    print(f"{name}: .diff {type(found).__name__}, true {[round(float(entry), 3) for entry in true]}")
    assert found == sp.ZeroMatrix(2, 2), f"{name} has a derivative now"
    assert max(abs(entry) for entry in true) > 0.1
assert sp.Max(0, u).diff(A) == sp.Function("f")(u).diff(A) == sp.ZeroMatrix(2, 2)

half = (u * sp.exp(u)).diff(A)
print("u * exp(u): .diff", half, "instead of (1 + u) times that")
assert half == sp.exp(u) * B.T, "the product rule keeps both terms now"

for name in ("exp(u)", "tanh(u)"):
    long_way = sp.Derivative(lost[name](u), A).doit()
    print(f"{name}: Derivative(...).doit() is {long_way}")
    assert same(value(long_way), entry_by_entry(lost[name])), "the long way was right"
further = sp.Derivative(lost["log(1 + exp(u))"](u), A).doit()
print("log(1 + exp(u)): Derivative(...).doit() is", further)
assert further == sp.ZeroMatrix(2, 2), "the long way follows the chain through two functions now"
print("as described")
PY
