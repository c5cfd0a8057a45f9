"""Files are written whole or not at all: full disk, Ctrl-C and kill -9 at every point, links, modes, two writers."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from interruptions import at_every_step

from autograd_seq.core.errors import AutogradError, FileError, UsageError, ValueRangeError
from autograd_seq.storage import files
from autograd_seq.storage.files import ENDING, check_output, write

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, links and signals of POSIX")
OLD, NEW = b"the old content\n" * 100, b"the new content\n" * 200


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def run(program, *words, **settings):
    """A Python program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], capture_output=True, timeout=60, **settings
    )  # fmt: skip


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "lstm.npz"
    path.write_bytes(OLD)
    return path


@pytest.mark.parametrize("content", ["", "Γ_f<t>\n\r\n世界", b"", b"\x00\xff", memoryview(b"abc"), NEW])
def test_what_is_written_is_there(tmp_path, content):
    path = write(tmp_path / "x", content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else bytes(content))
    assert names(tmp_path) == ["x"]


def test_a_name_as_long_as_a_name_may_be(tmp_path):
    name = "语" * 70 + "x" * 40
    write(tmp_path / name, "a")
    write(tmp_path / name, "b")
    assert names(tmp_path) == [name] and (tmp_path / name).read_text() == "b"


# -- modes and links ---------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("mask, mode", [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0o000, 0o666)])
def test_a_new_file_obeys_the_umask(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        write(tmp_path / "x", "a")
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o7777 == mode


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_a_file_that_exists_keeps_its_mode(target, mode):
    target.chmod(mode)
    assert write(target, NEW).read_bytes() == NEW
    assert target.stat().st_mode & 0o7777 == mode


@posix
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root may give files away")
def test_a_file_that_exists_keeps_owner_and_group(target):
    os.chown(target, 12345, 54321)
    write(target, NEW)
    assert (target.stat().st_uid, target.stat().st_gid) == (12345, 54321)


@posix
def test_links_are_followed(tmp_path, target):
    (tmp_path / "folder").mkdir()
    first, second, dangling = tmp_path / "folder" / "first", tmp_path / "second", tmp_path / "dangling"
    first.symlink_to("../lstm.npz")
    second.symlink_to(first)
    dangling.symlink_to("folder/new")
    write(second, NEW)
    assert target.read_bytes() == NEW and first.is_symlink() and second.is_symlink() and not target.is_symlink()
    write(dangling, "a")
    assert dangling.is_symlink() and (tmp_path / "folder" / "new").read_text() == "a"


@posix
def test_another_hard_link_keeps_the_old_content(tmp_path, target):
    os.link(target, tmp_path / "copy")
    write(target, NEW)
    assert (tmp_path / "copy").read_bytes() == OLD and target.read_bytes() == NEW


# -- full disk, Ctrl-C, kill -9 ------------------------------------------------------------------------


def fails_at(monkeypatch, call, error):
    """Let the n-th call of anything that touches the disk raise an error."""
    calls = [0]

    def failing(function):
        def called(*arguments, **settings):
            calls[0] += 1
            if calls[0] == call:
                raise error
            return function(*arguments, **settings)

        return called

    class File:
        def __init__(self, file):
            self.file, self.write, self.flush = file, failing(file.write), failing(file.flush)
            self.fileno, self.close = file.fileno, file.close

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

    begun = files._begun
    monkeypatch.setattr(files, "_begun", failing(lambda part: File(begun(part))))
    for module, name in ((os, "fsync"), (os, "replace"), (os, "fchmod")):
        monkeypatch.setattr(module, name, failing(getattr(module, name)))
    return calls


FULL_DISK = OSError(errno.ENOSPC, "No space left on device")


@posix
@pytest.mark.parametrize("error", [FULL_DISK, KeyboardInterrupt(), MemoryError()])
def test_a_failure_at_any_call_leaves_the_old_file(target, monkeypatch, error):
    target.chmod(0o604)
    raised = FileError if error is FULL_DISK else type(error)
    for call in range(1, 7):  # begun, mode, written, flushed, synchronised, in place
        with monkeypatch.context() as patched:
            fails_at(patched, call, error)
            with pytest.raises(raised) as caught:
                write(target, NEW)
        if error is FULL_DISK:
            assert "lstm.npz cannot be written: No space left on device; what was there before" in str(caught.value)
        assert names(target.parent) == ["lstm.npz"] and target.read_bytes() == OLD
    with monkeypatch.context() as patched:
        calls = fails_at(patched, 7, FULL_DISK)  # the folder, which not every disk can synchronise
        write(target, NEW)
    assert calls == [7] and names(target.parent) == ["lstm.npz"] and target.read_bytes() == NEW


FULL = """
import resource, sys
from autograd_seq.storage.files import write
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    write(sys.argv[1], b"n" * 100_000)
except OSError as error:
    print(type(error).__name__, error)
"""


@posix
@pytest.mark.parametrize("room", [0, 1, 50_000, 99_999, 100_000])
def test_a_disk_that_is_really_full(target, room):
    result = run(FULL, target, room)
    assert result.returncode == 0, result.stderr
    assert target.read_bytes() == (OLD if room < 100_000 else b"n" * 100_000)
    assert result.stdout.startswith(b"FileError") == (room < 100_000)
    assert names(target.parent) == ["lstm.npz"]


@pytest.mark.parametrize("opcodes", [False, True], ids=["line", "instruction"])
def test_ctrl_c_at_every_point(target, opcodes):
    seen = set()
    for interrupted in at_every_step(lambda: write(target, NEW), [files.__file__], opcodes):
        seen.add(target.read_bytes())
        if target.read_bytes() == OLD:
            assert interrupted
        else:
            assert target.read_bytes() == NEW
            target.write_bytes(OLD)
        assert names(target.parent) == ["lstm.npz"]
    assert seen == {OLD, NEW}


KILLED = """
import os, signal, sys, time
from autograd_seq.storage import files
def stopped(number):
    if sys.argv[2] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    print("writing", flush=True)
    sys.stdin.read()
os.fsync = stopped
files.write(sys.argv[1], b"from the child" * 1000)
"""


@posix
def test_what_a_killed_process_left_is_swept_at_the_next_write_of_the_same_file(target):
    assert run(KILLED, target, "kill").returncode == -9
    assert target.read_bytes() == OLD and len(names(target.parent)) == 2
    left = next(name for name in names(target.parent) if name != "lstm.npz")
    assert left.startswith(".lstm.npz.") and left.endswith(ENDING)
    for name in (".lstm.npz.mine.part", f".lstm.npz.0{ENDING}", f".gru.npz.0123456789abcdef{ENDING}", "lstm.npz.part"):
        (target.parent / name).write_text("somebody's own")
    write(target.parent / "other", "a")
    assert left in names(target.parent)
    write(target, NEW)
    assert left not in names(target.parent) and len(names(target.parent)) == 6


@posix
def test_what_somebody_is_writing_is_not_swept(target):
    words = [sys.executable, "-c", KILLED, str(target), "wait"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"writing\n"
        write(target, NEW)
        assert target.read_bytes() == NEW and len(names(target.parent)) == 2
        child.communicate(timeout=30)
    assert child.returncode == 0 and target.read_bytes() == b"from the child" * 1000
    assert names(target.parent) == ["lstm.npz"]


MANY = """
import sys
from autograd_seq.storage.files import write
for i in range(60):
    write(sys.argv[1], sys.argv[2].encode() * (1 + i * 997))
"""


def test_two_processes_and_two_threads_write_one_file(target):
    def whole():
        content = target.read_bytes()
        return content == OLD or (len(set(content)) == 1 and len(content) % 997 == 1)

    words = [[sys.executable, "-c", MANY, str(target), letter] for letter in "ab"]
    children = [subprocess.Popen(command) for command in words]
    threads = [threading.Thread(target=lambda x=x: [write(target, x * (1 + 997 * i)) for i in range(60)]) for x in "cd"]
    for thread in threads:
        thread.start()
    while any(child.poll() is None for child in children) or any(thread.is_alive() for thread in threads):
        assert whole()
    assert all(child.wait() == 0 for child in children) and whole()
    assert names(target.parent) == ["lstm.npz"]


# -- what is not a file --------------------------------------------------------------------------------

PRINTING = """
import sys
from autograd_seq.storage.files import check_output, write
print("before")
write(check_output(sys.argv[1], [".npz"]), "written\\n")
print("after")
"""


@posix
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "link"])
def test_standard_output_is_written_as_it_is(tmp_path, name):
    if name == "link":
        (tmp_path / "link").symlink_to("/dev/stdout")
        name = str(tmp_path / "link")
    assert run(PRINTING, name).stdout == b"before\nwritten\nafter\n"  # a pipe
    with open(tmp_path / "out", "wb") as out:  # a file, which a second opening would write from its beginning
        subprocess.run([sys.executable, "-c", PRINTING, name], stdout=out, check=True, timeout=60)
    assert (tmp_path / "out").read_bytes() == b"before\nwritten\nafter\n"


