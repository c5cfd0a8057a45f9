"""What a program calls its values: the variable, key or attribute that a result is assigned to.

A record remembers the code object and the instruction that made it; where the result is returned, also those of the
caller. Names are read off the bytecode, and only when somebody asks.
"""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass
from functools import cached_property, partial
from threading import Lock
from types import CodeType, FrameType
from typing import Any, Protocol

from autograd_seq.core.bytecode import Flow, Step, Value, returned_at_once
from autograd_seq.core.source_line import ENGINE, ENGINE_FILES, ours

Place = tuple[CodeType, int]
Origin = tuple[Place, ...]  # an instruction, and those of the callers to whom its result is returned

NOWHERE: Origin = ()  # of what no line of the program has the result of
MOST = 500  # code objects that are remembered: those of a notebook's cells are new each time
ALL = range(2**31)  # every offset
ADDED = (0, 13)  # what Python's bytecode has for + and +=
ANY = "any"  # one element of a list, whichever
DEPTH = 8


@dataclass(frozen=True, slots=True)
class Returned:
    """That a value is returned.

    Attributes
    ----------
    path : tuple
        Which part of what is returned it is: the place in a tuple, the key in a dictionary.
    local : str or None
        The variable that it had in the function.
    """

    path: tuple[Any, ...]
    local: str | None = None


class Element(str):
    """The name of a list, dictionary or array, for one of its elements."""

    __slots__ = ()


