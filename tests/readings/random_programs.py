"""Random programs of plain NumPy: things picked, cut and weighed alike, but with other indices, axes and constants.

What is repeated in a program and differs in a number only is what a folding may take for the same thing.
"""

from __future__ import annotations

import linecache
import random

import numpy as np

from autograd_seq import Parameter

T = 4

# What makes one 3 x 3 array of one, told apart by a value that a comprehension or a loop goes through.
PICKS = [
    ("{y}[{v}] + {y}", "index"),
    ("{y}[{v}, :] * {y}", "index"),
    ("{y}[:, {v}] - {y}", "index"),
    ("{y}[:, {v}:{v} + 1] * {y}", "index"),
    ("{y}[{v}:{v} + 1] + {y}", "index"),
    ("{y}[{v}, {v}] * {y}", "index"),
    ("{y}[-{v} - 1] + {y}", "index"),
    ("{y}[{v}]", "order"),
    ("{y}[:, {v}]", "order"),
    ("{y}[{v}[0], {v}[1]] * {y}", "pair"),
    ("{y}[{v}] * {y}", "pair"),
    ("{y}[{v}] - {y}", "slice"),
    ("{y}[:, {v}] * {y}", "slice"),
    ("np.take({y}, {v}, axis=0) + {y}", "index"),
    ("np.take({y}, [{v}, 0, {v}], axis=1)", "index"),
    ("np.sum({y}, axis={v}) * {y}", "axis"),
    ("np.sum({y}, axis={v}, keepdims=True) + {y}", "axis"),
    ("np.max({y}, axis={v}) - {y}", "axis"),
    ("np.cumsum({y}, axis={v})", "axis"),
    ("np.transpose({y}, {v})", "axes"),
    ("np.einsum({v}, {y}, {y})", "einsum"),
    ("np.roll({y}, {v}, axis=0)", "index"),
    ("np.roll({y}, 1, axis={v})", "axis"),
    ("np.flip({y}, {v})", "axis"),
    ("np.concatenate([{y}[{v}:], {y}[:{v}]])", "index"),
    ("np.clip({y}, {v}, 1.0)", "number"),
    ("{v} * {y}", "number"),
    ("{y} + {v}", "number"),
    ("({v} - {y}) / 2", "number"),
    ("np.maximum({y}, {v})", "number"),
    ("{y} ** {v}", "power"),
    ("np.where({v} > 0, {y}, {y} * {y})", "number"),
    ("np.where(masks[{v}], {y}, 0.5)", "index"),
    ("masks[{v}] * {y}", "index"),
    ("xs[{v}] + {y}", "index"),
    ("{y} @ xs[{v}]", "index"),
    ("W[{v}] * {y}", "index"),
    ("np.reshape(np.reshape({y}, {v}), (3, 3))", "shape"),
]
VALUES = {
    "index": ["0", "1", "2"],
    "order": ["[0, 1, 2]", "[2, 0, 1]", "[1, 1, 0]", "[0, 0, 0]"],
    "pair": ["(0, 1)", "(1, 0)", "(1, 1)", "(2, 1)"],
    "slice": ["slice(0, 1)", "slice(1, 2)", "slice(2, None)", "slice(0, 3)"],
    "axis": ["0", "1", "-1"],
    "rows or columns": ["0", "1"],
    "axes": ["(0, 1)", "(1, 0)", "None"],
    "einsum": ["'ij,jk->ik'", "'ij,kj->ik'", "'ij,ij->ij'", "'ji,jk->ik'", "'ij,jk->ki'"],
    "number": ["0.0", "0.5", "-0.25", "1.0"],
    "power": ["1", "2", "3"],
    "shape": ["(9,)", "(1, 9)", "(9, 1)", "-1"],
}


# Those whose equations `own_code.text_reader` can read.
READABLE = [
    (text, sort)
    for text, sort in PICKS
    if sort in ("index", "number", "power", "slice")
    and not any(word in text for word in ("take", "roll", "clip", "where", "maximum", "concatenate"))
] + [("np.sum({y}, axis={v}, keepdims=True) + {y}", "rows or columns")]


