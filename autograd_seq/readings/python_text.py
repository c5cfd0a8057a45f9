r"""A user's words inside a Python program: as strings, in docstrings and in comments, where they can be nothing else.

All that a user brings, such as the name of a parameter, goes through one of these functions or becomes an identifier.
"""

from __future__ import annotations

from collections.abc import Iterable


def quoted(words: str) -> str:
    r"""Words as a string of one line.

    Examples
    --------
    >>> print(quoted("Wf"), quoted('a "b"\n'), quoted("权重"))
    "Wf" 'a "b"\n' "权重"
    """
    return f'"{words}"' if words.isprintable() and not set(words) & set('\\"') else ascii_beyond(repr(words))


def ascii_beyond(words: str) -> str:
    """What cannot be printed, or cannot be stored in a file, by its number."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)


def in_docstring(words: str) -> str:
    r"""One line inside a docstring: it cannot end it, begin another line or be read as an escape.

    Examples
    --------
    >>> print(in_docstring('W"' + '"' * 2 + '\nimport os'), in_docstring("Γ_f : (n_a, m)"))
    W\"\"\"\\nimport os Γ_f : (n_a, m)
    """
    kept = words.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(c if c.isprintable() else "\\" + ascii(c)[1:-1] for c in kept)


def docstring(lines: Iterable[str]) -> list[str]:
    """Lines as a docstring.

    Examples
    --------
    >>> len(docstring(["The sum."])), len(docstring(["The sum.", "", "Of what?"]))
    (1, 4)
    """
    first, *rest = [in_docstring(line) for line in lines]
    return [f'"""{first}', *rest, '"""'] if rest else [f'"""{first}"""']


def comment(words: str) -> str:
    r"""One line as a comment.

    Examples
    --------
    >>> comment("a = 1"), comment("a\nimport os")
    ('# a = 1', '# a\\nimport os')
    """
    return "# " + ascii_beyond(words)
