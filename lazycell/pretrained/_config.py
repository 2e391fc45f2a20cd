"""What a `config.json` says, and how a class reads it: each key is a hyperparameter, answered for, or refused."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import attrs

from .. import formats
from .._errors import CheckpointFormatError, ConfigError
from .._frozen import frozen
from .._harmless import Lines, printable
from .._location import really_like
from ..declaration import Declaration, Hyperparameter, declaration_of
from ..show import few_lines
from ..sources import quantization_problem
from ..system import JSONProblem, read_bounded, read_object
from ._bookkeeping import is_bookkeeping

if TYPE_CHECKING:
    from ._stored_tensors import StoredTensors

_PROBLEMS_SHOWN = 40

_UNUSUAL: dict[str, Any] = {
    "add_cross_attention": False,
    "is_decoder": False,
    "is_encoder_decoder": False,
    "tie_encoder_decoder": False,
}
"""Switches that every config of transformers may carry; a model that honours one declares a hyperparameter for it."""


SOURCE = "_lazycell_config"
"""The attribute of a net that has the options of the config by which it was loaded."""

_OF_TORCH = {"half": "float16", "float": "float32", "double": "float64"}
"""Other names that torch has for dtypes."""


def _as_set(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


@frozen
class ConfigRules:
    """How a model reads `config.json`: set `config_rules = ConfigRules(…)` in its class body.

    What a key is, in this order: a hyperparameter, and its value; what these rules say; bookkeeping, which no model
    computes with (tokens and generation, training and saving, stamps of tools, names with a leading underscore); a
    switch that is off (`false`, `null`, `0`, empty), which changes nothing. Any other key refuses the config by its
    name: a model never quietly computes something else than the config asks for. The rules of a class add to those of
    its bases, and take their place key by key.

    Attributes:
        renamed: keys of the config, to the hyperparameters they mean.
        only: keys for which the model implements one value, or the values of a tuple; absent or null means that value.
        ignored: keys that change nothing that the model computes.
        by_file: gives the hyperparameters on which the tensors beside the config have the last word: whether two
            weights are one, say, where configs err. A function of the hyperparameters that are given so far and of the
            file's `StoredTensors`; what the user gives takes precedence.
        written: what `save_pretrained` writes under a key, where that is not a hyperparameter under its own name, or
            under the key that the loaded config had: the name of a hyperparameter, for a net that was loaded without a
            config; a function of all hyperparameters and derived values by name, which gives the value; or `UNUSED`,
            also from the function, for nothing.
    """

    renamed: Mapping[str, str] = attrs.field(factory=dict)
    only: Mapping[str, Any] = attrs.field(factory=dict)
    ignored: frozenset[str] = attrs.field(default=(), converter=_as_set)
    by_file: Callable[[Mapping[str, Any], StoredTensors], Mapping[str, Any]] | None = None
    written: Mapping[str, Any] = attrs.field(factory=dict)


@frozen
class Config:
    """A model's `config.json`, or what a GGUF file says in its place; one that is not there has no options.

    Attributes:
        path: where it is, or would be; of a GGUF file, that.
        found: whether it is there.
        options: the object in it.
        lacking: why there is none, where a file that says which model it is says it in other words than are known.
    """

    path: Path
    found: bool
    options: Mapping[str, Any]
    lacking: str = ""

    @property
    def is_gguf(self) -> bool:
        """Whether a GGUF file said it."""
        return self.found and formats.is_gguf(self.path)

    @property
    def dtype(self) -> Any:
        """The dtype it asks for, in the old style or the new, by its usual name; None if it says none."""
        old, new = self.options.get("torch_dtype"), self.options.get("dtype")
        asked = old if new is None else new
        return _OF_TORCH.get(asked, asked) if isinstance(asked, str) else asked

    @property
    def architecture(self) -> str | None:
        """The first of its `architectures`."""
        names = self.options.get("architectures")
        if not names:
            return None
        if not isinstance(names, list) or not isinstance(names[0], (str, type(None))):
            raise ConfigError(f"{self.path}: architectures={names!r:.80} is not a list of names")
        return names[0]


def find_config(path: Path) -> Config:
    """Read the `config.json` of a directory, or beside a file; a GGUF file says itself which model it is.

    What such a file says counts, whatever lies beside it, unless its architecture is none that is known.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        ConfigError: there is a config, and it is not a JSON object; or it is away, since a save was killed.
        CheckpointFormatError: a GGUF file breaks a rule of its format.
    """
    if not path.exists():
        raise FileNotFoundError(printable(f"there is nothing at {path}"))
    file = gguf_file_at(path)
    told = None if file is None else read_gguf_config(file)
    if told is not None and told.found:
        return told
    config_path = (path if path.is_dir() else path.parent) / "config.json"
    found = config_path.is_file()
    if not found and told is not None:
        return told
    if not found:
        _check_not_away(config_path)
    return Config(config_path, found, read_config(config_path) if found else {})


def gguf_file_at(path: Path) -> Path | None:
    """Give the GGUF file that a load of `path` reads; None: it reads another, or nothing."""
    if not path.is_dir():
        return path if formats.is_gguf(path) else None
    try:
        names = [entry.name for entry in os.scandir(path) if not entry.is_dir()]
        chosen = formats.choose(path, names) if any(name.endswith(".gguf") for name in names) else []
    except (OSError, CheckpointFormatError):  # which the load meets again
        return None
    return path / chosen[0] if len(chosen) == 1 and chosen[0].endswith(".gguf") else None


def config_in(file: Path) -> Config:
    """Read a file that is a `config.json`, or a GGUF file.

    Raises:
        ConfigError: it is neither a JSON object nor a GGUF file of an architecture that is known.
        CheckpointFormatError: a GGUF file breaks a rule of its format.
    """
    if not formats.is_gguf(file):
        return Config(file, True, read_config(file))
    config = read_gguf_config(file)
    if not config.found:
        raise ConfigError(f"{file}: {config.lacking}")
    return config


def read_gguf_config(path: Path) -> Config:
    """Give what a GGUF file says of its model, in the words of a `config.json`.

    Raises:
        CheckpointFormatError: the file breaks a rule of its format, or lacks what it has to say.
    """
    gguf = formats.gguf
    file = gguf.read_file(path)
    options = gguf.config_of(file)
    if options is None:
        return Config(path, False, {}, gguf.why_no_config(file))
    return Config(path, True, options)


def _check_not_away(path: Path) -> None:
    """Refuse a directory in which a save was killed, or is just now, between the old config and the new one."""
    hidden_names: list[re.Match[str]] = []
    with contextlib.suppress(OSError):  # a directory whose files may be read need not tell its names
        hidden_names += formats.hidden_files(path.parent)
    for hidden in hidden_names:
        if hidden["file"] == f"{path.name}.old":
            raise ConfigError(
                f"there is no {path.name} in {path.parent}, since a save was killed, or is going on, just while it "
                "replaced the weights and the config, and nothing tells whose the weights are: save the model again, "
                f"or, if you can tell, rename {hidden[0]}, which is the old config"
            )


def read_config(path: Path) -> dict[str, Any]:
    """Read a `config.json`.

    Raises:
        ConfigError: it is not a JSON object.
    """
    try:
        return read_object(read_bounded(path))
    except JSONProblem as problem:
        raise ConfigError(f"{path} {problem}") from None


def hyperparameters_from_config(cls: type, config: Mapping[str, Any], ignore: Iterable[str] = ()) -> dict[str, Any]:
    """Give the hyperparameters that a config asks for.

    Args:
        cls: a declared class, perhaps with `config_rules`.
        config: the object in `config.json`.
        ignore: keys that are passed over, as if the config did not have them.

    Raises:
        ConfigError: the config asks for something that the class does not implement; it names every such key. Or a key
            to ignore is not in it.
        TypeError: `ignore` is no list of names.
    """
    declaration = declaration_of(cls)
    assert declaration is not None
    ignored = ignored_keys(ignore, config)
    rules = rules_of(cls)
    only = {**_UNUSUAL, **_fixed(declaration), **rules.only}
    names = {item.name: item for item in declaration.hyperparameters}
    given: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for key, value in config.items():
        name = rules.renamed.get(key, key)
        if key in ignored:
            continue
        if name in names:
            if value is None and not _may_be_none(names[name]):
                continue  # left open, as configs write it: the default stands
            if given.setdefault(name, value) != value:
                problems[key] = f"{key}={value!r:.80}: another key gives {name}={given[name]!r}"
        elif key == "quantization_config":  # about the file, not the model
            problem = quantization_problem(value) if value else None
            problems |= {key: problem} if problem else {}
        elif key in only:
            allowed = only[key] if isinstance(only[key], tuple) else (only[key],)
            if value is not None and value not in allowed:
                problems[key] = f"{key}={value!r:.80}: only {' or '.join(map(repr, allowed))} is implemented"
        elif key not in rules.ignored and not is_bookkeeping(key) and value:
            known = names.keys() | rules.renamed.keys() | only.keys()
            problems[key] = f"{key}={value!r:.80}: {cls.__name__} knows no such option{really_like(key, known)}"
    if problems:
        raise ConfigError(_refusal(cls, problems))
    return given


def ignored_keys(ignore: Iterable[str], config: Mapping[str, Any]) -> tuple[str, ...]:
    """Check what `ignore_config` names: keys that the config has.

    Raises:
        ConfigError: it has no such key.
        TypeError: it is no list of names.
    """
    keys: tuple[Any, ...] = (ignore,) if isinstance(ignore, str | bytes) else tuple(ignore)
    if isinstance(ignore, str | bytes) or not all(isinstance(key, str) for key in keys):
        listed = list(keys)
        raise TypeError(f"ignore_config={ignore!r:.80} is no list of keys: write ignore_config={listed!r:.80}")
    for key in keys:
        if key not in config:
            like = really_like(key, config) or "; leave it out"
            raise ConfigError(f"ignore_config names {key!r}, and the config has no such key{like}")
    return tuple(dict.fromkeys(keys))


def _refusal(cls: type, problems: Mapping[str, str]) -> str:
    lines = few_lines([f"  {printable(problem)}" for problem in problems.values()], _PROBLEMS_SHOWN)
    keys = [key for key in problems if key != "quantization_config"]
    text = "\n".join([f"{cls.__name__} cannot honour this config:", *lines])
    if not keys:
        return Lines(text)
    shown = keys[:_PROBLEMS_SHOWN]
    rest = "" if len(shown) == len(keys) else f", with all {len(keys)} of them"
    options = " ".join(f"--ignore-config {printable(key)}" for key in shown)
    return Lines(
        f"{text}\nwhere you know that the model computes the same without: ignore_config={json.dumps(shown)}, or on "
        f"the command line {options}{rest}"
    )


def rules_of(cls: type) -> ConfigRules:
    """Give what a class says of configs: its own rules, and those of its bases for the keys on which it is silent."""
    rules = ConfigRules()
    for base in reversed(cls.__mro__):
        own = vars(base).get("config_rules")
        if isinstance(own, ConfigRules):
            rules = _joined(rules, own)
    return rules


def _joined(base: ConfigRules, own: ConfigRules) -> ConfigRules:
    said = own.renamed.keys() | own.only.keys() | own.ignored

    def kept(rules: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in rules.items() if key not in said}

    return ConfigRules(
        renamed={**kept(base.renamed), **own.renamed},
        only={**kept(base.only), **own.only},
        ignored=(base.ignored - said) | own.ignored,
        by_file=own.by_file or base.by_file,
        written={**base.written, **own.written},
    )


def _fixed(declaration: Declaration) -> dict[str, Any]:
    """Give what a class has made constants: it computes with them, so a config has to mean the same by their names."""
    return {item.name: item.value for item in declaration.derived if isinstance(item.value, bool)}


def completed_by_file(
    cls: type, given: Mapping[str, Any], open_: Callable[[], StoredTensors], config: Config
) -> dict[str, Any]:
    """Add to the hyperparameters that a config and the user gave what the file beside the config decides.

    Args:
        cls: a declared class.
        given: those of the config, and over them the user's.
        open_: opens the file; called only where the class asks.
        config: without one, there is nothing that could err.
    """
    decide = rules_of(cls).by_file
    return dict(given) if decide is None or not config.found else {**given, **decide(given, open_())}


def _may_be_none(item: Hyperparameter) -> bool:
    """Whether None is a value of a hyperparameter, by its type; where it has no default, None is nobody's to refuse."""
    if item.default is attrs.NOTHING or item.default is None:
        return True
    return item.type is Any or item.type is None or type(None) in get_args(item.type) or "None" in str(item.type)
