"""Submissions: what came of judging a student's file: it is right, wrong, or there is no verdict, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.grading.edits import Edit
from autograd_seq.grading.plain_text import one_line
from autograd_seq.translation.reader import translated

Verdict = Literal["right", "wrong", "no verdict"]


def told(path: str, verdict: Verdict) -> str:
    """The verdict on a file, in one line."""
    name = one_line(path)
    if verdict == "right":
        return f"{name}: right"
    return f"{name}: wrong" if verdict == "wrong" else f"{name}: no verdict"


@dataclass(frozen=True)
class Cause:
    """A mistake, for whoever grades: its kind, the quantity it is made in, and what that equals instead."""

    category: str
    where: str
    words: str


@dataclass(frozen=True)
class FunctionVerdict:
    """What came of one function.

    Attributes
    ----------
    name : str
        The function's.
    verdict : str
        ``"right"``, ``"wrong"`` or ``"no verdict"``.
    reason : str or None
        Why there is no verdict.
    report : dict
        The report as plain data: ``wrong``, ``missing``, ``causes`` and so on; empty without a verdict.
    text : str
        The report as it is printed.
    mark, points : float
        What it is worth, and out of how much.
    mistakes, follow : int
        How many mistakes it has, and how many wrong gradients only follow from them.
    carried : bool
        Whether it is wrong only because of an earlier function, and right with a right one in its place.
    causes : tuple of Cause
        The mistakes, whatever the student is told of them.
    changes : tuple of Edit
        The smallest changes of lines that make it right, one for each mistake, where they were asked for and found.
    seconds : float
        How long it took to judge it.
    """

    name: str
    verdict: Verdict
    reason: str | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    mark: float = 0.0
    points: float = 1.0
    mistakes: int = 0
    follow: int = 0
    carried: bool = False
    causes: tuple[Cause, ...] = ()
    changes: tuple[Edit, ...] = ()
    seconds: float = 0.0

    @property
    def change(self) -> Edit | None:
        """The first of the changes."""
        return self.changes[0] if self.changes else None

    @property
    def ok(self) -> bool:
        """Whether it is right."""
        return self.verdict == "right"

    @property
    def marks(self) -> str:
        """The marks in words: ``4 of 5 points: 1 mistake, 4 gradients follow from it``."""
        said = f"{self.mark:g} of {self.points:g} point{'s' * (self.points != 1)}"
        if self.carried:
            return f"{said}: it is right given an earlier mistake"
        if self.verdict != "wrong" or not self.mistakes:
            return said
        if not self.follow:
            return f"{said}: {self.mistakes} mistake{'s' * (self.mistakes != 1)}"
        others = f"{self.follow} gradient follows" if self.follow == 1 else f"{self.follow} gradients follow"
        if self.mistakes == 1:
            return f"{said}: 1 mistake, {others} from it"
        return f"{said}: {self.mistakes} mistakes, {others} from them"

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        marks = {"mark": self.mark, "points": self.points, "seconds": self.seconds}
        if self.verdict == "no verdict":
            return {
                "name": self.name, "verdict": self.verdict, "status": "undecided", "ok": False, "reason": self.reason,
                **marks,
            }  # fmt: skip
        more: dict[str, Any] = {"mistakes": self.mistakes, "follow": self.follow, "carried": self.carried}
        if self.changes:
            told = [{"line": edit.line, "before": edit.before, "after": edit.after} for edit in self.changes]
            more |= {"change": told[0], "changes": told}
        return {**self.report, "verdict": self.verdict, **marks, **more}

    def __str__(self) -> str:
        return translated(f"{self.name}: no verdict\n  {self.reason}" if self.verdict == "no verdict" else self.text)


@dataclass(frozen=True)
class Submission:
    """What came of checking a file; it prints, function by function. Index it by a function's name.

    Attributes
    ----------
    path : str
        The file.
    functions : dict of str to FunctionVerdict
        What was found in it.
    reason : str or None
        Why there is no verdict about the file as a whole.
    line : int or None
        The line of the file that `reason` or `remark` is about.
    printed : str
        What the file printed while it was judged, or the beginning of it.
    remark : str or None
        What else is to be said: that running the file ended in an error, and what it defines all the same was judged.
    not_enforced : list of str
        What this machine could not keep the file from.
    seed : int
        For what was drawn: with it, the same numbers are drawn again.
    seconds : float
        How long it took to judge all of it, the start of its process included.
    """

    path: str
    functions: dict[str, FunctionVerdict]
    reason: str | None = None
    line: int | None = None
    printed: str = ""
    remark: str | None = None
    not_enforced: list[str] = field(default_factory=list)
    seed: int = 0
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """Wrong if any function is, else no verdict if any has none, else right."""
        found = {function.verdict for function in self.functions.values()}
        if "wrong" in found:
            return "wrong"
        return "no verdict" if self.reason is not None or "no verdict" in found or not found else "right"

    @property
    def ok(self) -> bool:
        """Whether it is right."""
        return self.verdict == "right"

    @property
    def mark(self) -> float:
        """The sum of its functions' marks; none where the file as a whole has no verdict."""
        return 0.0 if self.reason is not None else sum(f.mark for f in self.functions.values())

    @property
    def points(self) -> float:
        """What a right one would have."""
        return sum(f.points for f in self.functions.values())

    def __getitem__(self, name: str) -> FunctionVerdict:
        if name not in self.functions:
            known = ", ".join(map(repr, self.functions)) or "none"
            raise UsageError(f"{self.path} has no {name!r}; it has {known}{here()}")
        return self.functions[name]

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "format": 1, "path": self.path, "verdict": self.verdict, "ok": self.ok, "reason": self.reason,
            "line": self.line, "remark": self.remark, "mark": self.mark, "points": self.points, "seed": self.seed,
            "seconds": self.seconds, "not_enforced": self.not_enforced,
            "functions": {key: function.to_json() for key, function in self.functions.items()},
        }  # fmt: skip

    def __str__(self) -> str:
        before = [f"  {self.remark}"] if self.remark else []
        after = [f"  {self.reason}"] if self.reason is not None else []
        lines = [*map(str, self.functions.values()), *before, told(self.path, self.verdict), *after]
        return translated("\n".join(lines))
