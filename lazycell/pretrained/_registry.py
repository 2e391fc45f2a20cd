"""Which class goes with which name: models register themselves, and packages announce theirs through entry points."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

import attrs

from .._errors import RegistryError
from .._location import did_you_mean

GROUP = "lazycell.models"
"""The entry-point group: the name is a `model_type`, the value a module that registers its classes when imported."""

_C = TypeVar("_C", bound=type)


@attrs.frozen
class RegisteredModel:
    """A class and what it answers to.

    Attributes:
        model_type: the family, as `config.json` has it.
        architecture: the class's name in `config.json`'s `architectures`.
        cls: the class.
    """

    model_type: str
    architecture: str
    cls: type


_MODELS: dict[tuple[str, str], RegisteredModel] = {}


def register(model_type: str, *, architectures: Iterable[str] | None = None) -> Callable[[_C], _C]:
    """Make a class known to `lazycell.from_pretrained`.

    Args:
        model_type: the family, as `config.json` has it: `"bert"`.
        architectures: names in `config.json`'s `architectures` that mean this class; default: the class's own name.

    Raises:
        RegistryError: another class answers to the same name.
    """

    def record(cls: _C) -> _C:
        for architecture in architectures or (cls.__name__,):
            key = (model_type, architecture)
            known = _MODELS.get(key)
            if known is not None and _place(known.cls) != _place(cls):
                raise RegistryError(
                    f"{model_type}/{architecture} is registered twice: by {_place(known.cls)} and by {_place(cls)}"
                )
            _MODELS[key] = RegisteredModel(model_type, architecture, cls)
        return cls

    return record


def registered_models(model_type: str | None = None) -> list[RegisteredModel]:
    """List the classes that are known, of one family or of all, by family and in order of registration.

    Families that packages announce are imported.

    Raises:
        RegistryError: a package announces a family whose module cannot be imported.
    """
    for entry in _announced():
        if model_type in (None, entry.name):
            _load(entry)
    found = [model for model in _MODELS.values() if model_type in (None, model.model_type)]
    return sorted(found, key=lambda model: model.model_type)  # stable: a family keeps the order of registration


def find_model(model_type: str, architecture: str | None = None) -> type:
    """Give the class for a family and an architecture; without an architecture, the family's first.

    Raises:
        RegistryError: nothing is registered under these names; the message says what is.
    """
    models = registered_models(model_type)
    if not models:
        families = sorted({key[0] for key in _MODELS} | {entry.name for entry in _announced()})
        raise RegistryError(
            f"no model is registered for model_type {model_type!r}{did_you_mean(model_type, families)}\n"
            f"Registered are: {', '.join(families) or 'none'}. Register a class with @register({model_type!r}), or "
            "load with the class itself: YourModel.from_pretrained(path)"
        )
    for model in models:
        if model.architecture == architecture:
            return model.cls
    if architecture is None:
        return models[0].cls
    names = [model.architecture for model in models]
    raise RegistryError(
        f"{model_type!r} has no architecture {architecture!r}{did_you_mean(architecture, names)}\n"
        f"It has: {', '.join(names)}. Load with a class of your choice: {names[0]}.from_pretrained(path)"
    )


def _announced() -> Iterable[EntryPoint]:
    return entry_points(group=GROUP)


def _load(entry: EntryPoint) -> None:
    if entry.module in sys.modules:
        return
    try:
        entry.load()
    except ImportError as error:
        raise RegistryError(
            f"the models of {entry.name!r} are announced in {entry.value!r}, which cannot be imported: {error}"
        ) from error


def _place(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
