"""Build the site in both languages into plain files: ``python docs/build.py``, then open ``build/site/index.html``.

It needs the extra `docs`. ``--language en`` builds one of them; ``--out`` says where. Every warning is an error.
"""

from __future__ import annotations

import argparse
import contextlib
import locale
import os
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS / "site"))

from language_switch import LANGUAGES  # noqa: E402  (beside the pages, and installed nowhere)
from made_pages import make  # noqa: E402

OUT = DOCS.parent / "build" / "site"
FRONT = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>autograd_seq</title>
<script>location.replace((navigator.language.startsWith("zh") ? "zh" : "en") + "/index.html")</script>
<p><a href="en/index.html">English</a> · <a href="zh/index.html" lang="zh">中文</a></p>
</html>
"""


def build(language: str, out: Path, builder: str = "html") -> int:
    """Build it in one language with one of Sphinx's builders; 0 if all went well.

    In a process of its own: what Sphinx says in the first language of a process, it goes on saying in the second.
    """
    trees, folder = out.parent / f"{out.name}-trees", LANGUAGES[language][0]
    words = ["-q", "-W", "--keep-going", "-b", builder, "-d", str(trees / language), "-D", f"language={language}",
             "-D", f"html_extra_path=made/extra,made/{folder}",
             "-D", f"figure_language_filename=/made/{folder}/gallery/{{basename}}{{ext}}", str(DOCS),
             str(out / folder if builder == "html" else out)]  # fmt: skip
    return subprocess.run([sys.executable, "-m", "sphinx", *words], env=environment(), check=False).returncode


def environment() -> dict[str, str]:
    """What Sphinx is started with: it ends where the locale that is asked for is not installed, as in a container."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        return {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "1"}
    finally:
        locale.setlocale(locale.LC_ALL, before)
    return dict(os.environ)


def main(arguments: list[str] | None = None) -> int:
    """Build what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", choices=LANGUAGES, action="append", help="one language alone")
    parser.add_argument("--out", type=Path, default=OUT, help="the folder to write to (%(default)s)")
    options = parser.parse_args(arguments)
    make()
    failed = [language for language in options.language or LANGUAGES if build(language, options.out)]
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "index.html").write_text(FRONT, encoding="utf-8")
    print("failed: " + ", ".join(failed) if failed else f"open {options.out / 'index.html'}")
    return 1 if failed else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
