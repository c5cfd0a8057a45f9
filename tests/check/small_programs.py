"""Small right programs for tests: written with a mistake put in, loaded, and verified by differences."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from autograd_seq.diagnosis.course import check_file
from autograd_seq.diagnosis.search import Search


def written(folder, text, edits=()):
    """The file of a program in which some places are changed; each stands there once."""
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "submission.py"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(path):
    """The module of a file."""
    spec = importlib.util.spec_from_file_location("submission", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "submission", module)  # a dataclass looks itself up there
        spec.loader.exec_module(module)
    return module


def given(module):
    """Inputs of a program, and upstream gradients."""
    rng = np.random.default_rng(7)
    inputs = {key: 0.8 * rng.standard_normal(shape) for key, shape in module.INPUTS.items()}
    outputs, _ = module.forward(**inputs)
    return inputs, {key: rng.standard_normal(np.shape(value)) for key, value in outputs.items()}


def answers(module):
    """The gradients of a program."""
    inputs, upstream = given(module)
    return module.backward(upstream, module.forward(**inputs)[1])


def are_right_by_differences(module):
    """Hold each gradient of a program against a difference along a random direction."""
    inputs, upstream = given(module)
    rng = np.random.default_rng(8)
    for key, value in answers(module).items():
        along = rng.standard_normal(value.shape)
        ends = [module.forward(**inputs | {key[1:]: inputs[key[1:]] + h * along})[0] for h in (1e-6, -1e-6)]
        slope = sum(np.sum(upstream[k] * (ends[0][k] - ends[1][k])) for k in upstream) / 2e-6
        np.testing.assert_allclose(np.sum(value * along), slope, rtol=1e-7, atol=1e-9)


def one_cause(path):
    """The only cause that is told of a wrong program, which explains all of it, and the text of its line."""
    report = check_file(path)["backward"]
    (cause,) = report.causes
    assert set(cause.explains) == set(report.wrong) and not report.warnings, str(report)
    line = path.read_text(encoding="utf-8").splitlines()[cause.line - 1].strip() if cause.line else ""
    return cause, line


def by_own_lines(monkeypatch):
    """Leave it to the lines of a program to explain what is wrong: mistakes put into the true pass tell nothing."""
    monkeypatch.setattr(Search, "run", lambda self, *told, **how: ([], list(self.wrong)))
