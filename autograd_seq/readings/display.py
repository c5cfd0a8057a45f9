"""What a notebook shows: text always, LaTeX where a value is small, pictures where somebody registered them.

The engine draws nothing. What draws adds itself to `painters`, as the drawings do when they are imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.errors import AutogradError
from autograd_seq.core.record import Record
from autograd_seq.core.shown import Shown

# Each is asked for MIME types and contents of a thing, and answers with none for what it does not draw.
painters: list[Callable[[Any], Mapping[str, str]]] = []
LONGEST = 8  # rows and columns of a matrix that is written out in LaTeX


def bundle(thing: Any) -> dict[str, str]:
    r"""The MIME types in which a thing can be shown, with their contents.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> bundle(Parameter([[0.5, 1.0]], "W"))["text/latex"]
    '$\\displaystyle W = \\begin{bmatrix}0.5 & 1\\end{bmatrix}$'
    """
    contents = {"text/plain": repr(thing)}
    if isinstance(thing, Record) and (formula := latex(thing)):
        contents["text/latex"] = formula
    if not _in_terminal():
        for painter in painters:
            try:
                contents |= painter(thing)
            except AutogradError as error:  # no Graphviz, say: the text is still there, and what to do about it
                contents["text/plain"] += f"\n({str(error).splitlines()[0]})"
    return contents


def latex(tensor: Record) -> str:
    """A small value as a matrix with its name; nothing for a large one."""
    value = tensor.value
    if value.ndim > 2 or not value.size or max(value.shape, default=1) > LONGEST:
        return ""
    rows = [" & ".join(_number(x) for x in row) for row in np.atleast_2d(value)]
    body = rows[0] if value.ndim == 0 else r"\begin{bmatrix}" + r" \\ ".join(rows) + r"\end{bmatrix}"
    called = names.latex(tensor.name, scope=tensor.scope) + " = " if tensor.name else ""
    return rf"$\displaystyle {called}{body}$"


def _number(x: Any) -> str:
    if not np.isfinite(x):
        return r"\mathrm{NaN}" if np.isnan(x) else r"\infty" if x > 0 else r"-\infty"
    mantissa, _, exponent = f"{float(x):.4g}".partition("e")
    return mantissa + (rf" \cdot 10^{{{int(exponent)}}}" if exponent else "")


def _in_terminal() -> bool:
    """Whether Python talks to a terminal through IPython, which asks for pictures that it cannot show."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None and hasattr(interactive, "get_ipython") else None
    return type(shell).__name__ == "TerminalInteractiveShell"


Shown.look = bundle
