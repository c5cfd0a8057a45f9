"""Calling somebody's functions: which files they come from, with which NumPy they run, and with the same chance."""

from __future__ import annotations

import contextlib
import functools
import random
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

import autograd_seq.numpy as recorded
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor

Space = dict[str, Any]  # the global variables of a module
NOT_THEIRS = ("site-packages", "dist-packages")
GENERATORS = (np.random.Generator, np.random.RandomState)
SEED = 20


def spaces(*functions: Any) -> list[Space]:
    """The global variables of each file that somebody's functions come from or use.

    Followed are functions, methods, classes, objects and modules; what belongs to Python or is installed is left out.

    Examples
    --------
    >>> def double(x):
    ...     return 2 * x
    >>> [space is double.__globals__ for space in spaces(double)]
    [True]
    """
    return _Theirs(functions).spaces


class _Theirs:
    """All that somebody's functions are made of, with the spaces that they read and the generators that they hold."""

    def __init__(self, functions: Iterable[Any]) -> None:
        self.generators: list[Any] = []
        self.spaces = self._walk(list(functions))

    def _walk(self, functions: list[Any]) -> list[Space]:
        """Go from part to part; each is looked at once."""
        found: dict[int, Space] = {}
        asked = {id(space) for f in functions if (space := _space_of(f)) is not None}  # theirs, wherever they stand
        seen: set[int] = set()
        waiting = list(functions)
        while waiting:
            thing = waiting.pop()
            if id(thing) in seen:
                continue
            seen.add(id(thing))
            if isinstance(thing, GENERATORS):
                self.generators.append(thing)
                continue
            space = _space_of(thing)
            if space is not None and id(space) not in asked and not _theirs(space):
                if isinstance(thing, types.FunctionType) and str(space.get("__name__")).startswith("autograd_seq."):
                    waiting.extend(_parts(thing))  # it is put around one of theirs
                continue
            if space is not None and id(space) not in found:
                found[id(space)] = space
                waiting.extend(v for v in space.values() if _matters(v))
            waiting.extend(_parts(thing))
        return list(found.values())


def _matters(thing: Any) -> bool:
    return isinstance(thing, (types.ModuleType, *GENERATORS)) or _runs(thing)


def _runs(thing: Any) -> bool:
    """Whether something is a function, a class or an object of a class that somebody wrote."""
    if isinstance(thing, (types.FunctionType, types.MethodType, functools.partial, type)):
        return True
    kind = type(thing)
    if kind.__module__ in ("builtins", "numpy"):
        return False
    return any(isinstance(f, types.FunctionType) and _theirs(f.__globals__) for f in _members(kind))


def _space_of(thing: Any) -> Space | None:
    if isinstance(thing, types.FunctionType):
        return thing.__globals__
    return vars(thing) if isinstance(thing, types.ModuleType) else None


def _parts(thing: Any) -> Iterable[Any]:
    """What somebody's function, method, class or object is made of and runs with."""
    if isinstance(thing, types.FunctionType):
        kept = [*map(_content, thing.__closure__ or ()), *(thing.__defaults__ or ()), *vars(thing).values()]
        return [value for value in kept if _matters(value)]
    if isinstance(thing, types.MethodType):
        return [thing.__func__, thing.__self__]
    if isinstance(thing, functools.partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, (staticmethod, classmethod)):
        return [thing.__func__]
    if isinstance(thing, property):
        return [thing.fget]
    if isinstance(thing, type):
        return [part for part in _members(thing) if _belongs(part)]
    if isinstance(thing, types.ModuleType) or thing is None or not _runs(thing):
        return []
    return [type(thing), *(v for v in getattr(thing, "__dict__", {}).values() if _matters(v))]


def _members(kind: type) -> list[Any]:
    return [part for base in kind.__mro__[:-1] for part in vars(base).values()]


