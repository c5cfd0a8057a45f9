"""A character model in one `lossFun`: states and predictions under the keys of dicts, from step -1 on."""

import autograd_seq.numpy as np


def lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    vocab_size = by.shape[0]
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))  # encode in 1-of-k representation
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)  # hidden state
        ys[t] = np.dot(Why, hs[t]) + by  # unnormalized log probabilities for next chars
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))  # probabilities for next chars
        loss += -np.log(ps[t][targets[t], 0])  # softmax (cross-entropy loss)
    return loss


def loss(parameters, inputs, targets, hprev):
    return lossFun(inputs, targets, hprev, **parameters)


def example(T, m, seed):
    """Parameters, and arguments of the loss; a text is read alone, whatever m is."""
    rng = np.random.default_rng(seed)
    vocab_size, hidden_size = 6, 4
    parameters = {
        "Wxh": rng.standard_normal((hidden_size, vocab_size)),
        "Whh": rng.standard_normal((hidden_size, hidden_size)) / 2,
        "Why": rng.standard_normal((vocab_size, hidden_size)),
        "bh": rng.standard_normal((hidden_size, 1)),
        "by": rng.standard_normal((vocab_size, 1)),
    }
    inputs, targets = ([int(i) for i in rng.integers(vocab_size, size=T)] for _ in range(2))
    return parameters, {"inputs": inputs, "targets": targets, "hprev": rng.standard_normal((hidden_size, 1))}
