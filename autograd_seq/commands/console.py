"""Output for every console: signs that its encoding lacks are written in ASCII, and whoever reads may stop early.

What is printed holds Γ, ∂, ∘ and ŷ. A console or a pipe in GBK, Windows-1252 or ASCII lacks some of them; these, and
only these, are written as one would type them: ``Gamma_f``, ``dJ/dW``, ``*``, ``y_hat``.
"""

from __future__ import annotations

import codecs
import errno
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from autograd_seq.commands import screen
from autograd_seq.core.names import ACCENTS, LETTERS, escaped
from autograd_seq.translation.reader import translated

HANDLER = "autograd_seq.readable"
_SIGNS = {
    "−": "-", "∘": "*", "⊙": "*", "·": "*", "∗": "*", "×": "x", "÷": "/", "±": "+/-", "∂": "d", "∞": "inf",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~=", "≡": "==", "∈": " in ", "→": "->", "←": "<-", "↔": "<->", "⇒": "=>",
    "↦": "|->", "↑": "^", "↓": "v", "⇥": "->|", "⏎": "<enter>", "␣": "_", "‖": "||", "∣": "|", "⟨": "<", "⟩": ">",
    "ᵀ": ".T", "⊤": ".T", "⋯": "...", "⋮": ":", "—": "--", "–": "-", "‐": "-", "‑": "-", "‘": "'", "’": "'", "“": '"',
    "”": '"', "„": '"', "«": "<<", "»": ">>", "•": "*", "✓": "ok", "✗": "x", "▶": ">", "◀": "<", "⁄": "/",
    "°": " degrees", "\u00a0": " ", "─": "-", "━": "-", "═": "-", "│": "|", "┃": "|", "║": "|", "█": "#",
    "\ufffd": "?", "。": ".", "、": ",", "《": "<<", "》": ">>", "「": '"', "」": '"', "『": '"', "』": '"',
}  # fmt: skip
# Before what they apply to.
_WORDS = {"Σ": "sum", "∑": "sum", "Π": "prod", "∏": "prod", "√": "sqrt", "∛": "cbrt", "∇": "grad"}
_MARKS = {mark: f"_{name}" for name, mark in ACCENTS.items()}
_RAISED = {"<super>": "^", "<sub>": "_"}


@contextmanager
def any_console(full: bool | None = None) -> Iterator[None]:
    """Print what any console can show, for as long as the block lasts; on a terminal, no line longer than it is wide.

    Parameters
    ----------
    full : bool, optional
        Leave nothing out and break no line; if not given, whether the command line says ``--full``.

    Notes
    -----
    Signs that the encoding of standard output or error lacks are written in ASCII. Where the reader of a pipe is
    gone (``| head``), the rest is dropped without a word, and the program goes on to its end.

    Examples
    --------
    >>> with any_console():
    ...     print("Gamma_f")
    Gamma_f
    """
    before, screen_before = (sys.stdout, sys.stderr), screen.now
    screen.now = screen.opened(full)
    opened = [_Patient(stream) if stream is not None else None for stream in before]
    if opened[0] is not None:
        opened[0].width = screen.now.width
    sys.stdout, sys.stderr = (cast(TextIO, stream) for stream in opened)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        screen.now = screen_before
        for stream in opened:
            if stream is not None:
                stream.give_back()


