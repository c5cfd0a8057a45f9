#!/usr/bin/env bash
# HIPS autograd 1.9.1: np.fft.rfft(x, 4) has a right gradient, np.fft.rfft(x, n=4) a wrong one.
#
# Guess: it makes no difference whether n is given by position or by name, and what is not offered is refused, as an
#   odd n is ("Real FFT gradient for odd lengthed last axes is not implemented.").
# Seen (autograd 1.9.1, NumPy 2.4.6): with six numbers and n = 4 by position the gradient of the energy of the spectrum agrees
#   with central differences to nine digits; by name the values are the same and the gradient is off by about half, without a word.
#   An odd n is refused by position only; by name it is wrong too. n equal to the length is right either way.
# Spectral losses of recurrent models crop or pad their series this way.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet autograd==1.9.1 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import autograd.numpy as np
import numpy as plain
from autograd import grad

x = plain.array([0.3, 1.1, -0.7, 0.9, 0.4, -1.3])


def off(spectrum):
    """How far the gradient of the energy is from central differences, relative to its largest element."""
    energy = lambda z: np.sum(np.abs(spectrum(z)) ** 2)
    found = grad(energy)(x)
    step = 1e-6
    true = plain.array([(energy(x + step * e) - energy(x - step * e)) / (2 * step) for e in plain.eye(len(x))])
    return abs(found - true).max() / abs(true).max()


for n in (4, 6, 8):
    by_position, by_name = off(lambda z: np.fft.rfft(z, n)), off(lambda z: np.fft.rfft(z, n=n))
    print(f"n = {n}: relative gap by position {by_position:.1e}, by name {by_name:.1e}")
    assert by_position < 1e-6, "by position it changed"
    assert by_name < 1e-6 if n == len(x) else by_name > 0.05, "by name it changed"
try:
    off(lambda z: np.fft.rfft(z, 5))
    raise SystemExit("an odd n by position is no longer refused")
except NotImplementedError as error:
    print("n = 5 by position:", error)
by_name = off(lambda z: np.fft.rfft(z, n=5))
print(f"n = 5 by name: relative gap {by_name:.1e}")
assert by_name > 0.05, "an odd n by name is right or refused now"
print("as described")
PY
