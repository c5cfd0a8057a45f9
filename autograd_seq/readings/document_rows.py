"""What a derivation's document shows: rows of equations with their code, node and origin, and what was proven."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_seq.readings.equations import Equation, Equations
from autograd_seq.translation.reader import translated


@dataclass(frozen=True)
class Row:
    """One equation with what stands beside it.

    Attributes
    ----------
    equation : Equation
        The equation.
    code : tuple of str
        Its lines in the generated NumPy program.
    node : str
        The name of its node in tables and pictures, such as ``Γ_f<t>``.
    origin : str
        The user's line behind it, as ``file:line: text``; empty where nobody wrote one.
    status : str
        What was found out about it: ``proven`` …; empty where nothing was claimed.
    """

    equation: Equation
    code: tuple[str, ...]
    node: str
    origin: str
    status: str = ""


@dataclass(frozen=True)
class Claimed:
    """What was found out about one gradient."""

    name: str
    latex: str
    status: str
    links: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def reasons(self) -> str:
        """The links of its proof, each with its status, in the reader's language."""
        found = dict(self.links)
        if found.keys() != {"rule", "meaning", "bookkeeping"}:
            return "; ".join(f"{link}: {status}" for link, status in self.links)
        rule, meaning, bookkeeping = found["rule"], found["meaning"], found["bookkeeping"]
        return translated(f"rule: {rule}; meaning: {meaning}; bookkeeping: {bookkeeping}")

    @property
    def remarks(self) -> list[str]:
        """What limits it, in the reader's language."""
        return [translated(note) for note in self.notes]


@dataclass(frozen=True, repr=False)
class Contents:
    """A whole derivation, before it is written in some format.

    Attributes
    ----------
    title : str
        What it is about.
    equations : Equations
        Both passes.
    forward, backward : tuple of Row
        Each equation with its code, node and origin.
    source : str
        The generated module.
    picture : str
        An SVG drawing; empty if there is none.
    claims : tuple of Claimed
        What was proven of each gradient; empty if nobody tried.
    notes : tuple of str
        What limits the claims.
    """

    title: str
    equations: Equations
    forward: tuple[Row, ...]
    backward: tuple[Row, ...]
    source: str
    picture: str = ""
    claims: tuple[Claimed, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """What stands above everything, in the reader's language."""
        return translated(f"{self.title}: forward and backward")

    @property
    def passes(self) -> list[tuple[str, tuple[Row, ...]]]:
        """The passes that have equations, each with its heading."""
        both = [(translated("Forward"), self.forward), (translated("Backward"), self.backward)]
        return [(title, rows) for title, rows in both if rows]
