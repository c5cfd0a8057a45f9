r"""The recording as matrix equations in the notes' notation, one equation in t for all steps.

Equations are trees before they are text: each can be evaluated against the recorded
values. They stop at what has a name, and name every adjoint after its node.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.array import Array
from autograd_seq.core.notation import ATOM, PRODUCT, SERIES, SIGN, SUM, Written, enclosed
from autograd_seq.core.scope import Scope
from autograd_seq.folding.step_index import GivenIndex, StepIndex
from autograd_seq.folding.unit import Family, Node, Ref, Unit
from autograd_seq.readings.claim import formula
from autograd_seq.readings.derivation import Derivation
from autograd_seq.translation.reader import translated
from autograd_seq.writer import Called, Steps, Writer, numeral
from autograd_seq.writer.evaluate import evaluate
from autograd_seq.writer.latex_lines import lines as lines_of
from autograd_seq.writer.latex_lines import width
from autograd_seq.writer.latex_text import in_math
from autograd_seq.writer.tree import Assumption, Named, Number, Size, Tree, indices_in, names_in, record_of

LINE = 345.0  # of an article's page, in points


@dataclass(frozen=True, repr=False)
class Equation:
    """One equation, for one or for many time steps.

    Attributes
    ----------
    left : Named
        What it defines.
    right : tree
        What that is.
    times : tuple of int
        The steps at which it holds; empty if it has none.
    condition : str
        ``t < T``, ``t = T`` …; empty where it always holds.
    pass_ : {"forward", "backward"}
        Which pass it belongs to.
    assumed : tuple of Assumption
        What has to hold of the data, such as that one-hot targets add up to 1.
    """

    left: Named
    right: Tree
    times: tuple[int, ...]
    condition: str
    pass_: str
    derivation: Derivation = field(repr=False, compare=False)
    assumed: tuple[Assumption, ...] = ()

    @property
    def name(self) -> str:
        """The name of what it defines, in ASCII, without a place."""
        return self.derivation.names[self.left.unit]

    @property
    def node(self) -> str:
        """The name of the forward node that it belongs to, as drawings and tables write it."""
        unit = self.derivation.adjoint_of.get(self.left.unit, self.left.unit)
        called = self.derivation.names.get(unit)
        if called is None:
            called = self.derivation.own_name(unit)
        step = "t" if isinstance(unit, Family) else None
        return names.text(called, self.derivation.scope(unit), step if self._begin is None else str(self.left.at))

    @property
    def line(self) -> Any:
        """The user's line behind it, a `SourceLine`; None for what nobody wrote."""
        unit = self.derivation.adjoint_of.get(self.left.unit, self.left.unit)
        return record_of(unit if self._begin is None else self._begin).source

    @property
    def _begin(self) -> Unit | None:
        """What stands in before the first step, if this is the equation of that."""
        unit, at = self.left.unit, self.left.at
        ref = unit.extension.get(at) if isinstance(unit, Family) and at is not None else None
        return None if ref is None else ref.unit

    @property
    def text(self) -> str:
        """In Unicode."""
        return self._written("text")

    @property
    def formula(self) -> str | None:
        """In the grammar of `check_formula`, as a claim about one step; None if it is not about one step.

        States of this step are called ``a_next``, those of the step before ``a_prev``, the input ``x_t``.
        """
        return formula(self)

    @property
    def latex(self) -> str:
        r"""In LaTeX, for between ``$`` signs."""
        return self._written("latex")

    def latex_lines(self, most: float, beside: float | None = None) -> list[str]:
        r"""In LaTeX for ``align``, on several lines if one would be wider than `most` points; in ASCII.

        `beside` is how wide the left-hand sides are that stand above each other; this one's own if not given.
        """
        left, right = (in_math(side) for side in self._sides("latex"))
        first, *more = lines_of(right, most - (width(left) if beside is None else beside) - width("=\\quad"))
        return [f"{left} &= {first}", *(rf"&\quad {line}" for line in more)]

    def _written(self, language: str) -> str:
        return " = ".join(self._sides(language))

    def _sides(self, language: str) -> tuple[str, str]:
        writer = writer_for(self.derivation, language)
        left, right = writer(self.left), writer(self.right)
        said = [self.condition] if self.condition else []
        said += [f"{writer(assumption.left)} = {writer(assumption.right)}" for assumption in self.assumed]
        if not said:
            return left, right
        if language == "latex":
            return left, rf"{right} \quad ({', '.join(map(_in_latex, said))})"
        return left, f"{right}    ({', '.join(said)})"

    def evaluate(self, time: int | None = None) -> Array:
        """The value of the right-hand side at a step, from the recorded values of what it names."""
        return evaluate(self._whole().right, time)

    def value(self, time: int | None = None) -> Array:
        """The recorded value of the left-hand side at a step."""
        return evaluate(self._whole().left, time)

    def _whole(self) -> Equation:
        """The same equation, with the values of every step."""
        whole = self.derivation.whole
        if whole is self.derivation:
            return self
        return next(e for e in equations(whole) if (e.pass_, e.text) == (self.pass_, self.text))

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class Equations:
    """A forward pass and its backward pass as equations.

    Attributes
    ----------
    forward, backward : tuple of Equation
        In the order in which they are computed.
    T : int
        The number of time steps that were recorded; 0 if there are none.
    """

    forward: tuple[Equation, ...]
    backward: tuple[Equation, ...]
    T: int

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.forward + self.backward)

    def __len__(self) -> int:
        return len(self.forward) + len(self.backward)

    def find(self, name: str) -> list[Equation]:
        """The equations that define `name`, one for each boundary case."""
        return [equation for equation in self if equation.name == name]

    @property
    def text(self) -> str:
        """In Unicode, for a terminal."""
        parts = []
        for title, equations in self._passes():
            if equations:
                parts.append("\n".join([translated(title), *(f"  {equation.text}" for equation in equations)]))
        return "\n\n".join(parts)

    @property
    def latex(self) -> str:
        r"""Two ``align*`` environments that fit on ordinary pages; needs the package amsmath."""
        parts = []
        for equations in (self.forward, self.backward):
            if equations:
                beside = max(width(writer_for(e.derivation, "latex")(e.left)) for e in equations)
                rows = [row for equation in equations for row in equation.latex_lines(LINE, beside)]
                parts.append("\\begin{align*}\n  " + " \\\\\n  ".join(rows) + "\n\\end{align*}")
        return "\n".join([r"\begingroup\allowdisplaybreaks", *parts, r"\endgroup"]) if parts else ""

    @property
    def markdown(self) -> str:
        """Markdown with a display formula for each equation."""
        parts = []
        for title, equations in self._passes():
            if equations:
                formulas = "\n\n".join(f"$${equation.latex}$$" for equation in equations)
                parts.append(f"### {translated(title)}\n\n{formulas}")
        return "\n\n".join(parts) + "\n"

    def _passes(self) -> list[tuple[str, tuple[Equation, ...]]]:
        return [(translated("Forward"), self.forward), (translated("Backward"), self.backward)]

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return self.markdown


