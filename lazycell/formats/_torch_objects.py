"""What a pickle of PyTorch is made of: storages, tensors over them, and dicts of these.

The functions are those of `torch/_utils.py`, the storages those of `torch/storage.py`, read in PyTorch 2.13; what
may be asked for is measured by `torch/_weights_only_unpickler.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._frozen import frozen
from ._pickle import Machine, Named, Opaque, PickleProblem, put, shown

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
    "QInt8": "qint8",
    "QUInt8": "quint8",
    "QInt32": "qint32",
    "QUInt4x2": "quint4x2",
    "QUInt2x4": "quint2x4",
}
_ITEMSIZES = {
    **{"bool": 1, "uint8": 1, "int8": 1, "float8_e4m3fn": 1, "float8_e5m2": 1},
    **{"uint16": 2, "int16": 2, "float16": 2, "bfloat16": 2, "uint32": 4, "int32": 4, "float32": 4},
    **{"uint64": 8, "int64": 8, "float64": 8, "complex64": 8, "complex128": 16},
    # These are listed under PyTorch's name, and not read.
    **{"qint8": 1, "quint8": 1, "qint32": 4, "quint4x2": 1, "quint2x4": 1, "complex32": 4},
    **{"float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1, "float4_e2m1fn_x2": 1},
    **{"bits8": 1, "bits16": 2, "bits1x8": 1, "bits2x4": 1, "bits4x2": 1},
    **{f"{sign}int{bits}": 1 for sign in ("", "u") for bits in range(1, 8)},
}

_STORAGE = re.compile(r"torch\.(?:cuda\.)?(\w+)Storage")
_TENSOR = re.compile(r"torch\.(?:cuda\.)?\w*Tensor|torch\.nn\.parameter\.(?:Parameter|Buffer)")
_SCHEME = re.compile(r"torch\.per_(?:tensor|channel)_(?:affine|symmetric|affine_float_qparams)")
_UNTYPED = "torch.storage.UntypedStorage"
_PLAIN = frozenset(
    {
        *("torch.device", "torch.serialization._get_layout", "collections.Counter", "_codecs.encode"),
        *("builtins.set", "builtins.bytearray", "builtins.complex"),
        *("__builtin__.set", "__builtin__.bytearray", "__builtin__.complex"),  # as Python 2 called them
    }
)

_DEEPEST = 32
_MOST_AXES = 64
_MOST_ARGUMENTS = 16
_MOST_TENSORS = 1_000_000
_NAMES = 64
"""Characters of names for each byte of the pickle, at most: a name is the way to a tensor, and parts may be shared."""


@frozen
class Storage:
    """A run of numbers: their dtype (None: bytes), the key under which the file keeps them, how many there are."""

    dtype: str | None
    key: str
    count: int

    @property
    def nbytes(self) -> int:
        """Bytes of all."""
        return self.count * (1 if self.dtype is None else _ITEMSIZES[self.dtype])


@frozen
class StoredTensor:
    """A tensor: numbers of a storage, counted in elements."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return _ITEMSIZES[self.dtype]


@frozen
class OtherTensor:
    """A tensor whose numbers do not lie in a storage as they are: it can be listed, under this for its dtype."""

    dtype: str
    shape: tuple[int, ...]


def machine(content: bytes, storages: dict[str, Storage]) -> Machine:
    """Give what runs a pickle of PyTorch, and notes by its key each storage that is named."""

    def note(identity: Any) -> Storage:
        storage = _storage(identity)
        if storages.setdefault(storage.key, storage) != storage:
            raise PickleProblem(f"has two storages called {shown(storage.key)}")
        return storage

    filled = 0

    def call(function: Named, arguments: tuple[Any, ...]) -> Any:
        nonlocal filled
        if function.name == "collections.OrderedDict" and arguments:
            # A list of pairs may be given again and again: each time costs as much as the list is long.
            filled += len(arguments[0]) if isinstance(arguments[0], (list, tuple, dict)) else 0
            if filled > len(content):
                raise PickleProblem("fills dicts with more than it holds")
        return _call(function, arguments)

    return Machine(content, call, _is_known, note)