def program(seed: int, picks: list[tuple[str, str]] = PICKS) -> str:
    """The text of a function of W, U, xs, masks and numbers whose loss depends on W and U."""
    rng = random.Random(seed)
    lines = ["def loss(np, W, U, xs, masks, given, T):", "    y = np.tanh(W @ U)"]
    for _ in range(rng.choice([1, 1, 2])):
        lines += rng.choice([_comprehension, _comprehension, _pairs, _written_out, _loop, _loop])(rng, picks)
    lines.append(f"    return np.sum(y{rng.choice([' * y', ' ** 2', ' * U', ''])})")
    return "\n".join(lines) + "\n"


def _values(rng: random.Random, sort: str, count: int) -> list[str]:
    """Values of a sort: by chance, or two that count and one that does not go on."""
    known = VALUES[sort]
    if rng.random() < 0.3 and len(known) > 2:
        values = [known[0], known[1], known[1]] if rng.random() < 0.5 else known[:3]
        return (values + [rng.choice(known) for _ in range(count)])[:count]
    return [rng.choice(known) for _ in range(count)]


def _comprehension(rng: random.Random, picks: list[tuple[str, str]]) -> list[str]:
    text, sort = rng.choice(picks)
    values = ", ".join(_values(rng, sort, 3))
    made = text.format(y="y", v="v")
    ends = ["a + (b - a) * c", "a * b + c", "a - b * c", "a @ b + c", "np.tanh(a + b) * c", "a + 2 * b + 3 * c"]
    return [f"    a, b, c = [{made} for v in ({values})]", f"    y = {rng.choice(ends)}"]


def _pairs(rng: random.Random, picks: list[tuple[str, str]]) -> list[str]:
    """Two values for each turn of a loop that has no step after it."""
    (first, one), (second, other) = rng.choice(picks), rng.choice(picks)
    pairs = ", ".join(f"({v}, {w})" for v, w in zip(_values(rng, one, 4), _values(rng, other, 4), strict=True))
    made = f"np.tanh({first.format(y='y', v='v')}) * ({second.format(y='y', v='w')})"
    return ["    total = 0", f"    for v, w in ({pairs}):", f"        total = total + {made}", "    y = np.tanh(total)"]


def _written_out(rng: random.Random, picks: list[tuple[str, str]]) -> list[str]:
    """The same structure on lines of its own, with other constants."""
    text, sort = rng.choice(picks)
    values = _values(rng, sort, 3)
    lines = [f"    y{i} = {text.format(y='y', v=v)}" for i, v in enumerate(values)]
    return [*lines, "    y = np.tanh(y0 + 2 * y1 - y2 * y0)"]


def _loop(rng: random.Random, picks: list[tuple[str, str]]) -> list[str]:
    """A state that goes through steps, with a value for each step."""
    text, sort = rng.choice(picks)
    values = _values(rng, sort, T)
    where = rng.choice(["t", "range", "listed"])
    if where == "range" and sort in ("index", "number"):
        head, value = "    for t in range(3):", "t"
    elif where == "listed":
        head, value = f"    for v in ({', '.join(values)}):", "v"
    else:
        head, value = "    for t in range(T):", f"({', '.join(values)})[t]"
    inner = rng.choice(["np.tanh({p} + y)", "np.tanh(W @ y * 0.5 + {p})", "np.tanh({p}) * y + U"])
    state = inner.format(p=f"({text.format(y='y', v=value)})")
    extra = rng.choice([[], ["        y = y * given[0] + given[1]"], ["        y = y - np.sum(y) / 9"]])
    return [head, f"        y = {state}", *extra]


def arguments(seed: int):
    """What a program is given, as arrays."""
    rng = np.random.default_rng(seed)
    return {
        "W": rng.normal(size=(3, 3)),
        "U": rng.normal(size=(3, 3)),
        "xs": [rng.normal(size=(3, 3)) for _ in range(T)],
        "masks": [rng.random((3, 3)) < 0.5 for _ in range(T)],
        "given": rng.normal(size=2).round(2).tolist(),
        "T": T,
    }


def recorded(seed: int, picks: list[tuple[str, str]] = PICKS):
    """The loss of a random program."""
    text, name = program(seed, picks), f"<random program {seed} of {len(picks)}>"
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    space: dict = {}
    exec(compile(text, name, "exec"), space)
    values = arguments(seed)
    values |= {key: Parameter(values[key], key) for key in ("W", "U")}
    return space["loss"](np, **values)
