"""The printed text of equations, read back as a person reads it: nothing is asked of what wrote it.

∘ is a product by element, two things side by side are a matrix product, `[a; x]` stands one above the other, Σ_t
reaches up to the next sign, `name<t>` is a name at a step from 1 to T. Sums keep their axes; vectors are as NumPy has
them.
"""

import re
from functools import partial

import numpy as np

TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?|½)"
    r"|(?P<series>Σ_t(?:=[\dT+\-]+…[\dT+\-]+)?(?= ))"
    r"|(?P<name>[^\W\dᵀ](?:(?![²ᵀ])[\w\u0300-\u036f])*(?:<[tT\d+\-]+>)?)"
    r"|(?P<sign>\+=|[-+−∘/^²ᵀ()\[\];,:…=])"
)
GRADIENT = re.compile(r"^∂[^/]+/∂(.+)$")


NOTHING = object()  # what a sum over time begins with


class Scattered:
    """`(0; [i] += x; …)`: zeros of a shape that only its neighbours tell, with parts added into them."""

    def __init__(self, parts):
        self.parts = parts

    def of(self, shape):
        whole = np.zeros(shape)
        for index, part in self.parts:
            whole[index] += np.reshape(part, whole[index].shape) if np.ndim(part) else part
        return whole

    def __mul__(self, number):
        return Scattered([(index, number * part) for index, part in self.parts])

    __rmul__ = __mul__


FUNCTIONS = {
    "Σ": np.sum,
    "Σ_rows": lambda x: np.sum(x, axis=0, keepdims=np.ndim(x) > 1),
    "Σ_columns": lambda x: np.sum(x, axis=1, keepdims=True),
    "mean": np.mean,
    "outer": np.outer,
    "tanh": np.tanh,
    "log": np.log,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "σ": lambda z: 1 / (1 + np.exp(-z)),
    "softmax": lambda z: np.exp(z) / np.sum(np.exp(z), axis=0, keepdims=True),
    "stack": np.stack,
    "squeeze": np.squeeze,
}


def along_time(x, T):
    """`Σ_t(x)`: along the axis that has a place for each step."""
    (axis,) = (k for k, n in enumerate(np.shape(x)) if n == T)
    return np.sum(x, axis=axis, keepdims=np.ndim(x) > 1)


class Page:
    """A page of equations, with the values of what it defines nothing for.

    Parameters
    ----------
    text : str
        As printed.
    given : dict
        What is given, by its printed name; a function of t for what is given at every step.
    T : int
        How many steps there are.
    """

    def __init__(self, text, given, T):
        self.given, self.T, self.known = given, T, {}
        self.equations, self.assumed = {}, []
        for line in filter(None, map(str.strip, text.splitlines())):
            if " = " in line:
                self._learn(line)

    def _learn(self, line):
        statement, *said = re.split(r" {4}\(", line)
        left, right = statement.split(" = ", 1)
        conditions = [c for s in said for c in s.removesuffix(")").split(", ")]
        name, step = split(left)
        when = [c for c in conditions if re.match(r"t [<>=]", c)]
        self.assumed += [c for c in conditions if c not in when]
        self.equations.setdefault(name, []).append((step, when, right))

    def names(self):
        """Every name that is printed, but for those of functions."""
        rights = [right for several in self.equations.values() for _, _, right in several]
        tokens = [m for right in rights for m in TOKEN.finditer(re.sub("'[^']*'", "", right)) if m["name"]]
        found = [m["name"] for m in tokens if m.string[m.end() : m.end() + 1] != "("]
        called = {split(name)[0] for name in found} - {"axis", "t", "T"}
        return called | {split(name)[0] for name in self.equations}

    def gradients(self):
        """The value of every ∂J/∂W, by its W."""
        matches = [(name, GRADIENT.match(name)) for name in self.equations]
        return {match[1]: self.value(name) for name, match in matches if match}

    def value(self, name, step=None):
        """What a name stands for, at a step if it has any."""
        key = name, step
        if key not in self.known:
            self.known[key] = self._calculated(name, step)
        return self.known[key]

    def _calculated(self, name, step):
        for left, when, right in self.equations.get(name, ()):
            if None in (left, step):
                here = left == step
            else:
                here = 1 <= step <= self.T if left == "t" else self.step(left, None) == step
            if here and all(self._holds(c, step) for c in when):
                return self._shaped(name, step, Reader(self, right, step).whole())
        if name not in self.given:
            raise LookupError(f"nothing defines {name} at {step}")
        value = self.given[name]
        return value(step) if callable(value) else value

    def _shaped(self, name, step, value):
        """An adjoint has the shape of what it belongs to."""
        match = GRADIENT.match(name)
        owner = match[1] if match else name.removeprefix("d")
        if isinstance(value, Scattered):
            return value.of(np.shape(self.value(owner, step)))
        if not np.ndim(value) and owner != name and (owner in self.equations or owner in self.given):
            return np.full(np.shape(self.value(owner, step)), value)
        return value

    def _holds(self, condition, t):
        _, sign, *rest = condition.split()
        steps = [self.step(word, None) for word in rest if word != "…"]
        if len(steps) == 2:
            return steps[0] <= t <= steps[1]
        return {"<": t < steps[0], ">": t > steps[0], "=": t == steps[0]}[sign]

    def step(self, words, t):
        """The number of a step: `t-1`, `T`, `3`."""
        start, change = re.fullmatch(r"(t|T|\d+)([+-]\d+)?", words).groups()
        return {"t": t, "T": self.T}.get(start, start if start in "tT" else int(start)) + int(change or 0)


