"""Pictures of recordings: drawings by Graphviz, pages that step through time, plots."""

from autograd_seq.core.source_line import pass_over
from viz import notebook as notebook
from viz.animation import animate
from viz.drawing import Drawing
from viz.layout import lay_out
from viz.page import Page, step_through
from viz.views import draw

__all__ = ["Drawing", "Page", "animate", "draw", "lay_out", "step_through"]

pass_over(__file__)
