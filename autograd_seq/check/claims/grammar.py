"""The language of formulas: names, arithmetic, matrix products, transposes, slices and a few functions.

A formula is parsed by Python's parser into a tree, and the tree is walked; nothing that
is not listed here is understood, and nothing is ever executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import autograd_seq.operations as ops
from autograd_seq.check.claims.printed import plain
from autograd_seq.core.errors import AutogradError, UsageError
from autograd_seq.core.tensor import Tensor

LONGEST = 2000  # characters
LARGEST_POWER = 8
DEEPEST = 100
LONGEST_NUMBER = 40  # characters
MOST_BITS = 2000  # of a number computed in a formula


class UnreadableError(AutogradError, ValueError):
    """A formula that cannot be understood; the message says why."""


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tanh": ops.tanh, "sigmoid": ops.sigmoid, "relu": ops.relu, "softmax": ops.softmax,
    "exp": ops.exp, "log": ops.log, "sqrt": ops.sqrt, "sum": ops.sum, "mean": ops.mean, "concatenate": ops.concatenate,
    "transpose": ops.transpose,
}  # fmt: skip
LANGUAGE = f"it has names, + - * / ** @ .T, slices, and {', '.join(FUNCTIONS)}"
_NODES = (
    ast.Name, ast.Constant, ast.UnaryOp, ast.BinOp, ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple, ast.List,
    ast.Call, ast.keyword, ast.operator, ast.unaryop, ast.Load,
)  # fmt: skip
_KEYWORDS = {"sum": {"axis", "keepdims"}, "mean": {"axis", "keepdims"}, "concatenate": {"axis"}, "softmax": {"axis"}}
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b, ast.MatMult: lambda a, b: a @ b, ast.Pow: lambda a, b: a**b,
}  # fmt: skip


def split_claim(text: str) -> tuple[str, str]:
    """The left and right side of ``left = right``, in the language's own characters.

    Raises
    ------
    UnreadableError
        If there is no single equals sign, or it is too long.

    Examples
    --------
    >>> split_claim("c<t> = Γ_f ∘ c<t-1>")
    ('c_next', 'Gamma_f * c_prev')
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise UnreadableError(f"a formula is a text of at most {LONGEST} characters")
    sides = re.split(r"(?<![=<>!])=(?!=)", _outside_calls(text))
    if len(sides) != 2 or not all(s.strip() for s in sides):
        raise UnreadableError(f"write one equation, such as dWf = dgamma_f @ [a_prev; x_t].T ; this is {text!r:.80}")
    return plain(sides[0].replace("\0", "="), FUNCTIONS), plain(sides[1].replace("\0", "="), FUNCTIONS)


def _outside_calls(text: str) -> str:
    """The equals signs of keyword arguments, inside parentheses, hidden."""
    depth, result = 0, []
    for c in text:
        depth += (c in "([") - (c in ")]")
        result.append("\0" if c == "=" and depth else c)
    return "".join(result)


def parse(text: str) -> ast.expr:
    """The tree of an expression.

    Raises
    ------
    UnreadableError
        If it is not an expression of this language.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = getattr(error, "msg", error)
        raise UnreadableError(f"cannot read {text!r:.80}: {said}") from None
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [part for node in level for part in _chain(node)]
        for node in level:
            if not isinstance(node, _NODES):
                raise UnreadableError(f"{_source(node)} is not part of the language of formulas: {LANGUAGE}")
            if isinstance(node, ast.Constant):
                node.kind = ast.get_source_segment(text, node)  # as it is written: 0.1 is a tenth
        level = [child for node in level for child in _inside(node)]
        if not level:
            return tree
    raise UnreadableError(f"{text!r:.80} is nested more than {DEEPEST} deep")


def _chain(node: ast.AST) -> list[ast.AST]:
    """The operations of a sum or product of many, which stand side by side and not inside one another."""
    nodes = [node]
    while _goes_on(nodes[-1]):
        nodes.append(nodes[-1].left)  # type: ignore[attr-defined]
    return nodes


def _goes_on(node: ast.AST) -> bool:
    """Whether what stands left of an operation belongs to the same chain: a power does not."""
    return isinstance(node, ast.BinOp) and isinstance(node.left, ast.BinOp) and not isinstance(node.left.op, ast.Pow)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node, but for the rest of its chain."""
    for child in ast.iter_child_nodes(node):
        if not (_goes_on(node) and child is node.left):  # type: ignore[attr-defined]
            yield child


