"""Whether some font of this machine has the characters of a picture; and if none has, what to install.

A browser that shows an SVG looks for fonts by itself; for PNG and PDF, Graphviz and Matplotlib take those of this
machine.
"""

from __future__ import annotations

import os
import struct
import sys
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from autograd_seq.translation.reader import translated

KNOWN = 0x500  # Latin, Greek and Cyrillic, which every font for text has
# By the first words of a character's Unicode name: a font that has it, and what its package is called.
ADVICE = {
    "CJK": ("Noto Sans CJK", "fonts-noto-cjk"), "HIRAGANA": ("Noto Sans CJK", "fonts-noto-cjk"),
    "KATAKANA": ("Noto Sans CJK", "fonts-noto-cjk"), "HANGUL": ("Noto Sans CJK", "fonts-noto-cjk"),
    "IDEOGRAPHIC": ("Noto Sans CJK", "fonts-noto-cjk"), "FULLWIDTH": ("Noto Sans CJK", "fonts-noto-cjk"),
}  # fmt: skip
OTHERWISE = ("Noto Sans", "fonts-noto-core")


class MissingFontWarning(UserWarning):
    """A picture has characters that no font of this machine has."""


def warn_of_missing(texts: Iterable[str]) -> list[str]:
    """Warn of characters that will be boxes in a picture, and say what to install; the characters.

    Examples
    --------
    >>> warn_of_missing(["Γ_f ∘ c̃"])
    []
    """
    asked = {c for text in texts for c in text if ord(c) >= KNOWN and _of_a_script(c)}
    missing = sorted(c for c in asked if not _has_a_font(c))
    if missing:
        needed = sorted({ADVICE.get(_script(c), OTHERWISE) for c in missing})
        shown = "".join(missing[:8]) + "…" * (len(missing) > 8)
        font = " and ".join(font for font, _ in needed)
        where = {
            "win32": "Windows: Settings, Apps, Optional features, the fonts of the language",
            "darwin": f"macOS: open the file of {font} and click on Install",
        }.get(sys.platform, "Debian and Ubuntu: apt install " + " ".join(package for _, package in needed))
        said = (
            f"no font of this machine has {shown}: a PNG or a PDF shows boxes in their place. "
            f"Install {font} ({where}), or save the picture as .svg, for which a browser finds a font"
        )
        warnings.warn(translated(said), MissingFontWarning, stacklevel=2)
    return missing


def _script(c: str) -> str:
    """The first word of a character's Unicode name."""
    return unicodedata.name(c, "").split(" ")[0].split("-")[0]


def font_for(texts: Iterable[str]) -> Path | None:
    """The file of a font that has all characters beyond the usual ones; None where there are none, or no such font."""
    asked = {ord(c) for text in texts for c in text if ord(c) >= KNOWN and _of_a_script(c)}
    if not asked:
        return None
    return next((path for path in font_files() if asked <= covered(path)), None)


def _of_a_script(c: str) -> bool:
    """Whether a character is a letter or a sign of some script, not a sign of mathematics or an arrow."""
    return unicodedata.category(c)[0] in "LNM" or unicodedata.east_asian_width(c) in "WF"


@lru_cache(maxsize=4096)
def _has_a_font(c: str) -> bool:
    return any(ord(c) in covered(path) for path in font_files())


@lru_cache(maxsize=1)
def font_files() -> tuple[Path, ...]:
    """The font files of this machine."""
    found = []
    for folder in _folders():
        for path, _, names in os.walk(folder):
            found += [Path(path) / name for name in sorted(names) if name.lower().endswith((".ttf", ".otf", ".ttc"))]
    return tuple(found)


def _folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts",
                home / "AppData" / "Local" / "Microsoft" / "Windows" / "Fonts"]  # fmt: skip
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    data = os.environ.get("XDG_DATA_HOME") or home / ".local" / "share"
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path(data) / "fonts", home / ".fonts"]


@lru_cache(maxsize=512)
def covered(path: Path) -> frozenset[int]:
    """The code points that a font has, from its table ``cmap``; none of a file that is not a font."""
    try:
        data = path.read_bytes()
        return frozenset(c for start in _fonts_in(data) for c in _characters(data, start))
    except (OSError, struct.error, IndexError):
        return frozenset()


def _fonts_in(data: bytes) -> list[int]:
    """Where each font of a file begins; a collection has several."""
    if data[:4] != b"ttcf":
        return [0]
    (count,) = struct.unpack_from(">I", data, 8)
    return list(struct.unpack_from(f">{min(count, 64)}I", data, 12))


def _characters(data: bytes, start: int) -> Iterator[int]:
    """The code points of one font: subtables of format 4 (16 bits) and 12 (32 bits)."""
    (tables,) = struct.unpack_from(">H", data, start + 4)
    for i in range(tables):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, start + 12 + 16 * i)
        if tag == b"cmap":
            (count,) = struct.unpack_from(">H", data, offset + 2)
            for k in range(count):
                _, _, place = struct.unpack_from(">HHI", data, offset + 4 + 8 * k)
                yield from _subtable(data, offset + place)


def _subtable(data: bytes, at: int) -> Iterator[int]:
    (kind,) = struct.unpack_from(">H", data, at)
    if kind == 4:
        (double,) = struct.unpack_from(">H", data, at + 6)
        ends = struct.unpack_from(f">{double // 2}H", data, at + 14)
        starts = struct.unpack_from(f">{double // 2}H", data, at + 16 + double)
        for first, last in zip(starts, ends, strict=True):
            yield from range(first, min(last, 0xFFFE) + 1)
    elif kind == 12:
        (count,) = struct.unpack_from(">I", data, at + 12)
        for i in range(count):
            first, last, _ = struct.unpack_from(">III", data, at + 16 + 12 * i)
            yield from range(first, min(last, 0x10FFFF) + 1)
