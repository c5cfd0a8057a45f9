"""Course-style NumPy code runs with only its import line changed, and its gradients are right."""

import importlib.util
import types
from pathlib import Path

import numpy as np
import pytest

import autograd_seq.numpy
from autograd_seq import Parameter, Tensor, contributions, grad, name, steps

CODE = Path(__file__).with_name("course_code.py")


def load(recording: bool) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("course_code", CODE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if recording:
        module.np = autograd_seq.numpy  # as if the file began with: import autograd_seq.numpy as np
    return module


plain, recorded = load(False), load(True)
N_X, N_A, N_Y, M, T = 3, 5, 2, 4, 6


def rnn_parameters(rng):
    return {
        "Wax": rng.normal(size=(N_A, N_X)), "Waa": rng.normal(size=(N_A, N_A)), "Wya": rng.normal(size=(N_Y, N_A)),
        "ba": rng.normal(size=(N_A, 1)), "by": rng.normal(size=(N_Y, 1)),
    }  # fmt: skip


def gate_parameters(rng, letters):
    return {
        **{"W" + g: rng.normal(size=(N_A, N_A + N_X)) for g in letters},
        **{"b" + g: rng.normal(size=(N_A, 1)) for g in letters},
        "Wy": rng.normal(size=(N_Y, N_A)), "by": rng.normal(size=(N_Y, 1)),
    }  # fmt: skip


def as_parameters(arrays):
    return {key: Parameter(value, key) for key, value in arrays.items()}


def as_tensors(arrays):
    return {key: Tensor(value, key, requires_grad=True) for key, value in arrays.items()}


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-12)


def agree(gradients, reference, letters):
    for key in letters:
        assert np.abs(reference["d" + key]).max() > 1e-4, key
        close(gradients[key], reference["d" + key])


@pytest.mark.parametrize("make", [as_parameters, as_tensors])
def test_rnn_forward_has_the_gradients_of_its_hand_written_backward(make):
    rng = np.random.default_rng(0)
    arrays, x, a0 = rnn_parameters(rng), rng.normal(size=(N_X, M, T)), rng.normal(size=(N_A, M))
    da = rng.normal(size=(N_A, M, T))
    a, y, caches = plain.rnn_forward(x, a0, arrays)
    reference = plain.rnn_backward(da, caches)

    parameters = make(arrays)
    start, data = Tensor(a0, requires_grad=True), Tensor(x, "x", requires_grad=True)
    a_recorded, y_recorded, cache = recorded.rnn_forward(data, start, parameters)
    close(a_recorded.value, a)
    close(y_recorded.value, y)
    assert cache[0][3][3] is parameters
    gradients, da0, dx = grad(a_recorded, (parameters, start, data), gradient=da)
    agree(gradients, reference, ("Wax", "Waa", "ba"))
    assert not gradients["Wya"].any()
    close(da0, reference["da0"])
    close(dx, reference["dx"])


def test_the_output_of_every_step_is_differentiated_too():
    rng = np.random.default_rng(1)
    arrays, x, a0 = rnn_parameters(rng), rng.normal(size=(N_X, M, T)), rng.normal(size=(N_A, M))
    labels = rng.integers(N_Y, size=(M, T))
    a, y, caches = plain.rnn_forward(x, a0, arrays)
    dz = y - np.moveaxis(np.eye(N_Y)[labels], -1, 0)  # softmax and cross-entropy
    da = np.einsum("ya,ymt->amt", arrays["Wya"], dz)
    reference = plain.rnn_backward(da, caches)

    parameters = as_parameters(arrays)
    _, y_recorded, _ = recorded.rnn_forward(x, a0, parameters)
    loss = 0
    for t in range(T):
        for i in range(M):
            loss += -recorded.np.log(y_recorded[labels[i, t], i, t])
    loss.backward()
    agree({k: p.grad for k, p in parameters.items()}, reference, ("Wax", "Waa", "ba"))
    close(parameters["Wya"].grad, np.einsum("ymt,amt->ya", dz, a))
    close(parameters["by"].grad, dz.sum(axis=(1, 2))[:, None])


@pytest.mark.parametrize("make", [as_parameters, as_tensors])
def test_lstm_forward_has_the_gradients_of_its_hand_written_backward(make):
    rng = np.random.default_rng(2)
    arrays, x, a0 = gate_parameters(rng, "fico"), rng.normal(size=(N_X, M, T)), rng.normal(size=(N_A, M))
    da = rng.normal(size=(N_A, M, T))
    a, y, c, caches = plain.lstm_forward(x, a0, arrays)
    reference = plain.lstm_backward(da, caches)

    parameters = make(arrays)
    start = Tensor(a0, requires_grad=True)
    data = Tensor(x, requires_grad=True)
    results = recorded.lstm_forward(data, start, parameters)
    for actual, expected in zip(results, (a, y, c)):
        close(actual.value, expected)
    gradients, da0, dx = grad(results[0], [parameters, start, data], gradient=da)
    agree(gradients, reference, ("Wf", "Wi", "Wc", "Wo", "bf", "bi", "bc", "bo"))
    close(da0, reference["da0"])
    close(dx, reference["dx"])


