"""The text around the statements of a generated program: signatures, docstrings, what is kept and returned."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.folding.step_index import GivenIndex
from autograd_seq.folding.unit import Family, Node, Unit
from autograd_seq.readings.derivation import Derivation
from autograd_seq.readings.generality import guard
from autograd_seq.readings.program import INDENT, Line, ProgramWriter, live
from autograd_seq.readings.python_text import comment, docstring, quoted
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
    """

    required: list[Unit] = field(default_factory=list)
    later: list[Unit] = field(default_factory=list)
    optional: list[Unit] = field(default_factory=list)
    parameters: dict[Unit, str] = field(default_factory=dict)
    backward: list[Unit] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)


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


def module_text(writer: ProgramWriter) -> str:
    """The whole module."""
    arguments = signature(writer)
    backward = live(writer.backward_lines, _words(value for _, value in _gradients(writer, arguments)))
    kept = _cached(writer, backward)
    results = _words(_returned(writer, unit) for unit in writer.d.outputs)
    forward = live(writer.forward_lines, results | {writer.variables[unit] for unit in kept})
    comments = _forward_lines_of(writer, forward)
    parts = [
        f"{docstring([_title(writer)])[0]}\n\nimport numpy as np\n",
        *(helper + "\n" for helper in writer.helpers),
        _forward(writer, arguments, forward, kept, backward),
    ]
    if writer.backward_blocks:
        parts.append(_backward(writer, arguments, backward, kept, comments))
    return "\n\n".join(parts)


def _title(writer: ProgramWriter) -> str:
    loops = len(writer.d.folded.loops)
    how = "with loops over time" if loops else "written out step by step"
    return f"The forward and the backward pass of {writer.name} in NumPy, {how}; read off a recording."


# -- the two functions -----------------------------------------------------------------------------


def _forward(
    writer: ProgramWriter, arguments: Signature, lines: list[Line], kept: list[Unit], backward: list[Line]
) -> str:
    names = [*(writer.variables[u] for u in arguments.required), "parameters"]
    names += [writer.variables[u] for u in arguments.later]
    names += [*arguments.given]
    names += [f"{writer.variables[u]}=None" for u in arguments.optional]
    body = [f"{writer.variables[u]} = parameters[{quoted(key)}]" for u, key in arguments.parameters.items()]
    body += _length(writer, arguments)
    data = {writer.variables[u]: u for u in [*arguments.required, *arguments.later]}
    body += guard(writer, data, _counts(writer))
    for unit in arguments.optional:
        zeros = _zeros(writer, unit, arguments)
        body += [f"if {writer.variables[unit]} is None:", f"{INDENT}{writer.variables[unit]} = {zeros}"]
    body += _indented(lines)
    body.append("cache = {")
    entries = ["parameters", *(writer.variables[u] for u in kept if u not in arguments.parameters)]
    entries += [name for name in arguments.given if _says(backward, name)]
    entries += ["T"] * _counts(writer)
    body += [f'{INDENT}"{name}": {name},' for name in entries]
    body.append("}")
    body.append(f"return {', '.join([*(_returned(writer, u) for u in writer.d.outputs), 'cache'])}")
    return _function(f"{writer.name}_forward", names, _forward_doc(writer, arguments), body)


def _backward(
    writer: ProgramWriter, arguments: Signature, lines: list[Line], kept: list[Unit], comments: dict[Unit, str]
) -> str:
    names = [*(writer.variables[u] for u in arguments.backward), "cache"]
    used = {u: key for u, key in arguments.parameters.items() if u in set(kept)}
    body = ['parameters = cache["parameters"]'] if used else []
    body += [f"{writer.variables[u]} = parameters[{quoted(key)}]" for u, key in used.items()]
    body += [f'{writer.variables[u]} = cache["{writer.variables[u]}"]' for u in kept if u not in used]
    body += [f'{name} = cache["{name}"]' for name in arguments.given if _says(lines, name)]
    body += ['T = cache["T"]'] if _counts(writer) and _says(lines, "T") else []
    body += _indented(lines, _commented(writer, lines, comments))
    body.append("gradients = {")
    for key, value in _gradients(writer, arguments):
        body.append(f"{INDENT}{quoted(key)}: {value},")
    body += ["}", "return gradients"]
    return _function(f"{writer.name}_backward", names, _backward_doc(writer, arguments), body)


