"""What a function does with its values, read off its bytecode: where each comes from, and what becomes of it.

The instructions of one code object are gone through once, with a stack of which instruction pushed what. The names of
instructions differ between versions of Python; here they become the few words of `Step`.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import CodeType
from typing import Any

Value = tuple[int, int]  # the step that pushed it, and which of the values that it pushed

# What an instruction takes from the stack, where that is more than its effect says.
_TAKES = {
    1: "LOAD_ATTR LOAD_METHOD UNARY_NEGATIVE UNARY_NOT UNARY_INVERT UNARY_POSITIVE TO_BOOL GET_ITER "
       "GET_YIELD_FROM_ITER YIELD_VALUE UNPACK_SEQUENCE UNPACK_EX LIST_TO_TUPLE CALL_INTRINSIC_1 BEFORE_WITH "
       "FORMAT_SIMPLE CONVERT_VALUE GET_AWAITABLE",
    2: "BINARY_OP BINARY_SUBSCR COMPARE_OP IS_OP CONTAINS_OP IMPORT_NAME CALL_INTRINSIC_2 SET_FUNCTION_ATTRIBUTE "
       "FORMAT_WITH_SPEC",
    3: "BINARY_SLICE LOAD_SUPER_ATTR",
}  # fmt: skip
_TAKEN = {name: count for count, listed in _TAKES.items() for name in listed.split()}
_BUILT = {"BUILD_TUPLE", "BUILD_LIST", "BUILD_SET", "BUILD_STRING", "BUILD_SLICE"}
_IDLE = {"NOP", "RESUME", "CACHE", "PRECALL", "KW_NAMES", "EXTENDED_ARG", "COPY_FREE_VARS", "MAKE_CELL", "NOT_TAKEN"}
_ADDED = {"LIST_APPEND", "SET_ADD", "LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE"}
_ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD",
         "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE"}  # fmt: skip
_WORDS = {
    "BINARY_SUBSCR": "item", "BINARY_SLICE": "item", "LOAD_ATTR": "attribute", "LOAD_METHOD": "attribute",
    "STORE_SUBSCR": "put", "STORE_SLICE": "put", "STORE_ATTR": "set", "UNPACK_SEQUENCE": "unpack",
    "UNPACK_EX": "unpack", "RETURN_VALUE": "return", "YIELD_VALUE": "return", "BUILD_TUPLE": "collect",
    "BUILD_LIST": "collect", "BUILD_MAP": "map", "BUILD_CONST_KEY_MAP": "map", "LIST_APPEND": "add",
    "SET_ADD": "add", "CALL": "call", "CALL_KW": "call", "GET_ITER": "iterate",
    "FOR_ITER": "next", "POP_TOP": "drop", "LOAD_SMALL_INT": "number", "LOAD_CONST": "number",
}  # fmt: skip


@dataclass(slots=True)
class Step:
    """An instruction, or half of one that does two things.

    Attributes
    ----------
    offset : int
        Where it begins in the bytecode.
    word : str
        ``load``, ``store``, ``number``, ``item``, ``attribute``, ``put``, ``set``, ``unpack``, ``return``, ``collect``,
        ``map``, ``add``, ``call``, ``iterate``, ``next``, ``drop``, ``clear`` (a variable whose name a
        comprehension uses); else Python's own word for it.
    argument : object
        The variable, the attribute, the number; of a call the names of its last arguments.
    inputs : tuple of Value
        What it takes from the stack, lowest first.
    follows : list of int
        The steps that may come next.
    """

    offset: int
    word: str
    argument: Any
    inputs: tuple[Value, ...] = ()
    follows: list[int] = field(default_factory=list)


class Flow:
    """The values of one code object.

    Attributes
    ----------
    steps : list of Step
        In the order of the bytecode.
    uses : dict
        From each value to the steps that take it, and as which of their inputs.
    at : dict
        From an offset, where an instruction begins or its cache ends, to its last step.
    """

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.steps: list[Step] = []
        self.uses: dict[Value, list[tuple[int, int]]] = {}
        self.at: dict[int, int] = {}
        self._meeting: list[tuple[Value, Value]] = []
        self._run(list(dis.get_instructions(code)))

    @cached_property
    def jumps_back(self) -> list[tuple[int, int]]:
        """Of each jump to an earlier step, that step and the one that jumps: a loop's beginning and end."""
        return [(i, k) for k, step in enumerate(self.steps) for i in step.follows if i <= k]

    @cached_property
    def of_comprehensions(self) -> set[int]:
        """The steps that store variables of comprehensions, which since Python 3.12 are no functions of their own."""
        return {
            i
            for k, cleared in enumerate(self.steps)
            if cleared.word == "clear"
            for restored, _ in self.uses.get((k, 0), ())
            for i in range(k, restored)
            if self.steps[i].word == "store" and self.steps[i].argument == cleared.argument
        }

    def step_at(self, offset: int) -> int | None:
        """The step of an offset: where an instruction begins, or its cache ends, as Python may tell it."""
        return self.at.get(offset)

    def _run(self, instructions: list[dis.Instruction]) -> None:
        steps = self.steps
        waiting: dict[int, list[Value]] = {0: []}  # the stack at the targets of jumps
        jumps: dict[int, list[int]] = {}  # the steps that jump to an offset
        first: dict[int, int] = {}  # the first step of an instruction
        stack: list[Value] | None = []
        keywords: tuple[str, ...] = ()
        for k, instruction in enumerate(instructions):
            offset, name = instruction.offset, instruction.opname
            if stack is None:
                stack = list(waiting[offset]) if offset in waiting else None
            elif steps and k:
                steps[-1].follows.append(len(steps))
                if offset in waiting:
                    self._meet(waiting[offset], stack)
            first[offset] = len(steps)
            if name == "KW_NAMES":
                keywords = self.code.co_consts[instruction.arg or 0]
            for step in _halves(instruction, keywords):
                if steps and steps[-1].offset == offset:
                    steps[-1].follows.append(len(steps))
                steps.append(step)
                if stack is not None:
                    self._take(instruction, step, stack)
            if keywords and name.startswith("CALL"):
                keywords = ()
            end = instructions[k + 1].offset if k + 1 < len(instructions) else offset + 2
            for place in range(offset, end, 2):
                self.at[place] = len(steps) - 1
            if stack is not None and instruction.opcode in _JUMPS:
                target, there = instruction.argval, _stack_there(instruction, stack)
                self._meet(there, waiting.setdefault(target, there))
                jumps.setdefault(target, []).append(len(steps) - 1)
            if name in _ENDS:
                stack = None
        for value, other in reversed(self._meeting):
            self.uses.setdefault(value, []).extend(self.uses.get(other, ()))
        for target, origins in jumps.items():
            for origin in origins:
                steps[origin].follows.append(first[target])

    def _meet(self, stack: Iterable[Value], other: Iterable[Value]) -> None:
        """Two ways come together: what one has pushed is used as what the other has, as in ``a if c else b``."""
        self._meeting += [pair for pair in zip(stack, other, strict=False) if pair[0] != pair[1]]

    def _take(self, instruction: dis.Instruction, step: Step, stack: list[Value]) -> None:
        """What a step does to the stack."""
        me, name = len(self.steps) - 1, instruction.opname
        if name == "SWAP":
            n = instruction.arg or 0
            if n <= len(stack):
                stack[-1], stack[-n] = stack[-n], stack[-1]
            return
        if name == "COPY":
            n = instruction.arg or 0
            stack.append(stack[-n] if n <= len(stack) else (-1, 0))
            return
        takes, pushes = _traffic(instruction, step)
        if not takes and pushes == 1 and step.word != "next":  # as most do
            stack.append((me, 0))
            return
        if takes > len(stack):
            stack[:0] = [(-1, 0)] * (takes - len(stack))
        taken = stack[len(stack) - takes :]
        del stack[len(stack) - takes :]
        if name in ("LIST_APPEND", "SET_ADD"):
            n = instruction.arg or 0
            taken = [taken[-1], stack[-n] if n <= len(stack) else (-1, 0)]
        elif step.word == "next" and stack:
            taken = [stack[-1]]
        elif name == "CALL_KW":
            names = taken.pop()
            step.argument = self.steps[names[0]].argument if names[0] >= 0 else ()
        step.inputs = tuple(taken)
        for position, value in enumerate(taken):
            self.uses.setdefault(value, []).append((me, position))
        order = reversed(range(pushes)) if step.word == "unpack" else range(pushes)
        if pushes == 2 and name in ("LOAD_GLOBAL", "LOAD_ATTR", "LOAD_METHOD"):
            order = range(0, -2, -1)  # the second is what only a call looks at
        stack += [(me, k) for k in order]


