"""Make `cells.safetensors`: torch's state dicts and outputs, for MindSpore's cells of the same kinds.

Run with torch 2.13: `python tests/golden/torch-cells/make.py`. A tensor is called `CASE|state|KEY`, `CASE|in|0` or
`CASE|out`; values are random, statistics of norms too, and modules are in `eval` mode.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

Inputs = tuple[torch.Tensor, ...]


def cases() -> dict[str, tuple[nn.Module, Inputs]]:
    """Give each module, and what it is called with."""
    rand, words = torch.randn, torch.tensor([[0, 4, 2]])
    plane, volume = rand(2, 4, 5, 5), rand(2, 4, 3, 3, 3)
    layer = {"d_model": 8, "nhead": 2, "dim_feedforward": 12, "batch_first": True}
    return {
        "Linear": (nn.Linear(4, 3), (rand(2, 4),)),
        "Linear without bias": (nn.Linear(4, 3, bias=False), (rand(2, 4),)),
        "Bilinear": (nn.Bilinear(2, 3, 4), (rand(5, 2), rand(5, 3))),
        "Conv1d": (nn.Conv1d(4, 6, 3, groups=2), (rand(2, 4, 7),)),
        "ConvTranspose1d": (nn.ConvTranspose1d(4, 3, 3), (rand(2, 4, 7),)),
        "Conv2d": (nn.Conv2d(4, 3, 3), (plane,)),
        "Conv3d": (nn.Conv3d(4, 3, 2), (volume,)),
        "ConvTranspose2d": (nn.ConvTranspose2d(4, 3, 3), (plane,)),
        "ConvTranspose3d": (nn.ConvTranspose3d(4, 3, 2), (volume,)),
        "BatchNorm1d": (nn.BatchNorm1d(4), (rand(2, 4),)),
        "BatchNorm2d": (nn.BatchNorm2d(4), (plane,)),
        "BatchNorm2d without affine": (nn.BatchNorm2d(4, affine=False), (plane,)),
        "BatchNorm3d": (nn.BatchNorm3d(4), (volume,)),
        "SyncBatchNorm": (nn.SyncBatchNorm(4), (plane,)),
        "LayerNorm": (nn.LayerNorm(4), (rand(2, 4),)),
        "LayerNorm without bias": (nn.LayerNorm(4, bias=False), (rand(2, 4),)),
        "LayerNorm without affine": (nn.LayerNorm(4, elementwise_affine=False), (rand(2, 4),)),
        "GroupNorm": (nn.GroupNorm(2, 4), (plane,)),
        "GroupNorm without affine": (nn.GroupNorm(2, 4, affine=False), (plane,)),
        "InstanceNorm1d": (nn.InstanceNorm1d(4), ()),
        "InstanceNorm2d": (nn.InstanceNorm2d(4, affine=True), ()),
        "InstanceNorm3d": (nn.InstanceNorm3d(4, affine=True, track_running_stats=True), ()),
        "Embedding": (nn.Embedding(5, 3), (words,)),
        "EmbeddingBag": (nn.EmbeddingBag(5, 3), (words,)),
        "PReLU": (nn.PReLU(4), (plane,)),
        "RNN": (nn.RNN(3, 4, 2, nonlinearity="relu", batch_first=True), (rand(2, 5, 3),)),
        "GRU": (nn.GRU(3, 4, 2, bidirectional=True, batch_first=True), (rand(2, 5, 3),)),
        "LSTM": (nn.LSTM(3, 4, 2, bidirectional=True, batch_first=True), (rand(2, 5, 3),)),
        "LSTM without bias": (nn.LSTM(3, 4, bias=False, batch_first=True), (rand(2, 5, 3),)),
        "RNNCell": (nn.RNNCell(3, 4), (rand(2, 3), rand(2, 4))),
        "GRUCell": (nn.GRUCell(3, 4), (rand(2, 3), rand(2, 4))),
        "LSTMCell": (nn.LSTMCell(3, 4), (rand(2, 3), rand(2, 4), rand(2, 4))),
        "MultiheadAttention": (nn.MultiheadAttention(8, 2, batch_first=True), (rand(2, 3, 8),) * 3),
        "MultiheadAttention of others": (
            nn.MultiheadAttention(8, 2, kdim=4, vdim=6, add_bias_kv=True, batch_first=True),
            (rand(2, 3, 8), rand(2, 5, 4), rand(2, 5, 6)),
        ),
        "TransformerEncoder": (nn.TransformerEncoder(nn.TransformerEncoderLayer(**layer), 2), (rand(2, 3, 8),)),
        "TransformerDecoder": (
            nn.TransformerDecoder(nn.TransformerDecoderLayer(**layer), 1),
            (rand(2, 3, 8), rand(2, 5, 8)),
        ),
        "Transformer": (
            nn.Transformer(8, 2, 1, 1, 12, batch_first=True),
            (rand(2, 3, 8), rand(2, 5, 8)),
        ),
        "Sequential": (
            nn.Sequential(OrderedDict(conv=nn.Conv2d(4, 4, 3), norm=nn.BatchNorm2d(4), rest=nn.Sequential(nn.PReLU()))),
            (plane,),
        ),
    }


CALLS: dict[str, Callable[..., torch.Tensor]] = {
    "LSTMCell": lambda module, x, h, c: module(x, (h, c))[0],
    "EmbeddingBag": lambda module, x: functional.embedding(x, module.weight),  # as EmbeddingLookup: nothing is summed
    "SyncBatchNorm": lambda module, x: functional.batch_norm(  # torch's own needs a GPU
        x, module.running_mean, module.running_var, module.weight, module.bias
    ),
}


@torch.no_grad()
def main() -> None:
    """Write the file."""
    torch.manual_seed(0)
    tensors: dict[str, torch.Tensor] = {}
    for name, (module, inputs) in cases().items():
        module.eval()
        for key, value in module.state_dict().items():
            if value.dtype == torch.int64:
                value.fill_(3)
            elif key.endswith("var"):
                value.uniform_(0.5, 2)
            else:
                value.uniform_(-0.5, 0.5)
            tensors[f"{name}|state|{key}"] = value.clone()
        if inputs:
            out = CALLS[name](module, *inputs) if name in CALLS else module(*inputs)
            tensors[f"{name}|out"] = (out[0] if isinstance(out, tuple) else out).contiguous()
        tensors.update({f"{name}|in|{position}": each.clone() for position, each in enumerate(inputs)})
    save_file(tensors, Path(__file__).with_name("cells.safetensors"), {"torch": torch.__version__})


if __name__ == "__main__":
    main()