def test_gru_with_its_states_in_one_array_has_the_gradients_of_its_hand_written_backward():
    rng = np.random.default_rng(3)
    arrays, x, c0 = gate_parameters(rng, "urc"), rng.normal(size=(N_X, M, T)), rng.normal(size=(N_A, M))
    dc = rng.normal(size=(N_A, M, T))
    c, caches = plain.gru_forward(x, c0, arrays)
    reference = plain.gru_backward(dc, caches)
    parameters, start = as_parameters(arrays), Tensor(c0, requires_grad=True)
    c_recorded, _ = recorded.gru_forward(x, start, parameters)
    close(c_recorded.value, c)
    gradients, dc0 = grad(c_recorded, (parameters, start), gradient=dc)
    agree(gradients, reference, ("Wu", "Wr", "Wc", "bu", "br", "bc"))
    close(dc0, reference["dc0"])


@pytest.mark.parametrize("which", ["rnn", "lstm"])
def test_the_hand_written_backward_runs_recorded_and_is_itself_differentiable(which):
    rng = np.random.default_rng(4)
    arrays = rnn_parameters(rng) if which == "rnn" else gate_parameters(rng, "fico")
    x, a0 = rng.normal(size=(N_X, M, 3)), rng.normal(size=(N_A, M))
    da, direction = rng.normal(size=(N_A, M, 3)), rng.normal(size=(N_A, M))
    weight = "Waa" if which == "rnn" else "Wf"

    def backward(code, parameters):
        caches = getattr(code, which + "_forward")(x, a0, parameters)[-1]
        return getattr(code, which + "_backward")(da, caches)

    parameters = as_parameters(arrays)
    gradients = backward(recorded, parameters)
    for key, expected in backward(plain, arrays).items():
        close(gradients[key].value, expected)
    second = grad((gradients["da0"] * direction).sum(), parameters[weight])
    step = 1e-6 * rng.normal(size=arrays[weight].shape)
    high, low = (backward(plain, {**arrays, weight: arrays[weight] + s})["da0"] for s in (step, -step))
    np.testing.assert_allclose((second * step).sum(), ((high - low) * direction).sum() / 2, rtol=1e-6)


def test_a_character_model_trains_step_by_step_as_in_plain_numpy():
    rng = np.random.default_rng(5)
    vocabulary, n_a = 7, 4
    shapes = {"Wax": (n_a, vocabulary), "Waa": (n_a, n_a), "Wya": (vocabulary, n_a), "ba": (n_a, 1)}
    arrays = {key: rng.normal(size=shape) for key, shape in {**shapes, "by": (vocabulary, 1)}.items()}
    parameters = as_parameters(arrays)
    X, Y = [None, 2, 5, 1, 1], [2, 5, 1, 1, 0]
    for _ in range(3):
        loss, cache = plain.rnn_loss(X, Y, np.zeros((n_a, 1)), arrays, vocabulary)
        gradients = plain.rnn_loss_backward(X, Y, arrays, cache)
        loss_recorded, cache_recorded = recorded.rnn_loss(X, Y, np.zeros((n_a, 1)), parameters, vocabulary)
        close(loss_recorded.item(), loss)
        loss_recorded.backward()
        by_hand = recorded.rnn_loss_backward(X, Y, parameters, cache_recorded)
        for key, parameter in parameters.items():
            close(parameter.grad, gradients["d" + key])
            close(by_hand["d" + key].value, gradients["d" + key])
        clipped, clipped_by_hand = plain.clip(gradients, 0.5), recorded.clip(by_hand, 0.5)
        for key, gradient in clipped.items():
            assert np.abs(gradient).max() <= 0.5
            close(clipped_by_hand[key].value, gradient)
        plain.update_parameters(arrays, clipped, 0.1)
        for key, parameter in parameters.items():
            parameter.value = parameter.value - 0.1 * clipped["d" + key]
    assert plain.sample(arrays, 0, 3) == recorded.sample(parameters, 0, 3)
    assert len(recorded.sample(parameters, 0, 3)) > 1


