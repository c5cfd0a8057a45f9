"""How a program comes by an array: from which argument of a function, by which keys, indices and turns of a loop.

It is read off the bytecode, from the instruction that used the array back to the argument, through all callers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType

from autograd_seq.core.bytecode import Step, Value
from autograd_seq.core.program_arguments import FILLING, arguments_of, is_filled, operands_of
from autograd_seq.core.program_names import Origin, destinations
from autograd_seq.readings.code_patterns import (
    IN_PLACE,
    SIGNS,
    called,
    counts_up,
    given_for,
    reads_alike,
    reads_alike_put,
    runs_out,
    same_container,
)
from autograd_seq.readings.way import (
    MADE,
    Way,
    added,
    counted,
    picked,
    plain_index,
    shape_as_one,
    turn_before,
    turned,
    uncounted,
    written,
)

DEEP = 40  # instructions that are gone back
LIKE = {"copy", "asarray", "array", "ascontiguousarray", "float64", "list", "tuple", "float", "int"}  # hand it on
SHAPING = {"reshape", "transpose", "ravel", "squeeze", "expand_dims", "atleast_2d"}


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
            key = plain_index(cut)
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
        puts = [s for s in steps if s.word == "put" and s.inputs[1][0] >= 0 and reads_alike(steps, s.inputs[1], read)]
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
        if step is not None and step.word == "BINARY_OP" and counts_up(steps, store, step):
            return None  # the turn before has counted
        if step is not None and step.word == "number" and isinstance(step.argument, int):
            ups = [s for k, s in enumerate(steps) if s.word == "store" and s.argument == steps[store].argument
                   and k != store and s.inputs[0][0] >= 0 and counts_up(steps, k, steps[s.inputs[0][0]])]  # fmt: skip
            if ups:  # t = 0, and t += 1 at the end of each turn
                return Way("counter", step.argument, self._limit(steps, store, level, depth))
        found = self.of(value, level, depth)
        return turn_before(found) if store > load and found is not None else found

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
        return () if end is None else (added(end, -start),)

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
        listed, keywords = call.inputs[-2:] if len(call.inputs) > 1 else ((-1, 0), (-1, 0))
        words = tuple(steps[value[0]].word if value[0] >= 0 else None for value in (listed, keywords))
        if words != ("collect", "map"):
            return None
        place, before = names.index(name), steps[listed[0]].inputs
        if place < len(before):
            return self.of(before[place], level, depth)
        merged = [s.inputs[-1] for s in steps[keywords[0] : steps.index(call)] if s.word == "DICT_MERGE"]
        of = self.of(merged[0], level, depth) if len(merged) == 1 and not steps[keywords[0]].inputs else None
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
        same = [k for k in range(item) if steps[k].word == "put" and reads_alike_put(steps, steps[k], step)]
        if same:
            return self._marked(step, self.of(steps[same[-1]].inputs[0], level, depth), level, depth)
        of, key = self.of(step.inputs[0], level, depth), plain_index(self.of(step.inputs[1], level, depth))
        found = picked(of, key) if of is not None and key is not None else None
        if found is not None and (found.root is not None or of.argument == "shape"):  # type: ignore[union-attr]
            return found
        puts = [put for put in steps if put.word == "put" and len(put.inputs) == 3 and same_container(steps, put, step)]
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
            return Way("call", f"np.{name}", shape_as_one(name, parts))
        return None

    def _sign(self, step: Step, level: int, depth: int) -> Way | None:
        sign = SIGNS.get(step.argument % IN_PLACE)
        first, second = (self.of(part, level, depth) for part in step.inputs)
        if sign is None or first is None or second is None:
            return None
        return counted(sign, first, second) or Way("sign", sign, (first, second))

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
            return found if found is None or runs_out(steps, iterator) else uncounted(found)
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
                return None if found is None else turned(found)
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
            return Way("counter", start, () if end is None else (added(end, -start),))
        first, end, by = ends
        if end is None or by is None:
            return None
        down = by.argument == -1 if by.word == "number" else by.word == "sign" and by.parts[0].argument == 1
        stop = end.argument if end.word == "number" else None
        stop = -end.parts[0].argument if end.word == "sign" and len(end.parts) == 1 else stop
        if not down or not isinstance(stop, int):
            return None
        return Way("counter", stop + 1, () if first is None else (added(first, -stop),), True)
