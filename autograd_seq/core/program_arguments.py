"""What a program calls its arrays: the argument, variable or key that one was loaded from; and one array, one leaf.

Where an array is met, the instruction is remembered with those of all callers, so that an argument of a helper is
called what its caller calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from sys import _getframe
from types import CodeType, FrameType
from typing import Any
from weakref import ref

import numpy as np

from autograd_seq.core import scope as scopes
from autograd_seq.core.array import Array, as_array, dtype_beside
from autograd_seq.core.bytecode import Step, Value
from autograd_seq.core.program_names import DEPTH, NOWHERE, PLUMBING, Origin, Place, destinations, is_own, speaks
from autograd_seq.core.record import NOTHING, next_index
from autograd_seq.core.source_line import ENGINE_FILES, ours, user_frame


@dataclass(slots=True)
class Taken:
    """Where an operation took an array from.

    Attributes
    ----------
    places : tuple
        The instruction that used it, and those of all callers.
    position : int
        Which of the operation's inputs it was.
    count : int
        How many inputs there were.
    weight : bool
        Whether a gradient is wanted: then an element of a list has its number, as ``Ws[0]``.
    """

    places: Origin
    position: int
    count: int
    weight: bool = False
    _name: str | None = ""

    def name(self) -> str | None:
        """What the program calls it."""
        if self._name == "" and self.position != UNKNOWN:
            self._name = self._found()
        return self._name or None

    def _found(self) -> str | None:
        if not self.places or ours(self.places[0][0]):
            return None
        code, offset = self.places[0]
        known = destinations(code)
        step = known.flow.step_at(offset)
        if step is None:
            return None
        operands = operands_of(known.flow.steps, known.flow.steps[step], self.count)
        return self._of(operands[self.position], 0, DEPTH) if self.position < len(operands) else None

    def _of(self, value: Value, level: int, depth: int) -> str | None:
        """The name of a value in the function of a level: 0 is the innermost."""
        steps = destinations(self.places[level][0]).flow.steps
        step = steps[value[0]] if value[0] >= 0 and depth else None
        if step is None:
            return None
        if step.word == "load":
            return self._variable(value[0], level, depth - 1)
        if step.word == "attribute":
            known = str(step.argument) if step.argument != "T" and speaks(str(step.argument)) else None
            element = self._numbered(step.inputs[0], level, depth) if known else None
            return f"{element}.{known}" if element else known
        if step.word == "item":
            key = _constant(steps, step.inputs[1])
            if isinstance(key, str):
                return key if speaks(key) else None
            if element := self._numbered(value, level, depth):
                return element
            if not _picks(steps, step):
                return None
            if (only := self._only_element(step.inputs[0], level)) is not None:
                return self._of(only, level, depth - 1)
            if _is_written(steps, step.inputs[0]) and not _was_put(steps, value[0]):
                return None  # what a list of states begins with is no state yet
            return self._of(step.inputs[0], level, depth - 1)
        return None

    def _only_element(self, value: Value, level: int) -> Value | None:
        """What a list or dictionary begins with that the function has written out, if that is one thing."""
        known = destinations(self.places[level][0])
        steps = known.flow.steps
        step = steps[value[0]] if value[0] >= 0 else None
        if step is None or step.word != "load":
            return None
        made = [_stored(steps, steps[k].inputs[0]) for k in known.stores_before(value[0]) if steps[k].inputs]
        written = [m for m in made if m.word in ("collect", "map")]
        if len(written) != 1 or len(written[0].inputs) != (1 if written[0].word == "collect" else 2):
            return None
        values = written[0].inputs
        keys_last = written[0].word == "map" and isinstance(_constant(steps, values[-1]), tuple)
        return values[0] if keys_last else values[-1]

    def _numbered(self, value: Value, level: int, depth: int) -> str | None:
        """A weight in a list, by the number that the program has for it."""
        steps = destinations(self.places[level][0]).flow.steps
        step = steps[value[0]] if self.weight and value[0] >= 0 else None
        if step is None or step.word != "item" or type(number := _constant(steps, step.inputs[1])) is not int:
            return None
        of = self._of(step.inputs[0], level, depth - 1)
        return f"{of}[{number}]" if of else None

    def _variable(self, load: int, level: int, depth: int) -> str | None:
        """The name of a variable: that of what was copied to it, or of the caller's argument, if there is such."""
        code = self.places[level][0]
        known = destinations(code)
        steps, name = known.flow.steps, str(known.flow.steps[load].argument)
        values = [steps[k].inputs[0] for k in known.stores_before(load) if steps[k].inputs]
        copies = [v for v in values if v[0] >= 0 and _is_copy(steps, steps[v[0]])]
        if len(copies) > 1:
            copies = [v for v in copies if not _is_result(steps, v[0])]
        if len(copies) == 1:
            return self._of(copies[0], level, depth) or name
        if not values and (outer := self._argument(code, name, level, depth)):
            return outer
        filled = name not in arguments_of(code) and any(is_filled(steps, v) for v in values)
        return name if speaks(name) and not filled else None

    def _argument(self, code: CodeType, name: str, level: int, depth: int) -> str | None:
        """What the caller calls an argument."""
        if name not in arguments_of(code) or level + 1 >= len(self.places):
            return None
        caller, offset = self.places[level + 1]
        known = destinations(caller)
        step = known.flow.step_at(offset)
        if ours(caller) or step is None or known.flow.steps[step].word != "call":
            return None
        call = known.flow.steps[step]
        position = arguments_of(code).index(name) - (arguments_of(code)[0] in ("self", "cls"))
        given, keywords = call.inputs[2:], tuple(call.argument or ())
        values = dict(zip(keywords, given[len(given) - len(keywords) :], strict=True))
        listed = given[: len(given) - len(keywords)]
        value = values.get(name) or (listed[position] if position < len(listed) else None)
        found = self._of(value, level + 1, depth) if value is not None else None
        return name if found is not None and found.removesuffix("_tmp") == name else found


