"""What goes between recordings and the world outside, and two recordings compared; it knows no cell."""

from autograd_seq.exchange.equivalence import Equivalence, Step, equivalent

__all__ = ["Equivalence", "Step", "equivalent"]
