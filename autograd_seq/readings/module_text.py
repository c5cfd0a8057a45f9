"""The text around the statements of a generated program: its two functions, what is kept and returned, comments."""

from __future__ import annotations

import re
from typing import Any

from autograd_seq.folding.unit import Family, Unit
from autograd_seq.readings.generality import guard
from autograd_seq.readings.own_arguments import gradient_tree, written_tree
from autograd_seq.readings.program import INDENT, Line, ProgramWriter, live
from autograd_seq.readings.program_doc import backward_doc, forward_doc
from autograd_seq.readings.program_signature import (
    Signature,
    arguments_of_forward,
    counts_steps,
    kept_arguments,
    length_of_time,
    says,
    signature,
    unpacked,
    words_in,
    zeros_for,
)
from autograd_seq.readings.python_text import comment, docstring, quoted


def module_text(writer: ProgramWriter) -> str:
    """The whole module."""
    arguments = signature(writer)
    backward = live(writer.backward_lines, words_in(_texts(_gradients(writer, arguments))))
    kept = _cached(writer, backward)
    results = words_in(_returned(writer, unit) for unit in writer.d.outputs)
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


def _forward(
    writer: ProgramWriter, arguments: Signature, lines: list[Line], kept: list[Unit], backward: list[Line]
) -> str:
    names = arguments_of_forward(writer, arguments)
    body = [line for u in [*arguments.own, *arguments.parameters] for line in unpacked(writer, u, arguments)]
    body += length_of_time(writer, arguments)
    body += guard(writer, [*arguments.own, *arguments.required, *arguments.later], counts_steps(writer))
    body += [f"{writer.variables[u]} = {zeros_for(writer, u, arguments)}" for u in arguments.made]
    for unit in arguments.optional:
        zeros = zeros_for(writer, unit, arguments)
        body += [f"if {writer.variables[unit]} is None:", f"{INDENT}{writer.variables[unit]} = {zeros}"]
    body += _indented(lines)
    body.append("cache = {")
    entries = kept_arguments(writer, arguments, kept, backward)
    entries += [writer.variables[u] for u in kept if u not in arguments.parameters]
    entries += [name for name in arguments.given if says(backward, name)]
    entries += ["T"] * counts_steps(writer)
    body += [f'{INDENT}"{name}": {name},' for name in dict.fromkeys(entries)]
    body.append("}")
    body.append(f"return {', '.join([*(_returned(writer, u) for u in writer.d.outputs), 'cache'])}")
    return _function(f"{writer.name}_forward", names, forward_doc(writer, arguments), body)


def _backward(
    writer: ProgramWriter, arguments: Signature, lines: list[Line], kept: list[Unit], comments: dict[Unit, str]
) -> str:
    names = [*(writer.variables[u] for u in arguments.backward), "cache"]
    used = [u for u in arguments.parameters if u in set(kept)]
    from_cache = kept_arguments(writer, arguments, kept, lines) if writer.function or used else []
    taken = [line for u in used for line in unpacked(writer, u, arguments)]
    from_cache += [writer.variables[u] for u in kept if u not in used]
    from_cache += [name for name in arguments.given if says(lines, name)]
    read = [f'{name} = cache["{name}"]' for name in dict.fromkeys(from_cache)]
    first = 1 if not writer.function and used else len(read)
    body = [*read[:first], *taken, *read[first:]]
    body += ['T = cache["T"]'] if counts_steps(writer) and says(lines, "T") else []
    body += _indented(lines, _commented(writer, lines, comments))
    body.append("gradients = {")
    gradients = _gradients(writer, arguments)
    for key, value in gradients.items():
        body.append(f"{INDENT}{quoted(key)}: {written_tree(value)},")
    body += ["}", "return gradients"]
    return _function(f"{writer.name}_backward", names, backward_doc(writer, arguments, gradients), body)


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


def _returned(writer: ProgramWriter, unit: Unit) -> str:
    variable = writer.variables[unit]
    if not isinstance(unit, Family):
        return variable
    return _stacked(variable, unit, writer)


def _stacked(variable: str, unit: Family, writer: ProgramWriter) -> str:
    """All steps along a last axis."""
    return f"np.stack([{variable}[t] for t in {writer._range(unit.times)}], axis=-1)"


def _cached(writer: ProgramWriter, backward: list[Line]) -> list[Unit]:
    """What the backward pass reads of the forward pass, in order."""
    words = words_in(line.text for line in backward)
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
