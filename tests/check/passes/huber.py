"""Quadratic near 0 and linear beyond; an error of exactly delta is among them."""

import numpy as np


def forward(e):
    small = np.abs(e) <= 1.0
    return {"J": np.where(small, 0.5 * e**2, np.abs(e) - 0.5)}, (e, small)


def backward(up, cache):
    e, small = cache
    return {"de": up["J"] * np.where(small, e, np.sign(e))}


def inputs(rng):
    return {"e": np.array([0.0, 1.0, -1.0, 3.0, -1e-12, 1e6])}


WRONG = ("np.sign(e)", "e / 2")