_CACHE, _RETURN = dis.opmap.get("CACHE", -1), dis.opmap["RETURN_VALUE"]


def returned_at_once(code: CodeType, offset: int) -> bool:
    """Whether the instruction after the one at an offset returns its result, which is seen without reading the rest.

    Examples
    --------
    >>> def twice(x):
    ...     return x + x
    >>> code = twice.__code__
    >>> [i.opname for i in dis.get_instructions(code) if returned_at_once(code, i.offset)]
    ['BINARY_OP']
    """
    plain, place = code.co_code, offset + 2
    while place < len(plain) and plain[place] == _CACHE:
        place += 2
    return place < len(plain) and plain[place] == _RETURN


_JUMPS = {*dis.hasjrel, *dis.hasjabs}


@cache
def _word(name: str) -> str:
    """The word of a `Step` for Python's own."""
    if name.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_NAME", "LOAD_GLOBAL", "LOAD_CLASSDEREF", "LOAD_FROM_DICT")):
        return "clear" if name == "LOAD_FAST_AND_CLEAR" else "load"
    if name.startswith(("STORE_FAST", "STORE_DEREF", "STORE_NAME", "STORE_GLOBAL")):
        return "store"
    return _WORDS.get(name, name)


def _halves(instruction: dis.Instruction, keywords: tuple[str, ...]) -> Sequence[Step]:
    """An instruction as steps: those of newer versions that load or store two variables are two."""
    name, argument, offset = instruction.opname, instruction.argval, instruction.offset
    word = _word(name)
    if type(argument) is tuple and name.startswith(("LOAD_FAST", "STORE_FAST")):
        words = [word for word in name.split("_") if word in ("LOAD", "STORE")]
        return [Step(offset, word.lower(), variable) for word, variable in zip(words, argument, strict=True)]
    if name == "RETURN_CONST":
        return Step(offset, "number", argument), Step(offset, "return", None)
    if name == "BINARY_OP" and instruction.argrepr == "[]":
        return (Step(offset, "item", None),)
    return (Step(offset, word, keywords if name == "CALL" else argument),)


