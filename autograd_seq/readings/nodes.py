"""The nodes of a fold stand in `autograd_seq.folding.nodes`; this is their name for the readings."""

from autograd_seq.folding.unit import Node

__all__ = ["Node"]
