"""Write `model.safetensors` beside this file with PyTorch 2.13: modules with weight norm, and the weights it computes."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrizations, weight_norm

CASES = {
    "dim0": (nn.Conv1d(6, 8, 5), 0, weight_norm),
    "dim2": (nn.Conv1d(16, 12, 7, groups=4), 2, weight_norm),
    "dim1": (nn.Linear(9, 4), 1, parametrizations.weight_norm),
    "none": (nn.Linear(9, 4), None, parametrizations.weight_norm),
    "half": (nn.Conv2d(3, 5, 3).half(), 0, parametrizations.weight_norm),
    "bfloat16": (nn.Conv2d(3, 5, 3).bfloat16(), 0, parametrizations.weight_norm),
    "double": (nn.Linear(7, 5).double(), 0, weight_norm),
}

torch.manual_seed(0)
tensors: dict[str, torch.Tensor] = {}
for name, (module, dim, norm) in CASES.items():
    norm(module, dim=dim)
    for key, value in module.state_dict().items():
        if key.endswith(("_g", "original0")):
            value *= torch.rand_like(value) * 3
        if not key.endswith("bias"):
            tensors[f"{name}.{key}"] = value.clone().contiguous()
    with torch.no_grad():
        for hook in module._forward_pre_hooks.values():
            hook(module, None)
        tensors[f"{name}.expected"] = module.weight.detach().clone().contiguous()
save_file(tensors, Path(__file__).parent / "model.safetensors")
