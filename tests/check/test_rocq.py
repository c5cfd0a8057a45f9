"""Proofs for the assistant Rocq: a recorded step, and that backpropagation through time is right for every length."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, UsageError, name, prove, sigmoid, steps, tanh
from cells import GRU, LSTM, RNN

CELLS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}


def proof_of(cell):
    run = cell.unroll(np.random.default_rng(0).standard_normal((cell.n_x, 1, 4)))
    final = sum((state[-1] ** 2).sum() for state in run.states.values())
    return prove(final, all_lengths=True)


def compiled(path):
    if not shutil.which("coqc"):
        pytest.skip("no coqc on the PATH: Debian's packages coq and libcoq-coquelicot have it")
    return subprocess.run(["coqc", "-q", path.name], cwd=path.parent, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("key", CELLS)
def test_the_assistant_accepts_every_step_of_the_proof(key, n, tmp_path):
    path = proof_of(CELLS[key](n, n, seed=0)).save(tmp_path / f"{key}.v")
    done = compiled(path)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    axioms = set(re.findall(r"^([A-Za-z_.]+)\s*:", said, re.MULTILINE)) - {"Axioms", "derivative_by_parameter"}
    assert axioms <= {  # those that Coq's real numbers, and its exp, are made with
        "ClassicalDedekindReals.sig_not_dec", "ClassicalDedekindReals.sig_forall_dec",
        "FunctionalExtensionality.functional_extensionality_dep", "Classical_Prop.classic",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"(Definition da_0 \(th x s g : vec\) : R := )(.*)\.", r"\1(2 * \2)."),
        (r"(\| 1%nat => )(\(.*? th x s g\))(\n    \| _ => 0\n  end\.\n\nLemma)", r"\1(- \2)\3"),
    ],
    ids=["a factor", "a sign"],
)
def test_a_wrong_backward_pass_is_not_accepted(right, wrong, tmp_path):
    path = proof_of(RNN(1, 1, seed=0)).save(tmp_path / "rnn.v")
    text, count = re.subn(right, wrong, path.read_text())
    if not count:  # the last parameter stands at another place
        text, count = re.subn(r"(\| 2%nat => )(\(.*? th x s g\))", r"\1(- \2)", path.read_text())
    assert count
    path.write_text(text)
    assert compiled(path).returncode != 0


def test_the_file_takes_nothing_for_granted(tmp_path):
    text = proof_of(LSTM(2, 2, seed=0)).save(tmp_path / "lstm.v").read_text()
    for word in ("Admitted", "admit", "Axiom", "Parameter ", "Conjecture"):
        assert word not in text
    assert text.count("Print Assumptions") == 3 and "Gamma_f_1" in text


def test_what_it_has_no_words_for_is_said(tmp_path):
    W, a = Parameter([[0.5]], "W"), Tensor([[1.0]], "a0")
    for _ in steps(3):
        a = name(W @ a / (1.0 + a * a), "a")
    with pytest.raises(UsageError, match=r"sums, products, tanh, sigmoid and exp, but .* is made by (divide|power)"):
        prove(a.sum(), all_lengths=True).save(tmp_path / "a.v")
    with pytest.raises(UsageError, match="all_lengths=True"):
        prove(a.sum()).save(tmp_path / "a.v")
    assert not list(tmp_path.iterdir())


def test_hostile_names_stay_names(tmp_path):
    W, a = Parameter([[0.5]], "Qed. *) Axiom x : False. (*"), Tensor([[1.0]], "遗忘门")
    for _ in steps(3):
        a = name(tanh(W @ a) * sigmoid(a), "end. Admitted")
    text = prove(a.sum(), all_lengths=True).save(tmp_path / "a.v").read_text()
    assert not re.search(r"\b(Axiom|Admitted)\b", text)
    assert compiled(tmp_path / "a.v").returncode == 0
