"""Python's own search for objects that hold nothing but each other, made less often while causes are looked for.

Changed programs are made and dropped by the thousand, and next to none of what they leave needs that search.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 20_000  # new objects between two searches, where Python has 700


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Let Python search seldom for such objects; as often as before afterwards.

    Examples
    --------
    >>> before = gc.get_threshold()
    >>> with collected_seldom():
    ...     pass
    >>> gc.get_threshold() == before
    True
    """
    before = gc.get_threshold()
    if before[0]:  # else it was switched off
        gc.set_threshold(max(SELDOM, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
