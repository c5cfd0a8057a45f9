"""docs/operations.md is what the operations' records say today."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "docs" / "write_operations.py"


def test_the_page_is_current():
    spec = importlib.util.spec_from_file_location("write_operations", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python docs/write_operations.py"
    named = {operation.name for _, operations in module.described() for operation in operations}
    assert {"tanh", "matmul", "getitem", "einsum", "categorical_cross_entropy_from_logits"} <= named
