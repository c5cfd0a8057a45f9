"""In which encoding bytes may be: whose letters, where it decodes them, are the ones that people write."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence

Letters = Sequence[str]  # those that are not ASCII


def likely(data: bytes) -> str | None:
    """An encoding that the beginning of a text may be in, its last character perhaps cut off; None if that is open.

    Examples
    --------
    >>> likely("三角龙住在一起".encode("gbk")), likely("Größe".encode("cp1252"))
    ('gbk', 'cp1252')
    """
    if b"\0" in data:
        return "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"
    if not data or decoded(data, "utf-8") is not None:
        return "utf-8" if data else None
    found = {encoding: share(_letters(data, encoding)) for encoding, share in _COMMON.items()}
    if len(_letters(data, "cp1251")) < len(data.translate(None, b" \r\n\t")) / 2:  # Russian is hardly ever in ASCII
        del found["cp1251"]
    best = max(found, key=lambda encoding: found[encoding])  # of equal ones the first
    return best if found[best] > 0.5 else None


def decoded(data: bytes, encoding: str) -> str | None:
    """The text that bytes are, the last character perhaps cut off; None if they are none."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return None


def _letters(data: bytes, encoding: str) -> Letters:
    return [c for c in decoded(data, encoding) or "" if not c.isascii()]


# -- how much of a text is what people write in that language ------------------------------------------------


def _share(letters: Letters, common: Callable[[str], bool]) -> float:
    return sum(map(common, letters)) / len(letters) if letters else 0.0


def _first_byte(letter: str, encoding: str) -> int:
    """Both of China's tables hold the common characters first."""
    try:
        return letter.encode(encoding)[0]
    except UnicodeEncodeError:
        return 0xFF


def _is_kana(letter: str) -> bool:
    return "\u3040" <= letter <= "\u30ff"


def _is_japanese(letter: str) -> bool:
    return _is_kana(letter) or "\u3000" <= letter <= "\u303f" or "\u4e00" <= letter <= "\u9fff"


def _japanese(letters: Letters) -> float:
    """No Japanese text is without kana, which other texts hardly have."""
    return _share(letters, _is_japanese) if _share(letters, _is_kana) > 0.2 else 0.0


def _korean(letters: Letters) -> float:
    """Chinese in this encoding would be a mixture of syllables and characters."""
    share = _share(letters, lambda c: "\uac00" <= c <= "\ud7a3")
    return share if share > 0.9 else 0.0


def _western(letters: Letters) -> float:
    """Letters and marks of western Europe; they stand alone among others, and are not most of a text."""
    return 0.9 * _share(letters, lambda c: c in "äöüßÄÖÜàâæçèéêëîïôœùûñáíóúìòåøãõÀÉÈÇÑÁÍÓÚÅØ„“”‚‘’–—…«»¿¡€°")


_COMMON: dict[str, Callable[[Letters], float]] = {
    "euc_kr": _korean,
    "shift_jis": _japanese,
    "euc_jp": _japanese,
    "gbk": lambda letters: _share(letters, lambda c: _first_byte(c, "gb2312") <= 0xD7),
    "big5": lambda letters: _share(letters, lambda c: _first_byte(c, "big5") <= 0xC6),
    "gb18030": lambda letters: _share(letters, lambda c: _first_byte(c, "gb2312") <= 0xD7),
    "cp1251": lambda letters: _share(letters, lambda c: "\u0430" <= c <= "\u044f"),
    "cp1252": _western,
}
