"""A written program, with loops over time, as a graph of ONNX: each loop a Scan, of any number of steps.

What is translated is what `source` writes, read as a tree and never run: a few kinds of statements, NumPy's functions,
and arrays of all steps such as ``a[t]``. What a loop reads of an earlier loop goes into its Scan step by step, what it
reads of its own last turn is carried.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.exchange.onnx_builder import FLOAT, TRUTH, WHOLE, Builder, Written
from autograd_seq.exchange.onnx_numpy import FUNCTIONS, HELPERS, as_float, as_row, as_truth, as_whole

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.MatMult: "matmul",
    ast.Pow: "power",
}  # fmt: skip
COMPARED: dict[type[ast.cmpop], str] = {
    ast.Gt: "greater", ast.Lt: "less", ast.GtE: "greater_equal", ast.LtE: "less_equal", ast.Eq: "equal",
    ast.NotEq: "not_equal",
}  # fmt: skip
ALL = "every"  # what is made of every step in one expression
NUMBERS = {"np.nan": math.nan, "np.inf": math.inf, "np.pi": math.pi, "np.e": math.e}
WHOLES = {"add": "Add", "subtract": "Sub", "multiply": "Mul"}


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is said as a number, or as T and so many more."""

    more: int
    from_end: bool = False

    def plus(self, more: int) -> Step:
        """So many steps later."""
        return Step(self.more + more, self.from_end)


@dataclass(slots=True)
class History:
    """What a program keeps of every step, as ``a[t]``.

    Attributes
    ----------
    single : dict of Step to Written
        What was put in outside of a loop, such as a[0].
    stacked : Written or None
        All steps from `first` to `last` along the first axis, in the order of time.
    """

    single: dict[Step, Written] = field(default_factory=dict)
    stacked: Written | None = None
    first: Step = Step(1)
    last: Step = Step(0, True)


class UntranslatedError(UsageError):
    """Something in a program that has no translation."""


def refused(node: ast.AST, why: str = "") -> UntranslatedError:
    """The error that says which part of the program it is."""
    told = f"{why}: {ast.unparse(node):.120}" if why else f"{ast.unparse(node):.120}"
    return UntranslatedError(f"this part of the program cannot be written as ONNX: {told}{here()}")


