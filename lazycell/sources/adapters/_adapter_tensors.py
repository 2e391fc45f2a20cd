"""What an adapter holds: tensors by module and kind, and whole tensors."""

from __future__ import annotations

from collections.abc import Mapping

from ... import _dtypes
from ..._errors import CheckpointError
from ..._frozen import frozen
from ...formats import CheckpointHeader, TensorHeader
from ._adapter_names import Named

Kinds = Mapping[str, TensorHeader]
"""The tensors of one module by what they are, as `Named.what` says it."""


@frozen
class AdapterTensors:
    """The tensors of an adapter.

    Attributes:
        modules: by path, those that change a module.
        whole: by name, those that take the place of one of the base's.
    """

    modules: Mapping[str, Kinds]
    whole: Mapping[str, TensorHeader]


def gather(header: CheckpointHeader, names: list[Named]) -> AdapterTensors:
    """Sort an adapter's tensors.

    Raises:
        CheckpointError: two are the same, one is no float, or there is none.
    """
    modules: dict[str, dict[str, TensorHeader]] = {}
    whole: dict[str, TensorHeader] = {}
    for named in names:
        tensor = header.tensors[named.key]
        place, key = (
            (whole, named.module) if named.what == "whole" else (modules.setdefault(named.module, {}), named.what)
        )
        if key in place:
            raise CheckpointError(
                f"{header.path}: tensors {place[key].name!r} and {named.key!r} are both the same of {named.module!r}: "
                "keep one of them"
            )
        if named.what != "whole" and tensor.dtype not in _dtypes.FLOATING:
            raise CheckpointError(f"{header.path}: tensor {named.key!r} is of {tensor.dtype}: an adapter is of floats")
        place[key] = tensor
    if not modules and not whole:
        raise CheckpointError(f"{header.path}: it holds no tensors of an adapter")
    return AdapterTensors(modules, whole)
