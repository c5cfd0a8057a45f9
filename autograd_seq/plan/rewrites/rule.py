"""A rule: an equality between values, read from left to right wherever its pattern fits, until nothing changes.

A rule is a function of a `Match` that makes new values and changes none. It gives the value that is to stand where the
matched one stood, or a dict of several that are replaced together, or None where it has nothing to say:

    @rule("(Xᵀ)ᵀ = X", P(TRANSPOSE, P(TRANSPOSE, "x", timed=False), timed=False))
    def turned_twice(match):
        return match["x"].value

What it makes must equal what it replaces at every step at which that is computed, for all shapes and numbers of steps:
it may ask whether two sizes or ranges of steps are equal, add and subtract them, and nothing else. So the same rules
serve a network of five steps and one whose number of steps is not known yet. `Value.instead` keeps what stands
beyond the steps, such as a<0>.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from autograd_seq.plan.rewrites.patterns import Match, Pattern
from autograd_seq.plan.rewrites.surroundings import Surroundings
from autograd_seq.plan.value import Network, Value

Made = Value | Mapping[Value, Value] | tuple[Mapping[Value, Value], str] | None


@dataclass(frozen=True, eq=False)
class Rule:
    """An equality, and what it takes to apply it.

    Attributes
    ----------
    law : str
        The equality.
    pattern : Pattern
        Of the value that is replaced.
    make : function
        From a `Match`, what stands there instead. Beside a dict it may give a note about this one case.
    note : str
        What `explain` says where the rule was applied ``{n}`` times; empty if nothing.
    """

    law: str
    pattern: Pattern
    make: Callable[[Match], Made] = field(repr=False)
    note: str = ""

    @property
    def name(self) -> str:
        """Of the function."""
        return self.make.__name__

    def at(self, value: Value, around: Surroundings) -> tuple[Mapping[Value, Value], str]:
        """What to replace by what where a value stands, and a note about it; nothing if the rule does not apply."""
        match = self.pattern.match(value, around)
        made = None if match is None else self.make(match)
        if made is None:
            return {}, ""
        if isinstance(made, tuple):
            return made
        return ({value: made} if isinstance(made, Value) else made), ""


def rule(law: str, pattern: Pattern, note: str = "") -> Callable[[Callable[[Match], Made]], Rule]:
    """Make a rule of a function.

    Examples
    --------
    >>> from autograd_seq.plan.rewrites.patterns import P
    >>> from autograd_seq.plan.value import GIVEN, TRANSPOSE, Network, Use, Value
    >>> @rule("(Xᵀ)ᵀ = X", P(TRANSPOSE, P(TRANSPOSE, "x")), "{n} matrices: turned twice")
    ... def turned_twice(match):
    ...     return match["x"].value
    >>> w = Value(GIVEN, (2, 3), float, name="w")
    >>> turned = w.like(TRANSPOSE, [Use(w.like(TRANSPOSE, [Use(w)], shape=(3, 2)))])
    >>> network = Network({"y": Use(turned)})
    >>> apply(network, (turned_twice,))
    >>> network.outputs["y"].value is w, network.notes
    (True, ['1 matrices: turned twice'])
    """
    return lambda make: Rule(law, pattern, make, note)


Group = Sequence[Rule]


def apply(network: Network, *groups: Group) -> None:
    """Apply rules until none of them changes anything.

    Parameters
    ----------
    network : Network
        Its values use others afterwards, and its notes say what was done.
    *groups : sequence of Rule
        Each group goes through all values, operands first, and takes at each the first rule that applies. A group is
        asked where none of those before it has anything to do.
    """
    work = _Work(Surroundings(network), groups)
    while work.step():
        pass
    said: dict[str, int] = {}
    for one, count in work.counts.items():
        network.applied[one] = network.applied.get(one, 0) + count
        said[one.note] = said.get(one.note, 0) + count
    network.notes += [note.format(n=count) for note, count in said.items() if note] + work.notes


class _Work:
    """Which values each group has still to look at: all at first, then those near a change."""

    def __init__(self, around: Surroundings, groups: Sequence[Group]) -> None:
        self.around, self.groups = around, groups
        self.counts: dict[Rule, int] = {}
        self.notes: list[str] = []
        self.left = [set(around.values) for _ in groups]

    def step(self) -> bool:
        """Let the first group that finds something to do at what it has to look at do it; whether any did."""
        for group, left in zip(self.groups, self.left, strict=True):
            values = self.around.in_order(value for value in left if self.around.alive(value))
            left.clear()
            if values and self._apply(group, values):
                return True
        return False

    def _apply(self, group: Group, values: Sequence[Value]) -> bool:
        """Take the first rule of a group that applies, at each value; whether any did."""
        fitting: dict[object, list[Rule]] = {}
        around = self.around
        around.changed.clear()
        for value in values:
            if value.kind not in fitting:
                fitting[value.kind] = [one for one in group if one.pattern.may_be(value.kind)]
            for one in fitting[value.kind]:
                replacements, note = one.at(value, around) if around.alive(value) else ({}, "")
                if replacements:
                    around.replace(replacements)
                    self.counts[one] = self.counts.get(one, 0) + 1
                    self.notes += [note] if note else []
                    break
        if not around.changed:
            return False
        near = around.near(around.changed)
        for left in self.left:
            left |= near
        around.look_again()
        return True
