"""What the packages hand out: every name that the README uses, nothing that hides something else."""

import builtins
import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import autograd_seq
import cells
import viz
from autograd_seq.core.moved import MOVED

LAZY = {"check_backward", "check_formula", "derive", "equations", "gradcheck", "prove", "source"}


def fresh(code):
    """The output of a program in a new interpreter, where nothing has been asked for yet."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_everything_in_all_is_there_and_can_be_completed():
    for package in (autograd_seq, cells, viz):
        for name in package.__all__:
            assert getattr(package, name) is not None
        assert set(package.__all__) <= set(dir(package))


def test_readings_that_are_loaded_late_can_be_completed_and_starred():
    assert set(autograd_seq.__all__) >= LAZY
    assert "compile" in dir(autograd_seq) and "compile" not in autograd_seq.__all__
    assert set(fresh("from autograd_seq import *; print(*dir())")) >= {*LAZY, "Tensor", "contributions"}


def test_star_hides_nothing_of_python():
    assert not set(autograd_seq.__all__) & set(dir(builtins))


def test_names_that_nobody_types_are_not_offered():
    recorded_only = {"accumulate", "scatter", "identity", "above_zero", "as_float", "as_integer", "assign", "getitem"}
    recorded_only |= {"as_finite"}
    assert not recorded_only & {*dir(autograd_seq), *autograd_seq.__all__}


@pytest.mark.parametrize("path", ["viz.units", "viz.plots", "cells.language_model", "autograd_seq.testing"])
def test_a_file_is_reached_from_its_package(path):
    package, name = path.split(".")
    assert fresh(f"import {package}; print({path}.__name__, {name!r} in dir({package}))") == [path, "True"]


def modules(package):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            yield found.name


@pytest.mark.parametrize("package", [autograd_seq, cells, viz])
def test_no_module_hides_behind_a_function(package):
    for name in modules(package):
        importlib.import_module(name)
        parent, _, child = name.rpartition(".")
        assert isinstance(getattr(importlib.import_module(parent), child), ModuleType), name


def test_an_old_name_says_what_to_write():
    assert len(MOVED) > 20
    for old, new in MOVED.items():
        with pytest.raises(ModuleNotFoundError, match=f"{old} has moved: write {new} in its place"):
            importlib.import_module(old)
        importlib.import_module(new)
    with pytest.raises(AttributeError, match="has moved to autograd_seq.learning.text"):
        _ = autograd_seq.text
    with pytest.raises(AttributeError, match="no attribute 'nothing'$"):
        _ = autograd_seq.nothing
