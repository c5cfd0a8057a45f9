"""A program: the equations of a cell and of a loss, written down forward and backward in one of many styles."""

from __future__ import annotations

from dataclasses import dataclass

from check.verdicts.programs.author import Author
from check.verdicts.programs.faces import FACES
from check.verdicts.programs.passes import Passes

SIGMOIDS = {
    "plain": ["def sigmoid(z):", "    return 1 / (1 + np.exp(-z))"],
    "stable": [
        "def sigmoid(z):",
        "    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))",
    ],
    "by tanh": ["def sigmoid(z):", "    return 0.5 * (1 + np.tanh(0.5 * z))"],
}


@dataclass(frozen=True)
class Program:
    """A program and what it is to be given.

    Attributes
    ----------
    name : str
        The seed and the style.
    before : str
        Imports, helpers and the forward pass.
    backward : str
        The lines of the backward pass, where a mistake may be made.
    after : str
        What stands behind them.
    inputs : dict
        From each input's name to its shape in letters.
    whole : dict
        Inputs that are labels: from the name to what they count.
    one_hot : dict
        Inputs that are one-hot targets: from the name to the axis of the classes.
    constants : tuple of str
        Names that the module takes from outside, such as constant targets.
    sizes : dict
        What the letters stand for.
    single : bool
        Whether it stores numbers in float32.
    """

    name: str
    before: str
    backward: str
    after: str
    inputs: dict[str, tuple[object, ...]]
    whole: dict[str, str]
    one_hot: dict[str, int]
    constants: tuple[str, ...]
    sizes: dict[str, int]
    single: bool

    @property
    def source(self) -> str:
        """The whole."""
        return self.before + self.backward + self.after


def helpers(author: Author) -> list[str]:
    """The functions that the equations call."""
    lines: list[str] = []
    if "sigmoid" in author.cell.helpers:
        lines += [*SIGMOIDS[author.rng.choice(list(SIGMOIDS))], "", ""]
    if "softmax" in author.cell.helpers:
        shift = author.rng.random() < 0.7
        top = "z - np.max(z, axis=axis, keepdims=True)" if shift else "z"
        lines += ["def softmax(z, axis):", f"    e = np.exp({top})",
                  "    return e / np.sum(e, axis=axis, keepdims=True)", "", ""]  # fmt: skip
    return lines


def write(seed: int) -> Program:
    """The program of a seed."""
    author = Author(seed)
    text = Passes(author)
    head = [author.import_line, "", "", *helpers(author)]
    before, backward, after = FACES[author.face](author, text)
    inputs = text.inputs()
    one_hot = {"targets": text.letters_over_time("n_y").index("n_y")} if author.head == "one-hot" else {}
    return Program(
        f"program {seed}: {author.name}", "\n".join([*head, *before]) + "\n", "\n".join(backward) + "\n",
        "\n".join(after) + "\n", inputs, {"targets": "n_y"} if author.head == "labels" else {}, one_hot,
        ("TARGETS",) if author.head == "one-hot constant" else (), author.sizes, author.single,
    )  # fmt: skip