@dataclass(slots=True)
class PartOf:
    """That an array is what an index picks from one that an operation took.

    Attributes
    ----------
    whole : Taken
        Where that came from.
    index : object
        What was picked.
    """

    whole: Taken
    index: Any

    def name(self) -> str | None:
        """What the program calls it: as the whole."""
        return self.whole.name()


FILLING = {"zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like"}


def arguments_of(code: CodeType) -> tuple[str, ...]:
    """The names of a function's arguments."""
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def operands_of(steps: Sequence[Step], step: Step, count: int) -> list[Value]:
    """The values that an operation's inputs are, in their order."""
    if step.word == "put":
        return [step.inputs[0]]
    if step.word != "call":
        return list(step.inputs)
    given: list[Value] = []
    for value in step.inputs[2:]:
        made = steps[value[0]] if value[0] >= 0 else None
        given += made.inputs if made is not None and made.word == "collect" else [value]
    methods = [steps[v[0]] for v in step.inputs[:2] if v[0] >= 0 and steps[v[0]].word == "attribute"]
    if len(given) == count + 1 and isinstance(_constant(steps, given[0]), str):
        return given[1:]  # the subscripts of an einsum are no operand
    if len(given) == count - 1 and methods:
        return [methods[0].inputs[0], *given]  # a method's own array comes first
    return given


def _stored(steps: Sequence[Step], value: Value) -> Step:
    """What made a value that is stored; of ``a, b = {}, {0: h0}``, each by itself."""
    step = steps[value[0]]
    listed = steps[step.inputs[0][0]] if step.word == "unpack" else step
    return steps[listed.inputs[value[1]][0]] if step.word == "unpack" and listed.word == "collect" else step


def _constant(steps: Sequence[Step], value: Value) -> Any:
    step = steps[value[0]] if value[0] >= 0 else None
    return step.argument if step is not None and step.word == "number" else None


