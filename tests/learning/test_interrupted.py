"""Training that is interrupted, anywhere, and goes on is the training that was never interrupted, bit for bit."""

import subprocess
import sys

import numpy as np
import pytest
from interruptions import Interrupted, at_every_step
from learning.line import Line, examples

from autograd_seq import clip_by_global_norm
from autograd_seq.core.errors import FileError, ValueRangeError
from autograd_seq.learning import checkpoint, optimisers, standing, training
from autograd_seq.learning.optimisers import SGD, Adam, Momentum
from autograd_seq.learning.training import Trainer
from autograd_seq.storage import files
from cells import GRU
from cells.language_model import LanguageModel

LEARNED, HELD_OUT = examples(11), examples(14)[11:]
WATCHED = [module.__file__ for module in (training, standing, optimisers)]


def trainer(model, path=None, make=lambda: Adam(0.05), **settings):
    clip = lambda gradients: clip_by_global_norm(gradients, 5.0)  # noqa: E731
    return Trainer(model, make(), clip, batch_size=4, seed=3, save_to=path, save_every=2, **settings)


def fit(it):
    return it.fit(LEARNED, epochs=2, validation=HELD_OUT, patience=5)


def result(it):
    """Everything that training changes."""
    state = it.optimiser.state()
    return (
        {key: p.value.tobytes() for key, p in it.model.parameters.items()},
        {key: array.tobytes() for key, array in state["memory"].items()},
        state["updates"], it.epoch, it.underway, it.history.losses, it.history.norms, it.history.validation,
        {key: array.tobytes() for key, array in it.best.items()}, it.generator.bit_generator.state,
    )  # fmt: skip


@pytest.fixture(scope="module")
def straight():
    it = trainer(Line())
    fit(it)
    return result(it)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(files.os, "fsync", lambda number: None)


class Raising:
    """Raises a KeyboardInterrupt at the n-th call of a function."""

    def __init__(self, function, at):
        self.function, self.left = function, at

    def __call__(self, *arguments, **settings):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return self.function(*arguments, **settings)


@pytest.mark.parametrize("where", ["loss", "direction", "clip", "update", "batches", "evaluate", "replace"])
@pytest.mark.parametrize("make", [lambda: Adam(0.05), lambda: Momentum(0.02), lambda: SGD(0.01)])
def test_interrupted_inside_and_fitted_again(where, make, tmp_path):
    expected = trainer(Line(), make=make)
    fit(expected)
    for at in range(1, 14):
        it = trainer(Line(), tmp_path / f"{at}.npz", make)
        owner = {"loss": it.model, "direction": it.optimiser, "clip": it, "update": it, "replace": files.os}
        with pytest.MonkeyPatch.context() as patched:
            inside = owner.get(where, training)
            patched.setattr(inside, where, Raising(getattr(inside, where), at))
            try:
                fit(it)
            except KeyboardInterrupt:
                fit(it)
            else:
                assert at > 2
        assert result(it) == result(expected)
        assert checkpoint.load(tmp_path / f"{at}.npz")[1]["updates"] == 6


@pytest.mark.parametrize("opcodes, stride", [(False, 1), (True, 29)], ids=["line", "instruction"])
def test_interrupted_at_every_point_and_fitted_again(straight, opcodes, stride):
    made = []

    def prepare():
        made.append(trainer(Line()))
        return made[-1:]

    for _ in at_every_step(fit, WATCHED, opcodes, stride, prepare):
        fit(made[-1])
        assert result(made[-1]) == straight
    assert len(made) > 150


def test_interrupted_at_every_point_and_gone_on_from_the_file(straight, tmp_path):
    path = tmp_path / "run.npz"

    def work():
        path.unlink(missing_ok=True)
        fit(trainer(Line(), path))

    for interrupted in at_every_step(work, [*WATCHED, checkpoint.__file__, files.__file__], stride=11):
        again = trainer(Line(), path)
        assert again.saved or interrupted
        fit(again)
        assert result(again) == straight
        assert [found.name for found in tmp_path.iterdir()] == ["run.npz"]


def test_a_second_interruption_while_the_first_is_answered(straight, tmp_path):
    """Ctrl-C, and again Ctrl-C: it ends at once, and the file holds one standing or another, whole."""
    path = tmp_path / "run.npz"
    ended = set()
    for second in range(1, 400, 5):
        path.unlink(missing_ok=True)
        model = Line()
        model.fail_after = 4
        it = trainer(model, path)
        with pytest.raises(KeyboardInterrupt), Interrupted(second, [files.__file__]) as interrupted:
            fit(it)
        ended.add(checkpoint.load(path)[1]["updates"] if path.exists() else None)
        model.fail_after = None
        for again in (trainer(Line(), path), it):
            fit(again)
            assert result(again) == straight
        if not interrupted.reached:
            break
    assert ended == {2, 3}


