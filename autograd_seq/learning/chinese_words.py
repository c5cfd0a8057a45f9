"""Words of Chinese text, which has no spaces between them: the package jieba finds them."""

from __future__ import annotations

import logging
import re
from functools import cache
from importlib import import_module
from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here

_CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_OTHER_SCRIPTS = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")  # Japanese and Korean have such characters, too
_BESIDE = r"[\u3001-\u303f\u3400-\u9fff\uff01-\uffee\U00020000-\U0003ffff“”‘’…—]"
_MARK = r"[\u3001-\u303f\uff01-\uff0f\uff1a-\uff1f]"  # as wide as a character, with its own room
WORD = 2  # characters that may stand as a word without being looked up, as most words have two
_LOOSE = re.compile(f"(?<={_BESIDE}) (?={_BESIDE})|(?<={_MARK}) | (?={_MARK})")


def is_chinese(text: str) -> bool:
    """Whether a text has Chinese characters, and is not Japanese or Korean.

    Examples
    --------
    >>> is_chinese("梯度"), is_chinese("gradient")
    (True, False)
    """
    return _CHINESE.search(text) is not None and _OTHER_SCRIPTS.search(text) is None


def words(text: str) -> list[str]:
    """The words of a piece of Chinese text without marks.

    Raises
    ------
    UsageError
        If jieba is not installed, and there are more than two characters to be cut.
    """
    cutter = _cutter()
    if cutter is None and len(text) > WORD:
        raise UsageError(
            "this text is Chinese, which has no spaces between its words: to cut it into words, install jieba with  "
            "pip install 'autograd-seq[chinese]'  or take its characters, with level='character', in a command "
            f"--level character{here()}"
        )
    found: list[str] = [text] if cutter is None else cutter.lcut(text)
    return [word for word in found if not word.isspace()]


def joined(text: str) -> str:
    """Words that a space was put between, without those between Chinese ones.

    Examples
    --------
    >>> joined("梯度 消失 了 。 use tanh 吧")
    '梯度消失了。use tanh 吧'
    """
    return _LOOSE.sub("", text)


@cache
def _cutter() -> Any:
    """What cuts text into words; None without jieba."""
    try:
        package = import_module("jieba")
    except ImportError:
        return None
    package.setLogLevel(logging.WARNING)  # of its dictionary
    return package.Tokenizer()
