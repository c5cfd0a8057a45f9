"""Nothing that a submission does makes a wrong one right, ends the judging, or spoils another submission."""

import json
import os
import sys

import pytest
from attacks import files

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


def test_no_attack_makes_a_wrong_file_right_or_spoils_another(tmp_path):
    """All of them are judged side by side, among right ones."""
    for i, text in enumerate(ATTACKS.values()):
        (tmp_path / f"a{i:03}.py").write_text(text, encoding="utf-8")
        if i % 20 == 0:
            (tmp_path / f"a{i:03}_right.py").write_text(RIGHT, encoding="utf-8")
    book = check_folder(tmp_path, timeout=6, jobs=2)
    by_name = {name: book[f"a{i:03}.py"] for i, name in enumerate(ATTACKS)}
    assert [name for name, found in by_name.items() if found.verdict not in ("wrong", "no verdict")] == []
    assert [name for name, found in by_name.items() if any(f.ok for f in found.functions.values())] == []
    assert [name for name, found in by_name.items() if not said(found)] == []
    assert [name for name, found in by_name.items() if not is_fit_to_print(found)] == []
    right = [found for found in book if "_right" in found.path]
    assert len(right) >= 4 and all(found.verdict == "right" for found in right)
    if "a read-only file system" not in book.submissions[0].not_enforced:
        assert len(os.listdir(tmp_path)) == len(book)
        assert all(os.path.getsize(found.path) > 100 for found in book)


def said(found):
    """Whether it is said why there is no verdict."""
    return found.verdict == "wrong" or found.reason or all(function.reason for function in found.functions.values())


def is_fit_to_print(found):
    printed = str(found) + json.dumps(found.to_json())
    plain = all(sign.isprintable() or sign == "\n" for sign in printed)
    return plain and len(str(found)) < 20_000 and len(found.printed) < 50_000