class Translator:
    """Translates the functions of one module into one graph.

    Parameters
    ----------
    text : str
        What `source` wrote.
    builder : Builder
    """

    def __init__(self, text: str, builder: Builder) -> None:
        module = ast.parse(text)
        self.functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
        self.b = builder
        self.env: dict[str, Any] = {}
        self.loop: Loop | None = None
        self.ranks: dict[str, int] = {}  # of what is kept of every step, how many axes one step has
        self.by_nodes: Callable[[Loop], None] = lambda loop: None  # writes known cells as nodes
        self.settings: set[str] = set()  # of the helper that is written out: None is one of their values
        self.kept: set[str] = set()  # what is read when these statements have been translated

    def run(self, statements: Sequence[ast.stmt]) -> Any:
        """Translate statements; what they return is given as trees or values."""
        for number, statement in enumerate(statements):
            if isinstance(statement, ast.Return):
                return statement.value
            self._statement(statement, statements[number + 1 :])
        return None

    def _statement(self, node: ast.stmt, later: Sequence[ast.stmt]) -> None:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # what the function says of itself
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            self._assign(node.targets[0], node.value)
        elif isinstance(node, ast.AugAssign):
            if self.loop is not None and self.loop.adds(node):
                return
            old = self.value(ast.copy_location(_loaded(node.target), node))
            self._put(node.target, self._operation(node.op, old, self.value(node.value), node))
        elif isinstance(node, ast.For):
            Loop(self, node, later).translate()
        elif isinstance(node, ast.If):
            self._if(node)
        elif isinstance(node, ast.With):
            self.run(node.body)
        else:
            raise refused(node)

    def _if(self, node: ast.If) -> None:
        """A refusal of other sizes, or a default for what was not given."""
        if all(isinstance(part, (ast.Raise, ast.Expr)) for part in node.body) and not node.orelse:
            return
        test = node.test
        is_none = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) and isinstance(test.left, ast.Name)
        if not is_none:
            made = ", ".join(dict.fromkeys(name for statement in node.body for name in _targets(statement)))
            raise refused(node.test, f"the steps are not all alike, as {made} depends on a condition")
        if self.env.get(test.left.id) is None:  # type: ignore[attr-defined]
            self.run(node.body)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name) and isinstance(value, ast.Dict):
            if value.keys and all(key is not None and _is_key(key) for key in value.keys):
                self.env[target.id] = value  # the cache, or the gradients
                return
            made = History()
            for key, entry in zip(value.keys, value.values, strict=True):
                made.single[self.step(key)] = as_float(self.b, self.value(entry))
            self.env[target.id] = made
            return
        if isinstance(target, ast.Name) and isinstance(value, ast.Subscript) and _is_key(value.slice):
            if target.id not in self.env:
                raise refused(value, "nothing has this name")
            return  # parameters["W"], cache["a"]: it has its name already
        self._put(target, self.value(value))

    def _put(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.env[target.id] = value
            if self.loop is not None:
                self.loop.now.add(target.id)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and self.loop is not None:
            self.loop.put(target.value.id, target.slice, as_float(self.b, value))
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            held = self.env[target.value.id]
            if not isinstance(held, History):
                raise refused(target, "an array is written into")
            held.single[self.step(target.slice)] = as_float(self.b, value)
        else:
            raise refused(target)

    # -- steps ----------------------------------------------------------------------------------

    def step(self, node: ast.expr | None) -> Step:
        """A step that is said outside of a loop: a number, T, T + 1."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return Step(node.value)
        if isinstance(node, ast.Name) and node.id == "T":
            return Step(0, True)
        more = _shifted(node, "T")
        if more is None:
            raise refused(node or ast.Constant(None), "a step")
        return Step(more, True)

    def whole_of(self, step: Step) -> Written:
        """A step as a whole number of the graph."""
        if not step.from_end:
            return self.b.constant(step.more, WHOLE)
        last = as_whole(self.b, self.env["T"])
        return last if not step.more else self.b.node("Add", [last, self.b.constant(step.more, WHOLE)], of=WHOLE)

    def at_step(self, held: History, step: Step, node: ast.expr) -> Written:
        """One step of a history, outside of the loop that made it."""
        if step in held.single:
            return held.single[step]
        if held.stacked is None:
            raise refused(node, "nothing was put there")
        if step.from_end == held.last.from_end and step.from_end:
            place = self.b.constant(step.more - held.last.more - 1, WHOLE)
        elif not step.from_end and not held.first.from_end:
            place = self.b.constant(step.more - held.first.more, WHOLE)
        else:
            raise refused(node, "a step")
        return self.b.node("Gather", [held.stacked, place], axis=0)

    # -- expressions ----------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Any:
        """The value of an expression: of the graph, or a number."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, (ast.Tuple, ast.List)):
            if any(isinstance(part, ast.Starred) for part in node.elts):
                return self._listed(node.elts)
            return [self.value(part) for part in node.elts]
        if isinstance(node, ast.UnaryOp):
            return self._sign(node)
        if isinstance(node, ast.BinOp):
            return self._operation(node.op, self.value(node.left), self.value(node.right), node)
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARED:
            both = [self.value(node.left), self.value(node.comparators[0])]
            return FUNCTIONS[COMPARED[type(node.ops[0])]](self.b, both, {})
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.IfExp) and isinstance(self._given(node.test), bool):
            return self.value(node.body if self._given(node.test) else node.orelse)
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return self._all_steps(node)
        raise refused(node)

    def _given(self, test: ast.expr) -> Any:
        """What a condition is that asks for one of a helper's settings."""
        return test.value if isinstance(test, ast.Constant) else self.env.get(ast.unparse(test))

    def _all_steps(self, node: ast.ListComp | ast.GeneratorExp) -> Written:
        """``[f(a[t]) for t in range(1, T + 1)]``: something for every step, along the first axis."""
        (generator,) = node.generators
        if generator.ifs or self.loop is not None:
            raise refused(node)
        called = ast.Subscript(ast.Name(ALL, ast.Store()), generator.target, ast.Store())
        return self.made_by(ast.For(generator.target, generator.iter, [ast.Assign([called], node.elt)], []))

    def _listed(self, parts: Sequence[ast.expr]) -> Written:
        """``[a, *(b[t] for t in …)]``: all along the first axis."""
        found = [
            self.value(part.value) if isinstance(part, ast.Starred)
            else self.b.node("Unsqueeze", [as_float(self.b, self.value(part)), self.b.wholes(0)])
            for part in parts
        ]  # fmt: skip
        return found[0] if len(found) == 1 else self.b.node("Concat", found, axis=0)

    def made_by(self, node: ast.For) -> Written:
        """What a loop puts into the history `ALL`."""
        self.env[ALL] = History()
        Loop(self, ast.fix_missing_locations(node), [ast.Expr(ast.Name(ALL))]).translate()
        made: History = self.env.pop(ALL)
        assert made.stacked is not None
        return made.stacked

    def _all_along(self, node: ast.Call, held: Written, axis: int) -> Written:
        """``np.stack([a[t] for …], axis=-1)``: what every step has made, along another axis."""
        if axis == 0:
            return held
        names = [part.id for part in ast.walk(node.args[0]) if isinstance(part, ast.Name) and part.id in self.ranks]
        if not names:
            raise refused(node)
        rank = self.ranks[names[0]]
        order = list(range(1, rank + 1))
        order.insert(axis % (rank + 1), 0)
        return self.b.node("Transpose", [held], perm=order)

    def _one_after_another(self, node: ast.Call, held: Written, axis: int) -> Written:
        """``np.concatenate([a[t] for …])``: the first two axes are one."""
        if axis != 0:
            raise refused(node, "steps that are joined along another axis than the first")
        sizes = self.b.node("Shape", [held], of=WHOLE)
        inner = self.b.node("Slice", [sizes, self.b.wholes(2), self.b.wholes(2**62)], of=WHOLE)
        shape = self.b.node("Concat", [self.b.wholes(-1), inner], of=WHOLE, axis=0)
        return self.b.node("Reshape", [held, shape])

    def _name(self, node: ast.Name) -> Any:
        if self.loop is not None and (carried := self.loop.read(node.id)) is not None:
            return carried
        if node.id not in self.env or (self.env[node.id] is None and node.id not in self.settings):
            raise refused(node, "nothing has this name")
        return self.env[node.id]

    def _sign(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.USub):
            return -value if not isinstance(value, Written) else self.b.node("Neg", [value], of=value.kind)
        if isinstance(node.op, (ast.Not, ast.Invert)) and isinstance(value, Written):
            return self.b.node("Not", [as_truth(self.b, value)], of=TRUTH)
        raise refused(node)

    def _operation(self, sign: ast.operator, left: Any, right: Any, node: ast.AST) -> Any:
        called = SIGNS.get(type(sign))
        if called is None:
            raise refused(node)
        numbers = [x for x in (left, right) if not isinstance(x, Written)]
        if len(numbers) == 2 and all(isinstance(x, (int, float)) for x in numbers):
            return _calculated(called, left, right)
        whole = all(isinstance(x, int) or (isinstance(x, Written) and x.kind == WHOLE) for x in (left, right))
        if whole and called in WHOLES:
            return self.b.node(WHOLES[called], [as_whole(self.b, x) for x in (left, right)], of=WHOLE)
        return FUNCTIONS[called](self.b, [left, right], {})

    def _attribute(self, node: ast.Attribute) -> Any:
        if (written := ast.unparse(node)) in NUMBERS:
            return NUMBERS[written]
        value = self.value(node.value)
        if node.attr == "T":
            return self.b.node("Transpose", [as_float(self.b, value)])
        if node.attr == "shape":
            return self.b.node("Shape", [value], of=WHOLE)
        if node.attr == "size":
            return self.b.node("Size", [value], of=WHOLE)
        raise refused(node)

    def _call(self, node: ast.Call) -> Any:
        settings = {word.arg: self.value(word.value) for word in node.keywords if word.arg is not None}
        called = node.func
        if isinstance(called, ast.Name) and called.id in self.functions:
            if "np.s_" in ast.unparse(node):
                raise refused(node, "parts of an array are put together without a loop that goes from step to step")
            if called.id in HELPERS:
                return HELPERS[called.id](self.b, [self.value(x) for x in node.args], settings)
            return self._helper(self.functions[called.id], [self.value(x) for x in node.args], settings, node)
        arguments = [self.value(x) for x in node.args]
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "np":
            word = called.attr
            if word == "stack" and isinstance(arguments[0], Written):
                return self._all_along(node, arguments[0], settings.get("axis", 0))
            if word == "concatenate" and isinstance(arguments[0], Written):
                return self._one_after_another(node, arguments[0], settings.get("axis", [*arguments, 0][1]))
        elif isinstance(called, ast.Attribute):
            word, arguments = called.attr, [self.value(called.value), *arguments]  # x.reshape(…)
        else:
            raise refused(node)
        if word not in FUNCTIONS:
            raise refused(node, f"np.{word} has no translation")
        settings = {key: tuple(v) if isinstance(v, list) else v for key, v in settings.items()}
        return FUNCTIONS[word](self.b, arguments, settings)

    def _helper(self, function: ast.FunctionDef, given: list[Any], settings: dict[str, Any], node: ast.Call) -> Any:
        """What a helper of the program returns, its statements written out in place of the call."""
        names = [argument.arg for argument in function.args.args]
        defaults = {
            name: self.value(value)
            for name, value in zip(names[len(names) - len(function.args.defaults) :], function.args.defaults)
        }
        outside, loop, before = self.env, self.loop, self.settings
        self.env, self.loop = defaults | dict(zip(names, given)) | settings, None
        self.settings = {*defaults, *settings}
        try:
            returned = self.run(function.body)
            if returned is None:
                raise refused(node, "a helper without a result")
            return self.value(returned)
        finally:
            self.env, self.loop, self.settings = outside, loop, before

    # -- parts of arrays ------------------------------------------------------------------------

    def _subscript(self, node: ast.Subscript) -> Any:
        base = node.value
        if isinstance(base, ast.Name) and self.loop is not None:
            found = self.loop.element(base.id, node)
            if found is not None:
                return found
        if isinstance(base, ast.Name) and isinstance(self.env.get(base.id), History):
            return self.at_step(self.env[base.id], self.step(node.slice), node)
        value = self.value(base)
        if isinstance(value, Written) and value.kind == WHOLE and isinstance(node.slice, ast.Constant):
            return self.b.node("Gather", [value, self.b.constant(node.slice.value, WHOLE)], of=WHOLE, axis=0)
        is_mask = isinstance(value, Written) and value.kind == TRUTH
        return self._part(value if is_mask else as_float(self.b, value), node)

    def _part(self, value: Written, node: ast.Subscript) -> Written:
        """A part by slices, places and new axes."""
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        axis, slices = 0, []
        picked: list[tuple[int, ast.expr]] = []
        new: list[int] = []
        for number, part in enumerate(parts):
            if isinstance(part, ast.Constant) and part.value is ...:
                axis = number + 1 - len(parts)  # what follows is counted from the last axis
                if any(isinstance(other, ast.Constant) and other.value is None for other in parts):
                    raise refused(node, "a new axis beside an ellipsis")
                continue
            if isinstance(part, ast.Constant) and part.value is None:
                new.append(axis - len(picked) + len(new))
                continue
            if isinstance(part, ast.Slice):
                if part.step is not None:
                    raise refused(node, "a step within a slice")
                if part.lower is not None or part.upper is not None:
                    slices.append((axis, part.lower, part.upper))
            else:
                picked.append((axis, part))
            axis += 1
        for along, lower, upper in slices:
            bounds = self._bound(lower, 0), self._bound(upper, 2**62), self.b.wholes(along)
            value = self.b.node("Slice", [value, *bounds], of=value.kind)
        from_first, from_last = ([p for p in picked if (p[0] < 0) == last] for last in (False, True))
        for along, place in (*reversed(from_first), *from_last):
            value = self.b.node("Gather", [value, as_whole(self.b, self.value(place))], of=value.kind, axis=along)
        return self.b.node("Unsqueeze", [value, self.b.wholes(*new)], of=value.kind) if new else value

    def _bound(self, node: ast.expr | None, otherwise: int) -> Written:
        return self.b.wholes(otherwise) if node is None else as_row(self.b, self.value(node))


