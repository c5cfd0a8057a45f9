import subprocess
import sys

import numpy as np
import pytest
from folding.programs import STYLES
from readings.agreement import agrees, close, layout
from readings.derived_cells import CELLS, data, own_cell, value_of, with_loss, without_steps

from autograd_seq import (
    Parameter,
    Tensor,
    check_backward,
    equations,
    name,
    scope,
    softmax,
    source,
    stack,
    steps,
    tanh,
    where,
)
from autograd_seq.readings.derivation import Derivation


def of_states(which, T, m):
    return Derivation(CELLS[which]().unroll(data(T, m, seed=T)[0]))


def of_loss(which, T, m):
    return Derivation(with_loss(CELLS[which](), *data(T, m, seed=T)))


@pytest.mark.parametrize("make", [of_states, of_loss])
@pytest.mark.parametrize("which", CELLS)
def test_loops_give_the_engines_numbers_for_any_length_and_batch(which, make):
    first = make(which, 4, 2)
    others = [make(which, T, m) for T, m in ((4, 2), (3, 1), (7, 3))]
    agrees(source(first, "net"), first, others)


@pytest.mark.parametrize("which", CELLS)
def test_loops_run_for_a_single_step(which):
    """The module of four steps, given one: compared with the engine's own gradients."""
    first = of_states(which, 4, 2)
    cell = CELLS[which]()
    x = data(1, 3)[0]
    rng = np.random.default_rng(3)
    run = cell.unroll(x)
    delta = rng.standard_normal(run.states["a"][0].shape)
    (run.states["a"][0] * delta).sum().backward()
    namespace = {}
    exec(source(first, "net"), namespace)
    inputs, _, keys, _ = layout(first)
    given = {n: np.zeros((value_of(u).shape[0], 3)) for n, u in inputs.items() if n != "x"}
    parameters = {key: value_of(unit) for key, unit in keys.items()}
    *_, cache = namespace["net_forward"](x=x, parameters=parameters, **given)
    gradients = namespace["net_backward"](delta[:, :, None], cache)
    by_value = {id(p.record): p for p in cell.parameters.values()}
    assert len(by_value) == len(gradients)
    for (key, unit), parameter in zip(keys.items(), sorted(by_value.values(), key=lambda p: p.record.index)):
        np.testing.assert_array_equal(value_of(unit), parameter.value)
        close(gradients[f"d{key}"], parameter.grad, key)


@pytest.mark.parametrize("m", [1, 2])
@pytest.mark.parametrize("T", [1, 2])
@pytest.mark.parametrize("which", CELLS)
def test_short_recordings(which, T, m):
    derivation = of_loss(which, T, m)
    agrees(source(derivation, "net"), derivation, [derivation])


@pytest.mark.parametrize("which", CELLS)
def test_backward_passes_the_check_for_hand_written_ones(which):
    derivation = of_states(which, 4, 2)
    namespace = {}
    exec(source(derivation, "net"), namespace)
    inputs, _, parameters, _ = layout(derivation)
    given = {key: value_of(unit) for key, unit in inputs.items()}

    def forward(**weights):
        a, cache = namespace["net_forward"](parameters=weights, **given)
        return {"a": a}, cache

    def backward(upstream, cache):
        return namespace["net_backward"](upstream["a"], cache)

    report = check_backward(forward, backward, {key: value_of(unit) for key, unit in parameters.items()})
    assert report.ok, report


