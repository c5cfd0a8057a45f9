"""What is given wrongly is refused with the layer, the direction and both shapes."""

import numpy as np
import pytest

from autograd_seq import binary_cross_entropy, check_formula, concatenate, tanh
from autograd_seq.core.errors import AutogradError, DtypeError, ShapeError, UsageError, ValueRangeError
from cells import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Cell,
    Deep,
    EncoderDecoder,
    Readout,
    chunks,
    cut,
    from_torch_state,
    gradient_flow,
    gradient_table,
    many_to_many,
    many_to_one,
    most_likely,
    one_to_many,
    one_to_one,
    pad,
    state_flow,
    to_torch_state,
    truncated_bptt,
)


def x(n_x=3, m=2, T=4):
    return np.ones((n_x, m, T))


def deep_both():
    return Deep([Bidirectional(LSTM(3, 4), LSTM(3, 4)), Bidirectional(GRU(8, 2), GRU(8, 2))])


def measured(loss=binary_cross_entropy):
    return Readout(4, 1, "sigmoid", seed=1)(RNN(3, 4, seed=0).unroll(x())).measure(np.ones((1, 2, 4)), loss)


def measured_with(targets, **more):
    run = Readout(4, 1, "sigmoid", seed=1)(RNN(3, 4, seed=0).unroll(x()))
    return run.measure(targets, binary_cross_entropy, **more)


