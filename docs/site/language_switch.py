"""Each page knows where the same page stands in the other language."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

LANGUAGES = {"en": ("en", "English"), "zh_CN": ("zh", "中文")}  # setting: (folder, name in the language itself)


def other_language(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Add what the templates need."""
    code = next(code for code in LANGUAGES if code != app.config.language)
    folder, name = LANGUAGES[code]
    up = "../" * (pagename.count("/") + 1)
    context["other_language"] = {"code": code.replace("_", "-"), "name": name, "href": f"{up}{folder}/{pagename}.html"}


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.connect("html-page-context", other_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
