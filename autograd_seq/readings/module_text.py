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
from autograd_seq.readings.own_arguments import count, described_array, gradient_tree, in_columns, written_tree
from autograd_seq.readings.program import INDENT, Line, ProgramWriter, live
from autograd_seq.readings.python_text import comment, docstring, quoted
from autograd_seq.readings.way_in import Way
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
    backward = live(writer.backward_lines, _words(_texts(_gradients(writer, arguments))))
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
    names = _names(writer, arguments)
    body = [line for u in [*arguments.own, *arguments.parameters] for line in _unpacked(writer, u, arguments)]
    body += _length(writer, arguments)
    body += guard(writer, [*arguments.own, *arguments.required, *arguments.later], _counts(writer))
    body += [f"{writer.variables[u]} = {_zeros(writer, u, arguments)}" for u in arguments.made]
    for unit in arguments.optional:
        zeros = _zeros(writer, unit, arguments)
        body += [f"if {writer.variables[unit]} is None:", f"{INDENT}{writer.variables[unit]} = {zeros}"]
    body += _indented(lines)
    body.append("cache = {")
    entries = _kept_arguments(writer, arguments, kept, backward)
    entries += [writer.variables[u] for u in kept if u not in arguments.parameters]
    entries += [name for name in arguments.given if _says(backward, name)]
    entries += ["T"] * _counts(writer)
    body += [f'{INDENT}"{name}": {name},' for name in dict.fromkeys(entries)]
    body.append("}")
    body.append(f"return {', '.join([*(_returned(writer, u) for u in writer.d.outputs), 'cache'])}")
    return _function(f"{writer.name}_forward", names, _forward_doc(writer, arguments), body)


def _backward(
    writer: ProgramWriter, arguments: Signature, lines: list[Line], kept: list[Unit], comments: dict[Unit, str]
) -> str:
    names = [*(writer.variables[u] for u in arguments.backward), "cache"]
    used = [u for u in arguments.parameters if u in set(kept)]
    from_cache = _kept_arguments(writer, arguments, kept, lines) if writer.function or used else []
    unpacked = [line for u in used for line in _unpacked(writer, u, arguments)]
    from_cache += [writer.variables[u] for u in kept if u not in used]
    from_cache += [name for name in arguments.given if _says(lines, name)]
    read = [f'{name} = cache["{name}"]' for name in dict.fromkeys(from_cache)]
    first = 1 if not writer.function and used else len(read)
    body = [*read[:first], *unpacked, *read[first:]]
    body += ['T = cache["T"]'] if _counts(writer) and _says(lines, "T") else []
    body += _indented(lines, _commented(writer, lines, comments))
    body.append("gradients = {")
    for key, value in _gradients(writer, arguments).items():
        body.append(f"{INDENT}{quoted(key)}: {written_tree(value)},")
    body += ["}", "return gradients"]
    return _function(f"{writer.name}_backward", names, _backward_doc(writer, arguments), body)


def _names(writer: ProgramWriter, arguments: Signature) -> list[str]:
    """The arguments of the forward function: as the user's own function has them, if there is one."""
    later = [writer.variables[u] for u in arguments.later]
    optional = [f"{writer.variables[u]}=None" for u in arguments.optional]
    if writer.function is None:
        required = [writer.variables[u] for u in arguments.required]
        return [*required, "parameters", *later, *arguments.given, *optional]
    names = [*writer.function.arguments, *(writer.variables[u] for u in arguments.required), *later]
    names += [name for name in arguments.given if name not in writer.function.arguments]
    unused = _unused(writer, arguments)
    last = next((i for i in reversed(range(len(names))) if names[i] not in unused), -1)
    return [*names[: last + 1], *(f"{name}=None" for name in names[last + 1 :]), *optional]


def _unused(writer: ProgramWriter, arguments: Signature) -> set[str]:
    """Arguments of the user's function that the program has no need of."""
    own = writer.function
    if own is None:
        return set()
    used = own.roots | set(arguments.given) | _words(_length(writer, arguments)) | ({"T"} if _counts(writer) else set())
    if any(unit not in own.given for unit in arguments.parameters):
        used.add(own.parameters)
    return set(own.arguments) - used


