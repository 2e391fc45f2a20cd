"""Fill arrays with the values of their laws, on all cores, without any other memory of their size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _dtypes
from .._frozen import frozen
from ..system import Array, Scratch, Task, available_cores, empty, populate, run
from ._chosen import Chosen, spread
from ._drawn_runs import Window, runs_of
from ._laws import Constant, Elementwise, Law, Whole, convert
from ._words import BLOCK, Stream, Words

if TYPE_CHECKING:
    from ..mesh import Place

DTYPES = frozenset({"float64", "float32", "float16", "bfloat16"})
"""Dtypes of random values. Those of 16 bits are the float32 values, rounded to nearest even."""

CHUNK = 2 * BLOCK
"""Elements that one task fills: in float32 those of one block."""

_TOGETHER = 256
"""Small tensors that one task fills at most."""


@frozen(eq=False)
class Job:
    """One tensor to fill.

    Attributes:
        law: of its values.
        key: of its stream.
        out: contiguous, of no defined content.
        drawn: dtype that the values are drawn in, and rounded to, before they are converted to that of `out`.
        place: of `out` in the tensor that the law is of; None: it is all of it.
    """

    law: Law
    key: int
    out: Array
    drawn: str
    place: Place | None = None


def fill(
    jobs: Iterable[Job], progress: Callable[[int], None] = lambda done: None, *, threads: int | None = None
) -> None:
    """Do all jobs.

    Args:
        jobs: several, or one.
        progress: called in this thread with the bytes of the arrays that are done. What it raises ends the work.
        threads: this one included; None: one a core, at most 8.

    Raises:
        BaseException: what a law or `progress` raised first; the arrays have no defined content then.
    """
    jobs = list(jobs)
    number = available_cores() if threads is None else threads
    work = -(-sum(job.out.size for job in jobs) // CHUNK)
    run(_tasks(jobs), max(1, min(number, work)), progress)


def values(law: Elementwise, key: int, dtype: str, start: int, stop: int) -> Array:
    """Give the elements from `start` to `stop`, of the flattened tensor, without the others: a new array, one axis."""
    out = np.empty(stop - start, _dtypes.numpy_dtype(dtype))
    scratch, stream = Scratch(), Stream(key)
    for begin in range(start, stop, CHUNK):
        _write(law, stream, begin, out[begin - start :][:CHUNK], dtype, scratch)
    return out


def _tasks(jobs: Iterable[Job]) -> Iterator[Task]:
    """Cut large tensors into chunks, and put small ones together."""
    together: list[Task] = []
    elements = 0
    for job in jobs:
        if not isinstance(job.law, Elementwise):
            yield _Whole(job, job.law)
            continue
        stream, flat = Stream(job.key), job.out.reshape(-1)
        if job.place is not None and not isinstance(job.law, Constant):
            windows = runs_of(job.place.whole, job.place.ranges).windows(CHUNK)
            pieces: list[Task] = [_Piece(job.law, stream, each, flat, job.drawn) for each in windows]
            if flat.size > CHUNK // 2 or len(pieces) > 1:
                yield from pieces
                continue
            together += pieces
        elif flat.size > CHUNK // 2:
            for start in range(0, flat.size, CHUNK):
                yield _Chunk(job.law, stream, start, flat[start : start + CHUNK], job.drawn)
            continue
        else:
            together.append(_Chunk(job.law, stream, 0, flat, job.drawn))
        elements += flat.size
        if elements > CHUNK // 2 or len(together) == _TOGETHER:
            yield _Several(together)
            together, elements = [], 0
    if together:
        yield _Several(together)


@frozen(eq=False)
class _Chunk:
    """Task: some elements of a tensor, an even number unless they are the last."""

    law: Elementwise
    stream: Stream
    start: int
    out: Array
    drawn: str

    def __call__(self, scratch: Scratch) -> int:
        populate(self.out)
        _write(self.law, self.stream, self.start, self.out, self.drawn, scratch)
        return self.out.nbytes


@frozen(eq=False)
class _Piece:
    """Task: what a part has of some elements of the whole, an even number that begins at an even one."""

    law: Elementwise
    stream: Stream
    window: Window
    part: Array
    drawn: str

    def __call__(self, scratch: Scratch) -> int:
        starts, stops, place = self.window.found()
        if not starts.size:
            return 0
        lengths = stops - starts
        out = self.part[place : place + int(lengths.sum())]
        populate(out)
        begins, ends = starts >> 1, (stops + 1) >> 1  # in pairs
        width = _computed(self.law, self.drawn).itemsize // 4
        chosen, size = Chosen(self.stream, begins, ends, width), 2 * int((ends - begins).sum())
        if size == out.size:
            _write(self.law, chosen, 0, out, self.drawn, scratch)
        else:
            pairs = np.empty(size, out.dtype)
            _write(self.law, chosen, 0, pairs, self.drawn, scratch)
            lasts = 2 * np.cumsum(ends - begins)
            np.take(pairs, spread(lasts - 2 * (ends - begins) + (starts & 1), lengths), out=out)
        return out.nbytes


@frozen(eq=False)
class _Several:
    """Task: small tensors."""

    chunks: list[Task]

    def __call__(self, scratch: Scratch) -> int:
        return sum(chunk(scratch) for chunk in self.chunks)


@frozen(eq=False)
class _Whole:
    """Task: a tensor that cannot be cut."""

    job: Job
    law: Whole

    def __call__(self, scratch: Scratch) -> int:
        out, drawn, place = self.job.out, _dtypes.numpy_dtype(self.job.drawn), self.job.place
        shape = out.shape if place is None else place.whole
        target = out if place is None and out.dtype == drawn else empty(shape, drawn)
        self.law.write(Stream(self.job.key), target)
        if place is not None:
            _keep_part(target, place, out)
        elif target is not out:
            convert(target, out)
        return out.nbytes


def _keep_part(whole: Array, place: Place, out: Array) -> None:
    """Copy what is at a place of a whole tensor into an array of its shape, of any dtype."""
    for there, here in place.boxes():
        convert(whole[tuple(slice(*each) for each in there)], out[tuple(slice(*each) for each in here)])


def _computed(law: Elementwise, drawn: str) -> np.dtype[Any]:
    """Give the dtype that a law computes in: random values of 16 bits are rounded from float32."""
    dtype = _dtypes.numpy_dtype(drawn)
    return np.dtype(np.float32) if law.is_random and dtype.itemsize == 2 else dtype


def _write(law: Elementwise, stream: Words, start: int, out: Array, drawn: str, scratch: Scratch) -> None:
    """Write elements as `law` computes them, rounded to `drawn`, and then to the dtype of `out`."""
    dtype, computed = _dtypes.numpy_dtype(drawn), _computed(law, drawn)
    if computed == dtype == out.dtype:
        law.write(stream, start, out, scratch)
        return
    values = np.empty(out.size, computed)
    law.write(stream, start, values, scratch)
    if computed != dtype != out.dtype:
        rounded = np.empty(out.size, dtype)
        convert(values, rounded)
        values = rounded
    convert(values, out)
