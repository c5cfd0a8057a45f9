"""Text files in the encoding that they were saved in: told, read off a byte-order mark, or UTF-8."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from io import TextIOWrapper

from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.learning.likely_encoding import likely
from autograd_seq.storage import files

# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
_MARK = "\ufeff"  # what any of them becomes, where the decoder does not take it away


def lines(path: str | os.PathLike[str], encoding: str | None = None) -> Iterator[str]:
    r"""The lines of a text file that are not empty, stripped, one at a time.

    Parameters
    ----------
    path : path-like
        The file.
    encoding : str, optional
        What it was saved in, such as ``"gbk"``. If not given, what its byte-order mark says; UTF-8 without one.

    Raises
    ------
    ValueRangeError
        If the file is not text in that encoding; the message says in which it may be.
    FileError
        If it cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp(), "names.txt")
    >>> _ = path.write_text("龙\n\n  狐  \n", encoding="gbk")
    >>> list(lines(path, encoding="gbk"))
    ['龙', '狐']
    """
    with files.opened(path) as file:
        first = file.peek()  # what comes next, without reading on: a pipe is read but once
        used = _marked(first) or "utf-8" if encoding is None else _known(encoding)
        wide = used.startswith(("utf-16", "utf-32"))
        try:
            with TextIOWrapper(file, used) as text:
                for line in text:
                    if "\0" in line and not wide:
                        raise _refusal(path, used, "it holds the character 0", line.encode(used))
                    # Files that were put one behind the other have a mark where each begins.
                    if bare := line.removeprefix(_MARK).strip():
                        yield bare
        except UnicodeDecodeError as error:
            beginning = error.object.rfind(b"\n", 0, error.start) + 1  # of a line, where no character is cut in two
            raise _refusal(path, used, error, b"" if wide else error.object[beginning:]) from error
        except UnicodeError as error:  # UTF-16 without the mark that tells its order
            raise _refusal(path, used, error, first) from error


def _known(encoding: str) -> str:
    """An encoding's name, if Python knows it."""
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, TypeError, ValueError) as error:
        raise ValueRangeError(
            f"there is no encoding {encoding!r} of text; write one that Python knows, such as utf-8, gbk, big5, "
            f"shift_jis, euc_kr or cp1252{here()}"
        ) from error


def _marked(first: bytes) -> str | None:
    """The encoding that a byte-order mark tells; None without one."""
    return next((encoding for mark, encoding in _MARKS.items() if first.startswith(mark)), None)


def _refusal(path: str | os.PathLike[str], used: str, reason: object, data: bytes) -> ValueRangeError:
    guess = likely(data)
    what = f"It may be {guess}"
    if guess in (None, used):
        guess, what = "gbk", "It may be damaged, or have been saved in another encoding, such as gbk"
    return ValueRangeError(
        f"{os.fspath(path)} is not text in {used.upper()}: {reason}. {what}: write --encoding {guess} in a command, "
        f"encoding={guess!r} in Python{here()}"
    )
