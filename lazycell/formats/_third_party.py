"""Check what the reader of a third party's format gives, where it is taken in.

Not in validators of the header's classes: lazycell's own formats make 100,000 of them for a large checkpoint, and know
what they put in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from .. import _dtypes
from .._errors import CheckpointFormatError
from .._harmless import repr_of, told
from ._files import FileStamp
from ._header import ByteRange, CheckpointHeader, MemoryRange, TensorHeader


def check_header(header: object, path: Path, format: str) -> CheckpointHeader:
    """Give the header if all that is in it can be.

    Args:
        header: what the reader gave.
        path: of the file, for messages.
        format: the name of the reader's format, for messages.

    Raises:
        CheckpointFormatError: it cannot; the message names the file, the tensor, the fault and the format.
    """
    if not isinstance(header, CheckpointHeader):
        raise CheckpointFormatError(
            f"{path}: the reader of the format {format!r} has to give a CheckpointHeader, not {repr_of(header):.200}"
        )
    where = f"{path}:"
    try:
        _check_outside(header)
        for name, tensor in header.tensors.items():
            if not isinstance(name, str):
                raise _Fault(f"the name of a tensor has to be a string, not {_shown(name)}")
            where = f"{path}: tensor {name!r:.200}:"
            _check_tensor(name, tensor)
            _check_size(tensor, format)
    except _Fault as fault:
        whose = "" if fault.names_format else f"; so the reader of the format {format!r} gives it"
        raise CheckpointFormatError(f"{where} {fault}{whose}") from fault.__cause__
    return header


class _Fault(Exception):
    """What is wrong, in words."""

    names_format = False


class _SizeFault(_Fault):
    names_format = True


def _check_outside(header: CheckpointHeader) -> None:
    path: object = header.path
    if not isinstance(path, Path):
        raise _Fault(f"the header's path has to be a pathlib.Path, not {_shown(path)}")
    format: object = header.format
    if not isinstance(format, str):
        raise _Fault(f"the header's format has to be a string, not {_shown(format)}")
    tensors: object = header.tensors
    if not isinstance(tensors, Mapping):
        raise _Fault(f"the header's tensors have to be a mapping, not {_shown(tensors)}")
    metadata: object = header.metadata
    if not isinstance(metadata, Mapping):
        raise _Fault(f"the header's metadata has to be a mapping, not {_shown(metadata)}")
    for key, value in metadata.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise _Fault(f"the header's metadata has to map strings to strings, not {key!r:.200} to {value!r:.200}")


def _check_tensor(name: str, tensor: object) -> None:
    if not isinstance(tensor, TensorHeader):
        raise _Fault(f"has to be a TensorHeader, not {_shown(tensor)}")
    own_name: object = tensor.name
    if own_name != name:
        raise _Fault(f"calls itself {own_name!r:.200}")
    dtype: object = tensor.dtype
    if not isinstance(dtype, str):
        raise _Fault(f"its dtype has to be a string, not {_shown(dtype)}")
    shape: object = tensor.shape
    if not isinstance(shape, tuple) or not all(_is_whole(size) and size >= 0 for size in shape):
        raise _Fault(f"its shape has to be a tuple of whole numbers, 0 or more, not {_shown(shape)}")
    ranges: object = tensor.ranges
    if not isinstance(ranges, tuple):
        raise _Fault(f"its ranges have to be a tuple of parts, not {_shown(ranges)}")
    for part in ranges:
        if isinstance(part, ByteRange):
            _check_byte_range(part)
        elif isinstance(part, MemoryRange):
            _check_memory(part.content)
        else:
            _check_own_part(part)


def _check_byte_range(part: ByteRange) -> None:
    path: object = part.path
    if not isinstance(path, Path):
        raise _Fault(f"a part's path has to be a pathlib.Path, not {_shown(path)}")
    for which, value in (("start", part.start), ("stop", part.stop)):
        if not _is_whole(value):
            raise _Fault(f"a part's {which} has to be a whole number, not {_shown(value)}")
    if part.start < 0:
        raise _Fault(f"bytes {part.start} to {part.stop} of {path}: a start is 0 or more")
    if part.stop < part.start:
        raise _Fault(f"bytes {part.start} to {part.stop} of {path}: a stop is not before its start")
    stamp: object = part.stamp
    if stamp is not None and not isinstance(stamp, FileStamp):
        raise _Fault(f"a part's stamp has to be a FileStamp or None, not {_shown(stamp)}")


def _check_memory(content: object) -> None:
    # A view of anything else is cut into its elements, or rows, where bytes are meant.
    if not isinstance(content, memoryview) or (content.ndim, content.itemsize) != (1, 1) or not content.c_contiguous:
        raise _Fault(f"a part's content has to be a contiguous memoryview of bytes, not {_shown(content)}")


def _check_own_part(part: object) -> None:
    if not hasattr(type(part), "nbytes") and not hasattr(part, "nbytes"):
        raise _not_a_part(part)
    try:
        nbytes: object = part.nbytes  # type: ignore[attr-defined]
    except (Exception, SystemExit) as error:  # whatever a third party's property does
        raise _Fault(f"a part's nbytes fails: {told(error)}") from error
    if not _is_whole(nbytes) or nbytes < 0:  # type: ignore[operator]
        raise _Fault(f"a part's nbytes has to be a whole number, 0 or more, not {_shown(nbytes)}")
    if not callable(getattr(part, "read_into", None)):
        raise _not_a_part(part)


def _not_a_part(part: object) -> _Fault:
    return _Fault(f"a part of it has to have `nbytes` and `read_into(target, start)`, unlike {_shown(part)}")


def _check_size(tensor: TensorHeader, format: str) -> None:
    """A tensor whose parts are not its size would be read past its end."""
    if not tensor.is_readable:
        return
    needed = math.prod(tensor.shape) * _dtypes.ITEMSIZES[tensor.dtype]
    if needed != tensor.nbytes:
        raise _SizeFault(
            f"{tensor.dtype} of shape {tensor.shape} needs {needed} bytes, the reader of the format {format!r} gives "
            f"{tensor.nbytes}"
        )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    return f"{repr_of(value):.200}, of type {type(value).__name__}"
