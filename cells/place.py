"""Where parameters belong: the layer and direction that their labels show, Wf[2], →Wf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from autograd_seq import Parameter


def place(parameters: Mapping[str, Parameter], **where: Any) -> None:
    """Set the layer or direction of parameters."""
    for parameter in parameters.values():
        record = parameter.record
        record.scope = replace(record.scope, **where)
