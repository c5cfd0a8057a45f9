"""Checking derivatives: proofs, numerical differences, hand-written backward passes and formulas."""
