"""equivalent: pairs that are the same under a map of weights, and pairs that differ in one detail."""

import re

import numpy as np
import pytest

import autograd_seq as seq
from autograd_seq import Parameter, Tensor
from autograd_seq.core.errors import UsageError
from autograd_seq.exchange import Step
from cells import GRU, LSTM, RNN, Bidirectional, Deep
from cells.exchange import equivalent

RNG = np.random.default_rng(0)
SAME = [
    ("torch:RNN", "keras:SimpleRNN"),
    ("torch:LSTM", "keras:LSTM"),
    ("torch:LSTM", "flax.linen:LSTMCell"),
    ("flax.nnx:OptimizedLSTMCell", "flax.nnx:LSTMCell"),
    ("equinox:LSTMCell", LSTM(1, 2)),
    ("haiku:LSTM", "torch:LSTM"),
    ("torch:GRU", "keras:GRU"),
    ("torch:GRU", "equinox:GRUCell"),
    ("flax.linen:GRUCell", GRU(1, 2, reset_after=True)),
    ("haiku:GRU", GRU(2, 1)),
    (RNN(2, 2), RNN(2, 2, stacked=True)),
    (LSTM(1, 2, gates="hard_sigmoid"), LSTM(1, 2, gates="hard_sigmoid")),
]
DIFFERENT = {  # with a word of where they part
    "reset before and after": (GRU(1, 2), "torch:GRU", "times gates in the first"),
    "no hidden bias": ("flax.nnx:GRUCell", "flax.linen:GRUCell", r"meet \[a\[1, 1\], a\[2, 1\]\] times gates in"),
    "no reset gate": (GRU(1, 2), GRU(1, 2, full=False), "no such sum in the second"),
    "another activation": (RNN(1, 2), RNN(1, 2, "sigmoid"), "put together otherwise: tanh"),
    "relu": ("haiku:VanillaRNN", "torch:RNN", "Max"),
    "diagonal and full peepholes": (LSTM(1, 2, "diagonal"), LSTM(1, 2, "full"), r"c\[2, 1\]"),
    "what the output gate sees": (LSTM(1, 2, "diagonal"), LSTM(1, 2, "diagonal", "current"), "times gates in"),
    "peepholes": (LSTM(1, 2, "diagonal"), LSTM(1, 2), r"c\[1, 1\]"),
    "hard gates": (LSTM(1, 2, gates="hard_sigmoid"), LSTM(1, 2), "Min"),
    "hard gates of a GRU": (GRU(1, 2, gates="hard_sigmoid"), GRU(1, 2), "gates|Min"),
    "a memory": (RNN(1, 2), "torch:LSTM", r"takes x \(1, 1\), a \(2, 1\), the other .*c \(2, 1\)"),
    "a memory of another length": (LSTM(1, 1, memory=2), LSTM(1, 1), r"c \(2, 1\)"),
}


@pytest.mark.parametrize(("first", "second"), SAME, ids=[f"{a} {b}" for a, b in SAME])
def test_the_same(first, second):
    for one, other in ((first, second), (second, first)):
        found = equivalent(one, other)
        assert found.ok and found.status == "proven", found
        assert found.map


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name):
    first, second, words = DIFFERENT[name]
    found = equivalent(first, second)
    assert found.status == "refuted" and not found.ok and not found.map
    assert re.search(words, str(found)), found
    assert equivalent(second, first).status == "refuted"


def test_the_map_is_that_of_the_tables():
    assert "linear/b[5] = bf[1, 1] - 1" in equivalent("haiku:LSTM", LSTM(1, 2)).map
    torch = equivalent(GRU(1, 2, reset_after=True), "torch:gru").map
    assert "Wu[1, 1] = -weight_hh[3, 1]" in torch and "bu[1, 1] = -bias_hh[3] - bias_ih[3]" in torch
    assert "bca[2, 1] = bias_hh[6]" in torch and "Wr[2, 3] = weight_ih[2, 1]" in torch


def step(title, change=lambda W, b, x, a: seq.tanh(W @ seq.concatenate([a, x]) + b), **more):
    x, a = Tensor(RNG.standard_normal((1, 1)), "x"), Tensor(RNG.standard_normal((2, 1)), "a")
    W, b = Parameter(RNG.standard_normal((2, 3)), "W"), Parameter(RNG.standard_normal((2, 1)), "b")
    return Step(title, {"x": x, "a": a}, {"W": W, "b": b}, {"a": change(W, b, x, a)})


