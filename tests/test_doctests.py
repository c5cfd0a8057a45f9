"""Every example in a docstring of the installed packages runs and prints what it says."""

import doctest
import importlib
import pkgutil

import pytest

PACKAGES = ("autograd_seq", "cells", "viz")
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules():
    for package in map(importlib.import_module, PACKAGES):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            yield found.name


@pytest.mark.parametrize("name", list(modules()))
def test_examples_of(name):
    result = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert not result.failed, f"{result.failed} of {result.attempted} examples in {name}"


def test_operations_are_among_them():
    module = importlib.import_module("autograd_seq.operations.elementwise")
    found = doctest.DocTestFinder(exclude_empty=True).find(module)
    assert {"autograd_seq.operations.elementwise.tanh"} <= {test.name for test in found if test.examples}
