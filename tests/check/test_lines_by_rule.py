"""What is offered in the place of a wrong line, rule by rule: the right line is among it, and mends every gradient.

The right program's gradients are known by the complex step, which has nothing to do with what is tested.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograd_seq.diagnosis import line_indices, line_operands, line_operations, line_shapes, line_statements
from autograd_seq.diagnosis.changes import line_with
from autograd_seq.diagnosis.course import check_file
from autograd_seq.diagnosis.own_code import parts, put
from tests.check.small_programs import answers, are_right_by_differences, loaded, written
from tests.sweeps import slow_but_part_of

LEAKY = """
import numpy as np

INPUTS = {"x": (3, 2, 5), "keep": (4, 5), "W": (4, 2), "U": (4, 4), "b": (4, 1)}
LEAK = 0.1


def dtanh(a):
    return 1 - a ** 2


def dsigmoid(a):
    return a * (1 - a)


def slope(z):
    return np.where(z > 0, 1.0, LEAK)


def of_layer(dz, keep, x, W):
    return (dz * keep) @ x.T, (dz * keep).sum(axis=1, keepdims=True), W.T @ (dz * keep)


def forward(x, keep, W, U, b):
    h, tape = np.zeros((len(U), x.shape[2])), []
    for t in range(3):
        z = keep * (W @ x[t] + b) + U @ h
        a = np.where(z > 0, z, LEAK * z)
        s = 1 / (1 + np.exp(-a))
        tape.append((h, z, a, s))
        h = s * np.tanh(a)
    return {"h": h}, (x, keep, W, U, b, tape)


def backward(upstream, cache):
    x, keep, W, U, b, tape = cache
    tape = list(tape)
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dx, dkeep = np.zeros_like(x), np.zeros_like(keep)
    dh = upstream["h"]
    for t in reversed(range(3)):
        h, z, a, s = tape.pop()
        c = np.tanh(a)
        da = dh * s * dtanh(c)
        da = da + dh * c * dsigmoid(s)
        dz = da * slope(z)
        dW_t, db_t, dx[t] = of_layer(dz, keep, x[t], W)
        dW, db = dW + dW_t, db + db_t
        dkeep += dz * (W @ x[t] + b)
        dU += dz @ h.T
        dh = U.T @ dz
    return {"dx": dx, "dkeep": dkeep, "dW": dW, "dU": dU, "db": db}
"""

NORMED = """
import numpy as np

INPUTS = {"x": (3, 5, 2), "W": (2, 4), "U": (4, 4)}


def forward(x, W, U):
    h, tape = np.zeros((x.shape[1], len(U))), []
    for t in range(3):
        z = x[t] @ W + h @ U
        away = z - z.mean(axis=1, keepdims=True)
        s = np.sqrt((away * away).mean(axis=1, keepdims=True) + 1e-5)
        tape.append((h, away / s, s))
        h = np.tanh(away / s)
    return {"h": h}, (x, W, U, tape, h)


def backward(upstream, cache):
    x, W, U, tape, last = cache
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    dh, after = upstream["h"], last
    for t in reversed(range(3)):
        h, n, s = tape[t]
        dn = dh * (1 - after ** 2)
        dz = (dn - dn.mean(axis=1, keepdims=True) - n * (dn * n).mean(axis=1, keepdims=True)) / s
        dW += x[t].T @ dz
        dU += h.T @ dz
        dx[t] = dz @ W.T
        dh, after = dz @ U.T, h
    return dict(dx=dx, dW=dW, dU=dU)
"""

GATED = """
import numpy as np

INPUTS = {"x": (4, 3), "Wz": (3, 3), "Wc": (3, 3), "bz": (3,), "bc": (3,), "f": (4, 3)}


def forward(x, Wz, Wc, bz, bc, f):
    h, tape, loss = np.zeros(len(bz)), [], 0.0
    for t in range(4):
        z = 1 / (1 + np.exp(-(x[t] @ Wz + bz)))
        c = np.tanh(x[t] @ Wc + bc)
        tape.append((z, c, h))
        h = f[t] * h + z * c
        loss = loss + np.sum(h ** 2)
    return {"loss": loss / len(x)}, (x, Wz, Wc, f, tape, h)


