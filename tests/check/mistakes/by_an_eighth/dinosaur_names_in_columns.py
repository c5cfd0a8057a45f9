"""
Dinosaur name generator (homework 1)
columns are examples of size 1, None as first input means the zero vector
"""
import numpy as np


def softmax(x):
    e_x = np.exp(x - np.max(x))
    return e_x / e_x.sum(axis=0)


def rnn_step_forward(parameters, a_prev, x):
    Waa, Wax, Wya, by, b = parameters['Waa'], parameters['Wax'], parameters['Wya'], parameters['by'], parameters['b']
    a_next = np.tanh(np.dot(Wax, x) + np.dot(Waa, a_prev) + b)
    p_t = softmax(np.dot(Wya, a_next) + by)
    return a_next, p_t


def rnn_forward(X, Y, a0, parameters, vocab_size):
    x, a, y_hat = {}, {}, {}
    a[-1] = np.copy(a0)
    loss = 0
    for t in range(len(X)):
        x[t] = np.zeros((vocab_size, 1))
        if X[t] is not None:
            x[t][X[t]] = 1
        a[t], y_hat[t] = rnn_step_forward(parameters, a[t - 1], x[t])
        loss -= np.log(y_hat[t][Y[t], 0])
    loss = loss / len(X)      # average over the letters of the name
    cache = (y_hat, a, x)
    return loss, cache


def rnn_step_backward(dy, gradients, parameters, x, a, a_prev):
    gradients['dWya'] += np.dot(dy, a.T)
    gradients['dby'] += dy
    da = np.dot(parameters['Wya'].T, dy) + gradients['da_next']
    daraw = (1 - a * a) * da
    gradients['db'] += daraw
    gradients['dWax'] += np.dot(daraw, x.T)
    gradients['dWaa'] += np.dot(daraw, a_prev.T)
    gradients['da_next'] = np.dot(parameters['Waa'].T, daraw)
    return gradients


def rnn_backward(X, Y, parameters, cache):
    gradients = {}
    (y_hat, a, x) = cache
    Waa, Wax, Wya, by, b = parameters['Waa'], parameters['Wax'], parameters['Wya'], parameters['by'], parameters['b']
    gradients['dWax'], gradients['dWaa'], gradients['dWya'] = np.zeros_like(Wax), np.zeros_like(Waa), np.zeros_like(Wya)
    gradients['db'], gradients['dby'] = np.zeros_like(b), np.zeros_like(by)
    gradients['da_next'] = np.zeros_like(a[0])
    for t in reversed(range(len(X))):
        dy = np.copy(y_hat[t])
        dy[Y[t]] -= 1
        dy /= len(X)
        gradients = rnn_step_backward(dy, gradients, parameters, x[t], a[t], a[t - 1])
    return gradients, a


def inputs():
    r = np.random.RandomState(101)
    V, H = 5, 4
    p = dict(Waa=r.randn(H, H) * .6, Wax=r.randn(H, V) * .8, Wya=r.randn(V, H), b=r.randn(H, 1) * .3, by=r.randn(V, 1) * .3)
    return dict(p=p, X=[None, 2, 1, 4, 2], Y=[2, 1, 4, 2, 0], a0=r.randn(H, 1) * .5, V=V)


def loss_of(module, args):
    return module.rnn_forward(args['X'], args['Y'], args['a0'], args['p'], args['V'])[0]


def gradients_of(module, args):
    _, cache = module.rnn_forward(args['X'], args['Y'], args['a0'], args['p'], args['V'])
    g, _ = module.rnn_backward(args['X'], args['Y'], args['p'], cache)
    return dict(dWaa=g['dWaa'], dWax=g['dWax'], dWya=g['dWya'], db=g['db'], dby=g['dby'], da0=g['da_next'])


PATHS = {
    "Waa": ["p", "Waa"],
    "Wax": ["p", "Wax"],
    "Wya": ["p", "Wya"],
    "b": ["p", "b"],
    "by": ["p", "by"],
    "a0": ["a0"],
}
