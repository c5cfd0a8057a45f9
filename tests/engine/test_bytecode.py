"""Instructions of several versions of Python say the same: here those of newer ones than may be running."""

import dis
import sys

import pytest

from autograd_seq.core.bytecode import Flow


def code(a, xs, b, y):
    return None


def flow(*instructions):
    """What is read off instructions, each a word and its argument, at offsets two apart."""
    made = Flow(code.__code__)
    made.steps, made.uses, made.at, made._meeting = [], {}, {}, []
    made.__dict__.pop("of_comprehensions", None)
    made._run([Made(2 * i, *instruction) for i, instruction in enumerate(instructions)])
    return made


class Made:
    """An instruction as `dis` gives it, whether this Python has it or not."""

    def __init__(self, offset, opname, argval=None, arg=0, argrepr=""):
        self.offset, self.opname, self.argval, self.argrepr = offset, opname, argval, argrepr
        self.opcode = dis.opmap.get(opname, -1)
        self.arg = arg if self.opcode >= dis.HAVE_ARGUMENT or self.opcode < 0 else None


def said(made):
    return [(step.word, step.argument) for step in made.steps]


def test_two_variables_are_loaded_by_one_instruction():
    made = flow(("LOAD_FAST_LOAD_FAST", ("a", "b")), ("BINARY_OP", 5, 5, "*"), ("RETURN_VALUE",))
    assert said(made) == [("load", "a"), ("load", "b"), ("BINARY_OP", 5), ("return", None)]
    assert made.steps[2].inputs == ((0, 0), (1, 0)) and made.steps[3].inputs == ((2, 0),)
    assert made.step_at(0) == 1


def test_two_variables_are_stored_by_one_instruction():
    made = flow(("LOAD_FAST", "xs"), ("UNPACK_SEQUENCE", 2, 2), ("STORE_FAST_STORE_FAST", ("a", "b")),
                ("LOAD_FAST", "a"), ("RETURN_VALUE",))  # fmt: skip
    assert said(made)[2:4] == [("store", "a"), ("store", "b")]
    assert [made.steps[k].inputs for k in (2, 3)] == [((1, 0),), ((1, 1),)]


def test_a_variable_is_stored_and_another_loaded_by_one_instruction():
    made = flow(("LOAD_FAST", "a"), ("STORE_FAST_LOAD_FAST", ("y", "b")), ("RETURN_VALUE",))
    assert said(made) == [("load", "a"), ("store", "y"), ("load", "b"), ("return", None)]
    assert made.steps[1].inputs == ((0, 0),) and made.steps[3].inputs == ((2, 0),)
    assert made.steps[1].follows == [2]


def test_a_constant_is_returned_by_one_instruction():
    made = flow(("RETURN_CONST", 3.0), ("LOAD_FAST", "a"))
    assert said(made)[:2] == [("number", 3.0), ("return", None)]
    assert made.steps[1].inputs == ((0, 0),) and made.steps[1].follows == []


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python ends its loops by an instruction more")
@pytest.mark.parametrize("loop", ["STORE_FAST", "STORE_FAST_LOAD_FAST"])
def test_a_comprehension_in_place_keeps_its_variable_to_itself(loop):
    """[x for x in xs], as Python 3.12 and 3.13 have it: its x is not the function's."""
    store = [("STORE_FAST", "x"), ("LOAD_FAST", "x")] if loop == "STORE_FAST" else [(loop, ("x", "x"))]
    end = 2 * (9 + len(store))
    made = flow(
        ("LOAD_FAST", "xs"), ("GET_ITER",), ("LOAD_FAST_AND_CLEAR", "x"), ("SWAP", None, 2), ("BUILD_LIST", None, 0),
        ("SWAP", None, 2), ("FOR_ITER", end, 5), *store, ("LIST_APPEND", None, 2), ("JUMP_BACKWARD", 12, 5),
        ("SWAP", None, 2), ("STORE_FAST", "x"), ("STORE_FAST", "y"),
    )  # fmt: skip
    stores = [k for k, step in enumerate(made.steps) if step.word == "store"]
    assert [made.steps[k].argument for k in stores] == ["x", "x", "y"]
    assert made.of_comprehensions == {stores[0]}
    assert made.steps[stores[2]].inputs != made.steps[stores[1]].inputs


def test_calls_take_what_they_were_given_with_and_without_names():
    plain = flow(("LOAD_FAST", "a"), ("PUSH_NULL",), ("LOAD_FAST", "b"), ("CALL", 1, 1), ("RETURN_VALUE",))
    assert plain.steps[3].word == "call" and plain.steps[3].inputs == ((0, 0), (1, 0), (2, 0))
    named = flow(("LOAD_FAST", "a"), ("PUSH_NULL",), ("LOAD_FAST", "b"), ("LOAD_CONST", ("axis",)),
                 ("CALL_KW", 1, 1), ("RETURN_VALUE",))  # fmt: skip
    assert named.steps[4].word == "call" and named.steps[4].argument == ("axis",)
    assert named.steps[4].inputs == plain.steps[3].inputs


def test_a_comprehension_keeps_its_variable_to_itself():
    def function(xs, x):
        found = [x for x in xs if x]
        pairs = {x: y for x, y in xs}
        return found, pairs, x

    made = Flow(function.__code__)
    inside = [made.steps[k].argument for k in made.of_comprehensions]
    assert sorted(inside) == ([] if sys.version_info < (3, 12) else ["x", "x", "y"])
    assert all(made.steps[k].argument not in ("found", "pairs") for k in made.of_comprehensions)
