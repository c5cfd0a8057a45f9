"""The docstrings of a generated program: what each argument is, with names for lengths that have one."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from autograd_seq.folding.unit import Family, Unit
from autograd_seq.readings.own_arguments import described_array, in_columns
from autograd_seq.readings.program import INDENT, ProgramWriter
from autograd_seq.readings.program_signature import Signature, length_of_time, not_needed
from autograd_seq.readings.way import Way
from autograd_seq.writer.tree import record_of

_SAME_LENGTH = {"c": "n_a", "delta": "n_a"}  # lengths that the notes give one name


def _sizes(writer: ProgramWriter, arguments: Signature) -> dict[int, str]:
    """Names for lengths, where the recording leaves no doubt which is which."""
    named: dict[int, set[str]] = {}
    known = [u for u in arguments.own if writer.function is not None and in_columns(writer.function.given[u].way)]
    for unit in [*known, *arguments.required, *arguments.later, *arguments.optional, *arguments.backward]:
        shape = record_of(unit).shape
        if len(shape) == 2:
            base = writer.states.get(unit, unit)  # type: ignore[arg-type]
            name = writer.d.names.get(base) or unit.name or "in"
            named.setdefault(shape[0], set()).add(_SAME_LENGTH.get(name, f"n_{name}"))
            named.setdefault(shape[1], set()).add("m")
    for unit in set(arguments.own) - set(known):
        for n in record_of(unit).shape:
            named.setdefault(n, set()).update(("", f"n_{unit.name}"))  # nobody knows which
    for unit in writer.d.outputs:
        shape = record_of(unit).shape
        if len(shape) == 2 and shape[0] not in named:
            named[shape[0]] = {f"n_{writer.d.names.get(unit) or 'out'}"}
    _two_lengths(named)
    sure = {length: sorted(words)[0] for length, words in named.items() if len(words) == 1 or "n_a" in words}
    return {length: _one_size(word) for length, word in sure.items()}


def _one_size(word: str) -> str:
    """The name of a length without what is not part of a name."""
    return re.sub(r"[^\w.+ ]", "_", word)


def _two_lengths(named: dict[int, set[str]]) -> None:
    """A stack [a; x] has n_a + n_x rows, if no other two lengths add up to as many."""
    single = {length: sorted(words)[0] for length, words in named.items() if len(words) == 1}
    sums: dict[int, set[str]] = {}
    rows = sorted((word, length) for length, word in single.items() if word != "m")
    for i, (word, length) in enumerate(rows):
        for other, more in rows[i:]:
            sums.setdefault(length + more, set()).add(f"{word} + {other}" if word != other else f"2 {word}")
    for length, words in sums.items():
        if length not in named and len(words) == 1:
            named[length] = words


def _shape(unit: Unit, sizes: dict[int, str], last: int) -> str:
    shape = [sizes.get(n, str(n)) if n > 1 else "1" for n in record_of(unit).shape]
    if isinstance(unit, Family):
        more = len(unit.times) - last
        shape.append(f"T {'+' if more > 0 else '-'} {abs(more)}" if more else "T")
    return f"({', '.join(shape)}{',' * (len(shape) == 1)})"


def forward_doc(writer: ProgramWriter, arguments: Signature) -> list[str]:
    """What the forward function says of itself."""
    sizes = _sizes(writer, arguments)
    doc = ["Run the forward pass.", "", "Parameters", "----------"]
    if writer.function is not None:
        doc += _own_doc(writer, arguments, sizes)
    for unit in arguments.required:
        doc.append(f"{writer.variables[unit]} : array {_shape(unit, sizes, writer.last)}")
    if writer.function is None:
        doc.append("parameters : dict of arrays")
        shapes = {key: _shape(unit, sizes, writer.last) for unit, key in arguments.parameters.items()}
        doc += [f"{INDENT}{_one_line(key)} : {shape}" for key, shape in shapes.items()]
    for unit in arguments.later:
        doc.append(f"{writer.variables[unit]} : array {_shape(unit, sizes, writer.last)}")
    for name, values in arguments.given.items():
        if writer.function is not None and name in writer.function.arguments:
            continue
        steps = f"list of {'T' if len(values) == writer.last else len(values)}" if isinstance(values, list) else ""
        doc.append(f"{name} : {steps}{' numbers' if steps else 'number'}")
    for unit in arguments.optional:
        doc.append(f"{writer.variables[unit]} : array {_shape(unit, sizes, writer.last)}, optional")
        doc.append(f"{INDENT}Zeros if not given.")
    doc += ["", "Returns", "-------"]
    for unit in writer.d.outputs:
        shape = _shape(unit, sizes, writer.last) if record_of(unit).ndim or isinstance(unit, Family) else "number"
        doc.append(f"{writer.variables[unit]} : {'array ' if shape != 'number' else ''}{shape}")
    doc += ["cache : dict", f"{INDENT}What the backward pass needs."]
    return doc


def _own_doc(writer: ProgramWriter, arguments: Signature, sizes: dict[int, str]) -> list[str]:
    """The arguments of the user's function, each as the user has it."""
    own, unused = writer.function, not_needed(writer, arguments)
    doc: list[str] = []
    if own is None:
        return doc
    for name in own.arguments:
        inside = {u: own.given[u] for u in [*arguments.own, *arguments.parameters] if u in own.given}
        inside = {u: given for u, given in inside.items() if given.way.root == name}
        rest = [u for u in arguments.parameters if u not in own.given] if name == own.parameters else []
        if name in unused:
            doc += [name, f"{INDENT}Not used."]
        elif not inside and not rest:
            doc.append(f"{name} : {'list of T numbers' if isinstance(arguments.given.get(name), list) else 'number'}")
        else:
            doc += _described(name, {u: inside[u].way for u in inside} | dict.fromkeys(rest), writer, arguments, sizes)
    return doc


