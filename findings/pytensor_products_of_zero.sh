#!/usr/bin/env bash
# PyTensor 3.0.7: the gradient of pt.cumprod by a factor that is 0 is NaN, and that of pt.prod of a single 0 is 0 in place of 1.
#
# Guess: a product is a polynomial in its factors, so its derivatives are finite everywhere; pt.prod is known to take care of zeros (with
#   one zero it multiplies the other factors), and pt.cumprod, which is products only, does so as well.
# Seen (PyTensor 3.0.7): for x = [2, 0, 3] and the sum of the running products the gradient is [1, nan, 0]; by the definition and by
#   central differences it is [1, 8, 0]. The rule divides by x, so it is 0 / 0 at each zero, wherever that stands; the
#   other factors are right, and so is each row without a zero. pt.prod is right at [2, 0, 3] and wrong at [0]: the other
#   factors are none, and their product is taken for 0. No warning in either case.
# Running products are of gates, of discounts and of masks (1 - done, a sequence that is still running), in which an exact 0 is
#   the usual case (a ReLU, a hard sigmoid). The values are right, one NaN goes on to all weights that made the factor, and a
#   loop of cumprod replaced by pt.prod of each beginning, which looks like the way round it, loses a part without a word.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pytensor==3.0.7 numpy==2.4.6
cd "$work"
PYTENSOR_FLAGS="base_compiledir=$work/compiled,cxx=" "$work/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import pytensor
import pytensor.tensor as pt

print("pytensor", pytensor.__version__)
x = pt.dvector("x")


def both(loss, variable=x):
    return pytensor.function([variable], [loss, pt.grad(loss, variable)], mode="FAST_COMPILE")


def defined(at):
    """The derivative of the sum of running products: at i, the products from i on, each without factor i."""
    return np.array([sum(np.prod(np.delete(at[: k + 1], i)) for k in range(i, len(at))) for i in range(len(at))])


def differences(function, at):
    ends = [[function(at + s * 1e-6 * e)[0] for s in (1, -1)] for e in np.eye(len(at))]
    return np.array([(a - b) / 2e-6 for a, b in ends])


running = both(pt.cumprod(x).sum())
for at in ([2.0, 0.0, 3.0], [0.0, 0.5, 3.0], [2.0, 0.5, 0.0], [0.0, 0.0, 3.0], [2.0, 0.5, 3.0]):
    at = np.array(at)
    (_, slope), truth, zero = running(at), defined(at), at == 0
    print("cumprod", at, "gradient", slope, "| by definition", truth, "| differences", differences(running, at).round(6))
    assert np.allclose(differences(running, at), truth, atol=1e-6) and np.isfinite(truth).all()
    assert (np.isnan(slope) == zero).all(), "other places are NaN now"
    assert np.allclose(slope[~zero], truth[~zero])

X = pt.dmatrix("X")
rows = both(pt.cumprod(X, axis=1).sum(), X)(np.array([[2.0, 0.5, 3.0], [2.0, 0.0, 3.0]]))[1]
assert np.isfinite(rows[0]).all() and np.isnan(rows[1]).tolist() == [False, True, False]

w = pt.dvector("w")  # gates that are shut by a ReLU, made of three weights
_, slope = both(pt.cumprod(pt.maximum(w[0] * w, 0.0)).sum(), w)(np.array([0.5, -1.0, 2.0]))
print("weights behind a ReLU:", slope)
assert np.isnan(slope[0])

product = both(pt.prod(x))
for at, truth in (([2.0, 0.0, 3.0], [0, 6, 0]), ([0.0, 0.0], [0, 0]), ([5.0], [1]), ([0.0], [1])):
    at = np.array(at)
    slope = product(at)[1]
    print("prod", at, "gradient", slope, "| differences", differences(product, at).round(6))
    assert np.allclose(differences(product, at), truth, atol=1e-6)
    assert np.allclose(slope, [0] if at.tolist() == [0.0] else truth), "the product of a single 0 is right now"
print("as described")
PY
