"""How a checkpoint stores parameters that it does not store as they are: several in one tensor, or one turned round.

A `Stored` tensor is an expression over parameters: `Transposed(Fused((q, k, v)))`. Each operation has an inverse, so
that one expression says both how to fill the parameters from the tensor and how to make the tensor from them.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# ------------------------------------------------------------------ from a stored tensor to a block of a parameter


@attrs.frozen
class Reshape:
    """The same elements in row-major order, in another shape."""

    shape: tuple[int, ...]

    def __call__(self, array: Array) -> Array:
        """Apply it; a view where numpy can make one."""
        return array.reshape(self.shape)


@attrs.frozen
class Transpose:
    """Axis i of the result is axis `axes[i]` of what it is applied to."""

    axes: tuple[int, ...]

    def __call__(self, array: Array) -> Array:
        """Apply it; always a view."""
        return np.transpose(array, self.axes)


@attrs.frozen
class Slice:
    """Positions `start` to `stop` (exclusive) of one axis."""

    axis: int
    start: int
    stop: int

    def __call__(self, array: Array) -> Array:
        """Apply it; always a view."""
        return array[(slice(None),) * self.axis + (slice(self.start, self.stop),)]


Operation = Reshape | Transpose | Slice
