"""Checks a certificate of a gradient: ``python check_certificate.py lstm.json``. Standard library only.

A certificate lists records of both passes, a term for each element. Each adjoint is verified to be the sum over uses of
adjoint times derivative, exactly, with exp and the like known by their laws only. So gradients are derivatives: for all
numbers that decide alike, any number of steps that fit their neighbours, and of examples that meet in sums alone.
"""

import json
import math
import sys
from fractions import Fraction
from typing import Any

LAWS = ["exp' = exp, exp(u + v) = exp(u) exp(v), exp(n log(u)) = u^n", "log(u)' = u' / u", "tanh' = 1 - tanh^2",
        "sigmoid' = sigmoid (1 - sigmoid)", "sin' = cos, cos' = -sin, sin^2 + cos^2 = 1",
        "arctan(u)' = u' / (1 + u^2)", "(u^(1/n))^n = u, (u^p)' = p u^p u' / u"]  # fmt: skip
LOOSEST, SMALL = 1e-2, 60  # how far numbers may be off; how many a graph has that is differentiated as a whole


class Fails(Exception):  # noqa: N818
    """What a certificate says does not hold, or cannot be read."""


Poly = dict[Any, Fraction]  # the empty one is 0
ATOMS: list[tuple[str, Any]] = []  # what each atom stands for: (kind, content)
NUMBERS: dict[tuple[str, Any], int] = {}


def atom(kind: str, content: Any) -> Poly:
    number = NUMBERS.setdefault((kind, content), len(ATOMS))
    ATOMS.extend([(kind, content)] * (number == len(ATOMS)))
    return {((number, 1),): Fraction(1)}


def constant(number: Any) -> Poly:
    return {(): Fraction(number)} if number else {}


def key(p: Poly) -> Any:
    return tuple(sorted(p.items()))


def add(p: Poly, q: Poly, factor: int = 1) -> Poly:
    return {m: a for m in {**p, **q} if (a := p.get(m, Fraction(0)) + factor * q.get(m, Fraction(0)))}


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
                n, left = divmod(e, content[1]) if kind == "root" else (1, e - 2)
                square = dict(content[0]) if kind == "root" else add(constant(1), power(atom("sin", content), 2), -1)
                rest = {tuple(sorted([f for f in monomial if f[0] != x] + [(x, left)] * bool(left))): p[monomial]}
                return reduced(add({m: a for m, a in p.items() if m != monomial}, mul(power(square, n), rest)))
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


def function(name: str, u: Poly) -> tuple[Poly, Poly]:
    """A function of u, and its derivative by u."""
    value = exponential(u) if name == "exp" else {} if name == "log" and u == constant(1) else atom(name, key(u))
    slopes = {"exp": lambda: value, "log": lambda: inverse(u), "tanh": lambda: add(constant(1), mul(value, value), -1),
              "arctan": lambda: inverse(add(constant(1), mul(u, u))), "sin": lambda: atom("cos", key(u)),
              "sigmoid": lambda: add(value, mul(value, value), -1), "cos": lambda: add({}, atom("sin", key(u)), -1)}
    return value, slopes[name]()


def derived(term: Any, inputs: Any) -> tuple[Poly, dict[int, Poly]]:
    """A term's value and its derivatives {variable: derivative}, given those of each element of its inputs."""
    if not isinstance(term, list):
        return constant(Fraction(term)), {}
    if term[0] == "x":
        return inputs[term[1]][term[2]]
    (value, slope), *others = [derived(part, inputs) for part in term[1:]]
    if term[0] in ("+", "*"):
        for other, more in others:
            slope = combined(slope, *((other, more, value) if term[0] == "*" else (constant(1), more, constant(1))))
            value = mul(value, other) if term[0] == "*" else add(value, other)
    elif term[0] == "^":
        base, (exponent, more) = value, others[0]
        n = exponent.get((), Fraction(0)) if set(exponent) <= {()} else None
        value = exponential(mul(exponent, function("log", base)[0])) if n is None else rational_power(base, n)
        lower = mul(value, inverse(base)) if n is None else rational_power(base, n - 1) if n and slope else {}
        slope = combined(slope, mul(exponent, lower), more, mul(value, function("log", base)[0]) if more else {})
    else:
        value, factor = function(term[0], value)
        slope = combined(slope, factor, {}, {})
    return value, slope


def combined(one: dict[int, Poly], factor: Poly, other: dict[int, Poly], other_factor: Poly) -> dict[int, Poly]:
    return {k: add(mul(one.get(k, {}), factor), mul(other.get(k, {}), other_factor)) for k in {**one, **other}}