class Destinations:
    """Where the results of one code object's instructions go.

    Parameters
    ----------
    code : CodeType
        It.
    returning : set of int, optional
        The offsets of instructions of whose result a part may be returned; read off the bytecode if not given.
    asked_of_all : bool
        Whether they are read off at once; of a function of this package's own only a few are ever asked for.
    """

    def __init__(
        self, code: CodeType, returning: frozenset[int] | range | None = None, asked_of_all: bool = True
    ) -> None:
        self.code = code
        self._known: dict[tuple[int, tuple[Any, ...]], str | Returned | None] = {}
        self._reach: dict[int, tuple[list[int], bool]] = {}
        self.returning: Container[int] = frozenset() if returning is None else returning
        if returning is None:
            self.returning = frozenset(self._returning()) if asked_of_all else _Returning(self)

    @cached_property
    def flow(self) -> Flow:
        """The values of the code; of most functions of this package's own nobody asks for them."""
        return Flow(self.code)

    def of(self, offset: int, path: tuple[Any, ...] = ()) -> str | Returned | None:
        """What becomes of the result of the instruction at an offset, or of a part of it: a name, or it is returned."""
        step = self.flow.step_at(offset)
        if step is None or self.flow.steps[step].word == "unpack":
            return None  # what an iterator gives to an assignment of several is one of them, nobody knows which
        if (step, path) not in self._known:
            self._known[step, path] = self._follow((step, 0), path, DEPTH)
        return self._known[step, path]

    def of_array(self, offset: int, path: tuple[Any, ...] = ()) -> str | Returned | None:
        """As `of`, of an array: a part that was cut out, as ``h[:, :, 1:]``, is still that array."""
        step = self.flow.step_at(offset)
        return None if step is None else self._follow((step, 0), path, DEPTH, cuts=True)

    def _returning(self) -> set[int]:
        """The offsets of instructions of whose result a part may be returned."""
        found = {
            k
            for k, step in enumerate(self.flow.steps)
            if step.word not in ("load", "store", "number") and self._leaves((k, 0), DEPTH)
        }
        return {offset for offset, step in self.flow.at.items() if step in found}

    def returns(self, offset: int) -> bool:
        """Whether a part of the result of the instruction at an offset may be returned."""
        if returned_at_once(self.code, offset):
            return True
        step = self.flow.step_at(offset)
        if step is None or self.flow.steps[step].word in ("load", "store", "number"):
            return False
        return self._leaves((step, 0), DEPTH)

    def _leaves(self, value: Value, depth: int) -> bool:
        """Whether a value, or a part of it, may be returned."""
        if not depth:
            return False
        for user, position in self.flow.uses.get(value, ()):
            step = self.flow.steps[user]
            if step.word == "return":
                return True
            if step.word in ("collect", "map") and self._leaves((user, 0), depth - 1):
                return True
            if step.word == "add" and position == 0 and self._leaves(step.inputs[1], depth - 1):
                return True
            if step.word == "unpack" and any(self._leaves((user, k), depth - 1) for k in range(step.argument & 255)):
                return True
            if step.word == "item" and position == 0 and self._leaves((user, 0), depth - 1):
                return True
            if step.word == "store":
                loads, again = self._reached(user)
                if not again and any(self._leaves((load, 0), depth - 1) for load in loads):
                    return True
        return False

    def _follow(
        self, value: Value, path: tuple[Any, ...], depth: int, cuts: bool = False
    ) -> str | Returned | None:
        """The first name that a value is given, or that it is returned."""
        if not depth:
            return None
        for user, position in self.flow.uses.get(value, ()):
            found = self._at_user(user, position, path, depth - 1, cuts)
            if found is not None:
                return found
        return None

    def _at_user(
        self, user: int, position: int, path: tuple[Any, ...], depth: int, cuts: bool
    ) -> str | Returned | None:
        step, follow = self.flow.steps[user], partial(self._follow, cuts=cuts)
        if step.word == "return":
            return Returned(path)
        if step.word == "store":
            return None if user in self.flow.of_comprehensions else self._stored(user, path, depth, cuts)
        if step.word == "item" and position == 0 and cuts and not path and self._cuts(step):
            return follow((user, 0), path, depth)
        if step.word == "set" and position == 0 and not _into(path):
            return str(step.argument)
        if step.word == "put" and position == 0 and not _into(path):
            return self._key(step.inputs) or _element(self.called(step.inputs[1]))
        if step.word == "unpack" and path and type(path[0]) is int and path[0] < step.argument & 255:
            return follow((user, path[0]), path[1:], depth)
        if step.word == "collect":
            return follow((user, 0), (position, *path), depth)
        if step.word == "map":
            return self._mapped(user, position, path, depth)
        if step.word == "add" and position == 0:
            return follow(step.inputs[1], (ANY, *path), depth)
        if step.word == "BINARY_OP" and position == 1 and len(path) == 1 and step.argument in ADDED:
            return _element(self.called(step.inputs[0]))  # hs += [h], which appends
        if step.word in ("iterate", "next") and path:
            return follow((user, 0), path if step.word == "iterate" else path[1:], depth)
        if step.word == "item" and position == 0 and path and self._constant(step.inputs[1]) == path[0]:
            return follow((user, 0), path[1:], depth)
        if step.word == "call" and position > 0 and not _into(path):
            return self._appended(step.inputs[:2])
        return None

    def _cuts(self, item: Step) -> bool:
        """Whether an index only cuts, and picks no place along any axis."""
        key = self.flow.steps[item.inputs[-1][0]] if len(item.inputs) == 2 and item.inputs[1][0] >= 0 else None
        parts = [self.flow.steps[v[0]] for v in key.inputs] if key and key.word == "collect" else [key]
        return len(item.inputs) == 3 or all(p and (p.word == "BUILD_SLICE" or _is_slice(p.argument)) for p in parts)

    def _stored(self, store: int, path: tuple[Any, ...], depth: int, cuts: bool = False) -> str | Returned | None:
        """A variable's name, unless what it holds is returned; of a part of it, the name where that is taken."""
        name = str(self.flow.steps[store].argument)
        called = name if not _into(path) and speaks(name) else None
        loads, again = self._reached(store)
        for load in loads:
            found = self._follow((load, 0), path, depth, cuts) if path or not again else None
            if isinstance(found, Returned) and not again:
                return Returned(found.path, found.local or called)
            if path and isinstance(found, str):
                return found
        if called and loads and all(self._rewritten(load, name) for load in loads):
            return None
        return _element(called) if path else called

    def _rewritten(self, load: int, name: str) -> bool:
        """Whether a variable is loaded for nothing but its own next value, as z is in ``z = z + b``."""
        operations = self.flow.uses.get((load, 0), ())
        if len(operations) != 1 or self.flow.steps[operations[0][0]].word != "BINARY_OP":
            return False
        stores = [self.flow.steps[user] for user, _ in self.flow.uses.get((operations[0][0], 0), ())]
        return [(step.word, step.argument) for step in stores] == [("store", name)]

    def _mapped(self, user: int, position: int, path: tuple[Any, ...], depth: int) -> str | Returned | None:
        """Where a dictionary's value goes, else its key."""
        step = self.flow.steps[user]
        keys = self._constant(step.inputs[-1]) if len(step.inputs) % 2 else None
        if isinstance(keys, tuple) and len(keys) == len(step.inputs) - 1:
            key = keys[position] if position < len(keys) else None
        else:
            key = self._constant(step.inputs[position - 1]) if position % 2 else None
        if key is None:
            return None
        found = self._follow((user, 0), (key, *path), depth)
        word = key if isinstance(key, str) and key.isidentifier() and not _into(path) else None
        if isinstance(found, Returned):
            return Returned(found.path, found.local or word)
        return found or word

    def _appended(self, function: tuple[Value, ...]) -> str | None:
        """The list that a call of ``append`` adds to."""
        for step in (self.flow.steps[value[0]] for value in function if value[0] >= 0):
            if step.word == "attribute" and step.argument == "append":
                return _element(self.called(step.inputs[0]))
        return None

    def called(self, value: Value) -> str | None:
        """The variable or attribute that a value was loaded from."""
        step = self.flow.steps[value[0]] if value[0] >= 0 else None
        if step is not None and step.word in ("load", "attribute"):
            return str(step.argument)
        if step is not None and step.word == "item":
            key = self._constant(step.inputs[1])
            return key if isinstance(key, str) and key.isidentifier() else self.called(step.inputs[0])
        return None

    def _key(self, inputs: tuple[Value, ...]) -> str | None:
        """The key of ``d["c"] = …``."""
        key = self._constant(inputs[2])
        return key if isinstance(key, str) and key.isidentifier() else None

    def _constant(self, value: Value) -> Any:
        step = self.flow.steps[value[0]] if value[0] >= 0 else None
        return step.argument if step is not None and step.word == "number" else None

    # -- variables ----------------------------------------------------------------------------

    def _reached(self, store: int) -> tuple[list[int], bool]:
        """Where a variable is loaded with what one step stores in it; and whether that step may come again."""
        if store not in self._reach:
            name, steps = self.flow.steps[store].argument, self.flow.steps
            holding = self._walk(store, self._stores[name])
            loads = sorted(k for k in holding if steps[k].word == "load" and steps[k].argument == name)
            self._reach[store] = loads, self._comes_again(store)
        return self._reach[store]

    def _comes_again(self, store: int) -> bool:
        """Whether a step stands in a loop: between where one jumps back to and from where, and on the way there."""
        jumps = self.flow.jumps_back
        return any(i <= store <= k for i, k in jumps) and store in self._walk(store, ())

    def stores_before(self, load: int) -> list[int]:
        """Where a variable was stored that is loaded here."""
        stores = self._stores.get(self.flow.steps[load].argument, {})
        return [k for k in stores if load in self._reached(k)[0]]

    def is_argument(self, load: int) -> bool:
        """Whether a variable can still hold what the function was given for it, where it is loaded."""
        return load in self._walk(None, self._stores.get(self.flow.steps[load].argument, {}))

    @cached_property
    def _stores(self) -> dict[Any, dict[int, None]]:
        """Of each variable the steps that store something in it, in order."""
        found: dict[Any, dict[int, None]] = {}
        for k, step in enumerate(self.flow.steps):
            if step.word == "store":
                found.setdefault(step.argument, {})[k] = None
        return found

    def _walk(self, start: int | None, ends: Container[int]) -> set[int]:
        """The steps that can come after one, or from the beginning, up to those that end the way."""
        seen: set[int] = set()
        steps = self.flow.steps
        stack = [0] if start is None else list(steps[start].follows)
        while stack:
            k = stack.pop()
            if k not in seen:
                seen.add(k)
                if k not in ends:
                    stack += steps[k].follows
        return seen


