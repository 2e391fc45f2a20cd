"""Make an AutoencoderKL of three blocks with random weights, and what diffusers computes with it.

Run with diffusers 0.42 on torch 2.13: `python tests/golden/vae/make.py`. `moments` are mean and logarithm of the variance
of what the encoder gives, `latents` the mean alone, and `sample` is what the decoder makes of them.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

HERE = Path(__file__).parent

# As stabilityai/sd-vae-ft-mse has it, but for the sizes.
CONFIG = {
    "_class_name": "AutoencoderKL",
    "_diffusers_version": "0.4.2",
    "act_fn": "silu",
    "block_out_channels": [4, 8, 8],
    "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
    "in_channels": 3,
    "latent_channels": 4,
    "layers_per_block": 1,
    "norm_num_groups": 2,
    "out_channels": 3,
    "sample_size": 16,
    "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
}


@torch.no_grad()
def main() -> None:
    """Write the directory."""
    torch.manual_seed(0)
    net = AutoencoderKL(**{key: value for key, value in CONFIG.items() if not key.startswith("_")}).eval()
    for name, tensor in net.state_dict().items():
        if tensor.dim() == 1:
            tensor.normal_(1.0 if "norm" in name and name.endswith("weight") else 0.0, 0.2)
    images = torch.randn(2, 3, 16, 16)
    found = net.encode(images).latent_dist
    expected = {"moments": found.parameters, "latents": found.mode(), "sample": net(images).sample}
    (HERE / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    save_file(net.state_dict(), HERE / "diffusion_pytorch_model.safetensors", {"format": "pt"})
    save_file({"sample": images}, HERE / "inputs.safetensors")
    save_file({name: tensor.contiguous() for name, tensor in expected.items()}, HERE / "expected.safetensors")


if __name__ == "__main__":
    main()
