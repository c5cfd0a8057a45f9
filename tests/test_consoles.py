"""Consoles that lack Γ and ∘, pipes that nobody reads: all can be read, and exit codes keep their meaning."""

import ast
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_seq.commands import main
from autograd_seq.commands.console import HANDLER, any_console

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
ENCODINGS = ["gbk", "cp936", "cp1252", "latin-1", "ascii", "cp437", "shift_jis", "utf-16"]
MY_RNN = """
print("ŷ is ready")
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""
COMMANDS = [
    ["print", "bidirectional-lstm", "--steps", "2"],
    ["print", "lstm", "--json"],
    ["prove", "rnn"],
    ["derive", "peephole"],
    ["source", "lstm"],
    ["compile", "gru", "--explain"],
    ["flow", "lstm", "--wrt", "c"],
    ["flow", "no such cell"],
    ["check", "lstm", "--formula", "dGamma_o = da_next * tanh(c_next) * Γ_o"],
    ["check", "{dir}/my_rnn.py"],
    ["draw", "rnn", "-o", "{dir}/Γ.svg"],
    ["train", "{dir}/names.txt", "--hidden", "4", "--epochs", "1", "-o", "{dir}/names.npz"],
    ["sample", "{dir}/names.npz", "--count", "20"],
]
QUICK = [["--help"], ["print", "bidirectional", "--steps", "2"], ["derive", "lstm"], ["flow", "rnn"], ["flow", "Γ"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("consoles")
    (path / "my_rnn.py").write_text(MY_RNN, encoding="utf-8")
    (path / "names.txt").write_text("Noël\nÞór\nŁukasz\n李雷\n" * 8, encoding="utf-8")
    main(["train", str(path / "names.txt"), "--hidden", "4", "--epochs", "1", "-o", str(path / "names.npz")])
    return path


def printed(words, folder, encoding, monkeypatch):
    """Standard output, error and exit code of a command on a console with that encoding."""
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    with monkeypatch.context() as console:
        for name, stream in streams.items():
            console.setattr(sys, name, stream)
        try:
            code = main([word.replace("{dir}", str(folder)) for word in words])
        except SystemExit as stopped:
            code = stopped.code
    for stream in streams.values():
        stream.flush()
    return *(stream.buffer.getvalue().decode(encoding) for stream in streams.values()), code


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_the_same_on_every_console(words, encoding, folder, monkeypatch):
    expected = printed(words, folder, "utf-8", monkeypatch)
    found = printed(words, folder, encoding, monkeypatch)
    assert found[2] == expected[2] in (0, 1, 2) and (found[0] or found[1])
    if "--json" not in words and words[0] != "train":  # whose bar says how fast it was
        assert found[:2] == tuple(text.encode(encoding, HANDLER).decode(encoding) for text in expected[:2])
    if words[0] != "sample":
        assert "\\u" not in found[0].replace(str(folder), "") or "--json" in words


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("words", QUICK, ids=" ".join)
def test_quick_commands_on_more_consoles(words, encoding, folder, monkeypatch):
    expected = printed(words, folder, "utf-8", monkeypatch)
    found = printed(words, folder, encoding, monkeypatch)
    assert found[2] == expected[2]
    assert found[:2] == tuple(text.encode(encoding, HANDLER).decode(encoding) for text in expected[:2])


@pytest.mark.parametrize(
    "text, typed",
    [
        ("Γ_f<3> dΓ_f γ_o Σ_t dγ", "Gamma_f<3> dGamma_f gamma_o sum_t dgamma"),
        ("Σ(exp(−W x + b)) Σa Σ_rows ∏ x", "sum(exp(-W x + b)) sum a sum_rows prod x"),
        ("dΣ<2> Σ<3>", "dSigma<2> Sigma<3>"),
        ("∂J/∂W_aa ∘ ŷ<t>, dŷ<t>", "dJ/dW_aa * y_hat<t>, dy_hat<t>"),
        ("c̃<t> dc̃ h̄ x̂", "c_tilde<t> dc_tilde h_bar x_hat"),
        ("Waᵀ a² x⁻¹ 10⁻¹² a₁₂", "Wa.T a^2 x^-1 10^-12 a_12"),
        ("t ≤ T, t ≥ 2, a ≠ b, ‖x‖ … 4×7 √(v) √2", "t <= T, t >= 2, a != b, ||x|| ... 4x7 sqrt(v) sqrt 2"),
        ("→a ←a ½ ∞ ± — “x” ⟨t⟩", '->a <-a 1/2 inf +/- -- "x" <t>'),
        ("├── x │ █", "+-- x | #"),
        ("Noël, Ñandú, Ünï", "Noel, Nandu, Uni"),
        ("权重 🙂 \ud800", "\\u6743\\u91cd \\U0001f642 \\ud800"),
    ],
)
def test_signs_are_written_as_one_would_type_them(text, typed):
    assert text.encode("ascii", HANDLER).decode() == typed


@pytest.mark.parametrize(
    "encoding, left",
    [("gbk", "Γ ≤ ‖ × … Σ"), ("cp1252", "× … ² ½ é"), ("cp437", "Γ ≤ Σ ² ½"), ("latin-1", "× ² ½ é"), ("utf-8", "Γ∘ŷ")],
)
def test_what_an_encoding_has_stays(encoding, left):
    assert left.encode(encoding, HANDLER).decode(encoding) == left


def test_no_sign_of_this_package_is_left_as_a_number():
    texts = [
        node.value
        for folder in ("autograd_seq", "cells", "viz", "examples")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "likely_encoding.py"  # knows the letters of other people's languages, and prints none
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    signs = {sign for text in texts for sign in text if ord(sign) > 127 and sign.isprintable()}
    signs -= {chr(code) for code in range(0x4E00, 0xA000)}  # Chinese is a language, not signs of this package
    assert {"Γ", "∘", "ŷ", "ᵀ"} <= signs
    assert [sign for sign in signs if "\\" in sign.encode("ascii", HANDLER).decode()] == []


def test_streams_are_given_back_as_they_were(capsys):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    before, sys.stdout = sys.stdout, stream
    try:
        with pytest.raises(ZeroDivisionError), any_console():
            sys.stdout.writelines(["Γ", "\n"])
            sys.stdout.close()  # as user code may; it is not its to close
            assert sys.stdout.encoding == "ascii"
            1 / 0  # noqa: B018
        assert sys.stdout is stream and stream.errors == "strict" and not stream.closed
    finally:
        sys.stdout = before
    assert stream.buffer.getvalue() == b"Gamma\n".replace(b"\n", os.linesep.encode())


def test_a_redirect_on_a_console_in_gbk(folder):
    environment = {**os.environ, "PYTHONIOENCODING": "gbk"}
    words = [sys.executable, "-m", "autograd_seq", "check", str(folder / "my_rnn.py")]
    result = subprocess.run(words, capture_output=True, encoding="gbk", env=environment)
    assert result.returncode == 1
    assert "with 1 - a_next in place of 1 - a_next^2" in result.stdout and "| y_hat is ready" in result.stderr


def unread(words):
    """Exit code and standard error of a program whose standard output nobody reads."""
    reads, writes = os.pipe()
    os.close(reads)
    result = subprocess.run([sys.executable, *words], stdout=writes, stderr=subprocess.PIPE, encoding="utf-8")
    os.close(writes)
    return result.returncode, result.stderr


@pytest.mark.parametrize(
    "words, code",
    [
        (["-m", "autograd_seq", "print", "lstm", "--steps", "30"], 0),
        (["-m", "autograd_seq", "--help"], 0),
        (["-m", "autograd_seq", "check", "{dir}/wrong.py", "--json"], 1),
        ([str(ROOT / "examples" / "rnn.py"), "--out", "{dir}/out"], 0),
    ],
)
def test_whoever_reads_may_stop(words, code, folder):
    (folder / "wrong.py").write_text(MY_RNN.replace("print", "id"), encoding="utf-8")
    assert unread([word.replace("{dir}", str(folder)) for word in words]) == (code, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a full disk to write to")
def test_a_full_disk_is_said_once_and_is_no_verdict():
    for words in (["print", "rnn", "--json"], ["print", "lstm", "--steps", "50"]):
        with open("/dev/full", "w") as full:
            result = subprocess.run(
                [sys.executable, "-m", "autograd_seq", *words], stdout=full, stderr=subprocess.PIPE, encoding="utf-8"
            )
        assert result.returncode == 3 and result.stderr.count("No space left") == 1 and "Traceback" not in result.stderr


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_prints_on_every_console(path):
    *_, last = ast.parse(path.read_text(encoding="utf-8")).body
    assert isinstance(last, ast.If) and ast.unparse(last.test) == "__name__ == '__main__'"
    *before, block = last.body
    assert isinstance(block, ast.With) and ast.unparse(block.items[0]) == "any_console()"
    assert all(isinstance(line, ast.ImportFrom) for line in before)
