"""Checks a certificate of a gradient: ``python check_certificate.py lstm.json``. Standard library only.

A certificate is a list of records, each an operation applied to earlier ones: a forward pass, and the backward pass
that was recorded. What each operation means is written as a term for each element. This program derives the terms
itself, and verifies, record by record from the output back, that the recorded adjoint is the sum over the record's
uses of adjoint times derivative, as an identity of rational functions with exact coefficients in which exp, log, tanh
and the sigmoid are known by their laws only. By induction each gradient is then the derivative, for all numbers on the
same branch of whatever is decided. The terms are also evaluated at the recorded numbers, which ties them to NumPy's.
"""

import json
import math
import sys
from fractions import Fraction
from typing import Any

LAWS = [
    "exp' = exp, exp(u + v) = exp(u) exp(v), exp(n log(u)) = u^n", "log(u)' = u' / u", "tanh' = 1 - tanh^2",
    "sigmoid' = sigmoid (1 - sigmoid)", "sin' = cos, cos' = -sin, sin^2 + cos^2 = 1", "arctan(u)' = u' / (1 + u^2)",
    "(u^(1/n))^n = u, (u^p)' = p u^p u' / u",
]  # fmt: skip
LOOSEST = 1e-2  # no certificate may ask for a looser comparison of numbers
SMALL = 60  # numbers of the forward pass of a graph that is differentiated as a whole


class Fails(Exception):  # noqa: N818
    """What a certificate says does not hold, or cannot be read."""


# -- rational functions: {monomial: coefficient}; a monomial is a tuple of (atom, exponent), which may be negative ----

Poly = dict[Any, Fraction]  # the empty one is 0
ATOMS: list[tuple[str, Any]] = []  # what each atom stands for: (kind, content)
NUMBERS: dict[tuple[str, Any], int] = {}


def atom(kind: str, content: Any) -> Poly:
    if (kind, content) not in NUMBERS:
        NUMBERS[kind, content] = len(ATOMS)
        ATOMS.append((kind, content))
    return {((NUMBERS[kind, content], 1),): Fraction(1)}


def constant(number: Any) -> Poly:
    return {(): Fraction(number)} if number else {}


def as_number(p: Poly) -> Fraction | None:
    """The number that a rational function is; None if it is more than that."""
    return p.get((), Fraction(0)) if set(p) <= {()} else None


def key(p: Poly) -> Any:
    return tuple(sorted(p.items()))


def add(p: Poly, q: Poly, factor: int = 1) -> Poly:
    result = dict(p)
    for monomial, coefficient in q.items():
        result[monomial] = result.get(monomial, 0) + factor * coefficient
    return {m: a for m, a in result.items() if a}


def mul(p: Poly, q: Poly) -> Poly:
    result: Poly = {}
    for m, a in p.items():
        for n, b in q.items():
            exponents = dict(m)
            for x, e in n:
                exponents[x] = exponents.get(x, 0) + e
            monomial = tuple(sorted((x, e) for x, e in exponents.items() if e))
            result[monomial] = result.get(monomial, 0) + a * b
    return reduced({m: a for m, a in result.items() if a})