def tensor_itemsize(dtype: str) -> int:
    """Give the bytes of an element of PyTorch's dtype."""
    return _ITEMSIZES[dtype]


def tensors_in(value: Any, length: int) -> Iterator[tuple[str, StoredTensor | OtherTensor]]:
    """Give the tensors of a dict with their names; those of a dict or list inside are named by the way to them.

    Args:
        value: what a pickle gave.
        length: bytes of the pickle, which bound what is looked at: parts that are shared are met more than once.

    Raises:
        PickleProblem: what is there is no dict, or is nested without end.
    """
    if not isinstance(value, dict):
        raise PickleProblem(f"holds {_kind(value)}, where a dict from names to tensors is meant")
    entries = tensors = letters = 0
    rest: list[tuple[str, Iterator[tuple[Any, Any]]]] = [("", _items(value))]
    while rest:
        prefix, items = rest[-1]
        for key, each in items:
            entries += 1
            is_tensor = isinstance(each, (StoredTensor, OtherTensor))
            if not is_tensor and not isinstance(each, (dict, list, tuple)):
                continue
            if not isinstance(key, (str, int)):
                continue
            letters += len(prefix) + (len(key) if isinstance(key, str) else 20)
            tensors += is_tensor
            if entries > length or letters > _NAMES * length or tensors > _MOST_TENSORS:
                raise PickleProblem("shares its dicts and lists so often that they have no end")
            name = f"{prefix}{key}"
            if is_tensor:
                if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
                    raise PickleProblem(f"has a tensor whose name is no text: {shown(name)}")
                yield name, each
                continue
            if len(rest) > _DEEPEST:
                raise PickleProblem(f"nests dicts more than {_DEEPEST} deep, at {shown(name)}")
            rest.append((f"{name}.", _items(each)))
            break
        else:
            rest.pop()


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    return iter(value.items() if isinstance(value, dict) else enumerate(value))


def _kind(value: Any) -> str:
    return "a tensor" if isinstance(value, (StoredTensor, OtherTensor)) else f"a {type(value).__name__}"


def _is_known(name: str) -> bool:
    storage = _STORAGE.fullmatch(name)
    if storage is not None:
        return storage[1] in _STORAGES
    return (
        name in _FUNCTIONS
        or name in _PLAIN
        or name == _UNTYPED
        or _TENSOR.fullmatch(name) is not None
        or _SCHEME.fullmatch(name) is not None
        or name.removeprefix("torch.") in _ITEMSIZES
    )


def _storage(identity: Any) -> Storage:
    """Make what a persistent id says: `("storage", type, key, location, numel)`, and in old files a view, or None."""
    if type(identity) is tuple and len(identity) in (5, 6) and identity[0] == "storage":
        _, kind, key, _, count = identity[:5]
        if len(identity) == 6 and identity[5] is not None:
            raise PickleProblem("has a storage that is a view of another, as PyTorch 0.4 wrote them")
        if isinstance(kind, Named) and type(key) is str and type(count) is int and 0 <= count < 1 << 58:
            if kind.name == _UNTYPED:
                return Storage(None, key, count)
            typed = _STORAGE.fullmatch(kind.name)
            if typed is not None:
                return Storage(_STORAGES[typed[1]], key, count)
    raise PickleProblem(f"has a storage that is none: {shown(identity)}")


def _call(function: Named, arguments: tuple[Any, ...]) -> Any:
    make = _FUNCTIONS.get(function.name)
    if make is not None:
        if len(arguments) > _MOST_ARGUMENTS:
            raise PickleProblem(f"calls {function.name} with {len(arguments):,} arguments")
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
    made: dict[Any, Any] = {}
    if isinstance(items, dict):
        return made | items
    if not isinstance(items, (list, tuple)) or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in items
    ):
        raise PickleProblem("fills a dict with what is no list of pairs")
    put(made, ((key, value) for key, value in items))
    return made


