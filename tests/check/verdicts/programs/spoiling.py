"""One mistake in a right backward pass, of the kinds that people make, and only if it changes the gradients."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from check.verdicts.programs import trial
from check.verdicts.programs.writing import Program

MATERIAL = 1e-3  # relative to the largest element of a gradient

_NAME = r"[A-Za-z_][\w.]*(?:\[[^\]]*\])?"
# What is searched in a line of the backward pass, and what stands there afterwards.
KINDS: dict[str, tuple[str, str]] = {
    "no carry": (r" \+ d[hc]_next\b", ""),
    "no carry first": (r"(= )d[hc]_next \+ ", r"\1"),
    "wrong sign": (r"^(\s*d\w+(?:\[[^\]]*\])? =) (.*)$", r"\1 -(\2)"),
    "subtracted": (r" \+= ", " -= "),
    "assigned": (r" \+= ", " = "),
    "not transposed": (r"\b(W\w+)\.T\b", r"\1"),
    "state after for state before": (r"\bh_prev\b", "h"),
    "step after for step before": (r"\[t - 1\]", "[t]"),
    "activation derivative": (r"\(1 - (\S+) \*\* 2\)", r"(1 - \1)"),
    "half a sigmoid's derivative": (r" \* \(1 - [\w.\[\], :+-]+\)$", ""),
    "mean for sum": (r"np\.sum\(", "np.mean("),
    "a factor left out": (rf" \* {_NAME}(?=$| \+|\))", ""),
    "a term left out": (rf" \+ (?:{_NAME}(?: \* {_NAME})*|np\.\w+\([^()]*\))$", ""),
    "first steps left out": (r"reversed\(range\(T\)\)|range\(T - 1, -1, -1\)", "range(T - 1, 0, -1)"),
    "twice": (r"^(\s*d\w+(?:\[[^\]]*\])? =) (.*)$", r"\1 2 * (\2)"),
    "one for the other's value": (r"\((\S+) - (\S+)\)", r"(\2 - \1)"),
    "no upstream": (r" \* dloss\b|\bdloss \* ", ""),
}


@dataclass(frozen=True)
class Spoiled:
    """A program with one mistake.

    Attributes
    ----------
    source : str
        The program.
    kind : str
        What was done to it, and the line.
    wrong : tuple of str
        The gradients that are wrong.
    """

    source: str
    kind: str
    wrong: tuple[str, ...]


def spoil(program: Program, seed: int) -> Spoiled:
    """A mistake drawn at random; one that leaves the shapes and changes the numbers."""
    rng = random.Random(seed)
    right = trial.gradients(program.source, program, seed)
    kinds = list(KINDS)
    rng.shuffle(kinds)
    for kind in kinds:
        places = list(_places(program.backward, kind))
        rng.shuffle(places)
        for backward, line in places[:4]:
            source = program.before + backward + program.after
            if wrong := _wrong(source, program, seed, right):
                return Spoiled(source, f"{kind}: {line.strip()}", wrong)
    raise ValueError(f"no mistake changes {program.name}")


def _places(backward: str, kind: str) -> Iterator[tuple[str, str]]:
    """The backward pass with the mistake made at every place where it can be made, and the line."""
    pattern, instead = KINDS[kind]
    lines = backward.split("\n")
    start = next(i for i, line in enumerate(lines) if "zeros_like" in line)
    for i, line in enumerate(lines):
        if i < start or "zeros_like" in line or "cache" in line:
            continue
        changed = re.sub(pattern, instead, line, count=1)
        if changed != line:
            yield "\n".join([*lines[:i], changed, *lines[i + 1 :]]), line


def _wrong(source: str, program: Program, seed: int, right: dict[str, np.ndarray]) -> tuple[str, ...]:
    """The gradients that a mistake changes by more than rounding; none where it does not run."""
    try:
        with np.errstate(all="ignore"):
            found = trial.gradients(source, program, seed)
    except Exception:
        return ()
    if any(np.shape(found[k]) != np.shape(right[k]) or not np.isfinite(found[k]).all() for k in right):
        return ()
    return tuple(k for k in right if np.max(np.abs(found[k] - right[k])) > MATERIAL * np.max(np.abs(right[k])))
