"""A graph of ONNX in the making: nodes with names of their own, constants, bodies of loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array

FLOAT, WHOLE, TRUTH = "float", "whole", "truth"  # what kinds of elements there are


@dataclass(frozen=True, slots=True)
class Written:
    """A value of the graph: its name, and what kind of elements it has."""

    name: str
    kind: str = FLOAT


class Builder:
    """Collects the nodes of one graph; those of a body see the values around it.

    Parameters
    ----------
    dtype : dtype
        Of the floats.
    """

    def __init__(self, dtype: Any, taken: set[str] | None = None) -> None:
        self.dtype = np.dtype(dtype)
        self.nodes: list[Any] = []
        self._taken = set() if taken is None else taken

    def body(self) -> Builder:
        """A builder for a body inside of this graph."""
        return Builder(self.dtype, self._taken)

    def fresh(self, called: str) -> str:
        """A name that nothing has yet."""
        name, number = called, 2
        while name in self._taken:
            name, number = f"{called}_{number}", number + 1
        self._taken.add(name)
        return name

    def node(
        self, kind: str, inputs: Sequence[Written], called: str | None = None, of: str = FLOAT, **attributes: Any
    ) -> Written:
        """A node of one result."""
        (result,) = self.nodes_of(kind, inputs, [called or kind.lower()], [of], **attributes)
        return result

    def nodes_of(
        self, kind: str, inputs: Sequence[Written], called: Sequence[str], of: Sequence[str], **attributes: Any
    ) -> list[Written]:
        """A node of several results."""
        from onnx import helper

        results = [Written(self.fresh(name), one) for name, one in zip(called, of, strict=True)]
        names = [value.name for value in inputs]
        self.nodes.append(helper.make_node(kind, names, [r.name for r in results], **attributes))
        return results

    def constant(self, value: Any, of: str = FLOAT) -> Written:
        """An array or a number that stands in the file."""
        from onnx import numpy_helper

        dtype = {FLOAT: self.dtype, WHOLE: np.dtype(np.int64), TRUTH: np.dtype(bool)}[of]
        array: Array = np.asarray(value, dtype)
        name = self.fresh("constant")
        return self.node("Constant", [], name, of, value=numpy_helper.from_array(array, name))

    def wholes(self, *numbers: int) -> Written:
        """A row of whole numbers."""
        return self.constant(list(numbers), WHOLE)

    def element_type(self, of: str) -> int:
        """ONNX's number for a kind of elements."""
        from onnx import TensorProto, helper

        return {
            FLOAT: helper.np_dtype_to_tensor_dtype(self.dtype), WHOLE: TensorProto.INT64, TRUTH: TensorProto.BOOL
        }[of]  # fmt: skip