def backward(upstream, cache):
    x, Wz, Wc, f, tape, later = cache
    n, kept = len(x), []
    dWz, dWc = np.zeros_like(Wz), np.zeros_like(Wc)
    d = {"z": np.zeros(len(Wz)), "c": np.zeros(len(Wz))}
    dx, df = np.zeros_like(x), np.zeros_like(f)
    dh = np.zeros(len(Wz))
    for t in reversed(range(4)):
        z, c, h = tape[t]
        dh = dh + 2 * later * upstream["loss"]
        dpz = dh * c * z * (1 - z)
        dpc = dh * z * (1 - c ** 2)
        dWz += np.outer(x[t], dpz)
        d["z"] += dpz
        d["c"] += dpc
        dx[t] = Wz @ dpz + Wc @ dpc
        df[t] = dh * h
        dh = dh * f[t]
        later = h
        kept.append(dpc)
    for t in range(4):
        dWc += np.outer(x[t], kept[-1 - t])
    return dict(dx=dx / n, dWz=dWz / n, dWc=dWc / n, dbz=d["z"] / n, dbc=d["c"] / n, df=df / n)
"""

CHUNKS = """
import numpy as np

INPUTS = {"x": (2, 3, 2, 5), "W": (4, 2), "U": (4, 4)}


def forward(x, W, U):
    states, last = [], []
    for chunk in range(2):
        h = np.zeros((4, 5))
        for t in range(3):
            states.append(h)
            h = np.tanh(W @ x[chunk, t] + U @ h)
        last.append(h)
    return {"h": np.stack(last)}, (x, W, U, states, last)


def backward(upstream, cache):
    x, W, U, states, last = cache
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    for chunk in reversed(range(2)):
        after = last[chunk]
        carry = np.zeros((4, 5))
        carry = carry + upstream["h"][chunk]
        for t in reversed(range(3)):
            dz = carry * (1 - after ** 2)
            dW += dz @ x[chunk, t].T
            dU += dz @ states[3 * chunk + t].T
            dx[chunk, t] = W.T @ dz
            carry, after = U.T @ dz, states[3 * chunk + t]
    return {"dx": dx, "dW": dW, "dU": dU}
"""

OBJECT = """
import numpy as np

INPUTS = {"x": (2, 3, 2, 5), "W": (4, 2), "U": (4, 4)}


class Net:
    def __init__(self, W, U):
        self.W, self.U = W, U
        self.gain = np.array([[0.5], [1.5], [2.0], [-1.0]])

    def forward(self, x):
        self.x, self.states = x, []
        last = []
        for chunk in x:
            h = np.zeros((4, 5))
            for value in chunk:
                before, h = h, np.tanh(self.W @ value + self.gain * (self.U @ h))
                self.states.append((value, before, h))
            last.append(h)
        return np.stack(last)

    def step(self, value, before, after):
        dz = self.carry * (1 - after ** 2)
        self.dW += dz @ value.T
        du = dz * self.gain
        self.dU += du @ before.T
        self.carry = self.U.T @ du
        return self.W.T @ dz

    def backward(self, dlast):
        self.dW, self.dU, dx = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.x)
        for chunk in reversed(range(2)):
            self.carry = np.zeros((4, 5))
            self.carry = self.carry + dlast[chunk]
            for t in reversed(range(3)):
                dx[chunk, t] = self.step(*self.states[3 * chunk + t])
        return {"dx": dx, "dW": self.dW, "dU": self.dU}


def forward(x, W, U):
    net = Net(W, U)
    return {"h": net.forward(x)}, net


def backward(upstream, net):
    return net.backward(upstream["h"])
"""

KEPT = """
from dataclasses import dataclass

import numpy as np

INPUTS = {"x": (3, 2, 5), "keep": (3, 4, 5), "W": (4, 2), "U": (4, 4)}


@dataclass
class Step:
    before: np.ndarray
    drop: np.ndarray
    a: np.ndarray


class Cell:
    pass


def forward(x, keep, W, U):
    h, steps, records, cells, drop = np.zeros((4, 5)), [], [], [], list(keep)
    for t in range(3):
        a = np.tanh(W @ x[t] + U @ h)
        cell = Cell()
        cell.before, cell.drop, cell.a = h, keep[t], a
        steps.append(Step(h, keep[t], a))
        records.append({"before": h, "drop": keep[t], "a": a})
        cells.append(cell)
        h = a * keep[t]
    return {"h": h}, (x, W, U, steps, records, cells, drop)