def test_steps_that_were_recorded_by_hand():
    own = step("own", lambda W, b, x, a: (np.exp(z := W @ seq.concatenate([a, x]) + b) - np.exp(-z))
               / (np.exp(z) + np.exp(-z)))  # fmt: skip
    assert equivalent(own, RNN(1, 2)).ok
    negative = step("negative", lambda W, b, x, a: -seq.tanh(b - W @ seq.concatenate([a, x])))
    assert equivalent(negative, RNN(1, 2)).ok
    wrong = step("wrong", lambda W, b, x, a: seq.tanh(W @ seq.concatenate([a * a, x]) + b))
    assert equivalent(wrong, RNN(1, 2)).status == "refuted"
    scaled = step("scaled", lambda W, b, x, a: seq.tanh(2 * (W @ seq.concatenate([a, x])) + b + 3))
    assert "2*W[1, 1] = Waa[1, 1]" in equivalent(scaled, RNN(1, 2)).map


def test_a_weight_in_two_places_is_no_map_that_goes_both_ways():
    tied = step("tied", lambda W, b, x, a: seq.tanh(W @ seq.concatenate([a, x]) + W[:, :1]))
    found = equivalent(tied, RNN(1, 2))
    assert found.status == "undecided" and "special case" in found.reason


def test_a_gate_of_another_component_is_another_cell():
    def crossed(p, x, a, flip):
        z = seq.concatenate([a, x])
        r = seq.sigmoid(p["Wr"] @ z + p["br"])
        u = seq.sigmoid(p["Wu"] @ z + p["bu"])
        seen = seq.concatenate([(r[::-1] if flip else r) * a, x])
        return u * seq.tanh(p["Wc"] @ seen + p["bc"]) + (1 - (u if flip != 2 else r)) * a

    def gru(flip):
        x, a = Tensor(RNG.standard_normal((1, 1)), "x"), Tensor(RNG.standard_normal((2, 1)), "a")
        p = {key: Parameter(value.value, key) for key, value in GRU(1, 2, seed=0).parameters.items()}
        return Step(f"flipped {flip}", {"x": x, "a": a}, p, {"a": crossed(p, x, a, flip)})

    assert equivalent(gru(0), GRU(1, 2)).ok
    assert equivalent(gru(1), GRU(1, 2)).ok  # the rows of Wr have changed places, and nothing else has
    assert equivalent(gru(2), GRU(1, 2)).status == "refuted"


def test_a_gate_before_a_bracket_or_in_it():
    def reset_after(inside):
        x, a = Tensor(RNG.standard_normal((1, 1)), "x"), Tensor(RNG.standard_normal((2, 1)), "a")
        p = {key: Parameter(value.value, key) for key, value in GRU(1, 2, reset_after=True, seed=0).parameters.items()}
        z = seq.concatenate([a, x])
        r, u = seq.sigmoid(p["Wr"] @ z + p["br"]), 1 / (1 + np.exp(-(p["Wu"] @ z) - p["bu"]))
        hidden = r * (p["Wca"] @ a) + r * p["bca"] if inside else r * (p["Wca"] @ a + p["bca"])
        new = a + u * (seq.tanh(hidden + p["Wcx"] @ x + p["bc"]) - a)
        return Step("own", {"x": x, "a": a}, p, {"a": new})

    for inside in (False, True):
        assert equivalent(reset_after(inside), "torch:GRU").ok
        assert equivalent(reset_after(inside), GRU(1, 2)).status == "refuted"


def test_what_cannot_be_compared_is_refused():
    for thing in (LSTM(1, 4), Deep([RNN(1, 2)]), Bidirectional(RNN(1, 2), RNN(1, 2))):
        with pytest.raises(UsageError, match="at most 3"):
            equivalent(thing, "torch:LSTM")
    with pytest.raises(UsageError, match="there is no 'torch:Transformer'; there are .*torch:lstm"):
        equivalent("torch:Transformer", "torch:LSTM")
    with pytest.raises(UsageError, match="not int"):
        equivalent(3, "torch:LSTM")
