"""The language model: probabilities that are probabilities, gradients of look-ups, sampling."""

from itertools import product

import numpy as np
import pytest

from autograd_seq import Parameter, grad, prove, take
from autograd_seq.core.errors import DtypeError, UsageError, ValueRangeError
from cells import GRU, LSTM, RNN, Bidirectional, Deep
from cells.language_model import LanguageModel

END = 3


def model(embedding=False, cell=RNN):
    return LanguageModel(cell(6 if embedding else 4, 5, seed=0), size=4, embedding=embedding, end=END, seed=1)


@pytest.mark.parametrize("cell", [RNN, LSTM])
@pytest.mark.parametrize("embedding", [False, True])
def test_probabilities_of_all_sentences_sum_to_1(cell, embedding):
    lm = model(embedding, cell)
    longest = 3
    ended = [(*s, END) for n in range(longest) for s in product(range(3), repeat=n)]
    running = list(product(range(3), repeat=longest))  # everything that has not ended by then
    total = sum(lm.probability(s) for s in ended) + sum(lm.probability(s) for s in running)
    assert total == pytest.approx(1, abs=1e-12)


def test_loss_is_minus_the_log_probability_and_padding_does_not_touch_it():
    lm = model()
    sentences = [[0, 1, 2, END], [2, END], [1, 1, END]]
    assert lm.loss(sentences).item() == pytest.approx(-sum(map(lm.log_probability, sentences)), rel=1e-12)
    together = grad(lm.loss(sentences), lm.parameters)
    alone = [grad(lm.loss([s]), lm.parameters) for s in sentences]
    for key in lm.parameters:
        assert np.allclose(together[key], sum(g[key] for g in alone), rtol=1e-11, atol=1e-14)


def test_gradient_against_differences():
    lm = model(embedding=True, cell=LSTM)
    sentences = [[0, 2, 1, END], [1, END]]
    gradients = grad(lm.loss(sentences), lm.parameters)
    generator = np.random.default_rng(2)
    for key, parameter in lm.parameters.items():
        direction, before = generator.standard_normal(parameter.shape), parameter.value
        sides = []
        for h in (1e-5, -1e-5):
            parameter.value = before + h * direction
            sides.append(lm.loss(sentences).item())
        parameter.value = before
        assert (sides[0] - sides[1]) / 2e-5 == pytest.approx(np.sum(direction * gradients[key]), rel=1e-6, abs=1e-8)


def test_looking_up_columns_is_the_product_with_one_hot_columns():
    E = Parameter(np.random.default_rng(0).standard_normal((3, 10_000)), "E")
    words = np.array([7, 9_999, 7])
    columns = np.zeros((10_000, 3))
    columns[words, range(3)] = 1
    adjoint = np.random.default_rng(1).standard_normal((3, 3))
    looked_up, product_ = take(E, words, axis=1), E @ columns
    assert looked_up.operation.name == "getitem"
    assert np.array_equal(looked_up.value, product_.value)
    assert np.allclose(grad(looked_up, E, gradient=adjoint), grad(product_, E, gradient=adjoint), atol=1e-14)


def test_perplexity_of_a_model_that_knows_nothing_is_the_size():
    lm = model()
    for parameter in lm.parameters.values():
        parameter.value = np.zeros(parameter.shape)
    assert lm.perplexity([[0, 1, END], [2, END]]) == pytest.approx(4)


def test_sampling_is_reproducible_and_ends():
    lm = model()
    assert np.array_equal(lm.sample(5), lm.sample(5))
    drawn = [lm.sample(seed, length=8) for seed in range(40)]
    assert all(len(s) <= 8 and END not in s[:-1] for s in drawn)
    assert any(s[-1] == END for s in drawn)


