import numpy as np

# sentiment: rnn + bahdanau pooling -> sigmoid. batch first, padded.

def forward_pass(batch_x, lengths_mask, weights):
    n_samples, n_steps, n_features = batch_x.shape
    n_units = weights["W_rec"].shape[0]
    hidden = np.zeros((n_samples, n_steps + 1, n_units))
    for step in range(n_steps):
        hidden[:, step + 1] = np.tanh(batch_x[:, step] @ weights["W_in"] + hidden[:, step] @ weights["W_rec"] + weights["b_rec"])
    states = hidden[:, 1:]
    keys = np.tanh(states @ weights["W_att"] + weights["b_att"])
    scores = keys @ weights["v_att"]
    scores = np.where(lengths_mask > 0, scores, -1e9)
    exp_scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    alpha = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    pooled = (alpha[:, :, None] * states).sum(axis=1)
    logit = pooled @ weights["w_out"] + weights["b_out"][0]
    prob = 1 / (1 + np.exp(-logit))
    return prob, (batch_x, hidden, keys, alpha, pooled)


def loss_function(prob, labels):
    return -np.mean(labels * np.log(prob) + (1 - labels) * np.log(1 - prob))


def backward_pass(prob, labels, cache, weights):
    batch_x, hidden, keys, alpha, pooled = cache
    n_samples, n_steps, _ = batch_x.shape
    states = hidden[:, 1:]
    g = {}
    d_logit = (prob - labels) / n_samples
    g["w_out"] = pooled.T @ d_logit
    g["b_out"] = np.array([d_logit.sum()])
    d_pooled = d_logit[:, None] * weights["w_out"]

    # pooling
    d_states = alpha[:, :, None] * d_pooled[:, None, :]
    d_alpha = (states * d_pooled[:, None, :]).sum(axis=2)
    d_scores = alpha * (d_alpha - (alpha * d_alpha).sum(axis=1, keepdims=True))
    g["v_att"] = np.einsum('nt,nta->a', d_scores, keys)
    d_keys = d_scores[:, :, None] * weights["v_att"]
    d_pre = d_keys * (1 - keys ** 2)
    g["W_att"] = np.einsum('nth,nta->ha', states, d_pre)
    g["b_att"] = d_pre.sum(axis=(0, 1))
    d_states = d_states + d_pre @ weights["W_att"].T

    # rnn
    g["W_in"] = np.zeros_like(weights["W_in"])
    g["W_rec"] = np.zeros_like(weights["W_rec"])
    g["b_rec"] = np.zeros_like(weights["b_rec"])
    d_x = np.zeros_like(batch_x)
    d_hidden = np.zeros_like(hidden[:, 0])
    for step in reversed(range(n_steps)):
        d_hidden = d_hidden + d_states[:, step]
        d_act = d_hidden * (1 - hidden[:, step + 1] ** 2)
        g["W_in"] += batch_x[:, step].T @ d_act
        g["W_rec"] += hidden[:, step].T @ d_act
        g["b_rec"] += d_act.sum(axis=0)
        d_x[:, step] = d_act @ weights["W_in"].T
        d_hidden = d_act @ weights["W_rec"].T
    return g, d_x


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(1717)
    N, T, D, H, A = 2, 6, 3, 5, 4
    w = dict(W_in=r.randn(D, H) * .7, W_rec=r.randn(H, H) * .5, b_rec=r.randn(H) * .4, W_att=r.randn(H, A), b_att=r.randn(A) * .4,
             v_att=r.randn(A) * 1.5, w_out=r.randn(H) * 1.2, b_out=r.randn(1))
    mask = np.ones((N, T))
    mask[1, 4:] = 0
    return dict(batch_x=r.randn(N, T, D), lengths_mask=mask, weights=w, labels=np.array([1., 0.]))


def loss_of(module, a):
    return module.loss_function(module.forward_pass(a["batch_x"], a["lengths_mask"], a["weights"])[0], a["labels"])


def gradients_of(module, a):
    prob, cache = module.forward_pass(a["batch_x"], a["lengths_mask"], a["weights"])
    g, dx = module.backward_pass(prob, a["labels"], cache, a["weights"])
    out = {"d" + k: v for k, v in g.items()}
    out["dbatch_x"] = dx
    return out

PATHS = {
    "W_in": ["weights", "W_in"],
    "W_rec": ["weights", "W_rec"],
    "b_rec": ["weights", "b_rec"],
    "W_att": ["weights", "W_att"],
    "b_att": ["weights", "b_att"],
    "v_att": ["weights", "v_att"],
    "w_out": ["weights", "w_out"],
    "b_out": ["weights", "b_out"],
    "batch_x": ["batch_x"],
}
