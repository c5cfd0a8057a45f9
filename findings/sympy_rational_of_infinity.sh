#!/usr/bin/env bash
# SymPy 1.14.0: Rational(float("inf")) is 0, and so is Rational(float("nan")).
#
# Guess: an infinite float becomes oo and a NaN becomes nan, as sympify and Float have it, or the call raises.
# Seen (SymPy 1.14.0, mpmath 1.3.0): Rational(inf), Rational(-inf) and Rational(nan), of Python's floats and of NumPy's float64, are
#   the integer 0, without a word; sympify(inf) is oo. mpmath's own infinity raises ("invalid input: oo").
# Whoever reads a recorded network exactly, by Rational of its numbers, reads the -inf of an attention mask as a 0.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet sympy==1.14.0 mpmath==1.3.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import numpy as np
import sympy

for value in (float("inf"), float("-inf"), float("nan"), np.float64("inf")):
    print(f"{value!r}: Rational {sympy.Rational(value)!r}, sympify {sympy.sympify(value)!r}")
    assert sympy.Rational(value) == 0, "Rational reads it otherwise now"
    assert sympy.sympify(value) in (sympy.oo, -sympy.oo, sympy.nan)
assert sympy.Rational(0.5) == sympy.Rational(1, 2)
print("as described")
PY
