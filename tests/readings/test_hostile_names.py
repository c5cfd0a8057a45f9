r"""Whatever a user calls a thing, the generated module is a program that says the same: names are words, never code."""

import ast
import subprocess
import sys

import numpy as np
import pytest
from readings.derived_cells import value_of

from autograd_seq import Parameter, Tensor, equations, name, scope, source, steps
from autograd_seq.core.names import as_identifier
from autograd_seq.readings.derivation import Derivation
from autograd_seq.readings.module_text import signature
from autograd_seq.readings.program import ProgramWriter
from autograd_seq.readings.python_text import comment, docstring, in_docstring, quoted

HOSTILE = [
    'x"]; __import__("os").system("t") #\nimport os\n"""\nimport os',
    '"""',
    "'''\nimport os",
    "\\",
    'ends in \\"',
    "\\N{BELL}\\x",
    "a\rimport os",
    "a\x0cimport os",
    "a\u2028import os",
    "a\u2029import os",
    "a\x85import os",
    "a\x00b",
    "half \ud800 a letter",
    "{0} {W} %s",
    " ",
    "None",
    "def",
    "__import__",
    "np",
    "range",
    "权重",
    "x²",
    "²",
    "①",
    "e\u0301",
    "\u202eimport",
]


def program(words):
    """A recording in which everything has one name."""
    W = Parameter(np.eye(2) / 2, words)
    with scope(time=0):
        a = Tensor([[1.0], [2.0]], words)
    for t in steps(4):
        with scope(time=t):
            x = Tensor([[0.1 * t], [0.3]], words)
        a = name(np.tanh(W @ a + x), words)
    return name(np.sum(a), words), W


@pytest.mark.parametrize("words", HOSTILE, ids=ascii)
def test_any_name_gives_a_program_of_the_same_value(words):
    J, W = program(words)
    text = source(J, words)
    text.encode("utf-8")  # any file can hold it
    tree = ast.parse(text)
    assert [type(part).__name__ for part in tree.body] == ["Expr", "Import", "FunctionDef", "FunctionDef"]
    called = {call.func.id for call in ast.walk(tree) if isinstance(call, ast.Call) and hasattr(call.func, "id")}
    assert called <= {"range", "len", "sum"}
    namespace = {}
    exec(compile(text, "generated", "exec"), namespace)
    forward, backward = (namespace[part.name] for part in tree.body[2:])
    derivation = Derivation(J)
    writer = ProgramWriter(derivation, "net")
    arguments = signature(writer)
    leaves = [*arguments.required, *arguments.later, *arguments.optional]
    given = {writer.variables[unit]: value_of(unit) for unit in leaves}
    given["parameters"] = {key: value_of(unit) for unit, key in arguments.parameters.items()}
    value, cache = forward(**given)
    J.backward()
    np.testing.assert_allclose(value, J.value, rtol=1e-12)
    (gradient,) = [g for key, g in backward(cache).items() if key == f"d{next(iter(given['parameters']))}"]
    np.testing.assert_allclose(gradient, W.grad, rtol=1e-12)


@pytest.mark.parametrize("words", HOSTILE, ids=ascii)
def test_each_place_holds_any_words(words):
    assert ast.literal_eval(quoted(words)) == words
    assert ast.get_docstring(ast.parse("\n".join(docstring(["A", words, "B"]))), clean=False).count("\n") == 3
    assert len(in_docstring(words).splitlines()) <= 1
    assert ast.parse(comment(words)).body == []
    assert as_identifier(words).isidentifier()
    assert ast.parse(as_identifier(words) + "_1 = 1").body[0].targets[0].id == as_identifier(words) + "_1"


def test_identifiers_of_other_alphabets_stay_as_they_are():
    权重, Γ = Parameter(np.eye(2), "权重"), Tensor(np.ones((2, 1)), "Γ")
    遗忘门 = name(np.tanh(权重 @ Γ), "遗忘门")
    text = source(name(np.sum(遗忘门 * 遗忘门), "损失"))
    assert "遗忘门 = np.tanh(权重 @ Γ)" in text
    assert "损失 = np.sum(遗忘门 * 遗忘门)" in text or "损失 = np.sum(遗忘门 ** 2)" in text
    assert '"d权重": d权重' in text
    assert "遗忘门" in equations(name(np.sum(遗忘门 * 遗忘门), "损失")).text


def test_a_program_with_names_of_other_alphabets_is_a_file_that_runs(tmp_path):
    权重 = Parameter(np.eye(2), "权重")
    file = tmp_path / "generated.py"
    file.write_text(source(name(np.sum(np.tanh(权重)), "损失"), "长短期"), encoding="utf-8")
    lines = "import numpy as np, generated\nJ, cache = generated.长短期_forward({'权重': np.eye(2)})\nprint(J)"
    done = subprocess.run(
        [sys.executable, "-c", lines], cwd=tmp_path, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    np.testing.assert_allclose(float(done.stdout), 2 * np.tanh(1.0))
