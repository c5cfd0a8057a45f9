"""What is printed grows with the number of records, however often a state is used and whatever has no name."""

import numpy as np
import pytest

from autograd_seq import Parameter, equations, source
from autograd_seq.folding.fold import fold
from autograd_seq.writer.from_folded import Trees


def used_thrice(T):
    """A state that every step uses three times."""
    h, W = np.ones((3, 2)), Parameter(np.eye(3) / 2, "W")
    for _ in range(T):
        h = np.tanh(W @ h) * h + h
    return np.sum(h)


def never_the_same(T):
    """Steps that no loop can say, each of which uses its state three times."""
    h, W, rng = np.ones((3, 2)), Parameter(np.eye(3) / 2, "W"), np.random.default_rng(0)
    for which in rng.integers(4, size=T):
        h = [np.tanh, np.sin, np.cos, np.sign][which](W @ h) * h - h
    return np.sum(h)


def doubled(T):
    """A number that grows by itself."""
    h, rng = Parameter(np.eye(2), "W"), np.random.default_rng(0)
    for twice in rng.integers(2, size=T):
        h = (h + h) / 2 if twice else h * h
    return np.sum(h)


def gru(T):
    """Gates written out in plain NumPy."""
    rng = np.random.default_rng(0)
    Wz, Wr, Wh = (Parameter(rng.normal(size=(4, 7)) / 2, key) for key in ("Wz", "Wr", "Wh"))
    h = np.zeros((4, 2))
    for _ in range(T):
        x = rng.normal(size=(3, 2))
        z, r = (1 / (1 + np.exp(-(W @ np.concatenate([h, x])))) for W in (Wz, Wr))
        h = (1 - z) * h + z * np.tanh(Wh @ np.concatenate([r * h, x]))
    return np.sum(h)


@pytest.mark.parametrize("program", [used_thrice, never_the_same, doubled, gru])
def test_equations_and_source_grow_with_the_records(program, monkeypatch):
    work = []
    written = Trees._write
    monkeypatch.setattr(Trees, "_write", lambda self, *rest: (work.append(1), written(self, *rest))[1])

    def measured(T):
        J = program(T)
        sizes = []
        for read in (lambda J: equations(J).text, source):
            work.clear()
            sizes += [len(read(J)), len(work)]
        return sizes

    for few, many in zip(measured(40), measured(80), strict=True):
        assert many <= 2.6 * few


def test_a_chain_of_sums_is_gone_through_once(monkeypatch):
    from autograd_seq.folding import nodes

    asked = []
    plain = nodes._is_plain_sum
    monkeypatch.setattr(nodes, "_is_plain_sum", lambda node: (asked.append(1), plain(node))[1])

    def count(T):
        W = Parameter([[0.5]], "W")
        J = 0
        for t in range(T):
            J = J + np.sum(W * t)
        asked.clear()
        fold(J.graph)
        return len(asked)

    assert count(200) <= 2.1 * count(100)
