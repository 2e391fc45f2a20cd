"""Which dtypes the device computes with: MindSpore is asked, by running the two operators that every net needs."""

from __future__ import annotations

import threading
import warnings

import mindspore
from mindspore import Tensor, nn, ops

from .._dtypes import FLOATING, dtype_name
from .._errors import DtypeWarning
from ._framework import device_target, framework_dtype, is_recording, parameters_of

_ALWAYS = "float32"
_USUAL = frozenset({"float16", "float32", "float64"})
_WARNED = "_lazycell_dtypes_seen"
_RAISED_AGAIN = 100
_ASKED: dict[tuple[str, str], bool] = {}
_lock = threading.Lock()


def device() -> str:
    """Name the device that operators run on: `CPU`, `Ascend` or `GPU`."""
    return device_target()


def computes(dtype: object) -> bool:
    """Tell whether the device looks up and multiplies in a dtype. It is tried once in a process.

    Where nothing can be tried, the answer is yes. That is so on anything but a CPU: the first operator takes a device
    there, and a program may still have to choose which, by `mindspore.set_device` or `mindspore.communication.init`.
    And it is so while a gradient is recorded, which an operator that fails would end.
    """
    name, target = dtype_name(dtype), device()
    if name == _ALWAYS or target != "CPU":
        return True
    with _lock:
        if (target, name) not in _ASKED:
            if is_recording():
                return True
            _wait()
            _ASKED[target, name] = _tried(name)
        return _ASKED[target, name]


def _wait() -> None:
    """Wait for the operators before: what one of them raises late is the user's to see, and is no answer."""
    one = Tensor([1.0], mindspore.float32)
    (one + one).asnumpy()  # runtime.synchronize() does not raise it


def _tried(name: str) -> bool:
    try:
        table = Tensor([[1.0, 2.0], [3.0, 4.0]], framework_dtype(name))
        # The lookup first: where there is none, MindSpore says so at once.
        found = ops.gather(table, Tensor([1], mindspore.int32), 0)
        product = ops.MatMul(transpose_b=True)(found, table)
        # The values are waited for, here: what is wrong with an operator is raised by whoever waits next.
        return bool((product.astype(mindspore.float32).asnumpy() == [[11.0, 25.0]]).all())
    except (TypeError, RuntimeError, ValueError):
        _forget()
        return False


def _forget() -> None:
    """Wait until MindSpore has raised for the last time what it raised already: it does so several times."""
    for _ in range(_RAISED_AGAIN):
        try:
            _wait()
        except (TypeError, RuntimeError, ValueError):
            continue
        return


def warn_before_execution(net: nn.Cell) -> None:
    """Say once of a net that is about to run, and of all cells in it, that the device computes nothing in its dtype.

    It is no error: a net may cast its weights before it computes with them.

    Warns:
        DtypeWarning: so it is; the message names the way out.
    """
    if _WARNED in net.__dict__:
        return
    dtypes: set[mindspore.Type] = set()
    for _, cell in net.cells_and_names():
        cell.__dict__[_WARNED] = True
        dtypes.update(each.dtype for each in parameters_of(cell).values() if each is not None)
    for name in sorted({dtype_name(each) for each in dtypes} & FLOATING - _USUAL):
        if not computes(name):
            warnings.warn(
                f"{type(net).__name__} has parameters in {name}, with which MindSpore's {device()} does not compute: "
                f'where they are not cast first, the call fails. Load it with dtype="float32", or call '
                f"`net.to(mindspore.float32)` first",
                DtypeWarning,
                stacklevel=4,
            )
