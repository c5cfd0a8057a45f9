"""Files that release 0.1.0 saved load, with the values that they were saved with; they lie in tests/data."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from learning.line import Line, examples

from autograd_seq.commands import main
from autograd_seq.learning import checkpoint
from autograd_seq.learning.optimisers import SGD, Adam, Momentum, RMSProp
from autograd_seq.learning.text import Vocabulary
from autograd_seq.learning.training import Trainer
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout

SAVED = Path(__file__).parents[1] / "data" / "saved_by_0_1_0"
CELLS = {
    "lstm": lambda: LSTM(2, 3),
    "gru_float32": lambda: GRU(2, 3, dtype=np.float32),
    "deep": lambda: Deep([Bidirectional(RNN(2, 3), RNN(2, 3)), LSTM(6, 2, peephole="diagonal")]),
    "readout": lambda: Readout(3, 2),
}
OPTIMISERS = {
    "sgd": lambda: SGD(0.01),
    "momentum": lambda: Momentum(0.02, 0.8),
    "rmsprop": lambda: RMSProp(0.01),
    "adam": lambda: Adam(0.05),
}


@pytest.mark.parametrize("kind", CELLS)
def test_weights(kind):
    cell = CELLS[kind]()
    cell.load(SAVED / f"{kind}.npz")
    for n, parameter in enumerate(cell.parameters.values()):
        ruled = ((np.arange(parameter.size) - parameter.size // 2 + n) / 64).reshape(parameter.shape)
        np.testing.assert_array_equal(parameter.value, ruled)


def test_vocabulary():
    vocabulary = Vocabulary.load(SAVED / "vocabulary.json")
    assert vocabulary.words == Vocabulary.build(["The cat, 世界", "the dog"], lower=True).words
    assert (vocabulary.level, vocabulary.punctuation, vocabulary.lower) == ("word", True, True)


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_training_goes_on(kind, tmp_path):
    """Adam was stopped after 14 updates, in the third epoch; the others had finished two epochs."""
    settings = {"batch_size": 4, "seed": 3}
    held_out = examples()[:3] if kind == "adam" else None
    straight, resumed = Line(), Line()
    history = Trainer(straight, OPTIMISERS[kind](), **settings).fit(examples(), 4, held_out)
    path = shutil.copy(SAVED / f"training_{kind}.npz", tmp_path)
    trainer = Trainer(resumed, OPTIMISERS[kind](), **settings, save_to=path)
    assert (trainer.optimiser.updates, trainer.epoch, len(trainer.waiting)) == (14 if held_out else 12, 2,
                                                                                4 if held_out else 0)  # fmt: skip
    again = trainer.fit(examples(), 4, held_out)
    np.testing.assert_allclose(again.losses, history.losses, rtol=1e-12)
    np.testing.assert_allclose(again.validation, history.validation, rtol=1e-12)
    for key in straight.parameters:
        np.testing.assert_allclose(straight.parameters[key].value, resumed.parameters[key].value, rtol=1e-12)
    assert checkpoint.load(path)[1]["epoch"] == 4  # in the format of today


def test_language_model(capsys):
    assert main(["sample", str(SAVED / "language_model.npz"), "--count", "3", "--length", "9"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 3 and all(set(line.replace("<UNK>", "")) <= set("aeorx") for line in said)