def _picks(steps: Sequence[Step], item: Step) -> bool:
    """Whether an index picks one place along an axis, as ``x[:, :, t]`` does, and does not only cut."""
    if len(item.inputs) != 2 or item.inputs[1][0] < 0:
        return False
    key = steps[item.inputs[1][0]]
    parts = [steps[v[0]] for v in key.inputs if v[0] >= 0] if key.word == "collect" else [key]
    cuts = [part.word == "BUILD_SLICE" or (part.word == "number" and type(part.argument) is slice) for part in parts]
    return not all(cuts)


def is_filled(steps: Sequence[Step], value: Value) -> bool:
    """Whether a value is an array of one number, as ``np.zeros`` makes it: that number says more than a name."""
    step = steps[value[0]] if value[0] >= 0 else None
    if step is None or step.word != "call":
        return step is not None and step.word == "number"
    functions = [steps[v[0]].argument for v in step.inputs[:2] if v[0] >= 0]
    return any(function in FILLING for function in functions)


def _is_written(steps: Sequence[Step], container: Value) -> bool:
    """Whether the program puts results into a list, dictionary or array."""
    held = steps[container[0]] if container[0] >= 0 else None
    written = [steps[s.inputs[1][0]] for s in steps if s.word == "put" and s.inputs[1][0] >= 0]
    return held is not None and any((w.word, w.argument) == (held.word, held.argument) for w in written)


def _was_put(steps: Sequence[Step], item: int) -> bool:
    """Whether what is taken out of a list or dictionary was put there just before, under the same key."""
    return bool(_puts_there(steps, item))


def _puts_there(steps: Sequence[Step], item: int) -> list[Step]:
    """What puts something where an element is taken from further down."""
    wanted = [_loaded(steps, value) for value in steps[item].inputs]
    puts = [step for step in steps[:item] if step.word == "put"] if None not in wanted else []
    return [step for step in puts if [_loaded(steps, value) for value in step.inputs[1:]] == wanted]


def _is_result(steps: Sequence[Step], item: int) -> bool:
    """Whether what is taken out of a list or dictionary is what was calculated and put there just before."""
    values = [put.inputs[0] for put in _puts_there(steps, item)]
    made = steps[values[-1][0]] if values and values[-1][0] >= 0 else None
    return made is not None and made.word in ("call", "BINARY_OP") and not is_filled(steps, values[-1])


def _loaded(steps: Sequence[Step], value: Value) -> Any:
    """What a value is, if it is a variable or a number."""
    step = steps[value[0]] if value[0] >= 0 else None
    return (step.word, step.argument) if step is not None and step.word in ("load", "number") else None


def _is_copy(steps: Sequence[Step], step: Step) -> bool:
    """Whether a step hands on what has a name already; an element of a fixed place has it from its variable."""
    if step.word == "item" and _picks(steps, step):
        return not isinstance(_constant(steps, step.inputs[1]), int)
    return step.word == "load"


def callers_of(frame: FrameType | None) -> Origin:
    """An instruction and those of all callers, as far as the user's code goes."""
    places: list[Place] = []
    while frame is not None and frame.f_code.co_filename not in ENGINE_FILES and len(places) < DEPTH:
        places.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return tuple(places)


# -- one array, one leaf -----------------------------------------------------------------------------

EXACT = 2**53  # up to which every whole number is a float


def as_leaf(make: Any, value: Any, beside: Sequence[Any], position: int, count: int) -> Any:
    """What stands for an operation's input that is not a tensor, among tensors."""
    if type(value) is np.ndarray and value.ndim:
        return leaf_of(value, make, position, count)
    dtype = dtype_beside(value, [x._value for x in beside])
    if dtype is None or dtype.kind != "f" or type(value) not in (int, float) or abs(value) > EXACT:
        return make(value, dtype=dtype)
    return _leaf(make, np.array(value, dtype))


def _leaf(make: Any, array: Array) -> Any:
    """A constant that nobody named; slot by slot, since programs are full of 1.0 and 0.5."""
    made = object.__new__(make)
    made._kept = array
    made.operation, made.inputs, made.settings = None, (), NOTHING
    made._name = made._code = made._origin = None
    made.scope, made.index = scopes.now(), next_index()
    made.requires_grad, made._gradient, made._offset = False, [None], 0
    return made


