"""What an `adapter_config.json` says of the numbers beside it, as `peft` writes it (`LoraConfig`, `IA3Config`).

Most of a config says where training put tensors, which the tensors tell themselves. What is read here changes values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ... import system
from ..._errors import ConfigError
from ..._frozen import frozen
from ._module_pattern import ModulePattern, PatternProblem

CONFIG = "adapter_config.json"

_MOST_BYTES = 10_000_000
_MOST_NAMES = 20_000
_MOST_EXPRESSIONS = 200
_KINDS = frozenset({"LORA", "IA3"})
_MERGE = (
    "merge it where it was trained, with `merge_and_unload()` of peft, and save the model: that loads as any other does"
)
_OF_INPUTS = frozenset(
    {"PROMPT_TUNING", "MULTITASK_PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "ADAPTION_PROMPT", "CPT"}
)
_OF_START = ("pissa", "olora", "corda", "lora_ga", "loftq")
"""What `init_lora_weights` begins with where training begins with other weights than the base's."""

_REFUSED = {
    "layer_replication": "the adapter is of a model whose layers are repeated",
    "use_qalora": "QALoRA changes groups of the input",
    "alora_invocation_tokens": "an aLoRA adapter works from a certain token on alone",
    "use_bdlora": "BD-LoRA has matrices of blocks",
    "arrow_config": "arrow chooses among adapters for each token",
    "megatron_config": "the layers are Megatron's, in parts",
    "velora_config": "VeLoRA is not known to lazycell",
    "monteclora_config": "MonteCLoRA is not known to lazycell",
    "kasa_config": "KaSA is not known to lazycell",
}
"""Options that make another formula of it, and what they are."""


@frozen
class AdapterConfig:
    """What changes the values of an adapter.

    Attributes:
        path: the file.
        is_ia3: the vectors of IA3, else low-rank matrices.
        alpha: of every module that `alpha_pattern` does not name.
        alpha_pattern: other alphas, by patterns of modules, of which the first that matches counts.
        has_magnitudes: each pair has a vector of magnitudes beside it: DoRA.
        alphas: where the file itself has them, by module; one without has its rank. None: it has not.
        rank_stabilized: divide by the root of the rank instead of the rank.
        fan_in_fan_out: the weights are stored as `(in, out)`.
        feedforward: of IA3: the modules whose input is scaled; a pattern of the whole name, or ends of names.
        saved: ends of the names of modules that are stored whole.
        targets: ends of the names of modules, where they were told so.
        parameters: ends of the names of parameters that are no module's weight.
        token_rows: the rows of embeddings that were trained, by the end of the embedding's name; "" of all.
    """

    path: Path
    is_ia3: bool = False
    alpha: float = 8.0
    alpha_pattern: tuple[tuple[ModulePattern, float], ...] = ()
    alphas: Mapping[str, float] | None = None
    has_magnitudes: bool = False
    rank_stabilized: bool = False
    fan_in_fan_out: bool = False
    feedforward: ModulePattern | tuple[str, ...] = ()
    saved: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    token_rows: Mapping[str, tuple[int, ...]] = {}

    def scale(self, module: str, rank: int) -> float:
        """Give what the product of a module's matrices is multiplied by."""
        if self.alphas is not None:
            return self.alphas.get(module, float(rank)) / rank
        alpha = next((alpha for pattern, alpha in self.alpha_pattern if self._matches(pattern, module)), self.alpha)
        return alpha / (math.sqrt(rank) if self.rank_stabilized else rank)

    def is_feedforward(self, module: str) -> bool:
        """Whether the vector of IA3 scales a module's input: as `peft` finds it, by the end of its name."""
        if isinstance(self.feedforward, ModulePattern):
            return self._matches(self.feedforward, module)
        return any(module == each or module.endswith(f".{each}") for each in self.feedforward)

    def is_saved(self, module: str) -> bool:
        """Whether a module, or one that it is in, is stored whole."""
        parts = f".{module}."
        return any(f".{each}." in parts for each in self.saved)

    def _matches(self, pattern: ModulePattern, module: str) -> bool:
        try:
            return pattern.matches(module)
        except PatternProblem as problem:
            raise ConfigError(f"{self.path}: the pattern {pattern.text!r:.80} {problem}") from None