def _function(name: str, arguments: list[str], doc: list[str], body: list[str]) -> str:
    text = [f"def {name}({', '.join(arguments)}):"]
    text += [(INDENT + line).rstrip() for line in [*docstring(doc), *body]]
    return "\n".join(text) + "\n"


def _indented(lines: list[Line], comments: dict[int, str] | None = None) -> list[str]:
    result = []
    for i, line in enumerate(lines):
        if comments and i in comments:
            result.append(INDENT * line.depth + comments[i])
        result.append(INDENT * line.depth + line.text)
    return result


def _says(lines: list[Line], word: str) -> bool:
    return any(re.search(rf"(?<![.\w]){word}\b", line.text) for line in lines)


def _counts(writer: ProgramWriter) -> bool:
    """Whether the program has a T."""
    return bool(writer.d.folded.loops)


def _length(writer: ProgramWriter, arguments: Signature) -> list[str]:
    """T, from the first input that has a step for each time."""
    if not _counts(writer):
        return []
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


def _zeros(writer: ProgramWriter, unit: Unit, arguments: Signature) -> str:
    """Zeros for an initial state: like another of the same shape, else with the batch of the input."""
    shape = record_of(unit).shape
    for other in arguments.required:
        if isinstance(other, Node) and record_of(other).shape == shape:
            return f"np.zeros_like({writer.variables[other]})"
    inputs = [u for u in arguments.required if isinstance(u, Family)]
    if inputs and len(shape) == 2 and record_of(inputs[0]).shape[1:] == shape[1:]:
        return f"np.zeros(({shape[0]}, {writer.variables[inputs[0]]}.shape[1]))"
    return _like_input(writer, unit) or f"np.zeros({shape})"


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
        lengths.append(f"{writer.variables[inputs[0]]}.shape[{axis}]" if same else str(n))
    return f"np.zeros(({', '.join(lengths)}{',' * (len(lengths) == 1)}))"


def _returned(writer: ProgramWriter, unit: Unit) -> str:
    variable = writer.variables[unit]
    if not isinstance(unit, Family):
        return variable
    return _stacked(variable, unit, writer)


def _stacked(variable: str, unit: Family, writer: ProgramWriter) -> str:
    return f"np.stack([{variable}[t] for t in {writer._range(unit.times)}], axis=-1)"


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[^\W\d]\w*", text)}


def _cached(writer: ProgramWriter, backward: list[Line]) -> list[Unit]:
    """What the backward pass reads of the forward pass, in order."""
    words = _words(line.text for line in backward)
    return [
        unit
        for unit, variable in writer.variables.items()
        if variable in words and not writer.d.is_backward(unit) and (not unit.leaf or writer.d.in_forward(unit))
    ]


def _gradients(writer: ProgramWriter, arguments: Signature) -> list[tuple[str, str]]:
    """What the backward function returns: the adjoint of each leaf that has one."""
    result = []
    for unit, owner in writer.d.adjoint_of.items():
        if not owner.leaf or unit not in writer.variables:
            continue
        variable = writer.variables[unit]
        value = _stacked(variable, unit, writer) if isinstance(unit, Family) else variable
        key = arguments.parameters.get(owner) or writer.variables[owner]
        result.append((f"d{key}", value))
    order = {f"d{key}": i for i, key in enumerate(arguments.parameters.values())}
    return sorted(result, key=lambda item: order.get(item[0], len(order)))


# -- comments --------------------------------------------------------------------------------------


def _forward_lines_of(writer: ProgramWriter, forward: list[Line]) -> dict[Unit, str]:
    """For each forward unit, the statement that it went into."""
    statements = {
        line.unit: line.text
        for line in forward
        if re.search(r" \+?= ", line.text) and line.unit in writer.stops and not _begins(line.text)
    }
    users = writer.d._consumers()
    found: dict[Unit, str] = {}

    def statement(unit: Unit, depth: int = 0) -> str | None:
        if unit in statements:
            return statements[unit]
        following = [u for u in users.get(unit, []) if not writer.d.is_backward(u)]
        return statement(following[0], depth + 1) if following and depth < 100 else None

    for unit in writer.d.folded.units:
        if not writer.d.is_backward(unit) and (text := statement(unit)):
            found[unit] = text
    return found


