"""What docstrings have in backquotes: a link where it is a full name of this project's, and code where it is not."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains.python import PyXRefRole

FULL_NAME = re.compile(r"~?(?:autograd_seq|cells|viz)\.[\w.]+")


class NameOrCode(PyXRefRole):
    """As `py:obj`, which looks up any word, but for full names alone."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The link or the code."""
        if FULL_NAME.fullmatch(self.text):
            return super().run()
        return [nodes.literal(self.rawtext, self.text)], []


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.add_role_to_domain("py", "name", NameOrCode())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
