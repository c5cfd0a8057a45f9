"""Every kind of file that is read: how one is written, how it is loaded, and everything that loading it gives."""

import json
from pathlib import Path

import networkx
import numpy as np
import pytest
from learning.line import Line, examples

from autograd_seq import Graph, Parameter
from autograd_seq.commands import main
from autograd_seq.commands.models import trained
from autograd_seq.grading.asked_for import load_assignment
from autograd_seq.grading.handed_in import read
from autograd_seq.grading.packing import block, dumps, from_block, pack, unpack
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary, lines
from autograd_seq.learning.training import Trainer
from cells import RNN


def values(parameters):
    return {key: p.value.tobytes() for key, p in parameters.items()}


class Cell:
    """The weights of a cell."""

    @staticmethod
    def write(path):
        cell = RNN(1, 2, seed=1)
        cell.save(path)

    def __init__(self):
        self.cell = RNN(1, 2, seed=2)

    def load(self, path):
        self.cell.load(path)

    def state(self):
        return values(self.cell.parameters)


class Training:
    """A training that was stopped in its second epoch, with all that a checkpoint can have."""

    @staticmethod
    def write(path):
        model = Line()
        model.fail_after = 6
        trainer = Trainer(model, Adam(0.05), batch_size=4, seed=3, save_to=path)
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(examples(11), epochs=4, validation=examples(3))
        assert trainer.best and len(trainer.waiting) == 1 and trainer.underway

    def __init__(self):
        self.model, self.optimiser, self.trainer = Line(), Adam(0.05), None

    def load(self, path):
        self.trainer = Trainer(self.model, self.optimiser, batch_size=4, save_to=path)

    def state(self):
        it = self.trainer
        return values(self.model.parameters), {k: a.tobytes() for k, a in self.optimiser.memory.items()}, it and (
            it.history, it.epoch, it.underway, it.count, [batch.tolist() for batch in it.waiting],
            {k: a.tobytes() for k, a in it.best.items()}, it.generator.bit_generator.state,
        )  # fmt: skip


class Language:
    """What the command train writes."""

    @staticmethod
    def write(path):
        corpus = path.with_name("corpus.txt")
        corpus.write_text("rex\nrax\n" * 3, encoding="utf-8")
        assert main(["train", str(corpus), "--cell", "rnn", "--hidden", "2", "--epochs", "1", "-o", str(path)]) == 0
        corpus.unlink()

    def __init__(self):
        self.loaded = None

    def load(self, path):
        self.loaded = trained(str(path))

    def state(self):
        return self.loaded and (vars(self.loaded[0]), values(self.loaded[1].parameters))


class Words:
    """A vocabulary."""

    @staticmethod
    def write(path):
        Vocabulary(["cat", "the", "世界", "<UNK>"], lower=True).save(path)

    def __init__(self):
        self.vocabulary = None

    def load(self, path):
        self.vocabulary = Vocabulary.load(path)

    def state(self):
        return self.vocabulary and vars(self.vocabulary)


KINDS = {"cell": Cell, "training": Training, "language": Language, "words": Words}
NPZ = ["cell", "training", "language"]

# -- what people write: another text is another text, but reading it ends as reading ends --------------------

ASSIGNMENT = """\
format = 1
title = "Squares"
hints = "rising"
[limits]
seconds = 20.5
memory = 1024
[functions.square]
points = 2
arguments = ["x", "n"]
returns = ["y", "-"]
expected = {y = [1.0, 4.0]}
[functions.square.inputs]
x = {array = [1.0, 2.0]}
n = ["n", 1]
"""
PROGRAM = "# -*- coding: utf-8 -*-\nimport numpy as np\n\n\ndef square(x):\n    return x**2  # Γ\n"
NOTEBOOK = json.dumps({"cells": [{"cell_type": "markdown", "source": "words"},
                                 {"cell_type": "code", "source": ["%matplotlib inline\n", "import numpy as np"]},
                                 {"cell_type": "code", "source": PROGRAM, "outputs": []}],
                       "metadata": {}, "nbformat": 4, "nbformat_minor": 5})  # fmt: skip
CORPUS = "\ufeffstegosaurus\ntriceratops\n霸王龙\nárbol\n"


class Written:
    """A text that somebody wrote."""

    text, ending = "", ""

    @classmethod
    def write(cls, path):
        path.write_text(cls.text, encoding="utf-8")

    def __init__(self):
        self.found = None

    def state(self):
        return self.found


class Asked(Written):
    """An assignment."""

    text, ending = ASSIGNMENT, ".toml"

    def load(self, path):
        asked = load_assignment(path)
        self.found = repr((asked, [task.drawn(0) for task in asked.tasks.values()]))


class Program(Written):
    """A submission."""

    text, ending = PROGRAM, ".py"

    def load(self, path):
        self.found = read(path)


class Notebook(Program):
    """A submission that is a notebook."""

    text, ending = NOTEBOOK, ".ipynb"


class Corpus(Written):
    """A text to learn from."""

    text, ending = CORPUS, ".txt"

    def load(self, path):
        self.found = list(lines(path))


class Message(Written):
    """What a cage hands over: arrays, and a tree in JSON that refers to them."""

    ending = ".msg"

    @classmethod
    def write(cls, path):
        tree, arrays = pack({"dW": np.eye(2), "cache": (1, None, slice(0, 2)), "text": "Γ", "loss": 0.5})
        path.write_bytes(dumps({"tree": tree}) + b"\n" + block(arrays))

    def load(self, path):
        first, _, rest = path.read_bytes().partition(b"\n")
        try:
            tree = json.loads(first)["tree"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return  # whoever asked the cage has this from the pipe, and says it
        self.found = repr(unpack(tree, from_block(rest)))


class Recording(Written):
    """A recording as the graph that networkx writes and reads."""

    ending = ".json"

    @classmethod
    def write(cls, path):
        W = Parameter([[0.5, -0.25], [1.0, 2.0]], "W")
        loss = np.sum(np.tanh(W @ np.array([[1.0], [2.0]]))[0] * 2)
        path.write_text(json.dumps(networkx.node_link_data(loss.graph.to_networkx(flat=True), edges="edges")))

    def load(self, path):
        try:
            net = networkx.node_link_graph(json.loads(path.read_bytes()), edges="edges")
        except Exception:  # of JSON and networkx, which read the file
            return
        self.found = [(r.name, r.operation and r.operation.name, r.value.tolist()) for r in Graph.from_networkx(net)]


BY_PEOPLE = {"assignment": Asked, "program": Program, "notebook": Notebook, "corpus": Corpus, "message": Message,
             "recording": Recording}  # fmt: skip


def written(kind, folder: Path, name: str) -> Path:
    """The path of a whole file of a kind."""
    path = folder / f"{name}{getattr(kind, 'ending', '.npz')}"
    kind.write(path)
    return path
