"""On Chinese pages, what a program prints stands as it prints it to whoever reads Chinese.

Pages show what their code prints in English, which tests compare. Here it is translated as the program translates what
it prints, when the site is built; a test runs the pages in Chinese and compares. The page of errors keeps the English
too, so that a message is found in whichever language it was met.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from autograd_seq import language
from autograd_seq.translation.reader import translated

BOTH = {"errors"}  # pages that show the English below the Chinese
ERROR = re.compile(r"([A-Z]\w+Error: )(.*(?:\n(?!  at ).*)*)((?:\n.*)*)")  # its kind, its message, and where
COMMAND = re.compile(r"^(\$ .*\n?)", re.MULTILINE)
OURS = re.compile(r"\$ (autograd-seq|python examples/)")
PLACE = re.compile(r"^\s*at \S+:\d+: .*", re.MULTILINE)  # where in the code, with its line
PHRASE = re.compile(r"[a-z]{2,} [a-z]{2,}")


def in_chinese(printed: str, code: str = "") -> str:
    """What some code prints, in Chinese; what the code itself has in English stays.

    Examples
    --------
    >>> in_chinese("NoFileError: there is no file weights.npz")
    'NoFileError: 没有文件 weights.npz'
    >>> in_chinese("there is no file weights.npz", "print('there is no file weights.npz')")
    'there is no file weights.npz'
    """
    if any(phrase in code for phrase in PHRASE.findall(PLACE.sub("", printed))):
        return printed
    with language("zh"):
        if error := ERROR.fullmatch(printed):
            return error[1] + translated(error[2]) + error[3]
        return translated(printed)


def console_in_chinese(text: str) -> str:
    r"""A dialogue with a shell, with what this project's commands answer in Chinese.

    Examples
    --------
    >>> print(console_in_chinese("$ autograd-seq print x\nthere is no file x\n$ ls\nthere is no file x"))
    $ autograd-seq print x
    没有文件 x
    $ ls
    there is no file x
    """
    before, *parts = COMMAND.split(text)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return before + "".join(line + (in_chinese(said) if OURS.match(line) else said) for line, said in pairs)


def speak(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Translate what is printed on a page in Chinese."""
    if app.config.language != "zh_CN":
        return
    code = ""  # of the block before, if a program
    for block in list(doctree.findall(nodes.literal_block)):
        kind, text = block.get("language"), block.astext()
        said = text
        if kind == "console":
            said = console_in_chinese(text)
        elif kind == "text" and code:
            said = in_chinese(text, code)
        code = text if kind == "python" else ""
        if said != text:
            replace(block, said, docname in BOTH)


def replace(block: nodes.literal_block, said: str, both: bool) -> None:
    """Put the Chinese in place of a block, or before it."""
    chinese = block.deepcopy()
    chinese.rawsource = said
    chinese.children = []
    chinese += nodes.Text(said)
    block.parent.insert(block.parent.index(block), chinese)
    if not both:
        block.parent.remove(block)


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.connect("doctree-resolved", speak)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
