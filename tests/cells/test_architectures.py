"""The notes' five architectures, against loops over plain arrays."""

import numpy as np
import pytest
from cells_by_hand.networks import network, randomised
from cells_by_hand.passes import loss_by_hand

from autograd_seq import Tensor, categorical_cross_entropy
from autograd_seq.core.errors import ShapeError, UsageError
from cells import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Deep,
    EncoderDecoder,
    Readout,
    as_it_is,
    many_to_many,
    many_to_one,
    most_likely,
    one_to_many,
    one_to_one,
    pad,
)


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def values(*things):
    return {key: p.value for thing in things for key, p in thing.parameters.items()}


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def test_one_to_one_is_a_standard_network(rng):
    cell, readout = randomised(RNN(3, 4), rng), randomised(Readout(4, 2), rng)
    p, x = values(cell, readout), rng.standard_normal((3, 5))
    expected = softmax(p["Wya"] @ np.tanh(p["Wax"] @ x + p["ba"]) + p["by"])
    np.testing.assert_allclose(one_to_one(cell, readout, x).outputs[0].value, expected, rtol=1e-13)


def test_one_to_many_feeds_outputs_back_and_differentiates_through_them(rng):
    cell, readout = randomised(RNN(3, 4), rng), randomised(Readout(4, 3), rng)
    p, x = values(cell, readout), rng.standard_normal((3, 2))

    def by_hand(x):
        a, outputs = np.zeros((4, 2)), []
        for _ in range(4):
            a = np.tanh(p["Waa"] @ a + p["Wax"] @ x + p["ba"])
            x = softmax(p["Wya"] @ a + p["by"])
            outputs.append(x)
        return outputs

    first = Tensor(x, "x", requires_grad=True)
    run = one_to_many(cell, readout, first, 4)
    for actual, expected in zip(run.outputs, by_hand(x), strict=True):
        np.testing.assert_allclose(actual.value, expected, rtol=1e-13)
    weight = rng.standard_normal((3, 2))
    run.outputs[-1].backward(weight)
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-5
        numeric[place] = np.sum(weight * (by_hand(x + step)[-1] - by_hand(x - step)[-1])) / 2e-5
    np.testing.assert_allclose(first.grad, numeric, rtol=1e-5, atol=1e-10)


def test_many_to_one_reads_each_example_to_its_own_end(rng):
    for shape in ("plain", "deep", "bidirectional", "deep bidirectional"):
        cell, twin = network("lstm", shape, 3, rng)
        readout = randomised(Readout(cell.n_a, 2), rng)
        sequences = [rng.standard_normal((3, T)) for T in (5, 1, 3)]
        x, lengths = pad(sequences)
        run = many_to_one(cell, readout, x, lengths)
        assert len(run.outputs) == 1
        for i, sequence in enumerate(sequences):
            alone = many_to_one(cell, readout, sequence[:, None, :])
            np.testing.assert_allclose(run.outputs[0].value[:, [i]], alone.outputs[0].value, rtol=1e-13)
        y = np.eye(2)[:, [0, 1, 1]]
        run.measure([y], categorical_cross_entropy).backward()
        if shape == "plain":  # the last state alone has an adjoint
            p, total = values(readout), 0
            for i, sequence in enumerate(sequences):
                a = twin.forward(sequence, {"a": np.zeros((4, 1)), "c": np.zeros((4, 1))})
                da = np.zeros_like(a)
                da[:, -1:] = p["Wya"].T @ (softmax(p["Wya"] @ a[:, -1:] + p["by"]) - y[:, [i]])
                total = total + twin.backward(da)[1]["Wf"]
            np.testing.assert_allclose(cell.parameters["Wf"].grad, total, rtol=1e-10, atol=1e-14)


def test_many_to_many(rng):
    cell, twin = network("gru-full", "plain", 3, rng)
    readout, x, y = randomised(Readout(4, 2), rng), rng.standard_normal((3, 1, 4)), np.eye(2)[:, [[0, 1, 0, 0]]]
    run = many_to_many(cell, readout, x)
    J = run.measure(y, categorical_cross_entropy)
    assert J.item() == pytest.approx(loss_by_hand(twin, values(readout), x[:, 0], y[:, 0], "softmax")[0], rel=1e-13)


def test_structure_2_has_further_layers_without_time(rng):
    cell, readout = randomised(RNN(3, 4), rng), randomised(Readout(4, 2, hidden=[6, 5], hidden_activation="relu"), rng)
    run = readout(cell.unroll(rng.standard_normal((3, 2, 3))))
    p = values(readout)
    for a, actual in zip(run.states["a"], run.outputs, strict=True):
        h = np.maximum(p["W_1"] @ a.value + p["b_1"], 0)
        h = np.maximum(p["W_2"] @ h + p["b_2"], 0)
        np.testing.assert_allclose(actual.value, softmax(p["Wya"] @ h + p["by"]), rtol=1e-13)


def decode_by_hand(p, a, inputs):
    outputs = []
    for x in inputs:
        a = np.tanh(p["Waa[2]"] @ a + p["Wax[2]"] @ x + p["ba[2]"])
        outputs.append(softmax(p["Wya"] @ a + p["by"]))
    return outputs


@pytest.fixture
def translator(rng):
    model = EncoderDecoder(RNN(3, 4), RNN(5, 4), Readout(4, 5))
    return randomised(model, rng)