def written(tree: ast.AST) -> str:
    """A tree as text; a very long chain as its last operation alone."""
    try:
        return ast.unparse(tree)
    except RecursionError:
        return f"… {ast.unparse(tree.right)}" if isinstance(tree, ast.BinOp) else type(tree).__name__


def _source(node: ast.AST) -> str:
    return f"{written(node)!r:.60}" if isinstance(node, ast.expr) else type(node).__name__


def names_in(tree: ast.AST) -> list[str]:
    """The names of quantities that a tree uses, in the order of reading; functions are none."""
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called and n.id != "np"]
    return list(dict.fromkeys(n.id for n in sorted(found, key=lambda n: (n.lineno, n.col_offset))))


class Interpreter:
    """Evaluates a tree on tensors, so that the formula becomes a recording like any other.

    Parameters
    ----------
    names : mapping
        What each name stands for.
    matrix_stars : bool
        Read every ``*`` between matrices whose shapes do not fit as a matrix product.
    constants : dict, optional
        Receives the numbers that no float holds, such as a tenth, by the tensors that stand for them.
    functions : mapping, optional
        What can be called beside the functions of the language: the activations of a cell's author.
    """

    def __init__(
        self,
        names: Mapping[str, Tensor],
        matrix_stars: bool = False,
        constants: dict[Tensor, Fraction] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.names = names
        self.matrix_stars = matrix_stars
        self.constants = {} if constants is None else constants
        self.functions = {**(functions or {}), **FUNCTIONS}

    def run(self, tree: ast.AST) -> Any:
        """The value of a tree.

        Raises
        ------
        UnreadableError
            For what is not in the language, and for unknown names.
        ShapeError
            For shapes that cannot work.
        """
        kind = type(tree).__name__
        method = getattr(self, f"_{kind}", None)
        if method is None:
            raise UnreadableError(f"{_source(tree)} is not part of the language of formulas: {LANGUAGE}")
        try:
            return method(tree)
        except ZeroDivisionError:
            raise UnreadableError(f"{_source(tree)} divides by zero") from None

    def tensor(self, value: Any) -> Any:
        """A number as a tensor; whatever is none stays as it is."""
        if isinstance(value, list):
            return [self.tensor(v) for v in value]
        if not isinstance(value, Fraction):
            return value
        if Fraction(float(value)) == value:
            return Tensor(float(value))
        made = Tensor(float(value), "constant")
        self.constants[made] = value
        return made

    def _Name(self, tree: ast.Name) -> Tensor:
        if tree.id not in self.names:
            raise UnreadableError(f"{tree.id} is not defined here")
        return self.names[tree.id]

    def _Constant(self, tree: ast.Constant) -> Fraction:
        """Exactly the number that is written, in decimals too."""
        written = (tree.kind or repr(tree.value)).lower()
        power = re.search(r"e[+-]?(\d+)$", written)
        if (
            isinstance(tree.value, bool)
            or not isinstance(tree.value, (int, float))
            or abs(tree.value) > 1e9
            or len(written) > LONGEST_NUMBER
            or (power and int(power[1]) > LONGEST_NUMBER)
        ):
            raise UnreadableError(f"{written:.40} is not a number that a formula may have")
        return Fraction(tree.value) if isinstance(tree.value, int) else Fraction(written.replace("_", ""))

    def _UnaryOp(self, tree: ast.UnaryOp) -> Any:
        if not isinstance(tree.op, (ast.USub, ast.UAdd)):
            raise UnreadableError(f"{written(tree)!r:.60} is not arithmetic")
        value = self.run(tree.operand)
        return -value if isinstance(tree.op, ast.USub) else value

    def _BinOp(self, tree: ast.BinOp) -> Any:
        *rest, innermost = _chain(tree)
        value = self.run(innermost.left)  # type: ignore[attr-defined]
        for node in (innermost, *reversed(rest)):
            value = self._applied(node, value)  # type: ignore[arg-type]
        return value

    def _applied(self, tree: ast.BinOp, a: Any) -> Any:
        """One operation of a chain, whose left side is known."""
        function = _BINARY.get(type(tree.op))
        if function is None:
            raise UnreadableError(f"{type(tree.op).__name__} is not arithmetic of formulas: + - * / ** @")
        b = self.run(tree.right)
        if isinstance(tree.op, ast.Pow):
            if not (isinstance(b, Fraction) and abs(b) <= LARGEST_POWER):
                raise UnreadableError(
                    f"a power in a formula is a number up to {LARGEST_POWER}, not {written(tree.right)!r:.40}"
                )
            if b.denominator == 1 and isinstance(a, Tensor):
                return a ** int(b)
        if isinstance(tree.op, ast.Div) and isinstance(b, Fraction) and not b:
            raise ZeroDivisionError
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            if isinstance(tree.op, ast.MatMult):
                raise UnreadableError(f"{written(tree)!r:.60}: @ is a product of matrices, not of numbers")
            if not isinstance(tree.op, ast.Pow) or b.denominator == 1:
                value = Fraction(function(a, b))
                if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
                    raise UnreadableError(f"{written(tree)!r:.60} is not a number that a formula may have")
                return value
        if isinstance(tree.op, ast.Mult) and self.matrix_stars and _fit_as_matrices(a, b):
            return a @ b
        return function(self.tensor(a), self.tensor(b))

    def _Attribute(self, tree: ast.Attribute) -> Any:
        if tree.attr != "T":
            raise UnreadableError(f".{tree.attr} is not part of the language of formulas; .T is")
        value = self.run(tree.value)
        return value.T if isinstance(value, Tensor) else value

    def _Subscript(self, tree: ast.Subscript) -> Any:
        value = self.run(tree.value)
        if not isinstance(value, Tensor):
            raise UnreadableError(f"{written(tree.value)} is a number and has no parts")
        return value[self._index(tree.slice)]

    def _index(self, tree: ast.AST) -> Any:
        if isinstance(tree, ast.Tuple):
            return tuple(self._index(e) for e in tree.elts)
        if isinstance(tree, ast.Slice):
            return slice(*(None if p is None else self._whole(p) for p in (tree.lower, tree.upper, tree.step)))
        return self._whole(tree)

    def _whole(self, tree: ast.AST) -> int:
        """A whole number, or a size such as n_a."""
        if isinstance(tree, ast.Constant) and type(tree.value) is int:
            return tree.value
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
            return -self._whole(tree.operand)
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub)):
            a, b = self._whole(tree.left), self._whole(tree.right)
            return a + b if isinstance(tree.op, ast.Add) else a - b
        if isinstance(tree, ast.Name) and tree.id in self.names and not self.names[tree.id].ndim:
            return int(self.names[tree.id]._value)
        raise UnreadableError(f"an index is made of whole numbers and sizes such as n_a, not {written(tree)!r:.40}")

    def _Tuple(self, tree: ast.Tuple) -> list[Any]:
        return [self.run(e) for e in tree.elts]

    _List = _Tuple

    def _Call(self, tree: ast.Call) -> Any:
        name = tree.func.id if isinstance(tree.func, ast.Name) else None
        if (
            isinstance(tree.func, ast.Attribute)
            and isinstance(tree.func.value, ast.Name)
            and tree.func.value.id == "np"
        ):
            name = tree.func.attr
        if name not in self.functions or name is None:
            raise UnreadableError(
                f"{written(tree.func)!r:.40} is not a function of formulas: they are {', '.join(self.functions)}"
            )
        keywords = {}
        for k in tree.keywords:
            if k.arg not in _KEYWORDS.get(name, set()):
                raise UnreadableError(f"{name} has no argument {k.arg!r} in formulas")
            keywords[k.arg] = self._setting(k.value)
        positional = tree.args
        if name in ("sum", "mean") and len(positional) == 2:
            keywords["axis"] = self._setting(positional[1])
            positional = positional[:1]
        try:
            return self.functions[name](*(self.tensor(self.run(a)) for a in positional), **keywords)
        except UsageError as error:
            raise UnreadableError(str(error).splitlines()[0]) from None

    def _setting(self, tree: ast.AST) -> Any:
        if isinstance(tree, ast.Constant) and (tree.value is None or type(tree.value) in (bool, int)):
            return tree.value
        if isinstance(tree, ast.Tuple):
            return tuple(self._setting(e) for e in tree.elts)
        return self._whole(tree)


def _fit_as_matrices(a: Any, b: Any) -> bool:
    """Whether two arrays make a matrix product and no element-wise one."""
    if not (isinstance(a, Tensor) and isinstance(b, Tensor) and a.ndim == b.ndim == 2):
        return False
    fits = all(m == n or 1 in (m, n) for m, n in zip(a.shape, b.shape, strict=True))
    return a.shape[1] == b.shape[0] and not fits
