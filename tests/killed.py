"""Work that is killed at any moment, in a process of its own, and what must be there afterwards.

A process says ``ready`` when it begins, and after each file that it wrote, which. Whoever kills it knows by that what
may not be lost.
"""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np

from autograd_seq.learning import checkpoint
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary
from autograd_seq.learning.training import Trainer
from cells import GRU
from cells.language_model import LanguageModel

TESTS = Path(__file__).resolve().parent
NAMES = [np.random.default_rng(i).integers(0, 5, size=3 + i % 4) for i in range(12)]
CORPUS = "rex\nrax\ntyranno\nstego\ntricera\nallo\n" * 4
TRAIN = ["--cell", "rnn", "--hidden", "4", "--epochs", "25"]


# -- the work ------------------------------------------------------------------------------------------------


class Telling(Trainer):
    """A trainer that says after which update it wrote its checkpoint."""

    def save(self):
        super().save()
        print(checkpoint.load(self.save_to)[1]["updates"], flush=True)


def train(path):
    """A training that goes on from where it was killed."""
    model = LanguageModel(GRU(5, 4, seed=0), 5, end=4, seed=1)
    trainer = Telling(model, Adam(0.01), batch_size=4, seed=2, save_to=path, save_every=2)
    print("ready", flush=True)
    trainer.fit(NAMES[2:], epochs=12, validation=NAMES[:2], patience=30)


def save(path):
    """Weights and a vocabulary, written again and again: each time all numbers are that of the turn."""
    cell = GRU(5, 40, seed=0)
    print("ready", flush=True)
    for turn in range(1, 150):
        for parameter in cell.parameters.values():
            parameter.value = np.full(parameter.shape, float(turn))
        cell.save(path / "gru.npz")
        Vocabulary([f"{turn} {i}" for i in range(300)]).save(path / "words.json")
        print(turn, flush=True)


# -- killing it ----------------------------------------------------------------------------------------------


class Run:
    """One process, killed after some seconds, from when it said that it was ready, if it was not done by then."""

    def __init__(self, words, seconds, with_signal, says_ready=True):
        self.said, self.killed = [], False
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            ready = threading.Event()
            reader = threading.Thread(target=self._listen, args=(child.stdout, ready))
            reader.start()
            if says_ready:
                ready.wait(120)
            began = time.monotonic()
            deadline = began + seconds
            while child.poll() is None and time.monotonic() < deadline:
                time.sleep(min(0.002, max(0.0, deadline - time.monotonic())))
            if child.poll() is None:
                child.send_signal(with_signal)
                self.killed = True
            self.errors = child.stderr.read()
            child.wait()
            reader.join()
        self.code, self.seconds = child.returncode, time.monotonic() - began

    def _listen(self, stream, ready):
        for line in stream:
            self.said.append(line.strip())
            ready.set()
        ready.set()

    @property
    def last(self):
        """The number that it said last; None if there is none."""
        numbers = [int(word) for word in self.said if word.isdigit()]
        return numbers[-1] if numbers else None


def own(work, path):
    return [sys.executable, str(TESTS / "killed.py"), work, str(path)]


def state(path):
    """Everything that is in a checkpoint."""
    arrays, settings = checkpoint.load(path)
    return {key: (a.dtype.str, a.shape, a.tobytes()) for key, a in arrays.items()}, settings


class Tally(Counter):
    """How often what happened: ``kill -9``, ``Ctrl-C``, runs, ``identical``, ``lost``, ``damaged``, ``left``."""


SIGNALS = {signal.SIGKILL: "kill -9", signal.SIGINT: "Ctrl-C"} if sys.platform != "win32" else {}


def trainings(folder, kills, rng, command=False):
    """Trainings that are killed again and again until they are done; each is compared with one that never was."""
    tally = Tally()
    words = _command(folder) if command else lambda path, begun: own("train", path)
    straight = Run(words(folder / "straight.npz", False), 600, signal.SIGKILL, not command)
    assert straight.code == 0, straight.errors
    seconds = straight.seconds * (1.0 if command else 0.6)  # so that most are killed more than once
    expected, kinds = state(folder / "straight.npz"), list(SIGNALS)
    while tally["kill -9"] + tally["Ctrl-C"] < kills:
        path = folder / f"run {tally['runs']}.npz"
        while True:
            with_signal = kinds[rng.integers(0, len(kinds))]
            enough = tally["kill -9"] + tally["Ctrl-C"] >= kills
            run = Run(words(path, path.exists()), 600 if enough else rng.uniform(0, seconds), with_signal, not command)
            if not run.killed:
                break
            tally[SIGNALS[with_signal]] += 1
            if run.last is not None:
                tally["lost"] += not path.exists() or state(path)[1]["updates"] < run.last
        tally["runs"] += 1
        tally["failed"] += run.code != 0
        tally["identical"] += run.code == 0 and state(path) == expected
    tally["left"] = sum(found.name.startswith(".") for found in folder.iterdir())
    return tally


def _command(folder):
    """The command line, which says nothing on its way."""
    corpus = folder / "names.txt"
    corpus.write_text(CORPUS, encoding="utf-8")
    words = [sys.executable, "-m", "autograd_seq", "train", str(corpus), *TRAIN]
    return lambda path, begun: [*words, "-o", str(path), *["--resume"] * begun]


def savings(folder, kills, rng):
    """Files that are written while whoever writes them is killed: each is whole, and none older than was said."""
    tally, kinds = Tally(), list(SIGNALS)
    while tally["kill -9"] + tally["Ctrl-C"] < kills:
        with_signal = kinds[rng.integers(0, len(kinds))]
        run = Run(own("save", folder), rng.uniform(0, 1.0), with_signal)
        tally["runs"] += 1
        if not run.killed:
            continue
        tally[SIGNALS[with_signal]] += 1
        if run.last is None:
            continue
        cell = GRU(5, 40, seed=1)
        cell.load(folder / "gru.npz")
        turns = {float(number) for p in cell.parameters.values() for number in p.value.ravel()}
        words = {word.split()[0] for word in Vocabulary.load(folder / "words.json").words}
        tally["damaged"] += len(turns) != 1 or len(words) != 1
        tally["lost"] += min(turns) < run.last or int(min(words)) < run.last
    Run(own("save", folder), 600, signal.SIGKILL)  # sweeps what was left
    tally["left"] = sum(found.name.startswith(".") for found in folder.iterdir())
    return tally


if __name__ == "__main__":
    {"train": train, "save": save}[sys.argv[1]](Path(sys.argv[2]))
