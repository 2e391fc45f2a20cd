"""From a directory in Hugging Face layout to a loaded model: `config.json` gives the hyperparameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, get_args

import attrs

from .._arguments import file_path
from .._errors import ConfigError
from .._frozen import frozen
from .._json import JSONProblem, read_object
from .._location import did_you_mean
from ..declaration._declaration import Declaration, declaration_of
from ..declaration._declare import Hyperparameter
from ._registry import find_model

_BOOKKEEPING = frozenset(
    "_name_or_path _commit_hash _attn_implementation architectures auto_map chunk_size_feed_forward dtype "
    "finetuning_task gradient_checkpointing id2label label2id license model_type output_attentions "
    "output_hidden_states problem_type return_dict task_specific_params tokenizer_class torch_dtype torchscript "
    "transformers_version use_bfloat16 use_cache use_return_dict".split()
)
"""Keys that describe the file, or choose what is returned, and so never change what a model computes."""

_GENERATION = frozenset(
    "bad_words_ids begin_suppress_tokens bos_token_id decoder_start_token_id diversity_penalty do_sample "
    "early_stopping encoder_no_repeat_ngram_size eos_token_id exponential_decay_length_penalty forced_bos_token_id "
    "forced_eos_token_id length_penalty max_length min_length no_repeat_ngram_size num_beam_groups num_beams "
    "num_return_sequences output_scores prefix remove_invalid_values repetition_penalty return_dict_in_generate "
    "sep_token_id suppress_tokens temperature tf_legacy_loss top_k top_p typical_p".split()
)
"""Keys that steer decoding, not the network."""

_UNUSUAL: dict[str, Any] = {
    "add_cross_attention": False,
    "is_decoder": False,
    "is_encoder_decoder": False,
    "tie_encoder_decoder": False,
}
"""Switches that every config of transformers may carry; a model that honours one declares a hyperparameter for it."""


def _as_set(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


@frozen
class ConfigRules:
    """How a model reads `config.json`: set `config_rules = ConfigRules(…)` in its class body.

    A key that names a hyperparameter is given to it. Every other key has to be answered for here, or the config is
    refused by that key's name: a model never quietly computes something else than the config asks for.

    Attributes:
        renamed: keys of the config, to the hyperparameters they mean.
        only: keys for which the model implements one value, or the values of a tuple; absent means that value.
        ignored: keys that change nothing that the model computes.
    """

    renamed: Mapping[str, str] = attrs.field(factory=dict)
    only: Mapping[str, Any] = attrs.field(factory=dict)
    ignored: frozenset[str] = attrs.field(default=(), converter=_as_set)


@frozen
class Config:
    """A model's `config.json`; one that is not there has no options.

    Attributes:
        path: where it is, or would be.
        found: whether it is there.
        options: the object in it.
    """

    path: Path
    found: bool
    options: Mapping[str, Any]

    @property
    def dtype(self) -> Any:
        """The dtype it asks for, in the old style or the new; None if it says none."""
        old, new = self.options.get("torch_dtype"), self.options.get("dtype")
        return old if new is None else new

    @property
    def architecture(self) -> str | None:
        """The first of its `architectures`."""
        names = self.options.get("architectures") or [None]
        if isinstance(names, str) or not isinstance(names[0], (str, type(None))):
            raise ConfigError(f"{self.path}: architectures={names!r} is not a list of names")
        return names[0]


def find_config(path: Path) -> Config:
    """Read the `config.json` of a directory, or beside a file.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        ConfigError: there is a config, and it is not a JSON object.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is nothing at {path}")
    config_path = (path if path.is_dir() else path.parent) / "config.json"
    found = config_path.is_file()
    return Config(config_path, found, read_config(config_path) if found else {})


def read_config(path: Path) -> dict[str, Any]:
    """Read a `config.json`.

    Raises:
        ConfigError: it is not a JSON object.
    """
    try:
        return read_object(path.read_bytes())
    except JSONProblem as problem:
        raise ConfigError(f"{path} {problem}") from None


def hyperparameters_from_config(cls: type, config: Mapping[str, Any]) -> dict[str, Any]:
    """Give the hyperparameters that a config asks for.

    Args:
        cls: a declared class, perhaps with `config_rules`.
        config: the object in `config.json`.

    Raises:
        ConfigError: the config asks for something that the class does not implement; it names every such key.
    """
    declaration = declaration_of(cls)
    assert declaration is not None
    rules: ConfigRules = getattr(cls, "config_rules", ConfigRules())
    only = {**_UNUSUAL, **rules.only}
    names = {item.name: item for item in declaration.hyperparameters}
    given: dict[str, Any] = {}
    problems: list[str] = []
    for key, value in config.items():
        name = rules.renamed.get(key, key)
        if name in names and value is None and not _may_be_none(names[name]):
            continue  # left open, as configs write it: the default stands
        if name in names:
            if given.setdefault(name, value) != value:
                problems.append(f"{key}={value!r}: another key gives {name}={given[name]!r}")
        elif key in only:
            allowed = only[key] if isinstance(only[key], tuple) else (only[key],)
            if value not in allowed:
                problems.append(f"{key}={value!r}: only {' or '.join(map(repr, allowed))} is implemented")
        elif key not in rules.ignored | _BOOKKEEPING | _GENERATION and not _is_unset(value):
            known = names.keys() | rules.renamed.keys() | only.keys()
            problems.append(f"{key}={value!r}: {cls.__name__} knows no such option{did_you_mean(key, known)}")
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise ConfigError(f"{cls.__name__} cannot honour this config:\n{lines}")
    return given