def test_the_model_stands_as_after_the_last_whole_batch(tmp_path):
    model = Line()
    it = trainer(model, tmp_path / "run.npz")
    values = []
    moved = it.optimiser.update

    def update(*arguments):
        moved(*arguments)
        if len(values) == 3:
            raise KeyboardInterrupt
        values.append({key: p.value for key, p in model.parameters.items()})

    it.optimiser.update = update
    with pytest.raises(KeyboardInterrupt):
        fit(it)
    arrays, settings = checkpoint.load(tmp_path / "run.npz")
    for key, parameter in model.parameters.items():
        np.testing.assert_array_equal(parameter.value, values[-1][key])
        np.testing.assert_array_equal(parameter.value, arrays[f"parameter/{key}"])
    assert it.saved and settings["updates"] == it.optimiser.updates == 3 == len(it.history.norms)


def test_an_update_alone_is_whole_or_not_at_all():
    it, expected = trainer(Line()), trainer(Line())
    it.optimiser.direction = Raising(it.optimiser.direction, 4)  # the second update, its second parameter
    it.update(LEARNED[:4])
    expected.update(LEARNED[:4])
    with pytest.raises(KeyboardInterrupt):
        it.update(LEARNED[4:8])
    assert result(it) == result(expected)
    for each in (it, expected):
        each.step(each.model.loss(LEARNED[4:8]), 4)
    assert result(it) == result(expected)


def test_a_loss_that_is_not_finite_changes_nothing():
    it = trainer(Line())
    it.update(LEARNED[:4])
    before = result(it)
    with pytest.raises(ValueRangeError, match="the loss is"), np.errstate(all="ignore"):
        it.update([np.full(3, 1e200)])
    assert result(it) == before


@pytest.mark.parametrize("at", [2, 5, 7])
def test_compiled_training_goes_on_too(at):
    rng = np.random.default_rng(0)
    names = [rng.integers(0, 5, size=n) for n in (3, 9, 5, 4, 8, 2, 7)]

    def made():
        model = LanguageModel(GRU(5, 6, seed=0), size=5, seed=1)
        return Trainer(model, Adam(0.01), batch_size=2, compiled=True)

    expected, it = made(), made()
    expected.fit(names, epochs=2)
    it.plan = Raising(it.plan, at)
    with pytest.raises(KeyboardInterrupt):
        it.fit(names, epochs=2)
    it.fit(names, epochs=2)
    assert result(it) == result(expected)


def test_other_examples_than_an_epoch_was_begun_with(tmp_path):
    it = trainer(Line(), tmp_path / "run.npz")
    it.model.fail_after = 1
    with pytest.raises(KeyboardInterrupt):
        fit(it)
    it.model.fail_after = None
    for again in (it, trainer(Line(), tmp_path / "run.npz")):
        with pytest.raises(ValueRangeError, match="begun with 11 examples, but here are 10: go on with the same"):
            again.fit(LEARNED[:10], epochs=2)


def test_begun_anew_over_a_file_that_exists(tmp_path, straight):
    path = tmp_path / "run.npz"
    fit(trainer(Line(), path, about={"hidden": 3}))
    content = path.read_bytes()
    with pytest.raises(ValueRangeError, match="not the same hidden"):
        trainer(Line(), path, about={"hidden": 4})
    it = trainer(Line(), path, resume=False)
    it.model.fail_after = 0
    with pytest.raises(KeyboardInterrupt):  # before there was anything to write
        fit(it)
    assert path.read_bytes() == content
    it.model.fail_after = None
    fit(it)
    assert result(it) == straight and checkpoint.load(path)[1]["about"] == {}


def test_where_nothing_can_be_written_is_said_before_the_work(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    for name, error, said in (
        ("nowhere/run.npz", FileError, "no folder"),
        ("folder.npz", FileError, "it is a folder"),
        ("run.txt", ValueRangeError, r"must end in \.npz"),
    ):
        with pytest.raises(error, match=said):
            Trainer(None, SGD(0.1), save_to=tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.npz"]


def test_a_disk_that_fills_up_stops_training_and_loses_nothing(tmp_path, monkeypatch, straight):
    it = trainer(Line(), tmp_path / "run.npz")
    full = Raising(files.os.fsync, 3)

    def fsync(number):
        try:
            full(number)
        except KeyboardInterrupt:
            raise OSError(28, "No space left on device") from None

    monkeypatch.setattr(files.os, "fsync", fsync)
    with pytest.raises(FileError, match="run.npz cannot be written: No space left"):
        fit(it)
    for again in (trainer(Line(), tmp_path / "run.npz"), it):
        fit(again)
        assert result(again) == straight


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from learning.test_interrupted import Line, fit, trainer
from autograd_seq.storage import files
left, at_first = int(sys.argv[3]), os.fsync
def fsync(number):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    at_first(number)
os.fsync = fsync
fit(trainer(Line(), Path(sys.argv[2])))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("at", [1, 3, 4])
def test_killed_while_it_saves(at, tmp_path, straight):
    from pathlib import Path

    path = tmp_path / "run.npz"
    words = [sys.executable, "-c", KILLED, str(Path(__file__).parents[1]), str(path), str(at)]
    assert subprocess.run(words, timeout=60).returncode == -9
    again = trainer(Line(), path)
    fit(again)
    assert result(again) == straight and [found.name for found in tmp_path.iterdir()] == ["run.npz"]
