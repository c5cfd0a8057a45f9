"""Names of an ONNX file that somebody gave, told from those that an exporter counted."""

from __future__ import annotations

import re

# What exporters make up: numbers, /rnn/MatMul_2_output_0, onnx::LSTM_77, val_12, Sigmoid_4, getitem_3, n0_2 …
_COUNTED = re.compile(
    r"""^\d+$ | .*_output_\d+$ | ^onnx:: | ^(val|node|n|t|tmp|tensor|var|v|out)_?\d+$ | .*:\d+$
      | ^[A-Za-z]+(__|_)\d+(__\d+)?$ | ^(transpose|reshape|unsqueeze|squeeze|concat|slice|getitem|split|select
      | add|sub|mul|div|sigmoid|tanh|relu|matmul|gemm|linear|stack|cat|chunk|expand|cast|unbind)\w*$
    """,
    re.VERBOSE | re.IGNORECASE,
)


def readable(key: str) -> str | None:
    """The last part of a name, or None where an exporter only counted.

    Examples
    --------
    >>> readable("Gamma_f"), readable("/rnn/MatMul_2_output_0"), readable("val_12"), readable("model/h")
    ('Gamma_f', None, None, 'h')
    """
    last = key.rstrip("/").rsplit("/", 1)[-1]
    return None if not last or _COUNTED.match(key) or _COUNTED.match(last) else last


def weight_name(key: str, others: set[str]) -> str:
    """What a weight is called: the end of its name, or as much of it as tells it from the others.

    Examples
    --------
    >>> weight_name("lstm.weight_ih_l0", {"fc.weight"}), weight_name("a.W", {"b.W"}), weight_name("onnx::LSTM_77", set())
    ('weight_ih_l0', 'a.W', 'LSTM_77')
    """
    whole = key.removeprefix("onnx::").rstrip("/").rsplit("/", 1)[-1]
    last = whole.rsplit(".", 1)[-1]
    return last if last and all(other.rsplit(".", 1)[-1] != last for other in others) else whole
