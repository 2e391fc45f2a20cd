"""From the names in a config to a class: by both names, by the head, by the family, or by what names tell of it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping

import attrs

from .. import formats
from .._errors import CheckpointFormatError, ConfigError, ConfigWarning, LazyCellError, RegistryError
from .._harmless import Lines, printable
from ._bookkeeping import GENERATION_KEYS
from ._config import Config
from ._registry import classes_of, families_of, families_with, family_names

_HEAD = re.compile(r"For[A-Z]\w*$|LMHeadModel$")

_ALIKE = {"LMHeadModel": "ForCausalLM"}
"""Heads under the names that few families give them, and under those of all others."""


def class_of(config: Config) -> type:
    """Give the class that a config names.

    An architecture that a family does not have is the class with the same head, or else the family's base model, as
    AutoModel takes it. Without a `model_type`, the architecture tells the family, or else the names of the tensors do.

    Warns:
        ConfigWarning: the class is another than the config names, or the config does not name the family.

    Raises:
        ConfigError: there is no config, or nothing tells the family.
        RegistryError: the family is not registered.
    """
    if not config.found:
        raise _no_config(config)
    architecture = config.architecture
    model_type = config.options.get("model_type")
    if not isinstance(model_type, str):
        model_type, by = _told_family(config)
        _warn(f"{config.path} has no model_type: {by} tells that it is {model_type!r}")
    try:
        classes = classes_of(model_type)
    except RegistryError as error:
        raise _with_text_model(error, config) from None
    base = next(iter(classes))
    if architecture is None or architecture in classes:
        return classes[architecture or base]
    head = _head(architecture)
    same = [name for name in classes if head is not None and _head(name) == head]
    name = same[0] if same else base
    what = "which has the same head" if same else "the base model, without a head"
    _warn(
        f"{config.path} names {architecture!r}, which {model_type!r} does not have here: {name} is taken, {what}; the "
        f"classes of {model_type!r} are {', '.join(classes)}"
    )
    return classes[name]


def _no_config(config: Config) -> ConfigError:
    """Say what there is instead of a config, if that is known; else that the class has to be given."""
    path, directory = config.path, config.path.parent
    if config.lacking:
        text = "load with the class itself, YourModel.from_pretrained(path, **hyperparameters)"
        return ConfigError(f"{path}: {config.lacking}: {text}")
    text = f"there is no {path.name} in {directory}, so nothing says which model this is"
    what = formats.what_it_is(directory, ["params.json"]) if (directory / "params.json").is_file() else None
    try:
        formats.open_checkpoint(directory)
    except CheckpointFormatError as error:
        if error.choices and all(name.endswith(".gguf") for name in error.choices):
            return ConfigError(str(error))  # each of them says which model it is
        return ConfigError(Lines(f"{printable(text)}\n{error}"))
    except (LazyCellError, OSError) as error:
        return ConfigError(Lines(f"{printable(text)}\n{error}"))
    use = what or "load with the class itself, YourModel.from_pretrained(path, **hyperparameters)"
    return ConfigError(f"{text}: {use}")


def text_part(cls: type, config: Config) -> Config:
    """Give what a config says of `cls` where that is the text model inside a model of several: its `text_config`.

    The dtype, the tokens, and how the weights are stored stand beside it.
    """
    inner = config.options.get("text_config")
    if not isinstance(inner, Mapping):
        return config
    families = families_with(cls)
    if config.options.get("model_type") in families or inner.get("model_type") not in families:
        return config
    shared = {key: value for key, value in config.options.items() if key in GENERATION_KEYS | _SHARED}
    return attrs.evolve(config, options={**shared, **inner})


_SHARED = frozenset({"dtype", "torch_dtype", "quantization_config", "transformers_version"})


def _with_text_model(error: RegistryError, config: Config) -> RegistryError:
    """Add which class reads the text model inside, if one does."""
    inner = config.options.get("text_config")
    family = inner.get("model_type") if isinstance(inner, Mapping) else None
    if family not in family_names():
        return error
    classes = classes_of(family)
    name = next((each for each in classes if _head(each) == "ForCausalLM"), next(iter(classes)))
    module = classes[name].__module__
    return RegistryError(
        Lines(
            f"{error}\nThe text model inside is {family!r}, which is here: from {module} import {name}, and "
            f"{name}.from_pretrained(path)"
        )
    )


def _head(architecture: str) -> str | None:
    found = _HEAD.search(architecture)
    return None if found is None else _ALIKE.get(found[0], found[0])


def _told_family(config: Config) -> tuple[str, str]:
    """Give the family that the architecture or, if every name agrees, the tensors tell; and which of the two did."""
    if config.architecture is not None:
        families = families_of(config.architecture)
        if len(families) == 1:
            return families[0], f"the architecture {config.architecture!r}"
    known = family_names()
    families = [prefix for prefix in _prefixes(config) if prefix in known]
    if len(families) == 1:
        return families[0], f"the prefix `{families[0]}.` of the tensors"
    text = f"{config.path} has no model_type: load with the class itself, YourModel.from_pretrained(path)"
    raise ConfigError(text)


def _prefixes(config: Config) -> Iterable[str]:
    """List the first parts of the names in the checkpoint beside a config; none where there is no readable one."""
    try:
        names = formats.open_checkpoint(config.path.parent).tensors
    except (LazyCellError, OSError):
        return ()
    return dict.fromkeys(name.partition(".")[0] for name in names)


def _warn(text: str) -> None:
    warnings.warn(text, ConfigWarning, stacklevel=4)  # of whoever called from_pretrained