def _described(
    name: str, ways: dict[Unit, Way | None], writer: ProgramWriter, arguments: Signature, sizes: dict[int, str]
) -> list[str]:
    """One argument: an array, or what is in it."""
    unit, way = next(iter(ways.items()))
    shape = _shape(unit, sizes, writer.last)
    if way is not None and way.word == "argument":
        return [f"{name} : array {shape}"]
    if isinstance(unit, Family) and way is not None:
        if way.word == "one-hot":
            return [f"{name} : list of T numbers"]
        lengths = [sizes.get(n, str(n)) if n > 1 else "1" for n in record_of(unit).shape]
        return [f"{name} : {described_array(name, way, lengths, length_of_time(writer, arguments))}"]
    lines = [f"{name} : {'dict' if way is None or isinstance((way.keys or ('',))[0], str) else 'list'} of arrays"]
    for u, w in ways.items():
        key = arguments.parameters.get(u, "") if w is None or not w.keys else ", ".join(map(str, w.keys))
        lines.append(f"{INDENT}{_one_line(key)} : {_shape(u, sizes, writer.last)}")
    return lines


def backward_doc(writer: ProgramWriter, arguments: Signature, gradients: Iterable[str]) -> list[str]:
    """What the backward function says of itself."""
    sizes = _sizes(writer, arguments)
    doc = ["Run the backward pass.", "", "Parameters", "----------"]
    for unit in arguments.backward:
        doc.append(f"{writer.variables[unit]} : array {_shape(unit, sizes, writer.last)}")
        doc.append(f"{INDENT}The adjoint that arrives from outside.")
    doc += ["cache : dict", f"{INDENT}From the forward pass.", "", "Returns", "-------", "gradients : dict of arrays"]
    listed = ", ".join(_one_line(key) for key in gradients)
    doc += _wrapped(f"{listed}: each of the shape of what it is the gradient of.")
    return doc


def _wrapped(words: str) -> list[str]:
    """Lines of a docstring."""
    return textwrap.wrap(words, 96, initial_indent=INDENT, subsequent_indent=INDENT, break_long_words=False)


def _one_line(key: str) -> str:
    """A user's name as one word, which a docstring can be wrapped around."""
    return re.sub(r"[^\w.]", "_", key)
