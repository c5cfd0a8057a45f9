#!/usr/bin/env bash
# pomegranate 1.1.2: a DenseHMM that is given starts and edges takes an end of probability 1/n for granted; likelihoods are off by log n.
#
# Guess: log_probability of a model made of emissions, edges and starts is that of the forward algorithm, as hmmlearn's score is;
#   without ends there is no end state, and the probabilities of all sequences of one length add up to 1.
# Seen (pomegranate 1.1.2, torch 2.13.0; hmmlearn 0.3.3 with the same tables): model.ends is [1/n, 1/n, ...] although edges
#   already add up to 1 in each row, and is multiplied in at the last step: log_probability is lower than hmmlearn's by log n
#   for every sequence, and the probabilities of all sequences of one length add up to 1/n. n = 2, 3 and 4 alike.
#   Posteriors agree with hmmlearn, since a constant drops out of them. ends=[1, 1, ...] gives hmmlearn's number.
# A constant hides in all comparisons within one model and shows in those between models: of two that say the same, the one with
#   more states is worse by log(n2 / n1) for each sequence, so a choice of the number of states by likelihood, AIC or BIC, and a
#   perplexity of short sequences, are wrong without a word.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pomegranate==1.1.2 torch==2.13.0 hmmlearn==0.3.3 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PY'
import itertools
from importlib.metadata import version

import numpy as np
import torch
from hmmlearn.hmm import CategoricalHMM
from pomegranate.distributions import Categorical
from pomegranate.hmm import DenseHMM

print("pomegranate", version("pomegranate"), "hmmlearn", version("hmmlearn"))
rng = np.random.default_rng(0)


def normalised(*shape):
    table = rng.uniform(0.2, 1, shape)
    return (table / table.sum(axis=-1, keepdims=True)).astype(np.float32)


def forward(starts, edges, emissions, seen):
    alpha = starts * emissions[:, seen[0]]
    for symbol in seen[1:]:
        alpha = (alpha @ edges) * emissions[:, symbol]
    return float(np.log(alpha.sum()))


for n in (2, 3, 4):
    starts, edges, emissions = normalised(n), normalised(n, n), normalised(n, 3)
    theirs = CategoricalHMM(n_components=n)
    theirs.startprob_, theirs.transmat_, theirs.emissionprob_ = (a.astype(float) for a in (starts, edges, emissions))
    rows = [Categorical(row[None]) for row in emissions]
    model = DenseHMM(rows, edges=edges, starts=starts)
    never_ends = DenseHMM(rows, edges=edges, starts=starts, ends=np.ones(n, np.float32))
    total, off = 0.0, []
    for seen in itertools.product(range(3), repeat=4):
        column, truth = np.array(seen)[:, None], forward(starts, edges, emissions, seen)
        found = float(model.log_probability(torch.tensor(column)[None]))
        open_end = float(never_ends.log_probability(torch.tensor(column)[None]))
        assert abs(theirs.score(column) - truth) < 1e-5 and abs(open_end - truth) < 1e-4
        posterior = model.predict_proba(torch.tensor(column)[None])[0].numpy()
        assert np.abs(posterior - theirs.predict_proba(column)).max() < 1e-4, "posteriors agreed"
        total, off = total + np.exp(found), [*off, found - truth]
    ends = np.exp(model.ends.detach().numpy())
    print(f"n = {n}: ends {ends.round(4)}, off by {np.mean(off):.4f} (-log n = {-np.log(n):.4f}), all sequences {total:.4f}")
    assert np.abs(np.array(off) + np.log(n)).max() < 1e-4, "the likelihood is that of the forward algorithm now"
    assert abs(total - 1 / n) < 1e-4
print("as described")
PY
