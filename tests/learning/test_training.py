"""Optimisers and the trainer: against hand-written updates, and interrupted at any moment."""

import numpy as np
import pytest
from learning.line import Line, examples

from autograd_seq import Parameter, Tensor, clip_by_global_norm, name, tanh
from autograd_seq.core.errors import GradientError, ValueRangeError
from autograd_seq.learning.optimisers import SGD, Adam, Momentum, RMSProp, step_decay
from autograd_seq.learning.training import Trainer, evaluate
from cells import GRU, LSTM, RNN
from cells.language_model import LanguageModel

OPTIMISERS = {
    "sgd": lambda: SGD(0.01),
    "momentum": lambda: Momentum(0.02, 0.8),
    "rmsprop": lambda: RMSProp(0.01),
    "adam": lambda: Adam(step_decay(0.05, 0.5, 100)),
}


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_three_updates_against_the_formulas(kind):
    w = Parameter([1.0, -2.0], "w")
    optimiser = OPTIMISERS[kind]()
    expected, v, s = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2)
    for t in range(1, 4):
        g = np.array([0.3, -0.7]) * t
        optimiser.update({"w": w}, {"w": g})
        if kind == "sgd":
            expected = expected - 0.01 * g
        elif kind == "momentum":
            v = 0.8 * v + 0.2 * g
            expected = expected - 0.02 * v
        elif kind == "rmsprop":
            s = 0.9 * s + 0.1 * g**2
            expected = expected - 0.01 * g / (np.sqrt(s) + 1e-8)
        else:
            v, s = 0.9 * v + 0.1 * g, 0.999 * s + 0.001 * g**2
            expected = expected - 0.05 * (v / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    assert np.allclose(w.value, expected, rtol=1e-13)


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_it_learns(kind):
    model = Line()
    Trainer(model, OPTIMISERS[kind](), batch_size=5).fit(examples(), epochs=60)
    assert evaluate(model, examples()) < 1e-2


@pytest.mark.parametrize("kind", OPTIMISERS)
@pytest.mark.parametrize("killed_at", [1, 7, 13])
def test_interrupted_training_goes_on_with_identical_numbers(kind, killed_at, tmp_path):
    straight = Line()
    history = Trainer(straight, OPTIMISERS[kind](), batch_size=4, seed=3).fit(examples(), epochs=4)

    path = tmp_path / "run.npz"
    killed = Line()
    killed.fail_after = killed_at
    with pytest.raises(KeyboardInterrupt):
        Trainer(killed, OPTIMISERS[kind](), batch_size=4, seed=3, save_to=path, save_every=2).fit(examples(), epochs=4)
    resumed = Line()
    trainer = Trainer(resumed, OPTIMISERS[kind](), batch_size=4, seed=99, save_to=path, save_every=2)
    if not path.exists():  # killed before the first checkpoint: a fresh start
        trainer = Trainer(resumed, OPTIMISERS[kind](), batch_size=4, seed=3, save_to=path, save_every=2)
    again = trainer.fit(examples(), epochs=4)
    assert again.losses == history.losses and again.norms == history.norms and again.epochs == history.epochs
    for key in straight.parameters:
        assert np.array_equal(straight.parameters[key].value, resumed.parameters[key].value)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_loss_of_an_epoch_is_the_mean_over_its_examples(compiled):
    """The last batch of an epoch may be small, and no better or worse than the others for that."""
    model = LanguageModel(RNN(4, 3), 4, end=3)
    seen, sequences = [], [[0, 3], [1, 0, 2, 3], [2, 3], [0, 0, 0, 0, 0, 3], [3]]
    trainer = Trainer(model, SGD(1e-300), batch_size=2, compiled=compiled)  # nothing moves
    trainer.watching.append(lambda it: seen.append(it.history.losses[-1]))
    history = trainer.fit(sequences, epochs=2)
    whole = model.loss(sequences).item() / 5
    assert history.epochs == pytest.approx([whole, whole], rel=1e-12)
    assert not any(abs(loss - whole) < 1e-6 for loss in seen) and len(seen) == 6


def test_same_seed_same_bits():
    runs = [Trainer(Line(), Adam(0.01), batch_size=4, seed=5).fit(examples(), epochs=3).losses for _ in range(2)]
    assert runs[0] == runs[1]


def test_early_stopping_returns_to_the_best(tmp_path):
    model = Line()
    held_out = [np.array([1.0, 1.0, -7.0])]  # gets worse while the others get better
    history = Trainer(model, SGD(0.005), batch_size=8).fit(examples(), epochs=50, validation=held_out, patience=3)
    assert len(history.validation) < 50
    assert evaluate(model, held_out) == pytest.approx(min(history.validation))


def test_clip_is_applied_to_what_the_optimiser_sees():
    model = Line()
    before = {key: p.value for key, p in model.parameters.items()}
    trainer = Trainer(model, SGD(1.0), clip=lambda g: {key: np.clip(a, -0.01, 0.01) for key, a in g.items()})
    trainer.update(examples())
    assert all(np.abs(p.value - before[key]).max() <= 0.01 + 1e-15 for key, p in model.parameters.items())


class Overflowing(Line):
    def loss(self, examples):
        h = name(tanh(self.parameters["W"]) / np.zeros((1, 2)), "hidden")
        return (h * 0).sum()


def test_first_nan_is_explained():
    said = r"hidden \(divide\) is the first with inf.*\s+at test_training"
    with np.errstate(all="ignore"), pytest.raises(ValueRangeError, match=said):
        Trainer(Overflowing(), SGD(0.1)).update(examples())


def test_checkpoint_of_another_model_is_refused_and_kept(tmp_path):
    path = tmp_path / "run.npz"
    Trainer(Line(), SGD(0.1), save_to=path).fit(examples(), epochs=1)
    content = path.read_bytes()
    other = Line()
    other.parameters["W"] = Parameter(np.zeros((3, 2)), "W")
    with pytest.raises(ValueRangeError, match="another model.*W: float64"):
        Trainer(other, SGD(0.1), save_to=path)
    with pytest.raises(ValueRangeError, match="SGD"):
        Trainer(Line(), Adam(), save_to=path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"hello"])
