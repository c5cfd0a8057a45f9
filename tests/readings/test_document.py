import importlib.util
from html.parser import HTMLParser

import numpy as np
import pytest
from readings.derived_cells import CELLS, own_cell

import autograd_seq.numpy as anp
from autograd_seq import Parameter, Tensor, derive, equations, language, name, prove, tanh
from autograd_seq.core.errors import UsageError

VOID = {"meta", "br", "img", "hr", "link", "input"}
SVG = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><text>Γ_f</text></svg>'


class Balanced(HTMLParser):
    """Every tag that is opened is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(html):
    parser = Balanced()
    parser.feed(html)
    assert not parser.open
    return parser.seen


def test_every_equation_stands_beside_its_code_and_node():
    document = derive(CELLS["lstm"](), picture=SVG, proof=prove)
    rows = {row.equation.text: row for row in document.backward}
    row = rows["dΓ_f<t> = dc<t> ∘ c<t-1>"]
    assert row.code == ("dGamma_f = dc * c[t - 1]",)
    assert row.node == "Γ_f<t>"
    assert "Gamma_f" in row.origin and "lstm.py" in row.origin
    for rows in (document.forward, document.backward):
        named = [row for row in rows if row.equation.condition in ("", "t < T")]
        assert all(row.code for row in named)
        for row in named:
            assert all(line in document.source for line in row.code)


@pytest.mark.parametrize("word", ["state", "状态"])
def test_code_stands_beside_the_steps_and_not_beside_the_begin(word):
    """Nor does the line of a step stand beside what a program gives in place of a step before the first."""
    W, x, J = Parameter([[0.5]], "W"), Tensor(np.ones((1, 1, 3)), "x"), 0.0
    if word == "state":
        state = anp.zeros((1, 1))
        for t in range(3):
            state = anp.tanh(W @ state + x[:, :, t])
            J = J + anp.sum(state**2)
    else:
        状态 = anp.zeros((1, 1))
        for t in range(3):
            状态 = anp.tanh(W @ 状态 + x[:, :, t])
            J = J + anp.sum(状态**2)
    document = derive(J)
    rows = {row.equation.text: row for row in (*document.forward, *document.backward)}
    begin = next(row for text, row in rows.items() if text.startswith(f"{word}<0> = "))
    assert (begin.code, begin.node) == ((), f"{word}<0>") and "tanh" not in begin.origin
    step = next(row for text, row in rows.items() if text.startswith(f"{word}<t> = "))
    assert step.code[0].startswith(f"{word}[t] = np.tanh(") and f"{word} = anp.tanh(" in step.origin
    assert not next(row for row in rows.values() if row.equation.condition == "t = T").code


def test_names_of_several_letters_stand_apart_in_products():
    long, short = (equations(product_of(*names)) for names in (("weights", "state"), ("W", "a")))
    assert r"\mathrm{weights} \, \mathrm{state}" in long.latex and "W a" in short.latex
    if importlib.util.find_spec("latex2mathml"):
        apart, close = (derive(product_of(*names)).html for names in (("weights", "state"), ("W", "a")))
        assert "<mspace" in apart and "<mspace" not in close
    assert r"\thinspace" in derive(product_of("weights", "state")).markdown


def product_of(weights, state):
    """A product of two names."""
    return name((Parameter([[0.5]], weights) @ Tensor([[1.0]], state)).sum(), "J")


def test_what_was_proven_stands_beside_the_gradients():
    document = derive(CELLS["gru"](), proof=prove)
    assert [claim.name for claim in document.claims] == ["W_u", "W_r", "W_c", "b_u", "b_r", "b_c"]
    assert {claim.status for claim in document.claims} == {"proven"}
    proven = [row for row in document.backward if row.status == "proven"]
    assert [row.node for row in proven] == [claim.name for claim in document.claims]
    with language("zh"):
        assert derive(CELLS["gru"](), proof=prove).claims[0].reasons == "规则：proven；定义：checked；累加：proven"
    assert derive(CELLS["gru"]()).claims == ()
    assert "What was proven" not in derive(CELLS["gru"]()).html


@pytest.mark.parametrize("which", ["rnn", "lstm", "bidirectional", "deep"])
def test_page_is_whole(which):
    pytest.importorskip("latex2mathml")
    document = derive(CELLS[which](), picture=lambda cell: SVG)
    tags = read(document.html)
    assert tags.count("math") == len(document.equations)
    assert tags.count("svg") == 1 and "<?xml" not in document.html
    assert "src=" not in document.html and "http://" not in document.html.replace("http://www.w3.org", "")


def test_page_without_the_converter(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    html = derive(CELLS["rnn"]()).html
    read(html)
    assert "<math" not in html and "a&lt;t&gt; = tanh" in html


def test_own_cell_gets_the_same_document():
    document = derive(own_cell(), title="Leaky memory", proof=prove)
    assert "leaky_memory_forward(x, h0, parameters)" in document.source
    assert "∂J/∂leak" in document.text
    assert all(row.node for row in document.backward)


def test_saves_in_three_forms(tmp_path):
    document = derive(CELLS["rnn"](), picture=SVG)
    for ending in (".html", ".md", ".tex"):
        assert document.save(tmp_path / f"rnn{ending}").read_text(encoding="utf-8")
    assert (tmp_path / "rnn.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "](rnn.svg)" in (tmp_path / "rnn.md").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match=r"\.html, \.md or \.tex"):
        document.save(tmp_path / "rnn.pdf")
    with pytest.raises(UsageError, match="SVG"):
        derive(CELLS["rnn"](), picture=3)


def test_names_and_titles_from_users_are_escaped():
    W = Parameter(np.array([[0.5]]), "<script>alert(1)</script>")
    a = name(tanh(W @ Tensor([[1.0]], "x|y`z")), "a&b")
    document = derive(a.sum(), title="<b>& $x_1$ | `code`")
    html = document.html
    assert "<script>" not in html and "<b>&" not in html
    read(html)
    table = [line for line in document.markdown.splitlines() if line.startswith("| $")]
    assert table
    assert all(line.replace("\\|", "").count("|") == 5 for line in table), table


def test_what_is_proven_is_the_loss_as_it_was_recorded():
    import numpy as np

    from autograd_seq import binary_cross_entropy, categorical_cross_entropy, derive, prove
    from cells import RNN, Readout

    x = np.random.default_rng(0).standard_normal((3, 2, 3))
    for n_y, activation, loss, y in (
        (2, "softmax", categorical_cross_entropy, np.eye(2)),
        (1, "sigmoid", binary_cross_entropy, np.array([[0.0, 1.0]])),
    ):
        run = Readout(4, n_y, activation=activation, seed=1)(RNN(3, 4, seed=0).unroll(x))
        J = run.measure([y] * 3, loss)
        for thing in (J, run):
            claims = derive(thing, proof=prove).claims
            assert len(claims) == 5 and {claim.status for claim in claims} == {"proven"}


@pytest.mark.parametrize("scale", [1.0, 40.0, 0.0], ids=["usual", "saturated", "ties"])
def test_what_is_proven_of_outputs_is_what_was_recorded(scale):
    """A logarithm of a probability is joined with it in equations only, whether there is a loss or not."""
    from autograd_seq import sigmoid, softmax

    rng = np.random.default_rng(0)
    W, x = Parameter(rng.standard_normal((2, 2)), "W"), rng.standard_normal((2, 1)) * scale
    for output in (np.log(softmax(W @ x, axis=0)), np.log(softmax(W @ x, axis=0)[0:1]), np.log(sigmoid(W @ x))):
        (claim,) = derive(output, proof=prove).claims
        assert claim.status == "proven"
