r"""One name for one thing, written in each alphabet.

A record is named in ASCII, as in code: ``Gamma_f``, ``c_tilde``, ``Waa``, ``dGamma_f``.
From that and its scope come the label ``Gamma_f<3>``, the text ``Γ_f<3>``, the LaTeX
``\Gamma_f^{<3>}``, the symbol ``Gamma_f^<3>`` and the identifier ``Gamma_f_3``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any, Protocol

from autograd_seq.core.scope import NOWHERE, Scope

GREEK = {
    name: chr(code)
    for code, name in enumerate(
        [
            "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
            "nu", "xi", "omicron", "pi", "rho", "_", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
        ],
        start=0x3B1,
    )
    if name != "_"
}
GREEK |= {name.capitalize(): letter.upper() for name, letter in GREEK.items()}
LETTERS = {letter: name for name, letter in GREEK.items()}
# Capital Greek letters that look Latin have no LaTeX command of their own; these do.
_LATEX_CAPITALS = {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
ACCENTS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304"}
ARROWS = {"forward": "→", "backward": "←"}
_HALF = re.compile("[\ud800-\udfff]")
_STEERS = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
# Waa, Uh, ba, pf: the letter of a weight and what it belongs to. An s or t alone is none: several p, p at step t.
_SHORT = re.compile(r"^([WUV](?=[a-z]{1,2}$)|[bp](?=[a-z]$))(?![st]$)([a-z]+)$")
_ADJOINT = re.compile(r"^d(?=[A-Z\u0391-\u03c9\u4e00-\u9fff]|[a-z](?:_|$)|[bp](?![st]$)[a-z]$|gamma|d[a-zA-Z])")


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart.

    Attributes
    ----------
    base : str
        The letter or word: ``Gamma``, ``W``, ``c``.
    accent : str
        ``tilde``, ``hat``, ``bar`` or empty.
    subscript : str
        What stands below: ``f``, ``aa``.
    adjoint : int
        How many times a ``d`` stands before it.
    """

    base: str
    accent: str = ""
    subscript: str = ""
    adjoint: int = 0

    @classmethod
    def parse(cls, text: str, short_too: bool = True) -> Name:
        """Take an ASCII name apart; whatever does not fit stays one word, and ``Waa`` does unless `short_too`."""
        adjoint, text = 0, whole(text)
        while _ADJOINT.match(text):
            adjoint, text = adjoint + 1, text[1:]
        if short_too and (short := _SHORT.match(text)):
            return cls(short[1], "", short[2], adjoint)
        base, *parts = text.split("_")
        base = LETTERS.get(base, base)
        if not base or not all(parts):
            return cls(text, "", "", adjoint)
        accent = parts.pop(0) if parts and parts[0] in ACCENTS else ""
        return cls(base, accent, "_".join(parts), adjoint)


class Named(Protocol):
    """What a record has that its name is written from."""

    @property
    def name(self) -> str | None:
        """Its name, or None."""

    operation: Any
    scope: Scope
    index: int


def whole(words: str) -> str:
    r"""Words from a user that any file can hold: half a character (a lone surrogate) becomes an unknown one.

    Examples
    --------
    >>> whole("a\ud800b") == "a\ufffdb", whole("ŷ")
    (True, 'ŷ')
    """
    return words if words.isascii() else _HALF.sub("\ufffd", words)


def escaped(json_text: str) -> str:
    r"""A JSON text that any file can hold, with every letter of the user's; half a character stays as its number.

    So does what turns the direction of writing, and what a terminal would obey.

    Examples
    --------
    >>> escaped('"a\ud800b ŷ"')
    '"a\\ud800b ŷ"'
    """
    return _STEERS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json_text)


def place(scope: Scope) -> str:
    """The superscript of a place: ``[2]<3>``."""
    layer = f"[{scope.layer}]" if scope.layer is not None else ""
    return layer + (f"<{scope.time}>" if scope.time is not None else "")


def label(tensor: Named) -> str:
    """``Gamma_f<3>``; ``tanh%12`` for a record without a name."""
    if tensor.name is None:
        return f"{tensor.operation.name}%{tensor.index}" if tensor.operation else f"%{tensor.index}"
    return ARROWS.get(tensor.scope.direction or "", "") + whole(tensor.name) + place(tensor.scope)


def text(name: str, scope: Scope = NOWHERE, time: str | None = None, as_in_code: bool = False) -> str:
    """Unicode, for a terminal or a picture: ``Γ_f<3>``, ``c̃<3>``, ``→a[2]<3>``; `time` replaces the step.

    What stands beside lines of code has Waa where mathematics has W_aa.
    """
    parts = Name.parse(name, short_too=not as_in_code)
    base = GREEK.get(parts.base, parts.base) + ACCENTS.get(parts.accent, "")
    below = f"_{parts.subscript}" if parts.subscript else ""
    above = place(scope) if time is None else place(replace(scope, time=None)) + f"<{time}>" * bool(time)
    return "d" * parts.adjoint + ARROWS.get(scope.direction or "", "") + base + below + above