@posix
def test_pipes_and_devices_are_written_as_they_are(tmp_path):
    assert write(check_output("/dev/null"), "gone") == Path("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    check_output(tmp_path / "pipe", [".npz"])  # does not wait for a reader
    reader.start()
    write(tmp_path / "pipe", NEW)
    reader.join(30)
    assert read == [NEW] and names(tmp_path) == ["pipe"]
    if Path("/dev/full").exists():
        with pytest.raises(FileError, match="/dev/full cannot be written: No space"):
            write("/dev/full", NEW)


# -- tried before the work -----------------------------------------------------------------------------

BAD = {
    "no folder": ("nowhere/deep/x.npz", "there is no folder '.*nowhere.deep'; make it first"),
    "a file for a folder": ("lstm.npz/x.npz", "there is no folder '.*lstm.npz'; make it first"),
    "a folder": (".", "it is a folder; add the name of a file"),
    "a slash at the end": ("new/", "it is a folder"),
    "too long": ("n" * 300, "(?i)name too long"),
    "a null": ("a\0b", "null"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("how", [check_output, lambda path: write(path, NEW)], ids=["checked", "written"])
def test_where_nothing_can_be_written(target, case, how):
    name, said = BAD[case]
    with pytest.raises(FileError, match=said) as caught:
        how(f"{target.parent}/{name}")
    assert "at test_files.py:" in str(caught.value) and isinstance(caught.value, OSError)
    assert names(target.parent) == ["lstm.npz"] and target.read_bytes() == OLD


@posix
def test_a_link_that_leads_in_a_circle_or_nowhere(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "nowhere").symlink_to("missing/x")
    for name, said in (("circle", "symbolic links"), ("nowhere", "no folder .*missing")):
        with pytest.raises(FileError, match=said):
            check_output(tmp_path / name)


@posix
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_where_writing_is_not_allowed(tmp_path, target):
    target.chmod(0o400)
    (tmp_path / "closed").mkdir(mode=0o500)
    for path, said in ((target, "may only be read"), (tmp_path / "closed" / "x", "(?i)permission denied")):
        for how in (check_output, lambda path: write(path, NEW)):
            with pytest.raises(FileError, match=said):
                how(path)
    assert target.read_bytes() == OLD


@pytest.mark.parametrize("path", [None, 3, b"x", ["x"]])
def test_what_is_not_a_path(path):
    for how in (check_output, lambda path: write(path, NEW)):
        with pytest.raises(UsageError, match="given by its path"):
            how(path)


def test_a_check_changes_nothing(target):
    before = target.stat()
    assert check_output(target) == target and check_output(str(target.parent / "new.npz")).name == "new.npz"
    after = target.stat()
    assert (before.st_ino, before.st_mtime_ns, before.st_size) == (after.st_ino, after.st_mtime_ns, after.st_size)
    assert names(target.parent) == ["lstm.npz"]


def test_the_end_of_the_name(tmp_path):
    for name in ("x.svg", "x.SVG", "x.png", "x"):
        check_output(tmp_path / name, (".svg", ".png", ""))
    with pytest.raises(ValueRangeError, match=r"x\.bmp cannot be written: its name must end in \.svg or \.png"):
        check_output(tmp_path / "x.bmp", (".svg", ".png"))


@posix
def test_no_file_that_is_read(tmp_path, target, monkeypatch):
    (tmp_path / "link").symlink_to(target)
    os.link(target, tmp_path / "hard")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in (target, "lstm.npz", "./folder/../lstm.npz", "link", "hard"):
        for read in (target, "link", "hard"):
            with pytest.raises(UsageError, match="is the file that is read"):
                check_output(name, inputs=["missing", read])
    check_output("other.npz", inputs=[target, "missing", "/dev/null"])
    check_output("/dev/null", inputs=["/dev/null"])
    assert issubclass(FileError, AutogradError)
