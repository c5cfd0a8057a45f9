"""What commands write: tried before the work, never over what they read, and kept when they are stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from autograd_seq.commands import main
from autograd_seq.learning import checkpoint
from autograd_seq.learning.training import Trainer
from autograd_seq.storage import files
from viz import animate, draw, step_through
from viz.plots import gradient_flow_map
from viz.units import paint

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and signals of POSIX")
PROGRAM = """
import pathlib
import numpy as np
import helper
from autograd_seq import Parameter
pathlib.Path(__file__).with_name("ran").touch()
W = Parameter([[0.5, 0.1]], "W")
def loss():
    return np.sum(np.tanh(W) ** 2)
"""
WRITING = ("draw", "derive", "source", "compile")
SUFFIX = {"draw": "svg", "derive": "html", "source": "py", "compile": "py"}


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "helper", raising=False)
    (tmp_path / "helper.py").write_text("# imported\n")
    path = tmp_path / "mine.py"
    path.write_text(PROGRAM)
    return path


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("rex\nrax\nrox\nryx\n" * 10, encoding="utf-8")
    return path


@pytest.mark.parametrize("command", WRITING)
def test_a_bad_output_is_told_before_the_program_runs(command, program, capsys):
    (program.parent / "folder").mkdir()
    for output, said in (("nowhere/x", "there is no folder 'nowhere'"), ("folder/../nowhere/x", "no folder")):
        assert main([command, f"{program}:loss", "-o", f"{output}.{SUFFIX[command]}"]) == 2
        assert said in capsys.readouterr().err
    assert main([command, f"{program}:loss", "-o", "folder/"]) == 2
    assert sorted(path.name for path in program.parent.iterdir()) == ["folder", "helper.py", "mine.py"]


@pytest.mark.parametrize("command", ["draw", "derive"])
def test_an_unknown_suffix_is_told_before_the_program_runs(command, program, capsys):
    assert main([command, f"{program}:loss", "-o", "x.xyz"]) == 2
    assert "x.xyz cannot be written: its name must end in" in capsys.readouterr().err
    assert not (program.parent / "ran").exists()


@posix
@pytest.mark.parametrize("command", WRITING)
def test_no_command_writes_over_its_program(command, program, capsys):
    suffix = SUFFIX[command]
    os.link(program, f"hard.{suffix}")
    Path(f"link.{suffix}").symlink_to(program.name)
    outputs = [f"hard.{suffix}", f"link.{suffix}"]
    if suffix == "py":
        outputs += ["mine.py", "./mine.py", str(program), f"../{program.parent.name}/mine.py"]
    for spec in ("mine.py:loss", f"{program}:loss", *(["link.py:loss", "hard.py:loss"] if suffix == "py" else [])):
        for output in outputs:
            assert main([command, spec, "-o", output]) == 2
            assert f"{output} is the file that is read, and would be lost" in capsys.readouterr().err
    assert program.read_text() == PROGRAM and not (program.parent / "ran").exists()


@pytest.mark.parametrize("command", ["source", "compile"])
def test_no_command_writes_over_what_its_program_imports(command, program, capsys):
    assert main([command, f"{program}:loss", "-o", "helper.py"]) == 2
    assert "helper.py is the file that is read" in capsys.readouterr().err
    assert (program.parent / "helper.py").read_text() == "# imported\n"
    assert main([command, f"{program}:loss", "-o", "other.py"]) == 0 and Path("other.py").exists()


@posix
@pytest.mark.parametrize("words", [["source", "rnn"], ["compile", "rnn"], ["draw", "rnn"], ["derive", "rnn"]])
def test_to_standard_output(words, tmp_path):
    command = [sys.executable, "-m", "autograd_seq.commands", *words, "-o", "/dev/stdout"]
    result = subprocess.run(command, capture_output=True, check=True, timeout=120, cwd=tmp_path)
    assert b"def " in result.stdout or result.stdout.startswith((b"<svg", b"# "))
    assert not list(tmp_path.iterdir())


def test_pictures_and_plots_try_their_output_before_the_work(tmp_path):
    nothing = object()  # which would be refused for what it is, if one came so far
    for work in (
        lambda: draw(nothing, tmp_path / "no" / "x.svg"),
        lambda: step_through(nothing, tmp_path / "no" / "x.html"),
        lambda: animate(nothing, tmp_path / "no" / "x.gif"),
        lambda: paint(["a"], [[0.5]], tmp_path / "no" / "x.svg"),
        lambda: gradient_flow_map(np.eye(3)).savefig(tmp_path / "no" / "x.png"),
    ):
        with pytest.raises(files.FileError, match="there is no folder"):
            work()


def test_plots_are_written_whole(tmp_path, monkeypatch):
    figure = gradient_flow_map(np.eye(3))
    path = tmp_path / "flow.png"
    figure.savefig(path)
    figure.savefig(tmp_path / "bare")
    figure.savefig(tmp_path / "flow.data", format="svg")
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG") and (tmp_path / "bare.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "flow.data").read_bytes()

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(files.FileError, match="No space left"):
        figure.savefig(path)
    assert path.read_bytes() == content and len(list(tmp_path.iterdir())) == 3


# -- training ------------------------------------------------------------------------------------------


def train(corpus, output, *more, epochs=3):
    words = ["train", str(corpus), "--cell", "gru", "--hidden", "4", "--epochs", str(epochs), "-o", str(output)]
    return main([*words, *more])


@pytest.mark.parametrize(
    "output, said",
    [("nowhere/m.npz", "no folder"), ("m.txt", "must end in .npz"), ("", "without a name"), ("folder.npz", "a folder")],
)
def test_train_tries_its_output_before_it_reads(output, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("folder.npz").mkdir()
    assert train("no_such_corpus.txt", output) == 2
    assert said in capsys.readouterr().err and len(list(tmp_path.iterdir())) == 1


@posix
def test_train_does_not_write_over_its_corpus(tmp_path, corpus, capsys):
    os.link(corpus, tmp_path / "m.npz")
    content = corpus.read_bytes()
    for given, output in ((corpus, tmp_path / "m.npz"), (tmp_path / "m.npz", tmp_path / "m.npz")):
        assert train(given, output) == 2
        assert "is the file that is read" in capsys.readouterr().err
    assert corpus.read_bytes() == content


def stop_at(monkeypatch, update):
    """Let Ctrl-C come in the middle of an update."""
    whole = Trainer.update

    def stopping(self, batch):
        if self.optimiser.updates == update:
            monkeypatch.setattr(Trainer, "update", whole)
            raise KeyboardInterrupt
        return whole(self, batch)

    monkeypatch.setattr(Trainer, "update", stopping)


@pytest.mark.parametrize("update", [1, 2, 3, 5])
def test_stopped_and_resumed_is_never_stopped(update, tmp_path, corpus, capsys, monkeypatch):
    assert train(corpus, tmp_path / "straight.npz") == 0
    expected, settings = checkpoint.load(tmp_path / "straight.npz")
    stop_at(monkeypatch, update)
    capsys.readouterr()
    assert train(corpus, tmp_path / "m.npz") == 130
    said = capsys.readouterr().err
    assert f"stopped after update {update}, in epoch {update // 2 + 1} of 3; the model as it stands is written" in said
    assert "sample" in said and "--resume" in said
    assert checkpoint.load(tmp_path / "m.npz")[1]["updates"] == update
    assert main(["sample", str(tmp_path / "m.npz")]) == 0
    assert train(corpus, tmp_path / "m.npz", "--resume") == 0
    found, same = checkpoint.load(tmp_path / "m.npz")
    assert same == settings and list(found) == list(expected)
    assert all(found[key].tobytes() == expected[key].tobytes() for key in expected)
    assert train(corpus, tmp_path / "m.npz", "--resume", epochs=4) == 0  # more of it
    assert checkpoint.load(tmp_path / "m.npz")[1]["epoch"] == 4


def test_stopped_before_anything_was_learned(tmp_path, corpus, capsys, monkeypatch):
    (tmp_path / "m.npz").write_bytes(b"an older model")
    stop_at(monkeypatch, 0)
    assert train(corpus, tmp_path / "m.npz") == 130
    assert "nothing was written" in capsys.readouterr().err
    assert (tmp_path / "m.npz").read_bytes() == b"an older model"


def test_stopped_twice(tmp_path, corpus, capsys, monkeypatch):
    assert train(corpus, tmp_path / "m.npz", epochs=1) == 0
    content = (tmp_path / "m.npz").read_bytes()

    def again(*_):
        raise KeyboardInterrupt

    stop_at(monkeypatch, 3)
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: again() if names[1].name == "n.npz" else replace(*names))
    (tmp_path / "n.npz").write_bytes(content)
    assert train(corpus, tmp_path / "n.npz", "--resume") == 130
    assert "and again while the model was written" in capsys.readouterr().err
    assert (tmp_path / "n.npz").read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "m.npz", "n.npz"]


def test_resumed_with_what_does_not_fit(tmp_path, corpus, capsys):
    output = tmp_path / "m.npz"
    assert train(corpus, output, "--resume") == 2
    assert "no file" in capsys.readouterr().err
    assert train(corpus, output) == 0
    content = output.read_bytes()
    saved = Path(__file__).parent / "data" / "saved_by_0_1_0" / "language_model.npz"
    for given, more, said in (
        (output, ["--cell", "lstm"], "m.npz is the "),
        (output, ["--hidden", "5"], "m.npz is the "),
        (output, ["--level", "word"], "m.npz is the "),
        (saved, [], "not the checkpoint of a training: it holds"),
    ):
        assert train(corpus, given, "--resume", *more) == 2
        assert said in capsys.readouterr().err
    assert output.read_bytes() == content


TRAIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from autograd_seq.commands import main
sys.exit(main(sys.argv[1:]))
"""


@posix
def test_ctrl_c_from_outside(tmp_path, corpus):
    output = tmp_path / "m.npz"
    words = ["train", str(corpus), "--hidden", "6", "--epochs", "100000", "-o", str(output)]
    with subprocess.Popen([sys.executable, "-c", TRAIN, *words], stderr=subprocess.PIPE, text=True) as child:
        while not output.exists() and child.poll() is None:
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 130 and "the model as it stands is written" in said, said
    assert main(["sample", str(output)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "m.npz"]


@posix
def test_a_model_can_go_into_a_pipe(tmp_path, corpus):
    os.mkfifo(tmp_path / "pipe")
    words = [sys.executable, "-c", TRAIN, "train", str(corpus), "--hidden", "3", "--epochs", "2", "-o", "pipe"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL) as child:
        (tmp_path / "m.npz").write_bytes((tmp_path / "pipe").read_bytes())
        assert child.wait(60) == 0
    assert checkpoint.load(tmp_path / "m.npz")[1]["epoch"] == 2
