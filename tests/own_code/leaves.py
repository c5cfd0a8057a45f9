"""What the equations of each program are about: its parameters and data, by their printed names."""

import unicodedata

from own_code.programs import plain

SUBSCRIPTED = ("W", "U", "V", "b", "p")


def printed(key):
    """`Wf` as it is printed: W_f; composed letters as they come."""
    short = key[0] in SUBSCRIPTED and 1 < len(key) <= 3 and key[1:].isalpha() and key[1:].islower()
    return f"{key[0]}_{key[1:]}" if short else unicodedata.normalize("NFD", key)


def last_axis(array):
    return lambda t: array[:, :, t - 1]


def first_axis(array):
    return lambda t: array[t - 1]


def one_hot(numbers, size):
    def vector(t):
        return [[float(i == numbers[t - 1])] for i in range(size)]

    return vector


# What a program's arguments are called in its equations, and how a step of them is read.
DATA = {
    "course_lstm": lambda x, a0, labels: {"x": last_axis(x), "a0": a0, "labels": last_axis(labels)},
    "course_rnn": lambda x, a0, y: {"x": last_axis(x), "a0": a0, "y": last_axis(y)},
    "char_model": lambda inputs, targets, hprev: {
        "xs": one_hot(inputs, 6), "targets": first_axis(targets), "hprev": hprev,
    },
    "layer_objects": lambda xs, h0, targets: {"x": first_axis(xs), "h0": h0, "target": first_axis(targets)},
    "reversed_gru": lambda X, h_end, Y: {"X": first_axis(X), "h": h_end, "Y": first_axis(Y)},
    "masked_batches": lambda x, mask, target: {
        "x": lambda t: x[:, t - 1, :], "m_t": lambda t: mask[:, t - 1 : t],
        "input": lambda t: 1 - mask[:, t - 1 : t], "target": target,
    },
    "stacked_lists": lambda xs, h_init, targets: {
        "x": first_axis(xs), "target": first_axis(targets),
    },
    "both_directions": lambda x, y: {"x": last_axis(x), "y": last_axis(y)},
    "attention_pooling": lambda x, target: {"x": first_axis(x), "target": target},
    "encoder_decoder": lambda xs, ys: {"x": first_axis(xs), "y": first_axis(ys)},
    "peephole_matrix": lambda X, h0, c0, Y: {"X": last_axis(X), "h0": h0, "c0": c0, "Y": last_axis(Y)},
}  # fmt: skip


def given(style, T, m, seed):
    """Everything that a page of this program may call by name without defining it."""
    parameters, arguments = plain(style, T, m, seed)
    sizes = {"T": T, "m": m}
    return sizes | {printed(key): value for key, value in parameters.items()} | DATA[style](**arguments)