def test_sampling_a_generator_and_a_list_of_probabilities():
    p = Tensor([0.2, 0.3, 0.5], requires_grad=True)
    teaching = autograd_seq.numpy
    expected = np.random.default_rng(3).choice(3, p=[0.2, 0.3, 0.5], size=5)
    np.testing.assert_array_equal(teaching.random.default_rng(3).choice(3, p=p / p.sum(), size=5), expected)
    teaching.random.seed(4)
    first = teaching.random.choice(["a", "b", "c"], 5, True, [p[0], p[1], p[2]])
    np.random.seed(4)
    assert list(first) == list(np.random.choice(["a", "b", "c"], 5, True, [0.2, 0.3, 0.5]))
    assert isinstance(teaching.random.randn(3, 2), np.ndarray)
    assert teaching.random.multinomial(20, p).sum() == 20


@pytest.mark.parametrize(
    "run",
    [
        lambda code, p, x: code.many_to_one(x, p)[0],
        lambda code, p, x: (code.many_to_one(x, p)[1] ** 2).sum(),
        lambda code, p, x: (code.relu_network(x[:, :, 0], p["Wax"], p["ba"]) ** 3).sum(),
    ],
)
def test_other_styles_against_differences(run):
    rng = np.random.default_rng(6)
    arrays, x = rnn_parameters(rng), rng.normal(size=(N_X, M, T))
    parameters = as_parameters(arrays)
    result = run(recorded, parameters, x)
    close(result.item(), run(plain, arrays, x))
    gradients = grad(result, parameters)
    for key in ("Wax", "ba"):
        step = 1e-6 * rng.normal(size=arrays[key].shape)
        high, low = (run(plain, {**arrays, key: arrays[key] + s}, x) for s in (step, -step))
        np.testing.assert_allclose((gradients[key] * step).sum(), (high - low) / 2, rtol=1e-5, atol=1e-13)


def test_plain_arrays_stay_plain_values_with_the_teaching_import():
    rng = np.random.default_rng(7)
    arrays, x, a0 = gate_parameters(rng, "fico"), rng.normal(size=(N_X, M, T)), rng.normal(size=(N_A, M))
    for actual, expected in zip(recorded.lstm_forward(x, a0, arrays)[:3], plain.lstm_forward(x, a0, arrays)[:3]):
        close(actual.value, expected)
        assert not actual.requires_grad


def test_a_time_axis_by_steps_and_one_recognised_without():
    rng = np.random.default_rng(8)
    arrays, x, a0 = rnn_parameters(rng), rng.normal(size=(N_X, M, T)), rng.normal(size=(N_A, M))
    parameters = as_parameters(arrays)
    a, _, _ = recorded.rnn_forward(x, a0, parameters)
    loss = (a**2).sum()
    found = contributions(loss, parameters["Waa"])
    assert [time for _, _, time in found] == list(range(1, T + 1))
    close(sum(found.values()), grad(loss, parameters["Waa"]))
    a_next, total = a0, 0
    for t in steps(T):
        a_next, _, _ = recorded.rnn_cell_forward(x[:, :, t], a_next, parameters)
        a_next = name(a_next, "a")
        total += (a_next**2).sum()
    assert total.graph.find("a", time=3).scope.time == 3
    said = contributions(total, parameters["Waa"])
    assert list(said) == list(found)
    for place in said:
        close(said[place], found[place])


# -- published values of the course's assignment -----------------------------------------------------

RNN_DRAWS = [("xt", 3, 10), ("a_prev", 5, 10), ("Waa", 5, 5), ("Wax", 5, 3), ("Wya", 2, 5), ("ba", 5, 1), ("by", 2, 1)]
BACKWARD_DRAWS = [*RNN_DRAWS[:2], ("Wax", 5, 3), ("Waa", 5, 5), *RNN_DRAWS[4:], ("da_next", 5, 10)]
LSTM_DRAWS = [
    ("xt", 3, 10), ("a_prev", 5, 10), ("c_prev", 5, 10), ("Wf", 5, 8), ("bf", 5, 1), ("Wi", 5, 8), ("bi", 5, 1),
    ("Wo", 5, 8), ("bo", 5, 1), ("Wc", 5, 8), ("bc", 5, 1), ("Wy", 2, 5), ("by", 2, 1),
]  # fmt: skip
LSTM_BACKWARD_DRAWS = [*LSTM_DRAWS, ("da_next", 5, 10), ("dc_next", 5, 10)]


def draw(draws):
    state = np.random.RandomState(1)
    return {key: Tensor(state.randn(*shape), key, requires_grad=True) for key, *shape in draws}


