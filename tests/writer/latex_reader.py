r"""LaTeX read as a person reads it, to a value: braces are not seen, but raised, lowered and stacked things are.

What a person could read in two ways, such as a fraction with an exponent or two signs side by side, is an error.
"""

import re

import numpy as np

TOKEN = re.compile(r"\\[A-Za-z]+|\\\\|\d+(?:\.\d+)?|[A-Za-z]|\S")


class Reader:
    """A recursive-descent reader: sums, then products ∘, then matrix products, then powers."""

    def __init__(self, latex, names):
        self.tokens = [*TOKEN.findall(latex), ""]
        self.names, self.at = names, 0

    def value(self):
        result = self.sum()
        self.expect("")
        return result

    @property
    def next(self):
        return self.tokens[self.at]

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, token):
        assert self.take() == token, f"{token!r} was expected before {' '.join(self.tokens[self.at - 1 :])}"

    def sum(self):
        if self.next == "-":
            self.take()
            result = -self.product()
        else:
            result = self.product()
        while self.next in ("+", "-"):
            sign = self.take()
            term = self.product()
            result = result + term if sign == "+" else result - term
        return result

    def product(self):
        result = self.reaching()
        while self.next == r"\circ":
            self.take()
            result = result * self.reaching()
        return result

    def reaching(self):
        """A sign of summation takes all the product behind it."""
        if self.next != r"\sum":
            return self.neighbours()
        self.take()
        return np.sum(self.product())

    def neighbours(self):
        result = self.power()[0]
        while re.fullmatch(r"[A-Za-z({]|\\frac|\\begin|\d.*", self.next):
            result = result @ self.power()[0]
        return result

    def power(self):
        value, kind = self.unit()
        while self.next in ("^", "["):
            assert kind not in ("fraction", "power"), "it cannot be seen what this belongs to"
            value = value[self.index()] if self.next == "[" else self.raised(value)
            kind = "indexed" if self.tokens[self.at - 1] == "]" else "power"
        return value, kind

    def raised(self, value):
        self.expect("^")
        if self.next != "{":
            exponent = self.take()
            return value.T if exponent == "T" else value ** int(exponent)
        self.take()
        exponent = self.sum()
        self.expect("}")
        return value**exponent

    def unit(self):
        token = self.take()
        if token in self.names:
            return self.names[token], "name"
        if token[0].isdigit():
            return float(token), "number"
        if token == "(":
            value = self.sum()
            self.expect(")")
            return value, "bracket"
        if token == "{":  # not seen: one thing
            value, kind = self.power()
            self.expect("}")
            return value, kind
        if token == r"\frac":
            above, below = self.group(), self.group()
            return above / below, "fraction"
        assert token == r"\begin", f"{token} cannot stand here"
        return self.matrix(), "matrix"

    def group(self):
        self.expect("{")
        value = self.sum()
        self.expect("}")
        return value

    def matrix(self):
        for token in "{bmatrix}":
            self.expect(token)
        rows = [[self.sum()]]
        while self.next in ("&", r"\\"):
            if self.take() == "&":
                rows[-1].append(self.sum())
            else:
                rows.append([self.sum()])
        self.expect(r"\end")
        for token in "{bmatrix}":
            self.expect(token)
        return np.block(rows)

    def index(self):
        self.expect("[")
        parts = []
        while self.next != "]":
            parts.append(self.take())
        self.expect("]")
        start, stop = "".join(parts).split(":")
        return slice(int(start), int(stop))


def read(latex, **names):
    """The value of a formula whose letters stand for arrays."""
    return Reader(latex, names).value()
