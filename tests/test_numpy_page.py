"""The page about plain NumPy code is true: its blocks run, and give or raise what stands behind them."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "numpy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_blocks_do_what_they_say():
    namespace = {}
    for block in BLOCKS:
        *before, last = block.rstrip().splitlines()
        code, _, said = last.partition("  # ")
        said = said.strip()
        exec("\n".join(before), namespace)
        if ": " in said:
            kind, message = said.split(": ", 1)
            with pytest.raises(Exception, match=re.escape(message)) as caught:
                exec(code, namespace)
            assert type(caught.value).__name__ == kind
        elif said:
            assert repr(eval(code.strip(), namespace)) == said
        else:
            exec(last, namespace)


@pytest.mark.parametrize("claim", ["W -= 0.1 * W.grad", "a[0][1] = 1.0", "float(W[0, 0])", "numpy.array([W, W])"])
def test_what_it_says_is_refused_is_refused_in_the_packages_words(claim):
    namespace = {}
    exec(BLOCKS[0] + "\na = np.zeros((2, 3))\n(W * W).sum().backward()\n", namespace)
    with pytest.raises(Exception, match="[Ww]rite") as caught:
        exec(claim, namespace)
    assert type(caught.value).__module__ == "autograd_seq.core.errors"


def test_ours_is_the_cause_of_numpys_message():
    namespace = {}
    exec(BLOCKS[0] + "\nplain = numpy.zeros(3)\n", namespace)
    with pytest.raises(ValueError) as caught:
        exec("plain[0] = (W @ x).sum()", namespace)
    assert "autograd_seq.numpy" in str(caught.value.__cause__)


def test_a_diagonal_is_a_copy():
    namespace = {}
    exec(BLOCKS[0] + "\na = np.zeros((2, 2))\nd = np.diagonal(a)\na[0, 0] = 3.0\n", namespace)
    assert namespace["d"].value.tolist() == [0.0, 0.0]
