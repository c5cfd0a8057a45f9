"""Certificates for any number of examples: where they meet in sums alone; and where they do not, in words."""

import copy
import json

import numpy as np
import pytest
from check.test_certificate_files import recomputed

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, categorical_cross_entropy, prove
from autograd_seq.check.check_certificate import Certificate, Fails, main
from autograd_seq.commands.things import cells_by_name, example_run, output_of
from cells import GRU, Readout

RNG = np.random.default_rng(0)
W, X = Parameter(RNG.normal(size=(3, 2)), "W"), RNG.normal(size=(2, 4))


def saved(loss, folder, **how):
    return json.loads(prove(loss, **how).save(folder / "loss.json").read_text())


@pytest.mark.parametrize("how", [{}, {"all_lengths": True}], ids=["one length", "every length"])
@pytest.mark.parametrize("cell", cells_by_name())
def test_every_cell_is_proven_for_any_number_of_examples(cell, how, tmp_path):
    data = saved(output_of(example_run(cell, 3, n_x=2, n_a=2, m=2)), tmp_path, **how)
    assert data["examples"] and not data["why one number of examples"]
    assert set(Certificate(data).check()[0].values()) == {"proven"}
    parameters = {p["record"] for p in data["parameters"] if p["name"].lstrip("→←")[0] in "Wbp"}
    assert parameters and not parameters & set(map(int, data["examples"]))  # all examples share them


@pytest.mark.parametrize("loss", [
    lambda z: (z**2).sum(), lambda z: (z**2).sum() + (W * W).sum(), lambda z: (ag.softmax(z, axis=0) ** 2).sum(),
    lambda z: ((z - z.mean(axis=0, keepdims=True)) ** 2).sum(), lambda z: (z.T @ W).sum(),
])  # fmt: skip
def test_examples_that_meet_in_sums_alone(loss, tmp_path):
    z = W @ Tensor(X, "x")
    assert saved(loss(z), tmp_path)["examples"]


DEPEND = {
    "over columns": (lambda z: (ag.softmax(z, axis=1) ** 2).sum(), "an example depends on others"),
    "the sum of all": (lambda z: ((z - z.sum(axis=1, keepdims=True)) ** 2).sum(), "an example depends on others"),
    "normalised": (lambda z: ((z - z.mean(axis=1, keepdims=True)) ** 2).sum(), "weights may depend on how many"),
    "a mean": (lambda z: (z**2).mean(), "weights may depend on how many"),
    "the neighbour": (lambda z: (z * z[:, ::-1]).sum(), "no sum over examples"),
    "one of them": (lambda z: (z[:, 0] ** 2).sum(), "no sum over examples"),
    "products of all": (lambda z: (z[:1] @ z[:1].T @ z[:1] @ z[:1].T).sum(), "an example depends on others"),
}  # fmt: skip


@pytest.mark.parametrize("key", DEPEND)
def test_where_examples_depend_on_each_other_is_said(key, tmp_path):
    loss, why = DEPEND[key]
    data = saved(loss(W @ Tensor(X, "x")), tmp_path)
    assert not data["examples"] and "record" in data["why one number of examples"]
    if key != "products of all":
        assert why in data["why one number of examples"]


def test_one_example_is_none_to_compare(tmp_path):
    data = saved(((W @ Tensor(X[:, :1], "x")) ** 2).sum(), tmp_path)
    assert not data["examples"] and data["why one number of examples"] == "no two examples were recorded"


def test_the_checker_says_so(tmp_path, capsys):
    y = np.eye(4)[RNG.integers(0, 4, 3)].T
    run = Readout(3, 4, seed=1)(GRU(2, 3, seed=0).unroll(RNG.standard_normal((2, 3, 3))))
    path = prove(output_of(run.measure([y] * 3, categorical_cross_entropy))).save(tmp_path / "gru.json")
    assert main([str(path)]) == 0 and "; any number of examples" in capsys.readouterr().out


# -- mutants --------------------------------------------------------------------------------------------------


def mutants(right):
    """Claims about any number of examples that are wrong."""
    rng = np.random.default_rng(5)
    records, operations = right["records"], right["operations"]
    axes = {int(i): axis for i, axis in right["examples"].items()}
    inner = [i for i in axes if "op" in records[i] and len(records[i]["shape"]) == 2]
    sums = [i for i, r in enumerate(records) if "op" in r and i not in axes and any(x in axes for x in r["in"])]

    def with_terms(i, change):
        wrong = copy.deepcopy(right)
        op = copy.deepcopy(operations[records[i]["op"]])
        change(op["elements"])
        wrong["operations"].append(op)
        wrong["records"][i]["op"] = len(wrong["operations"]) - 1
        return wrong

    for i in rng.permutation(inner)[:12]:  # one example looks at the other one
        yield "neighbour", with_terms(i, lambda terms: terms.__setitem__(0, ["+", terms[0], terms[1]]))
    for i in rng.permutation(inner)[:12]:  # they change places
        yield "swapped", with_terms(i, lambda terms: terms.__setitem__(slice(0, 2), terms[1::-1]))
    for i in rng.permutation(sums)[:12]:  # one of them counts twice, or not at all
        yield "twice", with_terms(i, lambda terms: terms.__setitem__(0, ["+", *parts(terms[0]), parts(terms[0])[0]]))
        yield "missing", with_terms(i, lambda terms: terms.__setitem__(0, ["+", 0, *parts(terms[0])[1:]]))
    for i in rng.permutation(list(axes))[:12]:  # it is not shared, or along another axis
        yield "shared", {**right, "examples": {k: a for k, a in right["examples"].items() if int(k) != i}}
        if len(records[i]["shape"]) == 2 and records[i]["shape"][0] == 2:
            yield "axis", {**right, "examples": {**right["examples"], str(i): 1 - axes[i]}}


def parts(term):
    return term[1:] if isinstance(term, list) and term[0] == "+" else [term]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_wrong_claims_about_any_number_are_caught(cell, tmp_path):
    right = saved(output_of(example_run(cell, 2, n_x=2, n_a=2, m=2)), tmp_path)
    Certificate(right).check()
    caught, accepted = 0, []
    for kind, wrong in mutants(right):
        try:
            Certificate(recomputed(copy.deepcopy(wrong))).check()
        except (Fails, ArithmeticError, LookupError, ValueError):
            caught += 1
        else:
            accepted.append(kind)
    assert not accepted, accepted
    assert caught > 50
