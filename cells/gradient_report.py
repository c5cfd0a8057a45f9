"""Gradients in words: for each parameter, how much each time step gave to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograd_seq import Parameter, Tensor, contributions
from autograd_seq.translation.columns import display_width, padded
from autograd_seq.translation.reader import translated
from cells.checked import kind, sizes

WIDTH = 9


def gradient_table(loss: Tensor, parameters: Mapping[str, Parameter], most: int = 12) -> str:
    """A table of gradients with their contributions by time step, as Frobenius norms.

    Parameters
    ----------
    loss : Tensor
        A scalar.
    parameters : mapping of str to Parameter
        Such as ``cell.parameters``.
    most : int
        Of more time steps than this, only the first and last are shown.

    Returns
    -------
    str
        A line for each parameter: name, shape, ‖gradient‖, and the norm of each step's contribution. The
        contributions add up to the gradient as arrays, not as norms: they may cancel.

    Examples
    --------
    >>> from autograd_seq import steps
    >>> w, a = Parameter(0.5, "w"), 1.0
    >>> for t in steps(3):
    ...     a = a * w
    >>> print(gradient_table(a, {"w": w}))
    parameter  shape     ‖dJ/d·‖      t = 1    t = 2    t = 3
    w          ()           0.75       0.25     0.25     0.25
    """
    sizes("gradient_table()", most=most)
    kind(parameters, Mapping, "gradient_table() needs a dict of parameters, such as cell.parameters")
    parts: dict[str, dict[int, float]] = {}
    whole: dict[str, float] = {}
    for key, parameter in parameters.items():
        given = {place[2] or 0: part for place, part in contributions(loss, parameter).items()}
        parts[key] = {time: float(np.linalg.norm(part)) for time, part in given.items()}
        whole[key] = float(np.linalg.norm(np.sum(list(given.values()), axis=0))) if given else 0.0
    times = sorted({time for given_at in parts.values() for time in given_at})
    shown = times if len(times) <= most else times[: most // 2] + times[-(most - most // 2) :]
    name_width = max([9, *(display_width(key) for key in parameters)])
    shape = padded(translated("shape"), 8)
    head = [f"{padded(translated('parameter'), name_width)}  {shape}  {'‖dJ/d·‖':>{WIDTH - 2}}  "]
    head += [padded(f"t = {time}" if time else translated("no time"), WIDTH, right=True) for time in shown]
    lines = ["".join(head)]
    for key, parameter in parameters.items():
        shape = "×".join(map(str, parameter.shape)) or "()"
        row = f"{padded(key, name_width)}  {shape:8}  {whole[key]:{WIDTH - 2}.3g}  "
        lines.append(row + "".join(f"{parts[key].get(time, 0.0):{WIDTH}.3g}" for time in shown))
    if len(shown) < len(times):
        lines.append(translated(f"({len(times) - len(shown)} time steps in the middle are not shown)"))
    return "\n".join(line.rstrip() for line in lines)
