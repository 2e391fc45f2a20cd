"""What a measured process is to do: which net, and which checkpoint. Needs nothing but Python."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

PROJECTIONS = ("gate", "up", "down")
"""The parts of an expert: each a cell of its own, with one weight."""

CONSTANTS = {"zeros": 0.0, "ones": 1.0, "constant": 0.5}
"""The initializers that give one value."""


class Work(NamedTuple):
    """One net and its checkpoint.

    `layers` is a list of linear layers, weight `(width, width)` and bias `(width,)`. `experts` is a mixture of many,
    nested four deep: each layer has `n_experts`, each of these three cells with one weight `(width, width)`.
    """

    net: str
    """`layers` or `experts`"""
    n_layers: int
    width: int
    n_experts: int = 0
    """in each layer of `experts`"""
    dtype: str = "float32"
    """of the net's parameters"""
    path: str = ""
    """the checkpoint; its suffix tells its format"""
    initializer: str = "default"
    """of `layers`: `normal`, of the weights (biases are zeros); a name of `CONSTANTS`, of both; `default`: any"""

    def shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Give the full name and the shape of each parameter, in order."""
        for layer in range(self.n_layers):
            if self.net == "layers":
                yield f"layers.{layer}.weight", (self.width, self.width)
                yield f"layers.{layer}.bias", (self.width,)
            else:
                for expert in range(self.n_experts):
                    for part in PROJECTIONS:
                        yield f"layers.{layer}.experts.{expert}.{part}.weight", (self.width, self.width)

    @property
    def n_values(self) -> int:
        """How many numbers the parameters hold."""
        return sum(math.prod(shape) for _, shape in self.shapes())

    def first(self) -> Work:
        """Give the smallest work of the same kind, which a process does before it is measured."""
        return self._replace(n_layers=1, width=8, n_experts=min(self.n_experts, 1))

    def __str__(self) -> str:
        if self.net == "layers":
            return f"{self.n_layers:,} linear layers with bias, width {self.width:,}"
        return (
            f"{self.n_layers:,} layers of {self.n_experts:,} experts, each of {len(PROJECTIONS)} cells with one weight "
            f"of width {self.width:,}"
        )


NOTHING = Work("layers", n_layers=0, width=0)
"""No net at all."""
