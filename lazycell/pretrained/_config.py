"""What a `config.json` says, and how a class reads it: each key is a hyperparameter, answered for, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import attrs

from .._errors import ConfigError
from .._frozen import frozen
from .._location import did_you_mean
from ..declaration._declaration import declaration_of
from ..declaration._declare import Hyperparameter
from ..sources._quantization_config import quantization_problem
from ..system._json import JSONProblem, read_object

if TYPE_CHECKING:
    from ._stored_tensors import StoredTensors

_BOOKKEEPING = frozenset(
    "_name_or_path _commit_hash _attn_implementation architectures auto_map chunk_size_feed_forward dtype "
    "finetuning_task gradient_checkpointing id2label label2id license model_type output_attentions "
    "output_hidden_states problem_type return_dict task_specific_params tokenizer_class torch_dtype torchscript "
    "transformers_version use_bfloat16 use_cache use_return_dict".split()
)
"""Keys that describe the file, or choose what is returned, and so never change what a model computes."""

GENERATION_KEYS = frozenset(
    "bad_words_ids begin_suppress_tokens bos_token_id decoder_start_token_id diversity_penalty do_sample "
    "early_stopping encoder_no_repeat_ngram_size eos_token_id exponential_decay_length_penalty forced_bos_token_id "
    "forced_eos_token_id length_penalty max_length min_length no_repeat_ngram_size num_beam_groups num_beams "
    "num_return_sequences output_scores prefix remove_invalid_values repetition_penalty return_dict_in_generate "
    "sep_token_id suppress_tokens temperature tf_legacy_loss top_k top_p typical_p".split()
)
"""Keys of a config that steer decoding, not the network."""

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
        by_file: gives the hyperparameters on which the tensors beside the config have the last word: whether two
            weights are one, say, where configs err. A function of the hyperparameters that are given so far and of the
            file's `StoredTensors`; what the user gives takes precedence.
    """

    renamed: Mapping[str, str] = attrs.field(factory=dict)
    only: Mapping[str, Any] = attrs.field(factory=dict)
    ignored: frozenset[str] = attrs.field(default=(), converter=_as_set)
    by_file: Callable[[Mapping[str, Any], StoredTensors], Mapping[str, Any]] | None = None


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
    rules = rules_of(cls)
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
        elif key == "quantization_config":  # about the file, not the model
            problem = None if _is_unset(value) else quantization_problem(value)
            problems += [problem] if problem else []
        elif key in only:
            allowed = only[key] if isinstance(only[key], tuple) else (only[key],)
            if value not in allowed:
                problems.append(f"{key}={value!r}: only {' or '.join(map(repr, allowed))} is implemented")
        elif key not in rules.ignored | _BOOKKEEPING | GENERATION_KEYS and not _is_unset(value):
            known = names.keys() | rules.renamed.keys() | only.keys()
            problems.append(f"{key}={value!r}: {cls.__name__} knows no such option{did_you_mean(key, known)}")
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise ConfigError(f"{cls.__name__} cannot honour this config:\n{lines}")
    return given


def rules_of(cls: type) -> ConfigRules:
    """Give what a class says of configs."""
    rules: ConfigRules = getattr(cls, "config_rules", ConfigRules())
    return rules


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


def _is_unset(value: Any) -> bool:
    """Tell whether an option that the model does not know was left open. `False` is an answer: it may matter."""
    return value is None or value == {} or value == []