def _may_be_none(item: Hyperparameter) -> bool:
    """Whether None is a value of a hyperparameter, by its type; where it has no default, None is nobody's to refuse."""
    if item.default is attrs.NOTHING or item.default is None:
        return True
    return item.type is Any or item.type is None or type(None) in get_args(item.type) or "None" in str(item.type)


def _is_unset(value: Any) -> bool:
    """Tell whether an option that the model does not know was left open. `False` is an answer: it may matter."""
    return value is None or value == {} or value == []


def load_pretrained(
    cls: type, path: Path, config: Config, *, dtype: Any, loading: Mapping[str, Any], hyperparameters: Mapping[str, Any]
) -> Any:
    """Build `cls` as a config asks, and load the weights; the body of `LazyCell.from_pretrained`."""
    declaration = declaration_of(cls)
    assert declaration is not None
    arguments = {**hyperparameters_from_config(cls, config.options), **hyperparameters}
    _check_complete(cls, declaration, arguments, config)
    if dtype is not None:
        arguments["dtype"] = dtype
    elif config.dtype is not None and declaration.takes_dtype and not declaration.own_init:
        arguments["dtype"] = config.dtype
    net = cls(**arguments)
    net.load_checkpoint(path, **loading)
    return net


def from_pretrained(
    path: str | PathLike[str],
    /,
    *,
    dtype: Any = None,
    missing: str | Iterable[str] = "error",
    unexpected: str | Iterable[str] = "error",
    rename: Mapping[str, Any] | None = None,
    mmap: bool = True,
    progress: Callable[[int, int], None] | None = None,
    verify: bool = False,
    dec_key: bytes | None = None,
    dec_mode: str | None = None,
    **hyperparameters: Any,
) -> Any:
    """Build and load the model in a directory, whose class its `config.json` names.

    Args:
        path: a directory with `config.json` and weights.
        dtype: of the whole model; default: what the config says.
        missing: as for `LazyCell.load_checkpoint`, and so are `unexpected` and `rename`.
        unexpected: likewise.
        rename: likewise, and `mmap`, `progress`, `verify`, `dec_key`, `dec_mode`.
        mmap: likewise.
        progress: likewise.
        verify: likewise.
        dec_key: likewise.
        dec_mode: likewise.
        hyperparameters: take precedence over the config.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        ConfigError: there is no config, it names no model, or it asks for what the model does not implement.
        RegistryError: no class is registered for it.
        CheckpointError: the weights cannot be read, or do not fit.
        TypeError: an argument is of a kind that means nothing.
        ValueError: there is no such choice, or arguments contradict each other.
    """
    place = file_path(path, "path")
    config = find_config(place)
    cls = model_of(config)
    loading = {
        "missing": missing,
        "unexpected": unexpected,
        "rename": rename,
        "mmap": mmap,
        "progress": progress,
        "verify": verify,
        "dec_key": dec_key,
        "dec_mode": dec_mode,
    }
    return load_pretrained(cls, place, config, dtype=dtype, loading=loading, hyperparameters=hyperparameters)


def model_of(config: Config) -> type:
    """Give the class that a config names.

    Raises:
        ConfigError: there is no config, or it names none.
        RegistryError: no class is registered under the name.
    """
    if not config.found:
        raise ConfigError(
            f"there is no {config.path.name} in {config.path.parent}, so nothing says which model this is: "
            "load with the class itself, YourModel.from_pretrained(path, **hyperparameters)"
        )
    model_type = config.options.get("model_type")
    if not isinstance(model_type, str):
        text = f"{config.path} has no model_type: load with the class itself, YourModel.from_pretrained(path)"
        raise ConfigError(text)
    return find_model(model_type, config.architecture)


def _check_complete(cls: type, declaration: Declaration, arguments: Mapping[str, Any], config: Config) -> None:
    required = [item.name for item in declaration.hyperparameters if item.default is attrs.NOTHING]
    lacking = [name for name in required if name not in arguments]
    if lacking:
        silent = f"{config.path} does not say"
        source = silent if config.found else f"there is no {config.path.name} beside the weights to say"
        raise ConfigError(
            f"{source} {', '.join(lacking)}: give {'it' if len(lacking) == 1 else 'them'} yourself, "
            f"{cls.__name__}.from_pretrained(path, {lacking[0]}=…)"
        )
