"""Which layers a heap of named arrays holds: known by the names that belong together, then by their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from autograd_seq.core.errors import ShapeError, ValueRangeError
from autograd_seq.core.source_line import here
from cells.exchange.convention import Array, Convention, Held, Library
from cells.exchange.libraries import LIBRARIES

SEPARATORS = "/."
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Told:
    """What is known of a module besides its arrays: its class and its settings."""

    kind: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where a layer stands among the arrays: what is before its names, and the layer and direction behind them."""

    prefix: str
    layer: int | None = None
    reverse: bool = False

    @property
    def module(self) -> str:
        """The prefix without its last separator."""
        return self.prefix.rstrip(SEPARATORS)


@dataclass(frozen=True)
class Found:
    """One layer: its library and conventions, of which shapes choose one, its place, and its arrays by their names."""

    library: str
    conventions: tuple[Convention, ...]
    place: Place
    keys: Mapping[str, str]
    told: Told = Told()

    @property
    def convention(self) -> Convention:
        """The one that was chosen."""
        return self.conventions[0]


def snake(name: str) -> str:
    """What a class is called in the name of a module.

    Examples
    --------
    >>> snake("SimpleRNN"), snake("VanillaRNN"), snake("LSTM")
    ('simple_rnn', 'vanilla_rnn', 'lstm')
    """
    return CAMEL.sub("_", name).lower()


def layers(
    arrays: Mapping[str, Array], told: Mapping[str, Told], settings: Mapping[str, Any], library: str | None = None
) -> list[Found]:
    """All layers that arrays belong to, in the order of their first arrays; `settings` are those that none tells.

    Raises
    ------
    ValueRangeError
        If an array belongs to no layer that is known, or to one that has no equal here; all are named at once.
    ShapeError
        If the arrays of a layer do not fit together.
    """
    found: list[Found] = []
    left = dict.fromkeys(arrays)
    for candidate in sorted(_candidates(arrays, told, library), key=_rank):
        if all(key in left for key in candidate.keys.values()):
            about = Told(candidate.told.kind, {**settings, **candidate.told.settings})
            found.append(_fitting(replace(candidate, told=about), arrays))
            for key in candidate.keys.values():
                del left[key]
    if left or not found:
        raise ValueRangeError(_not_understood(list(left), told))
    order = list(arrays)
    return sorted(found, key=lambda f: min(order.index(key) for key in f.keys.values()))


def _rank(found: Found) -> tuple[int, int, bool]:
    """Those that explain most come first; of equals the shorter prefix, then a table if its name says so."""
    table = found.convention.cell == "table"
    return -len(found.keys), len(found.place.prefix), table != ("emb" in found.place.prefix.lower())


def _candidates(arrays: Mapping[str, Array], told: Mapping[str, Told], only: str | None) -> Iterator[Found]:
    for name, library in LIBRARIES.items():
        if only in (None, name):
            same_names: dict[tuple[tuple[str, ...], tuple[bool, ...]], list[Convention]] = {}
            for convention in library.conventions:
                held = convention.held
                kind = tuple(h.name for h in held), (convention.named, convention.cell in ("table", "Readout"))
                same_names.setdefault(kind, []).append(convention)
            for conventions in same_names.values():
                yield from _of_one(name, library, tuple(conventions), arrays, told)


def _of_one(
    name: str, library: Library, conventions: tuple[Convention, ...], arrays: Mapping[str, Array],
    told: Mapping[str, Told],
) -> Iterator[Found]:  # fmt: skip
    """The layers whose arrays have the names of these conventions, which differ by shapes alone."""
    places: dict[Place, dict[str, str]] = {}
    held = conventions[0].held
    for h in held:
        pattern = _pattern(h.name, library.behind)
        for key in arrays:
            if match := pattern.fullmatch(key):
                said = match.groupdict()
                layer = int(said["layer"]) if said.get("layer") else None
                places.setdefault(Place(said["prefix"], layer, bool(said.get("reverse"))), {})[h.name] = key
    for place, keys in places.items():
        about = _about(place.module, told)
        possible = tuple(c for c in conventions if _may_be(c, place, about))
        if possible and _complete(held, keys):
            yield Found(name, possible, place, keys, about)


@cache
def _pattern(name: str, behind: str) -> re.Pattern[str]:
    """A name as it ends a longer one; older files of Keras put ``:0`` behind it."""
    tail = re.escape(name).replace("/", f"[{SEPARATORS}]")
    return re.compile(rf"(?P<prefix>(?:.*[{SEPARATORS}])?){tail}{behind}(?::0)?", re.DOTALL)


def _complete(held: list[Held], keys: Mapping[str, str]) -> bool:
    """Whether all matrices are there, and all biases of a part or none."""
    return all(h.name in keys for h in held if not h.is_bias)


def _may_be(convention: Convention, place: Place, about: Told) -> bool:
    if about.kind:
        return about.kind in convention.classes
    last = re.split(f"[{SEPARATORS}]", place.module)[-1]
    return not convention.named or re.sub(r"_\d+$", "", last) in map(snake, convention.classes)


def _about(module: str, told: Mapping[str, Told]) -> Told:
    """What is known of a module: by its whole name, else by the parts of it, of which the last says the most."""
    if module in told:
        return told[module]
    parts = [told[part] for part in re.split(f"[{SEPARATORS}]", module) if part in told]
    settings = {key: value for part in parts for key, value in part.settings.items()}
    return Told(parts[-1].kind, settings) if parts else Told()


def _fitting(found: Found, arrays: Mapping[str, Array]) -> Found:
    """The layer with the one convention that its shapes and settings have."""
    given = {name: arrays[key] for name, key in found.keys.items()}
    fitting = [c for c in found.conventions if c.sizes(given) and all(_fits(found.told, c, k) for k in c.settings)]
    fitting = fitting or [c for c in found.conventions if c.sizes(given)]
    if not fitting:
        sizes = " and ".join(f"{found.keys[name]} has shape {array.shape}" for name, array in given.items())
        layout = "(inputs, units)" if found.convention.inputs_first else "(units, inputs)"
        raise ShapeError(
            f"these are not the weights of one layer: {sizes}; {LIBRARIES[found.library].title} keeps matrices as "
            f"{layout}, and the units are n_a times {_counts(found)}{here()}"
        )
    if not fitting[0].cell:
        raise ValueRangeError(_without_equal(found, fitting[0]))
    return replace(found, conventions=(fitting[0],))


def _fits(told: Told, convention: Convention, setting: str) -> bool:
    """Whether a setting that decides between conventions decides for this one; the others are looked at later."""
    return setting not in told.settings or any(told.settings[setting] == v for v in convention.settings[setting])


def _counts(found: Found) -> str:
    return " or ".join(f"{len(c.gates)} ({c.classes[0]})" for c in found.conventions)


def _without_equal(found: Found, convention: Convention) -> str:
    where = found.place.module or "it"
    return f"{where} is a {convention.classes[0]} of {LIBRARIES[found.library].title}, which has no equal here{here()}"


def _not_understood(left: list[str], told: Mapping[str, Told]) -> str:
    """Everything that belongs to no layer, with what is known of it."""
    said = []
    for key in left:
        about = _about(re.split(f"[{SEPARATORS}]", key)[0] if "/" in key else key.rpartition(".")[0], told)
        said.append(f"{key} (of {about.kind})" if about.kind else key)
    return (
        "these are not the weights of recurrent layers, output layers and tables of embeddings alone, such as "
        "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 of PyTorch or kernel, recurrent_kernel, bias of Keras; "
        f"not understood: {', '.join(said)[:2000] or 'nothing was given'}{here()}"
    )
