"""What steps of bytecode do together: a call by name, counting up, reading what was put there, a loop that runs out."""

from __future__ import annotations

from types import CodeType

from autograd_seq.core.bytecode import Step, Value
from autograd_seq.core.program_arguments import arguments_of

SIGNS = {0: "+", 4: "@", 5: "*", 8: "**", 10: "-", 11: "/"}  # by the number that Python's bytecode has for each
IN_PLACE = 13  # what is added to that number where the result goes to the first operand


def given_for(code: CodeType, call: Step) -> dict[str, Value]:
    """What a call gives for each argument."""
    names, keywords = arguments_of(code), tuple(call.argument or ())
    names = names[1:] if names[:1] in (("self",), ("cls",)) else names
    given = call.inputs[2:]
    listed = given[: len(given) - len(keywords)]
    return dict(zip(names, listed, strict=False)) | dict(zip(keywords, given[len(listed) :], strict=True))


def called(steps: list[Step], call: Step) -> tuple[str, Value | None]:
    """The name of what is called, and whose method it is; a function of NumPy's is nobody's method."""
    functions = [steps[value[0]] for value in call.inputs[:2] if value[0] >= 0]
    for step in functions:
        if step.word == "attribute":
            of = steps[step.inputs[0][0]] if step.inputs[0][0] >= 0 else None
            module = of is not None and of.word == "load" and of.argument in ("np", "numpy", "xp")
            return str(step.argument), None if module else step.inputs[0]
    for step in functions:
        if step.word == "load":
            return str(step.argument), None
    return "", None


def runs_out(steps: list[Step], iterator: Value) -> bool:
    """Whether nothing but its end ends a loop: no break, no return."""
    heads = [k for k, step in enumerate(steps) if step.word == "next" and iterator in step.inputs]
    return all(_has_one_way_out(steps, head) for head in heads)


def _has_one_way_out(steps: list[Step], head: int) -> bool:
    inside: set[int] = set()  # what leads back to the head
    before: dict[int, list[int]] = {}
    for k, step in enumerate(steps):
        for after in step.follows:
            before.setdefault(after, []).append(k)
    stack = [k for k in before.get(head, []) if k > head]
    while stack:
        k = stack.pop()
        if k not in inside and k != head:
            inside.add(k)
            stack.extend(before.get(k, []))
    inside = {k for k in inside if k > head}
    return all(after in inside or after == head for k in inside for after in steps[k].follows)


def counts_up(steps: list[Step], store: int, step: Step) -> bool:
    """Whether a variable becomes itself and one more."""
    if step.word != "BINARY_OP" or SIGNS.get(step.argument % IN_PLACE) != "+":
        return False
    first, second = (steps[v[0]] if v[0] >= 0 else None for v in step.inputs)
    own = first is not None and first.word == "load" and first.argument == steps[store].argument
    return own and second is not None and second.word == "number" and second.argument == 1


def reads_alike(steps: list[Step], value: Value, read: Step) -> bool:
    """Whether two steps read one variable, or one element of it."""
    step = steps[value[0]]
    if (step.word, step.argument) != (read.word, read.argument) or read.word not in ("load", "item"):
        return False
    pairs = zip(step.inputs, read.inputs, strict=False)
    return all(_reads_as_known(steps[a[0]], steps[b[0]]) for a, b in pairs)


def _reads_as_known(step: Step, other: Step) -> bool:
    return step.word in ("load", "number") and (step.word, step.argument) == (other.word, other.argument)


def reads_alike_put(steps: list[Step], put: Step, item: Step) -> bool:
    """Whether something is put where an element is read: under the same key."""
    places = zip(put.inputs[1:], item.inputs, strict=False)
    return all(min(a[0], b[0]) >= 0 and _reads_as_known(steps[a[0]], steps[b[0]]) for a, b in places)


def same_container(steps: list[Step], put: Step, item: Step) -> bool:
    """Whether something is put into the list or dict that an element is taken from."""
    into, of = (steps[value[0]] if value[0] >= 0 else None for value in (put.inputs[1], item.inputs[0]))
    known = into is not None and of is not None and into.word in ("load", "attribute")
    return known and (into.word, into.argument) == (of.word, of.argument)  # type: ignore[union-attr]
