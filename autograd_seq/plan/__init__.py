"""The recorded graph, rewritten by general rules and replayed without recording."""

from autograd_seq.plan.compiling import Plan, compile

__all__ = ["Plan", "compile"]
