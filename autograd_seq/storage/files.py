"""Files: written whole or not at all, tried before the work begins, and never over what was read.

A file is written beside its place, as ``.lstm.npz.0123456789abcdef.autograd-seq.part``, and put there in one step.
Whoever reads it meets the old file or the new one, also after a crash, a full disk or Ctrl-C. What a killed process
left beside a file is removed when that file is written the next time.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import IO

from autograd_seq.core.errors import FileError, NoFileError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.core.wording import one_of

if sys.platform != "win32":
    import fcntl

Name = str | os.PathLike[str]
ENDING = ".autograd-seq.part"
DAY = 24 * 60 * 60.0


def write(path: Name, content: str | bytes | memoryview) -> Path:
    """Write a file in one step.

    A symbolic link is followed, and the file that it leads to is written. A file that exists keeps its mode and, where
    that is allowed, its owner and group; a new one gets what the umask says. Another hard link keeps the old content.
    What is not a file, such as ``/dev/stdout`` or a named pipe, is written as it is.

    Parameters
    ----------
    path : path
        Where to; its folder exists.
    content : str or bytes
        A text is written in UTF-8, its line ends as they are.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    FileError
        If it cannot be written; what was there before is then unchanged.

    Examples
    --------
    >>> import tempfile
    >>> path = write(Path(tempfile.mkdtemp(), "words.txt"), "a<t>")
    >>> path.read_text(encoding="utf-8")
    'a<t>'
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    if is_special(path):
        return _write_as_it_is(path, data)
    target = _place(path)
    _sweep(target)
    part = _beside(target)
    try:
        with _begun(part) as file:
            _keep_mode(file, target)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform == "win32":  # an open file cannot be moved there
                file.close()
            os.replace(part, target)
    except OSError as error:
        raise _failed(path, error, "; what was there before is unchanged") from error
    finally:
        _remove(part)
    _sync(target.parent)
    return Path(path)


def opened(path: Name) -> BufferedReader:
    """A file that is open for reading; close it, or use it in a ``with`` block.

    Raises
    ------
    FileError
        If it cannot be read: it is not there, it is a folder, or reading is not allowed.

    Examples
    --------
    >>> opened("nothing.npz")
    Traceback (most recent call last):
    autograd_seq.core.errors.NoFileError: there is no file 'nothing.npz'...
    """
    found = _status(path, reading=True)
    if found is None:
        raise NoFileError(f"there is no file {os.fspath(path)!r}{here()}")
    if stat.S_ISDIR(found.st_mode):
        raise _failed(path, "it is a folder, not a file", reading=True)
    try:
        return open(path, "rb")
    except OSError as error:
        raise _failed(path, error, reading=True) from error


def check_output(path: Name, suffixes: Collection[str] = (), inputs: Iterable[Name] = ()) -> Path:
    """Check, before any work begins, that a file can be written; nothing is left and nothing is changed.

    Parameters
    ----------
    path : path
        Where the result of the work is to go.
    suffixes : collection of str
        What the name may end in, in small letters, such as ``.npz``; anything if empty. What is not a file, such as
        ``/dev/stdout``, may be called anything.
    inputs : iterable of path
        Files that are read: `path` may be none of them, under whatever name.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    UsageError
        If it is one of `inputs`.
    ValueRangeError
        If its name ends in something else.
    FileError
        If it cannot be written: its folder is not there, it is a folder itself, or writing is not allowed.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> check_output(Path(folder, "lstm.npz"), [".npz"]).name, os.listdir(folder)
    ('lstm.npz', [])
    """
    if is_special(path):
        return _check_special(path)
    for read in inputs:
        if _same(path, read):
            raise UsageError(f"{path} is the file that is read, and would be lost: write to another one{here()}")
    part = _beside(_place(path))
    check_suffix(path, suffixes)
    try:
        open(part, "xb").close()
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        _remove(part)
    return Path(path)


def check_suffix(path: Name, suffixes: Collection[str]) -> None:
    """Check what the name of a file ends in, upper or lower case; see `check_output`.

    Examples
    --------
    >>> check_suffix("lstm.SVG", [".svg", ".png"])
    >>> check_suffix("/dev/null", [".svg"])
    """
    if suffixes and Path(path).suffix.lower() not in suffixes and not is_special(path):
        known = one_of(suffix for suffix in suffixes if suffix)
        if "" in suffixes:
            raise ValueRangeError(f"{path} cannot be written: its name must end in {known}, or have no ending{here()}")
        raise ValueRangeError(f"{path} cannot be written: its name must end in {known}{here()}")


def is_special(path: Name) -> bool:
    """Whether a path leads to something that is there and neither a file nor a folder: a terminal, pipe or device.

    Examples
    --------
    >>> is_special("lstm.npz")
    False
    """
    found = _status(path)
    return _descriptor(path) is not None or (
        found is not None and not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode)
    )


# -- what a path leads to -------------------------------------------------------------------------