def equations(thing: Any) -> Equations:
    r"""Both passes of a recording as matrix equations.

    Parameters
    ----------
    thing : Tensor, Graph, Recording, run or cell
        A scalar is differentiated. For states or outputs without a loss, the adjoint that arrives from
        outside is called δ.

    Returns
    -------
    Equations
        With ``.text``, ``.latex`` and ``.markdown``.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, name, steps, sum, tanh
    >>> W, a = Parameter([[0.5]], "W"), Tensor([[1.0]], "a")
    >>> for t in steps(4):
    ...     a = name(tanh(W @ a), "a")
    >>> print(equations(name(sum(a), "J")))
    Forward
      a<0> = a
      a<t> = tanh(W a<t-1>)
      J = Σ(a<T>)
    <BLANKLINE>
    Backward
      da<t> = Wᵀ dz_a<t+1>    (t < T)
      da<T> = 1    (t = T)
      dz_a<t> = da<t> ∘ (1 − a<t>²)
      ∂J/∂W = Σ_t dz_a<t> a<t-1>ᵀ
    """
    derivation = thing if isinstance(thing, Derivation) else Derivation(thing)
    forward, backward = derivation.blocks
    passes = []
    for label, blocks in (("forward", forward), ("backward", backward)):
        found: list[Equation] = _begun_data(derivation) if label == "forward" else []
        for block in blocks:
            for unit in block.units:
                if unit in derivation.names and not unit.leaf and not _is_number(derivation, unit):
                    found.extend(_of_unit(derivation, unit, label))
        passes.append(tuple(sorted(found, key=lambda equation: _rank(derivation, equation))))
    said = Equations(passes[0], _needed(derivation, passes[1]), derivation.last)
    for index in (index for equation in said for index in indices_in(equation.right)):
        derivation.called(index.data)  # in this order, whichever is written first
    return said


