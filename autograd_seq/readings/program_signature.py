"""The arguments of a generated program's functions, and how they are taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.folding.step_index import GivenIndex
from autograd_seq.folding.unit import Family, Node, Unit
from autograd_seq.readings.derivation import Derivation
from autograd_seq.readings.own_arguments import count
from autograd_seq.readings.program import Line, ProgramWriter
from autograd_seq.readings.python_text import quoted
from autograd_seq.writer.tree import record_of


@dataclass
class Signature:
    """The arguments of the two functions.

    Attributes
    ----------
    required, optional : list
        The forward function's inputs before ``parameters`` and after it; the optional ones begin as zeros.
    later : list
        Required inputs after ``parameters``.
    parameters : dict
        From each parameter to its key.
    backward : list
        What only the backward pass takes, such as δ.
    given : dict
        From numbers and indices that are data, one for all or one for each step, to their values in the recording.
    own : list
        What comes from arguments of the user's own function.
    made : list
        The zeros that it makes itself.
    """

    required: list[Unit] = field(default_factory=list)
    later: list[Unit] = field(default_factory=list)
    optional: list[Unit] = field(default_factory=list)
    parameters: dict[Unit, str] = field(default_factory=dict)
    backward: list[Unit] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    own: list[Unit] = field(default_factory=list)
    made: list[Unit] = field(default_factory=list)


def signature(writer: ProgramWriter) -> Signature:
    """Sort the leaves into arguments."""
    d: Derivation = writer.d
    result = Signature()
    wanted = set(d.parameters)
    for unit in writer.variables:
        if not unit.leaf:
            continue
        if unit in wanted:
            result.parameters[unit] = _key(unit, writer)
        elif not d.in_forward(unit):
            result.backward.append(unit)
        elif writer.function is not None and unit in writer.function.given:
            result.own.append(unit)
        elif writer.function is not None and unit in writer.function.made and _zeros_like_input(writer, unit, result):
            result.made.append(unit)
        elif writer.function is not None and unit in writer.function.made:
            result.optional.append(unit)
        elif unit in writer.states:
            zero = not record_of(unit)._value.any()
            first = not any(u in writer.states for u in result.required)
            made_there = zero and unit.name is None and _like_input(writer, unit) is not None
            needed = first and not made_there  # nobody has the zeros that the program makes itself
            (result.required if needed else result.optional if zero else result.later).append(unit)
        elif isinstance(unit, Family) and not any(isinstance(u, Family) for u in result.required):
            result.required.insert(0, unit)
        else:
            result.later.append(unit)
    result.required.sort(key=lambda unit: isinstance(unit, Node))
    _ = writer.forward_lines, writer.backward_lines  # which say what else they take
    for (_, given), variable in writer.given.items():
        steps = given.values if isinstance(given, GivenIndex) else ((None, given),)
        values = [value for _, value in steps]
        result.given[variable] = values if steps[0][0] is not None else values[0]
    return result


def _key(unit: Unit, writer: ProgramWriter) -> str:
    """What a parameter is called in the dictionary: its name, unless two have the same."""
    name = unit.name or writer.variables[unit]
    same = [u for u in writer.d.parameters if u.name == name]
    return name if len(same) == 1 else writer.variables[unit]


def arguments_of_forward(writer: ProgramWriter, arguments: Signature) -> list[str]:
    """The arguments of the forward function: as the user's own function has them, if there is one."""
    later = [writer.variables[u] for u in arguments.later]
    optional = [f"{writer.variables[u]}=None" for u in arguments.optional]
    if writer.function is None:
        required = [writer.variables[u] for u in arguments.required]
        return [*required, "parameters", *later, *arguments.given, *optional]
    names = [*writer.function.arguments, *(writer.variables[u] for u in arguments.required), *later]
    names += [name for name in arguments.given if name not in writer.function.arguments]
    unused = not_needed(writer, arguments)
    last = next((i for i in reversed(range(len(names))) if names[i] not in unused), -1)
    return [*names[: last + 1], *(f"{name}=None" for name in names[last + 1 :]), *optional]


def not_needed(writer: ProgramWriter, arguments: Signature) -> set[str]:
    """Arguments of the user's function that the program has no need of."""
    own = writer.function
    if own is None:
        return set()
    used = own.roots | set(arguments.given) | words_in(length_of_time(writer, arguments))
    used |= {"T"} if counts_steps(writer) else set()
    if any(unit not in own.given for unit in arguments.parameters):
        used.add(own.parameters)
    return set(own.arguments) - used


