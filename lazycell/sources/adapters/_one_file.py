"""Adapters that are one file, without a config beside it, held against a base: their modules and their scales."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from typing import Any

import attrs

from ... import show, system
from ..._errors import CheckpointError
from ...formats import CheckpointHeader, TensorHeader
from ._adapted import whole
from ._adapter import Adapter
from ._adapter_config import AdapterConfig, config_of
from ._adapter_names import Named
from ._file_names import named_in_file

_METADATA = "lora_adapter_metadata"
_SHOWN = 5


def resolved(adapter: Adapter, base: CheckpointHeader) -> tuple[Adapter, list[Named], tuple[str, ...]]:
    """Look up the modules of a file in a base.

    Returns:
        The adapter with a config; its tensors, with the names of modules in the base; and what is to be said of it.

    Raises:
        CheckpointError: a tensor is none that is known, a name stands for two modules, or the base lacks it.
        ConfigError: a config in the file asks for what lazycell does not merge.
    """
    parts: dict[str, list[Named]] = {}
    for key in adapter.header.tensors:
        part, named = named_in_file(key, adapter.path)
        parts.setdefault(part, []).append(named)
    places = _places(base.tensors)
    found: list[Named] = []
    notes: list[str] = []
    lacking: list[str] = []
    config = adapter.config
    for part, tensors in parts.items():
        modules = dict.fromkeys(named.module for named in tensors)
        of_kohya = part.startswith("lora_")
        here = {module: _place(module, places, base, adapter) if of_kohya else module for module in modules}
        missing = [module for module, place in here.items() if f"{place}.weight" not in base.tensors]
        if len(missing) == len(modules) and len(parts) > 1:
            notes.append(f"{adapter.path}: what it has for {part} is not in {base.path}, and was left out")
            continue
        lacking += missing
        found += [attrs.evolve(named, module=here[named.module]) for named in tensors]
        config = _config(adapter, part)
    if lacking or not found:
        what = show.few((pattern for pattern, _ in show.collapse(lacking or parts)), _SHOWN)
        old = any("input_blocks" in each for each in lacking)
        why = " (lazycell does not translate names of before diffusers, `input_blocks`)" if old else ""
        raise CheckpointError(
            f"{adapter.path}: it changes what {base.path} does not have: {what}{why}: this is not the model that the "
            "adapter was trained on"
        )
    pairs = {each.module for each in found if each.what in ("A", "B")}
    alone = next((each.key for each in found if each.module not in pairs), None)
    if alone is not None:
        raise CheckpointError(f"{adapter.path}: {alone!r} has no pair of matrices beside it")
    alphas = {each.module: _number(adapter.header.tensors[each.key], adapter) for each in found if each.what == "alpha"}
    config = attrs.evolve(config, alphas=alphas) if config.alphas is not None else config
    return attrs.evolve(adapter, config=config), [each for each in found if each.what != "alpha"], tuple(notes)


def _places(base: Collection[str]) -> Mapping[str, list[str]]:
    """Give a base's modules by how kohya writes their paths."""
    found: dict[str, list[str]] = {}
    for name in base:
        if name.endswith(".weight"):
            module = name.removesuffix(".weight")
            found.setdefault(module.replace(".", "_"), []).append(module)
    return found


def _place(module: str, places: Mapping[str, list[str]], base: CheckpointHeader, adapter: Adapter) -> str:
    there = places.get(module, [module])
    if len(there) > 1:
        raise CheckpointError(
            f"{adapter.path}: {module!r} is {there[0]!r} or {there[1]!r} of {base.path}, and nothing tells which: give "
            "the adapter with the names of diffusers"
        )
    return there[0]


def _config(adapter: Adapter, part: str) -> AdapterConfig:
    """Give what the metadata of diffusers say of one model; else each module has its own alpha, or its rank for one."""
    text = adapter.header.metadata.get(_METADATA)
    if text is None:
        return attrs.evolve(adapter.config, alphas={})
    try:
        told: Any = system.read_object(text.encode())
    except (system.JSONProblem, json.JSONDecodeError) as problem:
        raise CheckpointError(f"{adapter.path}: the metadata {_METADATA} {problem}") from None
    mine = {key.removeprefix(f"{part}."): value for key, value in told.items() if key.startswith(f"{part}.")}
    return config_of({"peft_type": "LORA", **mine}, adapter.path) if mine else attrs.evolve(adapter.config, alphas={})


def _number(tensor: TensorHeader, adapter: Adapter) -> float:
    """Read an alpha, which is one number."""
    if math.prod(tensor.shape) != 1 or tensor.dtype not in ("float16", "bfloat16", "float32", "float64", "int64"):
        raise CheckpointError(
            f"{adapter.path}: {tensor.name!r} has to be one number, not {tensor.shape} of {tensor.dtype}"
        )
    number = float(whole(tensor).reshape(-1)[0])
    if not math.isfinite(number):
        raise CheckpointError(f"{adapter.path}: {tensor.name!r} is {number}: it has to be finite")
    return number
