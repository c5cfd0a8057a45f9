"""Formulas in boxes: what they refer to stands in parentheses where it must, and nothing is left out in silence."""

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, differentiate, name
from viz import draw
from viz.backward_formula import BackwardWriter
from viz.box_formula import BoxWriter
from viz.boxes import fold


def arrays():
    return (Parameter(np.full((2, 2), 0.5 + i), letter) for i, letter in enumerate("abc"))


def words(runs):
    return "".join(run.text for run in runs)


def boxes(output, whole=True):
    """Each box's title and formula; every record has a box of its own if `whole`."""
    folded = fold(output.graph, whole=whole)
    writer = BoxWriter(folded, {})
    return [(words(writer.title(box)), words(writer.expression(box))) for box in folded.boxes if not box.leaf]


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda a, b, c: (a + b) * c, "(a + b) ∘ c"),
        (lambda a, b, c: -(a + b), "−(a + b)"),
        (lambda a, b, c: c - (-a), "c − (−a)"),
        (lambda a, b, c: c + (-a), "c − a"),
        (lambda a, b, c: (a @ b).T, "(a b)ᵀ"),
        (lambda a, b, c: a @ b @ c, "a b c"),
        (lambda a, b, c: a * -2.0, "a ∘ (−2)"),
        (lambda a, b, c: a - (-2.0), "a − (−2)"),
        (lambda a, b, c: a * -1e-5, "a ∘ (−1e-05)"),
        (lambda a, b, c: (a - b) ** 2, "(a − b) ^ 2"),
        (lambda a, b, c: np.exp(a + b), "exp(a + b)"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_what_a_box_refers_to_holds_together(make, formula, whole):
    assert boxes(name(make(*arrays()), "y"), whole)[-1] == ("y", formula)


def test_what_is_too_long_to_be_referred_to_is_a_point():
    a, b, c = arrays()
    y = name(np.tanh(a @ b + c) * c, "y")
    assert boxes(y)[-1] == ("y", "· ∘ c")
    assert boxes(y, whole=False)[-1] == ("y", "tanh(a b + c) ∘ c")


def test_of_many_operands_those_in_the_middle_are_left_out():
    parts = [Tensor(np.ones((1, 1)), f"p{i}", requires_grad=True) for i in range(12)]
    y = name(np.concatenate(parts) * 2, "y")
    assert boxes(y, whole=False)[-1][1] == "[p0; p1; p2; p3; …; p11] ∘ 2"


def adjoints(output, whole):
    folded = fold(output.graph, whole=whole, merge_named=False)
    recording = differentiate(output)
    writer = BackwardWriter(BoxWriter(folded, {}), recording)
    return {words(writer.title(box)): words(writer.formula(box, 200.0)) for box in folded.boxes}


def test_the_adjoint_of_what_has_no_name_is_d_of_its_formula():
    a, b, c = arrays()
    found = adjoints(name(np.sum(-(a + b) * c), "J"), whole=True)
    assert found["d(a + b)"] == "−d·"
    assert found["d(−(a + b))"] == "d· ∘ c"
    assert found["da"] == found["db"] == "d(a + b)"


def test_a_step_in_general_has_no_places_of_one_step():
    labels = np.array([[0, 1], [2, 0], [1, 2]])

    def total():
        h, J = np.zeros((2, 3)), 0.0
        W = Parameter(np.eye(3) / 2, "W")
        for y in labels:
            h = np.tanh(h @ W + 1)
            J = J - np.mean(h[np.arange(2), y])
        return J

    picture = draw(total(), view="cell").svg
    assert "np.array" not in picture and "[…, …]" in picture
