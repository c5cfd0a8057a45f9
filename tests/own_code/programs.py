"""Programs as students write them, in plain NumPy with one import line changed, each in a file of its own.

Every file has a ``loss(parameters, **arguments)`` and an ``example(T, m, seed)`` that gives both.
"""

import importlib.util
from pathlib import Path

from autograd_seq import Parameter, Tensor

STYLES = (
    "course_lstm", "course_rnn", "char_model", "layer_objects", "reversed_gru", "masked_batches", "stacked_lists",
    "both_directions", "attention_pooling", "encoder_decoder", "peephole_matrix",
)  # fmt: skip

FURTHER = (  # without a textbook beside them
    "elman_caches", "gru_in_dicts", "while_loop", "comprehensions", "einsum_last", "pure_functions",
)  # fmt: skip


def program(style):
    """The module of a style."""
    spec = importlib.util.spec_from_file_location(f"own_code_{style}", Path(__file__).with_name(f"{style}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(style, T=4, m=3, seed=0):
    """Parameters and arguments, as plain arrays."""
    return bare(program(style).example(T, m, seed))


def bare(values):
    """Dicts, lists and tuples of plain arrays, where there may be tensors."""
    if isinstance(values, dict):
        return {key: bare(value) for key, value in values.items()}
    if isinstance(values, (list, tuple)):
        return type(values)(map(bare, values))
    return values.value if isinstance(values, Tensor) else values


def recorded(style, T=4, m=3, seed=0):
    """The loss as a recording, and its parameters by key."""
    values, arguments = plain(style, T, m, seed)
    parameters = {key: Parameter(value, key) for key, value in values.items()}
    return program(style).loss(parameters, **arguments), parameters