def _unpacked(writer: ProgramWriter, unit: Unit, arguments: Signature) -> list[str]:
    """The line that takes something out of an argument."""
    own, variable = writer.function, writer.variables[unit]
    if own is not None and unit in own.given:
        whole = own.given[unit].bare or isinstance(unit, Family)
        return [] if whole else [f"{variable} = {own.given[unit].way.write()}"]
    dictionary = "parameters" if own is None else own.parameters
    return [f"{variable} = {dictionary}[{quoted(arguments.parameters[unit])}]"]


def _kept_arguments(writer: ProgramWriter, arguments: Signature, kept: list[Unit], backward: list[Line]) -> list[str]:
    """The arguments that the backward pass needs."""
    own = writer.function
    if own is None:
        return ["parameters"]
    needed = {own.given[u].way.root if u in own.given else own.parameters for u in arguments.parameters if u in kept}
    needed |= {writer.variables[u] for u in kept if u in own.given}
    return [name for name in own.arguments if name in needed or _says(backward, name)]


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


def _zeros(writer: ProgramWriter, unit: Unit, arguments: Signature) -> str:
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


def _returned(writer: ProgramWriter, unit: Unit) -> str:
    variable = writer.variables[unit]
    if not isinstance(unit, Family):
        return variable
    return _stacked(variable, unit, writer)


def _stacked(variable: str, unit: Family, writer: ProgramWriter) -> str:
    """All steps along a last axis."""
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


def _gradients(writer: ProgramWriter, arguments: Signature) -> dict[str, Any]:
    """What the backward function returns: the adjoint of each leaf that has one, where the user has that leaf."""
    found: dict[str, Any] = {}
    nested: list[tuple[tuple[Any, ...], str]] = []
    for unit, owner in writer.d.adjoint_of.items():
        if not owner.leaf or unit not in writer.variables:
            continue
        variable = writer.variables[unit]
        value = _stacked(variable, unit, writer) if isinstance(unit, Family) else variable
        given = None if writer.function is None else writer.function.given.get(owner)
        keys = () if given is None else given.way.keys or ()
        if given is not None and keys:
            nested.append(((given.way.root, *keys), value))
        else:
            found[f"d{arguments.parameters.get(owner) or writer.variables[owner]}"] = value
    found |= _nested(nested)
    order = {f"d{key}": i for i, key in enumerate(arguments.parameters.values())}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))


def _nested(leaves: list[tuple[tuple[Any, ...], str]]) -> dict[str, Any]:
    """Gradients of what lies in lists and dicts; a single dict of arrays is the one that is returned."""
    tree = gradient_tree(leaves)
    if len(tree) == 1 and all(isinstance(key, str) for inner in tree.values() for key in inner):
        (tree,) = tree.values()
    return {f"d{key}": value for key, value in tree.items()}


def _texts(gradients: dict[str, Any]) -> list[str]:
    return [written_tree(value) for value in gradients.values()]


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
    own, unused = writer.function, _unused(writer, arguments)
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
        return [f"{name} : {described_array(name, way, lengths, _length(writer, arguments))}"]
    lines = [f"{name} : {'dict' if way is None or isinstance((way.keys or ('',))[0], str) else 'list'} of arrays"]
    for u, w in ways.items():
        key = arguments.parameters.get(u, "") if w is None or not w.keys else ", ".join(map(str, w.keys))
        lines.append(f"{INDENT}{_one_line(key)} : {_shape(u, sizes, writer.last)}")
    return lines


def _backward_doc(writer: ProgramWriter, arguments: Signature) -> list[str]:
    sizes = _sizes(writer, arguments)
    doc = ["Run the backward pass.", "", "Parameters", "----------"]
    for unit in arguments.backward:
        doc.append(f"{writer.variables[unit]} : array {_shape(unit, sizes, writer.last)}")
        doc.append(f"{INDENT}The adjoint that arrives from outside.")
    doc += ["cache : dict", f"{INDENT}From the forward pass.", "", "Returns", "-------", "gradients : dict of arrays"]
    listed = ", ".join(_one_line(key) for key in _gradients(writer, arguments))
    doc += _wrapped(f"{listed}: each of the shape of what it is the gradient of.")
    return doc


def _wrapped(words: str) -> list[str]:
    """Lines of a docstring."""
    return textwrap.wrap(words, 96, initial_indent=INDENT, subsequent_indent=INDENT, break_long_words=False)


def _one_line(key: str) -> str:
    """A user's name as one word, which a docstring can be wrapped around."""
    return re.sub(r"[^\w.]", "_", key)
