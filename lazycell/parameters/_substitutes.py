"""Methods that MindSpore has on other devices only, and that somebody may have replaced to build a model on a CPU.

`normal_`, `uniform_`, `zero_` and `fill_` have no kernel on a CPU. Where a substitute was put (in the method, in a
primitive, or anywhere between), only running it tells what it draws: it is tried on a tensor of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mindspore import Tensor

from . import _framework as framework
from ._context import suspended
from ._device import device

_TRIED: dict[tuple[Any, bool], bool] = {}
_WITHOUT_NUMPY: set[Any] = set()


def generators_for(method: str) -> tuple[Any, ...]:
    """Give the states of the generators that a substitute may draw from."""
    return framework.generators(with_numpy=getattr(Tensor, method) not in _WITHOUT_NUMPY)


def is_substituted(method: str, arguments: tuple[Any, ...] = ()) -> bool:
    """Tell whether a method runs on a device that has no kernel for it."""
    return _tried(method, arguments, in_part=False)


def writes_into_the_whole(method: str, arguments: tuple[Any, ...] = ()) -> bool:
    """Tell whether a substitute changes a tensor where it is given a part of it, which may be a copy."""
    return _tried(method, arguments, in_part=True)


def run_on(array: np.ndarray[Any, Any], method: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    """Have a method write into an array, as into the `data` of a parameter of that shape and dtype."""
    with suspended():
        written = framework.tensor_of(array)
        getattr(written, method)(*arguments, **keywords)
        values = framework.numpy_values(written)  # waits
    if not np.may_share_memory(values, array):
        array[...] = values


def _tried(method: str, arguments: tuple[Any, ...], *, in_part: bool) -> bool:
    if device() != "CPU":
        return False
    case = getattr(Tensor, method), in_part
    if case not in _TRIED or not (_TRIED[case] or in_part):  # what fails is tried again: a substitute may come later
        with suspended():
            _TRIED[case] = _works(method, arguments, in_part=in_part)
    return _TRIED[case]


def _works(method: str, arguments: tuple[Any, ...], *, in_part: bool) -> bool:
    state = framework.generators()
    before = np.full((2, 2), 3, np.float32)
    written = Tensor.from_numpy(before.copy())
    (written + 1).asnumpy()  # waits for the operators before: their failures are not ours
    try:
        getattr(written[0] if in_part else written, method)(*arguments)
        changed = bool((framework.numpy_values(written) != before).any())
        if _as_text(np.random.get_state()) == _as_text(state[0]):
            _WITHOUT_NUMPY.add(getattr(Tensor, method))
        return changed
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return False
    finally:
        framework.set_generators(state)


def _as_text(state: Any) -> str:
    return f"{state[1].tobytes()!r} {state[2:]}"