def test_published_values_of_rnn_cell_forward():
    drawn = draw(RNN_DRAWS)
    a_next, yt_pred, _ = recorded.rnn_cell_forward(drawn["xt"], drawn["a_prev"], drawn)
    close(a_next[4].value, PUBLISHED["rnn a_next[4]"])
    close(yt_pred[1].value, PUBLISHED["rnn yt_pred[1]"])


def test_published_values_of_lstm_cell_forward():
    drawn = draw(LSTM_DRAWS)
    a_next, c_next, yt, cache = recorded.lstm_cell_forward(drawn["xt"], drawn["a_prev"], drawn["c_prev"], drawn)
    close(a_next[4].value, PUBLISHED["lstm a_next[4]"])
    close(c_next[2].value, PUBLISHED["lstm c_next[2]"])
    close(yt[1].value, PUBLISHED["lstm yt[1]"])
    close(cache[1][3].value, PUBLISHED["lstm cache[1][3]"])
    assert len(cache) == 10


def test_published_values_of_rnn_cell_backward():
    drawn = draw(BACKWARD_DRAWS)
    a_next, _, _ = recorded.rnn_cell_forward(drawn["xt"], drawn["a_prev"], drawn)
    found = grad((a_next * drawn["da_next"].value).sum(), drawn)
    for key, *place, value in PUBLISHED["rnn backward"]:
        close(found[key][tuple(place)], value)


def test_published_values_of_lstm_cell_backward():
    drawn = draw(LSTM_BACKWARD_DRAWS)
    a_next, c_next, _, _ = recorded.lstm_cell_forward(drawn["xt"], drawn["a_prev"], drawn["c_prev"], drawn)
    loss = (a_next * drawn["da_next"].value).sum() + (c_next * drawn["dc_next"].value).sum()
    found = grad(loss, drawn)
    for key, *place, value in PUBLISHED["lstm backward"]:
        close(found[key][tuple(place)], value)


PUBLISHED = {
    "rnn a_next[4]": [
        0.5958454361396669, 0.18141801524270917, 0.6131186601837866, 0.9980821836482744, 0.8501620098759239,
        0.999809777363631, -0.18887155412988774, 0.9981555128490937, 0.6531150966861294, 0.8287203739542315,
    ],
    "rnn yt_pred[1]": [
        0.9888161020372672, 0.016820210750325783, 0.21140898750443413, 0.3681746681065052, 0.9898838697014841,
        0.8894521151515652, 0.3692022383155003, 0.9966312028640353, 0.9982559002073211, 0.1774652624571198,
    ],
    "lstm a_next[4]": [
        -0.664084712747323, 0.0036921007178917346, 0.020883570162513205, 0.2283416682339, -0.8557533854879655,
        0.0013848230833239928, 0.7656653077897939, 0.34631420937755314, -0.002156739515039995, 0.43827274503824876,
    ],
    "lstm c_next[2]": [
        0.6326780497534749, 1.0057084884998637, 0.355044742528826, 0.20690913466318617, -1.6456671751753493,
        0.11832941898220026, 0.764498107990279, -0.0981561038166735, -0.7434842469584431, -0.26810932290432954,
    ],
    "lstm yt[1]": [
        0.7991391305203184, 0.15986619112198291, 0.2241212164895217, 0.15606107750371612, 0.970572105527287,
        0.31146381431597453, 0.00943006725965813, 0.12666352948352655, 0.3938017174101486, 0.07828381153783476,
    ],
    "lstm cache[1][3]": [
        -0.16263996282137544, 1.0372932805475017, 0.7293808151461599, -0.5410171916754002, 0.027520740874217964,
        -0.30821874105971536, 0.07651100956659866, -1.0375289449432632, 1.4121997746336703, -0.37647421804024783,
    ],
    "rnn backward": [
        ("xt", 1, 2, -1.3872130506020928),
        ("a_prev", 2, 3, -0.1523994937739543),
        ("Wax", 3, 1, 0.41077282493545836),
        ("Waa", 1, 2, 1.1503450668497135),
        ("ba", 4, 0, 0.2002349138798538),
    ],
    "lstm backward": [
        ("xt", 1, 2, 3.230559115109188),
        ("a_prev", 2, 3, -0.06396214197109235),
        ("c_prev", 2, 3, 0.7975220387970015),
        ("Wf", 3, 1, -0.1479548381644968),
        ("Wi", 1, 2, 1.0574980552259903),
        ("Wc", 3, 1, 2.304562163687667),
        ("Wo", 1, 2, 0.33131159528921084),
        ("bf", 4, 0, 0.18864637240353493),
        ("bi", 4, 0, -0.40142490909675665),
        ("bc", 4, 0, 0.2558776258301845),
        ("bo", 4, 0, 0.13893341676116291),
    ],
}  # fmt: skip