class _Returning(dict[int, bool]):
    """The offsets of instructions of whose result a part may be returned, as they are asked for."""

    def __init__(self, destinations: Destinations) -> None:
        super().__init__()
        self._destinations = destinations

    def __contains__(self, offset: object) -> bool:
        return self[offset]  # type: ignore[index]

    def __missing__(self, offset: int) -> bool:
        self[offset] = self._destinations.returns(offset)
        return self[offset]


def is_own(name: str | None) -> bool:
    """Whether a name is something's own, and not that of the list or dictionary that it is put in."""
    return name is not None and not isinstance(name, Element)


def _element(name: str | None) -> Element | None:
    return None if name is None else Element(name)


def speaks(name: str) -> bool:
    """Whether somebody chose a name: not ``_``, and none that a tool made up, which no program could write."""
    return name.isidentifier() and bool(name.strip("_"))


def _is_slice(constant: Any) -> bool:
    """Whether a constant is a slice, or slices alone."""
    return type(constant) is slice or (type(constant) is tuple and bool(constant) and all(map(_is_slice, constant)))


def _into(path: tuple[Any, ...]) -> bool:
    """Whether it is a certain part of something, and not any element of a list."""
    return any(part is not ANY for part in path)


# -- what a record remembers ---------------------------------------------------------------------

PASSES = "passes"  # of the engine's own functions that hand a record on as it is
Table = frozenset[int] | range | str
PLUMBING = frozenset(os.path.join(ENGINE, "core", f"{name}.py") for name in ("operation", "shortcuts", "protocols"))
_tables: dict[int, Table] = {}  # by the id of a code object: the offsets of instructions whose result it returns
_destinations: dict[int, Destinations] = {}  # which keep the code objects, so that an id stays what it is
_lock = Lock()
table_of = _tables.get