def _place(path: Name) -> Path:
    """The file that a path leads to, through symbolic links.

    Raises
    ------
    FileError
        Where no file can be; it says why.
    """
    found, name, target = _status(path), os.fspath(path), Path(os.path.realpath(path))
    if (found is not None and stat.S_ISDIR(found.st_mode)) or name.endswith(("/", os.sep)):
        raise _failed(path, f"it is a folder; add the name of a file to it, such as {Path(path, 'lstm.npz')}")
    if not name:
        raise _failed("a file without a name", "give its name, such as lstm.npz")
    if not target.parent.is_dir():
        folder = target.parent if os.path.islink(path) else Path(path).parent
        raise _failed(path, f"there is no folder {str(folder)!r}; make it first, or choose another")
    if found is not None and not os.access(target, os.W_OK):
        raise _failed(path, "it may only be read; allow writing to it, or choose another name")
    return target


def _status(path: Name, reading: bool = False) -> os.stat_result | None:
    """What is known of the file that a path leads to and that is to be read or written; None where there is none."""
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise UsageError(f"a file is given by its path, such as 'lstm.npz', not {path!r:.80}{here()}")
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _failed(path, error, reading=reading) from error


def _same(path: Name, other: Name) -> bool:
    """Whether both lead to one file: links, relative paths and, where the disk ignores it, upper case included."""
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):  # one of them is not there
        return False


def _failed(path: Name, why: str | Exception, after: str = "", reading: bool = False) -> FileError:
    reason = (why.strerror if isinstance(why, OSError) else None) or why
    if reading:
        return FileError(f"{os.fspath(path)} cannot be read: {reason}{here()}")
    return FileError(f"{os.fspath(path)} cannot be written: {reason}{after}{here()}")


# -- what is not a file ------------------------------------------------------------------------------


def _descriptor(path: Name) -> int | None:
    """The open file that a path such as ``/dev/stdout`` or ``/dev/fd/3`` stands for, by its number."""
    name = os.fspath(path)
    for _ in range(40):  # as many links as Linux follows
        if found := re.fullmatch(r"/(?:dev|proc/self)/fd/(\d{1,9})", name):
            return int(found[1])
        if not os.path.islink(name):
            return None
        name = os.path.join(os.path.dirname(name), os.readlink(name))
    return None


def _check_special(path: Name) -> Path:
    """Whether a terminal, pipe or device can be written, as far as that can be known without doing it."""
    number = _descriptor(path)
    try:
        if number is not None:
            os.fstat(number)
    except OSError as error:
        raise _failed(path, error) from error
    if number is None and not os.access(path, os.W_OK):
        raise _failed(path, "writing to it is not allowed")
    return Path(path)


def _write_as_it_is(path: Name, data: bytes | memoryview) -> Path:
    """Write to a terminal, pipe or device."""
    number = _descriptor(path)
    for printed in (sys.stdout, sys.stderr):
        if printed is not None:
            printed.flush()  # what was printed before stands before
    try:
        with open(path, "wb") if number is None else os.fdopen(os.dup(number), "wb") as stream:
            stream.write(data)
    except BrokenPipeError:  # whoever reads has seen enough: no fault of the path
        raise
    except OSError as error:
        raise _failed(path, error) from error
    return Path(path)


# -- the file beside it -----------------------------------------------------------------------------


def _beside(target: Path) -> Path:
    """A name that nobody else has; short enough where the target's own is as long as a name may be."""
    return target.with_name(f".{target.name[:50]}.{secrets.token_hex(8)}{ENDING}")


def _begun(part: Path) -> IO[bytes]:
    """The new file, locked for as long as it is open: nobody takes it for one that a killed process left."""
    while True:
        file = open(part, "xb")  # noqa: SIM115  (the caller closes it)
        if sys.platform != "win32":
            with suppress(OSError):  # a disk without locks: then nobody sweeps there either
                fcntl.flock(file, fcntl.LOCK_EX)
        if part.exists():  # else somebody swept between the two steps
            return file
        file.close()


def _keep_mode(file: IO[bytes], target: Path) -> None:
    """Give the new file the mode, owner and group of the one that it replaces."""
    found, new = _status(target), os.fstat(file.fileno())
    if found is None or sys.platform == "win32":
        return
    for owner in (found.st_uid, -1):  # with the owner, or else the group alone
        if (found.st_uid, found.st_gid) != (new.st_uid, new.st_gid):
            with suppress(PermissionError):  # the new file is then the writer's own
                os.fchown(file.fileno(), owner, found.st_gid)
                break
    if found.st_mode & 0o777 != new.st_mode & 0o777:
        os.fchmod(file.fileno(), found.st_mode & 0o777)


def _sweep(target: Path) -> None:
    """Remove what processes that were killed while they wrote this file left beside it."""
    left = re.compile(re.escape(f".{target.name[:50]}.") + "[0-9a-f]{16}" + re.escape(ENDING))
    with suppress(OSError), os.scandir(target.parent) as folder:  # it may be one that cannot be listed
        for entry in folder:
            if left.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_if_left(Path(entry.path))


def _remove_if_left(part: Path) -> None:
    """Remove a file that nobody is writing."""
    with suppress(OSError):  # somebody is writing it, or it is another user's
        if sys.platform == "win32":
            if time.time() - part.stat().st_mtime > DAY:
                part.unlink()
        else:
            with open(part, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()


def _remove(part: Path) -> None:
    """Remove the file beside, where it is still there; if that fails, the next write to the same place will."""
    with suppress(OSError):
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Bring the new name to the disk as well, where folders can be synchronised."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
