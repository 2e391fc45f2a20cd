"""From a net's hyperparameters to the `config.json` that says them: the way back of `ConfigRules`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from .._dtypes import dtype_name
from .._errors import ConfigError, LazyCellError
from ..declaration import UNUSED, Declaration, brief, declaration_of
from ..manifest import bind, bind_values, hyperparameters_of
from ._config import ConfigRules, hyperparameters_from_config, rules_of
from ._registry import names_with

_DTYPE_KEYS = ("dtype", "torch_dtype")

_OF_SOURCE = ("_name_or_path", "auto_map", "quantization_config")
"""Keys about the files beside a config: where they came from, code, and codes that are numbers now."""


def config_bytes(cls: type, values: Mapping[str, Any], source: Mapping[str, Any] | None, dtype: str | None) -> bytes:
    """Give the `config.json` of a net, its keys in order of the alphabet as transformers writes them.

    Args:
        cls: a declared class, perhaps with `config_rules`.
        values: of its hyperparameters.
        source: the options of the config by which the net was loaded; None: it was loaded without one.
        dtype: of the floating-point tensors beside it; None: there are none.

    Raises:
        ConfigError: a hyperparameter is not what the class would read from it; each one is named.
    """
    config = written_config(cls, values, source, dtype)
    return (json.dumps(config, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def written_config(
    cls: type, values: Mapping[str, Any], source: Mapping[str, Any] | None, dtype: str | None
) -> dict[str, Any]:
    """Give the object in `config.json`; the arguments are those of `config_bytes`, and so is what is raised.

    What the loaded config says stays as it is written there, as long as the class reads the net's value from it: null
    where that means the default, one key of two, and keys that the class does not read.
    """
    declaration = declaration_of(cls)
    assert declaration is not None
    source = source or {}
    rules = rules_of(cls)
    keys = _keys(declaration, rules, source)
    config = {key: value for key, value in source.items() if key not in _OF_SOURCE}
    for name, places in keys.items():
        for key in places:
            if key not in config:
                _put(config, key, values[name])
    computed = {key: what for key, what in rules.written.items() if not isinstance(what, str)}
    for key, what in computed.items():
        _put(config, key, what(values) if callable(what) else what)
    named = {key: name for key, name in _names(cls, source).items() if key not in computed}
    config |= named
    if dtype is not None:
        there = [key for key in _DTYPE_KEYS if key in config]
        config |= dict.fromkeys(there or ["torch_dtype"], dtype)
    # What a function gives for the key of a hyperparameter may be another way to say it; and the dtype is the file's.
    answered = {key for key, what in computed.items() if callable(what)} | {*_DTYPE_KEYS}
    checked = [name for name in keys if name not in answered]
    for name in _differing(cls, declaration, config, values, checked):
        for key in keys[name]:
            if key not in computed and key not in named:
                _put(config, key, values[name])
    wrong = _differing(cls, declaration, config, values, checked)
    if wrong:
        raise ConfigError(_refusal(cls, {name: (values[name], wrong[name]) for name in wrong}))
    return config


def _keys(declaration: Declaration, rules: ConfigRules, source: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the keys that mean each hyperparameter: those of the loaded config, else the one that is written."""
    own = {name: key for key, name in rules.written.items() if isinstance(name, str)}
    keys: dict[str, list[str]] = {item.name: [] for item in declaration.hyperparameters}
    for key in source:
        name = rules.renamed.get(key, key)
        if name in keys and key not in _DTYPE_KEYS:
            keys[name].append(key)
    return {name: places or [own.get(name, name)] for name, places in keys.items()}


def _names(cls: type, source: Mapping[str, Any]) -> dict[str, Any]:
    """Give the names of the class: in the family of the loaded config if it is one of its own, else in its first."""
    names = names_with(cls)
    family = source.get("model_type")
    if not names:  # whose family it is, if any, the config knows that was read
        return {"architectures": [cls.__name__]}
    of_family = [architecture for model_type, architecture in names if model_type == family]
    if not of_family:
        family, of_family = names[0][0], [names[0][1]]
    former = (source.get("architectures") or [None])[0]
    return {"architectures": [former if former in of_family else of_family[0]], "model_type": family}


def _put(config: dict[str, Any], key: str, value: Any) -> None:
    """Write a value, or take the key away where JSON has nothing for the value."""
    try:
        config[key] = as_json(value)
    except TypeError:
        config.pop(key, None)


def as_json(value: Any) -> Any:
    """Give a value as JSON has it: text, numbers, lists, objects with text for keys; of a dtype its name.

    Raises:
        TypeError: JSON has nothing for it.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]
    if getattr(value, "shape", None) == () and hasattr(value, "item"):  # a number of numpy's
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise TypeError(f"JSON has no {value}")
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    return dtype_name(value)


def _differing(
    cls: type, declaration: Declaration, config: Mapping[str, Any], values: Mapping[str, Any], names: Iterable[str]
) -> dict[str, Any]:
    """Give what the class reads from a config for the hyperparameters that it does not read as they are."""
    given = hyperparameters_from_config(cls, config)
    lacking = {
        item.name: values[item.name]
        for item in declaration.hyperparameters
        if item.default is attrs.NOTHING and item.name not in given
    }
    try:
        bound, _ = bind(cls, (), {**given, **lacking})
        found = hyperparameters_of(declaration, bind_values(declaration, bound))
    except LazyCellError as error:
        raise ConfigError(f"{_start(cls)}: what it would say is refused when it is read again:\n{error}") from None
    found.update(dict.fromkeys(lacking, UNUSED))
    return {name: found[name] for name in names if not _same(found[name], values[name])}


def _same(one: Any, other: Any) -> bool:
    try:
        return one is other or bool(as_json(one) == as_json(other))
    except TypeError:
        pass
    try:
        return bool(one == other)
    except Exception:  # whatever a user's class, or an array, makes of it
        return False


def _refusal(cls: type, wrong: Mapping[str, tuple[Any, Any]]) -> str:
    lines = [
        f"  {name}={brief(value)}: " + ("no key can say it" if read is UNUSED else f"it would be read as {brief(read)}")
        for name, (value, read) in wrong.items()
    ]
    return "\n".join([f"{_start(cls)}:", *lines, "net.save_checkpoint(path) writes the weights alone"])


def _start(cls: type) -> str:
    return f"no config.json can say what this {cls.__name__} is, and nothing was written"
