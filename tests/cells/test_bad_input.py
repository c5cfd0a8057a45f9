"""What is given wrongly is refused with the layer, the direction and both shapes."""

import numpy as np
import pytest

from autograd_seq import binary_cross_entropy
from autograd_seq.errors import AutogradError, DtypeError, ShapeError, UsageError, ValueRangeError
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout, gradient_flow, gradient_table, pad, state_flow


def x(n_x=3, m=2, T=4):
    return np.ones((n_x, m, T))


def deep_both():
    return Deep([Bidirectional(LSTM(3, 4), LSTM(3, 4)), Bidirectional(GRU(8, 2), GRU(8, 2))])


def measured(loss=binary_cross_entropy):
    return Readout(4, 1, "sigmoid", seed=1)(RNN(3, 4, seed=0).unroll(x())).measure(np.ones((1, 2, 4)), loss)


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
    "pad lists that are no array": (lambda: pad([[[1, 2], [1]]]), ShapeError, "example 1 is no array"),
    "pad with text": (lambda: pad([np.ones((2, 3))], "a"), UsageError, "fills with a number.*str"),
    "no layers at all": (lambda: Deep(None), UsageError, "list of cells.*NoneType"),
    "a layer that is no cell": (lambda: Deep([RNN(3, 4), 3]), UsageError, "layer 2 .*int"),
    "a direction that is no cell": (lambda: Bidirectional(RNN(3, 4), 3), UsageError, "backward .*int"),
    "a readout of nothing": (lambda: Readout(4, 1)(None), UsageError, "run.*NoneType"),
    "a readout of the last of nothing": (lambda: Readout(4, 1).last(None), UsageError, "run.*NoneType"),
    "a loss that is no function": (lambda: measured("bce"), UsageError, "function.*str"),
    "flow of nothing": (lambda: gradient_flow(None), UsageError, r"gradient_flow\(\) needs a run.*NoneType"),
    "flow of a cell": (lambda: state_flow(RNN(3, 4)), UsageError, r"state_flow\(\) needs a run.*RNN"),
    "flow of a layer by name": (lambda: state_flow(RNN(3, 4).unroll(x()), layer="a"), UsageError, "whole number.*str"),
    "flow of two states": (lambda: state_flow(RNN(3, 4).unroll(x()), ["a"]), UsageError, "name of a state.*list"),
    "flow at one time": (lambda: state_flow(RNN(3, 4).unroll(x()), times=3), UsageError, "list of steps.*int"),
    "flow at no time": (lambda: state_flow(RNN(3, 4).unroll(x()), times=[9]), ValueRangeError, "no step 9.*1 … 4"),
    "a table of no dict": (lambda: gradient_table(measured(), [1]), UsageError, "dict of parameters.*list"),
    "a table of numbers": (lambda: gradient_table(measured(), {"W": 3}), UsageError, "Parameter, but got int"),
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
