"""Families of mistakes, each made by one textual edit of a correct pass: flagged, explained whole, and named."""

from __future__ import annotations

import pytest
from check.mistakes import ORIGINALS

from autograd_seq.diagnosis.course import check_file
from tests.sweeps import slow_but_part_of

# file, what is written there, what somebody wrote, the kind of mistake, words of the diagnosis
MISTAKES = [
    # loops over time
    ("rnn", "reversed(range(T_x))", "range(T_x)", "off by one", "runs forward in time"),
    ("gru_simplified", "range(len(steps) - 1, -1, -1)", "range(len(steps))", "off by one", "runs forward in time"),
    ("lstm", "reversed(range(T_x))", "range(T_x)", "off by one", "runs forward in time"),
    ("bidirectional", "carry = 0\n    for t in reversed(range(T))", "carry = 0\n    for t in range(T)",
     "off by one", "forward"),
    ("gru_rows", "reversed(range(len(x)))", "reversed(range(len(x) - 1))", "off by one",
     "without the last time step"),
    ("gru_simplified", "len(steps) - 1, -1, -1", "len(steps) - 1, 0, -1", "off by one", "without the first time step"),
    ("lstm_rows", "        dc = dc * f\n", "", "missing factor", "without the factor f"),
    ("lstm_split_weights", 'dh_next + weights["U" + k].T @ raw[k]', "dh_next", "no carry", "carried back"),
    ("gru_simplified", "dout[:, :, t] + dnext", "dout[:, :, t] - dnext", "sign", "opposite sign"),
    ("gru_simplified", "dout[:, :, t] + dnext", "dout[:, :, t] + 2 * dnext", "extra term", "twice"),
    ("lstm_rows", "dh * o * (1 - np", "(dh - upstream['h'][:, t]) * o * (1 - np", "upstream missing",
     "without the term"),
    # values of another time step
    ("rnn", "da_prevt, caches[t])", "da_prevt, caches[0])", "off by one", "first time step"),
    ("lstm_rows", "= tape[t]", "= tape[-(t + 1)]", "off by one", "opposite order"),
    ("lstm", "da[:, :, t]", "da[:, :, -1]", "off by one", "last time step"),
    ("gru_rows", "h, (z, r, n) = hs[t]", "h, (z, r, n) = hs[t + 1]", "off by one", "of the time step after"),
    ("gru_rows", '"dW" + s] += x[t]', '"dW" + s] += x[0]', "off by one", "first"),
    ("gru_rows", "dx[t] =", "dx[-1] =", "off by one", "last time step"),
    # parentheses
    ("rnn_cell", "(1 - a_next ** 2) * da_next", "1 - a_next ** 2 * da_next", "parentheses", "parentheses"),
    ("lstm_cell_gate_loop", "da_next * ot * (1 - tanh_c ** 2)", "da_next * (ot * 1 - tanh_c ** 2)", "parentheses", ""),
    ("lstm_cell_gate_loop", "ft * (1 - ft)", "ft * 1 - ft", "parentheses", ""),
    ("deep_rnn", "dp * (1 - p ** 2)", "dp * 1 - p ** 2", "parentheses", ""),
    ("gru_simplified", "dc * (h - c) * u", "(dc * h - c) * u", "parentheses", "without the factor"),
    ("softmax_readout", "y_hat * (g - np.sum(g * y_hat, axis=0, keepdims=True))",
     "y_hat * g - np.sum(g * y_hat, axis=0, keepdims=True)", "parentheses", ""),
    # signs, terms and factors
    ("gru_simplified", "+ dc * (1 - u)", "+ dc * (1 + u)", "sign", "1 + u"),
    ("gru_simplified", "dc * (h - c)", "dc", "missing factor", "without the factor"),
    ("gru_simplified", "dc * (h - c)", "dc * (h + c)", "sign", ""),
    ("gru_simplified", "dc * (h - c)", "(h - c)", "upstream missing", "alone"),
    ("gru_cell", "dh = da * u", "dh = 2 * da * u", "extra factor", "doubled"),
    ("rnn_cell", "(1 - a_next ** 2) * da_next", "(1 - a_next ** 2) + da_next", "wrong value",
     "in place of their product"),
    ("gru_rows", "dh * z + dz @ Uz.T + dr", "dr", "missing term", "without the terms"),
    ("softmax_readout", "g - np.sum(g * y_hat, axis=0, keepdims=True)",
     "g + np.sum(g * y_hat, axis=0, keepdims=True)", "sign", ""),
    ("softmax_readout", "np.sum(g * y_hat, axis=0", "np.sum(g * y_hat, axis=1", "missing sum", "axis 1"),
    ("language_model", "dz = g * (", "dz = (", "upstream missing", "with 1 in place of the adjoint given for loss"),
    # derivatives of activations
    ("rnn_cell", "1 - a_next ** 2", "1 - a_prev ** 2", "activation derivative", "a_prev"),
    ("rnn_cell", "1 - a_next ** 2", "1 - da_next ** 2", "activation derivative", "da where a belongs"),
    ("lstm_split_weights", 'raw = {"i": di * i * (1 - i)', 'raw = {"i": di * i * (1 + i)', "sign", "1 + i"),
    ("lstm_cell_gate_loop", "it * (1 - cct ** 2)", "it * (1 - it ** 2)", "activation derivative", "it"),
    # stacks, matrices, sums
    ("lstm_rows", "[di, df, do, dg]", "[df, di, do, dg]", "wrong value", "order"),
    ("lstm_rows", "drow[:, :n_x], drow[:, n_x:]", "drow[:, -n_x:], drow[:, n_x:]", "wrong half", "columns"),
    ("gru_cell", "dreset[:n_a] * r", "dreset[-n_a:] * r", "wrong half", ""),
    ("gru_cell", "dreset[n_a:] + dstacked[n_a:]", "dreset[:3] + dstacked[:3]", "wrong half", "first 3 of the 9"),
    ("lstm_cell", "+ np.dot(Wc[:, :n_a].T, dcct)", "+ np.dot(Wc[:, :n_a], dcct)", "transpose", "not transposed"),
    ("lstm_cell", "np.dot(Wf[:, :n_a].T, dft)", "np.dot(Wf[:, -n_a:].T, dft)", "wrong half", "columns"),
    ("lstm_cell", "np.dot(Wf[:, n_a:].T, dft)", "np.dot(Wi[:, n_a:].T, dft)", "wrong value", "in place of"),
    ("lstm_split_weights", 'weights["U" + k].T', 'weights["U" + k]', "transpose", "not transposed"),
    ("gru_rows", "state.T @ d", "(state * d).sum(axis=0)", "element-wise product", "broadcasting"),
    ("lstm_cell_peephole", "z.sum(axis=1, keepdims=True)", "z.mean(axis=1, keepdims=True)", "mean over the batch", ""),
    ("lstm_cell", '"dWi": dWi', '"dWi": dWf', "wrong value", "in its place"),
    # arrays that are one, or written over
    ("gru", "dWu, dWr, dWc = np.zeros(Wu.shape), np.zeros(Wr.shape), np.zeros(Wc.shape)",
     "dWu = dWr = np.zeros(Wu.shape); dWc = np.zeros(Wc.shape)", "shared array", "one array"),
    ("lstm_peephole", "dp_i, dp_f, dp_o = np.zeros_like(p_i), np.zeros_like(p_f), np.zeros_like(p_o)",
     "dp_i = dp_f = dp_o = np.zeros_like(p_i)", "shared array", "one array"),
    ("lstm_rows_recomputed", "sf = f * (1 - f)", "sf = f * (1 - f); i *= 1 - i", "in-place change", "i<5>"),
    ("gru", "dc = dc_all[:, :, t] + dc_prev", "dc = dc_prev = dc_all[:, :, t] + dc_prev; dc_prev *= 1 - gu",
     "in-place change", "1 − gu"),
    ("encoder_decoder", 'dctx = dctx + dz @ C.T', 'dctx = dz @ C.T', "assignment", "first time step only"),
    ("embedding", "np.add.at(dE, ids[t], dz @ W.T)", "dE[ids[t]] = dz @ W.T", "duplicate indices", "replaces"),
    # carries
    ("attention_pooling", "nxt = dz @ U.T", "nxt += dz @ U.T", "extra term", "added (+=)"),
    ("rnn_layer_norm", "dh = da @ U.T", "dh += da @ U.T", "extra term", "never set anew"),
    ("gru_reset_after", "dh = dh * z + dgh @ W_hh.T", "dh += dgh @ W_hh.T", "missing factor", "without the factor z"),
    ("deep_rnn_rows", "dh1 = dz2 @ W2.T + dh1_next", "dh1 = dz2 @ W2.T + dh2_next", "wrong value", "in place of"),
    ("deep_rnn_rows", "dh1 = dz2 @ W2.T + dh1_next", "dh1 = dy[t] + dz2 @ W2.T + dh1_next", "extra term", "added"),
    ("encoder_decoder", "dh = dz @ Ue.T", "dh = dz @ Ue.T + dctx", "extra term", "at every time step"),
    ("many_to_one", "if t == T - 1", "if t == 0", "off by one", "other end"),
    ("many_to_one", "dlast = np.dot(Wy.T, dzy)", "dlast = np.dot(Wy.T, dzy) * (1 - a[-1] ** 2)",
     "activation derivative", "in the last time step only"),
    ("lstm_rows_recomputed", "dc = dc + dh * o", "dc = dh * o", "missing term", "only"),
    # means and factors at the loss
    ("rnn_softmax_loss", "/ (m * T)", "/ T", "mean over the batch", "the number of examples"),
    ("rnn_softmax_loss", "/ (m * T)", "", "mean over the batch", "times that of time steps"),
    ("rnn_softmax_loss", "(probs - onehot)", "(probs - onehot) * probs * (1 - probs)", "activation derivative",
     "once more"),
    ("many_to_one", '(cache["yhat"] - cache["y"])', '(cache["y"] - cache["yhat"])', "sign", "opposite sign"),
    # forward values computed anew
    ("lstm_rows_recomputed", "g = np.tanh(A[:, 2", "g = sigmoid(A[:, 2", "wrong value", "sigmoid("),
    ("lstm_rows_recomputed", "tc = np.tanh(c)", "tc = np.tanh(c_prev)", "off by one", "tanh(c"),
    ("lstm_rows_recomputed", "tc = np.tanh(c)", "tc = c", "wrong value", "wherever it is used"),
    ("rnn_relu", "dz[zs[t] <= 0]", "dz[zs[t] - hs[t].dot(Wh) <= 0]", "missing term", "computed again without"),
    ("rnn_relu", "dz[zs[t] <= 0]", "dz[zs[t] > 0]", "activation derivative", "positive"),
    # weights, rows and directions
    ("gru", "np.dot(Wu.T, dzu) + np.dot(Wr.T, dzr)", "np.dot(Wr.T, dzu) + np.dot(Wu.T, dzr)",
     "wrong value", "exchanged"),
    ("lstm_peephole", "di * p_i + df * p_f", "di * p_f + df * p_i", "wrong value", "exchanged"),
    ("embedding", "np.add.at(dE, ids[t],", "np.add.at(dE, ids[t - 1],", "off by one", "one time step too early"),
    ("bidirectional_by_function", "dx = dx_f + dx_b[::-1]", "dx = dx_f + dx_b", "off by one", "[::-1] is missing"),
    ("bidirectional_by_function", "dhb[::-1], hb", "dhb, hb", "off by one", "opposite order"),
    ("encoder_decoder", 'g["dUe"] += enc[t].T', 'g["dUe"] += enc[t + 1].T', "off by one", "in place of"),
    ("rnn_leaky", "(cand[t] - h[t])", "(h[t] - cand[t])", "sign", "opposite sign"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "category", "words"),
    slow_but_part_of(MISTAKES),
    ids=[f"{m[0]}: {m[2][:40].strip()}" for m in MISTAKES],
)
def test_the_family_is_named(tmp_path, file, old, new, category, words):
    text = ORIGINALS[file]
    start = text.rindex("backward(")  # the backward pass, and not the forward one above it
    start = start if old in text[start:] else text.index("backward(")
    assert old in text[start:]
    path = tmp_path / f"{file}.py"
    path.write_text(text[:start] + text[start:].replace(old, new, 1))
    report = next(r for r in check_file(path).reports.values() if not r.ok and not r.inherited)
    assert report.causes, str(report)
    assert {k for c in report.causes for k in c.explains} == set(report.wrong), str(report)
    assert category in {f.category for f in [*report.causes, *report.also]}, str(report)
    said = str(report).replace(" - ", " − ")  # a line of theirs is quoted as they wrote it
    assert report.causes[0].category == category and words in said, str(report)


def test_two_independent_mistakes_in_one_sequence(tmp_path):
    text = ORIGINALS["lstm_rows"]
    path = tmp_path / "two.py"
    text = text.replace("db += dz.sum(axis=0)", "db += dz.mean(axis=0)")
    path.write_text(text.replace("dx[:, t], dh = drow[:, :n_x]", "dx[:, t], dh = -drow[:, :n_x]"))
    report = check_file(path)["backward"]
    assert sorted(report.wrong) == ["db", "dx"]
    assert {k: c.category for c in report.causes for k in c.explains} == {"db": "mean over the batch", "dx": "sign"}
