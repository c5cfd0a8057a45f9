"""Settings that are others at each step, such as the t in x[:, 1:, t], in JAX's words.

Where one index can read all steps at once, it does; else each step has its own, and what counts is an operand of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.notation import literal
from autograd_seq.core.operation import Operation
from autograd_seq.folding.step_index import GivenIndex, StepIndex, at_step
from autograd_seq.plan.anysize.stretch import Stretch
from autograd_seq.plan.rewrites.simplify import counts
from autograd_seq.plan.translate import is_all
from autograd_seq.plan.value import Value
from autograd_seq.plan.writing.jax_words import expression, in_jax, inside, lacks, plain

Called = Callable[[str, str], str]
"""Of the text of something at every step, and a word for it: what it is called at one step."""


class Word:
    """What stands in a setting for something that the program computes; it prints as that."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def parts_of(index: Any, operation: Any) -> tuple[Any, ...]:
    """An index as a tuple, of nothing that could print as anything else."""
    known = plain(index, operation)
    return known if isinstance(known, tuple) else (known,)


def all_at_once(parts: Sequence[Any], times: Any, shape: Sequence[int]) -> tuple[Any, int] | None:
    """The index that reads at all steps what one reads at each, and which axis of the result counts them.

    Parameters
    ----------
    parts : tuple
        The index at each step.
    times : steps
    shape : sequence of int
        Of what is read.

    Returns
    -------
    (index, axis) or None
        None if there is no such index.

    Examples
    --------
    >>> from autograd_seq.folding.step_index import StepIndex
    >>> all_at_once((slice(None), slice(1, None), StepIndex(-1)), range(1, 8), (3, 5, 9))
    ((slice(None, None, None), slice(1, None, None), slice(0, 7, None)), 2)
    """
    places = [i for i, part in enumerate(parts) if counts(part)]
    others = [part for part in parts if not counts(part)]
    if len(places) != 1 or any(isinstance(part, (np.ndarray, bool)) for part in others):
        return None
    place, part = places[0], parts[places[0]]
    taken = [sum(p is not None and p is not Ellipsis for p in some) for some in (parts[:place], parts)]
    missing = len(shape) - taken[1]
    before = [missing if p is Ellipsis else 0 if type(p) is int else 1 for p in parts[:place]]
    whole: Any
    if isinstance(part, GivenIndex):
        part = _counting(part, times)
    if isinstance(part, StepIndex):
        length = shape[taken[0] + (missing if Ellipsis in parts[:place] else 0)]
        start, stop = part.at(times[0]), part.at(times[-1]) + 1
        if start < 0:
            return None
        whole = slice(None) if (start, stop) == (0, length) else slice(start, stop)
    elif isinstance(part, GivenIndex) and not any(type(p) is int for p in others):
        whole = _given(part, times)
    else:
        whole = None
    return None if whole is None else ((*parts[:place], whole, *parts[place + 1 :]), sum(before))


def _counting(index: GivenIndex, times: Any) -> Any:
    """What counts with the step, if what data give does."""
    if isinstance(times, Stretch):
        return index
    found = [index.at(time) for time in times]
    shifts = {each - time if type(each) is int else None for each, time in zip(found, times)}
    return index if len(shifts) > 1 or None in shifts else StepIndex(found[0] - times[0])


def _given(index: GivenIndex, times: Any) -> Any:
    """What data give at each step, as one array; None if it is none of integers, or there is no saying at which."""
    if isinstance(times, Stretch):
        return None
    found = [np.asarray(index.at(time)) for time in times]
    alike = {(each.dtype.kind, each.shape) for each in found}
    return np.stack(found) if len(alike) == 1 and found[0].dtype.kind in "iu" else None


def at_one_step(setting: Any, times: Any, called: Called) -> Any:
    """A setting in which what counts is called by a word.

    Raises
    ------
    NotInWordsError
        If data give something else than numbers for it.
    """
    if isinstance(setting, StepIndex):
        return Word(_sum(called(f"jnp.arange({times[0]}, {times[-1] + 1})", "t"), setting.shift))
    if isinstance(setting, GivenIndex):
        given = _given(setting, times)
        if given is None:
            raise NotInWordsError
        return Word(called(f"jnp.array({given.tolist()})", "index"))
    if isinstance(setting, tuple):
        return tuple(at_one_step(part, times, called) for part in setting)
    if isinstance(setting, slice) and counts(setting):
        raise NotInWordsError
    return setting


def _sum(word: str, more: int) -> str:
    """A word and a number added to it, which may be a length with a name."""
    if type(more) is int:
        return f"{word} {'-' if more < 0 else '+'} {abs(more)}" if more else word
    return f"{word} + {more}"


class NotInWordsError(Exception):
    """A setting is another at each step in a way that JAX cannot trace."""


def step(value: Value, texts: Sequence[str], times: Any, called: Called, helpers: dict[str, None]) -> str:
    """An operation whose settings count with the step, at one step; operands and result are natural.

    Raises
    ------
    NotInWordsError
        If a setting is something that JAX cannot trace.
    """
    kind = value.kind
    assert isinstance(kind, Operation)
    if kind.algebra == "part":
        text, index = _cut(value, texts[0], times, called)
        return in_jax(f"{text}[{inside(at_one_step(index, times, called))}]")
    if kind.algebra == "gathered parts":
        whole = plain(value.settings["shape"], kind)
        pieces = [
            _put(piece, parts_of(index, kind), whole, times, called)
            for piece, index in zip(texts, value.settings["indices"], strict=True)
        ]
        return in_jax(" + ".join(pieces))
    settings = {key: at_one_step(setting, times, called) for key, setting in value.settings.items()}
    return expression(kind, texts, settings, helpers)