CASES = {
    "wrong n_x": (lambda: LSTM(3, 4).unroll(x(5)), ShapeError, r"x<1> has shape \(5, 2\).*\(n_x, m\) = \(3, m\)"),
    "wrong n_x, deep": (lambda: deep_both().unroll(x(5)), ShapeError, r"^layer 1: x<1> has shape \(5, 2\).*\(3, m\)"),
    "two axes": (lambda: RNN(3, 4).unroll(np.ones((3, 4))), ShapeError, r"shape \(3, 4\).*\(n_x, m, T_x\)"),
    "empty": (lambda: RNN(3, 4).unroll(x(T=0)), ShapeError, "sequence is empty"),
    "empty list": (lambda: RNN(3, 4).unroll([]), ShapeError, "sequence is empty"),
    "no example": (lambda: RNN(3, 4).unroll(x(m=0)), ShapeError, r"x<1> has shape \(3, 0\)"),
    "another m": (lambda: RNN(3, 4).unroll([np.ones((3, 2)), np.ones((3, 1))]), ShapeError,
                  r"x<2> has shape \(3, 1\).*\(3, 2\)"),
    "zero length": (lambda: GRU(3, 4).unroll(x(), lengths=[4, 0]), ValueRangeError, "example 2 has length 0"),
    "too long": (lambda: GRU(3, 4).unroll(x(), lengths=[5, 1]), ValueRangeError, "example 1 has length 5.*T_x = 4"),
    "lengths of others": (lambda: GRU(3, 4).unroll(x(), lengths=[4]), ShapeError, "m = 2 examples"),
    "length of 2.5": (lambda: GRU(3, 4).unroll(x(), lengths=[4, 2.5]), ShapeError, "whole number"),
    "lengths, deep": (lambda: deep_both().unroll(x(), lengths=[4, 9]), ValueRangeError,
                      "layer 1, forward direction: example 2 has length 9"),
    "layers that do not fit": (lambda: Deep([LSTM(3, 4), LSTM(5, 4)]), ShapeError,
                               r"layer 2 takes .*n_x = 5, but layer 1 .*n_a = 4"),
    "layers above two directions": (lambda: Deep([Bidirectional(RNN(3, 4), RNN(3, 4)), RNN(4, 4)]), ShapeError,
                                    "layer 2 .*n_x = 4.*n_a = 8, both directions"),
    "directions that do not fit": (lambda: Bidirectional(RNN(3, 4), RNN(5, 4)), ShapeError, "n_x = 3.*n_x = 5"),
    "one cell twice": (lambda: Bidirectional(*[RNN(3, 4)] * 2), UsageError, "same cell"),
    "state of another cell": (lambda: RNN(3, 4).unroll(x(), LSTM(3, 4).initial_state(2)), UsageError,
                              "state of RNN consists of a, but .* has a, c"),
    "an LSTM's state in a GRU": (lambda: GRU(3, 4).unroll(x(), LSTM(3, 4, seed=0).unroll(x()).final), UsageError,
                                 "a = c"),
    "state of another size": (lambda: LSTM(3, 4).unroll(x(), LSTM(3, 5).initial_state(2)), ShapeError,
                              r"state a has shape \(5, 2\).*\(4, 2\)"),
    "state in a deep one": (
        lambda: deep_both().unroll(x(), {"layers": [
            {"forward": None, "backward": None},
            {"forward": None, "backward": {"a": np.ones((2, 9))}},
        ]}), ShapeError, r"layer 2, backward direction: .*\(2, 9\).*\(2, 2\)"),
    "plain state in a deep one": (lambda: Deep([RNN(3, 4), RNN(4, 4)]).unroll(x(), {"a": 1}), UsageError, "2 layers"),
    "plain state in both": (lambda: Bidirectional(RNN(3, 4), RNN(3, 4)).unroll(x(), {"a": 1}), UsageError, "forward"),
    "a step of both": (lambda: Bidirectional(RNN(3, 4), RNN(3, 4)).step(x(), {}), UsageError, "no single step"),
    "no layers": (lambda: Deep([]), UsageError, "no layer"),
    "n_a = 0": (lambda: RNN(3, 0), ValueRangeError, "n_a"),
    "n_x = 2.5": (lambda: RNN(2.5, 4), ValueRangeError, "n_x"),
    "unknown activation": (lambda: RNN(3, 4, activation="Tanh"), ValueRangeError, "'tanh', 'relu', 'sigmoid'"),
    "unknown peephole": (lambda: LSTM(3, 4, peephole="half"), ValueRangeError, "diagonal"),
    "output_sees alone": (lambda: LSTM(3, 4, output_sees="current"), UsageError, "peephole"),
    "reset_after without gate": (lambda: GRU(3, 4, full=False, reset_after=True), UsageError, "relevance"),
    "readout of another size": (lambda: Readout(4, 2)(Bidirectional(RNN(3, 4), RNN(3, 4)).unroll(x())), ShapeError,
                                r"n_a = 4.*\(8, 2\).*both directions"),
    "too few targets": (lambda: Readout(4, 1)(RNN(3, 4).unroll(x())).measure(np.ones((1, 2, 3)), binary_cross_entropy),
                        ShapeError, "3 targets for 4 outputs"),
    "targets of another shape": (
        lambda: Readout(4, 1)(RNN(3, 4).unroll(x())).measure(np.ones((2, 2, 4)), binary_cross_entropy),
        ShapeError, r"y<1> has shape \(2, 2\), but ŷ<1> has \(1, 2\)"),
    "no outputs": (lambda: RNN(3, 4).unroll(x()).measure(np.ones((1, 2, 4)), binary_cross_entropy), UsageError,
                   "apply a readout"),
    "pad nothing": (lambda: pad([]), ValueRangeError, "no sequence"),
    "pad an empty one": (lambda: pad([np.ones((2, 3)), np.ones((2, 0))]), ValueRangeError, "example 2 is empty"),
    "pad another n_x": (lambda: pad([np.ones((2, 3)), np.ones((3, 3))]), ShapeError, r"example 2 .*\(3, 3\).*\(2, 3\)"),
    "pad None": (lambda: pad(None), UsageError, "list of arrays .*NoneType"),
    "pad text": (lambda: pad(["ab"]), DtypeError, "example 1 is str"),
    "pad lists that are no array": (lambda: pad([[[1, 2], [1]]]), ShapeError, "example 1 is not an array"),
    "pad with text": (lambda: pad([np.ones((2, 3))], "a"), UsageError, "fills with a number.*str"),
    "no layers at all": (lambda: Deep(None), UsageError, "list of cells.*NoneType"),
    "a layer that is no cell": (lambda: Deep([RNN(3, 4), 3]), UsageError, "layer 2 .*int"),
    "a direction that is no cell": (lambda: Bidirectional(RNN(3, 4), 3), UsageError, "backward .*int"),
    "a readout of nothing": (lambda: Readout(4, 1)(None), UsageError, "run.*NoneType"),
    "a readout of the last of nothing": (lambda: Readout(4, 1).last(None), UsageError, "run.*NoneType"),
    "a loss that is not a function": (lambda: measured("bce"), UsageError, "function.*str"),
    "flow of nothing": (lambda: gradient_flow(None), UsageError, r"gradient_flow\(\) needs a run.*NoneType"),
    "flow of a cell": (lambda: state_flow(RNN(3, 4)), UsageError, r"state_flow\(\) needs a run.*RNN"),
    "flow of a layer by name": (lambda: state_flow(RNN(3, 4).unroll(x()), layer="a"), UsageError, "whole number.*str"),
    "flow of two states": (lambda: state_flow(RNN(3, 4).unroll(x()), ["a"]), UsageError, "name of a state.*list"),
    "flow at one time": (lambda: state_flow(RNN(3, 4).unroll(x()), times=3), UsageError, "list of steps.*int"),
    "flow at no time": (lambda: state_flow(RNN(3, 4).unroll(x()), times=[9]), ValueRangeError, "no step 9.*1 … 4"),
    "a table of no dict": (lambda: gradient_table(measured(), [1]), UsageError, "dict of parameters.*list"),
    "a table of numbers": (lambda: gradient_table(measured(), {"W": 3}), UsageError, "Parameter, but got int"),
    "a seed of words": (lambda: RNN(3, 4, seed="a"), ValueRangeError, "seed must be a whole number .*'a'"),
    "a seed below 0": (lambda: Readout(3, 4, seed=-1), ValueRangeError, "seed .*-1"),
    "an unknown dtype": (lambda: RNN(3, 4, dtype="foo"), DtypeError, "floats: give dtype=np.float64.*'foo'"),
    "a dtype of whole numbers": (lambda: LSTM(3, 4, dtype=int), DtypeError, "floats.*int"),
    "a readout of complex numbers": (lambda: Readout(3, 4, dtype=complex), DtypeError, "floats.*complex"),
    "a class for a dtype": (lambda: GRU(3, 4, dtype=RNN), DtypeError, "floats.*RNN"),
    "n_x in words": (lambda: LSTM("3", 2), ValueRangeError, "LSTM needs n_x to be a whole number above 0, not '3'"),
    "n_a below 0": (lambda: GRU(3, -1), ValueRangeError, "n_a .*-1"),
    "n_a = True": (lambda: RNN(3, True), ValueRangeError, "n_a .*True"),
    "n_a beyond memory": (lambda: RNN(3, 10**40), ValueRangeError, "n_a .*1000"),
    "no n_y": (lambda: Readout(4, None), ValueRangeError, "n_y .*None"),
    "an activation that is a function": (lambda: RNN(3, 4, activation=np.tanh), ValueRangeError, "one of 'tanh'"),
    "a list for an activation": (lambda: Readout(4, 1, activation=["softmax"]), ValueRangeError, "choose one of 'soft"),
    "an unknown scheme": (lambda: RNN(3, 4, scheme="glorot"), ValueRangeError, "'xavier', 'orthogonal'"),
    "a scheme of a readout": (lambda: Readout(3, 4, scheme=None), ValueRangeError, "'xavier', 'orthogonal'"),
    "full in words": (lambda: GRU(3, 4, full="no"), UsageError, "full to be True or False, not 'no'"),
    "reset_after = 1": (lambda: GRU(3, 4, reset_after=1), UsageError, "reset_after to be True or False"),
    "stacked in words": (lambda: RNN(3, 4, stacked="yes"), UsageError, "stacked to be True or False"),
    "reverse in words": (lambda: RNN(3, 4).unroll(x(), reverse="no"), UsageError, "reverse to be True or False"),
    "a start of 1.5": (lambda: RNN(3, 4).unroll(x(), start=1.5), UsageError, "start to be a whole number, not 1.5"),
    "a forget bias in words": (lambda: LSTM(3, 4, forget_bias="1"), UsageError, "forget_bias to be a number.*str"),
    "hidden layers that are no list": (lambda: Readout(3, 4, hidden=5), UsageError, "hidden layers are a list.*int"),
    "a hidden layer of 0": (lambda: Readout(3, 4, hidden=[5, 0]), ValueRangeError, "hidden layer 2 .*0"),
    "x is None": (lambda: RNN(3, 4).unroll(None), DtypeError, "x must hold real numbers.*object, with None in it"),
    "x is a text": (lambda: RNN(3, 4).unroll("hello"), DtypeError, "x must hold real numbers.*<U5"),
    "x holds None": (lambda: RNN(3, 4).unroll(np.where(x() > 0, None, 1.0)), DtypeError, "real numbers.*None in it"),
    "x holds texts": (lambda: RNN(3, 4).unroll(x().astype(str)), DtypeError, "real numbers, but .*<U"),
    "x is complex": (lambda: RNN(3, 4).unroll(x() * 1j), DtypeError, "real numbers, but .*complex128"),
    "x of ragged lists": (lambda: RNN(3, 4).unroll([[[1, 2], [1], [2, 3]]]), ShapeError,
                          "x<1> is not an array.*differ"),
    "x<2> holds None": (lambda: RNN(3, 4).unroll([np.ones((3, 1)), np.full((3, 1), None)]), DtypeError,
                        "x<2> must hold real numbers.*None"),
    "x<1> is complex, deep": (lambda: deep_both().unroll([np.ones((3, 1)) * 1j]), DtypeError, "layer 1: x<1> must"),
    "a state that holds None": (lambda: RNN(3, 4).unroll(x(), {"a": np.full((4, 2), None)}), DtypeError,
                                "given state a must hold real numbers.*None"),
    "a complex state": (lambda: GRU(3, 4).unroll(x(), {"a": np.ones((4, 2)) * 1j}), DtypeError, "state a .*complex"),
    "a step from nothing": (lambda: LSTM(3, 4).step(np.ones((3, 2)), None), UsageError, "dict of a, c, such as .*None"),
    "a step without c": (lambda: LSTM(3, 4).step(np.ones((3, 2)), {"a": np.ones((4, 2))}), UsageError,
                         "dict of a, c, .* not 'a dict of a'"),
    "a step of a list": (lambda: RNN(3, 4).step(np.ones((3, 2)), [1]), UsageError, r"dict of a, .*\[1\]"),
    "a deep step": (lambda: Deep([RNN(3, 4)]).step(np.ones((3, 2)), {"a": 1}), UsageError, "dict of layers"),
    "a state of no example": (lambda: RNN(3, 4).initial_state(0), ValueRangeError, "m .*above 0, not 0"),
    "targets that hold None": (lambda: measured_with(np.full((1, 2, 4), None)), DtypeError, "targets must hold.*None"),
    "no targets": (lambda: measured_with(None), DtypeError, "targets must hold real numbers"),
    "a target in words": (lambda: measured_with(["a"] * 4), DtypeError, "y<1> must hold real numbers"),
    "targets of two axes": (lambda: measured_with(np.ones((1, 2))), ShapeError, r"targets have shape \(1, 2\)"),
    "another reduction": (lambda: measured_with(np.ones((1, 2, 4)), reduction="max"), ValueRangeError, "'sum', 'mean'"),
    "a loss that returns nothing": (lambda: measured(lambda y_hat, y: None), UsageError, "return a tensor.*NoneType"),
    "a readout for a cell": (lambda: many_to_one(Readout(4, 1), Readout(4, 1), x()), UsageError, "cell.*Readout"),
    "a cell for a readout": (lambda: many_to_many(RNN(3, 4), RNN(3, 4), x()), UsageError, "Readout.*RNN"),
    "nothing for a readout": (lambda: one_to_one(RNN(3, 4), None, x()), UsageError, "Readout.*NoneType"),
    "feeding with a text": (lambda: one_to_many(RNN(3, 4), Readout(4, 3), np.ones((3, 2)), 3, "likely"), UsageError,
                            "feed is a function.*str"),
    "an encoder that is none": (lambda: EncoderDecoder(3, RNN(3, 4), Readout(4, 3)), UsageError, "encoder .*int"),
    "a decoder that is none": (lambda: EncoderDecoder(RNN(3, 4), None, Readout(4, 3)), UsageError, "decoder .*None"),
    "writing 0 steps": (lambda: EncoderDecoder(RNN(3, 4), RNN(3, 4), Readout(4, 3)).unroll(x(), T_y=0), ValueRangeError,
                        "T .*not 0"),
    "writing no targets": (lambda: EncoderDecoder(RNN(3, 4), RNN(3, 4), Readout(4, 3)).unroll(x(), targets=[]),
                           ShapeError, "targets are empty"),
    "a most likely nothing": (lambda: most_likely(None), UsageError, "tensor.*NoneType"),
    "a cut through a number": (lambda: cut(3), UsageError, "state, such as run.final.*int"),
    "chunks of no cell": (lambda: list(chunks("lstm", x(), 2)), UsageError, "cell.*str"),
    "chunks of 0": (lambda: list(chunks(RNN(3, 4), x(), 0)), ValueRangeError, "k .*not 0"),
    "windows of texts": (lambda: list(truncated_bptt(RNN(3, 4), Readout(4, 1), x(), "abc", binary_cross_entropy, 2, 2)),
                         DtypeError, "targets must hold"),
    "no torch weights": (lambda: from_torch_state(None), UsageError, "dict of arrays.*NoneType"),
    "torch weights of no cell": (lambda: to_torch_state(None), UsageError, "needs a cell.*NoneType"),
    "saved nowhere": (lambda: RNN(3, 4).save(None), UsageError, "path, such as .*None"),
    "loaded from nowhere": (lambda: RNN(3, 4).load(7), UsageError, "path, such as .*7"),
    "a table of 0 columns": (lambda: gradient_table(measured(), RNN(3, 4).parameters, 0), ValueRangeError, "most"),
    "pad a number in an array": (lambda: pad(np.array(3.0)), UsageError, "list of arrays"),
}  # fmt: skip

