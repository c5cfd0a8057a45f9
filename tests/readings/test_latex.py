"""LaTeX is compiled where it is installed: no error, no missing letter, nothing wider than the page."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from operations.cases import CASES, MADE_OF_OPERATIONS
from readings.derived_cells import CELLS, data, own_cell, with_loss, without_steps

from autograd_seq import Parameter, Tensor, derive, equations, exp, language, name, prove, scope, steps, tanh
from autograd_seq.core import names
from autograd_seq.core.notation import ATOM
from autograd_seq.readings.document_text import CHINESE_FONTS
from autograd_seq.writer.latex_lines import lines, width
from autograd_seq.writer.latex_text import CHINESE

needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
ARTICLE = "\\documentclass{article}\n\\usepackage{amsmath,amssymb}\n\\begin{document}\n%s\n\\end{document}\n"
ENDS = "\\end{footnotesize}\n\\end{document}\n"
BAD = "Overfull|Missing character|Warning"


def compiled(text, folder):
    """The log of a LaTeX run that found no error."""
    text = CHINESE.sub("(cjk)", text.replace(CHINESE_FONTS, ""))  # Chinese needs XeLaTeX
    assert text.isascii()
    (folder / "it.tex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "it.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    return done.stdout


def has_chinese_fonts():
    """Whether XeLaTeX and the package ctex are installed."""
    if shutil.which("xelatex") is None:
        return False
    return subprocess.run(["kpsewhich", "ctex.sty"], capture_output=True, check=False).returncode == 0


def chinese_names():
    """A cell as a Chinese class might write it."""
    W, b = Parameter(np.full((2, 2), 0.3), "权重矩阵"), Parameter(np.full((2, 1), 0.1), "b_偏置")
    with scope(time=0):
        state = Tensor(np.ones((2, 1)), "a")
    for _ in steps(4):
        state = name(tanh(W @ state + b * state), "隐藏状态")
    return name((state * state).sum(), "损失")


def user_names():
    """Names that mean something to LaTeX, or that its fonts do not have."""
    W = Parameter(np.full((2, 2), 0.3), r"\input{x} 50% & {a_b}")
    V = Parameter(np.full((2, 2), 0.2), "Ω")
    u, v = Parameter(np.full((2, 1), 0.1), "a_long_name"), Parameter(np.full((2, 1), 0.1), "ü~x^2#$|é漢")
    with scope(time=0):
        a = Tensor(np.ones((2, 1)), "a")
    for _ in steps(4):
        a = name(tanh(W @ a + V @ a * u + v), "back\\slash_hat")
    return name((a * a).sum(), "J%")


def greek_names():
    total = 0.0
    for i, (word, letter) in enumerate(names.GREEK.items()):
        p = Parameter([[0.1 + i / 100]], word if i % 2 else letter)
        with scope(layer=i):
            q = name(tanh(p * 0.5), f"{letter if i % 2 else word}_k")
            total = total + name(exp(name(exp(q), f"{word}_hat")), f"{word}_tilde_f") * q
    return name(total.sum(), "J")


def measured(which):
    return with_loss(CELLS[which](), *data(4, 2))


THINGS = {
    **CELLS,
    "measured": lambda: measured("lstm"),
    "measured, deep and bidirectional": lambda: measured("deep_bidirectional"),
    "a cell of one's own": own_cell,
    "the same without names": lambda: own_cell(named=False),
    "without steps": without_steps,
    "names from users": user_names,
    "Greek names": greek_names,
}


@needs_latex
@pytest.mark.parametrize("which", THINGS)
def test_documents_compile(which, tmp_path):
    document = derive(THINGS[which](), title=f"100% of {which}_1, Ωé", proof=prove if which == "gru" else None)
    assert not re.findall(f".*(?:{BAD}).*", compiled(document.latex, tmp_path))


@pytest.mark.skipif(not has_chinese_fonts(), reason="XeLaTeX with ctex is not installed")
def test_a_chinese_document_compiles(tmp_path):
    """A heading longer than a line is broken between its characters, which it is not where each is a box of its own."""
    with language("zh"):
        document = derive(chinese_names(), title="一个自己写的循环单元与它的损失" * 5, proof=prove)
        (tmp_path / "it.tex").write_text(document.latex.partition("\\begin{verbatim}")[0] + ENDS, encoding="utf-8")
    command = ["xelatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "it.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    assert not re.findall(".*(?:Overfull|Missing character).*", done.stdout)


def test_chinese_stands_bare_in_prose_and_in_one_group_in_a_formula():
    with language("zh"):
        text = derive(chinese_names(), title="循环单元", proof=prove).latex
    assert "\\section*{循环单元：前向和反向}" in text
    prose = re.sub(r"\\begin\{(align\*|verbatim)\}.*?\\end\{\1\}|\$[^$]*\$", "", text, flags=re.DOTALL)
    assert "\\text{" not in prose
    assert "\\text{权重矩阵} \\, \\text{隐藏状态}^{\\langle t-1 \\rangle}" in text  # apart, so that they are two names
    assert "% 本文档含有中文：请用 xelatex 生成 PDF。\n\\usepackage[UTF8]{ctex}" in text
    assert "d\\text{隐藏状态}" in text
    assert not re.search(r"\\text\{.\}\s*\\text\{.\}", text) and "\\text{\\text" not in text


def test_a_line_of_the_listing_counts_a_chinese_character_as_two():
    listing = derive(chinese_names(), title="循环单元" * 12).latex.split("\\begin{verbatim}\n")[1]
    comment = next(line for line in listing.splitlines() if line.startswith('"""The forward'))
    assert comment.endswith(" \\") and len(comment) + len(re.findall("[\u4e00-\u9fff]", comment)) <= 120


