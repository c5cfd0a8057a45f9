"""A recording as plain instructions, which a machine without NumPy and without Python can follow."""

from autograd_seq.readings.live.telling import Instructions as Instructions
from autograd_seq.readings.live.telling import instructions as instructions
