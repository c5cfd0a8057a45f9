"""The math module, which cannot be recorded; an argument near the edge of the logarithm's domain."""

import math


def forward(p):
    return {"H": -sum(v * math.log(v) for v in p)}, p


def backward(up, p):
    return {"dp": [-up["H"] * (math.log(v) + 1) for v in p]}


def inputs(rng):
    return {"p": [0.01, 0.9, 0.09]}


WRONG = ("(math.log(v) + 1)", "math.log(v)")
