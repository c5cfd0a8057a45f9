"""What the configuration of a Keras model says of its layers; it is read, and nothing in it is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from cells.exchange.found import Told

DEEPEST = 50
RUN_CODE = ("Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer")
WITHIN = ("layers", "layer", "backward_layer", "forward_layer", "cell", "cells")


def told_by(config: Any) -> dict[str, Told]:
    """The class and settings of every layer in a configuration, by the layer's name.

    Raises
    ------
    ValueRangeError
        If a layer holds code of its own, such as a Lambda.

    Examples
    --------
    >>> told_by({"class_name": "LSTM", "config": {"name": "lstm", "units": 4, "activation": "tanh"}})["lstm"].kind
    'LSTM'
    """
    told: dict[str, Told] = {}
    _walk(config, {}, told, 0)
    return told


def _walk(node: Any, of_parent: Mapping[str, Any], told: dict[str, Told], depth: int) -> None:
    if depth > DEEPEST:
        raise ValueRangeError(f"the configuration of this Keras model is nested more than {DEEPEST} deep{here()}")
    if isinstance(node, (list, tuple)):
        for part in node:
            _walk(part, of_parent, told, depth + 1)
    elif isinstance(node, Mapping) and isinstance(node.get("config"), Mapping):
        kind, config = str(node.get("class_name")), {**node["config"], **of_parent}
        name = str(config.get("name"))
        if kind in RUN_CODE:
            raise ValueRangeError(
                f"{name} is a {kind} layer of Keras, which holds code of its own; it is not run, so what the model "
                f"computes cannot be told: load the layers beside it one by one{here()}"
            )
        told.setdefault(name, Told(kind, config))
        both = kind == "Bidirectional"
        for key in WITHIN:
            # Each direction says of itself which way it goes; together they are what Bidirectional is here.
            kept = {"merge_mode": config.get("merge_mode"), "go_backwards": False} if both else {}
            _walk(config.get(key), kept, told, depth + 1)
