"""How a program comes by an array: from which argument of a function, by which keys, indices and turns of a loop.

It is read off the bytecode, from the instruction that used the array back to the argument, through all callers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any

from autograd_seq.core.bytecode import Step, Value
from autograd_seq.core.notation import literal
from autograd_seq.core.program_arguments import FILLING, arguments_of, is_filled, operands_of
from autograd_seq.core.program_names import Origin, destinations
from autograd_seq.readings.python_text import quoted

DEEP = 40  # instructions that are gone back
SIGNS = {0: "+", 4: "@", 5: "*", 8: "**", 10: "-", 11: "/"}  # by the number that Python's bytecode has for each
IN_PLACE = 13  # what is added to that number where the result goes to the first operand
LIKE = {"copy", "asarray", "array", "ascontiguousarray", "float64", "list", "tuple", "float", "int"}  # hand it on
SHAPING = {"reshape", "transpose", "ravel", "squeeze", "expand_dims", "atleast_2d"}


@dataclass(frozen=True)
class Way:
    """An expression in the arguments of a function.

    Attributes
    ----------
    word : str
        ``argument``, ``number``, ``item`` (of the first part, by the second), ``slice``, ``collect``, ``attribute``,
        ``call``, ``sign`` (of two or one), ``map``, ``made``, ``one-hot`` (of an index, with its shape), or
        ``counter``: what a loop counts.
    argument : object
        The name of an argument, an attribute or a function; a number; a sign; of a counter, what is added to it.
    parts : tuple of Way
        What it is made of; of a counter, how many turns its loop has.
    falls : bool
        Of a counter, whether it counts down.
    """

    word: str
    argument: Any = None
    parts: tuple[Way, ...] = ()
    falls: bool = False

    def walk(self) -> Iterator[Way]:
        """It and everything that it is made of, but for lengths."""
        yield self
        if self.word != "counter" and self.argument not in ("shape", "len"):
            for part in self.parts:
                yield from part.walk()

    @property
    def root(self) -> str | None:
        """The argument that it comes from; None if there is not one."""
        roots = {str(way.argument) for way in self.walk() if way.word == "argument"}
        return roots.pop() if len(roots) == 1 else None

    @property
    def counter(self) -> Way | None:
        """The counter that it has; None if it has none, or if two differ in more than what is added."""
        found = [way for way in self.walk() if way.word == "counter"]
        return found[0] if len({(way.falls, way.parts) for way in found}) == 1 else None

    @property
    def keys(self) -> tuple[Any, ...] | None:
        """The keys by which it is found in its argument, as ``("Wf",)``; None if there is more to it."""
        if self.word == "argument":
            return ()
        if self.word != "item" or self.parts[1].word != "number":
            return None
        outer = self.parts[0].keys
        return None if outer is None else (*outer, self.parts[1].argument)

    def write(self, at: Callable[[int], str] = str) -> str:
        """As Python; `at` writes what a counter is, given what is added to it."""
        parts = [part.write(at) for part in self.parts] if self.word != "counter" else []
        if self.word == "argument":
            return str(self.argument)
        if self.word == "number":
            return quoted(self.argument) if isinstance(self.argument, str) else literal(self.argument)
        if self.word == "counter":
            return at(self.argument)
        if self.word == "item":
            one = self.parts[1].word == "collect" and len(self.parts[1].parts) < 2
            return f"{parts[0]}[{parts[1] if one else bare(parts[1])}]"
        if self.word == "slice":
            ends = ["" if part == "None" else part for part in parts]
            return ":".join(ends[:2] if len(ends) < 3 or not ends[2] else ends)
        if self.word == "collect":
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        if self.word == "attribute":
            return f"{parts[0]}.{self.argument}"
        if self.word == "sign":
            return f"({f' {self.argument} '.join(parts)})" if len(parts) == 2 else f"(-{parts[0]})"
        if self.word == "one-hot":
            return f"one_hot({parts[0]}, {self.argument})"
        return f"{self.argument}({', '.join(parts)})"

    def axis(self, number: int) -> str:
        """The length of an axis, by the argument that has it: that of ``x[:, t]`` at 0 is ``x.shape[0]``."""
        at_first = f"{self.write(lambda more: str(max(more, 0)))}.shape[{number}]"
        if self.word != "item" or self.parts[1].word != "collect":
            return at_first
        of, key = self.parts
        left = [i for i, part in enumerate(key.parts) if part.word == "slice"]
        if len(left) + sum(part.word in ("number", "counter") for part in key.parts) < len(key.parts):
            return at_first
        if number < len(left) and not _is_whole(key.parts[left[number]]):
            return at_first
        return of.axis(left[number] if number < len(left) else number - len(left) + len(key.parts))


def bare(text: str) -> str:
    """An expression without parentheses around all of it."""
    depth = 0
    for c in text[:-1]:
        depth += (c == "(") - (c == ")")
        if not depth:
            return text
    return text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text


def without_dots(way: Way, axes: int) -> Way:
    """An element of an array with that many axes: ``x[..., t]`` as ``x[:, :, t]``."""
    key = way.parts[1] if way.word == "item" else None
    if key is None or not any(part.argument is Ellipsis for part in key.parts):
        return way
    whole = written(slice(None))
    more = axes - sum(part.word == "slice" for part in key.parts)
    parts = [p for part in key.parts for p in ([whole] * more if part.argument is Ellipsis else [part])]
    plain = all(part.word in ("slice", "counter", "number") for part in parts) and more >= 0
    return Way("item", None, (way.parts[0], Way("collect", None, tuple(parts)))) if plain else way


def _is_whole(part: Way) -> bool:
    return all(end.argument is None for end in part.parts[:2])


MADE = Way("made")  # what the program makes itself, of one number


class WaysIn:
    """Where the arrays of a recording come from.

    Parameters
    ----------
    entry : code object
        The function whose arguments are meant.
    sites : mapping
        From code objects to the instructions that called them.
    variables : bool
        Whether what the function, or a module, assigns itself counts as an argument.
    """

    def __init__(
        self, entry: CodeType, sites: Mapping[CodeType, list[tuple[CodeType, int]]], variables: bool = False
    ) -> None:
        self.entry, self.sites, self.variables = entry, sites, variables
        self._known: dict[tuple[Origin, int, int, bool], Way | None] = {}

    def operand(self, places: Origin, position: int, count: int, zeros: bool = False) -> Way | None:
        """How an operation came by one of its inputs; `zeros` says that it is nothing but that."""
        key = places, position, count, zeros
        if key not in self._known:
            steps, step = _step_at(places)
            operands = operands_of(steps, step, count) if step is not None else []
            found = operands[position] if position < len(operands) else None
            self._known[key] = None if found is None else _From(self, places, zeros).of(found, 0, DEEP)
        return self._known[key]


def _step_at(places: Origin) -> tuple[list[Step], Step | None]:
    if not places:
        return [], None
    code, offset = places[0]
    flow = destinations(code).flow
    at = flow.step_at(offset)
    return flow.steps, None if at is None else flow.steps[at]


@dataclass
class _From:
    """The way back from one instruction, with those of all its callers."""

    ways: WaysIn
    places: Origin
    zeros: bool
    known: dict[tuple[Value, int], Way | None] = field(default_factory=dict)

    def of(self, value: Value, level: int, depth: int) -> Way | None:
        """The expression of a value in the function of a level: 0 is the innermost."""
        key = value, level
        if key not in self.known:
            self.known[key] = None  # what is made of itself has no other expression
            self.known[key] = self._read(value, level, depth)
        return self.known[key]

    def _read(self, value: Value, level: int, depth: int) -> Way | None:
        steps = destinations(self.places[level][0]).flow.steps
        step = steps[value[0]] if value[0] >= 0 and depth else None
        if step is None:
            return None
        if step.word == "load":
            return self._variable(value[0], level, depth - 1)
        if step.word == "number":
            return written(step.argument)
        if step.word == "attribute":
            return self._attribute(step, level, depth - 1)
        if step.word in ("unpack", "next"):
            return self._turn(value, level, depth - 1)
        if step.word == "call":
            return self._call(step, level, depth - 1)
        if step.word == "BINARY_OP":
            return self._sign(step, level, depth - 1)
        if step.word == "item" and len(step.inputs) == 3:
            of, *ends = (self.of(part, level, depth - 1) for part in step.inputs)
            cut = None if None in ends else Way("slice", None, (*ends, Way("number", None)))  # type: ignore[arg-type]
            key = _index(cut)
            return None if of is None or key is None else Way("item", None, (of, key))
        if step.word == "item":
            return self._item(value[0], step, level, depth - 1)
        if step.word == "map":
            return self._map(step, level, depth - 1)
        word = {"BUILD_SLICE": "slice", "collect": "collect", "UNARY_NEGATIVE": "sign"}.get(step.word)
        parts = [self.of(part, level, depth - 1) for part in step.inputs]
        if word is None or None in parts:
            return None
        found = tuple(part for part in parts if part is not None)
        if word == "slice":
            found = (*found, Way("number", None))[:3]
        return Way(word, "-" if word == "sign" else None, found)

    # -- variables

    def _variable(self, load: int, level: int, depth: int) -> Way | None:
        """What a variable holds; where several values can reach it, the one that comes from an argument."""
        code = self.places[level][0]
        known, name = destinations(code), str(destinations(code).flow.steps[load].argument)
        stores = known.stores_before(load)
        steps = known.flow.steps
        found: set[Way | None] = {self._held(store, level, depth, load) for store in stores if steps[store].inputs}
        if name in arguments_of(code) and known.is_argument(load):
            found.add(self._argument(name, level, depth))
        elif not stores:
            found.add(self._outer(name, level, depth))
        elif self.ways.variables and code is self.ways.entry and not found - {None}:
            filled = any(is_filled(steps, steps[store].inputs[0]) for store in stores)
            found.add(None if filled or len(stores) > 1 else Way("argument", name))
        found -= {None} if self.zeros or found <= {None, MADE} else {None, MADE}
        found = {MADE} if MADE in found else found
        return self._marked(steps[load], found.pop(), level, depth) if len(found) == 1 else None

    def _marked(self, read: Step, of: Way | None, level: int, depth: int) -> Way | None:
        """Zeros with a one that the program has written into them, or anything else as it is."""
        if of is not MADE:
            return of
        steps = destinations(self.places[level][0]).flow.steps
        puts = [s for s in steps if s.word == "put" and s.inputs[1][0] >= 0 and _reads_alike(steps, s.inputs[1], read)]
        ones = [put for put in puts if steps[put.inputs[0][0]].argument in (1, 1.0) and len(put.inputs) == 3]
        if not puts or len(puts) > 1 or not ones:
            return of
        key = self.of(ones[0].inputs[2], level, depth)
        return None if key is None else Way("one-hot", None, (key,))

    def _held(self, store: int, level: int, depth: int, load: int) -> Way | None:
        """What was stored; by a line further down, at the turn before."""
        steps = destinations(self.places[level][0]).flow.steps
        value = steps[store].inputs[0]
        step = steps[value[0]] if value[0] >= 0 else None
        if step is not None and step.word == "BINARY_OP" and _counts_up(steps, store, step):
            return None  # the turn before has counted
        if step is not None and step.word == "number" and isinstance(step.argument, int):
            ups = [s for k, s in enumerate(steps) if s.word == "store" and s.argument == steps[store].argument
                   and k != store and s.inputs[0][0] >= 0 and _counts_up(steps, k, steps[s.inputs[0][0]])]  # fmt: skip
            if ups:  # t = 0, and t += 1 at the end of each turn
                return Way("counter", step.argument, self._limit(steps, store, level, depth))
        found = self.of(value, level, depth)
        return _before(found) if store > load and found is not None else found

    def _limit(self, steps: list[Step], store: int, level: int, depth: int) -> tuple[Way, ...]:
        """How far a while loop counts, ``while t < T``, if that is all that ends it."""
        name, start = steps[store].argument, steps[steps[store].inputs[0][0]].argument
        found = set()
        for step in steps:
            if step.word == "COMPARE_OP" and step.inputs[0][0] >= 0:
                counter = steps[step.inputs[0][0]]
                if counter.word == "load" and counter.argument == name:
                    found.add(self.of(step.inputs[1], level, depth) if str(step.argument) == "<" else None)
        end = found.pop() if len(found) == 1 else None
        return () if end is None else (_more(end, -start),)

    def _argument(self, name: str, level: int, depth: int) -> Way | None:
        """An argument of the function that is meant, or what the caller gives for it."""
        code = self.places[level][0]
        if code is self.ways.entry:
            return Way("argument", name)
        call = self._calling(level)
        if call is None:
            return None
        step, value = call
        if name.startswith("."):
            return None if value is None else self.of(value, level + 1, depth)
        if step.word == "CALL_FUNCTION_EX":
            return self._unpacked(name, arguments_of(code), step, level + 1, depth)
        given = given_for(code, step)
        return self.of(given[name], level + 1, depth) if name in given else None

    def _unpacked(self, name: str, names: tuple[str, ...], call: Step, level: int, depth: int) -> Way | None:
        """An argument of ``f(x, **parameters)``: one that stands there, or else that key."""
        steps = destinations(self.places[level][0]).flow.steps
        listed, *rest = (v for v in call.inputs[-2:] if steps[v[0]].word in ("collect", "map", "number"))
        place, before = names.index(name), steps[listed[0]].inputs
        if not rest or steps[listed[0]].word != "collect" or steps[rest[0][0]].word != "map":
            return None
        if place < len(before):
            return self.of(before[place], level, depth)
        at = steps.index(call)
        merged = [s.inputs[-1] for s in steps[rest[0][0] : at] if s.word == "DICT_MERGE"]
        of = self.of(merged[0], level, depth) if len(merged) == 1 and not steps[rest[0][0]].inputs else None
        return None if of is None else Way("item", None, (of, Way("number", name)))

    def _calling(self, level: int) -> tuple[Step, Value | None] | None:
        """The call of a function; for a comprehension, with what it goes through."""
        if level + 1 >= len(self.places):
            return None
        caller, offset = self.places[level + 1]
        flow = destinations(caller).flow
        at = flow.step_at(offset)
        if at is None or flow.steps[at].word not in ("call", "next", "CALL_FUNCTION_EX"):
            return None
        code, step = self.places[level][0], flow.steps[at]
        for candidate in [step, *(flow.steps[v[0]] for v in step.inputs if v[0] >= 0)]:
            made = flow.steps[candidate.inputs[0][0]] if candidate.word == "call" and candidate.inputs else None
            codes = made.inputs if made is not None and made.word == "MAKE_FUNCTION" else ()
            if any(value[0] >= 0 and flow.steps[value[0]].argument is code for value in codes):
                return candidate, candidate.inputs[1]
        return None if step.word == "next" else (step, None)

    def _outer(self, name: str, level: int, depth: int) -> Way | None:
        """A variable of a function around this one, or of the module."""
        for outer in range(level + 1, len(self.places)):
            code = self.places[outer][0]
            if name in code.co_cellvars or (name in code.co_varnames and name in self.places[level][0].co_freevars):
                steps = destinations(code).flow.steps
                stores = [k for k, s in enumerate(steps) if s.word == "store" and s.argument == name and s.inputs]
                found: set[Way | None] = {self._held(store, outer, depth, len(steps)) for store in stores}
                if name in arguments_of(code):
                    found.add(self._argument(name, outer, depth))
                found -= {None}
                return found.pop() if len(found) == 1 else None
        return None

    # -- containers

    def _item(self, item: int, step: Step, level: int, depth: int) -> Way | None:
        """An element: of what was given, or of a list or dict of the function's own, what was put there."""
        steps = destinations(self.places[level][0]).flow.steps
        same = [k for k in range(item) if steps[k].word == "put" and _reads_alike_put(steps, steps[k], step)]
        if same:
            return self._marked(step, self.of(steps[same[-1]].inputs[0], level, depth), level, depth)
        of, key = self.of(step.inputs[0], level, depth), _index(self.of(step.inputs[1], level, depth))
        found = picked(of, key) if of is not None and key is not None else None
        if found is not None and (found.root is not None or of.argument == "shape"):  # type: ignore[union-attr]
            return found
        puts = [put for put in steps if put.word == "put" and len(put.inputs) == 3 and _same(steps, put, step)]
        put = {self.of(put.inputs[0], level, depth) for put in puts} - {None}
        return put.pop() if len(put) == 1 else of if of is MADE else None

    def _map(self, step: Step, level: int, depth: int) -> Way | None:
        """A dictionary that is written out."""
        steps = destinations(self.places[level][0]).flow.steps
        if step.word == "map" and len(step.inputs) % 2:  # the keys as one tuple
            keys, values = steps[step.inputs[-1][0]].argument, step.inputs[:-1]
        else:
            keys = tuple(steps[k[0]].argument for k in step.inputs[::2] if k[0] >= 0 and steps[k[0]].word == "number")
            values = step.inputs[1::2]
        parts = [self.of(value, level, depth) or Way("unknown") for value in values]
        return Way("map", keys, tuple(parts)) if len(keys) == len(parts) else None

    # -- what is done with them

    def _attribute(self, step: Step, level: int, depth: int) -> Way | None:
        if step.argument not in ("T", "shape"):
            return None
        of = self.of(step.inputs[0], level, depth)
        return None if of is None else Way("attribute", step.argument, (of,))

    def _call(self, step: Step, level: int, depth: int) -> Way | None:
        """What hands its argument on, or says its length; of others nobody knows what they would do elsewhere."""
        steps = destinations(self.places[level][0]).flow.steps
        name, own = called(steps, step)
        if name in FILLING:
            return MADE
        if name not in LIKE | SHAPING | {"len"}:
            return None
        given = [self.of(value, level, depth) for value in ([own] if own else []) + list(step.inputs[2:])]
        if not given or None in given or step.argument:
            return None
        parts = tuple(part for part in given if part is not None)
        if name == "len":
            return Way("call", "len", parts)
        if name in LIKE and len(parts) == 1:
            return parts[0]
        if name in SHAPING and all(part.word in ("number", "collect", "sign") for part in parts[1:]):
            return Way("call", f"np.{name}", _shape_as_one(name, parts))
        return None

    def _sign(self, step: Step, level: int, depth: int) -> Way | None:
        sign = SIGNS.get(step.argument % IN_PLACE)
        first, second = (self.of(part, level, depth) for part in step.inputs)
        if sign is None or first is None or second is None:
            return None
        return _counted(sign, first, second) or Way("sign", sign, (first, second))

    # -- loops

    def _turn(self, value: Value, level: int, depth: int) -> Way | None:
        """One of several values, or what a loop gives at a turn."""
        steps = destinations(self.places[level][0]).flow.steps
        step = steps[value[0]]
        if step.word == "next":
            return self._given(step.inputs[0], level, depth)
        inner = step.inputs[0]
        made = steps[inner[0]] if inner[0] >= 0 else None
        if made is None:
            return None
        if made.word != "next":
            of = self.of(inner, level, depth)
            return None if of is None else picked(of, Way("number", value[1]))
        return self._given(made.inputs[0], level, depth, value[1])

    def _given(self, iterator: Value, level: int, depth: int, part: int | None = None) -> Way | None:
        """What a loop over something gives at a turn; of several values, one."""
        steps = destinations(self.places[level][0]).flow.steps
        step = steps[iterator[0]] if iterator[0] >= 0 and depth else None
        if step is None:
            return None
        if step.word == "iterate":
            found = self._given(step.inputs[0], level, depth, part)
            return found if found is None or _runs_out(steps, iterator) else uncounted(found)
        if step.word == "load" and str(step.argument) == ".0":
            call = self._calling(level)
            value = None if call is None else call[1]
            return None if value is None else self._given(value, level + 1, depth - 1, part)
        if step.word == "call":
            name, own = called(steps, step)
            inputs = [] if own else list(step.inputs[2:])
            if name in ("range", "steps") and inputs and part is None:
                return self._range([self.of(value, level, depth) for value in inputs])
            if name == "reversed" and len(inputs) == 1:
                found = self._given(inputs[0], level, depth - 1, part)
                return None if found is None else _turned(found)
            if name == "zip" and part is not None and part < len(inputs):
                return self._given(inputs[part], level, depth - 1)
            if name == "enumerate" and len(inputs) == 1 and part is not None:
                found = self._given(inputs[0], level, depth - 1)
                counter = Way("counter", 0) if found is None else found.counter
                return found if part else counter
        of = self.of(iterator, level, depth - 1)
        if of is None or part is not None:
            return None
        return Way("item", None, (of, Way("counter", 0, (Way("call", "len", (of,)),))))

    def _range(self, ends: list[Way | None]) -> Way | None:
        """The counter of a loop over ``range``; how far it goes need not be known."""
        if len(ends) < 3:
            first, end = ends if len(ends) == 2 else (Way("number", 0), ends[0])
            start = first.argument if first is not None and first.word == "number" else None
            if not isinstance(start, int):
                return None
            return Way("counter", start, () if end is None else (_more(end, -start),))
        first, end, by = ends
        if end is None or by is None:
            return None
        down = by.argument == -1 if by.word == "number" else by.word == "sign" and by.parts[0].argument == 1
        stop = end.argument if end.word == "number" else None
        stop = -end.parts[0].argument if end.word == "sign" and len(end.parts) == 1 else stop
        if not down or not isinstance(stop, int):
            return None
        return Way("counter", stop + 1, () if first is None else (_more(first, -stop),), True)


