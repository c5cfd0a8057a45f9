"""What messages say: the words that are meant, never the code that was to fill them in."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = [
    path.relative_to(ROOT)
    for folder in ("autograd_seq", "cells", "viz", "examples")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_plain_string_holds_a_call_in_braces(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    filled_in = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    plain = [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in filled_in
    ]
    assert [(line, text) for line, text in plain if re.search(r"\{\w+\([^{}]*\)\}", text)] == []