def _belongs(part: Any) -> bool:
    return isinstance(part, (types.FunctionType, staticmethod, classmethod, property))


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def _theirs(space: Space) -> bool:
    """Whether a module is somebody's own, and neither Python's, installed nor this package's."""
    name = str(space.get("__name__", ""))
    top = name.partition(".")[0]
    if top in ("numpy", "autograd_seq", "cells", "viz") or (top in sys.stdlib_module_names and top != "__main__"):
        return False
    return not any(part in str(space.get("__file__", "")) for part in NOT_THEIRS)


def files(where: Iterable[Space]) -> set[str]:
    """The files whose functions stand in these spaces, as their code names them."""
    found = set()
    for space in where:
        classes = [value for value in space.values() if isinstance(value, type)]
        things = [*space.values(), *(part for kind in classes for part in vars(kind).values())]
        functions = [v for v in things if isinstance(v, types.FunctionType) and v.__globals__ is space]
        found |= {f.__code__.co_filename for f in functions}
    return found


# -- which NumPy ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def recording(where: Iterable[Space]) -> Iterator[None]:
    """Let arrays that these files make by np.zeros and the like record what is assigned into them."""
    own = [key for key in vars(recorded) if not key.startswith("_") and vars(recorded)[key] is not getattr(np, key)]
    with _exchanged(where, {id(np): recorded, **{id(getattr(np, key)): vars(recorded)[key] for key in own}}):
        yield


@contextlib.contextmanager
def plainly(where: Iterable[Space]) -> Iterator[None]:
    """Let these files run on plain NumPy where they ask for ``autograd_seq.numpy``."""
    with _exchanged(where, _plain_instead()):
        yield


@functools.lru_cache(maxsize=1)
def _plain_instead() -> dict[int, Any]:
    """NumPy's own functions, by the numbers of those that record; every trial of a search asks for them."""
    own = [key for key in vars(recorded) if not key.startswith("_") and hasattr(np, key)]
    return {id(recorded): np, **{id(vars(recorded)[key]): getattr(np, key) for key in own}}


@contextlib.contextmanager
def without_chance_memory(where: Iterable[Space]) -> Iterator[None]:
    """Let what these files make by np.empty hold zeros: else it holds whatever the memory held before."""
    filled = {id(np.empty): np.zeros, id(np.empty_like): np.zeros_like}
    with _exchanged(where, {id(np): _ZEROS_FOR_EMPTY, **filled}):
        yield


def _zeros_for_empty() -> types.ModuleType:
    module = types.ModuleType(np.__name__, np.__doc__)
    vars(module).update(vars(np), empty=np.zeros, empty_like=np.zeros_like)
    return module


_ZEROS_FOR_EMPTY = _zeros_for_empty()


@contextlib.contextmanager
def _exchanged(where: Iterable[Space], instead: dict[int, Any]) -> Iterator[None]:
    changed = [(s, key, value) for s in where for key, value in s.items() if id(value) in instead]
    for space, key, value in changed:
        space[key] = instead[id(value)]
    try:
        yield
    finally:
        for space, key, value in changed:
            if space.get(key) is instead[id(value)]:
                space[key] = value


def plain(thing: Any) -> Any:
    """The same tuples, lists and dicts with arrays in place of tensors; what holds no tensor stays as it is.

    Examples
    --------
    >>> plain(([Tensor([1.0])], 2))
    ([array([1.])], 2)
    """
    if isinstance(thing, Tensor):
        return np.array(thing.value)
    if type(thing) in (tuple, list):
        made = [plain(part) for part in thing]
        same = all(new is old for new, old in zip(made, thing, strict=True))
        return thing if same else type(thing)(made)
    if type(thing) is dict:
        filled = {key: plain(part) for key, part in thing.items()}
        return thing if all(filled[key] is thing[key] for key in thing) else filled
    return thing


# -- chance --------------------------------------------------------------------------------------------------


_is_kept = ContextVar("_is_kept", default=False)


