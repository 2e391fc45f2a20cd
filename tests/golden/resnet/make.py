"""Make a ResNet of three stages with random weights, and what transformers computes with it.

Run with transformers 5.23 on torch 2.13: `python tests/golden/resnet/make.py`. Statistics of norms are random, too, and the
norms are in `eval` mode.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import ResNetConfig, ResNetForImageClassification

HERE = Path(__file__).parent

# As microsoft/resnet-50 has it, but for the sizes and the labels.
CONFIG = {
    "architectures": ["ResNetForImageClassification"],
    "depths": [2, 1, 2],
    "downsample_in_first_stage": False,
    "embedding_size": 8,
    "hidden_act": "relu",
    "hidden_sizes": [16, 24, 32],
    "id2label": {"0": "tench", "1": "goldfish", "2": "shark"},
    "label2id": {"goldfish": 1, "shark": 2, "tench": 0},
    "layer_type": "bottleneck",
    "model_type": "resnet",
    "num_channels": 3,
    "torch_dtype": "float32",
    "transformers_version": "4.18.0.dev0",
}


@torch.no_grad()
def main() -> None:
    """Write the directory."""
    torch.manual_seed(0)
    net = ResNetForImageClassification(ResNetConfig(**CONFIG)).eval()
    for name, tensor in net.state_dict().items():
        if tensor.dtype == torch.int64:
            tensor.fill_(3)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif tensor.dim() == 1:
            tensor.normal_(1.0 if name.endswith("normalization.weight") else 0.0, 0.2)
    images = torch.randn(2, 3, 32, 32)
    output = net(images, output_hidden_states=True)
    (HERE / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    save_file(net.state_dict(), HERE / "model.safetensors", {"format": "pt"})
    save_file({"pixel_values": images}, HERE / "inputs.safetensors")
    states = {f"hidden_states.{number}": state.contiguous() for number, state in enumerate(output.hidden_states)}
    save_file({**states, "logits": output.logits}, HERE / "expected.safetensors")


if __name__ == "__main__":
    main()
