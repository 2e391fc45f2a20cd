from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell import CheckpointError
from lazycell.formats import TensorHeader, open_checkpoint
from lazycell.sources import adapters

from .golden import numbers, write_adapter

TIES = {"head": "table", "decoder": "table", "other": "rest"}
PAIR = {"table.lora_embedding_A": numbers(2, 4), "table.lora_embedding_B": numbers(3, 2)}
ROWS = {"table.token_adapter.trainable_tokens_delta": numbers(1, 3)}


def tensors(folder: Path, adapter: dict[str, np.ndarray]) -> dict[str, TensorHeader]:
    base = open_checkpoint({f"{name}.weight": numbers(4, 3) for name in ("table", "head", "decoder", "rest")})
    path = write_adapter(folder / "one", adapter, trainable_token_indices=[1])
    merged = adapters.merged(base, adapters.read_adapters(path))
    return {name.removesuffix(".weight"): tensor for name, tensor in merged.tensors.items()}


@pytest.mark.parametrize(
    ("adapter", "read"),
    [
        (PAIR, ["table"]),
        (PAIR, ["table", "head", "decoder"]),
        (PAIR, ["head", "table"]),
        ({"table.weight": numbers(4, 3)}, ["table"]),
        ({"table.weight": numbers(4, 3)}, ["table", "head", "decoder"]),
        ({**PAIR, **ROWS}, ["table"]),
    ],
)
def test_refused(tmp_path: Path, adapter: dict[str, Any], read: list[str]) -> None:
    found = tensors(tmp_path, adapter)
    with pytest.raises(CheckpointError, match="the adapter changes 'table', which Model uses as head, decoder too"):
        adapters.refuse_tied("Model", TIES, {"table": [found[name] for name in read], "rest": [found["rest"]]})


@pytest.mark.parametrize(
    ("adapter", "read"),
    [
        (ROWS, ["table"]),
        ({"rest.lora_A.weight": numbers(2, 3), "rest.lora_B.weight": numbers(4, 2)}, ["table"]),
        ({f"{name}.weight": numbers(4, 3) for name in ("table", "head", "decoder")}, ["table", "head", "decoder"]),
    ],
)
def test_let_pass(tmp_path: Path, adapter: dict[str, Any], read: list[str]) -> None:
    found = tensors(tmp_path, adapter)
    ties = {"head": "table", "decoder": "table"}
    adapters.refuse_tied("Model", ties, {"table": [found[name] for name in read], "rest": [found["rest"]]})