FUNCTIONS: dict[str, Any] = {
    "exp": math.exp, "log": math.log, "tanh": math.tanh, "sin": math.sin, "cos": math.cos, "arctan": math.atan,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else math.exp(x), "*": lambda *parts: math.prod(parts),
    "+": lambda *parts: math.fsum(parts), "^": pow}  # fmt: skip


def evaluated(term: Any, inputs: Any) -> Any:
    """A term at the recorded numbers, in floats."""
    if not isinstance(term, list) or term[0] == "x":
        return inputs[term[1]][term[2]] if isinstance(term, list) else float(Fraction(term))
    return FUNCTIONS[term[0]](*(evaluated(part, inputs) for part in term[1:]))


def variables(term: Any) -> list[Any]:
    """The elements of inputs that a term is made of, as ["x", input, element]."""
    inner = term[1:] if isinstance(term, list) else []
    return [term] if inner and term[0] == "x" else [one for part in inner for one in variables(part)]


def parts(term: Any) -> list[Any]:
    return list(term[1:]) if isinstance(term, list) and term[0] == "+" else [term]


class Certificate:
    """What is in the file; see `export.py` of autograd_seq, which writes it."""

    def __init__(self, data: Any) -> None:
        if data["format"] != 1 or not set(data["laws"]) <= set(LAWS) or not 0 <= data["precision"] <= LOOSEST:
            raise Fails("it is of another format, rests on other laws, or asks for too loose a comparison of numbers")
        self.records, self.operations, self.forward = data["records"], data["operations"], data["forward"]
        self.output, self.seed, self.parameters, self.state = map(data.get, ("output", "seed", "parameters", "state"))
        self.backwards, self.axes = set(data["backwards"]), {int(r): axis for r, axis in data["examples"].items()}
        self.adjoints = {int(r): a for r, a in data["adjoints"].items()}
        self.left_out, self.precision = {int(r): why for r, why in data["checked"].items()}, data["precision"]
        self.sizes, self.without = [len(record["value"]) for record in self.records], -1
        self.users: dict[int, list[tuple[int, int]]] = {}
        for i, record in enumerate(self.records):
            inputs, operation = record.get("in", []), self.operations[record["op"]] if "op" in record else record
            terms = operation.get("elements") or operation.get("exact") or record["value"]
            earlier = all(0 <= x < i for x in inputs) and operation.get("sizes", []) == [self.sizes[x] for x in inputs]
            if not earlier or not len(terms) == self.sizes[i] == math.prod(record["shape"]):
                raise Fails(f"record {i} has another size than its operation, or uses what does not stand before it")
            used = {v[1] for v in variables(["+", *terms])} if operation.get("elements") else range(len(inputs))
            for position in used if i < self.forward else ():
                self.users.setdefault(inputs[position], []).append((i, position))
        self.reaching = self.made_of(self.output)
        if not self.output < self.forward <= self.seed or "in" in self.records[self.seed]:
            raise Fails("the backward pass does not start from an adjoint of the output")

    def made_of(self, end: int) -> set[int]:
        found = {end}
        for i in range(end, -1, -1):
            found.update(self.records[i].get("in", []) if i in found else ())
        return found

    def terms(self, i: int) -> Any:
        terms = self.operations[self.records[i]["op"]]["elements"]
        if terms is None:
            raise Fails(f"record {i}: what its operation means is not written")
        left = ([p for p in parts(t) if self.without not in self.examples(p, i, k)] for k, t in enumerate(terms))
        return [["+", 0, *some] for some in left] if self.without >= 0 else terms

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
        for i, record in enumerate(self.records):
            terms = self.operations[record["op"]]["elements"] if "op" in record else record.get("exact")
            inputs = [self.records[x]["value"] for x in record.get("in", [])]
            size = max((abs(v) for values in [record["value"], *inputs] for v in values), default=0.0)
            for k, (term, value) in enumerate(zip(terms or (), record["value"], strict=False)):
                if not abs((found := evaluated(term, inputs)) - value) <= self.precision * (1e-3 * size + abs(value)):
                    raise Fails(f"record {i}: element {k} is {value}, but its term is {found}")

    def check_adjoint(self, r: int) -> None:
        """That the adjoint of forward record r is the sum over its uses, as an identity of rational functions."""
        users, later = {i for i, _ in self.users.get(r, [])}, {a for u, a in self.adjoints.items() if u > r}
        known, stops = dict[int, list[Poly]](), lambda i: i in later or (i < self.forward and i not in users)
        expected: list[Poly] = self.leaf(self.seed) if r == self.output else [{} for _ in range(self.sizes[r])]
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
        known: list[Any] = []
        for i, record in enumerate(self.records[: self.output + 1]):
            leaf = [(p, {k: constant(1)} if i == r else {}) for k, p in enumerate(self.leaf(i))]
            inputs = [known[x] for x in record.get("in", [])]
            known.append([derived(term, inputs) for term in self.terms(i)] if "op" in record else leaf)
        for k, rest in enumerate(self.whole(self.adjoints[r], lambda i: False, {})):
            for (_, slopes), g in zip(known[self.output], self.leaf(self.seed), strict=True):
                rest = add(rest, mul(g, slopes.get(k, {})), -1)
            if not is_zero(rest):
                raise Fails(f"the adjoint of record {r}: element {k} is not the derivative of the whole")

    def path(self, record: int) -> set[int]:
        path = {record}
        for r in range(record, self.output + 1):
            path |= {u for u, _ in self.users.get(r, [])} & self.reaching if r in path else set()
        return path if record in self.reaching or record in self.adjoints else set()

    def check(self) -> tuple[dict[str, str], int]:
        """The status of each parameter, and how many adjoints were verified."""
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
        self.check_steps(verified)
        self.check_examples(verified)
        return statuses, len(verified)

    def check_steps(self, verified: set[int]) -> None:
        """That a step fits to its neighbours, and that what depends on itself does so in one direction of time."""
        needs = {given: self.made_of(result) & {other for other, _ in self.state} for given, result in self.state}
        for _ in self.state:
            needs = {given: found.union(*(needs[other] for other in found)) for given, found in needs.items()}
        for given, result in self.state:
            ways = {other in self.backwards for other in needs[given] if other == given or given in needs[other]}
            leaf = "op" not in self.records[given] and given in verified and result < self.forward
            if len(ways) > 1 or not leaf or self.sizes[given] != self.sizes[result]:
                raise Fails("what a step hands on is not what another is given, not all proven, or needed for itself")

    def place(self, i: int, k: int) -> tuple[int, int]:
        """The example that an element of a record belongs to, -1 if all share it, and its place within the example."""
        stride = math.prod(self.records[i]["shape"][self.axes.get(i, -1) + 1 :])
        example = k // stride % self.records[i]["shape"][self.axes[i]] if i in self.axes else -1
        return example, k - max(example, 0) * stride

    def examples(self, term: Any, i: int, k: int) -> set[int]:
        uses = [(i, k), *((self.records[i]["in"][x], n) for _, x, n in variables(term))]
        return {self.place(*use)[0] for use in uses} - {-1}

    def check_examples(self, verified: set[int]) -> None:
        """That examples meet only in sums that treat all alike, and that each of them may be left out."""
        (count,), met = {self.records[i]["shape"][axis] for i, axis in self.axes.items()} or {0}, set[int]()
        for i, record in enumerate(self.records if self.axes else ()):
            inputs, known = record.get("in", []), dict[int, Any]()
            apart = [x in self.axes or "exact" in self.records[x] for x in inputs]
            some = inputs if i not in self.axes else []
            like: Any = [[(atom("like", (x, self.place(x, k)[1])), {}) for k in range(self.sizes[x])] for x in some]
            for k, term in enumerate(self.terms(i) if "op" in record else ()):
                own, found = self.place(i, k)[0] >= 0, [(self.examples(p, i, k), p) for p in parts(term)]
                if any(len(e) > 1 for e, _ in found) or (own and i < self.forward and met & set(inputs)):
                    raise Fails(f"record {i}: an example depends on others")
                each = ([p for e, p in found if e == {n}] for n in range(0 if own else count))
                sums = [derived(["+", 0, *some], like)[0] for some in each]
                weights = {a.denominator for one in sums for a in one.values() if i < self.forward}
                shared = {(x, n) for _, x, n in variables(term) if own and not apart[x]}
                alike = not shared or known.setdefault(self.place(i, k)[1], shared) == shared
                if weights - {1} or not alike or any(one != sums[0] for one in sums):
                    raise Fails(f"record {i}: no sum over examples, or its weights may depend on how many there are")
                met |= {i} if not own and (any(sums) or met & set(inputs)) else set()
        for self.without in range(count):
            for r in verified - set(self.axes):
                self.check_adjoint(r)
        self.without = -1


def main(paths: list[str]) -> int:
    sys.setrecursionlimit(10_000)
    bad = 0
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                given = Certificate(json.load(file))
            statuses, count = given.check()
            said = "; any number of steps" * bool(given.state) + "; any number of examples" * bool(given.axes)
            print(f"{path}: holds{said}; {count} adjoints verified;", ", ".join(map(" ".join, statuses.items())))
        except Exception as error:  # whatever is in the file
            said = "" if isinstance(error, Fails) else f"it cannot be read: {type(error).__name__}: "
            bad = print(f"{path}: FAILS: {said}{error}") or 1
    return bad if paths else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
