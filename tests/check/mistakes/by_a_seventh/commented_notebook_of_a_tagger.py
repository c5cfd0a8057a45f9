# ### Part 3: a bidirectional tagger
#
# Every sentence in the batch is padded to the same length. `lengths[n]` tells how many words are real.
# Past the end, a direction simply keeps its state, and the loss ignores the position.
import numpy as np


# First, one direction. `order` is the list of positions in the order in which they are read,
# `start` a learned state from which every sentence sets out.
def run_direction(x, keep, order, U, V, c, start):
    n_sent, n_pos, _ = x.shape
    h = np.repeat(start[None, :], n_sent, axis=0)
    states = np.zeros((n_sent, n_pos, U.shape[0]))
    before = np.zeros_like(states)      # the state that was there when position j was read
    fresh = np.zeros_like(states)       # tanh output at position j, before the mask
    for j in order:
        before[:, j] = h
        fresh[:, j] = np.tanh(h @ U + x[:, j] @ V + c)
        k = keep[:, j:j+1]
        h = k * fresh[:, j] + (1 - k) * h
        states[:, j] = h
    return states, before, fresh


# Its derivative. `g_states` holds the derivative of the loss for the state at each position.
def run_direction_grad(g_states, x, keep, order, before, fresh, U, V):
    gU, gV, gc = np.zeros_like(U), np.zeros_like(V), np.zeros(U.shape[0])
    gx = np.zeros_like(x)
    gh = np.zeros((x.shape[0], U.shape[0]))
    for j in reversed(order):
        gh = gh + g_states[:, j]
        k = keep[:, j:j+1]
        ga = k * gh * (1 - fresh[:, j]**2)
        gU += before[:, j].T @ ga
        gV += x[:, j].T @ ga
        gc += ga.sum(0)
        gx[:, j] = ga @ V.T
        gh = (1 - k) * gh + ga @ U.T
    return gx, gU, gV, gc, gh.sum(0)


# Now the whole model: read left to right, read right to left, glue both states together, classify.
def tagger(theta, x, tags, lengths):
    n_sent, n_pos, _ = x.shape
    n_h = theta['c_l2r'].size
    keep = (np.arange(n_pos)[None, :] < lengths[:, None]).astype(float)
    l2r, r2l = list(range(n_pos)), list(range(n_pos))[::-1]
    sl, bl, fl = run_direction(x, keep, l2r, theta['U_l2r'], theta['V_l2r'], theta['c_l2r'], theta['start_l2r'])
    sr, br, fr = run_direction(x, keep, r2l, theta['U_r2l'], theta['V_r2l'], theta['c_r2l'], theta['start_r2l'])
    both = np.concatenate([sl, sr], axis=2)
    scores = both @ theta['W'] + theta['d']
    scores = scores - scores.max(axis=2, keepdims=True)
    prob = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    rows, cols = np.indices(tags.shape)
    # average over words within a sentence, then over sentences
    per_word = keep / lengths[:, None] / n_sent
    loss = -(per_word * np.log(prob[rows, cols, tags])).sum()

    # ---- backward ----
    g_scores = prob.copy()
    g_scores[rows, cols, tags] -= 1
    g_scores *= per_word[:, :, None]
    grad = {}
    grad['W'] = np.tensordot(both, g_scores, axes=([0, 1], [0, 1]))
    grad['d'] = g_scores.sum(axis=(0, 1))
    g_both = g_scores @ theta['W'].T
    gx_l, grad['U_l2r'], grad['V_l2r'], grad['c_l2r'], grad['start_l2r'] = run_direction_grad(
        g_both[:, :, :n_h], x, keep, l2r, bl, fl, theta['U_l2r'], theta['V_l2r'])
    gx_r, grad['U_r2l'], grad['V_r2l'], grad['c_r2l'], grad['start_r2l'] = run_direction_grad(
        g_both[:, :, n_h:], x, keep, r2l, br, fr, theta['U_r2l'], theta['V_r2l'])
    grad['x'] = gx_l + gx_r
    return loss, grad


def inputs():
    r = np.random.RandomState(17)
    N, T, D, H, K = 3, 5, 3, 4, 3
    th = dict(W=r.randn(2 * H, K), d=r.randn(K) * .2)
    for s in ('_l2r', '_r2l'):
        th['U' + s] = r.randn(H, H) * .6
        th['V' + s] = r.randn(D, H) * .7
        th['c' + s] = r.randn(H) * .3
        th['start' + s] = r.randn(H) * .6
    return dict(theta=th, x=r.randn(N, T, D), tags=r.randint(0, K, (N, T)), lengths=np.array([5, 3, 4]))


def _run(module, a):
    return module.tagger(a['theta'], a['x'], a['tags'], a['lengths'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "W": ["theta", "W"],
    "d": ["theta", "d"],
    "U_l2r": ["theta", "U_l2r"],
    "V_l2r": ["theta", "V_l2r"],
    "c_l2r": ["theta", "c_l2r"],
    "start_l2r": ["theta", "start_l2r"],
    "U_r2l": ["theta", "U_r2l"],
    "V_r2l": ["theta", "V_r2l"],
    "c_r2l": ["theta", "c_r2l"],
    "start_r2l": ["theta", "start_r2l"],
    "x": ["x"],
}
