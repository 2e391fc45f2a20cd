"""Make a Phi-3 of two layers with random weights, and what transformers computes with it.

Run with transformers 5.23 on torch 2.13: `python tests/golden/phi3/make.py`. The second text of the inputs is padded on
the right; `gen.*` are the inputs of greedy decoding, `generated` the words that are added.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import Phi3Config, Phi3ForCausalLM

HERE = Path(__file__).parent

# As microsoft/Phi-3-mini-4k-instruct has it, but for the sizes.
CONFIG = {
    "architectures": ["Phi3ForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 1,
    "embd_pdrop": 0.0,
    "eos_token_id": 95,
    "hidden_act": "silu",
    "hidden_size": 32,
    "initializer_range": 0.02,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
    "model_type": "phi3",
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "original_max_position_embeddings": 64,
    "pad_token_id": 95,
    "resid_pdrop": 0.0,
    "rms_norm_eps": 1e-05,
    "rope_scaling": None,
    "rope_theta": 10000.0,
    "sliding_window": 6,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "transformers_version": "4.40.2",
    "use_cache": True,
    "vocab_size": 96,
}


@torch.no_grad()
def main() -> None:
    """Write the directory."""
    torch.manual_seed(0)
    net = Phi3ForCausalLM(Phi3Config(**CONFIG, attn_implementation="eager")).eval()
    for parameter in net.parameters():
        parameter.normal_(0, 0.15).add_(1.0 if parameter.dim() == 1 else 0.0)
    words = torch.randint(0, 95, (2, 10))
    mask = torch.ones_like(words)
    mask[1, 7:] = 0
    output = net(input_ids=words, attention_mask=mask, output_hidden_states=True)
    start = words[:1, :5]
    added = net.generate(start, max_new_tokens=8, min_new_tokens=8, do_sample=False)[:, 5:]
    (HERE / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    save_file(net.state_dict(), HERE / "model.safetensors", {"format": "pt"})
    save_file({"input_ids": words, "attention_mask": mask, "gen.input_ids": start.clone()}, HERE / "inputs.safetensors")
    states = {f"hidden_states.{number}": state for number, state in enumerate(output.hidden_states)}
    save_file({**states, "logits": output.logits, "generated": added.contiguous()}, HERE / "expected.safetensors")


if __name__ == "__main__":
    main()
