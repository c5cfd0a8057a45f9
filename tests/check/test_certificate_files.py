"""Certificates that stand alone: a program that knows nothing of this package verifies what they say."""

import copy
import json
import math
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, UsageError, name, operation, prove, relu, softmax, stop_gradient, tanh
from autograd_seq.check import check_certificate
from autograd_seq.check.check_certificate import Certificate, Fails, evaluated
from autograd_seq.commands.things import cells_by_name, example_run, output_of

CHECKER = Path(check_certificate.__file__)
TOLD = (Fails, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)


def certificate(loss, folder):
    path = prove(loss).save(folder / "loss.json")
    return json.loads(path.read_text())


@pytest.mark.parametrize("cell", cells_by_name())
def test_every_cell_is_proven_by_the_checker_alone(cell, tmp_path):
    data = certificate(output_of(example_run(cell, 3, n_x=2, n_a=2, m=1)), tmp_path)
    statuses, count = Certificate(data).check()
    assert set(statuses.values()) == {"proven"} == {p["status"] for p in data["parameters"]}
    assert count > 20


def test_the_checker_runs_without_this_package(tmp_path):
    certificate(output_of(example_run("lstm", 3, n_x=2, n_a=2, m=1)), tmp_path)
    (tmp_path / "check_certificate.py").write_text(CHECKER.read_text())
    command = [sys.executable, "-I", "-S", "check_certificate.py", "loss.json"]  # without site-packages
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("loss.json: holds") and "Wf proven" in done.stdout


def test_the_checker_is_short_and_imports_the_standard_library_only():
    text = CHECKER.read_text()
    assert sum(bool(line.strip()) for line in text.splitlines()) <= 300
    imports = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imports <= sys.stdlib_module_names


def functions():
    rng = np.random.default_rng(0)
    x = Parameter(rng.uniform(0.5, 1.5, (2, 2)), "x")
    W = Parameter(rng.normal(size=(2, 2)), "W")
    return {
        "powers": (x**3 / (1 + x**0.5) - x**-1.5).sum(),
        "exponents": (x**W).sum(),
        "waves": (np.sin(x) * np.cos(W) + np.arctan(x * W)).sum(),
        "logarithms": (np.log(x) * np.exp(-W) + np.log(1 + np.exp(W))).sum(),
        "softmax": (softmax(W @ x, axis=0) ** 2).sum(),
        "written out": (1 / (1 + np.exp(-(W @ x))) * np.sqrt(x * x + 1)).sum(),
        "norm": np.linalg.norm(W - x),
        "branches": (relu(W) + np.maximum(W, x) * abs(W) + np.where(W > 0, W * x, x)).sum(),
        "pieces": np.concatenate([W[:1], x.T, (W @ x)[1:, ::-1]])[[0, 2, 2]].var(),
        "uses": sum((tanh(W) * W @ W for _ in range(3)), Tensor(np.zeros((2, 2)))).mean(),
    }


@pytest.mark.parametrize("key", functions())
def test_functions_of_all_kinds_are_proven(key, tmp_path):
    data = certificate(functions()[key], tmp_path)
    assert set(Certificate(data).check()[0].values()) == {"proven"}


def test_what_has_no_words_is_checked_and_not_proven(tmp_path):
    @operation(
        vjp=[lambda g, y, x: g * np.exp(-x * x) * 2 / np.sqrt(np.pi)], meaning=lambda algebra, x: x * algebra.unknown
    )
    def erf(x, /):
        return np.vectorize(math.erf)(x)

    W, b = Parameter([0.3, 0.7], "W"), Parameter([0.1, 0.2], "b")
    data = certificate((erf(W * 2) + b).sum(), tmp_path)
    assert Certificate(data).check()[0] == {"W": "checked", "b": "proven"}
    data["parameters"][0]["status"] = "proven"
    with pytest.raises(Fails, match="W is claimed to be proven, but of"):
        Certificate(data).check()


def test_a_cut_is_not_called_proven(tmp_path):
    W = Parameter([0.3, 0.7], "W")
    data = certificate((W * stop_gradient(W * W)).sum(), tmp_path)
    assert data["parameters"][0]["status"] == "checked"


