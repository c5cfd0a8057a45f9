"""
Minimal character-level GRU language model, numpy only.
Adapted from Karpathy's min-char-rnn.py (BSD License)
"""
import numpy as np


def sigmoid(x):
  return 1.0 / (1.0 + np.exp(-x))


def lossFun(inputs, targets, hprev, model):
  """
  inputs,targets are both list of integers.
  hprev is Hx1 array of initial hidden state
  returns the loss, gradients on model parameters, and last hidden state
  """
  Wz, Uz, bz = model['Wz'], model['Uz'], model['bz']
  Wr, Ur, br = model['Wr'], model['Ur'], model['br']
  Wh, Uh, bh = model['Wh'], model['Uh'], model['bh']
  Why, by = model['Why'], model['by']
  vocab_size = by.shape[0]

  xs, hs, zs, rs, hh, ys, ps = {}, {}, {}, {}, {}, {}, {}
  hs[-1] = np.copy(hprev)
  loss = 0
  # forward pass
  for t in range(len(inputs)):
    xs[t] = np.zeros((vocab_size, 1)) # encode in 1-of-k representation
    xs[t][inputs[t]] = 1
    zs[t] = sigmoid(np.dot(Wz, xs[t]) + np.dot(Uz, hs[t-1]) + bz) # update gate
    rs[t] = sigmoid(np.dot(Wr, xs[t]) + np.dot(Ur, hs[t-1]) + br) # reset gate
    hh[t] = np.tanh(np.dot(Wh, xs[t]) + np.dot(Uh, rs[t] * hs[t-1]) + bh) # candidate
    hs[t] = (1 - zs[t]) * hs[t-1] + zs[t] * hh[t]
    ys[t] = np.dot(Why, hs[t]) + by # unnormalized log probabilities for next chars
    ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t])) # probabilities for next chars
    loss += -np.log(ps[t][targets[t], 0]) # softmax (cross-entropy loss)

  # backward pass: compute gradients going backwards
  grads = {k: np.zeros_like(v) for k, v in model.items()}
  dhnext = np.zeros_like(hs[0])
  for t in reversed(range(len(inputs))):
    dy = np.copy(ps[t])
    dy[targets[t]] -= 1 # backprop into y
    grads['Why'] += np.dot(dy, hs[t].T)
    grads['by'] += dy
    dh = np.dot(Why.T, dy) + dhnext # backprop into h

    dhh = zs[t] * dh
    dhhraw = (1 - hh[t] * hh[t]) * dhh # backprop through tanh nonlinearity
    grads['bh'] += dhhraw
    grads['Wh'] += np.dot(dhhraw, xs[t].T)
    grads['Uh'] += np.dot(dhhraw, (rs[t] * hs[t-1]).T)
    drh = np.dot(Uh.T, dhhraw)

    dr = drh * hs[t-1]
    drraw = dr * rs[t] * (1 - rs[t])
    grads['br'] += drraw
    grads['Wr'] += np.dot(drraw, xs[t].T)
    grads['Ur'] += np.dot(drraw, hs[t-1].T)

    dz = dh * (hh[t] - hs[t-1])
    dzraw = dz * zs[t] * (1 - zs[t])
    grads['bz'] += dzraw
    grads['Wz'] += np.dot(dzraw, xs[t].T)
    grads['Uz'] += np.dot(dzraw, hs[t-1].T)

    # all the ways h[t-1] is used
    dhnext = dh * (1 - zs[t])
    dhnext += drh * rs[t]
    dhnext += np.dot(Ur.T, drraw)
    dhnext += np.dot(Uz.T, dzraw)
  grads['hprev'] = dhnext
  for dparam in grads.values():
    np.clip(dparam, -5, 5, out=dparam) # clip to mitigate exploding gradients
  return loss, grads, hs[len(inputs)-1]


def inputs():
    r = np.random.RandomState(5)
    V, H = 5, 4
    model = {}
    for g in 'zrh':
        model['W' + g] = r.randn(H, V) * .6
        model['U' + g] = r.randn(H, H) * .6
        model['b' + g] = r.randn(H, 1) * .3
    model['Why'] = r.randn(V, H) * .7
    model['by'] = r.randn(V, 1) * .2
    return dict(model=model, hprev=r.randn(H, 1) * .7, inputs=[0, 3, 1, 1, 4], targets=[3, 1, 1, 4, 2])


def loss_of(module, args):
    return module.lossFun(args['inputs'], args['targets'], args['hprev'], args['model'])[0]


def gradients_of(module, args):
    g = module.lossFun(args['inputs'], args['targets'], args['hprev'], args['model'])[1]
    return {'d' + k: v for k, v in g.items()}


PATHS = {
    "Wz": ["model", "Wz"],
    "Uz": ["model", "Uz"],
    "bz": ["model", "bz"],
    "Wr": ["model", "Wr"],
    "Ur": ["model", "Ur"],
    "br": ["model", "br"],
    "Wh": ["model", "Wh"],
    "Uh": ["model", "Uh"],
    "bh": ["model", "bh"],
    "Why": ["model", "Why"],
    "by": ["model", "by"],
    "hprev": ["hprev"],
}