def written(value: Any) -> Way:
    """A constant of the program's text."""
    if isinstance(value, slice):
        return Way("slice", None, tuple(map(written, (value.start, value.stop, value.step))))
    if isinstance(value, (tuple, list)):
        return Way("collect", None, tuple(map(written, value)))
    return Way("number", value)


# -- steps of bytecode ------------------------------------------------------------------------------


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


def _runs_out(steps: list[Step], iterator: Value) -> bool:
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


def uncounted(way: Way) -> Way:
    """The same, of a loop of which nobody knows how many turns it has."""
    parts = () if way.word == "counter" else tuple(map(uncounted, way.parts))
    return replace(way, parts=parts)


def _counts_up(steps: list[Step], store: int, step: Step) -> bool:
    """Whether a variable becomes itself and one more."""
    if step.word != "BINARY_OP" or SIGNS.get(step.argument % IN_PLACE) != "+":
        return False
    first, second = (steps[v[0]] if v[0] >= 0 else None for v in step.inputs)
    own = first is not None and first.word == "load" and first.argument == steps[store].argument
    return own and second is not None and second.word == "number" and second.argument == 1


def _reads_alike(steps: list[Step], value: Value, read: Step) -> bool:
    """Whether two steps read one variable, or one element of it."""
    step = steps[value[0]]
    if (step.word, step.argument) != (read.word, read.argument) or read.word not in ("load", "item"):
        return False
    pairs = zip(step.inputs, read.inputs, strict=False)
    return all(_reads_as_known(steps[a[0]], steps[b[0]]) for a, b in pairs)


