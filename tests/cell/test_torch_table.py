"""The table of PyTorch's names, held to what torch itself stores and computes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from mindspore import Tensor, mint, nn

import lazycell
from lazycell.cell._torch_table import ROWS

from ..golden_cases import GOLDEN

Arrays = dict[str, np.ndarray]


@cache
def cases() -> Mapping[str, dict[str, Arrays]]:
    """Give torch's state dict, inputs and output of each case."""
    found: dict[str, dict[str, Arrays]] = {}
    for name, value in safetensors.numpy.load_file(GOLDEN / "torch-cells" / "cells.safetensors").items():
        case, kind, *rest = name.split("|")
        found.setdefault(case, {}).setdefault(kind, {})["".join(rest)] = value
    return found


LAYER = {"d_model": 8, "nhead": 2, "dim_feedforward": 12, "batch_first": True}

CELLS: dict[str, Callable[[], nn.Cell]] = {
    "Linear": lambda: nn.Dense(4, 3),
    "Linear without bias": lambda: nn.Dense(4, 3, has_bias=False),
    "Bilinear": lambda: nn.BiDense(2, 3, 4),
    "Conv1d": lambda: nn.Conv1d(4, 6, 3, group=2, has_bias=True, pad_mode="valid"),
    "ConvTranspose1d": lambda: nn.Conv1dTranspose(4, 3, 3, has_bias=True, pad_mode="valid"),
    "Conv2d": lambda: nn.Conv2d(4, 3, 3, has_bias=True, pad_mode="valid"),
    "Conv3d": lambda: nn.Conv3d(4, 3, 2, has_bias=True, pad_mode="valid"),
    "ConvTranspose2d": lambda: nn.Conv2dTranspose(4, 3, 3, has_bias=True, pad_mode="valid"),
    "ConvTranspose3d": lambda: nn.Conv3dTranspose(4, 3, 2, has_bias=True, pad_mode="valid"),
    "BatchNorm1d": lambda: nn.BatchNorm1d(4),
    "BatchNorm2d": lambda: nn.BatchNorm2d(4),
    "BatchNorm2d without affine": lambda: nn.BatchNorm2d(4, affine=False),
    "BatchNorm3d": lambda: nn.BatchNorm3d(4),
    "SyncBatchNorm": lambda: nn.SyncBatchNorm(4),
    "LayerNorm": lambda: nn.LayerNorm((4,), epsilon=1e-5),
    "LayerNorm without bias": lambda: nn.LayerNorm((4,), epsilon=1e-5),
    "LayerNorm without affine": lambda: nn.LayerNorm((4,), epsilon=1e-5),
    "GroupNorm": lambda: nn.GroupNorm(2, 4),
    "GroupNorm without affine": lambda: nn.GroupNorm(2, 4, affine=False),
    "InstanceNorm1d": lambda: nn.InstanceNorm1d(4, affine=False),
    "InstanceNorm2d": lambda: nn.InstanceNorm2d(4),
    "InstanceNorm3d": lambda: nn.InstanceNorm3d(4),
    "Embedding": lambda: nn.Embedding(5, 3),
    "EmbeddingBag": lambda: nn.EmbeddingLookup(5, 3),
    "PReLU": lambda: nn.PReLU(4),
    "RNN": lambda: nn.RNN(3, 4, 2, nonlinearity="relu", batch_first=True),
    "GRU": lambda: nn.GRU(3, 4, 2, bidirectional=True, batch_first=True),
    "LSTM": lambda: nn.LSTM(3, 4, 2, bidirectional=True, batch_first=True),
    "LSTM without bias": lambda: nn.LSTM(3, 4, has_bias=False, batch_first=True),
    "RNNCell": lambda: nn.RNNCell(3, 4),
    "GRUCell": lambda: nn.GRUCell(3, 4),
    "LSTMCell": lambda: nn.LSTMCell(3, 4),
    "MultiheadAttention": lambda: nn.MultiheadAttention(8, 2, batch_first=True),
    "MultiheadAttention of others": lambda: nn.MultiheadAttention(
        8, 2, kdim=4, vdim=6, add_bias_kv=True, batch_first=True
    ),
    "TransformerEncoder": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(**LAYER), 2),
    "TransformerDecoder": lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(**LAYER), 1),
    "Transformer": lambda: nn.Transformer(8, 2, 1, 1, 12, batch_first=True),
    "Sequential": lambda: nn.SequentialCell(
        OrderedDict(
            conv=nn.Conv2d(4, 4, 3, has_bias=True, pad_mode="valid"),
            norm=nn.BatchNorm2d(4),
            rest=nn.SequentialCell(nn.PReLU()),
        )
    ),
}

