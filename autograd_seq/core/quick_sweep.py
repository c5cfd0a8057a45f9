"""A shorter way through the reverse sweep, to the same gradients; nobody needs to read it.

`backward.sweep` says what happens. Here it is done without a list of what waits where only one record does, without
asking what is known of our own operations, and with all products of a matrix's adjoint at once. A test takes the
gradients of programs both ways.
"""

from __future__ import annotations

from dis import get_instructions
from heapq import heappop, heappush, heappushpop
from types import CodeType
from typing import Any, Final

import numpy as np
from numpy import ndarray

from autograd_seq.core.array import Array
from autograd_seq.core.operation import Operation
from autograd_seq.core.part import Part
from autograd_seq.core.products import Products, worth_waiting
from autograd_seq.core.rules import all_there, fitted, unbroadcast
from autograd_seq.core.source_line import ENGINE_FILES

# How the adjoint of a record is handed on to its inputs, and the rules for it.
ONE, TWO, PART, PRODUCT, ANY = range(5)
Way = tuple[int, Any, Any]
ANYWAY: Final[Way] = ANY, None, None

SMALL = 2**20  # bytes of an adjoint that is sooner added to others as it is than summed over the axes of broadcasting


def way_of(operation: Operation) -> Way:
    """How the sweep goes back through an operation; what is ours is known to answer adjoints of the result's shape."""
    if operation.algebra == "part" and _is_ours(operation):
        return PART, None, None
    if operation.vjp is None or operation.variadic or operation.keywords or operation.partly:
        return ANYWAY
    if operation.arity == 2 and operation.algebra == "matrix product" and _is_ours(operation):
        return PRODUCT, *operation.vjp
    if not operation.elementwise or not _is_ours(operation):
        return ANYWAY
    if operation.arity == 1:
        return ONE, operation.pulled or operation.vjp[0], None
    if operation.arity == 2:
        return (TWO, None, None) if operation.adds else (TWO, *operation.vjp)
    return ANYWAY


def reads_of(operation: Operation) -> tuple[bool, ...]:
    """Whether the rules of an operation look at its result, and at each input; nothing where that is not known."""
    way, *_ = operation.way
    if way in (PART, ANY):
        return ()
    if operation.adds:
        return (False,) * (1 + operation.arity)
    rules = [*operation.vjp, *([operation.pulled] if operation.pulled else [])]
    return tuple(any(_looks(rule.__code__, 1 + i) for rule in rules) for i in range(1 + operation.arity))


def _looks(code: CodeType, argument: int) -> bool:
    """Whether a function loads an argument of its own."""
    name = code.co_varnames[argument]
    return any(step.argval == name and step.opname != "MAKE_CELL" for step in get_instructions(code))


def _is_ours(operation: Operation) -> bool:
    codes = [getattr(rule, "__code__", None) for rule in operation.vjp]
    return all(code is not None and code.co_filename in ENGINE_FILES for code in codes)


