"""A submission's functions as functions of this process: called here, computed in the cage.

The diagnosis is given these in place of the student's own, and knows nothing of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograd_seq.core.errors import AutogradError, UsageError
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.course import CELLS
from autograd_seq.diagnosis.grouped import Groups, flattened
from autograd_seq.diagnosis.true_values import TrueValues
from autograd_seq.grading.lines_elsewhere import LinesElsewhere
from autograd_seq.grading.own_process import NoAnswerError, OwnProcess
from autograd_seq.grading.packing import Kept, UnreadableError, pack
from autograd_seq.grading.plain_text import plain
from autograd_seq.grading.tracing import replay


class StudentError(Exception):
    """An error that a submission's function raised, under the name of its own type."""

    student_line = ""


def asked(
    process: OwnProcess, command: str, name: str, places: tuple[Any, ...], names: Mapping[str, Any],
    groups: Groups | None = None,
) -> Any:  # fmt: skip
    """One call in the cage.

    Raises
    ------
    NoAnswerError
        If the call ends the process, takes too long, or meets a limit.
    StudentError
        What the function raised.
    """
    tree, arrays = pack((places, dict(names)))
    answer = process.ask(command, tree, arrays, name=name, groups=groups or {})
    if answer.get("not_told"):
        raise StudentError(plain(str(answer["not_told"])))
    if isinstance(answer.get("error"), dict):
        raise raised(answer["error"])
    return answer["value"]


def raised(error: Mapping[str, Any]) -> BaseException:
    """An error that came as data, to be raised here."""
    kind, said = plain(str(error.get("kind")), 1), plain(str(error.get("said")))
    place = f"\n  at {plain(str(error['place']), 1)}" if error.get("place") else ""
    if error.get("ends"):
        what = f"{kind} (code {said})" if kind == "SystemExit" else f"{kind}: {said}".removesuffix(": ")
        return NoAnswerError(f"it ends in {what}{place}")
    if error.get("ours"):
        return UsageError(said)
    made = type(kind if kind.isidentifier() else "Exception", (StudentError,), {"student_line": place})
    found: BaseException = made(said)
    return found


class RemoteFunction:
    """A function of a submission, called with arguments by place."""

    def __init__(self, process: OwnProcess, name: str) -> None:
        self._process = process
        self.__name__ = name

    def __call__(self, *places: Any, **names: Any) -> Any:
        """Call it in the cage."""
        return asked(self._process, "call", self.__name__, places, names)

    def own_lines(
        self, cases: Sequence[Any], wrong: list[str], tolerance: float, known: TrueValues
    ) -> LinesElsewhere:
        """Its lines, for whoever looks for a mistake in them."""
        forward = getattr(cases[0].forward, "own", cases[0].forward)
        names: dict[str, Any] = {"function": self.__name__}
        if isinstance(forward, RemoteForward):
            names |= {"forward": forward.__name__, "groups": forward.groups}
        return LinesElsewhere(self._process, names, cases, wrong, tolerance, known)


class RemoteForward:
    """A forward pass of a submission: of arrays it answers arrays, of tensors a recording made here."""

    def __init__(self, process: OwnProcess, name: str, groups: Groups) -> None:
        self._process, self.groups = process, groups
        self.__name__ = name

    def __call__(self, **inputs: Any) -> Any:
        """Run it in the cage on inputs that come one by one; of tensors, replay what was recorded there."""
        leaves = {key: value for key, value in inputs.items() if isinstance(value, Tensor)}
        if not leaves:
            return asked(self._process, "forward", self.__name__, (), inputs, self.groups)
        plainly = {key: value._value if isinstance(value, Tensor) else value for key, value in inputs.items()}
        try:
            return replay(asked(self._process, "record", self.__name__, (), plainly, self.groups), leaves), None
        except UnreadableError as error:
            raise StudentError(str(error)) from None


class RemoteBackward(RemoteFunction):
    """A backward pass of a submission; its cache is where its forward pass left it."""

    def __call__(self, *places: Any, **names: Any) -> Any:
        """Call it in the cage with adjoints from here and a cache from there."""
        upstream, cache = places
        if not isinstance(cache, Kept):
            raise UsageError("forward must return (outputs, cache): return {'a': a}, cache")
        return super().__call__(upstream, cache)


class RemoteModule:
    """A submission as a module: it has the functions that the submission defines, and ``INPUTS``.

    Setting a cell of the assignment to another function than the submission's own puts a right one in its place,
    in the cage; setting it back undoes that.
    """

    INPUTS: Any
    own_inputs: Any
    _own: dict[str, Any]
    _process: OwnProcess

    def __init__(self, process: OwnProcess, names: list[str], inputs: Any) -> None:
        given = inputs
        functions: dict[str, Any] = {name: RemoteFunction(process, name) for name in names}
        if "forward" in functions:
            groups = flattened(inputs)[1] if isinstance(inputs, Mapping) else {}
            functions["forward"] = RemoteForward(process, "forward", groups)
            inputs = flattened(inputs)[0] if isinstance(inputs, Mapping) else inputs
        if "backward" in functions:
            functions["backward"] = RemoteBackward(process, "backward")
        vars(self).update(functions, INPUTS=inputs, own_inputs=given, _own=dict(functions), _process=process)

    def __setattr__(self, name: str, value: Callable[..., Any]) -> None:
        if name not in CELLS.values():
            raise AutogradError(f"{name} is not a cell of the assignment")
        self._process.ask("swap", name=name, right=value is not self._own[name])
        vars(self)[name] = value
