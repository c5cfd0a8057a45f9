"""Nothing that a submission does makes a wrong one right, ends the judging, or spoils another submission."""

import json
import os
import sys

import pytest
from grading.attacks import files

from autograd_seq import check_folder

RIGHT = """
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""
ATTACKS = dict(files())

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the attacks are on POSIX")


def test_there_are_many():
    assert len(ATTACKS) >= 80


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """All of them judged side by side, among right ones."""
    folder = tmp_path_factory.mktemp("attacks")
    for i, text in enumerate(ATTACKS.values()):
        (folder / f"a{i:03}.py").write_text(text, encoding="utf-8")
        if i % 20 == 0:
            (folder / f"a{i:03}_right.py").write_text(RIGHT, encoding="utf-8")
    return check_folder(folder, timeout=6, jobs=2)


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_makes_a_wrong_one_right(name, book):
    found = book[f"a{list(ATTACKS).index(name):03}.py"]
    assert found.verdict in ("wrong", "no verdict") and not found.ok
    assert not any(function.ok for function in found.functions.values())
    if found.verdict == "no verdict":
        assert found.reason or all(function.reason for function in found.functions.values())
    printed = str(found) + json.dumps(found.to_json())
    assert all(sign.isprintable() or sign == "\n" for sign in printed)
    assert len(str(found)) < 20_000 and len(found.printed) < 50_000


def test_the_others_are_judged_all_the_same(book):
    right = [found for found in book if "_right" in found.path]
    assert len(right) >= 4 and all(found.verdict == "right" for found in right)


def test_nothing_is_left_in_the_folder_or_lost_from_it(book):
    if "a read-only file system" in book.submissions[0].not_enforced:
        pytest.skip("this machine has no way to keep files from being written")
    folder = os.path.dirname(book.submissions[0].path)
    assert len(os.listdir(folder)) == len(book)
    assert all(os.path.getsize(found.path) > 100 for found in book)
