"""How the site is made of these pages; `python docs/build.py` runs it."""

import sys
import zlib
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "site"))

from language_switch import LANGUAGES  # noqa: E402  (beside the pages, and installed nowhere)
from made_pages import gallery, helps  # noqa: E402

project = "autograd_seq"
author = "the maintainers of autograd_seq"
release = version = metadata.version("autograd-seq")
html_title = f"autograd_seq {version}"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "chinese_search",
    "language_switch",
    "mathml",
    "name_or_code",
    "outputs_in_chinese",
    "theme_in_chinese",
    "what_is_translated",
    "wordy_cells",
]
exclude_patterns = ["locale", "site", "made/extra", "made/en", "made/zh"]
suppress_warnings = ["myst.header"]  # a page of the gallery may begin with a table
myst_enable_extensions = ["dollarmath", "attrs_inline", "colon_fence"]
myst_heading_anchors = 4
highlight_language = "text"
pygments_style = "friendly"
pygments_dark_style = "github-dark"

# Docstrings: NumPy's style; a full name in backquotes is a link.
default_role = "py:name"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True  # np.float64 as it is written, and not as it prints
autodoc_default_options = {"members": True}
smartquotes_excludes = {"languages": ["ja"], "builders": ["man", "text"]}  # Chinese has the same quotes and dashes
add_module_names = False
toc_object_entries_show_parents = "hide"

# Chinese: one catalogue for each page, without line numbers, which would change with every line above them.
language = "en"
locale_dirs = ["locale"]
gettext_compact = False
gettext_location = False
gettext_uuid = False

html_theme = "furo"
html_static_path = ["site/static"]
html_extra_path = ["made/extra", "made/en"]  # of Chinese pages made/zh, which build.py says
html_favicon = "site/static/icon.svg"
html_css_files = ["site.css"]
html_js_files = ["from_disk.js"]
templates_path = ["site/templates"]
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
html_search_summary_length = 120
html_theme_options = {"top_of_page_buttons": ["view"]}
html_sidebars = {
    "**": [
        "sidebar/brand.html", "sidebar/language.html", "sidebar/search.html", "sidebar/scroll-start.html",
        "sidebar/navigation.html", "sidebar/scroll-end.html",
    ]
}  # fmt: skip

# Pages that programs write for whoever reads the repository.
MENU = "\n```{toctree}\n:hidden:\n:glob:\n\n[a-z]*\n```\n"


def for_the_site(app: Any, docname: str, source: list[str]) -> None:
    """Give one its menu, one its pictures, and one the help of all commands."""
    if docname == "derivations/README":
        source[0] += MENU
    elif docname == "gallery/README":
        source[0] = gallery(source[0])
    elif docname == "commands":
        source[0] += helps(LANGUAGES[app.config.language][0])


def setup(app: Any) -> None:
    """Tell Sphinx of it."""
    app.connect("source-read", for_the_site)
    files = [*(HERE / "site").glob("*.py"), *(HERE.parent / "autograd_seq" / "commands").glob("*.py")]
    code = b"".join(path.read_bytes() for path in sorted(files))
    app.add_config_value("digest_of_site_code", zlib.crc32(code), "env")  # pages are read again when it changes
