"""The values that declared parameters and buffers begin with: drawn from streams, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from mindspore.common.initializer import Initializer

from .._dtypes import dtype_name, numpy_dtype
from .._errors import InitializationError
from .._frozen import frozen
from .._harmless import told
from ..streams import DTYPES, Constant, Dirac, Identity, Job, Law, fill, stream_key
from ..system import empty
from ._foreign import describe, draw
from ._law import law_of
from ._life import Origin
from ._part import cut, part_of
from ._without_values import title

_ANY_DTYPE = (Constant, Identity, Dirac)  # what is not random is the same in integers


@frozen
class Start:
    """One tensor without values, and the stream that its values come from.

    Attributes:
        tensor: declared: it has `_initializer` and `_declared_dtype`.
        name: of the stream.
        seed: of the stream.
    """

    tensor: Any
    name: str
    seed: int

    @property
    def origin(self) -> Origin:
        """For the record."""
        return Origin("initializer", describe(self.tensor._initializer), self.seed)


def values_for(
    starts: Iterable[Start], progress: Callable[[int], None] = lambda done: None
) -> list[np.ndarray[Any, Any]]:
    """Draw values for all, in new arrays of the tensors' shapes and dtypes, on all cores.

    They are drawn in the dtype that was declared, then converted to that of the tensor: what an eager build followed by
    `.to(dtype)` does. No tensor changes. Of a parameter of which this rank has a part, nothing but the part is drawn,
    unless the initializer needs the whole: then there is memory for that meanwhile.

    Args:
        starts: several, or one.
        progress: called in this thread with the bytes that are done. What it raises ends the work.

    Raises:
        InitializationError: an initializer cannot give the values of a parameter, which the message names.
    """
    arrays, jobs, done = [], [], 0
    for start in starts:
        tensor = start.tensor
        own, place, dtype = tuple(tensor.shape), part_of(tensor), numpy_dtype(dtype_name(tensor.dtype))
        shape = own if place is None else place.whole
        declared, key = tensor._declared_dtype, stream_key(start.seed, start.name)
        with explained(title(tensor), tensor._initializer, shape, declared):
            law = law_in(tensor._initializer, shape, declared)
            if law is None:
                drawn = draw(tensor._initializer, shape, declared, key)
                array = (drawn if place is None else cut(drawn, place)).astype(dtype, copy=False)
        zeros = _is_zero(law, declared)
        if zeros:
            array = np.zeros(own, dtype)  # pages that nobody writes are never touched
        elif law is not None:
            array = empty(own, dtype)
            jobs.append(Job(law, key, array, declared, place))
        if law is None or zeros:
            done += array.nbytes
            progress(done)
        arrays.append(array)
    finished = done
    fill(jobs, lambda done: progress(finished + done))
    return arrays


@contextmanager
def explained(title: str, initializer: Initializer, shape: tuple[int, ...], dtype: str) -> Iterator[None]:
    """Turn whatever an initializer raises into an InitializationError that says of what, and for what."""
    try:
        yield
    except Exception as error:
        raise InitializationError(
            f"{title} (shape {shape}, {dtype}) cannot be initialized by {describe(initializer)}: {told(error)}"
        ) from error


def law_in(initializer: Initializer, shape: tuple[int, ...], dtype: str) -> Law | None:
    """Give the law of an initializer where it can be followed in a dtype; None: it has to be run.

    Raises:
        Exception: it cannot be used so.
    """
    law = law_of(initializer, shape)
    if isinstance(law, Constant):
        np.empty((), numpy_dtype(dtype)).fill(law.value)  # fails here, not in a thread
    return law if dtype in DTYPES or isinstance(law, _ANY_DTYPE) else None


def _is_zero(law: Law | None, dtype: str) -> bool:
    """Tell whether no bit of the values is set; -0.0 has one."""
    if not isinstance(law, Constant):
        return False
    one = np.empty((), numpy_dtype(dtype))
    one.fill(law.value)
    return not any(one.tobytes())