def backward(upstream, cache):
    x, W, U, steps, records, cells, drop = cache
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    dh = upstream["h"]
    for t in reversed(range(3)):
        step = steps[t]
        da = dh * step.drop
        dz = da * (1 - step.a ** 2)
        dW += dz @ x[t].T
        dU += dz @ step.before.T
        dx[t] = W.T @ dz
        dh = U.T @ dz
    return {"dx": dx, "dW": dW, "dU": dU}
"""

RIGHT = {
    "leaky": LEAKY, "normed": NORMED, "gated": GATED, "chunks": CHUNKS, "object": OBJECT, "kept": KEPT
}  # fmt: skip


def of_a_file(folder, of, edits=()):
    return written(folder, RIGHT[of], edits)


def same(found, expected):
    return all(np.shape(found[k]) == v.shape and np.allclose(found[k], v, rtol=1e-9) for k, v in expected.items())


@pytest.mark.parametrize("of", RIGHT)
def test_the_right_programs_are_right_by_differences(of, tmp_path):
    are_right_by_differences(loaded(of_a_file(tmp_path, of)))


def mending(folder, of, edits, rule, line):
    """The changes that a rule offers for a line after which every gradient is right: category and the new line."""
    expected = answers(loaded(of_a_file(folder, of)))
    path = of_a_file(folder, of, edits)
    module, lines = loaded(path), path.read_text(encoding="utf-8").splitlines()
    assert not same(answers(module), expected)
    found, _ = parts(lambda: answers(module), [module.forward, module.backward], [vars(module)])
    good = []
    for part, s in [(part, s) for part in found for s in part.statements() if line in lines[s.lineno - 1]]:
        for edit in rule(part, s):
            edit.part, new = part, line_with(edit)
            with put(edit), part.changed() as fits:
                if fits and _mends(module, expected):
                    good.append((edit.category, new))
    return good


def _mends(module, expected):
    try:
        return same(answers(module), expected)
    except Exception:  # whatever a changed program raises
        return False


WHERE = "np.where(z > 0, 1.0, {})"
SUMS = "dz = (dn - dn.mean(axis={0}, keepdims=True) - n * (dn * n).mean(axis={0}, keepdims=True)) / s"
ZEROS = "        carry = np.zeros((4, 5))\n"
OF_OBJECT = "            self.carry = np.zeros((4, 5))\n"
LOOP = "        for chunk in reversed(range(2)):\n"
BEFORE = "    for chunk in reversed(range(2)):\n        after"
CASES = [
    # the derivative of a ReLU that leaks
    ("leaky", [(WHERE.format("LEAK"), WHERE.format("0"))], line_shapes.slopes, WHERE.format("0"),
     "activation derivative", f"return {WHERE.format('0.1')}"),
    ("leaky", [("da * slope(z)", "da * (z > 0)")], line_shapes.slopes, "dz = da",
     "activation derivative", f"dz = da * {WHERE.format('0.1')}"),
    # all sums of a line
    ("normed", [(SUMS.format(1), SUMS.format(0))], line_shapes.axes, "dz = (dn",
     "missing sum", SUMS.format(1)),
    # the other end of a list
    ("leaky", [("tape.pop()", "tape.pop(0)")], line_shapes.lists, "tape.pop", "off by one", "h, z, a, s = tape.pop()"),
    ("leaky", [("tape.append((h", "tape.insert(0, (h")], line_shapes.lists, "tape.pop",
     "off by one", "h, z, a, s = tape.pop(0)"),
    # values put where those of others belong
    ("gated", [('d["z"] += dpz', 'd["z"] += dpc'), ('d["c"] += dpc', 'd["c"] += dpz')], line_statements.exchanged_goals,
     'd["z"]', "wrong value", "d['z'] += dpz; d['c'] += dpc"),
    # a variable that is changed for the sake of one line
    ("gated", [("dpc = dh * z * (1", "dh *= z\n        dpc = dh * (1")], line_statements.for_one_line, "dh *= z",
     "in-place change", "dpc = dh * z * (1 - c ** 2)"),
    # a line that belongs into a loop
    ("chunks", [(ZEROS, ""), (BEFORE, ZEROS[4:] + BEFORE)], line_statements.into_the_loop, "carry = np.zeros",
     "extra term", "carry = np.zeros((4, 5)), at the beginning of each turn"),
    ("chunks", [(ZEROS, ""), (BEFORE, ZEROS[4:] + BEFORE)], line_statements.into_the_loop, "carry = np.zeros",
     "extra term", "carry = np.zeros((4, 5)), before carry = carry + upstream['h'][chunk]"),
    ("object", [(OF_OBJECT, ""), (LOOP, OF_OBJECT[4:] + LOOP)], line_statements.into_the_loop, "carry = np.zeros",
     "extra term", "self.carry = np.zeros((4, 5)), at the beginning of each turn"),
    # another function of the file
    ("leaky", [("dtanh(c)", "dsigmoid(c)")], line_operations.functions, "da = dh * s",
     "activation derivative", "da = dh * s * dtanh(c)"),
    ("leaky", [("dsigmoid(s)", "dtanh(s)")], line_operations.functions, "da = da +",
     "activation derivative", "da = da + dh * c * dsigmoid(s)"),
    # arguments the other way round
    ("gated", [("np.outer(x[t], dpz)", "np.outer(dpz, x[t])")], line_operations.operations, "dWz +=",
     "transpose", "dWz += np.outer(x[t], dpz)"),
    # an index from the other end
    ("gated", [("kept[-1 - t]", "kept[t]")], line_indices.indices, "dWc +=",
     "off by one", "dWc += np.outer(x[t], kept[-1 - t])"),
    # what is missing within dict(...), and from what is summed
    ("gated", [("dWz=dWz / n", "dWz=dWz")], line_operands.insertions, "return dict",
     "missing factor",
     "return dict(dx=dx / n, dWz=dWz / n, dWc=dWc / n, dbz=d['z'] / n, dbc=d['c'] / n, df=df / n)"),
    ("leaky", [("(dz * keep).sum", "dz.sum")], line_operands.inner_insertions, "dz.sum",
     "missing factor", "return (dz * keep @ x.T, (dz * keep).sum(axis=1, keepdims=True), W.T @ (dz * keep))"),
    # what stands beside the values that a function reads, and is never read there
    ("kept", [("dh * step.drop", "dh")], line_operands.insertions, "da = dh", "missing factor", "da = dh * step.drop"),
    ("kept", [("dh * step.drop", "dh"), ("= steps[t]", "= cells[t]")], line_operands.insertions, "da = dh",
     "missing factor", "da = dh * step.drop"),
    ("kept", [("dh * step.drop", "dh"), ("= steps[t]", "= records[t]"), ("step.a", "step['a']"),
              ("step.before", "step['before']")], line_operands.insertions, "da = dh",
     "missing factor", "da = dh * step['drop']"),
    ("object", [("dz * self.gain", "dz")], line_operands.insertions, "du = dz",
     "missing factor", "du = dz * self.gain"),
    ("kept", [("dh * step.drop", "dh")], line_operands.insertions, "da = dh", "missing factor", "da = dh * drop[t]"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of changed programs
@pytest.mark.parametrize(("of", "edits", "rule", "line", "category", "right"), CASES)
def test_the_right_line_is_offered(of, edits, rule, line, category, right, tmp_path):
    assert (category, right) in mending(tmp_path, of, edits, rule, line)


BY_RULE = {
    line_shapes.slopes: 1, line_shapes.axes: 0, line_statements.for_one_line: 0, line_statements.into_the_loop: 2,
    line_operations.functions: 0, line_operations.operations: 0, line_indices.indices: 0,
    line_operands.inner_insertions: 0,
}  # fmt: skip
TOLD = [[case for case in CASES if case[2] is rule][number] for rule, number in BY_RULE.items()]


@pytest.mark.parametrize(("of", "edits", "rule", "line", "category", "right"), slow_but_part_of(TOLD, one_in=4))
def test_one_cause_is_told_with_its_line(of, edits, rule, line, category, right, tmp_path):
    path = of_a_file(tmp_path, of, edits)
    report = check_file(path)["backward"]
    (cause,) = report.causes
    assert set(cause.explains) == set(report.wrong)
    assert line in path.read_text(encoding="utf-8").splitlines()[cause.line - 1], str(report)
