"""Hand-written backward passes: which gradients are wrong, and what was done wrong."""
