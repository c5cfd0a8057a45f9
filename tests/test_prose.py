"""English and Chinese as they are written by people who think in them: turns of phrase from elsewhere are not found.

The lists grow: whoever meets such a turn mends it, and adds it here.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGLISH = [
    r"hang(s|ing)? (on|from|off) (the|a|an|its|which|what|how)\b",  # depends on
    r"\bdepend(s|ing)? from\b",
    r"\bin dependence (of|on)\b",
    r"\binformations\b",
    r"\b(allow|permit|enable)s? to [a-z]+\b",  # without whom
    r"\bthe same like\b",
    r"\bhow (it|they|this|that) looks? like\b",
    r"\bon the other side,",
    r"\bdiscuss(es)? about\b",
    r"\bexplains? (me|you|us) (how|what|why)\b",
    r"\bsuggests? (you )?to use\b",
    r"\bsince \d+ (years|months|days)\b",
    r"\bin the frame of\b",
    r"\bresp\.",
    r"\bmake(s)? it sense\b",
    r"\bcontrary to (that|this),",
    r"\bfunctionalit(y|ies)\b",
    r"(?<!there )\bis no (array|cell|function|mathematics|norm|number|plain data|shape|signature|sum|tensor|value)\b",
]
CHINESE = [
    "您",
    "挂在",
    "通过使用",
    "被用来",
    "被用于",
    "进行一个",
    "进行一次",
    "作出一个",
    "被称为是",
    "有着一个",
    "的时候的",
    "对于我们来说",
    "这使得",
    "它们中的每一个",
    "在这种情况之下",
    "做出检查",
    "基于这个事实",
    "如此之",
    "，其中之一是",
    "指名拒绝",
    "说.{0,4}读者的语言",
    "笼子",  # a process behind walls is 隔离的进程
    "(?<!隔离)墙[后外]",
    "不碰任何",
    "谁给了什么",
    "大家共享",
    "对到 (1e|float|[0-9])",  # 精确到
    "(借给|借用).{0,8}(那一行|辅助函数)",
    "杀掉(训练|的进程)",
    r"[*`] 数的是",
    "会说出来",
    "用.{0,6}话说出来",
    "(所算|所乘|展开来写|函数所计算|返回|记录下来)的东西",
    "是错误的语法",
    "以.{0,4}告终的时候",
    r"\d+ 个中的 \d+ 个",
    "各处使用之和",  # what is summed are adjoints
    "真假值",  # 布尔值
    "不可导点",  # 折点, as the glossary has it
]
APART = r"[\u4e00-\u9fff][A-Za-z0-9`$]|[A-Za-z0-9`$][\u4e00-\u9fff]"
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`|<!--.*?-->", re.DOTALL | re.MULTILINE)
QUOTED = re.compile(r"^msgstr (?:\"\"\n)?((?:\".*\"\n?)+)", re.MULTILINE)


def pages():
    """The English pages that people wrote, without code."""
    for path in sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")}):
        if "zh" not in path.name and "made" not in path.parts:
            yield path, CODE.sub(" ", path.read_text(encoding="utf-8"))


def sources():
    """Texts and docstrings of the package."""
    for package in ("autograd_seq", "cells", "viz", "examples"):
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
            yield path, CODE.sub(" ", "\n".join(found))


def translations():
    """What is said in Chinese."""
    yield ROOT / "README.zh-CN.md", (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    for folder in ("docs/locale", "autograd_seq/translation"):
        for path in sorted((ROOT / folder).rglob("*.po")):
            yield path, "\n".join(QUOTED.findall(path.read_text(encoding="utf-8")))


def hits(texts, turns):
    return [
        f"{path.relative_to(ROOT)}: {text[max(0, found.start() - 30) : found.end() + 30]!r}"
        for path, text in texts
        for turn in turns
        for found in re.finditer(turn, text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("texts", [pages, sources])
def test_english_is_english(texts):
    assert hits(texts(), ENGLISH) == []


def test_chinese_is_chinese():
    assert hits(translations(), CHINESE) == []


def test_letters_and_numbers_stand_apart_from_chinese_characters():
    """A space between them, as everywhere on the site: 用 NumPy 写."""
    assert hits(translations(), [APART]) == []


def test_a_turn_is_found():
    texts = [(ROOT / "x.md", "It hangs on the size, which allows to stop."), (ROOT / "y.md", "您通过使用它")]
    assert len(hits(texts, ENGLISH)) == 2 and len(hits(texts, CHINESE)) == 2
