"""The user's source line behind a record: remembered as a code object and an offset, looked up only when read."""

from __future__ import annotations

import linecache
import os
from dataclasses import dataclass
from functools import lru_cache
from sys import _getframe
from types import CodeType, FrameType

import numpy

ENGINE = os.path.dirname(os.path.dirname(__file__))  # the whole package, of which this is one room

# Asked for every frame of every record, so a set of names; a frame of any other file is the user's.
ENGINE_FILES = frozenset(
    os.path.join(folder, file) for folder, _, files in os.walk(ENGINE) for file in files if file.endswith(".py")
)


NUMPY = os.path.dirname(numpy.__file__)  # its functions of functions call us back


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A place in somebody's program.

    Attributes
    ----------
    file : str
        Path as Python knows it.
    line : int
        Line number, from 1.
    text : str
        The line itself, stripped; empty where the source is not at hand.
    expression : str
        The part of the line that made the record, where Python tells it; else the line.
    """

    file: str
    line: int
    text: str
    expression: str

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}"


def user_frame(depth: int = 1) -> FrameType | None:
    """The nearest calling frame outside the engine and NumPy."""
    frame: FrameType | None = _getframe(depth)
    while frame is not None and (
        frame.f_code.co_filename in ENGINE_FILES or frame.f_code.co_filename.startswith(NUMPY)
    ):
        frame = frame.f_back
    return frame


def look_up(code: CodeType | None, offset: int) -> SourceLine | None:
    """The source line of bytecode `offset` in `code`; None where nothing was remembered."""
    return None if code is None else _looked_up(code, offset, code.co_filename)


@lru_cache(maxsize=4096)
def _looked_up(code: CodeType, offset: int, file: str) -> SourceLine:
    """The same; by the file, too, since Python calls code equal that stands alike in two files."""
    positions = _positions(code)
    first, last, start, end = positions[offset // 2] if offset // 2 < len(positions) else (None,) * 4
    number = first or code.co_firstlineno
    raw = linecache.getline(file, number)
    text = raw.strip()
    expression = text
    if start is not None and end is not None and first == last:
        expression = raw.encode()[start:end].decode(errors="replace").strip() or text
    return SourceLine(file, number, text, expression)


@lru_cache(maxsize=16)
def _positions(code: CodeType) -> list[tuple[int | None, int | None, int | None, int | None]]:
    """Where each instruction stands in the source; asked for many records of one function."""
    return list(code.co_positions())


def code_at(file: str | None, line: int | None) -> CodeType | None:
    """What stands for a line of a program that is not at hand as code; None where nothing is known."""
    return None if file is None or line is None else _A_LINE.replace(co_filename=file, co_firstlineno=max(line, 1))


_A_LINE = (lambda: None).__code__  # its first instruction is on its first line


def pass_over(package: str) -> None:
    """Count a package's lines as ours: error messages then name the line that called into it.

    Parameters
    ----------
    package : str
        The ``__file__`` of its ``__init__``.
    """
    _OURS.add(os.path.dirname(package) + os.sep)


_OURS = {ENGINE + os.sep, NUMPY + os.sep}


def ours(code: CodeType) -> bool:
    """Whether code belongs to our packages or to NumPy."""
    return code.co_filename.startswith(tuple(_OURS))


def present_line() -> SourceLine | None:
    """The user's present line: that of the nearest calling frame outside our packages and NumPy."""
    frame: FrameType | None = _getframe(1)
    while frame is not None and ours(frame.f_code):
        frame = frame.f_back
    return look_up(frame.f_code, frame.f_lasti) if frame is not None else None


def raising_line(error: BaseException) -> SourceLine | None:
    """The user's line that an error came from: the innermost whose text is at hand, as that of compiled code is not."""
    found, trace = None, error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        line = None if ours(code) else look_up(code, trace.tb_lasti)
        found = line if line is not None and line.text else found
        trace = trace.tb_next
    return found


def here(line: SourceLine | None = None) -> str:
    """`` at FILE:LINE: text`` of the user's present line, or of another, to end an error message with."""
    line = line or present_line()
    if line is None:
        return ""
    return f"\n  at {line}: {line.text}" if line.text else f"\n  at {line}"
