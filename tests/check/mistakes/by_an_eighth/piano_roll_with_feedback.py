# Piano roll network: which keys are played next? (several at once, so one sigmoid per key)
# Elman state plus Jordan feedback: the probabilities of the step before come back as an input.
import numpy as np


def init_grads(model):
    return {k: np.zeros(v.shape) for k, v in model.items()}


def forward_pass(model, roll):
    """roll: (n_keys, T+1) of 0/1, one song"""
    n_keys, T = roll.shape[0], roll.shape[1] - 1
    n_h = model["W_hh"].shape[0]
    H = np.zeros((n_h, T + 1))          # H[:, t] state before step t
    P = np.zeros((n_keys, T + 1))       # P[:, t] feedback into step t
    P[:, 0] = 0.5
    Z = np.zeros((n_h, T))
    cost = 0
    for t in range(T):
        Z[:, t] = model["W_xh"].dot(roll[:, t]) + model["W_hh"].dot(H[:, t]) + model["W_ph"].dot(P[:, t]) + model["b_h"]
        H[:, t + 1] = np.maximum(0.1 * Z[:, t], Z[:, t])
        logits = model["W_hp"].dot(H[:, t + 1]) + model["b_p"]
        P[:, t + 1] = 1 / (1 + np.exp(-logits))
        target = roll[:, t + 1]
        cost += np.sum(-target * np.log(P[:, t + 1]) - (1 - target) * np.log(1 - P[:, t + 1]))
    return cost / T, H, P, Z


def backward_pass(model, roll, H, P, Z):
    T = Z.shape[1]
    grads = init_grads(model)
    dH = np.zeros(H.shape)
    dP = np.zeros(P.shape)
    for t in range(T - 1, -1, -1):
        # cross entropy through the sigmoid, plus what came back through the feedback
        dlogits = (P[:, t + 1] - roll[:, t + 1]) / T
        dlogits += dP[:, t + 1] * P[:, t + 1] * (1 - P[:, t + 1])
        grads["W_hp"] += np.outer(dlogits, H[:, t + 1])
        grads["b_p"] += dlogits
        dH[:, t + 1] += model["W_hp"].T.dot(dlogits)
        dZ = dH[:, t + 1].copy()
        dZ[Z[:, t] < 0] *= 0.1
        grads["W_xh"] += np.outer(dZ, roll[:, t])
        grads["W_hh"] += np.outer(dZ, H[:, t])
        grads["W_ph"] += np.outer(dZ, P[:, t])
        grads["b_h"] += dZ
        dH[:, t] += model["W_hh"].T.dot(dZ)
        dP[:, t] += model["W_ph"].T.dot(dZ)
    return grads


def inputs():
    r = np.random.RandomState(115)
    K, H, T = 4, 4, 5
    model = dict(W_xh=r.randn(H, K) * .8, W_hh=r.randn(H, H) * .6, W_ph=r.randn(H, K) * 1.2, b_h=r.randn(H) * .5, W_hp=r.randn(K, H), b_p=r.randn(K) * .4)
    return dict(model=model, roll=(r.rand(K, T + 1) > .5).astype(float))


def loss_of(module, args):
    return module.forward_pass(args['model'], args['roll'])[0]


def gradients_of(module, args):
    _, H, P, Z = module.forward_pass(args['model'], args['roll'])
    return {'d' + k: v for k, v in module.backward_pass(args['model'], args['roll'], H, P, Z).items()}


PATHS = {
    "W_xh": ["model", "W_xh"],
    "W_hh": ["model", "W_hh"],
    "W_ph": ["model", "W_ph"],
    "b_h": ["model", "b_h"],
    "W_hp": ["model", "W_hp"],
    "b_p": ["model", "b_p"],
}
