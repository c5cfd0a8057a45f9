"""The right formula, in the language of formulas: by forward quantities and by adjoints that are given or short."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import numpy as np

from autograd_seq.check.claims.grammar import FUNCTIONS, Interpreter, UnreadableError, parse
from autograd_seq.check.claims.printed import plain
from autograd_seq.check.claims.setting import Setting
from autograd_seq.core.errors import AutogradError
from autograd_seq.core.graph import Graph
from autograd_seq.core.notation import ATOM, PRODUCT, SIGN, Written
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.finding import difference
from autograd_seq.folding.literal import is_literal
from autograd_seq.writer import Called, Writer

EQUAL = 1e-9
LONGEST = 1000  # characters of a correction that anybody reads
_STACKS = (("n_a",), ("n_a", "n_x"), ("n_a", "n_a"), ("n_a", "n_a", "n_x"))  # where the parts of a stack end


def correction(setting: Setting, r: Tensor, in_full: bool = False) -> str | None:
    """A formula for a record that the grammar reads back to the same numbers; None if it has none.

    Parameters
    ----------
    setting : Setting
        Whose names are used.
    r : Tensor
        A forward record, or an adjoint.
    in_full : bool
        Write out adjoints of what an activation is applied to, which have names of their own.
    """
    for text in _written(setting, r, in_full):
        if len(text) <= LONGEST and reads_back(setting, text, r):
            return text
    return None


def reads_back(setting: Setting, text: str, r: Tensor) -> bool:
    """Whether a formula is in the language, and means a record's numbers."""
    try:
        tree = parse(plain(text, FUNCTIONS))
        reader = Interpreter(setting.names, False, dict(setting.constants), setting.activations)
        with np.errstate(all="ignore"):
            value = reader.tensor(reader.run(tree))
    except UnreadableError:
        return False
    except AutogradError:
        return False
    if not isinstance(value, Tensor):
        return False
    found = np.broadcast_to(value._value, r.shape) if not value.ndim else value._value
    return difference(found, r._value) <= EQUAL


def _written(setting: Setting, r: Tensor, in_full: bool) -> Iterator[str]:
    """Ways to write a record, the shortest first."""
    before = {a: f"d{n}" for n, a in setting.quantities.items() if _is_before(setting, n)}
    for stops in ({},) if in_full else (before, {}):
        yield _Corrector(setting, r, stops).text()


def _is_before(setting: Setting, name: str) -> bool:
    return any(setting.before_activation(k) == name for k in setting.forward)


class _Corrector:
    """Writes one record."""

    def __init__(self, setting: Setting, r: Tensor, stops: dict[Tensor, str]) -> None:
        self.setting, self.r = setting, r
        self.stops = {**stops, **{seed: name for name, seed in setting.seeds.items() if seed not in setting.ones}}
        forward = any(r is x for x in setting.forward.values())
        for name, record in setting.forward.items():
            inner = forward and _is_before(setting, name)  # the notes have no name for it
            if not inner and (record not in self.stops or name.endswith("_next")):
                self.stops[record] = name
        self.writer = Writer("formula", self.refer)
        self._given: dict[Tensor, bool] = {}

    def text(self) -> str:
        """The formula."""
        return re.sub(r"axis=\((\d+),\)", r"axis=\1", self.writer(self.r).replace("np.", ""))

    def refer(self, x: Tensor) -> Called:
        """What stands for a record, so that it is not written out by its own form."""
        if x is not self.r or x.operation is None:
            name = self.stops.get(x) or (x.name if x.operation is None else None)
            if name:
                return name
        if x.operation is not None and self._is_given(x):
            return _number(x)
        made: dict[str, Callable[[Tensor], Called]] = {"product": self._product, "part": self._part}
        return made[algebra(x)](x) if algebra(x) in made else None

    def _is_given(self, x: Tensor) -> bool:
        """Whether a record is made of the adjoint of a loss, which is 1, and of numbers alone."""
        if x not in self._given:
            leaves = Graph(x).leaves
            ones = self.setting.ones
            self._given[x] = any(r in ones for r in leaves) and all(r in ones or is_literal(r) for r in leaves)
        return self._given[x]

    def _product(self, x: Tensor) -> Called:
        """A product without its factors of 1."""
        a, b = x.inputs
        for one, other in ((a, b), (b, a)):
            if self._is_given(one) and np.all(one._value == 1):
                return self.writer.write(other)
            if self._is_given(one) and np.all(one._value == -1):
                return f"-{self.writer(other, PRODUCT)}", SIGN
        return None

    def _part(self, x: Tensor) -> Called:
        """A slice of rows by the sizes that the notes name."""
        index = x.settings["index"]
        parts = index if isinstance(index, tuple) else (index,)
        if not all(isinstance(p, slice) and p.step is None for p in parts):
            return None
        said = [self._range(p, length) for p, length in zip(parts, x.inputs[0].shape, strict=False)]
        return f"{self.writer(x.inputs[0], ATOM)}[{', '.join(said)}]", ATOM

    def _range(self, part: slice, length: int) -> str:
        start, stop = part.start or 0, length if part.stop is None else part.stop
        return f"{self._bound(start) if start else ''}:{self._bound(stop) if stop != length else ''}"

    def _bound(self, place: int) -> str:
        """A number as the end of a stack's part, such as n_a."""
        sizes = self.setting.sizes
        for stack in _STACKS:
            if all(k in sizes for k in stack) and sum(int(sizes[k]._value) for k in stack) == place:
                return " + ".join(stack)
        return str(place)


def _number(x: Tensor) -> Written | str | None:
    """The number that all elements of an array are, if they are one whole number."""
    values = np.unique(x._value)
    if values.size != 1 or not float(values[0]).is_integer():
        return None
    text = str(int(values[0]))
    return text if values[0] >= 0 else (text, SIGN)


def regroupings(tree: ast.expr) -> list[ast.expr]:
    """(A + B) * f for each way to split the product in A + B * f."""
    if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub))):
        return []
    factors: list[ast.expr] = []
    rest = tree.right
    while isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Mult):
        factors.insert(0, rest.right)
        rest = rest.left
    found = []
    for k in range(len(factors)):
        inner: ast.expr = rest
        for f in factors[:k]:
            inner = ast.BinOp(inner, ast.Mult(), f)
        whole: ast.expr = ast.BinOp(tree.left, tree.op, inner)
        for f in factors[k:]:
            whole = ast.BinOp(whole, ast.Mult(), f)
        found.append(ast.fix_missing_locations(ast.copy_location(whole, tree)))
    return found


def left_of(text: str) -> str:
    """What stands on the left of a claim, as it was written."""
    return text.split("=")[0].strip()