def test_sampled_frequencies_are_the_models_probabilities():
    lm = model()
    generator = np.random.default_rng(0)
    first = np.bincount([lm.sample(generator, length=1)[0] for _ in range(2000)], minlength=4) / 2000
    expected = [lm.token_probabilities([k])[0] for k in range(4)]
    assert np.abs(first - expected).max() < 0.04


def test_temperature_and_top_k():
    lm = model()
    likely = int(np.argmax([lm.token_probabilities([k])[0] for k in range(4)]))
    assert lm.sample(0, length=1, temperature=0)[0] == likely
    assert {lm.sample(seed, length=1, top_k=1)[0] for seed in range(10)} == {likely}
    assert len({lm.sample(seed, length=1, temperature=50)[0] for seed in range(60)}) == 4


def leaning():
    """A model that finds token 1 likeliest at first, then 3."""
    lm = model()
    lm.parameters["by"].value = np.array([[0.1], [1.2], [-0.5], [0.7]])
    return lm


@pytest.mark.parametrize("temperature", [1e-320, 5e-324, 1e-300, 1e-9])
def test_the_smallest_temperatures_keep_to_the_likeliest(temperature):
    for settings in ({}, {"top_k": 2}):
        assert leaning().sample(0, length=1, temperature=temperature, **settings)[0] == 1


def test_temperature_0_point_5_squares_the_probabilities():
    lm, generator = leaning(), np.random.default_rng(0)
    squares = np.array([lm.token_probabilities([k])[0] for k in range(4)]) ** 2
    drawn = [lm.sample(generator, length=1, temperature=0.5)[0] for _ in range(2000)]
    assert np.abs(np.bincount(drawn, minlength=4) / 2000 - squares / squares.sum()).max() < 0.04


def test_free_run_feeds_back_what_it_drew():
    lm = model(cell=LSTM)
    drawn = lm.sample(3, length=6, temperature=0)
    for t in range(len(drawn)):
        probabilities = [lm.token_probabilities([*drawn[:t], k])[-1] for k in range(4)]
        assert int(np.argmax(probabilities)) == drawn[t]


def test_bidirectional_cell_is_refused_with_the_reason():
    with pytest.raises(UsageError, match="from its end"):
        LanguageModel(Bidirectional(RNN(4, 5), RNN(4, 5)), size=4)
    with pytest.raises(UsageError, match="from its end"):
        LanguageModel(Deep([Bidirectional(RNN(4, 5), RNN(4, 5)), RNN(10, 3)]), size=4)


def test_deep_cell_that_looks_backward_only():
    lm = LanguageModel(Deep([GRU(4, 5, seed=0), LSTM(5, 6, seed=1)]), size=4, end=END, seed=2)
    assert lm.loss([[0, 1, END]]).item() == pytest.approx(-lm.log_probability([0, 1, END]), rel=1e-12)
    assert len(lm.sample(0, length=5)) <= 5


@pytest.mark.parametrize("sequences", [[[]], [[0, 4]], [[-1]], [[0.5]], [[[0, 1]]]])
def test_bad_sequences(sequences):
    with pytest.raises(ValueRangeError, match="token"):
        model().loss(sequences)


def test_size_that_is_not_the_cells():
    with pytest.raises(ValueRangeError, match="n_x = 4"):
        LanguageModel(RNN(4, 5), size=7)


@pytest.mark.parametrize("cell", [RNN, LSTM])
def test_windows_of_a_long_text_add_up_to_the_whole(cell):
    lm = model(cell=cell)
    text = np.random.default_rng(0).integers(0, 4, size=11)
    whole = lm.loss([text])
    parts = list(lm.windows(text, k=4))
    assert sum(part.item() for part in parts) == pytest.approx(whole.item(), rel=1e-12)
    (only,) = lm.windows(text, k=20)
    for key, gradient in grad(whole, lm.parameters).items():
        assert np.allclose(grad(only, lm.parameters)[key], gradient, rtol=1e-12, atol=1e-15)
    cut = [r for r in parts[1].graph if r.operation and r.operation.name == "stop_gradient"]
    assert cut and all(r.scope.time == 4 for r in cut)