def sweep(output: Any, seed: Array, everything: bool) -> list[tuple[Any, Array]]:
    """The reverse sweep: each leaf, or each record, with its whole adjoint."""
    found: list[tuple[Any, Array]] = []
    waiting: dict[int, Any] = {}  # by index: a record, the sum of its adjoints, whether that is its own array
    heap: list[int] = []  # the indices, negative, of all that waits: the youngest is first
    node, key, own = output, output.index, False
    adjoint: Any = seed
    while True:
        if type(adjoint) is not ndarray:
            adjoint = adjoint.whole() if type(adjoint) in _LATER else np.asarray(adjoint)
        operation, fresh = node.operation, None
        if operation is None or everything:
            if adjoint.shape != node._kept.shape:
                adjoint = unbroadcast(adjoint, node._kept.shape)
            found.append((node, adjoint))
        if operation is not None:
            way, left, right = operation.way
            if way == ONE:
                (fresh,) = node.inputs
                if type(y := node._kept) is not ndarray or type(u := fresh._kept) is not ndarray:
                    y, u = _present(node)
                piece, own, key = left(adjoint, y, u), False, fresh.index
                if key in waiting:
                    _add(waiting, key, piece)
                    fresh = None
            elif way == TWO:
                a, b = node.inputs
                shape, y, u, v = adjoint.shape, node._kept, a._kept, b._kept
                if left and not (type(y) is ndarray and type(u) is ndarray and type(v) is ndarray):
                    y, u, v = _present(node)
                if a.requires_grad:
                    given = left(adjoint, y, u, v) if left else adjoint
                    met = waiting.get(other := a.index)
                    if met is not None and met[2] and met[1].shape == shape:
                        total = met[1]
                        total += given
                    elif met and given.nbytes <= SMALL and type(met[1]) is ndarray and met[1].shape == shape:
                        waiting[other] = a, (total := met[1] + given), type(total) is ndarray
                    else:
                        if u.shape != shape and (met or a.operation is not None):
                            given = unbroadcast(given, u.shape)
                        if met is None:
                            fresh, piece, key, own = a, given, other, False
                        else:
                            _add(waiting, other, given)
                if b.requires_grad:
                    given = right(adjoint, y, u, v) if right else adjoint
                    met = waiting.get(other := b.index)
                    if met is not None and met[2] and met[1].shape == shape:
                        total = met[1]
                        total += given
                    elif met and given.nbytes <= SMALL and type(met[1]) is ndarray and met[1].shape == shape:
                        waiting[other] = b, (total := met[1] + given), type(total) is ndarray
                    else:
                        if v.shape != shape and (met or b.operation is not None):
                            given = unbroadcast(given, v.shape)
                        if met is not None:
                            _add(waiting, other, given)
                        elif fresh is None:
                            fresh, piece, key, own = b, given, other, False
                        elif fresh is b:
                            piece = piece + given
                            own = type(piece) is ndarray
                        else:
                            waiting[other] = b, given, False
                            heappush(heap, -other)
            elif way == PART:
                (x,) = node.inputs
                part = Part(adjoint, node.settings["index"], x._kept.shape)
                met = waiting.get(other := x.index)
                if met is None:
                    fresh, piece, key, own = x, part.whole(), other, True
                elif met[2] and met[1].shape == part.shape:
                    part.add_to(met[1])
                else:
                    _add(waiting, other, part)
            else:
                pieces = _products(node, adjoint, waiting) if way == PRODUCT else operation.pull(node, adjoint)
                for x, given in zip(node.inputs, pieces):
                    if given is None:
                        if x.requires_grad and way == ANY:
                            all_there(node, pieces)
                        continue
                    kind = type(given)
                    if kind is not Products and (kind not in _SHAPED or given.shape != x._kept.shape):
                        given = fitted(given, node, x)
                    other = x.index
                    if other in waiting:
                        _add(waiting, other, given)
                    elif fresh is None:
                        fresh, piece, key, own = x, given, other, False
                    else:
                        if fresh is x:
                            waiting[key] = fresh, piece, own
                            heappush(heap, -key)
                            fresh = None
                            _add(waiting, other, given)
                        else:
                            waiting[other] = x, given, False
                            heappush(heap, -other)
        if fresh is not None:
            if not heap or key + heap[0] > 0:
                node, adjoint = fresh, piece
                continue
            waiting[key] = fresh, piece, own
            key = -heappushpop(heap, -key)
        elif heap:
            key = -heappop(heap)
        else:
            return found
        node, adjoint, own = waiting.pop(key)


_LATER = frozenset((Part, Products))
_SHAPED = frozenset((ndarray, Part))


def _present(node: Any) -> list[Array]:
    """The result and the inputs of a record, those that its rules look at calculated again if they were let go."""
    return [x._value if looks else x._kept for looks, x in zip(node.operation.reads, (node, *node.inputs))]


def _products(node: Any, adjoint: Array, waiting: dict[int, Any]) -> list[Any]:
    """What the adjoint of a matrix product gives: to a matrix, as a weight, a product that waits for others."""
    a, b = node.inputs
    _, left, right = node.operation.way
    if type(u := a._kept) is not ndarray or type(v := b._kept) is not ndarray:
        u, v = a._value, b._value
    matrices = u.ndim == v.ndim == 2
    pieces: list[Any] = [None, None]
    if a.requires_grad:
        if matrices and a is not b:
            pieces[0] = _waits(adjoint, v.T, waiting.get(a.index))
        else:
            pieces[0] = left(adjoint, node._kept, u, v)
    if b.requires_grad:
        if matrices and a is not b:
            pieces[1] = _waits(u.T, adjoint, waiting.get(b.index))
        else:
            pieces[1] = right(adjoint, node._kept, u, v)
    return pieces


def _waits(left: Array, right: Array, met: Any) -> Any:
    if met is not None and type(met[1]) is Products:
        met[1].take(left, right)
        return None
    return Products(left, right) if worth_waiting(left, right) else left @ right


def _add(waiting: dict[int, Any], key: int, piece: Any) -> None:
    """Add an adjoint to what waits for a record."""
    x, total, own = waiting[key]
    shape = x._kept.shape
    if type(total) is ndarray and total.shape != shape:
        total = unbroadcast(total, shape)
    if type(total) is Products or type(piece) is Products:
        if type(total) is not Products:
            total, piece = piece, total
        total.add(piece.whole() if type(piece) in _LATER else piece)
        waiting[key] = x, total, False
        return
    if type(piece) is not Part and type(total) is not Part:
        if own and type(piece) is ndarray and type(total) is ndarray:
            total += piece
        else:
            total = np.asarray(total + piece)
    else:
        if not own:
            total = total.whole() if type(total) is Part else np.array(total)
        if type(piece) is Part:
            piece.add_to(total)
        else:
            total += piece
    waiting[key] = x, total, True
