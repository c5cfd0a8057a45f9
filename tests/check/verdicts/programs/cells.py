"""The equations of a recurrent cell, composed at random, each with what it gives to the adjoints of what it uses."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Statement:
    """One equation of a step.

    Attributes
    ----------
    name : str
        The variable that it defines.
    text : str
        Its right-hand side.
    gives : tuple of (str, str)
        To the adjoint of each variable or parameter that it uses: a term in the adjoint ``d<name>``.
    """

    name: str
    text: str
    gives: tuple[tuple[str, str], ...]


@dataclass
class Cell:
    """One step: parameters with their shapes in letters, states, statements, and functions that they call."""

    rows: bool
    dot: str
    parameters: dict[str, tuple[object, ...]] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    helpers: set[str] = field(default_factory=set)
    sizes: dict[str, str] = field(default_factory=dict)  # rows (or columns) of each variable, in letters

    # -- how a product and a sum over examples are written --------------------------------------------------

    def product(self, a: str, b: str) -> str:
        """Two matrices multiplied, as this author writes it."""
        return {"dot": f"np.dot({a}, {b})", "@": f"{a} @ {b}", "method": f"{a}.dot({b})",
                "matmul": f"np.matmul({a}, {b})"}[self.dot]  # fmt: skip

    def weighted(self, W: str, a: str) -> str:  # noqa: N803
        """A weight matrix applied to a variable."""
        return self.product(a, W) if self.rows else self.product(W, a)

    def over_examples(self, d: str) -> str:
        """What an adjoint gives to a bias."""
        return f"np.sum({d}, axis=0)" if self.rows else f"np.sum({d}, axis=1, keepdims=True)"

    def matrix(self, out: str, into: str) -> tuple[object, ...]:
        """The shape of a weight matrix."""
        return (into, out) if self.rows else (out, into)

    def vector(self, n: str) -> tuple[object, ...]:
        """The shape of a bias."""
        return (n,) if self.rows else (n, 1)

    # -- equations --------------------------------------------------------------------------------------------

    def say(self, name: str, text: str, *gives: tuple[str, str], size: str = "n_h") -> str:
        """One more equation."""
        self.statements.append(Statement(name, text, gives))
        self.sizes[name] = size
        return name

    def affine(self, name: str, inputs: Sequence[str], bias: bool = True, size: str = "n_h") -> str:
        """``W a + U b + bias``."""
        d, text, gives = f"d{name}", [], []
        tag = name.removeprefix("z")
        for a in inputs:
            W = f"W{tag}{a[0]}" if f"W{tag}{a[0]}" not in self.parameters else f"V{tag}{a[0]}"  # noqa: N806
            self.parameters[W] = self.matrix(size, self.sizes[a])
            text.append(self.weighted(W, a))
            gives.append((W, self.product(f"{a}.T", d) if self.rows else self.product(d, f"{a}.T")))
            gives.append((a, self.product(d, f"{W}.T") if self.rows else self.product(f"{W}.T", d)))
        if bias:
            self.parameters[f"b{tag}"] = self.vector(size)
            text.append(f"b{tag}")
            gives.append((f"b{tag}", self.over_examples(d)))
        return self.say(name, " + ".join(text), *gives, size=size)

    def joined(self, name: str, a: str, x: str) -> str:
        """``[a; x]``, for one weight matrix."""
        d = f"d{name}"
        axis, above, below = (1, "[:, :n_h]", "[:, n_h:]") if self.rows else (0, "[:n_h]", "[n_h:]")
        text = f"np.concatenate(({a}, {x}), axis={axis})"
        return self.say(name, text, (a, d + above), (x, d + below), size="n_h + n_x")

    def bent(self, name: str, z: str, activation: str) -> str:
        """An activation."""
        d = f"d{name}"
        text, slope = {
            "tanh": (f"np.tanh({z})", f"(1 - {name} ** 2)"),
            "sigmoid": (f"sigmoid({z})", f"{name} * (1 - {name})"),
            "relu": (f"np.maximum({z}, 0)", f"({z} > 0)"),
            "softplus": (f"np.log(1 + np.exp({z}))", f"sigmoid({z})"),
            "sin": (f"np.sin({z})", f"np.cos({z})"),
        }[activation]
        if activation in ("sigmoid", "softplus"):
            self.helpers.add("sigmoid")
        return self.say(name, text, (z, f"{d} * {slope}"))

    def times(self, name: str, a: str, b: str) -> str:
        """A product, element by element."""
        return self.say(name, f"{a} * {b}", (a, f"d{name} * {b}"), (b, f"d{name} * {a}"))

    def between(self, name: str, u: str, a: str, b: str) -> str:
        """``u * a + (1 - u) * b``."""
        d = f"d{name}"
        gives = (u, f"{d} * ({a} - {b})"), (a, f"{d} * {u}"), (b, f"{d} * (1 - {u})")
        return self.say(name, f"{u} * {a} + (1 - {u}) * {b}", *gives)

    def remembered(self, name: str, f: str, c: str, i: str, g: str) -> str:
        """``f * c + i * g``."""
        d = f"d{name}"
        gives = (f, f"{d} * {c}"), (c, f"{d} * {f}"), (i, f"{d} * {g}"), (g, f"{d} * {i}")
        return self.say(name, f"{f} * {c} + {i} * {g}", *gives)

    def peeping(self, name: str, z: str, c: str, p: str) -> str:
        """``z + p * c`` with a weight of its own for every unit."""
        d = f"d{name}"
        self.parameters[p] = self.vector("n_h")
        return self.say(name, f"{z} + {p} * {c}", (z, d), (p, self.over_examples(f"{d} * {c}")), (c, f"{d} * {p}"))


BENDS = ("tanh", "tanh", "tanh", "relu", "softplus", "sin")


def compose(rng: random.Random, rows: bool, x: str = "xt") -> Cell:
    """A cell of a random kind."""
    cell = Cell(rows, rng.choice(["dot", "dot", "@", "@", "method", "matmul"]))
    cell.sizes = {x: "n_x", "h_prev": "n_h", "c_prev": "n_h"}
    kind = rng.choice(
        [elman, elman, leaky, residual, multiplicative, gru, gru, minimal, lstm, lstm, coupled, two_layers]
    )
    kind(cell, rng, x)
    cell.sizes |= {s: "n_h" for s in cell.states}
    return cell


def _into(cell: Cell, rng: random.Random, x: str, h: str = "h_prev", name: str = "concat") -> list[str]:
    """What goes into every gate: state and input one after the other, or joined."""
    return [cell.joined(name, h, x)] if rng.random() < 0.4 else [h, x]


def elman(cell: Cell, rng: random.Random, x: str) -> None:
    """The simple cell."""
    cell.states = ["h"]
    cell.bent("h", cell.affine("z", _into(cell, rng, x)), rng.choice(BENDS))


def leaky(cell: Cell, rng: random.Random, x: str) -> None:
    """A state that moves a part of the way."""
    cell.states = ["h"]
    cell.bent("g", cell.affine("z", _into(cell, rng, x)), rng.choice(BENDS))
    cell.say("h", "0.7 * h_prev + 0.3 * g", ("h_prev", "0.7 * dh"), ("g", "0.3 * dh"))


def residual(cell: Cell, rng: random.Random, x: str) -> None:
    """A state to which something is added."""
    cell.states = ["h"]
    cell.bent("g", cell.affine("z", _into(cell, rng, x)), rng.choice(["tanh", "sin"]))
    cell.say("h", "h_prev + g", ("h_prev", "dh"), ("g", "dh"))


def multiplicative(cell: Cell, rng: random.Random, x: str) -> None:
    """State and input multiply each other."""
    cell.states = ["h"]
    a, b = cell.affine("za", ["h_prev"]), cell.affine("zb", [x])
    cell.times("k", a, b)
    cell.bent("h", "k", "tanh")


def gru(cell: Cell, rng: random.Random, x: str) -> None:
    """With a reset gate before the candidate, or without."""
    cell.states = ["h"]
    into = _into(cell, rng, x)
    cell.bent("u", cell.affine("zu", into), "sigmoid")
    h = "h_prev"
    if rng.random() < 0.8:
        cell.bent("r", cell.affine("zr", into), "sigmoid")
        h = cell.times("rh", "r", "h_prev")
    inner = [cell.joined("joined", h, x)] if len(into) == 1 else [h, x]
    cell.sizes[h] = "n_h"
    cell.bent("g", cell.affine("zg", inner), rng.choice(["tanh", "tanh", "relu"]))
    cell.between("h", "u", *rng.choice([("g", "h_prev"), ("h_prev", "g")]))


def minimal(cell: Cell, rng: random.Random, x: str) -> None:
    """One gate that forgets and resets."""
    cell.states = ["h"]
    cell.bent("f", cell.affine("zf", ["h_prev", x]), "sigmoid")
    cell.times("fh", "f", "h_prev")
    cell.bent("g", cell.affine("zg", ["fh", x]), "tanh")
    cell.between("h", "f", "g", "h_prev")


def _gate(cell: Cell, letter: str, into: Sequence[str], c: str | None) -> str:
    z = cell.affine(f"z{letter}", into)
    if c is not None:
        z = cell.peeping(f"v{letter}", z, c, f"p{letter}")
    return cell.bent(letter, z, "sigmoid")


def lstm(cell: Cell, rng: random.Random, x: str) -> None:
    """Three gates, some with peepholes."""
    cell.states = ["h", "c"]
    into = _into(cell, rng, x)
    peep = rng.random() < 0.25
    f, i = (_gate(cell, gate, into, "c_prev" if peep else None) for gate in "fi")
    g = cell.bent("g", cell.affine("zg", into), "tanh")
    cell.remembered("c", f, "c_prev", i, g)
    o = _gate(cell, "o", into, "c" if peep else None)
    cell.bent("k", "c", "tanh")
    cell.times("h", o, "k")


def coupled(cell: Cell, rng: random.Random, x: str) -> None:
    """What is forgotten is what is written."""
    cell.states = ["h", "c"]
    into = _into(cell, rng, x)
    f = _gate(cell, "f", into, None)
    g = cell.bent("g", cell.affine("zg", into), "tanh")
    cell.between("c", f, "c_prev", g)
    o = _gate(cell, "o", into, None)
    cell.times("h", o, "c")


def two_layers(cell: Cell, rng: random.Random, x: str) -> None:
    """A simple cell above another; the state of the lower one is called c."""
    cell.states = ["h", "c"]
    cell.bent("c", cell.affine("z", ["c_prev", x]), "tanh")
    cell.sizes["c"] = "n_h"
    cell.bent("h", cell.affine("zq", ["h_prev", "c"]), rng.choice(BENDS))
