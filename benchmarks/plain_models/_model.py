"""What one model of the table is: a function that builds it, and what it is run on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

Inputs = dict[str, Any]


@attrs.frozen
class Model:
    """One model.

    Attributes:
        name: the name by which its project knows it.
        project: where it is from.
        build: builds it, untrained, in float32.
        inputs: gives what its `construct` takes, by name or by position (`"0"`, `"1"`); NumPy arrays become Tensors.
    """

    name: str
    project: str
    build: Callable[[], Any]
    inputs: Callable[[], Inputs]


def floats(*shape: int) -> NDArray[Any]:
    """Numbers of a normal distribution, float32, the same each time."""
    return np.random.RandomState(len(shape)).standard_normal(shape).astype(np.float32)


def words(length: int = 12, below: int = 90) -> NDArray[Any]:
    """One row of token numbers, int32 of shape (1, length), from 4 on: what is lower may be special."""
    return np.random.RandomState(length).randint(4, below, (1, length)).astype(np.int32)
