#!/usr/bin/env bash
# hmmlearn 0.3.3: decode(X, algorithm="map") returns a sum of probabilities where its documentation has a log probability.
#
# Guess: decode returns (log_prob, state_sequence), "Log probability of the produced state sequence", for both algorithms; so the
#   number for "map" is the log joint probability of X and that sequence: below 0 here, and never above that of "viterbi",
#   whose sequence is the most probable one.
# Seen (hmmlearn 0.3.3, CategoricalHMM): for "viterbi" the number is log p(X, states). For "map" it is the sum over
#   time of the largest posterior probability, between T / n and T: +3.7 for five symbols, above every log
#   probability. Where the two algorithms give the very same states, they give different numbers for them. With
#   lengths, both numbers are added up over sequences. The states of "map" are right.
# Whoever keeps the better of the two decodings, or ranks sequences by the returned score, always takes "map", and the longest
#   sequence: the score grows with length, where a log probability falls.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet hmmlearn==0.3.3 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
from hmmlearn.hmm import CategoricalHMM

print("hmmlearn", version("hmmlearn"))
assert "Log probability of the produced state sequence" in CategoricalHMM.decode.__doc__
model = CategoricalHMM(n_components=2)
model.startprob_ = np.array([0.6, 0.4])
model.transmat_ = np.array([[0.7, 0.3], [0.4, 0.6]])
model.emissionprob_ = np.array([[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]])


def joint(seen, states):
    """log p(X, states), written out."""
    total = np.log(model.startprob_[states[0]]) + np.log(model.emissionprob_[states[0], seen[0]])
    for before, now, symbol in zip(states, states[1:], seen[1:]):
        total += np.log(model.transmat_[before, now]) + np.log(model.emissionprob_[now, symbol])
    return total


for seen in ([0, 1, 2, 2, 1], [0, 0, 2, 2], [2, 0, 1, 0, 0, 2, 2, 2]):
    X = np.array(seen)[:, None]
    best, path = model.decode(X, algorithm="viterbi")
    score, each = model.decode(X, algorithm="map")
    posterior = model.predict_proba(X)
    print(seen, "viterbi", path, round(best, 4), "| map", each, round(score, 4), "| log p(X, map)", round(joint(seen, each), 4))
    assert abs(best - joint(seen, path)) < 1e-12
    assert (each == posterior.argmax(axis=1)).all() and joint(seen, each) <= best + 1e-12
    assert abs(score - posterior.max(axis=1).sum()) < 1e-12 and score > 0, "the score is a log probability now"

X = np.array([[0], [0], [2], [2]])
(best, path), (score, each) = (model.decode(X, algorithm=a) for a in ("viterbi", "map"))
assert (path == each).all() and abs(score - best) > 1, "one sequence of states has one score now"
twice, _ = model.decode(np.concatenate([X, X]), lengths=[4, 4], algorithm="map")
assert abs(twice - 2 * score) < 1e-12
print("as described")
PY
