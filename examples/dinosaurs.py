"""A character language model that learns dinosaur names and invents new ones.

``python examples/dinosaurs.py`` trains on the names beside this file; ``--corpus FILE`` takes any other list,
a name on each line. ``--course`` trains as the course's assignment does: one name an update, the state carried from
name to name, every gradient clipped to ±5 element by element, learning rate 0.01, a few names sampled every 2,000
updates. Its list of names is not shipped; with ``--corpus dinos.txt`` the losses are those that the course prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from autograd_seq import Graph, ValueRangeError, categorical_cross_entropy
from autograd_seq.commands.console import any_console
from autograd_seq.learning.clipping import clip_by_element
from autograd_seq.learning.optimisers import SGD, Adam
from autograd_seq.learning.text import END, Vocabulary, lines
from autograd_seq.learning.training import Trainer, evaluate
from cells import RNN
from cells.language_model import LanguageModel
from viz import draw
from viz.units import paint, values_over_time

NAMES = Path(__file__).parent / "data" / "dinosaurs.txt"
THE_COURSE_PRINTS = {2000: "27.884160", 8000: "24.070350"}


def invent(model: LanguageModel, vocabulary: Vocabulary, count: int, seed: int, **settings: float) -> list[str]:
    """New names, written as names are."""
    generator = np.random.default_rng(seed)
    return [vocabulary.text(model.sample(generator, 40, **settings)).capitalize() for _ in range(count)]


def in_batches(model: LanguageModel, vocabulary: Vocabulary, names: list[np.ndarray], epochs: int) -> None:
    """Adam on batches of 32 names, a tenth of them held out."""
    order = np.random.default_rng(0).permutation(len(names))
    held_out = [names[i] for i in order[: len(names) // 10]]
    learned = [names[i] for i in order[len(names) // 10 :]]
    trainer = Trainer(model, Adam(0.01), clip=lambda g: clip_by_element(g, 5.0), batch_size=32, seed=0, compiled=True)
    for epoch in range(0, epochs + 1, max(1, epochs // 5)):
        trainer.fit(learned, epochs=epoch)
        print(
            f"after {epoch:3d} epochs: {evaluate(model, learned):6.2f} a name learned from, "
            f"{evaluate(model, held_out):6.2f} a name never seen: "
            + ", ".join(invent(model, vocabulary, 4, seed=epoch))
        )


def as_in_the_course(model: LanguageModel) -> None:
    """The assignment's own first weights, so that its numbers can be compared for the same list of names."""
    random = np.random.RandomState(1)
    for key in ("Wax", "Waa", "Wya"):
        parameter = model.parameters[key]
        parameter.value = random.randn(*parameter.shape) * 0.01


def of_the_course(texts: list[str]) -> bool:
    """Whether these are the names of the course's assignment, by their number and that of their letters."""
    letters, ends = sum(map(len, texts)), (1536, 1535)  # the last line may have no end
    return len(texts) == 1536 and letters in [19909 - n for n in ends]


def one_name_at_a_time(
    model: LanguageModel, vocabulary: Vocabulary, names: list[np.ndarray], updates: int, known: Mapping[int, str] = {}
) -> list[float]:
    """The course's loop, with its order of names and its smoothed loss; the loss after each update.

    The state that a name ends with is what the next one begins with; no derivative passes from name to name.
    """
    as_in_the_course(model)
    order = np.arange(len(names))
    np.random.RandomState(0).shuffle(order)
    trainer = Trainer(model, SGD(0.01), clip=lambda g: clip_by_element(g, 5.0))
    smooth, state = [-np.log(1.0 / len(vocabulary)) * 7], None
    for update in range(updates + 1):
        name = names[order[update % len(names)]]
        run = model.run([name], state)
        loss = run.measure([column[:, None] for column in vocabulary.one_hot(name).T], categorical_cross_entropy)
        smooth.append(0.999 * smooth[-1] + 0.001 * trainer.step(loss))
        state = {key: value.value for key, value in run.final.items()}
        if update % 2000 == 0:
            said = f" (the course prints {known[update]})" if update in known else ""
            invented = ", ".join(invent(model, vocabulary, 5, seed=update))
            print(f"update {update:5d}: loss {smooth[-1]:.6f}{said}   {invented}")
    return smooth[1:]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
    arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    arguments.add_argument("--corpus", type=Path, default=NAMES, help="a text file with a name on each line")
    arguments.add_argument("--encoding", help="what your text was saved in, such as gbk")
    arguments.add_argument("--epochs", type=int, default=20, help="how often each name is used (default 20)")
    arguments.add_argument("--course", action="store_true", help="train as the course's assignment does")
    arguments.add_argument("--updates", type=int, default=8000, help="updates of --course (default 8,000)")
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    texts = list(lines(given.corpus, given.encoding))
    if not texts:
        raise ValueRangeError(f"{given.corpus} is empty: it needs a name on each line")
    letters = sorted({letter for text in texts for letter in text.lower()})
    vocabulary = Vocabulary([END, *letters], level="character", lower=True)
    names = [vocabulary.encode(text) for text in texts]
    print(f"{len(names)} names of {len(vocabulary)} different characters, <EOS> among them")
    cell = RNN(len(vocabulary), 50, seed=0)
    model = LanguageModel(cell, len(vocabulary), end=vocabulary.end, seed=1)

    if given.course:
        known = THE_COURSE_PRINTS if of_the_course(texts) else {}
        if not known:
            print("these are not the names of the course, whose losses are others: compare with --corpus dinos.txt")
        one_name_at_a_time(model, vocabulary, names, given.updates, known)
    else:
        in_batches(model, vocabulary, names, given.epochs)
    known = {text.lower() for text in texts}
    new = [name for name in invent(model, vocabulary, 20, seed=7, temperature=0.7) if name.lower() not in known]
    print("invented, and not in the list:", ", ".join(new))

    name = max(names, key=len)
    values = values_over_time(model.run([name]), "a")
    lively = np.argsort(-values.std(axis=1))[:6]  # the units that change most while the name is read
    for suffix in (".svg", ".html"):
        units = given.out / f"dinosaurs_units{suffix}"
        # a<t> has read the letters before t: it is shown at the letter that it is about to predict
        paint(vocabulary.decode(name), values[lively], units, [f"a {i + 1}" for i in lively], "Units while reading")
        print(f"what single units do while the name is read: {units}")

    path = given.out / "dinosaurs.svg"
    short = min(names, key=len)
    draw(Graph(model.loss([short])), path)
    print(f"the model reading {vocabulary.text(short)!r}: {path}")


if __name__ == "__main__":
    with any_console():
        main()