def _reads_as_known(step: Step, other: Step) -> bool:
    return step.word in ("load", "number") and (step.word, step.argument) == (other.word, other.argument)


def _reads_alike_put(steps: list[Step], put: Step, item: Step) -> bool:
    """Whether something is put where an element is read: under the same key."""
    places = zip(put.inputs[1:], item.inputs, strict=False)
    return all(min(a[0], b[0]) >= 0 and _reads_as_known(steps[a[0]], steps[b[0]]) for a, b in places)


def _same(steps: list[Step], put: Step, item: Step) -> bool:
    """Whether something is put into the list or dict that an element is taken from."""
    into, of = (steps[value[0]] if value[0] >= 0 else None for value in (put.inputs[1], item.inputs[0]))
    known = into is not None and of is not None and into.word in ("load", "attribute")
    return known and (into.word, into.argument) == (of.word, of.argument)  # type: ignore[union-attr]


# -- arithmetic of counters -------------------------------------------------------------------------


def _counted(sign: str, first: Way, second: Way) -> Way | None:
    """A counter with something added; ``T - 1 - t`` counts down."""
    if first.word == second.word == "number" and sign in "+-":
        return Way("number", first.argument + second.argument * (1 if sign == "+" else -1))
    if sign == "+" and second.word == "counter":
        first, second = second, first
    if first.word == "counter" and second.word == "number" and type(second.argument) is int and sign in "+-":
        more = second.argument if sign == "+" else -second.argument
        return Way("counter", first.argument + more, first.parts, first.falls)
    if sign == "-" and second.word == "counter" and not second.falls and first == _more_text(second):
        return Way("counter", 0, second.parts, True)
    return None


