"""What a folded recording consists of stands in `autograd_seq.folding.folded`; these are its names for the readings."""

from autograd_seq.folding.folded import Block, Folded
from autograd_seq.folding.unit import Family, Ref, Unit, Use

__all__ = ["Block", "Family", "Folded", "Ref", "Unit", "Use"]