@needs_latex
def test_equations_compile_on_an_ordinary_page(tmp_path):
    found = [equations(make()).latex for which, make in THINGS.items() if which != "names from users"]
    assert not re.findall(f".*(?:{BAD}).*", compiled(ARTICLE % "\n".join(found), tmp_path))
    compiled(ARTICLE % equations(user_names()).latex, tmp_path)  # a single name is as wide as it is


@needs_latex
def test_the_form_of_every_operation_compiles(tmp_path):
    """Also around letters with an accent and a step, in whose square TeX would find two superscripts."""
    formulas = []

    @settings(max_examples=2, deadline=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(drawn=st.data())
    def collect(drawn):
        for function in {**CASES, **MADE_OF_OPERATIONS}:
            case = drawn.draw({**CASES, **MADE_OF_OPERATIONS}[function])
            output = case.call(*[Tensor(a, "v") for a in case.arrays])
            known = {}
            for record in output.graph:
                given = (names.latex("c_tilde", "t"), ATOM)
                form = record.operation.forms["latex"] if record.operation else None
                known[record] = form.write([known[x] for x in record.inputs], record.settings) if form else given
            formulas.append(known[output.record][0])

    collect()
    assert len(formulas) > 100
    log = compiled(ARTICLE % "\n".join(f"\\[ {formula} \\]" for formula in formulas), tmp_path)
    assert not re.findall(".*(?:Missing character|Warning).*", log)


@pytest.mark.parametrize("which", sorted(set(THINGS) - {"Greek names"}))
def test_long_equations_are_broken_where_they_may_be(which):
    for equation in equations(THINGS[which]()):
        whole = equation.latex
        for most in (60, 150, 345):
            pieces = lines(whole, most)
            assert " ".join(" ".join(pieces).split()) == " ".join(whole.split())
            for piece in pieces:
                assert piece.count("{") - piece.count(r"\{") == piece.count("}") - piece.count(r"\}")
                assert piece.count(r"\begin") == piece.count(r"\end")
            assert all(re.match(r"[+-] |\\(circ|quad) ", piece) for piece in pieces[1:])


def test_lines_are_filled_and_the_outermost_sum_is_broken_first():
    text = r"W a + (b \circ c + d \circ e) + f"
    assert lines(text, 500) == [text]
    assert lines(text, 110) == [r"W a + (b \circ c + d \circ e)", "+ f"]
    assert lines(text, 90) == ["W a", r"+ (b \circ c + d \circ e)", "+ f"]
    assert lines(text, 60) == ["W a", r"+ (b \circ c", r"+ d \circ e)", "+ f"]
    assert lines(r"\frac{a + b}{c - d}", 1) == [r"\frac{a + b}{c - d}"]


def test_a_width_counts_what_is_seen():
    assert width(r"\overrightarrow{W}_{aa}^{[1]}") == width("W_{aa}^{[1]}") < width("W_{aa}") + width("^{[1]}")
    assert width(r"\frac{a}{b + c + d}") == pytest.approx(width("b + c + d"), abs=5)
    assert width(r"\begin{bmatrix}a \\ b + c + d\end{bmatrix}") == pytest.approx(width("b + c + d"), abs=15)


def test_a_long_line_of_the_listing_is_still_python():
    latex = derive(CELLS["deep_bidirectional"]()).latex
    listing = latex.split("\\begin{verbatim}\n")[1].split("\n\\end{verbatim}")[0]
    assert max(map(len, listing.splitlines())) <= 118
    assert "forward_layer2" in listing and " \\\n" in listing
    compile(listing, "listing", "exec")