def test_there_is_no_certificate_of_what_is_refuted_or_not_finite(tmp_path):
    @operation(vjp=[lambda g, y, x: g * 2.0001], meaning=lambda algebra, x: 2 * x)
    def doubled(x, /):
        return 2 * x

    with pytest.raises(UsageError, match="nothing to certify of W"):
        prove(doubled(Parameter([1.0], "W")).sum()).save(tmp_path / "loss.json")
    with pytest.raises(UsageError, match="nothing to certify"):
        with np.errstate(all="ignore"):
            loss = (Parameter([1.0], "W") / np.array([0.0])).sum()
        prove(loss).save(tmp_path / "loss.json")
    assert not list(tmp_path.iterdir())


# -- mutants --------------------------------------------------------------------------------------------------


def recomputed(data):
    """The same certificate with the values that its terms have: numbers alone do not give the change away."""
    records = data["records"]
    for record in records:
        if "op" in record and data["operations"][record["op"]]["elements"]:
            inputs = [records[x]["value"] for x in record["in"]]
            record["value"] = [evaluated(t, inputs) for t in data["operations"][record["op"]]["elements"]]
        elif "exact" in record:
            record["value"] = [evaluated(x, []) for x in record["exact"]]
    return data


def leaves_of(term, found):
    """Every list inside terms, with its parents' place."""
    for i, part in enumerate(term):
        if isinstance(part, list):
            leaves_of(part, found)
        found.append((term, i))
    return found


def used(data):
    """The operations and the records that the gradients depend on."""
    needed, stack = set(), [data["adjoints"][str(p["record"])] for p in data["parameters"]]
    while stack:
        i = stack.pop()
        if i not in needed:
            needed.add(i)
            stack.extend(data["records"][i].get("in", []))
    return sorted(needed)


def change(data, rng):
    """One change of what is said; what it was, in words."""
    records, operations, needed = data["records"], data["operations"], used(data)
    inner = [i for i in needed if "op" in records[i] and operations[records[i]["op"]]["elements"]]
    kind = rng.choice(["sign", "coefficient", "index", "use", "adjoint", "function", "input", "constant", "term"])
    i = rng.choice(inner)
    terms = operations[records[i]["op"]]["elements"]
    k = rng.randrange(len(terms))
    if kind == "sign":
        terms[k] = ["*", -1, terms[k]]
    elif kind == "coefficient":
        terms[k] = ["*", rng.choice(["1/2", 2, "1000001/1000000"]), terms[k]]
    elif kind == "term":
        terms[k] = ["+", terms[k], rng.choice([1, "1/1000000"])]
    elif kind == "function":
        terms[k] = [rng.choice(["tanh", "exp", "sigmoid", "sin"]), terms[k]]
    elif kind == "index":
        places = [p for p, at in leaves_of(terms, []) if at == 2 and p[0] == "x"]
        if not places:
            return None
        place = rng.choice(places)
        size = operations[records[i]["op"]]["sizes"][place[1]]
        place[2] = (place[2] + 1) % size
    elif kind == "input":
        at = rng.randrange(len(records[i]["in"]))
        size = len(records[records[i]["in"][at]]["value"])
        before = range(i if i < data["forward"] else len(records))
        records[i]["in"][at] = rng.choice([j for j in before if j < i and len(records[j]["value"]) == size])
    elif kind == "use":  # one of the terms of a sum of uses is left out
        sums = [j for j in needed if j >= data["forward"] and len(records[j].get("in", [])) > 1]
        j = rng.choice(sums)
        at = rng.randrange(len(records[j]["in"]))
        op = copy.deepcopy(operations[records[j]["op"]])
        op["elements"] = [without(t, at) for t in op["elements"] or []]
        operations.append(op)
        records[j]["op"] = len(operations) - 1
    elif kind == "adjoint":
        key = rng.choice(list(data["adjoints"]))
        size = len(records[int(key)]["value"])
        data["adjoints"][key] = rng.choice([a for a in data["adjoints"].values() if len(records[a]["value"]) == size])
    elif kind == "constant":
        exact = [j for j in needed if "exact" in records[j]]
        if not exact:
            return None
        j = rng.choice(exact)
        records[j]["exact"] = [3 if str(x) != "3" else 2 for x in records[j]["exact"]]
    return kind