def _needed(derivation: Derivation, backward: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """Without adjoints that are numbers and that no equation calls by name, once all is simplified."""
    while True:
        called = {named.unit for equation in backward for named in names_in(equation.right)}
        owners = [derivation.adjoint_of.get(equation.left.unit) for equation in backward]
        kept = tuple(
            equation
            for equation, owner in zip(backward, owners, strict=True)
            if equation.left.unit in called or owner is None or owner.leaf
            or derivation.trees.constant(equation.left.unit) is None
        )  # fmt: skip
        if len(kept) == len(backward):
            return kept
        backward = kept


def _in_latex(condition: str) -> str:
    for sign, command in (("…", r"\dots"), ("≥", r"\geq"), ("≤", r"\leq")):
        condition = condition.replace(sign, command)
    return condition


def _is_number(derivation: Derivation, unit: Unit) -> bool:
    """Whether it stands as a number wherever it is used, as dJ = 1 does; a gradient that was asked for does not."""
    owner = derivation.adjoint_of.get(unit)
    asked = owner is not None and owner.leaf
    return not record_of(unit).ndim and not asked and derivation.trees.constant(unit) is not None


def _rank(derivation: Derivation, equation: Equation) -> int:
    """The gradients of parameters come last, in the order of the parameters; all else stays as it is computed."""
    owner = derivation.adjoint_of.get(equation.left.unit)
    return owner.order + 1 if isinstance(owner, Node) and owner.leaf and owner.time is None else 0


def _of_unit(derivation: Derivation, unit: Unit, label: str) -> list[Equation]:
    if isinstance(unit, Node):
        left = Named(unit, 0, unit.time)
        right = derivation.trees.definition(unit)
        return [Equation(left, right, (), "", label, derivation, derivation.trees.assumed(unit))]
    result = []
    if label == "forward":
        for t, ref in unit.extension.items():
            if not _natural(derivation, unit, t, ref):
                right = derivation.trees.refer(ref)
                result.append(Equation(Named(unit, 0, t), right, (), "", label, derivation))
    groups: dict[tuple[Any, ...], list[int]] = {}
    for t in unit.times:
        groups.setdefault(_outline(derivation, unit, t), []).append(t)
    whole = len(groups) == 1
    for special, times in sorted(groups.items(), key=lambda item: len(item[0])):
        alone = times[0] if special and len(times) == 1 else None
        tree = derivation.trees.definition(unit, times[0] if special else None, alone)
        assumed = derivation.trees.assumed(unit)
        left = Named(unit, 0, alone)
        condition = "" if whole and len(times) == derivation.last else _condition(times, derivation.last)
        result.append(Equation(left, tree, tuple(times), condition, label, derivation, assumed))
    return result


def _begun_data(derivation: Derivation) -> list[Equation]:
    """What stands in before the first of data, such as the y<0> of a decoder that is told y<t-1>."""
    given = [unit for unit in derivation.folded.units if isinstance(unit, Family) and unit.leaf]
    found = [(unit, t, ref) for unit in given for t, ref in unit.extension.items() if derivation.in_forward(unit)]
    return [
        Equation(Named(unit, 0, t), derivation.trees.refer(ref), (), "", "forward", derivation)
        for unit, t, ref in found
        if unit in derivation.names and not _natural(derivation, unit, t, ref)
    ]


def _natural(derivation: Derivation, unit: Family, time: int, ref: Ref) -> bool:
    """Whether what stands in beside the first step has the name that a member would have, such as a<0>."""
    other = ref.unit
    if not isinstance(other, Node) or other not in derivation.names:
        return False
    return derivation.names[other] == derivation.names.get(unit) and other.time == time and other.lane == unit.lane


def _outline(derivation: Derivation, unit: Family, time: int) -> tuple[Any, ...]:
    """What is special about a step: which terms it lacks, and which others stand in."""
    special: list[Any] = []
    for i, use in enumerate(unit.uses):
        x = use.ref.unit
        if not isinstance(x, Family) or use.ref.at is not None:
            continue
        there = time + use.ref.shift
        if there not in x.members:
            ref = x.extension.get(there)
            if ref is None:
                special.append((i, None))
            elif unit.total or x not in derivation.names:
                special.append((i, ref))
        elif x not in derivation.names and (inside := _outline(derivation, x, there)):
            special.append((i, inside))
    return tuple(special)


def _condition(times: list[int], last: int) -> str:
    first, end = times[0], times[-1]
    if first == end:
        return f"t = {_step(first, last)}"
    if end == last:
        return f"t > {first - 1}" if first > 1 else ""
    if first == 1:
        return f"t < {_step(end + 1, last)}"
    return f"t = {first} … {_step(end, last)}"


def _step(time: int, last: int) -> str:
    if time == last and last > 1:
        return "T"
    if abs(time - last) == 1 and last > 3:
        return f"T{'+' if time > last else '-'}1"
    return str(time)


# -- names -----------------------------------------------------------------------------------------


def writer_for(derivation: Derivation, language: str) -> Writer:
    """A writer with the notes' names: adjoints after their nodes, gradients as ∂J/∂W."""

    def refer(named: Named) -> Called:
        unit = named.unit
        step = _time_of(named, derivation.last)
        scope = derivation.scope(unit)
        owner = derivation.adjoint_of.get(unit)
        write = names.latex if language == "latex" else names.text
        if isinstance(owner, Node) and owner.leaf and owner.time is None and owner in derivation.names:
            below = _write(write, derivation.names[owner], scope, "")
            top = _name_of_output(derivation)
            top = names.latex(top) if language == "latex" else names.text(top)
            if language == "latex":
                return rf"\frac{{\partial {top}}}{{\partial {below}}}", SIGN
            return f"∂{top}/∂{below}", PRODUCT
        name = derivation.names.get(unit)
        if name is None:
            return _constant(unit, language)
        return _write(write, name, scope, step)

    def size(size: Size) -> str:
        rows = [n for n in names_in(size.tree) if n.unit in derivation.names]
        rows = [n for n in rows if record_of(n.unit).shape[:1] == (size.value,)]
        if size.axis != 0 or not rows:
            return str(size.value)
        state = next((n for n in rows if n.unit in derivation.states), rows[0])
        direction = Scope(direction=derivation.scope(state.unit).direction)
        name = _write(names.latex if language == "latex" else names.text, derivation.names[state.unit], direction, "")
        return rf"n_{{{name}}}" if language == "latex" else f"n_{name}"

    def every(family: Family, body: Written, summed: bool) -> Written:
        times = family.times
        text = enclosed(body, SUM + 1, behind=True) if summed else body[0]
        if not summed:
            first, last = (_at(text, t, derivation.last) for t in (times[0], times[-1]))
            dots = r"\dots" if language == "latex" else "…"
            return f"{first}, {dots}, {last}", 0
        whole = times[0] == 1 and times[-1] == derivation.last
        if language == "latex":
            return rf"\sum_{{t={times[0]}}}^{{{_step(times[-1], derivation.last)}}} {text}", SERIES
        bounds = "" if whole else f"={times[0]}…{_step(times[-1], derivation.last)}"
        return f"Σ_t{bounds} {text}", SERIES

    def given(index: GivenIndex, shift: int, at: int | None) -> str:
        outside = index.values[0][0] is None
        step = "" if outside else _step(at, derivation.last) if at is not None else _from_now(shift)
        return _write(names.latex if language == "latex" else names.text, derivation.called(index), Scope(), step)

    def time(shift: int, at: int | None) -> str:
        return repr(StepIndex(shift)) if at is None else re.sub("(?<=T)([+-])", r" \1 ", _step(at, derivation.last))

    def number(number: Number) -> Written | None:
        word = None if number.origin is None else number.origin.counts
        write = names.latex if language == "latex" else names.text
        if number.origin is not None and number.origin.turns and number.value != derivation.last:
            return None  # of another loop than the one over time
        return None if word is None else (_write(write, word, Scope(), ""), ATOM)

    return Writer(language, refer, steps=Steps(size, every, given, number, time))


def _name_of_output(derivation: Derivation) -> str:
    """What the equations call the scalar that was differentiated."""
    output = derivation.forward.outputs[0]
    node = derivation.folded.nodes.forward.get(output)
    called = derivation.names.get(node) if node is not None else None
    return called or output.name or "J"


def _at(text: str, time: int, last: int) -> str:
    """A list's first and last element: its t replaced."""
    step = _step(time, last)
    return text.replace("<t>", f"<{step}>").replace(r"\langle t \rangle", rf"\langle {step} \rangle")


def _write(write: Any, name: str, scope: Any, step: str) -> str:
    if write is names.latex:
        return str(names.latex(name, step, scope))
    return str(names.text(name, scope, step))


def _time_of(named: Named, last: int) -> str:
    at = named.at
    if at is None and isinstance(named.unit, Node):
        at = named.unit.time
    if at is not None:
        return _step(at, last)
    if isinstance(named.unit, Node):
        return ""
    return _from_now(named.shift)


def _from_now(shift: int) -> str:
    return "t" if not shift else f"t{'-' if shift < 0 else '+'}{abs(shift)}"


def _constant(unit: Unit, language: str) -> Called:
    """An unnamed array: its numbers if they are few."""
    value = record_of(unit)._value
    if value.size == 1:
        return numeral(float(f"{value.item():g}"), language)
    unique = np.unique(value)
    if len(unique) == 1:
        text, level = numeral(float(f"{unique[0]:g}"), language)
        return (rf"\mathbf{{{text}}}", ATOM) if language == "latex" else (text, level)
    return rf"\text{{constant}}_{{{unit.order}}}" if language == "latex" else f"constant_{unit.order}"


def lines(graph: Any, language: str = "text") -> list[str]:
    """The forward pass alone, one line an equation.

    Parameters
    ----------
    graph : Tensor, Graph, run or cell
        What to read.
    language : {"text", "latex"}
        Unicode for a terminal, or LaTeX.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, name, tanh
    >>> a = name(tanh(Parameter([[0.5]], "Waa") @ Tensor([[1.0]], "a_prev") + 1), "a")
    >>> print(lines(a)[0])
    a = tanh(W_aa a_prev + 1)
    """
    return [getattr(equation, language) for equation in equations(graph).forward]
