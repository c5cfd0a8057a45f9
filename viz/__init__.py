"""Pictures of recordings: drawings by Graphviz, pages that step through time, plots."""

from viz.drawing import Drawing
from viz.layout import lay_out
from viz.views import draw

__all__ = ["Drawing", "draw", "lay_out"]