@contextlib.contextmanager
def chance_kept() -> Iterator[None]:
    """Leave NumPy's and Python's own random numbers as they were, whatever is drawn meanwhile.

    Within it, single calls need not do so each for itself, which would take longer than many a call.

    Examples
    --------
    >>> np.random.seed(0)
    >>> with chance_kept():
    ...     _ = np.random.rand(7)
    >>> round(np.random.rand(), 4)
    0.5488
    """
    if _is_kept.get():
        yield
        return
    before = np.random.get_state(), random.getstate()
    token = _is_kept.set(True)
    try:
        yield
    finally:
        _is_kept.reset(token)
        np.random.set_state(before[0])
        random.setstate(before[1])


class SameChance:
    """Lets every call of some functions draw the same random numbers, and leaves the caller's as they were.

    NumPy's and Python's own generators start from one seed; a generator that the functions hold
    starts where it stood at the beginning.
    """

    def __init__(self, generators: Iterable[Any]) -> None:
        self._bits = [_bits(g) for g in generators]
        self._begun = [bits.state for bits in self._bits]

    def call(self, function: Callable[[], Any]) -> Any:
        """What a function answers with this chance."""
        with chance_kept():
            np.random.seed(SEED)
            random.seed(SEED)
            for bits, state in zip(self._bits, self._begun, strict=True):
                bits.state = state
            return function()


def _bits(generator: np.random.Generator | np.random.RandomState) -> Any:
    return generator.bit_generator if isinstance(generator, np.random.Generator) else generator._bit_generator


class Caller:
    """Calls somebody's functions on plain NumPy, or so that they can be recorded, always with the same chance.

    Parameters
    ----------
    *functions : callable
        All that is going to be called.
    """

    def __init__(self, *functions: Any) -> None:
        theirs = _Theirs(functions)
        self.spaces = theirs.spaces
        self._chance = SameChance(theirs.generators)

    def plain(self, function: Callable[[], Any]) -> Any:
        """What a call answers, in plain arrays."""
        with plainly(self.spaces):
            return plain(self._chance.call(function))

    def as_it_is(self, function: Callable[[], Any]) -> Any:
        """What a call answers with whatever NumPy its files name."""
        return self._chance.call(function)


# -- what was changed ----------------------------------------------------------------------------------------


class Kept:
    """The arrays in somebody's arguments as they were before a call.

    Parameters
    ----------
    **arguments
        Whatever is handed over, by the name that it is to have in a message.

    Examples
    --------
    >>> cache = {"h": np.ones(2)}
    >>> kept = Kept(cache=cache)
    >>> cache["h"] *= 2
    >>> kept.changed()
    ["cache['h']"]
    """

    def __init__(self, **arguments: Any) -> None:
        self._found = [(n, a, a.copy()) for key, v in arguments.items() for n, a in arrays_in(v, key)]

    def before(self, key: str, arguments: dict[str, Array]) -> dict[str, Array]:
        """A dict of arrays that was handed over, as it was."""
        kept = {name: copy for name, _, copy in self._found}
        return {k: kept.get(f"{key}[{k!r}]", v) for k, v in arguments.items()}

    def changed(self) -> list[str]:
        """The names of those whose numbers are others now."""
        return [name for name, now, before in self._found if not _same(now, before)]


def _same(some: Array, other: Array) -> bool:
    return np.array_equal(some, other, equal_nan=other.dtype.kind == "f")


def arrays_in(thing: Any, name: str, depth: int = 5) -> Iterator[tuple[str, Array]]:
    """Every array in tuples, lists and dicts, with how a program gets at it."""
    if isinstance(thing, np.ndarray):
        yield name, thing
    elif depth and isinstance(thing, (tuple, list)):
        for i, part in enumerate(thing):
            yield from arrays_in(part, f"{name}[{i}]", depth - 1)
    elif depth and isinstance(thing, dict):
        for key, part in thing.items():
            yield from arrays_in(part, f"{name}[{key!r}]", depth - 1)
