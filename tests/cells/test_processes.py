"""Cells, readouts, models and vocabularies are sent to other processes, and come back equal."""

import copy
import multiprocessing
import pickle
import sys

import children
import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, UsageError, each, operation, relu, sigmoid, tanh
from autograd_seq.core.operation import DECLARED
from autograd_seq.learning.optimisers import SGD, Adam, step_decay
from autograd_seq.learning.text import Vocabulary
from autograd_seq.learning.training import Trainer
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout
from cells.language_model import LanguageModel

METHODS = [method for method in ("spawn", "fork", "forkserver") if method in multiprocessing.get_all_start_methods()]


def both(kind, n_x=3, n_a=4):
    return Bidirectional(kind(n_x, n_a, seed=0), kind(n_x, n_a, seed=1))


CELLS = [
    RNN(3, 4, seed=0), RNN(3, 4, "relu", seed=0), RNN(3, 4, "sigmoid", seed=0, stacked=True), GRU(3, 4, seed=0),
    GRU(3, 4, seed=0, reset_after=True), GRU(3, 4, seed=0, full=False), LSTM(3, 4, seed=0, dtype=np.float32),
    LSTM(3, 4, seed=0, peephole="diagonal", output_sees="current"), LSTM(3, 4, seed=0, peephole="full"),
    both(RNN), both(LSTM), Deep([both(GRU), RNN(8, 4, seed=2), LSTM(4, 4, seed=3)]),
]  # fmt: skip
READOUTS = [Readout(4, 2, seed=0), Readout(4, 2, "sigmoid", seed=0), Readout(4, 2, "identity", seed=0, hidden=[5, 3]),
            Readout(4, 2, seed=0, hidden=[5], hidden_activation="relu")]  # fmt: skip
VOCABULARY = Vocabulary(["a", "世界", "<UNK>", "<EOS>"], level="character", lower=True)


def described(parameters):
    return {key: (p.name, p.label, p.record.scope, p.dtype, p.value.tobytes()) for key, p in parameters.items()}


def shared(cell):
    """Which of a composition's parameters are those of its parts."""
    parts = [cell.forward, cell.backward] if isinstance(cell, Bidirectional) else getattr(cell, "layers", [])
    own = list(map(id, cell.parameters.values()))
    return [own.index(id(p)) for part in parts for p in part.parameters.values()]


def equal(one, other):
    assert type(one) is type(other) and vars(one).keys() == vars(other).keys()
    assert described(one.parameters) == described(other.parameters) and shared(one) == shared(other)
    if hasattr(one, "unroll"):
        (loss, found), (expected, true) = children.gradients(other), children.gradients(one)
        assert loss == expected and found.keys() == true.keys()
        for key, gradient in true.items():
            np.testing.assert_array_equal(found[key], gradient)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("thing", [*CELLS, *READOUTS], ids=repr)
def test_pickled(thing, protocol):
    if protocol >= 2:  # the older ones do not know slots
        equal(thing, pickle.loads(pickle.dumps(thing, protocol)))


@pytest.mark.parametrize("thing", [*CELLS, *READOUTS], ids=repr)
def test_copied(thing):
    equal(thing, copy.deepcopy(thing))
    twin = copy.deepcopy(thing)
    key, parameter = next(iter(twin.parameters.items()))
    parameter.value = parameter.value + 1
    assert (thing.parameters[key].value != parameter.value).all()


@pytest.mark.parametrize("method", METHODS)
def test_sent_to_another_process_and_back(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        for thing in [*CELLS, *READOUTS]:
            equal(thing, pool.apply(children.same, (thing,)))
        for cell in CELLS:
            (loss, there), (expected, here) = pool.apply(children.gradients, (cell,)), children.gradients(cell)
            assert loss == expected
            for key, gradient in here.items():
                np.testing.assert_array_equal(there[key], gradient)
        assert vars(pool.apply(children.same, (VOCABULARY,))) == vars(VOCABULARY)
        for activation in (tanh, relu, sigmoid):
            assert pool.apply(children.same, (activation,)) is activation
            np.testing.assert_array_equal(pool.apply(children.applied, (activation,)), children.applied(activation))


@pytest.mark.parametrize("optimiser", [Adam(0.01), SGD(step_decay(0.1, 0.5, every=2))], ids=["adam", "schedule"])
def test_a_training_goes_on_in_another_process(optimiser):
    model = LanguageModel(RNN(5, 4, seed=0), 5, end=4, seed=1)
    trainer = Trainer(model, copy.deepcopy(optimiser), batch_size=2)
    children.epoch(trainer)
    sent = pickle.dumps(trainer)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(children.epoch, (pickle.loads(sent),))
    for key, value in children.epoch(trainer).items():
        np.testing.assert_array_equal(there[key], value)


def test_every_operation_of_the_package_is_found_by_its_name():
    ours = [found for found in DECLARED if found.__module__.startswith("autograd_seq.")]
    assert len(ours) > 80
    for found in ours:
        assert pickle.loads(pickle.dumps(found)) is found and copy.deepcopy(found) is found


def test_an_operation_that_is_not_at_the_top_of_a_module(monkeypatch):
    @operation(vjp=[lambda g, y, x: 2 * g * x], meaning=lambda algebra, x: each(lambda u: u * u, x))
    def own(x, /):
        return x * x

    with pytest.raises((pickle.PicklingError, AttributeError), match="own"):  # as of a function that is not there
        pickle.dumps(own)
    assert copy.copy(own) is copy.deepcopy(own) is own
    monkeypatch.setattr(sys.modules[__name__], "own", own, raising=False)
    assert pickle.loads(pickle.dumps(own)) is own


def test_tensors_keep_their_place_and_their_name():
    cell = Deep([RNN(3, 4, seed=0), RNN(4, 4, seed=1)])
    for parameter in cell.parameters.values():
        for twin in (copy.deepcopy(parameter), pickle.loads(pickle.dumps(parameter))):
            assert type(twin) is Parameter and twin.label == parameter.label and twin.record.scope.layer in (1, 2)
    x = pickle.loads(pickle.dumps(Tensor([1.0, 2.0], "x", requires_grad=True)))
    assert x.name == "x" and x.requires_grad
    with pytest.raises(UsageError, match="a recording refers to functions of the program, which cannot be pickled"):
        pickle.dumps(x * 2)
