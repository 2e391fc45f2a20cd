"""Files as `torch.save` writes them, made without torch: Python's pickle, with stand-ins for what torch's refer to.

`tests/golden/pytorch` has files that torch itself wrote.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C

STORAGES = {
    "float64": "Double",
    "float32": "Float",
    "float16": "Half",
    "bfloat16": "BFloat16",
    "int64": "Long",
    "int32": "Int",
    "int16": "Short",
    "int8": "Char",
    "uint8": "Byte",
    "bool": "Bool",
    "complex64": "ComplexFloat",
    "complex128": "ComplexDouble",
}
"""Of these dtypes storages have a type of their own; others are bytes, and the tensor says its dtype."""


@attrs.frozen
class Global:
    """What a pickle refers to by name."""

    module: str
    name: str

    def __call__(self) -> None:
        """Be callable, as pickle wants it of what it calls."""
        raise AssertionError("a stand-in")


@attrs.frozen(eq=False)
class Call:
    """What a pickle calls, and with what."""

    function: Global
    arguments: tuple[Any, ...]
    state: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Say so."""
        return self.function, self.arguments, *([] if self.state is None else [self.state])


@attrs.frozen(eq=False)
class Persistent:
    """A storage by its id."""

    id: Any


def rebuild(name: str, *arguments: Any) -> Call:
    """A call of one of torch's functions that rebuild tensors."""
    return Call(Global("torch._utils", name), arguments)


def storage(dtype: str | None, key: str, count: int, location: str = "cpu", *more: Any) -> Persistent:
    """The id of a storage."""
    kind = Global("torch.storage", "UntypedStorage") if dtype is None else Global("torch", f"{STORAGES[dtype]}Storage")
    return Persistent(("storage", kind, key, location, count, *more))


def tensor(of: Persistent, offset: Any, shape: Any, strides: Any) -> Call:
    """A tensor over a storage that has a type."""
    return rebuild(
        "_rebuild_tensor_v2", of, offset, shape, strides, False, Call(Global("collections", "OrderedDict"), ())
    )


class _Pickler(pickle._Pickler):  # type: ignore[name-defined]
    """The one in Python, whose table can be added to; that in C looks up what it refers to."""

    dispatch = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_named(self, value: Global) -> None:
        self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())
        self.memoize(value)

    dispatch[Global] = save_named

    def persistent_id(self, value: Any) -> Any:
        return value.id if isinstance(value, Persistent) else None


def pickled(value: Any, protocol: int = 2) -> bytes:
    """Pickle a value of stand-ins, dicts, lists, tuples, strings and numbers."""
    out = io.BytesIO()
    _Pickler(out, protocol).dump(value)
    return out.getvalue()


class Storages:
    """Turns the arrays of a value into stand-ins for tensors; views of one array share its storage."""

    def __init__(self) -> None:
        self.bytes: dict[str, bytes] = {}
        self.counts: dict[str, int] = {}
        self._keys: dict[int, str] = {}
        self._kept: list[Any] = []

    def of(self, value: Any) -> Any:
        """Turn a value."""
        if isinstance(value, np.ndarray):
            return self._tensor(value)
        if isinstance(value, Mapping):
            return {key: self.of(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.of(each) for each in value)
        return value

    def _tensor(self, array: np.ndarray[Any, Any]) -> Call:
        base = array
        while isinstance(base.base, np.ndarray):
            base = base.base
        assert base.flags.c_contiguous
        assert base.dtype == array.dtype
        size, name = array.itemsize, array.dtype.name
        key = self._keys.setdefault(id(base), str(len(self._keys)))
        self._kept.append(base)
        self.bytes[key] = base.tobytes()
        offset = (array.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // size
        strides = tuple(stride // size for stride in array.strides)
        if name in STORAGES:
            self.counts[key] = base.size
            return tensor(storage(name, key, base.size), offset, array.shape, strides)
        self.counts[key] = base.nbytes
        bytes_of = storage(None, key, base.nbytes)
        dtype = Global("torch", name)
        return rebuild("_rebuild_tensor_v3", bytes_of, offset, array.shape, strides, False, {}, dtype)


def zipped(value: Any, *, protocol: int = 2, order: bytes | None = b"little", stem: str = "archive") -> bytes:
    """Give the file that `torch.save` would write of a value with arrays."""
    storages = Storages()
    content = pickled(storages.of(value), protocol)
    more = {} if order is None else {"byteorder": order}
    return archive({"data.pkl": content, **more, **{f"data/{key}": raw for key, raw in storages.bytes.items()}}, stem)


def archive(entries: Mapping[str, bytes], stem: str = "archive", compression: int = zipfile.ZIP_STORED) -> bytes:
    """Give a zip archive whose entries begin at multiples of 64, as PyTorch pads them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as made:
        for name, raw in entries.items():
            info = zipfile.ZipInfo(f"{stem}/{name}")
            info.compress_type = compression
            padding = -(out.tell() + 30 + len(info.filename) + 4) % 64
            info.extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
            made.writestr(info, raw)
    return out.getvalue()


def legacy(value: Any, *, protocol: int = 2) -> bytes:
    """Give the file that `torch.save` wrote before 1.6, and still does if it is asked to."""
    storages = Storages()
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    parts = [MAGIC, 1001, system, storages.of(value), sorted(storages.bytes)]
    content = b"".join(pickled(part, protocol) for part in parts)
    return content + b"".join(
        storages.counts[key].to_bytes(8, "little") + storages.bytes[key] for key in sorted(storages.bytes)
    )


def ordered(pairs: Mapping[str, Any]) -> Call:
    """An `OrderedDict` as modules give it: filled through its state, with attributes that no tensor needs."""
    return Call(
        Global("collections", "OrderedDict"), ([[key, value] for key, value in pairs.items()],), {"_metadata": 1}
    )