def escape_latex(words: str) -> str:
    """Text from a user, safe inside LaTeX."""
    special = {c: "\\" + c for c in "#$%&_{}"} | {
        "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
        "<": r"\textless{}", ">": r"\textgreater{}",
    }  # fmt: skip
    return "".join(special.get(c, c) for c in words)


def greek(name: str) -> str:
    r"""A Greek letter in LaTeX; those that look Latin have no command of their own."""
    if name == "omicron":
        return "o"
    return "\\" + name if name.islower() or name in _LATEX_CAPITALS else name[0]


def _upright(words: str) -> str:
    """A name of more than one letter."""
    ordinary = words.isascii() and re.fullmatch(r"[\w#$%&{}.-]+", words)
    return rf"\{'mathrm' if ordinary else 'text'}{{{escape_latex(words)}}}"


def latex(name: str, time: str | None = None, scope: Scope = NOWHERE) -> str:
    r"""LaTeX: ``\Gamma_f^{<3>}``; `time` replaces the step, as in ``t-1``."""
    parts = Name.parse(name)
    if parts.base in GREEK:
        symbol = greek(parts.base)
    elif len(parts.base) == 1 and parts.base.isascii() and parts.base.isalnum():
        symbol = parts.base
    else:
        symbol = _upright(parts.base)
    if parts.accent:
        symbol = rf"\{parts.accent}{{{symbol}}}"
    if scope.direction:
        symbol = rf"\over{'right' if scope.direction == 'forward' else 'left'}arrow{{{symbol}}}"
    if parts.subscript:
        plain = re.fullmatch(r"[A-Za-z0-9]+", parts.subscript)
        below = parts.subscript if plain else _upright(parts.subscript)
        symbol += f"_{{{below}}}"
    step = time if time is not None else (str(scope.time) if scope.time is not None else "")
    above = (f"[{scope.layer}]" if scope.layer is not None else "") + (
        rf"\langle {step} \rangle" if step else ""
    )
    if above:
        symbol += f"^{{{above}}}"
        if parts.accent and not scope.direction:  # TeX looks through braces around an accented letter alone, and
            symbol = "{}" + symbol  # would find two superscripts in its square
    return "d" * parts.adjoint + symbol


def argument(name: str) -> str:
    """What the argument of a named function value is called: ``gamma_f`` for ``Gamma_f``, ``z_c`` for ``c_tilde``.

    Examples
    --------
    >>> argument("Gamma_f"), argument("c_tilde"), argument("a")
    ('gamma_f', 'z_c', 'z_a')
    """
    parts = Name.parse(name)
    below = f"_{parts.subscript}" if parts.subscript else ""
    if parts.base in GREEK and not parts.base.islower():
        return parts.base.lower() + below
    return f"z_{parts.base}{below}"


def symbol(tensor: Named, element: tuple[int, ...] = ()) -> str:
    """The name of one scalar of a tensor: ``Waa_12``, ``x_1^<3>``, ``h%7_1``; counted from 1 as in the notes."""
    base = tensor.name or label(tensor)
    digits = [str(i + 1) for i in element]
    below = "_" + ("" if all(len(d) == 1 for d in digits) else ",").join(digits) if digits else ""
    above = place(tensor.scope)
    return ARROWS.get(tensor.scope.direction or "", "") + base + below + ("^" + above if above else "")


def identifier(name: str, scope: Scope = NOWHERE) -> str:
    """A valid Python name: ``Gamma_f_3``."""
    where = [str(p) for p in (scope.direction, scope.layer, scope.time) if p is not None]
    return as_identifier("_".join([name, *where]))


def as_identifier(words: str) -> str:
    """Any words as a Python name; letters of every language stay.

    Examples
    --------
    >>> as_identifier("Γ_f"), as_identifier("遗忘门"), as_identifier("2 b"), as_identifier("x"), as_identifier("Ws[0]")
    ('Γ_f', '遗忘门', 'v_2_b', 'x', 'Ws_0')
    """
    known = re.sub(r"[\[.](\w+)\]?", r"_\1", unicodedata.normalize("NFKC", words))  # as Python reads a name
    word = "".join(c if c.isalnum() and ("v" + c).isidentifier() else "_" for c in known)
    return word if word and not word[0].isdigit() and word.isidentifier() else "v_" + word
