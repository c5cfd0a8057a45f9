"""What is decided before a program is written: its cell, its loss, where it keeps its numbers, how it is laid out."""

from __future__ import annotations

import random

from check.verdicts.programs.cells import Cell, Statement, compose

STORES = ("arrays", "arrays", "lists", "dicts", "inline arrays", "inline dicts", "tuples", "steps")
FACES = ("functions", "functions", "dict", "class", "global", "lossFun")
HEADS = ("states", "last", "one-hot", "one-hot constant", "labels", "squared")
PLACES = {"last": "[:, :, {}]", "first": "[{}]", "middle": "[:, {}]"}
AXES = {"last": 2, "first": 0, "middle": 1}


def many(variable: str) -> str:
    """What the values of a variable at all steps are called."""
    return "ins" if variable == "i" else f"{variable}s"  # "is" is a word of Python's


class Author:
    """Everything that is decided before a program is written."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.rows = rng.random() < 0.35
        self.cell = compose(rng, self.rows)
        self.store = rng.choice(STORES)
        self.face = rng.choice(FACES)
        self.head = rng.choice(HEADS if self.face != "lossFun" else HEADS[2:])
        self.layout = rng.choice(["first", "middle"] if self.rows else ["last", "last", "first"])
        self.back_in_time = self.store not in ("lists", "tuples", "steps") and rng.random() < 0.2
        self.single = self.store == "arrays" and rng.random() < 0.12
        of_tensors = rng.random() < 0.2 and not self.single
        self.import_line = "import autograd_seq.numpy as np" if of_tensors else "import numpy as np"
        self.sizes = {"n_x": rng.choice([2, 3]), "n_h": rng.choice([3, 4]), "n_y": rng.choice([2, 3]),
                      "m": rng.choice([1, 2, 4, 5]), "T": rng.choice([3, 4])}  # fmt: skip
        self.head_statements(self.cell)

    @property
    def name(self) -> str:
        """The style, in words."""
        time = ", back in time" if self.back_in_time else ""
        kind = "rows" if self.rows else "columns"
        single = ", float32" if self.single else ""
        own = ", tensors' numpy" if "autograd" in self.import_line else ""
        return f"{self.face}, {self.store}, {self.head}, {kind}{time}{single}{own}"

    # -- the loss -----------------------------------------------------------------------------------------------

    def head_statements(self, cell: Cell) -> None:
        """The readout, as further statements of a step; the loss stands behind them."""
        self.readout: list[Statement] = []
        if self.head in ("one-hot", "one-hot constant", "labels", "squared"):
            cell.sizes["h"] = "n_h"
            cell.affine("s", ["h"], size="n_y")
            if self.head != "squared":
                axis = 1 if self.rows else 0
                cell.helpers.add("softmax")
                cell.say("q", f"softmax(s, axis={axis})", size="n_y")
                self.readout.append(cell.statements.pop())
            self.readout.insert(0, next(s for s in cell.statements if s.name == "s"))
            cell.statements.remove(self.readout[0])

    @property
    def loses(self) -> bool:
        """Whether it ends in a loss."""
        return bool(self.readout)

    def target(self) -> str:
        """What the targets are called."""
        return "TARGETS" if self.head == "one-hot constant" else "targets"

    def loss_lines(self) -> list[str]:
        """What a step adds to the loss."""
        at = self.at(self.target())
        m = f"np.arange({self.size_of('m')})"
        picked = f"q[{m}, {at}]" if self.rows else f"q[{at}, {m}]"
        return {
            "squared": [f"loss = loss + 0.5 * np.sum((s - {at}) ** 2)"],
            "labels": [f"loss = loss - np.sum(np.log({picked}))"],
        }.get(self.head, [f"loss = loss - np.sum({at} * np.log(q))"])

    def loss_backward(self) -> list[str]:
        """The adjoint of the readout, and of targets that are inputs."""
        at = self.at(self.target())
        m = f"np.arange({self.size_of('m')})"
        if self.head == "squared":
            return [f"ds = dloss * (s - {at})", f"{self.at('dtargets')} = -ds"]
        if self.head == "labels":
            picked = f"ds[{m}, {at}]" if self.rows else f"ds[{at}, {m}]"
            return ["ds = np.array(q)", f"{picked} -= 1", "ds = ds * dloss"]
        lines = [f"ds = (q - {at}) * dloss"]
        return lines + ([f"{self.at('dtargets')} = -np.log(q) * dloss"] if self.head == "one-hot" else [])

    # -- where numbers are kept ---------------------------------------------------------------------------------

    def at(self, array: str, t: str = "t") -> str:
        """One step of an array over time; of labels (T, m)."""
        if array in ("targets", "TARGETS") and self.head == "labels":
            return f"{array}[{t}]"
        return array + PLACES[self.layout].format(t)

    def size_of(self, n: str) -> str:
        """A size as a program takes it from its first state."""
        axis = {"m": 0 if self.rows else 1, "n_h": 1 if self.rows else 0}[n]
        return f"h0.shape[{axis}]"

    @property
    def now(self) -> str:
        """The index of the state after a step, among T + 1."""
        return {"arrays": "t" if self.back_in_time else "t + 1", "lists": "t + 1", "dicts": "t"}[self.place]

    @property
    def before(self) -> str:
        """The index of the state before a step."""
        return {"arrays": "t + 1" if self.back_in_time else "t", "lists": "t",
                "dicts": "t + 1" if self.back_in_time else "t - 1"}[self.place]  # fmt: skip

    @property
    def place(self) -> str:
        """What the numbers are kept in."""
        return self.store.removeprefix("inline ")

    @property
    def inline(self) -> bool:
        """Whether a variable has no name but the place where it is kept."""
        return self.store.startswith("inline")

    def kept(self, name: str) -> str:
        """Where a variable is kept at step t."""
        if name == "xt":
            return self.at("x")
        state, _, prev = name.partition("_")
        index = (self.before if prev else self.now) if state in self.cell.states else "t"
        array = many(state)
        return self.at(array, index) if self.place == "arrays" else f"{array}[{index}]"

    def shape(self, n: str) -> tuple[str, str]:
        """The shape of one step, in letters."""
        return ("m", n) if self.rows else (n, "m")

    def over_time(self, n: str, steps: str) -> str:
        """The shape of an array over time, as written in a program."""
        shape = list(self.shape(n))
        shape.insert(AXES[self.layout], steps)
        return ", ".join(shape)
