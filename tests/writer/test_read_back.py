"""What is printed is what was recorded: read back by its own rules, every nesting gives the recorded value.

Text is read by the grammar of `check_formula`, source by Python, and LaTeX as a person sees it.
"""

from itertools import product
from string import ascii_lowercase

import numpy as np
import pytest
from sweeps import part_of
from writer.latex_reader import read

import autograd_seq.operations as ops
from autograd_seq import Tensor, equations, name
from autograd_seq.check.claims.grammar import FUNCTIONS, Interpreter, parse
from autograd_seq.check.claims.printed import plain
from autograd_seq.core.errors import AutogradError
from autograd_seq.writer import Writer

ONE = {
    "-a": lambda a: -a,
    "a.T": lambda a: a.T,
    "square a": lambda a: ops.square(a),
    "a[0:1]": lambda a: a[0:1],
    "sum a": lambda a: ops.sum(a),
}
TWO = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a @ b": lambda a, b: a @ b,
    "a / b": lambda a, b: a / b,
    "a ** b": lambda a, b: a**b,
    "[a; b]": lambda a, b: ops.concatenate([a, b], axis=0),
    "[a, b]": lambda a, b: ops.concatenate([a, b], axis=1),
}
WITH_NUMBERS = {
    "a ** 3": lambda a: a**3,
    "a ** -1": lambda a: a**-1,
    "-2 ** a": lambda a: (-2) ** a,
    "-2 * a": lambda a: -2 * a,
    "a * -2": lambda a: a * -2,
    "a + -2": lambda a: a + -2,
    "a - -2": lambda a: a - (-2),
    "-2 - a": lambda a: -2 - a,
    "a / -2": lambda a: a / -2,
    "-2 / a": lambda a: -2 / a,
    "a + (b + c)": lambda a, b, c: ops.accumulate([a, b, c]),
}
ALL = {**ONE, **TWO, **WITH_NUMBERS}
BEHIND_TWO = {k: v for k, v in {**ONE, **TWO}.items() if k not in ("a[0:1]", "[a, b]")}  # the others bind as these do


class Recorder:
    """Makes expressions whose leaves are all different and fit."""

    def __init__(self):
        self.names = {}
        self.rng = np.random.default_rng(0)

    def leaf(self, shape):
        letter = ascii_lowercase[len(self.names)]
        self.names[letter] = Tensor(self.rng.uniform(0.5, 2.0, shape), letter)
        return self.names[letter]

    def apply(self, name, *given):
        """An operation; what is None becomes a leaf."""
        shape = next((x.shape for x in given if x is not None), (2, 2)) or (2, 2)
        fitting = [shape] * len(given)
        if name == "a @ b":
            fitting = [(2, shape[0]), (shape[-1], 2)]
        return ALL[name](*(self.leaf(fitting[i]) if x is None else x for i, x in enumerate(given)))


def arity(name):
    return ALL[name].__code__.co_argcount


def places(names):
    return [(name, i) for name in names for i in range(arity(name))]


def inside(recorder, name, place, inner):
    """An operation with something at one of its places."""
    return recorder.apply(name, *(inner if i == place else None for i in range(arity(name))))


class Powers(Interpreter):
    """The grammar, with powers of any exponent: claims have only small ones."""

    def _BinOp(self, tree):
        if type(tree.op).__name__ != "Pow":
            return super()._BinOp(tree)
        return self.tensor(self.run(tree.left)) ** self.tensor(self.run(tree.right))


def values(y, names):
    """What each language says of a record, and how."""
    arrays = {letter: leaf.value for letter, leaf in names.items()}
    written = {language: Writer(language, lambda x: x._name)(y) for language in ("text", "latex", "source", "formula")}
    for language, words in written.items():
        if language == "latex":
            yield words, read(words, **arrays)
        elif language == "source":
            yield words, eval(words, {"np": np, **arrays})
        else:
            code = plain(words, FUNCTIONS) if language == "text" else words.replace("np.", "")
            yield words, Powers(names).run(parse(code)).value


def agrees(build):
    """Whether a nesting can be recorded; if it can, all that is printed must have its value."""
    recorder = Recorder()
    with np.errstate(all="ignore"):
        try:
            y = build(recorder)
        except (AutogradError, IndexError):
            return False  # shapes that do not fit
        for words, value in values(y, recorder.names):
            size = np.max(np.abs(np.nan_to_num(y.value, posinf=0, neginf=0)), initial=1.0)
            np.testing.assert_allclose(value, y.value, rtol=1e-9, atol=1e-9 * size, err_msg=words)
    return True


def chain(outer, place, middle, second, inner):
    """Three operations, one inside the other."""
    return lambda r: inside(r, outer, place, inside(r, middle, second, r.apply(inner, *[None] * arity(inner))))


def fork(outer, left, right):
    """Three operations, two of them side by side inside the third."""
    return lambda r: r.apply(outer, *(r.apply(inner, *[None] * arity(inner)) for inner in (left, right)))


@pytest.mark.parametrize("outer", ALL)
def test_every_operation_inside_every_other(outer):
    for place, inner in product(range(arity(outer)), ALL):
        done = agrees(lambda r, at=place, i=inner: inside(r, outer, at, r.apply(i, *[None] * arity(i))))
        assert done or inner == "sum a", (outer, place, inner)


def test_equations_say_what_records_say():
    """Trees and records go through the same writer."""
    cases = [(*where, inner) for where in places(ALL) for inner in ALL if inner != where[0]]  # no line twice: no steps
    for outer, place, inner in part_of(cases, 4):
        recorder = Recorder()
        try:
            with np.errstate(all="ignore"):
                y = name(inside(recorder, outer, place, recorder.apply(inner, *[None] * arity(inner))), "y")
        except (AutogradError, IndexError):
            continue
        equation = equations(y).forward[-1]
        for language, words in (("text", equation.text), ("latex", equation.latex)):
            assert words == f"y = {Writer(language, lambda x: x.name).expression(y)[0]}"


def nestings_of_three():
    chains = [chain(*a, *b, c) for a, b, c in product(places(BEHIND_TWO), places(BEHIND_TWO), BEHIND_TWO)]
    return chains + [fork(*three) for three in product(TWO, BEHIND_TWO, BEHIND_TWO)]


def test_three_operations_inside_each_other():
    assert sum(map(agrees, part_of(nestings_of_three(), 5))) > 600


@pytest.mark.slow
def test_all_nestings_of_three():
    assert sum(map(agrees, nestings_of_three())) > 3000


@pytest.mark.parametrize(
    ("latex", "why"),
    [
        (r"{\frac{a}{b}}^T", "belongs to"),
        (r"{{a}^{b}}^T", "belongs to"),
        (r"a \circ -b", "cannot stand"),
        ("-a)", "expected"),
    ],
)
def test_the_reader_of_latex_refuses_what_can_be_read_in_two_ways(latex, why):
    with pytest.raises(AssertionError, match=why):
        read(latex, a=np.eye(2), b=np.ones((2, 2)))


def test_the_reader_sees_what_was_wrong_once():
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2))
    assert not np.array_equal(read("-a + b", a=a, b=b), read("-(a + b)", a=a, b=b))
    assert read(r"\sum a \circ b", a=a, b=b).shape == () == read(r"\sum a", a=a).shape