def test_damaged_checkpoint_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "run.npz"
    path.write_bytes(content)
    with pytest.raises(ValueRangeError, match="damaged"):
        Trainer(Line(), SGD(0.1), save_to=path)
    assert path.read_bytes() == content


def test_truncated_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    Trainer(Line(), Adam(0.1), save_to=path).fit(examples(), epochs=1)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueRangeError, match="damaged"):
        Trainer(Line(), Adam(0.1), save_to=path)


def test_bad_use():
    with pytest.raises(ValueRangeError, match="no examples"):
        Trainer(Line(), SGD(0.1)).fit([], epochs=1)
    with pytest.raises(GradientError, match=r"W has no gradient.*backward"):
        SGD(0.1).update({"W": Parameter([1.0], "W")})
    with pytest.raises(ValueRangeError, match="positive"):
        SGD(-1)
    assert Tensor([1.0]).grad is None


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_compiled_and_recorded_training_have_the_same_losses(cell):
    generator = np.random.default_rng(0)
    names = [generator.integers(0, 5, size=n) for n in (3, 9, 5, 4, 8, 2, 7)]
    losses = []
    for compiled in (False, True):
        model = LanguageModel(cell(5, 6, seed=0), size=5, seed=1)
        clip = lambda g: clip_by_global_norm(g, 1.0)  # noqa: E731
        trainer = Trainer(model, Adam(0.01), clip=clip, batch_size=3, compiled=compiled)
        losses.append(trainer.fit(names, epochs=3).losses)
    assert np.allclose(*losses, rtol=1e-9)
