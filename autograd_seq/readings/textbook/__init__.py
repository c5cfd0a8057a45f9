"""A recording as a textbook has it: what a program spells out stands as the function that it is.

`1 / (1 + exp(−z))` is σ(z), `exp(z − max(z)) / Σ exp(z − max(z))` is softmax(z), and the logarithm of a probability
is differentiated by what the probability is made from, as everybody does by hand: its values stay what was recorded.
"""

from autograd_seq.readings.textbook.recognition import recognised

__all__ = ["recognised"]