@pytest.mark.parametrize("which", CELLS)
def test_passes_ruff(which, tmp_path):
    for i, make in enumerate((of_states, of_loss)):
        for T in (1, 4):
            (tmp_path / f"module_{i}_{T}.py").write_text(source(make(which, T, 2)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_length_of_the_program_does_not_depend_on_time():
    assert source(of_loss("lstm", 4, 2)) == source(of_loss("lstm", 9, 2))
    assert source(of_loss("lstm", 9, 2)).count("for t in range") == 2
    assert source(of_loss("bidirectional", 9, 2)).count("for t in range") == 6


def test_forward_line_stands_beside_its_backward_lines():
    text = source(of_states("lstm", 4, 2))
    backward = text[text.index("_backward(") :]
    for line in ("c[t] = Gamma_f[t] * c[t - 1] + Gamma_u[t] * c_tilde[t]", "Gamma_f[t] = 1 / (1 + np.exp(-gamma_f))"):
        assert line in text[: text.index("_backward(")]
        assert f"# {line}" in backward
    assert backward.index("# c[t] =") < backward.index("dc = ")


def test_only_numpy_is_imported_and_helpers_only_where_used():
    plain = source(of_states("lstm", 4, 2))
    assert [line for line in plain.splitlines() if "import" in line] == ["import numpy as np"]
    assert plain.count("def ") == 2
    assert source(of_loss("lstm", 4, 2)).count("def softmax(") == 1


@pytest.mark.parametrize("named", [True, False])
def test_own_cell(named):
    first = Derivation(own_cell(named=named))
    text = source(first, "net")
    assert text.count("for t in range") == 2
    agrees(text, first, [Derivation(own_cell(T, m, named, seed=T)) for T, m in ((4, 2), (3, 1), (8, 5))])


def test_own_cell_without_names_and_steps():
    first = Derivation(without_steps())
    text = source(first, "net")
    assert text.count("for t in range") == 2
    agrees(text, first, [Derivation(without_steps(T)) for T in (4, 6)])


@pytest.mark.parametrize("style", ["one_array_used_thrice", "nested_loops", "helper_thrice", "in_dicts"])
def test_plain_code_without_steps_in_other_styles(style):
    derivation = Derivation(STYLES[style]())
    text = source(derivation, "net")
    assert text.count("for t in range") == 2
    agrees(text, derivation, [derivation])


def test_inputs_and_initial_states_that_want_gradients():
    rng = np.random.default_rng(0)
    W = Parameter(rng.standard_normal((4, 7)), "W")
    from autograd_seq import concatenate

    with scope(time=0):
        a = Tensor(rng.standard_normal((4, 2)), "a", requires_grad=True)
    outputs = []
    for t in steps(4):
        a = name(tanh(W @ concatenate([a, Tensor(rng.standard_normal((3, 2)), "x", requires_grad=True)])), "a")
        outputs.append(a)
    joined = stack(outputs, axis=2)
    derivation = Derivation((joined * rng.standard_normal(joined.shape)).sum())
    text = source(derivation, "net")
    assert '"dx"' in text and '"da0"' in text
    agrees(text, derivation, [derivation])


def test_names_from_users_cannot_break_the_program():
    evil = 'W"]\n"""\nimport os\n#'
    W = Parameter([[0.5]], evil)
    with scope(time=0):
        a = Tensor([[1.0]], "lambda")
    for _ in steps(4):
        a = name(tanh(W @ a), "np")
    derivation = Derivation((a * a).sum())
    text = source(derivation, "class")
    assert not [line for line in text.splitlines() if line.strip().startswith("import") and "numpy" not in line]
    namespace = {}
    exec(text, namespace)
    (key,) = layout(derivation)[2]
    assert key == evil
    inputs = layout(derivation)[0]
    given = {k: value_of(u) for k, u in inputs.items()}
    J, cache = namespace["class_forward"](parameters={evil: W.value}, **given)
    np.testing.assert_allclose(namespace["class_backward"](cache)[f"d{evil}"], derivation.recording.adjoint(W).value)
    np.testing.assert_allclose(J, value_of(derivation.outputs[0]))


def irregular():
    """Recordings whose steps are not all alike: some of them cannot become loops, all must be right."""
    import autograd_seq.numpy as anp
    from cells import LSTM, RNN, Bidirectional, Readout

    rng = np.random.default_rng(11)
    x = data(5, 2)[0]
    yield "padded", RNN(3, 4, seed=0).unroll(x, lengths=[5, 3])
    yield "padded both ways", Bidirectional(LSTM(3, 4, seed=0), RNN(3, 4, seed=1)).unroll(x, lengths=[2, 5])
    yield "last output only", (Readout(4, 2, seed=1).step(LSTM(3, 4, seed=0).unroll(x).final["a"]) ** 2).sum()
    yield "one step of many", (LSTM(3, 4, seed=0).unroll(x).states["a"][2] ** 2).sum()
    given = {"a": Tensor(rng.random((4, 2)), "a", requires_grad=True), "c": rng.random((4, 2))}
    yield "state given", LSTM(3, 4, seed=0).unroll(x, state=given)
    yield "mean of a stack", (stack(RNN(3, 4, seed=0).unroll(x).states["a"], axis=2) ** 2).mean()
    W, U = Parameter(rng.random((4, 4)), "W"), Parameter(rng.random((4, 3)), "U")
    a, before = anp.zeros((4, 2, 5)), anp.zeros((4, 2))
    for t in range(5):
        before = anp.tanh(anp.dot(W, before) + anp.dot(U, x[:, :, t]))
        a[:, :, t] = before
    yield "assigned into an array", (a * a).sum()


def test_irregular_recordings(tmp_path):
    for what, thing in irregular():
        derivation = Derivation(thing)
        text = source(derivation, "net")
        agrees(text, derivation, [derivation])
        (tmp_path / f"{what.replace(' ', '_')}.py").write_text(text, encoding="utf-8")
        for equation in equations(derivation):
            for time in equation.times or (None,):
                np.testing.assert_allclose(equation.evaluate(time), equation.value(time), rtol=1e-12, atol=1e-14)
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "index",
    [np.s_[0:1], np.s_[1:], np.s_[:, 0:1], (np.s_[0:2],), np.s_[::2], np.s_[0], (0,), [0, 0], np.s_[None], np.s_[...]],
    ids=str,
)
def test_a_gradient_that_comes_from_one_part_of_a_parameter(index):
    W, factor = Parameter(np.arange(12.0).reshape(3, 4) / 7, "W"), np.random.default_rng(3).standard_normal((3, 4))
    derivation = Derivation(name((W[index] * Tensor(factor[index], "s")).sum(), "L"))
    agrees(source(derivation, "net"), derivation, [derivation])
    read = equations(derivation)
    for equation in read:
        np.testing.assert_allclose(equation.evaluate(None), equation.value(None), rtol=1e-12)
    assert "∂L/∂W" in read.text


def test_one_slice_of_a_parameter_at_every_step():
    W, s = Parameter(np.arange(6.0).reshape(3, 2) / 7, "W"), np.random.default_rng(4).standard_normal((1, 2, 3))
    a = Tensor(np.full((1, 2), 0.3), "a")
    for t in steps(3):
        a = name(tanh(W[1:2] * a + Tensor(s[:, :, t - 1], "x")), "a")
    derivation = Derivation(name((a * Tensor([[0.7, -1.3]], "r")).sum(), "L"))
    agrees(source(derivation, "net"), derivation, [derivation])


MASK = np.array([[True, False], [False, True], [True, True]])


@pytest.mark.parametrize(
    "loss",
    [
        lambda W, x: np.sum(softmax(where(MASK, W @ x, -np.inf), axis=0)[0] * 2.0 + np.maximum(W @ x, -np.inf)),
        lambda W, x: np.sum(np.minimum(np.inf, W @ x) + np.clip(W @ x, -np.inf, 0.2)),
        lambda W, x: np.sum(np.maximum(W @ x, [-np.inf, 0.1])) + W[0, 0] / np.inf,
        lambda W, x: np.sum(where(MASK, tanh(W @ x), np.nan)[2]),
        lambda W, x: np.sum(np.maximum(W @ x, 1.0) * -np.inf),
    ],
)
def test_numbers_that_are_not_finite(loss):
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        first = Derivation(loss(Parameter(rng.normal(size=(3, 3)), "W"), Tensor(rng.normal(size=(3, 2)), "x")))
    agrees(source(first, "net"), first, [first])
