"""What translators do not see: a cell, an item or a heading that is formulas, code and numbers alone.

Code blocks are never translated. What is left out here stands in both languages as it is, so the pages that
programs write (derivations, operations, the gallery) give few messages.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

AS_IT_IS = (nodes.literal, nodes.math, nodes.image, nodes.raw)
WORD = re.compile(r"[A-Za-z]{2,}")
# Names and statuses that are the same in every language.
NAMES = re.compile(
    r"\b(?:proven|checked|excluded|refuted|undecided|unreadable|RNN|GRU|LSTM|rnn|gru|lstm|autograd_seq|NumPy|PyTorch|JAX|Keras|"
    r"ONNX|Equinox|Flax|Haiku|torch|jax|linen|nnx)\b"
)

# What docstrings are divided by; Sphinx has them in its own catalogues.
LABELS = {
    "Parameters", "Returns", "Yields", "Raises", "Warns", "Examples", "Notes", "References", "Attributes", "Variables",
}  # fmt: skip
# Pages whose tables a program fills with formulas, code, names and statuses: their headings alone are translated.
FILLED = re.compile(r"derivations/.+|formulas")


def prose(node: nodes.Node) -> str:
    """The text of a node without its code and formulas."""
    if isinstance(node, AS_IT_IS):
        return " "
    if isinstance(node, nodes.Text):
        return str(node)
    return "".join(prose(child) for child in node.children)


def in_a_table(node: nodes.Node) -> bool:
    """Whether something stands in the body of a table."""
    while node.parent is not None and not isinstance(node, nodes.tbody):
        node = node.parent
    return isinstance(node, nodes.tbody)


class OnlyProse(SphinxTransform):
    """Marks what has no word to translate, before translations are looked up."""

    default_priority = 5

    def apply(self, **kwargs: Any) -> None:
        """Mark it."""
        for node in self.document.findall(nodes.TextElement):
            if isinstance(node, nodes.Inline):
                continue
            if node.astext() in LABELS and self.env.docname.startswith("api/"):
                node["translatable"] = False
            if isinstance(node, nodes.math_block):
                node["translatable"] = False
            links = node.astext().startswith("rule: ")  # of a proof, in words
            filled = not links and in_a_table(node) and FILLED.fullmatch(self.env.docname)
            if filled or not WORD.search(NAMES.sub(" ", prose(node))):
                node["translatable"] = False


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.add_transform(OnlyProse)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
