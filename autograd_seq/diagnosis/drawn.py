"""Inputs for a check: values of sizes that hide nothing, and what in given ones could hide a mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError
from autograd_seq.diagnosis.given import Inputs
from autograd_seq.diagnosis.input_tables import as_it_is, filled, is_table, shape_of

Shape = Sequence[Any]

# Sizes that hide nothing: all different, several examples, several steps, more than two classes.
SIZES = {"n_x": 3, "n_a": 6, "n_y": 4, "m": 7, "T": 5, "T_x": 5, "T_y": 5, "n": 6, "n_h": 6}
LONG = 60  # time steps of a run that is only compared: enough to see where a pass stops early
MOST_NUMBERS = 10_000_000  # that are drawn for one input
MORE_SIZES = (2, 8, 9, 11)


def has_time(given: Any) -> bool:
    """Whether an input is drawn, and has a time axis in letters."""
    shape = shape_to_draw(given) or ()
    return any(isinstance(n, str) and {"T", "T_x", "T_y"} & set(re.findall(r"\w+", n)) for n in shape)


def draw(inputs: Mapping[str, Any], seed: int, longer: Mapping[str, int] | None = None) -> Inputs:
    """Arrays for every input; given ones are taken as they are."""
    rng = np.random.default_rng(seed)
    sizes = SIZES | dict(longer or {})
    fresh = iter(MORE_SIZES)
    result = {}
    for name, given in inputs.items():
        asked = shape_to_draw(given)
        if asked is not None:
            shape = tuple(_size(n, sizes, fresh) for n in asked)
            if math.prod(shape) > MOST_NUMBERS:
                raise ShapeError(
                    f"{name} would have {math.prod(shape):,} numbers; at most {MOST_NUMBERS:,} are drawn. "
                    "Write smaller sizes, or letters: a few of each axis show what is wrong"
                )
            normal = rng.standard_normal(shape) * (0.6 if len(shape) == 2 else 0.8)
            result[name] = np.array(filled(given, normal, rng)) if is_table(given) else normal
        else:
            result[name] = np.array(as_it_is(given) if is_table(given) else given)
    return result


def _size(length: Any, sizes: dict[str, int], fresh: Any) -> int:
    """``"n_a + n_x"`` or ``"2 * n_a"`` as a number."""
    if isinstance(length, int):
        if length < 0:
            raise ShapeError(f"a shape cannot have the size {length}; write letters or whole numbers from 0 on")
        return length
    total = 0
    for term in str(length).split("+"):
        product = 1
        for factor in term.split("*"):
            word = factor.strip()
            if word.isdigit():
                product *= int(word)
            elif re.fullmatch(r"[A-Za-z]\w*", word):
                if word not in sizes:
                    sizes[word] = next(fresh, 13)
                product *= sizes[word]
            else:
                raise ShapeError(f"cannot read {length!r} as a size; write letters, such as 'n_a' or 'n_a + n_x'")
        total += product
    return total


def suspicious(inputs: Mapping[str, Any]) -> list[str]:
    """What in given arrays could hide a mistake."""
    arrays = _given(inputs)
    found = [
        f"{k} is all zeros: terms that are multiplied with it cannot be seen"
        for k, v in arrays.items()
        if v.size and not np.any(v)
    ]
    rows: dict[tuple[int, ...], list[str]] = {}
    for k, v in arrays.items():
        if v.ndim >= 2 and not k.startswith(("W", "b")):
            rows.setdefault((v.shape[0], v.shape[1]), []).append(k)
    for names in rows.values():
        kinds = {n[0] for n in names}
        if "x" in kinds and kinds & {"a", "c", "h"}:
            found.append(
                f"{', '.join(names)} have the same shape (n_x = n_a), so parts of a stack can be mistaken unseen"
            )
    return found


def one_example(inputs: Mapping[str, Any], uses: Callable[[str], tuple[Any, Iterable[Any]]]) -> list[str]:
    """Which given arrays have one example only.

    A column is one example where it is multiplied with others. A bias only adds, and what is spread over several
    columns later on belongs to all of them.

    Parameters
    ----------
    inputs : mapping
        What is given, as arrays or as shapes.
    uses : callable
        From an input's name to its leaf and the records that depend on it.
    """
    arrays = _given(inputs)
    columns = [k for k, v in arrays.items() if v.ndim >= 2 and v.shape[1] == 1 and v.shape[0] > 1]
    found = [k for k in columns if _is_one_example(*uses(k))]
    if not found:
        return []
    return [f"{', '.join(found)}: one example only (m = 1), so a missing sum over examples cannot be seen"]


def _is_one_example(leaf: Any, uses: Iterable[Any]) -> bool:
    """Whether a column is multiplied with something, and never spread over several columns."""
    uses = list(uses)
    spread = any(r.ndim >= 2 and r.operation.elementwise and r.shape[1] > 1 for r in uses)
    first = [r for r in uses if any(x is leaf for x in r.inputs)]
    return not spread and any(r.operation.algebra != "sum" for r in first)


def one_step(inputs: Mapping[str, Any]) -> list[str]:
    """Which given sequences have one step, for a program none of whose loops has several turns."""
    arrays = _given(inputs)
    return [f"{k} has one time step only" for k, v in arrays.items() if v.ndim == 3 and v.shape[2] == 1]


def _given(inputs: Mapping[str, Any]) -> Inputs:
    """The inputs that are given and not drawn."""
    left = {k: v for k, v in inputs.items() if shape_to_draw(v) is None}
    return {k: np.asarray(as_it_is(v) if is_table(v) else v) for k, v in left.items()}


def shape_to_draw(given: Any) -> Any:
    """The shape of an input that is to be drawn; None for one that is given."""
    if is_table(given):
        return shape_of(given)
    return given if in_letters(given) else None


def in_letters(given: Any) -> bool:
    """Whether an input is a shape and no array: it has letters, or is a tuple of whole numbers as in NumPy."""
    if not isinstance(given, (tuple, list)):
        return False
    whole = all(isinstance(n, (str, int)) and not isinstance(n, bool) for n in given)
    return whole and (isinstance(given, tuple) or any(isinstance(n, str) for n in given))
