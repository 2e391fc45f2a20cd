"""Adapters that are nearly right: each is merged, or refused in words; nothing else happens, and nothing takes long."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell import CheckpointError, ConfigError
from lazycell.formats import open_checkpoint
from lazycell.sources.adapters import Adapter, merged
from lazycell.sources.adapters._adapter_config import AdapterConfig, config_of
from lazycell.system import JSONProblem, read_object

from ...fuzz.mutations import rewritten
from .golden import PREFIX, numbers, values

SECONDS = 2.0
BASE = open_checkpoint(
    {
        **{
            "m.a.weight": numbers(4, 3),
            "m.a.bias": numbers(4),
            "m.sq.weight": numbers(3, 3),
            "m.t.weight": numbers(7, 3),
        },
        **{"m.c.weight": numbers(4, 3, 2, 2), "m.experts.down_proj": numbers(2, 4, 3), "head.weight": numbers(5, 3)},
    }
)
PAIR = {"lora_A.weight": [2, 3], "lora_B.weight": [4, 2]}
LORA = {
    **{f"{PREFIX}m.a.{name}": shape for name, shape in PAIR.items()},
    **{f"{PREFIX}m.experts.{name}": shape for name, shape in PAIR.items()},
    f"{PREFIX}m.a.lora_B.bias": [4],
    f"{PREFIX}m.a.lora_magnitude_vector": [4],
    f"{PREFIX}m.sq.modules_to_save.weight": [3, 3],
    f"{PREFIX}m.t.lora_embedding_A": [2, 7],
    f"{PREFIX}m.t.lora_embedding_B": [3, 2],
    f"{PREFIX}m.t.token_adapter.trainable_tokens_delta": [1, 3],
    f"{PREFIX}m.c.lora_A.weight": [2, 3, 2, 2],
    f"{PREFIX}m.c.lora_B.weight": [4, 2, 1, 1],
    f"{PREFIX}new.weight": [9],
}
IA3 = {f"{PREFIX}m.a.ia3_l": [4, 1], f"{PREFIX}m.sq.ia3_l": [1, 3], f"{PREFIX}m.c.ia3_l": [1, 3, 1, 1]}
KOHYA = {"lora_unet_m_a.lora_down.weight": [2, 3], "lora_unet_m_a.lora_up.weight": [4, 2], "lora_unet_m_a.alpha": []}
CONFIG = {
    **{
        "peft_type": "LORA",
        "r": 2,
        "lora_alpha": 4,
        "use_rslora": True,
        "target_modules": ["a"],
        "modules_to_save": ["new"],
    },
    **{
        "alpha_pattern": {"^m.a": 3, "x|sq*": 1},
        "target_parameters": ["experts.down_proj"],
        "trainable_token_indices": [6],
    },
}
SOUND: list[dict[str, Any]] = [
    {"config": CONFIG, "tensors": LORA},
    {"config": {"peft_type": "IA3", "feedforward_modules": ["m.c"], "fan_in_fan_out": False}, "tensors": IA3},
    {"config": None, "tensors": KOHYA},
]
NAMES = [
    "",
    ".",
    "..",
    PREFIX,
    f"{PREFIX}m",
    f"{PREFIX}m.a.lora_A.weight",
    "lora_unet_.alpha",
    "unet..lora_A.weight",
    "é\n",
]


def read(content: bytes) -> Adapter:
    """Make an adapter of a text: in memory, as files take long."""
    told = read_object(content)
    shapes = told.get("tensors")
    if not isinstance(shapes, dict):
        raise JSONProblem("has no tensors")
    arrays = {}
    for name, shape in shapes.items():
        sizes = shape if isinstance(shape, list) else [3]
        if not all(type(size) is int and 0 <= size < 50 for size in sizes) or math.prod(sizes) > 1000:
            raise JSONProblem("has shapes that take long")
        arrays[name] = np.ones(sizes, np.float32)
    config = told.get("config")
    path = Path("adapter_config.json")
    known = config_of(config, path) if isinstance(config, dict) else AdapterConfig(path, alphas={})
    return Adapter(Path("adapter"), open_checkpoint(arrays), 1.0, known)


def attempt(content: bytes) -> str:
    """Merge an adapter; tell how that ended: what was said where it was refused."""
    started = time.thread_time()
    try:
        header = merged(BASE, [read(content)])
    except JSONProblem:
        return "none"
    except (CheckpointError, ConfigError) as error:
        return str(error)
    finally:
        assert time.thread_time() - started < SECONDS
    for name, tensor in header.tensors.items():
        assert tensor.name == name
        assert values(tensor).shape == tensor.shape
    return "merged"


def test_what_is_sound_is_merged() -> None:
    for each in SOUND:
        assert attempt(json.dumps(each).encode()) == "merged"


@given(st.sampled_from(SOUND).flatmap(rewritten))
@settings(max_examples=200, deadline=None)
def test_mistakes_in_the_structure(content: bytes) -> None:
    assert 0 < len(attempt(content)) < 10_000


@given(
    st.sampled_from(SOUND),
    st.lists(st.tuples(st.sampled_from(NAMES), st.lists(st.integers(0, 4), max_size=4)), max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_other_names(sound: dict[str, Any], more: list[tuple[str, list[int]]]) -> None:
    text = json.dumps({**sound, "tensors": {**sound["tensors"], **dict(more)}})
    assert 0 < len(attempt(text.encode())) < 10_000
