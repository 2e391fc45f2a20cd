"""The metaclass. It only orchestrates: a body runs among symbols, is sorted, checked, and given an `__init__`."""

from __future__ import annotations

import abc
import functools
import sys
from typing import Annotated, Any

from mindspore import Parameter, nn

from ..declaration._class_body import ClassBody
from ..declaration._declaration import assemble, declaration_of, names_of, parameter_specs, symbols_of
from ..declaration._declare import Hyperparameter, ParameterSpec
from ..declaration._generate import make_init
from ..declaration._read_body import read_body
from ._build import build
from ._initializers import check_initializer


@functools.cache
def reserved_names() -> frozenset[str]:
    """Names that MindSpore, or lazycell, uses on every cell."""
    ours = {"manifest", "infer", "from_pretrained", "load_checkpoint", "save_checkpoint"}
    return frozenset(dir(nn.Cell())) | ours


class LazyCellMeta(abc.ABCMeta):
    """Metaclass of `LazyCell`."""

    @classmethod
    def __prepare__(mcls, name: str, bases: tuple[type, ...], /, **kwargs: Any) -> ClassBody:
        """Give the namespace for the class body: 1. names stand for symbols while it runs."""
        return ClassBody(name, symbols_of(bases), sys._getframe(1))

    def __new__(mcls, name: str, bases: tuple[type, ...], body: dict[str, Any], /, **kwargs: Any) -> LazyCellMeta:
        """Make the class from the body that has run."""
        if not any(isinstance(base, LazyCellMeta) for base in bases):  # LazyCell itself
            return super().__new__(mcls, name, bases, dict(body), **kwargs)
        if not isinstance(body, ClassBody):  # type(cell)(name, bases, {...}): no body has run
            body = _as_class_body(name, bases, body)
        # 2. Sort what was said into declarations and ordinary attributes.
        own, namespace = read_body(body, names_of(bases), reserved_names())
        namespace["__annotations__"] = {
            key: Annotated[Parameter, value] if isinstance(value, ParameterSpec) else value
            for key, value in namespace["__annotations__"].items()
        }
        # 3. Make the class, without any declaration left on it.
        cls = super().__new__(mcls, name, bases, namespace, **kwargs)
        # 4. Join with the bases' declarations and check the whole.
        own_init = "__init__" in namespace or _inherits_init(cls, own.items)
        declaration = assemble(cls, own, own_init)
        for spec in parameter_specs(declaration):
            check_initializer(spec)
        # 5. Generate the constructor.
        generated = make_init(declaration, "__lazy_init__" if own_init else "__init__", build)
        type.__setattr__(cls, "__lazy_init__", generated)
        if not own_init:
            type.__setattr__(cls, "__init__", generated)
        return cls


def _as_class_body(name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> ClassBody:
    """Read a plain dict as if it were a class body: what is annotated first, in order of the annotations."""
    body = ClassBody(name, symbols_of(bases), sys._getframe(2))
    annotations = namespace.get("__annotations__", {})
    for key in dict.fromkeys([*annotations, *namespace]):
        if key in namespace and key != "__annotations__":
            body[key] = namespace[key]
        if key in annotations:
            body.annotations[key] = annotations[key]
    return body


def _inherits_init(cls: type, own_items: Any) -> bool:
    """Tell whether a base's hand-written `__init__` still fits: it does unless hyperparameters were declared."""
    if any(isinstance(item, Hyperparameter) for item in own_items.values()):
        return False
    for base in cls.__mro__[1:]:
        declaration = declaration_of(base)
        if declaration is not None:
            return declaration.own_init
    return False
