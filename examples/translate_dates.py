"""A sequence to a sequence of another length: written dates to ISO dates, by an encoder and a decoder.

``May 3, 1987`` → ``1987-05-03``. The dates are generated; ``--corpus FILE`` takes pairs of your own, a line each,
both halves separated by a tab. Learned with teacher forcing, tried out running freely.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from autograd_seq import Tensor, ValueRangeError, categorical_cross_entropy, no_grad
from autograd_seq.commands.console import any_console
from autograd_seq.learning.clipping import clip_by_global_norm
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary, lines
from autograd_seq.learning.training import Trainer
from cells import GRU, Readout, Run, pad
from cells.architectures import EncoderDecoder
from viz import draw

Pair = tuple[str, str]


def written(day: date, style: int) -> str:
    """A date as people write it; without the locale's words, so that every machine writes the same."""
    months = "January February March April May June July August September October November December".split()  # noqa: SIM905
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    month, short = months[day.month - 1], months[day.month - 1][:3]
    return (
        f"{month} {day.day}, {day.year}", f"{day.day} {month} {day.year}", f"{day.day:02d} {short} {day.year}",
        f"{short} {day.day}, {day.year}", f"{day.day:02d}.{day.month:02d}.{day.year}",
        f"{days[day.weekday()]}, {day.day} {month} {day.year}",
    )[style]  # fmt: skip


def made_up(count: int) -> list[Pair]:
    """Dates of a hundred years, in six ways of writing."""
    generator = np.random.default_rng(0)
    days = [date(1950, 1, 1) + timedelta(days=int(n)) for n in generator.integers(36_525, size=count)]
    return [(written(day, int(generator.integers(6))), day.isoformat()) for day in days]


def pairs_of(path: Path, encoding: str | None) -> list[Pair]:
    """The pairs of a file, each line with one tab."""
    pairs = []
    for line in lines(path, encoding):
        source, tab, target = line.partition("\t")
        if not tab or not source or not target:
            raise ValueRangeError(f"a line of {path} is not a pair, two texts with a tab between: {line!r:.60}")
        pairs.append((source, target))
    return pairs


class Translator:
    """Characters in, characters out."""

    def __init__(self, sources: Vocabulary, targets: Vocabulary, n_a: int = 64) -> None:
        self.sources, self.targets = sources, targets
        encoder, decoder = GRU(len(sources), n_a, seed=0), GRU(len(targets), n_a, seed=1)
        for cell in (encoder, decoder):  # gates that begin almost closed: what was read is kept
            cell.parameters["bu"].value = np.full((n_a, 1), -1.5)
        self.network = EncoderDecoder(encoder, decoder, Readout(n_a, len(targets), seed=2))
        self.parameters = self.network.parameters

    def read(self, texts: list[str]) -> tuple[np.ndarray, list[int]]:
        """The texts as one-hot columns, padded to the longest."""
        return pad([self.sources.one_hot(self.sources.encode(text)) for text in texts])

    def forced(self, pairs: list[Pair]) -> tuple[Run, np.ndarray]:
        """Teacher forcing: the decoder is told what it should have written so far."""
        x, lengths = self.read([source for source, _ in pairs])
        y, target_lengths = pad([self.targets.one_hot(self.targets.encode(target)) for _, target in pairs])
        return self.network.unroll(x, targets=y, lengths=lengths, target_lengths=target_lengths), y

    def loss(self, pairs: list[Pair]) -> Tensor:
        """Categorical cross-entropy of every character."""
        run, y = self.forced(pairs)
        return run.measure(y, categorical_cross_entropy)

    def translate(self, texts: list[str], longest: int = 12) -> list[str]:
        """Free running: the decoder reads what it wrote, until <EOS>."""
        x, lengths = self.read(texts)
        with no_grad():
            outputs = self.network.unroll(x, T_y=longest, lengths=lengths).outputs
        best = np.array([output.value.argmax(axis=0) for output in outputs]).T
        ends = [[*row, self.targets.end].index(self.targets.end) for row in best.tolist()]
        return [self.targets.text(row[:end]) for row, end in zip(best, ends, strict=True)]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
    arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    arguments.add_argument("--corpus", type=Path, help="pairs of your own, a tab between the halves")
    arguments.add_argument("--encoding", help="what your text was saved in, such as gbk")
    arguments.add_argument("--epochs", type=int, default=16)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    pairs = pairs_of(given.corpus, given.encoding) if given.corpus else made_up(1600)
    held_out, learned = pairs[: len(pairs) // 10], pairs[len(pairs) // 10 :]
    sources = Vocabulary.build((s for s, _ in pairs), level="character", unknown=False)
    targets = Vocabulary.build((t for _, t in pairs), level="character", unknown=False)
    model = Translator(sources, targets)
    trainer = Trainer(model, Adam(0.01), clip=lambda g: clip_by_global_norm(g, 5.0), batch_size=32)
    step = max(1, given.epochs // 4)
    for epoch in range(step, given.epochs + 1, step):
        history = trainer.fit(learned, epochs=epoch)
        answers = model.translate([s for s, _ in held_out])
        right = np.mean([a == t for a, (_, t) in zip(answers, held_out, strict=True)])
        loss = f"mean loss of a date over the last one {history.epochs[-1]:.3f}"
        print(f"after {epoch:2d} epochs: {loss}, {right:.0%} of the held-out dates right")

    print()
    for source, target in held_out[:6]:
        answer = model.translate([source])[0]
        print(f"{source:>30s} → {answer}  {'right' if answer == target else 'WRONG, ' + target}")

    path = given.out / "translate_dates.svg"
    draw(model.forced([min(pairs, key=lambda pair: len(pair[0]))])[0], path)
    print(f"\n{path}")


if __name__ == "__main__":
    with any_console():
        main()