def read_config(path: Path) -> AdapterConfig:
    """Read an `adapter_config.json`.

    Raises:
        ConfigError: it is none, or asks for what lazycell does not merge.
    """
    try:
        told = system.read_object(system.read_bounded(path, _MOST_BYTES))
    except FileNotFoundError:
        raise ConfigError(
            f"{path.parent}: there is no {CONFIG}, which says how the adapter is scaled: give the directory that "
            "`save_pretrained` of peft wrote"
        ) from None
    except system.JSONProblem as problem:
        raise ConfigError(f"{path} {problem}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    return config_of(told, path)


def config_of(told: Mapping[str, Any], path: Path) -> AdapterConfig:
    """Take from a config what changes values.

    Raises:
        ConfigError: a value is none that it may have, or asks for what lazycell does not merge.
    """
    kind = told.get("peft_type")
    if not isinstance(kind, str) or kind.upper() not in _KINDS:
        what = f"peft_type={kind!r:.80}" if "peft_type" in told else "there is no peft_type"
        if isinstance(kind, str) and kind.upper() in _OF_INPUTS:
            raise ConfigError(
                f"{path}: {what}: it adds to what a model is given, and changes no weights, so that nothing can be "
                "merged: train LORA or IA3, which lazycell merges, or what `merge_and_unload()` of peft can merge"
            )
        raise ConfigError(f"{path}: {what}: lazycell merges LORA and IA3: {_MERGE}")
    for name, why in _REFUSED.items():
        if told.get(name):
            raise ConfigError(f"{path}: {name}={told[name]!r:.80}: {why}, which lazycell does not merge: {_MERGE}")
    start = told.get("init_lora_weights")
    if isinstance(start, str) and start.lower().startswith(_OF_START):
        raise ConfigError(
            f"{path}: init_lora_weights={start!r:.80}: training began with other weights than the base's, and the "
            "adapter is added to those: save it with `path_initial_model_for_weight_conversion` of peft, which makes "
            "one of the base out of it"
        )
    read = _Values(told, path)
    pattern = read.mapping("alpha_pattern")
    if len(pattern) > _MOST_NAMES:
        raise ConfigError(f"{path}: alpha_pattern has {len(pattern):,} keys, and at most {_MOST_NAMES:,} are read")
    alphas = ((key, read.number(f"alpha_pattern[{key!r:.80}]", value)) for key, value in pattern.items())
    patterns = tuple((read.pattern("alpha_pattern", key), alpha) for key, alpha in alphas)
    if sum(not each.is_plain for each, _ in patterns) > _MOST_EXPRESSIONS:
        raise ConfigError(
            f"{path}: alpha_pattern has more than {_MOST_EXPRESSIONS} regular expressions that are no names: write "
            "names"
        )
    feedforward = told.get("feedforward_modules")
    return AdapterConfig(
        path,
        is_ia3=kind.upper() == "IA3",
        alpha=read.number("lora_alpha", told.get("lora_alpha", 8)),
        alpha_pattern=patterns,
        has_magnitudes=read.switch("use_dora"),
        rank_stabilized=read.switch("use_rslora"),
        fan_in_fan_out=read.switch("fan_in_fan_out"),
        feedforward=read.pattern("feedforward_modules", feedforward, whole=True)
        if isinstance(feedforward, str)
        else read.words("feedforward_modules"),
        saved=read.words("modules_to_save"),
        targets=() if isinstance(told.get("target_modules"), str) else read.words("target_modules"),
        parameters=read.words("target_parameters"),
        token_rows=read.rows("trainable_token_indices"),
    )


@frozen
class _Values:
    """The values of a config, each of the kind that it has to be."""

    told: Mapping[str, Any]
    path: Path

    def switch(self, name: str) -> bool:
        value = self.told.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._wrong(name, value, "true or false")

    def number(self, name: str, value: Any) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                if math.isfinite(float(value)):
                    return float(value)
            except OverflowError:
                pass
        raise self._wrong(name, value, "a finite number")

    def pattern(self, name: str, text: str, *, whole: bool = False) -> ModulePattern:
        pattern = ModulePattern(text, whole)
        try:
            pattern.check()
        except PatternProblem as problem:
            raise ConfigError(f"{self.path}: {name} has {text!r:.80}, which {problem}") from None
        return pattern

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self.told.get(name)
        if value is None or isinstance(value, dict):
            return value or {}
        raise self._wrong(name, value, "an object of patterns and numbers")

    def words(self, name: str) -> tuple[str, ...]:
        value = self.told.get(name)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and len(value) <= _MOST_NAMES and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise self._wrong(name, value, f"a list of names, at most {_MOST_NAMES:,}")

    def rows(self, name: str) -> Mapping[str, tuple[int, ...]]:
        value = self.told.get(name)
        if value is None:
            return {}
        found: dict[str, Any] = value if isinstance(value, dict) else {"": value}
        for each in found.values():
            if not isinstance(each, list) or not all(type(row) is int for row in each):
                raise self._wrong(name, value, "a list of rows, or an object of names and such lists")
        return {module: tuple(rows) for module, rows in found.items()}

    def _wrong(self, name: str, value: Any, wanted: str) -> ConfigError:
        return ConfigError(f"{self.path}: {name}={value!r:.80} has to be {wanted}")