def without(term, position):
    if not isinstance(term, list):
        return term
    if term[0] == "x":
        return 0 if term[1] == position else term
    return [term[0], *(without(t, position) for t in term[1:])]


def is_true(data):
    """Whether what a certificate says of its gradients is so after all, by differences of its own loss."""
    data = recomputed(copy.deepcopy(data))
    wanted = {p["record"]: data["records"][data["adjoints"][str(p["record"])]]["value"] for p in data["parameters"]}
    seed = data["records"][data["seed"]]["value"]
    for r, gradient in wanted.items():
        for k, slope in enumerate(gradient):
            ends = []
            for step in (1e-5, -1e-5):
                moved = copy.deepcopy(data)
                moved["records"][r]["value"][k] += step
                ends.append(np.dot(recomputed(moved)["records"][data["output"]]["value"], seed))
            if not np.isclose((ends[0] - ends[1]) / 2e-5, slope, 1e-5, 1e-8):
                return False
    return True


def mutants(cell, count, seed, folder):
    right = certificate(output_of(example_run(cell, 2, n_x=2, n_a=2, m=1)), folder)
    rng = random.Random(seed)
    made = 0
    while made < count:
        wrong = copy.deepcopy(right)
        kind = change(wrong, rng)
        if kind is None or wrong == right:
            continue
        made += 1
        yield wrong, kind


@pytest.mark.parametrize("numbers", ["as they were", "recomputed"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "peephole-current"])
def test_mutants_are_caught(cell, numbers, tmp_path):
    accepted, caught = [], 0
    for wrong, kind in mutants(cell, 50, 0 if numbers == "recomputed" else 1, tmp_path):
        try:
            Certificate(recomputed(wrong) if numbers == "recomputed" else wrong).check()
        except TOLD:
            caught += 1
        else:
            accepted.append((kind, is_true(wrong)))
    assert [kind for kind, true in accepted if not true] == []
    assert caught >= 35  # the others are right: b + a for a + b, or the gradient of another function, in full


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.update(format=2), lambda d: d.update(laws=["0 = 1"]), lambda d: d.update(precision=10.0),
        lambda d: d.update(records=[]), lambda d: d.update(output=10**6), lambda d: d.update(seed=0),
        lambda d: d["records"][-1].update({"in": [len(d["records"])]}), lambda d: d["adjoints"].clear(),
        lambda d: d.update(parameters=[{"name": "Waa", "status": "proven", "record": d["output"] + 1}]),
        lambda d: d["records"][d["output"]]["value"].append(1.0),
    ],
)  # fmt: skip
def test_damaged_certificates_fail(damage, tmp_path, capsys):
    data = certificate(output_of(example_run("rnn", 2, n_x=2, n_a=2, m=1)), tmp_path)
    damage(data)
    (tmp_path / "damaged.json").write_text(json.dumps(data))
    assert check_certificate.main([str(tmp_path / "damaged.json")]) == 1
    assert "FAILS" in capsys.readouterr().out


def test_no_file_and_foreign_files_fail(tmp_path, capsys):
    for name_, text in (("a.json", ""), ("b.json", "[]"), ("c.json", "{}"), ("d.json", "[" * 100_000)):
        (tmp_path / name_).write_text(text)
        assert check_certificate.main([str(tmp_path / name_)]) == 1
    assert check_certificate.main([str(tmp_path / "none.json")]) == 1
    assert capsys.readouterr().out.count("FAILS") == 5


def test_names_of_people_are_kept_as_text(tmp_path):
    data = certificate(name(Parameter([1.0], "权重 \"</script>") * 2.0, "y").sum(), tmp_path)
    assert data["parameters"][0]["name"].startswith("权重")