def _traffic(instruction: dis.Instruction, step: Step) -> tuple[int, int]:
    """How many values a step takes and pushes."""
    is_half = type(instruction.argval) is tuple or instruction.opname == "RETURN_CONST"
    return _counted(instruction.opname, instruction.opcode, instruction.arg, step.word, is_half)


@cache
def _counted(name: str, code: int, argument: int | None, word: str, is_half: bool) -> tuple[int, int]:
    """As `_traffic`, of all instructions that are alike."""
    n = argument or 0
    if name in _IDLE:
        return 0, 0
    if name == "RETURN_CONST" or (is_half and word in ("load", "store")):
        return (0, 1) if word in ("load", "number") else (1, 0)
    if word == "clear":
        return 0, 1
    if name == "CALL":
        return n + 2, 1
    if name == "CALL_KW":
        return n + 3, 1
    if name == "FOR_ITER":
        return 0, 1
    effect = dis.stack_effect(code, argument, jump=False)
    if name in _BUILT:
        return n, 1
    if name in ("BUILD_MAP", "BUILD_CONST_KEY_MAP", "CALL_FUNCTION_EX", "MAKE_FUNCTION", "FORMAT_VALUE"):
        return 1 - effect, 1
    if name in _ADDED or name == "MAP_ADD":
        return -effect, 0
    takes = _TAKEN.get(name, max(0, -effect))
    return takes, takes + effect


def _stack_there(instruction: dis.Instruction, stack: list[Value]) -> list[Value]:
    """The stack where a jump arrives, given the one where it does not jump."""
    jumped = dis.stack_effect(instruction.opcode, instruction.arg, jump=True)
    stayed = dis.stack_effect(instruction.opcode, instruction.arg, jump=False)
    if jumped < stayed:
        return stack[: len(stack) - (stayed - jumped)]
    return [*stack, *[(-1, 0)] * (jumped - stayed)]
