"""The grammar of mistakes: no entry of its lists is idle, and what it says of one draw it says of another."""

from __future__ import annotations

import ast
import functools
import types
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from check.mistakes import ORIGINALS

import autograd_seq.diagnosis as diagnosis
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.kinds import Kind
from autograd_seq.diagnosis.perturb import GRAMMAR, Context, spoken, variants
from autograd_seq.diagnosis.perturb.which_step import STEPS
from autograd_seq.diagnosis.rerun import Program
from autograd_seq.diagnosis.truth import record

SIZES = {"n_x": 2, "n_a": 4, "n_h": 4, "n_y": 3, "m": 5, "T": 4}
PASSES = ("lstm_cell_peephole", "lstm_rows", "bidirectional_by_function", "many_to_one", "gru_cell", "gru_rows")
ROOM = Path(diagnosis.__file__).parent


TWO_TABLES = """
import numpy as np
INPUTS = {"A": ("n_a", "n_x"), "B": ("n_a", "n_x")}
def forward(A, B):
    ids = np.array([0, 2, 2])
    return {"y": A[ids] * B[ids]}, None
"""


@functools.cache
def program(original, seed=1):
    """The true backward pass of a forward pass of the library, or of a source."""
    module = types.ModuleType("submission")
    exec(compile(ORIGINALS.get(original, original), "submission.py", "exec"), vars(module))
    rng = np.random.default_rng(seed)
    inputs = {}
    for key, shape in module.INPUTS.items():
        inputs[key] = rng.standard_normal(
            [sum(SIZES[w.strip()] for w in n.split("+")) if isinstance(n, str) else n for n in shape]
        )
    outputs, _ = module.forward(**inputs)
    upstream = {k: rng.standard_normal(np.shape(v)) for k, v in outputs.items()}
    return Program(record(module.forward, inputs, upstream))


def test_every_sentence_speaks_of_some_pass():
    programs = [Context(program(p)) for p in (*PASSES, "embedding", TWO_TABLES)]
    silent = [n for n in range(len(GRAMMAR)) if not any(next(spoken(c, n), None) for c in programs)]
    assert [(getattr(GRAMMAR[n].what, "__name__", ""), GRAMMAR[n].rank) for n in silent] == []


def test_the_likelier_come_first():
    ranks = [sentence.rank for sentence in GRAMMAR]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("original", PASSES)
def test_a_variant_is_found_again_in_another_draw(original):
    here, there = ({v.key for v in variants(program(original, seed))} for seed in (1, 2))
    assert here == there


@pytest.mark.parametrize("original", PASSES)
def test_no_key_stands_for_two_mistakes(original):
    found = Counter(v.key for v in variants(program(original)))
    assert {key: n for key, n in found.items() if n > 1} == {}


def test_what_would_spoil_a_right_gradient_is_not_tried():
    p = program("gru_cell")
    every, of_one = list(variants(p)), list(variants(p, {"dWr"}))
    fits = {v.key for v in every if all(p.reach(r) <= {"dWr"} for r in v.changes)}
    assert fits and fits <= {v.key for v in of_one} and len(of_one) < len(every) / 3


def test_every_kind_is_used():
    named = {name for name, value in vars(kinds).items() if isinstance(value, Kind)}
    used = set()
    for path in ROOM.rglob("*.py"):
        if path.name != "kinds.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                used |= {node.attr} if isinstance(node, ast.Attribute) else set()
                used |= {node.id} if isinstance(node, ast.Name) else set()
    assert named - used == set()


def test_a_kind_tells_of_its_things():
    assert kinds.IN_PLACE_OF("a_prev", "a_next", of=kinds.OFF_BY_ONE) == (
        "off by one",
        "with a_prev in place of a_next",
    )


@pytest.mark.parametrize(
    ("name", "steps", "entries"),
    [
        ("before", [0, 1, 2, 3], [3, 0, 1, 2]),
        ("after", [2, 3, 4, 5], [1, 2, 3, 0]),
        ("reversed", [4, 3, 2, 1], [3, 2, 1, 0]),
        ("first", [1, 1, 1, 1], [0, 0, 0, 0]),
        ("last", [4, 4, 4, 4], [3, 3, 3, 3]),
    ],
)
def test_wrong_steps(name, steps, entries):
    step = next(s for s in STEPS if s.name == name)
    assert [step.of(t, 4) for t in range(1, 5)] == steps
    assert [step.index(k, 4) for k in range(4)] == entries
