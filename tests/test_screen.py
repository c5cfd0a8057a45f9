"""How much is printed: on a terminal no line is longer than it is wide, and what is folded is there with --full."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_seq.commands import main, screen
from autograd_seq.commands.screen import FIRST, LAST, brief, wrapped
from autograd_seq.readings.table import display_width, table
from cells import LSTM, Readout
from tests.viz.test_draw import GALLERY

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(p.name for p in (ROOT / "examples").glob("*.py"))
QUICK = ["gradient_flow.py", "rnn.py", "lstm.py", "peephole.py", "tour.py", "check_notes.py", "melody.py"]
COMMANDS = [
    ["print", "bidirectional-lstm"], ["print", "lstm", "--steps", "9", "--backward"], ["prove", "deep-gru"],
    ["derive", "peephole"], ["flow", "rnn", "--steps", "40"], ["--help"], ["print", "--help"], ["check", "--help"],
    ["check", "lstm", "--formula", "dc_prev = dc * Gamma_u"], ["compile", "lstm", "--explain"],
]  # fmt: skip


def on_a_terminal(*words, columns=80):
    """What a program prints on a terminal so many columns wide."""
    pty = pytest.importorskip("pty")
    fcntl, struct, termios = (pytest.importorskip(name) for name in ("fcntl", "struct", "termios"))
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    env.pop("COLUMNS", None)
    program = subprocess.Popen([sys.executable, *words], stdout=follower, stderr=subprocess.DEVNULL, env=env)
    os.close(follower)
    said = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not piece:
            break
        said += piece
    os.close(leader)
    program.wait(timeout=60)
    return said.decode("utf-8").replace("\r\n", "\n")


@pytest.fixture
def narrow(monkeypatch):
    """A terminal of 80 columns."""
    shown = screen.Screen()
    shown.full, shown.width = False, 80
    monkeypatch.setattr(screen, "now", shown)
    return shown


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_fits_its_terminal(words):
    said = on_a_terminal("-m", "autograd_seq", *words)
    assert said.strip() and max(map(display_width, said.splitlines())) <= 80
    assert len(said.splitlines()) <= 60


@pytest.mark.parametrize("script", QUICK)
def test_an_example_fits_its_terminal(script, tmp_path):
    said = on_a_terminal(str(ROOT / "examples" / script), "--out", str(tmp_path))
    for line in said.splitlines():
        assert display_width(line) <= 80 or line.strip().startswith(str(tmp_path)), line
    full = on_a_terminal(str(ROOT / "examples" / script), "--out", str(tmp_path), "--full")
    assert display_width(max(full.splitlines(), key=display_width)) > 80
    assert "rows more" not in full and len(said.splitlines()) < 400


@pytest.mark.parametrize("script", EXAMPLES)
def test_every_example_knows_full(script):
    text = (ROOT / "examples" / script).read_text(encoding="utf-8")
    assert 'add_argument("--full", action="store_true"' in text


def test_a_program_is_never_broken(narrow, capsys):
    assert main(["source", "lstm"]) == 0
    whole = capsys.readouterr().out
    said = on_a_terminal("-m", "autograd_seq", "source", "lstm", columns=50)
    assert said == whole
    compile(whole, "lstm.py", "exec")


def test_json_is_never_broken():
    import json

    said = on_a_terminal("-m", "autograd_seq", "print", "rnn", "--json", columns=50)
    assert json.loads(said)["records"] and said.count("\n") == 1


def test_into_a_pipe_lines_stay_whole(capsys):
    assert main(["print", "lstm", "--full"]) == 0
    whole = capsys.readouterr().out
    assert max(map(len, whole.splitlines())) > 100
    assert main(["print", "lstm"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) > 100


def test_a_table_of_500_records_is_folded_unless_asked(narrow):
    run = Readout(4, 2, seed=1)(LSTM(3, 4, seed=0).unroll(GALLERY.sequence(26)))
    graph = run.measure(GALLERY.targets(26), GALLERY.categorical_cross_entropy).graph
    assert len(graph) > 500
    said = brief(graph).splitlines()
    assert len(said) <= FIRST + LAST + 1 and max(map(display_width, said)) <= 80
    assert any("the same 18 records a step" in line for line in said)
    assert len(table(graph, fold=False).splitlines()) > 500
    narrow.full = True
    assert brief(graph) == str(graph)


def test_narrow_tables_keep_names_and_say_norms():
    graph = GALLERY.SUBJECTS["lstm"]().graph
    for width in (64, 80, 100, 400):
        lines = table(graph, width=width).splitlines()
        assert max(map(display_width, lines)) <= width
        assert any(line.split()[1:2] == ["Γ_f<1>"] for line in lines)
        assert "…" not in lines[1] or "‖ " in lines[1]
    assert re.search(r"lstm\.py:\d+$", "\n".join(table(graph, width=80).splitlines()), re.MULTILINE)


def test_what_a_certificate_rests_on_is_said_once(narrow):
    from autograd_seq import prove

    first, again = (brief(prove(GALLERY.SUBJECTS["rnn"]())) for _ in range(2))
    assert "VJP rule" in first and "VJP rule" not in again
    assert again.splitlines()[-1].startswith("rests on the same as above")
    assert again.splitlines()[:2] == first.splitlines()[:2]


def test_a_line_that_is_printed_in_pieces_is_broken_too():
    pieces = "from autograd_seq.commands.console import any_console\nwith any_console():\n"
    pieces += "    print('first: ', 'words ' * 3, end='')\n    print('a_name_that_is_long.png')\n    print('new')\n"
    said = on_a_terminal("-c", pieces, columns=40)
    assert said.splitlines() == ["first:  words words words ", "        a_name_that_is_long.png", "new"]
    wide = on_a_terminal("-c", pieces, columns=80).splitlines()
    assert wide == ["first:  words words words a_name_that_is_long.png", "new"]


def test_lines_go_on_under_what_they_say():
    assert wrapped("short", 10) == "short"
    line = "  name    some words that are too many for one line"
    broken = ["  name    some words that are", "          too many for one", "          line"]
    assert wrapped(line, 30).splitlines() == broken
    assert "".join(wrapped(line, 30).split()) == "".join(line.split())
    assert wrapped("x" * 50, 20) == "x" * 50  # a path is left whole