def test_encoder_decoder_with_teacher_forcing(translator, rng):
    p, x, y = values(translator), rng.standard_normal((3, 2, 6)), np.eye(5)[:, rng.integers(0, 5, (2, 4))]
    run = translator.unroll(x, targets=y)
    a = np.zeros((4, 2))
    for t in range(6):
        a = np.tanh(p["Waa[1]"] @ a + p["Wax[1]"] @ x[:, :, t] + p["ba[1]"])
    expected = decode_by_hand(p, a, [np.zeros((5, 2)), *(y[:, :, t] for t in range(3))])
    for actual, wanted in zip(run.outputs, expected, strict=True):
        np.testing.assert_allclose(actual.value, wanted, rtol=1e-13)
    run.measure(y, categorical_cross_entropy).backward()
    assert all(np.abs(q.grad).max() > 0 for q in translator.parameters.values())
    labels = {record.label for record in run.graph if record.name}
    assert {"a[1]<6>", "a[2]<7>", "y_hat<10>", "Waa[1]", "Waa[2]"} <= labels and "a[1]<7>" not in labels


@pytest.mark.parametrize("feed", [most_likely, as_it_is])
def test_encoder_decoder_running_freely(translator, rng, feed):
    p, x = values(translator), rng.standard_normal((3, 1, 2))
    run = translator.unroll(x, T_y=5, feed=feed)
    a, fed = np.zeros((4, 1)), np.zeros((5, 1))
    for t in range(2):
        a = np.tanh(p["Waa[1]"] @ a + p["Wax[1]"] @ x[:, :, t] + p["ba[1]"])
    for actual in run.outputs:
        a = np.tanh(p["Waa[2]"] @ a + p["Wax[2]"] @ fed + p["ba[2]"])
        fed = softmax(p["Wya"] @ a + p["by"])
        np.testing.assert_allclose(actual.value, fed, rtol=1e-12)
        if feed is most_likely:
            fed = (np.arange(5) == fed.argmax())[:, None] * 1.0


def test_unequal_lengths_on_both_sides(rng):
    pairs = [(6, 2), (3, 4), (1, 1)]
    model = randomised(EncoderDecoder(Bidirectional(GRU(3, 2), LSTM(3, 2)), LSTM(5, 4), Readout(4, 5)), rng)
    xs = [rng.standard_normal((3, T)) for T, _ in pairs]
    ys = [np.eye(5)[:, rng.integers(0, 5, T)] for _, T in pairs]
    (x, lengths), (y, target_lengths) = pad(xs), pad(ys)
    run = model.unroll(x, targets=y, lengths=lengths, target_lengths=target_lengths)
    run.measure(y, categorical_cross_entropy).backward()
    together = {key: p.grad for key, p in model.parameters.items()}
    alone, total = {key: 0 for key in together}, 0
    for x_i, y_i in zip(xs, ys):
        one = model.unroll(x_i[:, None, :], targets=y_i[:, None, :])
        J = one.measure(y_i[:, None, :], categorical_cross_entropy)
        J.backward()
        total += J.item()
        alone = {key: alone[key] + p.grad for key, p in model.parameters.items()}
    assert run.loss.item() == pytest.approx(total, rel=1e-13)
    for key in together:
        np.testing.assert_allclose(together[key], alone[key], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(
    "encoder, decoder",
    [
        (lambda: LSTM(3, 4), lambda: LSTM(5, 4)),
        (lambda: LSTM(3, 4), lambda: GRU(5, 4)),
        (lambda: GRU(3, 4), lambda: LSTM(5, 4)),
        (lambda: Deep([LSTM(3, 4), LSTM(4, 4)]), lambda: Deep([LSTM(5, 4), LSTM(4, 4)])),
        (lambda: RNN(3, 4), lambda: Deep([GRU(5, 4), RNN(4, 4)])),
        (lambda: Bidirectional(LSTM(3, 2), LSTM(3, 2)), lambda: RNN(5, 4)),
    ],
)
def test_encoders_and_decoders_of_any_kind(encoder, decoder, rng):
    model = EncoderDecoder(encoder(), decoder(), Readout(4, 5, seed=0))
    y = np.eye(5)[:, rng.integers(0, 5, (2, 3))]
    run = model.unroll(rng.standard_normal((3, 2, 4)), targets=y)
    run.measure(y, categorical_cross_entropy).backward()
    reached = [key for key, p in model.parameters.items() if p.grad is not None and np.abs(p.grad).max() > 0]
    assert set(reached) == set(model.parameters)
    assert len(model.unroll(rng.standard_normal((3, 2, 4)), T_y=6).outputs) == 6


def test_what_does_not_fit_is_refused(rng):
    with pytest.raises(ShapeError, match="n_a = 4.*n_a = 3"):
        EncoderDecoder(RNN(3, 4), RNN(5, 3), Readout(3, 5))
    with pytest.raises(ShapeError, match="n_y = 5.*n_x = 2"):
        EncoderDecoder(RNN(3, 4), RNN(2, 4), Readout(4, 5))
    with pytest.raises(UsageError, match="bidirectional"):
        EncoderDecoder(RNN(3, 4), Bidirectional(RNN(5, 2), RNN(5, 2)), Readout(4, 5))
    with pytest.raises(UsageError, match="teacher forcing"):
        EncoderDecoder(RNN(3, 4), RNN(5, 4), Readout(4, 5)).unroll(np.ones((3, 1, 2)))
    with pytest.raises(UsageError, match="bidirectional"):
        one_to_many(Bidirectional(RNN(3, 2), RNN(3, 2)), Readout(4, 3), np.ones((3, 1)), 4)
    with pytest.raises(ShapeError, match="n_y = 2 cannot be fed back as x with n_x = 3"):
        one_to_many(RNN(3, 4), Readout(4, 2), np.ones((3, 1)), 4)