def _cut(value: Value, text: str, times: Any, called: Called) -> tuple[str, Any]:
    """What is read, with its slices that count taken already, and what is left of the index."""
    index = parts_of(value.settings["index"], value.kind)
    shape = value.uses[0].value.shape
    for place, (axis, start, length) in _slices(index, shape, times, called).items():
        text = f"lax.dynamic_slice_in_dim({text}, {start}, {length}, {axis})"
        index = (*index[:place], slice(None), *index[place + 1 :])
    return text, index


def _put(piece: str, index: tuple[Any, ...], whole: Sequence[int], times: Any, called: Called) -> str:
    """A piece in an array of zeros, where an index reads it."""
    small = list(whole)
    slices = _slices(index, whole, times, called)
    for place, (axis, _, length) in slices.items():
        index = (*index[:place], slice(None), *index[place + 1 :])
        small[axis] = length
    where = inside(at_one_step(index, times, called))
    text = f"jnp.zeros({literal(tuple(small))}, jnp.result_type({piece})).at[{where}].add({piece})"
    for axis, start, _ in slices.values():
        small[axis] = whole[axis]
        around = f"jnp.zeros({literal(tuple(small))}, jnp.result_type({piece}))"
        text = f"lax.dynamic_update_slice_in_dim({around}, {text}, {start}, {axis})"
    return text


def _slices(
    index: tuple[Any, ...], shape: Sequence[int], times: Any, called: Called
) -> dict[int, tuple[int, str, int]]:
    """By its place in an index, each slice that counts: its axis, its start in words, and how many it takes."""
    found = {}
    known = sum(part is not None and part is not Ellipsis for part in index)
    axis = 0
    for place, part in enumerate(index):
        if isinstance(part, slice) and counts(part):
            found[place] = (axis, *_piece(part, shape[axis], times, called))
        axis += len(shape) - known if part is Ellipsis else part is not None
    return found


def _piece(part: slice, length: int, times: Any, called: Called) -> tuple[str, int]:
    """Where a slice that counts starts, in words, and how many elements it takes."""
    if isinstance(part.start, StepIndex) and isinstance(part.stop, StepIndex) and part.step in (None, 1):
        first, many = part.start.at(times[0]), part.stop.shift - part.start.shift
        if first < 0 or many <= 0 or part.stop.at(times[-1]) > length:
            raise NotInWordsError
        return str(at_one_step(part.start, times, called)), many
    if isinstance(times, Stretch):
        raise NotInWordsError
    pieces = [range(length)[at_step(part, time)] for time in times]
    if len({len(piece) for piece in pieces}) > 1 or any(piece.step != 1 or not piece for piece in pieces):
        raise NotInWordsError
    return called(f"jnp.array({[piece.start for piece in pieces]})", "start"), len(pieces[0])


def read_at_once(value: Value, text: str) -> tuple[str, int] | None:
    """What is read of one array at all steps, natural, and which axis counts the steps; None if it takes more."""
    assert value.times is not None
    if value.uses[0].value.timed or not value.is_a("part"):
        return None
    once = all_at_once(parts_of(value.settings["index"], value.kind), value.times, value.uses[0].value.shape)
    if once is None:
        return None
    return text if all(map(is_all, once[0])) else in_jax(f"{text}[{inside(once[0])}]"), once[1]


def step_by_step(value: Value, texts: Sequence[str], timed: Mapping[str, str], helpers: dict[str, None]) -> str:
    """An operation whose settings count with the step, at all its steps, natural.

    Parameters
    ----------
    value : Value
    texts : list of str
        Its operands, natural: a single one, or a word for one at each step.
    timed : dict of str to str
        By its word, the text of each operand of every step.
    helpers : dict of str to None
    """
    counted: dict[str, str] = {}

    def called(text: str, word: str) -> str:
        return counted.setdefault(text, word if word not in counted.values() else f"{word}_{len(counted)}")

    try:
        inner = step(value, texts, value.times, called, helpers)
    except NotInWordsError:
        return _one_by_one(value, texts, timed, helpers)
    words = [*counted.values(), *timed]
    return f"jax.vmap(lambda {', '.join(words)}: {inner})({', '.join([*counted, *timed.values()])})"


def _one_by_one(value: Value, texts: Sequence[str], timed: Mapping[str, str], helpers: dict[str, None]) -> str:
    """The same, each step by itself."""
    kind, times = value.kind, value.times
    assert isinstance(kind, Operation) and times is not None
    if isinstance(times, Stretch):
        raise lacks(kind, "its settings are others at each step")
    steps = []
    for i, time in enumerate(times):
        operands = [f"{timed[text]}[{i}]" if text in timed else text for text in texts]
        settings = {key: at_step(setting, time) for key, setting in value.settings.items()}
        steps.append(expression(kind, operands, settings, helpers))
    return f"jnp.stack([{', '.join(steps)}])"


def added_at_once(value: Value) -> tuple[Any, int] | None:
    """Where what is read in parts has its adjoints of all steps: one index, and which axis of what is there is time."""
    if value.times is None or not value.is_a("gathered parts") or len(value.uses) != 1 or not value.uses[0].plain:
        return None
    index, whole = value.settings["indices"][0], value.settings["shape"]
    if not value.uses[0].value.timed or not counts(index):
        return None
    return all_at_once(parts_of(index, value.kind), value.times, whole)