_leaves: dict[tuple[Any, ...], tuple[ref[Any], ref[Any]]] = {}  # by place in memory: owner and leaf, not kept alive


def leaf_of(
    array: Array, make: Any, position: int, count: int, places: Origin | None = None
) -> Any:
    """The leaf of an array: the same at each of its uses, as long as it holds the same numbers.

    Two views of one part of an array, such as ``x[t]`` written twice, are one array.
    """
    owner, key = array, (id(array),)
    if type(array.base) is np.ndarray:
        owner = array.base
        key = id(owner), array.__array_interface__["data"][0], array.shape, array.strides  # type: ignore[assignment]
    found = _leaves.get(key)
    leaf = found[1]() if found is not None and found[0]() is owner else None
    if leaf is not None and _same(leaf._value, array):
        here = scopes.now()
        if leaf.scope is not here and leaf.scope != here:
            leaf.scope = _common(leaf.scope, here)
        return leaf
    leaf = _joined_anew(array)
    if leaf is None:
        leaf = _leaf(make, as_array(array))
        leaf._origin = Taken(callers_of(user_frame(2)) if places is None else places, position, count)

    def forget(_: Any) -> None:
        _leaves.pop(key, None)

    _leaves[key] = ref(owner, forget), ref(leaf, forget)
    return leaf


_joins: dict[int, tuple[ref[Any], Callable[[], Any]]] = {}  # by the id of an array: it, and what joins it as records


def remember_join(array: Array, join: Callable[[], Any]) -> None:
    """Keep how an array was joined from others, none of which was recorded: the first of its uses records it."""
    key = id(array)

    def forget(_: Any) -> None:
        _joins.pop(key, None)

    _joins[key] = ref(array, forget), join


def _joined_anew(array: Array) -> Any:
    """The record of an array that was joined from others, unless it or they have changed since."""
    found = _joins.get(id(array))
    if found is None or found[0]() is not array:
        return None
    made = found[1]()
    return made if _same(made._value, array) else None


SMALL = 4096  # bytes that are sooner copied than compared one by one


def _same(a: Array, b: Array) -> bool:
    """Whether two arrays hold the same bits, so that −0 is not 0, and NaN is NaN."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.nbytes < SMALL:
        return a.tobytes() == b.tobytes()
    if a.dtype.itemsize > 8:
        return bool((a == b).all())
    bits = f"u{a.dtype.itemsize}"
    return bool((a.view(bits) == b.view(bits)).all())


def _common(a: Any, b: Any) -> Any:
    """The place of what is used at two."""
    fields = ("time", "layer", "direction", "part")
    return replace(a, **{field: None for field in fields if getattr(a, field) != getattr(b, field)})


UNKNOWN = -1  # as which of its inputs an operation took something


def first_use() -> Taken | None:
    """Where an operation is taking its inputs just now; None if it is no operation that asks."""
    asking = _getframe(2)
    if asking.f_code.co_filename not in PLUMBING:
        return None
    return Taken(callers_of(user_frame(3)), UNKNOWN, 0)


def note_uses(records: list[Any]) -> list[Any]:
    """Let leaves that nobody named be called what the first operation that uses them loaded."""
    nameless = {x for x in records if x.operation is None and _may_be_called(x)}
    for record in records if nameless else ():
        for i, x in enumerate(record.inputs):
            if x in nameless and record._code is not None:
                nameless.discard(x)
                places: Origin = ((record._code, record._offset),)
                if type(x._origin) is Taken and x._origin.places[:1] == places:
                    places = x._origin.places
                x._origin = Taken(places, i, len(record.inputs), x.requires_grad)
    return records


def _may_be_called(leaf: Any) -> bool:
    """Whether a leaf has no name yet, and is not a number that is written as itself."""
    if leaf._name is not None or not (leaf.requires_grad or leaf._value.ndim):
        return False
    if type(leaf._origin) is Taken:
        return bool(leaf._origin.position == UNKNOWN)
    return leaf._origin is None or (leaf._origin != NOWHERE and not is_own(leaf.name))
