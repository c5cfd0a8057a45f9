"""Layers and directions put together again, and names for what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_seq.core.errors import ShapeError, ValueRangeError
from autograd_seq.core.source_line import here
from cells.bidirectional import Bidirectional
from cells.cell import Cell
from cells.deep import Deep
from cells.exchange.cell_kinds import Thing
from cells.exchange.found import SEPARATORS, Place

DIRECTION = re.compile(rf"(?<![^{SEPARATORS}])(forward|backward)(?![^_{SEPARATORS}])")


def composed(made: Mapping[Place, Thing], around: Mapping[str, Sequence[str]]) -> Any:
    """One thing, or a dict from names to things.

    Parameters
    ----------
    made : mapping
        What stands at each place.
    around : mapping
        From each prefix to the parts of it that say nothing.
    """
    modules: dict[str, dict[Place, Thing]] = {}
    for place, thing in made.items():
        modules.setdefault(place.prefix, {})[place] = thing
    whole = {prefix: _one(prefix, things) for prefix, things in modules.items()}
    things = _both(whole, around)
    named = _short(dict(zip(_names(list(things), around), things.values(), strict=True)))
    return next(iter(named.values())) if len(named) == 1 else named


def _one(prefix: str, things: Mapping[Place, Thing]) -> Thing:
    """What one module holds, its layers and directions together."""
    if [place for place in things if place.layer is None and not place.reverse]:
        return next(iter(things.values()))
    levels: list[Cell] = []
    for n in range(len(things)):
        directions = [things.get(Place(prefix, n, reverse)) for reverse in (False, True)]
        cells = [cell for cell in directions if isinstance(cell, Cell)]
        if cells and directions[0] is not None:
            levels.append(Bidirectional(*cells) if len(cells) == 2 else cells[0])
    if sum(2 if isinstance(level, Bidirectional) else 1 for level in levels) != len(things):
        there = ", ".join(f"layer {p.layer}{' (reverse)' * p.reverse}" for p in things)
        raise ValueRangeError(
            f"{prefix or 'these weights'} must have all layers from 0 on, each with its forward direction; "
            f"there are {there}{here()}"
        )
    return Deep(levels) if len(levels) > 1 else levels[0]


def _both(whole: Mapping[str, Thing], around: Mapping[str, Sequence[str]]) -> dict[str, Thing]:
    """Modules by prefix, of which a forward and a backward one are the two directions of one."""
    result: dict[str, Thing] = {}
    for prefix, thing in whole.items():
        match = DIRECTION.search(prefix)
        other = prefix and match and re.sub(DIRECTION, "backward", prefix)
        if match and match[1] == "backward" and re.sub(DIRECTION, "forward", prefix) in whole:
            continue
        twin = whole.get(other) if other and other != prefix else None
        if match and isinstance(thing, Cell) and isinstance(twin, Cell):
            if thing.n_x != twin.n_x:
                raise ShapeError(f"the directions of {prefix} read n_x = {thing.n_x} and {twin.n_x} numbers{here()}")
            result[prefix[: match.start()]] = Bidirectional(thing, twin)
        else:
            result[prefix] = thing
    return result


def _names(prefixes: Sequence[str], around: Mapping[str, Sequence[str]]) -> list[str]:
    """A name for each; what would be called like another keeps its whole prefix."""
    short = [_name(prefix, around) for prefix in prefixes]
    return [name if short.count(name) == 1 else _name(prefix, {}) for name, prefix in zip(short, prefixes, strict=True)]


def _name(prefix: str, around: Mapping[str, Sequence[str]]) -> str:
    """A prefix without what says nothing, such as ``params`` and ``cell``."""
    parts = [part for part in re.split(f"[{SEPARATORS}]", prefix) if part]
    empty = {*around.get(prefix, ()), "params"}
    while parts and parts[-1] in empty:
        parts.pop()
    while len(parts) > 1 and parts[0] in empty:
        parts.pop(0)
    return ".".join(parts)


def _short(named: Mapping[str, Thing]) -> dict[str, Thing]:
    """Names without the first parts that all of them have, such as that of the whole model."""
    parts = [name.split(".") for name in named]
    same = [len(set(level)) == 1 for level in zip(*parts, strict=False)]
    common = [*same, False].index(False) if len(parts) > 1 else 0
    return {".".join(p[common:]) or ".".join(p): thing for p, thing in zip(parts, named.values(), strict=True)}
