"""What values a parameter begins with: laws whose elements can be drawn one by one, and those of a whole tensor."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from .._frozen import frozen
from ..system import Array, Scratch
from ._normal import write_pairs
from ._quantile import below, quantile
from ._words import Stream, Words

# Standard deviations. No value of `Normal` is farther out: sqrt(64 ln 2) = 6.66 is the most in float32, 8.57 in
# float64.
_NEVER = 8.7


_PIECE = 1 << 15  # elements: a dozen float64 arrays of them stay in a core's cache


@frozen
class Constant:
    """One value everywhere."""

    value: Any

    is_random: ClassVar[bool] = False

    def write(self, stream: Words, start: int, out: Array, scratch: Scratch) -> None:
        """Write the elements from `start` on, of the flattened tensor, into `out`."""
        out.fill(self.value)


@frozen
class Uniform:
    """Uniform in [low, high): element i of float32 is `low` and `high`'s mean, and half their distance times k 2^-23.

    k is the signed 24-bit integer in the upper bits of the low (i even) or high (i odd) half of word i // 2; in
    float64, with 2^-52, the 53 upper bits of word i. Where the mean is not 0, or the dtype has 16 bits, values next to
    a bound may be rounded to it, or just past it.
    """

    low: float
    high: float

    is_random: ClassVar[bool] = True

    def write(self, stream: Words, start: int, out: Array, scratch: Scratch) -> None:
        """Write the elements from `start` on, of the flattened tensor, into `out` (float32 or float64)."""
        integers, unit = _integers(stream, start, out)
        np.copyto(out, integers, casting="unsafe")
        kind, middle = out.dtype.type, (self.low + self.high) / 2
        np.multiply(out, kind((self.high - self.low) / 2 * unit), out=out)
        if middle:
            np.add(out, kind(middle), out=out)


@frozen
class Normal:
    """Normal values; `write_pairs` says how."""

    mean: float
    sigma: float

    is_random: ClassVar[bool] = True

    def write(self, stream: Words, start: int, out: Array, scratch: Scratch) -> None:
        """Write the elements from `start` on, of the flattened tensor, into `out` (float32 or float64)."""
        first, last = start // 2, -(-(start + out.size) // 2)
        if start % 2 or out.size % 2:
            pairs = np.empty(2 * (last - first), out.dtype)
            write_pairs(stream, first, self.sigma, pairs, scratch)
            np.copyto(out, pairs[start % 2 :][: out.size])
        else:
            write_pairs(stream, first, self.sigma, out, scratch)
        if self.mean:
            np.add(out, out.dtype.type(self.mean), out=out)


@frozen
class TruncatedNormal:
    """Normal values between two bounds, which are values, not standard deviations: the quantile of a uniform value.

    Where the bounds are farther out than any value of `Normal`, this is `Normal`.
    """

    mean: float
    sigma: float
    low: float
    high: float

    is_random: ClassVar[bool] = True

    def write(self, stream: Words, start: int, out: Array, scratch: Scratch) -> None:
        """Write the elements from `start` on, of the flattened tensor, into `out` (float32 or float64)."""
        if not self.sigma:
            out.fill(min(max(self.mean, self.low), self.high))
            return
        low, high = (self.low - self.mean) / self.sigma, (self.high - self.mean) / self.sigma
        if low < -_NEVER and high > _NEVER:
            Normal(self.mean, self.sigma).write(stream, start, out, scratch)
            return
        sign = 1.0
        if low > -high:  # small probabilities are exact, those near one are not
            low, high, sign = -high, -low, -1.0
        integers, unit = _integers(stream, start, out)
        smallest = below(low)
        for begin in range(0, out.size, _PIECE):
            uniform = integers[begin : begin + _PIECE].astype(np.float64)
            uniform += 0.5
            uniform *= unit / 2
            uniform += 0.5
            uniform *= below(high) - smallest
            uniform += smallest
            # Past 38 standard deviations there is no probability left: the bound is as good as any value.
            values = quantile(np.maximum(uniform, 5e-324))
            values *= sign * self.sigma
            values += self.mean
            np.copyto(out[begin : begin + _PIECE], np.clip(values, self.low, self.high), casting="same_kind")


Elementwise = Constant | Uniform | Normal | TruncatedNormal


def _integers(stream: Words, start: int, out: Array) -> tuple[Array, float]:
    """Give a random signed integer for each element of `out`, and the unit that makes it a value in [-1, 1)."""
    if out.dtype == np.float32:
        first, last = start // 2, -(-(start + out.size) // 2)
        integers: Array = stream.words(first, last - first).view("<i4")[start % 2 :][: out.size]
        integers >>= 8
        return integers, 2.0**-23
    integers = stream.words(start, out.size).view(np.int64)
    integers >>= 11
    return integers, 2.0**-52


@frozen
class Orthogonal:
    """A matrix with orthonormal rows or columns, whichever are fewer, times `gain`.

    The Q of a QR decomposition of standard normal values, with the signs of R's diagonal (F. Mezzadri, "How to
    Generate Random Matrices from the Classical Compact Groups", Notices of the AMS 54 (2007), 592-604): uniform among
    all such matrices. Its last bits are those of the machine's LAPACK.
    """

    gain: float

    def write(self, stream: Stream, out: Array) -> None:
        """Write the whole tensor; axes after the first are taken as one."""
        rows = out.shape[0]
        normal: np.ndarray[Any, np.dtype[np.floating[Any]]] = np.empty((rows, out.size // rows), _computed(out))
        Normal(0.0, 1.0).write(stream, 0, normal.reshape(-1), Scratch())
        tall = normal.T if normal.shape[0] < normal.shape[1] else normal
        q, r = np.linalg.qr(tall)
        q *= np.where(np.diag(r) < 0, -1, 1).astype(q.dtype)
        q *= q.dtype.type(self.gain)
        convert((q.T if tall is not normal else q).reshape(out.shape), out)


@frozen
class Sparse:
    """A matrix of normal values; in each column a share `sparsity` of the rows, drawn at random, is zero.

    The words after those of the normal values order the rows of each column; those that come first are zero.
    """

    sparsity: float
    sigma: float

    def write(self, stream: Stream, out: Array) -> None:
        """Write the whole matrix."""
        rows, columns = out.shape
        values = np.empty(out.shape, _computed(out))
        Normal(0.0, self.sigma).write(stream, 0, values.reshape(-1), Scratch())
        zeros = math.ceil(self.sparsity * rows)
        first = -(-out.size // 2) * (2 if values.dtype == np.float64 else 1)
        step = max(1, _PIECE // max(1, rows))
        for begin in range(0, columns, step):
            some = np.arange(begin, min(begin + step, columns))
            order = stream.words(first + begin * rows, some.size * rows).reshape(some.size, rows)
            values[np.argsort(order, axis=1, kind="stable")[:, :zeros], some[:, None]] = 0
        convert(values, out)


@frozen
class Identity:
    """A matrix with ones where row and column are the same."""

    def write(self, stream: Stream, out: Array) -> None:
        """Write the whole matrix."""
        out.fill(0)
        np.fill_diagonal(out[: out.shape[1]], 1)


@frozen
class Dirac:
    """The weight of a convolution (out, in, *kernel) that passes its inputs on, as many as it can, in each group."""

    groups: int

    def write(self, stream: Stream, out: Array) -> None:
        """Write the whole tensor."""
        out.fill(0)
        each = out.shape[0] // self.groups
        centre = tuple(size // 2 for size in out.shape[2:])
        for group in range(self.groups):
            for channel in range(min(each, out.shape[1])):
                place = (group * each + channel, channel, *centre)
                out[place] = 1


def convert(values: Array, out: Array) -> None:
    """Write values into an array of another dtype."""
    with np.errstate(all="ignore"):  # a sigma too large for float16 gives infinities, as it does eagerly
        np.copyto(out, values, casting="unsafe")


def _computed(out: Array) -> type[np.floating[Any]]:
    return np.float64 if out.dtype == np.float64 else np.float32


Whole = Orthogonal | Sparse | Identity | Dirac
Law = Elementwise | Whole