def _index(key: Way | None) -> Way | None:
    """An index; None if it does more with a counter than to add something."""
    odd = key is not None and any(way.word not in ("slice", "collect", "counter") and way.counter for way in key.walk())
    return None if odd else key


def _more_text(counter: Way) -> Way | None:
    """``T - 1`` for the counter of a loop of T turns that begins with 0."""
    return _more(counter.parts[0], -1) if counter.parts and not counter.argument else None


def _more(way: Way, more: int) -> Way:
    """A number and a whole number."""
    if not more:
        return way
    if way.word == "number":
        return Way("number", way.argument + more)
    if way.word == "sign" and way.argument in "+-" and len(way.parts) == 2 and way.parts[1].word == "number":
        more += way.parts[1].argument * (1 if way.argument == "+" else -1)
        return _more(way.parts[0], more)
    return Way("sign", "+" if more > 0 else "-", (way, Way("number", abs(more))))


def _turned(way: Way) -> Way | None:
    """What a loop the other way round gives."""
    if way.word == "counter":
        return Way("counter", way.argument, way.parts, not way.falls)
    if way.word == "item" and way.parts[1].word == "counter":
        turned = _turned(way.parts[1])
        return None if turned is None else Way("item", None, (way.parts[0], turned))
    return None


def _before(way: Way) -> Way:
    """The same at the turn before."""
    if way.word == "counter":
        return replace(way, argument=way.argument + (1 if way.falls else -1))
    return replace(way, parts=tuple(map(_before, way.parts)))


def picked(of: Way, key: Way) -> Way | None:
    """An item; of a list that the program has written out, the element."""
    if of.word == "collect" and key.word == "number" and isinstance(key.argument, int):
        return of.parts[key.argument] if -len(of.parts) <= key.argument < len(of.parts) else None
    if of.word == "map":
        return of.parts[of.argument.index(key.argument)] if key.argument in of.argument else None
    return Way("item", None, (of, key))


def _shape_as_one(name: str, parts: tuple[Way, ...]) -> tuple[Way, ...]:
    """``x.reshape(-1, 1)`` as ``np.reshape(x, (-1, 1))``."""
    return parts if len(parts) < 3 or name == "expand_dims" else (parts[0], Way("collect", None, parts[1:]))
