"""A tenth of the cases whose truth is known: no verdict is false, few are open, every wrong record is named.

All of them: `python benchmarks/verdicts.py`.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from check.mutants import Mutant, planted
from check.verdicts import PARTS, Case, drawn, random_programs, tallied
from check.verdicts.broken_rules import COUNT, OWN, chosen
from check.verdicts.case import Answer, kind_of
from check.verdicts.operations import USES
from check.verdicts.own_operations import OWN as OWN_OPERATIONS
from check.verdicts.own_operations import declared
from check.verdicts.programs import trial
from check.verdicts.programs.spoiling import MATERIAL, spoil
from check.verdicts.programs.writing import write
from check.verdicts.right_operations import ROUNDINGS, At, everything

import autograd_seq.operations as ops
from autograd_seq import Tensor, grad, gradcheck, prove
from tests.sweeps import part_of, slow_but_part_of

SHARES = dict.fromkeys(PARTS, 0.1) | {"passes": 0.03}  # test_handwritten_library.py asks a tenth of them at one seed
MOST_OPEN = 0.02
SLICES = 4  # of each part, so that they run side by side
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def sliced(part: str, k: int, share: float):
    return islice(drawn(part, share, seed=2026), k, None, SLICES)


@pytest.mark.parametrize("k", range(SLICES))
@pytest.mark.parametrize("part", PARTS)
def test_of_a_tenth_no_verdict_is_false(part, k):
    tallies = tallied(sliced(part, k, SHARES[part]))
    complaints = [c for t in tallies.values() for c in t.complaints if c[0] != "open unexpected"]
    assert complaints == []
    still_open = [c for t in tallies.values() for c in t.complaints]
    asked = sum(t.counts["cases"] - t.counts["open expected"] for t in tallies.values())
    assert len(still_open) <= max(1, MOST_OPEN * asked), still_open


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_no_verdict_is_false(part):
    tallies = tallied(drawn(part))
    assert [c for t in tallies.values() for c in t.complaints if c[0] != "open unexpected"] == []
    assert max(t.share_open for t in tallies.values()) <= MOST_OPEN


# -- the cases are what they say they are ---------------------------------------------------------------------


@pytest.mark.parametrize("draw", range(4))
def test_the_derivatives_of_the_operations_are_right_by_the_complex_step(draw):
    wrong = [at.name for at in everything(draw) if not at.open_because and not at.engine_error() < ROUNDINGS]
    assert wrong == []


def test_what_is_said_to_be_wrong_is_wrong():
    assert [at.name for at in everything() if at.is_material and not at.is_doubled()] == []


def test_all_operations_are_asked():
    from check.samples import SAMPLES

    assert {use.operation for use in USES} == set(SAMPLES)


@pytest.mark.parametrize("seed", slow_but_part_of(range(300)))
def test_programs_are_right_by_the_complex_step_and_spoiled_ones_wrong(seed):
    program = write(seed)
    true = trial.truth(program, seed)
    right = trial.gradients(program.source, program, seed)
    assert right.keys() == true.keys()
    tolerance = 1e-4 if program.single else 1e-9
    for key, value in right.items():
        np.testing.assert_allclose(value, true[key], rtol=tolerance, atol=tolerance, err_msg=key)
    spoiled = spoil(program, seed)
    wrong = trial.gradients(spoiled.source, program, seed)
    for key in spoiled.wrong:
        assert np.max(np.abs(wrong[key] - true[key])) > 0.5 * MATERIAL * np.max(np.abs(true[key])), spoiled.kind


def gradients_of_the_value(own, point, weights):
    """By the complex step through the value rule."""
    for i, array in enumerate(point):
        slope = np.zeros(array.shape)
        for place in np.ndindex(slope.shape):
            moved = [a.astype(complex) for a in point]
            moved[i][place] += 1e-30j
            slope[place] = np.sum(np.imag(own.value(*moved)) * weights) / 1e-30
        yield slope


@pytest.mark.parametrize("own", OWN_OPERATIONS, ids=lambda own: own.name)
def test_own_operations_are_right_as_declared_and_wrong_as_another_function(own):
    for point in own.points:
        weights = np.resize([1.0, -0.5, 2.0], np.shape(own.value(*point)))
        true = list(gradients_of_the_value(own, point, weights))
        for right in (True, False):
            leaves = [Tensor(a, requires_grad=True) for a in point]
            made = declared(own, right)(*leaves)
            np.testing.assert_allclose(made.value, own.value(*point), atol=1e-12)
            found = grad(made, leaves, gradient=weights)
            error = max(np.max(np.abs(f - t)) for f, t in zip(found, true, strict=True))
            assert error < 1e-9 if right else error > 0.1


def test_programs_are_written_in_all_styles():
    names = " ".join(write(seed).name for seed in part_of(range(300), 2))
    for style in ("functions", "dict", "class", "global", "lossFun", "arrays", "lists", "dicts", "tuples", "steps",
                  "back in time", "rows", "float32", "tensors' numpy"):  # fmt: skip
        assert style in names


def test_two_hundred_rules_are_broken_in_every_way():
    broken = chosen()
    assert len(broken) == COUNT == 200
    assert set(OWN) <= {b.words for b in broken}


@pytest.mark.parametrize(
    ("truth", "verdict", "marked", "kind"),
    [
        ("right", "right", "", ""),
        ("wrong", "wrong", "", ""),
        ("right", "wrong", "at a kink", "right called wrong"),
        ("wrong", "right", "at a kink", "wrong called right"),
        ("right", "open", "", "open unexpected"),
        ("wrong", "open", "at a kink", "open expected"),
    ],
)
def test_answers_are_counted_by_what_is_true(truth, verdict, marked, kind):
    case = Case("group", "name", truth, lambda: Answer(verdict), marked)
    assert kind_of(case, case.ask()) == kind
    tally = tallied(iter([case]))["group"]
    assert tally.counts["cases"] == 1 and tally.counts["caught"] == (truth == verdict == "wrong")
    assert [c[0] for c in tally.complaints] == [kind] * (kind not in ("", "open expected"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("power", [0, -90, 60, -600, 500, -1100, 1100])
def test_a_doubled_rule_is_refuted_however_tiny_or_huge_the_numbers(dtype, power):
    size = dtype(2) ** dtype(power)
    with np.errstate(over="ignore"):
        if not size or not np.isfinite(size * size):
            return  # no number of this precision
    x = Tensor(np.array([1.5, -0.5], dtype) * size, "x", requires_grad=True)
    assert prove(x + x, [x]).ok and prove(ops.matmul(x, x), [x]).ok
    with planted(Mutant(ops.square, 0, "times 2", None, lambda piece, _: piece * 2)):
        assert [f.operation for f in prove(ops.square(x), [x]).failures] == ["square"]
    with planted(Mutant(ops.multiply, 1, "times 2", None, lambda piece, _: piece * 2)):
        assert [f.operation for f in prove(x * x, [x]).failures if f.link == "rule"] == ["multiply"]


def test_what_agrees_at_zero_only_is_refuted():
    x = Tensor(np.zeros(2), "x", requires_grad=True)
    with planted(Mutant(ops.square, 0, "times 2", None, lambda piece, _: piece * 2)):
        assert not prove(ops.square(x), [x]).ok


@pytest.mark.skipif(np.finfo(np.longdouble).maxexp < 2000, reason="longdouble is no larger than float64")
def test_numbers_beyond_those_of_python_are_compared_too():
    use = next(use for use in USES if use.operation is ops.divide)
    at = At(use, 0, "huge", np.longdouble)
    assert gradcheck(at.use.call, *at.arrays).ok
    x = Tensor(np.array([1.5, -0.5], np.longdouble) * np.longdouble(2) ** 1200, "x", requires_grad=True)
    assert prove(np.arcsinh(x), [x]).ok
    with planted(Mutant(ops.arcsinh, 0, "times 2", None, lambda piece, _: piece * 2)):
        assert prove(np.arcsinh(x), [x])["x"].status in ("refuted", "excluded")


def test_what_is_stored_in_float32_is_rounded_in_float32_though_the_cache_holds_gradients_only():
    program = write(83)
    assert program.single and program.name.startswith("program 83: lossFun")
    assert random_programs.ask(program, 83, program.source, "stored_in_float32").verdict == "right"
