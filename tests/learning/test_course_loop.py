"""The loop of the course's assignment on names, against the same loop written by hand in plain NumPy."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from autograd_seq.learning.text import END, Vocabulary, lines
from cells import RNN
from cells.language_model import LanguageModel

EXAMPLE = Path(__file__).parents[2] / "examples" / "dinosaurs.py"


@pytest.fixture(scope="module")
def dinosaurs():
    spec = importlib.util.spec_from_file_location("dinosaurs", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_hand(names, size, n_a, updates):
    """As one writes it in the assignment: forward, backward, clip, update, and a<T> is the next name's a<0>."""
    random = np.random.RandomState(1)
    Wax, Waa, Wya = (random.randn(*shape) * 0.01 for shape in ((n_a, size), (n_a, n_a), (size, n_a)))
    ba, by = np.zeros((n_a, 1)), np.zeros((size, 1))
    order = np.arange(len(names))
    np.random.RandomState(0).shuffle(order)
    smooth, losses, a_prev = -np.log(1 / size) * 7, [], np.zeros((n_a, 1))
    for update in range(updates + 1):
        Y = names[order[update % len(names)]]
        xs, hs, ps, loss = [], [a_prev], [], 0.0
        for t, y in enumerate(Y):
            x = np.zeros((size, 1))
            if t:
                x[Y[t - 1]] = 1
            h = np.tanh(Wax @ x + Waa @ hs[-1] + ba)
            e = np.exp(Wya @ h + by)
            xs.append(x), hs.append(h), ps.append(e / e.sum())
            loss -= np.log(ps[-1][y, 0])
        gradients = [np.zeros_like(p) for p in (Wax, Waa, Wya, ba, by)]
        dnext = np.zeros((n_a, 1))
        for t in reversed(range(len(Y))):
            dy = ps[t].copy()
            dy[Y[t]] -= 1
            draw = (Wya.T @ dy + dnext) * (1 - hs[t + 1] ** 2)
            for total, part in zip(gradients, (draw @ xs[t].T, draw @ hs[t].T, dy @ hs[t + 1].T, draw, dy)):
                total += part
            dnext = Waa.T @ draw
        for parameter, gradient in zip((Wax, Waa, Wya, ba, by), gradients):
            parameter -= 0.01 * np.clip(gradient, -5, 5)
        a_prev, smooth = hs[-1], 0.999 * smooth + 0.001 * loss
        losses.append(smooth)
    return losses


def test_the_losses_are_those_of_the_loop_by_hand(dinosaurs, capsys):
    texts = [text.lower() for text in lines(dinosaurs.NAMES)][:30]
    vocabulary = Vocabulary([END, *sorted(set("".join(texts)))], level="character")
    names = [vocabulary.encode(text) for text in texts]
    model = LanguageModel(RNN(len(vocabulary), 50, seed=0), len(vocabulary), end=vocabulary.end, seed=1)
    found = dinosaurs.one_name_at_a_time(model, vocabulary, names, 90)  # three times around
    np.testing.assert_allclose(found, by_hand(names, len(vocabulary), 50, 90), rtol=1e-12)
    assert f"update     0: loss {found[0]:.6f}   " in capsys.readouterr().out


def test_the_course_s_figures_stand_beside_its_own_names_alone(dinosaurs):
    assert not dinosaurs.of_the_course(list(lines(dinosaurs.NAMES)))
    name, longer = "a" * 11, "a" * 12
    assert dinosaurs.of_the_course([name] * (12 * 1536 - 18373) + [longer] * (18373 - 11 * 1536))
    assert dinosaurs.THE_COURSE_PRINTS == {2000: "27.884160", 8000: "24.070350"}
