"""Sixty mistakes in sixteen further styles, by a ninth person who had not seen what is diagnosed.

``from check.mistakes.by_a_ninth import PASSES`` gives them all.
"""

from __future__ import annotations

from pathlib import Path

from check.mistakes import by_another
from check.mistakes.by_others import originals_in, passes_in

HERE = Path(__file__).parent
ORIGINALS = originals_in(HERE, by_another.HERE)
PASSES = tuple(passes_in(HERE, by_another.HERE))
