"""Search in Chinese, without a dictionary: any two neighbouring characters are a word, on pages and in questions.

So 遗忘门 is looked for as 遗忘 and 忘门, and whatever phrase stands on a page is found. Words of other letters are
those of English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

CHINESE = r"\u3400-\u9fff"
PIECES = re.compile(rf"[{CHINESE}]+|[^\W{CHINESE}]+")

SPLITTER = """
var splitQuery = (query) => {
  const words = [];
  for (const piece of query.match(/[\\u3400-\\u9fff]+|[\\p{L}\\p{N}_\\p{Emoji_Presentation}]+/gu) || []) {
    for (const part of piece.match(/[\\u3400-\\u9fff]+|[^\\u3400-\\u9fff]+/gu)) {
      if (!/[\\u3400-\\u9fff]/.test(part) || part.length === 1) words.push(part);
      else for (let i = 0; i + 1 < part.length; i++) words.push(part.slice(i, i + 2));
    }
  }
  return words;
};
"""


def words(text: str) -> Iterator[str]:
    """Words of letters, and of Chinese each pair of characters and each character."""
    for piece in PIECES.findall(text):
        if re.match(f"[{CHINESE}]", piece):
            yield from piece
            yield from (piece[i : i + 2] for i in range(len(piece) - 1))
        else:
            yield piece


class SearchChinese(SearchEnglish):
    """What Sphinx asks of a language."""

    lang = "zh"
    language_name = "English"  # whose stemmer it is that stems the words of other letters
    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:
        """The words of a text."""
        return list(words(input))

    def word_filter(self, stemmed_word: str) -> bool:
        """Which of them are kept: of Chinese all, single characters too."""
        return bool(re.match(f"[{CHINESE}]", stemmed_word)) or super().word_filter(stemmed_word)


def setup(app: Sphinx) -> dict[str, Any]:
    """In the place of Sphinx's own, which needs a dictionary and misses what is not in it."""
    app.add_search_language(SearchChinese)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