def destinations(code: CodeType) -> Destinations:
    """Where the results of a code object's instructions go."""
    found = _destinations.get(id(code))
    if found is None:
        returning: frozenset[int] | range | None = None
        if code.co_filename in PLUMBING:
            returning = ALL
        elif code.co_filename not in ENGINE_FILES and ours(code):
            returning = frozenset()  # cells name what the notes name, and it keeps that name
        found = Destinations(code, returning, asked_of_all=code.co_filename not in ENGINE_FILES)
        with _lock:
            if len(_destinations) >= MOST:
                _tables.clear()
                _destinations.clear()
            _destinations[id(code)] = found
            _tables[id(code)] = _table(code, found)
    return found


def _table(code: CodeType, found: Destinations) -> Table:
    """What `Operation.record` looks at: in a function of the engine's, only `located` knows whose result it is."""
    if code.co_filename in PLUMBING:
        return PASSES
    return ALL if code.co_filename in ENGINE_FILES else found.returning  # type: ignore[return-value]


def located(frame: FrameType) -> tuple[CodeType, int, Origin | None]:
    """The user's instruction behind a record, and whose result it is, if not that instruction's alone.

    What a function of the engine makes on its way to its result is the result of no instruction of the user's.
    """
    inner = False
    while (code := frame.f_code).co_filename in ENGINE_FILES:
        if not inner:  # else nothing more of the engine's needs to be read
            known = _destinations.get(id(code)) or destinations(code)
            inner = frame.f_lasti not in known.returning
        frame = frame.f_back  # type: ignore[assignment]
    offset = frame.f_lasti
    if inner:
        return code, offset, NOWHERE
    known = _destinations.get(id(code)) or destinations(code)
    return code, offset, returned_to(frame) if offset in known.returning else None


def callers(frame: FrameType) -> Origin:
    """An instruction, and those of the callers to whom its result is returned."""
    code, offset = frame.f_code, frame.f_lasti
    known = _destinations.get(id(code)) or destinations(code)
    return returned_to(frame) if offset in known.returning else ((code, offset),)


def returned_to(frame: FrameType) -> Origin:
    """An instruction that returns its result, and those of the callers to whom it is returned."""
    place = frame.f_code, frame.f_lasti
    back: FrameType | None = frame.f_back
    if back is None:
        return (place,)
    code, offset = back.f_code, back.f_lasti
    returned = table_of(id(code), ALL)
    if returned is not ALL and returned is not PASSES and offset not in returned:  # as of most
        return place, (code, offset)
    places: list[Place] = [place]
    while back is not None and len(places) < DEPTH and (code := back.f_code).co_filename not in ENGINE_FILES:
        places.append((code, back.f_lasti))
        if back.f_lasti not in (_destinations.get(id(code)) or destinations(code)).returning:
            break
        back = back.f_back
    return tuple(places)


@dataclass(slots=True)
class PutInto:
    """That the result of an instruction was put into an array.

    Attributes
    ----------
    place : Place
        The instruction.
    array : Origin
        Where the array was made, and the callers to whom it is returned.
    """

    place: Place
    array: Origin

    def name(self) -> str | None:
        """Its own name, or that of the array: as the caller calls it to whom the array is returned."""
        code, offset = self.place
        own = destinations(code).of(offset)
        if isinstance(own, Returned):
            own = own.local
        if is_own(own):
            return own
        path: tuple[Any, ...] = ()
        for code, offset in self.array:
            found = None if ours(code) else destinations(code).of_array(offset, path)
            if not isinstance(found, Returned):
                return _element(found) or own
            path = found.path
        return own


class WrittenInFile(tuple[Place, ...]):
    """An origin without places: a result computed as a file says, whose numbers are the file's own."""

    __slots__ = ()


class Made(Protocol):
    """What a record remembers of where it was made."""

    _code: CodeType | None
    _offset: int
    _origin: Any


def program_name(record: Made) -> str | None:
    """What the program calls a record: as the caller does to whom a function returns it, if the caller calls it."""
    origin = record._origin
    if origin is None:
        origin = () if record._code is None else ((record._code, record._offset),)
    elif not isinstance(origin, tuple):
        name: str | None = origin.name()
        return name
    path: tuple[Any, ...] = ()
    local = None
    for code, offset in origin:
        found = destinations(code).of(offset, path)
        known = not ours(code)
        if isinstance(found, str):
            return found if known else local
        if found is None:
            break
        local = local if found.local is None or not known else found.local
        path = found.path
        if code.co_name == "<genexpr>":
            break  # its caller is whoever goes through it, as sum does, whose result is another
    return local
