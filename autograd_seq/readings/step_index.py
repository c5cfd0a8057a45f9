"""Numbers that count with the step stand in `autograd_seq.folding.step_index`; these are its names for the readings."""

from autograd_seq.folding.step_index import StepIndex, at_step

__all__ = ["StepIndex", "at_step"]
