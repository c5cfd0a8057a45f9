"""Every message that the program can say to a person, read off its source: a template for each f-string and text.

What a person reads are sentences and phrases: errors, reports, verdicts, hints, help, labels. What is not taken:
docstrings, keys, statuses, names, and pieces of programs, of LaTeX, DOT, HTML and Coq. The lists at the top say where
only such pieces are; the rest is told by how a text looks and by what is done with it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from docs.translating.pages import messages_of_page
from docs.translating.wording import CODE_STARTS, CSS, TAG, TOKEN, mostly_words

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("autograd_seq", "cells", "viz")
EXAMPLES = ("examples/places.py", "examples/tour.py")  # those that speak the reader's language

# The parts of the program, each with its catalogue; a message that several say belongs to the first of them.
CATALOGUES = {
    "errors": ("autograd_seq/core", "autograd_seq/operations", "autograd_seq/storage", "autograd_seq/translation"),
    "checks": ("autograd_seq/check",),
    "diagnosis": ("autograd_seq/diagnosis", "autograd_seq/grading"),
    "plans": ("autograd_seq/plan", "autograd_seq/folding", "autograd_seq/writer"),
    "readings": ("autograd_seq/readings", "viz"),
    "cells": ("cells", "autograd_seq/exchange"),
    "commands": ("autograd_seq", "examples"),
}

# Files and folders that write programs, formulas or drawings, and nothing in words.
NO_WORDS = (
    "autograd_seq/writer/latex_", "autograd_seq/writer/numerals", "autograd_seq/core/notation",
    "autograd_seq/core/names", "autograd_seq/core/bytecode", "autograd_seq/plan/writing", "autograd_seq/check/coq",
    "autograd_seq/check/export", "autograd_seq/check/check_certificate", "autograd_seq/readings/python_text",
    "autograd_seq/readings/code_patterns", "autograd_seq/readings/program_doc", "autograd_seq/exchange/onnx_names",
    "viz/dot", "viz/svg", "viz/lettering", "viz/extent",
)  # fmt: skip
# Files among them that refuse what a user asked for.
WORDS_AFTER_ALL = tuple(f"autograd_seq/plan/writing/{file}" for file in (
    "jax_devices", "jax_run", "tools", "vectorised", "jax_words",
)) + ("autograd_seq/check/export.py",)  # fmt: skip
# Functions, and names that something is assigned to, whose texts no person reads, as file:name.
NO_WORDS_IN = (
    "autograd_seq/commands/frame.py:EXAMPLES", "viz/unrolled.py:where", "viz/fonts.py:CHINESE", "viz/fonts.py:FAMILIES",
    "viz/fonts.py:ADVICE", "autograd_seq/grading/results/chart.py:CHINESE_FONTS",
    "autograd_seq/readings/document_text.py:CHINESE_FONTS",
    "autograd_seq/translation/templates.py:SAID_BY_OTHERS", "autograd_seq/grading/own_process.py:_START",
)  # fmt: skip
# Where a tuple begins with a key, however much it reads like a phrase.
KEYED = ("autograd_seq/diagnosis/perturb/", "autograd_seq/diagnosis/line_", "autograd_seq/diagnosis/located")
# What is said where only pieces of programs are expected, or one word by itself, with the file that says it.
ALSO_SAID = {
    "Forward": "autograd_seq/readings/document_text.py", "Backward": "autograd_seq/readings/document_text.py",
    "clipping": "autograd_seq/diagnosis/line_shapes.py", "activation": "cells/rnn.py",
    "shape": "autograd_seq/diagnosis/compare.py",
    "mean over time": "autograd_seq/diagnosis/perturb/gradients.py",
    "{shared} blocks: in the memory of blocks that are done with": "autograd_seq/plan/writing/statements.py",
    "and": "autograd_seq/core/errors.py", "or": "autograd_seq/check/claims/jacobians.py",
    "NumPy says": "autograd_seq/core/errors.py", "or: {where} {words}": "autograd_seq/diagnosis/report.py",
    "NOT FINITE by {endless}": "autograd_seq/check/certificate.py",
    "{name} cannot take {shapes}": "autograd_seq/core/errors.py",
    "a file for Rocq has sums, products, tanh, sigmoid and exp, but {label} is made by {name}; save the proof as .json":
        "autograd_seq/check/coq.py",
    "A graph of {nodes} boxes and {edges} arrows": "viz/svg.py",
}  # fmt: skip
# What stays English everywhere, and keys that look like phrases.
NOT_SAID = {
    "proven", "checked", "excluded", "undecided", "refuted", "right", "wrong", "no verdict", "no operation",
    "matrix product", "sum of uses", "gathered parts", "head c", "head r", "Noto Sans", "Noto Sans CJK", "band above",
    "reduce add", "reduce {name}",
    "button, summary, a", "state adjoint",
    "(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)", "reduce maximum", "reduce minimum",
    "reduce multiply", "Escape", "Tab", "Enter", "Esc", "Home", "End", "Shift",
    "outside upper right", "value, name, dtype", "Flax linen", "Flax nnx", "python {file}",
    "value, name, requires_grad, dtype", "at autograd-seq:", "autograd-seq train: {stopped}",
    "autograd-seq {command}: {words}", "np.add.at(result, index, piece)",
    "pass", "global {name}", "why one number of examples", "which of us is the first", "are",
}  # fmt: skip
# Calls whose arguments are for programs.
FOR_PROGRAMS = {
    "compile", "match", "fullmatch", "search", "sub", "split", "rsplit", "partition", "rpartition", "findall",
    "finditer",
    "getattr", "hasattr", "setattr", "import_module", "open", "startswith", "endswith", "removeprefix", "removesuffix",
    "replace", "strip", "lstrip", "rstrip", "encode", "decode", "get", "pop", "setdefault", "isinstance", "einsum",
    "astype", "TypeVar", "NewType", "cast", "field", "Symbol", "symbols", "Function", "find", "count", "index", "run",
    "Popen", "namedtuple", "getline", "Literal", "sympify", "eval", "exec", "parse", "environ", "find_spec", "dtype",
}  # fmt: skip
KEYWORDS_FOR_PROGRAMS = ("name", "encoding", "mode", "file", "dtype", "order", "prog")
FOR_PERSONS = {
    "add_argument", "add_parser", "ArgumentParser", "print", "say", "translated", "said", "warn", "set_title",
    "set_xlabel", "set_ylabel", "Kind",
}  # fmt: skip
NEIGHBOURS = re.compile(r"[A-Za-z,;:)] [\"'“(]?[A-Za-z]|\} [a-z]{2,}|[a-z]{2,}:? \{")
ONE_WORD = re.compile(r"(^|[\s(])[A-Za-z][a-z]{2,}[.,:;]?(\s|$|\))|\0 ([a-z]+ )*[a-z]{3,}\0")  # \0 for a place
CODE_SIGNS = re.compile(r"\\[a-zA-Z]{2,}|&[a-z]+;|;$|=>|\w\(\)?:$|^\W*\w+ = [^{]|\]\]")
PLURALS = {""}.union(["s", "es", "y", "ies", "is", "are", "was", "were", "has", "have", "it", "they", "does", "do"])


# What argparse says by itself, in the words of all Pythons from 3.11 on.
ARGPARSE = (
    "examples:",  # this one is ours
    "usage", "options", "positional arguments", "show this help message and exit", "error: {message}",
    "argument {argument}: {message}", "the following arguments are required: {0}", "unrecognized arguments: {0}",
    "expected one argument", "expected at least one argument", "expected {n} arguments",
    "invalid choice: {value} (choose from {choices})", "invalid {type} value: {value}",
    "not allowed with argument {argument}", "ambiguous option: {option} could match {matches}",
    "ignored explicit argument {argument}",
)  # fmt: skip


@dataclass(order=True)
class Message:
    """A message, and the files that say it.

    Attributes
    ----------
    english : str
        The template, with ``{name}`` where something changes.
    files : set of str
        Where it is said.
    """

    english: str
    files: set[str] = field(default_factory=set, compare=False)


def catalogue_of(file: str) -> str:
    """The catalogue of a file's messages.

    Examples
    --------
    >>> catalogue_of("autograd_seq/check/proof.py")
    'checks'
    """
    return next(name for name, folders in CATALOGUES.items() if any(file.startswith(f + "/") for f in folders))


def all_messages() -> dict[str, dict[str, Message]]:
    """For each catalogue its messages, by their English."""
    found: dict[str, Message] = {}
    for part in (*PACKAGES, *EXAMPLES):
        for path in sorted((ROOT / part).rglob("*.py")) or [ROOT / part]:
            file = path.relative_to(ROOT).as_posix()
            if file.startswith(NO_WORDS) and not file.startswith(WORDS_AFTER_ALL):
                continue
            for english in messages_in(path.read_text(encoding="utf-8"), file):
                found.setdefault(english, Message(english)).files.add(file)
    for path in sorted((ROOT / "viz" / "assets").glob("*.*")):
        if path.suffix in (".html", ".js"):
            for english in messages_of_page(path.read_text(encoding="utf-8"), path.name):
                if english not in NOT_SAID:
                    found.setdefault(english, Message(english)).files.add(path.relative_to(ROOT).as_posix())
    for english, file in ALSO_SAID.items():
        found.setdefault(english, Message(english)).files.add(file)
    for english in ARGPARSE:
        found.setdefault(english, Message(english)).files.add("autograd_seq/commands/frame.py")
    order = list(CATALOGUES)
    sorted_out: dict[str, dict[str, Message]] = {name: {} for name in order}
    for english, message in sorted(found.items()):
        sorted_out[min(map(catalogue_of, message.files), key=order.index)][english] = message
    return sorted_out


def messages_in(source: str, file: str = "") -> list[str]:
    """The messages of one module, in the order in which they stand there.

    Examples
    --------
    >>> messages_in('raise ValueError(f"{name} must have shape {x.shape}, not {len(y) + 1}{here()}")')
    ['{name} must have shape {shape}, not {0}']
    """
    return list(dict.fromkeys(_Reader(ast.parse(source), file).messages()))


class _Reader:
    """One module."""

    def __init__(self, tree: ast.Module, file: str) -> None:
        self.tree = tree
        self.file = file
        self.parent = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def messages(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if not self._begins(node) or self._for_programs(node):
                continue
            for line in _Template(node).lines():
                for text in TAG.split(line):
                    piece = self._bordered(node, text) if text == line else text.strip()
                    if piece not in NOT_SAID and self._is_said(node, piece):
                        yield piece

    def _begins(self, node: ast.AST) -> bool:
        """Whether it is a text, and not part of a longer one."""
        above = self.parent.get(node)
        if isinstance(node, ast.Constant):
            if not isinstance(node.value, str) or isinstance(above, (ast.JoinedStr, ast.FormattedValue, ast.Expr)):
                return False
        elif isinstance(node, ast.JoinedStr):
            if isinstance(above, ast.FormattedValue) and above.format_spec is node:
                return False
        elif not _is_sum_of_texts(node):
            return False
        return not (above is not None and _is_sum_of_texts(above))

    def _for_programs(self, node: ast.AST) -> bool:
        """Whether a program, not a person, reads it."""
        child, above = node, self.parent.get(node)
        first = True
        while above is not None:
            if isinstance(above, (ast.Compare, ast.MatchValue, ast.Raise)) and not isinstance(above, ast.Raise):
                return True
            if isinstance(above, ast.Subscript) and child is above.slice:
                return True
            if isinstance(above, ast.Dict) and child in above.keys and first:
                return not _is_sentence(child)
            if isinstance(above, ast.Dict) and first and _lists_names(above, child):
                return True
            if isinstance(above, ast.Call):
                called = _last_name(above.func)
                if child is above.func or (called in FOR_PROGRAMS and child in above.args and first):
                    return child is not above.func or first
            if isinstance(above, ast.Attribute) and above.attr == "split":
                return True
            if isinstance(above, ast.Tuple) and first and child is above.elts[0] and self.file.startswith(KEYED):
                return isinstance(child, ast.Constant) and str(child.value).count(" ") < 4
            if isinstance(above, ast.keyword) and above.arg in KEYWORDS_FOR_PROGRAMS:
                return True
            if isinstance(above, ast.arg) or (isinstance(above, ast.AnnAssign) and child is above.annotation):
                return True
            if isinstance(above, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                if child in above.decorator_list and not isinstance(child, ast.Call):
                    return True
                if child is getattr(above, "returns", None):
                    return True
                if f"{self.file}:{above.name}" in NO_WORDS_IN:
                    return True
            if isinstance(above, ast.Assign) and any(map(self._holds_no_words, above.targets)):
                return True
            first = first and isinstance(above, (ast.IfExp, ast.BinOp, ast.BoolOp))
            child, above = above, self.parent.get(above)
        return False

    def _holds_no_words(self, target: ast.AST) -> bool:
        name = _last_name(target)
        return name in ("__all__", "__slots__", "__doc__", "__match_args__") or f"{self.file}:{name}" in NO_WORDS_IN

    def _bordered(self, node: ast.AST, text: str) -> str:
        """A piece that is put into a longer text, with a place for what stands before and after it."""
        bare = text.strip()
        if self._in_a_text(node):
            if re.match(r"\s+\S|[,;:.)—] ?[\w{]", text) and not text.startswith("  "):
                bare = "{before}" + text.rstrip() if text[:1] != " " else "{before} " + bare
            if re.search(r"\S\s$", text):
                bare = bare + " {after}"
        return bare

    def _in_a_text(self, node: ast.AST) -> bool:
        """Whether it is one of the things that a longer text may say in one place."""
        pieces = (
            ast.IfExp, ast.BoolOp, ast.FormattedValue, ast.Return, ast.Assign, ast.AugAssign, ast.BinOp, ast.JoinedStr,
        )  # fmt: skip
        return isinstance(self.parent.get(node), pieces)

    def _is_said(self, node: ast.AST, template: str) -> bool:
        """Whether a template is in words."""
        if CODE_STARTS.match(template) or CSS.search(template):
            return False
        words = [w for w in re.sub(r"\{\w+\}", " ", template).split() if TOKEN.fullmatch(w)]
        called = self._called(node)
        if called in ("translated", "said") and isinstance(node, ast.Constant):
            return bool(words)
        if CODE_SIGNS.search(template) and len(words) < 6:
            return False
        long = [w for w in words if len(w.strip("'\"()[].,:;!?")) > 2]
        called = self._called(node)
        if long and called == "rule":  # a law, in signs and words
            return True
        if len(words) >= 2 and (long or "{" in template) and NEIGHBOURS.search(template):
            return mostly_words(template)
        if words and (called in ("add_argument", "add_parser") or (called.endswith("Error") and "{" in template)):
            return True
        bare = re.sub(r"\{\w+\}", "\0", re.sub(r"\{(s|es|verb)\d*\}", "", template))
        if words and "{" in template:
            return bool(long) and ONE_WORD.search(bare) is not None
        return bool(long) and (called in FOR_PERSONS or self._inside_a_place(node)) and _looks_like_a_word(template)

    def _called(self, node: ast.AST) -> str:
        """What a text is handed to."""
        above = self.parent.get(node)
        if isinstance(above, ast.keyword):
            if above.arg not in ("help", "description", "epilog", "title", "xlabel", "ylabel", "label"):
                return ""
            above = self.parent.get(above)
        elif isinstance(above, ast.Call) and _last_name(above.func) in ("add_argument", "add_parser"):
            return ""
        return _last_name(above.func) if isinstance(above, ast.Call) else ""

    def _inside_a_place(self, node: ast.AST) -> bool:
        """Whether it is one of the words that an f-string puts into one of its places."""
        above = self.parent.get(node)
        while isinstance(above, (ast.IfExp, ast.BoolOp)):
            node, above = above, self.parent.get(above)
            if isinstance(above, ast.IfExp) and node is above.test:
                return False
        return isinstance(above, ast.FormattedValue)


class _Template:
    """The template of one text."""

    def __init__(self, node: ast.AST) -> None:
        self._names: dict[str, int] = {}
        self._numbers = 0
        self.text = self._trimmed("".join(self._of(node)))

    def lines(self) -> list[str]:
        return [line for line in self.text.split("\n") if line.strip()]

    def _of(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Constant):
            yield from self._formatted(str(node.value))
        elif isinstance(node, ast.JoinedStr):
            for piece in node.values:
                yield from self._of(piece.value if isinstance(piece, ast.FormattedValue) else piece) if isinstance(
                    piece, ast.Constant
                ) else [self._place(piece.value)] if isinstance(piece, ast.FormattedValue) else ()
        elif _is_sum_of_texts(node):
            assert isinstance(node, ast.BinOp)
            yield from self._of(node.left)
            yield from self._of(node.right)
        else:
            yield self._place(node)

    def _formatted(self, text: str) -> Iterator[str]:
        """Plain text; ``{}`` and ``{0}`` in it are filled later, by `str.format`."""
        for i, piece in enumerate(re.split(r"(?<!\{)\{(\d*|n)\}", text)):
            if i % 2 == 0:
                yield piece.replace("{", "{{").replace("}", "}}")
            else:
                yield "{" + (piece or str(self._numbers)) + "}"
                self._numbers += 1

    def _place(self, node: ast.AST) -> str:
        if isinstance(node, ast.Call) and _last_name(node.func) == "here" and not node.args:
            return "\n"
        name = _name_of(node)
        if not name:
            name, self._numbers = str(self._numbers), self._numbers + 1
        self._names[name] = self._names.get(name, 0) + 1
        return "{" + (name if self._names[name] == 1 else f"{name}{self._names[name]}") + "}"

    def _trimmed(self, text: str) -> str:
        """Places side by side are one: nobody could tell where the first ends."""
        return re.sub(r"(\{(?!(?:s|es|ies|verb)\d*\})\w+\})((?:\{\w+\})+)(?!\})", _first_place, text)


def _first_place(found: re.Match[str]) -> str:
    return found[1]


def _name_of(node: ast.AST) -> str:
    """What a placeholder is called: the last name in it; "" where a number must do."""
    strings = [leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)]
    if isinstance(node, (ast.BinOp, ast.IfExp, ast.Subscript)) and strings and set(strings) <= PLURALS:
        return "s" if {"s", "es", "ies"} & set(strings) else "verb"
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_")
    if isinstance(node, ast.Name):
        return node.id.strip("_")
    if isinstance(node, ast.Subscript):
        return _name_of(node.value)
    if isinstance(node, ast.Call):
        called = _last_name(node.func)
        if called in ("sum", "min", "max", "round", "abs"):
            return ""
        if called in ("join", "str", "repr", "len", "type", "sorted", "list", "map", "int", "float"):
            return _name_of(node.args[0]) if node.args else ""
        return called.strip("_")
    return ""


def _is_sum_of_texts(node: ast.AST) -> bool:
    """Whether it is ``"…" + something``."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return False
    ends = (node.left, node.right)
    return any(_is_text(e) or _is_sum_of_texts(e) for e in ends)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_sentence(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and str(node.value).count(" ") >= 2)


def _lists_names(node: ast.Dict, value: ast.AST) -> bool:
    """Whether a value of a dictionary lists what its key, a sentence, is said of."""
    key = next((k for k, v in zip(node.keys, node.values, strict=True) if v is value), None)
    text = value.value if isinstance(value, ast.Constant) else ""
    advises = isinstance(key, ast.Name) or (isinstance(key, ast.Constant) and str(key.value).count(" ") >= 2)
    return advises and isinstance(text, str) and re.fullmatch(r"[\w.]+( [\w.]+)*", text) is not None


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _looks_like_a_word(template: str) -> bool:
    return re.fullmatch(r"[A-Za-z]?[a-z]{2,}(-[a-z]+)?[.:]?", template) is not None