def split(words):
    """A name and its step."""
    name, _, step = words.partition("<")
    return name, step.removesuffix(">") or None


class Reader:
    """One right-hand side at one step."""

    def __init__(self, page, text, t):
        self.page, self.text, self.t = page, text, t
        self.tokens, self.at = [], 0
        position = 0
        while position < len(text):
            match = TOKEN.match(text, position)
            assert match, f"{text!r} cannot be read at {text[position:]!r}"
            end = match.end()
            near = end == len(text) or text[end] != " "
            self.tokens.append((match.lastgroup, match[0], position == 0 or text[position - 1] != " ", near))
            position = end + (end < len(text) and text[end] == " ")

    # -- tokens

    def kind(self):
        return self.tokens[self.at][0] if self.at < len(self.tokens) else None

    def word(self):
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, *expected):
        assert not expected or self.word() in expected, f"{self.text!r}: {expected} expected, there is {self.word()!r}"
        self.at += 1
        return self.tokens[self.at - 1][1]

    def close_by(self):
        """Whether nothing stands between the next token and the one before."""
        return self.at < len(self.tokens) and self.tokens[self.at][2]

    # -- grammar

    def whole(self):
        value = self.total()
        assert self.word() is None, f"{self.text!r}: {self.word()!r} is left"
        return value

    def total(self):
        value = self.term()
        while self.word() in ("+", "−", "-"):
            sign = -1 if self.take() != "+" else 1
            value = added(value, self.term(), sign)
        return value

    def term(self):
        if self.word() in ("−", "-"):
            self.take()
            return negative(self.term())
        return self.series() if self.kind() == "series" else self.product()

    def series(self):
        bounds = re.findall(r"[\dT]+(?:[+-]\d+)?", self.take().removeprefix("Σ_t"))
        first, last = (self.page.step(b, None) for b in bounds) if bounds else (1, self.page.T)
        start, outside, total = self.at, self.t, NOTHING
        for self.t in range(first, last + 1):
            self.at = start
            total = added(total, self.term(), 1)
        self.t = outside
        return total

    def product(self):
        value = self.side_by_side()
        while self.word() in ("∘", "/"):
            sign = self.take()
            if self.kind() == "series":  # a sum reaches on to the end of the products
                return value * self.series()
            other = self.side_by_side()
            value = value * other if sign == "∘" else value / other
        return value

    def side_by_side(self):
        value = self.power()
        while self.kind() in ("name", "number") or self.word() in ("(", "["):
            value = matrix_product(value, self.power())
        return value

    def power(self):
        value = self.atom()
        while True:
            if self.word() == "²":
                self.take()
                value = value**2
            elif self.word() == "ᵀ":
                self.take()
                value = np.transpose(value)
            elif self.word() == "^":
                self.take()
                value = value ** (-self.atom() if self.word() in ("−", "-") and self.take() else self.atom())
            elif self.word() == "[" and self.close_by():
                value = value[self.index()]
            else:
                return value

    def atom(self):
        if self.kind() == "number":
            return 0.5 if self.word() == "½" and self.take() else float(self.take())
        if self.word() == "(":
            return self.in_parentheses()
        if self.word() == "[":
            return self.joined()
        name = self.take()
        if self.word() == "(" and self.close_by():
            return self.called(name)
        name, step = split(name)
        return self.page.value(name, None if step is None else self.page.step(step, self.t))

    def in_parentheses(self):
        self.take("(")
        if self.tokens[self.at][1] == "0" and self.tokens[self.at + 1][1] == ";":
            self.take(), self.take()
            parts = [self.part()]
            while self.word() == ";":
                self.take()
                parts.append(self.part())
            self.take(")")
            return Scattered(parts)
        value = self.total()
        self.take(")")
        return value

    def part(self):
        index = self.index()
        self.take("+=")
        return index, self.total()

    def joined(self):
        """`[a; x]`, one above the other; `[a, x]`, side by side."""
        self.take("[")
        parts, sign = [self.total()], None
        while self.word() in (";", ","):
            sign = self.take()
            if self.word() == "…":
                parts.append(self.take())
                continue
            parts.append(self.total())
        self.take("]")
        return np.concatenate(alike(parts), axis=0 if sign == ";" else 1)

    def called(self, name):
        self.take("(")
        if name == "stack":
            result = np.stack(self.listed())
        else:
            operands, keywords = [self.total()], {}
            while self.word() == ",":
                self.take()
                if self.tokens[self.at + 1][1] != "=":
                    operands.append(self.total())
                    continue
                key = self.take()
                self.take("=")
                keywords[key] = int(self.total())
            over_time = {"Σ_t": partial(along_time, T=self.page.T)}
            result = (FUNCTIONS | over_time)[name](*operands, **keywords)
        self.take(")")
        return result

    def listed(self):
        """`[w h<1>, …, w h<T>]`: as the first, at each step up to the last."""
        self.take("[")
        words = self.text.split("[", 1)[1]
        first = words.split(", …,")[0]
        while self.word() != "]":
            self.take()
        self.take("]")
        return [Reader(self.page, first.replace("<1>", f"<{t}>"), t).whole() for t in range(1, self.page.T + 1)]

    def index(self):
        self.take("[")
        parts = [self.bound()]
        while self.word() == ",":
            self.take()
            parts.append(self.bound())
        self.take("]")
        return tuple(parts)

    def bound(self):
        limits, sliced = [None], False
        while self.word() not in (",", "]"):
            if self.word() == ":":
                self.take()
                limits.append(None)
                sliced = True
            else:
                limits[-1] = self.length()
        return slice(*limits) if sliced else limits[0]

    def length(self):
        """A number, a length such as n_a, a step such as t - 1, or data; added up."""
        value, sign = None, 1
        while self.word() not in (",", "]", ":"):
            if self.word() in ("+", "-", "−"):
                sign = -1 if self.take() != "+" else 1
                continue
            counted = self.counted()
            if isinstance(counted, slice):  # which data give as a whole
                return counted
            value = (value or 0) + sign * counted
            sign = 1
        return value

    def counted(self):
        if self.kind() == "number":
            return int(self.take())
        name = self.take()
        if name in "tT":
            return self.page.step(name, self.t)
        if name.startswith("n_"):
            return self.rows(name.removeprefix("n_"))
        called, step = split(name)
        return self.page.value(called, None if step is None else self.page.step(step, self.t))

    def rows(self, name):
        """The rows of what a length is called after."""
        steps = range(1, self.page.T + 1) if callable(self.page.given.get(name)) else [None, *range(self.page.T + 2)]
        for step in steps:
            try:
                value = self.page.value(name, step)
            except LookupError:
                continue
            if np.ndim(value):
                return np.shape(value)[0]
        raise LookupError(f"nothing tells the length n_{name}")


def added(a, b, sign):
    if isinstance(b, Scattered) and sign == 1 and (isinstance(a, Scattered) or a is NOTHING):
        return b if a is NOTHING else Scattered(a.parts + b.parts)
    a = 0 if a is NOTHING else a
    if isinstance(a, Scattered) and not isinstance(b, Scattered):
        a = a.of(np.shape(b))
    if isinstance(b, Scattered):
        b = b.of(np.shape(a))
    return a + sign * b


def negative(a):
    return Scattered([(index, -part) for index, part in a.parts]) if isinstance(a, Scattered) else -a


def matrix_product(a, b):
    """A matrix product, where a bare number stands for an array full of it."""
    if not np.ndim(b):
        b = np.full((np.shape(a)[-1], 1), b)
    if not np.ndim(a):
        a = np.full((1, np.shape(b)[0]), a)
    return a @ b


def alike(parts):
    """Parts to be joined, where a bare number stands for an array full of it."""
    shape = next(np.shape(part) for part in parts if np.ndim(part))
    return [part if np.ndim(part) else np.full(shape, part) for part in parts]
