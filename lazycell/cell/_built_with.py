"""What a net was built with, as data, and another net that is built with something else."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar, overload

from mindspore import nn

from .. import pretrained
from .._location import did_you_mean
from ..declaration import declaration_of
from ..manifest import hyperparameters_of
from ..parameters import mesh_of

if TYPE_CHECKING:
    from .._nn_cell import Cell

_Net = TypeVar("_Net", bound="Cell")


class Hyperparameters(Mapping[str, Any]):
    """The hyperparameters that a net was built with, in order of declaration: `Net(**net.hyperparameters)`.

    Attributes:
        cls: the net's class.
        dtype: canonical name of the dtype that its parameters have by default.
    """

    __slots__ = ("_computed", "_values", "cls", "dtype")

    def __init__(self, cls: type, values: Mapping[str, Any], dtype: str, computed: frozenset[str]) -> None:
        self.cls = cls
        self.dtype = dtype
        self._values = values
        self._computed = computed  # from defaults, which follow others that are changed

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Hyperparameters({dict(self._values)!r})"


def hyperparameters_of_net(net: nn.Cell) -> Hyperparameters:
    """Give what a LazyCell was built with.

    Raises:
        TypeError: it is none, or not built yet.
    """
    declaration = declaration_of(type(net))
    if declaration is None or "_lazycell_values" not in net.__dict__:
        state = "declares none" if declaration is None else "has none before `self.__lazy_init__(…)`"
        raise TypeError(f"a net has the hyperparameters of its class, and {type(net).__name__} {state}")
    own = net.__dict__
    values = hyperparameters_of(declaration, own["_lazycell_values"])
    return Hyperparameters(type(net), values, own["_lazycell_dtype"], own.get("_lazycell_computed", frozenset()))


@overload
def replace(net: Hyperparameters, /, **changes: Any) -> Any: ...
@overload
def replace(net: _Net, /, **changes: Any) -> _Net: ...
def replace(net: Any, /, **changes: Any) -> Any:
    """Build a new net as `net` was built, but for some hyperparameters: `replace(net, width=8)`. Nothing is loaded.

    A hyperparameter that was left to a default which depends on others is computed again. The new net is what its
    class declares: parts of `net` that were replaced, and values of parameters, are not in it. It is on the
    mesh of `net`, if that is on one; of hyperparameters alone, on the one in force.

    Args:
        net: a LazyCell, or the `hyperparameters` of one.
        changes: hyperparameters, and `dtype`.

    Returns:
        A net of the same class, none of whose parameters has values; of `net.hyperparameters` the same mapping with the
        changes.

    Raises:
        TypeError: `net` is none of these, a change is no hyperparameter, or its class writes its own `__init__`.
        DeclarationError: as when an instance is built.
    """
    known = net if isinstance(net, Hyperparameters) else hyperparameters_of_net(net)
    cls = known.cls
    declaration = declaration_of(cls)
    assert declaration is not None
    if declaration.own_init:
        raise TypeError(
            f"replace() cannot know the arguments of {cls.__name__}, which writes its own `__init__`: write "
            f"`{cls.__name__}(…)`"
        )
    takes = [*known, "dtype"] if declaration.takes_dtype else [*known]
    derived = {item.name for item in declaration.derived}
    for name in changes:
        if name not in takes:
            what = "a derived value" if name in derived else "no hyperparameter"
            hint = did_you_mean(name, takes) or f": it takes {', '.join(takes)}"
            raise TypeError(f"replace(): `{name}` is {what} of {cls.__name__}{hint}")
    kept = {name: value for name, value in known.items() if name not in changes and name not in known._computed}
    for name, value in kept.items():
        if isinstance(value, nn.Cell):
            raise TypeError(
                f"replace(): `{name}` is a cell, and would be a part of two nets: give the new one its own, "
                f"`replace(net, {name}=…)`"
            )
        if isinstance(value, (list, dict, set)):
            kept[name] = copy.copy(value)  # nets must not share what one of them may change
    if declaration.takes_dtype:
        kept["dtype"] = known.dtype
    mesh = mesh_of(net) if isinstance(net, nn.Cell) else None
    with mesh or nullcontext():
        made = cls(**{**kept, **changes})
    if isinstance(net, nn.Cell) and pretrained.SOURCE in net.__dict__:  # for `save_pretrained`: ids of tokens, say
        made.__dict__[pretrained.SOURCE] = copy.deepcopy(net.__dict__[pretrained.SOURCE])
    return made
