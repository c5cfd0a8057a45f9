"""What the theme around a page says, in the language of the page: Sphinx has Chinese for its own words alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

SAID = {
    '"Toggle site navigation sidebar"': '"展开或收起导航栏"',
    '"Toggle table of contents sidebar"': '"展开或收起本页目录"',
    '"Toggle Light / Dark / Auto color theme"': '"切换浅色、深色或自动配色"',
    '">生成器<': '">产生<',  # Yields
    ">Skip to content<": ">跳到正文<",
    "<span>Back to top</span>": "<span>回到顶部</span>",
    "<span>Next</span>": "<span>下一页</span>",
    "<span>Previous</span>": "<span>上一页</span>",
    "<title>Contents</title>": "<title>目录</title>",
    "<title>Menu</title>": "<title>菜单</title>",
    "<title>Expand</title>": "<title>展开</title>",
    "<title>Light mode</title>": "<title>浅色</title>",
    "<title>Dark mode</title>": "<title>深色</title>",
    "<title>Auto light/dark, in light mode</title>": "<title>自动，现为浅色</title>",
    "<title>Auto light/dark, in dark mode</title>": "<title>自动，现为深色</title>",
}
PATTERNS = [
    (re.compile(r'"Toggle navigation of ([^"]*)"'), r'"展开或收起“\1”"'),
    (re.compile(r"(>\s*)On this page(\s*<)"), r"\1本页内容\2"),
    (re.compile(r"Made with (<a [^>]*>Sphinx</a>) and (<a [^>]*>@pradyunsg</a>)'s\s*(<a [^>]*>Furo</a>)"),
     r"由 \1 和 \2 的 \3 主题生成"),
]  # fmt: skip


def in_chinese(page: str) -> str:
    """A page whose theme speaks Chinese.

    Examples
    --------
    >>> in_chinese('<span>Next</span> <input aria-label="Toggle navigation of 单元">')
    '<span>下一页</span> <input aria-label="展开或收起“单元”">'
    """
    for english, chinese in SAID.items():
        page = page.replace(english, chinese)
    for pattern, chinese in PATTERNS:
        page = pattern.sub(chinese, page)
    return page


def translate(app: Sphinx, exception: Exception | None) -> None:
    """Go through the pages that were built; live pages speak for themselves."""
    if exception is not None or app.builder.format != "html" or app.config.language != "zh_CN":
        return
    for path in Path(app.outdir).rglob("*.html"):
        if path.parent.name != "live":
            path.write_text(in_chinese(path.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.connect("build-finished", translate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
