"""Commands that learn: a language model trained on a text file, and new text sampled from it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.commands import engine_options
from autograd_seq.commands.console import say
from autograd_seq.commands.ending import STOPPED
from autograd_seq.commands.frame import Declared, whole
from autograd_seq.commands.things import cells_by_name
from autograd_seq.core.errors import AutogradError, UsageError, ValueRangeError
from autograd_seq.learning import checkpoint
from autograd_seq.learning.clipping import clip_by_global_norm
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.standing import grouped
from autograd_seq.learning.text import Vocabulary, lines
from autograd_seq.learning.training import Trainer
from autograd_seq.storage import files
from cells.language_model import LanguageModel


def add_train(declared: Declared) -> None:
    """The command ``train``."""
    sub = declared.command("train", train_, "train a language model on a text file, a sequence a line")
    sub.add_argument("corpus", metavar="FILE", help="a text file")
    sub.add_argument("--encoding", help="what the text was saved in, such as gbk (default: as it is marked, or UTF-8)")
    sub.add_argument("--cell", default="lstm", help="a cell's name (default lstm)")
    levels = "default: character; to find words in Chinese text takes jieba"
    sub.add_argument("--level", choices=("word", "character"), default="character", help=levels)
    sub.add_argument("--size", type=whole(1), help="tokens to know, the most frequent (default: all)")
    sub.add_argument("--hidden", type=whole(1), default=50, metavar="N_A", help="length of the state (default 50)")
    sub.add_argument("--epochs", type=whole(1), default=20, help="how often each line is used (default 20)")
    sub.add_argument("--rate", type=float, default=0.01, help="learning rate of Adam (default 0.01)")
    sub.add_argument("-o", "--output", default="model.npz", metavar="FILE", help="where the model goes, a .npz file")
    sub.add_argument("--resume", action="store_true", help="go on from FILE, where a training was stopped or has ended")
    engine_options.add_engine(sub)
    engine_options.add_devices(sub)


def train_(arguments: argparse.Namespace) -> int:
    """Train a language model on a text file, a sequence a line."""
    files.check_output(arguments.output, checkpoint.SUFFIXES, inputs=[arguments.corpus])
    if arguments.resume and not Path(arguments.output).is_file():
        raise UsageError(f"there is no file {arguments.output!r} to go on from; to begin, leave --resume out")
    reports = engine_options.joined(arguments)
    texts = list(lines(arguments.corpus, arguments.encoding))
    vocabulary = Vocabulary.build(texts, size=arguments.size, level=arguments.level)
    model = language_model(arguments.cell, arguments.hidden, len(vocabulary), vocabulary.end)
    about = {
        "cell": arguments.cell, "hidden": arguments.hidden, "words": vocabulary.words, "level": vocabulary.level,
    }  # fmt: skip
    trainer = Trainer(
        model, Adam(arguments.rate), clip=lambda g: clip_by_global_norm(g, 5.0), batch_size=32,
        save_to=arguments.output, resume=arguments.resume, about=about, **engine_options.given(arguments),
    )  # fmt: skip
    try:
        trainer.fit([vocabulary.encode(text) for text in texts], epochs=arguments.epochs, progress=reports)
    except KeyboardInterrupt:
        say(f"autograd-seq train: {stopped(trainer, arguments)}", file=sys.stderr)
        return STOPPED
    if not reports:
        return 0
    say(f"{len(texts)} sequences, {len(vocabulary)} tokens{_loss(trainer.history.epochs)}")
    say(f"written: {arguments.output}; invent with: autograd-seq sample {arguments.output}")
    return 0


def _loss(epochs: list[float]) -> str:
    """The loss of the last epoch, which a file of an older version does not have."""
    return f"; mean loss of a sequence over the last epoch {epochs[-1]:.3f}" if epochs else ""


def stopped(trainer: Any, arguments: argparse.Namespace) -> str:
    """What is there of a training that was stopped, and how it goes on."""
    updates, path = trainer.optimiser.updates, arguments.output
    if not updates:
        return "stopped before the first update; nothing was written"
    where = f"stopped after update {updates}, in epoch {min(trainer.epoch + 1, arguments.epochs)} of {arguments.epochs}"
    if not trainer.saved:
        return f"{where}, and again while the model was written; {path} is as it was before"
    return (
        f"{where}; the model as it stands is written: {path}\n"
        f"  invent with: autograd-seq sample {path}\n  go on with: the same command and --resume"
    )


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


def trained(path: str) -> tuple[Any, Any]:
    """The vocabulary and the model in a file that train wrote."""
    arrays, settings = checkpoint.load(path)
    about: Any = settings
    if "optimiser" in settings:  # else release 0.1.0 wrote it, with the model alone
        arrays, about = grouped(arrays, path)["parameter"], settings.get("about")
    if not isinstance(about, dict) or not {"cell", "hidden", "words", "level"} <= set(about):
        raise UsageError(f"{path} is a checkpoint, but not a model that train wrote")
    cell, hidden, words, readout = about["cell"], about["hidden"], about["words"], arrays.get("Wya")
    if not (
        isinstance(cell, str) and type(hidden) is int and isinstance(words, list)
        and all(isinstance(word, str) for word in words) and isinstance(about["level"], str)
        and readout is not None and readout.shape == (len(words), hidden)
        and sum(array.size for array in arrays.values()) >= hidden**2  # asked before so large a model is made
    ):  # fmt: skip
        raise ValueRangeError(f"{path} is damaged: its settings and its weights do not belong together")
    try:
        vocabulary = Vocabulary(words, about["level"])
        model = language_model(cell, hidden, len(vocabulary), vocabulary.end)
    except AutogradError as error:
        raise ValueRangeError(f"{path} is damaged: {error}") from error
    checkpoint.fitted(arrays, model.parameters, path)
    for key, parameter in model.parameters.items():
        parameter.value = arrays[key]
    return vocabulary, model


def sample_(arguments: argparse.Namespace) -> int:
    """Sample new sequences from a model that train wrote."""
    if not 0 <= arguments.temperature < float("inf"):
        raise UsageError(f"--temperature {arguments.temperature:g} is not a number from 0 on")
    vocabulary, model = trained(arguments.model)
    generator = np.random.default_rng(arguments.seed)
    for _ in range(arguments.count):
        drawn = model.sample(generator, arguments.length, temperature=arguments.temperature, top_k=arguments.top_k)
        print(vocabulary.text(drawn))
    return 0
