"""The rewrites, each a general rule on values."""

from __future__ import annotations

from autograd_seq.plan.value import Network


def rewrite(network: Network) -> None:
    """Apply all rules."""