def _size(sizes: Any = ()) -> Any:
    if type(sizes) is not tuple:
        raise PickleProblem("has a shape that is no tuple")
    return sizes


def _tensor(
    storage: Any, offset: Any, shape: Any, strides: Any, _gradient: Any = False, _hooks: Any = (), bits: Any = None
) -> StoredTensor | OtherTensor:
    dtype = storage.dtype if isinstance(storage, Storage) else None
    if dtype is None:
        raise PickleProblem("has a tensor without a storage of its dtype")
    return _over(storage, dtype, offset, shape, strides, bits)


def _tensor_of_bytes(
    storage: Any, offset: Any, shape: Any, strides: Any, _gradient: Any, _hooks: Any, dtype: Any, bits: Any = None
) -> StoredTensor | OtherTensor:
    if not isinstance(storage, Storage):
        raise PickleProblem("has a tensor without a storage")
    return _over(storage, _dtype(dtype), offset, shape, strides, bits)


def _quantized(
    storage: Any, offset: Any, shape: Any, strides: Any, _parameters: Any, *_: Any
) -> StoredTensor | OtherTensor:
    return _tensor(storage, offset, shape, strides)


def _over(storage: Storage, dtype: str, offset: Any, shape: Any, strides: Any, bits: Any) -> StoredTensor | OtherTensor:
    if not _are_whole((offset,)):
        raise PickleProblem(f"has a tensor that begins at {shown(offset)}")
    if not _are_whole(shape) or not _are_whole(strides) or len(shape) != len(strides):
        raise PickleProblem(f"has a tensor of shape {shown(shape)} and strides {shown(strides)}")
    if bits is not None and (not isinstance(bits, dict) or any(value is not False for value in bits.values())):
        # Bits of the tensor say that each of its numbers is to be negated, or conjugated, when it is read.
        return OtherTensor(f"{dtype} to be negated or conjugated", shape)
    return StoredTensor(storage, dtype, offset, shape, strides)


def _are_whole(numbers: Any) -> bool:
    """Whether it is a tuple of whole numbers, no longer than a tensor has axes."""
    return (
        type(numbers) is tuple
        and len(numbers) <= _MOST_AXES
        and all(type(number) is int and 0 <= number < 1 << 63 for number in numbers)
    )


def _dtype(dtype: Any) -> str:
    name = dtype.name.removeprefix("torch.") if isinstance(dtype, Named) else ""
    if name not in _ITEMSIZES:
        raise PickleProblem("has a tensor whose dtype is none")
    return name


def _sparse(_layout: Any, data: Any) -> OtherTensor:
    sizes = [each for each in data if _are_whole(each)] if type(data) is tuple and len(data) <= 8 else []
    if len(sizes) != 1:
        raise PickleProblem("has a sparse tensor without a shape")
    return OtherTensor("sparse", sizes[0])


def _meta(dtype: Any, shape: Any, *_: Any) -> OtherTensor:
    if not _are_whole(shape):
        raise PickleProblem(f"has a tensor of shape {shown(shape)}")
    return OtherTensor(f"{_dtype(dtype)} on the device meta", shape)


def _first(value: Any, *_: Any) -> Any:
    return value


def _from_type(function: Any, _type: Any, arguments: Any, *_: Any) -> Any:
    if not isinstance(function, Named) or type(arguments) is not tuple or not function.name.startswith(_REBUILD):
        raise PickleProblem("rebuilds a tensor with what is no function of it")
    return _call(function, arguments)


_REBUILD = "torch._utils._rebuild_"
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_bytes,
    "torch._utils._rebuild_qtensor": _quantized,
    "torch._utils._rebuild_sparse_tensor": _sparse,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _first,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.Size": _size,
}
