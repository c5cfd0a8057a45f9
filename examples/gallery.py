"""The gallery: every cell and architecture of the package in every view, as SVG.

python examples/gallery.py --out docs/gallery
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

import autograd_seq.numpy as np
from autograd_seq import Parameter, Tensor, categorical_cross_entropy, name, steps
from autograd_seq.storage.files import write
from cells import GRU, LSTM, RNN, Bidirectional, Deep, EncoderDecoder, Readout, many_to_one, one_to_many
from viz import draw

N_X, N_A, N_Y, M = 3, 4, 2, 1
VIEWS = ("unrolled", "overlay", "rolled", "cell", "operations", "backward")


def sequence(T: int = 3, n: int = N_X, m: int = M) -> Any:
    """Some input (n, m, T)."""
    return numpy.random.default_rng(3).standard_normal((n, m, T))


def targets(T: int = 3) -> list[Any]:
    """Some one-hot targets."""
    classes = numpy.random.default_rng(4).integers(0, N_Y, (T, M))
    return [numpy.eye(N_Y)[:, row] for row in classes]


def measured(cell: Any, T: int = 3) -> Any:
    """A cell unrolled, with a readout and a loss at every step."""
    run = Readout(cell.n_a, N_Y, seed=1)(cell.unroll(sequence(T)))
    return run.measure(targets(T), categorical_cross_entropy)


def total(run: Any) -> Tensor:
    """A loss for runs whose outputs are not at every step."""
    listed = targets(len(run.outputs))
    return run.measure(listed, categorical_cross_entropy)


def own_cell() -> Tensor:
    """A recurrent cell that knows of nothing but NumPy, its steps marked with steps() and name()."""
    rng = numpy.random.default_rng(0)
    U, V = Parameter(rng.standard_normal((N_A, N_A)) * 0.4, "U"), Parameter(rng.standard_normal((N_A, N_X)), "V")
    mix = Parameter(rng.standard_normal((N_A, 1)), "mix")
    x = sequence(4)
    h = np.zeros((N_A, M))
    for t in steps(4):
        gate = name(1 / (1 + np.exp(-(mix + V @ x[:, :, t]))), "gate")
        h = name(gate * h + (1 - gate) * np.tanh(U @ h + V @ x[:, :, t]), "h")
    return name((h * h).sum(), "E")


def no_cell() -> Tensor:
    """A graph without any time: two layers and a penalty."""
    rng = numpy.random.default_rng(1)
    x = Tensor(rng.standard_normal((N_X, 5)), "x")
    W_1, b_1 = Parameter(rng.standard_normal((N_A, N_X)), "W_1"), Parameter(numpy.zeros((N_A, 1)), "b_1")
    W_2 = Parameter(rng.standard_normal((1, N_A)), "W_2")
    h = name(np.tanh(W_1 @ x + b_1), "h")
    y_hat = name(W_2 @ h, "y_hat")
    error = name(((y_hat - Tensor(rng.standard_normal((1, 5)), "y")) ** 2).sum(), "error")
    penalty = name((W_1 * W_1).sum() + (W_2 * W_2).sum(), "penalty")
    return name(error + 0.01 * penalty, "J")


def deep_bidirectional() -> Tensor:
    """Two layers, the lower one in both directions."""
    return measured(Deep([Bidirectional(RNN(N_X, N_A, seed=0), RNN(N_X, N_A, seed=1)), GRU(2 * N_A, N_A, seed=2)]))


def translation() -> Tensor:
    """An encoder of three steps and a decoder of two."""
    model = EncoderDecoder(RNN(N_X, N_A, seed=0), RNN(N_Y, N_A, seed=1), Readout(N_A, N_Y, seed=2))
    y = numpy.stack(targets(2), axis=2)
    return model.unroll(sequence(3), targets=y).measure(y, categorical_cross_entropy)


SUBJECTS: dict[str, Callable[[], Any]] = {
    "rnn": lambda: measured(RNN(N_X, N_A, seed=0)),
    "gru": lambda: measured(GRU(N_X, N_A, seed=0)),
    "gru_simple": lambda: measured(GRU(N_X, N_A, full=False, seed=0)),
    "lstm": lambda: measured(LSTM(N_X, N_A, seed=0)),
    "lstm_peephole": lambda: measured(LSTM(N_X, N_A, peephole="diagonal", seed=0)),
    "lstm_50_steps": lambda: measured(LSTM(N_X, N_A, seed=0), 50),
    "bidirectional": lambda: measured(Bidirectional(RNN(N_X, N_A, seed=0), RNN(N_X, N_A, seed=1))),
    "deep": lambda: measured(Deep([RNN(N_X, N_A, seed=0), RNN(N_A, N_A, seed=1)])),
    "deep_bidirectional": deep_bidirectional,
    "encoder_decoder": translation,
    "many_to_one": lambda: total(many_to_one(LSTM(N_X, N_A, seed=0), Readout(N_A, N_Y, seed=1), sequence())),
    "one_to_many": lambda: total(
        one_to_many(RNN(N_Y, N_A, seed=0), Readout(N_A, N_Y, seed=1), numpy.zeros((N_Y, M)), 3)
    ),
    "own_cell": own_cell,
    "no_cell": no_cell,
}
# Pictures for a slide, each of one subject.
SLIDES: dict[str, tuple[str, dict[str, Any]]] = {
    "lstm-slide": ("lstm", {}),
    "lstm-slide-formulas": ("lstm", {"formulas": True, "steps": (1, 2)}),
    "bidirectional-slide-overlay": ("bidirectional", {"view": "overlay", "legend": True}),
    "deep_bidirectional-slide-modules": ("deep_bidirectional", {"view": "modules"}),
}


def index(options: argparse.Namespace) -> str:
    """A page that links the pictures."""
    lines = [
        "# Gallery",
        "",
        "Every cell and architecture in every view, made by `python examples/gallery.py --out docs/gallery`.",
        "",
        "| | " + " | ".join(options.views) + " |",
        "|---" * (len(options.views) + 1) + "|",
    ]
    for subject in options.only:
        links = " | ".join(f"[{view}]({subject}-{view}.{options.format})" for view in options.views)
        lines.append(f"| {subject.replace('_', ' ')} | {links} |")
    slides = [name for name, (subject, _) in SLIDES.items() if subject in options.only]
    links = ", ".join(f"[{name.replace('_', ' ')}]({name}.{options.format})" for name in slides)
    lines += ["", f"For a slide 1,920 pixels wide, no letter below 18 pixels: {links}."] * bool(slides)
    shown = "lstm" if "lstm" in options.only else options.only[0]
    lines += ["", f"![{shown}]({shown}-{options.views[0]}.{options.format})", ""]
    return "\n".join(lines)


def main() -> None:
    """Draw everything."""
    parser = argparse.ArgumentParser(description="Draw every cell and architecture in every view.")
    parser.add_argument("--out", type=Path, default=Path("docs/gallery"), help="folder for the pictures")
    parser.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    parser.add_argument("--format", default="svg", choices=("svg", "png", "pdf", "dot"))
    parser.add_argument("--only", nargs="*", choices=list(SUBJECTS), default=list(SUBJECTS), help="some of them")
    parser.add_argument("--views", nargs="*", choices=VIEWS, default=list(VIEWS))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    write(options.out / "README.md", index(options))
    for subject in options.only:
        output = SUBJECTS[subject]()
        for view in options.views:
            drawing = draw(output, options.out / f"{subject}-{view}.{options.format}", view)
            print(f"{subject:20} {view:12} {drawing!r}")
    for slide, (subject, asked) in SLIDES.items():
        if subject in options.only:
            drawing = draw(SUBJECTS[subject](), options.out / f"{slide}.{options.format}", size="slide", **asked)
            print(f"{slide:33} {drawing!r}")


if __name__ == "__main__":
    from autograd_seq.commands.console import any_console  # here, for the pictures name lines of this file

    with any_console():
        main()
