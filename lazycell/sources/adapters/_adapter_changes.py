"""What an adapter does to each tensor of a base: made of headers alone, with every misfit refused by name."""

from __future__ import annotations

from collections.abc import Mapping

from ... import _dtypes, show
from ..._errors import CheckpointMismatchError
from ..._frozen import frozen
from ...formats import CheckpointHeader, TensorHeader
from ._adapter import Adapter
from ._adapter_names import Named, names_in
from ._base_names import BaseNames, find_base_names
from ._low_rank import Change, LowRank

_SHOWN = 5


@frozen
class OfTensor:
    """What one adapter does to one tensor.

    Attributes:
        instead: takes the tensor's place first; None: it stays.
        changes: made after that.
    """

    instead: TensorHeader | None = None
    changes: tuple[Change, ...] = ()


def changes_of(adapter: Adapter, base: CheckpointHeader) -> Mapping[str, OfTensor]:
    """Give what an adapter does, by the names of the base's tensors.

    Raises:
        CheckpointFormatError: a name in it is none that `peft` writes.
        CheckpointMismatchError: a tensor of it has no place in the base, or another shape.
    """
    return _Changes(adapter, base).found


class _Changes:
    def __init__(self, adapter: Adapter, base: CheckpointHeader) -> None:
        self._adapter = adapter
        self._base = base
        self._modules: dict[str, dict[str, TensorHeader]] = {}
        self._whole: dict[str, TensorHeader] = {}
        for named in names_in(adapter.header):
            self._take(named)
        if not self._modules and not self._whole:
            raise self.refusal(f"{adapter.header.path.name} holds no tensors of an adapter")
        self._names = self._base_names()
        self.found: dict[str, OfTensor] = {}
        for name, tensor in self._whole.items():
            self._replace(self._names(name), tensor)
        for module, tensors in self._modules.items():
            self._change(module, tensors)

    def refusal(self, text: str) -> CheckpointMismatchError:
        return CheckpointMismatchError(f"{self._adapter.path}: {text}")

    def _take(self, named: Named) -> None:
        tensor = self._adapter.header.tensors[named.key]
        if tensor.dtype not in _dtypes.FLOATING:
            raise self.refusal(f"tensor {named.key!r} is of {tensor.dtype}: an adapter is of floats")
        place, key = self._whole, named.module
        if named.what != "whole":
            place, key = self._modules.setdefault(named.module, {}), named.what
        if key in place:
            raise self.refusal(
                f"tensors {place[key].name!r} and {named.key!r} are the same of {named.module!r}: keep one of them"
            )
        place[key] = tensor

    def _base_names(self) -> BaseNames:
        tensors = self._base.tensors
        wanted = [f"{module}.weight" for module in self._modules]
        wanted += [name for name in self._whole if not self._is_new(name)]
        names, lacking = find_base_names(wanted, tensors)
        if lacking:
            what = show.few((pattern for pattern, _ in show.collapse(lacking)), _SHOWN)
            raise self.refusal(
                f"changes what {self._base.path} does not have: {what}, nor with one prefix more or less: is this the "
                f"model that the adapter was trained on? It says {_BASE}"
            )
        return names

    def _is_new(self, name: str) -> bool:
        """Whether the adapter may bring a tensor that the base lacks: a head that was trained with it."""
        return self._adapter.config.is_saved(name)

    def _replace(self, name: str, tensor: TensorHeader) -> None:
        there = self._base.tensors.get(name)
        if there is not None and there.shape != tensor.shape:
            raise self.refusal(f"{tensor.name!r} is {tensor.shape}, and {name!r} of the base {there.shape}")
        self.found[name] = OfTensor(tensor)

    def _change(self, module: str, tensors: dict[str, TensorHeader]) -> None:
        name = f"{self._names(module)}.weight"
        for what in tensors.keys() - {"A", "B"}:
            raise self.refusal(f"{tensors[what].name!r}: lazycell does not merge it")
        if "A" in tensors or "B" in tensors:
            a, b = self._pair(module, tensors, "A", "B")
            self._add(name, self._linear(module, name, a, b))

    def _pair(
        self, module: str, tensors: dict[str, TensorHeader], one: str, other: str
    ) -> tuple[TensorHeader, TensorHeader]:
        a, b = tensors.get(one), tensors.get(other)
        if a is None or b is None:
            there = a or b
            assert there is not None
            raise self.refusal(f"{there.name!r} is half a pair: the other matrix of {module!r} is not there")
        return a, b

    def _linear(self, module: str, name: str, a: TensorHeader, b: TensorHeader) -> LowRank:
        base = self._base.tensors[name]
        rank = a.shape[0] if a.shape else 0
        if len(a.shape) < 2 or len(b.shape) < 2 or b.shape[1] != rank or not rank:
            raise self.refusal(
                f"{a.name!r} {a.shape} and {b.name!r} {b.shape} are no pair: they have no rank in common"
            )
        turned = self._adapter.config.fan_in_fan_out and len(a.shape) == 2
        shape = (b.shape[0], *a.shape[1:])
        shape = shape[::-1] if turned else shape
        if shape != base.shape:
            raise self.refusal(f"{a.name!r} and its pair change {shape}, and {name!r} of the base is {base.shape}")
        scale = self._adapter.config.scale(module, rank) * self._adapter.weight
        return LowRank(a, b, scale, turned)

    def _add(self, name: str, change: Change) -> None:
        there = self.found.get(name, OfTensor())
        self.found[name] = OfTensor(there.instead, (*there.changes, change))


_BASE = "`base_model_name_or_path` in its config"
