import numpy as np


class GateLayer:
    """One gate of the cell: activation(input * weights + bias)."""

    def __init__(self, weights, bias, isSigmoid):
        self.weights = weights
        self.bias = bias
        self.isSigmoid = isSigmoid
        self.resetGradients()

    def resetGradients(self):
        self.gradWeights = np.zeros(self.weights.shape)
        self.gradBias = np.zeros(self.bias.shape)

    def activate(self, joined):
        net = np.matmul(joined, self.weights) + self.bias
        if self.isSigmoid:
            return 1.0 / (1.0 + np.exp(-net))
        return np.tanh(net)

    def backward(self, gradOutput, output, joined):
        if self.isSigmoid:
            gradNet = gradOutput * output * (1.0 - output)
        else:
            gradNet = gradOutput * (1.0 - output * output)
        self.gradWeights += np.matmul(joined.T, gradNet)
        self.gradBias += np.sum(gradNet, axis=0)
        return np.matmul(gradNet, self.weights.T)


class StepRecord:
    """Everything the backward pass has to remember about one step."""

    def __init__(self, joined, oldCell, forgetGate, inputGate, candidate, outputGate, newCell):
        self.joined = joined
        self.oldCell = oldCell
        self.forgetGate = forgetGate
        self.inputGate = inputGate
        self.candidate = candidate
        self.outputGate = outputGate
        self.newCell = newCell


class LstmLayer:
    def __init__(self, parameters, hiddenSize):
        self.hiddenSize = hiddenSize
        self.forget = GateLayer(parameters["weightsForget"], parameters["biasForget"], True)
        self.input = GateLayer(parameters["weightsInput"], parameters["biasInput"], True)
        self.candidate = GateLayer(parameters["weightsCandidate"], parameters["biasCandidate"], False)
        self.output = GateLayer(parameters["weightsOutput"], parameters["biasOutput"], True)

    def forwardStep(self, x, hidden, cell):
        joined = np.concatenate([hidden, x], axis=1)
        f = self.forget.activate(joined)
        i = self.input.activate(joined)
        g = self.candidate.activate(joined)
        o = self.output.activate(joined)
        newCell = f * cell + i * g
        newHidden = o * np.tanh(newCell)
        return newHidden, newCell, StepRecord(joined, cell, f, i, g, o, newCell)

    def backwardStep(self, gradHidden, gradCell, record):
        tanhCell = np.tanh(record.newCell)
        gradOutputGate = gradHidden * tanhCell
        gradCell = gradCell + gradHidden * record.outputGate * (1.0 - tanhCell * tanhCell)
        gradJoined = self.output.backward(gradOutputGate, record.outputGate, record.joined)
        gradJoined += self.candidate.backward(gradCell * record.inputGate, record.candidate, record.joined)
        gradJoined += self.input.backward(gradCell * record.candidate, record.inputGate, record.joined)
        gradJoined += self.forget.backward(gradCell * record.oldCell, record.forgetGate, record.joined)
        gradOldHidden = gradJoined[:, :self.hiddenSize]
        gradInput = gradJoined[:, self.hiddenSize:]
        gradOldCell = gradCell * record.forgetGate
        return gradInput, gradOldHidden, gradOldCell


class SequenceRegressor:
    def __init__(self, parameters):
        self.parameters = parameters
        self.lstm = LstmLayer(parameters, parameters["biasForget"].shape[0])

    def computeLossAndGradients(self, sequence, targets, startHidden, startCell):
        """sequence: [time][batch][feature], targets: [time][batch][value]"""
        weightsLinear = self.parameters["weightsLinear"]
        hidden, cell = startHidden, startCell
        records, hiddens, errors = [], [], []
        loss = 0.0
        for step in range(len(sequence)):
            hidden, cell, record = self.lstm.forwardStep(sequence[step], hidden, cell)
            error = np.matmul(hidden, weightsLinear) + self.parameters["biasLinear"] - targets[step]
            loss += np.mean(error * error)
            records.append(record)
            hiddens.append(hidden)
            errors.append(error)
        gradSequence = np.zeros(sequence.shape)
        gradLinear = np.zeros(weightsLinear.shape)
        gradBiasLinear = np.zeros(self.parameters["biasLinear"].shape)
        gradHidden = np.zeros(startHidden.shape)
        gradCell = np.zeros(startCell.shape)
        for step in range(len(sequence) - 1, -1, -1):
            gradError = 2.0 * errors[step] / errors[step].size
            gradLinear += np.matmul(hiddens[step].T, gradError)
            gradBiasLinear += np.sum(gradError, axis=0)
            gradHidden = gradHidden + np.matmul(gradError, weightsLinear.T)
            gradSequence[step], gradHidden, gradCell = self.lstm.backwardStep(gradHidden, gradCell, records[step])
        gradients = {"weightsLinear": gradLinear, "biasLinear": gradBiasLinear,
                     "sequence": gradSequence, "startHidden": gradHidden, "startCell": gradCell}
        for name in ["Forget", "Input", "Candidate", "Output"]:
            gate = getattr(self.lstm, name.lower())
            gradients["weights" + name] = gate.gradWeights
            gradients["bias" + name] = gate.gradBias
        return loss, gradients


def inputs():
    r = np.random.RandomState(15)
    T, N, D, H, K = 4, 3, 2, 3, 2
    p = {}
    for g in ("Forget", "Input", "Candidate", "Output"):
        p["weights" + g] = r.randn(H + D, H) * .8
        p["bias" + g] = r.randn(H) * .3
    p["weightsLinear"] = r.randn(H, K)
    p["biasLinear"] = r.randn(K) * .2
    return dict(parameters=p, sequence=r.randn(T, N, D), targets=r.randn(T, N, K), startHidden=r.randn(N, H) * .5, startCell=r.randn(N, H) * .5)


def _run(module, a):
    return module.SequenceRegressor(a['parameters']).computeLossAndGradients(a['sequence'], a['targets'], a['startHidden'], a['startCell'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "weightsForget": ["parameters", "weightsForget"],
    "weightsInput": ["parameters", "weightsInput"],
    "weightsCandidate": ["parameters", "weightsCandidate"],
    "weightsOutput": ["parameters", "weightsOutput"],
    "biasForget": ["parameters", "biasForget"],
    "biasInput": ["parameters", "biasInput"],
    "biasCandidate": ["parameters", "biasCandidate"],
    "biasOutput": ["parameters", "biasOutput"],
    "weightsLinear": ["parameters", "weightsLinear"],
    "biasLinear": ["parameters", "biasLinear"],
    "sequence": ["sequence"],
    "startHidden": ["startHidden"],
    "startCell": ["startCell"],
}
