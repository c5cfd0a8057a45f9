"""Which axis of each record in a certificate runs over the examples: what is claimed for any number of them.

A guess that costs little: what is guessed wrongly, the checker does not find true, and nothing is claimed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from math import prod
from typing import Any

from autograd_seq.check import check_certificate


def claimed_for_any_number(data: Mapping[str, Any], shared: Collection[int]) -> tuple[dict[str, int], str]:
    """The axes of examples by record, if the certificate holds with them; or why it does not.

    Parameters
    ----------
    data : dict
        A certificate.
    shared : collection of int
        The records that all examples share, such as parameters.

    Returns
    -------
    dict of str to int, str
        Empty, with the reason, where examples depend on each other, or there are no two of them.
    """
    reason = "no two examples were recorded"
    records = data["records"]
    leaves = [i for i, record in enumerate(records) if "op" not in record and i not in shared]
    shapes = [records[i]["shape"] for i in leaves if len(records[i]["shape"]) > 1]
    for axis in (-1, 0, 1):  # examples are columns, or rows
        sizes = Counter(shape[axis] for shape in shapes)
        for count, _ in sizes.most_common(2):
            if count > 1:
                axes = _axes(data, leaves, axis, count)
                try:
                    check_certificate.Certificate({**data, "examples": axes}).check()
                except (check_certificate.Fails, ArithmeticError, ValueError) as error:
                    several = any(shape[-1] > 1 for shape in shapes)
                    reason = str(error) if several and reason.startswith("no two") else reason
                else:
                    return axes, ""
    return {}, reason


def _axes(data: Mapping[str, Any], leaves: Collection[int], axis: int, count: int) -> dict[str, int]:
    """From those of the leaves, those of all records."""
    axes: dict[int, int] = {}
    weighed: set[int] = set()  # what depends on parameters
    records = data["records"]
    for i, record in enumerate(records):
        shape, inputs = record["shape"], record.get("in", [])
        elements = data["operations"][record["op"]]["elements"] or [] if "op" in record else []
        made_of = {inputs[x] for _, x, _ in check_certificate.variables(["+", *elements])}
        if i not in leaves and ("op" not in record or weighed & made_of):
            weighed.add(i)
        fallback = [] if i in weighed else _convention(shape, axis, count)
        mentioned = [_examples(term, record, records, axes) for term in elements]
        alike = _apart if any(mentioned) else _repeated
        fitting = [a for a, n in enumerate(shape) if elements and n == count and alike(mentioned, elements, shape, a)]
        fitting = fitting[:: axis if axis < 0 else 1] or ([] if any(mentioned) else fallback)
        axes.update((i, a) for a in fitting[:1])
    return {str(i): a for i, a in axes.items()}


def _convention(shape: list[int], axis: int, count: int) -> list[int]:
    """The axis of data; examples stand second where time is the last axis."""
    return [a % len(shape) for a in (axis, 1) if len(shape) > max(a, 0) and shape[a] == count]


def _examples(term: Any, record: Any, records: Any, axes: Mapping[int, int]) -> set[int]:
    """The examples that a term mentions."""
    found = set()
    for _, x, k in check_certificate.variables(term):
        i = record["in"][x]
        if i in axes:
            found.add(_example(k, records[i]["shape"], axes[i]))
    return found


def _example(k: int, shape: list[int], axis: int) -> int:
    return k // prod(shape[axis + 1 :]) % shape[axis]


def _apart(mentioned: list[set[int]], elements: list[Any], shape: list[int], axis: int) -> bool:
    """Whether each element is made of no other example than its own."""
    return all(found <= {_example(k, shape, axis)} for k, found in enumerate(mentioned))


def _repeated(mentioned: list[set[int]], elements: list[Any], shape: list[int], axis: int) -> bool:
    """Whether something shared is repeated for each example."""
    stride = prod(shape[axis + 1 :])
    return all(term == elements[k - _example(k, shape, axis) * stride] for k, term in enumerate(elements))