CALLS: dict[str, Callable[..., Any]] = {"LSTMCell": lambda cell, x, h, c: cell(x, (h, c))[0]}

WITHOUT_KERNEL = {"InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"}
"""What MindSpore does not compute on a CPU: names, shapes and values are what is held."""

MINT: dict[str, Callable[[], nn.Cell]] = {
    "Linear": lambda: mint.nn.Linear(4, 3),
    "Conv1d": lambda: mint.nn.Conv1d(4, 6, 3, groups=2),
    "Conv2d": lambda: mint.nn.Conv2d(4, 3, 3),
    "Conv3d": lambda: mint.nn.Conv3d(4, 3, 2),
    "ConvTranspose2d": lambda: mint.nn.ConvTranspose2d(4, 3, 3),
    "BatchNorm1d": lambda: mint.nn.BatchNorm1d(4),
    "BatchNorm2d": lambda: mint.nn.BatchNorm2d(4),
    "BatchNorm2d without affine": lambda: mint.nn.BatchNorm2d(4, affine=False),
    "BatchNorm3d": lambda: mint.nn.BatchNorm3d(4),
    "SyncBatchNorm": lambda: mint.nn.SyncBatchNorm(4),
    "LayerNorm": lambda: mint.nn.LayerNorm(4),
    "LayerNorm without bias": lambda: mint.nn.LayerNorm(4, bias=False),
    "GroupNorm": lambda: mint.nn.GroupNorm(2, 4),
    "GroupNorm without affine": lambda: mint.nn.GroupNorm(2, 4, affine=False),
    "Embedding": lambda: mint.nn.Embedding(5, 3),
    "PReLU": lambda: mint.nn.PReLU(4),
}


class Net(nn.Cell):
    """A cell beside one that tells whose names they are: a norm without parameters does not."""

    def __init__(self, build: Callable[[], nn.Cell]) -> None:
        super().__init__()
        self.m = build()
        self.table = nn.Embedding(2, 1)


def loaded(build: Callable[[], nn.Cell], state: Arrays, path: Path) -> nn.Cell:
    """Build without values, and load torch's state dict from a file."""
    file, stored = path / "torch.safetensors", {f"m.{name}": value for name, value in state.items()}
    stored["table.weight"] = np.float32([[1], [2]])
    safetensors.numpy.save_file(stored, file)
    with lazycell.no_init_parameters():
        net = Net(build)
    report = lazycell.load_checkpoint(file, net)
    assert all("num_batches_tracked" in name for name in report.unused)
    assert (report.naming, report.initialized, report.ignored) == ("torch", report.lacking, ())
    lazycell.init_parameters_data(net)
    written = path / "back.safetensors"
    lazycell.save_checkpoint(net, written)
    back = safetensors.numpy.load_file(written)
    assert back.keys() | {*report.unused} == stored.keys()
    assert all(np.array_equal(value, stored[name]) for name, value in back.items())
    return net.m.set_train(False)


@pytest.mark.parametrize("case", CELLS)
def test_a_state_dict_of_torch_computes_what_torch_does(tmp_path: Path, case: str) -> None:
    """And is written again under the names and in the shapes that it had."""
    found = cases().get(case, {})  # one without tensors is not in the file
    cell = loaded(CELLS[case], found.get("state", {}), tmp_path)
    if case in WITHOUT_KERNEL:
        assert "out" not in found
        return
    out = CALLS.get(case, lambda net, *each: net(*each))(cell, *map(Tensor, found["in"].values()))
    out = out[0] if isinstance(out, tuple) else out
    np.testing.assert_allclose(out.asnumpy(), found["out"][""], atol=1e-5, rtol=0)


@pytest.mark.parametrize("case", MINT)
def test_cells_of_mint_have_the_names_of_torch(tmp_path: Path, case: str) -> None:
    """All values are there, and come back; few of these cells compute on a CPU."""
    loaded(MINT[case], cases()[case].get("state", {}), tmp_path)


def test_every_row_has_a_case() -> None:
    """But for two whose optimizer needs a device of its own, and two that are layers of what has one."""
    tried = {type(build()) for build in (*CELLS.values(), *MINT.values())}
    layers = {nn.TransformerEncoderLayer, nn.TransformerDecoderLayer}
    assert set(ROWS) - tried == {nn.EmbeddingThor, nn.EmbeddingLookupThor, *layers}