class Loop:
    """A loop over time as a Scan."""

    def __init__(self, outside: Translator, node: ast.For, later: Sequence[ast.stmt]) -> None:
        self.outside, self.node = outside, node
        self.counter = node.target.id if isinstance(node.target, ast.Name) else ""
        self.first, self.last, self.back = self._range()
        self.read_later = outside.kept | {
            part.id
            for statement in later
            if not _is_cache(statement)
            for part in ast.walk(statement)
            if isinstance(part, ast.Name)
        }
        self.states: dict[str, tuple[Written, Written]] = {}  # by variable: what it begins with, and inside the body
        self.scanned: dict[str, tuple[Written, Written, int]] = {}  # by text: the array, inside the body, the axis
        self.made: dict[str, Written] = {}  # what this turn has put into histories
        self.added: dict[tuple[str, int, int], Written] = {}  # to which array, axis, distance from the counter
        self.now: set[str] = set()  # variables that this turn has given a value
        self.assigned = {name for statement in node.body for name in _targets(statement)}

    def _range(self) -> tuple[Step, Step, bool]:
        call = self.node.iter
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"):
            raise refused(call, "a loop over anything but range")
        given = list(call.args) if len(call.args) > 1 else [ast.Constant(0), *call.args]
        begin, end = (self.outside.step(x) for x in given[:2])
        if len(given) == 3:
            if ast.unparse(given[2]) != "-1":
                raise refused(call, "a loop that leaves out steps")
            return end.plus(1), begin, True
        return begin, end.plus(-1), False

    def translate(self) -> None:
        """Add the Scan, and what it leaves, to the graph outside."""
        t, body = self.outside, self.outside.b.body()
        t.by_nodes(self)
        statements = self._needed()
        if not statements:
            return
        outer, before = t.b, dict(t.env)
        counted = body.fresh("t")
        self.body, self.outer, self.counted = body, outer, Written(counted, WHOLE)
        t.b, t.loop = body, self
        try:
            t.run(statements)
            inside = dict(t.env)
        finally:
            t.b, t.loop, t.env = outer, None, before
        self._write(inside)

    def beforehand(self, name: str, without: set[str]) -> Written | None:
        """Every step of a variable of the body, computed in a loop of its own; None if that needs other variables."""
        t = self.outside
        kept = isinstance(t.env.get(name), History)
        value = ast.parse(f"{name}[{self.counter}]" if kept else name, mode="eval").body
        target = ast.parse(f"{ALL}[{self.counter}]", mode="eval").body
        ahead = ast.For(self.node.target, self.node.iter, [*self.node.body, ast.Assign([target], value)], [])
        loop = Loop(t, ahead, [ast.Expr(ast.Name(ALL))])
        t.env[ALL] = History()
        made = {target for statement in loop._needed() for target in _targets(statement)}
        if name not in made or made & without:
            del t.env[ALL]
            return None
        by_nodes, t.by_nodes = t.by_nodes, lambda loop: None
        try:
            return t.made_by(ahead)
        finally:
            t.by_nodes = by_nodes

    def _needed(self) -> list[ast.stmt]:
        """The statements that something needs; what is there already is not computed again."""
        there = {name for name in self.assigned if self._is_there(name)}
        needed, kept = set(self.read_later), set()
        while True:
            for statement in self.node.body:
                made = set(_targets(statement))
                if statement not in kept and made & needed and not made <= there:
                    kept.add(statement)
                    needed |= {part.id for part in ast.walk(statement) if isinstance(part, ast.Name)} - there
                    break
            else:
                break
        self.assigned = {name for statement in kept for name in _targets(statement)}
        return [statement for statement in self.node.body if statement in kept]

    def _is_there(self, name: str) -> bool:
        held = self.outside.env.get(name)
        return isinstance(held, History) and held.stacked is not None

    # -- what the body reads --------------------------------------------------------------------

    def read(self, name: str) -> Any:
        """A variable inside the body: the counter, or one that the turn before has left; None for any other."""
        if name == self.counter:
            return self.counted
        if name in self.now or name not in self.assigned or isinstance(self.outside.env.get(name), History):
            return None
        if name not in self.states:
            if self.outside.env.get(name) is None:
                raise refused(self.node.target, f"{name} begins with nothing")
            begin = as_float(self.outer, self.outside.env[name])
            self.states[name] = begin, Written(self.body.fresh(f"{name}_before"))
        return self.states[name][1]

    def element(self, name: str, node: ast.Subscript) -> Written | None:
        """One step of a history or of an array of all steps; None where no index counts."""
        held = self.outside.env.get(name)
        if isinstance(held, History):
            return self._of_history(name, held, node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if all(self._counts(part) is None for part in parts) or not isinstance(held, Written):
            return None
        found = self._place(node)
        if found is None:
            raise refused(node, "more than one index that counts")
        axis, more = found
        steps = self._steps_of(held, axis, self.first.plus(more), self.last.plus(more))
        return self._scan(ast.unparse(node), steps, axis)

    def _place(self, node: ast.Subscript) -> tuple[int, int] | None:
        """The axis along which an index counts, and how far it is from the counter; None if others are picked too."""
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        (axis, more), *others = [*self._counting(parts), (0, 0)]
        whole = all(
            isinstance(part, ast.Slice) and part.lower is part.upper is part.step is None
            for k, part in enumerate(parts) if k != axis
        )  # fmt: skip
        return (axis, more) if whole and len(others) == 1 else None

    def _counting(self, parts: Sequence[ast.expr]) -> list[tuple[int, int]]:
        return [(axis, more) for axis, part in enumerate(parts) if (more := self._counts(part)) is not None]

    def _counts(self, part: ast.expr) -> int | None:
        if isinstance(part, ast.Name) and part.id == self.counter:
            return 0
        return _shifted(part, self.counter)

    def _of_history(self, name: str, held: History, node: ast.Subscript) -> Written:
        more = self._counts(node.slice)
        if more is None:
            was, self.outside.b = self.outside.b, self.outer
            try:
                return self.outside.at_step(held, self.outside.step(node.slice), node)
            finally:
                self.outside.b = was
        if name in self.made and more == 0:
            return self.made[name]
        if name in self.assigned:
            if more != (1 if self.back else -1):
                raise refused(node, "what a loop made more than a step before")
            begin = held.single.get(self.last.plus(1) if self.back else self.first.plus(-1))
            if begin is None:
                raise refused(node, "a first step that begins with nothing")
            key = f"{name}[]"
            if key not in self.states:
                self.states[key] = begin, Written(self.body.fresh(f"{name}_before"))
            return self.states[key][1]
        return self._scan(ast.unparse(node), self._of_earlier(held, more, node), 0)

    def _of_earlier(self, held: History, more: int, node: ast.Subscript) -> Written:
        """The steps of a history that this loop goes through, as one array."""
        first, last = self.first.plus(more), self.last.plus(more)
        if held.stacked is None or first.from_end != held.first.from_end or last.from_end != held.last.from_end:
            raise refused(node, "steps that no loop has made")
        before, after = held.first.more - first.more, last.more - held.last.more
        parts = [held.stacked]
        if before < 0 or after < 0:
            bounds = max(-before, 0), after if after < 0 else 2**62, 0
            parts = [self.outer.node("Slice", [held.stacked, *map(self.outer.wholes, bounds)])]
        for missing, step in ((before, first), (after, last)):
            if missing > 1 or (missing == 1 and step not in held.single):
                raise refused(node, "a step that nothing was put into")
            if missing == 1:
                one = self.outer.node("Unsqueeze", [held.single[step], self.outer.wholes(0)])
                parts = [one, *parts] if step is first else [*parts, one]
        return parts[0] if len(parts) == 1 else self.outer.node("Concat", parts, axis=0)

    def _steps_of(self, array: Written, axis: int, first: Step, last: Step) -> Written:
        """The part of an array that the loop goes through."""
        if first.from_end or not last.from_end:
            raise refused(self.node.iter, "a loop that does not run to T")
        ends = as_row(self.outer, self._outer_whole(last.plus(1)))
        bounds = self.outer.wholes(first.more), ends, self.outer.wholes(axis)
        return self.outer.node("Slice", [array, *bounds], of=array.kind)

    def _outer_whole(self, step: Step) -> Written:
        was, self.outside.b = self.outside.b, self.outer
        try:
            return self.outside.whole_of(step)
        finally:
            self.outside.b = was

    def _scan(self, text: str, array: Written, axis: int) -> Written:
        if text not in self.scanned:
            self.scanned[text] = array, Written(self.body.fresh("step"), array.kind), axis
        return self.scanned[text][1]

    def put(self, name: str, index: ast.expr, value: Written) -> None:
        """What this turn makes of a history."""
        if self._counts(index) != 0 or not isinstance(self.outside.env.get(name), History):
            raise refused(index, "only this step's own place can be filled")
        self.made[name] = value

    def adds(self, node: ast.AugAssign) -> bool:
        """Take what each turn adds to its own place in an array of all steps; False if it is something else.

        The places are different at each turn, so the terms of all turns are one array, added behind the loop.
        """
        target = node.target
        if not (isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)):
            return False
        name = target.value.id
        if not isinstance(node.op, ast.Add) or isinstance(self.outside.env.get(name), History):
            return False
        place = self._place(target)
        if place is None or any(name in _names(part) for part in self.node.body if not _adds_to(part, name)):
            raise refused(target, "only this step's own place can be filled")
        key, value = (name, *place), as_float(self.body, self.outside.value(node.value))
        self.added[key] = self.body.node("Add", [self.added[key], value]) if key in self.added else value
        return True

    # -- the Scan -------------------------------------------------------------------------------

    def _write(self, inside: dict[str, Any]) -> None:
        from onnx import helper

        body, outer = self.body, self.outer
        names = list(self.states)
        ends = [self.made[n[:-2]] if n.endswith("[]") else as_float(body, inside[n]) for n in names]
        kept = [name for name in self.made if name in self.read_later]
        stacked = [*(self.made[name] for name in kept), *self.added.values()]
        axes = [*(0 for _ in kept), *(axis for _, axis, _ in self.added)]
        bounds = [self._outer_whole(step) for step in (self.first, self.last.plus(1))]
        count = outer.node("Range", [*bounds, outer.constant(1, WHOLE)], of=WHOLE)
        reads = [(count, self.counted, 0), *self.scanned.values()]
        results = [body.node("Identity", [value], of=value.kind) for value in (*ends, *stacked)]
        inner = [*(inside for _, inside in self.states.values()), *(inside for _, inside, _ in reads)]
        described = [
            [helper.make_tensor_value_info(value.name, body.element_type(value.kind), None) for value in values]
            for values in (inner, results)
        ]
        graph = helper.make_graph(body.nodes, body.fresh("loop"), *described)
        given = [*(begin for begin, _ in self.states.values()), *(array for array, _, _ in reads)]
        turned = int(self.back)
        laid = {"scan_output_directions": [turned] * len(axes), "scan_output_axes": axes} if axes else {}
        called = [f"{name.removesuffix('[]')}_last" for name in names] + kept
        called += [f"{name}_by_steps" for name, _, _ in self.added]
        found = outer.nodes_of(
            "Scan", given, called, [FLOAT] * len(called),
            body=graph, num_scan_inputs=len(reads), scan_input_axes=[axis for _, _, axis in reads],
            scan_input_directions=[turned] * len(reads), **laid,
        )  # fmt: skip
        for name, value in zip(names, found):
            if not name.endswith("[]"):
                self.outside.env[name] = value
        for name, value in zip(kept, found[len(names) :]):
            held = self.outside.env[name]
            self.outside.env[name] = History(held.single, value, self.first, self.last)
        for (name, axis, more), value in zip(self.added, found[len(names) + len(kept) :]):
            self.outside.env[name] = self._with_steps(self.outside.env[name], value, axis, more)

    def _with_steps(self, array: Any, terms: Written, axis: int, more: int) -> Written:
        """An array with terms added along an axis, from the first of the loop's steps to the last."""
        outer, whole = self.outer, as_float(self.outer, array)
        begin, end = (as_row(outer, self._outer_whole(s.plus(more))) for s in (self.first, self.last.plus(1)))
        along, nothing, behind = outer.wholes(axis), outer.wholes(0), outer.wholes(2**62)
        parts = [(nothing, begin), (begin, end), (end, behind)]
        before, those, after = (outer.node("Slice", [whole, *bounds, along]) for bounds in parts)
        return outer.node("Concat", [before, outer.node("Add", [those, terms]), after], axis=axis)


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _adds_to(statement: ast.stmt, name: str) -> bool:
    """Whether a statement only adds something to a part of an array, and reads it nowhere else."""
    if not (isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Subscript)):
        return False
    return _names(statement.target.value) == {name} and name not in _names(statement.value)


def _calculated(called: str, left: float, right: float) -> float:
    return {
        "add": lambda: left + right, "subtract": lambda: left - right, "multiply": lambda: left * right,
        "divide": lambda: left / right, "power": lambda: left**right,
    }[called]()  # fmt: skip


def _shifted(node: ast.AST | None, name: str) -> int | None:
    """The number that is added to a name; None if it is no such sum."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name) and node.left.id == name):
        return None
    if not (isinstance(node.right, ast.Constant) and type(node.right.value) is int):
        return None
    sign = {ast.Add: 1, ast.Sub: -1}.get(type(node.op))
    return None if sign is None else sign * node.right.value


def _is_cache(statement: ast.stmt) -> bool:
    """Whether a statement only puts aside what a backward pass may want."""
    return isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "cache"


def _is_key(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _loaded(target: ast.expr) -> ast.expr:
    """A target, to be read."""
    return ast.parse(ast.unparse(target), mode="eval").body


def _targets(statement: ast.stmt) -> Iterable[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign):
            targets = [node.target]
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id
            elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                yield target.value.id
