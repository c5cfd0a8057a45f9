"""Time-first arrays filled in place, all gates in one matrix with a bias row, cache dict."""

"""Time-first batched LSTM, X is (T, b, d); the first row of WLSTM holds the biases."""
import numpy as np


def forward_pass(X, WLSTM, c0, h0):
    n, b, input_size = X.shape
    d = WLSTM.shape[1] // 4
    xphpb = WLSTM.shape[0]
    Hin = np.zeros((n, b, xphpb))
    Hout = np.zeros((n, b, d))
    IFOG = np.zeros((n, b, d * 4))
    IFOGf = np.zeros((n, b, d * 4))
    C = np.zeros((n, b, d))
    Ct = np.zeros((n, b, d))
    for t in range(n):
        prevh = Hout[t - 1] if t > 0 else h0
        Hin[t, :, 0] = 1  # bias
        Hin[t, :, 1:1 + input_size] = X[t]
        Hin[t, :, 1 + input_size:] = prevh
        IFOG[t] = Hin[t].dot(WLSTM)
        IFOGf[t, :, :3 * d] = 1.0 / (1.0 + np.exp(-IFOG[t, :, :3 * d]))
        IFOGf[t, :, 3 * d:] = np.tanh(IFOG[t, :, 3 * d:])
        prevc = C[t - 1] if t > 0 else c0
        C[t] = IFOGf[t, :, :d] * IFOGf[t, :, 3 * d:] + IFOGf[t, :, d:2 * d] * prevc
        Ct[t] = np.tanh(C[t])
        Hout[t] = IFOGf[t, :, 2 * d:3 * d] * Ct[t]
    cache = dict(WLSTM=WLSTM, Hout=Hout, IFOGf=IFOGf, C=C, Ct=Ct, Hin=Hin, c0=c0, h0=h0)
    return Hout, C[-1], cache


def backward_pass(dHout_in, dCn, cache):
    WLSTM, Hout, IFOGf = cache['WLSTM'], cache['Hout'], cache['IFOGf']
    C, Ct, Hin, c0, h0 = cache['C'], cache['Ct'], cache['Hin'], cache['c0'], cache['h0']
    n, b, d = Hout.shape
    input_size = WLSTM.shape[0] - d - 1

    dIFOG = np.zeros((n, b, 4 * d))
    dIFOGf = np.zeros(IFOGf.shape)
    dWLSTM = np.zeros(WLSTM.shape)
    dHin = np.zeros(Hin.shape)
    dC = np.zeros(C.shape)
    dX = np.zeros((n, b, input_size))
    dh0 = np.zeros((b, d))
    dc0 = np.zeros((b, d))
    dHout = dHout_in.copy()
    dC[n - 1] += dCn
    for t in reversed(range(n)):
        dIFOGf[t, :, 2 * d:3 * d] = Ct[t] * dHout[t]
        # backprop tanh non-linearity first then continue
        dC[t] += (1 - Ct[t] ** 2) * (IFOGf[t, :, 2 * d:3 * d] * dHout[t])

        if t > 0:
            dIFOGf[t, :, d:2 * d] = C[t - 1] * dC[t]
            dC[t - 1] += IFOGf[t, :, d:2 * d] * dC[t]
        else:
            dIFOGf[t, :, d:2 * d] = c0 * dC[t]
            dc0 = IFOGf[t, :, d:2 * d] * dC[t]
        dIFOGf[t, :, :d] = IFOGf[t, :, 3 * d:] * dC[t]
        dIFOGf[t, :, 3 * d:] = IFOGf[t, :, :d] * dC[t]

        # backprop activation functions
        dIFOG[t, :, 3 * d:] = (1 - IFOGf[t, :, 3 * d:] ** 2) * dIFOGf[t, :, 3 * d:]
        y = IFOGf[t, :, :3 * d]
        dIFOG[t, :, :3 * d] = (y * (1.0 - y)) * dIFOGf[t, :, :3 * d]

        # backprop matrix multiply
        dWLSTM += np.dot(Hin[t].transpose(), dIFOG[t])
        dHin[t] = dIFOG[t].dot(WLSTM.transpose())

        # backprop the identity transforms into Hin
        dX[t] = dHin[t, :, 1:1 + input_size]
        if t > 0:
            dHout[t - 1, :] += dHin[t, :, 1 + input_size:]
        else:
            dh0 += dHin[t, :, 1 + input_size:]
    return dX, dWLSTM, dc0, dh0


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(111)
    n, b, x, d = 5, 2, 3, 4
    return {"X": rng.normal(size=(n, b, x)), "WLSTM": rng.normal(size=(1 + x + d, 4 * d)) * 0.6,
            "c0": rng.normal(size=(b, d)), "h0": rng.normal(size=(b, d)),
            "dHout": rng.normal(size=(n, b, d)), "dCn": rng.normal(size=(b, d))}


def loss_of(module, args):
    Hout, Cn, cache = module.forward_pass(args["X"], args["WLSTM"], args["c0"], args["h0"])
    return (np.sum(Hout * args["dHout"]) + np.sum(Cn * args["dCn"]))


def gradients_of(module, args):
    Hout, Cn, cache = module.forward_pass(args["X"], args["WLSTM"], args["c0"], args["h0"])
    dX, dW, dc0, dh0 = module.backward_pass(args["dHout"], args["dCn"], cache)
    return {"dX": dX, "dWLSTM": dW, "dc0": dc0, "dh0": dh0}

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "X": ["X"],
    "WLSTM": ["WLSTM"],
    "c0": ["c0"],
    "h0": ["h0"],
}


def _at(thing, path):
    for key in path:
        thing = thing[key]
    return thing


INPUTS = {key: _at(inputs(), path) for key, path in PATHS.items()}


def _args(given):
    args = inputs()
    for key, path in PATHS.items():
        _at(args, path[:-1])[path[-1]] = given[key]
    return args


def forward(**given):
    return {"loss": loss_of(_Module(), _args(given))}, given


def backward(upstream, cache):
    return {key: value * upstream["loss"] for key, value in gradients_of(_Module(), _args(cache)).items()}