class _Patient:
    """A stream that shows what it can, and that nobody has to go on reading; for the rest, the stream that it is of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._errors = getattr(stream, "errors", None)
        self.width: int | None = None
        self._begun = ""  # what the line holds that is being written
        self._set_errors(HANDLER)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, or nothing where nobody reads."""
        with self._readers_may_leave():
            self._stream.write(text if self.width is None else self._broken(text, self.width))
        return len(text)

    def _broken(self, text: str, width: int) -> str:
        """Text in lines of so many columns; the first goes on in the line that was begun before."""
        first, *lines = text.split("\n")
        begun = self._begun
        bare = begun.rstrip()
        broken = [screen.wrapped(begun + first, width), *(screen.wrapped(line, width) for line in lines)]
        self._begun = broken[-1].rsplit("\n", 1)[-1] if text else begun
        broken[0] = broken[0][len(bare) :].removeprefix(begun[len(bare) :])
        return "\n".join(broken)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand over what is still kept."""
        with self._readers_may_leave():
            self._stream.flush()

    def close(self) -> None:
        """Hand over what is kept; the stream stays open, for it is not of whoever closes it."""
        self.flush()

    def give_back(self) -> None:
        """Leave the stream as it was."""
        self.flush()
        self._set_errors(self._errors)

    def _set_errors(self, errors: str | None) -> None:
        reconfigure = getattr(self._stream, "reconfigure", None)
        if reconfigure is not None and errors is not None:
            with self._readers_may_leave():
                reconfigure(errors=errors)

    @contextmanager
    def _readers_may_leave(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._drop()  # also what Python would write at its end, and fail with once more
            gone = (errno.EPIPE, errno.EINVAL) if sys.platform == "win32" else (errno.EPIPE,)
            if error.errno not in gone:
                raise

    def _drop(self) -> None:
        """From here on, what is written goes nowhere."""
        with suppress(OSError):  # a stream without a file of its own
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def readable(error: UnicodeError) -> tuple[str, int]:
    """An error handler for encoding: each sign that the encoding lacks, as one would type it.

    Examples
    --------
    >>> "∂J/∂W_f = Σ_t dγ_f<t> ∘ c̃<t>ᵀ − ŷ²".encode("ascii", HANDLER).decode()
    'dJ/dW_f = sum_t dgamma_f<t> * c_tilde<t>.T - y_hat^2'
    >>> "dΓ_f ≤ 4×7 …".encode("cp1252", HANDLER).decode("cp1252")
    'dGamma_f <= 4×7 …'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_typed(error.object, i) for i in range(error.start, error.end)), error.end


codecs.register_error(HANDLER, readable)


def _typed(text: str, i: int) -> str:
    """One sign of a text in ASCII."""
    sign, after = text[i], text[i + 1 : i + 2]
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign in _WORDS and not (sign in LETTERS and _is_name(text, i)):
        return _WORDS[sign] + " " * after.isalnum()
    if sign in LETTERS:
        return LETTERS[sign]
    if unicodedata.combining(sign):
        return "" if after.isalpha() else _MARKS.get(sign, "")
    return _composed(text, i) or sign.encode("ascii", "backslashreplace").decode()


def _is_name(text: str, i: int) -> bool:
    """Whether a Σ is the name of something, as in dΣ and Σ<3>, and not a sum."""
    return text[i + 1 : i + 2] == "<" or text[max(i - 1, 0) : i] == "d"


def _composed(text: str, i: int) -> str:
    """What Unicode takes a sign apart into, where that is ASCII: a letter with marks, a raised figure, a ligature."""
    parts = unicodedata.normalize("NFKD", text[i])
    marks = [mark for mark in parts[1:] if unicodedata.combining(mark)]
    plain = "".join(_SIGNS.get(part, LETTERS.get(part, part)) for part in parts if part not in marks)
    if parts == text[i] or not plain.isascii():
        return "+" if unicodedata.name(text[i], "").startswith("BOX DRAWINGS") else ""
    raised = _raised(text[i])
    if raised and _raised(text[max(i - 1, 0) : i]) == raised:
        raised = ""
    said = "" if text[i + 1 : i + 2].isalpha() else "".join(_MARKS.get(mark, "") for mark in marks)
    return raised + plain + said


def _raised(sign: str) -> str:
    """``^`` before a superscript, ``_`` before a subscript."""
    return _RAISED.get(unicodedata.decomposition(sign).partition(" ")[0], "") if sign else ""


def say(text: str, file: TextIO | None = None) -> None:
    """Print a message in the reader's language."""
    print(translated(text), file=file)


def print_as_it_is(text: str, file: TextIO | None = None, end: str = "\n") -> None:
    """Print what no line may be broken of: a program, or what a program reads."""
    stream: Any = file or sys.stdout
    width = getattr(stream, "width", None)
    if width is not None:
        stream.width = None
    print(text, file=stream, end=end)
    if width is not None:
        stream.width = width


def print_json(data: Any, file: TextIO | None = None) -> None:
    """Print one JSON value; in ASCII wherever the encoding is not UTF-8."""
    stream = file or sys.stdout
    encoding = codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name
    print_as_it_is(escaped(json.dumps(data, ensure_ascii=encoding != "utf-8")), file=stream)
