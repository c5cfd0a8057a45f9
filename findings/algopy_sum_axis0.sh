#!/usr/bin/env bash
# ALGOPY 0.7.2: the reverse mode of sum(x, axis=0) of a square matrix is that of sum(x, axis=1).
#
# Guess: the column sums of a matrix have a right gradient, or axis is refused.
# Seen (ALGOPY 0.7.2, NumPy 2.4.6): for a 2 x 2 matrix and weights 1 and 10 on the two column sums the gradient is
#   [[1, 1], [10, 10]], the gradient of the row sums; the true one is [[1, 10], [1, 10]]. The values of the sums are right,
#   and the forward mode agrees with the true derivative. A matrix that is not square raises instead.
# A bias gradient is such a sum over examples, so a square batch hides it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet algopy==0.7.2 numpy==2.4.6 scipy
"$work/venv/bin/python" -W ignore - <<'PY'
import algopy
import numpy as np

x = np.array([[1.0, 2.0], [3.0, 5.0]])
weights = np.array([1.0, 10.0])


def reverse(axis):
    graph = algopy.CGraph()
    leaf = algopy.Function(x)
    graph.dependentFunctionList = [algopy.sum(algopy.sum(leaf, axis=axis) * weights)]
    graph.independentFunctionList = [leaf]
    graph.trace_off()
    return graph.gradient(x.copy())


def forward(axis):
    """The derivative by each element, from first-order Taylor polynomials."""
    result = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        data = np.zeros((2, 1, 2, 2))
        data[0, 0] = x
        data[1, 0][place] = 1.0
        result[place] = algopy.sum(algopy.sum(algopy.UTPM(data), axis=axis) * weights).data[1, 0]
    return result


by_columns = np.broadcast_to(weights, (2, 2))
print("reverse, axis 0:", reverse(0).tolist(), "| true:", by_columns.tolist(), "| reverse, axis 1:", reverse(1).tolist())
print("forward, axis 0:", forward(0).tolist())
assert np.array_equal(forward(0), by_columns), "the forward mode changed"
assert np.array_equal(reverse(0), by_columns.T), "the reverse mode is right now"
assert np.array_equal(reverse(1), by_columns.T), "rows changed"
print("as described")
PY
