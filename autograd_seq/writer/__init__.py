"""The writer: records and trees as text, in LaTeX, as source and as formulas; names, precedence, and where to stop."""

from autograd_seq.writer.numerals import numeral
from autograd_seq.writer.writer import DEEPEST, GAP, Called, Steps, Writer, only_leaves, too_deep

__all__ = ["DEEPEST", "GAP", "Called", "Steps", "Writer", "numeral", "only_leaves", "too_deep"]
