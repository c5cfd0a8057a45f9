"""README.zh-CN.md says which state of each section of README.md it is a translation of.

``python docs/readme_in_chinese.py`` writes these marks anew, once the Chinese is up to date.
``--check`` lists the sections whose English has changed since, and what differs in code, commands and links.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
MARK = re.compile(r"<!-- README\.md ([0-9a-f]{8}) -->\n")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)]+)\)")


def sections(text: str) -> list[str]:
    """A page cut before each heading that is not inside of a block of code."""
    kept = FENCE.sub(lambda block: re.sub(r"^#", "\0", block[0], flags=re.MULTILINE), text)
    parts = re.split(r"^(?=#)", kept, flags=re.MULTILINE)
    return [part.replace("\0", "#") for part in parts if part.lstrip().startswith("#")]


def mark(section: str) -> str:
    """What an English section is known by."""
    return hashlib.sha256(" ".join(section.split()).encode()).hexdigest()[:8]


def marked(english: str, chinese: str) -> str:
    """The Chinese page with a mark before the text of each section."""
    pairs = zip(sections(english), sections(MARK.sub("", chinese)), strict=True)
    lead = chinese[: chinese.index("# ")]
    found = []
    for theirs, ours in pairs:
        heading, _, rest = ours.partition("\n")
        found.append(f"{heading}\n<!-- README.md {mark(theirs)} -->\n{rest}")
    return lead + "".join(found)


def gaps(english: str, chinese: str) -> list[str]:
    """What of the Chinese page is not that of the English one."""
    ours, theirs = sections(chinese), sections(english)
    if len(ours) != len(theirs):
        return [f"README.md has {len(theirs)} sections, README.zh-CN.md {len(ours)}"]
    found = []
    for mine, its in zip(ours, theirs):
        title = its.partition("\n")[0]
        known = MARK.search(mine)
        if known is None or known[1] != mark(its):
            found.append(f"{title}: the English has changed since it was translated")
        for what, pattern in (("code", CODE), ("a link", LINK), ("a block", FENCE)):
            texts = (mine, its) if what == "a block" else (FENCE.sub("", mine), FENCE.sub("", its))
            both = [Counter(pattern.findall(text)) for text in texts]
            if lost := both[1] - both[0]:
                found.append(f"{title}: {what} is not there in Chinese: {', '.join(lost)[:200]}")
    return found


if __name__ == "__main__":
    page, translation = ENGLISH.read_text(encoding="utf-8"), CHINESE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        print("\n".join(gaps(page, translation)) or "README.zh-CN.md is up to date")
    else:
        CHINESE.write_text(marked(page, translation), encoding="utf-8")