def unpacked(writer: ProgramWriter, unit: Unit, arguments: Signature) -> list[str]:
    """The line that takes something out of an argument."""
    own, variable = writer.function, writer.variables[unit]
    if own is not None and unit in own.given:
        whole = own.given[unit].bare or isinstance(unit, Family)
        return [] if whole else [f"{variable} = {own.given[unit].way.write()}"]
    dictionary = "parameters" if own is None else own.parameters
    return [f"{variable} = {dictionary}[{quoted(arguments.parameters[unit])}]"]


def kept_arguments(writer: ProgramWriter, arguments: Signature, kept: list[Unit], backward: list[Line]) -> list[str]:
    """The arguments that the backward pass needs."""
    own = writer.function
    if own is None:
        return ["parameters"]
    needed = {own.given[u].way.root if u in own.given else own.parameters for u in arguments.parameters if u in kept}
    needed |= {writer.variables[u] for u in kept if u in own.given}
    return [name for name in own.arguments if name in needed or says(backward, name)]


def says(lines: list[Line], word: str) -> bool:
    """Whether statements speak of a variable."""
    return any(re.search(rf"(?<![.\w]){word}\b", line.text) for line in lines)


def counts_steps(writer: ProgramWriter) -> bool:
    """Whether the program has a T."""
    return bool(writer.d.folded.loops)


def length_of_time(writer: ProgramWriter, arguments: Signature) -> list[str]:
    """T, from the first input that has a step for each time."""
    if not counts_steps(writer):
        return []
    if writer.function is not None:
        for unit in arguments.own:
            text = count(writer.function.given[unit].way)
            if isinstance(unit, Family) and text is not None:
                return [] if text == "T" else [f"T = {text}"]
    full = [u for u in [*arguments.required, *arguments.later] if isinstance(u, Family)]
    for unit in full:
        if len(unit.times) == writer.last - unit.times[0] + 1:
            away = unit.times[0] - 1
            more = f" {'+' if away > 0 else '-'} {abs(away)}" if away else ""
            axis = record_of(unit).ndim
            return [f"T = {writer.variables[unit]}.shape[{axis}]{more}"]
    for (_, given), variable in writer.given.items():
        if isinstance(given, GivenIndex) and len(given.values) == writer.last:
            return [f"T = len({variable})"]
    return [f"T = {writer.last}"]


def zeros_for(writer: ProgramWriter, unit: Unit, arguments: Signature) -> str:
    """Zeros for an initial state: like another of the same shape, else with the batch of the input."""
    return _zeros_like_input(writer, unit, arguments) or f"np.zeros({record_of(unit).shape})"


def _zeros_like_input(writer: ProgramWriter, unit: Unit, arguments: Signature) -> str | None:
    shape = record_of(unit).shape
    for other in [*arguments.required, *arguments.own]:
        if isinstance(other, Node) and record_of(other).shape == shape and other in writer.states:
            return f"np.zeros_like({writer.variables[other]})"
    inputs = [u for u in arguments.required if isinstance(u, Family)]
    if inputs and len(shape) == 2 and record_of(inputs[0]).shape[1:] == shape[1:]:
        return f"np.zeros(({shape[0]}, {writer.axis(inputs[0], 1)}))"
    return _like_input(writer, unit)


def _like_input(writer: ProgramWriter, unit: Unit) -> str | None:
    """Zeros with the batch of the first input, wherever that lies; None if not all lengths are known."""
    inputs = [u for u in writer.variables if u.leaf and isinstance(u, Family) and writer.d.in_forward(u)]
    own = {n for parameter in writer.d.parameters for n in record_of(parameter).shape}
    if not inputs:
        return None
    lengths = []
    for axis, n in enumerate(record_of(unit).shape):
        same = record_of(inputs[0]).shape[axis : axis + 1] == (n,)
        if not same and n not in own:
            return None
        lengths.append(writer.axis(inputs[0], axis) if same else str(n))
    return f"np.zeros(({', '.join(lengths)}{',' * (len(lengths) == 1)}))"


def words_in(texts: Iterable[str]) -> set[str]:
    """The words in some texts."""
    return {word for text in texts for word in re.findall(r"[^\W\d]\w*", text)}
