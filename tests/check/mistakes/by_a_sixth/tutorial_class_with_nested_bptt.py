import numpy as np


def softmax(x):
    xt = np.exp(x - np.max(x))
    return xt / np.sum(xt)


class RNNNumpy:
    """language model, s_t = tanh(U x_t + W s_{t-1}), o_t = softmax(V s_t); words are indices, no bias.
    bptt walks back from every output on its own (slow but simple)"""

    def __init__(self, U, V, W, bptt_truncate=1000):
        self.U, self.V, self.W = U, V, W
        self.hidden_dim = W.shape[0]
        self.word_dim = U.shape[1]
        self.bptt_truncate = bptt_truncate

    def forward_propagation(self, x):
        T = len(x)
        # the additional last element is the initial state 0 (index -1)
        s = np.zeros((T + 1, self.hidden_dim))
        o = np.zeros((T, self.word_dim))
        for t in np.arange(T):
            s[t] = np.tanh(self.U[:, x[t]] + self.W.dot(s[t - 1]))
            o[t] = softmax(self.V.dot(s[t]))
        return [o, s]

    def calculate_total_loss(self, x, y):
        L = 0
        for i in np.arange(len(y)):
            o, s = self.forward_propagation(x[i])
            correct_word_predictions = o[np.arange(len(y[i])), y[i]]
            L += -1 * np.sum(np.log(correct_word_predictions))
        return L

    def calculate_loss(self, x, y):
        # divide the total loss by the number of words
        N = sum(len(y_i) for y_i in y)
        return self.calculate_total_loss(x, y) / N

    def bptt(self, x, y):
        T = len(y)
        o, s = self.forward_propagation(x)
        dLdU = np.zeros(self.U.shape)
        dLdV = np.zeros(self.V.shape)
        dLdW = np.zeros(self.W.shape)
        delta_o = o
        delta_o[np.arange(len(y)), y] -= 1.
        # for each output backwards...
        for t in np.arange(T)[::-1]:
            dLdV += np.outer(delta_o[t], s[t])
            # initial delta calculation
            delta_t = self.V.T.dot(delta_o[t]) * (1 - (s[t] ** 2))
            # backpropagation through time (for at most self.bptt_truncate steps)
            for bptt_step in np.arange(max(0, t - self.bptt_truncate), t + 1)[::-1]:
                dLdW += np.outer(delta_t, s[bptt_step - 1])
                dLdU[:, x[bptt_step]] += delta_t
                # update delta for next step
                delta_t = self.W.T.dot(delta_t) * (1 - s[bptt_step - 1] ** 2)
        return [dLdU, dLdV, dLdW]

    def gradients(self, x, y):
        N = sum(len(y_i) for y_i in y)
        total = [np.zeros(self.U.shape), np.zeros(self.V.shape), np.zeros(self.W.shape)]
        for i in np.arange(len(y)):
            for sum_, part in zip(total, self.bptt(x[i], y[i])):
                sum_ += part / N
        return total


def inputs():
    r = np.random.RandomState(113)
    V, H = 6, 4
    return dict(U=r.randn(H, V) * .8, V=r.randn(V, H), W=r.randn(H, H) * .6,
                x=[[0, 3, 2, 3, 5], [0, 4, 2], [0, 5, 5, 1]], y=[[3, 2, 3, 5, 1], [4, 2, 1], [5, 5, 1, 4]])


def _net(m, a):
    return m.RNNNumpy(a['U'], a['V'], a['W'])


def loss_of(module, args):
    return _net(module, args).calculate_loss(args['x'], args['y'])


def gradients_of(module, args):
    return dict(zip(('dU', 'dV', 'dW'), _net(module, args).gradients(args['x'], args['y'])))


PATHS = {
    "U": ["U"],
    "V": ["V"],
    "W": ["W"],
}
