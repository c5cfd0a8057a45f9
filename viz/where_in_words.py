"""Where a record stands, in words that are said in the reader's language."""

from __future__ import annotations

DIRECTIONS = {"forward": "forward direction", "backward": "backward direction"}


def layer_and_direction(layer: int | None, direction: str | None) -> list[str]:
    """In words; nothing for what has neither.

    Examples
    --------
    >>> layer_and_direction(2, "backward"), layer_and_direction(None, None)
    (['layer 2', 'backward direction'], [])
    """
    words = [] if layer is None else [f"layer {layer}"]
    return words if direction is None else [*words, DIRECTIONS[direction]]
