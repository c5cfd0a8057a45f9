"""A machine for instructions, in NumPy and as plain as can be: what the page's own is measured by."""

import numpy as np

TWO = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "power": np.power,
    "maximum": np.maximum, "minimum": np.minimum, "less": np.less, "less_equal": np.less_equal,
    "greater": np.greater, "greater_equal": np.greater_equal, "equal": np.equal, "not_equal": np.not_equal,
}  # fmt: skip
ONE = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt, "cbrt": np.cbrt,
    "tanh": np.tanh, "sinh": np.sinh, "cosh": np.cosh, "sin": np.sin, "cos": np.cos, "arctan": np.arctan,
    "sign": np.sign, "abs": np.abs, "negative": np.negative, "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}  # fmt: skip


def begun(memory):
    """The row before the first instruction."""
    row = np.zeros(memory.size)
    for start, values in memory.constants.items():
        row[start : start + values.size] = values
    return row


def run(memory, row):
    """Carry out all instructions."""
    code = iter(memory.code)

    def places(n):
        first, how = next(code), next(code)
        return first + (memory.maps[how] if how >= 0 else (-1 - how) * np.arange(n))

    with np.errstate(all="ignore"):
        for number in code:
            word, n = memory.words[number], next(code)
            if word == "put":
                target = places(n)
                row[target] = row[places(n)]
                continue
            out = next(code)
            if word in TWO:
                result = TWO[word](row[places(n)], row[places(n)])
            elif word in ONE:
                result = ONE[word](row[places(n)])
            elif word == "select":
                result = np.where(row[places(n)] != 0, row[places(n)], row[places(n)])
            elif word == "product":
                left, right, steps = places(n), places(n), (next(code), next(code))
                k = np.arange(next(code))
                result = np.sum(row[left[:, None] + steps[0] * k] * row[right[:, None] + steps[1] * k], axis=1)
            else:
                result = reduced(word.removeprefix("reduce "), n, code, memory, row)
            row[out : out + n] = result
    return row


def reduced(word, n, code, memory, row):
    first, how, terms = next(code), next(code), next(code)
    places = first + (memory.maps[how] if how >= 0 else (-1 - how) * np.arange(n * terms))
    return TWO[word].reduce(row[places].reshape(n, terms), axis=1)