for what, make in (("one direction", lambda: LSTM(3, 4)), ("both", lambda: Bidirectional(RNN(3, 4), RNN(3, 4))),
                   ("deep", lambda: Deep([RNN(3, 4), RNN(4, 4)]))):  # fmt: skip
    for given in (3, "ab", [1], np.ones((4, 2))):
        CASES[f"{what}, state {given!r:.8}"] = (
            lambda make=make, given=given: make().unroll(x(), given), UsageError,
            f"state .*but got {type(given).__name__}"
        )  # fmt: skip
    for given in (3, "a", "ab", ["a", "b"], [[1], [1, 2]], [None, 1], [[4, 4]]):
        CASES[f"{what}, lengths {given!r}"] = (
            lambda make=make, given=given: make().unroll(x(), lengths=given), ShapeError,
            "whole number .* m = 2 examples"
        )  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_refused(case):
    wrong, error, match = CASES[case]
    with pytest.raises(error, match=match) as caught:
        wrong()
    assert isinstance(caught.value, AutogradError)
    assert "at test_bad_input.py:" in str(caught.value)  # the line of whoever gave it


class CarriesMore(Cell):
    """It reads a c that it has not named."""

    def __init__(self):
        super().__init__(1, 2, 0)
        self.matrix("W", 2, 1)

    def step(self, x_t, state):
        a = tanh(self.parameters["W"] @ concatenate([state["a"], x_t]) + state["c"])
        return {"a": a, "c": state["c"] + a}


def test_a_cell_says_what_it_carries():
    with pytest.raises(UsageError, match=r"has 'a', and no 'c'(.|\n)*class CarriesMore(.|\n)*states = \('a', 'c'\)"):
        CarriesMore().unroll(np.ones((1, 1, 2)))
    with pytest.raises(UsageError, match="reads 'c', but its states are 'a' and its parameters 'W'"):
        check_formula("da = dc", CarriesMore())

    class Both(CarriesMore):
        states = ("a", "c")

    assert list(Both().unroll(np.ones((1, 1, 2))).states) == ["a", "c"]
