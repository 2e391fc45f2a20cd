"""Changes of weights by matrices of few rows: LoRA, DoRA, and stacks of them for the experts of a layer."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from ..._frozen import frozen
from ...formats import PIECE, TensorHeader
from ...system import Array
from ._adapted import read_floats, whole

_MOST_WORK = 1 << 18
"""Multiplications that OpenBLAS leaves to the thread that asks. With more it wakes others, which the threads of a load
are in the way of: on a busy machine that costs up to three times as much."""

_TALL, _LEAST_TALL = 64, 16


@frozen(slots=False)
class LowRank:
    """Add the product of two matrices, times a number (Hu et al. 2021, arXiv:2106.09685).

    Attributes:
        a: `(rank, in)`, or `(rank, in, …)` of a convolution.
        b: `(out, rank)`, with axes of 1 of a convolution.
        scale: of the product.
        turned: the weight is `(in, out)`: the product is transposed.
    """

    a: TensorHeader
    b: TensorHeader
    scale: float
    turned: bool = False
    is_of_inputs = False

    @property
    def tensors(self) -> tuple[TensorHeader, ...]:
        """What it is computed from."""
        return self.a, self.b

    @property
    def rows(self) -> int:
        """How many rows are computed together."""
        width = self.b.shape[0] if self.turned else math.prod(self.a.shape[1:])
        return _height_of_tiles(width, self.a.shape[0])

    def apply(self, rows: Array, first: int) -> None:
        """Add to rows what is theirs of the product."""
        left, right = self._factors
        _add_product(rows, left[first : first + len(rows)], right, self.scale)

    @cached_property
    def _factors(self) -> tuple[Array, Array]:
        """Of the product: `(rows, rank)` and `(rank, elements of a row)`."""
        rank = self.a.shape[0]
        a, b = whole(self.a).reshape(rank, -1), whole(self.b).reshape(-1, rank)
        left, right = (a.T, b.T) if self.turned else (b, a)
        return np.ascontiguousarray(left), np.ascontiguousarray(right)


@frozen(slots=False)
class Magnitudes:
    """Give each output of a weight with a product added another length (DoRA: Liu et al. 2024, arXiv:2402.09353).

    Attributes:
        base: the weight without the product.
        product: what is added.
        lengths: one for each output.
        axis: along which the outputs are: 0, or 1 where the weight is `(in, out)`, or a table of `(rows, outputs)`.
    """

    base: TensorHeader
    product: LowRank
    lengths: TensorHeader
    axis: int
    is_of_inputs = False

    @property
    def tensors(self) -> tuple[TensorHeader, ...]:
        """What it is computed from."""
        return *self.product.tensors, self.lengths

    @property
    def rows(self) -> int:
        """How many rows are computed together."""
        return self.product.rows

    def apply(self, rows: Array, first: int) -> None:
        """Add to rows what is theirs of the product, and give the sum the lengths."""
        self.product.apply(rows, first)
        if self.axis == 0:
            lengths = self._lengths[first : first + len(rows)]
            rows *= (lengths / np.linalg.norm(rows, axis=1))[:, np.newaxis]
        else:
            rows *= self._of_columns

    @cached_property
    def _lengths(self) -> Array:
        return whole(self.lengths).reshape(-1)

    @cached_property
    def _of_columns(self) -> Array:
        """What each column is multiplied by; all of the weight is read for it, once."""
        count, columns = self.base.shape
        squares: Array = np.zeros(columns, np.float64)
        step = max(1, PIECE // (columns * self.rows)) * self.rows
        for first in range(0, count, step):
            rows: Array = np.empty((min(step, count - first), columns), np.float32)
            read_floats(self.base, first * columns, rows.reshape(-1))
            self.product.apply(rows, first)
            squares += np.square(rows, dtype=np.float64).sum(axis=0)
        return self._lengths / np.sqrt(squares).astype(np.float32)


@frozen(slots=False)
class Stack:
    """Products of two matrices for experts, whose weights have one shape.

    Attributes:
        a: `(experts * rank, in)`.
        b: `(out, rank * experts)`: the experts are last.
        scale: of the products.
        experts: how many.
        turned: the weights are `(in, out)`.
    """

    a: TensorHeader
    b: TensorHeader
    scale: float
    experts: int
    turned: bool = False

    @cached_property
    def factors(self) -> tuple[Array, Array]:
        """Of the products: `(experts, rows, rank)` and `(experts, rank, elements of a row)`."""
        rank = self.a.shape[0] // self.experts
        a = whole(self.a).reshape(self.experts, rank, -1)
        b = whole(self.b).reshape(-1, rank, self.experts).transpose(2, 0, 1)
        left, right = (a.transpose(0, 2, 1), b.transpose(0, 2, 1)) if self.turned else (b, a)
        return np.ascontiguousarray(left), np.ascontiguousarray(right)


@frozen
class OfExperts:
    """Add to weights of experts what is theirs of the products.

    Attributes:
        stack: the products, which the tensors of all experts share.
        offset: the number of the tensor's first row, where those of all experts lie one after the other.
    """

    stack: Stack
    offset: int = 0
    is_of_inputs = False

    @property
    def tensors(self) -> tuple[TensorHeader, ...]:
        """What it is computed from."""
        return self.stack.a, self.stack.b

    @property
    def rows(self) -> int:
        """How many rows are computed together, at most."""
        stack = self.stack
        width = stack.b.shape[0] if stack.turned else stack.a.shape[1]
        return _height_of_tiles(width, stack.a.shape[0] // stack.experts)

    def apply(self, rows: Array, first: int) -> None:
        """Add to rows what is theirs of the products."""
        lefts, rights = self.stack.factors
        height = lefts.shape[1]
        done = 0
        while done < len(rows):
            expert, row = divmod(self.offset + first + done, height)
            count = min(height - row, len(rows) - done, self.rows - done % self.rows)
            _add_product(rows[done : done + count], lefts[expert, row : row + count], rights[expert], self.stack.scale)
            done += count


def _height_of_tiles(width: int, rank: int) -> int:
    """Give how many rows of a product are computed at once, all of their columns if that pays; a power of two."""
    rows = _MOST_WORK // max(1, width * rank)
    return 1 << (rows.bit_length() - 1) if rows >= _LEAST_TALL else _TALL


def _add_product(rows: Array, left: Array, right: Array, scale: float) -> None:
    """Add the product of two matrices, times a number, to rows; a tile after the other.

    The last bit of an element depends on where it lies in what BLAS is given: tiles have to begin at the same rows and
    columns, whatever of the tensor is asked for.
    """
    (height, width), rank = rows.shape, len(right)
    tall = _height_of_tiles(width, rank)
    wide = max(_LEAST_TALL, _MOST_WORK // (tall * rank))
    factor, space = np.float32(scale), np.empty((min(tall, height), min(wide, width)), np.float32)
    for top in range(0, height, tall):
        for start in range(0, width, wide):
            tile = rows[top : top + tall, start : start + wide]
            product = space[: tile.shape[0], : tile.shape[1]]
            np.matmul(left[top : top + tall], right[:, start : start + wide], out=product)
            product *= factor  # last, as `peft` does: so all roundings are the same
            tile += product
