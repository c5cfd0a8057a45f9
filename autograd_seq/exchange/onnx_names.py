"""Names of an ONNX file that somebody gave, told from those that an exporter counted."""

from __future__ import annotations

import re
from functools import lru_cache

from autograd_seq.exchange.onnx_operators import OPERATORS

# Words of operators in exporters' own languages, beside ONNX's; and words that say nothing.
_OTHERS = """
addmm bmm mm linear unsafe select slice split chunk cat stack t permute view clone contiguous unbind rsub zeros ones
full like index embedding detach copy alias getitem val node n tmp tensor var v out output result dot general broadcast
in dim convert element type squeeze pjit custom jvp call scan body while cond xla logistic tanh relu sigmoid new initial
const lifted lambda
"""
_WORDS = {*_OTHERS.split(), *(kind.lower() for kind in OPERATORS)}


@lru_cache(maxsize=65536)
def readable(key: str) -> str | None:
    """The last part of a name, or None where an exporter only counted.

    Exporters call results by their operators and a number: ``val_12``, ``/rnn/MatMul_2_output_0``, ``add_7``.

    Examples
    --------
    >>> readable("Gamma_f"), readable("/rnn/MatMul_2_output_0"), readable("unsafe_split_3_split_0"), readable("model/h")
    ('Gamma_f', None, None, 'h')
    """
    last = re.split(r"[/:.]+", key.strip("/"))[-1]
    words = [word for word in re.split(r"[\W_\d]+", last) if word]
    counted = not words or all(word.lower() in _WORDS for word in words)
    return None if counted or key.startswith("onnx::") or re.search(r"[:_]\d+$", key) else last


def weight_name(key: str, others: set[str]) -> str:
    """What a weight is called: the end of its name, or as much of it as tells it from the others.

    Examples
    --------
    >>> weight_name("lstm.weight_ih_l0", {"fc.weight"}), weight_name("a.W", {"b.W"})
    ('weight_ih_l0', 'a.W')
    """
    whole = key.removeprefix("onnx::").rstrip("/").rsplit("/", 1)[-1]
    last = whole.rsplit(".", 1)[-1]
    return last if last and all(other.rsplit(".", 1)[-1] != last for other in others) else whole
