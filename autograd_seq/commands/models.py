"""Commands that learn: a language model trained on a text file, and new text sampled from it."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from autograd_seq.commands.frame import Declared, whole
from autograd_seq.commands.things import cells_by_name
from autograd_seq.core.errors import UsageError
from autograd_seq.learning import checkpoint
from autograd_seq.learning.clipping import clip_by_global_norm
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary, lines
from autograd_seq.learning.training import Trainer
from cells.language_model import LanguageModel


def add_train(declared: Declared) -> None:
    """The command ``train``."""
    sub = declared.command("train", train_, "train a language model on a text file, a sequence a line")
    sub.add_argument("corpus", metavar="FILE", help="a text file")
    sub.add_argument("--encoding", help="what the text was saved in, such as gbk (default: as it is marked, or UTF-8)")
    sub.add_argument("--cell", default="lstm", help="a cell's name (default lstm)")
    sub.add_argument("--level", choices=("word", "character"), default="character", help="default: character")
    sub.add_argument("--size", type=whole(1), help="tokens to know, the most frequent (default: all)")
    sub.add_argument("--hidden", type=whole(1), default=50, metavar="N_A", help="length of the state (default 50)")
    sub.add_argument("--epochs", type=whole(1), default=20, help="how often each line is used (default 20)")
    sub.add_argument("--rate", type=float, default=0.01, help="learning rate of Adam (default 0.01)")
    sub.add_argument("-o", "--output", default="model.npz", metavar="FILE", help="where the model goes, a .npz file")


def train_(arguments: argparse.Namespace) -> int:
    """Train a language model on a text file, a sequence a line."""
    texts = list(lines(arguments.corpus, arguments.encoding))
    vocabulary = Vocabulary.build(texts, size=arguments.size, level=arguments.level)
    model = language_model(arguments.cell, arguments.hidden, len(vocabulary), vocabulary.end)
    trainer = Trainer(model, Adam(arguments.rate), clip=lambda g: clip_by_global_norm(g, 5.0), batch_size=32)
    trainer.fit([vocabulary.encode(text) for text in texts], epochs=arguments.epochs, progress=True)
    settings = {
        "cell": arguments.cell, "hidden": arguments.hidden, "words": vocabulary.words, "level": vocabulary.level,
    }  # fmt: skip
    checkpoint.save(arguments.output, {key: p.value for key, p in model.parameters.items()}, settings)
    print(f"{len(texts)} sequences, {len(vocabulary)} tokens; loss of a sequence {trainer.history.losses[-1]:.3f}")
    print(f"written: {arguments.output}; invent with: autograd-seq sample {arguments.output}")
    return 0


def language_model(cell: str, hidden: int, size: int, end: int | None) -> Any:
    """A language model over one-hot tokens, as train and sample both make it."""
    if cell not in cells_by_name():
        raise UsageError(f"there is no cell {cell!r}; choose one of {', '.join(cells_by_name())}")
    return LanguageModel(cells_by_name()[cell](size, hidden), size, end=end, seed=1)


def add_sample(declared: Declared) -> None:
    """The command ``sample``."""
    sub = declared.command("sample", sample_, "invent new sequences with a model that train wrote")
    sub.add_argument("model", metavar="FILE", help="what train wrote")
    sub.add_argument("--count", type=whole(1), default=5, help="how many (default 5)")
    sub.add_argument("--length", type=whole(1), default=50, help="the longest (default 50 tokens)")
    sub.add_argument("--temperature", type=float, default=1.0, help="below 1 keeps to the likely, above 1 dares more")
    sub.add_argument("--top-k", type=whole(1), help="draw from the k most likely tokens only")
    sub.add_argument("--seed", type=whole(0), default=0, help="where chance begins (default 0)")


def sample_(arguments: argparse.Namespace) -> int:
    """Sample new sequences from a model that train wrote."""
    arrays, settings = checkpoint.load(arguments.model)
    try:
        vocabulary = Vocabulary(settings["words"], settings["level"])
        model = language_model(settings["cell"], settings["hidden"], len(vocabulary), vocabulary.end)
    except KeyError as error:
        raise UsageError(f"{arguments.model} is a checkpoint, but not a model that train wrote") from error
    checkpoint.fitted(arrays, model.parameters, arguments.model)
    for key, parameter in model.parameters.items():
        parameter.value = arrays[key]
    generator = np.random.default_rng(arguments.seed)
    for _ in range(arguments.count):
        drawn = model.sample(generator, arguments.length, temperature=arguments.temperature, top_k=arguments.top_k)
        print(vocabulary.text(drawn))
    return 0
