"""The recorded graph, rewritten by general rules and replayed without recording."""

from autograd_seq.plan.plan import Plan, compile

__all__ = ["Plan", "compile"]
