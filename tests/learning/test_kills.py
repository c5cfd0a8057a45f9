"""What is there after a process was killed; `python benchmarks/kills.py` kills a hundred."""

import sys

import numpy as np
import pytest
from killed import savings, trainings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def test_a_training_that_is_killed_again_and_again(tmp_path):
    tally = trainings(tmp_path, kills=2, rng=np.random.default_rng(1))
    assert tally["identical"] == tally["runs"] and not tally["lost"] and not tally["left"] and not tally["failed"]


@pytest.mark.slow
def test_the_command_that_is_killed(tmp_path):
    tally = trainings(tmp_path, kills=2, rng=np.random.default_rng(2), command=True)
    assert tally["identical"] == tally["runs"] and not tally["left"] and not tally["failed"]


def test_files_whose_writer_is_killed(tmp_path):
    tally = savings(tmp_path, kills=2, rng=np.random.default_rng(3))
    assert not tally["lost"] and not tally["damaged"] and not tally["left"]