def test_windows_side_by_side():
    lm = model()
    text = np.random.default_rng(0).integers(0, 4, size=13)
    together = sum(part.item() for part in lm.windows(text, k=2, m=3))
    alone = sum(lm.loss([text[i * 4 : i * 4 + 4]]).item() for i in range(3))
    assert together == pytest.approx(alone, rel=1e-12)
    with pytest.raises(ValueRangeError, match="13 tokens"):
        next(lm.windows(text, k=2, m=14))


@pytest.mark.parametrize("embedding", [False, True])
def test_its_gradients_are_proven(embedding):
    lm = LanguageModel(GRU(3 if embedding else 4, 2, seed=0), size=4, embedding=embedding, end=END, seed=1)
    proof = prove(lm.loss([[0, 2, END], [1, END]]))
    assert proof.ok and {claim.status for claim in proof.claims.values()} == {"proven"}, str(proof)
    assert set(proof.claims) == set(lm.parameters)


def made(**more):
    return LanguageModel(**{"cell": RNN(5, 4, seed=0), "size": 5, "end": 4, "seed": 0, **more})


@pytest.mark.parametrize(
    "wrong, error, match",
    [
        (lambda: made(cell="rnn"), UsageError, "needs a cell.*str"),
        (lambda: made(size="5"), ValueRangeError, "size .*'5'"),
        (lambda: made(embedding="yes"), UsageError, "embedding to be True or False"),
        (lambda: made(end=5), ValueRangeError, "end is the index of <EOS>, from 0 to 4, not 5"),
        (lambda: made(end="."), UsageError, "whole number, not '.'"),
        (lambda: made(seed=-1), ValueRangeError, "seed .*-1"),
        (lambda: made().loss([0, 1]), ValueRangeError, r"list of the indices .*\[\[0, 1, 2\], …\]"),
        (lambda: made().loss([]), ValueRangeError, "no sequences"),
        (lambda: made().loss("abc"), UsageError, "batch is a list of sequences.*str"),
        (lambda: made().loss([["a"]]), DtypeError, "real numbers"),
        (lambda: made().loss([[0, None]]), DtypeError, "None in it"),
        (lambda: made().loss([[0.5]]), ValueRangeError, "integers from 0 to 4"),
        (lambda: made().run([[0, 5]]), ValueRangeError, "integers from 0 to 4"),
        (lambda: made().arrays([[0], []]), ValueRangeError, "list of the indices"),
        (lambda: made().perplexity([]), ValueRangeError, "no sequences to measure"),
        (lambda: made(embedding=True).loss_of(None, None), UsageError, "looks tokens up by index"),
        (lambda: made().perplexity(3), UsageError, "batch is a list.*int"),
        (lambda: made().perplexity([[1]], batch_size=0), ValueRangeError, "batch_size"),
        (lambda: list(made().windows([0, 1], k=0)), ValueRangeError, "k to be a whole number above 0"),
        (lambda: made().probability(None), DtypeError, "None in it"),
        (lambda: made().sample(seed="a"), ValueRangeError, "seed .*'a'"),
        (lambda: made().sample(length=0), ValueRangeError, "length .*not 0"),
        (lambda: made().sample(temperature="hot"), UsageError, "temperature is a number.*str"),
        (lambda: made().sample(temperature=float("nan")), ValueRangeError, "temperature nan"),
        (lambda: made().sample(top_k=1.5), UsageError, "top_k .*1.5"),
        (lambda: made().sample(start=[7]), ValueRangeError, "integers from 0 to 4"),
        (lambda: made().sample(start=3), UsageError, "list of sequences.*int"),
    ],
)
def test_what_is_given_wrongly_is_refused(wrong, error, match):
    with pytest.raises(error, match=match) as caught:
        wrong()
    assert "at test_language_model.py:" in str(caught.value)
