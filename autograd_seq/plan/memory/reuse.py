"""Memory that is used again: a block whose last reader has run gives its memory to one that is written later."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.plan.anysize.size import always_fits

REDUCED = {"dot", "sum", "mean", "stack", "concatenate", "scatter", "einsum"}
"""Functions that are no ufuncs and make new arrays."""
WORD = re.compile(r"[^\W\d]\w*")


def zeros(shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
    """Memory that begins with a cache line (64 bytes), as vector instructions like it.

    Examples
    --------
    >>> from autograd_seq.plan.memory.reuse import zeros
    >>> zeros((3, 5)).ctypes.data % 64
    0
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


def used(names: Iterable[str], lines: Iterable[str]) -> list[str]:
    """Which names some lines use."""
    words = set(WORD.findall("\n".join(lines)))
    return [name for name in names if name in words]


@dataclass
class Block:
    """Memory that a program sets aside.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    keeps : bool
        Whether it holds something from call to call, such as zeros before the first step.
    home : Block or None
        The block in whose memory it lives, if it has none of its own; with its name.
    """

    shape: tuple[int, ...]
    dtype: Any
    keeps: bool = False
    home: Block | None = None
    home_name: str = ""

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    def statement(self, name: str) -> str:
        """What makes it."""
        if self.home is not None:
            return f"{name} = {self.home_name}{self._seen_in(self.home)}"
        dtype = "" if self.dtype == np.float64 else f", np.{np.dtype(self.dtype).name}"
        return f"{name} = zeros({self.shape!r}{dtype})"

    def _seen_in(self, home: Block) -> str:
        if self.shape == home.shape:
            return ""
        return f"{'' if self.size == home.size else f'.reshape(-1)[:{self.size}]'}.reshape({self.shape!r})"


def share(blocks: dict[str, Block], body: list[str], names: list[str]) -> int:
    """Let blocks live in the memory of others that are not needed any more.

    Parameters
    ----------
    blocks : dict of str to Block
        By name; those that find a home are changed.
    body : list of str
        The program's statements in order; a loop's are indented.
    names : list of str
        What the program calls several blocks together, or one in another shape, as ``steps_1 = …``.

    Returns
    -------
    int
        How many have found a home.
    """
    first, last = _lives(blocks, body, dict(line.split(" = ", 1) for line in names))
    free: list[tuple[int, str]] = []  # when the memory comes free, and whose it is
    count = 0
    for name in sorted((n for n in blocks if n in first), key=first.__getitem__):
        block = blocks[name]
        owner = name
        fitting = [] if block.keeps else [
            (int(blocks[home].size), when, home) for when, home in free
            if when < first[name] and always_fits(block.size, blocks[home].size) and blocks[home].dtype == block.dtype
        ]  # fmt: skip
        if fitting:
            _, when, owner = min(fitting)
            free.remove((when, owner))
            block.home, block.home_name = blocks[owner], owner
            count += 1
        if not block.keeps:
            free.append((last[name], owner))
    return count


def _may_be_a_view(statement: str) -> bool:
    """Whether what a statement makes may lie in the memory of what it is made of; arithmetic makes new arrays.

    Examples
    --------
    >>> [_may_be_a_view(f"y = {text}") for text in ("x[0]", "x.T", "expand_dims_2(x, axis=(0,))")]
    [True, True, True]
    >>> [_may_be_a_view(f"y = {text}") for text in ("x + z", "power(x, 2)")]
    [False, False]
    """
    made = statement.partition(" = ")[2]
    outside, before = made, ""
    while outside != before:  # what stands in brackets says where and how, or is the operand of a call
        outside, before = re.sub(r"\[[^\[\]()]*\]|\([^()\[\]]*\)", "", outside), outside
    called = re.match(r"([^\W\d]\w*?)(_\d+)?\(", made)
    fresh = called is not None and (isinstance(getattr(np, called[1], None), np.ufunc) or called[1] in REDUCED)
    return not fresh and not re.search(r"[-+*/@]", outside)


def _lives(blocks: dict[str, Block], body: list[str], names: dict[str, str]) -> tuple[dict[str, int], dict[str, int]]:
    """The first and the last statement that needs each block; a loop counts as one."""
    words: list[set[str]] = []
    for line in body:
        found = set(WORD.findall(line))
        for name in found & set(names):
            found |= set(WORD.findall(names[name]))
        if line.startswith(" "):
            words[-1] |= found
        else:
            words.append(found)
    seen: dict[str, list[int]] = {}
    for i, found in enumerate(words):
        for word in found:
            seen.setdefault(word, []).append(i)
    last = {word: places[-1] for word, places in seen.items()}
    statements = [line for line in body if not line.startswith(" ")]
    for i in range(len(statements) - 1, -1, -1):  # what a name is made of may be seen through it: it lives as long
        name, equals, _ = statements[i].partition(" = ")
        if equals and name in last and name not in blocks:
            through = words[i] & set(last) if _may_be_a_view(statements[i]) else words[i] & set(blocks)
            for word in through:
                last[word] = max(last[word], last[name])
    return {word: places[0] for word, places in seen.items() if word in blocks}, last
