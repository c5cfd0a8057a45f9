# Binary addition with a recurrent network, in the style of the well known blog post:
# layer_1 is the hidden layer, the sequence runs from the least significant bit (the last one) to the first
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# convert output of sigmoid function to its derivative
def sigmoid_output_to_derivative(output):
    return output * (1 - output)


def add_bits(a, b, c, synapse_0, synapse_h, synapse_1, bias_1, bias_2):
    """a, b: numbers as bit arrays, c: their sum. Returns error, guess and the updates (gradients)"""
    binary_dim = len(a)
    hidden_dim = synapse_h.shape[0]

    synapse_0_update = np.zeros_like(synapse_0)
    synapse_h_update = np.zeros_like(synapse_h)
    synapse_1_update = np.zeros_like(synapse_1)
    bias_1_update = np.zeros_like(bias_1)
    bias_2_update = np.zeros_like(bias_2)

    overallError = 0
    d = np.zeros(binary_dim)
    layer_2_deltas = list()
    layer_1_values = list()
    layer_1_values.append(np.zeros((1, hidden_dim)))

    # moving along the positions in the binary encoding
    for position in range(binary_dim):
        # generate input and output
        X = np.array([[a[binary_dim - position - 1], b[binary_dim - position - 1]]])
        y = np.array([[c[binary_dim - position - 1]]])

        # hidden layer (input ~+ prev_hidden)
        layer_1 = sigmoid(np.dot(X, synapse_0) + np.dot(layer_1_values[-1], synapse_h) + bias_1)

        # output layer
        layer_2 = sigmoid(np.dot(layer_1, synapse_1) + bias_2)

        layer_2_error = layer_2 - y
        layer_2_deltas.append(layer_2_error * sigmoid_output_to_derivative(layer_2))
        overallError += 0.5 * (layer_2_error ** 2)[0, 0]
        d[binary_dim - position - 1] = np.round(layer_2[0][0])

        # store hidden layer so we can use it in the next timestep
        layer_1_values.append(layer_1.copy())

    future_layer_1_delta = np.zeros((1, hidden_dim))

    for position in range(binary_dim):
        X = np.array([[a[position], b[position]]])
        layer_1 = layer_1_values[-position - 1]
        prev_layer_1 = layer_1_values[-position - 2]

        # error at output layer
        layer_2_delta = layer_2_deltas[-position - 1]
        # error at hidden layer
        layer_1_delta = (future_layer_1_delta.dot(synapse_h.T) + layer_2_delta.dot(synapse_1.T)) \
            * sigmoid_output_to_derivative(layer_1)

        synapse_1_update += np.atleast_2d(layer_1).T.dot(layer_2_delta)
        synapse_h_update += np.atleast_2d(prev_layer_1).T.dot(layer_1_delta)
        synapse_0_update += X.T.dot(layer_1_delta)
        bias_2_update += layer_2_delta[0]
        bias_1_update += layer_1_delta[0]

        future_layer_1_delta = layer_1_delta

    return overallError, d, (synapse_0_update, synapse_h_update, synapse_1_update, bias_1_update, bias_2_update)


def inputs():
    r = np.random.RandomState(112)
    H = 4
    bits = lambda n: np.array([int(k) for k in format(n, '06b')], float)
    return dict(a=bits(13), b=bits(22), c=bits(35), s0=r.randn(2, H), sh=r.randn(H, H), s1=r.randn(H, 1) * 1.5,
                b1=r.randn(H) * .4, b2=r.randn(1) * .4)


def _run(m, a):
    return m.add_bits(a['a'], a['b'], a['c'], a['s0'], a['sh'], a['s1'], a['b1'], a['b2'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return dict(zip(('ds0', 'dsh', 'ds1', 'db1', 'db2'), _run(module, args)[2]))


PATHS = {
    "s0": ["s0"],
    "sh": ["sh"],
    "s1": ["s1"],
    "b1": ["b1"],
    "b2": ["b2"],
}
