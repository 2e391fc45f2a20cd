"""Makes the files beside it, with transformers 5.23 and torch 2.13 (both are needed here alone).

    python -m tests.variants.make

Each file holds what one configuration gives, float32: its outputs, and the words that it generates. Its metadata has the
`config.json`, and the names and shapes of the weights that transformers stores.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors.numpy import load_file, save_file

from .cases import VARIANTS, Variant, draw, inputs_of

_OUTPUTS = (
    "logits",
    "start_logits",
    "end_logits",
    "last_hidden_state",
    "pooler_output",
    "encoder_last_hidden_state",
    "router_logits",
)
_WORDS = 6


def run(variant: Variant, directory: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Give the outputs of a configuration, and its file's names and shapes."""
    cls: Any = getattr(transformers, variant.architecture)
    config = cls.config_class(**variant.options)
    cls(config).save_pretrained(directory)
    path = directory / "model.safetensors"
    shapes = {name: list(array.shape) for name, array in load_file(path).items()}
    if variant.options.get("feed_forward_proj") and not variant.options.get("tie_word_embeddings", True):
        # Version 1.1 has a head of its own, which this version of transformers reads, and makes no more.
        shapes["lm_head.weight"] = shapes["shared.weight"]
    save_file({name: draw(name, tuple(shape)) for name, shape in shapes.items()}, path, {"format": "pt"})
    model = cls.from_pretrained(directory, attn_implementation="eager").eval()

    inputs = {name: torch.from_numpy(array) for name, array in inputs_of(variant).items()}
    routers = {"output_router_logits": True} if "num_experts_per_tok" in variant.options else {}
    with torch.no_grad():
        output = model(**inputs, **routers)
        arrays: dict[str, np.ndarray] = {}
        for name in _OUTPUTS:
            value = getattr(output, name, None)
            if isinstance(value, tuple):
                arrays |= {f"{name}.{number}": each.numpy() for number, each in enumerate(value)}
            elif value is not None:
                arrays[name] = value.numpy()
        if variant.generates:
            texts = {name: value for name, value in inputs.items() if name in ("input_ids", "attention_mask")}
            words = model.generate(
                **texts, max_new_tokens=_WORDS, min_new_tokens=_WORDS, do_sample=False, eos_token_id=None
            )
            arrays["generated"] = words[:, -_WORDS:].numpy().astype(np.int32)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}, shapes


def main() -> None:
    """Make every file anew."""
    place = Path(__file__).parent / "expected"
    place.mkdir(exist_ok=True)
    for old in place.glob("*.safetensors"):
        old.unlink()
    for family, variants in VARIANTS.items():
        for number, variant in enumerate(variants, 1):
            with tempfile.TemporaryDirectory() as directory:
                arrays, shapes = run(variant, Path(directory))
                config = (Path(directory) / "config.json").read_text(encoding="utf-8")
            metadata = {"config": config, "shapes": json.dumps(shapes, sort_keys=True)}
            save_file(arrays, place / f"{family}-{number}.safetensors", metadata)
            print(family, number, variant.architecture)


if __name__ == "__main__":
    main()
