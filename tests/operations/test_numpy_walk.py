"""Nothing is lost silently: every public function of NumPy, with a tensor in every place, has one of three answers."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import autograd_seq.numpy as teaching
from autograd_seq.operations.refusals import REFUSED

SCRIPT = Path(__file__).parents[2] / "docs" / "walk_numpy.py"
SPEC = importlib.util.spec_from_file_location("walk_numpy", SCRIPT)
walker = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(walker)


@pytest.mark.parametrize("module", [np, teaching], ids=["numpy", "autograd_seq.numpy"])
def test_every_function_records_refuses_or_is_constant(module):
    answers = list(walker.walk(module))
    assert len(answers) > 880
    asked = {one.name for one in answers}
    assert {"add.reduceat", "negative.at", "x += y", "float(s)", "sum(x, where=y > 0.5)", "float64", "x.T"} <= asked
    assert [one for one in answers if one.kind not in walker.HEADS] == []


def test_a_lost_gradient_would_be_seen():
    def loses(x):
        return np.tanh(getattr(x, "value", x))

    assert walker.answer(loses, np.tanh, lambda make: [make(walker.M)])[0] == "lost"
    assert walker.answer(lambda x: x * 2, np.tanh, lambda make: [make(walker.M)])[0] == "another value"
    assert walker.answer(lambda x: {}[0], np.tanh, lambda make: [make(walker.M)])[0].startswith("KeyError")


def test_refusals_say_what_to_write():
    words = [one.words for one in walker.walk() if one.kind == "refused"]
    assert words
    assert [said for said in words if not re.search(r"[Ww]rite|takes|needs|has no|recorded", said)] == []


def test_refusals_are_short():
    assert all(REFUSED.values())
    for one in walker.walk():
        if one.kind == "refused" and one.name.startswith(("fft.", "linalg.")):
            assert len(one.words.splitlines()[0]) < 180, one.words


def test_the_page_is_current():
    text = walker.PAGE.read_text(encoding="utf-8")
    version = ".".join(np.__version__.split(".")[:2])
    if f"| in NumPy {version} |" in text:
        assert text == walker.page(), "run: python docs/walk_numpy.py"


def test_nested_lists_of_tensors_are_blocks():
    x = walker.Tensor(walker.M, requires_grad=True)
    for space in (np, teaching):
        made = space.block([[x, x * 2], [x * 3, x * 4]])
        np.testing.assert_array_equal(made.value, np.block([[x.value * 1, x.value * 2], [x.value * 3, x.value * 4]]))
        assert made.requires_grad
