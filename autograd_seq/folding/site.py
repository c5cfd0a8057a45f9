"""The place in the program that made a record."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType
from typing import Any

from autograd_seq.core.tensor import Tensor

_CACHE = dis.opmap.get("CACHE")  # since Python 3.11, what follows an instruction that can be made faster


def site(record: Tensor) -> tuple[Any, ...]:
    """The place in the program that made a record; one place may hold several operations."""
    code = record._code
    return code, code and _instruction(code, record._offset), record.operation


@lru_cache(maxsize=4096)
def _instruction(code: CodeType, offset: int) -> int:
    """Where the instruction at an offset begins: after some turns of a loop, Python tells where its cache ends."""
    while offset and code.co_code[offset] == _CACHE:
        offset -= 2
    return offset
