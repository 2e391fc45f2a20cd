"""What a pickle of PyTorch is made of: storages, tensors over them, and dicts of these.

The functions are those of `torch/_utils.py`, the storages those of `torch/storage.py`, read in PyTorch 2.13; what
may be asked for is measured by `torch/_weights_only_unpickler.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._frozen import frozen
from ._pickle import Machine, Named, Opaque, PickleProblem

_STORAGES = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
    "ComplexFloat": "complex64",
    "ComplexDouble": "complex128",
}
_DTYPES = {name: name for name in (*_STORAGES.values(), "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2")}
# Others are listed under PyTorch's name, and not read: bytes of an element.
_UNREADABLE = {"qint8": 1, "quint8": 1, "qint32": 4, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1}

_STORAGE = re.compile(r"torch\.(?:cuda\.)?(\w+)Storage")
_TENSOR = re.compile(r"torch\.(?:cuda\.)?\w*Tensor|torch\.nn\.parameter\.(?:Parameter|Buffer)")
_UNTYPED = "torch.storage.UntypedStorage"
_PLAIN = frozenset({"torch.device", "torch.serialization._get_layout", "collections.Counter", "builtins.set"})

_DEEPEST = 32
_MOST = 1_000_000


@frozen
class Storage:
    """A run of numbers: their dtype (None: bytes), the key under which the file keeps them, how many there are."""

    dtype: str | None
    key: str
    count: int


@frozen
class StoredTensor:
    """A tensor: numbers of a storage, counted in elements."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def machine(content: bytes, storages: dict[str, Storage]) -> Machine:
    """Give what runs a pickle of PyTorch, and notes by its key each storage that is named."""

    def note(identity: Any) -> Storage:
        storage = _storage(identity)
        if storages.setdefault(storage.key, storage) != storage:
            raise PickleProblem(f"has two storages called {storage.key!r:.200}")
        return storage

    return Machine(content, _call, _is_known, note)


def tensors_in(value: Any) -> Iterator[tuple[str, StoredTensor]]:
    """Give the tensors of a dict with their names; those of a dict or list inside are named by the way to them.

    Raises:
        PickleProblem: what is there is no dict, or is nested without end.
    """
    if not isinstance(value, dict):
        raise PickleProblem(f"holds {_kind(value)}, where a dict from names to tensors is meant")
    found = 0
    rest: list[Iterator[tuple[str, Any, int]]] = [_entries("", value, 0)]
    while rest:
        for name, each, depth in rest[-1]:
            found += 1
            if found > _MOST:
                raise PickleProblem(f"holds more than {_MOST:,} entries")
            if isinstance(each, StoredTensor):
                yield name, each
            elif isinstance(each, (dict, list, tuple)):
                if depth == _DEEPEST:
                    raise PickleProblem(f"nests dicts more than {_DEEPEST} deep, at {name[:200]!r}")
                rest.append(_entries(f"{name}.", each, depth + 1))
                break
        else:
            rest.pop()


def itemsize_of(dtype: str) -> int | None:
    """Give the bytes of an element of a dtype that lazycell lists without reading it."""
    return _UNREADABLE.get(dtype)


def _entries(prefix: str, value: Any, depth: int) -> Iterator[tuple[str, Any, int]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return ((f"{prefix}{key}", each, depth) for key, each in items if isinstance(key, (str, int)))


def _kind(value: Any) -> str:
    return "a tensor" if isinstance(value, StoredTensor) else f"a {type(value).__name__}"


def _is_known(name: str) -> bool:
    storage = _STORAGE.fullmatch(name)
    if storage is not None:
        return storage[1] in _STORAGES
    return (
        name in _FUNCTIONS
        or name in _PLAIN
        or name == _UNTYPED
        or _TENSOR.fullmatch(name) is not None
        or name.removeprefix("torch.") in _DTYPES.keys() | _UNREADABLE.keys()
    )


def _storage(identity: Any) -> Storage:
    """Make what a persistent id says: `("storage", type, key, location, numel)`, and in old files a view, or None."""
    match identity:
        case ("storage", Named(name), str(key), _, int(count), *rest) if count >= 0 and not isinstance(count, bool):
            if rest not in ([], [None]):
                raise PickleProblem("has a storage that is a view of another, as PyTorch 0.4 wrote them")
            if name == _UNTYPED:
                return Storage(None, key, count)
            kind = _STORAGE.fullmatch(name)
            if kind is not None:
                return Storage(_STORAGES[kind[1]], key, count)
    raise PickleProblem(f"has a storage that is none: {identity!r:.200}")


def _call(function: Named, arguments: tuple[Any, ...]) -> Any:
    make = _FUNCTIONS.get(function.name)
    if make is not None:
        try:
            return make(*arguments)
        except (TypeError, IndexError):
            raise PickleProblem(
                f"calls {function.name} with {len(arguments)} arguments that it does not take"
            ) from None
    if function.name in _PLAIN:
        return Opaque(function.name)
    raise PickleProblem(f"calls {function.name}, which is not how a tensor is stored")


def _ordered_dict(items: Any = ()) -> dict[Any, Any]:
    if isinstance(items, Opaque):
        raise PickleProblem("fills a dict with what is none")
    return dict(items)


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> StoredTensor:
    dtype = storage.dtype if isinstance(storage, Storage) else None
    if dtype is None:
        raise PickleProblem("has a tensor without a storage of its dtype")
    return _over(storage, dtype, offset, shape, strides)


def _tensor_of_bytes(
    storage: Any, offset: Any, shape: Any, strides: Any, _gradient: Any, _hooks: Any, dtype: Any, *_: Any
) -> StoredTensor:
    if not isinstance(storage, Storage) or not isinstance(dtype, Named):
        raise PickleProblem("has a tensor without a storage, or without a dtype")
    return _over(storage, dtype.name.removeprefix("torch."), offset, shape, strides)


def _over(storage: Storage, dtype: str, offset: Any, shape: Any, strides: Any) -> StoredTensor:
    if not _are_whole((offset,)) or not isinstance(shape, tuple) or not isinstance(strides, tuple):
        raise PickleProblem("has a tensor whose place is not told by whole numbers")
    if len(shape) != len(strides) or not _are_whole(shape) or not _are_whole(strides):
        raise PickleProblem(f"has a tensor of shape {shape!r:.200} and strides {strides!r:.200}")
    return StoredTensor(storage, dtype, offset, shape, strides)


def _are_whole(numbers: tuple[Any, ...]) -> bool:
    return all(type(number) is int and 0 <= number < 1 << 63 for number in numbers)


def _first(value: Any, *_: Any) -> Any:
    return value


def _from_type(function: Any, _type: Any, arguments: Any, *_: Any) -> Any:
    if not isinstance(function, Named) or not isinstance(arguments, tuple):
        raise PickleProblem("rebuilds a tensor with what is no function")
    return _call(function, arguments)


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "utf-8"):
        raise PickleProblem("encodes what is no text")
    return text.encode(encoding, "replace")


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_bytes,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.Size": lambda sizes=(): tuple(sizes),
    "_codecs.encode": _encoded,
}
