"""A checkpoint in memory: a dict of arrays, as `mindspore.load_checkpoint` gives, read like a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import _dtypes
from .._collector import collector_paused
from .._errors import CheckpointFormatError, UninitializedParameterError
from ._header import CheckpointHeader, MemoryRange, TensorHeader

DICT = Path("<dict>")
"""What stands for the path of a checkpoint that has none."""


def read_arrays(arrays: Mapping[str, object]) -> CheckpointHeader:
    """Describe a mapping from names to arrays. The reader copies from them, so that no net shares their memory.

    Args:
        arrays: numpy arrays (ml_dtypes' for bfloat16 and float8), MindSpore tensors or parameters; strings, which
            `append_dict` leaves in what `mindspore.load_checkpoint` gives, become metadata.

    Raises:
        CheckpointFormatError: a value is something else, or has no values yet; the message names it.
    """
    tensors: dict[str, TensorHeader] = {}
    metadata: dict[str, str] = {}
    with collector_paused():
        for name, value in arrays.items():
            if not isinstance(name, str):
                raise CheckpointFormatError(f"{DICT}: the key {name!r:.200} is not a string: give each tensor its name")
            if isinstance(value, str):
                metadata[name] = _text(name, value)
            else:
                tensors[name] = _tensor(name, value)
    return CheckpointHeader(DICT, "dict", tensors, metadata)


def _text(name: str, value: str) -> str:
    try:
        (name + value).encode()
    except UnicodeEncodeError:
        raise CheckpointFormatError(
            f"{DICT}: the string {name!r:.200} is not Unicode text (a lone surrogate)"
        ) from None
    return value


def _tensor(name: str, value: object) -> TensorHeader:
    array = _array(name, value)
    try:
        dtype = _dtypes.dtype_name(array.dtype)
    except TypeError:
        raise _refuse(name, f"an array of dtype {array.dtype}, which no MindSpore tensor can hold") from None
    # Neither copies what is little-endian and row-major already. Bytes, because numpy gives no buffer of ml_dtypes'.
    array = np.asarray(array, array.dtype.newbyteorder("<"))
    content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data if array.size else memoryview(b"")
    return TensorHeader(name, dtype, array.shape, (MemoryRange(content.toreadonly()),))


def _array(name: str, value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ma.MaskedArray):
        raise _refuse(name, "a masked array: fill it first, with `.filled()`")
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if getattr(value, "has_init", False):
        # MindSpore would give the memory as it is.
        raise _refuse(name, "a parameter without values: initialize it first, with `init_data()`")
    if hasattr(value, "asnumpy"):  # MindSpore's, without importing it
        try:
            array = _bits_of(value) if str(getattr(value, "dtype", "")) == "BFloat16" else value.asnumpy()
        except UninitializedParameterError:
            raise _refuse(name, "a parameter without values: load or initialize its net first") from None
        if isinstance(array, np.ndarray):
            return array
    module, kind = type(value).__module__.removeprefix("builtins"), type(value).__qualname__
    hint = "; give `tensor.numpy()`" if module.partition(".")[0] == "torch" else ""
    raise _refuse(name, f"of type {module}{'.' if module else ''}{kind}, which is no array{hint}")


def _bits_of(tensor: Any) -> np.ndarray[Any, Any]:
    """Give the array of a bfloat16 tensor, of which MindSpore itself gives none with NumPy 2."""
    bits: np.ndarray[Any, Any] = tensor.view(sys.modules["mindspore"].int16).asnumpy()
    return bits.view(_dtypes.numpy_dtype("bfloat16"))


def _refuse(name: str, what: str) -> CheckpointFormatError:
    return CheckpointFormatError(f"{DICT}: tensor {name!r:.200}: it is {what}")
