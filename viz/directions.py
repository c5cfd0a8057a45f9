"""The two directions of a network that reads both ways, in words that can be said in the reader's language."""

from __future__ import annotations

from autograd_seq.translation.reader import translated

_IN_WORDS = {"forward": "forward direction", "backward": "backward direction"}


def direction_in_words(direction: str) -> str:
    """A direction in English, for what is translated later.

    Examples
    --------
    >>> direction_in_words("backward")
    'backward direction'
    """
    return _IN_WORDS.get(direction, direction)


def short(direction: str | None) -> str:
    """A direction beside other words, in the reader's language.

    Examples
    --------
    >>> short("backward"), short(None)
    ('backward', '')
    """
    return translated(direction_in_words(direction)).removesuffix(" direction") if direction else ""


def place_in_words(layer: int | None, direction: str | None) -> str:
    """A layer and a direction in English, for what is translated later; nothing where there is neither.

    Examples
    --------
    >>> place_in_words(1, "backward"), place_in_words(2, None), place_in_words(None, None)
    ('layer 1, backward', 'layer 2', '')
    """
    if layer is None:
        return direction_in_words(direction) if direction else ""
    return {
        "forward": f"layer {layer}, forward",
        "backward": f"layer {layer}, backward",
    }.get(direction or "", f"layer {layer}")
