"""Notebooks as students hand them in: made in Colab, with plots and widgets, half broken, and right all the same."""

import json

import pytest

from autograd_seq import check_folder
from autograd_seq.grading.notebooks import NoNotebookError, cells_of, without_magic

CELL = '''def rnn_cell_backward(da_next, cache):
    """One step back.

    !important: the cache is (a_next, a_prev, xt, parameters)
    %timeit says that it is fast; and np.tanh?
    """
    (a_next, a_prev, xt, parameters) = cache
    dtanh = (1 - a_next ** 2) * da_next
    return {"dxt": np.dot(parameters["Wax"].T, dtanh), "dWax": np.dot(dtanh, xt.T),
            "da_prev": np.dot(parameters["Waa"].T, dtanh), "dWaa": np.dot(dtanh, a_prev.T),
            "dba": np.sum(dtanh, axis=1, keepdims=True)}
'''
WRONG = CELL.replace("a_next ** 2", "a_next")
NUMPY = "import numpy as np"
PICTURE = {"image.png": {"image/png": "iVBORw0KGgo="}}


def code(*lines):
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": "\n".join(lines)}


def text(said, **more):
    return {"cell_type": "markdown", "metadata": {}, "source": said.splitlines(keepends=True), **more}


def notebook(cells, minor=5):
    named = [{**cell, "id": f"cell-{i}"} if minor >= 5 else cell for i, cell in enumerate(cells)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "colab": {"provenance": []}}
    return {"cells": named, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def of_version_3(*sources):
    cells = [
        {"cell_type": "code", "input": source.splitlines(keepends=True), "language": "python", "outputs": []}
        for source in sources
    ]
    heading = {"cell_type": "heading", "level": 1, "source": ["RNN"]}
    sheet = {"cells": [heading, *cells], "metadata": {}}
    return {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [sheet]}


# By name: the notebook, the verdict, and what is said of the file as a whole.
NOTEBOOKS = {
    "colab": (notebook([
        code("from google.colab import drive", "drive.mount('/content/drive')", "%cd /content/drive/MyDrive", "!ls"),
        code("!pip install -q \\", "    torch torchvision", NUMPY),
        code("if 'google.colab' in str(get_ipython()):", "    from google.colab import files"), code(CELL),
    ], minor=0), "right", "not installed here: No module named 'google"),
    "widgets": (notebook([
        code("import no_widgets as widgets", "from no_display import display", NUMPY),
        code("slider = widgets.IntSlider(min=0)", "display(slider)"),
        code("@widgets.interact(n=(1, 5))", "def show(n):", "    print(n)"), code(CELL),
    ]), "right", "No module named 'no_widgets'"),
    "plots": (notebook([
        code("%matplotlib inline", "%config InlineBackend.figure_format = 'retina'", "%load_ext autoreload",
             "%autoreload 2", "import no_pyplot as plt", NUMPY, "plt.style.use('ggplot')"),
        code(CELL, "plt.plot(np.arange(3))", "plt.show()"),
    ]), "right", "No module named 'no_pyplot'"),
    "timed": (notebook([
        code(NUMPY), code("%%time", CELL), code("%%timeit -n 10", "rnn_cell_backward(1, 2)"),
        code("%time print(3)", "t = %timeit -o np.ones(3)", "a, b = !ls"),
    ]), "right", None),
    "fails": (notebook([
        code(NUMPY, "assert np.__version__ == '1.0'"), code("x = 1", "wrong = undefined", CELL, "print(wrong)"),
        code("def broken(:", "    pass"), code("1 / 0"),
    ]), "right", "cell 3 is not Python and was left out: invalid syntax\n  running it ends in NameError"),
    "redefined": (notebook([code(NUMPY), code(WRONG), code("# second", "# try", CELL.replace("**", "*")), code(CELL)]),
                  "right", None),
    "redefined_wrongly": (notebook([code(NUMPY), code(CELL), code(WRONG)]), "wrong", None),
    "asks": (notebook([code(NUMPY, "n = int(input('n: '))"), code("m = int(input('m: '))", CELL, "print(m)")]),
             "right", "asks.ipynb, cell 2, line 1: m = int(input('m: '))"),
    "globals": (notebook([
        code(NUMPY), code("one = np.ones(1)[0]", "two = one + one", "huge = np.ones((10**6, 10**6))"),
        code("eps: float = float('0')", "print(huge)"),
        code(CELL.replace("a_next ** 2", "a_next ** two + eps").replace("dtanh = ", "huge = 1; dtanh = ")),
    ]), "right", None),
    "prints": (notebook([code("print('hello')", "for i in range(3): print(i)"), text("# RNN")]),
               "no verdict", "defines none of"),
    "version_3": (of_version_3("import numpy as np\n%pylab inline", CELL), "right", None),
    "attachments": (notebook([
        text("![image.png](attachment:image.png)", attachments=PICTURE),
        {"cell_type": "raw", "metadata": {}, "source": "def rnn_cell_backward(x): 1 / 0"},
        code(NUMPY, "print('%d of %d'", "      % (1, 2))", "assert (1", "        != 2)"), code(CELL),
    ]), "right", None),
    "torch": (notebook([
        code("import torch, numpy as np", "import torch.nn as nn", "from tqdm.notebook import tqdm"),
        code("class Net(nn.Module):", "    pass"), code("net = Net().to(torch.device('cpu'))", CELL, "print(net)"),
    ]), "right", "not installed here: No module named 'torch'"),
    "torch_inside": (notebook([code("import torch", NUMPY), code(CELL.replace("dtanh = (", "dtanh = torch.exp("))]),
                     "no verdict", "No module named 'torch'"),
    "helpers": (notebook([code("from no_helpers import *", NUMPY), code(CELL.replace("np.sum(", "total("))]),
                "no verdict", "No module named 'no_helpers'"),
    "shell": (notebook([
        code(NUMPY, "for i in range(2):", "    %timeit np.ones(i)", "    !echo {i}", "try:", "    !nvidia-smi",
             "except Exception:", "    pass", "files = !ls *.py", "np.dot?", "?np.dot", "np.dot??"), code(CELL),
        code("%%bash", "rm -rf /"), code("%%html", "<b>"),
    ]), "right", None),
    "pair": (notebook([
        code(NUMPY, "await something()"), code("m = 'm'", "INPUTS = dict(x=('n', m), W=('a', 'n'))"),
        code("def forward(x, W):", "    a = np.tanh(W @ x)", "    return {'a': a}, (x, W, a)"),
        code("def backward(up, cache):", "    x, W, a = cache", "    dz = up['a'] * (1 - a ** 2)",
             "    return {'dx': W.T @ dz, 'dW': dz @ x.T}"),
    ]), "right", None),
    "written": (notebook([code("%%writefile my_rnn.py", NUMPY, CELL), code("from my_rnn import *")]),
                "right", "No module named 'my_rnn'"),
}  # fmt: skip
FILES = {
    "colab_export": ('"""Automatically generated by Colab."""\n# %matplotlib inline\n!pip install x\n' + NUMPY,
                     "what only a notebook understands was left out: !pip install x"),
    "nbconvert": ("# In[1]:\n" + NUMPY + "\nget_ipython().run_line_magic('matplotlib', 'inline')\n"
                  "if 'colab' in str(get_ipython()):\n    1 / 0", "get_ipython().run_line_magic"),
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hand_in")
    for name, (content, *_) in NOTEBOOKS.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    for name, (head, _) in FILES.items():
        (folder / f"{name}.py").write_text(f"{head}\n{CELL}", encoding="utf-8")
    return check_folder(folder, jobs=2)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_verdict(name, book):
    content, verdict, said = NOTEBOOKS[name]
    found = book[f"{name}.ipynb"]
    assert found.verdict == verdict, str(found)
    whole = found.reason or found.remark
    assert whole is None if said is None else said in (whole or "")


@pytest.mark.parametrize("name", FILES)
def test_files_that_were_notebooks(name, book):
    found = book[f"{name}.py"]
    assert found.verdict == "right" and FILES[name][1] in found.remark


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_they_are_notebooks(name):
    nbformat = pytest.importorskip("nbformat")
    nbformat.validate(nbformat.reads(json.dumps(NOTEBOOKS[name][0]), as_version=nbformat.NO_CONVERT))


def test_what_is_not_there_is_no_mistake_of_the_function(book):
    found = book["torch_inside.ipynb"]["rnn_cell_backward"]
    assert found.reason.startswith("it needs what is not installed here: NameError: name 'torch' is not defined")
    assert "name 'total'" in book["helpers.ipynb"]["rnn_cell_backward"].reason


@pytest.mark.parametrize("line", [
    "%matplotlib inline", "%%time", "!ls", "?np", "np?", "np.tanh??", "x = !ls", "x = %who", "a, b = !ls", "!!ls",
    "%cd ..", "get_ipython().system('ls')", "x = get_ipython().getoutput('ls')",
    "!echo 'it", "!echo (", "!echo \"\"\"", "%time f(",
])  # fmt: skip
def test_every_magic_does_nothing_and_the_lines_around_it_stay(line):
    found = without_magic(f"{line}\na = 1\nif a:\n    {line}\n    b = 2")
    assert found.wrong is None and found.lines[1:3] == ["a = 1", "if a:"] and found.lines[4] == "    b = 2"
    assert found.lines[0] == "" and found.lines[3] == "    pass" and found.left_out


LIKE = ["x = (5\n     % 3)", "s = '''\n%d\n!no\nwhy?\n'''", "y = [\n  not a\n  != b]", "# %time\n#?"]


@pytest.mark.parametrize("source", LIKE)
def test_what_only_looks_like_a_magic_stays(source):
    assert "\n".join(without_magic(source).lines) == source and without_magic(source).left_out is None


@pytest.mark.parametrize("source", ["x = 1 +", "def f(:\n    pass", "%time\nx = = 1", "é = 'a", "\0"])
def test_what_is_not_python_is_left_out(source):
    found = without_magic(source)
    assert found.wrong is not None and not any(found.lines) and len(found.lines) == len(source.split("\n"))


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"cells": 1}', '{"cells": [1]}', '{"worksheets": [3]}'])
def test_what_is_no_notebook(content):
    with pytest.raises(NoNotebookError):
        cells_of(content)
