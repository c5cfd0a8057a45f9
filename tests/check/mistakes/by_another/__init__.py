"""Sixty mistakes in twenty-two further styles, by another person who had not seen what is diagnosed.

``from check.mistakes.by_another import PASSES`` gives them all.
"""

from __future__ import annotations

from pathlib import Path

from check.mistakes.by_others import originals_in, passes_in

HERE = Path(__file__).parent
ORIGINALS = originals_in(HERE)
PASSES = tuple(passes_in(HERE))
