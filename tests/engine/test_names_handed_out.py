"""Whatever a program asks `autograd_seq.numpy` for, the package's own code still finds Python's builtins."""

import ast
import builtins
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_seq
import autograd_seq.numpy as teaching

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path for package in ("autograd_seq", "cells", "viz") for path in (ROOT / package).rglob("*.py"))
BUILTINS = {name for name in dir(builtins) if not name.startswith("_")}

# Asks for every public name of NumPy in the way that is set in `ask`, then computes with the usual ones.
PROGRAM = """
import builtins, contextlib, io, json, os, pkgutil, sys, tempfile, warnings
from importlib import import_module
import numpy
import autograd_seq, cells, viz
import autograd_seq.numpy as np
from autograd_seq import Parameter

warnings.simplefilter("ignore")
os.chdir(tempfile.mkdtemp())
W = Parameter([[4.0, 9.0], [16.0, 25.0]], "W")
ways = [(), (W,), (W, W), ([W, W],), (W.value,), ([1.0, 2.0],)]

def ask(name, way):
    if way == "hasattr":
        assert hasattr(np, name) == hasattr(numpy, name), name
    if way in ("getattr", "call"):
        found = getattr(np, name, None)
    if way == "call" and callable(found) and name != "test":  # which runs NumPy's own tests
        for arguments in ways:
            try:
                found(*arguments)
            except RecursionError:
                raise
            except Exception:
                pass  # many cannot take these; what matters is what works afterwards

with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    for name in dir(numpy):
        if not name.startswith("__"):
            ask(name, sys.argv[1])
for package in (autograd_seq, cells, viz):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            import_module(found.name)
for name in dir(autograd_seq):
    getattr(autograd_seq, name)

results = [np.sqrt(W), np.dot(W, W), np.sum(W), np.sum([W, W]), np.zeros((2, 2))]
assert all(isinstance(y, autograd_seq.Tensor) for y in results)
J = np.sum(np.sqrt(np.dot(W, W)))
J.backward()
shadowed = {
    module: [name for name in vars(found) if name in vars(builtins) and not name.startswith("_")]
    for module, found in list(sys.modules.items())
    if module.split(".")[0] in ("autograd_seq", "cells", "viz")
}
print(json.dumps({"J": J.item(), "gradient": W.grad.tolist(), "sums": [y.value.tolist() for y in results],
                  "shadowed": shadowed}))
"""


@pytest.fixture(scope="module", params=["getattr", "hasattr", "call"])
def told(request):
    """What a fresh process computes and holds after it has asked for every name in one way."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, request.param], capture_output=True, text=True, cwd=ROOT, timeout=300
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_numpys_functions_work_after_every_name_was_asked_for(told):
    W = np.array([[4.0, 9.0], [16.0, 25.0]])
    assert told["sums"] == [np.sqrt(W).tolist(), (W @ W).tolist(), 54.0, 108.0, [[0, 0], [0, 0]]]
    assert told["J"] == pytest.approx(np.sum(np.sqrt(W @ W)))
    g = 0.5 / np.sqrt(W @ W)  # of J by W @ W
    np.testing.assert_allclose(told["gradient"], g @ W.T + W.T @ g)


def bound(tree):
    """The names that a file binds at its top, by what is written there."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node in tree.body:
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.AsyncFunctionDef))]


def test_what_hides_a_builtin_is_written_in_the_file_or_no_function_is_there_to_find_it(told):
    assert {"all", "sum", "max"} <= set(told["shadowed"]["autograd_seq.operations"])
    assert told["shadowed"]["autograd_seq.core.numpy_functions"] == []
    for module, names in told["shadowed"].items():
        path = ROOT.joinpath(*module.split("."))
        tree = ast.parse((path.with_suffix(".py") if not path.is_dir() else path / "__init__.py").read_text("utf-8"))
        unseen = set(names) - set(bound(tree))
        used = {leaf.id for f in functions(tree) for leaf in ast.walk(f) if isinstance(leaf, ast.Name)}
        assert not unseen & used, (module, unseen & used)


def test_the_module_that_hands_out_names_has_no_function_of_its_own():
    assert functions(ast.parse((ROOT / "autograd_seq" / "numpy.py").read_text("utf-8"))) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_who_takes_an_operation_under_a_builtins_name_never_means_the_builtin(path):
    tree = ast.parse(path.read_text("utf-8"))
    hidden = {"abs", "all", "any", "max", "min", "sum"} & set(bound(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in hidden:
            of_one_array = len(node.args) == 1 and not isinstance(
                node.args[0], (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.Starred, ast.List, ast.Tuple)
            )
            assert of_one_array, f"{path.name}:{node.lineno}: {ast.unparse(node)}"


def test_names_that_numpy_has_and_no_others():
    assert dir(teaching) == dir(np)
    namespace = {}
    exec("from autograd_seq.numpy import *", namespace)
    assert set(np.__all__) <= set(namespace)
    assert namespace["zeros"] is teaching.zeros
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = teaching.no_such_name


def test_lazy_names_find_their_builtins():
    code = autograd_seq.__getattr__.__code__
    mine = vars(autograd_seq)
    assert {name for name in code.co_names if name in BUILTINS and name in mine} == set()