def reduced(p: Poly) -> Poly:
    """Laws of single atoms: a root to its own power is what it is the root of; cos^2 is 1 - sin^2."""
    for monomial in p:
        for x, e in monomial:
            kind, content = ATOMS[x]
            if (kind == "root" and not 0 <= e < content[1]) or (kind == "cos" and e > 1):
                left = e % content[1] if kind == "root" else e - 2
                square = dict(content[0]) if kind == "root" else add(constant(1), power(atom("sin", content), 2), -1)
                rest = {tuple(f for f in monomial if f[0] != x) + (((x, left),) if left else ()): p[monomial]}
                rest = {tuple(sorted(m)): a for m, a in rest.items()}
                better = mul(power(square, e // content[1] if kind == "root" else 1), rest)
                return reduced(add({m: a for m, a in p.items() if m != monomial}, better))
    return p


def power(p: Poly, exponent: int) -> Poly:
    result, base = constant(1), inverse(p) if exponent < 0 else p
    for _ in range(abs(int(exponent))):
        result = mul(result, base)
    return result


def inverse(p: Poly) -> Poly:
    if not p:
        raise Fails("division by zero")
    if len(p) == 1:
        ((monomial, coefficient),) = p.items()
        return reduced({tuple((x, -e) for x, e in monomial): 1 / coefficient})
    lowest = {x: min(dict(m).get(x, 0) for m in p) for monomial in p for x, _ in monomial}
    common = inverse({tuple(sorted((x, e) for x, e in lowest.items() if e)): p[min(p)]})
    rest = mul(p, common)
    return mul(atom("over", key(rest)) if len(rest) > 1 else inverse(rest), common)


def is_zero(p: Poly) -> bool:
    """Whether a rational function is 0: denominators are multiplied away, the youngest first."""
    while over := max((x for m in p for x, _ in m if ATOMS[x][0] == "over"), default=None):
        most, whole, total = max(dict(m).get(over, 0) for m in p), dict(ATOMS[over][1]), constant(0)
        for monomial, coefficient in p.items():
            rest = {tuple(f for f in monomial if f[0] != over): coefficient}
            total = add(total, mul(rest, power(whole, most - dict(monomial).get(over, 0))))
        p = total
    return not p


def exponential(p: Poly) -> Poly:
    result = constant(1)
    for monomial, n in p.items():
        kind, content = ATOMS[monomial[0][0]] if [e for _, e in monomial] == [1] else ("", ())
        step = atom("exp", ((monomial, Fraction(1, n.denominator)),))
        result = mul(result, rational_power(dict(content), n) if kind == "log" else power(step, n.numerator))
    return result


def rational_power(p: Poly, exponent: Fraction) -> Poly:
    root = p if exponent.denominator == 1 else atom("root", (key(p), exponent.denominator))
    return power(root, exponent.numerator)


# -- terms: numbers, ["x", input, element], ["+", ...], ["*", ...], ["^", base, exponent], ["exp", term] ... ---------


def function(name: str, u: Poly) -> tuple[Poly, Poly]:
    """A function of u, and its derivative by u."""
    value = exponential(u) if name == "exp" else {} if name == "log" and as_number(u) == 1 else atom(name, key(u))
    slopes = {
        "exp": lambda: value,
        "log": lambda: inverse(u),
        "tanh": lambda: add(constant(1), mul(value, value), -1),
        "sigmoid": lambda: add(value, mul(value, value), -1),
        "arctan": lambda: inverse(add(constant(1), mul(u, u))),
        "sin": lambda: atom("cos", key(u)),
        "cos": lambda: mul(constant(-1), atom("sin", key(u))),
    }
    if name not in slopes:
        raise Fails(f"no law of {name!r} is known")
    return value, slopes[name]()


def derived(term: Any, inputs: Any) -> tuple[Poly, dict[int, Poly]]:
    """A term's value and its derivatives {variable: derivative}, given those of each element of its inputs."""
    if not isinstance(term, list):
        return constant(Fraction(term)), {}
    if term[0] == "x":
        return inputs[term[1]][term[2]]
    (value, slope), *others = [derived(part, inputs) for part in term[1:]]
    if term[0] == "+":
        for other, more in others:
            value, slope = add(value, other), combined(slope, constant(1), more, constant(1))
    elif term[0] == "*":
        for other, more in others:
            value, slope = mul(value, other), combined(slope, other, more, value)
    elif term[0] == "^":
        base, (exponent, more), n = value, others[0], as_number(others[0][0])
        value = exponential(mul(exponent, function("log", base)[0])) if n is None else rational_power(base, n)
        lower = mul(value, inverse(base)) if n is None else rational_power(base, n - 1) if n and slope else {}
        slope = combined(slope, mul(exponent, lower), more, mul(value, function("log", base)[0]) if more else {})
    else:
        value, factor = function(term[0], value)
        slope = combined(slope, factor, {}, {})
    return value, slope


def combined(one: dict[int, Poly], factor: Poly, other: dict[int, Poly], other_factor: Poly) -> dict[int, Poly]:
    total = {k: mul(p, factor) for k, p in one.items()}
    for k, p in other.items():
        total[k] = add(total.get(k, {}), mul(p, other_factor))
    return total


FUNCTIONS: dict[str, Any] = {
    "exp": math.exp, "log": math.log, "tanh": math.tanh, "sin": math.sin, "cos": math.cos, "arctan": math.atan,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else math.exp(x), "^": pow,
    "+": lambda *parts: math.fsum(parts), "*": lambda *parts: math.prod(parts),
}  # fmt: skip


def evaluated(term: Any, inputs: Any) -> Any:
    """A term at the recorded numbers, in floats."""
    if not isinstance(term, list):
        return float(Fraction(term))
    if term[0] == "x":
        return inputs[term[1]][term[2]]
    return FUNCTIONS[term[0]](*(evaluated(part, inputs) for part in term[1:]))


def mentioned(operation: Any) -> set[int]:
    """Which inputs of an operation its terms depend on; all, where there are no terms."""
    found, stack = set[int](), list(operation["elements"] or [["x", i] for i in range(len(operation["sizes"]))])
    while stack:
        term = stack.pop()
        if isinstance(term, list):
            found.update(term[1:2] if term[0] == "x" else ())
            stack.extend(term[1:] if term[0] != "x" else ())
    return found


# -- a certificate --------------------------------------------------------------------------------------------------


class Certificate:
    """What is in the file; see `export.py` of autograd_seq, which writes it."""

    def __init__(self, data: Any) -> None:
        if data["format"] != 1 or not set(data["laws"]) <= set(LAWS):
            raise Fails("it is of another format, or rests on other laws")
        self.records, self.operations, self.forward = data["records"], data["operations"], data["forward"]
        self.output, self.seed, self.parameters, self.state = map(data.get, ("output", "seed", "parameters", "state"))
        self.adjoints = {int(r): a for r, a in data["adjoints"].items()}
        self.left_out, self.precision = {int(r): why for r, why in data["checked"].items()}, data["precision"]
        self.sizes, self.reaching = [len(record["value"]) for record in self.records], {self.output}
        self.users: dict[int, list[tuple[int, int]]] = {}
        mentions = [mentioned(operation) for operation in self.operations]
        for i, record in enumerate(self.records):
            inputs, operation = record.get("in", []), self.operations[record["op"]] if "op" in record else record
            if not all(0 <= x < i for x in inputs):
                raise Fails(f"record {i} uses what does not stand before it")
            terms = operation.get("elements") or operation.get("exact") or record["value"]
            if len(terms) != self.sizes[i] or operation.get("sizes", []) != [self.sizes[x] for x in inputs]:
                raise Fails(f"record {i} has another size than its operation")
            for position, x in enumerate(inputs if i < self.forward else ()):
                if position in mentions[record["op"]]:
                    self.users.setdefault(x, []).append((i, position))
        for i in range(self.output, -1, -1):
            self.reaching.update(self.records[i].get("in", []) if i in self.reaching else ())
        if not self.output < self.forward <= self.seed or "in" in self.records[self.seed]:
            raise Fails("the backward pass does not start from an adjoint of the output")

    def terms(self, i: int) -> Any:
        terms = self.operations[self.records[i]["op"]]["elements"]
        if terms is None:
            raise Fails(f"record {i}: what its operation means is not written")
        return terms

    def leaf(self, i: int) -> list[Poly]:
        exact = self.records[i].get("exact")
        return [constant(Fraction(x)) for x in exact] if exact else [atom("x", (i, k)) for k in range(self.sizes[i])]

    def whole(self, i: int, stops: Any, known: dict[int, list[Poly]]) -> list[Poly]:
        """The elements of a record by those at which to stop, and by leaves."""
        stack = [i]
        while stack:
            j = stack[-1]
            needed = () if stops(j) else [x for x in self.records[j].get("in", ()) if x not in known]
            if j not in known and not needed:
                given = stops(j) or "op" not in self.records[j]
                inputs: Any = [] if given else [[(p, {}) for p in known[x]] for x in self.records[j]["in"]]
                known[j] = self.leaf(j) if given else [derived(term, inputs)[0] for term in self.terms(j)]
            stack.extend(needed) if needed else stack.pop()
        return known[i]

    def check_numbers(self) -> None:
        """That the terms have the recorded values."""
        if not 0 <= self.precision <= LOOSEST:
            raise Fails("it asks for too loose a comparison of numbers")
        for i, record in enumerate(self.records):
            terms = self.operations[record["op"]]["elements"] if "op" in record else record.get("exact")
            inputs = [self.records[x]["value"] for x in record.get("in", [])]
            size = max((abs(v) for values in [record["value"], *inputs] for v in values), default=0.0)
            for k, (term, value) in enumerate(zip(terms or (), record["value"], strict=False)):
                found = evaluated(term, inputs)
                if not abs(found - value) <= self.precision * (1e-3 * size + abs(value)):
                    raise Fails(f"record {i}: element {k} is {value}, but its term is {found}")

    def check_adjoint(self, r: int) -> None:
        """That the adjoint of forward record r is the sum over its uses, as an identity of rational functions."""
        users, later = {i for i, _ in self.users.get(r, [])}, {a for u, a in self.adjoints.items() if u > r}
        known: dict[int, list[Poly]] = {}

        def stops(i: int) -> bool:
            return i in later or (i < self.forward and i not in users)

        expected: list[Poly] = [{} for _ in range(self.sizes[r])]
        if r == self.output:
            expected = [dict(p) for p in self.leaf(self.seed)]
        for u, position in self.users.get(r, []):
            if u in self.adjoints:
                inputs: Any = [[(p, {}) for p in self.whole(x, stops, known)] for x in self.records[u]["in"]]
                inputs[position] = [(p, {k: constant(1)}) for k, (p, _) in enumerate(inputs[position])]
                for term, g in zip(self.terms(u), self.whole(self.adjoints[u], stops, known), strict=True):
                    for k, slope in derived(term, inputs)[1].items():
                        expected[k] = add(expected[k], mul(g, slope))
            elif u in self.reaching and u not in self.left_out:
                raise Fails(f"record {u} has no adjoint, though the output depends on it")
        for k, (p, q) in enumerate(zip(expected, self.whole(self.adjoints[r], stops, known), strict=True)):
            if not is_zero(add(p, q, -1)):
                raise Fails(f"the adjoint of record {r}: element {k} is not the sum over its uses")

    def check_whole(self, r: int) -> None:
        """That the adjoint of a leaf, written out, is the derivative of the whole: no bookkeeping of uses."""
        known: dict[int, Any] = {}
        for i, record in enumerate(self.records[: self.output + 1]):
            inputs = [known[x] for x in record.get("in", [])]
            leaf = [(p, {k: constant(1)} if i == r else {}) for k, p in enumerate(self.leaf(i))]
            known[i] = [derived(term, inputs) for term in self.terms(i)] if "op" in record else leaf
        for k, rest in enumerate(self.whole(self.adjoints[r], lambda i: False, {})):
            for (_, slopes), g in zip(known[self.output], self.leaf(self.seed), strict=True):
                rest = add(rest, mul(g, slopes.get(k, {})), -1)
            if not is_zero(rest):
                raise Fails(f"the adjoint of record {r}: element {k} is not the derivative of the whole")

    def path(self, record: int) -> set[int]:
        """The forward records by which the output depends on one, and that one."""
        path, stack = {record}, [record]
        while stack:
            users = {u for u, _ in self.users.get(stack.pop(), [])} & self.reaching - path
            path |= users
            stack.extend(users)
        return path if record in self.reaching or record in self.adjoints else set()

    def check(self) -> tuple[dict[str, str], int]:
        """Verify everything: the status of each parameter, and how many adjoints were verified."""
        self.check_numbers()
        verified, statuses, small = set[int](), {}, not self.left_out and sum(self.sizes[: self.forward]) <= SMALL
        for parameter in self.parameters:
            name, path = parameter["name"], self.path(parameter["record"])
            missing = path & set(self.left_out)
            if not 0 <= parameter["record"] < self.forward or (parameter["status"] == "proven" and missing):
                raise Fails(f"{name} is claimed to be {parameter['status']}, but of {missing} that is not shown")
            for r in sorted(path - verified - missing, reverse=True):
                if r not in self.adjoints:
                    raise Fails(f"record {r} has no adjoint, though the output depends on {name} by it")
                self.check_adjoint(r)
                verified.add(r)
            if small and path:
                self.check_whole(parameter["record"])
            statuses[name] = "checked" if missing else "proven"
        if any(self.sizes[given] != self.sizes[result] or given not in verified for given, result in self.state):
            raise Fails("what a step hands on is not what the next one is given, or not all of that is proven")
        return statuses, len(verified)


def main(paths: list[str]) -> int:
    sys.setrecursionlimit(10_000)
    bad = 0
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                certificate = Certificate(json.load(file))
            statuses, count = certificate.check()
            said = "; by induction for every number of steps" * bool(certificate.state)
            print(f"{path}: holds{said}; {count} adjoints verified;", ", ".join(map(" ".join, statuses.items())))
        except Exception as error:  # whatever is in the file
            said = "" if isinstance(error, Fails) else f"it cannot be read: {type(error).__name__}: "
            bad = print(f"{path}: FAILS: {said}{error}") or 1
    return bad if paths else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
