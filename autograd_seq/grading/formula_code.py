"""A formula, as reports write it, as Python in the place of what stands at a line: an offer that is yet to be tried."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograd_seq.grading.edits import Edit, rewritten

_TOKEN = re.compile(
    r"\s*(?:(?P<sum>Σ_\w+(?=\())|(?P<call>tanh|exp|log|sqrt|abs)(?=\()|(?P<name>[^\W\dᵀ²³][^\Wᵀ²³]*)|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<text>'[^'\\]*'|\"[^\"\\]*\")|(?P<after>[ᵀ²³])|(?P<sign>\+=|\*\*|[-+*/@,=:()\[\]∘−·×]))"
)
_SIGNS = {"∘": "*", "−": "-", "·": "*", "×": "*"}
_AFTER = {"ᵀ": ".T", "²": " ** 2", "³": " ** 3"}
_SQUARE = re.compile(r"(?<=[-+=] )([\w.]+(?:\([\w.]*\))?) \* \1(?![\w.(\[])")
_AXES = {"Σ_columns": "axis=1", "Σ_rows": "axis=0"}


def as_python(formula: str) -> list[str]:
    """A formula as Python: a sum with its axis kept, and without it; nothing where it has more than Python can say.

    Examples
    --------
    >>> as_python("dz = da ∘ (1 − a ∘ a)")
    ['dz = da * (1 - a ** 2)']
    >>> as_python("dW = dz xᵀ")
    ['dW = dz @ x.T']
    >>> as_python("db = Σ_columns(dz)")
    ['db = np.sum(dz, axis=1, keepdims=True)', 'db = np.sum(dz, axis=1)']
    >>> as_python("da<4> = da[:, :, 3]")
    []
    """
    found = [_written(formula, ", keepdims=True"), _written(formula, "")]
    return list(dict.fromkeys(_SQUARE.sub(r"\1 ** 2", text) for text in found if text is not None))


def _written(formula: str, keeping: str) -> str | None:
    parts: list[str] = []
    closing: list[str] = []
    at, ended = 0, False  # where the next token begins; whether a factor has ended, so that another multiplies it
    while at < len(formula.rstrip()):
        token = _TOKEN.match(formula, at)
        if token is None or (token["name"] == "σ" and formula[token.end() :].startswith("(")):
            return None
        kind, text = str(token.lastgroup), token[str(token.lastgroup)]
        joined = token.start(kind) == token.start()  # no space before it: a call, or an index
        begins = kind in ("sum", "call", "name", "number") or (text == "(" and not joined)
        if ended and begins:
            parts.append(" @ ")
        if text in ("(", "["):
            closing.append(closing.pop() if closing and closing[-1].startswith("?") else "")
            closing[-1] = closing[-1].removeprefix("?")
        if text in (")", "]"):
            if not closing:
                return None
            parts.append(closing.pop())
        if kind == "sum":
            if text not in _AXES:
                return None
            closing.append(f"?, {_AXES[text]}{keeping}")
        parts.append(_as_code(kind, text, inside=bool(closing), ended=ended))
        ended = kind in ("name", "number", "text", "after") or text in (")", "]")
        at = token.end()
    return "".join(parts)


def _as_code(kind: str, text: str, inside: bool, ended: bool) -> str:
    """One token in Python."""
    if kind == "sum":
        return "np.sum"
    if kind == "call":
        return f"np.{text}"
    if kind == "after":
        return _AFTER[text]
    sign = _SIGNS.get(text, text)
    if sign == ",":
        return ", "
    if kind != "sign" or sign in "()[]:" or not ended:
        return sign
    return f" {sign} "


def offers(source: str, line: int, formula: str) -> Iterator[tuple[Edit, str]]:
    r"""The changes of a text that put a formula in the place of what its quantity is given at a line.

    Examples
    --------
    >>> text = "def f(da, a):\n    return {'dW': da,\n            'db': da}"
    >>> [edit.after for edit, _ in offers(text, 3, "db = Σ_columns(da)")]
    ["'db': np.sum(da, axis=1, keepdims=True)}", "'db': np.sum(da, axis=1)}"]
    >>> list(offers(text, 3, "db = da[0:6]"))
    []
    """
    loop = re.fullmatch(r"(\w+) runs from (.+) - 1 down to 0", formula)
    if loop or re.fullmatch(r"for .+ in .+:", formula):
        found = rewritten(source, line, f"for {loop[1]} in reversed(range({loop[2]}))" if loop else formula)
        yield from [found] if found is not None else []
        return
    if _numbers(formula) - _numbers(source.split("\n")[line - 1]):
        return  # it is of the sizes that were drawn
    for code in as_python(formula):
        name, sign, value = code.partition(" += " if " += " in code else " = ")
        place = _place(source, line, name)
        if sign and place is not None:
            yield _replaced(source, place, value)


def _numbers(text: str) -> set[str]:
    """The numbers in a text that a formula does not have by itself, as 1 − a² has."""
    return set(re.findall(r"(?<![\w.])\d+(?![\w.])", text)) - {"1", "2"}


def _place(source: str, line: int, name: str) -> ast.expr | None:
    """The expression that a quantity is given at a line: of an assignment, or in a dict."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Assign, ast.AugAssign)) and node.lineno == line:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(ast.unparse(target) == _plain(name) or _key(target) == name for target in targets):
                return node.value
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                is_it = isinstance(key, ast.Constant) and key.value == name
                if is_it and key is not None and key.lineno <= line <= (value.end_lineno or 0):
                    return value
    return None


def _plain(name: str) -> str:
    """A target as Python writes it back."""
    try:
        return ast.unparse(ast.parse(name, mode="eval"))
    except SyntaxError:
        return name


def _key(target: ast.expr) -> str | None:
    """The key of ``grads["dW"]``."""
    index = target.slice if isinstance(target, ast.Subscript) else None
    return str(index.value) if isinstance(index, ast.Constant) else None


def _replaced(source: str, node: ast.expr, value: str) -> tuple[Edit, str]:
    """A text with another expression in the place of one."""
    lines = source.split("\n")
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = lines[first : last + 1]
    head = before[0].encode()[: node.col_offset].decode()
    tail = before[-1].encode()[node.end_col_offset :].decode()
    value = _without_brackets(value)
    if any('"' in part for part in before) and '"' not in value:
        value = value.replace("'", '"')
    after = f"{head}{value}{tail}"
    edit = Edit(node.lineno, " ".join(part.strip() for part in before), after.strip(), len(value))
    return edit, "\n".join([*lines[:first], after, *lines[last + 1 :]])


def _without_brackets(code: str) -> str:
    """An expression without brackets around all of it."""
    inner = code[1:-1]
    try:
        trees = [ast.dump(ast.parse(text, mode="eval")) for text in (inner, code)]
    except SyntaxError:
        return code
    return inner if code.startswith("(") and trees[0] == trees[1] else code