def _commented(writer: ProgramWriter, lines: list[Line], statements: dict[Unit, str]) -> dict[int, str]:
    """The forward line beside the backward lines that belong to it."""
    result = {}
    last = None
    for i, line in enumerate(lines):
        if line.text.startswith(("for ", "if ")) or (i + 1 < len(lines) and line.depth == 0 and _begins(line.text)):
            continue
        node = line.unit.any if isinstance(line.unit, Family) else line.unit
        owner = node.owner and (node.owner.family or node.owner)
        text = statements.get(owner) if owner is not None else None
        if text is not None and text != last and not owner.leaf:  # type: ignore[union-attr]
            result[i] = comment(text)
            last = text
    return result


def _begins(text: str) -> bool:
    """Whether a statement only makes room: zeros, or a dictionary."""
    return bool(re.search(r"= (np\.zeros|0\.0$|\{)", text))


# -- docstrings ------------------------------------------------------------------------------------


def _sizes(writer: ProgramWriter, arguments: Signature) -> dict[int, str]:
    """Names for lengths, where the recording leaves no doubt which is which."""
    named: dict[int, set[str]] = {}
    for unit in [*arguments.required, *arguments.later, *arguments.optional, *arguments.backward]:
        shape = record_of(unit).shape
        if len(shape) == 2:
            base = writer.states.get(unit, unit)  # type: ignore[arg-type]
            name = writer.d.names.get(base) or unit.name or "in"
            named.setdefault(shape[0], set()).add(_SAME_LENGTH.get(name, f"n_{name}"))
            named.setdefault(shape[1], set()).add("m")
    for unit in writer.d.outputs:
        shape = record_of(unit).shape
        if len(shape) == 2 and shape[0] not in named:
            named[shape[0]] = {f"n_{writer.d.names.get(unit) or 'out'}"}
    _two_lengths(named)
    sure = {length: sorted(words)[0] for length, words in named.items() if len(words) == 1 or "n_a" in words}
    return {length: _one_size(word) for length, word in sure.items()}


def _one_size(word: str) -> str:
    """The name of a length without what is no part of a name."""
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


_SAME_LENGTH = {"c": "n_a", "delta": "n_a"}  # lengths that the notes give one name


def _shape(unit: Unit, sizes: dict[int, str], last: int) -> str:
    shape = [sizes.get(n, str(n)) if n > 1 else "1" for n in record_of(unit).shape]
    if isinstance(unit, Family):
        more = len(unit.times) - last
        shape.append(f"T {'+' if more > 0 else '-'} {abs(more)}" if more else "T")
    return f"({', '.join(shape)}{',' * (len(shape) == 1)})"


def _forward_doc(writer: ProgramWriter, arguments: Signature) -> list[str]:
    sizes = _sizes(writer, arguments)
    doc = ["Run the forward pass.", "", "Parameters", "----------"]
    for unit in arguments.required:
        doc.append(f"{writer.variables[unit]} : array {_shape(unit, sizes, writer.last)}")
    doc.append("parameters : dict of arrays")
    doc += [f"{INDENT}{_one_line(key)} : {_shape(u, sizes, writer.last)}" for u, key in arguments.parameters.items()]
    for unit in arguments.later:
        doc.append(f"{writer.variables[unit]} : array {_shape(unit, sizes, writer.last)}")
    for name, values in arguments.given.items():
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


def _backward_doc(writer: ProgramWriter, arguments: Signature) -> list[str]:
    sizes = _sizes(writer, arguments)
    doc = ["Run the backward pass.", "", "Parameters", "----------"]
    for unit in arguments.backward:
        doc.append(f"{writer.variables[unit]} : array {_shape(unit, sizes, writer.last)}")
        doc.append(f"{INDENT}The adjoint that arrives from outside.")
    doc += ["cache : dict", f"{INDENT}From the forward pass.", "", "Returns", "-------", "gradients : dict of arrays"]
    listed = ", ".join(_one_line(key) for key, _ in _gradients(writer, arguments))
    doc += _wrapped(f"{listed}: each of the shape of what it is the gradient of.")
    return doc


def _wrapped(words: str) -> list[str]:
    """Lines of a docstring."""
    return textwrap.wrap(words, 96, initial_indent=INDENT, subsequent_indent=INDENT, break_long_words=False)


def _one_line(key: str) -> str:
    """A user's name as one word, which a docstring can be wrapped around."""
    return re.sub(r"[^\w.]", "_", key)
